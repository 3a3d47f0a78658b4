package api_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"ecs-api/sandbox"

	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// named gives the request for everything under other names, in the same cluster.
func named(name string) string {
	return strings.NewReplacer(`"www"`, `"`+name+`"`, "webservers", name+"servers", "myapp-webserver-cred", name+"-cred").Replace(everything)
}

// failsAt has every create of a family fail at its definition.
func (w *world) failDefinition() {
	w.aws.Inject(sandbox.Fault{Service: "ecs", Operation: "RegisterTaskDefinition", Nth: 1, Kind: sandbox.Refused, Code: "ClientException", Message: "no"})
}

// Two creates at once make the ground of one new cluster between them; when one fails, the other stands, whole.
func TestTwoCreatesAtOnceOneFails(t *testing.T) {
	var whole sandbox.Inventory
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", named("one"))
		w.ended()
		whole = shape(w, w.aws.Inventory())
	})
	for delay := time.Duration(0); delay <= 300; delay += 12 {
		inWorld(t, func(w *world) {
			w.failDefinition()
			answers := make([]answer, 2)
			var both sync.WaitGroup
			both.Go(func() { answers[0] = w.send("POST", "/services", named("one")) })
			both.Go(func() {
				time.Sleep(delay * time.Millisecond)
				answers[1] = w.send("POST", "/services", named("two"))
			})
			both.Wait()
			w.ended()
			stands := "one"
			if answers[1].status == http.StatusOK {
				stands = "two"
			}
			if (answers[0].status == http.StatusOK) == (answers[1].status == http.StatusOK) {
				w.Fatalf("statuses %d and %d, want one to fail", answers[0].status, answers[1].status)
			}
			text := shape(w, w.aws.Inventory())
			want := whole
			if stands == "two" {
				want = renamed(w, whole, "one", "two")
			}
			if diff := sandbox.Diff(want, text); diff != "" {
				w.Errorf("the other came %v later: %s stands, but\n%s", delay*time.Millisecond, stands, diff)
			}
			w.must(http.StatusOK, "DELETE", "/clusters/myclu/services/"+stands+"?recursive=true", "")
			w.ended()
			if left := w.aws.Inventory(); left["cluster"] != nil || left["role"] != nil || left["log group"] != nil {
				w.Errorf("the last service took down what it stood on, but %v", left)
			}
		})
	}
}

// A create that fails after another has reused its ground does not take it away.
func TestAFailureLeavesGroundThatAnotherReused(t *testing.T) {
	inWorld(t, func(w *world) {
		// The first one hangs at its definition until the second is done, and then fails.
		var once sync.Once
		reached, goOn := make(chan struct{}), make(chan struct{})
		w.aws.OnCall(func(c sandbox.Call, before bool) {
			if in, ok := c.Input.(*awsecs.RegisterTaskDefinitionInput); before && ok && *in.Family == "oneservers" {
				once.Do(func() {
					close(reached)
					<-goOn
				})
			}
		})
		var first answer
		var work sync.WaitGroup
		work.Go(func() { first = w.send("POST", "/services", named("one")) })
		<-reached
		w.must(http.StatusOK, "POST", "/services", named("two"))
		w.aws.Inject(sandbox.Fault{Service: "ecs", Operation: "CreateService", Kind: sandbox.Refused, Code: "InvalidParameterException", Message: "no"})
		close(goOn)
		work.Wait()
		w.ended()
		if told := first.problem(w); first.status != http.StatusBadRequest || told.FailedStep != "service" || len(told.Rollback.Left) == 0 {
			w.Errorf("the first was answered %d %s", first.status, first.body)
		}
		shown := w.must(http.StatusOK, "GET", "/clusters/myclu/services/two", "")
		if !strings.Contains(string(shown.body), `"RunningCount":1`) {
			w.Errorf("the second does not run: %s", shown.body)
		}
		for _, kind := range []string{"cluster", "role", "log group"} {
			if len(w.aws.Inventory()[kind]) != 1 {
				w.Errorf("the %s is gone", kind)
			}
		}
	})
}

// A create right after a recursive delete waits for what is still going, instead of failing.
func TestACreateRightAfterADelete(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
		whole := shape(w, w.aws.Inventory())
		w.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
		again := shape(w, w.aws.Inventory())
		if diff := sandbox.Diff(kinds(whole), kinds(again)); diff != "" {
			w.Errorf("not whole again:\n%s", diff)
		}
	})
}

// kinds is how many there are of each kind.
func kinds(inventory sandbox.Inventory) sandbox.Inventory {
	counted := sandbox.Inventory{"count": {}}
	for kind, things := range inventory {
		counted["count"][kind] = len(things)
	}
	return counted
}

func TestACreateWaitsForADrainingService(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", body(cluster, definition, service))
		w.ended()
		w.must(http.StatusOK, "DELETE", www, "")
		w.must(http.StatusOK, "POST", "/services", body(cluster, definition, service))
	})
}

func TestASecondWriteOnAServiceIsAConflict(t *testing.T) {
	inWorld(t, func(w *world) {
		statuses := make([]int, 2)
		var both sync.WaitGroup
		for i := range statuses {
			both.Go(func() { statuses[i] = w.send("POST", "/services", everything).status })
		}
		both.Wait()
		if statuses[0]+statuses[1] != http.StatusOK+http.StatusConflict {
			w.Errorf("statuses %v", statuses)
		}
	})
}

// A role made a moment ago is not yet seen by ECS: that is waited out, for a minute.
func TestANewRoleIsWaitedFor(t *testing.T) {
	for delay, want := range map[time.Duration]int{20 * time.Second: http.StatusOK, 45 * time.Second: http.StatusOK, 5 * time.Minute: http.StatusForbidden} {
		inWorld(t, func(w *world) {
			before := w.aws.Inventory()
			w.aws.SetRoleDelay(delay)
			started := time.Now()
			w.must(want, "POST", "/services", everything)
			if took := time.Since(started); took > 90*time.Second {
				w.Errorf("a role that is seen after %v was waited for %v", delay, took)
			}
			w.ended()
			if diff := sandbox.Diff(before, w.aws.Inventory()); (diff == "") == (want == http.StatusOK) {
				w.Errorf("status %d, and left: %s", want, diff)
			}
		})
	}
}

// What a denial says of a role that stood before is told at once.
func TestAStandingRoleIsNotWaitedFor(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
		w.aws.SetRoleDelay(time.Hour)
		started := time.Now()
		w.must(http.StatusForbidden, "POST", "/services", named("two"))
		if took := time.Since(started); took > 5*time.Second {
			w.Errorf("it took %v", took)
		}
	})
}

// A recursive delete leaves what another service or a task in the cluster uses.
func TestARecursiveDeleteLeavesWhatOthersUse(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", named("one"))
		w.ended()
		alone := shape(w, w.aws.Inventory())
		// A second service on the first one's definition and secret.
		w.must(http.StatusOK, "POST", "/services", `{"service": {"cluster": "myclu", "desiredcount": 1, "servicename": "two", "taskdefinition": "oneservers:1"}}`)
		w.ended()
		w.must(http.StatusOK, "DELETE", "/clusters/myclu/services/two?recursive=true", "")
		w.ended()
		if diff := sandbox.Diff(alone, shape(w, w.aws.Inventory())); diff != "" {
			w.Errorf("the first is not as it was:\n%s", diff)
		}
	})
}

// A delete of a cluster and a managed definition in it at once: a definition that is answered stands on its cluster, role and log group.
func TestAClusterDeleteAndADefinitionAtOnce(t *testing.T) {
	t.Parallel()
	met := map[[2]int]bool{}
	for delay := -400; delay <= 400; delay += 25 {
		inWorld(t, func(w *world) {
			w.must(http.StatusOK, "POST", "/clusters", `{"clusterName": "myclu"}`)
			w.ended()
			var removed, made answer
			atOnce(delay, func() { removed = w.send("DELETE", "/clusters/myclu", "") }, func() { made = w.send("POST", "/taskdefs", supercool) })
			w.ended()
			met[[2]int{removed.status, made.status}] = true
			stands := w.aws.Inventory()
			if made.status != http.StatusOK || len(stands["cluster"])*len(stands["role"])*len(stands["log group"]) != 1 {
				w.Errorf("delay %d: delete %d, create %d: %d clusters, %d roles, %d log groups, %d definitions", delay, removed.status, made.status,
					len(stands["cluster"]), len(stands["role"]), len(stands["log group"]), len(stands["task-definition"]))
			}
		})
	}
	if len(met) != 2 || !met[[2]int{http.StatusOK, http.StatusOK}] || !met[[2]int{http.StatusConflict, http.StatusOK}] {
		t.Errorf("answered %v", met)
	}
}
