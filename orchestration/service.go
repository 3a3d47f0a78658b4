package orchestration

import (
	"context"
	"slices"
	"time"

	"ecs-api/common"
	"ecs-api/common/awsclient"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
)

const kindService = "service"

const statusDraining = "DRAINING"

// ourService gives a service of ours with its tags; one that drains is still there. NotFound if it is absent, inactive or another org's.
func (a *Account) ourService(ctx context.Context, cluster, name string) (*awsecs.Service, error) {
	service, err := a.ecs.Service(ctx, cluster, name)
	if err != nil {
		return nil, notThere("service", name, err)
	}
	if !a.owns(fromECSTags(service.Tags)) {
		return nil, notOurs("service", name)
	}
	return service, nil
}

// services gives the active services of a cluster; none if the cluster is absent.
func (a *Account) services(ctx context.Context, cluster string) ([]*awsecs.Service, error) {
	names, err := a.ecs.ListServices(ctx, cluster)
	if err != nil || len(names) == 0 {
		return nil, absent(err)
	}
	services, err := a.ecs.DescribeServices(ctx, cluster, names)
	return services, absent(err)
}

// freeServiceName says whether a service of that name still drains. Conflict if one of ours stands, NotFound if it is another org's.
func (a *Account) freeServiceName(ctx context.Context, cluster, name string) (draining bool, err error) {
	service, err := a.ecs.Service(ctx, cluster, name)
	if err != nil {
		return false, absent(err)
	}
	if !a.owns(fromECSTags(service.Tags)) {
		return false, notOurs("service", name)
	}
	if aws.StringValue(service.Status) == statusDraining {
		return true, nil
	}
	return false, common.Newf(common.Conflict, "the service %s exists in cluster %s", name, cluster)
}

// network are the account's defaults of where tasks run.
type network struct {
	securityGroups, subnets []string
	allowPublicIP           bool
}

// buildService completes what was asked. The cluster's strategy decides where it runs, unless a launch type or a strategy is given.
func buildService(
	asked *awsecs.CreateServiceInput,
	cluster, definition, registry, token string,
	defaults network,
	tags common.Tags,
) *awsecs.CreateServiceInput {
	in := *asked
	in.Cluster = aws.String(cluster)
	in.TaskDefinition = aws.String(definition)
	in.ClientToken = aws.String(token)
	in.Tags = ecsTags(tags)
	in.PropagateTags = aws.String(awsecs.PropagateTagsService)
	in.NetworkConfiguration = buildNetwork(asked.NetworkConfiguration, defaults)
	in.DeploymentConfiguration = buildDeployment(asked.DeploymentConfiguration)
	if registry != "" {
		entry := awsecs.ServiceRegistry{}
		if len(asked.ServiceRegistries) > 0 {
			entry = *asked.ServiceRegistries[0]
		}
		entry.RegistryArn = aws.String(registry)
		in.ServiceRegistries = []*awsecs.ServiceRegistry{&entry}
	}
	in.VolumeConfigurations = buildVolumes(asked.VolumeConfigurations)
	return &in
}

// buildVolumes takes from the tags of volumes those that say whose something is: they are for what they are copied from to give.
func buildVolumes(asked []*awsecs.ServiceVolumeConfiguration) []*awsecs.ServiceVolumeConfiguration {
	volumes := slices.Clone(asked) // none is not nil: an update takes them away
	for i, volume := range volumes {
		if volume.ManagedEBSVolume == nil {
			continue
		}
		disk := *volume.ManagedEBSVolume
		disk.TagSpecifications = buildVolumeTags(disk.TagSpecifications)
		volumes[i] = &awsecs.ServiceVolumeConfiguration{Name: volume.Name, ManagedEBSVolume: &disk}
	}
	return volumes
}

func buildVolumeTags(asked []*awsecs.EBSTagSpecification) []*awsecs.EBSTagSpecification {
	specifications := slices.Clone(asked)
	for i, specification := range specifications {
		built := *specification
		built.Tags = ecsTags(askedTags(specification.Tags))
		specifications[i] = &built
	}
	return specifications
}

// buildNetwork fills in the account's subnets and security groups where the caller gives none. No public address, unless the account allows
// it.
func buildNetwork(asked *awsecs.NetworkConfiguration, defaults network) *awsecs.NetworkConfiguration {
	vpc := awsecs.AwsVpcConfiguration{}
	if asked != nil && asked.AwsvpcConfiguration != nil {
		vpc = *asked.AwsvpcConfiguration
	}
	if len(vpc.Subnets) == 0 {
		vpc.Subnets = aws.StringSlice(defaults.subnets)
	}
	if len(vpc.SecurityGroups) == 0 {
		vpc.SecurityGroups = aws.StringSlice(defaults.securityGroups)
	}
	if vpc.AssignPublicIp == nil || !defaults.allowPublicIP {
		vpc.AssignPublicIp = aws.String(awsecs.AssignPublicIpDisabled)
	}
	return &awsecs.NetworkConfiguration{AwsvpcConfiguration: &vpc}
}

// buildDeployment turns the circuit breaker on, with rollback, unless it is given otherwise.
func buildDeployment(asked *awsecs.DeploymentConfiguration) *awsecs.DeploymentConfiguration {
	deployment := awsecs.DeploymentConfiguration{}
	if asked != nil {
		deployment = *asked
	}
	if deployment.DeploymentCircuitBreaker == nil {
		deployment.DeploymentCircuitBreaker = &awsecs.DeploymentCircuitBreaker{Enable: aws.Bool(true), Rollback: aws.Bool(true)}
	}
	return &deployment
}

// serviceParts are what a service stands on.
type serviceParts struct {
	cluster    plan.Handle[*awsecs.Cluster]
	definition plan.Handle[*awsecs.TaskDefinition]
	registry   *plan.Handle[*awsdiscovery.Service] // nil without one of its own
	draining   bool                                // a service of the name is still going
	fresh      bool                                // cluster or role are new, and may not be seen everywhere yet
}

// serviceNode creates the service: the commit point. Its client token makes a retry answer with the same service.
func (op *operation) serviceNode(p *plan.Plan, asked *awsecs.CreateServiceInput, parts serviceParts, tags common.Tags) plan.Handle[*awsecs.Service] {
	a, name := op.account, aws.StringValue(asked.ServiceName)
	resource := op.resource(kindService, name)
	needs := []plan.Dependency{parts.cluster, parts.definition}
	if parts.registry != nil {
		needs = append(needs, *parts.registry)
	}
	return plan.Add(p, plan.Node[*awsecs.Service]{
		Name:   "service",
		Needs:  needs,
		Effect: plan.Effect{Change: plan.Made, Resource: resource},
		ID:     func(s *awsecs.Service) string { return aws.StringValue(s.ServiceArn) },
		Call: func(ctx context.Context, inputs plan.Inputs) (service *awsecs.Service, err error) {
			registry := ""
			if parts.registry != nil {
				registry = aws.StringValue(parts.registry.From(inputs).Arn)
			}
			in := buildService(
				asked,
				op.record.Cluster,
				aws.StringValue(parts.definition.From(inputs).TaskDefinitionArn),
				registry,
				op.record.ID,
				a.network(),
				tags,
			)
			if parts.draining {
				if err := a.drained(ctx, inputs.Pause, op.record.Cluster, name); err != nil {
					return nil, err
				}
			}
			err = again(inputs, visible, createAgain(parts), func() (err error) {
				service, err = a.ecs.CreateService(ctx, in)
				return err
			})
			return service, err
		},
		Settle: func(ctx context.Context, _ plan.Inputs) (*awsecs.Service, bool, error) {
			service, err := a.ecs.Service(ctx, op.record.Cluster, name)
			if err != nil {
				return nil, false, absent(err)
			}
			return service, a.carries(fromECSTags(service.Tags), resource), nil
		},
	})
}

// createAgain is what of CreateService is worth another attempt: what new ground and a name that was given up a moment ago answer.
func createAgain(parts serviceParts) func(error) bool {
	return func(err error) bool {
		return parts.draining && (awsclient.IsDraining(err) || conflicted(err)) ||
			parts.fresh &&
				(awsclient.IsRoleNotVisible(err) || awsclient.IsServiceLinkedRole(err) || common.CodeOf(err) == awsecs.ErrCodeClusterNotFoundException)
	}
}

func (a *Account) network() network {
	return network{securityGroups: a.SecurityGroups, subnets: a.Subnets, allowPublicIP: a.AllowPublicIP}
}

// drained waits until a service is INACTIVE: its name is free then, and what it stands on no longer needed.
func (a *Account) drained(ctx context.Context, pause func(time.Duration) error, cluster, name string) error {
	return until(ctx, pause, func(ctx context.Context) (bool, error) {
		_, err := a.ecs.Service(ctx, cluster, name)
		return err != nil, absent(err)
	})
}

// releaseService deletes the service, if it carries the mark, and waits until it is INACTIVE: its role and its registry must outlive it.
func (a *Account) releaseService(ctx context.Context, r plan.Resource) (found bool, err error) {
	service, err := a.ecs.Service(ctx, r.Space, r.Key)
	if err != nil {
		return false, absent(err)
	}
	if !a.carries(fromECSTags(service.Tags), r) {
		return false, nil
	}
	if aws.StringValue(service.Status) != statusDraining {
		if _, err := a.ecs.DeleteService(ctx, r.Space, r.Key); err != nil {
			return true, absent(err)
		}
	}
	return true, a.drained(ctx, func(d time.Duration) error { return sleep(ctx, d) }, r.Space, r.Key)
}
