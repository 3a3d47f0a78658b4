package iam

import (
	"context"

	awsiam "github.com/aws/aws-sdk-go/service/iam"

	"ecs-api/common/awsclient"
)

// RolePolicy gives the document of a role's inline policy in plain JSON. NotFound if the role or the policy is absent.
func (c *Client) RolePolicy(ctx context.Context, role, policy string) (document string, err error) {
	out, err := c.api.GetRolePolicyWithContext(ctx, &awsiam.GetRolePolicyInput{RoleName: &role, PolicyName: &policy})
	if err != nil {
		return "", awsclient.Translate(err)
	}
	if out.PolicyDocument == nil {
		return "", awsclient.Hollow("GetRolePolicy")
	}
	return plain(*out.PolicyDocument), nil
}

// PutRolePolicy sets a role's inline policy, over whatever was there. NotFound if the role is absent, Invalid if IAM refuses the
// document.
func (c *Client) PutRolePolicy(ctx context.Context, role, policy, document string) error {
	_, err := c.api.PutRolePolicyWithContext(ctx, &awsiam.PutRolePolicyInput{
		RoleName:       &role,
		PolicyName:     &policy,
		PolicyDocument: &document,
	})
	return awsclient.Translate(err)
}

// DeleteRolePolicy removes a role's inline policy. NotFound if the role or the policy is absent.
func (c *Client) DeleteRolePolicy(ctx context.Context, role, policy string) error {
	_, err := c.api.DeleteRolePolicyWithContext(ctx, &awsiam.DeleteRolePolicyInput{RoleName: &role, PolicyName: &policy})
	return awsclient.Translate(err)
}
