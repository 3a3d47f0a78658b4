package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/servicediscovery"
)

type namespace struct {
	id, arn, name, order string
	kind, description    string
	zone                 string // the hosted zone; empty unless it is a DNS namespace
	creator              string
	created              time.Time
	tags                 map[string]string // nil: never tagged
}

func (s *Sandbox) addNamespace(n *namespace) {
	n.arn, n.order = s.arn("servicediscovery", "namespace/"+n.id), s.discovery.order()
	s.discovery.namespaces[n.id] = n
}

func (st *discoveryState) namespace(id string) (*namespace, error) {
	if found := st.namespaces[id]; found != nil {
		return found, nil
	}
	return nil, refuse(servicediscovery.ErrCodeNamespaceNotFound, "The namespace %s could not be found.", id)
}

func (s *Sandbox) createPrivateDNSNamespace(
	r *request,
	in *servicediscovery.CreatePrivateDnsNamespaceInput,
) (*servicediscovery.CreatePrivateDnsNamespaceOutput, error) {
	operation, err := s.createNamespace(r, &namespace{
		name: *in.Name, kind: servicediscovery.NamespaceTypeDnsPrivate, zone: "Z" + s.newName(20, upperAlphanumeric),
		description: aws.StringValue(in.Description), tags: tagMap(nil, in.Tags, discoveryTag),
	}, in.CreatorRequestId)
	return &servicediscovery.CreatePrivateDnsNamespaceOutput{OperationId: operation}, err
}

func (s *Sandbox) createHTTPNamespace(r *request, in *servicediscovery.CreateHttpNamespaceInput) (*servicediscovery.CreateHttpNamespaceOutput, error) {
	operation, err := s.createNamespace(r, &namespace{
		name: *in.Name, kind: servicediscovery.NamespaceTypeHttp,
		description: aws.StringValue(in.Description), tags: tagMap(nil, in.Tags, discoveryTag),
	}, in.CreatorRequestId)
	return &servicediscovery.CreateHttpNamespaceOutput{OperationId: operation}, err
}

// createNamespace begins; the namespace is there when the operation has succeeded.
func (s *Sandbox) createNamespace(r *request, n *namespace, token *string) (*string, error) {
	if n.name == "" || len(n.name) > 1024 {
		return nil, refuse(servicediscovery.ErrCodeInvalidInput, "The namespace name must have 1 to 1024 characters.")
	}
	if len(n.tags) > 50 {
		return nil, discoveryTooManyTags(n.name)
	}
	for _, old := range s.discovery.namespaces {
		if strings.EqualFold(old.name, n.name) && old.kind == n.kind {
			return nil, refuse(servicediscovery.ErrCodeNamespaceAlreadyExists, "The namespace %s already exists.", n.name).
				with("NamespaceId", old.id).with("CreatorRequestId", old.creator)
		}
	}
	key := n.kind + " " + strings.ToLower(n.name)
	if under := s.discovery.creating[key]; under != nil {
		return under.duplicate(token)
	}
	n.id, n.creator, n.created = "ns-"+s.newName(16, lowerAlphanumeric), aws.StringValue(token), r.now
	operation := s.begin(r, servicediscovery.OperationTypeCreateNamespace, servicediscovery.OperationTargetTypeNamespace, n.id, func(time.Time) {
		delete(s.discovery.creating, key)
		s.addNamespace(n)
	})
	s.discovery.creating[key] = &creation{operation, n.creator}
	return &operation, nil
}

func (s *Sandbox) deleteNamespace(r *request, in *servicediscovery.DeleteNamespaceInput) (*servicediscovery.DeleteNamespaceOutput, error) {
	n, err := s.discovery.namespace(*in.Id)
	if err != nil {
		return nil, err
	}
	if s.discovery.serviceCount(n.id) > 0 {
		return nil, refuse(servicediscovery.ErrCodeResourceInUse, "The namespace contains services; delete the services before deleting the namespace.")
	}
	operation := s.begin(r, servicediscovery.OperationTypeDeleteNamespace, servicediscovery.OperationTargetTypeNamespace, n.id, func(time.Time) {
		if s.discovery.serviceCount(n.id) == 0 {
			delete(s.discovery.namespaces, n.id)
		}
	})
	return &servicediscovery.DeleteNamespaceOutput{OperationId: &operation}, nil
}

func (st *discoveryState) serviceCount(namespaceID string) (count int64) {
	for _, x := range st.services {
		if x.namespace == namespaceID {
			count++
		}
	}
	return count
}

func (n *namespace) properties() *servicediscovery.NamespaceProperties {
	properties := &servicediscovery.NamespaceProperties{HttpProperties: &servicediscovery.HttpProperties{HttpName: &n.name}}
	if n.zone != "" {
		properties.DnsProperties = &servicediscovery.DnsProperties{HostedZoneId: &n.zone, SOA: &servicediscovery.SOA{TTL: aws.Int64(15)}}
	}
	return properties
}

func (s *Sandbox) getNamespace(_ *request, in *servicediscovery.GetNamespaceInput) (*servicediscovery.GetNamespaceOutput, error) {
	n, err := s.discovery.namespace(*in.Id)
	if err != nil {
		return nil, err
	}
	return &servicediscovery.GetNamespaceOutput{Namespace: &servicediscovery.Namespace{
		Id: &n.id, Arn: &n.arn, Name: &n.name, Type: &n.kind, Description: unlessEmpty(n.description), CreateDate: aws.Time(n.created),
		CreatorRequestId: unlessEmpty(n.creator), Properties: n.properties(), ServiceCount: aws.Int64(s.discovery.serviceCount(n.id)),
	}}, nil
}

func (s *Sandbox) listNamespaces(_ *request, in *servicediscovery.ListNamespacesInput) (*servicediscovery.ListNamespacesOutput, error) {
	var found []*namespace
	for _, n := range s.discovery.namespaces {
		if !slices.ContainsFunc(in.Filters, func(f *servicediscovery.NamespaceFilter) bool { return !n.matches(f) }) {
			found = append(found, n)
		}
	}
	found, next, err := page(paging{
		scope: fmt.Sprint(
			"ListNamespaces ",
			in.Filters,
		), token: in.NextToken, max: in.MaxResults, size: 100, most: 100, code: servicediscovery.ErrCodeInvalidInput,
	}, found, func(n *namespace) string { return n.order })
	out := &servicediscovery.ListNamespacesOutput{NextToken: next}
	for _, n := range found {
		out.Namespaces = append(out.Namespaces, &servicediscovery.NamespaceSummary{
			Id: &n.id, Arn: &n.arn, Name: &n.name, Type: &n.kind, Description: unlessEmpty(n.description), CreateDate: aws.Time(n.created),
			Properties: n.properties(), ServiceCount: aws.Int64(s.discovery.serviceCount(n.id)),
		})
	}
	return out, err
}

func (n *namespace) matches(f *servicediscovery.NamespaceFilter) bool {
	text := n.name // NAME and HTTP_NAME
	if aws.StringValue(f.Name) == servicediscovery.NamespaceFilterNameType {
		text = n.kind
	}
	return conditionHolds(f.Condition, f.Values, text)
}

// conditionHolds compares in the way that Cloud Map's filters name; EQ when they name none.
func conditionHolds(condition *string, values []*string, text string) bool {
	return slices.ContainsFunc(values, func(v *string) bool {
		if aws.StringValue(condition) == servicediscovery.FilterConditionBeginsWith {
			return strings.HasPrefix(text, aws.StringValue(v))
		}
		return text == aws.StringValue(v)
	})
}
