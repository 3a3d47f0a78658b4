package sandbox

import (
	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/ssm"
)

func parameterTag(t *ssm.Tag) (key, value *string) { return t.Key, t.Value }

func tooManyParameterTags() *apiError {
	return refuse(ssm.ErrCodeTooManyTagsError, "The number of tags is more than %d.", mostParameterTags)
}

// taggable finds what tags are asked of: by name, not by ARN, and only parameters.
func (st *ssmState) taggable(kind, id *string) (*parameter, error) {
	if aws.StringValue(kind) != ssm.ResourceTypeForTaggingParameter {
		return nil, refuse(ssm.ErrCodeInvalidResourceType, "The sandbox tags parameters only.")
	}
	if found := st.parameters[aws.StringValue(id)]; found != nil {
		return found, nil
	}
	return nil, refuse(ssm.ErrCodeInvalidResourceId, "The resource ID is not valid. Verify that you entered the correct ID and try again.")
}

func (s *Sandbox) addTagsToParameter(_ *request, in *ssm.AddTagsToResourceInput) (*ssm.AddTagsToResourceOutput, error) {
	found, err := s.ssm.taggable(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	tags := tagMap(found.tags, in.Tags, parameterTag)
	if len(tags) > mostParameterTags {
		return nil, tooManyParameterTags()
	}
	found.tags = tags
	return &ssm.AddTagsToResourceOutput{}, nil
}

func (s *Sandbox) removeTagsFromParameter(_ *request, in *ssm.RemoveTagsFromResourceInput) (*ssm.RemoveTagsFromResourceOutput, error) {
	found, err := s.ssm.taggable(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	untag(found.tags, in.TagKeys)
	return &ssm.RemoveTagsFromResourceOutput{}, nil
}

func (s *Sandbox) listTagsOfParameter(_ *request, in *ssm.ListTagsForResourceInput) (*ssm.ListTagsForResourceOutput, error) {
	found, err := s.ssm.taggable(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	return &ssm.ListTagsForResourceOutput{TagList: sdkTags[ssm.Tag](found.tags)}, nil
}
