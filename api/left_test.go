package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"ecs-api/journal"
	"ecs-api/orchestration"
	"ecs-api/sandbox"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// denied has AWS refuse an operation for good.
func (w *world) denied(service, operation string) {
	w.aws.Inject(sandbox.Fault{Service: service, Operation: operation, Kind: sandbox.Refused})
}

func (w *world) operation(id string) orchestration.Operation {
	var op orchestration.Operation
	w.must(http.StatusOK, "GET", "/operations/"+id, "").decode(w, &op)
	return op
}

// What AWS refuses to release is told, in the answer, the record, the metric and the leftovers, and is tried again until it is gone.
func TestWhatCannotBeReleasedIsTold(t *testing.T) {
	counted := 0
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		w.denied("secretsmanager", "DeleteSecret")
		w.denied("ecs", "CreateService")
		told := w.must(http.StatusForbidden, "POST", "/services", everything).problem(w)
		if told.Rollback.Complete || len(told.Rollback.Left) != 1 || !strings.Contains(told.Rollback.Left[0].Reason, "DeleteSecret") {
			w.Errorf("told %+v", told.Rollback)
		}
		time.Sleep(10 * time.Minute)
		if op := w.operation(told.Operation); op.State != journal.Failed || op.EndedAt != nil {
			w.Errorf("the operation is %s, ended %v", op.State, op.EndedAt)
		}
		if counted != 1 {
			w.Errorf("the metric says %d", counted)
		}
		var left []orchestration.Leftover
		w.must(http.StatusOK, "GET", "/leftovers", "").decode(w, &left)
		if len(left) == 0 || left[0].Operation != told.Operation || !strings.Contains(left[0].Resource, "myapp-webserver-cred") || !strings.Contains(left[0].Reason, "DeleteSecret") {
			w.Errorf("leftovers %+v", left)
		}
		w.aws.ClearFaults()
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" || counted != 0 || w.operation(told.Operation).State != journal.RolledBack {
			w.Errorf("left %s, counted %d, operation %s", diff, counted, w.operation(told.Operation).State)
		}
	}, func(o *orchestration.Options) { o.SetLeftovers = func(n int) { counted = n } })
}

// A space whose ground cannot be released is not shut for others meanwhile.
func TestAStuckReleaseBlocksNobody(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
		w.denied("iam", "DeleteRole")
		w.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
		time.Sleep(3 * time.Hour)
		started := time.Now()
		w.must(http.StatusOK, "POST", "/services", everything)
		if took := time.Since(started); took > 10*time.Second {
			w.Errorf("a create waited %v", took)
		}
		w.aws.ClearFaults()
		w.ended()
		w.must(http.StatusOK, "GET", www, "")
		if len(w.aws.Inventory()["role"]) != 1 {
			w.Error("the retry took the role from under the new service")
		}
	})
}

// A refused write answers at once, though it is the last of its space and has another's ground to clean up.
func TestARefusalDoesNotWaitForOthersGround(t *testing.T) {
	inWorld(t, func(w *world) {
		w.denied("iam", "DeleteRole")
		w.failDefinition()
		w.send("POST", "/services", named("one"))
		started := time.Now()
		w.must(http.StatusNotFound, "GET", "/clusters/myclu/services/none", "")
		w.must(http.StatusNotFound, "DELETE", "/clusters/myclu/services/none", "")
		if took := time.Since(started); took > 90*time.Second {
			w.Errorf("it took %v", took)
		}
	})
}

// Whoever has a 200 may write again at once.
func TestAnAnswerLetsGo(t *testing.T) {
	for range 50 {
		inWorld(t, func(w *world) {
			w.must(http.StatusOK, "POST", "/services", body(cluster, definition, service))
			w.must(http.StatusOK, "DELETE", www, "")
		})
	}
}

// retagged takes a tag from an ECS resource, and gives it another.
func (w *world) retagged(arn, without, key, value string) {
	w.Helper()
	client := awsecs.New(w.account.Session)
	if _, err := client.UntagResource(&awsecs.UntagResourceInput{ResourceArn: &arn, TagKeys: aws.StringSlice([]string{without})}); err != nil {
		w.Fatal(err)
	}
	if key == "" {
		return
	}
	if _, err := client.TagResource(&awsecs.TagResourceInput{ResourceArn: &arn, Tags: []*awsecs.Tag{{Key: &key, Value: &value}}}); err != nil {
		w.Fatal(err)
	}
}

// A recursive delete in an older cluster, which names its org otherwise and no space, takes nothing from under what still runs there.
func TestAnOlderClusterKeepsWhatRunsInIt(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", named("one"))
		w.must(http.StatusOK, "POST", "/services", named("two"))
		w.ended()
		arn := "arn:aws:ecs:us-east-1:001122334455:cluster/myclu"
		w.retagged(arn, "spinup:org", "yale:org", "myorg")
		w.retagged(arn, "spinup:spaceid", "", "")
		w.must(http.StatusOK, "DELETE", "/clusters/myclu/services/one?recursive=true", "")
		w.ended()
		for _, kind := range []string{"cluster", "role", "log group", "service"} {
			if len(w.aws.Inventory()[kind]) != 1 {
				w.Errorf("%s: %v", kind, w.aws.Inventory()[kind])
			}
		}
		w.must(http.StatusOK, "DELETE", "/clusters/myclu/services/two?recursive=true", "")
		w.ended()
		if left := kinds(w.aws.Inventory())["count"]; left["cluster"] != nil && left["cluster"] != 0 || left["role"] != nil && left["role"] != 0 {
			w.Errorf("left %v", left)
		}
	})
}

// A registry that a service scaled to nothing names is in use, though nothing is in it.
func TestARegistryOfAnIdleServiceIsKept(t *testing.T) {
	inWorld(t, func(w *world) {
		var made struct{ ServiceDiscoveryService struct{ Arn string } }
		w.must(http.StatusOK, "POST", "/services", everything).decode(w, &made)
		w.must(http.StatusOK, "POST", "/services", `{"service": {"cluster": "myclu", "desiredcount": 0, "servicename": "idle", "taskdefinition": "webservers:1",
			"serviceregistries": [{"registryarn": "`+made.ServiceDiscoveryService.Arn+`"}]}}`)
		w.ended()
		w.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
		w.ended()
		if len(w.aws.Inventory()["registry"]) != 1 {
			w.Error("the registry is gone")
		}
	})
}

// A used-up quota is told as what it is.
func TestAQuotaIsAConflict(t *testing.T) {
	for operation, fault := range map[string]sandbox.Fault{
		"CreateRole":     {Service: "iam", Kind: sandbox.Refused, Code: "LimitExceeded", Message: "Cannot exceed quota for RolesPerAccount: 1000", Status: 409},
		"CreateLogGroup": {Service: "logs", Kind: sandbox.Refused, Code: "LimitExceededException", Message: "Resource limit exceeded."},
	} {
		inWorld(t, func(w *world) {
			fault.Operation = operation
			w.aws.Inject(fault)
			if a := w.must(http.StatusConflict, "POST", "/services", everything); !strings.Contains(string(a.body), fault.Message) {
				w.Errorf("told %s", a.body)
			}
		})
	}
}

// A configuration that allows naming another org's definitions does not allow writing to their family.
func TestAnAllowedFamilyIsNotWrittenTo(t *testing.T) {
	inWorld(t, func(w *world) {
		w.asOrg("theirs", func() {
			w.must(http.StatusOK, "POST", "/services", strings.Replace(everything, `"clustername": "myclu"`, `"clustername": "theirs"`, 1))
			w.ended()
		})
		w.must(http.StatusNotFound, "POST", "/services", body(cluster, definition, service))
	}, func(o *orchestration.Options) { o.AllowedARNs = []string{"*"} })
}

// Past the time that an answer may take, the caller is told where to ask; the work goes on.
func TestALongWorkIsAccepted(t *testing.T) {
	inWorld(t, func(w *world) {
		w.aws.SetRoleDelay(50 * time.Second)
		accepted := w.must(http.StatusAccepted, "POST", "/services", everything)
		where := strings.TrimPrefix(accepted.header.Get("Location"), "/v1/ecs/main")
		if where != "/operations/"+accepted.header.Get("X-Operation-Id") {
			w.Errorf("Location %s", where)
		}
		w.ended()
		var op orchestration.Operation
		w.must(http.StatusOK, "GET", where, "").decode(w, &op)
		if op.State != journal.Succeeded || len(op.Steps) < 9 || op.Result == nil || strings.Contains(string(op.Result), "localhost") {
			w.Errorf("%+v", op)
		}
		var all []orchestration.Operation
		w.must(http.StatusOK, "GET", "/operations?state=succeeded&cluster=myclu", "").decode(w, &all)
		if len(all) != 1 {
			w.Errorf("%d operations", len(all))
		}
		w.must(http.StatusBadRequest, "GET", "/operations?state=done", "")
		w.must(http.StatusNotFound, "GET", "/operations/none", "")
	}, func(o *orchestration.Options) { o.AnswerTimeout = 20 * time.Second })
}

// Past the time that an operation may take, it is undone.
func TestATooLongOperationIsUndone(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		w.aws.SetRoleDelay(50 * time.Second)
		w.must(http.StatusGatewayTimeout, "POST", "/services", everything)
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	}, func(o *orchestration.Options) { o.OperationTimeout = 20 * time.Second })
}
