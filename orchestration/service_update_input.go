package orchestration

import (
	"reflect"

	"ecs-api/common"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// validate gives Invalid with every rule that the input breaks by itself.
func (in *UpdateServiceInput) validate(a *Account) error {
	var v violations
	if in.name() == "" {
		v = append(v, pathNames(in.Cluster)...)
		v.add("/Service/Service", "a service is required, where the path names none")
	} else {
		v = append(v, pathNames(in.Cluster, in.name())...)
	}
	v.check(in.setsService() || in.TaskDefinition != nil || len(in.Credentials) > 0 || len(in.Tags) > 0 || in.force(),
		"", "one of Service, TaskDefinition, Credentials, Tags and ForceNewDeployment is required")
	in.validateService(&v, a.network())
	if in.Service != nil {
		v.volumeTags("/Service/VolumeConfigurations", a.Org, in.Service.VolumeConfigurations)
	}
	in.validateDefinition(&v, a)
	return common.InvalidInput(v)
}

// setsService says whether anything of the service itself is given, beside its name.
func (in *UpdateServiceInput) setsService() bool {
	if in.Service == nil {
		return false
	}
	sets := *in.Service
	sets.Cluster, sets.Service = nil, nil
	return !reflect.ValueOf(sets).IsZero()
}

// validateDefinition checks what an update changes beside the service itself.
func (in *UpdateServiceInput) validateDefinition(v *violations, a *Account) {
	if in.TaskDefinition != nil {
		v.taskDefinition("/TaskDefinition", in.TaskDefinition)
		v.tags("/TaskDefinition/Tags", a.Org, fromECSTags(in.Tags), in.TaskDefinition.Tags)
	}
	v.changedCredentials("/Credentials", in, a)
	v.tags("/Tags", a.Org, nil, in.Tags)
}

func (in *UpdateServiceInput) validateService(v *violations, defaults network) {
	service := in.Service
	if service == nil {
		return
	}
	name, cluster, definition := aws.StringValue(service.Service), aws.StringValue(service.Cluster), aws.StringValue(service.TaskDefinition)
	v.check(name == "" || name == in.name(), "/Service/Service", "the path names the service %s", in.name())
	v.check(cluster == "" || cluster == in.Cluster, "/Service/Cluster", "the path names the cluster %s", in.Cluster)
	v.check(definition == "" || in.TaskDefinition == nil, "/Service/TaskDefinition", "a TaskDefinition is given as well")
	v.check(definition == "" || definitionPattern.MatchString(definition) || definitionARN.MatchString(definition),
		"/Service/TaskDefinition", "%q is no family, family:revision or ARN of a task definition", definition)
	v.check(aws.Int64Value(service.DesiredCount) >= 0, "/Service/DesiredCount", "0 or more")
	v.check(definition == "" || len(in.Credentials) == 0, "/Service/TaskDefinition", "credentials are put on a new revision, and a standing one is named")
	if service.NetworkConfiguration != nil {
		v.network("/Service/NetworkConfiguration", service.NetworkConfiguration, defaults)
	}
	v.platformVersion("/Service/PlatformVersion", service.PlatformVersion)
	v.oneOf("/Service/PropagateTags", service.PropagateTags, awsecs.PropagateTagsService, awsecs.PropagateTagsTaskDefinition)
	v.check(aws.Int64Value(service.HealthCheckGracePeriodSeconds) >= 0, "/Service/HealthCheckGracePeriodSeconds", "0 or more")
	v.strategy("/Service/CapacityProviderStrategy", service.CapacityProviderStrategy)
	v.deployment("/Service/DeploymentConfiguration", service.DeploymentConfiguration)
	in.validateAttached(v)
	v.placement("/Service", service.PlacementConstraints, service.PlacementStrategy)
}

// validateAttached checks what stands beside the service. Whether it goes with a definition that the request does not give is ECS's to say.
func (in *UpdateServiceInput) validateAttached(v *violations) {
	service, known := in.Service, containers(nil)
	if in.TaskDefinition != nil {
		known = byName(in.TaskDefinition.ContainerDefinitions)
		if service.VolumeConfigurations != nil {
			v.configuredVolumes("/Service/VolumeConfigurations", service.VolumeConfigurations, in.TaskDefinition.Volumes)
		}
	}
	v.loadBalancers("/Service/LoadBalancers", service.LoadBalancers, known)
	v.serviceRegistries("/Service/ServiceRegistries", service.ServiceRegistries, known, nil)
	for i, registry := range service.ServiceRegistries {
		named := aws.StringValue(registry.RegistryArn)
		v.check(registryARN.MatchString(named), item("/Service/ServiceRegistries", i)+"/RegistryArn", "%q is no ARN of a service registry", named)
	}
	v.connect("/Service/ServiceConnectConfiguration", service.ServiceConnectConfiguration)
	v.connectPorts("/Service/ServiceConnectConfiguration", service.ServiceConnectConfiguration, known)
	v.volumeConfigurations("/Service/VolumeConfigurations", service.VolumeConfigurations)
}

// changedCredentials checks new values for containers. Whether a container of the active definition has the name is looked up.
func (v *violations) changedCredentials(pointer string, in *UpdateServiceInput, a *Account) {
	for _, container := range sortedKeys(in.Credentials) {
		at, secret := pointer+"/"+pointerToken(container), in.Credentials[container]
		if in.TaskDefinition != nil {
			v.check(byName(in.TaskDefinition.ContainerDefinitions)[container] != nil, at, "no container has this name")
		}
		v.secretValue(at, secret)
		name := aws.StringValue(secret.Name)
		v.check(
			name == "" || secretPattern.MatchString(secretPath(a.Org, in.Cluster)+name),
			at+"/Name",
			"letters, digits and /_+=.@- only, 512 characters with the path",
		)
		key := aws.StringValue(secret.KmsKeyId)
		v.check(
			key == "" || key == a.KmsKeyID,
			at+"/KmsKeyId",
			"credentials are encrypted with the account's default key, the one that the tasks may decrypt with",
		)
		v.check(len(secret.AddReplicaRegions) == 0, at+"/AddReplicaRegions", "credentials are not replicated")
	}
}
