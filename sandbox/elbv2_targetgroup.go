package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/elbv2"
)

type elbGroup struct {
	doc     *elbv2.TargetGroup // without the load balancers, which the rules tell
	tags    map[string]string
	targets map[string]*elbTarget // by id and port
}

type elbTarget struct {
	doc        *elbv2.TargetDescription
	registered time.Time
	leaving    bool
}

// How long a target takes to be found healthy, and to drain. AWS drains for five minutes unless told otherwise; nobody here would wait.
const (
	elbFirstCheck = 2 * time.Second
	elbDraining   = 5 * time.Second
)

func (s *Sandbox) elbCreateGroup(_ *request, in *elbv2.CreateTargetGroupInput) (*elbv2.CreateTargetGroupOutput, error) {
	kind := elbv2.TargetTypeEnumInstance
	if in.TargetType != nil {
		kind = *in.TargetType
	}
	switch {
	case !elbName.MatchString(*in.Name):
		return nil, elbInvalid("Target group name '%s' is not valid", *in.Name)
	case kind != elbv2.TargetTypeEnumLambda && in.Protocol == nil:
		return nil, elbInvalid("A protocol must be specified")
	case kind != elbv2.TargetTypeEnumLambda && in.Port == nil:
		return nil, elbInvalid("A port must be specified")
	case kind != elbv2.TargetTypeEnumLambda && in.VpcId == nil:
		return nil, elbInvalid("A VPC ID must be specified")
	}
	if err := elbTagged(in.Tags); err != nil {
		return nil, err
	}
	doc := &elbv2.TargetGroup{
		TargetGroupName: in.Name, TargetType: &kind, Protocol: in.Protocol, Port: in.Port, VpcId: in.VpcId, ProtocolVersion: in.ProtocolVersion,
		HealthCheckEnabled: aws.Bool(true), HealthCheckPath: in.HealthCheckPath, HealthCheckPort: aws.String("traffic-port"),
		HealthCheckProtocol: in.Protocol, HealthCheckIntervalSeconds: aws.Int64(30), HealthCheckTimeoutSeconds: aws.Int64(5),
		HealthyThresholdCount: aws.Int64(5), UnhealthyThresholdCount: aws.Int64(2), Matcher: in.Matcher, IpAddressType: aws.String("ipv4"),
	}
	for _, group := range s.elb.groups {
		if *group.doc.TargetGroupName != *in.Name {
			continue
		}
		doc.TargetGroupArn = group.doc.TargetGroupArn
		if encoded(doc) == encoded(group.doc) {
			return &elbv2.CreateTargetGroupOutput{TargetGroups: []*elbv2.TargetGroup{s.elb.shown(group)}}, nil
		}
		return nil, refuse(
			elbv2.ErrCodeDuplicateTargetGroupNameException,
			"A target group with the same name '%s' exists, but with different settings",
			*in.Name,
		)
	}
	doc.TargetGroupArn = aws.String(s.arn("elasticloadbalancing", "targetgroup/"+*in.Name+"/"+s.newID(16)))
	group := &elbGroup{doc, tagMap(nil, in.Tags, elbTag), map[string]*elbTarget{}}
	s.elb.groups[*doc.TargetGroupArn] = group
	return &elbv2.CreateTargetGroupOutput{TargetGroups: []*elbv2.TargetGroup{s.elb.shown(group)}}, nil
}

func (st *elbState) shown(group *elbGroup) *elbv2.TargetGroup {
	doc := *group.doc
	doc.LoadBalancerArns = st.balancersOf(*doc.TargetGroupArn)
	return &doc
}

// balancersOf are the load balancers that forward to a target group.
func (st *elbState) balancersOf(group string) []*string {
	balancers := map[string]bool{}
	for _, rule := range st.rules {
		if slices.Contains(elbTargets(rule.doc.Actions), group) {
			balancers[*st.listeners[rule.listener].doc.LoadBalancerArn] = true
		}
	}
	return aws.StringSlice(slices.Sorted(maps.Keys(balancers)))
}

func (st *elbState) group(arn *string) (*elbGroup, error) {
	if group := st.groups[aws.StringValue(arn)]; group != nil {
		return group, nil
	}
	return nil, refuse(elbv2.ErrCodeTargetGroupNotFoundException, "One or more target groups not found: %s", aws.StringValue(arn))
}

func (s *Sandbox) elbDescribeGroups(_ *request, in *elbv2.DescribeTargetGroupsInput) (*elbv2.DescribeTargetGroupsOutput, error) {
	if err := elbFew(in.TargetGroupArns, in.Names); err != nil {
		return nil, err
	}
	docs, listed := []*elbv2.TargetGroup{}, len(in.TargetGroupArns)+len(in.Names) > 0
	if in.LoadBalancerArn != nil {
		if listed {
			return nil, elbInvalid("A load balancer ARN cannot be specified with target group ARNs or names")
		}
		if _, err := s.elb.balancer(in.LoadBalancerArn); err != nil {
			return nil, err
		}
	}
	for _, arn := range in.TargetGroupArns {
		group, err := s.elb.group(arn)
		if err != nil {
			return nil, err
		}
		docs = append(docs, s.elb.shown(group))
	}
	for _, name := range in.Names {
		found := false
		for _, group := range s.elb.groups {
			if *group.doc.TargetGroupName == *name {
				docs, found = append(docs, s.elb.shown(group)), true
			}
		}
		if !found {
			return nil, refuse(elbv2.ErrCodeTargetGroupNotFoundException, "One or more target groups not found: %s", *name)
		}
	}
	for _, group := range s.elb.groups {
		shown := s.elb.shown(group)
		if !listed && (in.LoadBalancerArn == nil || slices.Contains(aws.StringValueSlice(shown.LoadBalancerArns), *in.LoadBalancerArn)) {
			docs = append(docs, shown)
		}
	}
	docs, next, err := elbPage("TargetGroups "+aws.StringValue(in.LoadBalancerArn), in.Marker, in.PageSize, docs,
		func(g *elbv2.TargetGroup) string { return *g.TargetGroupArn })
	return &elbv2.DescribeTargetGroupsOutput{TargetGroups: docs, NextMarker: next}, err
}

// elbDeleteGroup: one that is gone is deleted already.
func (s *Sandbox) elbDeleteGroup(_ *request, in *elbv2.DeleteTargetGroupInput) (*elbv2.DeleteTargetGroupOutput, error) {
	if len(s.elb.balancersOf(*in.TargetGroupArn)) > 0 {
		return nil, refuse(elbv2.ErrCodeResourceInUseException, "Target group '%s' is currently in use by a listener or a rule", *in.TargetGroupArn)
	}
	delete(s.elb.groups, *in.TargetGroupArn)
	return &elbv2.DeleteTargetGroupOutput{}, nil
}

// target gives a description its port: the group's, where it has none.
func (g *elbGroup) target(given *elbv2.TargetDescription) (string, *elbv2.TargetDescription) {
	target := *given
	if target.Port == nil {
		target.Port = g.doc.Port
	}
	return fmt.Sprintf("%s:%d", aws.StringValue(target.Id), aws.Int64Value(target.Port)), &target
}

func (s *Sandbox) elbRegisterTargets(r *request, in *elbv2.RegisterTargetsInput) (*elbv2.RegisterTargetsOutput, error) {
	group, err := s.elb.group(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	for _, given := range in.Targets {
		key, target := group.target(given)
		if standing := group.targets[key]; standing == nil || standing.leaving {
			group.targets[key] = &elbTarget{doc: target, registered: r.now}
		}
	}
	return &elbv2.RegisterTargetsOutput{}, nil
}

// elbDeregisterTargets has targets drain first. One that is not registered is no error.
func (s *Sandbox) elbDeregisterTargets(r *request, in *elbv2.DeregisterTargetsInput) (*elbv2.DeregisterTargetsOutput, error) {
	group, err := s.elb.group(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	for _, given := range in.Targets {
		for key, target := range group.targets {
			if *target.doc.Id != *given.Id || given.Port != nil && *given.Port != aws.Int64Value(target.doc.Port) || target.leaving {
				continue
			}
			target.leaving = true
			s.schedule(r.now.Add(s.scaled(elbDraining)), func(time.Time) {
				if group.targets[key] == target {
					delete(group.targets, key)
				}
			})
		}
	}
	return &elbv2.DeregisterTargetsOutput{}, nil
}

func (s *Sandbox) elbDescribeTargetHealth(r *request, in *elbv2.DescribeTargetHealthInput) (*elbv2.DescribeTargetHealthOutput, error) {
	group, err := s.elb.group(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	keys := slices.Sorted(maps.Keys(group.targets))
	if len(in.Targets) > 0 {
		keys = nil
		for _, given := range in.Targets {
			key, _ := group.target(given)
			keys = append(keys, key)
		}
	}
	used := len(s.elb.balancersOf(*in.TargetGroupArn)) > 0
	out := &elbv2.DescribeTargetHealthOutput{TargetHealthDescriptions: []*elbv2.TargetHealthDescription{}}
	for i, key := range keys {
		target := group.targets[key]
		if target == nil {
			_, asked := group.target(in.Targets[i])
			target = &elbTarget{doc: asked}
		}
		described := &elbv2.TargetHealthDescription{Target: target.doc, TargetHealth: s.elbHealth(r, target, used)}
		if target.doc.Port != nil {
			described.HealthCheckPort = aws.String(fmt.Sprint(*target.doc.Port))
		}
		out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, described)
	}
	return out, nil
}

func (s *Sandbox) elbHealth(r *request, target *elbTarget, used bool) *elbv2.TargetHealth {
	health := func(state, reason, description string) *elbv2.TargetHealth {
		return &elbv2.TargetHealth{State: &state, Reason: unlessEmpty(reason), Description: unlessEmpty(description)}
	}
	switch {
	case target.registered.IsZero():
		return health(elbv2.TargetHealthStateEnumUnused, elbv2.TargetHealthReasonEnumTargetNotRegistered, "Target is not registered to the target group")
	case target.leaving:
		return health(
			elbv2.TargetHealthStateEnumDraining,
			elbv2.TargetHealthReasonEnumTargetDeregistrationInProgress,
			"Target deregistration is in progress",
		)
	case !used:
		return health(elbv2.TargetHealthStateEnumUnused, elbv2.TargetHealthReasonEnumTargetNotInUse, "Target group is not configured to receive traffic from the load balancer")
	case r.now.Sub(target.registered) < s.scaled(elbFirstCheck):
		return health(elbv2.TargetHealthStateEnumInitial, elbv2.TargetHealthReasonEnumElbRegistrationInProgress, "Target registration is in progress")
	}
	return health(elbv2.TargetHealthStateEnumHealthy, "", "")
}
