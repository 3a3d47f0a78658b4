package sandbox

import (
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/ecs"
)

// ecsUpdateService changes what is given and leaves the rest; an empty list is given, and empties.
func (s *Sandbox) ecsUpdateService(r *request, in *ecs.UpdateServiceInput) (*ecs.UpdateServiceOutput, error) {
	svc, err := s.service(in.Cluster, in.Service)
	if err != nil {
		return nil, err
	}
	if svc.status() != serviceActive {
		return nil, refuse(ecs.ErrCodeServiceNotActiveException, "Service was not ACTIVE.")
	}
	definition := svc.deployments[0].definition
	if in.TaskDefinition != nil {
		if definition, err = s.launchable(in.TaskDefinition); err != nil {
			return nil, err
		}
	}
	doc := clone(svc.doc)
	doc.TaskDefinition = aws.String(definition.arn())
	if err := applyUpdate(doc, in); err != nil {
		return nil, err
	}
	completeService(doc)
	if err := s.checkService(svc.cluster, doc, definition); err != nil {
		return nil, err
	}
	s.applyService(svc, doc, definition, in, r.now)
	return &ecs.UpdateServiceOutput{Service: svc.document(false)}, nil
}

// applyUpdate writes what the request gives into a copy of the service.
func applyUpdate(doc *ecs.Service, in *ecs.UpdateServiceInput) error {
	if in.CapacityProviderStrategy != nil && !sameStrategy(doc.CapacityProviderStrategy, in.CapacityProviderStrategy) {
		if !aws.BoolValue(in.ForceNewDeployment) {
			// The text is the sandbox's own: what AWS writes has not been seen.
			return invalidParameter("The capacity provider strategy of a service can only be changed together with forceNewDeployment.")
		}
		doc.LaunchType, doc.CapacityProviderStrategy = nil, cloneList(in.CapacityProviderStrategy)
	}
	replace(&doc.DesiredCount, in.DesiredCount)
	replace(&doc.PlatformVersion, in.PlatformVersion)
	replace(&doc.NetworkConfiguration, clone(in.NetworkConfiguration))
	replace(&doc.HealthCheckGracePeriodSeconds, in.HealthCheckGracePeriodSeconds)
	replace(&doc.EnableExecuteCommand, in.EnableExecuteCommand)
	replace(&doc.EnableECSManagedTags, in.EnableECSManagedTags)
	replace(&doc.PropagateTags, in.PropagateTags)
	replaceList(&doc.LoadBalancers, in.LoadBalancers)
	replaceList(&doc.ServiceRegistries, in.ServiceRegistries)
	replaceList(&doc.PlacementConstraints, in.PlacementConstraints)
	replaceList(&doc.PlacementStrategy, in.PlacementStrategy)
	if in.DeploymentConfiguration != nil {
		mergeDeploymentConfiguration(doc.DeploymentConfiguration, in.DeploymentConfiguration)
	}
	return nil
}

// replace overwrites what was given.
func replace[T any](old **T, given *T) {
	if given != nil {
		*old = given
	}
}

// replaceList overwrites with any list but an absent one.
func replaceList[T any](old *[]*T, given []*T) {
	if given != nil {
		*old = cloneList(given)
	}
}

func mergeDeploymentConfiguration(doc, in *ecs.DeploymentConfiguration) {
	replace(&doc.MaximumPercent, in.MaximumPercent)
	replace(&doc.MinimumHealthyPercent, in.MinimumHealthyPercent)
	replace(&doc.DeploymentCircuitBreaker, clone(in.DeploymentCircuitBreaker))
	replace(&doc.Alarms, clone(in.Alarms))
}

// applyService makes the checked copy the service, and starts a deployment if what tasks are made from has changed.
func (s *Sandbox) applyService(svc *ecsService, doc *ecs.Service, definition *taskDefinition, in *ecs.UpdateServiceInput, now time.Time) {
	renewed := aws.BoolValue(in.ForceNewDeployment) || in.ServiceConnectConfiguration != nil || in.VolumeConfigurations != nil ||
		taskMould(svc.doc) != taskMould(doc)
	primary := svc.deployments[0]
	svc.doc, svc.steady = doc, svc.steady && !renewed && primary.desired() == svc.desired()
	svc.failures, svc.retryAt = 0, time.Time{}
	if !renewed {
		primary.setDesired(svc.desired(), now)
		s.reconcileSoon(svc, now)
		return
	}
	dep := s.newDeployment(svc, definition, now)
	dep.doc.ServiceConnectConfiguration = clone(primary.doc.ServiceConnectConfiguration)
	dep.doc.VolumeConfigurations = cloneList(primary.doc.VolumeConfigurations)
	replace(&dep.doc.ServiceConnectConfiguration, clone(in.ServiceConnectConfiguration))
	replaceList(&dep.doc.VolumeConfigurations, in.VolumeConfigurations)
}

// taskMould is what makes tasks differ: when it changes, a new deployment starts. The desired count is no part of it.
func taskMould(doc *ecs.Service) string {
	return documentOf(&ecs.Service{
		TaskDefinition: doc.TaskDefinition, NetworkConfiguration: doc.NetworkConfiguration, PlatformVersion: doc.PlatformVersion,
		LaunchType: doc.LaunchType, CapacityProviderStrategy: doc.CapacityProviderStrategy, LoadBalancers: doc.LoadBalancers,
		ServiceRegistries: doc.ServiceRegistries, PlacementConstraints: doc.PlacementConstraints, PlacementStrategy: doc.PlacementStrategy,
	})
}
