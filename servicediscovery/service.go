package servicediscovery

import (
	"context"

	"github.com/aws/aws-sdk-go/aws"
	awssd "github.com/aws/aws-sdk-go/service/servicediscovery"

	"ecs-api/common/awsclient"
)

// Service gives a service by id. NotFound if it is absent.
func (c *Client) Service(ctx context.Context, id string) (*awssd.Service, error) {
	out, err := c.api.GetServiceWithContext(ctx, &awssd.GetServiceInput{Id: &id})
	return answer("GetService", out.Service, err)
}

// CreateService makes a service. Conflict if the name is taken in its namespace: the error's chain then holds AWS's
// *ServiceAlreadyExists, with the id of the one that stands and the CreatorRequestId it was made with. NotFound if the namespace is
// absent.
func (c *Client) CreateService(ctx context.Context, in *awssd.CreateServiceInput) (*awssd.Service, error) {
	out, err := c.api.CreateServiceWithContext(ctx, in)
	return answer("CreateService", out.Service, err)
}

// DeleteService removes a service. Conflict if instances are registered in it, NotFound if it is absent.
func (c *Client) DeleteService(ctx context.Context, id string) error {
	_, err := c.api.DeleteServiceWithContext(ctx, &awssd.DeleteServiceInput{Id: &id})
	return awsclient.Translate(err)
}

// ListServices gives the services of a namespace, or of all with "", all pages: the filter works after paging, so that pages may be empty.
func (c *Client) ListServices(ctx context.Context, namespaceID string) ([]*awssd.ServiceSummary, error) {
	in := &awssd.ListServicesInput{MaxResults: aws.Int64(page)}
	if namespaceID != "" {
		in.Filters = []*awssd.ServiceFilter{{
			Name:      aws.String(awssd.ServiceFilterNameNamespaceId),
			Condition: aws.String(awssd.FilterConditionEq),
			Values:    aws.StringSlice([]string{namespaceID}),
		}}
	}
	services := []*awssd.ServiceSummary{}
	err := c.api.ListServicesPagesWithContext(ctx, in, func(out *awssd.ListServicesOutput, _ bool) bool {
		services = append(services, out.Services...)
		return true
	})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	return services, nil
}
