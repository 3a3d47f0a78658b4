package sandbox

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/ecs"
)

const (
	serviceActive   = "ACTIVE"
	serviceDraining = "DRAINING"
	serviceInactive = "INACTIVE"
)

type ecsService struct {
	doc         *ecs.Service // what it is set to; counters, deployments, events and tags are kept beside it
	cluster     *ecsCluster
	tags        map[string]string
	token       string // CreateService's ClientToken
	asked       string // what came with it
	deployments []*ecsDeployment
	events      []*ecs.ServiceEvent // newest first
	tasks       []*ecsTask          // oldest first, stopped ones until they are forgotten
	steady      bool
	failures    int       // starts that failed, in a row
	retryAt     time.Time // nothing is started before
	drainedAt   time.Time // a draining service is INACTIVE no earlier
}

func (svc *ecsService) name() string   { return aws.StringValue(svc.doc.ServiceName) }
func (svc *ecsService) arn() string    { return aws.StringValue(svc.doc.ServiceArn) }
func (svc *ecsService) status() string { return aws.StringValue(svc.doc.Status) }
func (svc *ecsService) desired() int   { return int(aws.Int64Value(svc.doc.DesiredCount)) }

// state is what the inventory shows: what the service is set to, not how far it has come.
func (svc *ecsService) state() map[string]any {
	state := stateOf(svc.doc, "createdAt")
	state["tags"] = shownTags(svc.tags)
	return state
}

// document is the service as it is answered.
func (svc *ecsService) document(tags bool) *ecs.Service {
	doc := clone(svc.doc)
	doc.Events, doc.Deployments = cloneList(svc.events), []*ecs.Deployment{}
	running, pending := int64(0), int64(0)
	for _, dep := range svc.deployments {
		d := clone(dep.doc)
		counted, coming := svc.counts(dep)
		d.RunningCount, d.PendingCount = &counted, &coming
		running, pending = running+counted, pending+coming
		doc.Deployments = append(doc.Deployments, d)
	}
	doc.RunningCount, doc.PendingCount = &running, &pending
	if doc.Events == nil {
		doc.Events = []*ecs.ServiceEvent{}
	}
	if tags {
		doc.Tags = sdkTags[ecs.Tag](svc.tags)
	}
	return doc
}

// clientToken is what a ClientToken may be: 36 printable characters.
var clientToken = regexp.MustCompile(`^[\x21-\x7e]{1,36}$`)

// ecsCreateService is idempotent only by its token: the same name again is otherwise refused, whatever else is asked.
func (s *Sandbox) ecsCreateService(r *request, in *ecs.CreateServiceInput) (*ecs.CreateServiceOutput, error) {
	c, err := s.activeCluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if in.ClientToken != nil && !clientToken.MatchString(*in.ClientToken) {
		return nil, invalidParameter("Client token must be at most 36 ASCII characters.")
	}
	if svc := c.services[aws.StringValue(in.ServiceName)]; svc != nil && svc.status() != serviceInactive {
		return svc.createdAgain(in)
	}
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	doc, definition, err := s.newService(c, in)
	if err != nil {
		return nil, err
	}
	svc := &ecsService{doc: doc, cluster: c, tags: tags, token: aws.StringValue(in.ClientToken), asked: documentOf(in)}
	doc.CreatedAt = aws.Time(r.now)
	c.services[svc.name()] = svc
	dep := s.newDeployment(svc, definition, r.now)
	dep.doc.ServiceConnectConfiguration = clone(in.ServiceConnectConfiguration)
	dep.doc.VolumeConfigurations = cloneList(in.VolumeConfigurations)
	return &ecs.CreateServiceOutput{Service: svc.document(true)}, nil
}

func (svc *ecsService) createdAgain(in *ecs.CreateServiceInput) (*ecs.CreateServiceOutput, error) {
	switch {
	case svc.status() == serviceDraining:
		return nil, invalidParameter("Unable to Start a service that is still Draining.")
	case svc.token == "" || svc.token != aws.StringValue(in.ClientToken) || svc.asked != documentOf(in):
		return nil, invalidParameter("Creation of service was not idempotent.")
	}
	return &ecs.CreateServiceOutput{Service: svc.document(true)}, nil
}

// newService holds a request against ECS's rules and gives the service that it describes.
func (s *Sandbox) newService(c *ecsCluster, in *ecs.CreateServiceInput) (*ecs.Service, *taskDefinition, error) {
	if !ecsName.MatchString(aws.StringValue(in.ServiceName)) {
		return nil, nil, invalidParameter("Service name contains invalid characters.")
	}
	if in.DeploymentController != nil && aws.StringValue(in.DeploymentController.Type) != ecs.DeploymentControllerTypeEcs {
		return nil, nil, refuse(ecs.ErrCodeUnsupportedFeatureException, "The sandbox knows only the rolling deployment controller ECS.")
	}
	definition, err := s.launchable(in.TaskDefinition)
	if err != nil {
		return nil, nil, err
	}
	doc := &ecs.Service{
		ServiceName: in.ServiceName, ServiceArn: aws.String(s.arn("ecs", "service/"+c.name+"/"+*in.ServiceName)), ClusterArn: aws.String(c.arn),
		Status: aws.String(serviceActive), DesiredCount: in.DesiredCount, TaskDefinition: aws.String(definition.arn()),
		LaunchType: in.LaunchType, CapacityProviderStrategy: cloneList(in.CapacityProviderStrategy), PlatformVersion: in.PlatformVersion,
		DeploymentConfiguration: completeDeploymentConfiguration(in.DeploymentConfiguration),
		DeploymentController:    clone(in.DeploymentController),
		NetworkConfiguration:    clone(in.NetworkConfiguration),
		LoadBalancers:           cloneList(in.LoadBalancers), ServiceRegistries: cloneList(in.ServiceRegistries),
		HealthCheckGracePeriodSeconds: in.HealthCheckGracePeriodSeconds,
		PlacementConstraints:          cloneList(in.PlacementConstraints), PlacementStrategy: cloneList(in.PlacementStrategy),
		SchedulingStrategy: in.SchedulingStrategy, PropagateTags: in.PropagateTags,
		EnableECSManagedTags: aws.Bool(aws.BoolValue(in.EnableECSManagedTags)), EnableExecuteCommand: aws.Bool(aws.BoolValue(in.EnableExecuteCommand)),
		CreatedBy: aws.String(s.user()),
		RoleArn:   aws.String(s.globalARN("iam", "role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")),
	}
	completeService(doc)
	if aws.StringValue(doc.SchedulingStrategy) == ecs.SchedulingStrategyReplica && doc.DesiredCount == nil {
		return nil, nil, invalidParameter("Desired count must be specified for the REPLICA scheduling strategy.")
	}
	if err := s.checkService(c, doc, definition); err != nil {
		return nil, nil, err
	}
	return doc, definition, nil
}

// completeService fills in what ECS answers for what was not asked.
func completeService(doc *ecs.Service) {
	if doc.DeploymentController == nil {
		doc.DeploymentController = &ecs.DeploymentController{Type: aws.String(ecs.DeploymentControllerTypeEcs)}
	}
	if doc.SchedulingStrategy == nil {
		doc.SchedulingStrategy = aws.String(ecs.SchedulingStrategyReplica)
	}
	if doc.PropagateTags == nil {
		doc.PropagateTags = aws.String(ecs.PropagateTagsNone)
	}
	if doc.LoadBalancers == nil {
		doc.LoadBalancers = []*ecs.LoadBalancer{}
	}
	if doc.ServiceRegistries == nil {
		doc.ServiceRegistries = []*ecs.ServiceRegistry{}
	}
	if doc.PlacementConstraints == nil {
		doc.PlacementConstraints = []*ecs.PlacementConstraint{}
	}
	if doc.PlacementStrategy == nil {
		doc.PlacementStrategy = []*ecs.PlacementStrategy{}
	}
	if net := doc.NetworkConfiguration; net != nil && net.AwsvpcConfiguration != nil {
		if net.AwsvpcConfiguration.AssignPublicIp == nil {
			net.AwsvpcConfiguration.AssignPublicIp = aws.String(ecs.AssignPublicIpDisabled)
		}
		if net.AwsvpcConfiguration.SecurityGroups == nil {
			net.AwsvpcConfiguration.SecurityGroups = []*string{}
		}
	}
}

func completeDeploymentConfiguration(in *ecs.DeploymentConfiguration) *ecs.DeploymentConfiguration {
	doc := clone(in)
	if doc == nil {
		doc = &ecs.DeploymentConfiguration{}
	}
	if doc.DeploymentCircuitBreaker == nil {
		doc.DeploymentCircuitBreaker = &ecs.DeploymentCircuitBreaker{Enable: aws.Bool(false), Rollback: aws.Bool(false)}
	}
	if doc.MaximumPercent == nil {
		doc.MaximumPercent = aws.Int64(200)
	}
	if doc.MinimumHealthyPercent == nil {
		doc.MinimumHealthyPercent = aws.Int64(100)
	}
	return doc
}

// checkService holds a service, new or about to be changed, against its definition and its cluster.
func (s *Sandbox) checkService(c *ecsCluster, doc *ecs.Service, definition *taskDefinition) error {
	if aws.Int64Value(doc.DesiredCount) < 0 {
		return invalidParameter("The desired count must not be negative.")
	}
	placed, err := placementOf(c, doc.LaunchType, doc.CapacityProviderStrategy, doc.PlatformVersion, definition)
	if err != nil {
		return err
	}
	doc.LaunchType, doc.CapacityProviderStrategy, doc.PlatformVersion, doc.PlatformFamily = placed.launchType, placed.strategy, placed.platformVersion, placed.platformFamily
	if err := checkNetwork(definition, doc.NetworkConfiguration); err != nil {
		return err
	}
	for _, lb := range doc.LoadBalancers {
		if err := checkBalancedContainer(definition, lb); err != nil {
			return err
		}
	}
	if len(doc.ServiceRegistries) > 1 {
		return invalidParameter("Service registries can have at most 1 items.")
	}
	for _, registry := range doc.ServiceRegistries {
		// The text is the sandbox's own: what AWS writes has not been seen.
		if !s.discovery.hasService(afterSlash(aws.StringValue(registry.RegistryArn))) {
			return invalidParameter("The service registry %s does not exist.", aws.StringValue(registry.RegistryArn))
		}
	}
	return nil
}

func checkBalancedContainer(definition *taskDefinition, lb *ecs.LoadBalancer) error {
	container := definition.container(aws.StringValue(lb.ContainerName))
	if container == nil {
		return invalidParameter("The container %s does not exist in the task definition.", aws.StringValue(lb.ContainerName))
	}
	for _, port := range container.PortMappings {
		if aws.Int64Value(port.ContainerPort) == aws.Int64Value(lb.ContainerPort) {
			return nil
		}
	}
	return invalidParameter(
		"The container %s did not have a container port %d defined.",
		aws.StringValue(lb.ContainerName),
		aws.Int64Value(lb.ContainerPort),
	)
}

// service finds a service by name or ARN, in whatever status.
func (s *Sandbox) service(cluster, ref *string) (*ecsService, error) {
	c, err := s.activeCluster(cluster)
	if err != nil {
		return nil, err
	}
	svc := c.services[afterSlash(aws.StringValue(ref))]
	if svc == nil {
		return nil, refuse(ecs.ErrCodeServiceNotFoundException, "Service not found.")
	}
	return svc, nil
}

// ecsDeleteService lets the service drain. Asked again it answers the same.
func (s *Sandbox) ecsDeleteService(r *request, in *ecs.DeleteServiceInput) (*ecs.DeleteServiceOutput, error) {
	svc, err := s.service(in.Cluster, in.Service)
	if err != nil {
		return nil, err
	}
	if svc.status() != serviceActive {
		return &ecs.DeleteServiceOutput{Service: svc.document(false)}, nil
	}
	if !aws.BoolValue(in.Force) {
		if svc.desired() > 0 {
			return nil, invalidParameter("The service cannot be stopped while it is scaled above 0.")
		}
		if len(svc.deployments) > 1 {
			return nil, invalidParameter("The service cannot be stopped while deployments are active.")
		}
	}
	s.drain(svc, r.now)
	return &ecs.DeleteServiceOutput{Service: svc.document(false)}, nil
}

// ecsDescribeServices answers 200 for services that are not there, with a failure for each.
func (s *Sandbox) ecsDescribeServices(_ *request, in *ecs.DescribeServicesInput) (*ecs.DescribeServicesOutput, error) {
	c, err := s.activeCluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if len(in.Services) > 10 {
		return nil, invalidParameter("service names can have at most 10 items.")
	}
	if len(in.Services) == 0 {
		return nil, invalidParameter("Services cannot be empty.")
	}
	out := &ecs.DescribeServicesOutput{Services: []*ecs.Service{}, Failures: []*ecs.Failure{}}
	tags := slices.Contains(aws.StringValueSlice(in.Include), ecs.ServiceFieldTags)
	for _, ref := range aws.StringValueSlice(in.Services) {
		if svc := c.services[afterSlash(ref)]; svc != nil {
			out.Services = append(out.Services, svc.document(tags))
			continue
		}
		out.Failures = append(out.Failures, missing(s.arn("ecs", "service/"+c.name+"/"+afterSlash(ref))))
	}
	return out, nil
}

// ecsListServices hides what drains. A page holds ten unless more are asked for.
func (s *Sandbox) ecsListServices(_ *request, in *ecs.ListServicesInput) (*ecs.ListServicesOutput, error) {
	c, err := s.activeCluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	arns := []string{}
	for _, svc := range c.services {
		fits := (in.LaunchType == nil || aws.StringValue(svc.doc.LaunchType) == *in.LaunchType) &&
			(in.SchedulingStrategy == nil || aws.StringValue(svc.doc.SchedulingStrategy) == *in.SchedulingStrategy)
		if svc.status() == serviceActive && fits {
			arns = append(arns, svc.arn())
		}
	}
	p := paging{
		scope: strings.Join([]string{"ListServices", c.arn, aws.StringValue(in.LaunchType), aws.StringValue(in.SchedulingStrategy)}, " "),
		token: in.NextToken, max: in.MaxResults, size: 10, most: 100,
	}
	shown, next, err := page(p, arns, itself)
	if err != nil {
		return nil, err
	}
	return &ecs.ListServicesOutput{ServiceArns: aws.StringSlice(shown), NextToken: next}, nil
}
