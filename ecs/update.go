package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/request"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"

	"ecs-api/common/awsclient"
)

// UpdateService changes a service; what the input leaves out stays. NotFound if it is absent, Conflict if it drains, Invalid as ECS says.
func (c *Client) UpdateService(ctx context.Context, in *awsecs.UpdateServiceInput) (*awsecs.Service, error) {
	out, err := c.api.UpdateServiceWithContext(ctx, in)
	return answer("UpdateService", out.Service, err)
}

// TagResource adds tags to what an ARN names, or gives them other values. NotFound if it is absent.
func (c *Client) TagResource(ctx context.Context, arn string, tags []*awsecs.Tag) error {
	_, err := c.api.TagResourceWithContext(ctx, &awsecs.TagResourceInput{ResourceArn: &arn, Tags: tags})
	return awsclient.Translate(err)
}

// UntagResource takes tags from what an ARN names. NotFound if it is absent.
func (c *Client) UntagResource(ctx context.Context, arn string, keys []string) error {
	_, err := c.api.UntagResourceWithContext(ctx, &awsecs.UntagResourceInput{ResourceArn: &arn, TagKeys: aws.StringSlice(keys)})
	return awsclient.Translate(err)
}

// Management is how a service is deployed, as far as the SDK's own structs, which are older, cannot say.
type Management struct {
	Strategy string // ROLLING, BLUE_GREEN, LINEAR or CANARY; "" where ECS does not say
	Manager  string // who owns it: CUSTOMER, or ECS for an Express service; "" where ECS does not say
}

// described is the part of DescribeServices' answer that the SDK drops.
type described struct {
	_        struct{} `type:"structure"`
	Services []*struct {
		_                       struct{} `type:"structure"`
		ResourceManagementType  *string  `locationName:"resourceManagementType" type:"string"`
		DeploymentConfiguration *struct {
			_        struct{} `type:"structure"`
			Strategy *string  `locationName:"strategy" type:"string"`
		} `locationName:"deploymentConfiguration" type:"structure"`
	} `locationName:"services" type:"list"`
}

// Management tells how a service is deployed; a zero one if the service is absent.
func (c *Client) Management(ctx context.Context, cluster, name string) (Management, error) {
	out := &described{}
	call := c.api.NewRequest(&request.Operation{Name: "DescribeServices", HTTPMethod: "POST", HTTPPath: "/"},
		&awsecs.DescribeServicesInput{Cluster: &cluster, Services: []*string{&name}}, out)
	call.SetContext(ctx)
	if err := call.Send(); err != nil {
		return Management{}, awsclient.Translate(err)
	}
	var found Management
	for _, service := range out.Services {
		if service == nil {
			continue
		}
		found.Manager = aws.StringValue(service.ResourceManagementType)
		if service.DeploymentConfiguration != nil {
			found.Strategy = aws.StringValue(service.DeploymentConfiguration.Strategy)
		}
	}
	return found, nil
}
