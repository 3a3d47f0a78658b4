package orchestration

import (
	"ecs-api/common"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
)

// What follows are the rules that need to know what stands. They are asked for in the look, and so before anything is changed.

// fitsCluster gives Invalid unless the service can run in the cluster that stands, or in the one that is to be made, if there is none.
func (in *CreateServiceInput) fitsCluster(standing *awsecs.Cluster) error {
	const pointer = "/service/CapacityProviderStrategy"
	var v violations
	if standing != nil {
		v.providersOf(pointer, in.Service.CapacityProviderStrategy, standing.CapacityProviders)
		return common.InvalidInput(v)
	}
	made := buildCluster(in.Cluster, in.clusterName(), nil)
	v.providersOf(pointer, in.Service.CapacityProviderStrategy, made.CapacityProviders)
	placed := in.Service.LaunchType != nil || len(in.Service.CapacityProviderStrategy) > 0 || len(made.DefaultCapacityProviderStrategy) > 0
	v.check(placed, pointer, "is required, or a launch type: the cluster has no default strategy")
	return common.InvalidInput(v)
}

// fitsCluster gives Invalid unless the strategy that a service is moved to names capacity providers of its cluster.
func (in *UpdateServiceInput) fitsCluster(standing *awsecs.Cluster) error {
	var v violations
	if in.Service != nil {
		v.providersOf("/Service/CapacityProviderStrategy", in.Service.CapacityProviderStrategy, standing.CapacityProviders)
	}
	return common.InvalidInput(v)
}

// fitsDefinition gives Invalid unless the service goes with the definition that it names.
func (in *CreateServiceInput) fitsDefinition(definition *awsecs.TaskDefinition) error {
	var v violations
	v.definitionOf("/service", in.Service, byName(definition.ContainerDefinitions), definition.Volumes, in.records())
	return common.InvalidInput(v)
}

// fitsRegistry gives Invalid unless the service goes with the registry that it names.
func (in *CreateServiceInput) fitsRegistry(registry *awsdiscovery.Service) error {
	var v violations
	if registry.DnsConfig != nil {
		v.serviceRegistries("/service/ServiceRegistries", in.Service.ServiceRegistries, nil, registry.DnsConfig.DnsRecords)
	}
	return common.InvalidInput(v)
}

// fitsNamespace gives Invalid unless the registry can be made in the namespace. (API reference of Cloud Map's CreateService.)
func fitsNamespace(at string, asked *awsdiscovery.CreateServiceInput, namespace *awsdiscovery.Namespace) error {
	var v violations
	kind := aws.StringValue(namespace.Type)
	v.check(asked.DnsConfig == nil || kind != awsdiscovery.NamespaceTypeHttp, at+"/DnsConfig", "the namespace has no DNS")
	v.check(
		asked.HealthCheckConfig == nil || kind != awsdiscovery.NamespaceTypeDnsPrivate,
		at+"/HealthCheckConfig",
		"Route 53 cannot check health in a private namespace",
	)
	return common.InvalidInput(v)
}
