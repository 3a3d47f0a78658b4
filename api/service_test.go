package api_test

import (
	"net/http"
	"strings"
	"testing"

	"ecs-api/sandbox"
)

func TestAServiceIsBuiltShownAndTakenDown(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		created := w.must(http.StatusOK, "POST", "/services", everything)
		var parts map[string]any
		created.decode(w, &parts)
		for _, part := range []string{"Cluster", "Credentials", "TaskDefinition", "Service", "ServiceDiscoveryService"} {
			if parts[part] == nil {
				w.Errorf("the answer has no %s", part)
			}
		}
		if created.header.Get("X-Operation-Id") == "" {
			w.Error("no X-Operation-Id")
		}
		w.ended()
		var shown struct {
			ServiceName, ServiceEndpoint string
			RunningCount                 int
			Tasks                        []string
			Cluster                      struct{ ClusterName string }
			TaskDefinition               struct{ Family string }
			Tags                         []struct{ Key, Value string }
		}
		w.must(http.StatusOK, "GET", www+"?all=true", "").decode(w, &shown)
		if shown.RunningCount != 1 || shown.ServiceEndpoint != "www.sandbox.local" || len(shown.Tasks) != 1 || shown.Cluster.ClusterName != "myclu" || shown.TaskDefinition.Family != "webservers" {
			w.Errorf("shown %+v", shown)
		}
		w.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Errorf("the account is not empty again:\n%s", diff)
		}
		w.must(http.StatusNotFound, "GET", www, "")
	})
}

func TestRoundTrips(t *testing.T) {
	inWorld(t, func(w *world) {
		trips := func(name string, want int, method, path, body string) answer {
			w.Helper()
			a, got := w.measured(method, path, body)
			if a.status != http.StatusOK || got != want {
				w.Errorf("%s: status %d in %d round trips, want %d\n%s", name, a.status, got, want, a.body)
			}
			w.ended()
			return a
		}
		rename := func(body, name string) string {
			return strings.NewReplacer(`"www"`, `"`+name+`"`, "webservers", name, "myapp-webserver-cred", name).Replace(body)
		}
		created := trips("create all new", 4, "POST", "/services", everything)
		trips("in a standing cluster, with credentials", 4, "POST", "/services", rename(everything, "second"))
		trips("in a standing cluster, without credentials", 3, "POST", "/services", rename(body(cluster, definition, service, registry), "third"))
		var parts struct{ ServiceDiscoveryService struct{ Arn string } }
		created.decode(w, &parts)
		existing := `{"service": {"cluster": "myclu", "desiredcount": 1, "servicename": "webapp", "taskdefinition": "webservers:1",
			"serviceregistries": [{"registryarn": "` + parts.ServiceDiscoveryService.Arn + `"}]}}`
		trips("of existing parts only", 2, "POST", "/services", existing)
		trips("show", 1, "GET", www, "")
		trips("show all", 3, "GET", www+"?all=true", "")
		trips("list", 1, "GET", "/clusters/myclu/services", "")
		trips("events", 1, "GET", www+"/events", "")
		trips("delete", 2, "DELETE", www+"?recursive=true", "")
	})
}
