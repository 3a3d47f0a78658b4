package orchestration

import (
	"context"
	"encoding/json"
	"sync"

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
	active     *revision   // the named one, or the one that runs; nil where nothing of it is asked for
	ground     groundFacts
	groupTags  common.Tags                                 // of the space's log group
	secrets    map[string]*awssecrets.DescribeSecretOutput // by the name or ARN they are asked for by
	definition *awsecs.RegisterTaskDefinitionInput         // to be registered; nil for none
}

// UpdateService changes a service: its definition, credentials, tags, counts. The service moves last; until then a failure is undone.
// Invalid names every broken rule; NotFound for what is absent or another org's; Conflict while another operation holds the service, or if
// it is deployed in a way that this API would damage.
func (a *Account) UpdateService(ctx context.Context, in *UpdateServiceInput) (*UpdateServiceOutput, error) {
	if err := in.validate(a); err != nil {
		return nil, err
	}
	what := asked{
		verb:    "UpdateService",
		cluster: in.Cluster,
		service: in.name(),
		request: in,
		loose:   true,
		holds:   []string{"service " + in.Cluster + "/" + in.name()},
	}
	if in.TaskDefinition != nil {
		what.holds = append(what.holds, holdFamily+aws.StringValue(in.TaskDefinition.Family))
	}
	if in.Service != nil && !in.mayHoldFamily() {
		what.holds = append(what.holds, holdRegistries(in.Service.ServiceRegistries)...)
	}
	return perform(ctx, a, what, func(ctx context.Context, op *operation) (prepared[*UpdateServiceOutput], error) {
		facts, err := a.lookUpdate(ctx, in, op.holdAlso)
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

// mayHoldFamily says whether the update holds a family that only the look can tell.
func (in *UpdateServiceInput) mayHoldFamily() bool {
	return in.registers() || in.Service != nil && in.Service.TaskDefinition != nil
}

// holdRegistriesLast holds the registries that an update names, and looks at them again: families come before registries, also those that only
// the look can tell, or a create that takes its registry back would wait for an update that waits for its family.
func (a *Account) holdRegistriesLast(ctx context.Context, in *UpdateServiceInput, hold func(context.Context, string) error) error {
	if in.Service == nil || !in.mayHoldFamily() {
		return nil
	}
	for _, name := range holdRegistries(in.Service.ServiceRegistries) {
		if err := hold(ctx, name); err != nil {
			return err
		}
	}
	return look(ctx, a.lookRegistries(in.Service.ServiceRegistries)...)
}

// lookUpdate reads what decides anything: the service, then what runs, then the secrets that it names.
func (a *Account) lookUpdate(ctx context.Context, in *UpdateServiceInput, hold func(context.Context, string) error) (facts updateFacts, err error) {
	if err := a.lookStanding(ctx, in, &facts); err != nil {
		return facts, err
	}
	facts.inherited = fromECSTags(facts.service.Tags)
	active := aws.StringValue(facts.service.TaskDefinition)
	if in.Service != nil && in.Service.TaskDefinition != nil {
		active = aws.StringValue(in.Service.TaskDefinition)
	}
	if in.registers() || active != aws.StringValue(facts.service.TaskDefinition) {
		if err := hold(ctx, holdFamily+familyOf(active)); err != nil {
			return facts, err
		}
	}
	if err := a.holdRegistriesLast(ctx, in, hold); err != nil {
		return facts, err
	}
	if facts.active == nil && (in.registers() || len(in.Tags) > 0) {
		if facts.active, err = a.revision(ctx, active); err != nil {
			return facts, err
		}
	}
	if in.registers() {
		if facts.definition, err = in.definition(facts.active); err != nil {
			return facts, err
		}
	}
	if !in.registers() && len(in.Tags) == 0 {
		return facts, nil
	}
	err = look(ctx,
		func(ctx context.Context) error { return a.lookSecrets(ctx, in, &facts) },
		func(ctx context.Context) error {
			if in.TaskDefinition != nil || facts.definition == nil {
				return nil
			}
			return a.freeFamily(ctx, aws.StringValue(facts.definition.Family), in.Cluster, flavorService)
		},
	)
	return facts, err
}

// lookStanding reads what the request itself names.
func (a *Account) lookStanding(ctx context.Context, in *UpdateServiceInput, facts *updateFacts) error {
	whole := func(ctx context.Context) (err error) {
		if facts.cluster, err = a.ourCluster(ctx, in.Cluster); err != nil {
			return err
		}
		return in.fitsCluster(facts.cluster)
	}
	reads := []func(context.Context) error{
		func(ctx context.Context) (err error) {
			facts.account, err = a.Identity(ctx)
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
			flavor := flavorService
			if in.name() == "" {
				flavor = flavorTask
			}
			return a.freeFamily(ctx, aws.StringValue(in.TaskDefinition.Family), in.Cluster, flavor)
		})
		reads = append(reads, a.lookReferences(definitionReferences(in.TaskDefinition), in.Cluster)...)
	}
	if in.Service != nil && in.Service.TaskDefinition != nil {
		reads = append(reads, func(ctx context.Context) error {
			named, err := a.standing(ctx, aws.StringValue(in.Service.TaskDefinition), in.Cluster)
			facts.active = named
			return err
		})
	}
	if in.Service != nil {
		reads = append(reads, a.lookAttached(in)...)
	}
	return lookIn(ctx, whole, reads...)
}

// lookAttached holds that a service may have what an update puts beside it.
func (a *Account) lookAttached(in *UpdateServiceInput) []func(context.Context) error {
	service := in.Service
	named := serviceReferences(service.ServiceConnectConfiguration, service.VolumeConfigurations)
	reads := append(a.lookTargets(service.LoadBalancers), a.lookReferences(named, in.Cluster)...)
	if !in.registers() {
		reads = append(reads, a.lookRole(named, in.Cluster)...)
	}
	return append(reads, a.lookRegistries(service.ServiceRegistries)...)
}

func (a *Account) lookRegistries(registries []*awsecs.ServiceRegistry) (reads []func(context.Context) error) {
	for _, registry := range registries {
		reads = append(reads, func(ctx context.Context) error {
			_, err := a.ourRegistry(ctx, aws.StringValue(registry.RegistryArn))
			return err
		})
	}
	return reads
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

// definition is the revision to be registered: the one that is given, or the active one where only credentials are. Nil if the active one
// does.
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

// lookSecrets reads the secrets that the containers will use, and the names of those to be made. NotFound for one that is absent, another
// org's or another cluster's.
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

// usableSecret gives a secret that a container may use, and that may be overwritten if it is to be. One that the configuration allows is
// used, never written to: nil.
func (a *Account) usableSecret(ctx context.Context, change credentialChange, cluster string) (*awssecrets.DescribeSecretOutput, error) {
	secret, err := a.namedSecret(ctx, change.secret)
	ours := err == nil && a.owns(fromSecretTags(secret.Tags)) && inSpace(aws.StringValue(secret.Name), a.Org, cluster) && secret.DeletedDate == nil
	switch {
	case a.allows(change.secret) && change.use == useGiven:
		return nil, nil // used as it is, never moved
	case ours:
		return secret, nil
	case err != nil:
		return nil, err
	}
	return nil, notOurs("secret", change.secret)
}

// secret is the secret to be made for a container.
func (in *UpdateServiceInput) secret(
	a *Account,
	container string,
	definition *awsecs.RegisterTaskDefinitionInput,
	tags common.Tags,
) *awssecrets.CreateSecretInput {
	asked := in.Credentials[container]
	if asked == nil {
		asked = &awssecrets.CreateSecretInput{}
	}
	return buildSecret(
		asked,
		secretPath(a.Org, in.Cluster),
		aws.StringValue(definition.Family),
		container,
		a.KmsKeyID,
		tags.Merge(fromSecretTags(asked.Tags)),
	)
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
		return &UpdateServiceOutput{
			Orchestrated:   Orchestrated{op.record.ID},
			Cluster:        facts.cluster,
			Service:        moved.service,
			TaskDefinition: moved.definition,
			Credentials: credentialsOf(
				change.credentials,
				run,
			),
			CloudwatchLogGroups: logGroupsOf(facts.account, moved.definition),
			Tags:                ecsTags(facts.inherited.Merge(asked)),
		}
	}}
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
