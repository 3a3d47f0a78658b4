package plan

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// Engine runs plans and takes them back. Its fields are what it must be told about the world; all are needed.
type Engine struct {
	// Release removes a resource and whatever makes it up; found says whether there was anything. A *KeptError says that it is left on
	// purpose.
	Release func(ctx context.Context, r Resource) (found bool, err error)
	// Restore puts back Before if the present value is After; a *KeptError says that it is not.
	Restore func(ctx context.Context, e Effect) error
	// Unheard says of a call's error whether the call may have taken effect all the same.
	Unheard func(error) bool
	// Quiet is how long after a lost answer its effect may still appear, by the resource's kind.
	Quiet func(kind string) time.Duration
	// Permanent says of a release's error that trying again soon will not help.
	Permanent func(error) bool
	// Explain puts an error into words that an answer may carry.
	Explain func(error) string
}

// KeptError says that something is left on purpose: someone else uses it, or has changed it since.
type KeptError struct {
	Reason  string
	Passing bool // of a retirement: it is to be asked for again
}

func (e *KeptError) Error() string { return e.Reason }

// StepError is a step's failure.
type StepError struct {
	Step string
	Err  error
}

func (e *StepError) Error() string { return e.Step + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *StepError) Unwrap() error { return e.Err }

// UnsavedError says that a run was not begun, because it could not be saved what it may leave behind.
type UnsavedError struct{ Err error }

func (e *UnsavedError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *UnsavedError) Unwrap() error { return e.Err }

type outcome struct {
	index  int
	answer any
	err    error
}

// execution is one Run at work. One goroutine owns it; the steps' own goroutines only send their outcome.
type execution struct {
	engine   *Engine
	plan     *Plan
	ledger   *Ledger
	run      *Run
	outcomes chan outcome
	running  int
	failure  error
}

// Run runs the plan to its commit point: independent nodes at once, after one durable save of what all of them may leave behind. On
// the first failure, or when ctx ends, nothing new starts, and what is in flight ends by itself. The ledger then says what to undo. A
// failure is a *StepError, ctx's cause, or an *UnsavedError of that save.
func (e *Engine) Run(ctx context.Context, p *Plan, ledger *Ledger) (*Run, error) {
	x := &execution{engine: e, plan: p, ledger: ledger, run: newRun(), outcomes: make(chan outcome)}
	for i, n := range p.nodes {
		if n.stands {
			x.run.values[i] = n.given
		}
	}
	if err := ledger.Begin(); err != nil {
		return nil, &UnsavedError{Err: err}
	}
	for {
		if x.failure == nil && ctx.Err() != nil && !x.finished() {
			x.failure = context.Cause(ctx)
		}
		if x.failure == nil {
			x.start(ctx)
		}
		if x.running == 0 {
			return x.run, x.failure
		}
		x.end(<-x.outcomes)
	}
}

// start begins every node whose needs are met. That they have begun is not saved: their effects were before the first call, so another
// process looks for all of them.
func (x *execution) start(ctx context.Context) {
	for i := range x.plan.nodes {
		step := x.ledger.Step(i)
		if step.State != Waiting || !x.met(step) {
			continue
		}
		x.ledger.start(step)
		x.running++
		go x.do(context.WithoutCancel(ctx), i, x.inputs(ctx, step))
	}
}

// finished says whether every step has answered: then a run has succeeded, however late.
func (x *execution) finished() bool {
	for i := range x.plan.nodes {
		if x.ledger.Step(i).State != Done {
			return false
		}
	}
	return true
}

func (x *execution) met(step *Step) bool {
	for _, need := range step.After {
		if x.ledger.Step(need).State != Done {
			return false
		}
	}
	return true
}

func (x *execution) inputs(ctx context.Context, step *Step) Inputs {
	in := Inputs{values: map[int]any{}, run: ctx}
	for _, need := range step.After {
		in.values[need] = x.run.values[need]
	}
	return in
}

// do calls one node; a panic is a failed step whose effect is not known.
func (x *execution) do(ctx context.Context, i int, in Inputs) {
	result := outcome{index: i}
	defer func() {
		if r := recover(); r != nil {
			result.err = &panicError{value: r, stack: debug.Stack()}
		}
		x.outcomes <- result
	}()
	n := x.plan.nodes[i]
	result.answer, result.err = n.call(ctx, in)
	if result.err == nil || n.settle == nil || !x.engine.Unheard(result.err) {
		return
	}
	if answer, took := x.settle(ctx, n, in); took {
		result.answer, result.err = answer, nil
	}
}

// settleTimeout is how long a lost answer is asked after before the step counts as failed; undoing it then looks again.
const settleTimeout = time.Minute

// settle reads until AWS answers whether a call took effect.
func (x *execution) settle(ctx context.Context, n node, in Inputs) (any, bool) {
	pause := newPause()
	for deadline := time.Now().Add(settleTimeout); ; {
		answer, took, err := n.settle(ctx, in)
		if err == nil {
			return answer, took
		}
		if time.Now().After(deadline) || pause.wait(ctx) != nil {
			return nil, false
		}
	}
}

func (x *execution) end(o outcome) {
	x.running--
	now := time.Now()
	step := x.ledger.Step(o.index)
	if o.err == nil {
		x.run.values[o.index] = o.answer
		x.ledger.Set(step, nil, func(s *Step) {
			s.State, s.EndedAt = Done, &now
			if id := x.plan.nodes[o.index].id; id != nil {
				s.Effect.Resource.ID = id(o.answer)
			}
		})
		return
	}
	var panicked *panicError
	state := Failed
	if x.engine.Unheard(o.err) || errors.As(o.err, &panicked) {
		state = Unheard
	}
	x.ledger.Set(step, o.err, func(s *Step) { s.State, s.EndedAt, s.Reason = state, &now, x.engine.Explain(o.err) })
	if x.failure == nil {
		x.failure = &StepError{Step: step.Name, Err: o.err}
	}
}

type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }
