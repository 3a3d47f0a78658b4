package orchestration

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"ecs-api/common"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/arn"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
)

// allows says whether the account's configuration lets requests name this ARN although it is not ours.
func (a *Account) allows(name string) bool {
	for _, pattern := range a.AllowedARNs {
		if glob(pattern).MatchString(name) {
			return true
		}
	}
	return false
}

// glob reads a pattern in which * stands for any text.
func glob(pattern string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$")
}

// here gives NotFound for an ARN of another account or region that the configuration does not allow.
func (a *Account) here(ctx context.Context, name string) error {
	parsed, err := arn.Parse(name)
	if err != nil {
		return common.Newf(common.Invalid, "%s is no ARN", name)
	}
	in, err := a.Identity(ctx)
	if err != nil {
		return err
	}
	if a.allows(name) || parsed.AccountID == in.ID && (parsed.Region == in.Region || parsed.Region == "") {
		return nil
	}
	return common.Newf(common.NotFound, "%s is not in this account and region", name)
}

// named is what a request refers to by name or ARN, each once.
type named struct{ secrets, parameters, roles []string }

func once(list *[]string, name string) {
	if name != "" && !slices.Contains(*list, name) {
		*list = append(*list, name)
	}
}

func (n *named) secret(name *string) { once(&n.secrets, aws.StringValue(name)) }

func (n *named) role(role *string) { once(&n.roles, aws.StringValue(role)) }

// valueFrom adds a reference that may be to a secret, by its ARN, or to a parameter, by its name or ARN.
func (n *named) valueFrom(reference *string) {
	name := aws.StringValue(reference)
	if parsed, err := arn.Parse(name); err == nil && parsed.Service == "secretsmanager" {
		once(&n.secrets, secretARN(name))
		return
	}
	once(&n.parameters, name)
}

func (n *named) values(secrets []*awsecs.Secret) {
	for _, secret := range secrets {
		n.valueFrom(secret.ValueFrom)
	}
}

func (n *named) logging(configuration *awsecs.LogConfiguration) {
	if configuration != nil {
		n.values(configuration.SecretOptions)
	}
}

func (n *named) containers(containers []*awsecs.ContainerDefinition) {
	for _, container := range containers {
		if container.RepositoryCredentials != nil {
			n.secret(container.RepositoryCredentials.CredentialsParameter)
		}
		n.values(container.Secrets)
		n.logging(container.LogConfiguration)
	}
}

// definitionReferences gives what a task definition refers to: its roles, what its containers are given, and the credentials of its file
// systems.
func definitionReferences(in *awsecs.RegisterTaskDefinitionInput) (n named) {
	n.role(in.ExecutionRoleArn)
	n.role(in.TaskRoleArn)
	n.containers(in.ContainerDefinitions)
	for _, volume := range in.Volumes {
		if files := volume.FsxWindowsFileServerVolumeConfiguration; files != nil && files.AuthorizationConfig != nil {
			n.valueFrom(files.AuthorizationConfig.CredentialsParameter)
		}
	}
	return n
}

// serviceReferences gives what a service refers to, beside its registry and its definition.
func serviceReferences(connect *awsecs.ServiceConnectConfiguration, volumes []*awsecs.ServiceVolumeConfiguration) (n named) {
	for _, volume := range volumes {
		if volume.ManagedEBSVolume != nil {
			n.role(volume.ManagedEBSVolume.RoleArn)
		}
	}
	if connect == nil {
		return n
	}
	n.logging(connect.LogConfiguration)
	for _, service := range connect.Services {
		if service.Tls != nil {
			n.role(service.Tls.RoleArn)
		}
	}
	return n
}

// mostReferences is how many secrets, parameters and roles one request may refer to: each is asked for by itself. A definition has room for
// little more.
const mostReferences = 500

// lookReferences holds that all that is referred to may be used in the cluster, and Invalid if it is too much.
func (a *Account) lookReferences(n named, cluster string) (reads []func(context.Context) error) {
	if many := len(n.secrets) + len(n.parameters) + len(n.roles); many > mostReferences {
		return []func(context.Context) error{func(context.Context) error {
			return common.Newf(common.Invalid, "%d secrets, parameters and roles are referred to: at most %d", many, mostReferences)
		}}
	}
	for _, may := range []struct {
		names []string
		use   func(ctx context.Context, name, cluster string) error
	}{{n.secrets, a.mayRead}, {n.parameters, a.mayReadParameter}, {n.roles, a.mayPass}} {
		for _, name := range may.names {
			reads = append(reads, func(ctx context.Context) error { return may.use(ctx, name, cluster) })
		}
	}
	return reads
}

// secretARN cuts off what a container may add to a secret's ARN: JSON key, version stage and version id.
func secretARN(valueFrom string) string {
	parts := strings.SplitN(valueFrom, ":", 8)
	return strings.Join(parts[:min(len(parts), 7)], ":")
}

// mayRead gives NotFound unless the secret is ours, not another cluster's and not about to go, or the configuration allows it.
func (a *Account) mayRead(ctx context.Context, secret, cluster string) error {
	if a.allows(secret) {
		return nil
	}
	if strings.HasPrefix(secret, "arn:") {
		if err := a.here(ctx, secret); err != nil {
			return err
		}
	}
	found, err := a.namedSecret(ctx, secret)
	if err != nil {
		return err
	}
	if !a.owns(fromSecretTags(found.Tags)) || !inSpace(aws.StringValue(found.Name), a.Org, cluster) {
		return notOurs("secret", secret)
	}
	return readable(secret, found)
}

// stands gives NotFound if a secret of this account is gone or about to go, whosever it is. One elsewhere, or one that the configuration allows, cannot be
// asked for.
func (a *Account) stands(ctx context.Context, secret string) error {
	if a.allows(secret) {
		return nil
	}
	if strings.HasPrefix(secret, "arn:") {
		if err := a.here(ctx, secret); err != nil {
			return absent(err)
		}
	}
	found, err := a.namedSecret(ctx, secret)
	if err != nil {
		return err
	}
	return readable(secret, found)
}

// namedSecret gives what is known of a secret. NotFound if it is absent.
func (a *Account) namedSecret(ctx context.Context, secret string) (*awssecrets.DescribeSecretOutput, error) {
	found, err := a.secrets.Secret(ctx, secret)
	return found, notThere("secret", secret, err)
}

// readable gives NotFound for a secret that is about to go.
func readable(secret string, found *awssecrets.DescribeSecretOutput) error {
	if found.DeletedDate != nil {
		return common.Newf(common.NotFound, "secret %s is scheduled for deletion: its value cannot be read", secret)
	}
	return nil
}

// mayReadParameter gives NotFound unless the parameter lies under our org's path, or the configuration allows it.
func (a *Account) mayReadParameter(ctx context.Context, parameter, _ string) error {
	if a.allows(parameter) {
		return nil
	}
	path := parameter
	if strings.HasPrefix(parameter, "arn:") {
		if err := a.here(ctx, parameter); err != nil {
			return err
		}
		parsed, _ := arn.Parse(parameter)
		path = strings.TrimPrefix(parsed.Resource, "parameter")
	}
	if !strings.HasPrefix(path, "/"+a.Org+"/") {
		return notOurs("parameter", parameter)
	}
	return nil
}

// lookRole holds that the space's role stands and is ours, if it is referred to: of what is not, only the name is the space's. What makes that role needs it not.
func (a *Account) lookRole(n named, cluster string) []func(context.Context) error {
	if cluster == "" || !slices.ContainsFunc(n.roles, func(role string) bool { return !a.allows(role) }) {
		return nil
	}
	return []func(context.Context) error{func(ctx context.Context) error {
		role, err := a.spaceRole(ctx, cluster)
		if err == nil && role == nil {
			err = notOurs("role", roleName(cluster))
		}
		return err
	}}
}

// mayPass gives NotFound unless the name is that of the space's own role or the configuration allows it. What is of no space has no role.
func (a *Account) mayPass(ctx context.Context, role, cluster string) error {
	if role == "" || a.allows(role) {
		return nil
	}
	in, err := a.Identity(ctx)
	if err != nil {
		return err
	}
	if cluster == "" || role != roleARN(in.Partition, in.ID, cluster) && role != roleName(cluster) {
		return notOurs("role", role)
	}
	return nil
}

func roleARN(partition, account, cluster string) string {
	return arn.ARN{Partition: partition, Service: "iam", AccountID: account, Resource: "role/" + roleName(cluster)}.String()
}
