package orchestration

import (
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go/aws"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
)

// registryPattern is what Cloud Map takes for a name, up to 127 characters long. (API reference of Cloud Map's CreateService, Name.)
var registryPattern = regexp.MustCompile(
	`^([a-zA-Z0-9_][a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9])(\.([a-zA-Z0-9_][a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9]))*$`,
)

// namespacePattern are the ids of namespaces. (API reference of GetNamespace, Id, and of its example.)
var namespacePattern = regexp.MustCompile(`^ns-[0-9a-z]{1,61}$`)

const namespaceRule = "must be the id of a namespace: ns-..."

// registry checks a service registry that is to be made.
func (v *violations) registry(at string, in *awsdiscovery.CreateServiceInput) {
	name, id := aws.StringValue(in.Name), aws.StringValue(in.NamespaceId)
	v.check(
		len(name) <= 127 && registryPattern.MatchString(name),
		at+"/Name",
		"labels of 1 to 63 letters, digits, - and _ between dots, at most 127 characters",
	)
	v.check(namespaceOf(in) != "", at+"/NamespaceId", "a namespace is required")
	v.check(id == "" || namespacePattern.MatchString(id), at+"/NamespaceId", namespaceRule)
	v.check(len(aws.StringValue(in.Description)) <= 1024, at+"/Description", "at most 1024 characters")
	v.oneOf(at+"/Type", in.Type, awsdiscovery.ServiceTypeOptionHttp)
	v.check(in.Type == nil || in.DnsConfig == nil, at+"/Type", "%s and a DnsConfig exclude each other", aws.StringValue(in.Type))
	if dns := in.DnsConfig; dns != nil {
		other := aws.StringValue(dns.NamespaceId)
		v.check(other == "" || namespacePattern.MatchString(other), at+"/DnsConfig/NamespaceId", namespaceRule)
		v.check(id == "" || other == "" || id == other, at+"/DnsConfig/NamespaceId", "another namespace than NamespaceId")
		v.records(at+"/DnsConfig", dns)
	}
	v.registryHealth(at, in)
	v.model(at, in, "CreatorRequestId")
}

// records checks the DNS records that are made for each task. (API reference of DnsRecord, Type and TTL.)
func (v *violations) records(at string, dns *awsdiscovery.DnsConfig) {
	v.oneOf(at+"/RoutingPolicy", dns.RoutingPolicy, awsdiscovery.RoutingPolicy_Values()...)
	v.check(len(dns.DnsRecords) > 0, at+"/DnsRecords", "a record is required")
	var types []string
	for i, record := range dns.DnsRecords {
		v.oneOf(item(at+"/DnsRecords", i)+"/Type", record.Type, awsdiscovery.RecordType_Values()...)
		v.within(item(at+"/DnsRecords", i)+"/TTL", record.TTL, 0, 1<<31-1)
		types = append(types, aws.StringValue(record.Type))
	}
	addresses := len(types) == 2 && slices.Contains(types, awsdiscovery.RecordTypeA) && slices.Contains(types, awsdiscovery.RecordTypeAaaa)
	v.check(len(types) < 2 || addresses, at+"/DnsRecords", "one type, or A and AAAA")
	v.check(
		!slices.Contains(types, awsdiscovery.RecordTypeCname) || aws.StringValue(dns.RoutingPolicy) == awsdiscovery.RoutingPolicyWeighted,
		at+"/RoutingPolicy",
		"CNAME needs WEIGHTED",
	)
}

func hasRecord(records []*awsdiscovery.DnsRecord, kind string) bool {
	return slices.ContainsFunc(records, func(record *awsdiscovery.DnsRecord) bool { return aws.StringValue(record.Type) == kind })
}

// registryHealth checks who says whether an instance is well: Route 53 or the caller. (API reference of HealthCheckConfig.)
func (v *violations) registryHealth(at string, in *awsdiscovery.CreateServiceInput) {
	if in.HealthCheckCustomConfig != nil {
		v.within(at+"/HealthCheckCustomConfig/FailureThreshold", in.HealthCheckCustomConfig.FailureThreshold, 1, 10)
	}
	health := in.HealthCheckConfig
	if health == nil {
		return
	}
	path := aws.StringValue(health.ResourcePath)
	v.check(in.HealthCheckCustomConfig == nil, at+"/HealthCheckConfig", "excludes HealthCheckCustomConfig")
	v.check(in.DnsConfig == nil || !hasRecord(in.DnsConfig.DnsRecords, awsdiscovery.RecordTypeCname), at+"/HealthCheckConfig", "does not go with CNAME")
	v.oneOf(at+"/HealthCheckConfig/Type", health.Type, awsdiscovery.HealthCheckType_Values()...)
	v.within(at+"/HealthCheckConfig/FailureThreshold", health.FailureThreshold, 1, 10)
	v.check(len(path) <= 255, at+"/HealthCheckConfig/ResourcePath", "at most 255 characters")
	v.check(path == "" || aws.StringValue(health.Type) != awsdiscovery.HealthCheckTypeTcp, at+"/HealthCheckConfig/ResourcePath", "TCP has no path")
}
