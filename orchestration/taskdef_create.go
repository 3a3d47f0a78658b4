package orchestration

import (
	"context"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
)

// CreateTaskDefInput is what a managed task definition is made from, or itself a definition: then there is no more than that.
type CreateTaskDefInput struct {
	Cluster        *awsecs.CreateClusterInput               `json:"cluster"`
	TaskDefinition *awsecs.RegisterTaskDefinitionInput      `json:"taskdefinition"`
	Credentials    map[string]*awssecrets.CreateSecretInput `json:"credentials"` // by container
	Tags           []*awsecs.Tag                            `json:"tags"`
	awsecs.RegisterTaskDefinitionInput
}

// CreateTaskDefOutput is what stands.
type CreateTaskDefOutput struct {
	Orchestrated
	Cluster        *awsecs.Cluster
	Credentials    map[string]*Credential
	TaskDefinition *awsecs.TaskDefinition
}

// parts are those of a create that has no service.
func (in *CreateTaskDefInput) parts() *CreateServiceInput {
	return &CreateServiceInput{Cluster: in.Cluster, TaskDefinition: in.TaskDefinition, Credentials: in.Credentials, Tags: in.tags()}
}

// tags are those of the body, whether it is spelled as ours or as the definition's.
func (in *CreateTaskDefInput) tags() []*awsecs.Tag {
	if in.Tags != nil {
		return in.Tags
	}
	return in.RegisterTaskDefinitionInput.Tags
}

func (in *CreateTaskDefInput) validate(a *Account) error {
	var v violations
	v.check(in.Family == nil, "/Family", "a body has either a family, and is a definition itself, or a taskdefinition")
	v.check(in.Cluster != nil, "/cluster", "a cluster is required")
	v.check(in.TaskDefinition != nil, "/taskdefinition", "a task definition is required")
	parts := in.parts()
	parts.validateCluster(&v)
	parts.validateDefinition(&v, a)
	parts.validateTags(&v, a.Org)
	return common.InvalidInput(v)
}

// CreateTaskDef builds a managed task definition and what it stands on: cluster, role, log group and secrets. Of a body that is a definition
// itself it registers just that. Kinds are those of CreateService.
func (a *Account) CreateTaskDef(ctx context.Context, in *CreateTaskDefInput) (*CreateTaskDefOutput, error) {
	if in.Family != nil && in.TaskDefinition == nil {
		return a.registerBare(ctx, in)
	}
	if err := in.validate(a); err != nil {
		return nil, err
	}
	parts := in.parts()
	family := aws.StringValue(in.TaskDefinition.Family)
	what := asked{verb: "CreateTaskDef", cluster: parts.clusterName(), service: family, request: parts, holds: []string{holdFamily + family}}
	return perform(ctx, a, what, func(ctx context.Context, op *operation) (prepared[*CreateTaskDefOutput], error) {
		facts, err := a.lookDefined(ctx, parts)
		if err != nil {
			return prepared[*CreateTaskDefOutput]{}, err
		}
		return op.buildTaskDef(parts, facts), nil
	})
}

// lookDefined reads at once what a create without a service depends on.
func (a *Account) lookDefined(ctx context.Context, in *CreateServiceInput) (facts createFacts, err error) {
	cluster := in.clusterName()
	reads := []func(context.Context) error{
		func(ctx context.Context) (err error) {
			facts.account, err = a.Identity(ctx)
			return err
		},
		func(ctx context.Context) (err error) {
			facts.cluster, err = a.clusterFor(ctx, cluster, true)
			return err
		},
	}
	reads = append(reads, a.lookGround(cluster, &facts.ground)...)
	reads = append(reads, a.lookDefinition(in, cluster)...)
	err = look(ctx, reads...)
	return facts, err
}

// buildTaskDef plans the create. The registration does not wait for the role's policy and the log group's retention, so that all of them
// are its commit point.
func (op *operation) buildTaskDef(in *CreateServiceInput, facts createFacts) prepared[*CreateTaskDefOutput] {
	p := plan.New()
	tags := op.tagsOfParts(in, flavorTask)
	cluster := op.cluster(p, in.Cluster, facts.cluster, tags)
	definition, credentials, _ := op.definedNodes(p, in, facts, tags)
	p.CommitAll()
	return prepared[*CreateTaskDefOutput]{plan: p, answer: func(run plan.Inputs) *CreateTaskDefOutput {
		return &CreateTaskDefOutput{Orchestrated: Orchestrated{op.record.ID}, Cluster: cluster.From(run), Credentials: credentialsOf(credentials, run),
			TaskDefinition: definition.From(run)}
	}}
}
