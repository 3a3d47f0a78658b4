package plan

import (
	"context"
	"errors"
	"time"
)

// pause grows from a second to a quarter of an hour: what AWS refuses for good is asked for again for as long as it takes, but not often.
type pause struct{ next time.Duration }

const (
	firstPause   = time.Second
	longestPause = 15 * time.Minute
)

func newPause() *pause { return &pause{next: firstPause} }

// wait lets the pause pass, and gives ctx's error if that ends first.
func (p *pause) wait(ctx context.Context) error {
	err := wait(ctx, p.next)
	p.next = min(2*p.next, longestPause)
	return err
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// work walks items in an order given by edges, as many at once as the edges allow. before(i) names what must have ended first.
func work(count int, before func(i int) []int, do func(i int)) {
	ended := make(chan int)
	done, begun := make([]bool, count), make([]bool, count)
	running := 0
	for {
		for i := range count {
			if begun[i] || !all(done, before(i)) {
				continue
			}
			begun[i] = true
			running++
			go func() {
				do(i)
				ended <- i
			}()
		}
		if running == 0 {
			return
		}
		done[<-ended] = true
		running--
	}
}

func all(done []bool, indexes []int) bool {
	for _, i := range indexes {
		if !done[i] {
			return false
		}
	}
	return true
}

// Undo takes back what a failed run left and is the operation's own, along the reversed edges, until nothing is left or ctx ends; an error is
// ctx's cause. Ground is not touched: the space decides.
func (e *Engine) Undo(ctx context.Context, ledger *Ledger) error {
	steps := ledger.Progress().Steps
	dependents := make([][]int, len(steps))
	for i, step := range steps {
		for _, need := range step.After {
			dependents[need] = append(dependents[need], i)
		}
	}
	work(len(steps), func(i int) []int { return dependents[i] }, func(i int) {
		if !steps[i].Effect.Ground {
			e.TakeBack(ctx, ledger, ledger.Step(i))
		}
	})
	return context.Cause(ctx)
}

// TakeBack takes back one step, if it may have left something, until nothing of it is left or ctx ends.
func (e *Engine) TakeBack(ctx context.Context, ledger *Ledger, step *Step) {
	if !step.Standing() || ctx.Err() != nil {
		return
	}
	heard, reason := step.State == Done, step.Reason
	state, kept := e.untilGone(ctx, ledger, step)
	if !heard && ctx.Err() == nil {
		// The request may still be on its way, and AWS's reads lag: look again once it must have arrived.
		if wait(ctx, e.Quiet(step.Effect.Resource.Kind)) != nil {
			return
		}
		if again, why := e.untilGone(ctx, ledger, step); again != Absent {
			state, kept = again, why
		}
	}
	if ctx.Err() != nil {
		return
	}
	if state == Kept {
		reason = kept
	}
	ledger.Set(step, func(s *Step) { s.State, s.Reason = state, reason })
}

// Retire removes what a committed plan has made superfluous, in the order that the retirements give, until nothing is left or ctx ends; an error is
// ctx's cause. Ground is not touched: the space decides.
func (e *Engine) Retire(ctx context.Context, ledger *Ledger) error {
	retirements := ledger.Progress().Retirements
	work(len(retirements), func(i int) []int { return retirements[i].After }, func(i int) {
		if !retirements[i].Effect.Ground {
			e.RetireOne(ctx, ledger, ledger.Retirement(i))
		}
	})
	return context.Cause(ctx)
}

// RetireOne removes what one retirement names, until it is gone or ctx ends.
func (e *Engine) RetireOne(ctx context.Context, ledger *Ledger, retirement *Step) {
	if ended(retirement.State) || ctx.Err() != nil {
		return
	}
	state, kept := e.untilGone(ctx, ledger, retirement)
	if ctx.Err() == nil {
		ledger.Set(retirement, func(s *Step) { s.State, s.Reason = state, kept })
	}
}

func ended(state State) bool {
	return state == Released || state == Restored || state == Absent || state == Kept
}

// patience is how long a release may fail before what it is about counts as left.
const patience = 5 * time.Minute

// untilGone releases or restores until it succeeds; what is refused for good or for long meanwhile is Left, with the reason. With Kept it gives the reason for that.
func (e *Engine) untilGone(ctx context.Context, ledger *Ledger, step *Step) (state State, why string) {
	pause, began := newPause(), time.Now()
	for {
		state, err := e.reverse(ctx, step.Effect)
		var kept *KeptError
		if errors.As(err, &kept) {
			return Kept, kept.Reason
		}
		if err == nil || ctx.Err() != nil {
			return state, ""
		}
		if e.Permanent(err) || time.Since(began) >= patience {
			ledger.Set(step, func(s *Step) { s.State, s.Reason = Left, e.Explain(err) })
		}
		if pause.wait(ctx) != nil {
			return Left, ""
		}
	}
}

func (e *Engine) reverse(ctx context.Context, effect Effect) (State, error) {
	if effect.Change == Changed {
		return Restored, e.Restore(ctx, effect)
	}
	found, err := e.Release(ctx, effect.Resource)
	if found {
		return Released, err
	}
	return Absent, err
}
