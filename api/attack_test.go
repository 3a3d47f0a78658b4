package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"ecs-api/sandbox"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// inFamily gives a service of the shared family.
func inFamily(name string) string {
	return strings.NewReplacer(`"www"`, `"`+name+`"`).Replace(body(cluster, definition, service))
}

// Two recursive deletes of services that share a family wait for no one's lease, and the last one takes the space down.
func TestTwoRecursiveDeletesOfOneFamily(t *testing.T) {
	for delay := time.Duration(0); delay < 4*time.Second; delay += 333 * time.Millisecond {
		inWorld(t, func(w *world) {
			before := w.aws.Inventory()
			w.must(http.StatusOK, "POST", "/services", inFamily("one"))
			w.must(http.StatusOK, "POST", "/services", inFamily("two"))
			w.ended()
			w.must(http.StatusOK, "DELETE", "/clusters/myclu/services/one?recursive=true", "")
			time.Sleep(delay)
			w.must(http.StatusOK, "DELETE", "/clusters/myclu/services/two?recursive=true", "")
			w.ended()
			if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
				w.Errorf("%v apart:\n%s", delay, diff)
			}
		})
	}
}

// A create whose answer is lost, and whose retry is told that it exists, may have made it: also when reading it then fails.
func TestALostAnswerAndARefusedRead(t *testing.T) {
	for create, reads := range map[[2]string][][2]string{
		{"iam", "CreateRole"}:                 {{"iam", "GetRole"}},
		{"logs", "CreateLogGroup"}:            {{"logs", "DescribeLogGroups"}, {"logs", "ListTagsForResource"}},
		{"servicediscovery", "CreateService"}: {{"servicediscovery", "GetService"}},
		{"ecs", "CreateCluster"}:              {{"ecs", "DescribeClusters"}},
		{"ecs", "RegisterTaskDefinition"}:     {{"ecs", "ListTaskDefinitions"}, {"ecs", "DescribeTaskDefinition"}},
		{"ecs", "CreateService"}:              {{"ecs", "DescribeServices"}},
		{"secretsmanager", "CreateSecret"}:    {{"secretsmanager", "DescribeSecret"}},
	} {
		for _, read := range reads {
			for _, kind := range []sandbox.FaultKind{sandbox.Refused, sandbox.Throttled, sandbox.Unheard} {
				inWorld(t, func(w *world) {
					before := w.aws.Inventory()
					w.aws.OnCall(func(c sandbox.Call, first bool) {
						// The reads begin to fail when the create has been done.
						if !first && c.Service == create[0] && c.Operation == create[1] {
							w.aws.OnCall(nil)
							w.aws.Inject(sandbox.Fault{Service: read[0], Operation: read[1], Kind: kind})
							time.AfterFunc(20*time.Second, w.aws.ClearFaults)
						}
					})
					w.aws.Inject(sandbox.Fault{Service: create[0], Operation: create[1], Nth: 1, Kind: sandbox.Unheard})
					answered := w.send("POST", "/services", everything)
					name := fmt.Sprintf("%v lost, %v %v: status %d", create, read, kind, answered.status)
					diff := sandbox.Diff(before, w.aws.Inventory())
					if answered.status != http.StatusOK && answered.problem(w).Rollback.Complete && diff != "" {
						w.Errorf("%s: the answer says that all is taken back:\n%s", name, diff)
					}
					w.ended()
					if diff := sandbox.Diff(before, w.aws.Inventory()); (diff == "") == (answered.status == http.StatusOK) {
						w.Errorf("%s, and left:\n%s", name, diff)
					}
				})
			}
		}
	}
}

// A secret is in use by whatever name a definition gives it.
func TestASecretNamedOtherwiseIsInUse(t *testing.T) {
	for _, reference := range []string{"spinup/myorg/myclu/one-cred", "arn:aws:secretsmanager:us-east-1:001122334455:secret:spinup/myorg/myclu/one-cred"} {
		inWorld(t, func(w *world) {
			w.must(http.StatusOK, "POST", "/services", named("one"))
			two := strings.NewReplacer(`"www"`, `"two"`, "webservers", "twoservers", `"name": "webserver"`,
				`"repositorycredentials": {"credentialsparameter": "`+reference+`"}, "name": "webserver"`).Replace(body(cluster, definition, service))
			w.must(http.StatusOK, "POST", "/services", two)
			w.ended()
			w.must(http.StatusOK, "DELETE", "/clusters/myclu/services/one?recursive=true", "")
			w.ended()
			if len(w.aws.Inventory()["secret"]) != 1 {
				w.Errorf("named %s: the secret is gone", reference)
			}
		})
	}
}

// A path names bare names: an ARN would get past what is held and leased.
func TestPathsTakeNamesOnly(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
		before := w.aws.Inventory()
		for _, path := range []string{
			"/clusters/arn:aws:ecs:us-east-1:001122334455:cluster%2Fmyclu/services/www", "/clusters/x%2Fmyclu/services/www",
			"/clusters/myclu/services/foo%2Fwww", "/clusters/myclu/services/arn:aws:ecs:us-east-1:001122334455:service%2Fmyclu%2Fwww",
		} {
			for _, method := range []string{"GET", "DELETE"} {
				w.must(http.StatusBadRequest, method, path+"?recursive=true&all=true", "")
			}
		}
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

// IAM takes names that differ in case for the same: a space never works with another one's role.
func TestARoleThatDiffersInCaseIsAnothers(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", named("one"))
		w.ended()
		before := w.aws.Inventory()
		w.must(http.StatusConflict, "POST", "/services", strings.Replace(named("two"), `"clustername": "myclu"`, `"clustername": "MyClu"`, 1))
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

// A delete of which nobody knows whether it was done is not told as undone, and is finished when it is known.
func TestADeleteThatIsNotKnownIsFinished(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
		w.aws.Inject(sandbox.Fault{Service: "ecs", Operation: "DeleteService", Kind: sandbox.Unheard})
		w.aws.OnCall(func(c sandbox.Call, first bool) {
			if !first && c.Operation == "DeleteService" {
				w.aws.OnCall(nil)
				w.aws.Inject(sandbox.Fault{Service: "ecs", Operation: "DescribeServices", Kind: sandbox.Refused})
				time.AfterFunc(5*time.Minute, w.aws.ClearFaults)
			}
		})
		if answered := w.send("DELETE", www+"?recursive=true", ""); answered.status != http.StatusAccepted {
			if told := answered.problem(w); told.Rollback == nil || told.Rollback.Complete || len(told.Rollback.Left) == 0 {
				w.Errorf("%d %s", answered.status, answered.body)
			}
		}
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

// CreateCluster answers with a cluster that stands as if it had made it, whoever's it is.
func TestAnotherOrgsClusterIsNotAdopted(t *testing.T) {
	inWorld(t, func(w *world) {
		w.aws.OnCall(func(c sandbox.Call, first bool) {
			if first && c.Operation == "CreateCluster" {
				w.aws.OnCall(nil)
				in := *c.Input.(*awsecs.CreateClusterInput)
				in.Tags = []*awsecs.Tag{{Key: aws.String("spinup:org"), Value: aws.String("theirs")}}
				if _, err := awsecs.New(w.account.Session).CreateClusterWithContext(w.Context(), &in); err != nil {
					w.Error(err)
				}
			}
		})
		w.must(http.StatusNotFound, "POST", "/services", everything)
		w.ended()
		if left := kinds(w.aws.Inventory())["count"]; left["cluster"] != 1 || left["service"] != nil {
			w.Errorf("left %v", left)
		}
	})
}
