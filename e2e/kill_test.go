//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"ecs-api/sandbox"
)

// point is a moment of a run: before or after the nth call of an operation.
type point struct {
	Service, Operation string
	Nth                int
	Before             bool
}

func (p point) String() string {
	when := "after"
	if p.Before {
		when = "before"
	}
	return fmt.Sprintf("%s %s %s %d", when, p.Service, p.Operation, p.Nth)
}

// killAt has the process killed at a point, before the call is done or once it is done and not heard. The call goes on.
func killAt(aws *emulated, p *process, at point) (struck func() bool) {
	var mu sync.Mutex
	seen, done := 0, false
	aws.OnCall(func(call sandbox.Call, before bool) {
		if call.Service != at.Service || call.Operation != at.Operation || before != at.Before {
			return
		}
		mu.Lock()
		seen++
		now := seen == at.Nth
		done = done || now
		mu.Unlock()
		if now {
			p.kill()
		}
	})
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		return done
	}
}

// killAtCall has whatever process is born next killed at its nth call.
func killAtCall(aws *emulated, nth int, before bool) (owner chan *process) {
	owner = make(chan *process, 1)
	var mu sync.Mutex
	seen := 0
	aws.OnCall(func(_ sandbox.Call, b bool) {
		if b != before {
			return
		}
		mu.Lock()
		seen++
		now := seen == nth
		mu.Unlock()
		if now {
			(<-owner).kill()
		}
	})
	return owner
}

// life is an act in a space for which the account ends as it began or as it was asked to be, wherever the process is killed.
type life struct {
	verb    string
	prepare func(p *process)
	act     func(p *process) (status int)
}

var lives = []life{
	{verb: "CreateService", prepare: func(*process) {}, act: func(p *process) int {
		status, _, _ := p.ask("POST", "/main/services", all) // the process may die of it
		return status
	}},
	{verb: "DeleteService", prepare: func(p *process) {
		p.must(http.StatusOK, "POST", "/main/services", all)
		p.rested(time.Minute)
		for range 500 { // its task runs
			if strings.Contains(string(p.must(http.StatusOK, "GET", www, "")), `"RunningCount":1`) {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		p.Fatal("its task does not run")
	}, act: func(p *process) int {
		status, _, _ := p.ask("DELETE", www+"?recursive=true", "")
		return status
	}},
}

var all = everything("myclu", "www", "ns-y3uaw6neshhbev3f")

// quick is an account whose tasks start and drain within a tenth of a second.
var quick = sandbox.Options{Speed: 30}

// goodRun gives the points of a life that nobody ends, and what the account then is.
func (l life) goodRun(t *testing.T) (points []point, asked sandbox.Inventory) {
	aws := newAWS(t, quick)
	p := start(t, aws.account(), t.TempDir())
	aws.swept(t)
	l.prepare(p)
	aws.ResetCalls()
	if status := l.act(p); status != http.StatusOK {
		t.Fatalf("%s: status %d\n%s", l.verb, status, p.log)
	}
	p.rested(time.Minute)
	seen := map[string]int{}
	for _, call := range aws.Calls() {
		name := call.Service + call.Operation
		seen[name]++
		for _, before := range []bool{true, false} {
			points = append(points, point{call.Service, call.Operation, seen[name], before})
		}
	}
	time.Sleep(time.Second)
	asked = shape(t, aws.Inventory())
	p.stop()
	return points, asked
}

// ids are what AWS makes up: they differ from run to run.
var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}|srv-[a-z0-9]{16}|cred-[a-zA-Z0-9]{6}\b|ecs-svc/[0-9]+|10\.[0-9]+\.[0-9]+\.[0-9]+|eni-[0-9a-f]+|us-east-1[a-f]`)

// shape is an inventory without what AWS makes up; a registry, whose id it makes up, goes by its name.
func shape(t *testing.T, inventory sandbox.Inventory) sandbox.Inventory {
	t.Helper()
	plain := sandbox.Inventory{}
	for kind, things := range inventory {
		plain[kind] = map[string]any{}
		for key, state := range things {
			text, err := json.Marshal(state)
			if err != nil {
				t.Fatal(err)
			}
			var named struct{ Name string }
			var bare any
			_ = json.Unmarshal(text, &named) // most have no name
			if err := json.Unmarshal(ids.ReplaceAll(text, []byte("ID")), &bare); err != nil {
				t.Fatal(err)
			}
			plain[kind][ids.ReplaceAllString(key, "ID "+named.Name)] = bare
		}
	}
	return plain
}

// judged waits until the process has done what those before it left, and holds that the account is as it was or as it was asked to be, and
// that the record says which.
func (l life) judged(aws *emulated, p *process, answered int, before, asked sandbox.Inventory) {
	p.Helper()
	p.ready()
	state := "unknown"
	for _, op := range p.rested(4 * time.Minute) {
		if op.Verb == l.verb {
			state = op.State
		}
	}
	want := before
	switch {
	case state == "succeeded":
		want = asked
	case answered == http.StatusOK:
		p.Errorf("the answer was 200, and the operation is %s", state)
	case state != "rolled-back" && state != "unknown":
		p.Errorf("the operation is %s", state)
	}
	diff := ""
	for range 100 { // a task takes its time
		if diff = sandbox.Diff(want, shape(p.T, aws.Inventory())); diff == "" {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if diff != "" {
		p.Errorf("the operation is %s, and the account is not:\n%s\n%s", state, diff, tail(p.log.String()))
	}
	var left []any
	if err := json.Unmarshal(p.must(http.StatusOK, "GET", "/main/leftovers", ""), &left); err != nil || len(left) > 0 {
		p.Errorf("leftovers %v, error %v", left, err)
	}
	if took := p.stop(); took > 25*time.Second {
		p.Errorf("it took %v to stop", took)
	}
	p.T.Logf("the operation is %s", state)
}

// TestKilledAnywhere is the kill matrix: SIGKILL before and after each call, and another process on the same AWS and the same journal.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	for _, l := range lives {
		points, asked := l.goodRun(t)
		t.Logf("%s: %d points", l.verb, len(points))
		for _, at := range points {
			t.Run(l.verb+"/"+at.String(), func(t *testing.T) {
				t.Parallel()
				aws, dir := newAWS(t, quick), t.TempDir()
				p := start(t, aws.account(), dir)
				aws.swept(t)
				l.prepare(p)
				before := shape(t, aws.Inventory())
				struck := killAt(aws, p, at)
				answered := l.act(p)
				for began := time.Now(); !struck() && time.Since(began) < 30*time.Second; {
					time.Sleep(10 * time.Millisecond)
				}
				aws.OnCall(nil)
				if !struck() {
					t.Log("the point was not reached") // whichever of two calls at once came first, another followed
				}
				p.kill()
				l.judged(aws, start(t, aws.account(), dir), answered, before, asked)
			})
		}
	}
}

// TestKilledAgain kills the process that recovers from the death of the one before, and the next one too.
func TestKilledAgain(t *testing.T) {
	t.Parallel()
	for _, l := range lives {
		points, asked := l.goodRun(t)
		for i := 3; i < len(points); i += len(points) / 4 {
			for _, nth := range []int{1, 3, 6, 10} {
				at := points[i]
				t.Run(fmt.Sprintf("%s/%s/then at call %d", l.verb, at, nth), func(t *testing.T) {
					t.Parallel()
					aws, dir := newAWS(t, quick), t.TempDir()
					p := start(t, aws.account(), dir)
					aws.swept(t)
					l.prepare(p)
					before := shape(t, aws.Inventory())
					struck := killAt(aws, p, at)
					answered := l.act(p)
					for began := time.Now(); !struck() && time.Since(began) < 30*time.Second; {
						time.Sleep(10 * time.Millisecond)
					}
					p.kill()
					deaths := 1
					for again := range 2 {
						owner := killAtCall(aws, nth, again == 0)
						p = launch(t, aws.account(), dir)
						owner <- p
						select {
						case <-p.ended:
							deaths++
						case <-time.After(10 * time.Second): // it waits, or has no more calls to make
							p.kill()
						}
						aws.OnCall(nil)
					}
					t.Logf("%d of 3 deaths within a call", deaths)
					l.judged(aws, start(t, aws.account(), dir), answered, before, asked)
				})
			}
		}
	}
}
