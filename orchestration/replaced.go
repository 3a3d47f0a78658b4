package orchestration

import (
	"context"
	"time"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

const (
	kindReplacedSecret = "replaced secret"
	kindSurplus        = "superseded revisions"
	// keptRevisions is how many of the newest revisions of a family stay, whether or not anything uses them.
	keptRevisions = 10
)

// releaseReplacedSecret deletes a secret that an update has replaced, once the deployment that replaced it has ended and no definition in
// use names it. Key is its ARN, ID the service, or "" for a managed task definition, which nothing deploys.
func (a *Account) releaseReplacedSecret(ctx context.Context, r plan.Resource) (found bool, err error) {
	if r.ID != "" {
		if err := a.deployed(ctx, r.Space, r.ID); err != nil {
			return false, err
		}
		hold, err := a.locks.wait(ctx, "service "+r.Space+"/"+r.ID)
		if err != nil {
			return false, err
		}
		defer a.locks.end(hold)
	}
	secret, err := a.secrets.Secret(ctx, r.Key)
	if err != nil {
		return false, absent(err)
	}
	if !a.owns(fromSecretTags(secret.Tags)) || !inSpace(aws.StringValue(secret.Name), a.Org, r.Space) {
		return false, nil
	}
	used, err := a.inUse(ctx, r.Space)
	if err != nil {
		return true, err
	}
	definitions, err := a.revisions(ctx, sortedKeys(used))
	if err != nil {
		return true, err
	}
	needed, err := a.secretsOf(ctx, definitions)
	if err != nil {
		return true, err
	}
	if needed[aws.StringValue(secret.ARN)] != "" {
		return true, &plan.KeptError{Reason: "a definition in use names it"}
	}
	return true, absent(a.secrets.DeleteSecretNow(ctx, aws.StringValue(secret.ARN)))
}

// deployed waits until the service has one deployment, and that is over, or the service is gone.
func (a *Account) deployed(ctx context.Context, cluster, name string) error {
	return until(ctx, func(d time.Duration) error { return sleep(ctx, d) }, func(ctx context.Context) (bool, error) {
		service, err := a.ecs.Service(ctx, cluster, name)
		if common.KindOf(err) == common.NotFound && err != nil {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		return len(service.Deployments) == 1 && over(service.Deployments[0]), nil
	})
}

// over says whether a deployment has ended. One without a rollout state, as other controllers have, is over when it runs.
func over(d *awsecs.Deployment) bool {
	switch aws.StringValue(d.RolloutState) {
	case awsecs.DeploymentRolloutStateCompleted, awsecs.DeploymentRolloutStateFailed:
		return true
	case "":
		return aws.Int64Value(d.RunningCount) == aws.Int64Value(d.DesiredCount)
	}
	return false
}

// releaseSurplus removes the revisions of a family in a space beyond the newest ones, where nothing uses them. Key is the family.
func (a *Account) releaseSurplus(ctx context.Context, r plan.Resource) (found bool, err error) {
	hold, err := a.locks.wait(ctx, "task definition "+r.Key)
	if err != nil {
		return false, err
	}
	defer a.locks.end(hold)
	names, err := a.ecs.ListTaskDefinitions(ctx, r.Key, awsecs.TaskDefinitionStatusActive)
	if err != nil || len(names) <= keptRevisions {
		return false, err
	}
	used, err := a.inUse(ctx, r.Space)
	if err != nil {
		return false, err
	}
	older, err := a.revisions(ctx, names[keptRevisions:])
	if err != nil {
		return false, err
	}
	var surplus []*revision
	for _, candidate := range older {
		if a.owns(candidate.tags) && candidate.tags[common.TagSpace] == r.Space && !used[aws.StringValue(candidate.TaskDefinitionArn)] {
			surplus = append(surplus, candidate)
		}
	}
	if err := a.deregister(ctx, surplus); err != nil {
		return true, err
	}
	return len(surplus) > 0, a.deleteRevisions(ctx, surplus)
}
