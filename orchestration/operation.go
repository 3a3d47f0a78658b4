package orchestration

import (
	"context"
	"encoding/json"
	"runtime/debug"
	"slices"
	"strings"
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
	request any
	loose   bool // what retires after it needs neither its names nor its space
	alone   bool // nobody else may be in its space
}

// operation is one orchestrating write at work. It is the recorder of its plan's ledger.
type operation struct {
	account *Account
	hold    *hold
	ledger  *plan.Ledger
	free    bool // it holds neither names nor a lease any more
	alone   bool // it closes its space, until it has let it go for the first time
	again   bool // it is taken up again: nobody waits for its answer

	mu     sync.Mutex
	record journal.Operation
	told   bool // its caller was told where to ask for it, before there was a plan
}

func (a *Account) newOperation(ctx context.Context, what asked) *operation {
	request := common.RequestOf(ctx)
	return &operation{account: a, alone: what.alone, record: journal.Operation{
		ID: uuid.NewString(), Verb: what.verb, Account: a.Name, Cluster: what.cluster, Service: what.service, Holds: what.holds, Loose: what.loose,
		Asked: a.redacted(what.request), State: journal.Running, StartedAt: time.Now(), Caller: request.Caller, Request: request.ID,
	}}
}

// mark gives the idempotency token of what is made under key: the same at every attempt of this operation, of no other's. (UUIDv5, RFC
// 9562.)
func (op *operation) mark(key string) string {
	return uuid.NewSHA1(uuid.MustParse(op.record.ID), []byte(key)).String()
}

// resource names something that this operation is about to make.
func (op *operation) resource(kind, key string) plan.Resource {
	return plan.Resource{Account: op.account.Name, Kind: kind, Space: op.record.Cluster, Key: key, Mark: op.record.ID}
}

// Save keeps the progress in the journal. Unavailable if a durable save fails.
func (op *operation) Save(progress plan.Progress, durable bool) error {
	op.mu.Lock()
	op.record.Progress = progress
	record := op.record
	op.mu.Unlock()
	left := leftIn(progress)
	if record.EndedAt == nil && len(left) > 0 {
		record.State = journal.Failed
	}
	op.account.tally(record.ID, len(left))
	if err := op.account.Journal.Save(record, durable); err != nil {
		op.log().WithError(err).Error("the journal cannot be written")
		return &common.Error{Kind: common.Unavailable, Message: "the journal cannot be written", Err: err}
	}
	return nil
}

// Step logs a step whose state is new, with the error behind it.
func (op *operation) Step(step plan.Step, cause error) {
	fields := logrus.Fields{"step": step.Name, "state": string(step.State)}
	if step.Effect.Resource.Kind != "" {
		fields["resource"] = step.Effect.Resource.String()
	}
	if step.State == plan.Done && step.StartedAt != nil && step.EndedAt != nil {
		fields["ms"] = step.EndedAt.Sub(*step.StartedAt).Milliseconds()
	}
	if step.Reason != "" {
		fields["reason"] = step.Reason
	}
	line := op.log().WithFields(fields)
	if cause != nil {
		line = line.WithError(cause)
	}
	switch step.State {
	case plan.Failed, plan.Unheard, plan.Left:
		line.Warn("step")
	default:
		line.Info("step")
	}
}

// log gives the fields that every line about the operation has.
func (op *operation) log() *logrus.Entry {
	return op.account.Log.WithFields(
		logrus.Fields{"account": op.record.Account, "operation": op.record.ID, "request": op.record.Request, "verb": op.record.Verb},
	)
}

// keep changes the record and saves it.
func (op *operation) keep(durable bool, change func(*journal.Operation)) {
	op.mu.Lock()
	change(&op.record)
	op.mu.Unlock()
	_ = op.Save(op.ledger.Progress(), durable) // logged there
}

func (op *operation) ended() bool {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.record.EndedAt != nil
}

// end says how the operation ended.
func (op *operation) end(state journal.State) {
	now := time.Now()
	op.keep(false, func(record *journal.Operation) { record.State, record.EndedAt = state, &now })
	op.account.Observe(op.record.Verb, string(state))
	op.log().WithFields(logrus.Fields{"state": string(state), "ms": now.Sub(op.record.StartedAt).Milliseconds()}).Info("operation")
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

// perform runs one orchestrating write to its end, whether or not its caller stays: prepare looks and plans, in the operation's space. The
// answer comes when the plan has committed; what retires goes on after it. A failure of the plan is a *Failure, that of prepare is the
// error it gave; *Accepted says that the work takes longer than an answer may.
func perform[T any](ctx context.Context, a *Account, what asked, prepare func(context.Context, *operation) (prepared[T], error)) (T, error) {
	op := a.newOperation(ctx, what)
	answers := make(chan answer[T], 1)
	err := a.begin(func(root context.Context) { performed(op.context(root), op, prepare, answers) })
	if err != nil {
		return answer[T]{}.value, err
	}
	patience := time.NewTimer(a.timeouts.Load().answer)
	defer patience.Stop()
	select {
	case given := <-answers:
		return given.value, given.err
	case <-patience.C:
		op.tell()
		return answer[T]{}.value, &Accepted{Account: a.Name, Operation: op.record.ID}
	case <-ctx.Done():
		return answer[T]{}.value, &common.Error{Kind: common.Deadline, Message: "the caller did not wait for the answer", Err: context.Cause(ctx)}
	}
}

// tell keeps the record of an operation that its caller is told to ask for: it may still wait for another one, and have no plan.
func (op *operation) tell() {
	op.mu.Lock()
	defer op.mu.Unlock()
	if op.record.Steps == nil && op.record.EndedAt == nil {
		op.told = true
		_ = op.account.Journal.Save(op.record, false)
	}
}

// refused ends an operation that found before its first change that it cannot be done. It is recorded only where its caller was told to ask for it.
func (op *operation) refused(err error) {
	op.account.Observe(op.record.Verb, "refused")
	op.mu.Lock()
	defer op.mu.Unlock()
	if op.told {
		now := time.Now()
		op.record.State, op.record.EndedAt, op.record.Problem = journal.RolledBack, &now, op.account.problem(newFailure(op.record.ID, err, Rollback{}))
		_ = op.account.Journal.Save(op.record, false)
	}
}

// context gives a context whose log lines say what they are for.
func (op *operation) context(ctx context.Context) context.Context {
	return common.WithRequest(ctx, common.Request{ID: op.record.Request, Caller: op.record.Caller, Operation: op.record.ID})
}

func performed[T any](root context.Context, op *operation, prepare func(context.Context, *operation) (prepared[T], error), answers chan<- answer[T]) {
	a := op.account
	ctx, cancel := context.WithTimeoutCause(root, a.timeouts.Load().operation, common.New(common.Deadline, "the operation ran past its time"))
	defer cancel()
	if err := a.enter(ctx, op); err != nil {
		op.refused(err)
		answers <- answer[T]{err: err}
		return
	}
	ready, err := safely(func() (prepared[T], error) { return prepare(ctx, op) })
	if err != nil {
		op.ledger = plan.NewLedger(plan.Progress{}, op)
		a.locks.end(op.hold)
		op.refused(err)
		answers <- answer[T]{err: err}
		_ = a.leave(root, op) // with no ground of its own
		return
	}
	op.ledger = plan.NewLedger(ready.plan.Progress(), op)
	run, err := a.engine.Run(ctx, ready.plan, op.ledger)
	var unsaved *plan.UnsavedError
	if errors.As(err, &unsaved) {
		answers <- answer[T]{err: unsaved.Err} // before the lease ends: the last one to leave may have another's ground to decide on
		a.unbegun(root, op)
		return
	}
	if err != nil {
		a.undo(root, op, err, func(failure *Failure) { answers <- answer[T]{err: failure} })
		return
	}
	made := ready.answer(run.Inputs)
	op.keep(!ready.plan.Shown(), func(record *journal.Operation) { record.Result = a.redacted(made) })
	a.locks.answered(op.hold)
	answers <- answer[T]{value: made}
	a.letGo(root, op)
	a.drive(root, op, journal.Succeeded, a.engine.Retire, func() {})
}

// unbegun ends an operation that could not be written down, and so was not begun.
func (a *Account) unbegun(ctx context.Context, op *operation) {
	a.Observe(op.record.Verb, "refused")
	a.locks.end(op.hold)
	if a.leave(ctx, op) == nil {
		now := time.Now()
		op.keep(false, func(record *journal.Operation) { record.State, record.EndedAt = journal.RolledBack, &now })
	}
}

// letGo ends the lease and the hold of a committed operation whose retirements need neither: they wait for a deployment, and the next
// update may not.
func (a *Account) letGo(ctx context.Context, op *operation) {
	if op.record.Loose && !op.free {
		a.locks.end(op.hold)
		op.free = a.leave(ctx, op) == nil
	}
}

// enter holds the operation's names and leases its space.
func (a *Account) enter(ctx context.Context, op *operation) (err error) {
	take := a.locks.take
	if op.again {
		take = a.locks.takeUp
	}
	if op.hold, err = take(ctx, op.record.ID, op.record.Holds...); err != nil {
		return err
	}
	if op.alone {
		op.alone = false
		err = a.spaces.enterAlone(ctx, op.record.Cluster, op.hold, a.locks.hasAnswered)
	} else {
		err = a.spaces.enter(ctx, op.record.Cluster, op.hold)
	}
	if err != nil {
		a.locks.end(op.hold)
	}
	return err
}

// holdAlso holds one more name, that only the look could tell. A second family is not waited for, but Conflict while another operation has it:
// that one may wait for the first.
func (op *operation) holdAlso(ctx context.Context, name string) error {
	op.mu.Lock()
	held := slices.Contains(op.record.Holds, name)
	second := strings.HasPrefix(name, holdFamily) &&
		slices.ContainsFunc(op.record.Holds, func(other string) bool { return strings.HasPrefix(other, holdFamily) })
	if !held {
		op.record.Holds = append(slices.Clone(op.record.Holds), name)
	}
	op.mu.Unlock()
	if held {
		return nil
	}
	return op.account.locks.add(ctx, op.hold, name, !second)
}

// undo takes back what the failed run left; answer is called once, when that has ended or the caller has waited long enough.
func (a *Account) undo(ctx context.Context, op *operation, cause error, answer func(*Failure)) {
	report := sync.OnceFunc(func() {
		a.locks.answered(op.hold)
		answer(newFailure(op.record.ID, cause, newRollback(op.ledger.Progress())))
	})
	timer := time.AfterFunc(undoAnswer, report)
	defer timer.Stop()
	defer report()
	if unknown(op.ledger.Progress()) {
		// There is nothing to undo, but there may be something to finish.
		took, err := a.committed(ctx, op.ledger.Progress().Steps)
		if err != nil {
			return // stopping: the next process asks again
		}
		if took {
			op.ledger.Commit()
			a.letGo(ctx, op)
			a.drive(ctx, op, journal.Succeeded, a.engine.Retire, report)
			return
		}
		op.ledger.Refuse()
	}
	// That it is being undone must be known before anything is: the next process would take a late commit for a success.
	op.keep(true, func(record *journal.Operation) {
		record.State = journal.RollingBack
		record.Problem = a.problem(newFailure(record.ID, cause, Rollback{}))
	})
	a.drive(ctx, op, journal.RolledBack, a.engine.Undo, report)
}

// What AWS refuses for good is asked for again with growing pauses.
const (
	firstRetry   = time.Minute
	longestRetry = time.Hour
)

// drive does what is left of an operation, ends its lease and its hold, and its record when nothing is left. What could not be released
// is tried again until it is; in between the operation is failed, and holds nothing. What is postponed is tried again likewise, but the
// operation has ended as it was to. report is called after each attempt. When ctx ends, or the account is closing between two attempts,
// the journal knows what is left.
func (a *Account) drive(ctx context.Context, op *operation, end journal.State, work func(context.Context, *plan.Ledger) error, report func()) {
	for pause := firstRetry; ; pause = min(2*pause, longestRetry) {
		err := work(under(ctx, op.hold), op.ledger)
		if !op.free {
			// Names go before the lease: whoever waits for one may have the lease that the space waits for.
			a.locks.end(op.hold)
			if err == nil {
				err = a.leave(ctx, op)
			}
		}
		progress := op.ledger.Progress()
		left := len(leftIn(progress))
		if err == nil && left == 0 && !op.ended() {
			op.end(end)
		}
		report()
		if err != nil || left == 0 && !progress.Pending() {
			return
		}
		if !op.ended() {
			a.Observe(op.record.Verb, string(journal.Failed))
			op.log().WithFields(logrus.Fields{"state": string(journal.Failed), "left": left}).Warn("operation")
		}
		if sleep(a.watching, pause) != nil {
			return
		}
		if !op.free {
			op.again = true
			if a.enter(ctx, op) != nil {
				return // stopping
			}
		}
	}
}

// leave ends the operation's lease and, where it was the last of its space, decides on the ground; otherwise it waits until that is
// decided. An error is ctx's cause: then the journal knows what is left.
func (a *Account) leave(ctx context.Context, op *operation) error {
	g := newGround(op)
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
			err = errors.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return do()
}

// problem is what the record says of a failure.
func (a *Account) problem(f *Failure) json.RawMessage {
	return raw(map[string]string{"kind": common.KindOf(f.Err).String(), "detail": common.MessageOf(f.Err), "failedStep": f.Step})
}
