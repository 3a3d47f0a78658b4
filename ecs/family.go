package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"

	"ecs-api/common/awsclient"
)

// ListActiveFamilies gives the names of all families of the account that have an active revision, all pages.
func (c *Client) ListActiveFamilies(ctx context.Context) ([]string, error) {
	families := []string{}
	in := &awsecs.ListTaskDefinitionFamiliesInput{
		Status:     aws.String(awsecs.TaskDefinitionFamilyStatusActive), // those without one are listed too otherwise
		MaxResults: aws.Int64(page),
	}
	err := c.api.ListTaskDefinitionFamiliesPagesWithContext(ctx, in, func(out *awsecs.ListTaskDefinitionFamiliesOutput, _ bool) bool {
		families = append(families, aws.StringValueSlice(out.Families)...)
		return true
	})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	return families, nil
}
