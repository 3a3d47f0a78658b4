package api_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ecs-api/api"
	"ecs-api/sandbox"
)

// updating says whether what the tests measure is to be written. Another test's flag of that name is as good.
var updating = func() flag.Value {
	if flag.Lookup("update") == nil {
		flag.Bool("update", false, "write what is measured: the routes in README.md, and docs/iam-policy.json")
	}
	return flag.Lookup("update").Value
}()

const (
	readme       = "../README.md"
	routesBegin  = "<!-- routes: measured, and written by go test ./api -run TestReadmeRoutes -update -->\n"
	routesEnd    = "<!-- end of routes -->\n"
	rewriteHints = "run go test ./api -run TestReadmeRoutes -update"
)

// remark is what the README says of a route beside its summary and what the tour has measured.
type remark struct {
	what string // follows the summary
	more string // follows the round trips
}

var remarks = map[string]remark{
	"POST /{account}/services": {what: "see [Create](#create)"},
	"GET /{account}/clusters/{cluster}/services": {what: "their ARNs, or with `?all=true` the services themselves",
		more: "one a page of 100 ARNs, and of 10 services"},
	"GET /{account}/clusters/{cluster}/services/{service}": {what: "with its tags; with `?all=true` also `Cluster` and `TaskDefinition` as objects, " +
		"`ServiceEndpoint` (`name.namespace`, null without a registry) and `Tasks` (running and stopped, `cluster/id`)"},
	"GET /{account}/clusters/{cluster}/services/{service}/events": {what: "newest first"},
	"GET /{account}/clusters/{cluster}/services/{service}/logs":   {what: "a page, `?task=&container=`, see [Logs](#logs)"},
	"PUT /{account}/clusters/{cluster}/services":                  {what: "in `Service.Service`; the rest as below"},
	"PUT /{account}/clusters/{cluster}/services/{service}": {what: "any of `Service` (UpdateServiceInput), `TaskDefinition`, `Credentials`, `Tags`, " +
		"`ForceNewDeployment` (or `ForceRedeploy`), see [Update](#update)"},
	"DELETE /{account}/clusters/{cluster}/services/{service}": {
		what: "`{\"Service\": …}`, draining; what only it uses goes with `?recursive=true`, after the answer, " +
			"see [below](#delete-recursively)"},

	"POST /{account}/taskdefs": {what: "`cluster`, `taskdefinition`, `credentials`, `tags`, as in [Create](#create), " +
		"or itself a RegisterTaskDefinitionInput, see [Ad hoc](#ad-hoc)"},
	"GET /{account}/clusters/{cluster}/taskdefs":           {what: "the families of flavor `task` with an active revision, sorted"},
	"GET /{account}/clusters/{cluster}/taskdefs/{taskdef}": {what: "`{\"Cluster\": …, \"TaskDefinition\": …, \"Tags\": …}` of the newest active revision"},
	"PUT /{account}/clusters/{cluster}/taskdefs/{taskdef}": {
		what: "any of `TaskDefinition`, `Credentials`, `Tags`; the answer is that of an update without `Service`"},
	"DELETE /{account}/clusters/{cluster}/taskdefs/{taskdef}": {
		what: "202 `{\"Cluster\", \"TaskDefinition\", \"Tasks\"}`: all its revisions in the cluster and the secrets that " +
			"only they use go; tasks that run are a 409, unless `?force=true` stops them; `?recursive=true` also takes down the space when nothing else is in it"},
	"POST /{account}/clusters/{cluster}/taskdefs/{taskdef}/tasks": {
		what: "1 to 10 (RunTaskInput): `{\"Tasks\": …, \"Failures\": …}`, see [Run a task](#run-a-task)"},
	"GET /{account}/clusters/{cluster}/taskdefs/{taskdef}/tasks": {what: "as `cluster/id`, `?status=RUNNING` (without one), `STOPPED` or both, `&startedBy=`",
		more: "one a page of 100"},
	"GET /{account}/clusters/{cluster}/taskdefs/{taskdef}/tasks/{task}": {what: "`{\"Tasks\": [task with its Revision], \"Failures\": []}`"},
	"DELETE /{account}/clusters/{cluster}/taskdefs/{taskdef}/tasks/{task}": {
		what: "`\"OK\"`; the `?reason=` (up to 255 characters) is shown with the stopped task"},
	"GET /{account}/taskdefs":           {what: "of either flavor"},
	"GET /{account}/taskdefs/{taskdef}": {what: "`family` or `family:revision`: `{\"TaskDefinition\": …, \"Tags\": …}`"},
	"DELETE /{account}/taskdefs/{taskdef}": {what: "`{\"TaskDefinition\": …, \"Tags\": …}` of the newest as it was; in use: 409, see [Ad hoc](#ad-hoc)",
		more: "a family's revisions are read, 1 a call"},

	"GET /{account}/clusters":                           {what: "their ARNs"},
	"POST /{account}/clusters":                          {what: "CreateClusterInput: the cluster"},
	"DELETE /{account}/clusters/{cluster}":              {what: "in use: 409"},
	"GET /{account}/clusters/{cluster}/tasks":           {what: "as `cluster/id`, `?status=&startedBy=` as above", more: "one a page of 100"},
	"POST /{account}/clusters/{cluster}/tasks":          {what: "in `TaskDefinition`; the rest as above"},
	"GET /{account}/clusters/{cluster}/tasks/{task}":    {what: "`{\"Tasks\": [task with its Revision], \"Failures\": []}`"},
	"DELETE /{account}/clusters/{cluster}/tasks/{task}": {what: "`\"OK\"`, `?reason=` as above"},

	"POST /{account}/servicediscovery/services":     {what: "Cloud Map's CreateServiceInput: the service"},
	"GET /{account}/servicediscovery/services":      {what: "summaries", more: "one a page of 100"},
	"GET /{account}/servicediscovery/services/{id}": {what: "a Cloud Map service, by its id"},

	"GET /{account}/secrets":          {what: "their ARNs; `?key=value…`: of those that carry all these tags", more: "one a page of 100"},
	"POST /{account}/secrets":         {what: "CreateSecretInput: `{\"ARN\", \"Name\", \"VersionId\"}`"},
	"GET /{account}/secrets/{secret}": {what: "by name or ARN, with `%2F` for slashes"},
	"PUT /{account}/secrets/{secret}": {
		what: "`{\"Secret\", \"Tags\"}`, both or neither: `{\"ARN\", \"Name\", \"VersionId\"}`, or an empty 200 when only tags came"},
	"DELETE /{account}/secrets/{secret}": {what: "after 7 days, `?window=` 7 to 30, or 0 for at once: `{\"ARN\", \"Name\", \"DeletionDate\"}`"},

	"POST /{account}/params/{prefix}": {what: "PutParameterInput: `/{org}/{prefix}/{Name}`, a SecureString under the account's key unless it says otherwise: " +
		"`{\"Tier\", \"Version\", \"VersionId\"}`"},
	"GET /{account}/params/{prefix}":         {what: "bare, in order", more: "one a page of 50"},
	"DELETE /{account}/params/{prefix}":      {what: "`{\"Message\": \"OK\", \"Deleted\": n}`", more: "one a page of 50, and deletes of 10 at once"},
	"GET /{account}/params/{prefix}/{param}": {what: "`{\"ARN\", \"Name\", \"Description\", \"KeyId\", \"Type\", \"Tags\", \"LastModifiedDate\", \"Version\"}`"},
	"PUT /{account}/params/{prefix}/{param}": {
		what: "`Value` with what else PutParameterInput has, or `Tags`, or both: `\"OK\"`. What is not given stays. If the value " +
			"fails the tags are put back, and the error says so"},
	"DELETE /{account}/params/{prefix}/{param}": {what: "`\"OK\"`"},

	"GET /{account}/lbs": {what: "`?space=SPACE`: `{name: ARN}`", more: "one a page of 100"},
	"GET /{account}/lbs/{space}": {what: "listeners, rules in words, target groups, targets and their health, see [Load balancers](#load-balancers)",
		more: "one more per 32 calls of a level"},

	"GET /{account}/operations": {what: "oldest first; `?state=` running, succeeded, rolling-back, rolled-back, failed; `?cluster=`"},
	"GET /{account}/operations/{operation}": {
		what: "`{id, verb, account, cluster, service, state, steps, result, problem, startedAt, endedAt, caller}`; each step with its " +
			"name, state, times and resource"},
	"GET /{account}/leftovers": {what: "`[{resource, id, operation, reason}]`", more: "what is found is read"},

	"HEAD /images": {what: "`?image=`, see [Images](#images)"},
	"GET /images":  {what: "`{image, digest, mediaType, platforms}`, see [Images](#images)"},

	"GET /ping":    {what: "`pong`"},
	"GET /version": {what: "`{version, githash, buildstamp}`"},
	"GET /healthz": {what: "see [Watching it](#watching-it)"},
	"GET /readyz":  {what: "see [Watching it](#watching-it)"},
	"GET /metrics": {what: "see [Watching it](#watching-it)"},
}

// chapters are what the routes stand under, in this order: each in the first whose pattern its path fits.
var chapters = []struct {
	title string
	of    *regexp.Regexp
}{
	{"Services", regexp.MustCompile(`^/\{account\}/(clusters/\{cluster\}/)?services`)},
	{"Task definitions and their tasks", regexp.MustCompile(`^/\{account\}/(clusters/\{cluster\}/)?taskdefs`)},
	{"Clusters and their tasks", regexp.MustCompile(`^/\{account\}/clusters`)},
	{"Service registries", regexp.MustCompile(`^/\{account\}/servicediscovery`)},
	{"Secrets", regexp.MustCompile(`^/\{account\}/secrets`)},
	{"Parameters", regexp.MustCompile(`^/\{account\}/params`)},
	{"Load balancers", regexp.MustCompile(`^/\{account\}/lbs`)},
	{"Operations", regexp.MustCompile(`^/\{account\}/(operations|leftovers)`)},
	{"Images", regexp.MustCompile(`^/images`)},
	{"The process", regexp.MustCompile(`^/[a-z.]+$`)},
}

func chapterOf(path string) int {
	for i, chapter := range chapters {
		if chapter.of.MatchString(path) {
			return i
		}
	}
	return -1
}

// TestReadmeRoutes holds that the README tells of every route what it does, what it asks of AWS and in how many round trips, as the tour has
// just measured it.
func TestReadmeRoutes(t *testing.T) {
	legs := toured(t)
	routes := map[string]bool{}
	of := map[string][]leg{}
	for _, l := range legs {
		of[routeOf(l.line)] = append(of[routeOf(l.line)], l)
	}
	for _, line := range api.Told() {
		routes[routeOf(line)] = true
		if len(of[routeOf(line)]) == 0 {
			t.Errorf("%s: the tour does not go there", routeOf(line))
		}
		if chapterOf(line.Path) < 0 {
			t.Errorf("%s stands in no chapter", routeOf(line))
		}
	}
	for route := range remarks {
		if !routes[route] {
			t.Errorf("a remark is on %s, which is no route", route)
		}
	}
	if t.Failed() {
		return
	}
	between(t, readme, routesBegin, routesEnd, "\n"+routesTable(of)+"\n"+callsTable(of)+"\n")
}

func routeOf(line api.Line) string { return line.Method + " " + line.Path }

// between holds that a file has a text between two lines, or writes it there.
func between(t *testing.T, file, begin, end, text string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, begun := strings.Cut(string(content), begin)
	stands, tail, ended := strings.Cut(rest, end)
	switch {
	case !begun || !ended:
		t.Fatalf("%s has no %q and %q", file, begin, end)
	case stands == text:
	case updating.String() == "true":
		if err := os.WriteFile(file, []byte(head+begin+text+end+tail), 0o644); err != nil { //nolint:gosec // it is to be read
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is not what the tour has measured: %s\n%s", file, rewriteHints, differing(stands, text))
	}
}

// differing are the lines of which only one of two texts has any.
func differing(stands, wanted string) string {
	var b strings.Builder
	a, z := strings.Split(stands, "\n"), strings.Split(wanted, "\n")
	for _, line := range a {
		if !slices.Contains(z, line) {
			fmt.Fprintln(&b, "-", line)
		}
	}
	for _, line := range z {
		if !slices.Contains(a, line) {
			fmt.Fprintln(&b, "+", line)
		}
	}
	return b.String()
}

// inChapters goes over the routes by chapter.
func inChapters(begin func(title string), each func(line api.Line)) {
	for i, chapter := range chapters {
		begun := false
		for _, line := range api.Told() {
			if chapterOf(line.Path) != i {
				continue
			}
			if !begun {
				begin(chapter.title)
				begun = true
			}
			each(line)
		}
	}
}

func routesTable(of map[string][]leg) string {
	var b strings.Builder
	inChapters(func(title string) {
		fmt.Fprintf(&b, "**%s**\n\n| method and path | what it does | round trips |\n|---|---|---|\n", title)
	}, func(line api.Line) {
		said := remarks[routeOf(line)]
		what := line.Summary
		if said.what != "" {
			what += ": " + said.what
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", routeOf(line), what, trips(of[routeOf(line)], said.more))
	})
	return strings.ReplaceAll(b.String(), "|\n**", "|\n\n**")
}

// trips tells of the round trips of a route's stops, those of as many together.
func trips(legs []leg, more string) string {
	if !strings.HasPrefix(legs[0].line.Path, "/{account}") {
		return ""
	}
	var counts []int
	forms := map[int][]string{}
	for _, l := range legs {
		if !slices.Contains(counts, l.trips) {
			counts = append(counts, l.trips)
		}
		if l.what != "" {
			forms[l.trips] = append(forms[l.trips], l.what)
		}
	}
	var told []string
	for _, count := range counts {
		one := fmt.Sprint(count)
		if len(counts) > 1 && len(forms[count]) > 0 {
			one += " " + strings.Join(forms[count], ", ")
		}
		told = append(told, one)
	}
	if more != "" {
		told = append(told, more)
	}
	return strings.Join(told, "; ")
}

func callsTable(of map[string][]leg) string {
	var b strings.Builder
	b.WriteString("<details>\n<summary>The calls to AWS behind each</summary>\n\n| method and path | until the answer | after it |\n|---|---|---|\n")
	inChapters(func(string) {}, func(line api.Line) {
		for _, l := range of[routeOf(line)] {
			if len(l.calls) > 0 {
				what := "`" + routeOf(line) + "`"
				if l.what != "" {
					what += " " + l.what
				}
				fmt.Fprintf(&b, "| %s | %s | %s |\n", what, counted(l.calls, true), counted(l.behind, false))
			}
		}
	})
	b.WriteString("\n</details>\n")
	return b.String()
}

// actionPrefix is the name of a service in IAM's actions, where the sandbox has the SDK's.
func actionPrefix(service string) string {
	switch service {
	case "elbv2":
		return "elasticloadbalancing"
	case "tagging":
		return "tag"
	}
	return service
}

// counted lists calls by service; how often each is made depends on the clock once there is nobody to wait for it.
func counted(calls []sandbox.Call, times bool) string {
	by := map[string]map[string]int{}
	for _, call := range calls {
		service := actionPrefix(call.Service)
		if by[service] == nil {
			by[service] = map[string]int{}
		}
		by[service][call.Operation]++
	}
	var told []string
	for _, service := range slices.Sorted(maps.Keys(by)) {
		var operations []string
		for _, operation := range slices.Sorted(maps.Keys(by[service])) {
			if n := by[service][operation]; times && n > 1 {
				operation += fmt.Sprintf(" ×%d", n)
			}
			operations = append(operations, operation)
		}
		told = append(told, service+": "+strings.Join(operations, ", "))
	}
	return strings.Join(told, "; ")
}
