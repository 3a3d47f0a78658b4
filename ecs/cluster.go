package ecs

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"

	"ecs-api/common/awsclient"
)

// Cluster gives a cluster, by name or ARN, with its tags. NotFound if it is absent or inactive: ECS describes a deleted cluster for a
// while.
func (c *Client) Cluster(ctx context.Context, name string) (*awsecs.Cluster, error) {
	found, err := c.DescribeClusters(ctx, []string{name})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, notFound("cluster", name)
	}
	return found[0], nil
}

// ListClusters gives the ARNs of all clusters of the account, all pages.
func (c *Client) ListClusters(ctx context.Context) ([]string, error) {
	arns := []string{}
	in := &awsecs.ListClustersInput{MaxResults: aws.Int64(page)}
	err := c.api.ListClustersPagesWithContext(ctx, in, func(out *awsecs.ListClustersOutput, _ bool) bool {
		arns = append(arns, aws.StringValueSlice(out.ClusterArns)...)
		return true
	})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	return arns, nil
}

// DescribeClusters gives the clusters, by name or ARN, with their tags. Those that are absent or inactive are left out.
func (c *Client) DescribeClusters(ctx context.Context, clusters []string) ([]*awsecs.Cluster, error) {
	return awsclient.Batched(ctx, clusters, clustersPerCall, func(ctx context.Context, batch []string) ([]*awsecs.Cluster, error) {
		out, err := c.api.DescribeClustersWithContext(ctx, &awsecs.DescribeClustersInput{Clusters: aws.StringSlice(batch), Include: withTags})
		if err != nil {
			return nil, awsclient.Translate(err)
		}
		if err := unexpected(out.Failures); err != nil {
			return nil, err
		}
		return slices.DeleteFunc(out.Clusters, func(c *awsecs.Cluster) bool { return c == nil || aws.StringValue(c.Status) == inactive }), nil
	})
}

// CreateCluster makes a cluster; one of the same name and configuration is given back instead. Invalid if one stands with another
// configuration, or if the account's service-linked role is still being made (awsclient.IsServiceLinkedRole).
func (c *Client) CreateCluster(ctx context.Context, in *awsecs.CreateClusterInput) (*awsecs.Cluster, error) {
	out, err := c.api.CreateClusterWithContext(ctx, in)
	return answer("CreateCluster", out.Cluster, err)
}

// DeleteCluster removes a cluster, and gives it back as it goes. Conflict if services, tasks or container instances are in it, or it is
// being updated; NotFound if it is absent.
func (c *Client) DeleteCluster(ctx context.Context, name string) (*awsecs.Cluster, error) {
	out, err := c.api.DeleteClusterWithContext(ctx, &awsecs.DeleteClusterInput{Cluster: &name})
	return answer("DeleteCluster", out.Cluster, err)
}
