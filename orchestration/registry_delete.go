package orchestration

import (
	"context"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
)

// DeleteRegistry deletes a service registry that nothing uses, and gives it as it was. Instances of services that are gone do not count: they
// are taken out of it. NotFound if it is absent or another org's; Conflict if a service of the org names it, in whatever cluster, or an
// instance of anything else is in it. A write on a service that names it is waited for.
func (a *Account) DeleteRegistry(ctx context.Context, in *ShowRegistryInput) (*RegistryOutput, error) {
	what := asked{verb: "DeleteRegistry", service: in.ID, holds: []string{holdRegistry(in.ID)}}
	return perform(ctx, a, what, func(ctx context.Context, op *operation) (prepared[*RegistryOutput], error) {
		registry, err := a.lookRegistryDelete(ctx, in.ID)
		if err != nil {
			return prepared[*RegistryOutput]{}, err
		}
		return op.buildRegistryDelete(in.ID, registry), nil
	})
}

func (a *Account) lookRegistryDelete(ctx context.Context, id string) (registry *awsdiscovery.Service, err error) {
	in, err := a.Identity(ctx)
	if err != nil {
		return nil, err
	}
	unused := func(err error) error { return inUseConflict("service registry "+id, err) }
	err = lookIn(ctx,
		func(ctx context.Context) (err error) {
			registry, err = a.ownRegistry(ctx, id)
			return err
		},
		func(ctx context.Context) error { return unused(a.unnamed(ctx, nameRegistry(in, id))) },
		func(ctx context.Context) error {
			_, err := a.staleInstances(ctx, id)
			return unused(err)
		},
	)
	return registry, err
}

// buildRegistryDelete plans the delete. It only goes forward. Cloud Map takes instances out a little later than it says.
func (op *operation) buildRegistryDelete(id string, registry *awsdiscovery.Service) prepared[*RegistryOutput] {
	a, p := op.account, plan.New()
	resource := op.resource(kindRegistry, id)
	resource.ID = id
	p.Commit(plan.Add(p, plan.Node[struct{}]{
		Name:   "service registry deleted",
		Effect: plan.Effect{Change: plan.Deleted, Resource: resource},
		Call: func(ctx context.Context, inputs plan.Inputs) (struct{}, error) {
			err := again(inputs, visible, conflicted, func() error {
				if err := a.emptyRegistry(ctx, id); err != nil {
					return err
				}
				return absent(a.discovery.DeleteService(ctx, id)) // gone at an attempt whose answer was lost
			})
			return struct{}{}, inUseConflict("service registry "+id, err)
		},
		Settle: func(ctx context.Context, _ plan.Inputs) (struct{}, bool, error) {
			_, err := a.discovery.Service(ctx, id)
			return struct{}{}, common.KindOf(err) == common.NotFound, absent(err)
		},
	}))
	return prepared[*RegistryOutput]{plan: p, answer: func(plan.Inputs) *RegistryOutput {
		return &RegistryOutput{Orchestrated{op.record.ID}, registry}
	}}
}
