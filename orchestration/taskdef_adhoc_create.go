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

// registerBare registers a definition that makes nothing to stand on: that it names itself. It belongs to the space whose role it has, or to none. Conflict if its
// family belongs to another space, which the revision would take it out of.
func (a *Account) registerBare(ctx context.Context, in *CreateTaskDefInput) (*CreateTaskDefOutput, error) {
	if err := in.validateBare(a.Org); err != nil {
		return nil, err
	}
	asking, family, space := &in.RegisterTaskDefinitionInput, aws.StringValue(in.Family), a.spaceOfRole(in.ExecutionRoleArn, in.TaskRoleArn)
	what := asked{verb: "RegisterTaskDef", cluster: space, service: family, request: asking, holds: []string{holdFamily + family}}
	return perform(ctx, a, what, func(ctx context.Context, op *operation) (prepared[*CreateTaskDefOutput], error) {
		if err := a.lookBare(ctx, asking, space); err != nil {
			return prepared[*CreateTaskDefOutput]{}, err
		}
		p := plan.New()
		built := buildBare(asking, askedTags(in.tags()).Merge(op.owned(flavorTask)))
		r := registration{family: family, build: func(plan.Inputs) *awsecs.RegisterTaskDefinitionInput { return built }}
		if space != "" {
			r.needs = append(r.needs, plan.Given(p, "role", op.resource(kindRole, roleName(space)), true, struct{}{}))
		}
		registered := op.registrationNode(p, r)
		p.Commit(registered)
		return prepared[*CreateTaskDefOutput]{plan: p, answer: func(run plan.Inputs) *CreateTaskDefOutput {
			return &CreateTaskDefOutput{Orchestrated: Orchestrated{op.record.ID}, TaskDefinition: registered.From(run)}
		}}, nil
	})
}

// lookBare holds that the family is free and that what the definition refers to may be used: what belongs to its space, or to none.
func (a *Account) lookBare(ctx context.Context, in *awsecs.RegisterTaskDefinitionInput, space string) error {
	reads := []func(context.Context) error{
		func(ctx context.Context) error {
			return a.freeFamily(ctx, aws.StringValue(in.Family), space, flavorTask)
		},
	}
	named := definitionReferences(in)
	reads = append(reads, a.lookReferences(named, space)...)
	reads = append(reads, a.lookRole(named, space)...)
	return look(ctx, reads...)
}

// spaceOfRole gives the space whose role is the first that is one's; "" without one, or with one that the configuration allows.
func (a *Account) spaceOfRole(roles ...*string) string {
	for _, role := range aws.StringValueSlice(roles) {
		if space, of := strings.CutSuffix(last(role), roleSuffix); of && !a.allows(role) {
			return space
		}
	}
	return ""
}
