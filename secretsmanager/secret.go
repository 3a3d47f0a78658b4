// Package secretsmanager is the API's view of AWS Secrets Manager: a secret's metadata, its making, its values and its end. Only Value
// reads one. It imports common and the SDK, no other wrapper.
package secretsmanager

import (
	"context"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	awssm "github.com/aws/aws-sdk-go/service/secretsmanager"

	"ecs-api/common/awsclient"
)

// Client speaks to Secrets Manager as one account. It is safe for concurrent use.
type Client struct {
	api *awssm.SecretsManager
}

// New makes a client of the account's session.
func New(sess *session.Session) *Client { return &Client{api: awssm.New(sess)} }

// Secret gives what is known of a secret, by name or ARN: tags, key, versions, never its value. One scheduled for deletion is given too,
// with its DeletedDate. NotFound if it is absent.
func (c *Client) Secret(ctx context.Context, id string) (*awssm.DescribeSecretOutput, error) {
	out, err := c.api.DescribeSecretWithContext(ctx, &awssm.DescribeSecretInput{SecretId: &id})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	if out.ARN == nil {
		return nil, awsclient.Hollow("DescribeSecret")
	}
	return out, nil
}

// CreateSecret makes a secret. The same ClientRequestToken with the same value gives the same secret. Conflict if the name is taken
// (awsclient.IsAlreadyExists) or held by a secret that is being deleted (awsclient.IsNameHeld).
func (c *Client) CreateSecret(ctx context.Context, in *awssm.CreateSecretInput) (*awssm.CreateSecretOutput, error) {
	out, err := c.api.CreateSecretWithContext(ctx, in)
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	if out.ARN == nil {
		return nil, awsclient.Hollow("CreateSecret")
	}
	return out, nil
}

// DeleteSecretNow deletes a secret without a recovery window. An absent secret is fine: AWS does not tell. The name is free again
// a little later (awsclient.IsNameHeld).
func (c *Client) DeleteSecretNow(ctx context.Context, id string) error {
	_, err := c.api.DeleteSecretWithContext(ctx, &awssm.DeleteSecretInput{
		SecretId:                   &id,
		ForceDeleteWithoutRecovery: aws.Bool(true),
	})
	return awsclient.Translate(err)
}

// DeleteSecret schedules a secret for deletion after a window of 7 to 30 days, in which it can be restored. NotFound if it is absent.
func (c *Client) DeleteSecret(ctx context.Context, id string, days int64) (*awssm.DeleteSecretOutput, error) {
	out, err := c.api.DeleteSecretWithContext(ctx, &awssm.DeleteSecretInput{SecretId: &id, RecoveryWindowInDays: &days})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	return out, nil
}

// ListSecrets gives the secrets that have a tag whose value begins with value, all pages: Secrets Manager's filters match keys and values
// apart, and by their beginning.
func (c *Client) ListSecrets(ctx context.Context, value string) ([]*awssm.SecretListEntry, error) {
	in := &awssm.ListSecretsInput{MaxResults: aws.Int64(100), Filters: []*awssm.Filter{
		{Key: aws.String(awssm.FilterNameStringTypeTagValue), Values: []*string{&value}},
	}}
	var found []*awssm.SecretListEntry
	err := c.api.ListSecretsPagesWithContext(ctx, in, func(out *awssm.ListSecretsOutput, _ bool) bool {
		for _, secret := range out.SecretList {
			if secret != nil {
				found = append(found, secret)
			}
		}
		return true
	})
	return found, awsclient.Translate(err)
}
