package orchestration

import (
	"context"
	"encoding/json"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
	awsssm "github.com/aws/aws-sdk-go/service/ssm"
)

const kindParameter = "parameter"

// changeParameter gives a parameter other tags and a new version, both or neither: AWS takes one at a time. The version comes last, for it cannot be taken
// back; until it stands the tags can.
func (a *Account) changeParameter(ctx context.Context, in *UpdateParameterInput, name string) (OK, error) {
	// Of the value there is a digest in the journal.
	what := asked{verb: "UpdateParameter", service: name, request: &awssecrets.CreateSecretInput{SecretString: in.Value}, holds: []string{holdParameter(name)}}
	return perform(ctx, a, what, func(ctx context.Context, op *operation) (prepared[OK], error) {
		known, tags, err := a.parameter(ctx, name)
		if err != nil {
			return prepared[OK]{}, err
		}
		put := a.buildParameterVersion(in, name, known)
		if err := fits(put); err != nil {
			return prepared[OK]{}, err
		}
		p := plan.New()
		resource := op.resource(kindParameter, name)
		resource.ID = name
		before, asked := fromTags(tags, parameterTag), a.orgsTags(in.Tags)
		op.tagsNode(p, resource, false, before, asked)
		p.Commit(op.parameterVersionNode(p, put, known, before.Merge(asked)))
		return prepared[OK]{plan: p, answer: func(plan.Inputs) OK { return OK{Orchestrated{op.record.ID}} }}, nil
	})
}

func holdParameter(name string) string { return "parameter " + name }

// parameterVersionNode puts a version of a parameter.
func (op *operation) parameterVersionNode(
	p *plan.Plan,
	put *awsssm.PutParameterInput,
	known *awsssm.ParameterMetadata,
	tags common.Tags,
) plan.Handle[struct{}] {
	a := op.account
	effect := plan.Effect{Change: plan.Updated, Resource: op.resource(kindParameter, *put.Name), Before: raw(aws.Int64Value(known.Version))}
	return plan.Add(p, plan.Node[struct{}]{
		Name:   "parameter value",
		Effect: effect,
		Call: func(ctx context.Context, _ plan.Inputs) (struct{}, error) {
			version, err := a.ssm.PutParameter(ctx, put)
			if err != nil {
				return struct{}{}, withoutParameterValue(err, put.Value)
			}
			return struct{}{}, a.tagAnew(ctx, *put.Name, version, tags)
		},
		Settle: func(ctx context.Context, _ plan.Inputs) (struct{}, bool, error) {
			took, err := a.newVersion(ctx, effect)
			return struct{}{}, took, err
		},
	})
}

// newVersion reads whether a parameter has a version that it had not before.
func (a *Account) newVersion(ctx context.Context, effect plan.Effect) (bool, error) {
	var before int64
	if err := json.Unmarshal(effect.Before, &before); err != nil {
		return false, err
	}
	known, err := a.ssm.Parameter(ctx, effect.Resource.Key)
	if err != nil {
		return false, absent(err)
	}
	return aws.Int64Value(known.Version) > before, nil
}

// parameterTagger writes the tags of a parameter, by its name.
func (a *Account) parameterTagger() tagger {
	return tagger{
		add: func(ctx context.Context, name string, tags common.Tags) error {
			return a.ssm.AddTags(ctx, name, parameterTags(tags))
		},
		remove: a.ssm.RemoveTags,
	}
}
