package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ecs-api/ecs"
	"ecs-api/orchestration"
	"ecs-api/sandbox"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

const (
	tasksPath = "/clusters/myclu/tasks"
	defsPath  = "/clusters/myclu/taskdefs"
	coolPath  = defsPath + "/supercool"
)

// ran is the answer to a run, or to a look at a task.
type ran struct {
	Tasks []struct {
		TaskArn, TaskDefinitionArn, LastStatus, DesiredStatus, LaunchType, StartedBy, StoppedReason string
		Revision                                                                                    int
		Tags                                                                                        []struct{ Key, Value string }
		CapacityProviderName                                                                        string
		Overrides                                                                                   struct {
			TaskRoleArn        string
			ContainerOverrides []struct{ Command []string }
		}
	}
	Failures []struct{ Reason string }
}

// ids gives the ids of the tasks.
func (r ran) ids() (ids []string) {
	for _, task := range r.Tasks {
		ids = append(ids, task.TaskArn[strings.LastIndexByte(task.TaskArn, '/')+1:])
	}
	return ids
}

// standing makes the cluster with a service, and then revisions of families as AWS has them, each with tags of its own beside the space's.
func (w *world) standing(families ...string) {
	w.Helper()
	w.must(http.StatusOK, "POST", "/services", everything)
	w.ended()
	for _, family := range families {
		w.register(family, "myorg", "myclu", "task")
	}
}

// register registers a revision behind the API's back.
func (w *world) register(family, org, space, flavor string) {
	w.Helper()
	tag := func(key, value string) *awsecs.Tag {
		return &awsecs.Tag{Key: aws.String(key), Value: aws.String(value)}
	}
	_, err := ecs.New(w.account.Session).RegisterTaskDefinition(w.Context(), &awsecs.RegisterTaskDefinitionInput{
		Family: aws.String(family), Cpu: aws.String("256"), Memory: aws.String("512"),
		NetworkMode: aws.String("awsvpc"), RequiresCompatibilities: aws.StringSlice([]string{"FARGATE"}),
		ExecutionRoleArn: aws.String("arn:aws:iam::001122334455:role/myclu-ecsTaskExecution"),
		ContainerDefinitions: []*awsecs.ContainerDefinition{
			{Name: aws.String("nginx"), Image: aws.String("nginx:alpine")},
			{Name: aws.String("api"), Image: aws.String("yaleits/testapi")},
		},
		Tags: []*awsecs.Tag{tag("spinup:org", org), tag("spinup:spaceid", space), tag("spinup:flavor", flavor), tag("Application", family)},
	})
	if err != nil {
		w.Fatal(err)
	}
}

// run runs tasks and gives the answer.
func (w *world) run(path, body string) (out ran) {
	w.Helper()
	w.must(http.StatusOK, "POST", path+"/tasks", body).decode(w, &out)
	return out
}

// tasks gives a list of tasks, in order.
func (w *world) tasks(path string) (names []string) {
	w.Helper()
	w.must(http.StatusOK, "GET", path, "").decode(w, &names)
	slices.Sort(names)
	return names
}

func inClu(ids ...string) (names []string) {
	for _, id := range ids {
		names = append(names, "myclu/"+id)
	}
	slices.Sort(names)
	return names
}

func TestATaskIsRunShownAndStopped(t *testing.T) {
	inWorld(t, func(w *world) {
		w.standing("supercool", "supercool", "supercooler")
		answered := w.must(http.StatusOK, "POST", coolPath+"/tasks", `{"Count": 1, "StartedBy": "camden"}`)
		var out ran
		answered.decode(w, &out)
		if len(out.Tasks) != 1 || out.Failures == nil || len(out.Failures) > 0 || answered.header.Get("X-Operation-Id") == "" {
			w.Fatalf("%v %s", answered.header, answered.body)
		}
		task := out.Tasks[0]
		tags := map[string]string{}
		for _, tag := range task.Tags {
			tags[tag.Key] = tag.Value
		}
		if task.Revision != 2 || task.LaunchType != "FARGATE" || task.StartedBy != "camden" || tags["Application"] != "supercool" || tags["spinup:org"] != "myorg" || tags["aws:ecs:clusterName"] != "myclu" {
			w.Errorf("%+v", task)
		}
		time.Sleep(10 * time.Second)
		id := out.ids()[0]
		for _, path := range []string{coolPath + "/tasks/", tasksPath + "/"} {
			var shown ran
			w.must(http.StatusOK, "GET", path+id, "").decode(w, &shown)
			if len(shown.Tasks) != 1 || shown.Tasks[0].LastStatus != "RUNNING" || shown.Tasks[0].Revision != 2 || shown.Failures == nil {
				w.Errorf("%s: %+v", path, shown)
			}
		}
		if a := w.must(http.StatusOK, "DELETE", coolPath+"/tasks/"+id+"?reason="+url.QueryEscape("enough of it"), ""); strings.TrimSpace(string(a.body)) != `"OK"` {
			w.Errorf("%s", a.body)
		}
		time.Sleep(10 * time.Second)
		var shown ran
		w.must(http.StatusOK, "GET", tasksPath+"/"+id, "").decode(w, &shown)
		if shown.Tasks[0].LastStatus != "STOPPED" || shown.Tasks[0].StoppedReason != "enough of it" {
			w.Errorf("%+v", shown)
		}
		w.must(http.StatusOK, "DELETE", tasksPath+"/"+id, "") // once more: it has stopped
		time.Sleep(2 * time.Hour)
		w.must(http.StatusNotFound, "GET", tasksPath+"/"+id, "")
		w.must(http.StatusNotFound, "DELETE", tasksPath+"/"+id, "")
		w.must(http.StatusNotFound, "DELETE", coolPath+"/tasks/"+id, "")
	})
}

func TestTasksAreListedByStatusAndStarter(t *testing.T) {
	inWorld(t, func(w *world) {
		w.standing("supercool", "supercooler")
		mine := w.run(coolPath, `{"count": 10, "startedby": "camden"}`).ids()
		others := w.run(coolPath, `{"count": 3}`).ids()
		w.run(defsPath+"/supercooler", `{"startedBy": "camden"}`)
		time.Sleep(10 * time.Second)
		w.must(http.StatusOK, "DELETE", tasksPath+"/"+mine[0], "")
		w.must(http.StatusOK, "DELETE", tasksPath+"/"+others[0], "")
		stopped, running := inClu(mine[0], others[0]), inClu(append(slices.Clone(mine[1:]), others[1:]...)...)
		for query, want := range map[string][]string{
			"":                                 running,
			"?status=RUNNING":                  running,
			"?status=RUNNING&status=RUNNING":   running,
			"?status=STOPPED":                  stopped,
			`?status="STOPPED"`:                stopped,
			"?status=STOPPED&status=RUNNING":   slices.Sorted(slices.Values(append(slices.Clone(stopped), running...))),
			"?startedBy=camden":                inClu(mine[1:]...),
			"?startedBy=camden&status=STOPPED": inClu(mine[0]),
			"?startedBy=nobody":                nil,
			"?startedBy=":                      running,
		} {
			if got := w.tasks(coolPath + "/tasks" + query); !slices.Equal(got, want) {
				w.Errorf("%s: %v, want %v", query, got, want)
			}
		}
		for _, nothing := range []string{defsPath + "/super/tasks", coolPath + "/tasks?startedBy=nobody"} {
			if a := w.must(http.StatusOK, "GET", nothing, ""); strings.TrimSpace(string(a.body)) != "[]" {
				w.Errorf("%s: %s", nothing, a.body)
			}
		}
		w.must(http.StatusNotFound, "GET", "/clusters/nope/taskdefs/supercool/tasks", "")
		for _, status := range []string{"PENDING", "running", "", "RUNNING,STOPPED"} {
			a := w.must(http.StatusBadRequest, "GET", coolPath+"/tasks?status=RUNNING&status="+status, "")
			if p := a.problem(w); len(p.Errors) != 1 || p.Errors[0].Pointer != "/query/status" {
				w.Errorf("%q: %s", status, a.body)
			}
		}
	})
}

// More tasks than fit on a page are listed, and read where it matters who started them, all at once.
func TestAllPagesOfTasks(t *testing.T) {
	inWorld(t, func(w *world) {
		w.standing("supercool")
		var all []string
		for i := range 25 {
			all = append(all, w.run(coolPath, fmt.Sprintf(`{"count": 10, "startedBy": "run-%d"}`, i%2)).ids()...)
		}
		if got := w.tasks(coolPath + "/tasks"); !slices.Equal(got, inClu(all...)) {
			w.Errorf("%d tasks of %d", len(got), len(all))
		}
		a, trips := w.measured("GET", coolPath+"/tasks?startedBy=run-0", "")
		var names []string
		if a.decode(w, &names); len(names) != 130 || trips != 4 { // three pages, one after the other, and then their tasks
			w.Errorf("%d tasks in %d round trips", len(names), trips)
		}
	})
}

func TestTasksInRoundTrips(t *testing.T) {
	inWorld(t, func(w *world) {
		w.standing("supercool")
		id := w.run(coolPath, `{}`).ids()[0]
		time.Sleep(10 * time.Second)
		for _, r := range []struct {
			want               int
			method, path, body string
		}{
			{2, "POST", coolPath + "/tasks", `{"count": 2}`},
			{1, "GET", coolPath + "/tasks", ""},
			{1, "GET", coolPath + "/tasks?status=STOPPED&status=RUNNING", ""},
			{2, "GET", coolPath + "/tasks?startedBy=x", ""},
			{1, "GET", coolPath + "/tasks/" + id, ""},
			{1, "GET", tasksPath + "/" + id, ""},
			{1, "GET", coolPath, ""},
			{1, "GET", defsPath, ""},
			{2, "DELETE", coolPath + "/tasks/" + id, ""},
			{2, "DELETE", tasksPath + "/" + id, ""},
		} {
			if a, trips := w.measured(r.method, r.path, r.body); a.status != http.StatusOK || trips != r.want {
				w.Errorf("%s %s: %d in %d round trips, want %d", r.method, r.path, a.status, trips, r.want)
			}
		}
	})
}

// A task is that of its family and of its cluster; elsewhere it is not there, and stays.
func TestATaskIsNotThereElsewhere(t *testing.T) {
	inWorld(t, func(w *world) {
		w.standing("supercool", "supercooler")
		w.must(http.StatusOK, "POST", "/services", body(`"cluster": {"clustername": "other"}`,
			strings.Replace(definition, "webservers", "others", 1), `"service": {"desiredcount": 1, "servicename": "other"}`))
		w.ended()
		id := w.run(coolPath, `{}`).ids()[0]
		time.Sleep(10 * time.Second)
		before := w.aws.Inventory()
		for _, path := range []string{
			defsPath + "/supercooler/tasks/" + id,
			defsPath + "/nope/tasks/" + id,
			"/clusters/other/tasks/" + id,
			"/clusters/other/taskdefs/supercool/tasks/" + id,
			"/clusters/nope/tasks/" + id,
			"/clusters/nope/taskdefs/supercool/tasks/" + id,
			tasksPath + "/" + strings.Repeat("0", 32),
			coolPath + "/tasks/" + strings.Repeat("0", 32),
			tasksPath + "/no-id",
			coolPath + "/tasks/no-id",
		} {
			w.must(http.StatusNotFound, "GET", path, "")
			w.must(http.StatusNotFound, "DELETE", path, "")
		}
		for _, path := range []string{tasksPath + "/arn:x", coolPath + "/tasks/a%2Fb", "/clusters/my%20clu/tasks/" + id} {
			w.must(http.StatusBadRequest, "GET", path, "")
			w.must(http.StatusBadRequest, "DELETE", path, "")
		}
		for _, path := range []string{tasksPath + "/" + id, coolPath + "/tasks/" + id} {
			a := w.must(http.StatusBadRequest, "DELETE", path+"?reason="+strings.Repeat("x", 256), "")
			if p := a.problem(w); len(p.Errors) != 1 || p.Errors[0].Pointer != "/query/reason" {
				w.Errorf("%s", a.body)
			}
		}
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
		w.must(http.StatusOK, "DELETE", tasksPath+"/"+id+"?reason="+url.QueryEscape(strings.Repeat("é", 255)), "")
	})
}

func TestARunTakesOverrides(t *testing.T) {
	inWorld(t, func(w *world) {
		w.standing("supercool")
		out := w.run(coolPath, `{"cluster": "myclu", "taskDefinition": "supercool", "launchType": "FARGATE", "clientToken": "theirs",
			"overrides": {"cpu": "512", "memory": "1024", "taskRoleArn": "arn:aws:iam::001122334455:role/myclu-ecsTaskExecution",
				"containerOverrides": [{"name": "api", "command": ["sh", "-c", "true"], "environment": [{"name": "A", "value": "b"}]}]},
			"tags": [{"key": "Application", "value": "mine"}, {"key": "spinup:flavor", "value": "mine"}, {"key": "spinup:org", "value": "myorg"}]}`)
		task := out.Tasks[0]
		if task.Overrides.TaskRoleArn == "" || task.Overrides.ContainerOverrides[0].Command[2] != "true" {
			w.Errorf("%+v", task)
		}
		for _, tag := range task.Tags {
			if want := map[string]string{"Application": "mine", "spinup:flavor": "task"}[tag.Key]; want != "" && tag.Value != want {
				w.Errorf("%+v", tag)
			}
		}
		onSpot := w.run(coolPath, `{"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}`)
		if onSpot.Tasks[0].CapacityProviderName != "FARGATE_SPOT" {
			w.Errorf("%+v", onSpot)
		}
	})
}

func TestARunThatMakesNoSense(t *testing.T) {
	inWorld(t, func(w *world) {
		w.standing("supercool")
		before := w.aws.Inventory()
		const overrides = "/Overrides/ContainerOverrides/0/Name"
		for _, bad := range []badInput{
			{"none", `{"count": 0}`, "/Count"},
			{"too many", `{"count": 11}`, "/Count"},
			{"another cluster", `{"cluster": "other"}`, "/Cluster"},
			{"another family", `{"taskDefinition": "webservers"}`, "/TaskDefinition"},
			{"a revision", `{"taskDefinition": "supercool:1"}`, "/TaskDefinition"},
			{"on instances", `{"launchType": "EC2"}`, "/LaunchType"},
			{"both", `{"launchType": "FARGATE", "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]}`, "/CapacityProviderStrategy"},
			{"a provider that the cluster has not", `{"capacityProviderStrategy": [{"capacityProvider": "mine"}]}`, "/CapacityProviderStrategy/0/CapacityProvider"},
			{"a container that is none", `{"overrides": {"containerOverrides": [{"name": "nope"}]}}`, overrides},
			{"a container without a name", `{"overrides": {"containerOverrides": [{"cpu": 1}]}}`, overrides},
			{"a size that Fargate has not", `{"overrides": {"memory": "513"}}`, "/Overrides/Memory"},
			{"a bad role", `{"overrides": {"taskRoleArn": "admin"}}`, "/Overrides/TaskRoleArn"},
			{"another org's tag", `{"tags": [{"key": "spinup:org", "value": "theirs"}]}`, "/Tags/0/Value"},
			{"a public address", `{"networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "ENABLED"}}}`, "/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp"},
			{"a bad subnet", `{"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["x"]}}}`, "/NetworkConfiguration/AwsvpcConfiguration/Subnets/0"},
			{"a volume that is not open", `{"volumeConfigurations": [{"name": "v", "managedEBSVolume": {"sizeInGiB": 1, "roleArn": "arn:aws:iam::001122334455:role/myclu-ecsTaskExecution"}}]}`, "/VolumeConfigurations/0/Name"},
			{"a bad starter", `{"startedBy": "a b"}`, "/StartedBy"},
			{"a word for a number", `{"count": "two"}`, "/Count"},
		} {
			a := w.send("POST", coolPath+"/tasks", bad.body)
			if a.status != http.StatusBadRequest || len(a.problem(w).Errors) == 0 || a.problem(w).Errors[0].Pointer != bad.pointer {
				w.Errorf("%s: %d %s", bad.name, a.status, a.body)
			}
		}
		w.must(http.StatusNotFound, "POST", coolPath+"/tasks", `{"overrides": {"taskRoleArn": "arn:aws:iam::001122334455:role/admin"}}`)
		w.must(http.StatusNotFound, "POST", defsPath+"/nope/tasks", `{}`)
		w.must(http.StatusNotFound, "POST", "/clusters/nope/taskdefs/supercool/tasks", `{}`)
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

// Whatever becomes of the answer, as many tasks are started as were asked for, or none.
func TestARunStartsItsTasksOnce(t *testing.T) {
	for _, how := range troubles {
		t.Run(how.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.standing("supercool")
				fault := sandbox.Fault{Service: "ecs", Operation: "RunTask", Nth: 1, Kind: how.kind}
				if how.every {
					fault.Nth = 0
				}
				w.aws.Inject(fault)
				a := w.send("POST", coolPath+"/tasks", `{"count": 2}`)
				w.ended()
				w.aws.ClearFaults()
				started := len(w.tasks(coolPath + "/tasks"))
				switch told := strings.Contains(string(a.body), "may have been started"); {
				case a.status == http.StatusOK && started != 2, a.status != http.StatusOK && started != 0 && !told, told && !how.every:
					w.Errorf("%d, %d tasks: %s", a.status, started, a.body)
				}
			})
		})
	}
}

// Tasks of one family may be run at once, and beside a write on it.
func TestRunsDoNotWaitForEachOther(t *testing.T) {
	inWorld(t, func(w *world) {
		w.standing("supercool")
		var group sync.WaitGroup
		began := time.Now()
		for range 10 {
			group.Go(func() { w.must(http.StatusOK, "POST", coolPath+"/tasks", `{"count": 10}`) })
		}
		group.Wait()
		if took := time.Since(began); took > 200*time.Millisecond {
			w.Errorf("took %v", took)
		}
		if got := w.tasks(coolPath + "/tasks"); len(got) != 100 {
			w.Errorf("%d tasks", len(got))
		}
	})
}

// A role that was made a moment ago is waited for.
func TestARunWaitsForItsRole(t *testing.T) {
	inWorld(t, func(w *world) {
		w.standing("supercool")
		w.aws.Inject(sandbox.Fault{Service: "ecs", Operation: "RunTask", Nth: 1, Kind: sandbox.Refused, Code: "ClientException", Message: "ECS was unable to assume the role 'x' that was provided for this task."})
		w.run(coolPath, `{}`)
		time.Sleep(time.Hour)
		w.aws.Inject(sandbox.Fault{Service: "ecs", Operation: "RunTask", Kind: sandbox.Refused, Code: "ClientException", Message: "ECS was unable to assume the role 'x' that was provided for this task."})
		if a, trips := w.measured("POST", coolPath+"/tasks", `{}`); a.status != http.StatusBadRequest || trips != 2 {
			w.Errorf("%d in %d round trips: %s", a.status, trips, a.body)
		}
	})
}

func TestFamiliesOfManagedTaskDefinitions(t *testing.T) {
	inWorld(t, func(w *world) {
		w.standing("supercool", "beta", "beta", "gone", "alpha")
		w.register("elsewhere", "myorg", "other", "task")
		w.register("theirs", "theirs", "myclu", "task")
		client := ecs.New(w.account.Session)
		if err := client.DeregisterTaskDefinition(w.Context(), "gone:1"); err != nil { // the tagging API has it still
			w.Fatal(err)
		}
		var families []string
		w.must(http.StatusOK, "GET", defsPath, "").decode(w, &families)
		if !slices.Equal(families, []string{"alpha", "beta", "supercool"}) {
			w.Errorf("%v", families)
		}
		w.must(http.StatusNotFound, "GET", "/clusters/nope/taskdefs", "")
		w.must(http.StatusBadRequest, "GET", "/clusters/a%20b/taskdefs", "")

		var shown struct {
			Cluster        struct{ ClusterName string }
			TaskDefinition struct{ Family, TaskDefinitionArn string }
			Tags           []struct{ Key, Value string }
		}
		w.must(http.StatusOK, "GET", defsPath+"/beta", "").decode(w, &shown)
		if shown.Cluster.ClusterName != "myclu" || !strings.HasSuffix(shown.TaskDefinition.TaskDefinitionArn, "beta:2") || len(shown.Tags) != 4 || shown.Tags[0].Value != "beta" {
			w.Errorf("%+v", shown)
		}
		for _, absent := range []string{"gone", "elsewhere", "theirs", "nope", "bet"} {
			w.must(http.StatusNotFound, "GET", defsPath+"/"+absent, "")
		}
		w.must(http.StatusNotFound, "GET", "/clusters/nope/taskdefs/beta", "")
		w.must(http.StatusBadRequest, "GET", defsPath+"/beta:1", "")
		w.must(http.StatusConflict, "POST", defsPath+"/elsewhere/tasks", "{}")
		w.must(http.StatusNotFound, "POST", defsPath+"/theirs/tasks", "{}")
		w.must(http.StatusNotFound, "POST", defsPath+"/gone/tasks", "{}")
	})
}

func TestNoFamiliesAreAnEmptyList(t *testing.T) {
	inWorld(t, func(w *world) {
		w.standing()
		if a := w.must(http.StatusOK, "GET", defsPath, ""); strings.TrimSpace(string(a.body)) != "[]" {
			w.Errorf("%s", a.body)
		}
	})
}

// A list of 500 families takes its pages, and no call for each.
func TestAListOfManyFamilies(t *testing.T) {
	inWorld(t, func(w *world) {
		w.standing()
		for i := range 500 {
			w.register(fmt.Sprintf("family-%03d", i), "myorg", "myclu", "task")
		}
		a, trips := w.measured("GET", defsPath, "")
		var families []string
		a.decode(w, &families)
		if calls := len(w.aws.Calls()); len(families) != 500 || calls != 1+5+6 || trips != 6 { // cluster, tagged revisions, families: the service's own is one more
			w.Errorf("%d families in %d calls and %d round trips", len(families), calls, trips)
		}
	})
}

// What another org runs is not there: neither its tasks nor its definitions nor its logs.
func TestAnotherOrgsTasksAreNotThere(t *testing.T) {
	inWorld(t, func(w *world) {
		var id string
		w.asOrg("theirs", func() {
			w.standing()
			w.register("supercool", "theirs", "myclu", "task")
			id = w.run(coolPath, `{}`).ids()[0]
			w.ended()
		})
		before := w.aws.Inventory()
		for _, r := range []struct{ method, path, body string }{
			{"GET", tasksPath + "/" + id, ""},
			{"DELETE", tasksPath + "/" + id, ""},
			{"GET", defsPath, ""},
			{"GET", coolPath, ""},
			{"GET", coolPath + "/tasks", ""},
			{"GET", coolPath + "/tasks?startedBy=x&status=STOPPED", ""},
			{"POST", coolPath + "/tasks", "{}"},
			{"GET", coolPath + "/tasks/" + id, ""},
			{"DELETE", coolPath + "/tasks/" + id, ""},
			{"DELETE", coolPath + "/tasks/" + id + "?reason=x", ""},
			{"GET", www + "/logs?task=" + id + "&container=webserver", ""},
		} {
			if a := w.must(http.StatusNotFound, r.method, r.path, r.body); regexp.MustCompile(`theirs|RUNNING`).Match(a.body) {
				w.Errorf("%s %s tells: %s", r.method, r.path, a.body)
			}
		}
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

// Whoever waits no longer has its tasks run all the same, and the journal knows.
func TestARunIsAnOperation(t *testing.T) {
	inWorld(t, func(w *world) {
		w.standing("supercool")
		a := w.must(http.StatusOK, "POST", coolPath+"/tasks", `{"overrides": {"containerOverrides": [{"name": "api", "environment": [{"name": "PASSWORD", "value": "`+password+`"}]}]}}`)
		w.ended()
		shown := w.must(http.StatusOK, "GET", "/operations/"+a.header.Get("X-Operation-Id"), "")
		if body := string(shown.body); !strings.Contains(body, `"succeeded"`) || !strings.Contains(body, `"RunTasks"`) || strings.Contains(body, password) {
			w.Errorf("%s", body)
		}
	})
}

// The account's networks serve where the request names none.
func TestARunNeedsASubnet(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusBadRequest, "POST", coolPath+"/tasks", "{}")
	}, func(o *orchestration.Options) { o.Subnets = nil })
}
