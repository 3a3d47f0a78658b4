package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"ecs-api/orchestration"
	"ecs-api/sandbox"
)

// inMyclu is a definition by itself with the role of myclu, which pulls with a secret.
func inMyclu(secret string) string {
	const roles = `"executionrolearn": "arn:aws:iam::001122334455:role/myclu-ecsTaskExecution", "taskrolearn": "arn:aws:iam::001122334455:role/myclu-ecsTaskExecution", "cpu"`
	return strings.NewReplacer(`"cpu"`, roles, `"name": "job"`, `"name": "job", "repositorycredentials": {"credentialsparameter": "`+secret+`"}`).Replace(bareDefinition)
}

const coolSecret = "spinup/myorg/myclu/supercool-api"

// A definition by itself belongs to the space whose role it has, and is used there alone.
func TestADefinitionByItselfOfASpace(t *testing.T) {
	inWorld(t, func(w *world) {
		defined(w)
		w.must(http.StatusOK, "POST", "/services", strings.Replace(body(cluster, definition, service), `"clustername": "myclu"`, `"clustername": "other"`, 1))
		if a, trips := w.measured("POST", "/taskdefs", inMyclu(coolSecret)); a.status != http.StatusOK || trips != 2 {
			w.Fatalf("%d in %d round trips: %s", a.status, trips, a.body)
		}
		w.ended()
		var shown shownDefinition
		w.must(http.StatusOK, "GET", "/taskdefs/bare", "").decode(w, &shown)
		if tags := tagsIn(shown.Tags); tags["spinup:spaceid"] != "myclu" {
			w.Errorf("tags %v", tags)
		}
		if families := w.list("/clusters/myclu/taskdefs"); !slices.Equal(families, []string{"bare", "supercool"}) {
			w.Errorf("listed %v", families)
		}
		shared := w.planted("spinup/myorg/shared")
		before := w.aws.Inventory()
		for _, elsewhere := range []struct{ method, path, body string }{
			{"POST", "/clusters/other/tasks", `{"taskdefinition": "bare"}`},
			{"POST", "/clusters/other/tasks", `{"taskdefinition": "bare:1"}`},
			{"POST", "/clusters/other/taskdefs/bare/tasks", `{}`},
			{"POST", "/services", `{"service": {"cluster": "other", "desiredcount": 1, "servicename": "new", "taskdefinition": "bare:1"}}`},
			{"PUT", "/clusters/other/services/www", `{"Service": {"TaskDefinition": "bare:1"}}`},
			{"POST", "/taskdefs", bareDefinition}, // would take the family out of its space
			{"POST", "/taskdefs", strings.ReplaceAll(inMyclu(shared), "role/myclu-", "role/other-")},
		} {
			if a := w.send(elsewhere.method, elsewhere.path, elsewhere.body); a.status != http.StatusConflict {
				w.Errorf("%s %s %s: %d %s", elsewhere.method, elsewhere.path, elsewhere.body, a.status, a.body)
			}
		}
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
		w.must(http.StatusOK, "POST", "/clusters/myclu/tasks", `{"taskdefinition": "bare"}`)
		w.must(http.StatusOK, "POST", "/services", `{"service": {"cluster": "myclu", "desiredcount": 1, "servicename": "new", "taskdefinition": "bare:1"}}`)
		w.ended()
	})
}

// It leaves no trace, and the ground of its space as it is.
func TestADefinitionByItselfOfASpaceLeavesNoTrace(t *testing.T) {
	t.Parallel()
	create := func(w *world) { w.must(http.StatusOK, "POST", "/taskdefs", inMyclu(coolSecret)) }
	leavesNoTrace(t, defined, create, func(w *world) answer { return w.send("POST", "/taskdefs", inMyclu(coolSecret)) })
}

// While it stands, its space and the secrets that it names stay, whatever else is deleted or updated.
func TestADefinitionByItselfKeepsItsSpace(t *testing.T) {
	for name, act := range map[string]func(w *world) (secret string){
		"a managed delete": func(w *world) string {
			w.must(http.StatusAccepted, "DELETE", supercoolPath+"?recursive=true", "")
			return coolSecret
		},
		"a service's delete": func(w *world) string {
			w.must(http.StatusAccepted, "DELETE", supercoolPath, "")
			w.ended()
			w.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
			return "spinup/myorg/myclu/myapp-webserver-cred"
		},
		"an update": func(w *world) string {
			w.must(http.StatusOK, "PUT", www, redefine)
			return "spinup/myorg/myclu/myapp-webserver-cred"
		},
	} {
		inWorld(t, func(w *world) {
			built(w)
			defined(w)
			for family, secret := range map[string]string{"one": coolSecret, "two": "spinup/myorg/myclu/myapp-webserver-cred"} {
				w.must(http.StatusOK, "POST", "/taskdefs", strings.Replace(inMyclu(secret), `"bare"`, `"`+family+`"`, 1))
			}
			w.ended()
			secret := act(w)
			w.ended()
			if !w.stands(secret) {
				w.Errorf("after %s the secret is gone", name)
			}
			for _, family := range []string{"one", "two"} {
				w.must(http.StatusOK, "POST", "/clusters/myclu/tasks", `{"taskdefinition": "`+family+`"}`)
			}
			stands := w.aws.Inventory()
			if len(stands["role"]) != 1 || len(stands["log group"]) != 1 {
				w.Errorf("after %s stand %v and %v", name, stands["role"], stands["log group"])
			}
		})
	}
}

// Once it is deleted, nothing keeps the space.
func TestADefinitionByItselfLetsItsSpaceGo(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		defined(w)
		w.must(http.StatusOK, "POST", "/taskdefs", inMyclu(coolSecret))
		w.ended()
		w.must(http.StatusAccepted, "DELETE", supercoolPath, "")
		w.ended()
		if a := w.must(http.StatusConflict, "DELETE", "/clusters/myclu", ""); !strings.Contains(string(a.body), "in use by task definition family bare") {
			w.Errorf("told %s", a.body)
		}
		w.must(http.StatusAccepted, "DELETE", "/clusters/myclu/taskdefs/bare?recursive=true", "")
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

// One with an allowed role belongs to no space, and keeps the org's secret that it names.
func TestADefinitionOfNoSpaceKeepsItsSecret(t *testing.T) {
	const role = "arn:aws:iam::001122334455:role/shared"
	inWorld(t, func(w *world) {
		w.plantedRole("shared", "")
		arn := w.planted("spinup/myorg/shared")
		w.must(http.StatusOK, "POST", "/services", onDefinition("myclu", "www", pulling("webservers", arn)))
		w.must(http.StatusOK, "POST", "/taskdefs", strings.ReplaceAll(inMyclu(arn), "arn:aws:iam::001122334455:role/myclu-ecsTaskExecution", role))
		w.ended()
		w.must(http.StatusOK, "PUT", www, redefine)
		w.ended()
		if !w.stands(arn) {
			w.Error("the secret that bare names is gone")
		}
	}, func(o *orchestration.Options) { o.AllowedARNs = []string{role} })
}
