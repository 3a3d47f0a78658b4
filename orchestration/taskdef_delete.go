package orchestration

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

const kindTasks = "tasks of family"

// DeleteTaskDefInput names a managed task definition to delete.
type DeleteTaskDefInput struct {
	Cluster   string `json:"-" path:"cluster"`
	TaskDef   string `json:"-" path:"taskdef"`
	Recursive bool   `json:"-" query:"recursive" doc:"Delete also its cluster, role and log group, when nothing else is in the cluster."`
	Force     bool   `json:"-" query:"force" doc:"Stop the tasks that run, which are a 409 otherwise."`
}

// Validate gives the rules that the input breaks.
func (in *DeleteTaskDefInput) Validate() []common.Violation { return pathNames(in.Cluster, in.TaskDef) }

// DeleteTaskDefOutput names what goes.
type DeleteTaskDefOutput struct {
	Orchestrated
	Cluster        string
	TaskDefinition string
	Tasks          []string // cluster/id, those that were running
}

// StatusCode is 202: the revisions go in the background.
func (*DeleteTaskDefOutput) StatusCode() int { return http.StatusAccepted }

// DeleteTaskDef deletes a managed task definition: all its revisions in the cluster and the secrets that only they use. NotFound if it is
// absent, another org's or another space's; Conflict if its tasks run and Force is not given, or while another operation holds it.
func (a *Account) DeleteTaskDef(ctx context.Context, in *DeleteTaskDefInput) (*DeleteTaskDefOutput, error) {
	what := asked{verb: "DeleteTaskDef", cluster: in.Cluster, service: in.TaskDef, holds: []string{holdFamily + in.TaskDef},
		request: map[string]bool{"recursive": in.Recursive, "force": in.Force}}
	return perform(ctx, a, what, func(ctx context.Context, op *operation) (prepared[*DeleteTaskDefOutput], error) {
		newest, tasks, err := a.lookTaskDefDelete(ctx, in)
		if err != nil {
			return prepared[*DeleteTaskDefOutput]{}, err
		}
		return op.buildTaskDefDelete(in, newest, tasks), nil
	})
}

func (a *Account) lookTaskDefDelete(ctx context.Context, in *DeleteTaskDefInput) (newest *revision, tasks []string, err error) {
	err = lookIn(ctx,
		func(ctx context.Context) error {
			_, err := a.ourCluster(ctx, in.Cluster)
			return err
		},
		func(ctx context.Context) (err error) {
			newest, err = a.managed(ctx, in.TaskDef, in.Cluster)
			return err
		},
		func(ctx context.Context) (err error) {
			tasks, err = a.familyTasks(ctx, in.Cluster, in.TaskDef)
			return absent(err)
		},
	)
	if err == nil && len(tasks) > 0 && !in.Force {
		err = common.Newf(common.Conflict, "%d tasks of %s run: stop them, or ask with force=true", len(tasks), in.TaskDef)
	}
	return newest, tasks, err
}

// familyTasks gives the ARNs of the tasks of a family that are to run in a cluster.
func (a *Account) familyTasks(ctx context.Context, cluster, family string) ([]string, error) {
	return a.ecs.ListTasks(ctx, &awsecs.ListTasksInput{Cluster: &cluster, Family: &family, DesiredStatus: aws.String(awsecs.DesiredStatusRunning)})
}

// buildTaskDefDelete plans the delete. It only goes forward: that the newest revision can be used no more is its commit point.
func (op *operation) buildTaskDefDelete(in *DeleteTaskDefInput, newest *revision, tasks []string) prepared[*DeleteTaskDefOutput] {
	a, p := op.account, plan.New()
	p.Commit(op.deregisterNode(p, newest))
	part := func(kind, key string) plan.Resource {
		return plan.Resource{Account: a.Name, Kind: kind, Space: in.Cluster, Key: key}
	}
	var after []int
	if in.Force {
		after = append(after, p.Retire(part(kindTasks, in.TaskDef)))
	}
	p.Retire(part(kindFamily, in.TaskDef), after...)
	if in.Recursive {
		p.RetireGround(part(kindSpace, in.Cluster))
	}
	return prepared[*DeleteTaskDefOutput]{plan: p, answer: func(plan.Inputs) *DeleteTaskDefOutput {
		out := &DeleteTaskDefOutput{Orchestrated: Orchestrated{op.record.ID}, Cluster: in.Cluster, TaskDefinition: in.TaskDef, Tasks: []string{}}
		for _, task := range tasks {
			out.Tasks = append(out.Tasks, in.Cluster+"/"+last(task))
		}
		return out
	}}
}

// deregisterNode has a revision used no more: nothing takes that back.
func (op *operation) deregisterNode(p *plan.Plan, doomed *revision) plan.Handle[struct{}] {
	a, arn := op.account, aws.StringValue(doomed.TaskDefinitionArn)
	effect := plan.Effect{Change: plan.Deleted, Resource: op.resource(kindTaskDefinition, aws.StringValue(doomed.Family)), After: raw(arn)}
	return plan.Add(p, plan.Node[struct{}]{
		Name:   "task definition deregistered",
		Effect: effect,
		Call: func(ctx context.Context, _ plan.Inputs) (struct{}, error) {
			return struct{}{}, a.ecs.DeregisterTaskDefinition(ctx, arn)
		},
		Settle: func(ctx context.Context, _ plan.Inputs) (struct{}, bool, error) {
			took, err := a.deregistered(ctx, effect)
			return struct{}{}, took, err
		},
	})
}

// deregistered reads whether the revision that an effect names is active no more.
func (a *Account) deregistered(ctx context.Context, effect plan.Effect) (bool, error) {
	var arn string
	if err := json.Unmarshal(effect.After, &arn); err != nil {
		return false, err
	}
	found, err := a.revision(ctx, arn)
	if err != nil {
		return common.KindOf(err) == common.NotFound, absent(err)
	}
	return aws.StringValue(found.Status) != awsecs.TaskDefinitionStatusActive, nil
}

// ownTasks gives the ARNs of the tasks of a family that are to run, and that no service would start again.
func (a *Account) ownTasks(ctx context.Context, r plan.Resource) ([]string, error) {
	names, err := a.familyTasks(ctx, r.Space, r.Key)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	tasks, err := a.ecs.DescribeTasks(ctx, r.Space, names)
	var own []string
	for _, task := range tasks {
		if !strings.HasPrefix(aws.StringValue(task.Group), "service:") && aws.StringValue(task.DesiredStatus) == awsecs.DesiredStatusRunning {
			own = append(own, aws.StringValue(task.TaskArn))
		}
	}
	return own, err
}

// releaseTasks stops the tasks of a family in a space, and waits until none is to run.
func (a *Account) releaseTasks(ctx context.Context, r plan.Resource) (found bool, err error) {
	err = until(ctx, func(d time.Duration) error { return sleep(ctx, d) }, func(ctx context.Context) (bool, error) {
		tasks, err := a.ownTasks(ctx, r)
		if err != nil || len(tasks) == 0 {
			return true, absent(err)
		}
		found = true
		var calls []func(context.Context) error
		for _, task := range tasks {
			calls = append(calls, func(ctx context.Context) error {
				return absent(a.ecs.StopTask(ctx, r.Space, task, "its task definition is deleted"))
			})
		}
		return false, look(ctx, calls...)
	})
	return found, err
}
