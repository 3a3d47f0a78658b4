package orchestration

import (
	"context"
	"strings"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
	"github.com/pkg/errors"
)

const kindRegistry = "service registry"

// The attributes by which ECS says whose an instance is.
const (
	attributeCluster = "ECS_CLUSTER_NAME"
	attributeService = "ECS_SERVICE_NAME"
)

// namespaceOf gives the namespace that a registry is asked for in; DnsConfig is the older place to name it.
func namespaceOf(in *awsdiscovery.CreateServiceInput) string {
	if id := aws.StringValue(in.NamespaceId); id != "" {
		return id
	}
	if in.DnsConfig != nil {
		return aws.StringValue(in.DnsConfig.NamespaceId)
	}
	return ""
}

// registryNode makes the service registry. Its name is not looked up: Cloud Map's list is paged, and its answer decides.
func (op *operation) registryNode(p *plan.Plan, asked *awsdiscovery.CreateServiceInput, tags common.Tags) plan.Handle[*awsdiscovery.Service] {
	a, in := op.account, *asked
	key := namespaceOf(&in) + "/" + aws.StringValue(in.Name)
	in.CreatorRequestId = aws.String(op.mark(key))
	in.Tags = discoveryTags(tags)
	return plan.Add(p, plan.Node[*awsdiscovery.Service]{
		Name:   "service registry",
		Effect: plan.Effect{Change: plan.Made, Resource: op.resource(kindRegistry, key)},
		ID:     func(s *awsdiscovery.Service) string { return aws.StringValue(s.Id) },
		Call: func(ctx context.Context, _ plan.Inputs) (*awsdiscovery.Service, error) {
			made, err := a.discovery.CreateService(ctx, &in)
			var exists *awsdiscovery.ServiceAlreadyExists
			if errors.As(err, &exists) && aws.StringValue(exists.CreatorRequestId) == *in.CreatorRequestId {
				// Our own retry: the first attempt's answer was lost.
				made, err = a.discovery.Service(ctx, aws.StringValue(exists.ServiceId))
				return made, took(err)
			}
			if conflicted(err) {
				err = &common.Error{Kind: common.Conflict, Message: "the service registry " + key + " exists: " + common.MessageOf(err), Err: err}
			}
			return made, err
		},
	})
}

// ourRegistry gives a service registry that a request names. NotFound if it is absent, or neither ours nor among the account's allowed
// ARNs.
func (a *Account) ourRegistry(ctx context.Context, registryARN string) (*awsdiscovery.Service, error) {
	if err := a.here(ctx, registryARN); err != nil {
		return nil, err
	}
	if a.allows(registryARN) {
		return a.discovery.Service(ctx, last(registryARN))
	}
	registry, tags, err := a.readRegistry(ctx, registryARN)
	if err != nil {
		return nil, notThere("service registry", registryARN, err)
	}
	if !a.owns(tags) {
		return nil, notOurs("service registry", registryARN)
	}
	return registry, nil
}

// readRegistry gives a service registry with its tags. NotFound if it is absent.
func (a *Account) readRegistry(ctx context.Context, registryARN string) (registry *awsdiscovery.Service, tags common.Tags, err error) {
	err = look(ctx,
		func(ctx context.Context) (err error) {
			registry, err = a.discovery.Service(ctx, last(registryARN))
			return err
		},
		func(ctx context.Context) error {
			read, err := a.discovery.Tags(ctx, registryARN)
			tags = fromDiscoveryTags(read)
			return absent(err)
		},
	)
	return registry, tags, err
}

// endpoint gives the name at which a registry is found: name.namespace.
func (a *Account) endpoint(ctx context.Context, registryID string) (string, error) {
	registry, err := a.discovery.Service(ctx, registryID)
	if err != nil {
		return "", err
	}
	id := aws.StringValue(registry.NamespaceId)
	if id == "" && registry.DnsConfig != nil {
		id = aws.StringValue(registry.DnsConfig.NamespaceId)
	}
	namespace, err := a.discovery.Namespace(ctx, id)
	if err != nil {
		return "", err
	}
	return aws.StringValue(registry.Name) + "." + aws.StringValue(namespace.Name), nil
}

// releaseRegistry deletes the registry, if it carries the mark. Instances of tasks that have gone are taken out of it first: ECS is often
// late to do so.
func (a *Account) releaseRegistry(ctx context.Context, r plan.Resource) (found bool, err error) {
	id, arn, err := a.findRegistry(ctx, r)
	if err != nil || id == "" {
		return false, absent(err)
	}
	tags, err := a.discovery.Tags(ctx, arn)
	if err != nil {
		return false, absent(err)
	}
	if !a.carries(fromDiscoveryTags(tags), r) {
		return false, nil
	}
	hold, err := a.locks.wait(ctx, holdRegistry(id))
	if err != nil {
		return true, err
	}
	defer a.locks.end(hold)
	if err := a.emptyRegistry(ctx, id); err != nil {
		return true, err
	}
	if err := a.unnamed(ctx, arn); err != nil {
		return true, err
	}
	return true, absent(a.discovery.DeleteService(ctx, id))
}

// findRegistry gives the registry's id and ARN; without an id it is looked for by its name in its namespace. "" if there is none.
func (a *Account) findRegistry(ctx context.Context, r plan.Resource) (id, arn string, err error) {
	if r.ID != "" {
		registry, err := a.discovery.Service(ctx, r.ID)
		if err != nil {
			return "", "", err
		}
		return r.ID, aws.StringValue(registry.Arn), nil
	}
	namespace, name, _ := strings.Cut(r.Key, "/")
	registries, err := a.discovery.ListServices(ctx, namespace)
	if err != nil {
		return "", "", err
	}
	for _, registry := range registries {
		if aws.StringValue(registry.Name) == name {
			return aws.StringValue(registry.Id), aws.StringValue(registry.Arn), nil
		}
	}
	return "", "", nil
}

// unnamed gives a *plan.KeptError if a service of the org names the registry, in whatever cluster: one that is scaled to nothing has no
// instance in it.
func (a *Account) unnamed(ctx context.Context, registry string) error {
	return a.everywhere(ctx, func(ctx context.Context, cluster string) error {
		services, err := a.services(ctx, cluster)
		if err != nil {
			return err
		}
		for _, service := range services {
			for _, named := range service.ServiceRegistries {
				if aws.StringValue(named.RegistryArn) == registry {
					return &plan.KeptError{Reason: "in use by service " + cluster + "/" + aws.StringValue(service.ServiceName)}
				}
			}
		}
		return nil
	})
}

// emptyRegistry takes out the instances whose service is gone. A *plan.KeptError if another service's are in it.
func (a *Account) emptyRegistry(ctx context.Context, id string) error {
	stale, err := a.staleInstances(ctx, id)
	for _, instance := range stale {
		if err == nil {
			err = absent(a.discovery.DeregisterInstance(ctx, id, instance))
		}
	}
	return err
}

// staleInstances gives the instances of a registry whose service is gone. A *plan.KeptError if others are in it.
func (a *Account) staleInstances(ctx context.Context, id string) (stale []string, err error) {
	instances, err := a.discovery.ListInstances(ctx, id)
	if err != nil {
		return nil, absent(err)
	}
	for _, instance := range instances {
		cluster, service := aws.StringValue(instance.Attributes[attributeCluster]), aws.StringValue(instance.Attributes[attributeService])
		if cluster == "" || service == "" {
			return nil, &plan.KeptError{Reason: "in use by instance " + aws.StringValue(instance.Id)}
		}
		if _, err := a.ecs.Service(ctx, cluster, service); err == nil {
			return nil, &plan.KeptError{Reason: "in use by service " + cluster + "/" + service}
		} else if absent(err) != nil {
			return nil, err
		}
		stale = append(stale, aws.StringValue(instance.Id))
	}
	return stale, nil
}
