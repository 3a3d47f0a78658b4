package orchestration

import (
	"ecs-api/common"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
)

// validate gives Invalid with every rule that the input breaks by itself.
func (in *CreateServiceInput) validate(a *Account) error {
	var v violations
	in.validateCluster(&v)
	in.validateService(&v, a.network())
	in.validateDefinition(&v, a)
	in.validateRegistry(&v)
	in.validateTags(&v, a.Org)
	return common.InvalidInput(v)
}

func (in *CreateServiceInput) validateCluster(v *violations) {
	if in.Cluster == nil {
		if in.Service != nil {
			v.clusterName("/service/Cluster", in.clusterName())
		}
		return
	}
	v.clusterName("/cluster/ClusterName", in.clusterName())
	v.cluster("/cluster", in.Cluster)
	if in.Service != nil {
		made, named := aws.StringValue(in.Cluster.ClusterName), aws.StringValue(in.Service.Cluster)
		v.check(made == "" || named == "" || made == named, "/service/Cluster", "the service names the cluster %s, and %s is given", named, made)
	}
}

func (in *CreateServiceInput) validateService(v *violations, defaults network) {
	if in.Service == nil {
		v.add("/service", "a service is required")
		return
	}
	v.service("/service", in.Service, defaults)
	v.definitionChoice(in)
	var known containers
	var volumes []*awsecs.Volume
	if in.TaskDefinition != nil {
		known, volumes = byName(in.TaskDefinition.ContainerDefinitions), in.TaskDefinition.Volumes
	}
	v.definitionOf("/service", in.Service, known, volumes, in.records())
	v.model("/service", in.Service, "Cluster", "TaskDefinition")
}

// records are those of the registry that is to be made.
func (in *CreateServiceInput) records() []*awsdiscovery.DnsRecord {
	if in.ServiceRegistry == nil || in.ServiceRegistry.DnsConfig == nil {
		return nil
	}
	return in.ServiceRegistry.DnsConfig.DnsRecords
}

// definitionChoice holds that a definition is either given or named.
func (v *violations) definitionChoice(in *CreateServiceInput) {
	named := aws.StringValue(in.Service.TaskDefinition)
	switch {
	case in.TaskDefinition != nil:
		v.check(
			named == "" || named == aws.StringValue(in.TaskDefinition.Family),
			"/service/TaskDefinition",
			"the service names %s, and a taskdefinition is given",
			named,
		)
	case named == "":
		v.add("/service/TaskDefinition", "a task definition is required, here or as taskdefinition")
	default:
		v.definitionName("/service/TaskDefinition", named)
	}
}

func (in *CreateServiceInput) validateDefinition(v *violations, a *Account) {
	if in.TaskDefinition == nil {
		v.check(len(in.Credentials) == 0, "/credentials", "credentials are put on the containers of a taskdefinition, and none is given")
		return
	}
	v.taskDefinition("/taskdefinition", in.TaskDefinition)
	built := in.secrets(a, func(tags common.Tags) common.Tags { return tags })
	v.credentials("/credentials", in.Credentials, built, byName(in.TaskDefinition.ContainerDefinitions), a.KmsKeyID)
}

// validateRegistry holds that a registry is either given or named.
func (in *CreateServiceInput) validateRegistry(v *violations) {
	const pointer = "/service/ServiceRegistries/0/RegistryArn"
	if in.ServiceRegistry != nil {
		v.registry("/serviceregistry", in.ServiceRegistry)
	}
	if in.Service == nil || len(in.Service.ServiceRegistries) == 0 {
		return
	}
	named := in.registryARN()
	v.check(in.ServiceRegistry == nil || named == "", pointer, "a serviceregistry is given as well")
	v.check(in.ServiceRegistry != nil || registryARN.MatchString(named), pointer, "%q is no ARN of a service registry", named)
}

func (in *CreateServiceInput) validateTags(v *violations, org string) {
	shared := fromECSTags(in.Tags)
	v.tags("/tags", org, nil, in.Tags)
	if in.Service != nil {
		v.tags("/service/Tags", org, shared, in.Service.Tags)
		v.volumeTags("/service/VolumeConfigurations", org, in.Service.VolumeConfigurations)
	}
	if in.Cluster != nil {
		v.tags("/cluster/Tags", org, shared, in.Cluster.Tags)
	}
	if in.TaskDefinition != nil {
		v.tags("/taskdefinition/Tags", org, shared, in.TaskDefinition.Tags)
	}
	if in.ServiceRegistry != nil {
		v.tags(
			"/serviceregistry/Tags",
			org,
			shared,
			ecsTagList(in.ServiceRegistry.Tags, func(t *awsdiscovery.Tag) (*string, *string) { return t.Key, t.Value }),
		)
	}
	for _, container := range sortedKeys(in.Credentials) {
		v.tags(
			"/credentials/"+pointerToken(container)+"/Tags",
			org,
			shared,
			ecsTagList(in.Credentials[container].Tags, func(t *awssecrets.Tag) (*string, *string) { return t.Key, t.Value }),
		)
	}
}
