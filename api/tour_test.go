package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"ecs-api/api"
	images "ecs-api/registry"
	"ecs-api/sandbox"
)

// stop is one request of the tour, which goes through one account from its first service to its last leftover.
type stop struct {
	what               string // the form of the request, as it stands behind its round trips; "" where its route has but one
	method, path, body string // below the account; {words} are those that the tour has learnt
	status             int    // 200 without one
	before             func(g *guide)
	learn              func(g *guide, a answer)
}

// guide leads a tour.
type guide struct {
	*world
	words map[string]string
}

// leg is a stop that has been made, and what was asked of AWS: until the answer, and from then to the end of all that it began.
type leg struct {
	stop
	line          api.Line
	trips         int
	calls, behind []sandbox.Call
}

const (
	mainPath = "/clusters/main/services/"
	jobPath  = "/clusters/main/taskdefs/job"
	bare     = `{"family": "FAMILY", "cpu": "256", "memory": "512", "containerdefinitions": [
		{"name": "web", "image": "nginx:alpine", "portmappings": [{"containerport": 80}]}]}`
	aRegistry = `"serviceregistry": {"name": "www", "dnsconfig": {"namespaceid": "ns-y3uaw6neshhbev3f", "dnsrecords": [{"ttl": 30, "type": "A"}]}}`
	aSecret   = `{"web": {"secretstring": "{}"}}`
	aTag      = `"Tags": [{"Key": "MyKey", "Value": "MyValue"}]`
)

func family(name string) string { return strings.ReplaceAll(bare, "FAMILY", name) }

// tour is every route of the table in its forms, in an order that works. The public routes are not in it: they are gone to as they stand.
var tour = []stop{
	{method: "HEAD", path: "/images?image=nginx"},
	{method: "GET", path: "/images?image=nginx"},

	{what: "for everything new", method: "POST", path: "/services", body: `{"cluster": {"clustername": "main"}, "taskdefinition": ` + family("www") + `,
		"credentials": ` + aSecret + `, ` + aRegistry + `, "service": {"servicename": "www", "desiredcount": 1}, "tags": [{"key": "CreatedBy", "value": "netid"}]}`,
		learn: func(g *guide, a answer) {
			var made struct{ ServiceDiscoveryService struct{ Id string } }
			a.decode(g, &made)
			g.words["registry"], g.words["operation"] = made.ServiceDiscoveryService.Id, a.header.Get("X-Operation-Id")
		}},
	{what: "in a standing cluster with credentials", method: "POST", path: "/services",
		body: `{"cluster": {"clustername": "main"}, "taskdefinition": ` + family("two") + `, "credentials": ` + aSecret + `,
			"service": {"servicename": "two", "desiredcount": 1}}`},
	{what: "in a standing cluster without credentials", method: "POST", path: "/services",
		body: `{"cluster": {"clustername": "main"}, "taskdefinition": ` + family("api") + `, "service": {"servicename": "api", "desiredcount": 1}}`},
	{what: "of existing parts", method: "POST", path: "/services",
		body: `{"service": {"cluster": "main", "servicename": "named", "desiredcount": 1, "taskdefinition": "api:1"}}`},
	{what: "of existing parts with credentials", method: "POST", path: "/services",
		body: `{"service": {"cluster": "main", "servicename": "pulls", "desiredcount": 1, "taskdefinition": "www:1"}}`},
	{method: "GET", path: "/clusters/main/services"},
	{what: "with `?all=true`", method: "GET", path: "/clusters/main/services?all=true"},
	{method: "GET", path: mainPath + "www"},
	{what: "with `?all=true`", method: "GET", path: mainPath + "www?all=true", learn: func(g *guide, a answer) {
		var shown struct{ Tasks []string }
		a.decode(g, &shown)
		g.words["instance"] = strings.TrimPrefix(shown.Tasks[0], "main/")
	}},
	{method: "GET", path: mainPath + "www/events"},
	{method: "GET", path: mainPath + "www/logs?task={instance}&container=web"},
	{method: "PUT", path: "/clusters/main/services", body: `{"Service": {"Service": "api", "DesiredCount": 2}}`},
	{what: "to scale", method: "PUT", path: mainPath + "api", body: scale},
	{what: "to another revision", method: "PUT", path: mainPath + "named", body: `{"Service": {"TaskDefinition": "api:1"}}`},
	{what: "with definition and tags", method: "PUT", path: mainPath + "api", body: `{"TaskDefinition": ` + family("api") + `, ` + aTag + `}`},
	{what: "with tags", method: "PUT", path: mainPath + "www", body: `{` + aTag + `}`},
	{what: "with tags and a redeployment", method: "PUT", path: mainPath + "two", body: `{"ForceNewDeployment": true, ` + aTag + `}`},
	{what: "with new credentials", method: "PUT", path: mainPath + "api", body: `{"TaskDefinition": ` + family("api") + `, "Credentials": ` + aSecret + `}`},
	{what: "with another value", method: "PUT", path: mainPath + "api", body: `{"Credentials": {"web": {"secretstring": "{\"a\": 1}"}}, "ForceNewDeployment": true}`},
	{what: "with definition, credentials and tags", method: "PUT", path: mainPath + "www",
		body: `{"TaskDefinition": ` + family("www") + `, "Credentials": ` + aSecret + `, "Tags": [{"Key": "MyKey", "Value": "other"}]}`},
	{method: "DELETE", path: mainPath + "named"},

	{what: "for everything new", method: "POST", path: "/taskdefs",
		body: `{"cluster": {"clustername": "jobs"}, "taskdefinition": ` + family("alone") + `, "credentials": ` + aSecret + `}`},
	{what: "in a standing cluster without credentials", method: "POST", path: "/taskdefs",
		body: `{"cluster": {"clustername": "main"}, "taskdefinition": ` + family("job") + `}`},
	{what: "of a definition by itself", method: "POST", path: "/taskdefs", body: family("bare")},
	{method: "GET", path: "/clusters/main/taskdefs"},
	{method: "GET", path: jobPath},
	{method: "GET", path: "/taskdefs"},
	{method: "GET", path: "/taskdefs/job"},
	{method: "DELETE", path: "/taskdefs/bare"},
	{what: "with tags", method: "PUT", path: jobPath, body: `{` + aTag + `}`},
	{what: "with definition", method: "PUT", path: jobPath, body: `{"TaskDefinition": ` + family("job") + `}`},
	{what: "with definition and credentials", method: "PUT", path: jobPath, body: `{"TaskDefinition": ` + family("job") + `, "Credentials": ` + aSecret + `}`},
	{what: "with tags where there are credentials", method: "PUT", path: jobPath, body: `{"Tags": [{"Key": "MyKey", "Value": "other"}]}`},
	{method: "POST", path: jobPath + "/tasks", body: `{"Count": 2, "StartedBy": "me"}`, learn: learnTask},
	{method: "GET", path: jobPath + "/tasks"},
	{what: "with `startedBy`", method: "GET", path: jobPath + "/tasks?startedBy=me"},
	{method: "GET", path: jobPath + "/tasks/{task}"},
	{method: "DELETE", path: jobPath + "/tasks/{task}?reason=done"},
	{method: "POST", path: "/clusters/main/tasks", body: `{"TaskDefinition": "job", "StartedBy": "me"}`, learn: learnTask},
	{method: "GET", path: "/clusters/main/tasks"},
	{what: "with `startedBy`", method: "GET", path: "/clusters/main/tasks?startedBy=me"},
	{method: "GET", path: "/clusters/main/tasks/{task}"},
	{method: "DELETE", path: "/clusters/main/tasks/{task}"},
	{method: "DELETE", path: jobPath + "?force=true", status: http.StatusAccepted},
	{what: "with the cluster", method: "DELETE", path: "/clusters/jobs/taskdefs/alone?recursive=true", status: http.StatusAccepted},

	{what: "that is new", method: "POST", path: "/clusters", body: `{"ClusterName": "empty"}`},
	{what: "that stands", method: "POST", path: "/clusters", body: `{"ClusterName": "empty"}`},
	{method: "GET", path: "/clusters"},
	{method: "GET", path: "/clusters/empty"},
	{method: "DELETE", path: "/clusters/empty"},

	{method: "POST", path: "/servicediscovery/services",
		body: `{"Name": "loose", "DnsConfig": {"NamespaceId": "ns-y3uaw6neshhbev3f", "DnsRecords": [{"TTL": 30, "Type": "A"}]}}`,
		learn: func(g *guide, a answer) {
			var made struct{ Id string }
			a.decode(g, &made)
			g.words["loose"] = made.Id
		}},
	{method: "GET", path: "/servicediscovery/services"},
	{method: "GET", path: "/servicediscovery/services/{registry}"},
	{method: "DELETE", path: "/servicediscovery/services/{loose}"},

	{method: "POST", path: "/secrets", body: `{"Name": "loose", "SecretString": "x"}`},
	{method: "GET", path: "/secrets"},
	{method: "GET", path: "/secrets/loose"},
	{what: "with a value", method: "PUT", path: "/secrets/loose", body: `{"Secret": "y"}`},
	{what: "with tags", method: "PUT", path: "/secrets/loose", body: `{` + aTag + `}`},
	{what: "with both", method: "PUT", path: "/secrets/loose", body: `{"Secret": "z", "Tags": [{"Key": "MyKey", "Value": "z"}]}`},
	{method: "DELETE", path: "/secrets/loose"},
	{what: "at once", method: "DELETE", path: "/secrets/loose?window=0"},

	{method: "POST", path: "/params/www", body: `{"Name": "one", "Value": "x"}`},
	{method: "GET", path: "/params/www"},
	{method: "GET", path: "/params/www/one"},
	{what: "with tags", method: "PUT", path: "/params/www/one", body: `{` + aTag + `}`},
	{what: "with a value", method: "PUT", path: "/params/www/one", body: `{"Value": "y"}`},
	{what: "with both", method: "PUT", path: "/params/www/one", body: `{"Value": "z", "Tags": [{"Key": "MyKey", "Value": "z"}]}`},
	{method: "DELETE", path: "/params/www/one"},
	{method: "DELETE", path: "/params/www", before: func(g *guide) { g.makeParameters("www", 2) }},

	{method: "GET", path: "/lbs?space=main", before: balanced},
	{method: "GET", path: "/lbs/main"},

	{method: "GET", path: "/operations"},
	{method: "GET", path: "/operations/{operation}"},
	{method: "GET", path: "/leftovers"},

	{what: "with `?recursive=true`", method: "DELETE", path: mainPath + "www?recursive=true"},
}

func learnTask(g *guide, a answer) {
	var out ran
	a.decode(g, &out)
	g.words["task"] = out.ids()[0]
}

// balanced makes a load balancer of the space main.
func balanced(g *guide) {
	e := g.elb()
	tags := spaceTags("myorg", "main")
	group := e.group("main", tags)
	e.target(group, "10.20.30.40")
	e.listener(e.balancer("main", tags), "HTTP", 80, forward(group))
	time.Sleep(time.Minute)
}

// anAlbum is a registry that has every image.
type anAlbum struct{}

func (anAlbum) Image(_ context.Context, reference string, _ *images.Auth) (*images.Image, error) {
	return &images.Image{Image: reference, Digest: "sha256:1", Platforms: []string{"linux/amd64"}}, nil
}

func (anAlbum) Check(context.Context, string, *images.Auth) error { return nil }

// toured makes the tour, in a world that is prepared for it.
func toured(t *testing.T, prepare ...func(w *world)) (legs []leg) {
	t.Helper()
	inWorld(t, func(w *world) {
		for _, does := range prepare {
			does(w)
		}
		g := &guide{w, map[string]string{}}
		w.ended()
		for _, line := range api.Told() {
			if line.Public {
				legs = append(legs, g.makes(stop{method: line.Method, path: line.Path, status: line.Status}))
			}
		}
		for _, s := range tour {
			legs = append(legs, g.makes(s))
		}
	})
	return legs
}

// makes goes on to a stop.
func (g *guide) makes(s stop) leg {
	g.Helper()
	if s.before != nil {
		s.before(g)
		g.ended()
	}
	l := leg{stop: s, line: g.lineOf(s)}
	fill := func(template string) string {
		return inBraces.ReplaceAllStringFunc(template, func(word string) string {
			if known := g.words[strings.Trim(word, "{}")]; known != "" {
				return known
			}
			return word
		})
	}
	var a answer
	if strings.HasPrefix(l.line.Path, "/{account}") {
		a, l.trips = g.measured(s.method, fill(s.path), fill(s.body))
	} else {
		a = g.asked(s)
	}
	if want := max(s.status, http.StatusOK); a.status != want {
		g.Fatalf("%s %s: %d, want %d: %s", s.method, s.path, a.status, want, a.body)
	}
	answered := time.Now()
	g.ended()
	for _, call := range g.aws.Calls() {
		if call.Start.Before(answered) {
			l.calls = append(l.calls, call)
		} else {
			l.behind = append(l.behind, call)
		}
	}
	if s.learn != nil {
		s.learn(g, a)
	}
	return l
}

// asked asks what is no account's. Nothing of it reaches AWS.
func (g *guide) asked(s stop) answer {
	g.aws.ResetCalls()
	ready := func(context.Context) api.Readiness { return api.Readiness{Ready: true} }
	handler := api.New(api.Options{Token: token, Log: logger(), Images: anAlbum{}, Ready: ready})
	request := httptest.NewRequest(s.method, api.Prefix+s.path, nil)
	request.Header.Set("Authorization", "Bearer "+token)
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	if calls := g.aws.Calls(); len(calls) > 0 {
		g.Errorf("%s %s asked AWS: %v", s.method, s.path, calls)
	}
	return answer{recorder.Code, recorder.Header(), recorder.Body.Bytes()}
}

var variable = regexp.MustCompile(`\\\{[a-z]+\\\}`)

// lineOf is the route that a stop goes to.
func (g *guide) lineOf(s stop) api.Line {
	g.Helper()
	path, _, _ := strings.Cut(s.path, "?")
	var found []api.Line
	for _, line := range api.Told() {
		template := "^" + variable.ReplaceAllString(regexp.QuoteMeta(strings.TrimPrefix(line.Path, "/{account}")), `[^/]+`) + "$"
		if line.Method == s.method && regexp.MustCompile(template).MatchString(path) {
			found = append(found, line)
		}
	}
	if len(found) != 1 {
		g.Fatalf("%s %s goes to the routes %v", s.method, s.path, found)
	}
	return found[0]
}
