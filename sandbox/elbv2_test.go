package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/elbv2"
	tagging "github.com/aws/aws-sdk-go/service/resourcegroupstaggingapi"
)

func newGroup(name string) *elbv2.CreateTargetGroupInput {
	return &elbv2.CreateTargetGroupInput{Name: &name, Protocol: aws.String("HTTP"), Port: aws.Int64(80), VpcId: aws.String("vpc-1"), TargetType: aws.String("ip"),
		Tags: []*elbv2.Tag{{Key: aws.String("org"), Value: aws.String("ss")}}}
}

func newBalancer(name string) *elbv2.CreateLoadBalancerInput {
	return &elbv2.CreateLoadBalancerInput{Name: &name, Subnets: aws.StringSlice([]string{"subnet-1"}), Tags: []*elbv2.Tag{{Key: aws.String("org"), Value: aws.String("ss")}}}
}

func forwardTo(group string) []*elbv2.Action {
	return []*elbv2.Action{{Type: aws.String("forward"), TargetGroupArn: &group}}
}

func TestLoadBalancerIsBuiltAndTakenDown(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, empty := elbv2.New(p), s.Inventory()
		group := must(c.CreateTargetGroup(newGroup("g"))).TargetGroups[0].TargetGroupArn
		same(t, "the same again", *must(c.CreateTargetGroup(newGroup("g"))).TargetGroups[0].TargetGroupArn, *group)
		other := newGroup("g")
		other.Port = aws.Int64(81)
		_, err := c.CreateTargetGroup(other)
		refused(t, err, "DuplicateTargetGroupName", 400)
		balancer := must(c.CreateLoadBalancer(newBalancer("b"))).LoadBalancers[0].LoadBalancerArn
		internal := newBalancer("b")
		internal.Scheme = aws.String("internal")
		_, err = c.CreateLoadBalancer(internal)
		refused(t, err, "DuplicateLoadBalancerName", 400)
		second := must(c.CreateLoadBalancer(newBalancer("c"))).LoadBalancers[0].LoadBalancerArn

		ask := &elbv2.CreateListenerInput{LoadBalancerArn: balancer, Protocol: aws.String("HTTP"), Port: aws.Int64(80), DefaultActions: forwardTo(*group)}
		listener := must(c.CreateListener(ask)).Listeners[0].ListenerArn
		same(t, "the same listener again", *must(c.CreateListener(ask)).Listeners[0].ListenerArn, *listener)
		ask.Protocol = aws.String("TCP")
		_, err = c.CreateListener(ask)
		refused(t, err, "DuplicateListener", 400)
		ask.LoadBalancerArn = second
		_, err = c.CreateListener(ask)
		refused(t, err, "TargetGroupAssociationLimit", 400)

		rule := &elbv2.CreateRuleInput{ListenerArn: listener, Priority: aws.Int64(9), Actions: forwardTo(*group),
			Conditions: []*elbv2.RuleCondition{{Field: aws.String("path-pattern"), Values: aws.StringSlice([]string{"/a"})}}}
		must(c.CreateRule(rule))
		_, err = c.CreateRule(rule)
		refused(t, err, "PriorityInUse", 400)
		rule.Priority = aws.Int64(10)
		must(c.CreateRule(rule))
		var priorities []string
		page := &elbv2.DescribeRulesInput{ListenerArn: listener, PageSize: aws.Int64(2)}
		for {
			out := must(c.DescribeRules(page))
			for _, r := range out.Rules {
				priorities = append(priorities, *r.Priority)
			}
			if page.Marker = out.NextMarker; page.Marker == nil {
				break
			}
		}
		same(t, "rules", fmt.Sprint(priorities), "[9 10 default]")
		rules := must(c.DescribeRules(&elbv2.DescribeRulesInput{ListenerArn: listener})).Rules
		_, err = c.DeleteRule(&elbv2.DeleteRuleInput{RuleArn: rules[2].RuleArn})
		refused(t, err, "OperationNotPermitted", 400)
		must(c.DeleteRule(&elbv2.DeleteRuleInput{RuleArn: rules[0].RuleArn}))

		_, err = c.DeleteTargetGroup(&elbv2.DeleteTargetGroupInput{TargetGroupArn: group})
		refused(t, err, "ResourceInUse", 400)
		for range 2 { // the second time there is none, which is as good
			must(c.DeleteLoadBalancer(&elbv2.DeleteLoadBalancerInput{LoadBalancerArn: balancer}))
			must(c.DeleteLoadBalancer(&elbv2.DeleteLoadBalancerInput{LoadBalancerArn: second}))
			must(c.DeleteTargetGroup(&elbv2.DeleteTargetGroupInput{TargetGroupArn: group}))
		}
		same(t, "what is left", Diff(empty, s.Inventory()), "")
	})
}

func TestTargetsBecomeHealthyAndDrain(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *Sandbox, p *session.Session) {
		c := elbv2.New(p)
		group := must(c.CreateTargetGroup(newGroup("g"))).TargetGroups[0].TargetGroupArn
		health := func() string {
			var states []string
			for _, d := range must(c.DescribeTargetHealth(&elbv2.DescribeTargetHealthInput{TargetGroupArn: group})).TargetHealthDescriptions {
				states = append(states, strings.TrimSpace(fmt.Sprint(*d.Target.Id, ":", *d.Target.Port, " ", *d.TargetHealth.State, " ", aws.StringValue(d.TargetHealth.Reason))))
			}
			return strings.Join(states, "; ")
		}
		targets := []*elbv2.TargetDescription{{Id: aws.String("10.0.0.1")}}
		must(c.RegisterTargets(&elbv2.RegisterTargetsInput{TargetGroupArn: group, Targets: targets}))
		same(t, "without a listener", health(), "10.0.0.1:80 unused Target.NotInUse")
		balancer := must(c.CreateLoadBalancer(newBalancer("b"))).LoadBalancers[0].LoadBalancerArn
		must(c.CreateListener(&elbv2.CreateListenerInput{LoadBalancerArn: balancer, Protocol: aws.String("HTTP"), Port: aws.Int64(80), DefaultActions: forwardTo(*group)}))
		same(t, "at first", health(), "10.0.0.1:80 initial Elb.RegistrationInProgress")
		time.Sleep(time.Minute)
		same(t, "later", health(), "10.0.0.1:80 healthy")
		must(c.DeregisterTargets(&elbv2.DeregisterTargetsInput{TargetGroupArn: group, Targets: targets}))
		same(t, "at the end", health(), "10.0.0.1:80 draining Target.DeregistrationInProgress")
		time.Sleep(time.Minute)
		same(t, "after the end", health(), "")
	})
}

func TestLoadBalancingLimitsAndTags(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *Sandbox, p *session.Session) {
		c := elbv2.New(p)
		var arns []*string
		for i := range 21 {
			arns = append(arns, must(c.CreateTargetGroup(newGroup(fmt.Sprint("g", i)))).TargetGroups[0].TargetGroupArn)
		}
		_, err := c.DescribeTargetGroups(&elbv2.DescribeTargetGroupsInput{TargetGroupArns: arns})
		refused(t, err, "ValidationError", 400)
		_, err = c.DescribeTags(&elbv2.DescribeTagsInput{ResourceArns: arns})
		refused(t, err, "ValidationError", 400)
		missing := aws.String(strings.Replace(*arns[0], "/g0/", "/none/", 1))
		_, err = c.DescribeTargetGroups(&elbv2.DescribeTargetGroupsInput{TargetGroupArns: []*string{arns[0], missing}})
		refused(t, err, "TargetGroupNotFound", 400)
		count := 0
		if err := c.DescribeTargetGroupsPages(&elbv2.DescribeTargetGroupsInput{PageSize: aws.Int64(10)}, func(out *elbv2.DescribeTargetGroupsOutput, _ bool) bool {
			count += len(out.TargetGroups)
			return true
		}); err != nil || count != 21 {
			t.Errorf("%d, %v", count, err)
		}
		must(c.AddTags(&elbv2.AddTagsInput{ResourceArns: arns[:1], Tags: []*elbv2.Tag{{Key: aws.String("space"), Value: aws.String("s")}}}))
		must(c.RemoveTags(&elbv2.RemoveTagsInput{ResourceArns: arns[:1], TagKeys: aws.StringSlice([]string{"org"})}))
		same(t, "tags", fmt.Sprint(*must(c.DescribeTags(&elbv2.DescribeTagsInput{ResourceArns: arns[:1]})).TagDescriptions[0].Tags[0].Key), "space")
		found := must(tagging.New(p).GetResources(&tagging.GetResourcesInput{ResourceTypeFilters: aws.StringSlice([]string{"elasticloadbalancing:targetgroup"}),
			TagFilters: []*tagging.TagFilter{{Key: aws.String("space")}}}))
		same(t, "by tag", *found.ResourceTagMappingList[0].ResourceARN, *arns[0])
		for _, name := range []string{"-a", "a_b", strings.Repeat("x", 33)} {
			_, err := c.CreateTargetGroup(newGroup(name))
			refused(t, err, "ValidationError", 400)
		}
	})
}
