package orchestration

import (
	"context"
	"slices"
	"strings"
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
	name, arn := aws.StringValue(secret.Name), aws.StringValue(secret.ARN)
	if !a.owns(fromSecretTags(secret.Tags)) || !inSpace(name, a.Org, r.Space) {
		return false, nil
	}
	space := r.Space
	if !strings.HasPrefix(name, secretPath(a.Org, r.Space)) {
		if a.allows(arn) {
			return true, &plan.KeptError{Reason: "the configuration allows it to others"}
		}
		space = "" // any may use it
	}
	needed, err := a.neededSecrets(ctx, space)
	if err != nil {
		return true, err
	}
	switch needed[arn] {
	case lasting:
		return true, &plan.KeptError{Reason: "a definition in use names it"}
	case passing:
		return true, &plan.KeptError{Reason: "a task or a deployment is still on a definition that names it", Passing: true}
	}
	return true, absent(a.secrets.DeleteSecretNow(ctx, arn))
}

// need says for how long something is needed.
type need string

const (
	lasting need = "lasting" // as long as the services and the managed task definitions are as they are
	passing need = "passing" // by tasks and deployments that come to an end
)

// neededSecrets gives the secrets that are named by the definitions of services and tasks, and by the newest revision of each managed task definition, of a space,
// by ARN. Without a space it is asked of all of the org.
func (a *Account) neededSecrets(ctx context.Context, space string) (map[string]need, error) {
	definitions, err := a.uses(ctx, space)
	if err != nil {
		return nil, err
	}
	managed, err := a.managedFamilies(ctx, space)
	if err != nil {
		return nil, err
	}
	for _, family := range managed {
		definitions[family] = lasting
	}
	needed := map[string]need{}
	for _, by := range []need{passing, lasting} { // what is both lasts
		named := slices.DeleteFunc(sortedKeys(definitions), func(definition string) bool { return definitions[definition] != by })
		revisions, err := a.revisions(ctx, named)
		if err != nil {
			return nil, err
		}
		secrets, err := a.secretsOf(ctx, revisions)
		if err != nil {
			return nil, err
		}
		for arn := range secrets {
			needed[arn] = by
		}
	}
	return needed, nil
}

// deployed waits until the service has one deployment, and that is over, or the service is gone. A *plan.KeptError if the account is closing
// and another process will wait for it. Where no journal outlives this one nobody would, so it goes on as long as it may.
func (a *Account) deployed(ctx context.Context, cluster, name string) error {
	pause := func(d time.Duration) error { return sleep(ctx, d) }
	if a.Durable {
		pause = func(d time.Duration) error {
			if sleep(a.watching, d) != nil {
				return &plan.KeptError{Reason: "the deployment that replaces it goes on", Passing: true}
			}
			return nil
		}
	}
	return until(ctx, pause, func(ctx context.Context) (bool, error) {
		service, err := a.ecs.Service(ctx, cluster, name)
		if common.KindOf(err) == common.NotFound && err != nil {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		for _, deployment := range service.Deployments {
			// A failed one that is not rolled back keeps the old one beside it.
			if aws.StringValue(deployment.Status) == "PRIMARY" && aws.StringValue(deployment.RolloutState) == awsecs.DeploymentRolloutStateFailed {
				return true, nil
			}
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
	hold, err := a.locks.wait(ctx, holdFamily+r.Key)
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
