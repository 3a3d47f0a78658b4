package orchestration

import (
	"context"
	"slices"
	"strings"
	"sync"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
)

const kindRevisions = "revisions of"

// DeleteDefinitionOutput is the newest of the revisions that go, as it was.
type DeleteDefinitionOutput struct {
	Orchestrated
	ShowDefinitionOutput
}

// DeleteDefinition deletes one revision, or all of a family that are ours, and gives the newest of them as it was. The secrets that they name
// are left alone. NotFound as for ShowDefinition; Conflict if a service, in any of its deployments, or a task that is to run is on one of
// them, or while another operation holds the family. A create on one of them is waited for.
func (a *Account) DeleteDefinition(ctx context.Context, in *ShowDefinitionInput) (*DeleteDefinitionOutput, error) {
	family := familyOf(in.TaskDef)
	what := asked{verb: "DeleteTaskDefRevisions", service: family, holds: []string{holdFamily + family}, request: map[string]string{"taskdef": in.TaskDef}}
	return perform(ctx, a, what, func(ctx context.Context, op *operation) (prepared[*DeleteDefinitionOutput], error) {
		newest, err := a.lookDefinitionDelete(ctx, in.TaskDef)
		if err != nil {
			return prepared[*DeleteDefinitionOutput]{}, err
		}
		return op.buildDefinitionDelete(last(in.TaskDef), newest), nil
	})
}

// lookDefinitionDelete gives the newest of the revisions that are to go, none of which is in use. A revision is used in the space that it
// belongs to, and one of none in any; mostly all of a family are the newest's.
func (a *Account) lookDefinitionDelete(ctx context.Context, name string) (newest *revision, err error) {
	var names []string
	err = look(ctx,
		func(ctx context.Context) (err error) {
			newest, err = a.ourRevision(ctx, name)
			return err
		},
		func(ctx context.Context) (err error) {
			names, err = a.namesOf(ctx, last(name))
			return err
		},
	)
	if err != nil {
		return nil, err
	}
	var doomed []*revision
	used, space := usedIn{}, newest.tags[common.TagSpace]
	err = look(ctx,
		func(ctx context.Context) (err error) {
			doomed, err = a.doomed(ctx, names, aws.StringValue(newest.TaskDefinitionArn))
			return err
		},
		func(ctx context.Context) (err error) {
			used[space], err = a.inUse(ctx, space)
			return err
		},
	)
	if err != nil {
		return nil, err
	}
	if err := a.askUsed(ctx, doomed, used); err != nil {
		return nil, err
	}
	for _, one := range doomed {
		if used.has(one) {
			return nil, inUseConflict("task definition "+last(aws.StringValue(one.TaskDefinitionArn)), errUsedRevision)
		}
	}
	return newest, nil
}

// errUsedRevision says why a revision stays.
var errUsedRevision = &plan.KeptError{Reason: "in use: a service or a task is on it"}

// namesOf gives the ARNs of the revisions that a name may stand for; none for family:revision, which is one.
func (a *Account) namesOf(ctx context.Context, name string) ([]string, error) {
	if strings.Contains(name, ":") {
		return nil, nil
	}
	return a.revisionNames(ctx, name)
}

// doomed gives the revisions of ours that are to go: the newest and, of the names, those before it. What is registered after it is not meant.
func (a *Account) doomed(ctx context.Context, names []string, newest string) ([]*revision, error) {
	names = slices.DeleteFunc(names, func(one string) bool { return revisionOf(one) >= revisionOf(newest) })
	all, err := a.revisions(ctx, append(names, newest))
	return slices.DeleteFunc(all, func(r *revision) bool { return !a.owns(r.tags) }), err
}

// usedIn are the task definitions that services and tasks of a space name, by space and ARN.
type usedIn map[string]map[string]bool

func (u usedIn) has(r *revision) bool {
	return u[r.tags[common.TagSpace]][aws.StringValue(r.TaskDefinitionArn)]
}

// askUsed asks in the spaces of the revisions that have not been asked.
func (a *Account) askUsed(ctx context.Context, revisions []*revision, used usedIn) error {
	others := usedIn{}
	for _, one := range revisions {
		if space := one.tags[common.TagSpace]; used[space] == nil {
			others[space] = nil
		}
	}
	var mu sync.Mutex
	var reads []func(context.Context) error
	for _, space := range sortedKeys(others) {
		reads = append(reads, func(ctx context.Context) error {
			there, err := a.inUse(ctx, space)
			mu.Lock()
			defer mu.Unlock()
			used[space] = there
			return err
		})
	}
	return look(ctx, reads...)
}

// buildDefinitionDelete plans the delete. It only goes forward: that the newest can be used no more is its commit point.
func (op *operation) buildDefinitionDelete(name string, newest *revision) prepared[*DeleteDefinitionOutput] {
	p := plan.New()
	p.Commit(op.deregisterNode(p, newest))
	p.Retire(plan.Resource{Account: op.account.Name, Kind: kindRevisions, Key: name, ID: aws.StringValue(newest.TaskDefinitionArn)})
	return prepared[*DeleteDefinitionOutput]{plan: p, answer: func(plan.Inputs) *DeleteDefinitionOutput {
		return &DeleteDefinitionOutput{Orchestrated{op.record.ID}, newest.shown()}
	}}
}

// releaseRevisions removes the revisions that a name stands for, but for those that are used: it may come late, and find a service on one
// that it could not deregister before. ID is the newest of them.
func (a *Account) releaseRevisions(ctx context.Context, r plan.Resource) (found bool, err error) {
	hold, err := a.locks.wait(ctx, holdFamily+familyOf(r.Key))
	if err != nil {
		return false, err
	}
	defer a.locks.end(hold)
	names, err := a.namesOf(ctx, r.Key)
	if err != nil {
		return false, err
	}
	revisions, err := a.doomed(ctx, names, r.ID)
	if err != nil || len(revisions) == 0 {
		return false, err
	}
	used := usedIn{}
	if err := a.askUsed(ctx, revisions, used); err != nil {
		return true, err
	}
	unused := slices.DeleteFunc(slices.Clone(revisions), used.has)
	if err := a.deregister(ctx, unused); err != nil {
		return true, err
	}
	if err := a.deleteRevisions(ctx, unused); err != nil || len(unused) == len(revisions) {
		return true, err
	}
	return true, errUsedRevision
}
