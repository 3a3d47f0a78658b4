package api_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"ecs-api/journal"
	"ecs-api/sandbox"
)

// cord is what connects a process with AWS. When it is cut, the process is as good as dead: it hears nothing and is not heard.
type cord struct {
	next  http.RoundTripper
	alter func(r *http.Request, answer []byte) []byte // what comes back instead; nil: as it is
	sees  func(r *http.Request, asked []byte)         // what is asked; nil: nobody looks

	mu    sync.Mutex
	calls int
	at    int  // the call at which it is cut, from 1; 0: never
	after bool // once AWS has answered, not before it is asked
	dead  bool
	die   func()
}

var errDead = errors.New("the process is dead")

func (c *cord) RoundTrip(r *http.Request) (*http.Response, error) {
	here := c.count()
	if here && !c.after {
		c.cut()
	}
	if c.isDead() {
		return nil, errDead
	}
	if c.sees != nil {
		asked, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		_ = r.Body.Close()
		r.Body = io.NopCloser(bytes.NewReader(asked))
		c.sees(r, asked)
	}
	response, err := c.next.RoundTrip(r)
	if here {
		c.cut()
	}
	if c.isDead() {
		if err == nil {
			_ = response.Body.Close()
		}
		return nil, errDead
	}
	if err == nil && c.alter != nil {
		answer, unread := io.ReadAll(response.Body)
		_ = response.Body.Close()
		answer = c.alter(r, answer)
		response.Body, response.ContentLength, err = io.NopCloser(bytes.NewReader(answer)), int64(len(answer)), unread
	}
	return response, err
}

// count says whether this is the call.
func (c *cord) count() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	return c.calls == c.at
}

func (c *cord) isDead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dead
}

func (c *cord) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.dead {
		c.dead = true
		c.die()
	}
}

// mortal is a process with its journal in a directory.
type mortal struct {
	*world
	cord *cord
	dir  string
	left string // a copy of the directory as the process left it when it died
}

// born starts a process on a journal's directory. With at, it dies at that call.
func (w *world) born(dir string, at int, after bool) *mortal {
	w.Helper()
	m := &mortal{world: w, cord: &cord{at: at, after: after}, dir: dir, left: w.TempDir()}
	m.cord.die = func() {
		for _, name := range []string{"journal.db", "journal.key"} {
			content, err := os.ReadFile(filepath.Join(dir, name))
			if err == nil {
				err = os.WriteFile(filepath.Join(m.left, name), content, 0o600)
			}
			if err != nil {
				w.Error(err)
			}
		}
	}
	kept, err := journal.OpenFile(dir)
	if err != nil {
		w.Fatal(err)
	}
	w.start(kept, m.cord)
	return m
}

// buried waits until the process is dead, or has ended all it had to do.
func (m *mortal) buried() (died bool) {
	for range 10000 {
		if m.cord.isDead() {
			return true
		}
		operations, err := m.journal.List(journal.Filter{})
		if err != nil {
			m.Fatal(err)
		}
		working := false
		for _, op := range operations {
			working = working || op.EndedAt == nil
		}
		if !working {
			return false
		}
		time.Sleep(time.Second)
	}
	m.Fatal("a process neither ends nor dies")
	return false
}

// life is an act in a space, for which the account ends as it began or as it was asked to be, wherever the process is killed.
type life struct {
	prepare func(w *world)
	act     func(w *world)
}

var (
	creating = life{prepare: func(*world) {}, act: func(w *world) { w.send("POST", "/services", everything) }}
	deleting = life{
		prepare: func(w *world) {
			w.send("POST", "/services", everything)
			w.ended()
		},
		act: func(w *world) { w.send("DELETE", www+"?recursive=true", "") },
	}
)

// lives are the verbs that the process may die in.
var lives = map[string]life{
	"create":           creating,
	"recursive delete": deleting,
	"update":           {prepare: built, act: func(w *world) { w.send("PUT", www, changeAll) }},
	"retag":            {prepare: built, act: func(w *world) { w.send("PUT", www, `{"Tags": [{"Key": "a", "Value": "b"}]}`) }},
	"define":           {prepare: nothing, act: func(w *world) { w.send("POST", "/taskdefs", supercool) }},
	"redefine":         {prepare: defined, act: func(w *world) { w.send("PUT", supercoolPath, supercooler) }},
	"run":              {prepare: defined, act: func(w *world) { w.send("POST", supercoolPath+"/tasks", `{"Count": 2}`) }},
	"cluster":          {prepare: nothing, act: func(w *world) { w.send("POST", "/clusters", bareCluster) }},
	"cluster away":     {prepare: ground, act: func(w *world) { w.send("DELETE", "/clusters/myclu", "") }},
	"register":         {prepare: nothing, act: func(w *world) { w.send("POST", "/taskdefs", bareDefinition) }},
	"unregister":       {prepare: registeredTwice, act: func(w *world) { w.send("DELETE", "/taskdefs/bare", "") }},
	"run in cluster":   {prepare: defined, act: func(w *world) { w.send("POST", "/clusters/myclu/tasks", `{"TaskDefinition": "supercool:1"}`) }},
	"registry":         {prepare: nothing, act: func(w *world) { w.send("POST", registriesPath, bareRegistry) }},
	"registry away":    {prepare: func(w *world) { w.bareRegistry() }, act: func(w *world) { w.send("DELETE", w.registryPath(), "") }},
	"parameter":        {prepare: parameterMade, act: func(w *world) { w.send("PUT", oneParameter, changeParameter) }},
	"undefine":         {prepare: defined, act: func(w *world) { w.send("DELETE", supercoolPath+"?recursive=true&force=true", "") }},
}

// calls is how many calls a life makes that nobody ends.
func (l life) calls(t *testing.T) (count int, asked sandbox.Inventory) {
	inWorld(t, func(w *world) {
		l.prepare(w)
		m := w.born(w.TempDir(), 0, false)
		l.act(w)
		m.buried()
		count = m.cord.calls
		w.ended()
		asked = shape(w, w.aws.Inventory())
	})
	return count, asked
}

// judged holds that the account is as it was or as it was asked to be, and that the record says which.
func (l life) judged(w *world, name string, before, asked sandbox.Inventory) {
	w.Helper()
	w.ended()
	operations, err := w.journal.List(journal.Filter{})
	if err != nil {
		w.Fatal(err)
	}
	want := before
	for _, op := range operations {
		if op.State != journal.Succeeded && op.State != journal.RolledBack {
			w.Errorf("%s: the operation is %s", name, op.State)
		}
		if op.State == journal.Succeeded {
			want = asked
		}
	}
	if diff := sandbox.Diff(want, shape(w, w.aws.Inventory())); diff != "" {
		w.Errorf("%s: %d operations, and then:\n%s", name, len(operations), diff)
	}
}

// The kill matrix: dead before and after each call, and started again on the same AWS.
func TestTheProcessMayDieAnywhere(t *testing.T) {
	for verb, l := range lives {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			count, asked := l.calls(t)
			for at := 1; at <= count; at++ {
				for _, after := range []bool{false, true} {
					l.diesOnce(t, at, after, asked)
				}
			}
		})
	}
}

func (l life) diesOnce(t *testing.T, at int, after bool, asked sandbox.Inventory) {
	inWorld(t, func(w *world) {
		l.prepare(w)
		before := shape(w, w.aws.Inventory())
		m := w.born(w.TempDir(), at, after)
		l.act(w)
		m.buried()
		w.born(m.left, 0, false)
		l.judged(w, fmt.Sprintf("dead at call %d, after it: %v", at, after), before, asked)
	})
}

// A process that dies while it recovers from the death of the one before leaves no more than that one.
func TestTheRecoveryMayDieToo(t *testing.T) {
	for _, verb := range []string{"create", "recursive delete", "update"} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			l := lives[verb]
			count, asked := l.calls(t)
			for at := count / 4; at <= count; at += count / 3 {
				for again := 1; l.diesAgain(t, at, again, asked); again += 2 {
				}
			}
		})
	}
}

// diesAgain says whether the recovery had so many calls that it died in it.
func (l life) diesAgain(t *testing.T, at, again int, asked sandbox.Inventory) (died bool) {
	inWorld(t, func(w *world) {
		l.prepare(w)
		before := shape(w, w.aws.Inventory())
		m := w.born(w.TempDir(), at, true)
		l.act(w)
		if !m.buried() {
			return
		}
		second := w.born(m.left, again, again%4 == 1)
		if died = second.buried(); died {
			third := w.born(second.left, again, again%4 == 3)
			if third.buried() {
				w.born(third.left, 0, false)
			}
		}
		l.judged(w, fmt.Sprintf("dead at call %d, then at %d of the recovery", at, again), before, asked)
	})
	return died
}

// What could not be released is tried again by the next process, which listens meanwhile.
func TestWhatIsLeftIsTriedAgainAcrossARestart(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		m := w.born(w.TempDir(), 0, false)
		w.denied("secretsmanager", "DeleteSecret")
		w.denied("ecs", "CreateService")
		told := w.must(http.StatusForbidden, "POST", "/services", everything).problem(w)
		time.Sleep(10 * time.Minute)
		m.cord.cut()
		started := time.Now()
		w.born(m.left, 0, false)
		if took := time.Since(started); took > time.Second {
			w.Errorf("the start took %v", took)
		}
		if op := w.operation(told.Operation); op.State != journal.Failed {
			w.Errorf("the operation is %s", op.State)
		}
		time.Sleep(10 * time.Minute)
		w.aws.ClearFaults()
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" || w.operation(told.Operation).State != journal.RolledBack {
			w.Errorf("the operation is %s, and left:\n%s", w.operation(told.Operation).State, diff)
		}
	})
}

// A failed operation had let its names go when the process died, and another had taken them: the start waits for neither.
func TestARestartDoesNotWaitForNamesThatWerePassedOn(t *testing.T) {
	inWorld(t, func(w *world) {
		m := w.born(w.TempDir(), 0, false)
		w.aws.Inject(sandbox.Fault{Service: "secretsmanager", Operation: "DeleteSecret", Kind: sandbox.Throttled})
		w.aws.Inject(sandbox.Fault{Service: "ecs", Operation: "CreateService", Nth: 1, Kind: sandbox.Refused})
		w.send("POST", "/services", everything)
		time.Sleep(7 * time.Minute)
		m.cord.mu.Lock()
		m.cord.at, m.cord.after = m.cord.calls+14, true
		m.cord.mu.Unlock()
		w.send("POST", "/services", body(cluster, definition, service))
		if !m.buried() {
			w.Fatal("the process did not die")
		}
		started := time.Now()
		w.born(m.left, 0, false)
		if took := time.Since(started); took > time.Second {
			w.Errorf("the start took %v", took)
		}
		w.aws.ClearFaults()
		w.ended()
	})
}
