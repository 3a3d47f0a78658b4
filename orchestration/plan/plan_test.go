package plan

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var (
	errRefused = errors.New("refused")
	errLost    = errors.New("lost")
)

// world is what steps change: the keys of what stands, and what was done in which order.
type world struct {
	mu       sync.Mutex
	stands   map[string]bool
	happens  []string
	stubborn map[string]int // how often a release is refused before it works
	saves    []Progress
	durable  int
	told     []State
	full     bool // the journal cannot be written
}

func newWorld() *world {
	return &world{stands: map[string]bool{}, stubborn: map[string]int{}}
}

func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.happens = append(w.happens, fmt.Sprintf(format, args...))
}

func (w *world) set(key string, stands bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stands[key] = stands
}

func (w *world) standing() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var keys []string
	for key, stands := range w.stands {
		if stands {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func (w *world) Save(progress Progress, durable bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.full {
		return errors.New("the disk is full")
	}
	w.saves = append(w.saves, progress)
	if durable {
		w.durable++
	}
	return nil
}

func (w *world) Step(s Step, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, s.State)
}

func (w *world) engine() *Engine {
	return &Engine{
		Release: func(_ context.Context, r Resource) (bool, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.stubborn[r.Key] > 0 {
				w.stubborn[r.Key]--
				return true, errRefused
			}
			found := w.stands[r.Key]
			w.stands[r.Key] = false
			if found {
				w.happens = append(w.happens, "release "+r.Key)
			}
			return found, nil
		},
		Restore: func(_ context.Context, e Effect) error {
			w.note("restore %s to %s", e.Resource.Key, e.Before)
			return nil
		},
		Unheard:   func(err error) bool { return errors.Is(err, errLost) },
		Quiet:     func(string) time.Duration { return 15 * time.Second },
		Permanent: func(error) bool { return true },
		Explain:   func(err error) string { return err.Error() },
	}
}

// making is a step that takes a second to make its key.
func (w *world) making(p *Plan, key string, result error, needs ...Dependency) Handle[string] {
	return Add(p, Node[string]{
		Name: key, Needs: needs,
		Effect: Effect{Change: Made, Resource: Resource{Kind: "thing", Key: key}},
		ID:     func(answer string) string { return "id-" + answer },
		Call: func(ctx context.Context, _ Inputs) (string, error) {
			w.note("call %s", key)
			_ = wait(ctx, time.Second)
			if result == nil || errors.Is(result, errLost) {
				w.set(key, true)
			}
			return key, result
		},
	})
}

func TestIndependentStepsRunAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := newWorld(), New()
		one, two, three := w.making(p, "one", nil), w.making(p, "two", nil), w.making(p, "three", nil)
		joined := Add(p, Node[string]{Name: "joined", Needs: []Dependency{one, two, three}, Call: func(_ context.Context, in Inputs) (string, error) {
			return one.From(in) + two.From(in) + three.From(in), nil
		}})
		p.Commit(joined)
		start, ledger := time.Now(), NewLedger(p.Progress(), w)
		run, err := w.engine().Run(t.Context(), p, ledger)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("three steps of a second took %v", took)
		}
		if got := joined.From(run.Inputs); got != "onetwothree" {
			t.Errorf("the commit answered %q", got)
		}
		if !ledger.Progress().Committed || ledger.Step(0).Effect.Resource.ID != "id-one" {
			t.Errorf("progress %+v", ledger.Progress())
		}
		if w.durable != 1 {
			t.Errorf("%d durable saves, want one of all effects before the first call", w.durable)
		}
	})
}

func TestAFailureStopsWhatHasNotBegunAndUndoesBackwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := newWorld(), New()
		role := w.making(p, "role", nil)
		secret := w.making(p, "secret", nil)
		definition := w.making(p, "definition", nil, role, secret)
		broken := w.making(p, "broken", errRefused, definition)
		p.Commit(w.making(p, "service", nil, broken))
		ledger := NewLedger(p.Progress(), w)
		_, err := w.engine().Run(t.Context(), p, ledger)
		var step *StepError
		if !errors.As(err, &step) || step.Step != "broken" || !errors.Is(err, errRefused) {
			t.Fatalf("error %v", err)
		}
		if err := w.engine().Undo(t.Context(), ledger); err != nil {
			t.Fatal(err)
		}
		if left := w.standing(); len(left) > 0 {
			t.Errorf("left %v", left)
		}
		happened := strings.Join(w.happens, ", ")
		if strings.Contains(happened, "call service") {
			t.Errorf("a step began after the failure: %s", happened)
		}
		if slices.Index(w.happens, "release definition") > min(slices.Index(w.happens, "release role"), slices.Index(w.happens, "release secret")) {
			t.Errorf("the definition must go before what it stands on: %s", happened)
		}
		if ledger.Step(3).State != Failed || ledger.Step(4).State != Waiting || ledger.Step(0).State != Released {
			t.Errorf("states %+v", ledger.Progress().Steps)
		}
	})
}

func TestWhatIsInFlightEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := newWorld(), New()
		Add(p, Node[int]{Name: "quick", Call: func(context.Context, Inputs) (int, error) { return 0, errRefused }})
		slow := w.making(p, "slow", nil)
		p.Commit(slow)
		ctx, cancel := context.WithCancel(t.Context())
		cancelled := time.AfterFunc(time.Millisecond, cancel)
		defer cancelled.Stop()
		ledger := NewLedger(p.Progress(), w)
		ledger.Step(1).After = nil // beside the failing one, as two branches of one plan are
		_, err := w.engine().Run(ctx, p, ledger)
		if !errors.Is(err, errRefused) || ledger.Step(1).State != Done {
			t.Errorf("error %v, slow is %s: its call must be heard to its end", err, ledger.Step(1).State)
		}
	})
}

func TestALostAnswerIsLookedUpAgainAfterTheQuietPeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := newWorld(), New()
		late := Add(p, Node[int]{Name: "late", Effect: Effect{Change: Made, Resource: Resource{Key: "late"}}, Call: func(context.Context, Inputs) (int, error) {
			// The request arrives ten seconds after its answer was given up.
			time.AfterFunc(10*time.Second, func() { w.set("late", true) })
			return 0, errLost
		}})
		p.Commit(late)
		ledger := NewLedger(p.Progress(), w)
		if _, err := w.engine().Run(t.Context(), p, ledger); !errors.Is(err, errLost) {
			t.Fatal(err)
		}
		if err := w.engine().Undo(t.Context(), ledger); err != nil {
			t.Fatal(err)
		}
		if left := w.standing(); len(left) > 0 || ledger.Step(0).State != Released {
			t.Errorf("left %v, step %s", left, ledger.Step(0).State)
		}
	})
}

func TestALostCommitIsDecidedByReading(t *testing.T) {
	for _, took := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w, p := newWorld(), New()
			reads := 0
			p.Commit(Add(p, Node[string]{Name: "commit",
				Call: func(context.Context, Inputs) (string, error) { return "", errLost },
				Settle: func(context.Context, Inputs) (string, bool, error) {
					if reads++; reads < 3 {
						return "", false, errRefused // AWS does not answer at first
					}
					return "found", took, nil
				}}))
			_, err := w.engine().Run(t.Context(), p, NewLedger(p.Progress(), w))
			if (err == nil) != took {
				t.Errorf("took effect: %v, error %v", took, err)
			}
		})
	}
}

func TestARunThatEndsInTimeSucceedsThoughItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := newWorld(), New()
		p.Commit(w.making(p, "commit", nil))
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := w.engine().Run(ctx, p, NewLedger(p.Progress(), w)); err != nil {
			t.Errorf("past its commit point a run is not failed: %v", err)
		}
	})
}

func TestAnEndedContextStartsNothing(t *testing.T) {
	w, p := newWorld(), New()
	p.Commit(w.making(p, "commit", nil))
	cause := errors.New("cancelled")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := w.engine().Run(ctx, p, NewLedger(p.Progress(), w)); !errors.Is(err, cause) || len(w.happens) > 0 {
		t.Errorf("error %v, happened %v", err, w.happens)
	}
}

func TestAJournalThatCannotBeWrittenStartsNothing(t *testing.T) {
	w, p := newWorld(), New()
	w.full = true
	p.Commit(w.making(p, "commit", nil))
	ledger := NewLedger(p.Progress(), w)
	if _, err := w.engine().Run(t.Context(), p, ledger); err == nil || len(w.happens) > 0 || ledger.Step(0).State != Waiting {
		t.Errorf("error %v, happened %v, step %s", err, w.happens, ledger.Step(0).State)
	}
}

func TestAPanicIsAFailedStepWhoseEffectIsLookedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := newWorld(), New()
		p.Commit(Add(p, Node[int]{Name: "panics", Effect: Effect{Change: Made, Resource: Resource{Key: "half"}}, Call: func(context.Context, Inputs) (int, error) {
			w.set("half", true)
			panic("no")
		}}))
		ledger := NewLedger(p.Progress(), w)
		if _, err := w.engine().Run(t.Context(), p, ledger); err == nil {
			t.Fatal("a panic passed")
		}
		if err := w.engine().Undo(t.Context(), ledger); err != nil || len(w.standing()) > 0 {
			t.Errorf("error %v, left %v", err, w.standing())
		}
	})
}

func TestAnUndeclaredNeedIsNoticed(t *testing.T) {
	w, p := newWorld(), New()
	secret := w.making(p, "secret", nil)
	p.Commit(Add(p, Node[string]{Name: "commit", Call: func(_ context.Context, in Inputs) (string, error) { return "", nil }}))
	defer func() {
		if recover() == nil {
			t.Error("an answer was taken without needing its step")
		}
	}()
	secret.From(Inputs{})
}

func TestWhatIsRefusedIsLeftAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := newWorld(), New()
		ground := w.making(p, "ground", nil)
		thing := w.making(p, "thing", nil, ground)
		p.Commit(w.making(p, "broken", errRefused, thing))
		ledger := NewLedger(p.Progress(), w)
		_, _ = w.engine().Run(t.Context(), p, ledger)
		w.stubborn["thing"] = 1
		if err := w.engine().Undo(t.Context(), ledger); err != nil {
			t.Fatal(err)
		}
		if ledger.Step(1).State != Left || ledger.Step(1).Reason == "" || ledger.Step(0).State != Done {
			t.Errorf("what it stands on went first: %+v", ledger.Progress().Steps)
		}
		if err := w.engine().Undo(t.Context(), ledger); err != nil || len(w.standing()) > 0 {
			t.Errorf("error %v, left %v", err, w.standing())
		}
	})
}

func TestWhatIsRefusedForAWhileIsTriedAgainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		e := w.engine()
		e.Permanent = func(error) bool { return false }
		w.set("thing", true)
		w.stubborn["thing"] = 5
		ledger := NewLedger(Progress{Steps: []Step{{Effect: Effect{Change: Made, Resource: Resource{Key: "thing"}}, State: Done}}}, w)
		if _ = e.Undo(t.Context(), ledger); !slices.Equal(w.told, []State{Released}) {
			t.Errorf("told %v", w.told)
		}
		w.set("thing", true)
		w.stubborn["thing"], w.told = 1000, nil
		ledger.Step(0).State = Done
		if _ = e.Undo(t.Context(), ledger); !slices.Equal(w.told, []State{Left}) {
			t.Errorf("told %v", w.told)
		}
	})
}

func TestWhatIsNeededForAWhileIsAskedForAgain(t *testing.T) {
	w := newWorld()
	e := w.engine()
	release, needed := e.Release, true
	e.Release = func(ctx context.Context, r Resource) (bool, error) {
		if needed {
			return true, &KeptError{Reason: "in use by a task", Passing: true}
		}
		return release(ctx, r)
	}
	w.set("first", true)
	p := New()
	p.Retire(Resource{Key: "second"}, p.Retire(Resource{Key: "first"}))
	ledger := NewLedger(p.Progress(), w)
	if err := e.Retire(t.Context(), ledger); err != nil || !ledger.Progress().Pending() || !slices.Equal(w.told, []State{Postponed}) {
		t.Errorf("error %v, told %v", err, w.told)
	}
	needed = false
	if err := e.Retire(t.Context(), ledger); err != nil || ledger.Progress().Pending() || !slices.Equal(w.told, []State{Postponed, Released, Absent}) {
		t.Errorf("error %v, told %v", err, w.told)
	}
}

func TestWhatSomeoneElseUsesIsKept(t *testing.T) {
	w := newWorld()
	e := w.engine()
	e.Release = func(context.Context, Resource) (bool, error) { return true, &KeptError{Reason: "in use by www"} }
	ledger := NewLedger(Progress{Steps: []Step{{Effect: Effect{Change: Made}, State: Done}}}, w)
	if err := e.Undo(t.Context(), ledger); err != nil || ledger.Step(0).State != Kept || ledger.Step(0).Reason != "in use by www" {
		t.Errorf("error %v, step %+v", err, ledger.Step(0))
	}
}

func TestGroundIsLeftToItsSpace(t *testing.T) {
	w := newWorld()
	w.set("cluster", true)
	ground := Effect{Change: Made, Ground: true, Resource: Resource{Key: "cluster"}}
	ledger := NewLedger(Progress{Steps: []Step{{Effect: ground, State: Done}}, Retirements: []Step{{Effect: ground, State: Waiting}}}, w)
	_ = w.engine().Undo(t.Context(), ledger)
	_ = w.engine().Retire(t.Context(), ledger)
	if left := w.standing(); len(left) != 1 {
		t.Error("the engine took ground away")
	}
}

func TestRetirementsGoInTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := newWorld(), New()
		for _, key := range []string{"service", "registry", "family"} {
			w.set(key, true)
		}
		w.stubborn["service"] = 1
		gone := p.Retire(Resource{Key: "service"})
		p.Retire(Resource{Key: "registry"}, gone)
		p.Retire(Resource{Key: "family"}, gone)
		ledger := NewLedger(p.Progress(), w)
		if err := w.engine().Retire(t.Context(), ledger); err != nil || len(w.standing()) != 3 {
			t.Fatalf("error %v; the service is still there, and what goes after it is not: %v", err, w.standing())
		}
		if err := w.engine().Retire(t.Context(), ledger); err != nil {
			t.Fatal(err)
		}
		if len(w.standing()) > 0 || w.happens[0] != "release service" {
			t.Errorf("left %v after %v", w.standing(), w.happens)
		}
	})
}

// Whatever the shape of a plan and whichever steps fail or go unheard, nothing is left, and nothing goes before what stands on it.
func TestAnyPlanIsUndoneWhole(t *testing.T) {
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) { undoRandomPlan(t, rand.New(rand.NewPCG(seed, 7))) })
	}
}

func undoRandomPlan(t *testing.T, random *rand.Rand) {
	w, p := newWorld(), New()
	var handles []Dependency
	for i := range 2 + random.IntN(10) {
		var needs []Dependency
		for _, h := range handles {
			if random.IntN(3) == 0 {
				needs = append(needs, h)
			}
		}
		result := []error{nil, nil, nil, nil, errRefused, errLost}[random.IntN(6)]
		handles = append(handles, w.making(p, fmt.Sprint(i), result, needs...))
	}
	p.Commit(handles[len(handles)-1])
	ledger := NewLedger(p.Progress(), w)
	_, err := w.engine().Run(t.Context(), p, ledger)
	if err == nil {
		if len(w.standing()) != len(handles) {
			t.Errorf("a success made %v of %d", w.standing(), len(handles))
		}
		return
	}
	if err := w.engine().Undo(t.Context(), ledger); err != nil || len(w.standing()) > 0 {
		t.Errorf("error %v, left %v", err, w.standing())
	}
	for i, step := range ledger.Progress().Steps {
		for _, need := range step.After {
			mine, theirs := slices.Index(w.happens, fmt.Sprintf("release %d", i)), slices.Index(w.happens, fmt.Sprintf("release %d", need))
			if mine > theirs && theirs >= 0 {
				t.Errorf("%d went before %d, which stands on it", need, i)
			}
		}
	}
}
