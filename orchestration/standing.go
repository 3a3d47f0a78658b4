package orchestration

import (
	"context"
	"slices"
	"sync"

	"ecs-api/common"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// standing gives an active revision that a service may be put on. NotFound if it is absent, not active or another org's, or if a secret that it names is
// gone or about to go: ECS takes such a revision without asking, and then starts none of its tasks. Conflict if it is another space's.
//
// What a revision names is known once it is read: that is one round trip more. One that this process has seen before is asked for together with its secrets.
func (a *Account) standing(ctx context.Context, ref, cluster string) (named *revision, err error) {
	var mu sync.Mutex
	asked := map[string]error{}
	ask := func(secrets []string) (reads []func(context.Context) error) {
		for _, secret := range secrets {
			reads = append(reads, func(ctx context.Context) error {
				err := a.stands(ctx, secret)
				mu.Lock()
				defer mu.Unlock()
				asked[secret] = err
				return nil
			})
		}
		return reads
	}
	known := a.named.secrets(ref)
	err = look(ctx, append(ask(known), func(ctx context.Context) (err error) {
		named, err = a.askedRevision(ctx, ref)
		return err
	})...)
	if err != nil {
		return nil, err
	}
	if err := a.mayUse(named, ref, cluster); err != nil {
		return nil, err
	}
	if aws.StringValue(named.Status) != awsecs.TaskDefinitionStatusActive {
		return nil, common.Newf(common.NotFound, "task definition %s is not active", ref)
	}
	secrets := secretsIn(named.TaskDefinition)
	unknown := slices.DeleteFunc(slices.Clone(secrets), func(secret string) bool { return slices.Contains(known, secret) })
	if err := look(ctx, ask(unknown)...); err != nil {
		return nil, err
	}
	var gone []error
	for _, secret := range secrets {
		if asked[secret] != nil {
			gone = append(gone, asked[secret])
		}
	}
	return named, combined(gone)
}

// secretsIn gives the secrets that a revision names.
func secretsIn(definition *awsecs.TaskDefinition) []string {
	return definitionReferences(&awsecs.RegisterTaskDefinitionInput{ContainerDefinitions: definition.ContainerDefinitions, Volumes: definition.Volumes}).secrets
}

// namedSecrets remembers which secrets a revision names, by family:revision: a revision never changes. It is a hint of what to ask for, and no more.
type namedSecrets struct {
	mu    sync.Mutex
	names map[string][]string
}

// mostNamed is how many revisions are remembered.
const mostNamed = 4096

func (n *namedSecrets) learn(definition *awsecs.TaskDefinition) {
	if definition == nil {
		return
	}
	secrets := secretsIn(definition)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.names == nil || len(n.names) >= mostNamed {
		n.names = map[string][]string{}
	}
	if len(secrets) > 0 {
		n.names[last(aws.StringValue(definition.TaskDefinitionArn))] = secrets
	}
}

// secrets gives those of a revision, by family:revision or ARN; none for one that is not known, or a bare family.
func (n *namedSecrets) secrets(ref string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.names[last(ref)]
}
