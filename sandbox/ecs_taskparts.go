package sandbox

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/ecs"
)

// newTask makes the task with all the parts that a real one has.
func (s *Sandbox) newTask(spec launch, now time.Time) *ecsTask {
	id := s.newID(32)
	s.ecs.addresses++
	t := &ecsTask{
		cluster: spec.cluster, definition: spec.definition, service: spec.service, deployment: spec.deployment, tags: spec.tags,
		network: spec.network, address: fmt.Sprintf("10.0.%d.%d", s.ecs.addresses/250%250, s.ecs.addresses%250+4),
	}
	definition := spec.definition.doc
	t.doc = &ecs.Task{
		TaskArn: aws.String(s.arn("ecs", "task/"+spec.cluster.name+"/"+id)), ClusterArn: aws.String(spec.cluster.arn),
		TaskDefinitionArn: definition.TaskDefinitionArn, Group: aws.String(spec.group), CreatedAt: aws.Time(now),
		DesiredStatus: aws.String(ecs.DesiredStatusRunning), LastStatus: aws.String(taskProvisioning), Version: aws.Int64(1),
		LaunchType: aws.String(ecs.LaunchTypeFargate), PlatformVersion: platformOf(spec.placement.platformVersion), PlatformFamily: aws.String("Linux"),
		Cpu: definition.Cpu, Memory: definition.Memory, HealthStatus: aws.String(ecs.HealthStatusUnknown),
		EnableExecuteCommand: aws.Bool(spec.execute), Overrides: spec.overrides,
		EphemeralStorage: &ecs.EphemeralStorage{SizeInGiB: aws.Int64(20)}, InferenceAccelerators: []*ecs.InferenceAccelerator{},
		Attributes: []*ecs.Attribute{{Name: aws.String("ecs.cpu-architecture"), Value: aws.String("x86_64")}},
	}
	if definition.EphemeralStorage != nil {
		t.doc.EphemeralStorage = clone(definition.EphemeralStorage)
	}
	if spec.startedBy != "" {
		t.doc.StartedBy = aws.String(spec.startedBy)
	}
	if spec.overrides != nil {
		replace(&t.doc.Cpu, spec.overrides.Cpu)
		replace(&t.doc.Memory, spec.overrides.Memory)
	}
	s.plugIn(t)
	for _, c := range definition.ContainerDefinitions {
		t.doc.Containers = append(t.doc.Containers, s.newContainer(t, c))
	}
	return t
}

// plugIn gives the task a network interface in one of its subnets.
func (s *Sandbox) plugIn(t *ecsTask) {
	subnet, zone := "", s.defaults.Region+"a"
	if t.network != nil && t.network.AwsvpcConfiguration != nil && len(t.network.AwsvpcConfiguration.Subnets) > 0 {
		subnets := t.network.AwsvpcConfiguration.Subnets
		n := s.ecs.addresses % len(subnets)
		subnet, zone = aws.StringValue(subnets[n]), s.defaults.Region+string(rune('a'+n%3))
	}
	t.doc.AvailabilityZone = aws.String(zone)
	detail := func(name, value string) *ecs.KeyValuePair {
		return &ecs.KeyValuePair{Name: aws.String(name), Value: aws.String(value)}
	}
	t.doc.Attachments = []*ecs.Attachment{{
		Id: aws.String(s.newUUID()), Type: aws.String("ElasticNetworkInterface"), Status: aws.String("PRECREATED"),
		Details: []*ecs.KeyValuePair{
			detail("subnetId", subnet),
			detail("networkInterfaceId", "eni-"+s.newID(17)),
			detail("macAddress", "0a:"+strings.Join([]string{s.newID(2), s.newID(2), s.newID(2), s.newID(2), s.newID(2)}, ":")),
			detail("privateDnsName", "ip-"+strings.ReplaceAll(t.address, ".", "-")+".ec2.internal"),
			detail("privateIPv4Address", t.address),
		},
	}}
}

// newContainer has cpu and memory as text, which a typed client insists on.
func (s *Sandbox) newContainer(t *ecsTask, c *ecs.ContainerDefinition) *ecs.Container {
	container := &ecs.Container{
		ContainerArn: aws.String(s.arn("ecs", "container/"+t.cluster.name+"/"+t.id()+"/"+s.newUUID())), TaskArn: t.doc.TaskArn,
		Name: c.Name, Image: c.Image, LastStatus: aws.String(taskPending), HealthStatus: aws.String(ecs.HealthStatusUnknown),
		Cpu: aws.String(decimal(aws.Int64Value(c.Cpu))), NetworkBindings: []*ecs.NetworkBinding{}, ManagedAgents: []*ecs.ManagedAgent{},
		NetworkInterfaces: []*ecs.NetworkInterface{{AttachmentId: t.doc.Attachments[0].Id, PrivateIpv4Address: aws.String(t.address)}},
	}
	if c.Memory != nil {
		container.Memory = aws.String(decimal(*c.Memory))
	}
	if c.MemoryReservation != nil {
		container.MemoryReservation = aws.String(decimal(*c.MemoryReservation))
	}
	return container
}

// unassumableRole is the first of the definition's roles that ECS cannot assume: it is gone, or so new that it has not spread yet.
func (s *Sandbox) unassumableRole(d *taskDefinition, now time.Time) string {
	for _, role := range []*string{d.doc.ExecutionRoleArn, d.doc.TaskRoleArn} {
		if role == nil {
			continue
		}
		if made, found := s.iam.role(*role); !found || now.Sub(made) < s.roleDelay {
			return *role
		}
	}
	return ""
}

// startFailure is the stopped reason of a task that cannot start, "" when it can. Secrets come before logs, logs before images.
func (s *Sandbox) startFailure(t *ecsTask) string {
	const initialization = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
	for _, c := range t.definition.doc.ContainerDefinitions {
		if credentials := c.RepositoryCredentials; credentials != nil && !s.secrets.exists(aws.StringValue(credentials.CredentialsParameter)) {
			return initialization + "unable to get registry auth from asm: service call has been retried 1 time(s): asm fetching secret from the service for " + aws.StringValue(
				credentials.CredentialsParameter,
			)
		}
		for _, secret := range c.Secrets {
			if arn, ours := secretARN(aws.StringValue(secret.ValueFrom)); ours && !s.secrets.exists(arn) {
				return initialization + "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret " + arn + " from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret."
			}
		}
	}
	for _, c := range t.definition.doc.ContainerDefinitions {
		driver, options := logging(c)
		if driver == ecs.LogDriverAwslogs && options["awslogs-create-group"] != "true" && !s.logs.hasGroup(options["awslogs-group"]) {
			return "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist."
		}
	}
	for _, c := range t.doc.Containers {
		if image := aws.StringValue(c.Image); strings.HasSuffix(image, ":fail") {
			return "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref " + image + ": not found"
		}
	}
	return ""
}

// secretARN cuts key, stage and version off what a container's secret is taken from. A parameter of SSM is not a secret of Secrets Manager.
func secretARN(valueFrom string) (string, bool) {
	parts := strings.Split(valueFrom, ":")
	if len(parts) < 7 || parts[2] != "secretsmanager" {
		return "", false
	}
	return strings.Join(parts[:7], ":"), true
}

// say writes lines to the container's log stream, if it logs to CloudWatch.
func (s *Sandbox) say(t *ecsTask, c *ecs.Container, now time.Time, lines ...string) {
	definition := t.definition.container(aws.StringValue(c.Name))
	driver, options := logging(definition)
	if driver != ecs.LogDriverAwslogs || options["awslogs-group"] == "" {
		return
	}
	stream := aws.StringValue(c.Name) + "/" + t.id()
	if prefix := options["awslogs-stream-prefix"]; prefix != "" {
		stream = prefix + "/" + stream
	}
	s.logs.write(options["awslogs-group"], stream, now, lines...)
}

// announce registers the task in the service's registries.
func (s *Sandbox) announce(t *ecsTask) {
	if t.service == nil {
		return
	}
	attributes := map[string]string{
		"AWS_INSTANCE_IPV4": t.address, "AVAILABILITY_ZONE": aws.StringValue(t.doc.AvailabilityZone), "REGION": s.defaults.Region,
		"ECS_SERVICE_NAME": t.service.name(), "ECS_CLUSTER_NAME": t.cluster.name,
		"ECS_TASK_DEFINITION_FAMILY": aws.StringValue(t.definition.doc.Family),
	}
	for _, registry := range t.service.doc.ServiceRegistries {
		if port := aws.Int64Value(registry.Port) + aws.Int64Value(registry.ContainerPort); port != 0 {
			attributes["AWS_INSTANCE_PORT"] = decimal(port)
		}
		registryID := afterSlash(aws.StringValue(registry.RegistryArn))
		s.discovery.registerInstance(registryID, t.id(), attributes)
		t.instances = append(t.instances, registryID)
	}
}

// renounce takes the task out of the registries it was put in.
func (s *Sandbox) renounce(t *ecsTask) {
	for _, registryID := range t.instances {
		s.discovery.deregisterInstance(registryID, t.id())
	}
	t.instances = nil
}
