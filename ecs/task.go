package ecs

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"

	"ecs-api/common/awsclient"
)

// ListTasks gives the ARNs of the tasks that match, all pages. ECS lists those whose desired status is RUNNING unless told otherwise. NotFound if the
// cluster or the service is absent.
func (c *Client) ListTasks(ctx context.Context, in *awsecs.ListTasksInput) ([]string, error) {
	query := *in // the caller's is only read
	if query.MaxResults == nil {
		query.MaxResults = aws.Int64(page)
	}
	arns := []string{}
	err := c.api.ListTasksPagesWithContext(ctx, &query, func(out *awsecs.ListTasksOutput, _ bool) bool {
		arns = append(arns, aws.StringValueSlice(out.TaskArns)...)
		return true
	})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	return arns, nil
}

// DescribeTasks gives the tasks, by ARN or id, with their tags. Those that are absent are left out: gone for an hour or more, or made a
// moment ago. NotFound if the cluster is absent.
func (c *Client) DescribeTasks(ctx context.Context, cluster string, arns []string) ([]*awsecs.Task, error) {
	return awsclient.Batched(ctx, arns, tasksPerCall, func(ctx context.Context, batch []string) ([]*awsecs.Task, error) {
		out, err := c.api.DescribeTasksWithContext(ctx, &awsecs.DescribeTasksInput{
			Cluster: &cluster,
			Tasks:   aws.StringSlice(batch),
			Include: withTags,
		})
		if err != nil {
			return nil, awsclient.Translate(err)
		}
		return slices.DeleteFunc(out.Tasks, func(t *awsecs.Task) bool { return t == nil }), unexpected(out.Failures)
	})
}
