package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"ecs-api/orchestration"
	"ecs-api/sandbox"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awsiam "github.com/aws/aws-sdk-go/service/iam"
)

const bareDefinition = `{"family": "bare", "cpu": "256", "memory": "512", "containerdefinitions": [{"name": "job", "image": "busybox:1", "Essential": true}],
	"Tags": [{"Key": "CreatedBy", "Value": "netid"}, {"Key": "spinup:spaceid", "Value": "elsewhere"}, {"Key": "spinup:flavor", "Value": "service"}]}`

func registeredTwice(w *world) {
	for range 2 {
		w.must(http.StatusOK, "POST", "/taskdefs", bareDefinition)
	}
	w.ended()
}

// shownDefinition is the answer to a look at a definition, or to its delete.
type shownDefinition struct {
	TaskDefinition awsecs.TaskDefinition
	Tags           []*awsecs.Tag
}

// A definition is registered by itself: no cluster, role or log group is made for it.
func TestADefinitionByItself(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		if families := w.list("/taskdefs"); len(families) > 0 {
			w.Errorf("listed %v", families)
		}
		var made struct {
			Cluster        *awsecs.Cluster
			Credentials    map[string]any
			TaskDefinition *awsecs.TaskDefinition
		}
		a, trips := w.measured("POST", "/taskdefs", bareDefinition)
		a.decode(w, &made)
		if a.status != http.StatusOK || trips != 2 || made.Cluster != nil || made.Credentials != nil || a.header.Get("X-Operation-Id") == "" {
			w.Fatalf("%d in %d round trips: %s", a.status, trips, a.body)
		}
		definition := made.TaskDefinition
		if aws.StringValue(definition.NetworkMode) != "awsvpc" || aws.StringValue(definition.RequiresCompatibilities[0]) != "FARGATE" ||
			definition.ExecutionRoleArn != nil || definition.ContainerDefinitions[0].LogConfiguration != nil {
			w.Errorf("made %v", definition)
		}
		w.ended()
		after := w.aws.Inventory()
		delete(after, "task-definition")
		if diff := sandbox.Diff(before, after); diff != "" {
			w.Errorf("more than the definition was made:\n%s", diff)
		}
		w.must(http.StatusOK, "POST", "/taskdefs", strings.Replace(bareDefinition, "512", "1024", 1))
		for _, name := range []string{"bare", "bare:2", url.PathEscape(strings.Replace(aws.StringValue(definition.TaskDefinitionArn), ":1", ":2", 1))} {
			var shown shownDefinition
			a, trips := w.measured("GET", "/taskdefs/"+name, "")
			if a.status != http.StatusOK || trips != 1 {
				w.Fatalf("%s: %d in %d round trips: %s", name, a.status, trips, a.body)
			}
			a.decode(w, &shown)
			tags := tagsIn(shown.Tags)
			if aws.StringValue(shown.TaskDefinition.Memory) != "1024" || len(tags) != 5 || tags["CreatedBy"] != "netid" ||
				tags["spinup:org"] != "myorg" || tags["spinup:type"] != "container" || tags["spinup:flavor"] != "task" || tags["spinup:operation"] == "" {
				w.Errorf("%s: shown %v with tags %v", name, shown.TaskDefinition, tags)
			}
		}
		if a, trips := w.measured("GET", "/taskdefs", ""); trips != 1 || strings.TrimSpace(string(a.body)) != `["bare"]` {
			w.Errorf("%s in %d round trips", a.body, trips)
		}
		var gone shownDefinition
		a, trips = w.measured("DELETE", "/taskdefs/bare:1", "")
		a.decode(w, &gone)
		if a.status != http.StatusOK || trips > 4 || aws.Int64Value(gone.TaskDefinition.Revision) != 1 || aws.StringValue(gone.TaskDefinition.Status) != "ACTIVE" || len(gone.Tags) != 5 {
			w.Errorf("%d in %d round trips: %s", a.status, trips, a.body)
		}
		w.ended()
		w.must(http.StatusNotFound, "GET", "/taskdefs/bare:1", "")
		w.must(http.StatusNotFound, "DELETE", "/taskdefs/bare:1", "")
		w.must(http.StatusOK, "GET", "/taskdefs/bare:2", "")
		w.must(http.StatusOK, "POST", "/taskdefs", bareDefinition)
		w.must(http.StatusOK, "DELETE", "/taskdefs/bare", "").decode(w, &gone)
		if aws.Int64Value(gone.TaskDefinition.Revision) != 3 {
			w.Errorf("gone %v", gone.TaskDefinition)
		}
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
		w.must(http.StatusNotFound, "GET", "/taskdefs/bare", "")
		w.must(http.StatusNotFound, "DELETE", "/taskdefs/bare", "")
	})
}

// Families of every flavor and space are listed in their pages, with no call for each; another org's and those without an active revision are
// not.
func TestAllFamiliesOfTheOrg(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", body(cluster, definition, service)) // its role
		w.ended()
		for i := range 209 {
			w.register(fmt.Sprintf("family-%03d", 209-i), "myorg", fmt.Sprint("space", i%3), []string{"task", "service"}[i%2])
		}
		w.register("family-001", "myorg", "space0", "task")
		w.register("theirs", "theirs", "myclu", "task")
		w.register("gone", "myorg", "myclu", "task")
		if _, err := awsecs.New(w.account.Session).DeregisterTaskDefinition(&awsecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String("gone:1")}); err != nil {
			w.Fatal(err)
		}
		a, trips := w.measured("GET", "/taskdefs", "")
		var families []string
		a.decode(w, &families)
		if calls := len(w.aws.Calls()); len(families) != 210 || !slices.IsSorted(families) || families[0] != "family-001" || families[209] != "webservers" || trips != 3 || calls != 3+3+1 {
			w.Errorf("%d families in %d calls and %d round trips", len(families), calls, trips)
		}
	})
}

// A revision that a service or a task is on keeps itself and, where all of it is to go, its family; nothing has changed.
func TestADefinitionInUse(t *testing.T) {
	inWorld(t, func(w *world) {
		kept := func(path string) {
			w.Helper()
			w.ended()
			stands := w.aws.Inventory()
			told := w.must(http.StatusConflict, "DELETE", path, "").problem(w)
			if !strings.Contains(told.Detail, "in use") {
				w.Errorf("told %q", told.Detail)
			}
			if diff := sandbox.Diff(stands, w.aws.Inventory()); diff != "" {
				w.Errorf("refused, and changed:\n%s", diff)
			}
		}
		registeredTwice(w)
		clustered(w)
		ran := w.run(barePath, `{"taskdefinition": "bare:1"}`)
		kept("/taskdefs/bare:1")
		kept("/taskdefs/bare")
		w.must(http.StatusOK, "DELETE", "/taskdefs/bare:2", "")
		w.must(http.StatusOK, "DELETE", barePath+"/tasks/"+ran.ids()[0], "")
		w.must(http.StatusOK, "POST", "/services", `{"service": {"cluster": "bare", "desiredcount": 0, "servicename": "www", "taskdefinition": "bare:1"}}`)
		kept("/taskdefs/bare")
		w.must(http.StatusOK, "DELETE", "/clusters/bare/services/www", "")
		w.ended()
		w.must(http.StatusOK, "DELETE", "/taskdefs/bare", "")

		w.must(http.StatusOK, "POST", "/services", everything)
		kept("/taskdefs/webservers:1")
		kept("/taskdefs/webservers")
		secrets := len(w.aws.Inventory()["secret"])
		w.must(http.StatusOK, "DELETE", www, "")
		w.ended()
		w.must(http.StatusOK, "DELETE", "/taskdefs/webservers", "")
		w.ended()
		if left := w.aws.Inventory(); len(left["task-definition"]) > 0 || len(left["secret"]) != secrets {
			w.Errorf("left %v and %v", left["task-definition"], left["secret"])
		}
	})
}

// An old revision that a deployment still has tasks on is in use, though the service names a newer one.
func TestADefinitionOfAnOlderDeployment(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		w.must(http.StatusOK, "PUT", www, `{"TaskDefinition": {"family": "webservers", "cpu": "256", "memory": "512", "containerdefinitions": [{"name": "webserver", "image": "nginx:slow"}]}}`)
		w.must(http.StatusConflict, "DELETE", "/taskdefs/webservers:1", "")
		w.ended()
	})
}

// A family that belongs to a space is not taken out of it, another org's is not there, and what a definition refers to must be ours.
func TestADefinitionOfOthers(t *testing.T) {
	inWorld(t, func(w *world) {
		w.asOrg("theirs", func() {
			w.must(http.StatusOK, "POST", "/taskdefs", strings.Replace(bareDefinition, `"bare"`, `"theirs"`, 1))
			w.must(http.StatusOK, "POST", "/taskdefs", strings.NewReplacer("supercool", "others", "myclu", "theirclu").Replace(supercool))
			w.ended()
		})
		defined(w)
		w.must(http.StatusOK, "POST", "/taskdefs", strings.NewReplacer("supercool", "elsewhere", "myclu", "other").Replace(supercool))
		w.ended()
		before := w.aws.Inventory()
		const role = "arn:aws:iam::001122334455:role/"
		with := func(part string) string { return strings.Replace(bareDefinition, `"cpu"`, part+`, "cpu"`, 1) }
		pulls := func(part, secret string) string {
			return strings.Replace(with(part), `"name": "job"`, `"name": "job", "repositorycredentials": {"credentialsparameter": "`+secret+`"}`, 1)
		}
		for name, test := range map[string]struct {
			status int
			body   string
		}{
			"another org's family":       {http.StatusNotFound, strings.Replace(bareDefinition, `"bare"`, `"theirs"`, 1)},
			"a space's family":           {http.StatusConflict, strings.Replace(bareDefinition, `"bare"`, `"supercool"`, 1)},
			"another org's role":         {http.StatusNotFound, with(`"executionrolearn": "` + role + `theirclu-ecsTaskExecution"`)},
			"a role of no space":         {http.StatusNotFound, with(`"taskrolearn": "` + role + `admin"`)},
			"a role that is not there":   {http.StatusNotFound, with(`"taskrolearn": "` + role + `none-ecsTaskExecution"`)},
			"roles of two spaces":        {http.StatusNotFound, with(`"executionrolearn": "` + role + `myclu-ecsTaskExecution", "taskrolearn": "` + role + `other-ecsTaskExecution"`)},
			"another org's secret":       {http.StatusNotFound, pulls(`"executionrolearn": "`+role+`myclu-ecsTaskExecution"`, "spinup/theirs/theirclu/others-api")},
			"another space's secret":     {http.StatusNotFound, pulls(`"executionrolearn": "`+role+`myclu-ecsTaskExecution"`, "spinup/myorg/other/elsewhere-api")},
			"a space's secret, no role":  {http.StatusNotFound, pulls(`"ignored": "x"`, "spinup/myorg/myclu/supercool-api")},
			"a secret that is not there": {http.StatusNotFound, pulls(`"executionrolearn": "`+role+`myclu-ecsTaskExecution"`, "spinup/myorg/myclu/none")},
		} {
			a := w.send("POST", "/taskdefs", test.body)
			if a.status != test.status {
				w.Errorf("%s: %d %s", name, a.status, a.body)
			}
		}
		for _, path := range []string{"/taskdefs/theirs", "/taskdefs/theirs:1", "/taskdefs/others"} {
			w.must(http.StatusNotFound, "GET", path, "")
			w.must(http.StatusNotFound, "DELETE", path, "")
		}
		if families := w.list("/taskdefs"); !slices.Equal(families, []string{"elsewhere", "supercool"}) {
			w.Errorf("listed %v", families)
		}
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
		ours := pulls(`"executionrolearn": "`+role+`myclu-ecsTaskExecution", "taskrolearn": "`+role+`myclu-ecsTaskExecution"`, "spinup/myorg/myclu/supercool-api")
		const logs = `"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "of-my-own", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "x"}}`
		w.must(http.StatusOK, "POST", "/taskdefs", strings.Replace(ours, `"Essential"`, logs+`, "Essential"`, 1))
		var shown shownDefinition
		w.must(http.StatusOK, "GET", "/taskdefs/bare", "").decode(w, &shown)
		if shows := shown.TaskDefinition.ContainerDefinitions[0].LogConfiguration; shows == nil || aws.StringValue(shows.Options["awslogs-group"]) != "of-my-own" {
			w.Errorf("its log configuration is %v", shows)
		}
	})
}

func TestADefinitionWithAnAllowedRole(t *testing.T) {
	const role = "arn:aws:iam::001122334455:role/shared"
	inWorld(t, func(w *world) {
		const trust = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`
		_, err := awsiam.New(w.account.Session).CreateRole(&awsiam.CreateRoleInput{RoleName: aws.String("shared"), AssumeRolePolicyDocument: aws.String(trust)})
		if err != nil {
			w.Fatal(err)
		}
		w.must(http.StatusOK, "POST", "/taskdefs", strings.Replace(bareDefinition, `"cpu"`, `"taskrolearn": "`+role+`", "cpu"`, 1))
	}, func(o *orchestration.Options) { o.AllowedARNs = []string{role} })
}

func TestBadDefinitions(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		for name, test := range map[string]struct{ body, pointer string }{
			"a family beside a taskdefinition": {strings.Replace(supercool, `{"cluster"`, `{"family": "x", "cluster"`, 1), "/Family"},
			"a cluster":                        {strings.Replace(bareDefinition, `{"family"`, `{"cluster": {"clustername": "x"}, "family"`, 1), "/cluster"},
			"credentials":                      {strings.Replace(bareDefinition, `{"family"`, `{"credentials": {"job": {"secretstring": "x"}}, "family"`, 1), "/credentials"},
			"no name":                          {strings.Replace(bareDefinition, `"bare"`, `""`, 1), "/Family"},
			"no container":                     {`{"family": "x", "cpu": "256", "memory": "512"}`, "/ContainerDefinitions"},
			"a bridge":                         {strings.Replace(bareDefinition, `"cpu"`, `"NETWORKMODE": "bridge", "cpu"`, 1), "/NetworkMode"},
			"another org":                      {strings.Replace(bareDefinition, `"spinup:spaceid", "Value": "elsewhere"`, `"spinup:org", "Value": "theirs"`, 1), "/Tags/1/Value"},
		} {
			a := w.send("POST", "/taskdefs", test.body)
			if told := a.problem(w); a.status != http.StatusBadRequest || len(told.Errors) != 1 || !strings.EqualFold(told.Errors[0].Pointer, test.pointer) {
				w.Errorf("%s: %d %+v", name, a.status, told.Errors)
			}
		}
		for _, name := range []string{"a%20b", "bare:x", "arn%3Aaws%3Aecs%3Aus-east-1%3A001122334455%3Atask-definition%2Fbare"} {
			w.must(http.StatusBadRequest, "GET", "/taskdefs/"+name, "")
			w.must(http.StatusBadRequest, "DELETE", "/taskdefs/"+name, "")
		}
		elsewhere := "/taskdefs/" + url.PathEscape("arn:aws:ecs:eu-west-1:001122334455:task-definition/bare:1")
		w.must(http.StatusNotFound, "GET", elsewhere, "")
		w.must(http.StatusNotFound, "DELETE", elsewhere, "")
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

func TestADefinitionLeavesNoTrace(t *testing.T) {
	create := func(w *world) { w.must(http.StatusOK, "POST", "/taskdefs", bareDefinition) }
	leavesNoTrace(t, nothing, create, func(w *world) answer { return w.send("POST", "/taskdefs", bareDefinition) })
}

func TestADefinitionDeleteLeavesNoTrace(t *testing.T) {
	t.Parallel()
	remove := func(w *world) { w.must(http.StatusOK, "DELETE", "/taskdefs/bare", "") }
	deletesAllOrNothing(t, registeredTwice, remove, "/taskdefs/bare", func(left sandbox.Inventory) bool { return len(left["task-definition"]) == 0 })
}

// What is registered after a delete of its family was asked for stays.
func TestADefinitionAfterADelete(t *testing.T) {
	inWorld(t, func(w *world) {
		registeredTwice(w)
		w.aws.Inject(sandbox.Fault{Service: "ecs", Operation: "DeleteTaskDefinitions", Kind: sandbox.Refused})
		w.must(http.StatusOK, "DELETE", "/taskdefs/bare", "")
		w.endedOrStuck()
		w.must(http.StatusOK, "POST", "/taskdefs", bareDefinition)
		w.aws.ClearFaults()
		w.ended()
		if left := w.aws.Inventory()["task-definition"]; len(left) != 1 {
			w.Errorf("left %v", left)
		}
		w.must(http.StatusOK, "GET", "/taskdefs/bare:3", "")
	})
}
