package orchestration

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"

	"ecs-api/common"
	"ecs-api/common/awsclient"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/arn"
	awsiam "github.com/aws/aws-sdk-go/service/iam"
)

const (
	kindRole       = "role"
	kindRolePolicy = "role policy"
	rolePolicyName = "ECSTaskAccessPolicy"
	roleSuffix     = "-ecsTaskExecution"
)

// roleName names the execution role of a space.
func roleName(cluster string) string { return cluster + roleSuffix }

// statement is one statement of an IAM policy.
type statement struct {
	Sid       string `json:",omitempty"`
	Effect    string
	Principal any `json:",omitempty"`
	Action    []string
	Resource  []string                     `json:",omitempty"`
	Condition map[string]map[string]string `json:",omitempty"`
}

func policyDocument(statements ...statement) string {
	return string(raw(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", statements}))
}

// trustPolicy lets ECS tasks assume the role.
func trustPolicy() string {
	return policyDocument(
		statement{Effect: "Allow", Principal: map[string]string{"Service": "ecs-tasks.amazonaws.com"}, Action: []string{"sts:AssumeRole"}},
	)
}

// rolePolicy is what the tasks of a space may do: write its logs, pull images, read the secrets and parameters under its path, and mount
// the file systems that carry the same org and space as the role itself.
func rolePolicy(in awsclient.Account, org, cluster, kmsKeyID string) string {
	name := func(service, resource string) string {
		return arn.ARN{Partition: in.Partition, Service: service, Region: in.Region, AccountID: in.ID, Resource: resource}.String()
	}
	secrets := statement{Sid: "ReadSecrets", Effect: "Allow",
		Action: []string{"secretsmanager:GetSecretValue", "ssm:GetParameters"},
		Resource: []string{
			name("secretsmanager", fmt.Sprintf("secret:spinup/%s/%s/*", org, cluster)),
			name("ssm", fmt.Sprintf("parameter/%s/%s/*", org, cluster)),
		}}
	if kmsKeyID != "" {
		secrets.Action = append(secrets.Action, "kms:Decrypt")
		secrets.Resource = append(secrets.Resource, name("kms", "key/"+kmsKeyID))
	}
	return policyDocument(
		statement{Sid: "WriteLogs", Effect: "Allow",
			Action:   []string{"logs:CreateLogStream", "logs:PutLogEvents"},
			Resource: []string{name("logs", "log-group:"+cluster+":*")}},
		statement{Sid: "PullImages", Effect: "Allow",
			Action: []string{"ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"},
			// GetAuthorizationToken knows no resource.
			Resource: []string{"*"}},
		secrets,
		statement{Sid: "MountFileSystems", Effect: "Allow",
			Action:   []string{"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess"},
			Resource: []string{name("elasticfilesystem", "file-system/*")},
			Condition: map[string]map[string]string{
				"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"},
				"StringEquals": {
					"aws:ResourceTag/" + common.TagOrg:   "${aws:PrincipalTag/" + common.TagOrg + "}",
					"aws:ResourceTag/" + common.TagSpace: "${aws:PrincipalTag/" + common.TagSpace + "}",
				},
			}},
	)
}

// samePolicy says whether two documents mean the same; "" is no document.
func samePolicy(one, other string) bool {
	var a, b any
	if json.Unmarshal([]byte(one), &a) != nil || json.Unmarshal([]byte(other), &b) != nil {
		return one == other
	}
	return reflect.DeepEqual(a, b)
}

// spaceRole gives the execution role of a space, or nil if it is absent. NotFound if it is another org's, Conflict if it is another
// space's: IAM takes names that differ in case for the same.
func (a *Account) spaceRole(ctx context.Context, cluster string) (*awsiam.Role, error) {
	role, err := a.iam.Role(ctx, roleName(cluster))
	if err != nil {
		return nil, absent(err)
	}
	tags := fromIAMTags(role.Tags)
	if !a.owns(tags) {
		return nil, notOurs("role", roleName(cluster))
	}
	if space := tags[common.TagSpace]; space != "" && space != cluster || aws.StringValue(role.RoleName) != roleName(cluster) {
		return nil, common.Newf(common.Conflict, "the role %s belongs to the space %s", aws.StringValue(role.RoleName), space)
	}
	return role, nil
}

// roleNode makes the execution role. One that another operation makes at the same time is taken as ours.
func (op *operation) roleNode(p *plan.Plan, tags common.Tags) plan.Handle[*awsiam.Role] {
	a, name := op.account, roleName(op.record.Cluster)
	in := &awsiam.CreateRoleInput{
		RoleName:                 aws.String(name),
		Path:                     aws.String("/"),
		Description:              aws.String("Execution role of the ECS tasks in " + op.record.Cluster),
		AssumeRolePolicyDocument: aws.String(trustPolicy()),
		Tags:                     iamTags(tags),
	}
	return plan.Add(p, plan.Node[*awsiam.Role]{
		Name:   "role",
		Effect: plan.Effect{Change: plan.Made, Resource: op.resource(kindRole, name), Ground: true},
		ID:     func(r *awsiam.Role) string { return aws.StringValue(r.Arn) },
		Call: func(ctx context.Context, _ plan.Inputs) (*awsiam.Role, error) {
			role, err := a.iam.CreateRole(ctx, in)
			if awsclient.IsAlreadyExists(err) {
				standing, unread := a.spaceRole(ctx, op.record.Cluster)
				if standing != nil || unread != nil {
					return standing, adopted(err, unread)
				}
			}
			return role, err
		},
	})
}

// rolePolicyNode brings the policy of the role up to date; before is what stands, "" for nothing. The policy of a role that this operation
// makes is part of it.
func (op *operation) rolePolicyNode(p *plan.Plan, role plan.Handle[*awsiam.Role], made bool, before, document string) {
	a, name := op.account, roleName(op.record.Cluster)
	effect := plan.Effect{}
	if !made {
		effect = plan.Effect{Change: plan.Changed, Ground: true, Resource: op.resource(kindRolePolicy, name), Before: raw(before), After: raw(document)}
	}
	plan.Add(p, plan.Node[struct{}]{
		Name:   "role policy",
		Needs:  []plan.Dependency{role},
		Effect: effect,
		Call: func(ctx context.Context, _ plan.Inputs) (struct{}, error) {
			return struct{}{}, a.iam.PutRolePolicy(ctx, name, rolePolicyName, document)
		},
	})
}

// policyRegion is where a role's policy says which region's log group its tasks write to.
var policyRegion = regexp.MustCompile(`:logs:([a-z0-9-]+):[0-9]{12}:log-group:`)

// otherRegion gives the region that a role's policy is for, "" if that is ours. IAM knows no regions: of two spaces of one name in one AWS
// account the role is that of the first.
func (a *Account) otherRegion(ctx context.Context, policy string) (string, error) {
	in, err := a.Identity(ctx)
	if found := policyRegion.FindStringSubmatch(policy); err == nil && found != nil && found[1] != in.Region {
		return found[1], nil
	}
	return "", err
}

// releaseRole deletes the role with its policies, if it carries the mark and is not another region's.
func (a *Account) releaseRole(ctx context.Context, r plan.Resource) (found bool, err error) {
	role, err := a.iam.Role(ctx, r.Key)
	if err != nil {
		return false, absent(err)
	}
	if !a.carries(fromIAMTags(role.Tags), r) {
		return false, nil
	}
	policy, err := a.iam.RolePolicy(ctx, r.Key, rolePolicyName)
	if absent(err) != nil {
		return true, err
	}
	if region, err := a.otherRegion(ctx, policy); err != nil || region != "" {
		return false, err
	}
	return true, absent(a.iam.DeleteRole(ctx, r.Key))
}

// restoreRolePolicy puts the old document back, or takes the policy away if there was none.
func (a *Account) restoreRolePolicy(ctx context.Context, e plan.Effect) error {
	var before, after string
	if err := json.Unmarshal(e.Before, &before); err != nil {
		return err
	}
	if err := json.Unmarshal(e.After, &after); err != nil {
		return err
	}
	present, err := a.iam.RolePolicy(ctx, e.Resource.Key, rolePolicyName)
	if absent(err) != nil {
		return err
	}
	switch {
	case samePolicy(present, before):
		return nil
	case !samePolicy(present, after):
		return changedSince()
	case before == "":
		return absent(a.iam.DeleteRolePolicy(ctx, e.Resource.Key, rolePolicyName))
	}
	return a.iam.PutRolePolicy(ctx, e.Resource.Key, rolePolicyName, before)
}
