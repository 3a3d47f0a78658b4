// Package ssm is the API's view of the Parameter Store of AWS Systems Manager: what is known of parameters, their making, their tags and
// their end. Nothing in it reads a value. It imports common and the SDK, no other wrapper.
package ssm

import (
	"context"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	awsssm "github.com/aws/aws-sdk-go/service/ssm"

	"ecs-api/common"
	"ecs-api/common/awsclient"
)

// MostDeleted is how many parameters DeleteParameters takes in a call.
const MostDeleted = 10

// largestPage is DescribeParameters' own.
const largestPage = 50

// Client speaks to the Parameter Store as one account. It is safe for concurrent use.
type Client struct {
	api *awsssm.SSM
}

// New makes a client of the account's session.
func New(sess *session.Session) *Client { return &Client{api: awsssm.New(sess)} }

// Parameter gives what is known of a parameter, by its full name, never its value. NotFound if it is absent.
func (c *Client) Parameter(ctx context.Context, name string) (*awsssm.ParameterMetadata, error) {
	found, err := c.describe(ctx, "Name", "Equals", name)
	if err != nil {
		return nil, err
	}
	for _, parameter := range found {
		if aws.StringValue(parameter.Name) == name {
			return parameter, nil
		}
	}
	return nil, common.Newf(common.NotFound, "parameter %s is not found", name)
}

// Names gives the full names of the parameters right under a path, all pages; none where there is no such path.
func (c *Client) Names(ctx context.Context, path string) ([]string, error) {
	found, err := c.describe(ctx, "Path", "OneLevel", path)
	var names []string
	for _, parameter := range found {
		names = append(names, aws.StringValue(parameter.Name))
	}
	return names, err
}

// describe reads all pages: one may be empty and not be the last. GetParametersByPath has pages of ten, and gives values.
func (c *Client) describe(ctx context.Context, key, option, value string) ([]*awsssm.ParameterMetadata, error) {
	in := &awsssm.DescribeParametersInput{
		MaxResults:       aws.Int64(largestPage),
		ParameterFilters: []*awsssm.ParameterStringFilter{{Key: &key, Option: &option, Values: []*string{&value}}},
	}
	var found []*awsssm.ParameterMetadata
	err := c.api.DescribeParametersPagesWithContext(ctx, in, func(out *awsssm.DescribeParametersOutput, _ bool) bool {
		for _, parameter := range out.Parameters {
			if parameter != nil {
				found = append(found, parameter)
			}
		}
		return true
	})
	return found, awsclient.Translate(err)
}

// PutParameter makes a parameter, or with Overwrite a version of one. AWS takes no tags with Overwrite. Conflict if the name is taken
// (awsclient.IsAlreadyExists), also by this very call where its first answer was lost: there is no token.
func (c *Client) PutParameter(ctx context.Context, in *awsssm.PutParameterInput) (*awsssm.PutParameterOutput, error) {
	out, err := c.api.PutParameterWithContext(ctx, in)
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	if out.Version == nil {
		return nil, awsclient.Hollow("PutParameter")
	}
	return out, nil
}

// DeleteParameter deletes a parameter. NotFound if it is absent, but not where an attempt whose answer was lost may have deleted it.
func (c *Client) DeleteParameter(ctx context.Context, name string) error {
	_, err := c.api.DeleteParameterWithContext(ctx, &awsssm.DeleteParameterInput{Name: &name})
	err = awsclient.Translate(err)
	if common.KindOf(err) == common.NotFound && common.Unheard(err) {
		return nil
	}
	return err
}

// DeleteParameters deletes up to MostDeleted parameters. Absent ones are fine.
func (c *Client) DeleteParameters(ctx context.Context, names []string) error {
	_, err := c.api.DeleteParametersWithContext(ctx, &awsssm.DeleteParametersInput{Names: aws.StringSlice(names)})
	return awsclient.Translate(err)
}
