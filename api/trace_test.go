package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"ecs-api/sandbox"
)

// trouble is a way in which a call goes wrong.
type trouble struct {
	name  string
	kind  sandbox.FaultKind
	every bool // at every attempt, not only at the one
}

var troubles = []trouble{
	{"refused", sandbox.Refused, false},
	{"lost once", sandbox.Unheard, false},
	{"lost on every attempt", sandbox.Unheard, true},
	{"cut once", sandbox.Cut, false},
	{"cut on every attempt", sandbox.Cut, true},
	{"cut before", sandbox.CutBefore, false},
	{"throttled once", sandbox.Throttled, false},
	{"throttled on every attempt", sandbox.Throttled, true},
}

// point is one mutating call of a good run: the nth of its operation.
type point struct {
	service, operation string
	nth                int
}

// points are the mutating calls of a good run of an act.
func points(t *testing.T, prepare, act func(w *world)) (found []point) {
	inWorld(t, func(w *world) {
		prepare(w)
		w.aws.ResetCalls()
		act(w)
		w.ended()
		seen := map[string]int{}
		for _, call := range w.aws.Calls() {
			if call.Mutating {
				seen[call.Service+call.Operation]++
				found = append(found, point{call.Service, call.Operation, seen[call.Service+call.Operation]})
			}
		}
	})
	return found
}

// troubled runs a test for every mutating call of a good run and every way in which it can go wrong.
func troubled(t *testing.T, prepare, act func(w *world), check func(w *world, at string)) {
	for _, p := range points(t, prepare, act) {
		for _, how := range troubles {
			name := fmt.Sprintf("%s/%s %d/%s", p.service, p.operation, p.nth, how.name)
			t.Run(name, func(t *testing.T) {
				inWorld(t, func(w *world) {
					prepare(w)
					fault := sandbox.Fault{Service: p.service, Operation: p.operation, Nth: p.nth, Kind: how.kind}
					if how.every {
						fault.Nth = 0
					}
					w.aws.Inject(fault)
					check(w, name)
				})
			})
		}
	}
}

// ids are what AWS makes up: they differ from run to run where attempts do.
var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}|srv-[a-z0-9]{16}|secret:[a-zA-Z0-9/_+=.@-]+-[a-zA-Z0-9]{6}\b|ecs-svc/[0-9]+|10\.[0-9]+\.[0-9]+\.[0-9]+|eni-[0-9a-f]+|us-east-1[a-f]`)

// shape is an inventory without what AWS makes up; a registry, whose id it makes up, goes by its name.
func shape(w *world, inventory sandbox.Inventory) sandbox.Inventory {
	plain := sandbox.Inventory{}
	for kind, things := range inventory {
		plain[kind] = map[string]any{}
		for key, state := range things {
			text, err := json.Marshal(state)
			if err != nil {
				w.Fatal(err)
			}
			var named struct{ Name string }
			var bare any
			if json.Unmarshal(text, &named); json.Unmarshal(ids.ReplaceAll(text, []byte("ID")), &bare) != nil {
				w.Fatalf("no JSON: %s", text)
			}
			plain[kind][ids.ReplaceAllString(key, "ID "+named.Name)] = bare
		}
	}
	return plain
}

func nothing(*world) {}

// A create leaves everything or nothing, whatever call goes wrong, and its answer says which.
func TestACreateLeavesNoTrace(t *testing.T) {
	t.Parallel()
	create := func(w *world) { w.must(http.StatusOK, "POST", "/services", everything) }
	leavesNoTrace(t, nothing, create, func(w *world) answer { return w.send("POST", "/services", everything) })
}

// So does a second service, and the first one stays whole.
func TestASecondServiceLeavesTheFirstWhole(t *testing.T) {
	t.Parallel()
	first := func(w *world) {
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
	}
	second := strings.NewReplacer(`"www"`, `"api"`, "webservers", "apiservers", "myapp-webserver-cred", "api-cred").Replace(everything)
	act := func(w *world) { w.must(http.StatusOK, "POST", "/services", second) }
	leavesNoTrace(t, first, act, func(w *world) answer { return w.send("POST", "/services", second) })
}

func leavesNoTrace(t *testing.T, prepare, act func(w *world), send func(w *world) answer) {
	var whole sandbox.Inventory
	inWorld(t, func(w *world) {
		prepare(w)
		act(w)
		w.ended()
		whole = shape(w, w.aws.Inventory())
	})
	troubled(t, prepare, act, func(w *world, at string) {
		before := w.aws.Inventory()
		answered := send(w)
		if answered.status == http.StatusOK {
			w.ended()
			if diff := sandbox.Diff(whole, shape(w, w.aws.Inventory())); diff != "" {
				w.Errorf("%s: the answer is 200, and it is not whole:\n%s", at, diff)
			}
			return
		}
		told := answered.problem(w)
		if told.Rollback == nil {
			w.Fatalf("%s: no rollback in %s", at, answered.body)
		}
		if diff := sandbox.Diff(before, w.aws.Inventory()); told.Rollback.Complete && diff != "" {
			w.Errorf("%s: the answer says that all is taken back:\n%s", at, diff)
		}
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Errorf("%s: status %d, and left:\n%s", at, answered.status, diff)
		}
	})
}

// A recursive delete goes to its end whatever call goes wrong after its first; before that, nothing has changed.
func TestADeleteLeavesNoTrace(t *testing.T) {
	t.Parallel()
	var empty sandbox.Inventory
	build := func(w *world) {
		empty = w.aws.Inventory()
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
	}
	remove := func(w *world) { w.must(http.StatusOK, "DELETE", www+"?recursive=true", "") }
	troubled(t, build, remove, func(w *world, at string) {
		built := w.aws.Inventory()
		answered := w.send("DELETE", www+"?recursive=true", "")
		want := empty
		if answered.status != http.StatusOK {
			want = built
		}
		w.endedOrStuck()
		w.aws.ClearFaults() // what is refused at every attempt is tried again until it is not
		w.ended()
		if diff := sandbox.Diff(want, w.aws.Inventory()); diff != "" {
			w.Errorf("%s: status %d, and then:\n%s", at, answered.status, diff)
		}
	})
}

// renamed is an inventory with one name in place of another.
func renamed(w *world, inventory sandbox.Inventory, from, to string) (changed sandbox.Inventory) {
	text, err := json.Marshal(inventory)
	if err != nil {
		w.Fatal(err)
	}
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(text), from, to)), &changed); err != nil {
		w.Fatal(err)
	}
	return changed
}

func renderedJSON(w *world, state any) string {
	text, err := json.Marshal(state)
	if err != nil {
		w.Fatal(err)
	}
	return string(text)
}
