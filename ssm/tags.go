package ssm

import (
	"context"

	"github.com/aws/aws-sdk-go/aws"
	awsssm "github.com/aws/aws-sdk-go/service/ssm"

	"ecs-api/common"
	"ecs-api/common/awsclient"
)

// Tags gives the tags of a parameter, by its full name. NotFound if it is absent.
func (c *Client) Tags(ctx context.Context, name string) ([]*awsssm.Tag, error) {
	out, err := c.api.ListTagsForResourceWithContext(ctx, &awsssm.ListTagsForResourceInput{
		ResourceType: aws.String(awsssm.ResourceTypeForTaggingParameter),
		ResourceId:   &name,
	})
	if err != nil {
		return nil, untaggable(err, name)
	}
	return out.TagList, nil
}

// AddTags adds tags to a parameter, or gives them other values. NotFound if it is absent.
func (c *Client) AddTags(ctx context.Context, name string, tags []*awsssm.Tag) error {
	_, err := c.api.AddTagsToResourceWithContext(ctx, &awsssm.AddTagsToResourceInput{
		ResourceType: aws.String(awsssm.ResourceTypeForTaggingParameter),
		ResourceId:   &name,
		Tags:         tags,
	})
	return untaggable(err, name)
}

// RemoveTags takes tags from a parameter. NotFound if it is absent.
func (c *Client) RemoveTags(ctx context.Context, name string, keys []string) error {
	_, err := c.api.RemoveTagsFromResourceWithContext(ctx, &awsssm.RemoveTagsFromResourceInput{
		ResourceType: aws.String(awsssm.ResourceTypeForTaggingParameter),
		ResourceId:   &name,
		TagKeys:      aws.StringSlice(keys),
	})
	return untaggable(err, name)
}

// untaggable is Translate, but what the tags' own calls name an invalid id is a parameter that is absent.
func untaggable(err error, name string) error {
	err = awsclient.Translate(err)
	if common.CodeOf(err) == awsssm.ErrCodeInvalidResourceId {
		return &common.Error{Kind: common.NotFound, Message: "parameter " + name + " is not found", Code: awsssm.ErrCodeInvalidResourceId, Unheard: common.Unheard(err), Err: err}
	}
	return err
}
