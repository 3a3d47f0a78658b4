package orchestration

import (
	"context"

	"ecs-api/common"
	"ecs-api/common/awsclient"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
)

// CreateServiceInput is what a service is made from. What is given is made; what the service only names must exist.
type CreateServiceInput struct {
	Cluster         *awsecs.CreateClusterInput               `json:"cluster"`
	TaskDefinition  *awsecs.RegisterTaskDefinitionInput      `json:"taskdefinition"`
	Credentials     map[string]*awssecrets.CreateSecretInput `json:"credentials"` // by container
	Service         *awsecs.CreateServiceInput               `json:"service"`
	ServiceRegistry *awsdiscovery.CreateServiceInput         `json:"serviceregistry"`
	Tags            []*awsecs.Tag                            `json:"tags"`
}

// CreateServiceOutput is what stands. What was not asked for is its current value, or null.
type CreateServiceOutput struct {
	Orchestrated
	Cluster                 *awsecs.Cluster
	Credentials             map[string]*Credential
	TaskDefinition          *awsecs.TaskDefinition
	Service                 *awsecs.Service
	ServiceDiscoveryService *awsdiscovery.Service
}

// createFacts are what a create has to know of what stands.
type createFacts struct {
	account    awsclient.Account
	cluster    *awsecs.Cluster // nil if it is to be made
	draining   bool            // a service of the name is still going
	ground     groundFacts
	definition *awsecs.TaskDefinition // the named one
	registry   *awsdiscovery.Service  // the named one
}

// CreateService builds a service and what it stands on: cluster, role, log group, secrets, registry and task definition. Invalid names
// every broken rule; NotFound for what is named and absent or another org's; Conflict for a taken name. A *Failure says what became of what
// had been made when a step failed.
func (a *Account) CreateService(ctx context.Context, in *CreateServiceInput) (*CreateServiceOutput, error) {
	if err := in.validate(a); err != nil {
		return nil, err
	}
	cluster := in.clusterName()
	what := asked{verb: "CreateService", cluster: cluster, service: aws.StringValue(in.Service.ServiceName), request: in,
		holds: []string{"service " + cluster + "/" + aws.StringValue(in.Service.ServiceName)}}
	if in.TaskDefinition != nil {
		what.holds = append(what.holds, holdFamily+aws.StringValue(in.TaskDefinition.Family))
	} else {
		what.holds = append(what.holds, using+holdFamily+familyOf(aws.StringValue(in.Service.TaskDefinition)))
	}
	what.holds = append(what.holds, holdRegistries(in.Service.ServiceRegistries)...)
	return perform(ctx, a, what, func(ctx context.Context, op *operation) (prepared[*CreateServiceOutput], error) {
		facts, err := a.lookCreate(ctx, in)
		if err != nil {
			return prepared[*CreateServiceOutput]{}, err
		}
		return op.buildCreate(in, facts), nil
	})
}

func (in *CreateServiceInput) clusterName() string {
	if in.Cluster != nil && aws.StringValue(in.Cluster.ClusterName) != "" {
		return aws.StringValue(in.Cluster.ClusterName)
	}
	if in.Service != nil {
		return aws.StringValue(in.Service.Cluster)
	}
	return ""
}

// secrets are the secrets to be made, by container.
func (in *CreateServiceInput) secrets(a *Account, tags func(common.Tags) common.Tags) map[string]*awssecrets.CreateSecretInput {
	if in.TaskDefinition == nil {
		return nil
	}
	built := map[string]*awssecrets.CreateSecretInput{}
	for container, asked := range in.Credentials {
		built[container] = buildSecret(
			asked,
			secretPath(a.Org, in.clusterName()),
			aws.StringValue(in.TaskDefinition.Family),
			container,
			a.KmsKeyID,
			tags(fromSecretTags(asked.Tags)),
		)
	}
	return built
}

// registryARN is the registry that the service names, or "".
func (in *CreateServiceInput) registryARN() string {
	if len(in.Service.ServiceRegistries) == 0 {
		return ""
	}
	return aws.StringValue(in.Service.ServiceRegistries[0].RegistryArn)
}

// lookCreate reads at once all that decides anything.
func (a *Account) lookCreate(ctx context.Context, in *CreateServiceInput) (facts createFacts, err error) {
	cluster := in.clusterName()
	whole := func(ctx context.Context) (err error) {
		if facts.cluster, err = a.clusterFor(ctx, cluster, in.Cluster != nil); err != nil {
			return err
		}
		return in.fitsCluster(facts.cluster)
	}
	reads := []func(context.Context) error{
		func(ctx context.Context) (err error) {
			facts.account, err = a.Identity(ctx)
			return err
		},
		func(ctx context.Context) (err error) {
			facts.draining, err = a.freeServiceName(ctx, cluster, aws.StringValue(in.Service.ServiceName))
			return err
		},
	}
	if in.TaskDefinition != nil {
		reads = append(reads, a.lookGround(cluster, &facts.ground)...)
		reads = append(reads, a.lookDefinition(in, cluster)...)
	} else {
		reads = append(reads, func(ctx context.Context) error {
			named, err := a.standing(ctx, aws.StringValue(in.Service.TaskDefinition), cluster)
			if err != nil {
				return err
			}
			facts.definition = named.TaskDefinition
			return in.fitsDefinition(named.TaskDefinition)
		})
	}
	if in.ServiceRegistry != nil {
		reads = append(reads, func(ctx context.Context) error { return a.lookNamespace(ctx, "/serviceregistry", in.ServiceRegistry) })
	}
	if registry := in.registryARN(); registry != "" {
		reads = append(reads, func(ctx context.Context) (err error) {
			if facts.registry, err = a.ourRegistry(ctx, registry); err != nil {
				return err
			}
			return in.fitsRegistry(facts.registry)
		})
	}
	reads = append(reads, a.lookTargets(in.Service.LoadBalancers)...)
	named := serviceReferences(in.Service.ServiceConnectConfiguration, in.Service.VolumeConfigurations)
	reads = append(reads, a.lookReferences(named, cluster)...)
	if in.TaskDefinition == nil {
		reads = append(reads, a.lookRole(named, cluster)...)
	}
	err = lookIn(ctx, whole, reads...)
	return facts, err
}

// clusterFor gives the cluster that a service goes to; nil if it is absent and may be made. NotFound if it is another org's, or absent.
func (a *Account) clusterFor(ctx context.Context, name string, mayMake bool) (*awsecs.Cluster, error) {
	cluster, err := a.ecs.Cluster(ctx, name)
	if mayMake && common.KindOf(err) == common.NotFound {
		return nil, nil
	}
	if err == nil && !a.owns(fromECSTags(cluster.Tags)) {
		return nil, notOurs("cluster", name)
	}
	return cluster, notThere("cluster", name, err)
}

// lookDefinition reads what a new task definition depends on: its family, the names of its secrets, and what it refers to.
func (a *Account) lookDefinition(in *CreateServiceInput, cluster string) []func(context.Context) error {
	flavor := flavorService
	if in.Service == nil {
		flavor = flavorTask
	}
	reads := []func(context.Context) error{
		func(ctx context.Context) error {
			return a.freeFamily(ctx, aws.StringValue(in.TaskDefinition.Family), cluster, flavor)
		},
	}
	for _, secret := range in.secrets(a, func(tags common.Tags) common.Tags { return tags }) {
		reads = append(reads, func(ctx context.Context) error {
			return a.freeSecretName(ctx, aws.StringValue(secret.Name))
		})
	}
	return append(reads, a.lookReferences(definitionReferences(in.TaskDefinition), cluster)...)
}

// buildCreate plans the create: nothing of it reads or changes anything before the plan is run.
func (op *operation) buildCreate(in *CreateServiceInput, facts createFacts) prepared[*CreateServiceOutput] {
	p := plan.New()
	tags := op.tagsOfParts(in, flavorService)
	parts := serviceParts{cluster: op.cluster(p, in.Cluster, facts.cluster, tags), draining: facts.draining, fresh: facts.cluster == nil}
	var credentials map[string]plan.Handle[*Credential]
	if in.TaskDefinition != nil {
		var made bool
		parts.definition, credentials, made = op.definedNodes(p, in, facts, tags)
		parts.fresh = parts.fresh || made
	} else {
		named := plan.Resource{Account: op.account.Name, Kind: kindTaskDefinition, Key: aws.StringValue(facts.definition.Family)}
		parts.definition = plan.Given(p, "task definition", named, false, facts.definition)
	}
	registry := op.registry(p, in.ServiceRegistry, facts.registry, tags, &parts)
	service := op.serviceNode(p, in.Service, parts, tags(fromECSTags(in.Service.Tags)))
	p.Commit(service)

	return prepared[*CreateServiceOutput]{plan: p, answer: func(run plan.Inputs) *CreateServiceOutput {
		return &CreateServiceOutput{
			Orchestrated:            Orchestrated{op.record.ID},
			Cluster:                 parts.cluster.From(run),
			Credentials:             credentialsOf(credentials, run),
			TaskDefinition:          parts.definition.From(run),
			Service:                 service.From(run),
			ServiceDiscoveryService: registry.From(run),
		}
	}}
}

// tagsOfParts merges, for each part of a create, the request's tags, the part's own and ours.
func (op *operation) tagsOfParts(in *CreateServiceInput, flavor string) func(common.Tags) common.Tags {
	shared, ours := fromECSTags(in.Tags), op.owned(flavor)
	return func(own common.Tags) common.Tags { return shared.Merge(own, ours) }
}

// definedNodes makes the secrets, what is missing of the ground, and the task definition that stands on them. Made says that the role is
// new.
func (op *operation) definedNodes(
	p *plan.Plan,
	in *CreateServiceInput,
	facts createFacts,
	tags func(common.Tags) common.Tags,
) (definition plan.Handle[*awsecs.TaskDefinition],
	credentials map[string]plan.Handle[*Credential], made bool) {
	credentials = map[string]plan.Handle[*Credential]{}
	secrets := in.secrets(op.account, tags)
	for _, container := range sortedKeys(secrets) {
		credentials[container] = op.secretNode(p, container, secrets[container], nil)
	}
	definition, made = op.definitionNodes(
		p,
		facts.ground,
		facts.account,
		in.TaskDefinition,
		credentials,
		tags(nil),
		tags(fromECSTags(in.TaskDefinition.Tags)),
	)
	return definition, credentials, made
}

// credentialsOf gives what was made or changed by container; nil for nothing.
func credentialsOf(handles map[string]plan.Handle[*Credential], run plan.Inputs) map[string]*Credential {
	if len(handles) == 0 {
		return nil
	}
	credentials := map[string]*Credential{}
	for container, handle := range handles {
		credentials[container] = handle.From(run)
	}
	return credentials
}

// cluster gives the cluster that stands, or makes it.
func (op *operation) cluster(
	p *plan.Plan,
	asked *awsecs.CreateClusterInput,
	standing *awsecs.Cluster,
	tags func(common.Tags) common.Tags,
) plan.Handle[*awsecs.Cluster] {
	name := op.record.Cluster
	if standing != nil {
		return plan.Given(p, "cluster", op.resource(kindCluster, name), true, standing)
	}
	return op.clusterNode(p, buildCluster(asked, name, tags(fromECSTags(asked.Tags))))
}

// registry makes the registry that is asked for, or gives the named one; nil without either.
func (op *operation) registry(
	p *plan.Plan,
	asked *awsdiscovery.CreateServiceInput,
	named *awsdiscovery.Service,
	tags func(common.Tags) common.Tags,
	parts *serviceParts,
) plan.Handle[*awsdiscovery.Service] {
	if asked == nil {
		resource := plan.Resource{Account: op.account.Name, Kind: kindRegistry}
		if named != nil {
			resource.Key, resource.ID = aws.StringValue(named.Name), aws.StringValue(named.Id)
		}
		return plan.Given(p, "service registry", resource, false, named)
	}
	made := op.registryNode(p, asked, tags(fromDiscoveryTags(asked.Tags)))
	parts.registry = &made
	return made
}
