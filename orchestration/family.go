package orchestration

import (
	"context"
	"slices"
	"sort"
	"strings"
	"sync"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

const kindFamily = "task definition family"

// holdFamily begins the name of a hold of a family.
const holdFamily = "task definition "

// managedFamilies gives the families of managed task definitions in a space. The tagging API shows what is gone for hours, so each is
// confirmed. Without a space it is asked of all, and of what belongs to none.
func (a *Account) managedFamilies(ctx context.Context, cluster string) ([]string, error) {
	listed, err := a.taggedFamilies(ctx, cluster)
	if err != nil {
		return nil, err
	}
	newest, err := a.revisions(ctx, listed)
	if err != nil {
		return nil, err
	}
	var families []string
	for _, r := range newest {
		active, here := aws.StringValue(r.Status) == awsecs.TaskDefinitionStatusActive, cluster == "" || r.tags[common.TagSpace] == cluster
		if active && here && a.owns(r.tags) && r.tags[common.TagFlavor] == flavorTask {
			families = append(families, aws.StringValue(r.Family))
		}
	}
	return families, nil
}

// taggedFamilies gives the families of the org's managed task definitions in a space, or in any, as the tagging API knows them, each once and in
// order. It is not asked for the org: which of two tags says that depends on a definition's age.
func (a *Account) taggedFamilies(ctx context.Context, cluster string) ([]string, error) {
	tags := map[string]string{common.TagFlavor: flavorTask}
	if cluster != "" {
		tags[common.TagSpace] = cluster
	}
	listed, err := a.tagging.Resources(ctx, []string{"ecs:task-definition"}, tags)
	families := map[string]bool{}
	for _, one := range listed {
		if a.owns(fromTaggingTags(one.Tags)) {
			families[familyOf(aws.StringValue(one.ResourceARN))] = true
		}
	}
	return sortedKeys(families), err
}

// familyOf gives the family of a task definition's ARN, or of family:revision.
func familyOf(ref string) string {
	family, _, _ := strings.Cut(last(ref), ":")
	return family
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// releaseFamily removes the revisions of a family that belong to a space, and their secrets, where no service or running task uses them.
// Secrets go between deregistering and deleting: a process that dies in between finds them through the revisions again.
func (a *Account) releaseFamily(ctx context.Context, r plan.Resource) (found bool, err error) {
	// A create that registers in the family holds it until its service stands and names its revision.
	hold, err := a.locks.wait(ctx, holdFamily+r.Key)
	if err != nil {
		return false, err
	}
	defer a.locks.end(hold)
	revisions, err := a.spaceRevisions(ctx, r)
	if err != nil || len(revisions) == 0 {
		return false, err
	}
	used, err := a.inUse(ctx, r.Space)
	if err != nil {
		return true, err
	}
	var unused []*revision
	for _, candidate := range revisions {
		if !used[aws.StringValue(candidate.TaskDefinitionArn)] {
			unused = append(unused, candidate)
		}
	}
	named, err := a.secretsOf(ctx, unused)
	if err != nil {
		return true, err
	}
	if err := a.deregister(ctx, unused); err != nil {
		return true, err
	}
	// After deregistering, so that a managed definition that goes does not count as needing its own.
	needed, err := a.neededSecrets(ctx, r.Space)
	if err != nil {
		return true, err
	}
	if err := a.releaseSecrets(ctx, r, named, needed); err != nil {
		return true, err
	}
	return true, a.deleteRevisions(ctx, unused)
}

// spaceRevisions gives the revisions of a family that are ours and the space's, the deregistered ones too.
func (a *Account) spaceRevisions(ctx context.Context, r plan.Resource) ([]*revision, error) {
	names, err := a.revisionNames(ctx, r.Key)
	if err != nil {
		return nil, err
	}
	all, err := a.revisions(ctx, names)
	if err != nil {
		return nil, err
	}
	var ours []*revision
	for _, candidate := range all {
		if a.carries(candidate.tags, r) && candidate.tags[common.TagSpace] == r.Space {
			ours = append(ours, candidate)
		}
	}
	return ours, nil
}

// revisionNames gives the ARNs of the revisions of a family, the active ones first.
func (a *Account) revisionNames(ctx context.Context, family string) ([]string, error) {
	statuses := []string{awsecs.TaskDefinitionStatusActive, awsecs.TaskDefinitionStatusInactive}
	listed := make([][]string, len(statuses))
	var reads []func(context.Context) error
	for i, status := range statuses {
		reads = append(reads, func(ctx context.Context) (err error) {
			listed[i], err = a.ecs.ListTaskDefinitions(ctx, family, status)
			return err
		})
	}
	err := look(ctx, reads...)
	return slices.Concat(listed...), err
}

// inUse gives the task definitions that services and tasks of a cluster name, by ARN. Without a cluster it is asked of all: what belongs to no
// space may be used in any.
func (a *Account) inUse(ctx context.Context, cluster string) (map[string]bool, error) {
	uses, err := a.uses(ctx, cluster)
	used := map[string]bool{}
	for definition := range uses {
		used[definition] = true
	}
	return used, err
}

// uses says of the task definitions in use in a cluster, by ARN, how they are: a service stands on one, tasks and deployments pass. Without a cluster it is asked
// of all.
func (a *Account) uses(ctx context.Context, cluster string) (map[string]need, error) {
	if cluster == "" {
		return a.usesEverywhere(ctx)
	}
	var services []*awsecs.Service
	var tasks []*awsecs.Task
	err := look(ctx,
		func(ctx context.Context) (err error) {
			services, err = a.services(ctx, cluster)
			return err
		},
		func(ctx context.Context) error {
			names, err := a.ecs.ListTasks(ctx, &awsecs.ListTasksInput{Cluster: aws.String(cluster)})
			if err != nil || len(names) == 0 {
				return absent(err)
			}
			tasks, err = a.ecs.DescribeTasks(ctx, cluster, names)
			return absent(err)
		},
	)
	used := map[string]need{}
	for _, task := range tasks {
		used[aws.StringValue(task.TaskDefinitionArn)] = passing
	}
	for _, service := range services {
		for _, deployment := range service.Deployments {
			used[aws.StringValue(deployment.TaskDefinition)] = passing
		}
	}
	for _, service := range services {
		used[aws.StringValue(service.TaskDefinition)] = lasting
	}
	delete(used, "")
	return used, err
}

func (a *Account) usesEverywhere(ctx context.Context) (map[string]need, error) {
	var mu sync.Mutex
	used := map[string]need{}
	err := a.everywhere(ctx, func(ctx context.Context, cluster string) error {
		there, err := a.uses(ctx, cluster)
		mu.Lock()
		defer mu.Unlock()
		for definition, by := range there {
			if used[definition] != lasting { // what is both lasts
				used[definition] = by
			}
		}
		return err
	})
	return used, err
}

// secretsOf gives the names of the secrets that revisions name, whether by name or by ARN, by ARN. Those that are gone are left out.
func (a *Account) secretsOf(ctx context.Context, revisions []*revision) (map[string]string, error) {
	var secrets []string
	for _, r := range revisions {
		for _, secret := range secretsIn(r.TaskDefinition) {
			once(&secrets, secret)
		}
	}
	named := map[string]string{}
	var mu sync.Mutex
	var reads []func(context.Context) error
	for _, secret := range secrets {
		reads = append(reads, func(ctx context.Context) error {
			found, err := a.secrets.Secret(ctx, secret)
			if err != nil {
				return absent(err)
			}
			mu.Lock()
			defer mu.Unlock()
			named[aws.StringValue(found.ARN)] = aws.StringValue(found.Name)
			return nil
		})
	}
	err := look(ctx, reads...)
	return named, err
}

// releaseSecrets deletes the secrets of a space that nothing needs any more. Those that lie elsewhere are not the space's to delete.
func (a *Account) releaseSecrets(ctx context.Context, r plan.Resource, secrets map[string]string, needed map[string]need) error {
	var calls []func(context.Context) error
	for arn, name := range secrets {
		if needed[arn] != "" || !strings.HasPrefix(name, secretPath(a.Org, r.Space)) {
			continue
		}
		calls = append(calls, func(ctx context.Context) error {
			_, err := a.releaseSecret(ctx, plan.Resource{Account: r.Account, Kind: kindSecret, Space: r.Space, Key: name})
			return err
		})
	}
	return look(ctx, calls...)
}
