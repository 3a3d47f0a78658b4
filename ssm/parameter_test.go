package ssm

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go/aws"
	awsssm "github.com/aws/aws-sdk-go/service/ssm"

	"ecs-api/common"
	"ecs-api/common/awsclient/awstest"
)

type object = map[string]any

func TestNamesReadsPastAnEmptyPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pages := []object{
			{"Parameters": []any{}, "NextToken": "1"},
			{"Parameters": []any{object{"Name": "/o/p/a"}}, "NextToken": "2"},
			{"Parameters": []any{object{"Name": "/o/p/b"}}},
		}
		asked := 0
		c := New((&awstest.Server{Handle: func(*awstest.Request) awstest.Answer {
			asked++
			return awstest.OK(pages[asked-1])
		}}).Session(t))
		names, err := c.Names(t.Context(), "/o/p")
		if fmt.Sprint(names, err) != "[/o/p/a /o/p/b] <nil>" {
			t.Error(names, err)
		}
	})
}

func TestKinds(t *testing.T) {
	refused := func(code string) awstest.Answer { return awstest.Refuse(400, code, "no") }
	for name, test := range map[string]struct {
		answer                  awstest.Answer
		show, put, delete, tags common.Kind
	}{
		"absent":     {refused("ParameterNotFound"), common.NotFound, common.NotFound, common.NotFound, common.NotFound},
		"no such id": {refused("InvalidResourceId"), common.Invalid, common.Invalid, common.Invalid, common.NotFound},
		"exists":     {refused("ParameterAlreadyExists"), common.Conflict, common.Conflict, common.Conflict, common.Conflict},
		"invalid":    {refused("ValidationException"), common.Invalid, common.Invalid, common.Invalid, common.Invalid},
		"hollow":     {awstest.OK(object{}), common.NotFound, common.Failed, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := New((&awstest.Server{Handle: func(*awstest.Request) awstest.Answer { return test.answer }}).Session(t))
				_, show := c.Parameter(t.Context(), "n")
				_, put := c.PutParameter(t.Context(), &awsssm.PutParameterInput{Name: aws.String("n"), Value: aws.String("v")})
				remove := c.DeleteParameter(t.Context(), "n")
				_, tags := c.Tags(t.Context(), "n")
				for what, pair := range map[string]struct {
					err  error
					want common.Kind
				}{"show": {show, test.show}, "put": {put, test.put}, "delete": {remove, test.delete}, "tags": {tags, test.tags}} {
					if common.KindOf(pair.err) != pair.want {
						t.Errorf("%s: %v", what, pair.err)
					}
				}
			})
		})
	}
}

// A delete whose answer was lost is sent again, and finds nothing: that is success.
func TestDeleteAfterALostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c := New((&awstest.Server{Handle: func(*awstest.Request) awstest.Answer {
			if asked++; asked == 1 {
				return awstest.Refuse(500, "InternalServerError", "lost")
			}
			return awstest.Refuse(400, "ParameterNotFound", "gone")
		}}).Session(t))
		if err := c.DeleteParameter(t.Context(), "n"); err != nil || asked != 2 {
			t.Error(err, asked)
		}
	})
}
