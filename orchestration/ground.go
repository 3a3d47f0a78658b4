package orchestration

import (
	"context"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsiam "github.com/aws/aws-sdk-go/service/iam"
)

// groundFacts are what stands of a space's role and log group, which every task definition of the space needs.
type groundFacts struct {
	role          *awsiam.Role // nil if absent
	policy        string       // "" if absent
	logGroup      bool
	retentionDays int64 // 0 for ever
}

// lookGround gives the reads of role, policy and log group. They give NotFound for another org's, Conflict for a role of another region.
func (a *Account) lookGround(cluster string, facts *groundFacts) []func(context.Context) error {
	return []func(context.Context) error{
		func(ctx context.Context) (err error) {
			facts.role, err = a.spaceRole(ctx, cluster)
			return err
		},
		func(ctx context.Context) (err error) {
			if facts.policy, err = a.iam.RolePolicy(ctx, roleName(cluster), rolePolicyName); err != nil {
				return absent(err)
			}
			region, err := a.otherRegion(ctx, facts.policy)
			if region != "" {
				return common.Newf(common.Conflict, "the role %s is that of the cluster %s in %s: IAM knows no regions", roleName(cluster), cluster, region)
			}
			return err
		},
		func(ctx context.Context) error {
			group, err := a.logGroup(ctx, cluster)
			if group != nil {
				facts.logGroup, facts.retentionDays = true, aws.Int64Value(group.RetentionInDays)
			}
			return err
		},
	}
}

// groundNodes makes what is missing of role and log group, and brings up to date what is not. The role's handle and whether it is new go to
// the task definition.
func (op *operation) groundNodes(p *plan.Plan, facts groundFacts, policy string, tags common.Tags) (role plan.Handle[*awsiam.Role], made bool) {
	made = facts.role == nil
	if made {
		role = op.roleNode(p, tags)
	} else {
		role = plan.Given(p, "role", op.resource(kindRole, roleName(op.record.Cluster)), true, facts.role)
	}
	if made || !samePolicy(facts.policy, policy) {
		op.rolePolicyNode(p, role, made, facts.policy, policy)
	}
	var group plan.Handle[string]
	if facts.logGroup {
		group = plan.Given(p, "log group", op.resource(kindLogGroup, op.record.Cluster), true, op.record.Cluster)
	} else {
		group = op.logGroupNode(p, tags)
	}
	if !facts.logGroup || facts.retentionDays != retentionDays {
		op.retentionNode(p, group, !facts.logGroup, facts.retentionDays)
	}
	return role, made
}
