package orchestration

import (
	"context"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
)

// CreateRegistryInput is a service registry to be made by itself.
type CreateRegistryInput struct {
	awsdiscovery.CreateServiceInput
}

// RegistryOutput is a service registry that an operation made or deleted.
type RegistryOutput struct {
	Orchestrated
	*awsdiscovery.Service
}

func (in *CreateRegistryInput) validate(org string) error {
	var v violations
	v.registry("", &in.CreateServiceInput)
	v.tags("/Tags", org, nil, ecsTagList(in.Tags, func(t *awsdiscovery.Tag) (*string, *string) { return t.Key, t.Value }))
	return common.InvalidInput(v)
}

// CreateRegistry makes a service registry as a service create does, outside any space. Invalid names every broken rule; NotFound if the
// namespace is absent; Conflict if the name is taken in it.
func (a *Account) CreateRegistry(ctx context.Context, in *CreateRegistryInput) (*RegistryOutput, error) {
	if err := in.validate(a.Org); err != nil {
		return nil, err
	}
	name := aws.StringValue(in.Name)
	what := asked{verb: "CreateRegistry", service: name, request: in, holds: []string{holdRegistry(namespaceOf(&in.CreateServiceInput) + "/" + name)}}
	return perform(ctx, a, what, func(ctx context.Context, op *operation) (prepared[*RegistryOutput], error) {
		if err := a.lookNamespace(ctx, "", &in.CreateServiceInput); err != nil {
			return prepared[*RegistryOutput]{}, err
		}
		p := plan.New()
		made := op.registryNode(p, &in.CreateServiceInput, withoutOurs(fromDiscoveryTags(in.Tags)).Merge(op.owned(flavorService)))
		p.CommitAll()
		return prepared[*RegistryOutput]{plan: p, answer: func(run plan.Inputs) *RegistryOutput {
			return &RegistryOutput{Orchestrated{op.record.ID}, made.From(run)}
		}}, nil
	})
}

// holdRegistry is what writes on a registry by itself hold: it is made by its name and deleted by its id.
func holdRegistry(name string) string { return "service registry " + name }

// holdRegistries is what writes on a service that names registries hold: none of them goes before the service shows that it names it.
func holdRegistries(named []*awsecs.ServiceRegistry) (holds []string) {
	for _, registry := range named {
		holds = append(holds, using+holdRegistry(last(aws.StringValue(registry.RegistryArn))))
	}
	return holds
}

// lookNamespace holds that a registry can be made in its namespace. NotFound if that is absent.
func (a *Account) lookNamespace(ctx context.Context, at string, asked *awsdiscovery.CreateServiceInput) error {
	namespace, err := a.discovery.Namespace(ctx, namespaceOf(asked))
	if err != nil {
		return err
	}
	return fitsNamespace(at, asked, namespace)
}
