package orchestration

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"ecs-api/common"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
	"github.com/pkg/errors"
)

// written is a strategy as provider:base:weight.
func written(strategy []*awsecs.CapacityProviderStrategyItem) (items []string) {
	for _, one := range strategy {
		items = append(items, fmt.Sprintf("%s:%d:%d", *one.CapacityProvider, aws.Int64Value(one.Base), aws.Int64Value(one.Weight)))
	}
	return items
}

// Providers and strategy complete each other; what is given stays.
func TestBuildCluster(t *testing.T) {
	item := func(provider string) *awsecs.CapacityProviderStrategyItem {
		return &awsecs.CapacityProviderStrategyItem{CapacityProvider: aws.String(provider), Weight: aws.Int64(7)}
	}
	cases := []struct {
		name                string
		providers           []string
		strategy            []*awsecs.CapacityProviderStrategyItem
		wantProviders, want string
	}{
		{"nothing", nil, nil, "FARGATE FARGATE_SPOT", "FARGATE:1:0 FARGATE_SPOT:0:1"},
		{"two empty lists", []string{}, []*awsecs.CapacityProviderStrategyItem{}, "FARGATE FARGATE_SPOT", "FARGATE:1:0 FARGATE_SPOT:0:1"},
		{"a strategy", nil, []*awsecs.CapacityProviderStrategyItem{item("FARGATE")}, "FARGATE FARGATE_SPOT", "FARGATE:0:7"},
		{"a strategy of one's own", nil, []*awsecs.CapacityProviderStrategyItem{item("mine")}, "FARGATE FARGATE_SPOT mine", "mine:0:7"},
		{"both providers", []string{"FARGATE_SPOT", "FARGATE"}, nil, "FARGATE_SPOT FARGATE", "FARGATE:1:0 FARGATE_SPOT:0:1"},
		{"on demand", []string{"FARGATE"}, nil, "FARGATE", "FARGATE:1:1"},
		{"spot", []string{"FARGATE_SPOT"}, []*awsecs.CapacityProviderStrategyItem{}, "FARGATE_SPOT", "FARGATE_SPOT:0:1"},
		{"one's own", []string{"mine"}, nil, "mine", ""},
		{"both parts", []string{"FARGATE"}, []*awsecs.CapacityProviderStrategyItem{item("FARGATE")}, "FARGATE", "FARGATE:0:7"},
	}
	for _, c := range cases {
		asked := &awsecs.CreateClusterInput{DefaultCapacityProviderStrategy: c.strategy}
		if c.providers != nil {
			asked.CapacityProviders = aws.StringSlice(c.providers)
		}
		built := buildCluster(asked, "myclu", nil)
		providers, strategy := strings.Join(aws.StringValueSlice(built.CapacityProviders), " "), strings.Join(written(built.DefaultCapacityProviderStrategy), " ")
		if providers != c.wantProviders || strategy != c.want {
			t.Errorf("%s: %s by %s", c.name, providers, strategy)
		}
		if len(asked.CapacityProviders) != len(c.providers) || len(asked.DefaultCapacityProviderStrategy) != len(c.strategy) {
			t.Errorf("%s: the request is written to", c.name)
		}
	}
}

func pointersOf(err error) (pointers []string) {
	var invalid *common.Error
	if errors.As(err, &invalid) {
		for _, violation := range invalid.Violations {
			pointers = append(pointers, violation.Pointer)
		}
	}
	return pointers
}

func TestFitsRegistry(t *testing.T) {
	registry := func(kind string) *awsdiscovery.Service {
		return &awsdiscovery.Service{DnsConfig: &awsdiscovery.DnsConfig{DnsRecords: []*awsdiscovery.DnsRecord{{Type: aws.String(kind)}}}}
	}
	service := func(entry awsecs.ServiceRegistry) *CreateServiceInput {
		return &CreateServiceInput{Service: &awsecs.CreateServiceInput{ServiceRegistries: []*awsecs.ServiceRegistry{&entry}}}
	}
	missing := []string{"/service/ServiceRegistries/0/ContainerName"}
	cases := []struct {
		name     string
		service  *CreateServiceInput
		registry *awsdiscovery.Service
		want     []string
	}{
		{"A", service(awsecs.ServiceRegistry{}), registry("A"), nil},
		{"no DNS", service(awsecs.ServiceRegistry{}), &awsdiscovery.Service{}, nil},
		{"SRV of nothing", service(awsecs.ServiceRegistry{}), registry("SRV"), missing},
		{"SRV of a port", service(awsecs.ServiceRegistry{Port: aws.Int64(80)}), registry("SRV"), nil},
		{"SRV of a container", service(awsecs.ServiceRegistry{ContainerName: aws.String("web"), ContainerPort: aws.Int64(80)}), registry("SRV"), nil},
	}
	for _, c := range cases {
		if got := pointersOf(c.service.fitsRegistry(c.registry)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestFitsNamespace(t *testing.T) {
	dns, health := &awsdiscovery.DnsConfig{}, &awsdiscovery.HealthCheckConfig{}
	cases := []struct {
		kind     string
		registry *awsdiscovery.CreateServiceInput
		want     []string
	}{
		{"HTTP", &awsdiscovery.CreateServiceInput{}, nil},
		{"HTTP", &awsdiscovery.CreateServiceInput{DnsConfig: dns}, []string{"/serviceregistry/DnsConfig"}},
		{"DNS_PRIVATE", &awsdiscovery.CreateServiceInput{DnsConfig: dns}, nil},
		{"DNS_PRIVATE", &awsdiscovery.CreateServiceInput{HealthCheckConfig: health}, []string{"/serviceregistry/HealthCheckConfig"}},
		{"DNS_PUBLIC", &awsdiscovery.CreateServiceInput{DnsConfig: dns, HealthCheckConfig: health}, nil},
	}
	for _, c := range cases {
		if got := pointersOf(fitsNamespace("/serviceregistry", c.registry, &awsdiscovery.Namespace{Type: aws.String(c.kind)})); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s with %v: %v", c.kind, c.registry, got)
		}
	}
}

func TestViolationsAreToldOnceAndNotForEver(t *testing.T) {
	var v violations
	v.add("/a", "first")
	v.add("/a", "second")
	if len(v) != 1 || v[0].Detail != "first" {
		t.Errorf("told %v", v)
	}
	for i := range 1000 {
		v.add(item("/b", i), "too much")
	}
	if len(v) != maxViolations {
		t.Errorf("%d violations", len(v))
	}
}

func TestPortRanges(t *testing.T) {
	for ports, want := range map[string][2]int64{"80-81": {80, 81}, "80-80": {80, 80}, "81-80": {}, "0-80": {}, "80": {}, "80-65536": {}, "a-b": {}, "": {}, "80-81-82": {}} {
		if got := between(ports); got != want {
			t.Errorf("%q: %v", ports, got)
		}
	}
}
