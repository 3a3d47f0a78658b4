package orchestration

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// containers are those of a definition, by name; nil where the definition is not known.
type containers map[string]*awsecs.ContainerDefinition

func byName(list []*awsecs.ContainerDefinition) containers {
	known := containers{}
	for _, container := range list {
		known[aws.StringValue(container.Name)] = container
	}
	return known
}

// essential: a container is, unless it says otherwise.
func essential(container *awsecs.ContainerDefinition) bool {
	return container.Essential == nil || *container.Essential
}

// container checks one container of a definition by itself.
func (v *violations) container(at string, in *awsecs.ContainerDefinition) {
	v.check(namePattern.MatchString(aws.StringValue(in.Name)), at+"/Name", nameRule)
	v.check(aws.StringValue(in.Image) != "", at+"/Image", "an image is required")
	v.within(at+"/Cpu", in.Cpu, 0, tooMuch)
	v.within(at+"/Memory", in.Memory, 6, tooMuch)
	v.within(at+"/MemoryReservation", in.MemoryReservation, 6, tooMuch)
	v.check(in.Memory == nil || aws.Int64Value(in.MemoryReservation) <= *in.Memory, at+"/MemoryReservation", "more than the container's memory")
	v.within(at+"/StartTimeout", in.StartTimeout, 2, 120)
	v.within(at+"/StopTimeout", in.StopTimeout, 0, 120)
	v.ports(at+"/PortMappings", in.PortMappings)
	v.environment(at, in)
	if in.RepositoryCredentials != nil {
		v.secretReference(at+"/RepositoryCredentials/CredentialsParameter", in.RepositoryCredentials.CredentialsParameter)
	}
	v.logging(at+"/LogConfiguration", in.LogConfiguration)
	if in.FirelensConfiguration != nil {
		v.oneOf(at+"/FirelensConfiguration/Type", in.FirelensConfiguration.Type, awsecs.FirelensConfigurationType_Values()...)
	}
	v.healthCheck(at+"/HealthCheck", in.HealthCheck)
	v.ulimits(at+"/Ulimits", in.Ulimits)
	v.hostOnly(at, in)
}

// hostOnly are the members that only containers on instances of one's own take, or only other networking than awsvpc. (API reference of
// ContainerDefinition and LinuxParameters.)
func (v *violations) hostOnly(at string, in *awsecs.ContainerDefinition) {
	v.unsupported(at+"/Privileged", aws.BoolValue(in.Privileged))
	v.unsupported(at+"/Links", len(in.Links) > 0)
	v.unsupported(at+"/ExtraHosts", len(in.ExtraHosts) > 0)
	v.unsupported(at+"/Hostname", aws.StringValue(in.Hostname) != "")
	v.unsupported(at+"/DockerSecurityOptions", len(in.DockerSecurityOptions) > 0)
	linux := in.LinuxParameters
	if linux == nil {
		return
	}
	v.unsupported(at+"/LinuxParameters/Devices", len(linux.Devices) > 0)
	v.unsupported(at+"/LinuxParameters/SharedMemorySize", linux.SharedMemorySize != nil)
	v.unsupported(at+"/LinuxParameters/MaxSwap", linux.MaxSwap != nil)
	v.unsupported(at+"/LinuxParameters/Swappiness", linux.Swappiness != nil)
	if linux.Capabilities != nil {
		for i, capability := range linux.Capabilities.Add {
			v.oneOf(item(at+"/LinuxParameters/Capabilities/Add", i), capability, "SYS_PTRACE")
		}
	}
}

const maxPort = 65535

var (
	portNamePattern  = regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]{0,63}$`)
	portRangePattern = regexp.MustCompile(`^([0-9]{1,5})-([0-9]{1,5})$`)
)

// ports checks the ports of a container: with awsvpc there is no other port on a host. (API reference of PortMapping.)
func (v *violations) ports(at string, ports []*awsecs.PortMapping) {
	for i, port := range ports {
		on := item(at, i)
		v.within(on+"/ContainerPort", port.ContainerPort, 1, maxPort)
		v.check(port.ContainerPort != nil || port.ContainerPortRange != nil, on+"/ContainerPort", "a port or a range is required")
		v.check(port.ContainerPort == nil || port.ContainerPortRange == nil, on+"/ContainerPortRange", "a port and a range exclude each other")
		v.check(
			port.ContainerPortRange == nil || between(*port.ContainerPortRange) != [2]int64{},
			on+"/ContainerPortRange",
			"must be two ports, such as 8000-8010",
		)
		v.check(
			port.HostPort == nil || port.ContainerPort != nil && *port.HostPort == *port.ContainerPort,
			on+"/HostPort",
			"with awsvpc networking, the same as ContainerPort or nothing",
		)
		v.oneOf(on+"/Protocol", port.Protocol, awsecs.TransportProtocol_Values()...)
		v.oneOf(on+"/AppProtocol", port.AppProtocol, awsecs.ApplicationProtocol_Values()...)
		v.text(on+"/Name", port.Name, portNamePattern, "1 to 64 lower-case letters, digits, - and _, the first no -")
	}
}

// between reads a range of ports; zero if it is none.
func between(ports string) (ends [2]int64) {
	var first, last int64
	if !portRangePattern.MatchString(ports) {
		return ends
	}
	if _, err := fmt.Sscanf(ports, "%d-%d", &first, &last); err != nil || first < 1 || last < first || last > maxPort {
		return ends
	}
	return [2]int64{first, last}
}

// exposes says whether a container has a port.
func exposes(container *awsecs.ContainerDefinition, port int64) bool {
	return slices.ContainsFunc(container.PortMappings, func(mapping *awsecs.PortMapping) bool {
		ends := between(aws.StringValue(mapping.ContainerPortRange))
		return mapping.ContainerPort != nil && *mapping.ContainerPort == port || ends[0] <= port && port <= ends[1] && port > 0
	})
}

// environment checks what a container finds in its environment: a secret has a name to itself.
func (v *violations) environment(at string, in *awsecs.ContainerDefinition) {
	taken := map[string]bool{}
	for i, variable := range in.Environment {
		v.check(aws.StringValue(variable.Name) != "", item(at+"/Environment", i)+"/Name", "a name is required")
		taken[aws.StringValue(variable.Name)] = true
	}
	for i, secret := range in.Secrets {
		on, name := item(at+"/Secrets", i), aws.StringValue(secret.Name)
		v.check(name != "", on+"/Name", "a name is required")
		v.check(!taken[name], on+"/Name", "the environment has %s already", name)
		taken[name] = true
		v.secretReference(on+"/ValueFrom", secret.ValueFrom)
	}
	v.check(len(in.EnvironmentFiles) <= 10, at+"/EnvironmentFiles", "at most 10")
	for i, file := range in.EnvironmentFiles {
		v.oneOf(item(at+"/EnvironmentFiles", i)+"/Type", file.Type, awsecs.EnvironmentFileTypeS3)
	}
}

// logging checks a log configuration. (API reference of LogConfiguration, logDriver.)
func (v *violations) logging(at string, in *awsecs.LogConfiguration) {
	if in == nil {
		return
	}
	v.oneOf(at+"/LogDriver", in.LogDriver, awsecs.LogDriverAwslogs, awsecs.LogDriverSplunk, awsecs.LogDriverAwsfirelens)
	for i, secret := range in.SecretOptions {
		v.check(aws.StringValue(secret.Name) != "", item(at+"/SecretOptions", i)+"/Name", "a name is required")
		v.secretReference(item(at+"/SecretOptions", i)+"/ValueFrom", secret.ValueFrom)
	}
}

// healthCheck checks how a container is asked for its health. (API reference of HealthCheck.)
func (v *violations) healthCheck(at string, in *awsecs.HealthCheck) {
	if in == nil {
		return
	}
	command := aws.StringValueSlice(in.Command)
	v.check(len(command) > 1 && (command[0] == "CMD" || command[0] == "CMD-SHELL"), at+"/Command", "must be CMD or CMD-SHELL and a command")
	v.within(at+"/Interval", in.Interval, 5, 300)
	v.within(at+"/Timeout", in.Timeout, 2, 60)
	v.within(at+"/Retries", in.Retries, 1, 10)
	v.within(at+"/StartPeriod", in.StartPeriod, 0, 300)
}

func (v *violations) ulimits(at string, limits []*awsecs.Ulimit) {
	for i, limit := range limits {
		v.oneOf(item(at, i)+"/Name", limit.Name, awsecs.UlimitName_Values()...)
		v.check(
			limit.SoftLimit == nil || limit.HardLimit == nil || *limit.SoftLimit <= *limit.HardLimit || *limit.HardLimit < 0,
			item(at, i)+"/SoftLimit",
			"more than the hard limit",
		)
	}
}

// mounts checks the volumes that a container sees: the definition's, or those of another container.
func (v *violations) mounts(at string, in *awsecs.ContainerDefinition, known containers, volumes map[string]bool) {
	for i, mount := range in.MountPoints {
		on := item(at+"/MountPoints", i)
		v.check(volumes[aws.StringValue(mount.SourceVolume)], on+"/SourceVolume", "no volume has the name %s", aws.StringValue(mount.SourceVolume))
		v.check(aws.StringValue(mount.ContainerPath) != "", on+"/ContainerPath", "a path is required")
	}
	for i, from := range in.VolumesFrom {
		other := known[aws.StringValue(from.SourceContainer)]
		v.check(
			other != nil && other != in,
			item(at+"/VolumesFrom", i)+"/SourceContainer",
			"no other container has the name %s",
			aws.StringValue(from.SourceContainer),
		)
	}
}

// dependencies checks what a container waits for. (API reference of ContainerDependency, condition.)
func (v *violations) dependencies(at string, in *awsecs.ContainerDefinition, known containers) {
	for i, dependency := range in.DependsOn {
		on, condition := item(at+"/DependsOn", i), aws.StringValue(dependency.Condition)
		v.oneOf(on+"/Condition", dependency.Condition, awsecs.ContainerCondition_Values()...)
		other := known[aws.StringValue(dependency.ContainerName)]
		if other == nil || other == in {
			v.add(on+"/ContainerName", "no other container has the name %s", aws.StringValue(dependency.ContainerName))
			continue
		}
		exits := condition == awsecs.ContainerConditionComplete || condition == awsecs.ContainerConditionSuccess
		v.check(!exits || !essential(other), on+"/Condition", "%s is essential: with its end the task ends", aws.StringValue(other.Name))
		v.check(
			condition != awsecs.ContainerConditionHealthy || other.HealthCheck != nil,
			on+"/Condition",
			"%s has no health check",
			aws.StringValue(other.Name),
		)
	}
}

// acyclic checks that no container waits, over however many others, for itself.
func (v *violations) acyclic(at string, list []*awsecs.ContainerDefinition, known containers) {
	const entered, left = 1, 2
	state := map[*awsecs.ContainerDefinition]int{}
	var waits func(container *awsecs.ContainerDefinition) (forItself bool)
	waits = func(container *awsecs.ContainerDefinition) bool {
		if container == nil || state[container] != 0 {
			return container != nil && state[container] == entered
		}
		state[container] = entered
		for _, dependency := range container.DependsOn {
			if waits(known[aws.StringValue(dependency.ContainerName)]) {
				return true
			}
		}
		state[container] = left
		return false
	}
	for i, container := range list {
		if waits(container) {
			v.add(item(at, i)+"/DependsOn", "containers wait for each other in a circle")
			return
		}
	}
}
