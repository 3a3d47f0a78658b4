package orchestration

import (
	"context"
	"time"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
)

// ListSecretsInput narrows the list to secrets that carry all these tags.
type ListSecretsInput struct {
	Tags map[string]string `json:"-" query:"*" doc:"Keys and values of tags: only secrets that carry all of them."`
}

// ListSecrets gives the ARNs of the org's secrets that carry all the tags asked for; the org's own tag cannot be overridden.
func (a *Account) ListSecrets(ctx context.Context, in *ListSecretsInput) ([]string, error) {
	listed, err := a.secrets.ListSecrets(ctx, a.Org)
	if err != nil {
		return nil, err
	}
	arns := []string{}
	for _, secret := range listed {
		tags := fromSecretTags(secret.Tags)
		if a.owns(tags) && hasAll(tags, in.Tags) {
			arns = append(arns, aws.StringValue(secret.ARN))
		}
	}
	return arns, nil
}

func hasAll(tags common.Tags, asked map[string]string) bool {
	for key, value := range asked {
		if key != common.TagOrg && tags[key] != value {
			return false
		}
	}
	return true
}

// CreateSecretInput is a secret to be made; without a KmsKeyId it is encrypted with the account's default key.
type CreateSecretInput struct{ awssecrets.CreateSecretInput }

// SecretOutput names a secret and its version.
type SecretOutput struct {
	Orchestrated
	Credential
}

func (in *CreateSecretInput) validate(org string) error {
	var v violations
	v.check(secretPattern.MatchString(aws.StringValue(in.Name)), "/Name", "1 to 512 letters, digits and /_+=.@-")
	v.secretValue("", &in.CreateSecretInput)
	v.check(len(in.AddReplicaRegions) == 0, "/AddReplicaRegions", "secrets are not replicated")
	tags := ecsTags(fromSecretTags(in.Tags))
	v.tags("/Tags", org, nil, tags)
	v.tagCount("/Tags", fromECSTags(tags))
	return common.InvalidInput(v)
}

// CreateSecret makes a secret of the org's. Invalid names every broken rule; Conflict if the name is taken.
func (a *Account) CreateSecret(ctx context.Context, in *CreateSecretInput) (*SecretOutput, error) {
	if err := in.validate(a.Org); err != nil {
		return nil, err
	}
	name := aws.StringValue(in.Name)
	what := asked{verb: "CreateSecret", service: name, request: in, holds: []string{"secret " + name}}
	return perform(ctx, a, what, func(_ context.Context, op *operation) (prepared[*SecretOutput], error) {
		whole, p := in.CreateSecretInput, plan.New()
		if whole.KmsKeyId == nil && a.KmsKeyID != "" {
			whole.KmsKeyId = aws.String(a.KmsKeyID)
		}
		asked := withoutOurs(fromSecretTags(in.Tags))
		whole.Tags = secretTags(asked.Merge(common.Tags{common.TagOrg: a.Org, common.TagOperation: op.record.ID}))
		made := op.secretNode(p, name, &whole, nil)
		p.Commit(made)
		return prepared[*SecretOutput]{plan: p, answer: func(run plan.Inputs) *SecretOutput {
			return &SecretOutput{Orchestrated{op.record.ID}, *made.From(run)}
		}}, nil
	})
}

// ourSecret gives what is known of a secret of the org's, by name or ARN. NotFound if it is absent or another org's.
func (a *Account) ourSecret(ctx context.Context, id string) (*awssecrets.DescribeSecretOutput, error) {
	secret, err := a.namedSecret(ctx, id)
	if err != nil {
		return nil, err
	}
	if !a.owns(fromSecretTags(secret.Tags)) {
		return nil, notOurs("secret", id)
	}
	return secret, nil
}

// ShowSecretInput names a secret, by name or ARN.
type ShowSecretInput struct {
	Secret string `json:"-" path:"secret"`
}

// ShowSecret gives what is known of a secret, never its value. NotFound if it is absent or another org's.
func (a *Account) ShowSecret(ctx context.Context, in *ShowSecretInput) (*awssecrets.DescribeSecretOutput, error) {
	return a.ourSecret(ctx, in.Secret)
}

// UpdateSecretInput is a new value or tags, or both.
type UpdateSecretInput struct {
	ID     string        `json:"-" path:"secret"`
	Secret *string       `json:"Secret"`
	Tags   []*awsecs.Tag `json:"Tags"`
}

func (in *UpdateSecretInput) validate(org string) error {
	var v violations
	v.check(in.Secret != nil || len(in.Tags) > 0, "", "one of Secret and Tags is required")
	if in.Secret != nil {
		v.secretValue("", &awssecrets.CreateSecretInput{SecretString: in.Secret})
	}
	v.tags("/Tags", org, nil, in.Tags)
	for i, tag := range in.Tags {
		v.check(aws.StringValue(tag.Key) != common.TagOrg, item("/Tags", i)+"/Key", "the org's tag is not to be changed")
	}
	return common.InvalidInput(v)
}

// UpdateSecret gives a secret a new value, or other tags, or both: both or neither. The answer is empty when only tags came. NotFound if it is absent or another
// org's.
func (a *Account) UpdateSecret(ctx context.Context, in *UpdateSecretInput) (any, error) {
	if err := in.validate(a.Org); err != nil {
		return nil, err
	}
	what := asked{verb: "UpdateSecret", service: in.ID, request: &awssecrets.CreateSecretInput{SecretString: in.Secret}, holds: []string{"secret " + in.ID}}
	out, err := perform(ctx, a, what, func(ctx context.Context, op *operation) (prepared[*SecretOutput], error) {
		secret, err := a.ourSecret(ctx, in.ID)
		if err == nil && secret.DeletedDate != nil {
			err = common.Newf(common.Conflict, "the secret %s is scheduled for deletion", in.ID)
		}
		if err != nil {
			return prepared[*SecretOutput]{}, err
		}
		return op.buildSecretUpdate(in, secret), nil
	})
	if err != nil || in.Secret != nil {
		return out, err
	}
	return Nothing{Orchestrated{out.Operation}}, nil
}

// Nothing is an empty answer.
type Nothing struct{ Orchestrated }

// Empty says that there is no body.
func (Nothing) Empty() {}

func (op *operation) buildSecretUpdate(in *UpdateSecretInput, secret *awssecrets.DescribeSecretOutput) prepared[*SecretOutput] {
	p := plan.New()
	var put *plan.Handle[*Credential]
	if in.Secret != nil {
		node := op.secretValueNode(p, in.ID, secret, &awssecrets.CreateSecretInput{SecretString: in.Secret})
		put = &node
	}
	resource := op.resource(kindSecret, aws.StringValue(secret.Name))
	resource.ID = aws.StringValue(secret.ARN)
	op.tagsNode(p, resource, false, fromSecretTags(secret.Tags), askedTags(in.Tags))
	p.CommitAll()
	return prepared[*SecretOutput]{plan: p, answer: func(run plan.Inputs) *SecretOutput {
		out := &SecretOutput{Orchestrated: Orchestrated{op.record.ID}}
		if put != nil {
			out.Credential = *put.From(run)
		}
		return out
	}}
}

// The window of a deletion, in days.
const (
	defaultWindow = 7
	longestWindow = 30
)

// DeleteSecretInput names a secret, and the days in which it can be restored: 0 for none.
type DeleteSecretInput struct {
	Secret string `json:"-" path:"secret"`
	Window *int64 `json:"-" query:"window" min:"0" max:"30" doc:"The days in which it can be restored: 7 to 30, or 0 for none; 7 where it is left out."`
}

// Validate gives the rules that the input breaks.
func (in *DeleteSecretInput) Validate() []common.Violation {
	var v violations
	days := aws.Int64Value(in.Window)
	v.check(days == 0 || days >= defaultWindow && days <= longestWindow, "/query/window", "0, or 7 to 30 days")
	return v
}

// DeleteSecretOutput says when a secret is gone.
type DeleteSecretOutput struct {
	ARN          *string
	Name         *string
	DeletionDate *time.Time
}

// DeleteSecret deletes a secret, after 7 days unless another window is given, at once with 0. NotFound if it is absent or another org's.
func (a *Account) DeleteSecret(ctx context.Context, in *DeleteSecretInput) (*DeleteSecretOutput, error) {
	secret, err := a.ourSecret(ctx, in.Secret)
	if err != nil {
		return nil, err
	}
	out := &DeleteSecretOutput{ARN: secret.ARN, Name: secret.Name, DeletionDate: aws.Time(time.Now().UTC())}
	if in.Window != nil && *in.Window == 0 {
		return out, a.secrets.DeleteSecretNow(ctx, aws.StringValue(secret.ARN))
	}
	days := int64(defaultWindow)
	if in.Window != nil {
		days = *in.Window
	}
	deleted, err := a.secrets.DeleteSecret(ctx, aws.StringValue(secret.ARN), days)
	if err != nil {
		return nil, err
	}
	out.DeletionDate = deleted.DeletionDate
	return out, nil
}
