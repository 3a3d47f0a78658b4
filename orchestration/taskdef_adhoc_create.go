package orchestration

import (
	"context"
	"strings"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

func (in *CreateTaskDefInput) validateBare(org string) error {
	var v violations
	const none = "a definition by itself has none: give it as taskdefinition"
	v.check(in.Cluster == nil, "/cluster", none)
	v.check(in.Credentials == nil, "/credentials", none)
	v.tags("/Tags", org, nil, in.tags())
	v.taskDefinition("", &in.RegisterTaskDefinitionInput)
	return common.InvalidInput(v)
}

// registerBare registers a definition that belongs to no space: what it stands on it names itself. Conflict if its family belongs to a space,
// which a revision of none would take it out of.
func (a *Account) registerBare(ctx context.Context, in *CreateTaskDefInput) (*CreateTaskDefOutput, error) {
	if err := in.validateBare(a.Org); err != nil {
		return nil, err
	}
	asking, family := &in.RegisterTaskDefinitionInput, aws.StringValue(in.Family)
	what := asked{verb: "RegisterTaskDef", service: family, request: asking, holds: []string{"task definition " + family}}
	return perform(ctx, a, what, func(ctx context.Context, op *operation) (prepared[*CreateTaskDefOutput], error) {
		if err := a.lookBare(ctx, asking); err != nil {
			return prepared[*CreateTaskDefOutput]{}, err
		}
		p := plan.New()
		built := buildBare(asking, askedTags(in.tags()).Merge(op.owned(flavorTask)))
		build := func(plan.Inputs) *awsecs.RegisterTaskDefinitionInput { return built }
		registered := op.registrationNode(p, registration{family: family, build: build})
		p.Commit(registered)
		return prepared[*CreateTaskDefOutput]{plan: p, answer: func(run plan.Inputs) *CreateTaskDefOutput {
			return &CreateTaskDefOutput{Orchestrated: Orchestrated{op.record.ID}, TaskDefinition: registered.From(run)}
		}}, nil
	})
}

// lookBare holds that the family is free and that what the definition refers to may be used: what belongs to the space whose role it has, or
// to none.
func (a *Account) lookBare(ctx context.Context, in *awsecs.RegisterTaskDefinitionInput) error {
	space := a.spaceOfRole(in)
	reads := []func(context.Context) error{
		func(ctx context.Context) error { return a.freeFamily(ctx, aws.StringValue(in.Family), "", flavorTask) },
	}
	named := definitionReferences(in)
	reads = append(reads, a.lookReferences(named, space)...)
	reads = append(reads, a.lookRole(named, space)...)
	return look(ctx, reads...)
}

// spaceOfRole gives the space whose role a definition has; "" without one, or with one that the configuration allows.
func (a *Account) spaceOfRole(in *awsecs.RegisterTaskDefinitionInput) string {
	for _, role := range []string{aws.StringValue(in.ExecutionRoleArn), aws.StringValue(in.TaskRoleArn)} {
		if space, of := strings.CutSuffix(last(role), roleSuffix); of && !a.allows(role) {
			return space
		}
	}
	return ""
}
