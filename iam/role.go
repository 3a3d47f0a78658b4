// Package iam is the API's view of AWS IAM: roles and their inline policies. IAM answers in XML, with codes that have no "Exception" at
// their end, and with documents that are URL-encoded; nobody outside this package needs to know. It imports common and the SDK, no other
// wrapper.
package iam

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	awsiam "github.com/aws/aws-sdk-go/service/iam"

	"ecs-api/common"
	"ecs-api/common/awsclient"
)

// Client speaks to IAM as one account. It is safe for concurrent use.
type Client struct {
	api *awsiam.IAM
}

// New makes a client of the account's session.
func New(sess *session.Session) *Client { return &Client{api: awsiam.New(sess)} }

// Role gives a role with its tags and its trust policy in plain JSON. NotFound if it is absent.
func (c *Client) Role(ctx context.Context, name string) (*awsiam.Role, error) {
	out, err := c.api.GetRoleWithContext(ctx, &awsiam.GetRoleInput{RoleName: &name})
	return role("GetRole", out.Role, err)
}

// CreateRole makes a role. Conflict if the name is taken (awsclient.IsAlreadyExists) or the account's quota is used up, Invalid if IAM
// refuses the name or the trust policy. ECS may not see it for some seconds (awsclient.IsRoleNotVisible).
func (c *Client) CreateRole(ctx context.Context, in *awsiam.CreateRoleInput) (*awsiam.Role, error) {
	out, err := c.api.CreateRoleWithContext(ctx, in)
	return role("CreateRole", out.Role, err)
}

// Roles gives the roles whose name ends in suffix, with their tags. IAM lists roles without their tags, and the tagging API does not know
// them at all.
func (c *Client) Roles(ctx context.Context, suffix string) ([]*awsiam.Role, error) {
	names := []string{}
	err := c.api.ListRolesPagesWithContext(ctx, &awsiam.ListRolesInput{}, func(page *awsiam.ListRolesOutput, _ bool) bool {
		for _, role := range page.Roles {
			if role != nil && strings.HasSuffix(aws.StringValue(role.RoleName), suffix) {
				names = append(names, *role.RoleName)
			}
		}
		return true
	})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	return awsclient.Batched(ctx, names, 1, func(ctx context.Context, batch []string) ([]*awsiam.Role, error) {
		role, err := c.Role(ctx, batch[0])
		if common.KindOf(err) == common.NotFound {
			return nil, nil
		}
		return []*awsiam.Role{role}, err
	})
}

func role(operation string, role *awsiam.Role, err error) (*awsiam.Role, error) {
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	if role == nil {
		return nil, awsclient.Hollow(operation)
	}
	if role.AssumeRolePolicyDocument != nil {
		role.AssumeRolePolicyDocument = aws.String(plain(*role.AssumeRolePolicyDocument))
	}
	return role, nil
}

// plain undoes the RFC 3986 encoding of a document; one that is not encoded is given as it is.
func plain(document string) string {
	decoded, err := url.PathUnescape(document)
	if err != nil {
		return document
	}
	return decoded
}
