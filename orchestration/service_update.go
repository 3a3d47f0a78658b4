package orchestration

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"time"

	"ecs-api/common"
	"ecs-api/common/awsclient"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/arn"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
)

// UpdateServiceInput is what a service is changed to. Any part may be left out, but not all.
type UpdateServiceInput struct {
	Cluster            string                                   `json:"-" path:"cluster"`
	Name               string                                   `json:"-" path:"service"` // or Service.Service, where the path names none
	Service            *awsecs.UpdateServiceInput               `json:"Service"`
	TaskDefinition     *awsecs.RegisterTaskDefinitionInput      `json:"TaskDefinition"`
	Credentials        map[string]*awssecrets.CreateSecretInput `json:"Credentials"` // by container
	Tags               []*awsecs.Tag                            `json:"Tags"`
	ForceNewDeployment bool                                     `json:"ForceNewDeployment"`
	ForceRedeploy      bool                                     `json:"ForceRedeploy"` // a synonym
}

// UpdateServiceOutput is what stands now.
type UpdateServiceOutput struct {
	Orchestrated
	Cluster             *awsecs.Cluster
	Service             *awsecs.Service
	TaskDefinition      *awsecs.TaskDefinition
	Credentials         map[string]*Credential
	CloudwatchLogGroups []string // ARNs
	Tags                []*awsecs.Tag
}

// updateFacts are what an update has to know of what stands.
type updateFacts struct {
	account    awsclient.Account
	cluster    *awsecs.Cluster
	service    *awsecs.Service
	inherited  common.Tags // of the service, or of the managed task definition
	active     *revision   // nil where nothing of it is asked for
	ground     groundFacts
	groupTags  common.Tags                                 // of the space's log group
	secrets    map[string]*awssecrets.DescribeSecretOutput // by the name or ARN they are asked for by
	definition *awsecs.RegisterTaskDefinitionInput         // to be registered; nil for none
}

// UpdateService changes a service: its definition, credentials, tags, counts. The service moves last; until then a failure is undone. Invalid names every broken rule;
// NotFound for what is absent or another org's; Conflict while another operation holds the service, or if it is deployed in a way that this API would damage.
func (a *Account) UpdateService(ctx context.Context, in *UpdateServiceInput) (*UpdateServiceOutput, error) {
	if err := in.validate(a); err != nil {
		return nil, err
	}
	what := asked{verb: "UpdateService", cluster: in.Cluster, service: in.name(), request: in, loose: true, holds: []string{"service " + in.Cluster + "/" + in.name()}}
	if in.TaskDefinition != nil {
		what.holds = append(what.holds, "task definition "+aws.StringValue(in.TaskDefinition.Family))
	}
	return perform(ctx, a, what, func(ctx context.Context, op *operation) (prepared[*UpdateServiceOutput], error) {
		facts, err := a.lookUpdate(ctx, in)
		if err != nil {
			return prepared[*UpdateServiceOutput]{}, err
		}
		return op.buildUpdate(in, facts), nil
	})
}

func (in *UpdateServiceInput) name() string {
	if in.Name == "" && in.Service != nil {
		return aws.StringValue(in.Service.Service)
	}
	return in.Name
}

func (in *UpdateServiceInput) force() bool {
	return in.ForceNewDeployment || in.ForceRedeploy || in.Service != nil && aws.BoolValue(in.Service.ForceNewDeployment)
}

// registers says whether the update makes a new revision, as far as the request tells.
func (in *UpdateServiceInput) registers() bool {
	return in.TaskDefinition != nil || len(in.Credentials) > 0
}

// lookUpdate reads what decides anything: the service, then what runs, then the secrets that it names.
func (a *Account) lookUpdate(ctx context.Context, in *UpdateServiceInput) (facts updateFacts, err error) {
	if err := a.lookStanding(ctx, in, &facts); err != nil {
		return facts, err
	}
	facts.inherited = fromECSTags(facts.service.Tags)
	if in.registers() || len(in.Tags) > 0 {
		if facts.active, err = a.revision(ctx, aws.StringValue(facts.service.TaskDefinition)); err != nil {
			return facts, err
		}
	}
	if in.registers() {
		if facts.definition, err = in.definition(facts.active); err != nil {
			return facts, err
		}
	}
	if facts.active != nil {
		err = a.lookSecrets(ctx, in, &facts)
	}
	return facts, err
}

// lookStanding reads what the request itself names.
func (a *Account) lookStanding(ctx context.Context, in *UpdateServiceInput, facts *updateFacts) error {
	reads := []func(context.Context) error{
		func(ctx context.Context) (err error) {
			facts.account, err = a.Identity(ctx)
			return err
		},
		func(ctx context.Context) (err error) {
			facts.cluster, err = a.ourCluster(ctx, in.Cluster)
			return err
		},
	}
	if in.name() != "" {
		reads = append(reads, a.lookService(in, facts)...)
	}
	if in.registers() || len(in.Tags) > 0 {
		reads = append(reads, a.lookGround(in.Cluster, &facts.ground)...)
		reads = append(reads, func(ctx context.Context) (err error) {
			facts.groupTags, err = a.logGroupTags(ctx, in.Cluster)
			return absent(err)
		})
	}
	if in.TaskDefinition != nil {
		reads = append(reads, func(ctx context.Context) error {
			return a.freeFamily(ctx, aws.StringValue(in.TaskDefinition.Family), in.Cluster)
		})
		reads = append(reads, a.lookReferences(definitionReferences(in.TaskDefinition), in.Cluster)...)
	}
	if in.Service != nil && in.Service.TaskDefinition != nil {
		reads = append(reads, func(ctx context.Context) error {
			named, err := a.revision(ctx, aws.StringValue(in.Service.TaskDefinition))
			if err != nil {
				return err
			}
			return a.mayUse(named, in.Cluster)
		})
	}
	return look(ctx, reads...)
}

func (a *Account) lookService(in *UpdateServiceInput, facts *updateFacts) []func(context.Context) error {
	return []func(context.Context) error{
		func(ctx context.Context) (err error) {
			facts.service, err = a.ourService(ctx, in.Cluster, in.name())
			if err == nil && aws.StringValue(facts.service.Status) == statusDraining {
				return common.Newf(common.Conflict, "the service %s is being deleted", in.name())
			}
			return err
		},
		func(ctx context.Context) error { return a.mayManage(ctx, in.Cluster, in.name()) },
	}
}

// mayManage gives Conflict for a service that the SDK's structs cannot hold: an update through them could drop what they do not know.
func (a *Account) mayManage(ctx context.Context, cluster, service string) error {
	management, err := a.ecs.Management(ctx, cluster, service)
	switch {
	case common.KindOf(err) == common.NotFound && err != nil:
		return nil // the service's own read says so
	case err != nil:
		return err
	case management.Strategy != "" && management.Strategy != "ROLLING":
		return common.Newf(common.Conflict, "the service %s is deployed %s: this API changes rolling deployments only", service, management.Strategy)
	case management.Manager != "" && management.Manager != "CUSTOMER":
		return common.Newf(common.Conflict, "the service %s is managed by %s: change it there", service, management.Manager)
	}
	return nil
}

// definition is the revision to be registered: the one that is given, or the active one where only credentials are. Nil if the active one does.
func (in *UpdateServiceInput) definition(active *revision) (*awsecs.RegisterTaskDefinitionInput, error) {
	if in.TaskDefinition != nil {
		return in.TaskDefinition, nil
	}
	copied := &awsecs.RegisterTaskDefinitionInput{}
	if err := json.Unmarshal(raw(active.TaskDefinition), copied); err != nil {
		return nil, err
	}
	known := byName(copied.ContainerDefinitions)
	for _, name := range sortedKeys(in.Credentials) {
		if known[name] == nil {
			var v violations
			v.add("/Credentials/"+pointerToken(name), "no container has this name")
			return nil, common.InvalidInput(v)
		}
	}
	return copied, nil
}

// credentialOf gives the repository credentials that a container of a definition names, or "".
func credentialOf(containers []*awsecs.ContainerDefinition, name string) string {
	container := byName(containers)[name]
	if container == nil || container.RepositoryCredentials == nil {
		return ""
	}
	return aws.StringValue(container.RepositoryCredentials.CredentialsParameter)
}

// changes decides for every container, of the active definition and of the new one.
func (facts updateFacts) changes(in *UpdateServiceInput) map[string]credentialChange {
	changes := map[string]credentialChange{}
	next := facts.active.ContainerDefinitions
	if facts.definition != nil {
		next = facts.definition.ContainerDefinitions
	}
	for _, list := range [][]*awsecs.ContainerDefinition{facts.active.ContainerDefinitions, next} {
		for _, container := range list {
			name := aws.StringValue(container.Name)
			old, named := credentialOf(facts.active.ContainerDefinitions, name), credentialOf(next, name)
			changes[name] = changeCredential(old, named, in.Credentials[name] != nil)
		}
	}
	return changes
}

// lookSecrets reads the secrets that the containers will use, and the names of those to be made. NotFound for one that is absent, another org's or another cluster's.
func (a *Account) lookSecrets(ctx context.Context, in *UpdateServiceInput, facts *updateFacts) error {
	facts.secrets = map[string]*awssecrets.DescribeSecretOutput{}
	var mu sync.Mutex
	var reads []func(context.Context) error
	for container, change := range facts.changes(in) {
		switch change.use {
		case useGiven, useOverwrite:
			reads = append(reads, func(ctx context.Context) error {
				secret, err := a.usableSecret(ctx, change, in.Cluster)
				mu.Lock()
				defer mu.Unlock()
				facts.secrets[change.secret] = secret
				return err
			})
		case useNew:
			name := aws.StringValue(in.secret(a, container, facts.definition, nil).Name)
			reads = append(reads, func(ctx context.Context) error { return a.freeSecretName(ctx, name) })
		}
	}
	return look(ctx, reads...)
}

// usableSecret gives a secret that a container may use, and that may be overwritten if it is to be. One that the configuration allows is used, never written to: nil.
func (a *Account) usableSecret(ctx context.Context, change credentialChange, cluster string) (*awssecrets.DescribeSecretOutput, error) {
	secret, err := a.secrets.Secret(ctx, change.secret)
	ours := err == nil && a.owns(fromSecretTags(secret.Tags)) && inSpace(aws.StringValue(secret.Name), a.Org, cluster) && secret.DeletedDate == nil
	switch {
	case ours:
		return secret, nil
	case a.allows(change.secret) && change.use == useGiven:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return nil, notOurs("secret", change.secret)
}

// secret is the secret to be made for a container.
func (in *UpdateServiceInput) secret(a *Account, container string, definition *awsecs.RegisterTaskDefinitionInput, tags common.Tags) *awssecrets.CreateSecretInput {
	asked := in.Credentials[container]
	if asked == nil {
		asked = &awssecrets.CreateSecretInput{}
	}
	return buildSecret(asked, secretPath(a.Org, in.Cluster), aws.StringValue(definition.Family), container, a.KmsKeyID, tags.Merge(fromSecretTags(asked.Tags)))
}

// change is what an update does before it moves a service: secrets, a new definition, tags.
type change struct {
	credentials map[string]plan.Handle[*Credential]
	definition  *plan.Handle[*awsecs.TaskDefinition] // nil where the active one does
	retired     map[string]bool                      // secrets that go
}

// changeNodes changes secrets, definition and tags.
func (op *operation) changeNodes(p *plan.Plan, in *UpdateServiceInput, facts updateFacts, asked common.Tags) (c change) {
	tags := facts.inherited.Merge(asked, op.owned(facts.flavor()))
	if facts.definition != nil {
		var again bool
		c.credentials, c.retired, again = op.credentialNodes(p, in, facts, tags)
		if again || in.TaskDefinition != nil {
			own := tags.Merge(fromECSTags(facts.definition.Tags), op.owned(facts.flavor()))
			registered, _ := op.definitionNodes(p, facts.ground, facts.account, facts.definition, c.credentials, tags, own)
			c.definition = &registered
		}
	}
	if len(asked) > 0 {
		op.tagNodes(p, facts, asked, c.definition == nil)
	}
	return c
}

// buildUpdate plans the update.
func (op *operation) buildUpdate(in *UpdateServiceInput, facts updateFacts) prepared[*UpdateServiceOutput] {
	p := plan.New()
	asked := askedTags(in.Tags)
	change := op.changeNodes(p, in, facts, asked)
	service := op.updateNode(p, in, facts, change.definition)
	p.Commit(service)
	op.retireReplaced(p, in, facts, change)
	return prepared[*UpdateServiceOutput]{plan: p, answer: func(run plan.Inputs) *UpdateServiceOutput {
		moved := service.From(run)
		return &UpdateServiceOutput{Orchestrated: Orchestrated{op.record.ID}, Cluster: facts.cluster, Service: moved.service, TaskDefinition: moved.definition,
			Credentials: credentialsOf(change.credentials, run), CloudwatchLogGroups: logGroupsOf(facts.account, moved.definition), Tags: ecsTags(facts.inherited.Merge(asked))}
	}}
}

// flavor is what an update leaves as it is: a service's, or a managed task definition's.
func (facts updateFacts) flavor() string {
	if flavor := facts.inherited[common.TagFlavor]; flavor != "" {
		return flavor
	}
	return flavorService
}

// credentialNodes makes, overwrites or moves the secrets of the containers. It gives their handles by container, the secrets that go, and whether the definition has to
// name others than the active one does.
func (op *operation) credentialNodes(p *plan.Plan, in *UpdateServiceInput, facts updateFacts, tags common.Tags) (handles map[string]plan.Handle[*Credential], retired map[string]bool, again bool) {
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
			handles[container], again = op.secretNode(p, container, in.secret(a, container, facts.definition, tags), nil), true
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
	credentials map[string]plan.Handle[*Credential], groundTags, tags common.Tags) (definition plan.Handle[*awsecs.TaskDefinition], made bool) {
	policy := rolePolicy(account, op.account.Org, op.record.Cluster, op.account.KmsKeyID)
	role, made := op.groundNodes(p, ground, policy, groundTags)
	return op.taskDefinitionNode(p, asked, account.Region, role, made, credentials, tags), made
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
		op.tagsNode(p, named(kindService, aws.StringValue(facts.service.ServiceName), aws.StringValue(facts.service.ServiceArn)), false, facts.inherited, asked)
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

// updated is a service with the definition that it now has.
type updated struct {
	service    *awsecs.Service
	definition *awsecs.TaskDefinition
}

// buildServiceUpdate completes what was asked. A given strategy forces a new deployment, as ECS asks; an empty one is none.
func buildServiceUpdate(asked *awsecs.UpdateServiceInput, cluster, name, definition string, force bool) *awsecs.UpdateServiceInput {
	in := awsecs.UpdateServiceInput{}
	if asked != nil {
		in = *asked
	}
	in.Cluster, in.Service = aws.String(cluster), aws.String(name)
	if len(in.CapacityProviderStrategy) == 0 {
		in.CapacityProviderStrategy = nil
	} else {
		force = true
	}
	if definition != "" {
		in.TaskDefinition = aws.String(definition)
	}
	if force {
		in.ForceNewDeployment = aws.Bool(true)
	}
	return &in
}

// updateNode moves the service: the commit point. Where nothing of the service changes, it only reads what is to be answered.
func (op *operation) updateNode(p *plan.Plan, in *UpdateServiceInput, facts updateFacts, definition *plan.Handle[*awsecs.TaskDefinition]) plan.Handle[updated] {
	a, name := op.account, in.name()
	moves := in.Service != nil || in.force() || definition != nil
	var needs []plan.Dependency
	if definition != nil {
		needs = append(needs, *definition)
	}
	effect := plan.Effect{} // where the service shows nothing of it, the record alone says that it was done
	if move := newServiceMove(in, facts.service, definition != nil, op.record.StartedAt); move.Deploys || moves && !move.Already {
		effect = plan.Effect{Change: plan.Updated, Resource: op.resource(kindService, name), After: raw(move)}
	}
	return plan.Add(p, plan.Node[updated]{
		Name:   "service updated",
		Needs:  needs,
		Effect: effect,
		Call: func(ctx context.Context, inputs plan.Inputs) (now updated, err error) {
			now = updated{service: facts.service}
			arn := ""
			if definition != nil {
				now.definition = definition.From(inputs)
				arn = aws.StringValue(now.definition.TaskDefinitionArn)
			}
			if moves {
				now.service, err = a.ecs.UpdateService(ctx, buildServiceUpdate(in.Service, in.Cluster, name, arn, in.force()))
			}
			if err == nil && now.definition == nil && facts.active != nil {
				now.definition = facts.active.TaskDefinition
			}
			return now, err
		},
		Settle: func(ctx context.Context, inputs plan.Inputs) (updated, bool, error) {
			service, err := a.ecs.Service(ctx, in.Cluster, name)
			if err != nil || !moved(service, effect) {
				return updated{}, false, absent(err)
			}
			now := updated{service: service}
			if definition != nil {
				now.definition = definition.From(inputs)
			}
			return now, true, nil
		},
	})
}

// serviceMove is what an update asks of the service itself, by which it can be read whether it was done.
type serviceMove struct {
	Asked   json.RawMessage `json:"asked"`   // the members of the service that it sets; null for none
	Already bool            `json:"already"` // they were so before
	Deploys bool            `json:"deploys"` // it starts a deployment
	Since   time.Time       `json:"since"`
}

func newServiceMove(in *UpdateServiceInput, service *awsecs.Service, registers bool, since time.Time) serviceMove {
	move := serviceMove{Deploys: registers || in.force(), Since: since, Asked: raw(nil)}
	if in.Service != nil {
		sets := *buildServiceUpdate(in.Service, "", "", "", false)
		move.Deploys = move.Deploys || aws.BoolValue(sets.ForceNewDeployment) || sets.TaskDefinition != nil
		sets.Cluster, sets.Service, sets.ForceNewDeployment, sets.TaskDefinition = nil, nil, nil, nil
		move.Asked = raw(sets)
	}
	move.Already = contains(raw(service), move.Asked)
	return move
}

// moved says whether a service shows what an update asked of it. One that asked for nothing, or for what was so before, does not show it: there is nothing to finish.
func moved(service *awsecs.Service, effect plan.Effect) bool {
	var move serviceMove
	if json.Unmarshal(effect.After, &move) != nil || !contains(raw(service), move.Asked) {
		return false
	}
	if !move.Deploys {
		return !move.Already
	}
	for _, deployment := range service.Deployments {
		if aws.StringValue(deployment.Status) == "PRIMARY" {
			return !aws.TimeValue(deployment.CreatedAt).Before(move.Since)
		}
	}
	return false
}

// contains says whether a document has every member that another one gives, as it gives it; null is not given.
func contains(document, part json.RawMessage) bool {
	var whole, asked any
	return json.Unmarshal(document, &whole) == nil && json.Unmarshal(part, &asked) == nil && holds(whole, asked)
}

func holds(whole, part any) bool {
	switch asked := part.(type) {
	case nil:
		return true
	case map[string]any:
		has, _ := whole.(map[string]any)
		for key, member := range asked {
			if !holds(has[key], member) {
				return false
			}
		}
		return true
	case []any:
		has, _ := whole.([]any)
		if len(has) != len(asked) {
			return false
		}
		for i := range asked {
			if !holds(has[i], asked[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(whole, part)
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

// logGroupsOf gives the ARNs of the log groups that a definition writes to, each once.
func logGroupsOf(in awsclient.Account, definition *awsecs.TaskDefinition) []string {
	groups := map[string]bool{}
	if definition != nil {
		for _, container := range definition.ContainerDefinitions {
			if log := container.LogConfiguration; log != nil && log.Options["awslogs-group"] != nil {
				groups[arn.ARN{Partition: in.Partition, Service: "logs", Region: in.Region, AccountID: in.ID, Resource: "log-group:" + *log.Options["awslogs-group"]}.String()] = true
			}
		}
	}
	return sortedKeys(groups)
}
