package orchestration

import (
	"context"
	"slices"
	"time"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// RunTasksInput names a task definition, and says how its tasks are run. The cluster is the path's, and so is the family where the path has
// it: its newest revision is run. Else the body names one, by family, family:revision or ARN.
type RunTasksInput struct {
	Space   string `json:"-" path:"cluster"`
	TaskDef string `json:"-" path:"taskdef"`
	awsecs.RunTaskInput
}

// definition is what names the task definition.
func (in *RunTasksInput) definition() string {
	if in.TaskDef != "" {
		return in.TaskDef
	}
	return aws.StringValue(in.TaskDefinition)
}

// RunTasksOutput are the tasks that were started, and why others found no place.
type RunTasksOutput struct {
	Orchestrated
	TasksOutput
}

// RunTasks runs tasks of a task definition. Invalid names every broken rule; NotFound if the cluster or the definition is absent or another
// org's, or the request names a role that may not be used; Conflict if the definition is another space's. What was started is not taken
// back: a failure has started nothing, unless it says so.
func (a *Account) RunTasks(ctx context.Context, in *RunTasksInput) (*RunTasksOutput, error) {
	if err := in.validate(a); err != nil {
		return nil, err
	}
	what := asked{verb: "RunTasks", cluster: in.Space, service: familyOf(in.definition()), request: in} // it holds nothing: a family's tasks may be run at once
	return perform(ctx, a, what, func(ctx context.Context, op *operation) (prepared[*RunTasksOutput], error) {
		definition, err := a.lookRun(ctx, in)
		if err != nil {
			return prepared[*RunTasksOutput]{}, err
		}
		return op.buildRunTasks(in, definition), nil
	})
}

// lookRun reads at once all that decides anything, and gives the definition that is to be run.
func (a *Account) lookRun(ctx context.Context, in *RunTasksInput) (definition *awsecs.TaskDefinition, err error) {
	var cluster *awsecs.Cluster
	whole := func(ctx context.Context) (err error) {
		cluster, err = a.ourCluster(ctx, in.Space)
		return err
	}
	reads := []func(context.Context) error{
		func(ctx context.Context) error {
			found, err := a.lookRunnable(ctx, in)
			if err == nil {
				definition = found.TaskDefinition
			}
			return err
		},
	}
	named := in.references()
	reads = append(reads, a.lookReferences(named, in.Space)...)
	reads = append(reads, a.lookRole(named, in.Space)...)
	if err := lookIn(ctx, whole, reads...); err != nil {
		return nil, err
	}
	return definition, in.fits(cluster, definition)
}

// lookRunnable gives the definition that is to be run: the newest revision of the path's family, or what the body names.
func (a *Account) lookRunnable(ctx context.Context, in *RunTasksInput) (*revision, error) {
	if in.TaskDef == "" {
		return a.standing(ctx, in.definition(), in.Space)
	}
	newest, err := a.revision(ctx, in.TaskDef)
	if err != nil {
		return nil, err
	}
	return newest, a.belongs(newest, in.TaskDef, in.Space)
}

// buildRunTasks plans the run: the start of the tasks is its commit point. They carry the operation's mark, by which it can be read whether
// they were started.
func (op *operation) buildRunTasks(in *RunTasksInput, definition *awsecs.TaskDefinition) prepared[*RunTasksOutput] {
	a, p := op.account, plan.New()
	request := buildRunTask(&in.RunTaskInput, in.Space, aws.StringValue(definition.TaskDefinitionArn), op.record.ID, a.network())
	run := plan.Add(p, plan.Node[TasksOutput]{
		Name:   "tasks started",
		Effect: plan.Effect{Change: plan.Started, Resource: op.resource(kindTask, aws.StringValue(definition.Family))},
		Call: func(ctx context.Context, inputs plan.Inputs) (started TasksOutput, err error) {
			err = again(inputs, visible, roleInvisible(fresh(definition)), func() error {
				tasks, failures, err := a.ecs.RunTask(ctx, request)
				started = TasksOutput{Tasks: newTasks(tasks), Failures: append([]*awsecs.Failure{}, failures...)}
				return err
			})
			return started, doubtful(err)
		},
	})
	p.Commit(run)
	return prepared[*RunTasksOutput]{plan: p, answer: func(done plan.Inputs) *RunTasksOutput {
		return &RunTasksOutput{Orchestrated: Orchestrated{op.record.ID}, TasksOutput: run.From(done)}
	}}
}

// buildRunTask completes what was asked: on Fargate unless a strategy is given, where services run, with the definition's tags. Those of
// ours that the caller gives are the definition's to give. The token makes an attempt whose answer was lost answer with the same tasks.
func buildRunTask(asked *awsecs.RunTaskInput, cluster, definition, token string, defaults network) *awsecs.RunTaskInput {
	in := *asked
	in.Cluster = aws.String(cluster)
	in.TaskDefinition = aws.String(definition)
	in.ClientToken = aws.String(token)
	in.NetworkConfiguration = buildNetwork(asked.NetworkConfiguration, defaults)
	in.VolumeConfigurations = buildTaskVolumes(asked.VolumeConfigurations)
	in.PropagateTags = aws.String(awsecs.PropagateTagsTaskDefinition)
	in.EnableECSManagedTags = aws.Bool(true)
	if in.Count == nil {
		in.Count = aws.Int64(1)
	}
	in.LaunchType = nil
	if len(in.CapacityProviderStrategy) == 0 {
		in.LaunchType = aws.String(awsecs.LaunchTypeFargate)
	}
	tags := askedTags(asked.Tags)
	tags[common.TagOperation] = token
	in.Tags = ecsTags(tags)
	return &in
}

// buildTaskVolumes is buildVolumes for a run, whose volumes have a struct of their own.
func buildTaskVolumes(asked []*awsecs.TaskVolumeConfiguration) []*awsecs.TaskVolumeConfiguration {
	volumes := slices.Clone(asked)
	for i, volume := range volumes {
		if volume.ManagedEBSVolume == nil {
			continue
		}
		disk := *volume.ManagedEBSVolume
		disk.TagSpecifications = buildVolumeTags(disk.TagSpecifications)
		volumes[i] = &awsecs.TaskVolumeConfiguration{Name: volume.Name, ManagedEBSVolume: &disk}
	}
	return volumes
}

// fresh says whether a definition was registered a moment ago, maybe with a role that was made with it.
func fresh(definition *awsecs.TaskDefinition) bool {
	return time.Since(aws.TimeValue(definition.RegisteredAt)) < 2*visible
}

// doubtful says of a run whose answer was lost, at every attempt, that it may have started tasks.
func doubtful(err error) error {
	if !common.Unheard(err) {
		return err
	}
	return &common.Error{
		Kind:    common.KindOf(err),
		Message: common.MessageOf(err) + "; the tasks may have been started all the same",
		Code:    common.CodeOf(err),
		Unheard: true,
		Err:     err,
	}
}
