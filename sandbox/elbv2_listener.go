package sandbox

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/elbv2"
)

type elbListener struct {
	doc  *elbv2.Listener
	tags map[string]string
}

type elbRule struct {
	listener string
	doc      *elbv2.Rule
	tags     map[string]string
}

func (s *Sandbox) elbCreateListener(_ *request, in *elbv2.CreateListenerInput) (*elbv2.CreateListenerOutput, error) {
	balancer, err := s.elb.balancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	gateway := *balancer.doc.Type == elbv2.LoadBalancerTypeEnumGateway
	if !gateway && (in.Port == nil || in.Protocol == nil) {
		return nil, elbInvalid("A listener protocol and port must be specified")
	}
	secure := aws.StringValue(in.Protocol) == elbv2.ProtocolEnumHttps || aws.StringValue(in.Protocol) == elbv2.ProtocolEnumTls
	if secure && len(in.Certificates) != 1 {
		return nil, elbInvalid("A certificate must be specified for HTTPS listeners")
	}
	if err := s.elb.checkActions(*in.LoadBalancerArn, in.DefaultActions); err != nil {
		return nil, err
	}
	if err := elbTagged(in.Tags); err != nil {
		return nil, err
	}
	for _, other := range s.elb.listeners {
		if *other.doc.LoadBalancerArn != *in.LoadBalancerArn || aws.Int64Value(other.doc.Port) != aws.Int64Value(in.Port) {
			continue
		}
		if aws.StringValue(other.doc.Protocol) == aws.StringValue(in.Protocol) && encoded(other.doc.DefaultActions) == encoded(elbActions(in.DefaultActions)) {
			return &elbv2.CreateListenerOutput{Listeners: []*elbv2.Listener{other.doc}}, nil
		}
		return nil, refuse(elbv2.ErrCodeDuplicateListenerException, "A listener already exists on this port for this load balancer '%s'", *in.LoadBalancerArn)
	}
	arn := strings.Replace(*in.LoadBalancerArn, ":loadbalancer/", ":listener/", 1) + "/" + s.newID(16)
	doc := &elbv2.Listener{
		ListenerArn: &arn, LoadBalancerArn: in.LoadBalancerArn, Port: in.Port, Protocol: in.Protocol, Certificates: in.Certificates,
		AlpnPolicy: in.AlpnPolicy, DefaultActions: elbActions(in.DefaultActions),
	}
	if secure {
		doc.SslPolicy = aws.String("ELBSecurityPolicy-2016-08")
		if in.SslPolicy != nil {
			doc.SslPolicy = in.SslPolicy
		}
	}
	s.elb.listeners[arn] = &elbListener{doc, tagMap(nil, in.Tags, elbTag)}
	rule := &elbv2.Rule{
		RuleArn: s.elbRuleARN(arn), IsDefault: aws.Bool(true), Priority: aws.String("default"),
		Actions: doc.DefaultActions, Conditions: []*elbv2.RuleCondition{},
	}
	s.elb.rules[*rule.RuleArn] = &elbRule{listener: arn, doc: rule}
	return &elbv2.CreateListenerOutput{Listeners: []*elbv2.Listener{doc}}, nil
}

func (s *Sandbox) elbRuleARN(listener string) *string {
	return aws.String(strings.Replace(listener, ":listener/", ":listener-rule/", 1) + "/" + s.newID(16))
}

// elbActions shows actions as AWS does: a target group that is named in the older way is named in the newer way too, and a redirect has all
// its parts.
func elbActions(actions []*elbv2.Action) []*elbv2.Action {
	var shown []*elbv2.Action
	for _, given := range actions {
		action := *given
		if arn := action.TargetGroupArn; arn != nil && action.ForwardConfig == nil {
			action.ForwardConfig = &elbv2.ForwardActionConfig{TargetGroups: []*elbv2.TargetGroupTuple{{TargetGroupArn: arn, Weight: aws.Int64(1)}}}
		}
		if f := action.ForwardConfig; f != nil && action.TargetGroupArn == nil && len(f.TargetGroups) == 1 {
			action.TargetGroupArn = f.TargetGroups[0].TargetGroupArn
		}
		if action.RedirectConfig != nil {
			redirect := *action.RedirectConfig
			for part, value := range map[**string]string{
				&redirect.Protocol: "#{protocol}", &redirect.Host: "#{host}", &redirect.Port: "#{port}", &redirect.Path: "/#{path}", &redirect.Query: "#{query}",
			} {
				if *part == nil {
					*part = aws.String(value)
				}
			}
			action.RedirectConfig = &redirect
		}
		shown = append(shown, &action)
	}
	return shown
}

// elbTargets are the target groups that actions forward to.
func elbTargets(actions []*elbv2.Action) (arns []string) {
	for _, action := range actions {
		if action.TargetGroupArn != nil {
			arns = append(arns, *action.TargetGroupArn)
		}
		if action.ForwardConfig != nil {
			for _, group := range action.ForwardConfig.TargetGroups {
				arns = append(arns, aws.StringValue(group.TargetGroupArn))
			}
		}
	}
	return arns
}

// checkActions: a target group that is forwarded to stands, and belongs to no other load balancer.
func (st *elbState) checkActions(balancer string, actions []*elbv2.Action) error {
	if len(actions) == 0 {
		return elbInvalid("An action must be specified")
	}
	for _, arn := range elbTargets(actions) {
		if st.groups[arn] == nil {
			return refuse(elbv2.ErrCodeTargetGroupNotFoundException, "Target groups '%s' not found", arn)
		}
		for _, other := range st.balancersOf(arn) {
			if *other != balancer {
				return refuse(elbv2.ErrCodeTargetGroupAssociationLimitException, "The following target groups cannot be associated with more than one load balancer: %s", arn)
			}
		}
	}
	return nil
}

func (st *elbState) dropListener(arn string) {
	for rule, x := range st.rules {
		if x.listener == arn {
			delete(st.rules, rule)
		}
	}
	delete(st.listeners, arn)
}

func (st *elbState) listener(arn *string) (*elbListener, error) {
	if listener := st.listeners[aws.StringValue(arn)]; listener != nil {
		return listener, nil
	}
	return nil, refuse(elbv2.ErrCodeListenerNotFoundException, "One or more listeners not found: %s", aws.StringValue(arn))
}

func (s *Sandbox) elbDescribeListeners(_ *request, in *elbv2.DescribeListenersInput) (*elbv2.DescribeListenersOutput, error) {
	if err := elbFew(in.ListenerArns, nil); err != nil {
		return nil, err
	}
	docs := []*elbv2.Listener{}
	switch {
	case (in.LoadBalancerArn == nil) == (len(in.ListenerArns) == 0):
		return nil, elbInvalid("You must specify either listener ARNs or a load balancer ARN")
	case in.LoadBalancerArn != nil:
		if _, err := s.elb.balancer(in.LoadBalancerArn); err != nil {
			return nil, err
		}
		for _, listener := range s.elb.listeners {
			if *listener.doc.LoadBalancerArn == *in.LoadBalancerArn {
				docs = append(docs, listener.doc)
			}
		}
	}
	for _, arn := range in.ListenerArns {
		listener, err := s.elb.listener(arn)
		if err != nil {
			return nil, err
		}
		docs = append(docs, listener.doc)
	}
	docs, next, err := elbPage("Listeners "+aws.StringValue(in.LoadBalancerArn), in.Marker, in.PageSize, docs,
		func(l *elbv2.Listener) string { return *l.ListenerArn })
	return &elbv2.DescribeListenersOutput{Listeners: docs, NextMarker: next}, err
}

func (s *Sandbox) elbDeleteListener(_ *request, in *elbv2.DeleteListenerInput) (*elbv2.DeleteListenerOutput, error) {
	if _, err := s.elb.listener(in.ListenerArn); err != nil {
		return nil, err
	}
	s.elb.dropListener(*in.ListenerArn)
	return &elbv2.DeleteListenerOutput{}, nil
}

func (s *Sandbox) elbCreateRule(_ *request, in *elbv2.CreateRuleInput) (*elbv2.CreateRuleOutput, error) {
	listener, err := s.elb.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	if *in.Priority > 50000 {
		return nil, elbInvalid("Priority must be between 1 and 50000")
	}
	if len(in.Conditions) == 0 {
		return nil, elbInvalid("A condition must be specified")
	}
	if err := s.elb.checkActions(*listener.doc.LoadBalancerArn, in.Actions); err != nil {
		return nil, err
	}
	if err := elbTagged(in.Tags); err != nil {
		return nil, err
	}
	priority := strconv.FormatInt(*in.Priority, 10)
	for _, other := range s.elb.rules {
		if other.listener == *in.ListenerArn && *other.doc.Priority == priority {
			return nil, refuse(elbv2.ErrCodePriorityInUseException, "Priority '%s' is currently in use", priority)
		}
	}
	conditions, err := elbConditions(in.Conditions)
	if err != nil {
		return nil, err
	}
	doc := &elbv2.Rule{
		RuleArn: s.elbRuleARN(*in.ListenerArn), IsDefault: aws.Bool(false), Priority: &priority,
		Actions: elbActions(in.Actions), Conditions: conditions,
	}
	s.elb.rules[*doc.RuleArn] = &elbRule{*in.ListenerArn, doc, tagMap(nil, in.Tags, elbTag)}
	return &elbv2.CreateRuleOutput{Rules: []*elbv2.Rule{doc}}, nil
}

// elbConditions shows conditions as AWS does: hosts and paths stand both in Values and in a member of their own.
func elbConditions(conditions []*elbv2.RuleCondition) ([]*elbv2.RuleCondition, error) {
	var shown []*elbv2.RuleCondition
	for _, given := range conditions {
		condition, valid := *given, false
		switch aws.StringValue(condition.Field) {
		case "host-header":
			if condition.HostHeaderConfig == nil {
				condition.HostHeaderConfig = &elbv2.HostHeaderConditionConfig{Values: condition.Values}
			}
			condition.Values = condition.HostHeaderConfig.Values
			valid = len(condition.Values) > 0
		case "path-pattern":
			if condition.PathPatternConfig == nil {
				condition.PathPatternConfig = &elbv2.PathPatternConditionConfig{Values: condition.Values}
			}
			condition.Values = condition.PathPatternConfig.Values
			valid = len(condition.Values) > 0
		case "http-header":
			valid = condition.HttpHeaderConfig != nil && condition.HttpHeaderConfig.HttpHeaderName != nil && len(condition.HttpHeaderConfig.Values) > 0
		case "http-request-method":
			valid = condition.HttpRequestMethodConfig != nil && len(condition.HttpRequestMethodConfig.Values) > 0
		case "query-string":
			valid = condition.QueryStringConfig != nil && len(condition.QueryStringConfig.Values) > 0
		case "source-ip":
			valid = condition.SourceIpConfig != nil && len(condition.SourceIpConfig.Values) > 0
		}
		if !valid {
			return nil, elbInvalid("A condition must have a known field and at least one value: '%s'", aws.StringValue(condition.Field))
		}
		shown = append(shown, &condition)
	}
	return shown, nil
}

func (st *elbState) rule(arn *string) (*elbRule, error) {
	if rule := st.rules[aws.StringValue(arn)]; rule != nil {
		return rule, nil
	}
	return nil, refuse(elbv2.ErrCodeRuleNotFoundException, "One or more rules not found: %s", aws.StringValue(arn))
}

func (s *Sandbox) elbDescribeRules(_ *request, in *elbv2.DescribeRulesInput) (*elbv2.DescribeRulesOutput, error) {
	if err := elbFew(in.RuleArns, nil); err != nil {
		return nil, err
	}
	docs := []*elbv2.Rule{}
	switch {
	case (in.ListenerArn == nil) == (len(in.RuleArns) == 0):
		return nil, elbInvalid("You must specify either listener rule ARNs or a listener ARN")
	case in.ListenerArn != nil:
		if _, err := s.elb.listener(in.ListenerArn); err != nil {
			return nil, err
		}
		for _, rule := range s.elb.rules {
			if rule.listener == *in.ListenerArn {
				docs = append(docs, rule.doc)
			}
		}
	}
	for _, arn := range in.RuleArns {
		rule, err := s.elb.rule(arn)
		if err != nil {
			return nil, err
		}
		docs = append(docs, rule.doc)
	}
	docs, next, err := elbPage("Rules "+aws.StringValue(in.ListenerArn), in.Marker, in.PageSize, docs, elbPlace)
	return &elbv2.DescribeRulesOutput{Rules: docs, NextMarker: next}, err
}

// elbPlace sorts rules by priority, the default rule last.
func elbPlace(r *elbv2.Rule) string {
	return strings.Repeat("0", max(0, 7-len(*r.Priority))) + *r.Priority + *r.RuleArn
}

func (s *Sandbox) elbDeleteRule(_ *request, in *elbv2.DeleteRuleInput) (*elbv2.DeleteRuleOutput, error) {
	rule, err := s.elb.rule(in.RuleArn)
	if err != nil {
		return nil, err
	}
	if *rule.doc.IsDefault {
		return nil, refuse(elbv2.ErrCodeOperationNotPermittedException, "Default rule '%s' cannot be deleted", *in.RuleArn)
	}
	delete(s.elb.rules, *in.RuleArn)
	return &elbv2.DeleteRuleOutput{}, nil
}
