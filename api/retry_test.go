package api_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"ecs-api/journal"
	"ecs-api/orchestration"
	"ecs-api/sandbox"

	"github.com/aws/aws-sdk-go/aws"
)

// The retry of what is left comes while another write on the name has not answered: it is not given up.
func TestARetryThatMeetsAnotherWriteIsTriedAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		w.denied("secretsmanager", "DeleteSecret")
		w.aws.Inject(sandbox.Fault{Service: "ecs", Operation: "CreateService", Nth: 1, Kind: sandbox.Refused})
		w.must(http.StatusForbidden, "POST", "/services", everything)
		time.Sleep(20 * time.Second)
		w.aws.ClearFaults()
		w.aws.SetRoleDelay(55 * time.Second)
		w.must(http.StatusOK, "POST", "/services", inFamily("www")) // answers after the retry
		time.Sleep(4 * time.Hour)
		w.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

// A delete of a registry that waits for a create that names it was told to ask for; both are in the journal when the process dies.
func TestTheStartDoesNotWaitForAnOperationThatHadNotBegun(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/clusters", bareCluster)
		arn := aws.StringValue(w.bareRegistry().Arn)
		w.ended()
		m := w.born(w.TempDir(), 0, false)
		w.aws.SetRoleDelay(55 * time.Second)
		named := body(cluster, definition, `"service": {"desiredcount": 1, "servicename": "www", "serviceregistries": [{"registryarn": "`+arn+`"}]}`)
		var all sync.WaitGroup
		all.Go(func() {
			w.must(http.StatusAccepted, "POST", "/services", named)
		})
		time.Sleep(5 * time.Second)
		all.Go(func() {
			w.must(http.StatusAccepted, "DELETE", w.registryPath(), "")
		})
		time.Sleep(3 * time.Second)
		all.Go(func() {
			w.must(http.StatusAccepted, "POST", "/services", strings.Replace(named, "myclu", "other", 1))
		})
		time.Sleep(15 * time.Second)
		m.cord.cut()
		started := time.Now()
		w.born(m.left, 0, false)
		if took := time.Since(started); took > time.Second {
			w.Errorf("the start took %v", took)
		}
		all.Wait()
		w.ended()
	}, func(o *orchestration.Options) { o.AnswerTimeout = 10 * time.Second })
}

// An update that waits for its family longer than an answer may.
func TestAnUpdateThatWaitsForAFamily(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", inFamily("one"))
		w.ended()
		w.aws.SetLatency(9 * time.Second)
		var all sync.WaitGroup
		all.Go(func() { w.must(http.StatusAccepted, "POST", "/services", inFamily("two")) })
		time.Sleep(6 * time.Second)
		var told string
		all.Go(func() {
			update := `{"credentials": {"webserver": {"Name": "c", "SecretString": "{}"}}}`
			told = w.must(http.StatusAccepted, "PUT", "/clusters/myclu/services/one", update).header.Get("X-Operation-Id")
		})
		all.Wait()
		w.aws.SetLatency(50 * time.Millisecond)
		w.ended()
		if op := w.operation(told); op.State != journal.Succeeded {
			w.Errorf("the update is %s: %s", op.State, op.Problem)
		}
	}, func(o *orchestration.Options) { o.AnswerTimeout = 10 * time.Second })
}

// A revision that tasks are just being started on is not deleted.
func TestARevisionThatIsRunIsNotDeleted(t *testing.T) {
	for delay := -400; delay <= 400; delay += 50 {
		inWorld(t, func(w *world) {
			w.must(http.StatusOK, "POST", "/clusters", bareCluster)
			w.must(http.StatusOK, "POST", "/taskdefs", bareDefinition)
			w.ended()
			var run, gone answer
			atOnce(delay, func() { run = w.send("POST", "/clusters/myclu/tasks", `{"TaskDefinition": "bare"}`) }, func() { gone = w.send("DELETE", "/taskdefs/bare", "") })
			if run.status == 200 && gone.status == 200 {
				w.Errorf("%d ms: run %d, delete %d, definitions %v", delay, run.status, gone.status, w.aws.Inventory()["task definition"])
			}
			w.ended()
		})
	}
}
