package orchestration

import (
	"context"
	"time"

	"ecs-api/common"
	"ecs-api/journal"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	"github.com/pkg/errors"
)

// Recover goes on with what a process that died left in the journal. It returns once each of those operations has its names and its lease
// again, so that new ones can come; the work itself goes on. An error means that the journal cannot be read, or ctx ended.
func (a *Account) Recover(ctx context.Context) error {
	operations, err := a.Journal.List(journal.Filter{Account: a.Name, Open: true})
	if err != nil {
		return errors.Wrap(err, "the journal cannot be read")
	}
	var late []*operation // those that could not release something had let their names go when the process died: others may have them
	for _, record := range operations {
		op := &operation{account: a, record: record}
		op.ledger = plan.NewLedger(record.Progress, op)
		op.free = record.Loose && record.Committed
		if len(record.Steps) == 0 { // its caller was told of it while it still waited for another: it has changed nothing, and needs nothing
			op.free, op.hold = true, newHold(record.ID)
		}
		op.log().WithField("state", string(record.State)).Info("recovering")
		if !op.free && record.State == journal.Failed {
			late = append(late, op)
			continue
		}
		if err := a.reenter(ctx, op); err != nil {
			return err
		}
		if err := a.begin(func(root context.Context) { a.resume(op.context(root), op) }); err != nil {
			return err
		}
	}
	for _, op := range late {
		err := a.begin(func(root context.Context) {
			if a.reenter(root, op) == nil { // else it is stopping
				a.resume(op.context(root), op)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// reenter takes up what a recovered operation held, unless it had let that go for good. Its caller is gone: who wants its names waits.
func (a *Account) reenter(ctx context.Context, op *operation) error {
	if op.free {
		return nil
	}
	op.again = true
	return a.enter(ctx, op)
}

// resume finishes an operation that has passed its commit point, and undoes one that has not.
func (a *Account) resume(ctx context.Context, op *operation) {
	committed := op.record.Committed
	if !committed && op.record.State == journal.Running {
		var err error
		if committed, err = a.committed(ctx, op.record.Steps); err != nil {
			a.locks.end(op.hold)
			return // stopping: the next process asks again
		}
	}
	if committed {
		op.ledger.Commit()
		a.letGo(ctx, op)
		a.drive(ctx, op, journal.Succeeded, a.engine.Retire, func() {})
		return
	}
	op.ledger.Resume()
	a.undo(ctx, op, errDied, func(*Failure) {})
}

var errDied = common.New(common.Unavailable, "the process ended before the operation did")

// committed reads whether the last call that can fail took effect, until AWS answers. A request may have been on its way when its process
// died, so a no is asked for again once it must have arrived; an error is ctx's cause.
func (a *Account) committed(ctx context.Context, steps []plan.Step) (took bool, err error) {
	for _, step := range steps {
		if !step.Commit {
			continue
		}
		for _, wait := range []time.Duration{0, quiet(step.Effect.Resource.Kind)} {
			if err := sleep(ctx, wait); err != nil {
				return false, err
			}
			err := until(ctx, func(d time.Duration) error { return sleep(ctx, d) }, func(ctx context.Context) (bool, error) {
				var err error
				took, err = a.tookEffect(ctx, step.Effect)
				return err == nil, nil
			})
			if err != nil || took {
				return took, err
			}
		}
	}
	return false, nil
}

// tookEffect reads whether a commit point was passed: what it makes stands with its mark, what it deletes does not, what it updates has
// moved.
func (a *Account) tookEffect(ctx context.Context, effect plan.Effect) (bool, error) {
	r := effect.Resource
	if r.Kind == "" {
		return false, nil // a plan without a call of its own at its end
	}
	switch r.Kind {
	case kindTask:
		return a.started(ctx, r)
	case kindParameter:
		return a.newVersion(ctx, effect)
	case kindSecret:
		tags, err := a.tagsOf(ctx, r)
		return err == nil && a.carries(tags, r), absent(err)
	case kindCluster:
		_, err := a.ecs.Cluster(ctx, r.Key)
		return err != nil, absent(err)
	case kindRegistry:
		_, err := a.discovery.Service(ctx, r.ID)
		return err != nil, absent(err)
	}
	if r.Kind == kindTaskDefinition && effect.Change == plan.Deleted {
		return a.deregistered(ctx, effect)
	}
	if r.Kind == kindTaskDefinition {
		marked, err := a.marked(ctx, r)
		return len(marked) > 0, err
	}
	service, err := a.ecs.Service(ctx, r.Space, r.Key)
	if absent(err) != nil {
		return false, err
	}
	switch effect.Change {
	case plan.Made:
		return err == nil && a.carries(fromECSTags(service.Tags), r), nil
	case plan.Updated:
		if err != nil {
			return false, nil
		}
		return a.moved(ctx, service, effect)
	}
	return err != nil || aws.StringValue(service.Status) == statusDraining, nil
}

// started reads whether tasks of a family carry an operation's mark.
func (a *Account) started(ctx context.Context, r plan.Resource) (bool, error) {
	for _, status := range []string{awsecs.DesiredStatusRunning, awsecs.DesiredStatusStopped} {
		names, err := a.ecs.ListTasks(ctx, &awsecs.ListTasksInput{Cluster: &r.Space, Family: &r.Key, DesiredStatus: &status})
		if err != nil || len(names) == 0 {
			if absent(err) != nil {
				return false, err
			}
			continue
		}
		tasks, err := a.ecs.DescribeTasks(ctx, r.Space, names)
		if err != nil {
			return false, err
		}
		for _, task := range tasks {
			if fromECSTags(task.Tags)[common.TagOperation] == r.Mark {
				return true, nil
			}
		}
	}
	return false, nil
}
