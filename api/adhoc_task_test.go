package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"ecs-api/sandbox"
)

// Tasks are run in a cluster of what the body names, in each of its forms, and listed with all others of the cluster.
func TestTasksInACluster(t *testing.T) {
	inWorld(t, func(w *world) {
		w.standing("supercool", "supercool")
		w.must(http.StatusOK, "POST", "/taskdefs", bareDefinition)
		w.ended()
		ids := w.tasks(tasksPath) // the service's
		if len(ids) != 1 {
			w.Fatalf("listed %v", ids)
		}
		for name, definition := range map[string]string{
			"supercool": "supercool:2", "supercool:1": "supercool:1", "arn:aws:ecs:us-east-1:001122334455:task-definition/supercool:2": "supercool:2", "bare": "bare:1",
		} {
			a, trips := w.measured("POST", tasksPath, `{"TASKDEFINITION": "`+name+`", "startedBy": "me"}`)
			var out ran
			a.decode(w, &out)
			if a.status != http.StatusOK || trips != 2 || len(out.Tasks) != 1 || !strings.HasSuffix(out.Tasks[0].TaskDefinitionArn, "/"+definition) || a.header.Get("X-Operation-Id") == "" {
				w.Errorf("%s: %d in %d round trips: %s", name, a.status, trips, a.body)
			}
			ids = append(ids, inClu(out.ids()...)...)
		}
		slices.Sort(ids)
		if listed := w.tasks("/cluster/myclu/tasks"); !slices.Equal(listed, ids) {
			w.Errorf("listed %v, and %v run", listed, ids)
		}
		if listed := w.tasks(tasksPath + "?startedBy=me"); len(listed) != 4 {
			w.Errorf("started by me: %v", listed)
		}
		w.must(http.StatusOK, "DELETE", tasksPath+"/"+strings.TrimPrefix(w.tasks(tasksPath + "?startedBy=me")[0], "myclu/"), "")
		w.ended()
		if stopped, all := w.tasks(tasksPath+"?status=STOPPED"), w.tasks(tasksPath+"?status=STOPPED&status=RUNNING"); len(stopped) != 1 || len(all) != 5 {
			w.Errorf("stopped %v of %v", stopped, all)
		}
		if none := w.list(coolPath + "/tasks?status=STOPPED&startedBy=nobody"); len(none) > 0 {
			w.Errorf("listed %v", none)
		}
	})
}

// What is not there, not active or not ours is not run, and neither is what belongs to another space.
func TestWhatIsNotRunInACluster(t *testing.T) {
	inWorld(t, func(w *world) {
		w.standing("supercool", "supercool")
		w.register("elsewhere", "myorg", "other", "task")
		w.register("theirs", "theirs", "", "task")
		w.must(http.StatusOK, "DELETE", "/taskdefs/supercool:1", "")
		w.ended()
		before := w.aws.Inventory()
		for body, status := range map[string]int{
			`{"taskDefinition": "none"}`:                          http.StatusNotFound,
			`{"taskDefinition": "supercool:1"}`:                   http.StatusNotFound,
			`{"taskDefinition": "theirs"}`:                        http.StatusNotFound,
			`{"taskDefinition": "elsewhere"}`:                     http.StatusConflict,
			`{"taskDefinition": "elsewhere:1"}`:                   http.StatusConflict,
			`{}`:                                                  http.StatusBadRequest,
			`{"taskDefinition": ""}`:                              http.StatusBadRequest,
			`{"taskDefinition": "a b"}`:                           http.StatusBadRequest,
			`{"taskDefinition": "supercool", "cluster": "other"}`: http.StatusBadRequest,
			`{"taskDefinition": "supercool", "count": 11}`:        http.StatusBadRequest,
			`{"taskDefinition": "supercool", "overrides": {"containerOverrides": [{"name": "none"}]}}`: http.StatusBadRequest,
		} {
			if a := w.send("POST", tasksPath, body); a.status != status {
				w.Errorf("%s: %d %s", body, a.status, a.body)
			}
		}
		w.must(http.StatusBadRequest, "GET", tasksPath+"?status=PENDING", "")
		w.must(http.StatusNotFound, "GET", "/clusters/none/tasks", "")
		w.must(http.StatusNotFound, "POST", "/clusters/none/tasks", `{"taskDefinition": "supercool"}`)
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

// A definition of another account or region is not the one of the same name here.
func TestADefinitionOfElsewhere(t *testing.T) {
	inWorld(t, func(w *world) {
		registeredTwice(w)
		clustered(w)
		w.must(http.StatusOK, "POST", "/services", `{"service": {"cluster": "bare", "servicename": "www", "desiredcount": 0, "taskdefinition": "bare:1"}}`)
		w.ended()
		before := w.aws.Inventory()
		for _, place := range []string{"aws:ecs:eu-west-1:001122334455", "aws:ecs:us-east-1:999999999999"} {
			arn := "arn:" + place + ":task-definition/bare:2"
			w.must(http.StatusNotFound, "POST", barePath+"/tasks", `{"taskdefinition": "`+arn+`"}`)
			w.must(http.StatusNotFound, "POST", "/services", `{"service": {"cluster": "bare", "servicename": "new", "desiredcount": 0, "taskdefinition": "`+arn+`"}}`)
			w.must(http.StatusNotFound, "PUT", barePath+"/services/www", `{"Service": {"TaskDefinition": "`+arn+`"}}`)
		}
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

// A run whose call goes wrong starts its tasks once, or none.
func TestARunInAClusterStartsItsTasksOnce(t *testing.T) {
	prepare := func(w *world) { w.standing("supercool") }
	const two = `{"taskDefinition": "supercool", "count": 2, "startedBy": "me"}`
	act := func(w *world) { w.must(http.StatusOK, "POST", tasksPath, two) }
	troubled(t, prepare, act, func(w *world, at string) {
		a := w.send("POST", tasksPath, two)
		w.aws.ClearFaults()
		w.ended()
		started, sure := len(w.tasks(tasksPath+"?startedBy=me")), !strings.Contains(string(a.body), "may have been started all the same")
		if a.status == http.StatusOK && started != 2 || a.status != http.StatusOK && sure && started != 0 || started != 0 && started != 2 {
			w.Errorf("%s: status %d and %d tasks: %s", at, a.status, started, a.body)
		}
	})
}
