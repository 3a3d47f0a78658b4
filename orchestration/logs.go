package orchestration

import (
	"context"
	"regexp"
	"strings"

	"ecs-api/common"

	"github.com/aws/aws-sdk-go/aws"
	awslogs "github.com/aws/aws-sdk-go/service/cloudwatchlogs"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// ServiceLogsInput names a container of one of a service's tasks, and the part of its log that is asked for.
type ServiceLogsInput struct {
	Cluster   string  `json:"-" path:"cluster"`
	Service   string  `json:"-" path:"service"`
	Task      string  `json:"-" query:"task" required:"true" doc:"The task, by its id or as cluster/id."`
	Container string  `json:"-" query:"container" required:"true" doc:"The name of the container."`
	Limit     *int64  `json:"-" query:"limit" min:"1" max:"10000" doc:"At most so many events."`
	Seq       *string `json:"-" query:"seq" doc:"A token of an earlier answer, to read on in its direction; without one come the most recent events."`
	Start     *int64  `json:"-" query:"start" min:"0" doc:"Events from here on, in milliseconds since 1970."`
	End       *int64  `json:"-" query:"end" min:"0" doc:"Events before this, in milliseconds since 1970."`
}

// ServiceLogsOutput is a page of a log, the oldest event first. Each token reads on in its direction; the end is where the same token comes
// back.
type ServiceLogsOutput struct {
	Events            []*awslogs.OutputLogEvent
	NextForwardToken  *string
	NextBackwardToken *string
}

// mostLogEvents is how many events CloudWatch Logs puts on a page. (API reference of GetLogEvents, limit.)
const mostLogEvents = 10000

var (
	logTaskPattern = regexp.MustCompile(`^([a-zA-Z0-9_-]{1,255}/)?[a-zA-Z0-9_-]{1,255}$`)
	// A token is opaque but for its first letter, the direction that it reads on in.
	logTokenPattern = regexp.MustCompile(`^[fb]/[a-zA-Z0-9/_+=-]{1,512}$`)
)

// Validate gives the rules that the input breaks.
func (in *ServiceLogsInput) Validate() []common.Violation {
	v := violations(pathNames(in.Cluster, in.Service))
	v.check(in.Task != "", "/query/task", "the query parameter task is required")
	v.check(logTaskPattern.MatchString(in.Task), "/query/task", "the query parameter task must be the id of a task, or cluster/id")
	v.check(in.Container != "", "/query/container", "the query parameter container is required")
	v.check(namePattern.MatchString(in.Container), "/query/container", "the query parameter container must be a container's name: %s", nameRule)
	v.check(
		in.Limit == nil || *in.Limit >= 1 && *in.Limit <= mostLogEvents,
		"/query/limit",
		"the query parameter limit must be from 1 to %d",
		mostLogEvents,
	)
	v.check(
		in.Seq == nil || logTokenPattern.MatchString(*in.Seq),
		"/query/seq",
		"the query parameter seq must be a token of an earlier answer, f/… or b/…",
	)
	v.check(aws.Int64Value(in.Start) >= 0, "/query/start", "the query parameter start must be in milliseconds since 1970")
	v.check(aws.Int64Value(in.End) >= 0, "/query/end", "the query parameter end must be in milliseconds since 1970")
	v.check(in.Start == nil || in.End == nil || *in.Start <= *in.End, "/query/end", "the query parameter end is before start")
	return v
}

// ServiceLogs gives a page of the log of a container. NotFound if the service or the log group is absent or another org's, or the container
// of that task has no log stream; Invalid for a token that is none.
func (a *Account) ServiceLogs(ctx context.Context, in *ServiceLogsInput) (*ServiceLogsOutput, error) {
	cluster, task, elsewhere := strings.Cut(in.Task, "/")
	if !elsewhere {
		cluster, task = in.Cluster, in.Task
	}
	if cluster != in.Cluster {
		return nil, common.Newf(common.NotFound, "task %s is not in cluster %s", in.Task, in.Cluster)
	}
	var service *awsecs.Service
	err := look(ctx,
		func(ctx context.Context) (err error) {
			service, err = a.ourService(ctx, in.Cluster, in.Service)
			return err
		},
		func(ctx context.Context) error {
			tags, err := a.logGroupTags(ctx, in.Cluster)
			if err == nil && !a.owns(tags) {
				err = notOurs("log group", in.Cluster)
			}
			return err
		},
	)
	if err != nil {
		return nil, err
	}
	found, err := a.firstLog(ctx, logRequests(in, logStreams(service, in.Container, task)))
	switch kind := common.KindOf(err); {
	case err == nil:
		return &ServiceLogsOutput{Events: found.Events, NextForwardToken: found.NextForwardToken, NextBackwardToken: found.NextBackwardToken}, nil
	case kind == common.NotFound:
		return nil, &common.Error{Kind: kind, Message: "container " + in.Container + " of task " + task + " has no log stream", Err: err}
	case kind == common.Invalid && in.Seq != nil:
		return nil, &common.Error{Kind: kind, Message: common.MessageOf(err), Err: err,
			Violations: []common.Violation{
				{Pointer: "/query/seq", Detail: "the query parameter seq is not a token of this log: " + common.MessageOf(err)},
			}}
	}
	return nil, err
}

// logStreams gives the names that the log of a container may have: after the families of the service's deployments, and after the service,
// as those of older definitions are.
func logStreams(service *awsecs.Service, container, task string) []string {
	var prefixes []string
	once(&prefixes, familyOf(aws.StringValue(service.TaskDefinition)))
	for _, deployment := range service.Deployments {
		once(&prefixes, familyOf(aws.StringValue(deployment.TaskDefinition)))
	}
	once(&prefixes, aws.StringValue(service.ServiceName))
	for i, prefix := range prefixes {
		prefixes[i] = prefix + "/" + container + "/" + task
	}
	return prefixes
}

// logRequests asks each stream for the same. A token that leads forward is refused unless the head is asked for as well.
func logRequests(in *ServiceLogsInput, streams []string) []*awslogs.GetLogEventsInput {
	forward := strings.HasPrefix(aws.StringValue(in.Seq), "f/")
	var requests []*awslogs.GetLogEventsInput
	for _, stream := range streams {
		requests = append(requests, &awslogs.GetLogEventsInput{
			LogGroupName: aws.String(in.Cluster), LogStreamName: aws.String(stream), StartFromHead: aws.Bool(forward),
			Limit: in.Limit, NextToken: in.Seq, StartTime: in.Start, EndTime: in.End,
		})
	}
	return requests
}

// firstLog asks all at once and gives the first that exists; otherwise NotFound, or what kept AWS from saying so.
func (a *Account) firstLog(ctx context.Context, requests []*awslogs.GetLogEventsInput) (*awslogs.GetLogEventsOutput, error) {
	pages := make([]*awslogs.GetLogEventsOutput, len(requests))
	var reads []func(context.Context) error
	for i, request := range requests {
		reads = append(reads, func(ctx context.Context) (err error) {
			pages[i], err = a.logs.GetLogEvents(ctx, request)
			return err
		})
	}
	err := look(ctx, reads...)
	for _, page := range pages {
		if page != nil {
			return page, nil
		}
	}
	return nil, err
}
