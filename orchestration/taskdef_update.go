package orchestration

import (
	"context"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
)

// UpdateTaskDefInput is what a managed task definition is changed to. Any part may be left out, but not all.
type UpdateTaskDefInput struct {
	Cluster        string                                   `json:"-" path:"cluster"`
	TaskDef        string                                   `json:"-" path:"taskdef"`
	TaskDefinition *awsecs.RegisterTaskDefinitionInput      `json:"TaskDefinition"`
	Credentials    map[string]*awssecrets.CreateSecretInput `json:"Credentials"` // by container
	Tags           []*awsecs.Tag                            `json:"Tags"`
}

// UpdateTaskDefOutput is what stands now.
type UpdateTaskDefOutput struct {
	Orchestrated
	Cluster             *awsecs.Cluster
	TaskDefinition      *awsecs.TaskDefinition
	Credentials         map[string]*Credential
	CloudwatchLogGroups []string // ARNs
	Tags                []*awsecs.Tag
}

// parts are those of an update that has no service.
func (in *UpdateTaskDefInput) parts() *UpdateServiceInput {
	return &UpdateServiceInput{Cluster: in.Cluster, TaskDefinition: in.TaskDefinition, Credentials: in.Credentials, Tags: in.Tags}
}

func (in *UpdateTaskDefInput) validate(a *Account) error {
	v := violations(pathNames(in.Cluster, in.TaskDef))
	v.check(in.TaskDefinition != nil || len(in.Credentials) > 0 || len(in.Tags) > 0, "", "one of TaskDefinition, Credentials and Tags is required")
	if in.TaskDefinition != nil {
		family := aws.StringValue(in.TaskDefinition.Family)
		v.check(family == "" || family == in.TaskDef, "/TaskDefinition/Family", "the path names the family %s", in.TaskDef)
	}
	in.parts().validateDefinition(&v, a)
	return common.InvalidInput(v)
}

// UpdateTaskDef gives a managed task definition a new revision, new credentials or tags. Kinds are those of UpdateService.
func (a *Account) UpdateTaskDef(ctx context.Context, in *UpdateTaskDefInput) (*UpdateTaskDefOutput, error) {
	if err := in.validate(a); err != nil {
		return nil, err
	}
	what := asked{
		verb:    "UpdateTaskDef",
		cluster: in.Cluster,
		service: in.TaskDef,
		request: in,
		loose:   true,
		holds:   []string{holdFamily + in.TaskDef},
	}
	return perform(ctx, a, what, func(ctx context.Context, op *operation) (prepared[*UpdateTaskDefOutput], error) {
		facts, err := a.lookTaskDefUpdate(ctx, in)
		if err != nil {
			return prepared[*UpdateTaskDefOutput]{}, err
		}
		return op.buildTaskDefUpdate(in.parts(), facts), nil
	})
}

// lookTaskDefUpdate reads the newest revision with the rest, and then the secrets that it names.
func (a *Account) lookTaskDefUpdate(ctx context.Context, in *UpdateTaskDefInput) (facts updateFacts, err error) {
	parts := in.parts()
	err = look(ctx,
		func(ctx context.Context) error { return a.lookStanding(ctx, parts, &facts) },
		func(ctx context.Context) (err error) {
			facts.active, err = a.managed(ctx, in.TaskDef, in.Cluster)
			return err
		},
	)
	if err != nil {
		return facts, err
	}
	facts.inherited = facts.active.tags
	if parts.registers() {
		if facts.definition, err = parts.definition(facts.active); err != nil {
			return facts, err
		}
	}
	return facts, a.lookSecrets(ctx, parts, &facts)
}

// managed gives the newest revision of a family of ours in a space. NotFound if it is absent, another org's or another space's, or a service's.
func (a *Account) managed(ctx context.Context, family, cluster string) (*revision, error) {
	newest, err := a.revision(ctx, family)
	if err != nil {
		return nil, err
	}
	if !a.owns(newest.tags) || newest.tags[common.TagSpace] != cluster {
		return nil, notOurs("task definition", family)
	}
	if newest.tags[common.TagFlavor] != flavorTask {
		return nil, common.Newf(common.NotFound, "no managed task definition %s is found: it is a service's, and changes with the service", family)
	}
	return newest, nil
}

// buildTaskDefUpdate plans the update. All of it is its commit point.
func (op *operation) buildTaskDefUpdate(in *UpdateServiceInput, facts updateFacts) prepared[*UpdateTaskDefOutput] {
	p := plan.New()
	asked := askedTags(in.Tags)
	change := op.changeNodes(p, in, facts, asked)
	p.CommitAll()
	op.retireReplaced(p, in, facts, change)
	return prepared[*UpdateTaskDefOutput]{plan: p, answer: func(run plan.Inputs) *UpdateTaskDefOutput {
		registered := facts.active.TaskDefinition
		if change.definition != nil {
			registered = change.definition.From(run)
		}
		return &UpdateTaskDefOutput{Orchestrated: Orchestrated{op.record.ID}, Cluster: facts.cluster, TaskDefinition: registered,
			Credentials: credentialsOf(
				change.credentials,
				run,
			), CloudwatchLogGroups: logGroupsOf(facts.account, registered), Tags: ecsTags(facts.inherited.Merge(asked))}
	}}
}
