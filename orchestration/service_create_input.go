package orchestration

import (
	"fmt"
	"strings"

	"ecs-api/common"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// validate gives Invalid with every rule that the input breaks by itself.
func (in *CreateServiceInput) validate(a *Account) error {
	var v violations
	if in.Service == nil {
		v.add("/service", "a service is required")
		return common.InvalidInput(v)
	}
	in.validateCluster(&v)
	in.validateService(&v, a.AllowPublicIP)
	if in.TaskDefinition != nil {
		v.taskDefinition("/taskdefinition", in.TaskDefinition)
		v.credentials("/credentials", in, a)
	} else if len(in.Credentials) > 0 {
		v.add("/credentials", "credentials are put on the containers of a taskdefinition, and none is given")
	}
	in.validateRegistry(&v)
	in.validateTags(&v, a.Org)
	return common.InvalidInput(v)
}

func (in *CreateServiceInput) validateCluster(v *violations) {
	pointer := "/service/Cluster"
	if in.Cluster != nil {
		v.model("/cluster", in.Cluster)
		pointer = "/cluster/ClusterName"
		made, named := aws.StringValue(in.Cluster.ClusterName), aws.StringValue(in.Service.Cluster)
		v.check(made == "" || named == "" || made == named, "/service/Cluster", "the service names the cluster %s, and %s is given", named, made)
	}
	v.clusterName(pointer, in.clusterName())
}

func (in *CreateServiceInput) validateService(v *violations, allowPublicIP bool) {
	service := in.Service
	v.model("/service", service, "Cluster", "TaskDefinition")
	v.check(namePattern.MatchString(aws.StringValue(service.ServiceName)), "/service/ServiceName", "1 to 255 letters, digits, - and _")
	v.definitionChoice(in)
	v.check(service.DesiredCount != nil && *service.DesiredCount >= 0, "/service/DesiredCount", "a count of 0 or more is required")
	v.check(oneOf(service.LaunchType, awsecs.LaunchTypeFargate), "/service/LaunchType", "services run on FARGATE")
	v.check(service.LaunchType == nil || len(service.CapacityProviderStrategy) == 0, "/service/CapacityProviderStrategy", "a launch type and a strategy exclude each other")
	v.check(oneOf(service.SchedulingStrategy, awsecs.SchedulingStrategyReplica), "/service/SchedulingStrategy", "Fargate takes REPLICA only")
	v.check(service.DeploymentController == nil || oneOf(service.DeploymentController.Type, awsecs.DeploymentControllerTypeEcs),
		"/service/DeploymentController/Type", "deployments are ECS's own")
	v.check(aws.StringValue(service.Role) == "", "/service/Role", "a service with awsvpc networking takes the service-linked role")
	if network := service.NetworkConfiguration; network != nil && network.AwsvpcConfiguration != nil {
		v.check(allowPublicIP || oneOf(network.AwsvpcConfiguration.AssignPublicIp, awsecs.AssignPublicIpDisabled),
			"/service/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp", "the account does not allow public addresses")
	}
}

// definitionChoice holds that a definition is either given or named.
func (v *violations) definitionChoice(in *CreateServiceInput) {
	named := aws.StringValue(in.Service.TaskDefinition)
	switch {
	case in.TaskDefinition != nil:
		v.check(named == "" || named == aws.StringValue(in.TaskDefinition.Family), "/service/TaskDefinition", "the service names %s, and a taskdefinition is given", named)
	case named == "":
		v.add("/service/TaskDefinition", "a task definition is required, here or as taskdefinition")
	default:
		v.check(definitionPattern.MatchString(named) || definitionARN.MatchString(named), "/service/TaskDefinition", "%q is no family, family:revision or ARN of a task definition", named)
	}
}

// oneOf says whether a value is left out or one of those allowed.
func oneOf(value *string, allowed ...string) bool {
	for _, one := range allowed {
		if value == nil || *value == one {
			return true
		}
	}
	return false
}

// taskDefinition checks a definition that is to be registered.
func (v *violations) taskDefinition(pointer string, in *awsecs.RegisterTaskDefinitionInput) {
	v.model(pointer, in)
	v.check(namePattern.MatchString(aws.StringValue(in.Family)), pointer+"/Family", "1 to 255 letters, digits, - and _")
	v.check(oneOf(in.NetworkMode, awsecs.NetworkModeAwsvpc), pointer+"/NetworkMode", "Fargate takes awsvpc only")
	for i, compatibility := range in.RequiresCompatibilities {
		v.check(aws.StringValue(compatibility) == awsecs.CompatibilityFargate, fmt.Sprintf("%s/RequiresCompatibilities/%d", pointer, i), "services run on FARGATE")
	}
	v.fargateSize(pointer, aws.StringValue(in.Cpu), aws.StringValue(in.Memory))
	v.check(len(in.ContainerDefinitions) > 0, pointer+"/ContainerDefinitions", "a container is required")
	names := map[string]bool{}
	for i, container := range in.ContainerDefinitions {
		at := fmt.Sprintf("%s/ContainerDefinitions/%d", pointer, i)
		v.container(at, container, aws.StringValue(in.Memory))
		name := aws.StringValue(container.Name)
		v.check(!names[name], at+"/Name", "the name %s stands twice", name)
		names[name] = true
	}
	v.role(pointer+"/ExecutionRoleArn", in.ExecutionRoleArn)
	v.role(pointer+"/TaskRoleArn", in.TaskRoleArn)
}

// container checks one container of a definition.
func (v *violations) container(at string, container *awsecs.ContainerDefinition, taskMemory string) {
	v.check(namePattern.MatchString(aws.StringValue(container.Name)), at+"/Name", "1 to 255 letters, digits, - and _")
	v.check(aws.StringValue(container.Image) != "", at+"/Image", "an image is required")
	if task, ok := memoryMiB(taskMemory); ok {
		v.check(aws.Int64Value(container.Memory) <= task, at+"/Memory", "more than the task's %d MiB", task)
	}
	if container.RepositoryCredentials != nil {
		v.secretReference(at+"/RepositoryCredentials/CredentialsParameter", container.RepositoryCredentials.CredentialsParameter)
	}
	for i, secret := range container.Secrets {
		v.secretReference(fmt.Sprintf("%s/Secrets/%d/ValueFrom", at, i), secret.ValueFrom)
	}
	if container.LogConfiguration != nil {
		for i, secret := range container.LogConfiguration.SecretOptions {
			v.secretReference(fmt.Sprintf("%s/LogConfiguration/SecretOptions/%d/ValueFrom", at, i), secret.ValueFrom)
		}
	}
}

// secretReference checks the name or ARN of a secret or a parameter.
func (v *violations) secretReference(pointer string, reference *string) {
	name := aws.StringValue(reference)
	if strings.HasPrefix(name, "arn:") {
		v.check(anARN.MatchString(name) && (strings.Contains(name, ":secretsmanager:") || strings.Contains(name, ":ssm:")), pointer, "%q is no ARN of a secret or a parameter", name)
		return
	}
	v.check(secretPattern.MatchString(name), pointer, "%q names no secret or parameter", name)
}

func (v *violations) role(pointer string, role *string) {
	v.check(aws.StringValue(role) == "" || anARN.MatchString(*role) && strings.Contains(*role, ":role/"), pointer, "%q is no ARN of a role", aws.StringValue(role))
}

// credentials checks the secrets to be made for containers.
func (v *violations) credentials(pointer string, in *CreateServiceInput, a *Account) {
	containers := map[string]*awsecs.ContainerDefinition{}
	for _, container := range in.TaskDefinition.ContainerDefinitions {
		containers[aws.StringValue(container.Name)] = container
	}
	names := map[string]bool{}
	secrets := in.secrets(a, func(tags common.Tags) common.Tags { return tags })
	for _, name := range sortedKeys(secrets) {
		at, secret, asked := pointer+"/"+pointerToken(name), secrets[name], in.Credentials[name]
		container := containers[name]
		v.check(container != nil, at, "no container has this name")
		v.check(container == nil || container.RepositoryCredentials == nil, at, "the container names repository credentials of its own")
		v.check((asked.SecretString == nil) != (asked.SecretBinary == nil), at, "exactly one of SecretString and SecretBinary is required")
		v.check(secretPattern.MatchString(aws.StringValue(secret.Name)), at+"/Name", "letters, digits and /_+=.@- only, 512 characters with the path")
		v.check(aws.StringValue(asked.KmsKeyId) == "" || *asked.KmsKeyId == a.KmsKeyID, at+"/KmsKeyId", "credentials are encrypted with the account's default key, the one that the tasks may decrypt with")
		v.check(len(asked.AddReplicaRegions) == 0, at+"/AddReplicaRegions", "credentials are not replicated")
		v.check(!names[aws.StringValue(secret.Name)], at+"/Name", "another container's secret has this name")
		names[aws.StringValue(secret.Name)] = true
		v.model(at, secret, "ClientRequestToken")
	}
}

// pointerToken escapes a key of a map for a JSON pointer (RFC 6901, 3).
func pointerToken(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

func (in *CreateServiceInput) validateRegistry(v *violations) {
	named := in.Service.ServiceRegistries
	v.check(len(named) <= 1, "/service/ServiceRegistries", "a service has one registry at most")
	if len(named) == 1 && (in.ServiceRegistry == nil || named[0].RegistryArn != nil) {
		v.check(registryARN.MatchString(aws.StringValue(named[0].RegistryArn)), "/service/ServiceRegistries/0/RegistryArn",
			"%q is no ARN of a service registry", aws.StringValue(named[0].RegistryArn))
	}
	if in.ServiceRegistry == nil {
		return
	}
	v.check(in.registryARN() == "", "/service/ServiceRegistries/0/RegistryArn", "a serviceregistry is given as well")
	v.model("/serviceregistry", in.ServiceRegistry, "CreatorRequestId")
	id := aws.StringValue(in.ServiceRegistry.NamespaceId)
	v.check(namespaceOf(in.ServiceRegistry) != "", "/serviceregistry/NamespaceId", "a namespace is required")
	if dns := in.ServiceRegistry.DnsConfig; dns != nil && id != "" && aws.StringValue(dns.NamespaceId) != "" {
		v.check(id == *dns.NamespaceId, "/serviceregistry/DnsConfig/NamespaceId", "another namespace than NamespaceId")
	}
}

func (in *CreateServiceInput) validateTags(v *violations, org string) {
	shared := fromECSTags(in.Tags)
	check := func(pointer string, tags []*awsecs.Tag) {
		v.tags(pointer, org, tags)
		v.tagCount(pointer, shared, fromECSTags(tags))
	}
	check("/tags", in.Tags)
	check("/service/Tags", in.Service.Tags)
	if in.Cluster != nil {
		check("/cluster/Tags", in.Cluster.Tags)
	}
	if in.TaskDefinition != nil {
		check("/taskdefinition/Tags", in.TaskDefinition.Tags)
	}
	if in.ServiceRegistry != nil {
		check("/serviceregistry/Tags", ecsTags(fromDiscoveryTags(in.ServiceRegistry.Tags)))
	}
	for _, container := range sortedKeys(in.Credentials) {
		check("/credentials/"+pointerToken(container)+"/Tags", ecsTags(fromSecretTags(in.Credentials[container].Tags)))
	}
}
