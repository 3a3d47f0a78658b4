package orchestration

import (
	"context"
	"strings"

	"ecs-api/common"
	"ecs-api/common/awsclient"
	"ecs-api/ecs"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
)

// change is what an update does before it moves a service: secrets, a new definition, tags.
type change struct {
	credentials map[string]plan.Handle[*Credential]
	definition  *plan.Handle[*awsecs.TaskDefinition] // nil where the active one does
	retired     map[string]bool                      // secrets that go, by ARN, and those that are made, by name: they go again if what names them is rolled back
}

// changeNodes changes secrets, definition and tags.
func (op *operation) changeNodes(p *plan.Plan, in *UpdateServiceInput, facts updateFacts, asked common.Tags) (c change) {
	tags := facts.inherited.Merge(asked, op.owned(facts.flavor()))
	if facts.definition != nil {
		var again bool
		c.credentials, c.retired, again = op.credentialNodes(p, in, facts, tags)
		if again || in.TaskDefinition != nil {
			own := tags.Merge(fromECSTags(facts.definition.Tags), op.owned(facts.flavor()))
			registered, _ := op.definitionNodes(p, facts.ground, facts.account, facts.definition, c.credentials, tags, own, facts.newer(in)...)
			c.definition = &registered
		}
	}
	if len(asked) > 0 {
		op.tagNodes(p, facts, asked, c.definition == nil)
	}
	return c
}

// newer are the members of the active definition that a copy of it must not lose. A definition that is given replaces all of them.
func (facts updateFacts) newer(in *UpdateServiceInput) []ecs.Member {
	if in.TaskDefinition != nil {
		return nil
	}
	return facts.active.newer
}

// flavor is what an update leaves as it is: a service's, or a managed task definition's.
func (facts updateFacts) flavor() string {
	if flavor := facts.inherited[common.TagFlavor]; flavor != "" {
		return flavor
	}
	return flavorService
}

// credentialNodes makes, overwrites or moves the secrets of the containers. It gives their handles by container, the secrets that go, and
// whether the definition has to name others than the active one does.
func (op *operation) credentialNodes(
	p *plan.Plan,
	in *UpdateServiceInput,
	facts updateFacts,
	tags common.Tags,
) (handles map[string]plan.Handle[*Credential], retired map[string]bool, again bool) {
	a := op.account
	handles, retired = map[string]plan.Handle[*Credential]{}, map[string]bool{}
	changes := facts.changes(in)
	for _, container := range sortedKeys(changes) {
		change := changes[container]
		if change.retire != "" {
			retired[change.retire], again = true, true
		}
		secret := facts.secrets[change.secret]
		switch {
		case change.use == useNew:
			made := in.secret(a, container, facts.definition, tags)
			handles[container], again = op.secretNode(p, container, made, nil), true
			retired[aws.StringValue(made.Name)] = true
		case secret != nil && !strings.HasPrefix(aws.StringValue(secret.Name), secretPath(a.Org, op.record.Cluster)):
			made := in.secret(a, container, facts.definition, tags)
			var complete func(context.Context, *awssecrets.CreateSecretInput) error
			if made.SecretString == nil && made.SecretBinary == nil {
				complete = a.valueOf(aws.StringValue(secret.ARN))
			}
			handles[container], again = op.secretNode(p, container, made, complete), true
			retired[aws.StringValue(secret.ARN)] = true
		case change.use == useOverwrite:
			handles[container] = op.secretValueNode(p, container, secret, in.Credentials[container])
		}
	}
	return handles, retired, again
}

// definitionNodes brings role and log group up to date and registers a revision that stands on them. Made says that the role is new.
func (op *operation) definitionNodes(p *plan.Plan, ground groundFacts, account awsclient.Account, asked *awsecs.RegisterTaskDefinitionInput,
	credentials map[string]plan.Handle[*Credential], groundTags, tags common.Tags, newer ...ecs.Member,
) (definition plan.Handle[*awsecs.TaskDefinition], made bool) {
	policy := rolePolicy(account, op.account.Org, op.record.Cluster, op.account.KmsKeyID)
	role, made := op.groundNodes(p, ground, policy, groundTags)
	return op.taskDefinitionNode(p, asked, account.Region, role, made, credentials, tags, newer...), made
}

// tagNodes gives the tags to every part: service, cluster, role, log group, secrets, and the active definition if no new one has them.
func (op *operation) tagNodes(p *plan.Plan, facts updateFacts, asked common.Tags, definition bool) {
	named := func(kind, key, id string) plan.Resource {
		r := op.resource(kind, key)
		r.ID = id
		return r
	}
	cluster := op.record.Cluster
	if facts.service != nil {
		op.tagsNode(
			p,
			named(kindService, aws.StringValue(facts.service.ServiceName), aws.StringValue(facts.service.ServiceArn)),
			false,
			facts.inherited,
			asked,
		)
	}
	op.tagsNode(p, named(kindCluster, cluster, aws.StringValue(facts.cluster.ClusterArn)), true, fromECSTags(facts.cluster.Tags), asked)
	if facts.ground.role != nil {
		op.tagsNode(p, named(kindRole, roleName(cluster), roleName(cluster)), true, fromIAMTags(facts.ground.role.Tags), asked)
	}
	if facts.ground.logGroup {
		op.tagsNode(p, named(kindLogGroup, cluster, logGroupARN(facts.account, cluster)), true, facts.groupTags, asked)
	}
	for _, reference := range sortedKeys(facts.secrets) {
		if secret := facts.secrets[reference]; secret != nil {
			op.tagsNode(p, named(kindSecret, aws.StringValue(secret.Name), aws.StringValue(secret.ARN)), false, fromSecretTags(secret.Tags), asked)
		}
	}
	if definition && op.account.owns(facts.active.tags) {
		arn := aws.StringValue(facts.active.TaskDefinitionArn)
		op.tagsNode(p, named(kindTaskDefinition, last(arn), arn), false, facts.active.tags, asked)
	}
}

// retireReplaced notes what goes once the new deployment stands: secrets that no definition in use names, and revisions beyond the newest.
func (op *operation) retireReplaced(p *plan.Plan, in *UpdateServiceInput, facts updateFacts, c change) {
	part := func(kind, key string) plan.Resource {
		return plan.Resource{Account: op.account.Name, Kind: kind, Space: op.record.Cluster, Key: key, ID: in.name()}
	}
	for _, secret := range sortedKeys(c.retired) {
		p.Retire(part(kindReplacedSecret, secret))
	}
	if c.definition != nil {
		p.Retire(part(kindSurplus, aws.StringValue(facts.definition.Family)))
	}
}
