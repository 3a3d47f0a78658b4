package orchestration

import (
	"context"
	"strings"
	"sync"

	"ecs-api/common"
	"ecs-api/common/awsclient"
	"ecs-api/ecs"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awsiam "github.com/aws/aws-sdk-go/service/iam"
)

const kindTaskDefinition = "task definition"

// revision is a task definition with its tags.
type revision struct {
	*awsecs.TaskDefinition
	tags  common.Tags
	newer []ecs.Member // what the struct has no place for
}

// revision gives a task definition by family, family:revision or ARN. NotFound if it is absent.
func (a *Account) revision(ctx context.Context, ref string) (*revision, error) {
	definition, tags, newer, err := a.ecs.TaskDefinition(ctx, ref)
	if err != nil {
		return nil, notThere("task definition", ref, err)
	}
	a.named.learn(definition)
	return &revision{definition, fromECSTags(tags), newer}, nil
}

// askedRevision is revision for what a request names: NotFound also for an ARN of another account or region.
func (a *Account) askedRevision(ctx context.Context, ref string) (*revision, error) {
	if strings.HasPrefix(ref, "arn:") {
		if err := a.here(ctx, ref); err != nil {
			return nil, err
		}
	}
	return a.revision(ctx, ref)
}

// mayUse gives NotFound if the definition, by the name that was asked for, is another org's, and Conflict if it is another space's.
func (a *Account) mayUse(r *revision, ref, cluster string) error {
	if a.allows(aws.StringValue(r.TaskDefinitionArn)) {
		return nil
	}
	return a.belongs(r, ref, cluster)
}

// belongs is mayUse for a family that is written to: no configuration allows another's.
func (a *Account) belongs(r *revision, ref, cluster string) error {
	if !a.owns(r.tags) {
		return notOurs("task definition", ref)
	}
	space := r.tags[common.TagSpace]
	if space == "" { // as older ones say none
		space = a.spaceOfRole(r.ExecutionRoleArn, r.TaskRoleArn)
	}
	if space != "" && space != cluster {
		return common.Newf(common.Conflict, "task definition %s belongs to the space %s", aws.StringValue(r.Family), space)
	}
	return nil
}

// freeFamily gives NotFound or Conflict if the family's newest revision is another org's or another space's, and Conflict if it is of another
// flavor: a service's family and a managed one go each their own way.
func (a *Account) freeFamily(ctx context.Context, family, cluster, flavor string) error {
	newest, err := a.revision(ctx, family)
	if err != nil {
		return absent(err)
	}
	if err := a.belongs(newest, family, cluster); err != nil {
		return err
	}
	if has := newest.tags[common.TagFlavor]; has != "" && has != flavor {
		return common.Newf(common.Conflict, "task definition %s is there for a %s, not for a %s", family, has, flavor)
	}
	return nil
}

// buildTaskDefinition completes what was asked: for Fargate with awsvpc, the space's role for both, its log group for every container, and
// the secrets by container.
func buildTaskDefinition(
	asked *awsecs.RegisterTaskDefinitionInput,
	cluster, region, role string,
	credentials map[string]string,
	tags common.Tags,
) *awsecs.RegisterTaskDefinitionInput {
	in := buildBare(asked, tags)
	if aws.StringValue(in.ExecutionRoleArn) == "" {
		in.ExecutionRoleArn = aws.String(role)
	}
	if aws.StringValue(in.TaskRoleArn) == "" {
		in.TaskRoleArn = aws.String(role)
	}
	in.ContainerDefinitions = make([]*awsecs.ContainerDefinition, len(asked.ContainerDefinitions))
	for i, container := range asked.ContainerDefinitions {
		completed := *container
		completed.LogConfiguration = buildLogConfiguration(container.LogConfiguration, cluster, region, aws.StringValue(in.Family))
		if secret, ok := credentials[aws.StringValue(container.Name)]; ok {
			completed.RepositoryCredentials = &awsecs.RepositoryCredentials{CredentialsParameter: aws.String(secret)}
		}
		in.ContainerDefinitions[i] = &completed
	}
	return in
}

// buildBare completes a definition that stands on nothing: for Fargate with awsvpc.
func buildBare(asked *awsecs.RegisterTaskDefinitionInput, tags common.Tags) *awsecs.RegisterTaskDefinitionInput {
	in := *asked
	in.NetworkMode = aws.String(awsecs.NetworkModeAwsvpc)
	if len(in.RequiresCompatibilities) == 0 {
		in.RequiresCompatibilities = aws.StringSlice([]string{awsecs.CompatibilityFargate})
	}
	in.Tags = ecsTags(tags)
	return &in
}

// taskDefinitionNode registers a revision, with the newer members of the one that it is a copy of. A role that this operation made is waited for until ECS
// sees it.
func (op *operation) taskDefinitionNode(
	p *plan.Plan,
	asked *awsecs.RegisterTaskDefinitionInput,
	region string,
	role plan.Handle[*awsiam.Role],
	roleMade bool,
	credentials map[string]plan.Handle[*Credential],
	tags common.Tags,
	newer ...ecs.Member,
) plan.Handle[*awsecs.TaskDefinition] {
	needs := []plan.Dependency{role}
	for _, container := range sortedKeys(credentials) {
		needs = append(needs, credentials[container])
	}
	build := func(inputs plan.Inputs) *awsecs.RegisterTaskDefinitionInput {
		secrets := map[string]string{}
		for container, handle := range credentials {
			secrets[container] = aws.StringValue(handle.From(inputs).ARN)
		}
		return buildTaskDefinition(asked, op.record.Cluster, region, aws.StringValue(role.From(inputs).Arn), secrets, tags)
	}
	return op.registrationNode(p, registration{family: aws.StringValue(asked.Family), needs: needs, build: build, roleMade: roleMade, newer: newer})
}

// registration is a revision that is to be registered.
type registration struct {
	family   string
	needs    []plan.Dependency
	build    func(plan.Inputs) *awsecs.RegisterTaskDefinitionInput
	roleMade bool         // a role of it was made a moment ago
	newer    []ecs.Member // what the struct has no place for
}

func (op *operation) registrationNode(p *plan.Plan, r registration) plan.Handle[*awsecs.TaskDefinition] {
	a, resource := op.account, op.resource(kindTaskDefinition, r.family)
	return plan.Add(p, plan.Node[*awsecs.TaskDefinition]{
		Name:   "task definition",
		Needs:  r.needs,
		Effect: plan.Effect{Change: plan.Made, Resource: resource},
		ID:     func(d *awsecs.TaskDefinition) string { return aws.StringValue(d.TaskDefinitionArn) },
		Call: func(ctx context.Context, inputs plan.Inputs) (definition *awsecs.TaskDefinition, err error) {
			in := r.build(inputs)
			err = again(inputs, visible, roleInvisible(r.roleMade), func() (err error) {
				definition, err = a.ecs.RegisterTaskDefinition(ctx, in, r.newer...)
				return err
			})
			a.named.learn(definition)
			return definition, err
		},
		Settle: func(ctx context.Context, _ plan.Inputs) (*awsecs.TaskDefinition, bool, error) {
			marked, err := a.marked(ctx, resource)
			if err != nil || len(marked) == 0 {
				return nil, false, err
			}
			return marked[0].TaskDefinition, true, nil
		},
	})
}

// roleInvisible is what is worth another attempt where the role was made a moment ago.
func roleInvisible(made bool) func(error) bool {
	return func(err error) bool { return made && awsclient.IsRoleNotVisible(err) }
}

// markedPage is how many revisions are read at a time when those of an operation are looked for.
const markedPage = 10

// marked gives the revisions of a family that carry r's mark, newest first. An operation registers at the end of its family, so the walk
// ends at the first page without one.
func (a *Account) marked(ctx context.Context, r plan.Resource) ([]*revision, error) {
	var found []*revision
	for _, status := range []string{awsecs.TaskDefinitionStatusActive, awsecs.TaskDefinitionStatusInactive} {
		names, err := a.ecs.ListTaskDefinitions(ctx, r.Key, status)
		if err != nil {
			return nil, err
		}
		for len(names) > 0 {
			page := names[:min(markedPage, len(names))]
			names = names[len(page):]
			read, err := a.revisions(ctx, page)
			if err != nil {
				return nil, err
			}
			before := len(found)
			for _, candidate := range read {
				if candidate.tags[common.TagOperation] == r.Mark {
					found = append(found, candidate)
				}
			}
			if len(found) == before {
				break
			}
		}
	}
	return found, nil
}

// revisions reads the named task definitions, in their order; those that are gone are left out.
func (a *Account) revisions(ctx context.Context, names []string) ([]*revision, error) {
	read := make([]*revision, len(names))
	var mu sync.Mutex
	var reads []func(context.Context) error
	for i, name := range names {
		reads = append(reads, func(ctx context.Context) error {
			found, err := a.revision(ctx, name)
			mu.Lock()
			defer mu.Unlock()
			read[i] = found
			return absent(err)
		})
	}
	if err := look(ctx, reads...); err != nil {
		return nil, err
	}
	var found []*revision
	for _, one := range read {
		if one != nil {
			found = append(found, one)
		}
	}
	return found, nil
}

// releaseTaskDefinition removes every revision that carries the mark: RegisterTaskDefinition has no token, so there may be more than one.
func (a *Account) releaseTaskDefinition(ctx context.Context, r plan.Resource) (found bool, err error) {
	marked, err := a.marked(ctx, r)
	if err != nil {
		return false, err
	}
	if len(marked) == 0 {
		return false, nil
	}
	used, err := a.inUse(ctx, r.Space)
	if err != nil {
		return true, err
	}
	for _, one := range marked {
		if used[aws.StringValue(one.TaskDefinitionArn)] {
			return true, &plan.KeptError{Reason: "a service or a task is on it"}
		}
	}
	if err := a.deregister(ctx, marked); err != nil {
		return true, err
	}
	return len(marked) > 0, a.deleteRevisions(ctx, marked)
}

// deregister deregisters the revisions that are active.
func (a *Account) deregister(ctx context.Context, revisions []*revision) error {
	var calls []func(context.Context) error
	for _, r := range revisions {
		if aws.StringValue(r.Status) == awsecs.TaskDefinitionStatusActive {
			calls = append(calls, func(ctx context.Context) error {
				return absent(a.ecs.DeregisterTaskDefinition(ctx, aws.StringValue(r.TaskDefinitionArn)))
			})
		}
	}
	return look(ctx, calls...)
}

// deleteRevisions deletes revisions that are deregistered.
func (a *Account) deleteRevisions(ctx context.Context, revisions []*revision) error {
	var names []string
	for _, r := range revisions {
		names = append(names, aws.StringValue(r.TaskDefinitionArn))
	}
	if len(names) == 0 {
		return nil
	}
	return a.ecs.DeleteTaskDefinitions(ctx, names)
}
