package orchestration

import (
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// What a definition may have. (Amazon ECS service quotas: containers per task definition, task definition size.)
const (
	mostContainers    = 10
	largestDefinition = 64 << 10
)

// taskDefinition checks a definition that is to be registered.
func (v *violations) taskDefinition(at string, in *awsecs.RegisterTaskDefinitionInput) {
	untagged := *in
	untagged.Tags = nil
	v.check(texts(reflect.ValueOf(untagged)) <= largestDefinition, at, "a definition is at most %d KiB large", largestDefinition>>10)
	v.check(namePattern.MatchString(aws.StringValue(in.Family)), at+"/Family", nameRule)
	v.oneOf(at+"/NetworkMode", in.NetworkMode, awsecs.NetworkModeAwsvpc)
	for i, compatibility := range in.RequiresCompatibilities {
		v.oneOf(item(at+"/RequiresCompatibilities", i), compatibility, awsecs.CompatibilityFargate)
	}
	v.fargateSize(at, aws.StringValue(in.Cpu), aws.StringValue(in.Memory))
	v.platform(at, in)
	v.oneOf(at+"/PidMode", in.PidMode, awsecs.PidModeTask)
	v.unsupported(at+"/IpcMode", in.IpcMode != nil)
	v.unsupported(at+"/PlacementConstraints", len(in.PlacementConstraints) > 0)
	v.unsupported(at+"/InferenceAccelerators", len(in.InferenceAccelerators) > 0)
	if in.EphemeralStorage != nil {
		v.within(at+"/EphemeralStorage/SizeInGiB", in.EphemeralStorage.SizeInGiB, 21, 200)
	}
	v.role(at+"/ExecutionRoleArn", in.ExecutionRoleArn)
	v.role(at+"/TaskRoleArn", in.TaskRoleArn)
	v.volumes(at+"/Volumes", in.Volumes)
	v.containers(at+"/ContainerDefinitions", in)
	v.proxy(at+"/ProxyConfiguration", in.ProxyConfiguration, byName(in.ContainerDefinitions))
	v.shares(at+"/ContainerDefinitions", in)
	v.model(at, in)
}

// platform checks what the containers run on. (ECS developer guide, task definition parameters for Fargate, runtimePlatform.)
func (v *violations) platform(at string, in *awsecs.RegisterTaskDefinitionInput) {
	if in.RuntimePlatform == nil {
		return
	}
	system := in.RuntimePlatform.OperatingSystemFamily
	v.oneOf(at+"/RuntimePlatform/CpuArchitecture", in.RuntimePlatform.CpuArchitecture, awsecs.CPUArchitecture_Values()...)
	v.oneOf(
		at+"/RuntimePlatform/OperatingSystemFamily",
		system,
		awsecs.OSFamilyLinux,
		awsecs.OSFamilyWindowsServer2019Core,
		awsecs.OSFamilyWindowsServer2019Full,
		awsecs.OSFamilyWindowsServer2022Core,
		awsecs.OSFamilyWindowsServer2022Full,
	)
	if !strings.HasPrefix(aws.StringValue(system), "WINDOWS") {
		return
	}
	v.check(
		aws.StringValue(in.RuntimePlatform.CpuArchitecture) != awsecs.CPUArchitectureArm64,
		at+"/RuntimePlatform/CpuArchitecture",
		"Windows does not run on ARM64",
	)
	units, _ := cpuUnits(aws.StringValue(in.Cpu))
	v.check(units >= 1024, at+"/Cpu", "Windows takes 1024 CPU units or more")
	v.unsupported(at+"/PidMode", in.PidMode != nil)
}

// containers checks the containers of a definition, each by itself and among the others.
func (v *violations) containers(at string, in *awsecs.RegisterTaskDefinitionInput) {
	known, volumes := byName(in.ContainerDefinitions), map[string]bool{}
	for _, volume := range in.Volumes {
		volumes[aws.StringValue(volume.Name)] = true
	}
	v.check(len(in.ContainerDefinitions) > 0, at, "a container is required")
	v.check(len(in.ContainerDefinitions) <= mostContainers, at, "at most %d containers", mostContainers)
	v.check(len(in.ContainerDefinitions) == 0 || slices.ContainsFunc(in.ContainerDefinitions, essential), at, "at least one container must be essential")
	seen := map[string]bool{}
	for i, container := range in.ContainerDefinitions {
		name := aws.StringValue(container.Name)
		v.check(!seen[name], item(at, i)+"/Name", "the name %s stands twice", name)
		seen[name] = true
		v.container(item(at, i), container)
		v.mounts(item(at, i), container, known, volumes)
		v.dependencies(item(at, i), container, known)
	}
	v.acyclic(at, in.ContainerDefinitions, known)
}

// shares checks that the containers together take no more than their task has. (API reference of ContainerDefinition, cpu and memory.)
func (v *violations) shares(at string, in *awsecs.RegisterTaskDefinitionInput) {
	units, sized := cpuUnits(aws.StringValue(in.Cpu))
	mib, measured := memoryMiB(aws.StringValue(in.Memory))
	var cpu, memory int64
	for i, container := range in.ContainerDefinitions {
		cpu += min(max(aws.Int64Value(container.Cpu), 0), tooMuch)
		memory += min(max(aws.Int64Value(container.Memory), 0), tooMuch)
		v.check(!sized || cpu <= units, item(at, i)+"/Cpu", "the containers take %d CPU units and more, the task has %d", cpu, units)
		v.check(!measured || memory <= mib, item(at, i)+"/Memory", "the containers take %d MiB and more, the task has %d", memory, mib)
	}
}

// tooMuch is more than any task has; sums of it do not overflow.
const tooMuch = 1 << 31

func (v *violations) proxy(at string, proxy *awsecs.ProxyConfiguration, known containers) {
	if proxy == nil {
		return
	}
	v.oneOf(at+"/Type", proxy.Type, awsecs.ProxyConfigurationTypeAppmesh)
	v.check(known[aws.StringValue(proxy.ContainerName)] != nil, at+"/ContainerName", "no container has the name %s", aws.StringValue(proxy.ContainerName))
}
