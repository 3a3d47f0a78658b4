package orchestration

import (
	"context"
	"fmt"
	"strings"
	"time"

	"ecs-api/common"
	"ecs-api/common/awsclient"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
)

const kindSecret = "secret"

// Credential is a secret that a container's image is pulled with, without its value.
type Credential struct {
	ARN       *string
	Name      *string
	VersionId *string
}

// secretPath is where the secrets of a space lie: what its role may read.
func secretPath(org, cluster string) string { return fmt.Sprintf("spinup/%s/%s/", org, cluster) }

// buildSecret completes the secret of a container: under the space's path, and encrypted with the account's default key. Without a name it
// is named for the family and the container.
func buildSecret(asked *awssecrets.CreateSecretInput, path, family, container, kmsKeyID string, tags common.Tags) *awssecrets.CreateSecretInput {
	in := *asked
	name := aws.StringValue(in.Name)
	if name == "" {
		name = family + "-" + container
	}
	in.Name = aws.String(path + name)
	if kmsKeyID != "" {
		in.KmsKeyId = aws.String(kmsKeyID)
	}
	in.Tags = secretTags(tags)
	return &in
}

// freeSecretName gives Conflict if the name is taken by a secret of ours, or is held for days by one that is scheduled for deletion, and
// NotFound if it is another org's.
func (a *Account) freeSecretName(ctx context.Context, name string) error {
	secret, err := a.secrets.Secret(ctx, name)
	if err != nil {
		return absent(err)
	}
	if !a.owns(fromSecretTags(secret.Tags)) {
		return notOurs("secret", name)
	}
	if secret.DeletedDate == nil {
		return common.Newf(common.Conflict, "the secret %s exists", name)
	}
	if time.Until(*secret.DeletedDate) > visible {
		return common.Newf(
			common.Conflict,
			"the secret %s is scheduled for deletion on %s and holds its name until then: deleted with window=0 it lets it go at once",
			name,
			secret.DeletedDate.Format(time.DateOnly),
		)
	}
	return nil
}

// secretNode makes the secret of a container, after complete, which may be nil, has read what it lacks. A name that a forced deletion still
// holds is waited for.
func (op *operation) secretNode(p *plan.Plan, container string, in *awssecrets.CreateSecretInput,
	complete func(context.Context, *awssecrets.CreateSecretInput) error) plan.Handle[*Credential] {
	a, name := op.account, aws.StringValue(in.Name)
	return plan.Add(p, plan.Node[*Credential]{
		Name:   "secret for " + container,
		Effect: plan.Effect{Change: plan.Made, Resource: op.resource(kindSecret, name)},
		ID:     func(c *Credential) string { return aws.StringValue(c.ARN) },
		Call: func(ctx context.Context, inputs plan.Inputs) (*Credential, error) {
			whole := *in
			whole.ClientRequestToken = aws.String(op.mark(name))
			if complete != nil {
				if err := complete(ctx, &whole); err != nil {
					return nil, err
				}
			}
			var made *awssecrets.CreateSecretOutput
			err := again(inputs, visible, awsclient.IsNameHeld, func() (err error) {
				made, err = a.secrets.CreateSecret(ctx, &whole)
				return a.heldForLong(ctx, name, err)
			})
			if err != nil {
				return nil, err
			}
			return &Credential{ARN: made.ARN, Name: made.Name, VersionId: made.VersionId}, nil
		},
	})
}

// heldForLong gives what is to be told in place of the error of a create whose name is held: that it is held for days is not worth a wait.
func (a *Account) heldForLong(ctx context.Context, name string, err error) error {
	if !awsclient.IsNameHeld(err) {
		return err
	}
	switch held := a.freeSecretName(ctx, name); common.KindOf(held) {
	case common.Conflict, common.NotFound:
		return held
	}
	return err
}

// releaseSecret deletes the secret at once, if it carries the mark.
func (a *Account) releaseSecret(ctx context.Context, r plan.Resource) (found bool, err error) {
	secret, err := a.secrets.Secret(ctx, r.Key)
	if err != nil {
		return false, absent(err)
	}
	if !a.carries(fromSecretTags(secret.Tags), r) {
		return false, nil
	}
	if r.Mark != "" && r.Space != "" {
		needed, err := a.neededSecrets(ctx, r.Space)
		if err != nil {
			return true, err
		}
		if needed[aws.StringValue(secret.ARN)] != "" {
			return true, &plan.KeptError{Reason: "a definition in use names it"}
		}
	}
	return true, absent(a.secrets.DeleteSecretNow(ctx, aws.StringValue(secret.ARN)))
}

// inSpace says whether a secret's name may be used in a space: it lies under its path, or outside any cluster's.
func inSpace(name, org, cluster string) bool {
	rest, ours := strings.CutPrefix(name, "spinup/"+org+"/")
	return !ours || !strings.Contains(rest, "/") || strings.HasPrefix(rest, cluster+"/")
}
