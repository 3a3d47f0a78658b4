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

// growing says what comes on top of the round trips that the tour has measured, where there is more than it has.
var growing = map[string]string{
	"GET /{account}/clusters/{cluster}/services":                 "one a page of 100 ARNs, and of 10 services",
	"GET /{account}/clusters/{cluster}/taskdefs/{taskdef}/tasks": "one a page of 100",
	"DELETE /{account}/taskdefs/{taskdef}":                       "a family's revisions are read, 1 a call",
	"GET /{account}/clusters/{cluster}/tasks":                    "one a page of 100",
	"GET /{account}/servicediscovery/services":                   "one a page of 100",
	"GET /{account}/secrets":                                     "one a page of 100",
	"GET /{account}/params/{prefix}":                             "one a page of 50",
	"DELETE /{account}/params/{prefix}":                          "one a page of 50, and deletes of 10 at once",
	"GET /{account}/lbs":                                         "one a page of 100",
	"GET /{account}/lbs/{space}":                                 "one more per 32 calls of a level",
	"GET /{account}/leftovers":                                   "what is found is read",
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
	for route := range growing {
		if !routes[route] {
			t.Errorf("the round trips of %s grow, which is no route", route)
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
		what := line.Summary
		if line.Brief() != "" {
			what += ": " + line.Brief()
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", routeOf(line), what, trips(of[routeOf(line)], growing[routeOf(line)]))
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
