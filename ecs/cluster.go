package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"

	"ecs-api/common/awsclient"
)

// Cluster gives a cluster, by name or ARN, with its tags. NotFound if it is absent or inactive: ECS describes a deleted cluster for a
// while.
func (c *Client) Cluster(ctx context.Context, name string) (*awsecs.Cluster, error) {
	out, err := c.api.DescribeClustersWithContext(ctx, &awsecs.DescribeClustersInput{
		Clusters: aws.StringSlice([]string{name}),
		Include:  withTags,
	})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	if err := unexpected(out.Failures); err != nil {
		return nil, err
	}
	for _, cluster := range out.Clusters {
		if cluster != nil && aws.StringValue(cluster.Status) != inactive {
			return cluster, nil
		}
	}
	return nil, notFound("cluster", name)
}

// CreateCluster makes a cluster; one of the same name and configuration is given back instead. Invalid if one stands with another
// configuration, or if the account's service-linked role is still being made (awsclient.IsServiceLinkedRole).
func (c *Client) CreateCluster(ctx context.Context, in *awsecs.CreateClusterInput) (*awsecs.Cluster, error) {
	out, err := c.api.CreateClusterWithContext(ctx, in)
	return answer("CreateCluster", out.Cluster, err)
}

// DeleteCluster removes a cluster. Conflict if services, tasks or container instances are in it, or it is being updated; NotFound if it
// is absent.
func (c *Client) DeleteCluster(ctx context.Context, name string) error {
	_, err := c.api.DeleteClusterWithContext(ctx, &awsecs.DeleteClusterInput{Cluster: &name})
	return awsclient.Translate(err)
}
