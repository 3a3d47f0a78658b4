package ecs

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"

	"ecs-api/common"
	"ecs-api/common/awsclient"
)

// ListTasks gives the ARNs of the tasks that match, all pages. ECS lists those whose desired status is RUNNING unless told otherwise.
// NotFound if the cluster or the service is absent.
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

// RunTask starts tasks, and gives with them the failures of those that found no place: ECS tells both inside a 200. It needs a ClientToken,
// with which a repeated call gives the same tasks. NotFound if the cluster or the definition is absent, Invalid as ECS says;
// awsclient.IsRoleNotVisible if a role was made a moment ago.
func (c *Client) RunTask(ctx context.Context, in *awsecs.RunTaskInput) ([]*awsecs.Task, []*awsecs.Failure, error) {
	if aws.StringValue(in.ClientToken) == "" {
		return nil, nil, &common.Error{Kind: common.Internal, Message: "RunTask without a ClientToken"} // the SDK's own would serve none but its retries
	}
	out, err := c.api.RunTaskWithContext(ctx, in)
	if err != nil {
		return nil, nil, awsclient.Translate(err)
	}
	if out.Tasks == nil && out.Failures == nil {
		return nil, nil, awsclient.Hollow("RunTask")
	}
	return slices.DeleteFunc(out.Tasks, func(t *awsecs.Task) bool { return t == nil }),
		slices.DeleteFunc(out.Failures, func(f *awsecs.Failure) bool { return f == nil }), nil
}

// StopTask asks a task to end, and takes its tags away; one that has stopped stays so. The reason, "" for none, is shown with the task.
// NotFound if the task or its cluster is absent.
func (c *Client) StopTask(ctx context.Context, cluster, task, reason string) error {
	in := &awsecs.StopTaskInput{Cluster: &cluster, Task: &task}
	if reason != "" {
		in.Reason = &reason
	}
	_, err := c.api.StopTaskWithContext(ctx, in)
	return awsclient.Translate(err)
}
