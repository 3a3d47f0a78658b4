package cloudwatchlogs

import (
	"context"

	awslogs "github.com/aws/aws-sdk-go/service/cloudwatchlogs"

	"ecs-api/common/awsclient"
)

// GetLogEvents gives one page of a log stream. A page may be empty while there is more: only a token that comes back as it was sent says
// that there is not. NotFound if the group or the stream is absent, Invalid if AWS knows the token not.
func (c *Client) GetLogEvents(ctx context.Context, in *awslogs.GetLogEventsInput) (*awslogs.GetLogEventsOutput, error) {
	out, err := c.api.GetLogEventsWithContext(ctx, in)
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	if out.Events == nil && out.NextForwardToken == nil {
		return nil, awsclient.Hollow("GetLogEvents")
	}
	if out.Events == nil {
		out.Events = []*awslogs.OutputLogEvent{}
	}
	return out, nil
}
