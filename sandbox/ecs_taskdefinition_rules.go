package sandbox

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/ecs"
)

// newDefinition holds what is to be registered against ECS's rules and completes it as ECS does.
func newDefinition(in *ecs.RegisterTaskDefinitionInput) (*ecs.TaskDefinition, error) {
	if !ecsName.MatchString(aws.StringValue(in.Family)) {
		return nil, clientError("Family contains invalid characters.")
	}
	doc := &ecs.TaskDefinition{
		Family: in.Family, ContainerDefinitions: cloneList(in.ContainerDefinitions), Cpu: in.Cpu, Memory: in.Memory,
		ExecutionRoleArn: in.ExecutionRoleArn, TaskRoleArn: in.TaskRoleArn, NetworkMode: in.NetworkMode,
		IpcMode: in.IpcMode, PidMode: in.PidMode, EphemeralStorage: clone(in.EphemeralStorage),
		InferenceAccelerators: cloneList(in.InferenceAccelerators), PlacementConstraints: cloneList(in.PlacementConstraints),
		ProxyConfiguration: clone(in.ProxyConfiguration), RuntimePlatform: clone(in.RuntimePlatform), Volumes: cloneList(in.Volumes),
		RequiresCompatibilities: slices.Clone(in.RequiresCompatibilities), Status: aws.String(ecs.TaskDefinitionStatusActive),
	}
	if err := normaliseSize(doc); err != nil {
		return nil, err
	}
	if err := checkContainers(doc); err != nil {
		return nil, err
	}
	if requires(doc, ecs.CompatibilityFargate) {
		if err := checkFargate(doc); err != nil {
			return nil, err
		}
	}
	completeDefinition(doc)
	return doc, nil
}

func requires(doc *ecs.TaskDefinition, compatibility string) bool {
	return slices.Contains(aws.StringValueSlice(doc.RequiresCompatibilities), compatibility)
}

// sizeText is how people may write a size: "1024", "1 vCPU", ".5 vcpu", "2 GB".
var sizeText = regexp.MustCompile(`^\s*([0-9]*\.?[0-9]+)\s*(vcpu|gb)?\s*$`)

// normaliseSize turns "1 vCPU" and "2 GB" into numbers, which is how they come back.
func normaliseSize(doc *ecs.TaskDefinition) error {
	for _, size := range []struct {
		name string
		text **string
	}{{"cpu", &doc.Cpu}, {"memory", &doc.Memory}} {
		if *size.text == nil {
			continue
		}
		parts := sizeText.FindStringSubmatch(strings.ToLower(**size.text))
		if parts == nil {
			return clientError(
				"Invalid '%s' setting for task. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.",
				size.name,
			)
		}
		amount, _ := strconv.ParseFloat(parts[1], 64) // the expression lets through nothing else
		if parts[2] != "" {
			amount *= 1024
		}
		*size.text = aws.String(decimal(int64(amount)))
	}
	return nil
}

func checkContainers(doc *ecs.TaskDefinition) error {
	if len(doc.ContainerDefinitions) == 0 {
		return clientError("Container list cannot be empty.")
	}
	seen, essential := map[string]bool{}, false
	for _, c := range doc.ContainerDefinitions {
		if err := checkContainer(doc, c); err != nil {
			return err
		}
		if seen[*c.Name] {
			return clientError("Container names must be unique: %s", *c.Name)
		}
		seen[*c.Name] = true
		essential = essential || c.Essential == nil || *c.Essential
	}
	if !essential {
		return clientError("At least one container must be marked as essential.")
	}
	return nil
}

func checkContainer(doc *ecs.TaskDefinition, c *ecs.ContainerDefinition) error {
	name := aws.StringValue(c.Name)
	switch {
	case !ecsName.MatchString(name):
		return clientError("Container.name contains invalid characters.")
	case aws.StringValue(c.Image) == "":
		return clientError("Container.image should not be null or empty.")
	case doc.Memory == nil && c.Memory == nil && c.MemoryReservation == nil:
		return clientError("Invalid setting for container '%s'. At least one of 'memory' or 'memoryReservation' must be specified.", name)
	case doc.Memory != nil && aws.Int64Value(c.Memory) > int64(number(*doc.Memory)):
		return clientError("The 'memory' setting for container '%s' is greater than for the task.", name)
	case doc.Cpu != nil && aws.Int64Value(c.Cpu) > int64(number(*doc.Cpu)):
		return clientError("The 'cpu' setting for container '%s' is greater than for the task.", name)
	case len(c.Secrets) > 0 && doc.ExecutionRoleArn == nil:
		return clientError("When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.")
	case c.RepositoryCredentials != nil && doc.ExecutionRoleArn == nil:
		return clientError("When you are specifying repositoryCredentials, you must also specify a value for 'executionRoleArn'.")
	}
	return nil
}

// checkFargate holds for definitions that ask for FARGATE; the others are only found out when somebody tries to run them there.
func checkFargate(doc *ecs.TaskDefinition) error {
	switch {
	case doc.Cpu == nil:
		return clientError("Fargate requires that 'cpu' be defined at the task level.")
	case doc.Memory == nil:
		return clientError("Fargate requires that 'memory' be defined at the task level.")
	case aws.StringValue(doc.NetworkMode) != ecs.NetworkModeAwsvpc:
		return clientError("Fargate only supports network mode ‘awsvpc’.")
	case !fargateSize(number(*doc.Cpu), number(*doc.Memory)):
		return clientError(
			"No Fargate configuration exists for given values: %s CPU, %s memory. See the Amazon ECS documentation for the valid values.",
			*doc.Cpu,
			*doc.Memory,
		)
	}
	for _, c := range doc.ContainerDefinitions {
		if driver, _ := logging(c); driver == ecs.LogDriverAwslogs && doc.ExecutionRoleArn == nil {
			return clientError("Fargate requires task definition to have execution role ARN to support log driver awslogs.")
		}
	}
	return nil
}

// fargateSize tells whether Fargate has tasks of this size: in MiB from, to and in steps, by CPU units.
func fargateSize(cpu, memory int) bool {
	if cpu == 256 {
		return memory == 512 || memory == 1024 || memory == 2048
	}
	size, known := map[int]struct{ from, to, step int }{
		512:   {1024, 4096, 1024},
		1024:  {2048, 8192, 1024},
		2048:  {4096, 16384, 1024},
		4096:  {8192, 30720, 1024},
		8192:  {16384, 61440, 4096},
		16384: {32768, 122880, 8192},
	}[cpu]
	return known && memory >= size.from && memory <= size.to && memory%size.step == 0
}

// logging is a container's log driver and its options.
func logging(c *ecs.ContainerDefinition) (string, map[string]string) {
	if c.LogConfiguration == nil {
		return "", nil
	}
	return aws.StringValue(c.LogConfiguration.LogDriver), aws.StringValueMap(c.LogConfiguration.Options)
}

// completeDefinition fills in what ECS answers although nobody asked: a difference to what was sent that is none.
func completeDefinition(doc *ecs.TaskDefinition) {
	doc.Compatibilities = aws.StringSlice([]string{ecs.CompatibilityEc2})
	if requires(doc, ecs.CompatibilityFargate) || (aws.StringValue(doc.NetworkMode) == ecs.NetworkModeAwsvpc && doc.Cpu != nil && doc.Memory != nil) {
		doc.Compatibilities = append(doc.Compatibilities, aws.String(ecs.CompatibilityFargate))
	}
	if doc.Volumes == nil {
		doc.Volumes = []*ecs.Volume{}
	}
	if doc.PlacementConstraints == nil {
		doc.PlacementConstraints = []*ecs.TaskDefinitionPlacementConstraint{}
	}
	for _, c := range doc.ContainerDefinitions {
		completeContainer(c, aws.StringValue(doc.NetworkMode) == ecs.NetworkModeAwsvpc)
	}
}

func completeContainer(c *ecs.ContainerDefinition, awsvpc bool) {
	if c.Cpu == nil {
		c.Cpu = aws.Int64(0)
	}
	if c.Essential == nil {
		c.Essential = aws.Bool(true)
	}
	if c.Environment == nil {
		c.Environment = []*ecs.KeyValuePair{}
	}
	if c.MountPoints == nil {
		c.MountPoints = []*ecs.MountPoint{}
	}
	if c.VolumesFrom == nil {
		c.VolumesFrom = []*ecs.VolumeFrom{}
	}
	if c.PortMappings == nil {
		c.PortMappings = []*ecs.PortMapping{}
	}
	if c.SystemControls == nil {
		c.SystemControls = []*ecs.SystemControl{}
	}
	for _, port := range c.PortMappings {
		if port.Protocol == nil {
			port.Protocol = aws.String(ecs.TransportProtocolTcp)
		}
		if port.HostPort == nil && awsvpc {
			port.HostPort = port.ContainerPort
		}
	}
}
