package orchestration

import (
	"regexp"

	"ecs-api/common"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// mostTasks is how many tasks one call starts. (API reference of RunTask, count and startedBy.)
const mostTasks = 10

var startedByPattern = regexp.MustCompile(`^[a-zA-Z0-9_/.-]{1,128}$`)

// Validate gives the rules that the path breaks. Those of the body need the account: see validate.
func (in *RunTasksInput) Validate() []common.Violation {
	return pathNames(in.Space, ofPath(in.TaskDef)...)
}

// validate gives Invalid with every rule that the input breaks by itself.
func (in *RunTasksInput) validate(a *Account) error {
	var v violations
	given := func(name *string) bool { return aws.StringValue(name) != "" }
	v.check(!given(in.Cluster) || *in.Cluster == in.Space, "/Cluster", "the path names the cluster %s", in.Space)
	switch {
	case in.TaskDef == "" && !given(in.TaskDefinition):
		v.add("/TaskDefinition", "a task definition is required")
	case in.TaskDef == "":
		v.definitionName("/TaskDefinition", *in.TaskDefinition)
	case given(in.TaskDefinition) && *in.TaskDefinition != in.TaskDef:
		v.add("/TaskDefinition", "the path names the task definition %s, whose newest revision is run", in.TaskDef)
	}
	v.within("/Count", in.Count, 1, mostTasks)
	v.text("/StartedBy", in.StartedBy, startedByPattern, "1 to 128 letters, digits and -_/.")
	v.check(in.LaunchType == nil || len(in.CapacityProviderStrategy) == 0, "/CapacityProviderStrategy", "a launch type and a strategy exclude each other")
	v.oneOf("/LaunchType", in.LaunchType, awsecs.LaunchTypeFargate)
	v.oneOf("/PropagateTags", in.PropagateTags, awsecs.PropagateTags_Values()...)
	v.strategy("/CapacityProviderStrategy", in.CapacityProviderStrategy)
	v.platformVersion("/PlatformVersion", in.PlatformVersion)
	v.network("/NetworkConfiguration", in.NetworkConfiguration, a.network())
	v.placement("", in.PlacementConstraints, in.PlacementStrategy)
	v.volumeConfigurations("/VolumeConfigurations", in.volumes())
	v.overrides("/Overrides", in.Overrides)
	v.tags("/Tags", a.Org, nil, in.Tags)
	v.volumeTags("/VolumeConfigurations", a.Org, in.volumes())
	v.model("", &in.RunTaskInput, "TaskDefinition")
	return common.InvalidInput(v)
}

// overrides checks what is run otherwise than the definition says, by itself.
func (v *violations) overrides(at string, in *awsecs.TaskOverride) {
	if in == nil {
		return
	}
	v.role(at+"/ExecutionRoleArn", in.ExecutionRoleArn)
	v.role(at+"/TaskRoleArn", in.TaskRoleArn)
	v.unsupported(at+"/InferenceAcceleratorOverrides", len(in.InferenceAcceleratorOverrides) > 0)
	if in.EphemeralStorage != nil {
		v.within(at+"/EphemeralStorage/SizeInGiB", in.EphemeralStorage.SizeInGiB, 21, 200)
	}
	seen := map[string]bool{}
	for i, container := range in.ContainerOverrides {
		on, name := item(at+"/ContainerOverrides", i), aws.StringValue(container.Name)
		v.check(namePattern.MatchString(name), on+"/Name", nameRule)
		v.check(!seen[name], on+"/Name", "the name %s stands twice", name)
		seen[name] = true
		v.within(on+"/Cpu", container.Cpu, 0, tooMuch)
		v.within(on+"/Memory", container.Memory, 6, tooMuch)
		v.within(on+"/MemoryReservation", container.MemoryReservation, 6, tooMuch)
		v.unsupported(on+"/ResourceRequirements", len(container.ResourceRequirements) > 0)
		v.environment(on, &awsecs.ContainerDefinition{Environment: container.Environment, EnvironmentFiles: container.EnvironmentFiles})
	}
}

// volumes gives the volumes that are made for the tasks as those of a service, whose rules are the same.
func (in *RunTasksInput) volumes() []*awsecs.ServiceVolumeConfiguration {
	var volumes []*awsecs.ServiceVolumeConfiguration
	for _, asked := range in.VolumeConfigurations {
		volume := &awsecs.ServiceVolumeConfiguration{Name: asked.Name}
		if disk := asked.ManagedEBSVolume; disk != nil {
			volume.ManagedEBSVolume = &awsecs.ServiceManagedEBSVolumeConfiguration{
				Encrypted:         disk.Encrypted,
				FilesystemType:    disk.FilesystemType,
				Iops:              disk.Iops,
				KmsKeyId:          disk.KmsKeyId,
				RoleArn:           disk.RoleArn,
				SizeInGiB:         disk.SizeInGiB,
				SnapshotId:        disk.SnapshotId,
				TagSpecifications: disk.TagSpecifications,
				Throughput:        disk.Throughput,
				VolumeType:        disk.VolumeType,
			}
		}
		volumes = append(volumes, volume)
	}
	return volumes
}

// references gives what a run refers to: the roles that it takes in place of the definition's, and those of its volumes.
func (in *RunTasksInput) references() named {
	n := serviceReferences(nil, in.volumes())
	if in.Overrides != nil {
		n.role(in.Overrides.ExecutionRoleArn)
		n.role(in.Overrides.TaskRoleArn)
	}
	return n
}

// fits gives Invalid unless the run goes with the cluster and with the definition.
func (in *RunTasksInput) fits(cluster *awsecs.Cluster, definition *awsecs.TaskDefinition) error {
	var v violations
	v.providersOf("/CapacityProviderStrategy", in.CapacityProviderStrategy, cluster.CapacityProviders)
	v.configuredVolumes("/VolumeConfigurations", in.volumes(), definition.Volumes)
	if in.Overrides != nil {
		v.overridden("/Overrides", in.Overrides, definition)
	}
	return common.InvalidInput(v)
}

// overridden checks overrides against the definition: its containers, and its size where they change it.
func (v *violations) overridden(at string, in *awsecs.TaskOverride, definition *awsecs.TaskDefinition) {
	known := byName(definition.ContainerDefinitions)
	for i, container := range in.ContainerOverrides {
		name := aws.StringValue(container.Name)
		v.check(known[name] != nil, item(at+"/ContainerOverrides", i)+"/Name", "no container has the name %s", name)
	}
	if in.Cpu == nil && in.Memory == nil {
		return
	}
	cpu, memory := definition.Cpu, definition.Memory
	if in.Cpu != nil {
		cpu = in.Cpu
	}
	if in.Memory != nil {
		memory = in.Memory
	}
	v.fargateSize(at, aws.StringValue(cpu), aws.StringValue(memory))
}
