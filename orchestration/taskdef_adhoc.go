package orchestration

import (
	"context"

	"ecs-api/common"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// ListFamiliesInput has no members.
type ListFamiliesInput struct{}

// ListFamilies gives the families of the org's task definitions that have an active revision, of whatever flavor and space, sorted. It asks
// as ListTaskDefs does, and knows as much.
func (a *Account) ListFamilies(ctx context.Context, _ *ListFamiliesInput) ([]string, error) {
	var tagged map[string]bool
	var active []string
	err := look(ctx,
		func(ctx context.Context) (err error) {
			tagged, err = a.tagged(ctx, "ecs:task-definition")
			return err
		},
		func(ctx context.Context) (err error) {
			active, err = a.ecs.ListActiveFamilies(ctx)
			return err
		},
	)
	if err != nil {
		return nil, err
	}
	families := map[string]bool{}
	for revision := range tagged {
		families[familyOf(revision)] = true
	}
	return both(sortedKeys(families), active), nil
}

// ShowDefinitionInput names a task definition: family, family:revision or ARN.
type ShowDefinitionInput struct {
	TaskDef string `json:"-" path:"taskdef"`
}

// Validate gives the rules that the input breaks.
func (in *ShowDefinitionInput) Validate() []common.Violation {
	var v violations
	v.definitionName("/path/taskdef", in.TaskDef)
	return v
}

// definitionName checks what a task definition is named by.
func (v *violations) definitionName(pointer, name string) {
	ok := definitionPattern.MatchString(name) || definitionARN.MatchString(name)
	v.check(ok, pointer, "%q is no family, family:revision or ARN of a task definition", name)
}

// ShowDefinitionOutput is a revision with its tags.
type ShowDefinitionOutput struct {
	TaskDefinition *awsecs.TaskDefinition
	Tags           []*awsecs.Tag
}

// ShowDefinition gives a task definition, by its family the newest active revision. NotFound if it is absent, on its way out or another
// org's.
func (a *Account) ShowDefinition(ctx context.Context, in *ShowDefinitionInput) (*ShowDefinitionOutput, error) {
	found, err := a.ourRevision(ctx, in.TaskDef)
	if err != nil {
		return nil, err
	}
	shown := found.shown()
	return &shown, nil
}

func (r *revision) shown() ShowDefinitionOutput {
	return ShowDefinitionOutput{TaskDefinition: r.TaskDefinition, Tags: ecsTags(r.tags)}
}

// ourRevision gives a task definition of ours, by family, family:revision or ARN. NotFound if it is absent, on its way out or another
// org's.
func (a *Account) ourRevision(ctx context.Context, name string) (*revision, error) {
	found, err := a.askedRevision(ctx, name)
	if err != nil {
		return nil, err
	}
	if !a.owns(found.tags) || aws.StringValue(found.Status) == awsecs.TaskDefinitionStatusDeleteInProgress {
		return nil, notOurs("task definition", name)
	}
	return found, nil
}
