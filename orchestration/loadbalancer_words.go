package orchestration

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	awselb "github.com/aws/aws-sdk-go/service/elbv2"
)

// listenerName is PROTOCOL:port; a gateway load balancer's listener has neither.
func listenerName(listener *awselb.Listener) string {
	if listener.Port == nil {
		return aws.StringValue(listener.Protocol)
	}
	return aws.StringValue(listener.Protocol) + ":" + strconv.FormatInt(*listener.Port, 10)
}

func shownTarget(described *awselb.TargetHealthDescription) Target {
	var shown Target
	if target := described.Target; target != nil {
		shown.Id = aws.StringValue(target.Id)
		if target.Port != nil {
			shown.Port = strconv.FormatInt(*target.Port, 10)
		}
	}
	if health := described.TargetHealth; health != nil {
		shown.State, shown.Reason = aws.StringValue(health.State), aws.StringValue(health.Reason)
	}
	return shown
}

// shownRules tells rules in words, in the order in which they are tried.
func shownRules(rules []*awselb.Rule, groups map[string]*TargetGroup) []*ListenerRule {
	tried := slices.Clone(rules)
	slices.SortStableFunc(tried, func(x, y *awselb.Rule) int { return cmp.Compare(place(x), place(y)) })
	shown := []*ListenerRule{}
	for _, rule := range tried {
		told := &ListenerRule{RuleArn: aws.StringValue(rule.RuleArn), If: ifWords(rule), Then: thenWords(rule.Actions)}
		for _, arn := range forwardsTo(rule.Actions) {
			if group := groups[arn]; group != nil {
				told.TargetGroups = append(told.TargetGroups, group)
			}
		}
		shown = append(shown, told)
	}
	return shown
}

// place is where a rule stands: priorities are numbers as texts, and "default" comes last.
func place(rule *awselb.Rule) int {
	priority, err := strconv.Atoi(aws.StringValue(rule.Priority))
	if err != nil || aws.BoolValue(rule.IsDefault) {
		return 1 << 30
	}
	return priority
}

// ifWords tells a rule's conditions, all of which must hold.
func ifWords(rule *awselb.Rule) string {
	if aws.BoolValue(rule.IsDefault) {
		return "Default"
	}
	var told []string
	for _, condition := range rule.Conditions {
		field, values := conditionWords(condition)
		told = append(told, field+": "+strings.Join(values, " or "))
	}
	return strings.Join(told, " and ")
}

// conditionWords gives a condition's field, with the header's name where it is one, and its values. Values is the older place of those of
// hosts and paths.
func conditionWords(condition *awselb.RuleCondition) (field string, values []string) {
	field, given := aws.StringValue(condition.Field), condition.Values
	switch {
	case condition.HostHeaderConfig != nil:
		given = condition.HostHeaderConfig.Values
	case condition.PathPatternConfig != nil:
		given = condition.PathPatternConfig.Values
	case condition.HttpHeaderConfig != nil:
		field += " " + aws.StringValue(condition.HttpHeaderConfig.HttpHeaderName)
		given = condition.HttpHeaderConfig.Values
	case condition.HttpRequestMethodConfig != nil:
		given = condition.HttpRequestMethodConfig.Values
	case condition.SourceIpConfig != nil:
		given = condition.SourceIpConfig.Values
	case condition.QueryStringConfig != nil:
		for _, pair := range condition.QueryStringConfig.Values {
			value := aws.StringValue(pair.Value)
			if key := aws.StringValue(pair.Key); key != "" {
				value = key + "=" + value
			}
			values = append(values, value)
		}
		return field, values
	}
	return field, aws.StringValueSlice(given)
}

// inOrder gives actions in the order in which they are done.
func inOrder(actions []*awselb.Action) []*awselb.Action {
	ordered := slices.Clone(actions)
	slices.SortStableFunc(ordered, func(x, y *awselb.Action) int { return cmp.Compare(aws.Int64Value(x.Order), aws.Int64Value(y.Order)) })
	return ordered
}

// forwardsTo gives the ARNs of the target groups that actions forward to, each once.
func forwardsTo(actions []*awselb.Action) (arns []string) {
	for _, action := range inOrder(actions) {
		if action.ForwardConfig != nil {
			for _, group := range action.ForwardConfig.TargetGroups {
				once(&arns, aws.StringValue(group.TargetGroupArn))
			}
		}
		once(&arns, aws.StringValue(action.TargetGroupArn))
	}
	return arns
}

// thenWords tells what is done. Whoever must log in first does so before the last action, which answers.
func thenWords(actions []*awselb.Action) string {
	var told []string
	for _, action := range inOrder(actions) {
		told = append(told, actionWords(action))
	}
	return strings.Join(told, ", then ")
}

func actionWords(action *awselb.Action) string {
	kind := aws.StringValue(action.Type)
	switch {
	case kind == awselb.ActionTypeEnumForward:
		var names []string
		for _, arn := range forwardsTo([]*awselb.Action{action}) {
			names = append(names, targetGroupName(arn))
		}
		return "forward to " + strings.Join(names, ", ")
	case kind == awselb.ActionTypeEnumRedirect && action.RedirectConfig != nil:
		return "redirect to " + redirectWords(action.RedirectConfig)
	case kind == awselb.ActionTypeEnumFixedResponse && action.FixedResponseConfig != nil:
		return "fixed response: status code " + aws.StringValue(action.FixedResponseConfig.StatusCode)
	}
	return kind
}

// redirectWords tells where a redirect goes. A part that is missing is that of the request; a query that is empty is dropped.
func redirectWords(to *awselb.RedirectActionConfig) string {
	part := func(given *string, otherwise string) string {
		if given == nil {
			return otherwise
		}
		return *given
	}
	words := part(to.Protocol, "#{protocol}") + "://" + part(to.Host, "#{host}") + ":" + part(to.Port, "#{port}") +
		"/" + strings.TrimPrefix(part(to.Path, "/#{path}"), "/")
	if query := part(to.Query, "#{query}"); query != "" {
		words += "?" + query
	}
	return words
}
