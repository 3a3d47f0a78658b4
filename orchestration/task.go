package orchestration

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"ecs-api/common"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

const kindTask = "task"

// taskPattern is the id of a task, in the short format or in that of older accounts. ECS refuses others as invalid; they name no task that
// could be there.
var taskPattern = regexp.MustCompile(`^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)

// Task is a task with the revision of its definition.
type Task struct {
	*awsecs.Task
	Revision int64
}

func newTasks(tasks []*awsecs.Task) []*Task {
	shown := []*Task{}
	for _, task := range tasks {
		shown = append(shown, &Task{Task: task, Revision: revisionOf(aws.StringValue(task.TaskDefinitionArn))})
	}
	return shown
}

// revisionOf gives the revision of a task definition's ARN; 0 where it names none.
func revisionOf(arn string) int64 {
	_, number, _ := strings.Cut(last(arn), ":")
	revision, _ := strconv.ParseInt(number, 10, 64)
	return revision
}

// TasksOutput are tasks, and what ECS said of those that it has not.
type TasksOutput struct {
	Tasks    []*Task
	Failures []*awsecs.Failure
}

// ShowTaskInput names a task of a cluster and, where the path has it, of a family.
type ShowTaskInput struct {
	Cluster string `json:"-" path:"cluster"`
	TaskDef string `json:"-" path:"taskdef"` // "": of any family
	Task    string `json:"-" path:"task"`
}

// Validate gives the rules that the input breaks.
func (in *ShowTaskInput) Validate() []common.Violation {
	return pathNames(in.Cluster, ofPath(in.Task, in.TaskDef)...)
}

// ShowTask gives a task with its tags. NotFound if the cluster is absent or another org's, or the task is not in it or not of the family.
// ECS may take seconds to know a task that was started a moment ago.
func (a *Account) ShowTask(ctx context.Context, in *ShowTaskInput) (*TasksOutput, error) {
	if err := in.possible(); err != nil {
		return nil, err
	}
	var task *awsecs.Task
	err := lookIn(ctx,
		func(ctx context.Context) error {
			_, err := a.ourCluster(ctx, in.Cluster)
			return err
		},
		func(ctx context.Context) (err error) {
			task, err = a.task(ctx, in)
			return err
		},
	)
	if err != nil {
		return nil, err
	}
	return &TasksOutput{Tasks: newTasks([]*awsecs.Task{task}), Failures: []*awsecs.Failure{}}, nil
}

// possible gives NotFound for an id that no task can have.
func (in *ShowTaskInput) possible() error {
	if !taskPattern.MatchString(in.Task) {
		return in.notFound()
	}
	return nil
}

func (in *ShowTaskInput) notFound() error {
	if in.TaskDef != "" {
		return common.Newf(common.NotFound, "task %s is not found among those of %s", in.Task, in.TaskDef)
	}
	return common.Newf(common.NotFound, "task %s is not found", in.Task)
}

// task gives the named task. Whose it is, its cluster tells: StopTask takes its tags away.
func (a *Account) task(ctx context.Context, in *ShowTaskInput) (*awsecs.Task, error) {
	found, err := a.ecs.DescribeTasks(ctx, in.Cluster, []string{in.Task})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 || in.TaskDef != "" && familyOf(aws.StringValue(found[0].TaskDefinitionArn)) != in.TaskDef {
		return nil, in.notFound()
	}
	return found[0], nil
}

// StopTaskInput names a task to stop.
type StopTaskInput struct {
	ShowTaskInput
	Reason string `json:"-" query:"reason" doc:"Why, in at most 255 characters: it is shown with the stopped task."`
}

// longestReason is how many characters ECS takes. (API reference of StopTask, reason.)
const longestReason = 255

// Validate gives the rules that the input breaks.
func (in *StopTaskInput) Validate() []common.Violation {
	v := violations(in.ShowTaskInput.Validate())
	v.check(
		utf8.RuneCountInString(in.Reason) <= longestReason,
		"/query/reason",
		"the query parameter reason must not be longer than %d characters",
		longestReason,
	)
	return v
}

// StopTask asks a task to end and gives "OK"; one that has stopped stays so. NotFound as for ShowTask.
func (a *Account) StopTask(ctx context.Context, in *StopTaskInput) (string, error) {
	if err := in.possible(); err != nil {
		return "", err
	}
	whole := func(ctx context.Context) error {
		_, err := a.ourCluster(ctx, in.Cluster)
		return err
	}
	var reads []func(context.Context) error
	if in.TaskDef != "" {
		reads = append(reads, func(ctx context.Context) error {
			_, err := a.task(ctx, &in.ShowTaskInput)
			return err
		})
	}
	if err := lookIn(ctx, whole, reads...); err != nil {
		return "", err
	}
	if err := a.ecs.StopTask(ctx, in.Cluster, in.Task, in.Reason); err != nil {
		return "", err
	}
	return "OK", nil
}

// ListTasksInput names a cluster, a family where the path has it, and which of the tasks are asked for.
type ListTasksInput struct {
	Cluster   string   `json:"-" path:"cluster"`
	TaskDef   string   `json:"-" path:"taskdef"` // "": of any family
	Status    []string `json:"-" query:"status" values:"RUNNING,STOPPED" doc:"Tasks that are to run, that have been stopped, or both; RUNNING where it is left out."`
	StartedBy string   `json:"-" query:"startedBy" doc:"Only tasks that were started with this."`
}

// Validate gives the rules that the input breaks.
func (in *ListTasksInput) Validate() []common.Violation {
	v := violations(pathNames(in.Cluster, ofPath(in.TaskDef)...))
	for _, status := range in.Status {
		known := status == awsecs.DesiredStatusRunning || status == awsecs.DesiredStatusStopped
		v.check(known, "/query/status", "the query parameter status must be %s or %s", awsecs.DesiredStatusRunning, awsecs.DesiredStatusStopped)
	}
	return v
}

// ListTasks gives the tasks of a cluster, or of a family in it, as cluster/id: those that are to run, or have been stopped within the hour.
// NotFound if the cluster is absent or another org's.
//
// ECS takes startedBy beside no other filter, and then tells neither the family nor, for sure, the status. So the tasks are listed by both,
// and read to see who started them.
func (a *Account) ListTasks(ctx context.Context, in *ListTasksInput) ([]string, error) {
	statuses := slices.Compact(slices.Sorted(slices.Values(in.Status)))
	if len(statuses) == 0 {
		statuses = []string{awsecs.DesiredStatusRunning}
	}
	listed := make([][]string, len(statuses))
	whole := func(ctx context.Context) error {
		_, err := a.ourCluster(ctx, in.Cluster)
		return err
	}
	var reads []func(context.Context) error
	var family *string
	if in.TaskDef != "" {
		family = &in.TaskDef
	}
	for i, status := range statuses {
		reads = append(reads, func(ctx context.Context) (err error) {
			listed[i], err = a.ecs.ListTasks(ctx, &awsecs.ListTasksInput{Cluster: &in.Cluster, Family: family, DesiredStatus: &status})
			return err
		})
	}
	if err := lookIn(ctx, whole, reads...); err != nil {
		return nil, err
	}
	ids := uniqueIDs(slices.Concat(listed...))
	if in.StartedBy != "" && len(ids) > 0 {
		var err error
		if ids, err = a.startedBy(ctx, in.Cluster, ids, in.StartedBy); err != nil {
			return nil, err
		}
	}
	names := []string{}
	for _, id := range ids {
		names = append(names, in.Cluster+"/"+id)
	}
	return names, nil
}

// uniqueIDs gives the ids of tasks, each once: one that stops between two lists is on both.
func uniqueIDs(arns []string) []string {
	var ids []string
	seen := map[string]bool{}
	for _, arn := range arns {
		if id := last(arn); !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// startedBy gives those of the tasks that were started so. What is gone meanwhile is left out.
func (a *Account) startedBy(ctx context.Context, cluster string, ids []string, by string) ([]string, error) {
	tasks, err := a.ecs.DescribeTasks(ctx, cluster, ids)
	if err != nil {
		return nil, err
	}
	var started []string
	for _, task := range tasks {
		if aws.StringValue(task.StartedBy) == by {
			started = append(started, last(aws.StringValue(task.TaskArn)))
		}
	}
	return started, nil
}
