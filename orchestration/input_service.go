package orchestration

import (
	"math"
	"regexp"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
)

// service checks a service that is to be made. What it needs of its definition is checked by definitionOf.
func (v *violations) service(at string, in *awsecs.CreateServiceInput, defaults network) {
	v.check(namePattern.MatchString(aws.StringValue(in.ServiceName)), at+"/ServiceName", nameRule)
	v.check(in.DesiredCount != nil && *in.DesiredCount >= 0, at+"/DesiredCount", "a count of 0 or more is required")
	v.check(
		in.LaunchType == nil || len(in.CapacityProviderStrategy) == 0,
		at+"/CapacityProviderStrategy",
		"a launch type and a strategy exclude each other",
	)
	v.oneOf(at+"/LaunchType", in.LaunchType, awsecs.LaunchTypeFargate)
	v.oneOf(at+"/SchedulingStrategy", in.SchedulingStrategy, awsecs.SchedulingStrategyReplica)
	v.oneOf(at+"/PropagateTags", in.PropagateTags, awsecs.PropagateTags_Values()...)
	v.check(aws.StringValue(in.Role) == "", at+"/Role", "a service with awsvpc networking takes the service-linked role")
	if in.DeploymentController != nil {
		v.oneOf(at+"/DeploymentController/Type", in.DeploymentController.Type, awsecs.DeploymentControllerTypeEcs)
	}
	v.within(at+"/HealthCheckGracePeriodSeconds", in.HealthCheckGracePeriodSeconds, 0, math.MaxInt32)
	v.platformVersion(at+"/PlatformVersion", in.PlatformVersion)
	v.strategy(at+"/CapacityProviderStrategy", in.CapacityProviderStrategy)
	v.network(at+"/NetworkConfiguration", in.NetworkConfiguration, defaults)
	v.deployment(at+"/DeploymentConfiguration", in.DeploymentConfiguration)
	v.placement(at, in.PlacementConstraints, in.PlacementStrategy)
	v.connect(at+"/ServiceConnectConfiguration", in.ServiceConnectConfiguration)
	v.volumeConfigurations(at+"/VolumeConfigurations", in.VolumeConfigurations)
}

var platformPattern = regexp.MustCompile(`^(LATEST|[0-9]+\.[0-9]+\.[0-9]+)$`)

func (v *violations) platformVersion(pointer string, version *string) {
	v.text(pointer, version, platformPattern, "LATEST or a version such as 1.4.0")
}

var (
	subnetPattern        = regexp.MustCompile(`^subnet-[0-9a-zA-Z]+$`)
	securityGroupPattern = regexp.MustCompile(`^sg-[0-9a-zA-Z]+$`)
)

// network checks where tasks are to run: there must be a subnet, the caller's or the account's.
func (v *violations) network(at string, asked *awsecs.NetworkConfiguration, defaults network) {
	vpc := &awsecs.AwsVpcConfiguration{}
	if asked != nil && asked.AwsvpcConfiguration != nil {
		vpc = asked.AwsvpcConfiguration
	}
	at += "/AwsvpcConfiguration"
	v.check(len(vpc.Subnets) > 0 || len(defaults.subnets) > 0, at+"/Subnets", "a subnet is required: the account has no default")
	v.ids(at+"/Subnets", vpc.Subnets, 16, subnetPattern)
	v.ids(at+"/SecurityGroups", vpc.SecurityGroups, 5, securityGroupPattern)
	v.oneOf(at+"/AssignPublicIp", vpc.AssignPublicIp, awsecs.AssignPublicIp_Values()...)
	v.check(
		defaults.allowPublicIP || aws.StringValue(vpc.AssignPublicIp) != awsecs.AssignPublicIpEnabled,
		at+"/AssignPublicIp",
		"the account does not allow public addresses",
	)
}

func (v *violations) ids(at string, ids []*string, most int, pattern *regexp.Regexp) {
	v.check(len(ids) <= most, at, "at most %d", most)
	for i, id := range ids {
		v.check(pattern.MatchString(aws.StringValue(id)), item(at, i), "%q has not the form %s", aws.StringValue(id), pattern)
	}
}

// deployment checks how far a deployment may go under and over the desired count: with no room on either side no task could ever be
// replaced.
func (v *violations) deployment(at string, in *awsecs.DeploymentConfiguration) {
	if in == nil {
		return
	}
	least, most := int64(100), int64(200) // what AWS takes where they are left out
	if in.MinimumHealthyPercent != nil {
		least = *in.MinimumHealthyPercent
	}
	if in.MaximumPercent != nil {
		most = *in.MaximumPercent
	}
	v.within(at+"/MinimumHealthyPercent", in.MinimumHealthyPercent, 0, 100)
	v.within(at+"/MaximumPercent", in.MaximumPercent, 100, math.MaxInt32)
	v.check(most > least, at+"/MaximumPercent", "%d%% at most and %d%% at least leave no room to replace a task", most, least)
	if in.Alarms != nil {
		v.check(!aws.BoolValue(in.Alarms.Enable) || len(in.Alarms.AlarmNames) > 0, at+"/Alarms/AlarmNames", "an alarm is required")
	}
}

// placement: Fargate places tasks by itself. (ECS developer guide, task definition differences for Fargate.)
func (v *violations) placement(at string, constraints []*awsecs.PlacementConstraint, strategy []*awsecs.PlacementStrategy) {
	v.unsupported(at+"/PlacementConstraints", len(constraints) > 0)
	v.unsupported(at+"/PlacementStrategy", len(strategy) > 0)
}

// definitionOf checks what a service needs of its definition, and of the records of its registry.
func (v *violations) definitionOf(
	at string,
	in *awsecs.CreateServiceInput,
	known containers,
	volumes []*awsecs.Volume,
	records []*awsdiscovery.DnsRecord,
) {
	v.loadBalancers(at+"/LoadBalancers", in.LoadBalancers, known)
	v.serviceRegistries(at+"/ServiceRegistries", in.ServiceRegistries, known, records)
	v.connectPorts(at+"/ServiceConnectConfiguration", in.ServiceConnectConfiguration, known)
	if known != nil {
		v.configuredVolumes(at+"/VolumeConfigurations", in.VolumeConfigurations, volumes)
	}
}

// mostTargetGroups is how many target groups a service may have. (Amazon ECS service quotas, target groups per service.)
const mostTargetGroups = 5

// loadBalancers checks the target groups of a service, and the containers that they lead to, if those are known.
func (v *violations) loadBalancers(at string, balancers []*awsecs.LoadBalancer, known containers) {
	v.check(len(balancers) <= mostTargetGroups, at, "at most %d target groups", mostTargetGroups)
	for i, balancer := range balancers {
		v.check(
			targetGroupARN.MatchString(aws.StringValue(balancer.TargetGroupArn)),
			item(at, i)+"/TargetGroupArn",
			"%q is no ARN of a target group",
			aws.StringValue(balancer.TargetGroupArn),
		)
		v.check(
			aws.StringValue(balancer.LoadBalancerName) == "",
			item(at, i)+"/LoadBalancerName",
			"classic load balancers do not go with awsvpc networking",
		)
		v.target(item(at, i), balancer.ContainerName, balancer.ContainerPort, known)
	}
}

// target checks a container and one of its ports, which the definition must have, if it is known.
func (v *violations) target(at string, name *string, port *int64, known containers) {
	v.check(aws.StringValue(name) != "", at+"/ContainerName", "a container is required")
	v.check(port != nil, at+"/ContainerPort", "a port is required")
	v.within(at+"/ContainerPort", port, 1, maxPort)
	if known == nil {
		return
	}
	container := known[aws.StringValue(name)]
	v.check(container != nil, at+"/ContainerName", "no container has the name %s", aws.StringValue(name))
	v.check(
		container == nil || exposes(container, aws.Int64Value(port)),
		at+"/ContainerPort",
		"the container %s has no port %d",
		aws.StringValue(name),
		aws.Int64Value(port),
	)
}

// serviceRegistries checks how a service is to be registered: an SRV record is made of a port, named outright or by its container. (API
// reference of ServiceRegistry.)
func (v *violations) serviceRegistries(at string, registries []*awsecs.ServiceRegistry, known containers, records []*awsdiscovery.DnsRecord) {
	v.check(len(registries) <= 1, at, "a service has one registry at most")
	for i, registry := range registries {
		byContainer := registry.ContainerName != nil || registry.ContainerPort != nil
		v.check(registry.Port == nil || !byContainer, item(at, i)+"/Port", "a port and a container exclude each other")
		v.within(item(at, i)+"/Port", registry.Port, 1, maxPort)
		if byContainer {
			v.target(item(at, i), registry.ContainerName, registry.ContainerPort, known)
		}
	}
	if hasRecord(records, awsdiscovery.RecordTypeSrv) {
		v.check(len(registries) > 0 && (registries[0].Port != nil || registries[0].ContainerName != nil), item(at, 0)+"/ContainerName",
			"SRV records are made of a port: ContainerName and ContainerPort, or Port, are required")
	}
}
