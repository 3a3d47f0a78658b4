package iam

import (
	"context"

	"github.com/aws/aws-sdk-go/aws"
	awsiam "github.com/aws/aws-sdk-go/service/iam"
	"golang.org/x/sync/errgroup"

	"ecs-api/common"
	"ecs-api/common/awsclient"
)

// removalsAtOnce is small: IAM's rates are not published, and a role of ours has one policy.
const removalsAtOnce = 8

// DeleteRole removes a role, its inline policies, and its hold on managed ones. NotFound if it is absent; Conflict if something else holds
// it, an instance profile say.
func (c *Client) DeleteRole(ctx context.Context, name string) error {
	inline, attached, err := c.policies(ctx, name)
	if err != nil {
		return err
	}
	var group errgroup.Group // without a shared context: what IAM has already taken is not cut off
	group.SetLimit(removalsAtOnce)
	for _, policy := range inline {
		group.Go(func() error { return goneIsFine(c.DeleteRolePolicy(ctx, name, policy)) })
	}
	for _, arn := range attached {
		group.Go(func() error { return goneIsFine(c.detach(ctx, name, arn)) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	_, err = c.api.DeleteRoleWithContext(ctx, &awsiam.DeleteRoleInput{RoleName: &name})
	return awsclient.Translate(err)
}

// policies gives the names of a role's inline policies and the ARNs of those attached.
func (c *Client) policies(ctx context.Context, role string) (inline, attached []string, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		in := &awsiam.ListRolePoliciesInput{RoleName: &role}
		return awsclient.Translate(c.api.ListRolePoliciesPagesWithContext(ctx, in, func(out *awsiam.ListRolePoliciesOutput, _ bool) bool {
			inline = append(inline, aws.StringValueSlice(out.PolicyNames)...)
			return true
		}))
	})
	group.Go(func() error {
		in := &awsiam.ListAttachedRolePoliciesInput{RoleName: &role}
		return awsclient.Translate(c.api.ListAttachedRolePoliciesPagesWithContext(ctx, in, func(out *awsiam.ListAttachedRolePoliciesOutput, _ bool) bool {
			for _, policy := range out.AttachedPolicies {
				if policy != nil {
					attached = append(attached, aws.StringValue(policy.PolicyArn))
				}
			}
			return true
		}))
	})
	err = group.Wait()
	return inline, attached, err
}

func (c *Client) detach(ctx context.Context, role, arn string) error {
	_, err := c.api.DetachRolePolicyWithContext(ctx, &awsiam.DetachRolePolicyInput{RoleName: &role, PolicyArn: &arn})
	return awsclient.Translate(err)
}

func goneIsFine(err error) error {
	if common.KindOf(err) == common.NotFound {
		return nil
	}
	return err
}
