package api_test

import (
	"net/http"
	"strings"
	"testing"

	"ecs-api/sandbox"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// The request of the source document for a managed task definition.
const (
	supercool = `{"cluster": {"clustername": "myclu"}, "taskdefinition": {"family": "supercool", "cpu": "256", "memory": "512", "containerdefinitions": [
		{"name": "nginx", "image": "nginx:alpine", "portmappings": [{"ContainerPort": 80}]}, {"name": "api", "image": "yaleits/testapi", "portmappings": [{"ContainerPort": 8080}]}]},
		"credentials": {"api": {"SecretString": "{\"username\" : \"myorguser\",\"password\" : \"` + password + `6\"}"}},
		"tags": [{"Key": "Application", "Value": "myclu"}, {"Key": "COA", "Value": "Bill.Me.Please.COA"}]}`
	supercoolPath = "/clusters/myclu/taskdefs/supercool"
	// A new revision with a new value, a new secret and a new tag.
	supercooler = `{"TaskDefinition": {"family": "supercool", "cpu": "512", "memory": "1024", "containerdefinitions": [{"name": "nginx", "image": "nginx:alpine"}, {"name": "api", "image": "yaleits/testapi"}]},
		"Credentials": {"api": {"SecretString": "` + password + `7"}, "nginx": {"SecretString": "` + password + `8"}}, "Tags": [{"Key": "MyKey", "Value": "MyValue"}]}`
)

func defined(w *world) {
	w.must(http.StatusOK, "POST", "/taskdefs", supercool)
	w.ended()
}

func TestAManagedTaskDefinition(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		var made struct {
			Cluster        struct{ ClusterName string }
			Credentials    map[string]struct{ Name string }
			TaskDefinition awsecs.TaskDefinition
		}
		a, trips := w.measured("POST", "/taskdefs", supercool)
		a.decode(w, &made)
		if a.status != http.StatusOK || trips != 3 || made.Cluster.ClusterName != "myclu" || made.Credentials["api"].Name != "spinup/myorg/myclu/supercool-api" || aws.Int64Value(made.TaskDefinition.Revision) != 1 {
			w.Errorf("%d in %d round trips: %s", a.status, trips, a.body)
		}
		if _, trips := w.measured("POST", "/taskdefs", strings.NewReplacer("supercool", "second", `"credentials"`, `"none"`).Replace(supercool)); trips != 2 {
			w.Errorf("in a standing cluster without credentials: %d round trips", trips)
		}
		var changed updated
		w.must(http.StatusOK, "PUT", supercoolPath, supercooler).decode(w, &changed)
		if aws.Int64Value(changed.TaskDefinition.Revision) != 2 || len(changed.Credentials) != 2 || len(changed.CloudwatchLogGroups) != 1 {
			w.Errorf("changed %+v", changed)
		}
		w.ended()
		if text := renderedJSON(w, w.aws.Inventory()["task-definition"]); strings.Count(text, `"spinup:flavor":"task"`) != 3 || strings.Count(text, "Bill.Me") != 3 {
			w.Errorf("tags of %s", text)
		}
		w.must(http.StatusAccepted, "DELETE", "/clusters/myclu/taskdefs/second?recursive=true", "")
		w.ended()
		if len(w.aws.Inventory()["cluster"]) != 1 {
			w.Error("the space of a managed task definition is gone")
		}
		w.must(http.StatusAccepted, "DELETE", supercoolPath+"?recursive=true", "")
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
		w.must(http.StatusNotFound, "DELETE", supercoolPath, "")
	})
}

// A definition whose tasks run is deleted only with force, which stops them.
func TestATaskDefinitionWithTasks(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		defined(w)
		w.must(http.StatusOK, "POST", "/taskdefs", strings.NewReplacer("supercool", "supercooler").Replace(supercool))
		w.ended()
		run := awsecs.New(w.account.Session)
		if _, err := run.RunTask(&awsecs.RunTaskInput{Cluster: aws.String("myclu"), TaskDefinition: aws.String("supercool"), LaunchType: aws.String("FARGATE"), Count: aws.Int64(2),
			NetworkConfiguration: &awsecs.NetworkConfiguration{AwsvpcConfiguration: &awsecs.AwsVpcConfiguration{Subnets: aws.StringSlice(w.account.Subnets)}}}); err != nil {
			w.Fatal(err)
		}
		running := w.aws.Inventory()
		w.must(http.StatusConflict, "DELETE", supercoolPath+"?recursive=true", "")
		if diff := sandbox.Diff(running, w.aws.Inventory()); diff != "" {
			w.Errorf("refused, and changed:\n%s", diff)
		}
		var gone struct{ Tasks []string }
		w.must(http.StatusAccepted, "DELETE", supercoolPath+"?recursive=true&force=true", "").decode(w, &gone)
		if len(gone.Tasks) != 2 || !strings.HasPrefix(gone.Tasks[0], "myclu/") {
			w.Errorf("tasks %v", gone.Tasks)
		}
		w.ended()
		if left := w.aws.Inventory(); len(left["task-definition"]) != 1 || len(left["secret"]) != 1 || len(left["cluster"]) != 1 {
			w.Errorf("a family whose name merely starts the same: %v", left)
		}
		w.must(http.StatusAccepted, "DELETE", "/clusters/myclu/taskdefs/supercooler?recursive=true", "")
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

func TestTaskDefinitionsOfOthers(t *testing.T) {
	inWorld(t, func(w *world) {
		defined(w)
		before := w.aws.Inventory()
		w.asOrg("theirs", func() {
			w.must(http.StatusNotFound, "POST", "/taskdefs", strings.Replace(supercool, "myclu", "theirs", 1))
			w.must(http.StatusNotFound, "PUT", supercoolPath, supercooler)
			w.must(http.StatusNotFound, "DELETE", supercoolPath, "")
		})
		w.must(http.StatusConflict, "POST", "/taskdefs", strings.Replace(supercool, "myclu", "other", 1))
		w.must(http.StatusBadRequest, "PUT", supercoolPath, `{}`)
		w.must(http.StatusBadRequest, "PUT", supercoolPath, strings.Replace(supercooler, `"family": "supercool"`, `"family": "other"`, 1))
		w.must(http.StatusBadRequest, "POST", "/taskdefs", `{"taskdefinition": {"family": "x"}}`)
		w.must(http.StatusNotFound, "PUT", "/clusters/myclu/taskdefs/none", `{"Tags": [{"Key": "a", "Value": "b"}]}`)
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

func TestTaskDefinitionsLeaveNoTrace(t *testing.T) {
	t.Parallel()
	create := func(w *world) { w.must(http.StatusOK, "POST", "/taskdefs", supercool) }
	leavesNoTrace(t, nothing, create, func(w *world) answer { return w.send("POST", "/taskdefs", supercool) })
	change := func(w *world) { w.must(http.StatusOK, "PUT", supercoolPath, supercooler) }
	leavesNoTrace(t, defined, change, func(w *world) answer { return w.send("PUT", supercoolPath, supercooler) })
}

func TestATaskDefinitionDeleteLeavesNoTrace(t *testing.T) {
	t.Parallel()
	remove := func(w *world) { w.must(http.StatusAccepted, "DELETE", supercoolPath+"?recursive=true&force=true", "") }
	troubled(t, defined, remove, func(w *world, at string) {
		stood := w.aws.Inventory()
		answered := w.send("DELETE", supercoolPath+"?recursive=true&force=true", "")
		w.endedOrStuck()
		w.aws.ClearFaults()
		w.ended()
		left := w.aws.Inventory()
		if answered.status == http.StatusAccepted && (len(left["task-definition"]) > 0 || len(left["secret"]) > 0 || len(left["cluster"]) > 0 || len(left["role"]) > 0 || len(left["log group"]) > 0) {
			w.Errorf("%s: left %v", at, left)
		}
		if answered.status != http.StatusAccepted && sandbox.Diff(stood, left) != "" {
			w.Errorf("%s: status %d, and changed:\n%s", at, answered.status, sandbox.Diff(stood, left))
		}
	})
}
