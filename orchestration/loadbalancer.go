package orchestration

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"ecs-api/common"
	"ecs-api/common/awsclient"
	"ecs-api/elbv2"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awselb "github.com/aws/aws-sdk-go/service/elbv2"
	awstagging "github.com/aws/aws-sdk-go/service/resourcegroupstaggingapi"
	"golang.org/x/sync/errgroup"
)

// The resource types by which the tagging API lists what balances load.
const (
	typeLoadBalancer = "elasticloadbalancing:loadbalancer"
	typeTargetGroup  = "elasticloadbalancing:targetgroup"
)

// loadBalancerARN leaves out classic load balancers, which have the same type and one part less.
var loadBalancerARN = regexp.MustCompile(`^arn:[a-z-]+:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:loadbalancer/(app|net|gwy)/.+/.+$`)

// isSpace says whether a tag can have this value: up to 256 characters, of those that tags are made of. A count in the pattern would copy its
// classes 256 times, at every start.
func isSpace(id string) bool {
	return id != "" && utf8.RuneCountInString(id) <= 256 && tagPattern.MatchString(id)
}

// ListTargetGroupsInput names a space.
type ListTargetGroupsInput struct {
	Space string `json:"-" query:"space" required:"true" doc:"The id of a space, which is its cluster's name."`
}

// Validate gives the rules that the input breaks.
func (in *ListTargetGroupsInput) Validate() []common.Violation {
	var v violations
	v.check(in.Space != "", "/query/space", "the query parameter space is required")
	v.check(isSpace(in.Space), "/query/space", "the query parameter space must be the id of a space")
	return v
}

// ListTargetGroups gives the ARNs of the space's target groups by their names, as the tagging API knows them: one that was deleted a little
// while ago may be among them.
func (a *Account) ListTargetGroups(ctx context.Context, in *ListTargetGroupsInput) (map[string]string, error) {
	found, err := a.inSpace(ctx, in.Space, typeTargetGroup)
	if err != nil {
		return nil, err
	}
	groups := map[string]string{}
	for arn := range found {
		if targetGroupARN.MatchString(arn) {
			groups[targetGroupName(arn)] = arn
		}
	}
	return groups, nil
}

// inSpace gives what of these types carries our org's tag and the space's, by ARN. The org is looked at here and not by AWS, since it may
// be in either of two tags.
func (a *Account) inSpace(ctx context.Context, space string, types ...string) (map[string]common.Tags, error) {
	found, err := a.tagging.Resources(ctx, types, map[string]string{common.TagSpace: space})
	if err != nil {
		return nil, err
	}
	ours := map[string]common.Tags{}
	for _, resource := range found {
		tags := fromTags(resource.Tags, func(t *awstagging.Tag) (*string, *string) { return t.Key, t.Value })
		if a.owns(tags) {
			ours[aws.StringValue(resource.ResourceARN)] = tags
		}
	}
	return ours, nil
}

// targetGroupName is the name in an ARN: …:targetgroup/NAME/ID.
func targetGroupName(arn string) string {
	_, resource, _ := strings.Cut(arn, ":targetgroup/")
	name, _, _ := strings.Cut(resource, "/")
	return name
}

// lookTargets holds that a service may have these target groups.
func (a *Account) lookTargets(balancers []*awsecs.LoadBalancer) (reads []func(context.Context) error) {
	for _, balancer := range balancers {
		reads = append(reads, func(ctx context.Context) error { return a.mayTarget(ctx, aws.StringValue(balancer.TargetGroupArn)) })
	}
	return reads
}

// mayTarget gives NotFound unless the target group is our org's or the configuration allows it.
func (a *Account) mayTarget(ctx context.Context, group string) error {
	if a.allows(group) {
		return nil
	}
	if err := a.here(ctx, group); err != nil {
		return err
	}
	described, err := a.balancing.Tags(ctx, []string{group})
	if err != nil {
		return notThere("target group", group, err)
	}
	for _, one := range described {
		if aws.StringValue(one.ResourceArn) == group && a.owns(fromBalancingTags(one.Tags)) {
			return nil
		}
	}
	return notOurs("target group", group)
}

func fromBalancingTags(tags []*awselb.Tag) common.Tags {
	return fromTags(tags, func(t *awselb.Tag) (*string, *string) { return t.Key, t.Value })
}

// ShowLoadBalancersInput names a space.
type ShowLoadBalancersInput struct {
	Space string `json:"-" path:"space"`
}

// Validate gives the rules that the input breaks.
func (in *ShowLoadBalancersInput) Validate() []common.Violation {
	var v violations
	v.check(isSpace(in.Space), "/path/space", "%q is no id of a space", in.Space)
	return v
}

// LoadBalancer is a load balancer with all that it does.
type LoadBalancer struct {
	LoadBalancerArn  string
	LoadBalancerName string
	LoadBalancerType string
	DNSName          string
	Listeners        []*Listener
}

// Listener is a listener with its rules, the default rule last.
type Listener struct {
	ListenerArn  string
	ListenerName string // PROTOCOL:port
	SslPolicy    string `json:",omitempty"`
	Rules        []*ListenerRule
}

// ListenerRule is a rule in words.
type ListenerRule struct {
	RuleArn      string
	If           string
	Then         string
	TargetGroups []*TargetGroup `json:",omitempty"`
}

// TargetGroup is a target group with its targets.
type TargetGroup struct {
	TargetGroupArn  string
	TargetGroupName string
	TargetType      string
	Targets         []Target
}

// Target is a target as the health checks see it.
type Target struct {
	Id     string
	Port   string // "" of a function
	State  string
	Reason string // of any state but healthy
}

// balancers are the facts about a space's load balancers. Each read fills a place of its own, so that none waits for another.
type balancers struct {
	tags      map[string]common.Tags // by ARN, as the tagging API knows them
	arns      []string
	described [][]*awselb.LoadBalancer
	listeners [][]*awselb.Listener    // by load balancer
	groups    [][]*awselb.TargetGroup // by load balancer
	rules     [][]*awselb.Rule        // by listener, of all load balancers in turn
	health    [][]*awselb.TargetHealthDescription
	foreign   [][]*awselb.TagDescription // the tags of target groups that are not the space's own
}

// ShowLoadBalancers gives the load balancers of a space, by name, with their listeners, rules, target groups and targets. What is gone
// meanwhile is left out; so are the targets of another org's target group.
func (a *Account) ShowLoadBalancers(ctx context.Context, in *ShowLoadBalancersInput) ([]*LoadBalancer, error) {
	tags, err := a.inSpace(ctx, in.Space, typeLoadBalancer, typeTargetGroup)
	if err != nil {
		return nil, err
	}
	facts := &balancers{tags: tags}
	for _, arn := range sortedKeys(tags) {
		if loadBalancerARN.MatchString(arn) {
			facts.arns = append(facts.arns, arn)
		}
	}
	if err := atOnce(ctx, a.lookBalancers(facts)); err != nil {
		return nil, err
	}
	if err := atOnce(ctx, a.lookRules(facts)); err != nil {
		return nil, err
	}
	return facts.shown(a), nil
}

// atOnce does reads in parallel, as many as AWS stands. The first error ends the others.
func atOnce(ctx context.Context, reads []func(context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(awsclient.Parallel)
	for _, read := range reads {
		group.Go(func() error {
			_, err := safely(func() (struct{}, error) { return struct{}{}, read(ctx) })
			return err
		})
	}
	return group.Wait()
}

// fill makes one read for each key, which fills the key's place. What is absent leaves it empty.
func fill[K, T any](places *[][]T, keys []K, read func(context.Context, K) ([]T, error)) []func(context.Context) error {
	*places = make([][]T, len(keys))
	var reads []func(context.Context) error
	for i, key := range keys {
		reads = append(reads, func(ctx context.Context) error {
			got, err := read(ctx, key)
			(*places)[i] = got
			return absent(err)
		})
	}
	return reads
}

// lookBalancers reads what can be asked by load balancer.
func (a *Account) lookBalancers(facts *balancers) []func(context.Context) error {
	return slices.Concat(
		fill(&facts.described, slices.Collect(slices.Chunk(facts.arns, elbv2.Batch)), a.balancing.LoadBalancers),
		fill(&facts.listeners, facts.arns, a.balancing.Listeners),
		fill(&facts.groups, facts.arns, a.balancing.TargetGroups),
	)
}

// lookRules reads what can be asked by listener and by target group.
func (a *Account) lookRules(facts *balancers) []func(context.Context) error {
	var listeners, groups, foreign []string
	for _, listener := range slices.Concat(facts.listeners...) {
		listeners = append(listeners, aws.StringValue(listener.ListenerArn))
	}
	for _, group := range slices.Concat(facts.groups...) {
		arn := aws.StringValue(group.TargetGroupArn)
		groups = append(groups, arn)
		if facts.tags[arn] == nil {
			foreign = append(foreign, arn)
		}
	}
	return slices.Concat(
		fill(&facts.rules, listeners, a.balancing.Rules),
		fill(&facts.health, groups, a.balancing.TargetHealth),
		fill(&facts.foreign, slices.Collect(slices.Chunk(foreign, elbv2.Batch)), a.balancing.Tags),
	)
}

// shown puts the facts together.
func (facts *balancers) shown(a *Account) []*LoadBalancer {
	groups := facts.ours(a)
	listeners, i := map[string][]*Listener{}, 0
	for _, listener := range slices.Concat(facts.listeners...) {
		balancer := aws.StringValue(listener.LoadBalancerArn)
		listeners[balancer] = append(listeners[balancer], &Listener{
			ListenerArn:  aws.StringValue(listener.ListenerArn),
			ListenerName: listenerName(listener),
			SslPolicy:    aws.StringValue(listener.SslPolicy),
			Rules:        shownRules(facts.rules[i], groups),
		})
		i++
	}
	all := []*LoadBalancer{}
	for _, balancer := range slices.Concat(facts.described...) {
		arn := aws.StringValue(balancer.LoadBalancerArn)
		shown := &LoadBalancer{
			LoadBalancerArn:  arn,
			LoadBalancerName: aws.StringValue(balancer.LoadBalancerName),
			LoadBalancerType: aws.StringValue(balancer.Type),
			DNSName:          aws.StringValue(balancer.DNSName),
			Listeners:        listeners[arn],
		}
		if shown.Listeners == nil {
			shown.Listeners = []*Listener{}
		}
		all = append(all, shown)
	}
	slices.SortFunc(all, func(x, y *LoadBalancer) int {
		return cmp.Or(cmp.Compare(x.LoadBalancerName, y.LoadBalancerName), cmp.Compare(x.LoadBalancerArn, y.LoadBalancerArn))
	})
	return all
}

// ours are the target groups that are our org's, by ARN, with their targets.
func (facts *balancers) ours(a *Account) map[string]*TargetGroup {
	tags := map[string]common.Tags{}
	for _, described := range slices.Concat(facts.foreign...) {
		tags[aws.StringValue(described.ResourceArn)] = fromBalancingTags(described.Tags)
	}
	groups := map[string]*TargetGroup{}
	for i, group := range slices.Concat(facts.groups...) {
		arn := aws.StringValue(group.TargetGroupArn)
		if facts.tags[arn] == nil && !a.owns(tags[arn]) {
			continue
		}
		shown := &TargetGroup{
			TargetGroupArn:  arn,
			TargetGroupName: aws.StringValue(group.TargetGroupName),
			TargetType:      aws.StringValue(group.TargetType),
			Targets:         []Target{},
		}
		for _, described := range facts.health[i] {
			shown.Targets = append(shown.Targets, shownTarget(described))
		}
		groups[arn] = shown
	}
	return groups
}
