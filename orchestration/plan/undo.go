package plan

import (
	"context"
	"errors"
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

// Undo takes back what a failed run left and is the operation's own, along the reversed edges, until nothing is left or ctx ends.
// Ground is not touched: the space decides. changed is told of each step whose state is new; it is never called twice at once.
func (e *Engine) Undo(ctx context.Context, progress *Progress, changed func(Step)) error {
	dependents := make([][]int, len(progress.Steps))
	for i, step := range progress.Steps {
		for _, need := range step.After {
			dependents[need] = append(dependents[need], i)
		}
	}
	states := newSerial(changed)
	work(len(progress.Steps), func(i int) []int { return dependents[i] }, func(i int) {
		if !progress.Steps[i].Effect.Ground && ctx.Err() == nil {
			e.takeBack(ctx, &progress.Steps[i], states)
		}
	})
	return context.Cause(ctx)
}

// TakeBack takes back one step until nothing of it is left or ctx ends. changed is told of each new state.
func (e *Engine) TakeBack(ctx context.Context, step *Step, changed func(Step)) error {
	e.takeBack(ctx, step, newSerial(changed))
	return context.Cause(ctx)
}

func (e *Engine) takeBack(ctx context.Context, step *Step, states *serial) {
	if !step.Standing() {
		return
	}
	heard, reason := step.State == Done, step.Reason
	state := e.untilGone(ctx, step, states)
	if !heard && ctx.Err() == nil {
		// The request may still be on its way, and AWS's reads lag: look again once it must have arrived.
		if wait(ctx, e.Quiet(step.Effect.Resource.Kind)) != nil {
			return
		}
		if again := e.untilGone(ctx, step, states); again != Absent {
			state = again
		}
	}
	if ctx.Err() == nil {
		states.set(func() {
			step.State = state
			if state != Kept {
				step.Reason = reason
			}
		}, step)
	}
}

// untilGone releases or restores until it succeeds; what is refused meanwhile is Left, with the reason.
func (e *Engine) untilGone(ctx context.Context, step *Step, states *serial) State {
	pause := newPause()
	for {
		state, err := e.reverse(ctx, step.Effect)
		var kept *KeptError
		if errors.As(err, &kept) {
			states.set(func() { step.Reason = kept.Reason }, nil)
			return Kept
		}
		if err == nil {
			return state
		}
		states.set(func() { step.State, step.Reason = Left, e.Explain(err) }, step)
		if pause.wait(ctx) != nil {
			return Left
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

// Retire removes what a committed plan has made superfluous, in the order that the retirements give, until nothing is left or ctx ends.
func (e *Engine) Retire(ctx context.Context, progress *Progress, changed func()) error {
	states := newSerial(func(Step) { changed() })
	retirements := progress.Retirements
	work(len(retirements), func(i int) []int { return retirements[i].After }, func(i int) {
		r := &retirements[i]
		if r.Ground || r.State == Released || r.State == Absent || r.State == Kept || ctx.Err() != nil {
			return
		}
		step := Step{Effect: Effect{Change: Made, Resource: r.Resource}, State: Done}
		mirror := newSerial(func(s Step) {
			states.set(func() { r.State, r.Reason = s.State, s.Reason }, &s)
		})
		e.takeBack(ctx, &step, mirror)
	})
	return context.Cause(ctx)
}
