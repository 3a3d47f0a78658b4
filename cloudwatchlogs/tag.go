package cloudwatchlogs

import (
	"context"

	"github.com/aws/aws-sdk-go/aws"
	awslogs "github.com/aws/aws-sdk-go/service/cloudwatchlogs"

	"ecs-api/common/awsclient"
)

// TagResource adds tags to what an ARN names, or gives them other values. NotFound if it is absent.
func (c *Client) TagResource(ctx context.Context, arn string, tags map[string]string) error {
	_, err := c.api.TagResourceWithContext(ctx, &awslogs.TagResourceInput{ResourceArn: &arn, Tags: aws.StringMap(tags)})
	return awsclient.Translate(err)
}

// UntagResource takes tags from what an ARN names. NotFound if it is absent.
func (c *Client) UntagResource(ctx context.Context, arn string, keys []string) error {
	_, err := c.api.UntagResourceWithContext(ctx, &awslogs.UntagResourceInput{ResourceArn: &arn, TagKeys: aws.StringSlice(keys)})
	return awsclient.Translate(err)
}
