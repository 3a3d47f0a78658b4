package orchestration

import (
	"context"
	"encoding/json"

	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
)

const (
	kindSecretValue = "secret value"
	stageCurrent    = "AWSCURRENT"
	stagePrevious   = "AWSPREVIOUS"
)

// stages are the versions of a secret that carry a label. No value is ever kept: a label moves back.
type stages struct {
	Current  string `json:"current"`
	Previous string `json:"previous,omitempty"`
}

func stagesOf(secret *awssecrets.DescribeSecretOutput) (found stages) {
	for version, labels := range secret.VersionIdsToStages {
		for _, label := range labels {
			switch aws.StringValue(label) {
			case stageCurrent:
				found.Current = version
			case stagePrevious:
				found.Previous = version
			}
		}
	}
	return found
}

// secretValueNode gives a secret a new value.
func (op *operation) secretValueNode(
	p *plan.Plan,
	container string,
	secret *awssecrets.DescribeSecretOutput,
	value *awssecrets.CreateSecretInput,
) plan.Handle[*Credential] {
	a, arn, before := op.account, aws.StringValue(secret.ARN), stagesOf(secret)
	in := &awssecrets.PutSecretValueInput{SecretId: secret.ARN, SecretString: value.SecretString, SecretBinary: value.SecretBinary,
		ClientRequestToken: aws.String(op.mark(arn))}
	resource := op.resource(kindSecretValue, aws.StringValue(secret.Name))
	resource.ID = arn
	return plan.Add(p, plan.Node[*Credential]{
		Name: "secret value for " + container,
		Effect: plan.Effect{
			Change:   plan.Changed,
			Resource: resource,
			Before:   raw(before),
			After:    raw(stages{Current: *in.ClientRequestToken, Previous: before.Current}),
		},
		Call: func(ctx context.Context, _ plan.Inputs) (*Credential, error) {
			put, err := a.secrets.PutSecretValue(ctx, in)
			if err != nil {
				return nil, err
			}
			return &Credential{ARN: put.ARN, Name: put.Name, VersionId: put.VersionId}, nil
		},
	})
}

// restoreSecretValue moves the labels back to the versions that had them.
func (a *Account) restoreSecretValue(ctx context.Context, e plan.Effect) error {
	var before, after stages
	if err := json.Unmarshal(e.Before, &before); err != nil {
		return err
	}
	if err := json.Unmarshal(e.After, &after); err != nil {
		return err
	}
	secret, err := a.secrets.Secret(ctx, e.Resource.ID)
	if err != nil {
		return absent(err)
	}
	present := stagesOf(secret)
	if present.Current != after.Current && present.Current != before.Current {
		return changedSince()
	}
	if present.Current == after.Current && present.Previous != after.Previous {
		before = stages{Current: present.Previous} // someone wrote between the look and our call: theirs is what was there
	}
	if present.Current == after.Current {
		if err := a.secrets.MoveStage(ctx, e.Resource.ID, stageCurrent, after.Current, before.Current); err != nil {
			return err
		}
		// Secrets Manager labels the version that has lost AWSCURRENT as AWSPREVIOUS by itself.
		present.Previous = after.Current
	}
	if present.Previous == before.Previous || present.Previous != after.Current {
		return nil
	}
	return a.secrets.MoveStage(ctx, e.Resource.ID, stagePrevious, present.Previous, before.Previous)
}

// valueOf completes a secret that is to be made with the value of another one.
func (a *Account) valueOf(from string) func(context.Context, *awssecrets.CreateSecretInput) error {
	return func(ctx context.Context, in *awssecrets.CreateSecretInput) error {
		value, err := a.secrets.Value(ctx, from)
		if err == nil {
			in.SecretString, in.SecretBinary = value.SecretString, value.SecretBinary
		}
		return err
	}
}
