package sandbox

import (
	"slices"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/ecs"
)

const (
	clusterActive   = "ACTIVE"
	clusterInactive = "INACTIVE"
)

type ecsCluster struct {
	name, arn string
	doc       *ecs.Cluster // without counters and tags
	tags      map[string]string
	services  map[string]*ecsService
}

func (c *ecsCluster) active() bool { return aws.StringValue(c.doc.Status) == clusterActive }

// clusterName reads a cluster's name or ARN; none means the cluster "default".
func clusterName(ref *string) string {
	if aws.StringValue(ref) == "" {
		return "default"
	}
	return afterSlash(*ref)
}

// activeCluster finds a cluster that can be worked in.
func (s *Sandbox) activeCluster(ref *string) (*ecsCluster, error) {
	c := s.ecs.clusters[clusterName(ref)]
	if c == nil || !c.active() {
		return nil, refuse(ecs.ErrCodeClusterNotFoundException, "Cluster not found.")
	}
	return c, nil
}

// ecsCreateCluster is idempotent by name, as long as what is given agrees with what stands. Tags of a repeated call are ignored.
func (s *Sandbox) ecsCreateCluster(r *request, in *ecs.CreateClusterInput) (*ecs.CreateClusterOutput, error) {
	name := "default"
	if aws.StringValue(in.ClusterName) != "" {
		name = *in.ClusterName
	}
	if !ecsName.MatchString(name) {
		return nil, invalidParameter("Cluster name contains invalid characters.")
	}
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	if err := checkProviders(in.CapacityProviders, in.DefaultCapacityProviderStrategy); err != nil {
		return nil, err
	}
	if c := s.ecs.clusters[name]; c != nil && c.active() {
		if !c.agreesWith(in) {
			return nil, invalidParameter("Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")
		}
		return &ecs.CreateClusterOutput{Cluster: s.clusterDocument(c, true, true)}, nil
	}
	c := s.newCluster(name, in)
	c.tags = tags
	s.ecs.clusters[name] = c
	return &ecs.CreateClusterOutput{Cluster: s.clusterDocument(c, true, true)}, nil
}

func (s *Sandbox) newCluster(name string, in *ecs.CreateClusterInput) *ecsCluster {
	c := &ecsCluster{name: name, arn: s.arn("ecs", "cluster/"+name), services: map[string]*ecsService{}}
	c.doc = &ecs.Cluster{
		ClusterArn: aws.String(c.arn), ClusterName: aws.String(name), Status: aws.String(clusterActive),
		CapacityProviders:               slices.Clone(in.CapacityProviders),
		DefaultCapacityProviderStrategy: cloneList(in.DefaultCapacityProviderStrategy),
		Settings:                        cloneList(in.Settings),
		Configuration:                   clone(in.Configuration),
		ServiceConnectDefaults:          connectDefaults(in.ServiceConnectDefaults),
	}
	if c.doc.CapacityProviders == nil {
		c.doc.CapacityProviders = []*string{}
	}
	if c.doc.DefaultCapacityProviderStrategy == nil {
		c.doc.DefaultCapacityProviderStrategy = []*ecs.CapacityProviderStrategyItem{}
	}
	if len(c.doc.Settings) == 0 {
		c.doc.Settings = []*ecs.ClusterSetting{{Name: aws.String("containerInsights"), Value: aws.String("disabled")}}
	}
	return c
}

func connectDefaults(in *ecs.ClusterServiceConnectDefaultsRequest) *ecs.ClusterServiceConnectDefaults {
	if in == nil {
		return nil
	}
	return &ecs.ClusterServiceConnectDefaults{Namespace: in.Namespace}
}

// agreesWith tells whether what a repeated CreateCluster gives is what stands. What it does not give it does not ask for.
func (c *ecsCluster) agreesWith(in *ecs.CreateClusterInput) bool {
	sameProviders := in.CapacityProviders == nil || slices.Equal(sortedStrings(in.CapacityProviders), sortedStrings(c.doc.CapacityProviders))
	sameStrategy := in.DefaultCapacityProviderStrategy == nil || sameStrategy(in.DefaultCapacityProviderStrategy, c.doc.DefaultCapacityProviderStrategy)
	sameSettings := len(in.Settings) == 0 || sameDocument(ecs.Cluster{Settings: in.Settings}, ecs.Cluster{Settings: c.doc.Settings})
	sameConfiguration := in.Configuration == nil || sameDocument(in.Configuration, c.doc.Configuration)
	return sameProviders && sameStrategy && sameSettings && sameConfiguration
}

func sortedStrings(list []*string) []string {
	values := aws.StringValueSlice(list)
	slices.Sort(values)
	return values
}

// sameStrategy compares strategies with base and weight left out read as 0, in whatever order.
func sameStrategy(a, b []*ecs.CapacityProviderStrategyItem) bool {
	type item struct {
		provider     string
		base, weight int64
	}
	items := func(list []*ecs.CapacityProviderStrategyItem) map[item]int {
		counts := map[item]int{}
		for _, i := range list {
			counts[item{aws.StringValue(i.CapacityProvider), aws.Int64Value(i.Base), aws.Int64Value(i.Weight)}]++
		}
		return counts
	}
	left, right := items(a), items(b)
	for i, n := range left {
		if right[i] != n {
			return false
		}
	}
	return len(left) == len(right)
}

// checkProviders knows only the two providers that need no Auto Scaling group.
func checkProviders(providers []*string, strategy []*ecs.CapacityProviderStrategyItem) error {
	for _, provider := range aws.StringValueSlice(providers) {
		if provider != "FARGATE" && provider != "FARGATE_SPOT" {
			return invalidParameter("The specified capacity provider '%s' was not found. Specify a valid name or ARN and try again.", provider)
		}
	}
	return checkStrategy(providers, strategy)
}

// checkStrategy holds a strategy against the providers that a cluster has.
func checkStrategy(providers []*string, strategy []*ecs.CapacityProviderStrategyItem) error {
	based, weights := 0, int64(0)
	for _, item := range strategy {
		if item == nil || !slices.Contains(aws.StringValueSlice(providers), aws.StringValue(item.CapacityProvider)) {
			return invalidParameter(
				"The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster and try again.",
			)
		}
		if aws.Int64Value(item.Base) > 0 {
			based++
		}
		weights += aws.Int64Value(item.Weight)
	}
	if based > 1 {
		return invalidParameter("Only one capacity provider in a capacity provider strategy can have a base value defined.")
	}
	if len(strategy) > 1 && weights == 0 {
		return invalidParameter("At least one capacity provider in a capacity provider strategy must have a weight greater than zero.")
	}
	return nil
}

func (s *Sandbox) ecsUpdateCluster(_ *request, in *ecs.UpdateClusterInput) (*ecs.UpdateClusterOutput, error) {
	c, err := s.activeCluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if in.Settings != nil {
		c.doc.Settings = cloneList(in.Settings)
	}
	if in.Configuration != nil {
		c.doc.Configuration = clone(in.Configuration)
	}
	if in.ServiceConnectDefaults != nil {
		c.doc.ServiceConnectDefaults = connectDefaults(in.ServiceConnectDefaults)
	}
	return &ecs.UpdateClusterOutput{Cluster: s.clusterDocument(c, true, true)}, nil
}

// ecsPutClusterCapacityProviders replaces both lists.
func (s *Sandbox) ecsPutClusterCapacityProviders(_ *request, in *ecs.PutClusterCapacityProvidersInput) (*ecs.PutClusterCapacityProvidersOutput, error) {
	c, err := s.activeCluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if err := checkProviders(in.CapacityProviders, in.DefaultCapacityProviderStrategy); err != nil {
		return nil, err
	}
	for _, provider := range aws.StringValueSlice(c.doc.CapacityProviders) {
		if !slices.Contains(aws.StringValueSlice(in.CapacityProviders), provider) && c.uses(provider) {
			return nil, refuse(ecs.ErrCodeResourceInUseException, "The specified capacity provider is in use and cannot be removed.")
		}
	}
	c.doc.CapacityProviders = slices.Clone(in.CapacityProviders)
	c.doc.DefaultCapacityProviderStrategy = cloneList(in.DefaultCapacityProviderStrategy)
	return &ecs.PutClusterCapacityProvidersOutput{Cluster: s.clusterDocument(c, true, true)}, nil
}

func (c *ecsCluster) uses(provider string) bool {
	for _, svc := range c.services {
		if svc.status() == serviceInactive {
			continue
		}
		for _, item := range svc.doc.CapacityProviderStrategy {
			if aws.StringValue(item.CapacityProvider) == provider {
				return true
			}
		}
	}
	return false
}

// ecsDeleteCluster refuses while there is anything inside, services that drain and tasks that are still stopping too.
func (s *Sandbox) ecsDeleteCluster(_ *request, in *ecs.DeleteClusterInput) (*ecs.DeleteClusterOutput, error) {
	c, err := s.activeCluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	for _, svc := range c.services {
		if svc.status() != serviceInactive {
			return nil, refuse(ecs.ErrCodeClusterContainsServicesException, "The Cluster cannot be deleted while Services are active.")
		}
	}
	for _, t := range s.ecs.tasks {
		if t.cluster == c && t.last() != taskStopped {
			return nil, refuse(ecs.ErrCodeClusterContainsTasksException, "The Cluster cannot be deleted while Tasks are active.")
		}
	}
	c.doc.Status = aws.String(clusterInactive)
	c.tags = nil
	return &ecs.DeleteClusterOutput{Cluster: s.clusterDocument(c, false, true)}, nil
}

func (s *Sandbox) ecsDescribeClusters(_ *request, in *ecs.DescribeClustersInput) (*ecs.DescribeClustersOutput, error) {
	refs := in.Clusters
	if len(refs) == 0 {
		refs = []*string{aws.String("default")}
	}
	if len(refs) > 100 {
		return nil, invalidParameter("Cluster identifiers can have at most 100 items.")
	}
	include := aws.StringValueSlice(in.Include)
	out := &ecs.DescribeClustersOutput{Clusters: []*ecs.Cluster{}, Failures: []*ecs.Failure{}}
	for _, ref := range refs {
		c := s.ecs.clusters[clusterName(ref)]
		if c == nil {
			out.Failures = append(out.Failures, missing(s.arn("ecs", "cluster/"+clusterName(ref))))
			continue
		}
		doc := s.clusterDocument(c, slices.Contains(include, ecs.ClusterFieldTags), slices.Contains(include, ecs.ClusterFieldSettings))
		if !slices.Contains(include, ecs.ClusterFieldConfigurations) {
			doc.Configuration = nil
		}
		if slices.Contains(include, ecs.ClusterFieldStatistics) {
			doc.Statistics = s.clusterStatistics(doc)
		}
		out.Clusters = append(out.Clusters, doc)
	}
	return out, nil
}

// clusterDocument is the cluster as it is answered, with its counters.
func (s *Sandbox) clusterDocument(c *ecsCluster, tags, settings bool) *ecs.Cluster {
	doc := clone(c.doc)
	services, running, pending := int64(0), int64(0), int64(0)
	for _, svc := range c.services {
		if svc.status() == serviceActive {
			services++
		}
	}
	for _, t := range s.ecs.tasks {
		switch {
		case t.cluster != c:
		case t.last() == taskRunning:
			running++
		case t.starting():
			pending++
		}
	}
	doc.ActiveServicesCount, doc.RunningTasksCount, doc.PendingTasksCount = &services, &running, &pending
	doc.RegisteredContainerInstancesCount = aws.Int64(0)
	doc.Statistics, doc.Tags = []*ecs.KeyValuePair{}, []*ecs.Tag{}
	if tags {
		doc.Tags = sdkTags[ecs.Tag](c.tags)
	}
	if !settings {
		doc.Settings = []*ecs.ClusterSetting{}
	}
	return doc
}

func (s *Sandbox) clusterStatistics(doc *ecs.Cluster) []*ecs.KeyValuePair {
	pair := func(name string, n *int64) *ecs.KeyValuePair {
		return &ecs.KeyValuePair{Name: aws.String(name), Value: aws.String(decimal(*n))}
	}
	return []*ecs.KeyValuePair{
		pair("runningFargateTasksCount", doc.RunningTasksCount),
		pair("pendingFargateTasksCount", doc.PendingTasksCount),
		pair("activeFargateServiceCount", doc.ActiveServicesCount),
	}
}

func (s *Sandbox) ecsListClusters(_ *request, in *ecs.ListClustersInput) (*ecs.ListClustersOutput, error) {
	arns := []string{}
	for _, c := range s.ecs.clusters {
		if c.active() {
			arns = append(arns, c.arn)
		}
	}
	found, next, err := page(paging{scope: "ListClusters", token: in.NextToken, max: in.MaxResults, size: 100, most: 100}, arns, itself)
	if err != nil {
		return nil, err
	}
	return &ecs.ListClustersOutput{ClusterArns: aws.StringSlice(found), NextToken: next}, nil
}
