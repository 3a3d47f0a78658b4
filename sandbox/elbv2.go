package sandbox

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/elbv2"
)

// elbState holds load balancers, listeners, rules and target groups by ARN. No traffic goes through them.
type elbState struct {
	balancers map[string]*elbBalancer
	listeners map[string]*elbListener
	rules     map[string]*elbRule
	groups    map[string]*elbGroup
}

type elbBalancer struct {
	doc  *elbv2.LoadBalancer
	tags map[string]string
}

var elbName = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?$`)

// elbMost is how many ARNs or names one call may list.
const elbMost = 20

func (s *Sandbox) registerELBV2() {
	s.elb = elbState{
		balancers: map[string]*elbBalancer{}, listeners: map[string]*elbListener{}, rules: map[string]*elbRule{}, groups: map[string]*elbGroup{},
	}
	register(s, "elbv2", "CreateLoadBalancer", true, s.elbCreateBalancer)
	register(s, "elbv2", "DescribeLoadBalancers", false, s.elbDescribeBalancers)
	register(s, "elbv2", "DeleteLoadBalancer", true, s.elbDeleteBalancer)
	register(s, "elbv2", "CreateListener", true, s.elbCreateListener)
	register(s, "elbv2", "DescribeListeners", false, s.elbDescribeListeners)
	register(s, "elbv2", "DeleteListener", true, s.elbDeleteListener)
	register(s, "elbv2", "CreateRule", true, s.elbCreateRule)
	register(s, "elbv2", "DescribeRules", false, s.elbDescribeRules)
	register(s, "elbv2", "DeleteRule", true, s.elbDeleteRule)
	register(s, "elbv2", "CreateTargetGroup", true, s.elbCreateGroup)
	register(s, "elbv2", "DescribeTargetGroups", false, s.elbDescribeGroups)
	register(s, "elbv2", "DeleteTargetGroup", true, s.elbDeleteGroup)
	register(s, "elbv2", "RegisterTargets", true, s.elbRegisterTargets)
	register(s, "elbv2", "DeregisterTargets", true, s.elbDeregisterTargets)
	register(s, "elbv2", "DescribeTargetHealth", false, s.elbDescribeTargetHealth)
	register(s, "elbv2", "AddTags", true, s.elbAddTags)
	register(s, "elbv2", "RemoveTags", true, s.elbRemoveTags)
	register(s, "elbv2", "DescribeTags", false, s.elbDescribeTags)
}

func elbInvalid(format string, args ...any) error { return refuse("ValidationError", format, args...) }

// elbKinds are the types of load balancers, as their ARNs abbreviate them.
var elbKinds = map[string]string{
	elbv2.LoadBalancerTypeEnumApplication: "app",
	elbv2.LoadBalancerTypeEnumNetwork:     "net",
	elbv2.LoadBalancerTypeEnumGateway:     "gwy",
}

func (s *Sandbox) elbCreateBalancer(r *request, in *elbv2.CreateLoadBalancerInput) (*elbv2.CreateLoadBalancerOutput, error) {
	kind, scheme := elbv2.LoadBalancerTypeEnumApplication, elbv2.LoadBalancerSchemeEnumInternetFacing
	if in.Type != nil {
		kind = *in.Type
	}
	if in.Scheme != nil {
		scheme = *in.Scheme
	}
	switch {
	case !elbName.MatchString(*in.Name) || strings.HasPrefix(*in.Name, "internal-"):
		return nil, elbInvalid("The load balancer name '%s' is not valid.", *in.Name)
	case elbKinds[kind] == "":
		return nil, elbInvalid("The load balancer type '%s' is not valid.", kind)
	case len(in.Subnets) == 0 && len(in.SubnetMappings) == 0:
		return nil, elbInvalid("At least one subnet must be specified.")
	}
	for _, balancer := range s.elb.balancers {
		if *balancer.doc.LoadBalancerName != *in.Name {
			continue
		}
		if *balancer.doc.Type == kind && *balancer.doc.Scheme == scheme {
			return &elbv2.CreateLoadBalancerOutput{LoadBalancers: []*elbv2.LoadBalancer{balancer.doc}}, nil
		}
		return nil, refuse(
			elbv2.ErrCodeDuplicateLoadBalancerNameException,
			"A load balancer with the same name '%s' exists, but with different settings",
			*in.Name,
		)
	}
	if err := elbTagged(in.Tags); err != nil {
		return nil, err
	}
	host := *in.Name + "-" + s.newName(10, "123456789") + "." + s.defaults.Region + ".elb.amazonaws.com"
	if scheme == elbv2.LoadBalancerSchemeEnumInternal {
		host = "internal-" + host
	}
	doc := &elbv2.LoadBalancer{
		LoadBalancerArn:  aws.String(s.arn("elasticloadbalancing", "loadbalancer/"+elbKinds[kind]+"/"+*in.Name+"/"+s.newID(16))),
		LoadBalancerName: in.Name, Type: &kind, Scheme: &scheme, DNSName: &host, CreatedTime: aws.Time(r.now), SecurityGroups: in.SecurityGroups,
		VpcId: aws.String("vpc-1"), IpAddressType: aws.String("ipv4"), State: &elbv2.LoadBalancerState{Code: aws.String(elbv2.LoadBalancerStateEnumActive)},
	}
	for _, subnet := range in.Subnets {
		doc.AvailabilityZones = append(doc.AvailabilityZones, &elbv2.AvailabilityZone{SubnetId: subnet, ZoneName: aws.String(s.defaults.Region + "a")})
	}
	s.elb.balancers[*doc.LoadBalancerArn] = &elbBalancer{doc, tagMap(nil, in.Tags, elbTag)}
	return &elbv2.CreateLoadBalancerOutput{LoadBalancers: []*elbv2.LoadBalancer{doc}}, nil
}

func (st *elbState) balancer(arn *string) (*elbBalancer, error) {
	if balancer := st.balancers[aws.StringValue(arn)]; balancer != nil {
		return balancer, nil
	}
	if !strings.Contains(aws.StringValue(arn), ":loadbalancer/") {
		return nil, elbInvalid("'%s' is not a valid load balancer ARN", aws.StringValue(arn))
	}
	return nil, refuse(elbv2.ErrCodeLoadBalancerNotFoundException, "Load balancer '%s' not found", aws.StringValue(arn))
}

func (s *Sandbox) elbDescribeBalancers(_ *request, in *elbv2.DescribeLoadBalancersInput) (*elbv2.DescribeLoadBalancersOutput, error) {
	if err := elbFew(in.LoadBalancerArns, in.Names); err != nil {
		return nil, err
	}
	docs := []*elbv2.LoadBalancer{}
	for _, arn := range in.LoadBalancerArns {
		balancer, err := s.elb.balancer(arn)
		if err != nil {
			return nil, err
		}
		docs = append(docs, balancer.doc)
	}
	for _, name := range in.Names {
		found := false
		for _, balancer := range s.elb.balancers {
			if *balancer.doc.LoadBalancerName == *name {
				docs, found = append(docs, balancer.doc), true
			}
		}
		if !found {
			return nil, refuse(elbv2.ErrCodeLoadBalancerNotFoundException, "Load balancers '[%s]' not found", *name)
		}
	}
	if len(in.LoadBalancerArns)+len(in.Names) == 0 {
		for _, balancer := range s.elb.balancers {
			docs = append(docs, balancer.doc)
		}
	}
	docs, next, err := elbPage("LoadBalancers", in.Marker, in.PageSize, docs, func(b *elbv2.LoadBalancer) string { return *b.LoadBalancerArn })
	return &elbv2.DescribeLoadBalancersOutput{LoadBalancers: docs, NextMarker: next}, err
}

// elbDeleteBalancer takes its listeners and their rules along. One that is gone is deleted already.
func (s *Sandbox) elbDeleteBalancer(_ *request, in *elbv2.DeleteLoadBalancerInput) (*elbv2.DeleteLoadBalancerOutput, error) {
	for arn, listener := range s.elb.listeners {
		if *listener.doc.LoadBalancerArn == *in.LoadBalancerArn {
			s.elb.dropListener(arn)
		}
	}
	delete(s.elb.balancers, *in.LoadBalancerArn)
	return &elbv2.DeleteLoadBalancerOutput{}, nil
}

// elbFew holds that a call lists no more than it may, and not by ARN and by name at once.
func elbFew(arns, names []*string) error {
	switch {
	case len(arns) > elbMost || len(names) > elbMost:
		return elbInvalid("The maximum number of ARNs or names that can be specified is %d", elbMost)
	case len(arns) > 0 && len(names) > 0:
		return elbInvalid("ARNs and names cannot be specified at the same time")
	}
	return nil
}

// elbPage is page in the words of this service.
func elbPage[T any](scope string, marker *string, most *int64, items []T, key func(T) string) ([]T, *string, error) {
	return page(paging{scope: "elbv2 " + scope, token: marker, max: most, size: 100, most: 400, code: "ValidationError"}, items, key)
}

func elbTag(t *elbv2.Tag) (key, value *string) { return t.Key, t.Value }

// elbTagged holds that tags have different keys and are not too many.
func elbTagged(tags []*elbv2.Tag) error {
	keys := map[string]bool{}
	for _, tag := range tags {
		keys[aws.StringValue(tag.Key)] = true
	}
	switch {
	case len(keys) < len(tags):
		return refuse(elbv2.ErrCodeDuplicateTagKeysException, "A tag key was specified more than once")
	case len(keys) > 50:
		return refuse(elbv2.ErrCodeTooManyTagsException, "The maximum number of tags is 50")
	}
	return nil
}

// tagsOf finds the tags of anything here, to be changed in place.
func (st *elbState) tagsOf(arn string) (*map[string]string, error) {
	if x := st.balancers[arn]; x != nil {
		return &x.tags, nil
	}
	if x := st.listeners[arn]; x != nil {
		return &x.tags, nil
	}
	if x := st.rules[arn]; x != nil {
		return &x.tags, nil
	}
	if x := st.groups[arn]; x != nil {
		return &x.tags, nil
	}
	kinds := map[string]string{
		":loadbalancer/": elbv2.ErrCodeLoadBalancerNotFoundException, ":listener/": elbv2.ErrCodeListenerNotFoundException,
		":listener-rule/": elbv2.ErrCodeRuleNotFoundException, ":targetgroup/": elbv2.ErrCodeTargetGroupNotFoundException,
	}
	for part, code := range kinds {
		if strings.Contains(arn, part) {
			return nil, refuse(code, "'%s' not found", arn)
		}
	}
	return nil, elbInvalid("'%s' is not a valid ARN", arn)
}

// eachTags gives the tags of all the ARNs, or an error: a call is good for all of them or for none.
func (st *elbState) eachTags(arns []*string) ([]*map[string]string, error) {
	if len(arns) > elbMost {
		return nil, elbInvalid("The maximum number of resources that can be specified is %d", elbMost)
	}
	var all []*map[string]string
	for _, arn := range arns {
		tags, err := st.tagsOf(aws.StringValue(arn))
		if err != nil {
			return nil, err
		}
		all = append(all, tags)
	}
	return all, nil
}

func (s *Sandbox) elbAddTags(_ *request, in *elbv2.AddTagsInput) (*elbv2.AddTagsOutput, error) {
	if err := elbTagged(in.Tags); err != nil {
		return nil, err
	}
	all, err := s.elb.eachTags(in.ResourceArns)
	if err != nil {
		return nil, err
	}
	for _, tags := range all {
		if len(tagMap(*tags, in.Tags, elbTag)) > 50 {
			return nil, refuse(elbv2.ErrCodeTooManyTagsException, "The maximum number of tags is 50")
		}
	}
	for _, tags := range all {
		*tags = tagMap(*tags, in.Tags, elbTag)
	}
	return &elbv2.AddTagsOutput{}, nil
}

func (s *Sandbox) elbRemoveTags(_ *request, in *elbv2.RemoveTagsInput) (*elbv2.RemoveTagsOutput, error) {
	all, err := s.elb.eachTags(in.ResourceArns)
	if err != nil {
		return nil, err
	}
	for _, tags := range all {
		untag(*tags, in.TagKeys)
	}
	return &elbv2.RemoveTagsOutput{}, nil
}

func (s *Sandbox) elbDescribeTags(_ *request, in *elbv2.DescribeTagsInput) (*elbv2.DescribeTagsOutput, error) {
	all, err := s.elb.eachTags(in.ResourceArns)
	if err != nil {
		return nil, err
	}
	out := &elbv2.DescribeTagsOutput{TagDescriptions: []*elbv2.TagDescription{}}
	for i, tags := range all {
		out.TagDescriptions = append(out.TagDescriptions, &elbv2.TagDescription{ResourceArn: in.ResourceArns[i], Tags: sdkTags[elbv2.Tag](*tags)})
	}
	return out, nil
}

func (st *elbState) tagged(yield func(arn, resourceType string, tags map[string]string)) {
	for arn, x := range st.balancers {
		yield(arn, "elasticloadbalancing:loadbalancer", x.tags)
	}
	for arn, x := range st.listeners {
		yield(arn, "elasticloadbalancing:listener", x.tags)
	}
	for arn, x := range st.rules {
		yield(arn, "elasticloadbalancing:listener-rule", x.tags)
	}
	for arn, x := range st.groups {
		yield(arn, "elasticloadbalancing:targetgroup", x.tags)
	}
}

func (st *elbState) inventory(inv Inventory) {
	add := func(kind, arn string, doc any, tags map[string]string) {
		state := stateOf(doc, "CreatedTime")
		state["tags"] = shownTags(tags)
		inv.add(kind, arn, state)
	}
	for arn, x := range st.balancers {
		add("load balancer", arn, x.doc, x.tags)
	}
	for arn, x := range st.listeners {
		add("listener", arn, x.doc, x.tags)
	}
	for arn, x := range st.rules {
		add("listener rule", arn, x.doc, x.tags)
	}
	for arn, x := range st.groups {
		add("target group", arn, x.doc, x.tags)
		inv["target group"][arn].(map[string]any)["targets"] = slices.Sorted(maps.Keys(x.targets))
	}
}
