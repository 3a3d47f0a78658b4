package ecs

import (
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"

	"ecs-api/common"
	"ecs-api/common/awsclient"
)

// What ECS takes in one call, and gives on one page.
const (
	servicesPerCall        = 10
	tasksPerCall           = 100
	clustersPerCall        = 100
	taskDefinitionsPerCall = 10
	page                   = 100 // asked for everywhere: ListServices gives ten otherwise
)

const (
	missing  = "MISSING"
	inactive = "INACTIVE"
)

var withTags = aws.StringSlice([]string{"TAGS"})

// Client speaks to ECS as one account. It is safe for concurrent use.
type Client struct {
	api *awsecs.ECS
}

// New makes a client of the account's session.
func New(sess *session.Session) *Client { return &Client{api: awsecs.New(sess)} }

// unexpected gives an error for the failures that ECS reports inside a 200, other than that something is not there, which the
// caller sees by its absence; nil if there are none.
func unexpected(failures []*awsecs.Failure) error {
	for _, f := range failures {
		if f != nil && aws.StringValue(f.Reason) != missing {
			return refused(f, common.Failed)
		}
	}
	return nil
}

func refused(f *awsecs.Failure, kind common.Kind) error {
	said := []string{"ECS refused " + aws.StringValue(f.Arn)}
	for _, part := range []*string{f.Reason, f.Detail} {
		if s := aws.StringValue(part); s != "" {
			said = append(said, s)
		}
	}
	return &common.Error{Kind: kind, Code: aws.StringValue(f.Reason), Message: strings.Join(said, ": ")}
}

func notFound(what, name string) error {
	return common.Newf(common.NotFound, "%s %q does not exist", what, name)
}

// answer gives what a call answered, or its error translated. A 200 without the object is an error too.
func answer[T any](operation string, object *T, err error) (*T, error) {
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	if object == nil {
		return nil, awsclient.Hollow(operation)
	}
	return object, nil
}
