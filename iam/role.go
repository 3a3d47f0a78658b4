// Package iam is the API's view of AWS IAM: roles and their inline policies. IAM answers in XML, with codes that have no "Exception" at their end,
// and with documents that are URL-encoded; nobody outside this package needs to know. It imports common and the SDK, no other
// wrapper.
package iam

import (
	"context"
	"net/url"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	awsiam "github.com/aws/aws-sdk-go/service/iam"

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
