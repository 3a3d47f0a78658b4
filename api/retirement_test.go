package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"ecs-api/journal"
	"ecs-api/orchestration"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// closed closes the service as SIGTERM does, and says how long that took.
func (w *world) closed() time.Duration {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	began := time.Now()
	w.account.Close(ctx)
	took := time.Since(began)
	if err := w.journal.Close(); err != nil {
		w.Error(err)
	}
	return took
}

// retirement gives the step of an update that lets the replaced secret go, and the operation's state.
func (w *world) retirement(id string) (orchestration.OperationStep, journal.State) {
	w.Helper()
	op := w.operation(id)
	for _, step := range op.Steps {
		if step.Name == "replaced secret gone" {
			return step, op.State
		}
	}
	w.Fatalf("no secret goes: %+v", op.Steps)
	return orchestration.OperationStep{}, op.State
}

func (w *world) updated(body string) (id string) {
	w.Helper()
	return w.must(http.StatusOK, "PUT", www, body).header.Get("X-Operation-Id")
}

// slowly is an update whose deployment takes half a minute, and which lets a secret go.
var slowly = strings.Replace(redefine, "nginx:alpine", "nginx:slow", 1)

// A process that is told to end does not wait for a deployment: what waits for it is the next one's.
func TestAnEndDoesNotWaitForADeployment(t *testing.T) {
	inWorld(t, func(w *world) {
		dir := w.TempDir()
		w.born(dir, 0, false)
		built(w)
		id := w.updated(slowly)
		time.Sleep(2 * time.Second)
		if took := w.closed(); took > time.Second {
			w.Errorf("it took %v to end", took)
		}
		if len(w.aws.Inventory()["secret"]) != 1 {
			w.Fatal("the secret is gone before its time")
		}
		w.born(dir, 0, false)
		watchSecrets(w)
		time.Sleep(5 * time.Minute)
		w.ended()
		if step, state := w.retirement(id); step.State != "released" || state != journal.Succeeded || len(w.aws.Inventory()["secret"]) != 0 {
			w.Errorf("the update is %s, its retirement %+v, secrets %v", state, step, w.aws.Inventory()["secret"])
		}
	})
}

// Nor does it wait for the next attempt at what AWS refuses to let go.
func TestAnEndDoesNotWaitForAnotherAttempt(t *testing.T) {
	inWorld(t, func(w *world) {
		w.born(w.TempDir(), 0, false)
		w.denied("secretsmanager", "DeleteSecret")
		w.denied("ecs", "CreateService")
		w.must(http.StatusForbidden, "POST", "/services", everything)
		time.Sleep(10 * time.Minute)
		if took := w.closed(); took > time.Second {
			w.Errorf("it took %v to end", took)
		}
	})
}

// Where no journal outlives the process nobody goes on, so what is at work has its 15 seconds.
func TestWithoutAJournalAnEndWaits(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		w.update(slowly)
		time.Sleep(20 * time.Second)
		if took := w.closed(); took < time.Second || len(w.aws.Inventory()["secret"]) != 0 {
			w.Errorf("it took %v, and left %v", took, w.aws.Inventory()["secret"])
		}
	}, func(o *orchestration.Options) { o.Durable = false })
}

// A secret that a task still needs is kept, and asked for again until the task is gone, by the next process too. The update has succeeded meanwhile, and nobody
// waits.
func TestAKeptSecretIsAskedForAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		dir := w.TempDir()
		w.born(dir, 0, false)
		built(w)
		client := awsecs.New(w.account.Session)
		run, err := client.RunTask(&awsecs.RunTaskInput{Cluster: aws.String("myclu"), TaskDefinition: aws.String("webservers:1"), LaunchType: aws.String("FARGATE"),
			NetworkConfiguration: &awsecs.NetworkConfiguration{AwsvpcConfiguration: &awsecs.AwsVpcConfiguration{Subnets: aws.StringSlice(w.aws.Defaults().Subnets)}}})
		if err != nil || len(run.Tasks) != 1 {
			w.Fatal(err, run)
		}
		id := w.updated(redefine)
		w.ended()
		for _, process := range []string{"this process", "the next process"} {
			time.Sleep(3 * time.Hour)
			step, state := w.retirement(id)
			if step.State != "postponed" || !strings.Contains(step.Reason, "a task or a deployment") || state != journal.Succeeded || len(w.aws.Inventory()["secret"]) != 1 {
				w.Errorf("%s: the update is %s, its retirement %+v", process, state, step)
			}
			if _, trips := w.measured("PUT", www, scale); trips != 2 {
				w.Errorf("%s: another update waited", process)
			}
			w.ended()
			if process == "this process" {
				if took := w.closed(); took > time.Second {
					w.Errorf("it took %v to end", took)
				}
				w.born(dir, 0, false)
				if _, err := w.account.Identity(w.Context()); err != nil {
					w.Fatal(err)
				}
			}
		}
		w.aws.ResetCalls()
		time.Sleep(24 * time.Hour)
		if calls := len(w.aws.Calls()); calls > 24*20 {
			w.Errorf("%d calls in a day", calls)
		}
		if _, err := client.StopTask(&awsecs.StopTaskInput{Cluster: aws.String("myclu"), Task: run.Tasks[0].TaskArn}); err != nil {
			w.Fatal(err)
		}
		watchSecrets(w)
		time.Sleep(2 * time.Hour)
		if step, state := w.retirement(id); step.State != "released" || state != journal.Succeeded || len(w.aws.Inventory()["secret"]) != 0 {
			w.Errorf("the update is %s, its retirement %+v, secrets %v", state, step, w.aws.Inventory()["secret"])
		}
		var left []orchestration.Leftover
		w.must(http.StatusOK, "GET", "/leftovers", "").decode(w, &left)
		if len(left) != 0 {
			w.Errorf("leftovers %+v", left)
		}
	})
}

// What is refused after it was postponed is told as a leftover, and tried on; the update has succeeded all the same.
func TestAPostponedRetirementThatIsRefused(t *testing.T) {
	counted := 0
	inWorld(t, func(w *world) {
		dir := w.TempDir()
		w.born(dir, 0, false)
		built(w)
		id := w.updated(slowly)
		time.Sleep(2 * time.Second)
		w.closed()
		w.denied("secretsmanager", "DeleteSecret")
		w.born(dir, 0, false)
		time.Sleep(time.Hour)
		var left []orchestration.Leftover
		w.must(http.StatusOK, "GET", "/leftovers", "").decode(w, &left)
		if step, state := w.retirement(id); step.State != "left" || state != journal.Succeeded || len(left) != 1 || left[0].Operation != id || counted != 1 {
			w.Errorf("the update is %s, its retirement %+v, leftovers %+v, counted %d", state, step, left, counted)
		}
		w.closed()
		w.aws.ClearFaults()
		w.born(dir, 0, false)
		time.Sleep(time.Hour)
		if step, state := w.retirement(id); step.State != "released" || state != journal.Succeeded || len(w.aws.Inventory()["secret"]) != 0 || counted != 0 {
			w.Errorf("the update is %s, its retirement %+v, counted %d", state, step, counted)
		}
	}, func(o *orchestration.Options) { o.SetLeftovers = func(n int) { counted = n } })
}
