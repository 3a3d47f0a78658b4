package cloudwatchlogs

import (
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	awslogs "github.com/aws/aws-sdk-go/service/cloudwatchlogs"

	"ecs-api/common"
	"ecs-api/common/awsclient/awstest"
)

// TestGetLogEvents: an empty page has a list all the same, and its tokens; what is no answer is none.
func TestGetLogEvents(t *testing.T) {
	for name, test := range map[string]struct {
		answer awstest.Answer
		kind   common.Kind
		events int
	}{
		"a page":        {awstest.OK(object{"events": []object{{"message": "m"}}, "nextForwardToken": "f/1", "nextBackwardToken": "b/1"}), 0, 1},
		"an empty page": {awstest.OK(object{"nextForwardToken": "f/1", "nextBackwardToken": "b/1"}), 0, 0},
		"nothing":       {awstest.OK(object{}), common.Failed, 0},
		"no stream":     {awstest.Refuse(400, "ResourceNotFoundException", "The specified log stream does not exist."), common.NotFound, 0},
		"a bad token":   {awstest.Refuse(400, "InvalidParameterException", "The specified nextToken is invalid."), common.Invalid, 0},
	} {
		in(t, func(*awstest.Request) awstest.Answer { return test.answer }, func(t *testing.T, c *Client, _ *awstest.Server) {
			got, err := c.GetLogEvents(t.Context(), &awslogs.GetLogEventsInput{LogGroupName: aws.String("c"), LogStreamName: aws.String("s")})
			if test.kind != 0 {
				if common.KindOf(err) != test.kind {
					t.Errorf("%s: %v", name, err)
				}
				return
			}
			if err != nil || got.Events == nil || len(got.Events) != test.events || aws.StringValue(got.NextForwardToken) != "f/1" {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		})
	}
}
