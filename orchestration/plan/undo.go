package plan

import (
	"context"
	"errors"
	"slices"
	"time"
)

// pause grows from a second to a minute.
type pause struct{ next time.Duration }

const (
	firstPause   = time.Second
	longestPause = time.Minute
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

// Undo takes back what a failed run left and is the operation's own, along the reversed edges; what stands on something that is Left
// stays for the next Undo. An error is ctx's cause. Ground is not touched: the space decides.
func (e *Engine) Undo(ctx context.Context, ledger *Ledger) error {
	steps := ledger.Progress().Steps
	dependents := make([][]int, len(steps))
	for i, step := range steps {
		for _, need := range step.After {
			dependents[need] = append(dependents[need], i)
		}
	}
	work(len(steps), func(i int) []int { return dependents[i] }, func(i int) {
		free := !slices.ContainsFunc(dependents[i], func(d int) bool { return ledger.Step(d).Standing() })
		if free && !steps[i].Effect.Ground {
			e.TakeBack(ctx, ledger, ledger.Step(i))
		}
	})
	return context.Cause(ctx)
}

// TakeBack takes back one step, if it may have left something. It ends with nothing of it left, or Left if AWS refuses for good or for
// long, or with ctx.
func (e *Engine) TakeBack(ctx context.Context, ledger *Ledger, step *Step) {
	if !step.Standing() || ctx.Err() != nil {
		return
	}
	heard := step.State == Done
	gone := e.untilGone(ctx, step.Effect)
	late := e.late(step)
	if !heard && late > 0 && gone.state != Left && ctx.Err() == nil {
		// The request may still be on its way, and AWS's reads lag: look again once it must have arrived.
		if wait(ctx, late) != nil {
			return
		}
		if again := e.untilGone(ctx, step.Effect); again.state != Absent {
			gone = again
		}
	}
	e.settleState(ctx, ledger, step, gone)
}

// late is for how long the effect of a step whose answer was lost may still appear.
func (e *Engine) late(step *Step) time.Duration {
	quiet := e.Quiet(step.Effect.Resource.Kind)
	if step.EndedAt != nil {
		quiet -= time.Since(*step.EndedAt)
	}
	return quiet
}

// Retire removes what a committed plan has made superfluous, in the order that the retirements give; what comes after something that is
// Left or Postponed stays for the next Retire. An error is ctx's cause. Ground is not touched: the space decides.
func (e *Engine) Retire(ctx context.Context, ledger *Ledger) error {
	retirements := ledger.Progress().Retirements
	work(len(retirements), func(i int) []int { return retirements[i].After }, func(i int) {
		free := !slices.ContainsFunc(retirements[i].After, func(first int) bool { return !ledger.Retirement(first).Gone() })
		if free && !retirements[i].Effect.Ground {
			e.RetireOne(ctx, ledger, ledger.Retirement(i))
		}
	})
	return context.Cause(ctx)
}

// RetireOne removes what one retirement names. It ends as TakeBack does.
func (e *Engine) RetireOne(ctx context.Context, ledger *Ledger, retirement *Step) {
	if !retirement.Gone() && ctx.Err() == nil {
		e.settleState(ctx, ledger, retirement, e.untilGone(ctx, retirement.Effect))
	}
}

// settleState writes down how taking back ended, unless it was cut short.
func (e *Engine) settleState(ctx context.Context, ledger *Ledger, step *Step, gone ending) {
	if ctx.Err() != nil {
		return
	}
	now := time.Now()
	ledger.Set(step, gone.cause, func(s *Step) {
		s.State, s.EndedAt = gone.state, &now
		if gone.reason != "" {
			s.Reason = gone.reason
		}
	})
}

// ending is how taking something back ended.
type ending struct {
	state  State
	reason string
	cause  error
}

// patience is how long a release may fail before what it is about counts as left.
const patience = 5 * time.Minute

// untilGone releases or restores until it succeeds, or is refused for good or for long.
func (e *Engine) untilGone(ctx context.Context, effect Effect) ending {
	pause, began := newPause(), time.Now()
	for {
		state, err := e.reverse(ctx, effect)
		var kept *KeptError
		switch {
		case errors.As(err, &kept) && kept.Passing:
			return ending{state: Postponed, reason: kept.Reason}
		case errors.As(err, &kept):
			return ending{state: Kept, reason: kept.Reason}
		case err == nil:
			return ending{state: state}
		case e.Permanent(err) || time.Since(began) >= patience || pause.wait(ctx) != nil:
			return ending{state: Left, reason: e.Explain(err), cause: err}
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
