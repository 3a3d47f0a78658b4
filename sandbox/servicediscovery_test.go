package sandbox

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/servicediscovery"
)

func newRegistry(namespaceID, name, creator string) *servicediscovery.CreateServiceInput {
	return &servicediscovery.CreateServiceInput{
		Name: &name, CreatorRequestId: &creator,
		DnsConfig: &servicediscovery.DnsConfig{
			NamespaceId: &namespaceID, DnsRecords: []*servicediscovery.DnsRecord{{Type: aws.String("A"), TTL: aws.Int64(30)}},
		},
	}
}

func operationStatus(c *servicediscovery.ServiceDiscovery, id *string) string {
	return *must(c.GetOperation(&servicediscovery.GetOperationInput{OperationId: id})).Operation.Status
}

func TestNamespaceComesWithItsOperation(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, empty := servicediscovery.New(p), s.Inventory()
		in := &servicediscovery.CreatePrivateDnsNamespaceInput{Name: aws.String("example.local"), Vpc: aws.String("vpc-1"), CreatorRequestId: aws.String("a")}
		operation := must(c.CreatePrivateDnsNamespace(in)).OperationId
		same(t, "status", operationStatus(c, operation), "PENDING")
		same(t, "the same request's operation", *must(c.CreatePrivateDnsNamespace(in)).OperationId, *operation)
		in.CreatorRequestId = aws.String("b")
		_, err := c.CreatePrivateDnsNamespace(in)
		var duplicate *servicediscovery.DuplicateRequest
		if !errors.As(err, &duplicate) || *duplicate.DuplicateOperationId != *operation {
			t.Fatalf("got %v", err)
		}
		time.Sleep(time.Second)
		done := must(c.GetOperation(&servicediscovery.GetOperationInput{OperationId: operation})).Operation
		same(t, "status", *done.Status, "SUCCESS")
		_, err = c.CreatePrivateDnsNamespace(in)
		var exists *servicediscovery.NamespaceAlreadyExists
		if !errors.As(err, &exists) || *exists.NamespaceId != *done.Targets["NAMESPACE"] || *exists.CreatorRequestId != "a" {
			t.Fatalf("got %v", err)
		}

		service := must(c.CreateService(newRegistry(*exists.NamespaceId, "one", "x"))).Service
		_, err = c.DeleteNamespace(&servicediscovery.DeleteNamespaceInput{Id: exists.NamespaceId})
		refused(t, err, "ResourceInUse", 400)
		must(c.DeleteService(&servicediscovery.DeleteServiceInput{Id: service.Id}))
		must(c.DeleteNamespace(&servicediscovery.DeleteNamespaceInput{Id: exists.NamespaceId}))
		must(c.GetNamespace(&servicediscovery.GetNamespaceInput{Id: exists.NamespaceId}))
		time.Sleep(time.Second)
		_, err = c.GetNamespace(&servicediscovery.GetNamespaceInput{Id: exists.NamespaceId})
		refused(t, err, "NamespaceNotFound", 400)
		same(t, "what is left", Diff(empty, s.Inventory()), "")
	})
}

func TestRegistryNameIsTaken(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, namespaceID := servicediscovery.New(p), s.Defaults().NamespaceID
		_, err := c.CreateService(newRegistry("ns-unknown", "one", "a"))
		refused(t, err, "NamespaceNotFound", 400)
		in := newRegistry(namespaceID, "one", "a")
		made := must(c.CreateService(in)).Service
		same(t, "the same request's answer", *must(c.CreateService(in)).Service.Id, *made.Id)
		in.CreatorRequestId = aws.String("b")
		_, err = c.CreateService(in)
		var exists *servicediscovery.ServiceAlreadyExists
		if !errors.As(err, &exists) || *exists.ServiceId != *made.Id || *exists.CreatorRequestId != "a" {
			t.Fatalf("got %v", err)
		}
		same(t, "service", fmt.Sprint(s.discovery.hasService(*made.Id), s.discovery.hasService(*made.Arn), s.discovery.hasService("srv-x")), "true true false")
		must(c.DeleteService(&servicediscovery.DeleteServiceInput{Id: made.Id}))
		_, err = c.DeleteService(&servicediscovery.DeleteServiceInput{Id: made.Id})
		refused(t, err, "ServiceNotFound", 400)
	})
}

func TestInstancesHoldTheirService(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c := servicediscovery.New(p)
		id := must(c.CreateService(newRegistry(s.Defaults().NamespaceID, "one", "a"))).Service.Id
		in := &servicediscovery.RegisterInstanceInput{ServiceId: id, InstanceId: aws.String("i1"), Attributes: map[string]*string{}}
		_, err := c.RegisterInstance(in)
		refused(t, err, "InvalidInput", 400) // an A record needs an address
		in.Attributes["AWS_INSTANCE_IPV4"] = aws.String("10.0.0.1")
		operation := must(c.RegisterInstance(in)).OperationId
		leave := &servicediscovery.DeregisterInstanceInput{ServiceId: id, InstanceId: in.InstanceId}
		_, err = c.DeregisterInstance(leave)
		refused(t, err, "DuplicateRequest", 400)
		time.Sleep(time.Second)
		same(t, "status", operationStatus(c, operation), "SUCCESS")
		found := must(c.DiscoverInstances(&servicediscovery.DiscoverInstancesInput{NamespaceName: aws.String("sandbox.local"), ServiceName: aws.String("one")}))
		same(t, "address", *found.Instances[0].Attributes["AWS_INSTANCE_IPV4"], "10.0.0.1")

		must(c.DeregisterInstance(leave))
		_, err = c.DeleteService(&servicediscovery.DeleteServiceInput{Id: id})
		refused(t, err, "ResourceInUse", 400)
		time.Sleep(time.Second)
		_, err = c.DeregisterInstance(leave)
		refused(t, err, "InstanceNotFound", 400)
		must(c.DeleteService(&servicediscovery.DeleteServiceInput{Id: id}))
	})
}

func TestECSRegistersAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c := servicediscovery.New(p)
		id := must(c.CreateService(newRegistry(s.Defaults().NamespaceID, "one", "a"))).Service.Id
		s.discovery.registerInstance(*id, "task", map[string]string{"AWS_INSTANCE_IPV4": "10.0.0.1"})
		s.discovery.registerInstance("srv-gone", "task", nil)
		same(t, "count", *must(c.GetService(&servicediscovery.GetServiceInput{Id: id})).Service.InstanceCount, 1)
		s.discovery.deregisterInstance(*id, "task")
		s.discovery.deregisterInstance(*id, "task")
		same(t, "count", *must(c.GetService(&servicediscovery.GetServiceInput{Id: id})).Service.InstanceCount, 0)
	})
}

func TestServicesAreFilteredAfterPaging(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c := servicediscovery.New(p)
		must(c.CreateHttpNamespace(&servicediscovery.CreateHttpNamespaceInput{Name: aws.String("other")}))
		time.Sleep(time.Second)
		other := must(c.ListNamespaces(&servicediscovery.ListNamespacesInput{Filters: []*servicediscovery.NamespaceFilter{
			{Name: aws.String("TYPE"), Values: aws.StringSlice([]string{"HTTP"})},
		}})).Namespaces[0].Id
		for i := range 3 {
			must(c.CreateService(newRegistry(s.Defaults().NamespaceID, fmt.Sprint("dns", i), "a")))
		}
		must(c.CreateService(&servicediscovery.CreateServiceInput{Name: aws.String("http"), NamespaceId: other}))
		sizes := ""
		if err := c.ListServicesPages(&servicediscovery.ListServicesInput{
			MaxResults: aws.Int64(2), Filters: []*servicediscovery.ServiceFilter{{Name: aws.String("NAMESPACE_ID"), Values: []*string{other}}},
		}, func(page *servicediscovery.ListServicesOutput, _ bool) bool {
			sizes += fmt.Sprint(len(page.Services))
			return true
		}); err != nil {
			t.Fatal(err)
		}
		same(t, "pages", sizes, "01")
	})
}
