package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

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
