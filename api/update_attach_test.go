package api_test

import (
	"net/http"
	"strings"
	"testing"

	"ecs-api/sandbox"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// attach puts a target group and a registry beside a service.
func attach(group, registry string) string {
	return `{"Service": {"LoadBalancers": [{"TargetGroupArn": "` + group + `", "ContainerName": "webserver", "ContainerPort": 80}],
		"ServiceRegistries": [{"RegistryArn": "` + registry + `"}]}}`
}

// An update may put a service behind a load balancer, into another registry, on volumes and on Service Connect, as a create may, and take it
// from behind a load balancer again.
func TestAnUpdateAttaches(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		group, registry := w.elb().group("www", spaceTags("myorg", "myclu")), aws.StringValue(w.bareRegistry().Arn)
		a, trips := w.measured("PUT", www, attach(group, registry))
		var out struct{ Service awsecs.Service }
		a.decode(w, &out)
		if a.status != http.StatusOK || trips != 2 || len(out.Service.LoadBalancers) != 1 || *out.Service.LoadBalancers[0].TargetGroupArn != group ||
			len(out.Service.ServiceRegistries) != 1 || *out.Service.ServiceRegistries[0].RegistryArn != registry {
			w.Errorf("%d in %d round trips: %s", a.status, trips, a.body)
		}
		w.ended()
		w.must(http.StatusConflict, "DELETE", w.registryNamed(registry), "")
		for member, value := range map[string]string{
			"ServiceConnectConfiguration": `{"Enabled": false}`,
			"VolumeConfigurations":        `[]`,
			"LoadBalancers":               `[]`,
		} {
			w.must(http.StatusOK, "PUT", www, `{"Service": {"`+member+`": `+value+`}}`)
			w.ended()
		}
		var show awsecs.Service
		if w.must(http.StatusOK, "GET", www, "").decode(w, &show); len(show.LoadBalancers) != 0 || len(show.ServiceRegistries) != 1 {
			w.Errorf("it stands behind %v, in %v", show.LoadBalancers, show.ServiceRegistries)
		}
	})
}

// registryNamed is the path of a registry.
func (w *world) registryNamed(arn string) string {
	return registriesPath + arn[strings.LastIndex(arn, "/"):]
}

// withService changes the definition, and this of the service.
func withService(member string) string {
	return strings.Replace(changeAll, `"DesiredCount": 2`, member, 1)
}

// What an update puts beside a service is held to the rules of a create, and must be ours.
func TestAnUpdateAttachesOnlyWhatMayBe(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		theirs := w.elb().group("theirs", spaceTags("theirs", "myclu"))
		ours := w.elb().group("ours", spaceTags("myorg", "myclu"))
		var registry string
		w.asOrg("theirs", func() { registry = aws.StringValue(w.bareRegistry().Arn) })
		before := w.aws.Inventory()
		const odd = "arn:aws:servicediscovery:us-east-1:001122334455:service/srv-aaaaaaaaaaaaaaaa"
		for body, want := range map[string]string{
			attach(ours, registry): "404",
			attach(ours, odd):      "404",
			attach(theirs, odd):    "404",
			attach(ours, "srv-1"):  "/ServiceRegistries/0/RegistryArn",
			attach("group", odd):   "/LoadBalancers/0/TargetGroupArn",
			`{"Service": {"ServiceConnectConfiguration": {"Services": [{}]}}}`:                                                "/ServiceConnectConfiguration/Services/0/PortName",
			`{"Service": {"VolumeConfigurations": [{"Name": "data"}]}}`:                                                       "/VolumeConfigurations/0/ManagedEBSVolume",
			`{"Service": {"PlacementStrategy": [{"Type": "spread"}]}}`:                                                        "/PlacementStrategy",
			withService(`"VolumeConfigurations": [{"Name": "data", "ManagedEBSVolume": {"RoleArn": "r"}}]`):                   "/VolumeConfigurations/0/Name",
			withService(`"LoadBalancers": [{"TargetGroupArn": "` + ours + `", "ContainerName": "web", "ContainerPort": 80}]`): "/LoadBalancers/0/ContainerName",
		} {
			a := w.send("PUT", www, body)
			pointers := ""
			for _, violation := range a.problem(w).Errors {
				pointers += violation.Pointer + " "
			}
			if (want == "404") != (a.status == http.StatusNotFound) || want != "404" && !strings.Contains(pointers, "/Service"+want+" ") && !strings.Contains(pointers, "/Service"+want+"/") {
				w.Errorf("%s: want %s, got %d %s", body, want, a.status, a.body)
			}
		}
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

// Whatever goes wrong, the service is behind the load balancer or it is not.
func TestAnUpdateThatAttachesLeavesNoTrace(t *testing.T) {
	t.Parallel()
	var group, registry string
	prepare := func(w *world) {
		built(w)
		group, registry = w.elb().group("www", spaceTags("myorg", "myclu")), aws.StringValue(w.bareRegistry().Arn)
	}
	leavesNoTrace(t, prepare, func(w *world) { w.must(http.StatusOK, "PUT", www, attach(group, registry)) },
		func(w *world) answer { return w.send("PUT", www, attach(group, registry)) })
}
