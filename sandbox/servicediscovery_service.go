package sandbox

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/servicediscovery"
)

// registry is a Cloud Map service, which ECS calls a service registry. Its structs are replaced, never changed: an answer may still hold
// them.
type registry struct {
	id, arn, name, order string
	namespace            string
	kind, description    string
	creator              string
	created              time.Time
	dns                  *servicediscovery.DnsConfig
	health               *servicediscovery.HealthCheckConfig
	customHealth         *servicediscovery.HealthCheckCustomConfig
	tags                 map[string]string // nil: never tagged
	instances            map[string]*instance
	revision             int64 // counts registrations and deregistrations
}

func (s *Sandbox) registerDiscoveryServices() {
	register(s, "servicediscovery", "CreateService", true, s.createRegistry)
	register(s, "servicediscovery", "GetService", false, s.getRegistry)
	register(s, "servicediscovery", "ListServices", false, s.listRegistries)
	register(s, "servicediscovery", "UpdateService", true, s.updateRegistry)
	register(s, "servicediscovery", "DeleteService", true, s.deleteRegistry)
}

// service finds a service by id or ARN.
func (st *discoveryState) service(idOrARN string) (*registry, error) {
	if found := st.services[idOrARN[strings.LastIndex(idOrARN, "/")+1:]]; found != nil && (found.id == idOrARN || found.arn == idOrARN) {
		return found, nil
	}
	return nil, refuse(servicediscovery.ErrCodeServiceNotFound, "The service %s could not be found.", idOrARN)
}

func (st *discoveryState) hasService(idOrARN string) bool {
	_, err := st.service(idOrARN)
	return err == nil
}

func (s *Sandbox) createRegistry(r *request, in *servicediscovery.CreateServiceInput) (*servicediscovery.CreateServiceOutput, error) {
	namespaceID := aws.StringValue(in.NamespaceId)
	if namespaceID == "" && in.DnsConfig != nil {
		namespaceID = aws.StringValue(in.DnsConfig.NamespaceId)
	}
	if namespaceID == "" {
		return nil, refuse(servicediscovery.ErrCodeInvalidInput, "A namespace id is required.")
	}
	n, err := s.discovery.namespace(namespaceID)
	if err != nil {
		return nil, err
	}
	if err := validRegistry(in, n); err != nil {
		return nil, err
	}
	made := &registry{
		name: *in.Name, namespace: n.id, kind: registryKind(in), description: aws.StringValue(in.Description), creator: aws.StringValue(in.CreatorRequestId),
		created: r.now, dns: completeDNS(in.DnsConfig, n.id), health: in.HealthCheckConfig, customHealth: in.HealthCheckCustomConfig,
		tags: tagMap(nil, in.Tags, discoveryTag), instances: map[string]*instance{},
	}
	if len(made.tags) > 50 {
		return nil, discoveryTooManyTags(made.name)
	}
	for _, old := range s.discovery.services {
		if old.namespace == n.id && strings.EqualFold(old.name, made.name) {
			return old.createdAgain(made)
		}
	}
	made.id, made.order = "srv-"+s.newName(16, lowerAlphanumeric), s.discovery.order()
	made.arn = s.arn("servicediscovery", "service/"+made.id)
	s.discovery.services[made.id] = made
	return &servicediscovery.CreateServiceOutput{Service: made.describe()}, nil
}

// createdAgain: the same request, heard twice, is answered the same; any other learns whose the name is.
func (x *registry) createdAgain(made *registry) (*servicediscovery.CreateServiceOutput, error) {
	same := made.creator != "" && made.creator == x.creator && made.kind == x.kind && made.description == x.description &&
		reflect.DeepEqual(made.dns, x.dns) && reflect.DeepEqual(made.health, x.health) && reflect.DeepEqual(made.customHealth, x.customHealth)
	if same {
		return &servicediscovery.CreateServiceOutput{Service: x.describe()}, nil
	}
	return nil, refuse(servicediscovery.ErrCodeServiceAlreadyExists, "Service already exists.").with("ServiceId", x.id).with("CreatorRequestId", x.creator)
}

func validRegistry(in *servicediscovery.CreateServiceInput, n *namespace) error {
	switch {
	case *in.Name == "" || len(*in.Name) > 127 || strings.ContainsAny(*in.Name, " \t/"):
		return refuse(servicediscovery.ErrCodeInvalidInput, "The service name %q is invalid.", *in.Name)
	case in.DnsConfig != nil && n.kind == servicediscovery.NamespaceTypeHttp:
		return refuse(servicediscovery.ErrCodeInvalidInput, "DnsConfig can't be specified for a service in an HTTP namespace.")
	case in.HealthCheckConfig != nil && in.HealthCheckCustomConfig != nil:
		return refuse(servicediscovery.ErrCodeInvalidInput, "HealthCheckConfig and HealthCheckCustomConfig can't both be specified.")
	case in.HealthCheckConfig != nil && n.kind == servicediscovery.NamespaceTypeDnsPrivate:
		return refuse(servicediscovery.ErrCodeInvalidInput, "HealthCheckConfig can't be specified for a service in a private DNS namespace.")
	case in.DnsConfig != nil:
		return validRecords(in.DnsConfig)
	}
	return nil
}

func validRecords(dns *servicediscovery.DnsConfig) error {
	if len(dns.DnsRecords) == 0 {
		return refuse(servicediscovery.ErrCodeInvalidInput, "DnsRecords must not be empty.")
	}
	for _, record := range dns.DnsRecords {
		if !slices.Contains(servicediscovery.RecordType_Values(), *record.Type) || *record.TTL < 0 {
			return refuse(servicediscovery.ErrCodeInvalidInput, "The DNS record %s with TTL %d is invalid.", *record.Type, *record.TTL)
		}
		// A CNAME has one target: it cannot be answered with many.
		if *record.Type == servicediscovery.RecordTypeCname && aws.StringValue(dns.RoutingPolicy) != servicediscovery.RoutingPolicyWeighted {
			return refuse(servicediscovery.ErrCodeInvalidInput, "A CNAME record needs the routing policy WEIGHTED.")
		}
	}
	return nil
}

// registryKind tells how the service can be asked for: over DNS and the API, or over the API alone.
func registryKind(in *servicediscovery.CreateServiceInput) string {
	if in.DnsConfig == nil {
		return servicediscovery.ServiceTypeHttp
	}
	return servicediscovery.ServiceTypeDnsHttp
}

func completeDNS(dns *servicediscovery.DnsConfig, namespaceID string) *servicediscovery.DnsConfig {
	if dns == nil {
		return nil
	}
	complete := *dns
	complete.NamespaceId = &namespaceID
	if complete.RoutingPolicy == nil {
		complete.RoutingPolicy = aws.String(servicediscovery.RoutingPolicyMultivalue)
	}
	return &complete
}

func (x *registry) describe() *servicediscovery.Service {
	return &servicediscovery.Service{
		Id: &x.id, Arn: &x.arn, Name: &x.name, NamespaceId: &x.namespace, Type: &x.kind, Description: unlessEmpty(x.description),
		CreatorRequestId: unlessEmpty(x.creator), CreateDate: aws.Time(x.created), InstanceCount: aws.Int64(int64(len(x.instances))),
		DnsConfig: x.dns, HealthCheckConfig: x.health, HealthCheckCustomConfig: x.customHealth,
	}
}

func (s *Sandbox) getRegistry(_ *request, in *servicediscovery.GetServiceInput) (*servicediscovery.GetServiceOutput, error) {
	x, err := s.discovery.service(*in.Id)
	if err != nil {
		return nil, err
	}
	return &servicediscovery.GetServiceOutput{Service: x.describe()}, nil
}

// listRegistries filters after paging, as Cloud Map does: a page may hold less than it could, or nothing, and still not be the last.
func (s *Sandbox) listRegistries(_ *request, in *servicediscovery.ListServicesInput) (*servicediscovery.ListServicesOutput, error) {
	var all []*registry
	for _, x := range s.discovery.services {
		all = append(all, x)
	}
	shown, next, err := page(paging{
		scope: fmt.Sprint(
			"ListServices ",
			in.Filters,
		), token: in.NextToken, max: in.MaxResults, size: 100, most: 100, code: servicediscovery.ErrCodeInvalidInput,
	}, all, func(x *registry) string { return x.order })
	out := &servicediscovery.ListServicesOutput{NextToken: next, Services: []*servicediscovery.ServiceSummary{}}
	for _, x := range shown {
		if slices.ContainsFunc(in.Filters, func(f *servicediscovery.ServiceFilter) bool {
			return !conditionHolds(f.Condition, f.Values, x.namespace)
		}) {
			continue
		}
		out.Services = append(out.Services, &servicediscovery.ServiceSummary{
			Id: &x.id, Arn: &x.arn, Name: &x.name, Type: &x.kind, Description: unlessEmpty(x.description), CreateDate: aws.Time(x.created),
			InstanceCount: aws.Int64(int64(len(x.instances))), DnsConfig: x.dns, HealthCheckConfig: x.health, HealthCheckCustomConfig: x.customHealth,
		})
	}
	return out, err
}

// updateRegistry replaces what is given. Records can only change their TTL: to be rid of one, the service has to be made anew.
func (s *Sandbox) updateRegistry(r *request, in *servicediscovery.UpdateServiceInput) (*servicediscovery.UpdateServiceOutput, error) {
	x, err := s.discovery.service(*in.Id)
	if err != nil {
		return nil, err
	}
	change := in.Service
	if change.DnsConfig != nil && x.dns == nil {
		return nil, refuse(servicediscovery.ErrCodeInvalidInput, "The service has no DNS configuration to update.")
	}
	if change.DnsConfig != nil {
		dns := *x.dns
		dns.DnsRecords = change.DnsConfig.DnsRecords
		if err := validRecords(&dns); err != nil {
			return nil, err
		}
		x.dns = &dns
	}
	if change.Description != nil {
		x.description = *change.Description
	}
	if change.HealthCheckConfig != nil {
		x.health = change.HealthCheckConfig
	}
	operation := s.begin(r, servicediscovery.OperationTypeUpdateService, servicediscovery.OperationTargetTypeService, x.id, func(time.Time) {})
	return &servicediscovery.UpdateServiceOutput{OperationId: &operation}, nil
}

func (s *Sandbox) deleteRegistry(_ *request, in *servicediscovery.DeleteServiceInput) (*servicediscovery.DeleteServiceOutput, error) {
	x, err := s.discovery.service(*in.Id)
	if err != nil {
		return nil, err
	}
	if len(x.instances) > 0 {
		return nil, refuse(
			servicediscovery.ErrCodeResourceInUse,
			"Service contains registered instances; delete the instances before deleting the service",
		)
	}
	delete(s.discovery.services, x.id)
	return &servicediscovery.DeleteServiceOutput{}, nil
}
