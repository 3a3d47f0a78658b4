// Package servicediscovery is the API's view of AWS Cloud Map: the services (registries) that ECS registers tasks in, their namespaces
// and instances. It imports common and the SDK, no other wrapper.
package servicediscovery

import (
	"context"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	awssd "github.com/aws/aws-sdk-go/service/servicediscovery"

	"ecs-api/common/awsclient"
)

const page = 100

// Client speaks to Cloud Map as one account. It is safe for concurrent use.
type Client struct {
	api *awssd.ServiceDiscovery
}

// New makes a client of the account's session.
func New(sess *session.Session) *Client { return &Client{api: awssd.New(sess)} }

// Namespace gives a namespace by id. NotFound if it is absent.
func (c *Client) Namespace(ctx context.Context, id string) (*awssd.Namespace, error) {
	out, err := c.api.GetNamespaceWithContext(ctx, &awssd.GetNamespaceInput{Id: &id})
	return answer("GetNamespace", out.Namespace, err)
}

// Tags gives the tags of a namespace or service by ARN. NotFound if it is absent.
func (c *Client) Tags(ctx context.Context, arn string) ([]*awssd.Tag, error) {
	out, err := c.api.ListTagsForResourceWithContext(ctx, &awssd.ListTagsForResourceInput{ResourceARN: &arn})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	return out.Tags, nil
}

// ListInstances gives the instances registered in a service, all pages. NotFound if the service is absent.
func (c *Client) ListInstances(ctx context.Context, serviceID string) ([]*awssd.InstanceSummary, error) {
	instances := []*awssd.InstanceSummary{}
	in := &awssd.ListInstancesInput{ServiceId: &serviceID, MaxResults: aws.Int64(page)}
	err := c.api.ListInstancesPagesWithContext(ctx, in, func(out *awssd.ListInstancesOutput, _ bool) bool {
		instances = append(instances, out.Instances...)
		return true
	})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	return instances, nil
}

// DeregisterInstance asks Cloud Map to take an instance out of a service; it does so a little later. NotFound if the instance or the
// service is absent, Conflict if a change of the same instance is under way.
func (c *Client) DeregisterInstance(ctx context.Context, serviceID, instanceID string) error {
	_, err := c.api.DeregisterInstanceWithContext(ctx, &awssd.DeregisterInstanceInput{ServiceId: &serviceID, InstanceId: &instanceID})
	return awsclient.Translate(err)
}

// answer gives what a call answered, or its error translated. A 200 without the object is an error too.
func answer[T any](operation string, object *T, err error) (*T, error) {
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	if object == nil {
		return nil, awsclient.Hollow(operation)
	}
	return object, nil
}
