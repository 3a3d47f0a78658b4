package api_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"ecs-api/journal"
	"ecs-api/sandbox"
)

// asked gives how often AWS was asked for an operation.
func (w *world) asked(operation string) (count int) {
	for _, call := range w.aws.Calls() {
		if call.Operation == operation {
			count++
		}
	}
	return count
}

// Whose account it is, is asked once, whoever needs it at the same time.
func TestAColdStartAsksOnceWhoItIs(t *testing.T) {
	inWorld(t, func(w *world) {
		w.start(journal.NewMemory(), nil)
		w.aws.ResetCalls()
		var both sync.WaitGroup
		both.Go(func() { w.must(http.StatusOK, "POST", "/services", everything) })
		both.Go(func() { w.must(http.StatusOK, "POST", "/taskdefs", supercool) })
		both.Wait()
		if count := w.asked("GetCallerIdentity"); count != 1 {
			w.Errorf("asked %d times", count)
		}
	})
}

// Who goes away takes the answer from nobody else.
func TestWhoGoesAwayCancelsNobodysIdentity(t *testing.T) {
	inWorld(t, func(w *world) {
		w.start(journal.NewMemory(), nil)
		w.aws.ResetCalls()
		short, cancel := context.WithTimeout(w.Context(), 10*time.Millisecond)
		defer cancel()
		var both sync.WaitGroup
		both.Go(func() {
			began := time.Now()
			if _, err := w.account.Identity(short); err == nil || time.Since(began) != 10*time.Millisecond {
				w.Errorf("error %v after %v", err, time.Since(began))
			}
		})
		both.Go(func() {
			time.Sleep(5 * time.Millisecond)
			if _, err := w.account.Identity(w.Context()); err != nil {
				w.Error(err)
			}
		})
		both.Wait()
		if count := w.asked("GetCallerIdentity"); count != 1 {
			w.Errorf("asked %d times", count)
		}
	})
}

// That nobody could say who it is, is not remembered.
func TestAFailedIdentityIsAskedForAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		w.start(journal.NewMemory(), nil)
		w.aws.Inject(sandbox.Fault{Service: "sts", Operation: "GetCallerIdentity", Nth: 1, Kind: sandbox.Refused})
		w.must(http.StatusForbidden, "POST", "/services", everything)
		w.must(http.StatusOK, "POST", "/services", everything)
	})
}
