package orchestration

import (
	"context"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"ecs-api/common"
	"ecs-api/journal"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/arn"
	"github.com/pkg/errors"
)

// sweepEvery is how often the account is looked through for marks of operations that the journal does not know.
const sweepEvery = time.Hour

// sweptKey stands in the tally for what the last sweep found.
const sweptKey = "sweep"

// Leftover is something that stands and that no operation asked for, or that one could not release.
type Leftover struct {
	Resource  string `json:"resource"`
	ID        string `json:"id,omitempty"` // its ARN or name
	Operation string `json:"operation"`
	Reason    string `json:"reason"`
	kind      string
}

// leftIn gives the steps of an operation that could not be taken back or retired.
func leftIn(progress plan.Progress) []plan.Step {
	var left []plan.Step
	for _, steps := range [][]plan.Step{progress.Steps, progress.Retirements} {
		for _, step := range steps {
			if step.State == plan.Left {
				left = append(left, step)
			}
		}
	}
	return left
}

// permanent says whether what AWS answers to a release will not pass by itself.
func permanent(err error) bool {
	switch common.KindOf(err) {
	case common.Forbidden, common.Invalid, common.Internal:
		return true
	}
	return false
}

// tally keeps count of what is left, for the metric.
func (a *Account) tally(operation string, count int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.left[operation] == count && operation != sweptKey {
		return
	}
	a.left[operation] = count
	if count == 0 {
		delete(a.left, operation)
	}
	total := 0
	for _, n := range a.left {
		total += n
	}
	a.SetLeftovers(total)
}

// LeftoversInput has no members.
type LeftoversInput struct{}

// Leftovers gives what carries the mark of an operation that is unknown or was undone, and what an operation could not release, with the
// reason.
func (a *Account) Leftovers(ctx context.Context, _ *LeftoversInput) ([]Leftover, error) {
	operations, err := a.Journal.List(journal.Filter{Account: a.Name, Open: true})
	if err != nil {
		return nil, errors.Wrap(err, "the journal cannot be read")
	}
	found := []Leftover{}
	told := map[string]bool{} // what is left may carry the mark of its operation as well
	for _, op := range operations {
		for _, step := range leftIn(op.Progress) {
			r := step.Effect.Resource
			told[r.Kind+op.ID] = true
			found = append(found, Leftover{Resource: r.String(), ID: r.ID, Operation: op.ID, Reason: step.Reason})
		}
	}
	orphans, err := a.swept(ctx)
	for _, orphan := range orphans {
		if !told[orphan.kind+orphan.Operation] {
			found = append(found, orphan)
		}
	}
	return found, err
}

// Sweep looks for orphans now and every hour, until the account is closed, and tells the metric. It only reads.
func (a *Account) Sweep() error {
	return a.begin(func(context.Context) {
		for ctx := a.watching; ; {
			_, err := a.swept(ctx)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				a.Log.WithError(err).WithField("account", a.Name).Warn("sweep")
			}
			if sleep(ctx, sweepEvery) != nil {
				return
			}
		}
	})
}

// swept is sweep, shared by all who ask for it at the same time, and counted.
func (a *Account) swept(ctx context.Context) ([]Leftover, error) {
	return a.sweeping.ask(ctx, a.root, func(ctx context.Context) ([]Leftover, error) {
		orphans, err := a.sweep(ctx)
		if err == nil {
			a.tally(sweptKey, len(orphans))
		}
		return orphans, err
	})
}

// sweep gives what carries the mark of an operation that is unknown or was undone. Ground is left out where something lives on it.
func (a *Account) sweep(ctx context.Context) ([]Leftover, error) {
	candidates, err := a.candidates(ctx)
	if err != nil {
		return nil, err
	}
	if !a.Durable {
		candidates = unfinished(candidates)
	}
	var mu sync.Mutex
	orphans := []Leftover{}
	var reads []func(context.Context) error
	for _, candidate := range candidates {
		reads = append(reads, func(ctx context.Context) error {
			stands, err := a.stillMarked(ctx, candidate.Resource)
			if err != nil || !stands {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			orphans = append(orphans, Leftover{Resource: candidate.String(), ID: candidate.ID, Operation: candidate.Mark,
				Reason: a.whyOrphan(candidate.Mark), kind: candidate.Kind})
			return nil
		})
	}
	err = look(ctx, reads...)
	sort.Slice(orphans, func(i, j int) bool { return orphans[i].Resource < orphans[j].Resource })
	return orphans, err
}

// candidate is something that carries the mark of an operation that nobody asked for, as far as the journal knows.
type candidate struct {
	plan.Resource
	flavor string
}

// unfinished leaves out the operations whose service, managed task definition, or secret or registry of its own stands: without a journal that lasts, that is how
// one shows that it was not cut off. One that made a cluster and nothing else was asked for no more.
func unfinished(candidates []candidate) []candidate {
	finished, made := map[string]bool{}, map[string]int{}
	for _, c := range candidates {
		made[c.Mark]++
	}
	for _, c := range candidates {
		alone := (c.Kind == kindSecret || c.Kind == kindRegistry) && c.Space == "" || c.Kind == kindCluster && made[c.Mark] == 1
		if c.Kind == kindService || c.Kind == kindTaskDefinition && c.flavor == flavorTask || alone {
			finished[c.Mark] = true
		}
	}
	return slices.DeleteFunc(candidates, func(c candidate) bool { return finished[c.Mark] })
}

// whyOrphan says why nothing of an operation should stand; "" if it may.
func (a *Account) whyOrphan(operation string) string {
	op, ok := a.Journal.Get(operation)
	switch {
	case !ok && a.Journal.Knows(operation):
		return ""
	case !ok:
		return "its operation is not known"
	case op.State == journal.RolledBack:
		return "its operation was undone"
	}
	return ""
}

// candidates lists what carries such a mark, as the tagging API and IAM tell it. What older resources say whose they are with is not asked for: a mark comes with
// ours.
func (a *Account) candidates(ctx context.Context) ([]candidate, error) {
	var all []candidate
	var mu sync.Mutex
	add := func(found plan.Resource, tags common.Tags) {
		mu.Lock()
		defer mu.Unlock()
		found.Account, found.Space, found.Mark = a.Name, tags[common.TagSpace], tags[common.TagOperation]
		if found.Kind != "" && found.Mark != "" && a.owns(tags) && a.whyOrphan(found.Mark) != "" {
			all = append(all, candidate{found, tags[common.TagFlavor]})
		}
	}
	err := look(ctx,
		func(ctx context.Context) error {
			listed, err := a.tagging.Resources(ctx, sortedKeys(taggedKinds), map[string]string{common.TagOrg: a.Org})
			for _, one := range listed {
				add(resourceOf(aws.StringValue(one.ResourceARN)), fromTaggingTags(one.Tags))
			}
			return err
		},
		func(ctx context.Context) error {
			roles, err := a.iam.Roles(ctx, roleSuffix)
			for _, role := range roles {
				add(plan.Resource{Kind: kindRole, Key: aws.StringValue(role.RoleName), ID: aws.StringValue(role.Arn)}, fromIAMTags(role.Tags))
			}
			return err
		},
	)
	return all, err
}

// taggedKinds are the resource types that the tagging API is asked for, with what we call them.
var taggedKinds = map[string]string{
	"ecs:cluster":              kindCluster,
	"ecs:service":              kindService,
	"ecs:task-definition":      kindTaskDefinition,
	"logs:log-group":           kindLogGroup,
	"secretsmanager:secret":    kindSecret,
	"servicediscovery:service": kindRegistry,
}

// resourceOf names what an ARN names; without a kind for what we do not make.
func resourceOf(name string) plan.Resource {
	parsed, err := arn.Parse(name)
	if err != nil {
		return plan.Resource{}
	}
	kind, key, found := strings.Cut(parsed.Resource, "/")
	if parsed.Service == "logs" || parsed.Service == "secretsmanager" {
		kind, key, found = strings.Cut(parsed.Resource, ":")
	}
	if !found {
		return plan.Resource{}
	}
	return plan.Resource{Kind: taggedKinds[parsed.Service+":"+kind], Key: strings.TrimSuffix(key, ":*"), ID: name}
}

// stillMarked asks the owning service, since the tagging API shows for hours what is gone: whether the resource stands with its mark, and
// nothing lives on it or names it.
func (a *Account) stillMarked(ctx context.Context, r plan.Resource) (bool, error) {
	tags, err := a.tagsOf(ctx, r)
	if err != nil || tags[common.TagOperation] != r.Mark {
		return false, absent(err)
	}
	switch r.Kind {
	case kindTaskDefinition:
		used, err := a.inUse(ctx, r.Space)
		return err == nil && !used[r.ID], err
	case kindSecret:
		if r.Space == "" {
			return true, nil
		}
		needed, err := a.neededSecrets(ctx, r.Space)
		return err == nil && needed[r.ID] == "", err
	case kindService, kindRegistry:
		return true, nil
	}
	err = a.unused(ctx, r.Space)
	var kept *plan.KeptError
	if errors.As(err, &kept) {
		return false, nil
	}
	return err == nil, err
}

// tagsOf reads the tags of a resource from the service that owns it. NotFound if it is gone.
func (a *Account) tagsOf(ctx context.Context, r plan.Resource) (common.Tags, error) {
	switch r.Kind {
	case kindCluster:
		cluster, err := a.ecs.Cluster(ctx, r.Key)
		if err != nil {
			return nil, err
		}
		return fromECSTags(cluster.Tags), nil
	case kindService:
		cluster, name, found := strings.Cut(r.Key, "/") // as an ARN has it
		if !found {
			cluster, name = r.Space, r.Key
		}
		service, err := a.ecs.Service(ctx, cluster, name)
		if err != nil {
			return nil, err
		}
		return fromECSTags(service.Tags), nil
	case kindTaskDefinition:
		found, err := a.revision(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		return found.tags, nil
	case kindSecret:
		id := r.ID
		if id == "" {
			id = r.Key
		}
		secret, err := a.secrets.Secret(ctx, id)
		if err != nil {
			return nil, err
		}
		return fromSecretTags(secret.Tags), nil
	case kindRegistry:
		tags, err := a.discovery.Tags(ctx, r.ID)
		return fromDiscoveryTags(tags), err
	case kindLogGroup:
		return a.logGroupTags(ctx, r.Key)
	case kindParameter:
		tags, err := a.ssm.Tags(ctx, r.ID)
		return fromTags(tags, parameterTag), err
	case kindRole:
		role, err := a.iam.Role(ctx, r.Key)
		if err != nil {
			return nil, err
		}
		return fromIAMTags(role.Tags), nil
	}
	return nil, common.Newf(common.NotFound, "%s is not found", r)
}
