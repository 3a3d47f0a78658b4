package orchestration

import (
	"context"
	"regexp"
	"strings"

	"ecs-api/common"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/arn"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
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

// references gives the secrets and parameters that container definitions name, each once.
func references(containers []*awsecs.ContainerDefinition) (secrets, parameters []string) {
	seen := map[string]bool{}
	add := func(list *[]string, name string) {
		if name != "" && !seen[name] {
			seen[name] = true
			*list = append(*list, name)
		}
	}
	valueFrom := func(secret *awsecs.Secret) {
		name := aws.StringValue(secret.ValueFrom)
		if parsed, err := arn.Parse(name); err == nil && parsed.Service == "secretsmanager" {
			add(&secrets, secretARN(name))
			return
		}
		add(&parameters, name)
	}
	for _, container := range containers {
		if container.RepositoryCredentials != nil {
			add(&secrets, aws.StringValue(container.RepositoryCredentials.CredentialsParameter))
		}
		for _, secret := range container.Secrets {
			valueFrom(secret)
		}
		if container.LogConfiguration != nil {
			for _, secret := range container.LogConfiguration.SecretOptions {
				valueFrom(secret)
			}
		}
	}
	return secrets, parameters
}

// secretARN cuts off what a container may add to a secret's ARN: JSON key, version stage and version id.
func secretARN(valueFrom string) string {
	parts := strings.SplitN(valueFrom, ":", 8)
	return strings.Join(parts[:min(len(parts), 7)], ":")
}

// mayRead gives NotFound unless the secret is ours and not another cluster's, or the configuration allows it.
func (a *Account) mayRead(ctx context.Context, secret, cluster string) error {
	if a.allows(secret) {
		return nil
	}
	if strings.HasPrefix(secret, "arn:") {
		if err := a.here(ctx, secret); err != nil {
			return err
		}
	}
	found, err := a.secrets.Secret(ctx, secret)
	if err != nil {
		return err
	}
	if !a.owns(fromSecretTags(found.Tags)) || !inSpace(aws.StringValue(found.Name), a.Org, cluster) {
		return notOurs("secret", secret)
	}
	return nil
}

// mayReadParameter gives NotFound unless the parameter lies under our org's path, or the configuration allows it.
func (a *Account) mayReadParameter(ctx context.Context, parameter string) error {
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

// mayPass gives NotFound unless the role is the space's own or the configuration allows it.
func (a *Account) mayPass(ctx context.Context, role, cluster string) error {
	if role == "" || a.allows(role) {
		return nil
	}
	in, err := a.Identity(ctx)
	if err != nil {
		return err
	}
	if role != roleARN(in.Partition, in.ID, cluster) && role != roleName(cluster) {
		return notOurs("role", role)
	}
	return nil
}

func roleARN(partition, account, cluster string) string {
	return arn.ARN{Partition: partition, Service: "iam", AccountID: account, Resource: "role/" + roleName(cluster)}.String()
}
