package sandbox

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/servicediscovery"
)

type instance struct {
	id, creator string
	attributes  map[string]string
}

func (s *Sandbox) registerDiscoveryInstances() {
	register(s, "servicediscovery", "RegisterInstance", true, s.registerDiscoveryInstance)
	register(s, "servicediscovery", "DeregisterInstance", true, s.deregisterDiscoveryInstance)
	register(s, "servicediscovery", "GetInstance", false, s.getInstance)
	register(s, "servicediscovery", "ListInstances", false, s.listInstances)
	register(s, "servicediscovery", "DiscoverInstances", false, s.discoverInstances)
}

// registerInstance is an upsert, and is seen at once. A service that is gone is ignored.
func (st *discoveryState) registerInstance(serviceID, instanceID string, attributes map[string]string) {
	if x, err := st.service(serviceID); err == nil {
		x.instances[instanceID] = &instance{id: instanceID, attributes: maps.Clone(attributes)}
		x.revision++
	}
}

// deregisterInstance takes an instance out at once; one that is not there is ignored.
func (st *discoveryState) deregisterInstance(serviceID, instanceID string) {
	x, err := st.service(serviceID)
	if err != nil || x.instances[instanceID] == nil {
		return
	}
	delete(x.instances, instanceID)
	x.revision++
}

func (x *registry) attributes() map[string]map[string]string {
	all := map[string]map[string]string{}
	for id, i := range x.instances {
		all[id] = maps.Clone(i.attributes)
	}
	return all
}

func (x *registry) instance(id string) (*instance, error) {
	if found := x.instances[id]; found != nil {
		return found, nil
	}
	return nil, refuse(servicediscovery.ErrCodeInstanceNotFound, "The instance %s could not be found.", id)
}

// registerDiscoveryInstance is seen at once, but the instance is taken: until the operation has ended, nothing else may be done with it.
func (s *Sandbox) registerDiscoveryInstance(r *request, in *servicediscovery.RegisterInstanceInput) (*servicediscovery.RegisterInstanceOutput, error) {
	x, err := s.discovery.service(*in.ServiceId)
	if err != nil {
		return nil, err
	}
	attributes := aws.StringValueMap(in.Attributes)
	if err := x.accepts(attributes); err != nil {
		return nil, err
	}
	key := x.id + " " + *in.InstanceId
	if under := s.discovery.busy[key]; under != nil {
		operation, err := under.duplicate(in.CreatorRequestId)
		return &servicediscovery.RegisterInstanceOutput{OperationId: operation}, err
	}
	s.discovery.registerInstance(x.id, *in.InstanceId, attributes)
	x.instances[*in.InstanceId].creator = aws.StringValue(in.CreatorRequestId)
	operation := s.begin(r, servicediscovery.OperationTypeRegisterInstance, servicediscovery.OperationTargetTypeInstance, *in.InstanceId, func(time.Time) {
		delete(s.discovery.busy, key)
	})
	s.discovery.busy[key] = &creation{operation, aws.StringValue(in.CreatorRequestId)}
	return &servicediscovery.RegisterInstanceOutput{OperationId: &operation}, nil
}

// accepts wants for each DNS record what the record has to say.
func (x *registry) accepts(attributes map[string]string) error {
	if x.dns == nil || attributes["AWS_ALIAS_DNS_NAME"] != "" {
		return nil
	}
	needs := map[string]string{
		servicediscovery.RecordTypeA: "AWS_INSTANCE_IPV4", servicediscovery.RecordTypeAaaa: "AWS_INSTANCE_IPV6",
		servicediscovery.RecordTypeSrv: "AWS_INSTANCE_PORT", servicediscovery.RecordTypeCname: "AWS_INSTANCE_CNAME",
	}
	for _, record := range x.dns.DnsRecords {
		if need := needs[*record.Type]; attributes[need] == "" {
			return refuse(
				servicediscovery.ErrCodeInvalidInput,
				"The attribute %s is required for a service with a DNS record of type %s.",
				need,
				*record.Type,
			)
		}
	}
	return nil
}

// deregisterDiscoveryInstance begins: the instance is listed, and holds its service, until the operation has ended.
func (s *Sandbox) deregisterDiscoveryInstance(
	r *request,
	in *servicediscovery.DeregisterInstanceInput,
) (*servicediscovery.DeregisterInstanceOutput, error) {
	x, err := s.discovery.service(*in.ServiceId)
	if err != nil {
		return nil, err
	}
	i, err := x.instance(*in.InstanceId)
	if err != nil {
		return nil, err
	}
	key := x.id + " " + i.id
	if under := s.discovery.busy[key]; under != nil {
		_, err := under.duplicate(nil)
		return nil, err
	}
	operation := s.begin(r, servicediscovery.OperationTypeDeregisterInstance, servicediscovery.OperationTargetTypeInstance, i.id, func(time.Time) {
		delete(s.discovery.busy, key)
		s.discovery.deregisterInstance(x.id, i.id)
	})
	s.discovery.busy[key] = &creation{operation: operation}
	return &servicediscovery.DeregisterInstanceOutput{OperationId: &operation}, nil
}

func (s *Sandbox) getInstance(_ *request, in *servicediscovery.GetInstanceInput) (*servicediscovery.GetInstanceOutput, error) {
	x, err := s.discovery.service(*in.ServiceId)
	if err != nil {
		return nil, err
	}
	i, err := x.instance(*in.InstanceId)
	if err != nil {
		return nil, err
	}
	return &servicediscovery.GetInstanceOutput{Instance: &servicediscovery.Instance{
		Id: &i.id, CreatorRequestId: unlessEmpty(i.creator), Attributes: aws.StringMap(i.attributes),
	}}, nil
}

func (s *Sandbox) listInstances(_ *request, in *servicediscovery.ListInstancesInput) (*servicediscovery.ListInstancesOutput, error) {
	x, err := s.discovery.service(*in.ServiceId)
	if err != nil {
		return nil, err
	}
	instances, next, err := page(paging{
		scope: "ListInstances " + x.id, token: in.NextToken, max: in.MaxResults, size: 100, most: 100, code: servicediscovery.ErrCodeInvalidInput,
	}, slices.Collect(maps.Values(x.instances)), func(i *instance) string { return i.id })
	out := &servicediscovery.ListInstancesOutput{NextToken: next, Instances: []*servicediscovery.InstanceSummary{}}
	for _, i := range instances {
		out.Instances = append(out.Instances, &servicediscovery.InstanceSummary{Id: &i.id, Attributes: aws.StringMap(i.attributes)})
	}
	return out, err
}

// discoverInstances is what a client asks at run time: by names, and only what is healthy unless nothing is.
func (s *Sandbox) discoverInstances(_ *request, in *servicediscovery.DiscoverInstancesInput) (*servicediscovery.DiscoverInstancesOutput, error) {
	x, err := s.discovery.byName(*in.NamespaceName, *in.ServiceName)
	if err != nil {
		return nil, err
	}
	found := slices.SortedFunc(maps.Values(x.instances), func(a, b *instance) int { return strings.Compare(a.id, b.id) })
	found = slices.DeleteFunc(found, func(i *instance) bool {
		for key, value := range in.QueryParameters {
			if i.attributes[key] != aws.StringValue(value) {
				return true
			}
		}
		return false
	})
	found = withHealth(found, aws.StringValue(in.HealthStatus))
	if most := aws.Int64Value(in.MaxResults); most > 0 && int64(len(found)) > most {
		found = found[:most]
	}
	out := &servicediscovery.DiscoverInstancesOutput{InstancesRevision: aws.Int64(x.revision), Instances: []*servicediscovery.HttpInstanceSummary{}}
	for _, i := range found {
		out.Instances = append(out.Instances, &servicediscovery.HttpInstanceSummary{
			InstanceId: &i.id, NamespaceName: in.NamespaceName, ServiceName: &x.name, HealthStatus: aws.String(i.health()), Attributes: aws.StringMap(i.attributes),
		})
	}
	return out, nil
}

func (st *discoveryState) byName(namespaceName, serviceName string) (*registry, error) {
	known := false
	for _, n := range st.namespaces {
		if n.name != namespaceName {
			continue
		}
		known = true
		for _, x := range st.services {
			if x.namespace == n.id && x.name == serviceName {
				return x, nil
			}
		}
	}
	if !known {
		return nil, refuse(servicediscovery.ErrCodeNamespaceNotFound, "The namespace %s could not be found.", namespaceName)
	}
	return nil, refuse(servicediscovery.ErrCodeServiceNotFound, "The service %s could not be found.", serviceName)
}

func (i *instance) health() string {
	if i.attributes["AWS_INIT_HEALTH_STATUS"] == servicediscovery.HealthStatusUnhealthy {
		return servicediscovery.HealthStatusUnhealthy
	}
	return servicediscovery.HealthStatusHealthy
}

func withHealth(instances []*instance, filter string) []*instance {
	having := func(status string) []*instance {
		return slices.DeleteFunc(slices.Clone(instances), func(i *instance) bool { return i.health() != status })
	}
	switch filter {
	case servicediscovery.HealthStatusFilterAll:
		return instances
	case servicediscovery.HealthStatusFilterHealthy, servicediscovery.HealthStatusFilterUnhealthy:
		return having(filter)
	}
	if healthy := having(servicediscovery.HealthStatusHealthy); len(healthy) > 0 {
		return healthy
	}
	return instances
}
