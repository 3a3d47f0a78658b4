package orchestration

import (
	"context"

	"ecs-api/common"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// ListServicesInput names a cluster.
type ListServicesInput struct {
	Cluster string `json:"-" path:"cluster"`
	All     bool   `json:"-" query:"all" doc:"The services themselves, not their ARNs."`
}

// Validate gives the rules that the input breaks.
func (in *ListServicesInput) Validate() []common.Violation { return pathNames(in.Cluster) }

// ListServices gives the ARNs of every service in the cluster, a []string, or with All those that are our org's, a []*ecs.Service. NotFound
// if the cluster is absent or another org's.
func (a *Account) ListServices(ctx context.Context, in *ListServicesInput) (any, error) {
	names := []string{}
	err := lookIn(ctx,
		func(ctx context.Context) error {
			_, err := a.ourCluster(ctx, in.Cluster)
			return err
		},
		func(ctx context.Context) error {
			listed, err := a.ecs.ListServices(ctx, in.Cluster)
			names = append(names, listed...)
			return err
		},
	)
	if err != nil || !in.All {
		return names, err
	}
	ours := []*awsecs.Service{}
	if len(names) == 0 {
		return ours, nil
	}
	services, err := a.ecs.DescribeServices(ctx, in.Cluster, names)
	for _, service := range services {
		if a.owns(fromECSTags(service.Tags)) {
			ours = append(ours, service)
		}
	}
	return ours, err
}

// ShowServiceInput names a service.
type ShowServiceInput struct {
	Cluster string `json:"-" path:"cluster"`
	Service string `json:"-" path:"service"`
	All     bool   `json:"-" query:"all" doc:"With what it stands on: its cluster, task definition, tasks and endpoint."`
}

// Validate gives the rules that the input breaks.
func (in *ShowServiceInput) Validate() []common.Violation { return pathNames(in.Cluster, in.Service) }

// ServiceDetails is a service with what it stands on: Cluster and TaskDefinition are objects here.
type ServiceDetails struct {
	*awsecs.Service
	Cluster         *awsecs.Cluster
	ServiceEndpoint *string  // name.namespace; null without a registry
	Tasks           []string // cluster/id, running and stopped
	TaskDefinition  *awsecs.TaskDefinition
}

// ShowService gives the service with its tags, an *ecs.Service, or with All a *ServiceDetails. NotFound if the service is absent or another
// org's.
func (a *Account) ShowService(ctx context.Context, in *ShowServiceInput) (any, error) {
	if !in.All {
		return a.ourService(ctx, in.Cluster, in.Service)
	}
	var cluster *awsecs.Cluster
	var service *awsecs.Service
	tasks := make([][]string, 2)
	list := func(i int, status string) func(context.Context) error {
		return func(ctx context.Context) (err error) {
			tasks[i], err = a.ecs.ListTasks(ctx, &awsecs.ListTasksInput{Cluster: &in.Cluster, ServiceName: &in.Service, DesiredStatus: &status})
			return absent(err) // the service's own read says so
		}
	}
	err := lookIn(ctx,
		func(ctx context.Context) (err error) {
			cluster, err = a.ourCluster(ctx, in.Cluster)
			return err
		},
		func(ctx context.Context) (err error) {
			service, err = a.ourService(ctx, in.Cluster, in.Service)
			return err
		},
		list(0, awsecs.DesiredStatusRunning),
		list(1, awsecs.DesiredStatusStopped),
	)
	if err != nil {
		return nil, err
	}
	details := &ServiceDetails{Service: service, Cluster: cluster, Tasks: []string{}}
	for _, arn := range append(tasks[0], tasks[1]...) {
		details.Tasks = append(details.Tasks, in.Cluster+"/"+last(arn))
	}
	return details, a.detail(ctx, details)
}

// detail reads what the service itself names. What is gone meanwhile stays null.
func (a *Account) detail(ctx context.Context, details *ServiceDetails) error {
	return look(ctx,
		func(ctx context.Context) error {
			found, err := a.revision(ctx, aws.StringValue(details.Service.TaskDefinition))
			if err == nil {
				details.TaskDefinition = found.TaskDefinition
			}
			return absent(err)
		},
		func(ctx context.Context) error {
			if len(details.ServiceRegistries) == 0 {
				return nil
			}
			endpoint, err := a.endpoint(ctx, last(aws.StringValue(details.ServiceRegistries[0].RegistryArn)))
			if err == nil {
				details.ServiceEndpoint = &endpoint
			}
			return absent(err)
		},
	)
}

// ServiceEventsInput names a service.
type ServiceEventsInput struct {
	Cluster string `json:"-" path:"cluster"`
	Service string `json:"-" path:"service"`
}

// Validate gives the rules that the input breaks.
func (in *ServiceEventsInput) Validate() []common.Violation { return pathNames(in.Cluster, in.Service) }

// ServiceEvents gives the service's events, newest first; ECS keeps the last hundred. NotFound if the service is absent or another org's.
func (a *Account) ServiceEvents(ctx context.Context, in *ServiceEventsInput) ([]*awsecs.ServiceEvent, error) {
	service, err := a.ourService(ctx, in.Cluster, in.Service)
	if err != nil {
		return nil, err
	}
	if service.Events == nil {
		return []*awsecs.ServiceEvent{}, nil
	}
	return service.Events, nil
}
