package ecs

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"

	"ecs-api/common/awsclient"
)

// ListServices gives the ARNs of every service of the cluster, of any launch type. Draining ones are not among them. NotFound if the
// cluster is absent.
func (c *Client) ListServices(ctx context.Context, cluster string) ([]string, error) {
	arns := []string{}
	in := &awsecs.ListServicesInput{Cluster: &cluster, MaxResults: aws.Int64(page)}
	err := c.api.ListServicesPagesWithContext(ctx, in, func(out *awsecs.ListServicesOutput, _ bool) bool {
		arns = append(arns, aws.StringValueSlice(out.ServiceArns)...)
		return true
	})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	return arns, nil
}

// DescribeServices gives the services, by name or ARN, with their tags, in the order asked for as far as ECS keeps it. Those that are
// absent or inactive are left out; draining ones are not. NotFound if the cluster is absent.
func (c *Client) DescribeServices(ctx context.Context, cluster string, services []string) ([]*awsecs.Service, error) {
	return awsclient.Batched(ctx, services, servicesPerCall, func(ctx context.Context, batch []string) ([]*awsecs.Service, error) {
		return c.describeServices(ctx, cluster, batch)
	})
}

func (c *Client) describeServices(ctx context.Context, cluster string, services []string) ([]*awsecs.Service, error) {
	out, err := c.api.DescribeServicesWithContext(ctx, &awsecs.DescribeServicesInput{
		Cluster:  &cluster,
		Services: aws.StringSlice(services),
		Include:  withTags,
	})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	if err := unexpected(out.Failures); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(out.Services, func(s *awsecs.Service) bool {
		return s == nil || aws.StringValue(s.Status) == inactive
	}), nil
}

// Service gives a service with its tags, also while it drains. NotFound if it is absent or inactive, or the cluster is absent.
func (c *Client) Service(ctx context.Context, cluster, name string) (*awsecs.Service, error) {
	found, err := c.describeServices(ctx, cluster, []string{name})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, notFound("service", name)
	}
	return found[0], nil
}

// CreateService makes a service. With a ClientToken a repeated call gives back the same service. Conflict if the name is taken
// (awsclient.IsAlreadyExists) or its last holder still drains (awsclient.IsDraining), NotFound if the cluster is absent, Invalid as
// ECS says.
func (c *Client) CreateService(ctx context.Context, in *awsecs.CreateServiceInput) (*awsecs.Service, error) {
	out, err := c.api.CreateServiceWithContext(ctx, in)
	return answer("CreateService", out.Service, err)
}

// DeleteService removes a service whatever its count, and gives it back as it drains. It may be repeated while the service drains. NotFound
// if the service or its cluster is absent.
func (c *Client) DeleteService(ctx context.Context, cluster, name string) (*awsecs.Service, error) {
	out, err := c.api.DeleteServiceWithContext(ctx, &awsecs.DeleteServiceInput{
		Cluster: &cluster,
		Service: &name,
		Force:   aws.Bool(true),
	})
	return answer("DeleteService", out.Service, err)
}
