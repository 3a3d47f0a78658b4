package api_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"ecs-api/api"
	"ecs-api/orchestration"
	images "ecs-api/registry"
)

var update = flag.Bool("update", false, "write the examples of answers: api/examples/*.answer.*")

// walker asks for every route of the table once, with the examples of the document: those of the body, of the path and of what the query must have.
type walker struct {
	*world
	lines     map[string]api.Line // by action
	learnt    map[string]string   // what no example can know, in place of it: ids that are given on the way
	impatient bool                // the caller is answered before the work is done
	sent      map[string]bool
	asked     map[string]bool
}

// TestEveryRouteWithItsExamples walks through all routes. A route without a step here has no example of its answer, and nobody has seen it work.
func TestEveryRouteWithItsExamples(t *testing.T) { walk(t, false) }

// TestEveryRouteBeforeItsEnd walks through them as a caller does who is told 202.
func TestEveryRouteBeforeItsEnd(t *testing.T) { walk(t, true) }

func walk(t *testing.T, impatient bool) {
	inWorld(t, func(w *world) {
		k := &walker{world: w, lines: map[string]api.Line{}, impatient: impatient, sent: map[string]bool{}, asked: map[string]bool{},
			learnt: map[string]string{}}
		w.handler = api.Checked(w.T, api.New(api.Options{Token: token, Log: logger(), Images: album{}, Version: api.Version{Version: "v1.0.0"},
			Accounts: func(name string) (api.Account, bool) { return w.account, name == "sandbox" || name == "main" },
			Ready: func(context.Context) api.Readiness {
				return api.Readiness{Ready: true, Journal: "read", Accounts: map[string]api.AccountState{"sandbox": {Ready: true}}}
			}}))
		for _, line := range api.Lines() {
			if !line.Part {
				k.lines[line.Action] = line
				k.asked[line.Action] = false
			}
		}
		k.services()
		k.taskDefinitions()
		k.adHoc()
		k.secrets()
		k.parameters()
		k.balancers()
		k.rest()
		for action, asked := range k.asked {
			if !asked {
				t.Errorf("%s has no step here", action)
			}
		}
		for _, name := range api.RequestExamples() {
			if !k.sent[name] {
				t.Errorf("examples/%s.json has no step here", name)
			}
		}
	}, func(o *orchestration.Options) { o.Name, o.Org = "sandbox", "sandbox" }) // as with -sandbox
}

// ask asks for what, an action or one of its examples: ACTION-WORD. It wants success.
func (k *walker) ask(what, query string) answer {
	k.Helper()
	action, word, _ := strings.Cut(what, "-")
	line, known := k.lines[action]
	if !known {
		k.Fatalf("there is no action %s", action)
	}
	k.asked[action] = true
	path, query := k.filled(line, query)
	body := api.RequestExample(what)
	if body != nil {
		k.sent[what] = true
	}
	k.refusedWithout(line, path, query, body)
	query = "?" + query
	later := k.impatient && line.Orchestrates()
	if later {
		k.account.SetTimeouts(time.Millisecond, 10*time.Minute)
		defer k.account.SetTimeouts(time.Minute, 10*time.Minute)
	}
	a := k.front(line.Method, path+query, body)
	switch {
	case later:
		k.told(what, a)
	case a.status != line.Status:
		k.Fatalf("%s: %d %s", what, a.status, a.body)
	case *update && !k.impatient && len(a.body) > 0 && action != "ShowOpenAPI" && line.Media == "":
		k.write(action, word, a)
	}
	if id := a.header.Get("X-Operation-Id"); id != "" {
		k.learnt["operation"] = id
		k.ended()
	}
	return a
}

// filled gives the path and the query of a line as a client makes them of the examples, which it escapes.
func (k *walker) filled(line api.Line, query string) (path, whole string) {
	k.Helper()
	path = line.Path
	for name, example := range api.Demanded(line, "path") {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(cmp.Or(k.learnt[name], example)))
	}
	given, err := url.ParseQuery(strings.TrimPrefix(query, "?"))
	if err != nil {
		k.Fatal(err)
	}
	for name, example := range api.Demanded(line, "query") {
		given.Set(name, cmp.Or(k.learnt[name], example))
	}
	return path, given.Encode()
}

// told holds that a caller who is not answered yet is told where to ask.
func (k *walker) told(what string, a answer) {
	k.Helper()
	var later struct{ Operation string }
	a.decode(k, &later)
	if a.status != http.StatusAccepted || a.header.Get("Location") != "/v1/ecs/sandbox/operations/"+later.Operation {
		k.Fatalf("%s: %d, Location %q: %s", what, a.status, a.header.Get("Location"), a.body)
	}
	k.ended()
	var op struct {
		State   string
		Problem json.RawMessage
	}
	k.front("GET", strings.TrimPrefix(a.header.Get("Location"), api.Prefix), nil).decode(k, &op)
	if op.State != "succeeded" {
		k.Fatalf("%s: %s %s", what, op.State, op.Problem)
	}
}

// refusedWithout holds that what the document demands is demanded.
func (k *walker) refusedWithout(line api.Line, path, query string, body []byte) {
	k.Helper()
	if k.impatient {
		return
	}
	for pointer, less := range api.Mutilated(line.Action, body) {
		if a := k.front(line.Method, path+"?"+query, less); a.status != http.StatusBadRequest {
			k.Errorf("%s without %s: %d %s", line.Action, pointer, a.status, a.body)
		}
	}
	given, _ := url.ParseQuery(query)
	for name := range api.Demanded(line, "query") {
		less := maps.Clone(given)
		delete(less, name)
		if a := k.front(line.Method, path+"?"+url.Values(less).Encode(), body); a.status != http.StatusBadRequest {
			k.Errorf("%s without ?%s: %d %s", line.Action, name, a.status, a.body)
		}
	}
}

// front asks for a path below the prefix, of whatever account.
func (k *walker) front(method, path string, body []byte) answer {
	request := httptest.NewRequest(method, api.Prefix+path, bytes.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+token)
	recorder := httptest.NewRecorder()
	k.handler.ServeHTTP(recorder, request)
	return answer{recorder.Code, recorder.Header(), recorder.Body.Bytes()}
}

// write keeps an answer as an example.
func (k *walker) write(action, word string, a answer) {
	name, content := "examples/"+action+".answer", a.body
	if word != "" {
		name += "-" + word
	}
	extension := ".txt"
	if strings.HasSuffix(a.header.Get("Content-Type"), "json") {
		var indented bytes.Buffer
		if err := json.Indent(&indented, content, "", "  "); err != nil {
			k.Fatal(err)
		}
		extension, content = ".json", indented.Bytes()
	}
	if err := os.WriteFile(name+extension, content, 0o644); err != nil {
		k.Fatal(err)
	}
}

// services leaves www and other in myclu.
func (k *walker) services() {
	k.ask("CreateService", "")
	k.ask("ListOperations", "?state=succeeded&cluster=myclu")
	k.ask("ShowOperation", "")
	k.ask("CreateService-parts", "")
	k.ask("ListServices-arns", "")
	k.ask("ListServices-all", "?all=true")
	k.ask("ShowService", "")
	k.ask("ShowService-all", "?all=true")
	k.ask("ServiceEvents", "")
	k.learnt["task"] = k.taskOf()
	k.ask("ServiceLogs", "?limit=2")
	k.ask("UpdateService", "")
	k.ask("UpdateService-scale", "")
	k.ask("UpdateNamedService", "")
}

// taskDefinitions leaves supercool in myclu, and a task of it.
func (k *walker) taskDefinitions() {
	k.ask("CreateTaskDef", "")
	k.ask("ListTaskDefs", "")
	k.ask("ShowTaskDef", "")
	k.ask("UpdateTaskDef", "")
	k.ask("RunTasks", "")
	var tasks []string
	k.ask("ListTasks", "?status=RUNNING&startedBy=camden").decode(k, &tasks)
	k.learnt["task"] = strings.TrimPrefix(tasks[0], "myclu/")
	k.ask("ShowTask", "")
	k.ask("ShowTaskOfTaskDef", "")
	k.ask("StopTaskOfTaskDef", "?reason=enough")
	k.ask("RunTasksInCluster", "")
	k.ask("ListTasksOfCluster", "").decode(k, &tasks)
	k.learnt["task"] = strings.TrimPrefix(tasks[0], "myclu/")
	k.ask("StopTask", "")
}

// adHoc asks for parts by themselves, and takes all down.
func (k *walker) adHoc() {
	k.ask("ListClusters", "")
	k.ask("ShowCluster", "")
	k.ask("ListFamilies", "")
	k.ask("CreateTaskDef-bare", "")
	k.ask("ShowDefinition", "")
	k.ask("DeleteDefinition", "")
	k.ask("CreateRegistry", "")
	var registries []struct{ Id, Name string }
	k.ask("ListRegistries", "").decode(k, &registries)
	for _, registry := range registries {
		if registry.Name == "api" {
			k.learnt["id"] = registry.Id
		}
	}
	k.ask("ShowRegistry", "")
	k.ask("DeleteRegistry", "")
	k.ask("DeleteTaskDef", "?force=true")
	k.ask("DeleteService", "?recursive=true")
	k.learnt["service"] = "other"
	k.ask("DeleteService", "?recursive=true")
	k.ask("CreateCluster", "")
	k.ask("DeleteCluster", "")
}

func (k *walker) secrets() {
	k.ask("CreateSecret", "")
	k.ask("ListSecrets", "?Application=myclu")
	k.ask("ShowSecret", "")
	k.ask("UpdateSecret", "")
	k.ask("UpdateSecret-tags", "")
	k.ask("DeleteSecret", "?window=7")
}

func (k *walker) parameters() {
	k.ask("CreateParameter", "")
	k.ask("ListParameters", "")
	k.ask("ShowParameter", "")
	k.ask("UpdateParameter", "")
	k.ask("DeleteParameter", "")
	k.ask("CreateParameter", "")
	k.ask("DeleteParameters", "")
}

func (k *walker) balancers() {
	e := k.elb()
	group := e.group("tf-2021", spaceTags("sandbox", "myclu"))
	listener := e.listener(e.balancer("myclu-alb", spaceTags("sandbox", "myclu")), "HTTPS", 443, fixed("412"))
	e.rule(listener, 10, forward(group), host("myclu.internal.example.com"))
	e.target(group, "10.20.30.40")
	time.Sleep(time.Minute)
	k.ask("ListTargetGroups", "")
	k.ask("ShowLoadBalancers", "")
}

func (k *walker) rest() {
	k.ask("Leftovers", "")
	k.ask("ShowImage", "")
	k.ask("CheckImage", "")
	for _, action := range slices.Sorted(maps.Keys(k.lines)) {
		if k.lines[action].Public {
			k.ask(action, "")
		}
	}
}

// album answers for registries.
type album struct{}

func (album) Image(_ context.Context, reference string, _ *images.Auth) (*images.Image, error) {
	return &images.Image{Image: reference, Digest: "sha256:a5127daff3d6f4606be3100a252419bfa84fd6ee5cd74d0feaca1a5068f97dcf",
		MediaType: "application/vnd.oci.image.index.v1+json", Platforms: []string{"linux/amd64", "linux/arm64/v8"}}, nil
}

func (album) Check(context.Context, string, *images.Auth) error { return nil }
