package api_test

import (
	"net/http"
	"strings"
	"testing"

	"ecs-api/orchestration"
	"ecs-api/sandbox"
)

// asOrg has the requests of a world come from another org's service on the same account.
func (w *world) asOrg(org string, do func()) {
	ours := w.account
	defer func() { w.account = ours }()
	options := ours.Options
	options.Org = org
	theirs := orchestration.New(options)
	defer theirs.Close(w.Context())
	w.account = theirs
	do()
}

// What another org made is not there: to read, to delete, or as the target of a create. Its owner's account stays as it is.
func TestAnotherOrgsResourcesAreNotThere(t *testing.T) {
	inWorld(t, func(w *world) {
		w.asOrg("theirs", func() {
			w.must(http.StatusOK, "POST", "/services", everything)
			w.ended()
		})
		before := w.aws.Inventory()
		requests := []struct{ name, method, path, body string }{
			{"list", "GET", "/clusters/myclu/services", ""},
			{"list all", "GET", "/clusters/myclu/services?all=true", ""},
			{"show", "GET", www, ""},
			{"show all", "GET", www + "?all=true", ""},
			{"events", "GET", www + "/events", ""},
			{"delete", "DELETE", www, ""},
			{"delete recursively", "DELETE", www + "?recursive=true", ""},
			{"create in their cluster", "POST", "/services", named("mine")},
			{"create the same", "POST", "/services", everything},
			{"create on their definition", "POST", "/services",
				body(`"cluster": {"clustername": "mine"}`, `"service": {"desiredcount": 1, "servicename": "mine", "taskdefinition": "webservers:1"}`)},
			{"create in their family", "POST", "/services", strings.Replace(body(`"cluster": {"clustername": "mine"}`, definition, service), "myclu", "mine", 1)},
		}
		for _, r := range requests {
			w.must(http.StatusNotFound, r.method, r.path, r.body)
		}
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Errorf("their inventory has changed:\n%s", diff)
		}
	})
}

// ARNs that a request names must be ours, or allowed by the configuration.
func TestNamedARNsMustBeOurs(t *testing.T) {
	inWorld(t, func(w *world) {
		var made struct {
			Credentials             map[string]struct{ ARN string }
			ServiceDiscoveryService struct{ Arn string }
		}
		w.asOrg("theirs", func() {
			w.must(http.StatusOK, "POST", "/services", strings.Replace(everything, `"clustername": "myclu"`, `"clustername": "theirs"`, 1)).decode(w, &made)
			w.ended()
		})
		before := w.aws.Inventory()
		mine := strings.NewReplacer("webservers", "mine").Replace(definition)
		with := func(part string) string {
			return body(cluster, strings.Replace(mine, `"name": "webserver"`, part+`, "name": "webserver"`, 1), service)
		}
		for name, request := range map[string]string{
			"repository credentials":   with(`"repositorycredentials": {"credentialsparameter": "` + made.Credentials["webserver"].ARN + `"}`),
			"a container's secret":     with(`"secrets": [{"name": "X", "valuefrom": "` + made.Credentials["webserver"].ARN + `:password::"}], "memory": 128`),
			"another org's parameter":  with(`"essential": true, "secrets": [{"name": "X", "valuefrom": "arn:aws:ssm:us-east-1:001122334455:parameter/theirs/x"}]`),
			"another account's secret": with(`"repositorycredentials": {"credentialsparameter": "arn:aws:secretsmanager:us-east-1:999999999999:secret:x-abcdef"}`),
			"another role":             body(cluster, strings.Replace(mine, `"cpu"`, `"taskrolearn": "arn:aws:iam::001122334455:role/admin", "cpu"`, 1), service),
			"a registry":               body(cluster, mine, `"service": {"desiredcount": 1, "servicename": "www", "serviceregistries": [{"registryarn": "`+made.ServiceDiscoveryService.Arn+`"}]}`),
			"a namespace that is none": body(cluster, mine, service, strings.Replace(registry, "ns-y3uaw6neshhbev3f", "ns-nnnnnnnnnnnnnnnn", 1)),
		} {
			if a := w.send("POST", "/services", strings.Replace(request, `"secrets": []}`, `"cpu": 0}`, 1)); a.status != http.StatusNotFound {
				w.Errorf("%s: %d %s", name, a.status, a.body)
			}
		}
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

func TestAllowedARNsMayBeNamed(t *testing.T) {
	inWorld(t, func(w *world) {
		w.asOrg("theirs", func() {
			w.must(http.StatusOK, "POST", "/services", strings.Replace(everything, `"clustername": "myclu"`, `"clustername": "theirs"`, 1))
			w.ended()
		})
		w.must(http.StatusOK, "POST", "/services", body(cluster, `"service": {"desiredcount": 1, "servicename": "mine", "taskdefinition": "webservers:1"}`))
	}, func(o *orchestration.Options) {
		o.AllowedARNs = []string{"arn:aws:ecs:us-east-1:001122334455:task-definition/webservers:*"}
	})
}

func TestAnotherSpacesFamilyIsAConflict(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
		before := w.aws.Inventory()
		other := strings.NewReplacer(`"clustername": "myclu"`, `"clustername": "other"`, `"servicename": "www"`, `"servicename": "other"`).Replace(body(cluster, definition, service))
		w.must(http.StatusConflict, "POST", "/services", other)
		w.must(http.StatusConflict, "POST", "/services", everything)
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}
