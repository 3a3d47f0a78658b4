package orchestration

import (
	"context"
	"time"

	"ecs-api/common"
	"ecs-api/orchestration/plan"
)

// visible is how long what was made a moment ago may stay unknown elsewhere in AWS, or a name may still be held.
const visible = time.Minute

// again calls until it succeeds, gives an error that is not worth another attempt, the time is over or the run ends. Pauses grow from a
// second to eight.
func again(in plan.Inputs, limit time.Duration, worth func(error) bool, call func() error) error {
	pause := time.Second
	for deadline := time.Now().Add(limit); ; {
		err := call()
		if err == nil || !worth(err) || time.Now().Add(pause).After(deadline) {
			return err
		}
		if ended := in.Pause(pause); ended != nil {
			return &common.Error{Kind: common.KindOf(ended), Message: common.MessageOf(ended) + ", waiting for this to pass: " + common.MessageOf(err),
				Unheard: common.Unheard(err), Err: err}
		}
		pause = min(2*pause, 8*time.Second)
	}
}

// took marks the error of a step whose call took effect, or may have: what it left is looked for.
func took(err error) error {
	if err == nil {
		return nil
	}
	return &common.Error{Kind: common.KindOf(err), Message: common.MessageOf(err), Code: common.CodeOf(err), Unheard: true, Err: err}
}

// adopted is the error of reading what a call said exists. Where an answer of that call was lost, it may be its own.
func adopted(call, read error) error {
	if common.Unheard(call) {
		return took(read)
	}
	return read
}

// until asks again, after pauses that grow from a second to fifteen, until gone says yes or gives an error.
func until(ctx context.Context, pause func(time.Duration) error, gone func(context.Context) (bool, error)) error {
	for d := time.Second; ; d = min(2*d, 15*time.Second) {
		yes, err := gone(ctx)
		if err != nil || yes {
			return err
		}
		if err := pause(d); err != nil {
			return err
		}
	}
}

// sleep lets d pass, or gives ctx's cause if it ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
