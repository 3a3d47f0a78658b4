package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ecs-api/api"
	"ecs-api/sandbox"
)

// errand is a request of a route, with nouns in braces: sent with our own space's nouns it is good, and with anybody else's it is not.
type errand struct {
	query, body string
	status      int            // of the good request, 200 without one
	want        map[string]int // by noun: the answer where it is an outsider's, 404 without one
	across      map[string]int // the same where it is another space's of our org, if it is not what the noun says
	refuses     string         // why AWS is what refuses, and not we: a call that would change something may be attempted, in vain
}

// crossing is all that is to be tried with a route.
type crossing struct {
	errands []errand
	// open says why there is nothing in the request of the route that anybody could own.
	open string
}

// Parts of bodies.
const (
	crossDefinition = `{"family": "{family}", "cpu": "256", "memory": "512", "executionrolearn": "{role}", "taskrolearn": "{role}", "containerdefinitions": [
		{"name": "web", "image": "nginx:alpine", "portmappings": [{"containerport": 80}], "repositorycredentials": {"credentialsparameter": "{credential}"},
		"secrets": [{"name": "A", "valuefrom": "{value}"}, {"name": "B", "valuefrom": "{parameter}"}]}]}`
	crossPlain = `{"family": "{family}", "cpu": "256", "memory": "512", "containerdefinitions": [
		{"name": "web", "image": "nginx:alpine", "portmappings": [{"containerport": 80}]}]}`
	crossNew    = `{"family": "new", "cpu": "256", "memory": "512", "containerdefinitions": [{"name": "web", "image": "nginx:alpine"}]}`
	crossOnDisk = `{"family": "{family}", "cpu": "256", "memory": "512", "volumes": [{"name": "data", "configuredatlaunch": true}], "containerdefinitions": [
		{"name": "web", "image": "nginx:alpine", "mountpoints": [{"sourcevolume": "data", "containerpath": "/data"}]}]}`
	crossDisk    = `"volumeconfigurations": [{"name": "data", "managedebsvolume": {"rolearn": "{role}", "sizeingib": 10}}]`
	crossTagged  = `{"Tags": [{"Key": "a", "Value": "b"}]}`
	crossTags    = `"tags": [{"key": "spinup:org", "value": "{org}"}]`
	crossConnect = `"serviceconnectconfiguration": {"enabled": true, "namespace": "sandbox.local", "logconfiguration":
		{"logdriver": "splunk", "secretoptions": [{"name": "a", "valuefrom": "{value}"}]}}`
)

// inItsPlace: a parameter is ours by its path and a task by its cluster, so that what is looked for there is at most absent.
const inItsPlace = "it is looked for where all is ours"

var (
	orgIsSaid      = map[string]int{"org": http.StatusBadRequest}
	anothersFamily = map[string]int{"cluster": http.StatusConflict, "taskdef": http.StatusConflict}
	listsNone      = func(noun string) map[string]int { return map[string]int{noun: http.StatusOK} }
	jobOf          = func(definition string) string {
		return strings.NewReplacer("{family}", "{taskdef}", `"name": "web"`, `"name": "job"`).Replace(definition)
	}
)

// crossings has a line for each route of the table.
var crossings = map[string]crossing{
	"HEAD /images": {open: "asks a registry, with the caller's own credentials"},
	"GET /images":  {open: "asks a registry, with the caller's own credentials"},

	"POST /{account}/services": {errands: []errand{
		{body: `{"cluster": {"clustername": "{cluster}"}, "taskdefinition": ` + crossDefinition + `, "service": {"servicename": "new", "desiredcount": 1,
			"loadbalancers": [{"targetgrouparn": "{targetgroup}", "containername": "web", "containerport": 80}], "serviceregistries": [{"registryarn": "{registryarn}"}]}}`},
		{body: `{"service": {"cluster": "{cluster}", "servicename": "new", "desiredcount": 1, "taskdefinition": "{revision}"}}`,
			across: map[string]int{"cluster": http.StatusConflict}},
		{body: `{"service": {"cluster": "{cluster}", "servicename": "new", "desiredcount": 1, "taskdefinition": "{revision}", ` + crossConnect + `}}`},
		{body: `{"cluster": {"clustername": "{ground}"}, "taskdefinition": ` + crossNew + `, "service": {"servicename": "new", "desiredcount": 1}}`},
		{body: `{"taskdefinition": ` + crossNew + `, "service": {"cluster": "{cluster}", "servicename": "new", "desiredcount": 1}}`},
		{body: `{"cluster": {"clustername": "{cluster}"}, "taskdefinition": ` + crossOnDisk + `,
			"service": {"servicename": "new", "desiredcount": 1, ` + crossDisk + `}}`},
		{body: `{"cluster": {"clustername": "{cluster}"}, "taskdefinition": ` + crossPlain + `, "service": {"servicename": "new", "desiredcount": 1}, ` + crossTags + `}`,
			want: orgIsSaid, across: map[string]int{"cluster": http.StatusConflict}},
	}},
	"GET /{account}/clusters": {errands: []errand{{}}},
	"POST /{account}/clusters": {errands: []errand{
		{body: `{"ClusterName": "{cluster}"}`}, {body: `{"ClusterName": "new", ` + crossTags + `}`, want: orgIsSaid},
	}},
	"GET /{account}/clusters/{cluster}":       {errands: []errand{{}}},
	"DELETE /{account}/clusters/{cluster}":    {errands: []errand{{status: http.StatusConflict}}},
	"GET /{account}/clusters/{cluster}/tasks": {errands: []errand{{}, {query: "?status=STOPPED&status=RUNNING&startedBy=x"}}},
	"POST /{account}/clusters/{cluster}/tasks": {errands: []errand{
		{body: `{"TaskDefinition": "{taskdef}"}`, across: anothersFamily},
		{body: `{"TaskDefinition": "{taskdef}", "Overrides": {"TaskRoleArn": "{role}", "ExecutionRoleArn": "{role}"}}`,
			across: map[string]int{"taskdef": http.StatusConflict}},
	}},

	"GET /{account}/clusters/{cluster}/services":           {errands: []errand{{}, {query: "?all=true"}}},
	"GET /{account}/clusters/{cluster}/services/{service}": {errands: []errand{{}, {query: "?all=true"}}},
	"PUT /{account}/clusters/{cluster}/services": {errands: []errand{
		{body: `{"Service": {"Service": "{service}", "DesiredCount": 2}}`}, {body: `{"Service": {"Service": "{service}", "Cluster": "{cluster}", "DesiredCount": 2}}`},
	}},
	"PUT /{account}/clusters/{cluster}/services/{service}": {errands: []errand{
		{body: scale}, {body: retag}, {body: `{"Service": {"TaskDefinition": "{revision}"}}`},
		{body: `{"TaskDefinition": ` + crossPlain + `, "Credentials": {"web": {"SecretString": "y"}}}`},
		{body: `{"TaskDefinition": ` + crossDefinition + `}`},
		{body: `{"TaskDefinition": ` + crossDefinition + `, "Credentials": {"web": {"SecretString": "y"}}, "Tags": [{"Key": "a", "Value": "b"}]}`},
		{body: `{"Credentials": {"web": {"SecretString": "y"}}}`},
		{body: `{"ForceNewDeployment": true, ` + crossTags + `}`, want: orgIsSaid},
	}},
	"DELETE /{account}/clusters/{cluster}/services/{service}":     {errands: []errand{{}, {query: "?recursive=true"}}},
	"GET /{account}/clusters/{cluster}/services/{service}/events": {errands: []errand{{}}},
	"GET /{account}/clusters/{cluster}/services/{service}/logs":   {errands: []errand{{query: "?container=web&task={instance}"}}},
	"GET /{account}/clusters/{cluster}/tasks/{task}":              {errands: []errand{{}}},
	"DELETE /{account}/clusters/{cluster}/tasks/{task}":           {errands: []errand{{refuses: inItsPlace}, {query: "?reason=none", refuses: inItsPlace}}},

	"GET /{account}/clusters/{cluster}/taskdefs":           {errands: []errand{{}}},
	"GET /{account}/clusters/{cluster}/taskdefs/{taskdef}": {errands: []errand{{}}},
	"GET /{account}/clusters/{cluster}/taskdefs/{taskdef}/tasks": {errands: []errand{
		{want: listsNone("taskdef"), across: listsNone("cluster")},
		{query: "?status=STOPPED&status=RUNNING&startedBy=x", want: listsNone("taskdef"), across: listsNone("cluster")},
	}},
	"POST /{account}/clusters/{cluster}/taskdefs/{taskdef}/tasks": {errands: []errand{
		{body: `{}`, across: anothersFamily}, {body: `{"Cluster": "{cluster}", "TaskDefinition": "{taskdef}"}`, across: anothersFamily},
		{body: `{"Overrides": {"TaskRoleArn": "{role}", "ExecutionRoleArn": "{role}"}}`, across: map[string]int{"taskdef": http.StatusConflict}},
	}},
	"GET /{account}/clusters/{cluster}/taskdefs/{taskdef}/tasks/{task}":    {errands: []errand{{}}},
	"DELETE /{account}/clusters/{cluster}/taskdefs/{taskdef}/tasks/{task}": {errands: []errand{{}}},
	"POST /{account}/taskdefs": {errands: []errand{
		{body: `{"cluster": {"clustername": "{ground}"}, "taskdefinition": ` + crossNew + `}`},
		{body: `{"cluster": {"clustername": "{cluster}"}, "taskdefinition": ` + jobOf(crossDefinition) + `}`, across: map[string]int{"taskdef": http.StatusConflict}},
		{body: `{"cluster": {"clustername": "{cluster}"}, "taskdefinition": ` + jobOf(crossPlain) + `,
			"credentials": {"job": {"name": "new", "secretstring": "y"}}, ` + crossTags + `}`,
			want: orgIsSaid, across: anothersFamily},
		{body: strings.Replace(crossDefinition, "{family}", "new", 1)}, {body: crossPlain, status: http.StatusConflict},
	}},
	"GET /{account}/taskdefs":              {errands: []errand{{}}},
	"GET /{account}/taskdefs/{taskdef}":    {errands: []errand{{}}},
	"DELETE /{account}/taskdefs/{taskdef}": {errands: []errand{{status: http.StatusConflict}}},
	"PUT /{account}/clusters/{cluster}/taskdefs/{taskdef}": {errands: []errand{
		{body: crossTagged}, {body: `{"Credentials": {"job": {"SecretString": "y"}}}`},
		{body: `{"TaskDefinition": ` + jobOf(crossDefinition) + `}`},
		{body: `{"TaskDefinition": ` + jobOf(crossDefinition) + `, "Credentials": {"job": {"SecretString": "y"}}}`},
	}},
	"DELETE /{account}/clusters/{cluster}/taskdefs/{taskdef}": {errands: []errand{
		{status: http.StatusConflict}, {query: "?force=true", status: http.StatusAccepted}, {query: "?force=true&recursive=true", status: http.StatusAccepted},
	}},

	"GET /{account}/secrets": {errands: []errand{
		{}, {query: "?spinup:org={org}", want: listsNone("org")}, {query: "?Application={space}", want: listsNone("space")},
	}},
	"POST /{account}/secrets": {errands: []errand{
		{body: `{"Name": "{secret}", "SecretString": "x"}`, status: http.StatusConflict,
			want: map[string]int{"secret": http.StatusConflict}, refuses: "the name is taken"},
		{body: `{"Name": "new", "SecretString": "x", ` + crossTags + `}`, want: orgIsSaid},
	}},
	"GET /{account}/secrets/{secret}": {errands: []errand{{}}},
	"PUT /{account}/secrets/{secret}": {errands: []errand{
		{body: `{"Secret": "y"}`}, {body: crossTagged}, {body: `{"Secret": "y", "Tags": [{"Key": "a", "Value": "b"}]}`},
	}},
	"DELETE /{account}/secrets/{secret}": {errands: []errand{{}, {query: "?window=0"}}},

	"POST /{account}/params/{prefix}": {errands: []errand{
		{body: `{"Name": "new", "Value": "x", ` + crossTags + `}`, want: map[string]int{"org": http.StatusBadRequest, "prefix": http.StatusOK}},
	}},
	"GET /{account}/params/{prefix}":         {errands: []errand{{want: listsNone("prefix")}}},
	"DELETE /{account}/params/{prefix}":      {errands: []errand{{}}},
	"GET /{account}/params/{prefix}/{param}": {errands: []errand{{}}},
	"PUT /{account}/params/{prefix}/{param}": {errands: []errand{
		{body: `{"Value": "y"}`}, {body: crossTagged, refuses: inItsPlace}, {body: `{"Value": "y", "Tags": [{"Key": "a", "Value": "b"}]}`},
	}},
	"DELETE /{account}/params/{prefix}/{param}": {errands: []errand{{refuses: inItsPlace}}},

	"GET /{account}/lbs":         {errands: []errand{{query: "?space={space}", want: listsNone("space")}}},
	"GET /{account}/lbs/{space}": {errands: []errand{{want: listsNone("space")}}},

	"GET /{account}/servicediscovery/services":      {errands: []errand{{}}},
	"GET /{account}/servicediscovery/services/{id}": {errands: []errand{{}}},
	"POST /{account}/servicediscovery/services": {errands: []errand{
		{body: `{"name": "new", "dnsconfig": {"namespaceid": "ns-y3uaw6neshhbev3f", "dnsrecords": [{"ttl": 30, "type": "A"}]}, ` + crossTags + `}`, want: orgIsSaid},
	}},
	"DELETE /{account}/servicediscovery/services/{id}": {errands: []errand{{status: http.StatusConflict}}},

	"GET /{account}/operations":             {errands: []errand{{query: "?cluster={space}", want: listsNone("space")}, {}}},
	"GET /{account}/operations/{operation}": {errands: []errand{{}}},
	"GET /{account}/leftovers":              {errands: []errand{{}}},
}

var inBraces = regexp.MustCompile(`\{([a-z]+)\}`)

// nounsOf are the nouns of a request, each once.
func (e errand) nounsOf(line api.Line) (found []string) {
	for _, match := range inBraces.FindAllStringSubmatch(line.Path+e.query+e.body, -1) {
		if name := match[1]; name != "account" && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	return found
}

var madeByName = regexp.MustCompile(`(?i)"(?:clustername|family|name)": "\{([a-z]+)\}"`)

// unmade gives words of what is not there, or nil if the request would make what one of these nouns names.
func (e errand) unmade(words map[string]string, of ...string) map[string]string {
	for _, match := range madeByName.FindAllStringSubmatch(e.body, -1) {
		if slices.Contains(of, match[1]) {
			return nil
		}
	}
	return words
}

// send sends the request with a word for each noun.
func (e errand) send(w *world, line api.Line, words map[string]string) (a answer, trips int) {
	fill := func(template string, escaped func(string) string) string {
		return inBraces.ReplaceAllStringFunc(template, func(noun string) string { return escaped(words[strings.Trim(noun, "{}")]) })
	}
	path := fill(strings.TrimPrefix(line.Path, "/{account}"), url.PathEscape) + fill(e.query, url.QueryEscape)
	return w.measured(line.Method, path, fill(e.body, func(word string) string { return word }))
}

// words are a space's words for nouns in their ordinary forms.
func (s *space) words(of []string) map[string]string {
	words := map[string]string{}
	for _, noun := range of {
		words[noun] = nouns[noun].forms[0](s)
	}
	return words
}

// TestEveryRouteHasItsCrossing fails for a route that nobody has thought of here, and for what nobody could fill.
func TestEveryRouteHasItsCrossing(t *testing.T) {
	routes := map[string]bool{}
	for _, line := range api.Told() {
		route := line.Method + " " + line.Path
		routes[route] = true
		c, known := crossings[route]
		if line.Public && !known {
			continue // it is told to everybody
		}
		if !known || (len(c.errands) == 0) == (c.open == "") {
			t.Errorf("%s: say in crossings what it may not reach, or why it reaches nothing", route)
		}
		for _, e := range c.errands {
			for _, name := range e.nounsOf(line) {
				if len(nouns[name].forms) == 0 {
					t.Errorf("%s: there is no noun {%s}", route, name)
				}
			}
		}
	}
	for route := range crossings {
		if !routes[route] {
			t.Errorf("%s is no route", route)
		}
	}
}

// try is a good request with some of its words replaced by an outsider's.
type try struct {
	name   string
	words  map[string]string
	ghosts map[string]string // the same, of a space that is not there; nil where the request would make it
	whose  outsider
	status int
}

// tries are all ways in which an errand can be sent with an outsider's nouns: each noun in each of its forms, and all of them at once. Ours are
// the answers to the same forms of our own words.
func (b *borderland) tries(e errand, of []string, ours map[string]int) (all []try) {
	bound := slices.ContainsFunc(of, func(name string) bool { return name != "cluster" && nouns[name].across != 0 })
	for _, whose := range b.outsiders {
		for _, name := range of {
			if whose.ours && (nouns[name].across == 0 || !slices.Contains(of, "cluster") || name == "cluster" && !bound) {
				continue // any space of the org may
			}
			for i, form := range nouns[name].forms {
				words, ghosts := b.home.words(of), b.home.words(of)
				words[name], ghosts[name] = form(whose.space), form(ghost)
				status := e.denial(name, whose)
				if i > 0 && ours[formed(name, i)] >= http.StatusBadRequest && ours[formed(name, i)] != e.status {
					status = ours[formed(name, i)] // a form that is not taken
				}
				all = append(all, try{whose.whose + " " + formed(name, i), words, e.unmade(ghosts, name), whose, status})
			}
		}
		if !whose.ours && len(of) > 1 {
			all = append(all, try{whose.whose + " everything", whose.words(of), e.unmade(ghost.words(of), of...), whose, e.denialOfAll(of)})
		}
	}
	return all
}

func formed(noun string, form int) string { return fmt.Sprintf("{%s} in form %d", noun, form) }

// denial is the answer where a noun is an outsider's.
func (e errand) denial(noun string, whose outsider) int {
	want, said := e.want[noun]
	switch {
	case whose.ours && e.across[noun] != 0:
		return e.across[noun]
	case said:
		return want
	case whose.ours:
		return nouns[noun].across
	}
	return http.StatusNotFound
}

// denialOfAll is the answer where every noun is: to name the org is wrong whatever the rest.
func (e errand) denialOfAll(of []string) int {
	if slices.Contains(of, "org") && e.want["org"] == http.StatusBadRequest {
		return http.StatusBadRequest
	}
	return http.StatusNotFound
}

// request is an errand of a route, with the name by which tests tell of it.
type request struct {
	errand
	line api.Line
	name string
	of   []string // its nouns
}

func requests() (all []request) {
	for _, line := range api.Told() {
		for i, e := range crossings[line.Method+" "+line.Path].errands {
			all = append(all, request{e, line, fmt.Sprintf("%s %s, errand %d", line.Method, line.Path, i), e.nounsOf(line)})
		}
	}
	return all
}

func (r request) reads() bool { return r.line.Method == http.MethodGet }

// TestBorders holds that nothing of another org's, of nobody's or of another space's can be read, changed or named by any route: it is as if it
// were not there, to the words of the answer, no call that changes anything is made, and all stands as it stood.
func TestBorders(t *testing.T) {
	t.Parallel()
	all := requests()
	ours := formsOfOurs(t, all)
	for next := 0; next < len(all); {
		inWorld(t, func(w *world) {
			b := w.borderland()
			before := w.aws.Inventory()
			for stands := true; stands && next < len(all); next++ {
				for _, try := range b.tries(all[next].errand, all[next].of, ours[next]) {
					if try.status != http.StatusOK || all[next].reads() {
						b.denied(all[next], try)
					}
				}
				stands = b.stands(all[next], before)
			}
		})
	}
}

// formsOfOurs are, by request, the answers to all forms of our own words but the ordinary ones. A world serves until one changes it.
func formsOfOurs(t *testing.T, all []request) []map[string]int {
	type form struct {
		request, form int
		noun          string
	}
	var forms []form
	for i, r := range all {
		for _, name := range r.of {
			for f := 1; f < len(nouns[name].forms); f++ {
				forms = append(forms, form{i, f, name})
			}
		}
	}
	statuses := make([]map[string]int, len(all))
	for next := 0; next < len(forms); {
		inWorld(t, func(w *world) {
			home := w.space("amber")
			for changed := false; !changed && next < len(forms); next++ {
				f := forms[next]
				r := all[f.request]
				words := home.words(r.of)
				words[f.noun] = nouns[f.noun].forms[f.form](home)
				a, _ := r.send(w, r.line, words)
				if statuses[f.request] == nil {
					statuses[f.request] = map[string]int{}
				}
				statuses[f.request][formed(f.noun, f.form)] = a.status
				changed = !r.reads() && a.status < http.StatusBadRequest
			}
			w.ended()
		})
	}
	return statuses
}

// denied sends what is to be denied.
func (b *borderland) denied(r request, try try) {
	a, trips := r.send(b.world, r.line, try.words)
	if a.status != try.status {
		b.Errorf("%s, %s: %d, want %d: %s", r.name, try.name, a.status, try.status, a.body)
	}
	if a.status == http.StatusOK {
		b.shows(r.name+", "+try.name, a, try.whose)
	}
	b.changes(r, try.name)
	if a.status >= http.StatusBadRequest && !try.whose.ours && try.ghosts != nil { // to us our other space is more than what is not there
		b.tellsNoMore(r, try, a, trips)
	}
}

// tellsNoMore fails if an answer tells what is somebody else's from what is not there at all, by its words or by how long it takes.
func (b *borderland) tellsNoMore(r request, try try, a answer, trips int) {
	absent, others := r.send(b.world, r.line, try.ghosts)
	if absent.status != a.status || ghost.unnamed(absent.problem(b).Detail) != try.whose.unnamed(a.problem(b).Detail) || others != trips {
		b.Errorf("%s, %s: in %d round trips %d %s; what is not there: in %d %d %s", r.name, try.name, trips, a.status, a.body, others, absent.status, absent.body)
	}
}

// unnamed has the nouns in a text where the words of a space were.
func (s *space) unnamed(text string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(nouns)) {
		for _, form := range nouns[name].forms {
			pairs = append(pairs, form(s), "{"+name+"}")
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// changes fails for calls that would change something.
func (b *borderland) changes(r request, when string) {
	for _, call := range b.aws.Calls() {
		if call.Mutating && (r.refuses == "" || call.Code == "") {
			b.Errorf("%s, %s: %s %s was called, and answered %q", r.name, when, call.Service, call.Operation, call.Code)
		}
	}
}

// stands says whether all is as it was before the tries of a request, also once whatever they began has ended.
func (b *borderland) stands(r request, before sandbox.Inventory) bool {
	if !r.reads() {
		b.ended()
		b.changes(r, "after all")
	}
	diff := sandbox.Diff(before, b.aws.Inventory())
	if diff != "" {
		b.Errorf("%s has changed:\n%s", r.name, diff)
	}
	return diff == ""
}

// shows fails if an answer shows anything of an outsider's.
func (b *borderland) shows(name string, a answer, whose outsider) {
	for _, word := range append(slices.Clone(whose.ids), whose.word) {
		if strings.Contains(string(a.body), word) {
			b.Errorf("%s: shows %s of %s: %s", name, word, whose.whose, a.body)
		}
	}
}

// TestNobodysServiceInOurClusterIsNotThere holds the same for what is in a cluster of ours and is not ours.
func TestNobodysServiceInOurClusterIsNotThere(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		b := &borderland{world: w, home: w.space("amber")}
		w.untag(b.home.ecs("service", "amber/amber-www"))
		before := w.aws.Inventory()
		for _, r := range requests() {
			if slices.Contains(r.of, "service") {
				ghosts := b.home.words(r.of)
				ghosts["service"] = nouns["service"].forms[0](ghost)
				b.denied(r, try{"nobody's", b.home.words(r.of), ghosts, outsider{b.home, "nobody's", false}, http.StatusNotFound})
				b.stands(r, before)
			}
		}
	})
}

// TestOurOwnSideOfTheBorder holds that the requests of TestBorders are good ones, and show nothing of anybody else's; and that to be one of
// many in an account costs them nothing: they take as many round trips as are documented of their route.
func TestOurOwnSideOfTheBorder(t *testing.T) {
	t.Parallel()
	documented := map[string][]int{}
	for _, l := range toured(t) {
		documented[routeOf(l.line)] = append(documented[routeOf(l.line)], l.trips)
	}
	all := requests()
	slices.SortStableFunc(all, func(a, b request) int { return strings.Compare(a.line.Method, b.line.Method) }) // reads share a world
	for next := 0; next < len(all); {
		inWorld(t, func(w *world) {
			b := w.borderland()
			for changed := false; !changed && next < len(all); next++ {
				b.good(all[next], documented[routeOf(all[next].line)])
				changed = !all[next].reads()
			}
			w.ended()
		})
	}
}

// good sends a request of our own.
func (b *borderland) good(r request, documented []int) {
	want := r.line.Status
	if r.status != 0 {
		want = r.status
	}
	a, trips := r.send(b.world, r.line, b.home.words(r.of))
	if a.status != want {
		b.Errorf("%s: %d, want %d: %s", r.name, a.status, want, a.body)
	}
	if want < http.StatusBadRequest && !slices.Contains(documented, trips) {
		b.Errorf("%s: %d round trips, and documented are %v", r.name, trips, documented)
	}
	for _, whose := range b.outsiders {
		if !whose.ours || strings.Contains(r.line.Path, "{cluster}") {
			b.shows(r.name, a, whose)
		}
	}
}
