package iam

import (
	"context"

	"github.com/aws/aws-sdk-go/aws"
	awsiam "github.com/aws/aws-sdk-go/service/iam"

	"ecs-api/common/awsclient"
)

// TagRole adds tags to a role, or gives them other values. NotFound if it is absent.
func (c *Client) TagRole(ctx context.Context, name string, tags []*awsiam.Tag) error {
	_, err := c.api.TagRoleWithContext(ctx, &awsiam.TagRoleInput{RoleName: &name, Tags: tags})
	return awsclient.Translate(err)
}

// UntagRole takes tags from a role. NotFound if it is absent.
func (c *Client) UntagRole(ctx context.Context, name string, keys []string) error {
	_, err := c.api.UntagRoleWithContext(ctx, &awsiam.UntagRoleInput{RoleName: &name, TagKeys: aws.StringSlice(keys)})
	return awsclient.Translate(err)
}
