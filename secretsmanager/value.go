package secretsmanager

import (
	"context"

	"github.com/aws/aws-sdk-go/aws"
	awssm "github.com/aws/aws-sdk-go/service/secretsmanager"

	"ecs-api/common/awsclient"
)

// PutSecretValue gives a secret a new value, which becomes its AWSCURRENT version. The same ClientRequestToken with the same value gives
// the same version. NotFound if the secret is absent, Invalid if it is scheduled for deletion.
func (c *Client) PutSecretValue(ctx context.Context, in *awssm.PutSecretValueInput) (*awssm.PutSecretValueOutput, error) {
	out, err := c.api.PutSecretValueWithContext(ctx, in)
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	if out.ARN == nil {
		return nil, awsclient.Hollow("PutSecretValue")
	}
	return out, nil
}

// Value reads the current value of a secret: only to move it to another name. NotFound if it is absent.
func (c *Client) Value(ctx context.Context, id string) (*awssm.GetSecretValueOutput, error) {
	out, err := c.api.GetSecretValueWithContext(ctx, &awssm.GetSecretValueInput{SecretId: &id})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	return out, nil
}

// MoveStage moves a staging label to a version, or takes it off with to "". NotFound if the secret is absent.
func (c *Client) MoveStage(ctx context.Context, id, stage, from, to string) error {
	in := &awssm.UpdateSecretVersionStageInput{SecretId: &id, VersionStage: &stage}
	if from != "" {
		in.RemoveFromVersionId = &from
	}
	if to != "" {
		in.MoveToVersionId = &to
	}
	_, err := c.api.UpdateSecretVersionStageWithContext(ctx, in)
	return awsclient.Translate(err)
}

// TagResource adds tags to a secret, or gives them other values. NotFound if it is absent.
func (c *Client) TagResource(ctx context.Context, id string, tags []*awssm.Tag) error {
	_, err := c.api.TagResourceWithContext(ctx, &awssm.TagResourceInput{SecretId: &id, Tags: tags})
	return awsclient.Translate(err)
}

// UntagResource takes tags from a secret. NotFound if it is absent.
func (c *Client) UntagResource(ctx context.Context, id string, keys []string) error {
	_, err := c.api.UntagResourceWithContext(ctx, &awssm.UntagResourceInput{SecretId: &id, TagKeys: aws.StringSlice(keys)})
	return awsclient.Translate(err)
}
