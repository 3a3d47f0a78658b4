package cloudwatchlogs

import (
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go/aws"
	awslogs "github.com/aws/aws-sdk-go/service/cloudwatchlogs"

	"ecs-api/common"
	"ecs-api/common/awsclient/awstest"
)

type object = map[string]any

func in(t *testing.T, handle func(*awstest.Request) awstest.Answer, test func(*testing.T, *Client, *awstest.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := &awstest.Server{Handle: handle}
		test(t, New(server.Session(t)), server)
	})
}

// TestLogGroup: the exact name among those that merely start alike, no page more than it takes.
func TestLogGroup(t *testing.T) {
	handle := func(r *awstest.Request) awstest.Answer {
		asked := r.JSON(t)
		if asked["limit"] != float64(50) {
			t.Errorf("asked for %v", asked)
		}
		if asked["nextToken"] == nil {
			return awstest.OK(object{"logGroups": []object{{"logGroupName": "c-1"}, {"logGroupName": "c-2"}}, "nextToken": "2"})
		}
		return awstest.OK(object{"logGroups": []object{{"logGroupName": "c-3", "retentionInDays": 365}}})
	}
	for name, calls := range map[string]int{"c-1": 1, "c-3": 2, "c": 0} {
		in(t, handle, func(t *testing.T, c *Client, server *awstest.Server) {
			got, err := c.LogGroup(t.Context(), name)
			if calls == 0 {
				if common.KindOf(err) != common.NotFound {
					t.Error(err)
				}
				return
			}
			if err != nil || aws.StringValue(got.LogGroupName) != name || len(server.Calls()) != calls {
				t.Errorf("%v, %v after %v", got, err, server.Calls())
			}
		})
	}
}

func TestTags(t *testing.T) {
	for _, arn := range []string{"arn:aws:logs:r:1:log-group:c", "arn:aws:logs:r:1:log-group:c:*"} {
		in(t, func(r *awstest.Request) awstest.Answer {
			if asked := r.JSON(t); asked["resourceArn"] != "arn:aws:logs:r:1:log-group:c" {
				t.Errorf("asked for %v", asked)
			}
			return awstest.OK(object{"tags": object{"k": "v"}})
		}, func(t *testing.T, c *Client, _ *awstest.Server) {
			if got, err := c.Tags(t.Context(), arn); err != nil || aws.StringValue(got["k"]) != "v" {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func TestKinds(t *testing.T) {
	for code, kind := range map[string]common.Kind{
		"ResourceNotFoundException":      common.NotFound,
		"ResourceAlreadyExistsException": common.Conflict,
		"LimitExceededException":         common.Conflict,
		"OperationAbortedException":      common.Conflict,
		"InvalidParameterException":      common.Invalid,
		"ThrottlingException":            common.Throttled,
	} {
		in(t, func(*awstest.Request) awstest.Answer { return awstest.Refuse(400, code, "") }, func(t *testing.T, c *Client, _ *awstest.Server) {
			for call, err := range map[string]error{
				"CreateLogGroup":        c.CreateLogGroup(t.Context(), &awslogs.CreateLogGroupInput{LogGroupName: aws.String("c")}),
				"PutRetentionPolicy":    c.PutRetentionPolicy(t.Context(), "c", 365),
				"DeleteRetentionPolicy": c.DeleteRetentionPolicy(t.Context(), "c"),
				"DeleteLogGroup":        c.DeleteLogGroup(t.Context(), "c"),
			} {
				if common.KindOf(err) != kind {
					t.Errorf("%s: %v", call, err)
				}
			}
		})
	}
}

// TestBusyGroup: another change of the group passes by itself.
func TestBusyGroup(t *testing.T) {
	busy := true
	in(t, func(*awstest.Request) awstest.Answer {
		if busy {
			busy = false
			return awstest.Refuse(400, "OperationAbortedException", "A conflicting operation is currently in progress against this resource. Please try again.")
		}
		return awstest.OK(object{})
	}, func(t *testing.T, c *Client, _ *awstest.Server) {
		if err := c.PutRetentionPolicy(t.Context(), "c", 365); err != nil {
			t.Error(err)
		}
	})
}
