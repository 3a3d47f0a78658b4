package orchestration

import (
	"context"
	"strings"

	"ecs-api/common"
	"ecs-api/orchestration/plan"
)

// release removes a resource and whatever makes it up, if it carries its mark: the one place that knows how, for rollbacks, recoveries,
// retirements and recursive deletes alike. Found says whether there was anything. A *plan.KeptError says who uses it.
func (a *Account) release(ctx context.Context, r plan.Resource) (found bool, err error) {
	releases := map[string]func(context.Context, plan.Resource) (bool, error){
		kindCluster:        a.releaseCluster,
		kindRole:           a.releaseRole,
		kindLogGroup:       a.releaseLogGroup,
		kindSecret:         a.releaseSecret,
		kindRegistry:       a.releaseRegistry,
		kindTaskDefinition: a.releaseTaskDefinition,
		kindFamily:         a.releaseFamily,
		kindService:        a.releaseService,
		kindSpace:          a.releaseSpace,
		kindReplacedSecret: a.releaseReplacedSecret,
		kindSurplus:        a.releaseSurplus,
		kindTasks:          a.releaseTasks,
		kindRevisions:      a.releaseRevisions,
	}
	return safely(func() (bool, error) { return releases[r.Kind](ctx, r) })
}

// restore puts back what a change replaced, if what is there is still what the change wrote.
func (a *Account) restore(ctx context.Context, e plan.Effect) error {
	restores := map[string]func(context.Context, plan.Effect) error{
		kindRolePolicy:  a.restoreRolePolicy,
		kindRetention:   a.restoreRetention,
		kindSecretValue: a.restoreSecretValue,
	}
	for kind := range a.taggers() {
		restores[kind+tagsSuffix] = a.restoreTags
	}
	_, err := safely(func() (struct{}, error) { return struct{}{}, restores[e.Resource.Kind](ctx, e) })
	return err
}

// changedSince is the answer of a restore that finds something else than its change wrote.
func changedSince() error { return &plan.KeptError{Reason: "changed by someone else since"} }

// last gives the last part of an ARN's resource: the bare name.
func last(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

// conflicted says whether the error is a Conflict.
func conflicted(err error) bool { return common.KindOf(err) == common.Conflict }
