// Package resourcegroupstaggingapi is the API's view of the Resource Groups Tagging API, which finds resources of any service by their
// tags. It is read only: tags are written with each service's own call. What it lists may be late by minutes and is to be confirmed with
// the service that owns the resource. It imports common and the SDK, no other wrapper.
package resourcegroupstaggingapi

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	awstagging "github.com/aws/aws-sdk-go/service/resourcegroupstaggingapi"

	"ecs-api/common/awsclient"
)

const page = 100

// Client speaks to the tagging API as one account. It is safe for concurrent use.
type Client struct {
	api *awstagging.ResourceGroupsTaggingAPI
}

// New makes a client of the account's session.
func New(sess *session.Session) *Client { return &Client{api: awstagging.New(sess)} }

// Resources gives the resources of the types ("ecs:cluster", "secretsmanager:secret"; none: of every type) that carry all the tags, all
// pages. Deleted ones may be among them for hours.
func (c *Client) Resources(ctx context.Context, types []string, tags map[string]string) ([]*awstagging.ResourceTagMapping, error) {
	in := &awstagging.GetResourcesInput{ResourcesPerPage: aws.Int64(page)}
	if len(types) > 0 {
		in.ResourceTypeFilters = aws.StringSlice(types)
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		in.TagFilters = append(in.TagFilters, &awstagging.TagFilter{Key: aws.String(key), Values: aws.StringSlice([]string{tags[key]})})
	}
	resources := []*awstagging.ResourceTagMapping{}
	err := c.api.GetResourcesPagesWithContext(ctx, in, func(out *awstagging.GetResourcesOutput, _ bool) bool {
		resources = append(resources, out.ResourceTagMappingList...)
		return true
	})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	return resources, nil
}
