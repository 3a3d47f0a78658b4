package api_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"ecs-api/cloudwatchlogs"
	"ecs-api/journal"
	"ecs-api/orchestration"
	"ecs-api/sandbox"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
)

// planted makes a secret of ours that no operation made.
func (w *world) planted(name string) (arn string) {
	w.Helper()
	out, err := awssecrets.New(w.account.Session).CreateSecret(&awssecrets.CreateSecretInput{Name: &name, SecretString: aws.String("x"),
		Tags: []*awssecrets.Tag{{Key: aws.String("spinup:org"), Value: aws.String("myorg")}}})
	if err != nil {
		w.Fatal(err)
	}
	return *out.ARN
}

// pulling is a definition whose container names a secret.
func pulling(family, arn string) string {
	return `{"family": "` + family + `", "cpu": "256", "memory": "512", "containerdefinitions": [{"name": "webserver", "image": "nginx:alpine",
		"repositorycredentials": {"credentialsparameter": "` + arn + `"}}]}`
}

func onDefinition(cluster, name, definition string) string {
	return `{"cluster": {"clustername": "` + cluster + `"}, "taskdefinition": ` + definition + `, "service": {"desiredcount": 1, "servicename": "` + name + `"}}`
}

// Writes that share a space and a family wait for one another in no circle, whatever the distance between them.
func TestWritesThatShareAFamilyAllEnd(t *testing.T) {
	t.Parallel()
	pairs := map[string]func(w *world){
		"a managed delete": func(w *world) { w.send("DELETE", "/clusters/myclu/taskdefs/webservers?recursive=true&force=true", "") },
		"a create that fails": func(w *world) {
			_ = cloudwatchlogs.New(w.account.Session).PutRetentionPolicy(w.Context(), "myclu", 7) // ground that it changes
			w.denied("ecs", "CreateService")
			w.send("POST", "/services", inFamily("other"))
		},
		"an update": func(w *world) { w.send("PUT", "/clusters/myclu/services/two", redefine) },
	}
	for name, second := range pairs {
		for delay := time.Duration(0); delay < 3*time.Second; delay += 200 * time.Millisecond {
			inWorld(t, func(w *world) {
				built(w)
				w.must(http.StatusOK, "POST", "/services", inFamily("two"))
				w.ended()
				var both sync.WaitGroup
				both.Go(func() { w.send("DELETE", www+"?recursive=true", "") })
				time.Sleep(delay)
				both.Go(func() { second(w) })
				both.Wait()
				time.Sleep(2 * time.Hour)
				operations, _ := w.journal.List(journal.Filter{})
				for _, op := range operations {
					if op.EndedAt == nil {
						w.Errorf("%s, %v later: %s is %s", name, delay, op.Verb, op.State)
					}
				}
			})
		}
	}
}

// A service that has moved to an operation's revision shows that the operation has passed its commit point, whatever else has changed since.
func TestACommitIsReadFromWhatRuns(t *testing.T) {
	for at := 1; at < 60; at++ {
		over := false
		inWorld(t, func(w *world) {
			built(w)
			scaler := awsecs.New(w.account.Session)
			m := w.born(w.TempDir(), at, true)
			w.aws.ResetCalls()
			w.send("PUT", www, changeAll)
			moved := false
			for _, call := range w.aws.Calls() {
				moved = moved || call.Operation == "UpdateService"
			}
			if over = !m.buried() || moved; !moved {
				return
			}
			time.Sleep(20 * time.Second)
			if _, err := scaler.UpdateService(&awsecs.UpdateServiceInput{Cluster: aws.String("myclu"), Service: aws.String("www"), DesiredCount: aws.Int64(3)}); err != nil {
				w.Fatal(err)
			}
			w.born(m.left, 0, false)
			w.ended()
			var show struct {
				RunningCount   int
				TaskDefinition awsecs.TaskDefinition
			}
			w.must(http.StatusOK, "GET", www+"?all=true", "").decode(w, &show)
			if show.RunningCount != 3 || aws.StringValue(show.TaskDefinition.Status) != "ACTIVE" || len(w.aws.Inventory()["secret"]) != 2 {
				w.Errorf("dead at call %d: %d tasks run of %v, secrets %d", at, show.RunningCount, show.TaskDefinition, len(w.aws.Inventory()["secret"]))
			}
		})
		if over {
			return
		}
	}
}

// A secret stays while any definition in use names it: in another cluster, or a managed one of which nothing runs.
func TestASharedSecretStays(t *testing.T) {
	cases := map[string]func(w *world) (arn string){
		"in another cluster": func(w *world) string {
			arn := w.planted("shared")
			w.must(http.StatusOK, "POST", "/services", onDefinition("one", "www", pulling("one", arn)))
			w.must(http.StatusOK, "POST", "/services", onDefinition("two", "www", pulling("two", arn)))
			w.ended()
			w.must(http.StatusOK, "PUT", "/clusters/one/services/www", `{"TaskDefinition": `+pulling("one", arn)+`}`)
			return arn
		},
		"by a managed definition": func(w *world) string {
			arn := w.planted("spinup/myorg/myclu/shared")
			w.must(http.StatusOK, "POST", "/services", onDefinition("myclu", "www", pulling("webservers", arn)))
			w.must(http.StatusOK, "POST", "/taskdefs", `{"cluster": {"clustername": "myclu"}, "taskdefinition": `+pulling("job", arn)+`}`)
			w.ended()
			w.must(http.StatusOK, "PUT", www, redefine)
			return arn
		},
		"by another managed definition": func(w *world) string {
			arn := w.planted("spinup/myorg/myclu/shared")
			w.must(http.StatusOK, "POST", "/taskdefs", `{"cluster": {"clustername": "myclu"}, "taskdefinition": `+pulling("job", arn)+`}`)
			w.must(http.StatusOK, "POST", "/taskdefs", `{"cluster": {"clustername": "myclu"}, "taskdefinition": `+pulling("job2", arn)+`}`)
			w.ended()
			w.must(http.StatusAccepted, "DELETE", "/clusters/myclu/taskdefs/job", "")
			return arn
		},
	}
	for name, act := range cases {
		inWorld(t, func(w *world) {
			arn := act(w)
			w.ended()
			if text := renderedJSON(w, w.aws.Inventory()["secret"]); !strings.Contains(text, arn) {
				w.Errorf("%s: it is gone", name)
			}
		})
	}
}

// A secret that the configuration allows is used as it is.
func TestAnAllowedSecretIsNotMoved(t *testing.T) {
	inWorld(t, func(w *world) {
		arn := w.planted("shared-pull")
		w.must(http.StatusOK, "POST", "/services", onDefinition("myclu", "www", pulling("webservers", arn)))
		w.ended()
		out := w.update(`{"TaskDefinition": ` + pulling("webservers", arn) + `}`)
		w.ended()
		if *out.TaskDefinition.ContainerDefinitions[0].RepositoryCredentials.CredentialsParameter != arn || len(w.aws.Inventory()["secret"]) != 1 {
			w.Errorf("moved: %v", w.aws.Inventory()["secret"])
		}
	}, func(o *orchestration.Options) { o.AllowedARNs = []string{"*:secret:shared-pull-*"} })
}

// Of two updates that overwrite one secret at once, the one that fails puts back what the other wrote.
func TestAValueThatSomeoneElseWroteIsKept(t *testing.T) {
	for delay := time.Duration(0); delay < 500*time.Millisecond; delay += 25 * time.Millisecond {
		inWorld(t, func(w *world) {
			arn := w.planted("spinup/myorg/myclu/shared")
			for _, name := range []string{"a", "b"} {
				w.must(http.StatusOK, "POST", "/services", onDefinition("myclu", name, pulling("family"+name, arn)))
			}
			w.ended()
			w.aws.Inject(sandbox.Fault{Service: "ecs", Operation: "UpdateService", Nth: 2, Kind: sandbox.Refused})
			statuses := map[string]int{}
			var both sync.WaitGroup
			var mu sync.Mutex
			put := func(name string) {
				a := w.send("PUT", "/clusters/myclu/services/"+name, `{"ForceRedeploy": true, "Credentials": {"webserver": {"SecretString": "of-`+name+`"}}}`)
				mu.Lock()
				defer mu.Unlock()
				statuses[name] = a.status
			}
			both.Go(func() { put("a") })
			time.Sleep(delay)
			both.Go(func() { put("b") })
			both.Wait()
			w.ended()
			value, err := awssecrets.New(w.account.Session).GetSecretValue(&awssecrets.GetSecretValueInput{SecretId: &arn})
			if err != nil {
				w.Fatal(err)
			}
			if statuses["a"] == http.StatusOK && statuses["b"] != http.StatusOK && *value.SecretString != "of-a" {
				w.Errorf("%v apart: %v, and the value is %s", delay, statuses, *value.SecretString)
			}
		})
	}
}

// The family of a service is not a managed one, and another org's is not written to through a service that may use it.
func TestFamiliesThatAreNotToBeChanged(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		w.must(http.StatusNotFound, "DELETE", "/clusters/myclu/taskdefs/webservers?force=true", "")
		w.must(http.StatusNotFound, "PUT", "/clusters/myclu/taskdefs/webservers", `{"Tags": [{"Key": "a", "Value": "b"}]}`)
		w.asOrg("theirs", func() {
			w.must(http.StatusOK, "POST", "/services", onDefinition("theirs", "www", strings.Replace(pulling("foreign", ""), `"repositorycredentials": {"credentialsparameter": ""}`, `"cpu": 0`, 1)))
			w.ended()
		})
		w.must(http.StatusOK, "POST", "/services", `{"service": {"cluster": "myclu", "desiredcount": 1, "servicename": "two", "taskdefinition": "foreign:1"}}`)
		w.ended()
		before := w.aws.Inventory()
		w.must(http.StatusNotFound, "PUT", "/clusters/myclu/services/two", `{"Credentials": {"webserver": {"SecretString": "x"}}}`)
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	}, func(o *orchestration.Options) {
		if o.Org == "myorg" {
			o.AllowedARNs = []string{"*task-definition/foreign*"}
		}
	})
}

func TestAnUpdateGetsNoPublicAddressEither(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		for _, part := range []string{`"NetworkConfiguration": {"AwsvpcConfiguration": {"AssignPublicIp": "ENABLED"}}`, `"PlatformVersion": "nonsense"`, `"PropagateTags": "NONE"`,
			`"TaskDefinition": "webservers:1"}, "Credentials": {"webserver": {"SecretString": "x"}`} {
			w.must(http.StatusBadRequest, "PUT", www, `{"Service": {`+part+`}}`)
		}
	})
}

// What a 202 names can be asked for, also while it waits for another write, and if nothing comes of it.
func TestEvery202CanBeAskedFor(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		w.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
		accepted := w.must(http.StatusAccepted, "PUT", www, scale)
		where := strings.TrimPrefix(accepted.header.Get("Location"), "/v1/ecs/main")
		w.must(http.StatusOK, "GET", where, "")
		w.ended()
		var op orchestration.Operation
		w.must(http.StatusOK, "GET", where, "").decode(w, &op)
		if op.State != journal.RolledBack || !strings.Contains(string(op.Problem), "not found") {
			w.Errorf("%+v", op)
		}
	}, func(o *orchestration.Options) { o.AnswerTimeout = time.Second })
}

// Without a journal that lasts, what runs is no leftover.
func TestLeftoversWithoutAJournal(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		w.update(addSecret)
		w.must(http.StatusOK, "POST", "/taskdefs", supercool)
		w.must(http.StatusOK, "POST", "/secrets", madeSecret)
		w.ended()
		w.start(journal.NewMemory(), nil)
		if a := w.must(http.StatusOK, "GET", "/leftovers", ""); strings.TrimSpace(string(a.body)) != "[]" {
			w.Errorf("found %s", a.body)
		}
	}, func(o *orchestration.Options) { o.Durable = false })
}

// After a deployment that was rolled back, the corrected update finds the names free.
func TestACorrectedUpdateAfterARollback(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", body(cluster, definition, service))
		w.ended()
		w.update(strings.Replace(addSecret, "myorg/privateapi:latest", "myorg/privateapi:fail", 1))
		time.Sleep(30 * time.Minute)
		w.ended()
		w.update(addSecret)
	})
}

// A family is a service's or a managed one: neither way into the other's.
func TestFlavorsDoNotMix(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		defined(w)
		before := w.aws.Inventory()
		w.must(http.StatusConflict, "POST", "/taskdefs", strings.Replace(supercool, "supercool", "webservers", 1))
		w.must(http.StatusConflict, "PUT", www, strings.Replace(redefine, "webservers", "supercool", 1))
		w.must(http.StatusConflict, "POST", "/services", strings.NewReplacer("webservers", "supercool", `"www"`, `"other"`).Replace(body(cluster, definition, service)))
		w.must(http.StatusBadRequest, "PUT", "/clusters/myclu/services", scale)
		w.must(http.StatusBadRequest, "PUT", www, `{"Service": {"HealthCheckGracePeriodSeconds": -1}}`)
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

// A delete with force stops what was run, not what a service would start again.
func TestAForcedDeleteLeavesAServicesTasks(t *testing.T) {
	inWorld(t, func(w *world) {
		defined(w)
		w.must(http.StatusOK, "POST", "/services", `{"service": {"cluster": "myclu", "desiredcount": 1, "servicename": "www", "taskdefinition": "supercool:1"}}`)
		w.must(http.StatusOK, "POST", supercoolPath+"/tasks", `{}`)
		w.ended()
		w.must(http.StatusAccepted, "DELETE", supercoolPath+"?force=true&recursive=true", "")
		w.ended()
		var show struct{ RunningCount int }
		w.must(http.StatusOK, "GET", www, "").decode(w, &show)
		if show.RunningCount != 1 || len(w.aws.Inventory()["task"]) != 1 || len(w.aws.Inventory()["secret"]) != 1 {
			w.Errorf("%d run of %v", show.RunningCount, w.aws.Inventory()["task"])
		}
	})
}
