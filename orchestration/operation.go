package orchestration

import (
	"context"
	"sync"
	"time"

	"ecs-api/common"
	"ecs-api/journal"
	"ecs-api/orchestration/plan"

	"github.com/google/uuid"
	"github.com/pkg/errors"
	"github.com/sirupsen/logrus"
)

// undoAnswer is how long an answer to a failure waits for the undoing.
const undoAnswer = 10 * time.Second

// quiet is how long after a lost answer its effect may still appear: the reads of IAM lag behind more than those of the others.
func quiet(kind string) time.Duration {
	if kind == kindRole || kind == kindRolePolicy {
		return time.Minute
	}
	return 15 * time.Second
}

// asked is what a verb asks of an operation.
type asked struct {
	verb    string
	cluster string
	service string   // the service or family it writes on, for its record
	holds   []string // names that are written on by one operation at a time; see locks.take
}

// operation is one orchestrating write at work.
type operation struct {
	account *Account
	hold    *hold
	context context.Context // for its log lines: the request it came with

	mu     sync.Mutex
	record journal.Operation
}

// mark gives the idempotency token of what is made under key: the same at every attempt of this operation, of no other's. (UUIDv5, RFC 9562.)
func (op *operation) mark(key string) string {
	return uuid.NewSHA1(uuid.MustParse(op.record.ID), []byte(key)).String()
}

// resource names something that this operation is about to make.
func (op *operation) resource(kind, key string) plan.Resource {
	return plan.Resource{Account: op.account.Name, Kind: kind, Space: op.record.Cluster, Key: key, Mark: op.record.ID}
}

// Save keeps the progress in the journal.
func (op *operation) Save(progress plan.Progress, durable bool) error {
	op.mu.Lock()
	op.record.Progress = progress
	record := op.record
	op.mu.Unlock()
	err := op.account.Journal.Save(record, durable)
	if err != nil {
		return &common.Error{Kind: common.Unavailable, Message: "the journal cannot be written", Err: err}
	}
	return nil
}

// Step logs a step that has ended.
func (op *operation) Step(step plan.Step) { op.account.logStep(op.context, op.record.ID, step) }

func (a *Account) logStep(ctx context.Context, operation string, step plan.Step) {
	fields := logrus.Fields{"account": a.Name, "operation": operation, "request": common.RequestOf(ctx).ID, "step": step.Name,
		"resource": step.Effect.Resource.String(), "state": string(step.State)}
	if step.StartedAt != nil && step.EndedAt != nil {
		fields["ms"] = step.EndedAt.Sub(*step.StartedAt).Milliseconds()
	}
	if step.Reason != "" {
		fields["reason"] = step.Reason
	}
	a.Log.WithFields(fields).Info("step")
}

// state changes the record's state and keeps it.
func (op *operation) state(state journal.State, progress *plan.Progress) {
	op.mu.Lock()
	op.record.State = state
	if state == journal.Succeeded || state == journal.RolledBack || state == journal.Failed {
		now := time.Now()
		op.record.EndedAt = &now
	}
	op.mu.Unlock()
	if err := op.Save(progress.Clone(), false); err != nil {
		op.account.Log.WithError(err).WithField("operation", op.record.ID).Error("journal")
	}
}

// prepared is a plan with what makes its answer.
type prepared[T any] struct {
	plan   *plan.Plan
	answer func(plan.Inputs) T
}

type answer[T any] struct {
	value T
	err   error
}

// perform runs one orchestrating write to its end, whether or not its caller stays: prepare looks and plans, in the operation's space. The answer comes when the plan
// has committed; what retires goes on after it. A failure of the plan is a *Failure, that of prepare is the error it gave.
func perform[T any](ctx context.Context, a *Account, what asked, prepare func(context.Context, *operation) (prepared[T], error)) (T, error) {
	request := common.RequestOf(ctx)
	op := &operation{account: a, context: ctx, record: journal.Operation{
		ID: uuid.NewString(), Verb: what.verb, Account: a.Name, Cluster: what.cluster, Service: what.service,
		State: journal.Running, StartedAt: time.Now(), Caller: request.Caller, Request: request.ID,
	}}
	answers := make(chan answer[T], 1)
	err := a.begin(func(root context.Context) {
		performed(common.WithRequest(root, request), op, what, prepare, answers)
	})
	if err != nil {
		return answer[T]{}.value, err
	}
	select {
	case given := <-answers:
		return given.value, given.err
	case <-ctx.Done():
		return answer[T]{}.value, awaited(ctx)
	}
}

// awaited is what a caller gets that does not wait for its answer; the work goes on.
func awaited(ctx context.Context) error {
	return &common.Error{Kind: common.Deadline, Message: "the caller did not wait for the answer", Err: context.Cause(ctx)}
}

func performed[T any](root context.Context, op *operation, what asked, prepare func(context.Context, *operation) (prepared[T], error), answers chan<- answer[T]) {
	a := op.account
	ctx, cancel := context.WithTimeoutCause(root, a.OperationTimeout, common.New(common.Deadline, "the operation ran past its time"))
	defer cancel()
	refuse := func(err error) {
		a.Observe(what.verb, "refused")
		answers <- answer[T]{err: err}
	}
	hold, err := a.locks.take(ctx, op.record.ID, what.holds...)
	if err != nil {
		refuse(err)
		return
	}
	op.hold = hold
	defer a.locks.end(hold)
	if err := a.spaces.enter(ctx, what.cluster, op.record.ID); err != nil {
		refuse(err)
		return
	}
	ready, err := safely(func() (prepared[T], error) { return prepare(ctx, op) })
	if err != nil {
		a.leave(root, op, &plan.Progress{}, true)
		refuse(err)
		return
	}
	progress := ready.plan.Progress()
	run, err := a.engine.Run(ctx, ready.plan, progress, op)
	if err == nil {
		answers <- answer[T]{value: ready.answer(run.Inputs)}
		a.finish(root, op, progress)
		return
	}
	a.undo(root, op, progress, func(rollback Rollback) {
		answers <- answer[T]{err: newFailure(op.record.ID, err, rollback)}
	})
}

// finish retires what the plan made superfluous.
func (a *Account) finish(ctx context.Context, op *operation, progress *plan.Progress) {
	a.locks.answered(op.hold)
	a.Observe(op.record.Verb, string(journal.Succeeded))
	keep := func() { _ = op.Save(progress.Clone(), false) }
	keep()
	if a.engine.Retire(ctx, progress, keep) != nil {
		return // stopping: the journal knows what is left
	}
	if a.leave(ctx, op, progress, true) == nil {
		op.state(journal.Succeeded, progress)
	}
}

// undo takes back what the failed run left; answer is called once, at the end or when the caller has waited long enough.
func (a *Account) undo(ctx context.Context, op *operation, progress *plan.Progress, answer func(Rollback)) {
	op.state(journal.RollingBack, progress)
	var mu sync.Mutex
	view := progress.Clone()
	report := sync.OnceFunc(func() {
		mu.Lock()
		defer mu.Unlock()
		a.locks.answered(op.hold)
		answer(newRollback(view))
	})
	timer := time.AfterFunc(undoAnswer, report)
	defer timer.Stop()
	changed := func(step plan.Step) {
		mu.Lock()
		view = progress.Clone()
		mu.Unlock()
		op.Step(step)
		_ = op.Save(progress.Clone(), false)
	}
	err := a.engine.Undo(ctx, progress, changed)
	if err == nil {
		err = a.leave(ctx, op, progress, false)
	}
	mu.Lock()
	view = progress.Clone()
	mu.Unlock()
	if err == nil {
		a.Observe(op.record.Verb, string(journal.RolledBack))
		op.state(journal.RolledBack, progress)
	}
	report()
}

// leave ends the operation's lease and, where it was the last of its space, decides on the ground; otherwise it waits until that is decided. An error is
// ctx's cause: then the journal knows what is left.
func (a *Account) leave(ctx context.Context, op *operation, progress *plan.Progress, committed bool) error {
	g := &ground{operation: op.record.ID, startedAt: op.record.StartedAt, decided: make(chan struct{})}
	for i := range progress.Steps {
		if step := &progress.Steps[i]; !committed && step.Effect.Ground && step.Standing() {
			g.steps = append(g.steps, step)
		}
	}
	for i := range progress.Retirements {
		if r := &progress.Retirements[i]; committed && r.Ground {
			g.leaving = append(g.leaving, r)
		}
	}
	if len(g.steps) == 0 && len(g.leaving) == 0 {
		g = nil
	}
	all, decided := a.spaces.leave(op.record.Cluster, op.record.ID, g)
	if all != nil {
		a.decide(ctx, op.record.Cluster, all)
		decided()
		return context.Cause(ctx)
	}
	if g == nil {
		return nil
	}
	select {
	case <-g.decided:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// safely turns a panic into an Internal error.
func safely[T any](do func() (T, error)) (value T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.Errorf("panic: %v", r)
		}
	}()
	return do()
}
