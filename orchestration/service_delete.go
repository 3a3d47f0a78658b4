package orchestration

import (
	"context"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// DeleteServiceInput names a service to delete.
type DeleteServiceInput struct {
	Cluster   string `json:"-" path:"cluster"`
	Service   string `json:"-" path:"service"`
	Recursive bool   `json:"-" query:"recursive" doc:"Delete also what it stands on and nothing else uses, after the answer."`
}

// Validate gives the rules that the input breaks.
func (in *DeleteServiceInput) Validate() []common.Violation { return pathNames(in.Cluster, in.Service) }

// DeleteServiceOutput is the service as it was left, draining.
type DeleteServiceOutput struct {
	Orchestrated
	Service *awsecs.Service
}

// DeleteService deletes a service. With Recursive its registry, the revisions of its family in the space and their secrets, and the space
// itself go after the answer, to the end, where nothing else uses them. NotFound if the cluster or the service is absent or another org's;
// Conflict while another operation holds the service.
func (a *Account) DeleteService(ctx context.Context, in *DeleteServiceInput) (*DeleteServiceOutput, error) {
	what := asked{
		verb:    "DeleteService",
		cluster: in.Cluster,
		service: in.Service,
		request: map[string]bool{"recursive": in.Recursive},
		holds:   []string{"service " + in.Cluster + "/" + in.Service},
	}
	return perform(ctx, a, what, func(ctx context.Context, op *operation) (prepared[*DeleteServiceOutput], error) {
		service, err := a.serviceOf(ctx, in.Cluster, in.Service)
		if err != nil {
			return prepared[*DeleteServiceOutput]{}, err
		}
		return op.buildDelete(in, service), nil
	})
}

// serviceOf gives a service of ours in a cluster of ours, in one round trip.
func (a *Account) serviceOf(ctx context.Context, cluster, name string) (service *awsecs.Service, err error) {
	err = lookIn(ctx,
		func(ctx context.Context) error {
			_, err := a.ourCluster(ctx, cluster)
			return err
		},
		func(ctx context.Context) (err error) {
			service, err = a.ourService(ctx, cluster, name)
			return err
		},
	)
	return service, err
}

// buildDelete plans the delete. It only goes forward: the first delete is its commit point.
func (op *operation) buildDelete(in *DeleteServiceInput, service *awsecs.Service) prepared[*DeleteServiceOutput] {
	a, p := op.account, plan.New()
	deleted := plan.Add(p, plan.Node[*awsecs.Service]{
		Name: "service deleted",
		// Named, so that another process can tell whether it was: nothing of it can be taken back.
		Effect: plan.Effect{Change: plan.Deleted, Resource: op.resource(kindService, in.Service)},
		Call: func(ctx context.Context, _ plan.Inputs) (*awsecs.Service, error) {
			return a.ecs.DeleteService(ctx, in.Cluster, in.Service)
		},
		Settle: func(ctx context.Context, _ plan.Inputs) (*awsecs.Service, bool, error) {
			found, err := a.ecs.Service(ctx, in.Cluster, in.Service)
			if err != nil {
				return service, absent(err) == nil, absent(err)
			}
			return found, aws.StringValue(found.Status) == statusDraining, nil
		},
	})
	p.Commit(deleted)
	if in.Recursive {
		op.retireService(p, service)
	}
	return prepared[*DeleteServiceOutput]{plan: p, answer: func(run plan.Inputs) *DeleteServiceOutput {
		return &DeleteServiceOutput{Orchestrated: Orchestrated{op.record.ID}, Service: deleted.From(run)}
	}}
}

// retireService notes what goes with a service: once it has drained, its registries and its family, and then the space.
func (op *operation) retireService(p *plan.Plan, service *awsecs.Service) {
	part := func(kind, key, id string) plan.Resource {
		return plan.Resource{Account: op.account.Name, Kind: kind, Space: op.record.Cluster, Key: key, ID: id}
	}
	gone := p.Retire(part(kindService, aws.StringValue(service.ServiceName), ""))
	for _, registry := range service.ServiceRegistries {
		id := last(aws.StringValue(registry.RegistryArn))
		p.Retire(part(kindRegistry, id, id), gone)
	}
	if definition := aws.StringValue(service.TaskDefinition); definition != "" {
		p.Retire(part(kindFamily, familyOf(definition), ""), gone)
	}
	p.RetireGround(part(kindSpace, op.record.Cluster, ""))
}
