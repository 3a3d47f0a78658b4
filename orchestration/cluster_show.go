package orchestration

import (
	"context"
	"sort"

	"ecs-api/common"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// ListClustersInput has no members.
type ListClustersInput struct{}

// ListClusters gives the ARNs of the org's active clusters, sorted.
func (a *Account) ListClusters(ctx context.Context, _ *ListClustersInput) ([]string, error) {
	clusters, err := a.ourClusters(ctx)
	if err != nil {
		return nil, err
	}
	arns := []string{}
	for _, cluster := range clusters {
		arns = append(arns, aws.StringValue(cluster.ClusterArn))
	}
	sort.Strings(arns)
	return arns, nil
}

// ourClusters gives the org's active clusters. ECS is asked, not the tagging API: that one learns late of what is new.
func (a *Account) ourClusters(ctx context.Context) ([]*awsecs.Cluster, error) {
	names, err := a.ecs.ListClusters(ctx)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	clusters, err := a.ecs.DescribeClusters(ctx, names)
	var ours []*awsecs.Cluster
	for _, cluster := range clusters {
		if a.owns(fromECSTags(cluster.Tags)) && aws.StringValue(cluster.Status) == statusActive {
			ours = append(ours, cluster)
		}
	}
	return ours, err
}

// everywhere asks something of each of the org's clusters.
func (a *Account) everywhere(ctx context.Context, ask func(ctx context.Context, cluster string) error) error {
	clusters, err := a.ourClusters(ctx)
	if err != nil {
		return err
	}
	var reads []func(context.Context) error
	for _, cluster := range clusters {
		reads = append(reads, func(ctx context.Context) error { return ask(ctx, aws.StringValue(cluster.ClusterName)) })
	}
	return look(ctx, reads...)
}

// ShowClusterInput names a cluster.
type ShowClusterInput struct {
	Cluster string `json:"-" path:"cluster"`
}

// Validate gives the rules that the input breaks.
func (in *ShowClusterInput) Validate() []common.Violation { return pathNames(in.Cluster) }

// ShowCluster gives a cluster with its tags. NotFound if it is absent, inactive or another org's.
func (a *Account) ShowCluster(ctx context.Context, in *ShowClusterInput) (*awsecs.Cluster, error) {
	return a.ourCluster(ctx, in.Cluster)
}
