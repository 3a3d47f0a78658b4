package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"ecs-api/journal"
	"ecs-api/sandbox"
	"ecs-api/secretsmanager"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
)

// The changes of the source document's examples.
const (
	retag       = `{"ForceNewDeployment": true, "Tags": [{"Key": "MyKey", "Value": "MyValue"}, {"Key": "Application", "Value": "someprefix"}]}`
	redefine    = `{"TaskDefinition": {"family": "webservers", "cpu": "256", "memory": "1024", "containerdefinitions": [{"environment": [{"name": "API_HOST", "value": "localhost"}, {"name": "API_PORT", "value": "1234"}], "name": "webserver", "image": "nginx:alpine", "ports": [80, 443]}]}, "ForceRedeploy": true}`
	scale       = `{"Service": {"DesiredCount": 2}}`
	scaleOnSpot = `{"Service": {"DesiredCount": 1, "CapacityProviderStrategy": [{"CapacityProvider": "FARGATE_SPOT", "Base": 1, "Weight": 1}]}}`
	addSecret   = `{"TaskDefinition": {"family": "webservers", "cpu": "256", "memory": "1024", "containerdefinitions": [{"name": "webserver", "image": "nginx:alpine"}, {"name": "privateapi", "image": "myorg/privateapi:latest"}]},
		"credentials": {"privateapi": {"Name": "privateapi-cred-1", "SecretString": "{\"username\" : \"myorguser\",\"password\" : \"` + password + `2\"}", "Description": "privateapi-creds"}}, "ForceRedeploy": true}`
)

// updated is the answer of an update.
type updated struct {
	Cluster             struct{ ClusterName string }
	Service             struct{ TaskDefinition string }
	TaskDefinition      *awsecs.TaskDefinition
	Credentials         map[string]struct{ ARN, Name, VersionId string }
	CloudwatchLogGroups []string
	Tags                []struct{ Key, Value string }
}

func built(w *world) {
	w.must(http.StatusOK, "POST", "/services", everything)
	w.ended()
}

func (w *world) update(body string) (out updated) {
	w.Helper()
	w.must(http.StatusOK, "PUT", www, body).decode(w, &out)
	return out
}

func TestUpdateRoundTrips(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"scale": {scale, 2}, "definition, tags and redeploy": {strings.Replace(redefine, `"ForceRedeploy": true`, `"ForceRedeploy": true, "Tags": [{"Key": "a", "Value": "b"}]`, 1), 6},
		"definition without credentials": {redefine, 4}, "with credentials": {addSecret, 6},
	} {
		inWorld(t, func(w *world) {
			if strings.HasPrefix(name, "definition") {
				w.must(http.StatusOK, "POST", "/services", body(cluster, definition, service))
				w.ended()
				c.want = 4
			} else {
				built(w)
			}
			if a, got := w.measured("PUT", www, c.body); a.status != http.StatusOK || got > c.want {
				w.Errorf("%s: status %d in %d round trips, want %d: %s", name, a.status, got, c.want, a.body)
			}
		})
	}
}

func TestAnUpdateReachesEveryPart(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		out := w.update(retag)
		if len(out.CloudwatchLogGroups) != 1 || out.TaskDefinition == nil || out.Cluster.ClusterName != "myclu" {
			w.Errorf("answered %+v", out)
		}
		w.ended()
		for _, kind := range []string{"service", "task-definition", "cluster", "role", "log group", "secret"} {
			for key, state := range w.aws.Inventory()[kind] {
				if text := renderedJSON(w, state); !strings.Contains(text, "someprefix") || !strings.Contains(text, "netid") {
					w.Errorf("%s %s has not the tags: %s", kind, key, text)
				}
			}
		}
	})
}

func TestANewDefinitionInheritsTheServicesTags(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		out := w.update(redefine)
		w.ended()
		if aws.Int64Value(out.TaskDefinition.Revision) != 2 || aws.StringValue(out.TaskDefinition.Memory) != "1024" {
			w.Errorf("registered %v", out.TaskDefinition)
		}
		container := out.TaskDefinition.ContainerDefinitions[0]
		if aws.StringValue(container.LogConfiguration.Options["awslogs-group"]) != "myclu" || container.RepositoryCredentials != nil {
			w.Errorf("container %v", container)
		}
		text := renderedJSON(w, w.aws.Inventory()["task-definition"])
		if strings.Count(text, "netid") != 2 {
			w.Errorf("the new revision has not the service's tags: %s", text)
		}
		if len(w.aws.Inventory()["secret"]) != 0 {
			w.Error("the container goes without credentials, and its secret is still there")
		}
	})
}

// The rows of the credentials table that change something, end to end. At no moment is a secret gone that a definition in use names.
func TestCredentialsOfAnUpdate(t *testing.T) {
	const value = `"SecretString": "{\"username\": \"u\", \"password\": \"` + password + `3\"}"`
	definitionWith := func(reference string) string {
		if reference != "" {
			reference = `, "repositorycredentials": {"credentialsparameter": "` + reference + `"}`
		}
		return `"TaskDefinition": {"family": "webservers", "cpu": "256", "memory": "512", "containerdefinitions": [{"name": "webserver", "image": "nginx:alpine"` + reference + `}]}`
	}
	inWorld(t, func(w *world) {
		built(w)
		var show struct{ TaskDefinition awsecs.TaskDefinition }
		w.must(http.StatusOK, "GET", www+"?all=true", "").decode(w, &show)
		old := *show.TaskDefinition.ContainerDefinitions[0].RepositoryCredentials.CredentialsParameter
		used := func(out updated) string {
			if c := out.TaskDefinition.ContainerDefinitions[0].RepositoryCredentials; c != nil {
				return *c.CredentialsParameter
			}
			return ""
		}
		watchSecrets(w)
		// old, none, new: overwritten and kept.
		if out := w.update(`{` + definitionWith("") + `, "Credentials": {"webserver": {` + value + `}}}`); used(out) != old || out.Credentials["webserver"].ARN != old {
			w.Errorf("overwritten: %s", used(out))
		}
		// old, the same, no new: kept.
		if out := w.update(`{` + definitionWith(old) + `}`); used(out) != old {
			w.Errorf("kept: %s", used(out))
		}
		// only credentials: overwritten, no new revision.
		if out := w.update(`{"credentials": {"webserver": {` + value + `}}}`); used(out) != old || *out.TaskDefinition.Revision != 3 {
			w.Errorf("only credentials: %s, revision %d", used(out), *out.TaskDefinition.Revision)
		}
		// A secret of ours outside any cluster's path is moved under this one's.
		outside, err := secretsmanager.New(w.account.Session).CreateSecret(w.Context(), &awssecrets.CreateSecretInput{Name: aws.String("privateapi-cred-1"), SecretString: aws.String("{}"),
			ClientRequestToken: aws.String("11111111-2222-4333-8444-555555555555"), Tags: []*awssecrets.Tag{{Key: aws.String("spinup:org"), Value: aws.String("myorg")}}})
		if err != nil {
			w.Fatal(err)
		}
		if out := w.update(`{` + definitionWith(*outside.ARN) + `}`); !strings.Contains(used(out), "secret:spinup/myorg/myclu/webservers-webserver-") {
			w.Errorf("moved: %s", used(out))
		}
		w.ended()
		if secrets := w.aws.Inventory()["secret"]; len(secrets) != 1 {
			w.Errorf("the old ones are still there: %v", secrets)
		}
		// old, none, no new: none; the old one goes.
		if out := w.update(`{` + definitionWith("") + `}`); used(out) != "" {
			w.Errorf("none: %s", used(out))
		}
		w.ended()
		if secrets := w.aws.Inventory()["secret"]; len(secrets) != 0 {
			w.Errorf("the old one is still there: %v", secrets)
		}
		// no old, none, new: made.
		if out := w.update(`{"credentials": {"webserver": {` + value + `}}}`); !strings.Contains(used(out), "webservers-webserver-") {
			w.Errorf("made: %s", used(out))
		}
		w.must(http.StatusNotFound, "PUT", www, `{`+definitionWith("arn:aws:secretsmanager:us-east-1:001122334455:secret:none-abcdef")+`}`)
		w.must(http.StatusBadRequest, "PUT", www, `{"credentials": {"other": {`+value+`}}}`)
	})
}

// watchSecrets holds at every call that no secret is gone that the definition of a running task names.
func watchSecrets(w *world) {
	w.aws.OnCall(func(c sandbox.Call, before bool) {
		if before || c.Operation != "DeleteSecret" {
			return
		}
		inventory := w.aws.Inventory()
		secrets := renderedJSON(w, inventory["secret"])
		for _, state := range inventory["service"] {
			text := renderedJSON(w, state)
			for arn, definition := range inventory["task-definition"] {
				named := renderedJSON(w, definition)
				if !strings.Contains(text, arn) || !strings.Contains(named, "credentialsParameter") {
					continue
				}
				_, after, _ := strings.Cut(named, `"credentialsParameter":"`)
				reference, _, _ := strings.Cut(after, `"`)
				if !strings.Contains(secrets, reference) {
					w.Errorf("%s is gone, and %s in use names it", reference, arn)
				}
			}
		}
	})
}

// changeAll changes all that an update can: definition, new and overwritten credentials, count and tags.
const changeAll = `{"TaskDefinition": {"family": "webservers", "cpu": "256", "memory": "1024", "containerdefinitions": [{"name": "webserver", "image": "nginx:alpine"}, {"name": "api", "image": "api:1"}]},
	"credentials": {"api": {"SecretString": "` + password + `4"}, "webserver": {"SecretString": "` + password + `5"}}, "Service": {"DesiredCount": 2}, "Tags": [{"Key": "MyKey", "Value": "MyValue"}]}`

// An update leaves what it was asked for, or everything as it was, whatever call goes wrong.
func TestAnUpdateLeavesNoTrace(t *testing.T) {
	t.Parallel()
	act := func(w *world) { w.must(http.StatusOK, "PUT", www, changeAll) }
	leavesNoTrace(t, built, act, func(w *world) answer { return w.send("PUT", www, changeAll) })
}

func TestBadUpdates(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		before := w.aws.Inventory()
		for body, status := range map[string]int{
			`{}`: 400, `{"Tags": []}`: 400, `{"Service": {"Service": "other"}}`: 400, `{"Service": {"Cluster": "other"}}`: 400, `{"Service": {"DesiredCount": -1}}`: 400,
			`{"Service": {"TaskDefinition": "none:7"}}`: 404, `{"Tags": [{"Key": "spinup:org", "Value": "theirs"}]}`: 400, `{"Service": {"TaskDefinition": "a:b:c"}}`: 400,
			`{"TaskDefinition": {"family": "webservers"}}`: 400, `{"ForceNewDeployment": "yes"}`: 400,
		} {
			if a := w.send("PUT", www, body); a.status != status {
				w.Errorf("%s: %d %s", body, a.status, a.body)
			}
		}
		w.must(http.StatusNotFound, "PUT", "/clusters/myclu/services/none", scale)
		w.must(http.StatusNotFound, "PUT", "/clusters/none/services/www", scale)
		w.asOrg("theirs", func() { w.must(http.StatusNotFound, "PUT", www, scale) })
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
		w.must(http.StatusOK, "PUT", "/clusters/myclu/services", `{"Service": {"Service": "www", "DesiredCount": 2}}`)
		w.update(scaleOnSpot)
	})
}

// A deployment that the circuit breaker rolls back keeps the old secret and the old definition working.
func TestARolledBackDeploymentKeepsWhatItGoesBackTo(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		w.update(`{"TaskDefinition": {"family": "webservers", "cpu": "256", "memory": "512", "containerdefinitions": [{"name": "webserver", "image": "nginx:fail"}]}}`)
		w.ended()
		time.Sleep(time.Minute)
		var show struct {
			RunningCount   int
			TaskDefinition awsecs.TaskDefinition
		}
		w.must(http.StatusOK, "GET", www+"?all=true", "").decode(w, &show)
		if *show.TaskDefinition.Revision != 1 || show.RunningCount != 1 || len(w.aws.Inventory()["secret"]) != 1 {
			w.Errorf("revision %d, running %d, secrets %v", *show.TaskDefinition.Revision, show.RunningCount, w.aws.Inventory()["secret"])
		}
		w.update(`{"ForceNewDeployment": true}`)
		w.ended()
		w.must(http.StatusOK, "GET", www+"?all=true", "").decode(w, &show)
		if show.RunningCount != 1 {
			w.Error("the old tasks cannot be replaced")
		}
	})
}

// The rows of the credentials table in which the request names another secret.
func TestCredentialsThatNameAnother(t *testing.T) {
	named := func(arn string) string {
		return `"TaskDefinition": {"family": "webservers", "cpu": "256", "memory": "512", "containerdefinitions": [{"name": "webserver", "image": "nginx:alpine",
			"repositorycredentials": {"credentialsparameter": "` + arn + `"}}]}`
	}
	const value = `, "Credentials": {"webserver": {"SecretString": "` + password + `9"}}}`
	for name, end := range map[string]string{"used": "}", "overwritten": value} {
		inWorld(t, func(w *world) {
			built(w)
			other, err := secretsmanager.New(w.account.Session).CreateSecret(w.Context(), &awssecrets.CreateSecretInput{Name: aws.String("spinup/myorg/myclu/other"), SecretString: aws.String("{}"),
				ClientRequestToken: aws.String("11111111-2222-4333-8444-555555555555"), Tags: []*awssecrets.Tag{{Key: aws.String("spinup:org"), Value: aws.String("myorg")}}})
			if err != nil {
				w.Fatal(err)
			}
			was := renderedJSON(w, w.aws.Inventory()["secret"]["spinup/myorg/myclu/other"])
			watchSecrets(w)
			out := w.update(`{` + named(*other.ARN) + end)
			if got := *out.TaskDefinition.ContainerDefinitions[0].RepositoryCredentials.CredentialsParameter; got != *other.ARN {
				w.Errorf("%s: the container has %s", name, got)
			}
			w.ended()
			secrets := w.aws.Inventory()["secret"]
			if len(secrets) != 1 || (renderedJSON(w, secrets["spinup/myorg/myclu/other"]) == was) != (name == "used") {
				w.Errorf("%s: %v", name, secrets)
			}
			// One under another cluster's path is not there.
			elsewhere, err := secretsmanager.New(w.account.Session).CreateSecret(w.Context(), &awssecrets.CreateSecretInput{Name: aws.String("spinup/myorg/elsewhere/other"), SecretString: aws.String("{}"),
				ClientRequestToken: aws.String("21111111-2222-4333-8444-555555555555"), Tags: []*awssecrets.Tag{{Key: aws.String("spinup:org"), Value: aws.String("myorg")}}})
			if err != nil {
				w.Fatal(err)
			}
			w.must(http.StatusNotFound, "PUT", www, `{`+named(*elsewhere.ARN)+end)
		})
	}
}

// An update that fails at its last call starts no deployment; what someone else has changed in between is left, and told.
func TestAnUpdateThatFailsAtItsLastCall(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		before := w.aws.Inventory()
		w.aws.Inject(sandbox.Fault{Service: "ecs", Operation: "UpdateService", Kind: sandbox.Refused, Code: "InvalidParameterException", Message: "no"})
		w.aws.OnCall(func(c sandbox.Call, first bool) {
			if first && c.Operation == "UpdateService" {
				w.aws.OnCall(nil)
				w.retagged("arn:aws:ecs:us-east-1:001122334455:cluster/myclu", "none", "MyKey", "theirs")
			}
		})
		told := w.must(http.StatusBadRequest, "PUT", www, changeAll).problem(w)
		if told.FailedStep != "service updated" || !told.Rollback.Complete || len(told.Rollback.Left) != 1 || !strings.Contains(told.Rollback.Left[0].Resource, "cluster tags") {
			w.Errorf("told %+v", told)
		}
		w.ended()
		after := w.aws.Inventory()
		if diff := sandbox.Diff(before, after); strings.Count(diff, "\n~ ")+strings.Count(diff, "\n+ ") > 0 || !strings.Contains(diff, `"MyKey":"theirs"`) {
			w.Errorf("only their tag may differ:\n%s", diff)
		}
		var show struct {
			Deployments []struct{ TaskDefinition string }
		}
		w.must(http.StatusOK, "GET", www, "").decode(w, &show)
		if len(show.Deployments) != 1 || !strings.HasSuffix(show.Deployments[0].TaskDefinition, ":1") {
			w.Errorf("deployments %v", show.Deployments)
		}
	})
}

// A service that something else scales keeps its count: an update that names none sends none.
func TestAnUpdateSendsNoCountThatItWasNotGiven(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		w.aws.ResetCalls()
		w.update(strings.Replace(redefine, `"ForceRedeploy": true`, `"Service": {"EnableExecuteCommand": true}, "ForceRedeploy": true`, 1))
		for _, call := range w.aws.Calls() {
			if in, ok := call.Input.(*awsecs.UpdateServiceInput); ok && in.DesiredCount != nil {
				w.Errorf("sent %v", in)
			}
		}
	})
}

// The ten newest revisions stay, and those that something uses.
func TestSupersededRevisionsRetire(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		for range 12 {
			w.update(redefine)
			w.ended()
		}
		var active int
		for _, state := range w.aws.Inventory()["task-definition"] {
			if strings.Contains(renderedJSON(w, state), "ACTIVE") {
				active++
			}
		}
		if active != 10 || len(w.aws.Inventory()["task-definition"]) != 10 {
			w.Errorf("%d revisions, %d active", len(w.aws.Inventory()["task-definition"]), active)
		}
	})
}

// A service that the SDK's older structs cannot hold whole is refused, not damaged.
func TestAServiceThatTheSDKCannotSeeWholeIsRefused(t *testing.T) {
	for name, member := range map[string]string{
		"blue/green": `"deploymentConfiguration":{"strategy":"BLUE_GREEN",`, "canary": `"deploymentConfiguration":{"strategy":"CANARY",`,
		"Express": `"resourceManagementType":"ECS","deploymentConfiguration":{`,
	} {
		inWorld(t, func(w *world) {
			built(w)
			before := w.aws.Inventory()
			w.start(journal.NewMemory(), &cord{alter: func(r *http.Request, answer []byte) []byte {
				if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeServices") {
					return answer
				}
				return []byte(strings.Replace(string(answer), `"deploymentConfiguration":{`, member, 1))
			}})
			for _, change := range []string{scale, redefine, retag} {
				if told := w.must(http.StatusConflict, "PUT", www, change).problem(w); !strings.Contains(told.Detail, "www") {
					w.Errorf("%s: told %s", name, told.Detail)
				}
			}
			w.ended()
			if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
				w.Error(diff)
			}
		})
	}
}

// A strategy with a provider that the cluster has not is refused before anything is written.
func TestAnUpdateNamesOnlyProvidersOfItsCluster(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		before := w.aws.Inventory()
		told := w.must(http.StatusBadRequest, "PUT", www, `{"Service": {"CapacityProviderStrategy": [{"CapacityProvider": "FARGATE", "Weight": 1},
			{"CapacityProvider": "gone", "Weight": 1}]}, "Tags": [{"Key": "a", "Value": "b"}]}`).problem(w)
		if told.FailedStep != "" || len(told.Errors) != 1 || told.Errors[0].Pointer != "/Service/CapacityProviderStrategy/1/CapacityProvider" {
			w.Errorf("told %+v", told)
		}
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

// An update of credentials alone keeps what the active definition has, also what is younger than the SDK's structs.
func TestAnUpdateOfCredentialsKeepsWhatTheSDKDoesNotKnow(t *testing.T) {
	const policy = `{"enabled":true,"ignoredExitCodes":[0,143],"restartAttemptPeriod":180}`
	younger := strings.NewReplacer(
		`"taskDefinition":{`, `"taskDefinition":{"enableFaultInjection":true,"someLaterNumber":12345678901234567890,`,
		`"name":"privateapi"`, `"name":"privateapi","restartPolicy":`+policy+`,"versionConsistency":"disabled"`,
	)
	for name, c := range map[string]struct {
		change string
		want   []string
	}{
		"credentials": {`{"credentials": {"webserver": {"SecretString": "` + password + `7"}}}`,
			[]string{"true", "12345678901234567890", "null", "null", policy, `"disabled"`}},
		"a definition": {strings.Replace(addSecret, "privateapi-cred-1", "privateapi-cred-2", 1), []string{"null", "null", "null", "null", "null", "null"}},
	} {
		inWorld(t, func(w *world) {
			w.must(http.StatusOK, "POST", "/services", body(cluster, definition, service))
			w.update(strings.Replace(addSecret, `"image": "myorg/privateapi:latest"`, `"image": "myorg/privateapi:latest", "essential": false`, 1))
			w.ended()
			var got []string
			w.start(journal.NewMemory(), &cord{
				alter: func(r *http.Request, answer []byte) []byte {
					if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeTaskDefinition") {
						return []byte(younger.Replace(string(answer)))
					}
					return answer
				},
				sees: func(r *http.Request, asked []byte) {
					if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".RegisterTaskDefinition") {
						return
					}
					var sent struct {
						EnableFaultInjection, SomeLaterNumber json.RawMessage
						ContainerDefinitions                  []struct{ RestartPolicy, VersionConsistency json.RawMessage }
					}
					if err := json.Unmarshal(asked, &sent); err != nil {
						w.Error(err)
					}
					got = nil
					members := []json.RawMessage{sent.EnableFaultInjection, sent.SomeLaterNumber}
					for _, container := range sent.ContainerDefinitions {
						members = append(members, container.RestartPolicy, container.VersionConsistency)
					}
					for _, member := range members {
						if member == nil {
							member = json.RawMessage("null")
						}
						got = append(got, string(member))
					}
				},
			})
			w.update(c.change)
			if !slices.Equal(got, c.want) {
				w.Errorf("%s: registered with %q, want %q", name, got, c.want)
			}
			w.ended()
		})
	}
}
