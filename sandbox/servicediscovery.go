package sandbox

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/servicediscovery"
)

// discoveryState is Cloud Map: namespaces, their services, and the operations that go on in the background.
type discoveryState struct {
	namespaces map[string]*namespace
	services   map[string]*registry
	operations map[string]*servicediscovery.Operation
	creating   map[string]*creation // by name: namespaces that are on their way
	busy       map[string]*creation // by service and instance: registrations and deregistrations that are on their way
	made       int
}

// creation is an operation under way, and the token of the request that began it.
type creation struct{ operation, token string }

func (s *Sandbox) registerServiceDiscovery() {
	s.discovery = discoveryState{
		namespaces: map[string]*namespace{}, services: map[string]*registry{}, operations: map[string]*servicediscovery.Operation{},
		creating: map[string]*creation{}, busy: map[string]*creation{},
	}
	s.addNamespace(&namespace{
		id: s.defaults.NamespaceID, name: s.defaults.NamespaceName, kind: servicediscovery.NamespaceTypeDnsPrivate, zone: "Z0SANDBOX00000000000", created: time.Now(),
	})
	register(s, "servicediscovery", "CreatePrivateDnsNamespace", true, s.createPrivateDNSNamespace)
	register(s, "servicediscovery", "CreateHttpNamespace", true, s.createHTTPNamespace)
	register(s, "servicediscovery", "GetNamespace", false, s.getNamespace)
	register(s, "servicediscovery", "ListNamespaces", false, s.listNamespaces)
	register(s, "servicediscovery", "DeleteNamespace", true, s.deleteNamespace)
	register(s, "servicediscovery", "GetOperation", false, s.getOperation)
	register(s, "servicediscovery", "TagResource", true, s.tagDiscovery)
	register(s, "servicediscovery", "UntagResource", true, s.untagDiscovery)
	register(s, "servicediscovery", "ListTagsForResource", false, s.listDiscoveryTags)
	s.registerDiscoveryServices()
	s.registerDiscoveryInstances()
}

// begin starts an operation, which ends with its effect a moment later. It answers the operation's id.
func (s *Sandbox) begin(r *request, kind, target, id string, effect func(at time.Time)) string {
	operation := s.newName(32, lowerAlphanumeric) + "-" + s.newName(8, lowerAlphanumeric)
	submitted := servicediscovery.Operation{
		Id: aws.String(operation), Type: aws.String(kind), Status: aws.String(servicediscovery.OperationStatusPending),
		Targets: map[string]*string{target: aws.String(id)}, CreateDate: aws.Time(r.now), UpdateDate: aws.Time(r.now),
	}
	s.discovery.operations[operation] = &submitted
	s.schedule(r.now.Add(s.scaled(time.Second)), func(at time.Time) {
		effect(at)
		// A copy: the one before may be on its way to somebody.
		done := submitted
		done.Status, done.UpdateDate = aws.String(servicediscovery.OperationStatusSuccess), aws.Time(at)
		s.discovery.operations[operation] = &done
	})
	return operation
}

func (s *Sandbox) getOperation(_ *request, in *servicediscovery.GetOperationInput) (*servicediscovery.GetOperationOutput, error) {
	operation := s.discovery.operations[*in.OperationId]
	if operation == nil {
		return nil, refuse(servicediscovery.ErrCodeOperationNotFound, "The operation %s could not be found.", *in.OperationId)
	}
	return &servicediscovery.GetOperationOutput{Operation: operation}, nil
}

// duplicate answers a second request while the first is under way: the same request gets the same operation, another is told which one to
// wait for.
func (c *creation) duplicate(token *string) (*string, error) {
	if token != nil && c.token == *token {
		return &c.operation, nil
	}
	return nil, refuse(
		servicediscovery.ErrCodeDuplicateRequest,
		"Another operation of the same kind is in progress.",
	).with("DuplicateOperationId", c.operation)
}

// order lists things by when they were made.
func (st *discoveryState) order() string {
	st.made++
	return fmt.Sprintf("%09d", st.made)
}

func discoveryTag(t *servicediscovery.Tag) (key, value *string) { return t.Key, t.Value }

// tagsOf finds the tags of a namespace or service by its ARN.
func (st *discoveryState) tagsOf(arn string) (*map[string]string, error) {
	id := arn[strings.LastIndex(arn, "/")+1:]
	if found := st.services[id]; found != nil && found.arn == arn {
		return &found.tags, nil
	}
	if found := st.namespaces[id]; found != nil && found.arn == arn {
		return &found.tags, nil
	}
	return nil, refuse(servicediscovery.ErrCodeResourceNotFoundException, "The resource %s could not be found.", arn)
}

func (s *Sandbox) tagDiscovery(_ *request, in *servicediscovery.TagResourceInput) (*servicediscovery.TagResourceOutput, error) {
	tags, err := s.discovery.tagsOf(*in.ResourceARN)
	if err != nil {
		return nil, err
	}
	merged := tagMap(*tags, in.Tags, discoveryTag)
	if len(merged) > 50 {
		return nil, discoveryTooManyTags(*in.ResourceARN)
	}
	*tags = merged
	return &servicediscovery.TagResourceOutput{}, nil
}

func discoveryTooManyTags(resource string) *apiError {
	return refuse(servicediscovery.ErrCodeTooManyTagsException, "The number of tags exceeds the limit of 50.").with("ResourceName", resource)
}

func (s *Sandbox) untagDiscovery(_ *request, in *servicediscovery.UntagResourceInput) (*servicediscovery.UntagResourceOutput, error) {
	tags, err := s.discovery.tagsOf(*in.ResourceARN)
	if err != nil {
		return nil, err
	}
	untag(*tags, in.TagKeys)
	return &servicediscovery.UntagResourceOutput{}, nil
}

func (s *Sandbox) listDiscoveryTags(_ *request, in *servicediscovery.ListTagsForResourceInput) (*servicediscovery.ListTagsForResourceOutput, error) {
	tags, err := s.discovery.tagsOf(*in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &servicediscovery.ListTagsForResourceOutput{Tags: sdkTags[servicediscovery.Tag](*tags)}, nil
}

func (st *discoveryState) tagged(yield func(arn, resourceType string, tags map[string]string)) {
	for _, n := range st.namespaces {
		yield(n.arn, "servicediscovery:namespace", n.tags)
	}
	for _, x := range st.services {
		yield(x.arn, "servicediscovery:service", x.tags)
	}
}

func (st *discoveryState) inventory(inv Inventory) {
	for id, n := range st.namespaces {
		inv.add("namespace", id, map[string]any{
			"arn": n.arn, "name": n.name, "type": n.kind, "description": n.description, "creator": n.creator, "tags": shownTags(n.tags),
		})
	}
	for id, x := range st.services {
		inv.add("registry", id, map[string]any{
			"arn": x.arn, "name": x.name, "namespace": x.namespace, "type": x.kind, "description": x.description, "creator": x.creator,
			"dns": x.dns, "healthCheck": x.health, "customHealthCheck": x.customHealth, "tags": shownTags(x.tags), "instances": x.attributes(),
		})
	}
}
