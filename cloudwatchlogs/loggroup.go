// Package cloudwatchlogs is the API's view of Amazon CloudWatch Logs: log groups, how long they keep, their tags. It imports common and
// the SDK, no other wrapper.
package cloudwatchlogs

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	awslogs "github.com/aws/aws-sdk-go/service/cloudwatchlogs"

	"ecs-api/common"
	"ecs-api/common/awsclient"
)

const page = 50

// Client speaks to CloudWatch Logs as one account. It is safe for concurrent use.
type Client struct {
	api *awslogs.CloudWatchLogs
}

// New makes a client of the account's session.
func New(sess *session.Session) *Client { return &Client{api: awslogs.New(sess)} }

// LogGroup gives the log group of exactly this name. NotFound if it is absent: AWS only lists by prefix.
func (c *Client) LogGroup(ctx context.Context, name string) (*awslogs.LogGroup, error) {
	var found *awslogs.LogGroup
	in := &awslogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name, Limit: aws.Int64(page)}
	err := c.api.DescribeLogGroupsPagesWithContext(ctx, in, func(out *awslogs.DescribeLogGroupsOutput, _ bool) bool {
		for _, group := range out.LogGroups {
			if group != nil && aws.StringValue(group.LogGroupName) == name {
				found = group
			}
		}
		return found == nil
	})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	if found == nil {
		return nil, common.Newf(common.NotFound, "log group %q does not exist", name)
	}
	return found, nil
}

// Tags gives the tags of a log group by its ARN, with or without the ":*" that DescribeLogGroups puts at its end. NotFound if it is absent.
func (c *Client) Tags(ctx context.Context, arn string) (map[string]*string, error) {
	out, err := c.api.ListTagsForResourceWithContext(ctx, &awslogs.ListTagsForResourceInput{
		ResourceArn: aws.String(strings.TrimSuffix(arn, ":*")),
	})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	return out.Tags, nil
}

// CreateLogGroup makes a log group. Conflict if it exists (awsclient.IsAlreadyExists) or another change of it is under way.
func (c *Client) CreateLogGroup(ctx context.Context, in *awslogs.CreateLogGroupInput) error {
	_, err := c.api.CreateLogGroupWithContext(ctx, in)
	return awsclient.Translate(err)
}

// PutRetentionPolicy sets how many days a log group keeps its events. NotFound if it is absent, Invalid if AWS does not offer that many
// days.
func (c *Client) PutRetentionPolicy(ctx context.Context, name string, days int64) error {
	_, err := c.api.PutRetentionPolicyWithContext(ctx, &awslogs.PutRetentionPolicyInput{LogGroupName: &name, RetentionInDays: &days})
	return awsclient.Translate(err)
}

// DeleteRetentionPolicy lets a log group keep its events for ever. NotFound if it is absent.
func (c *Client) DeleteRetentionPolicy(ctx context.Context, name string) error {
	_, err := c.api.DeleteRetentionPolicyWithContext(ctx, &awslogs.DeleteRetentionPolicyInput{LogGroupName: &name})
	return awsclient.Translate(err)
}

// DeleteLogGroup removes a log group with all its events. NotFound if it is absent.
func (c *Client) DeleteLogGroup(ctx context.Context, name string) error {
	_, err := c.api.DeleteLogGroupWithContext(ctx, &awslogs.DeleteLogGroupInput{LogGroupName: &name})
	return awsclient.Translate(err)
}
