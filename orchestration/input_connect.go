package orchestration

import (
	"regexp"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

var (
	discoveryPattern = regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]{0,63}$`)
	aliasPattern     = regexp.MustCompile(`^[a-z0-9_.][a-z0-9_.-]{0,126}$`)
)

// connect checks a Service Connect configuration. (API reference of ServiceConnectService and ServiceConnectClientAlias.)
func (v *violations) connect(at string, in *awsecs.ServiceConnectConfiguration) {
	if in == nil {
		return
	}
	v.logging(at+"/LogConfiguration", in.LogConfiguration)
	for i, service := range in.Services {
		on := item(at+"/Services", i)
		v.check(aws.StringValue(service.PortName) != "", on+"/PortName", "the name of a port is required")
		v.text(on+"/DiscoveryName", service.DiscoveryName, discoveryPattern, "1 to 64 lower-case letters, digits, - and _, the first no -")
		v.within(on+"/IngressPortOverride", service.IngressPortOverride, 0, maxPort)
		v.check(len(service.ClientAliases) <= 1, on+"/ClientAliases", "at most 1")
		for j, alias := range service.ClientAliases {
			v.within(item(on+"/ClientAliases", j)+"/Port", alias.Port, 1, maxPort)
			v.text(item(on+"/ClientAliases", j)+"/DnsName", alias.DnsName, aliasPattern, "1 to 127 lower-case letters, digits, -, _ and ., the first no -")
		}
		if service.Tls != nil {
			v.role(on+"/Tls/RoleArn", service.Tls.RoleArn)
		}
	}
}

// connectPorts checks that the ports are those of the definition, if it is known.
func (v *violations) connectPorts(at string, in *awsecs.ServiceConnectConfiguration, known containers) {
	if in == nil || known == nil {
		return
	}
	names := map[string]bool{}
	for _, container := range known {
		for _, port := range container.PortMappings {
			names[aws.StringValue(port.Name)] = true
		}
	}
	for i, service := range in.Services {
		v.check(
			names[aws.StringValue(service.PortName)],
			item(at+"/Services", i)+"/PortName",
			"no port has the name %s",
			aws.StringValue(service.PortName),
		)
	}
}
