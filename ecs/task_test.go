package ecs

import (
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"

	"ecs-api/common"
	"ecs-api/common/awsclient/awstest"
)

// TestRunTask: what was started and what found no place, both told; nothing is sent without a token.
func TestRunTask(t *testing.T) {
	handle := func(r *awstest.Request) awstest.Answer {
		if asked := r.JSON(t); asked["clientToken"] != "token" {
			t.Errorf("asked for %v", asked)
		}
		return awstest.OK(object{"tasks": []object{{"taskArn": "t"}}, "failures": []object{{"reason": "RESOURCE:MEMORY"}}})
	}
	in(t, handle, func(t *testing.T, c *Client, server *awstest.Server) {
		tasks, failures, err := c.RunTask(t.Context(), &awsecs.RunTaskInput{TaskDefinition: aws.String("f"), ClientToken: aws.String("token")})
		if err != nil || len(tasks) != 1 || len(failures) != 1 {
			t.Errorf("%v, %v, %v", tasks, failures, err)
		}
		if _, _, err := c.RunTask(t.Context(), &awsecs.RunTaskInput{TaskDefinition: aws.String("f")}); common.KindOf(err) != common.Internal || len(server.Calls()) != 1 {
			t.Errorf("without a token: %v after %v", err, server.Calls())
		}
	})
}

// TestRunTaskThatCannotBeRead: it took effect, and is not sent again; an answer without anything is none.
func TestRunTaskThatCannotBeRead(t *testing.T) {
	for name, answer := range map[string]awstest.Answer{
		"numbers for strings": {Body: `{"tasks": [{"containers": [{"cpu": 0}]}]}`},
		"empty":               {Body: `{}`},
	} {
		in(t, func(*awstest.Request) awstest.Answer { return answer }, func(t *testing.T, c *Client, server *awstest.Server) {
			_, _, err := c.RunTask(t.Context(), &awsecs.RunTaskInput{TaskDefinition: aws.String("f"), ClientToken: aws.String("token")})
			if common.KindOf(err) != common.Failed || !common.Unheard(err) || len(server.Calls()) != 1 {
				t.Errorf("%s: %v after %v", name, err, server.Calls())
			}
		})
	}
}

func TestStopTask(t *testing.T) {
	var asked map[string]any
	handle := func(r *awstest.Request) awstest.Answer {
		if asked = r.JSON(t); asked["task"] == "gone" {
			return awstest.Refuse(400, "InvalidParameterException", "The referenced task was not found.")
		}
		return awstest.OK(object{"task": object{}})
	}
	in(t, handle, func(t *testing.T, c *Client, _ *awstest.Server) {
		if err := c.StopTask(t.Context(), "c", "t", "enough"); err != nil || asked["reason"] != "enough" || asked["cluster"] != "c" {
			t.Errorf("%v, asked for %v", err, asked)
		}
		if err := c.StopTask(t.Context(), "c", "t", ""); err != nil || slices.Contains(slices.Collect(maps.Keys(asked)), "reason") {
			t.Errorf("%v, asked for %v", err, asked)
		}
		if err := c.StopTask(t.Context(), "c", "gone", ""); common.KindOf(err) != common.NotFound {
			t.Error(err)
		}
	})
}

// TestListActiveFamilies: every page, also after an empty one.
func TestListActiveFamilies(t *testing.T) {
	handle := func(r *awstest.Request) awstest.Answer {
		asked := r.JSON(t)
		if asked["status"] != "ACTIVE" || asked["maxResults"] != float64(100) {
			t.Errorf("asked for %v", asked)
		}
		switch asked["nextToken"] {
		case nil:
			return awstest.OK(object{"families": []string{"a"}, "nextToken": "2"})
		case "2":
			return awstest.OK(object{"families": []string{}, "nextToken": "3"})
		}
		return awstest.OK(object{"families": []string{"b"}})
	}
	in(t, handle, func(t *testing.T, c *Client, _ *awstest.Server) {
		if got, err := c.ListActiveFamilies(t.Context()); err != nil || !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("%v, %v", got, err)
		}
	})
}
