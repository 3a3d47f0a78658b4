package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	tagging "github.com/aws/aws-sdk-go/service/resourcegroupstaggingapi"
)

func (s *Sandbox) registerTagging() {
	register(s, "tagging", "GetResources", false, s.getResources)
	register(s, "tagging", "GetTagKeys", false, s.getTagKeys)
	register(s, "tagging", "GetTagValues", false, s.getTagValues)
	register(s, "tagging", "TagResources", true, s.tagResources)
	register(s, "tagging", "UntagResources", true, s.untagResources)
}

// taggedThing is a resource as the tagging API sees it.
type taggedThing struct {
	arn, kind string
	tags      map[string]string
}

// taggedThings are all resources that are or were tagged. IAM's roles are never among them: who wants those has to ask IAM.
func (s *Sandbox) taggedThings() (things []taggedThing) {
	see := func(arn, kind string, tags map[string]string) {
		if tags != nil {
			things = append(things, taggedThing{arn, kind, tags})
		}
	}
	s.ecs.tagged(see)
	s.secrets.tagged(see)
	s.discovery.tagged(see)
	s.logs.tagged(see)
	s.elb.tagged(see)
	return things
}

func (s *Sandbox) getResources(_ *request, in *tagging.GetResourcesInput) (*tagging.GetResourcesOutput, error) {
	if err := validSearch(in); err != nil {
		return nil, err
	}
	things := slices.DeleteFunc(s.taggedThings(), func(t taggedThing) bool { return !t.wanted(in) })
	if len(in.ResourceARNList) > 0 {
		in = &tagging.GetResourcesInput{ResourceARNList: in.ResourceARNList, ResourcesPerPage: aws.Int64(100)}
	}
	things, next, err := page(paging{
		scope: fmt.Sprint("GetResources ", in.TagFilters, aws.StringValueSlice(in.ResourceTypeFilters)), token: in.PaginationToken,
		max: in.ResourcesPerPage, size: 50, most: 100,
	}, things, func(t taggedThing) string { return t.arn })
	out := &tagging.GetResourcesOutput{PaginationToken: endsEmpty(next), ResourceTagMappingList: []*tagging.ResourceTagMapping{}}
	for _, t := range things {
		out.ResourceTagMappingList = append(out.ResourceTagMappingList, &tagging.ResourceTagMapping{
			ResourceARN: aws.String(t.arn), Tags: sdkTags[tagging.Tag](t.tags),
		})
	}
	return out, err
}

// endsEmpty: the last page's token is there and empty, where other services leave it out.
func endsEmpty(token *string) *string { return aws.String(aws.StringValue(token)) }

func validSearch(in *tagging.GetResourcesInput) error {
	invalid := func(text string) error { return refuse(tagging.ErrCodeInvalidParameterException, "%s", text) }
	listed := len(in.ResourceARNList) > 0
	switch {
	case listed && (len(in.TagFilters) > 0 || len(in.ResourceTypeFilters) > 0 || in.ResourcesPerPage != nil || in.TagsPerPage != nil || aws.StringValue(in.PaginationToken) != ""):
		return invalid("ResourceARNList can't be combined with filters or pagination parameters.")
	case len(in.ResourceARNList) > 100:
		return invalid("ResourceARNList can have at most 100 items.")
	case len(in.ResourceTypeFilters) > 100:
		return invalid("ResourceTypeFilters can have at most 100 items.")
	case len(in.TagFilters) > 50:
		return invalid("TagFilters can have at most 50 items.")
	case in.TagsPerPage != nil && (*in.TagsPerPage < 100 || *in.TagsPerPage > 500 || *in.TagsPerPage%100 != 0):
		return invalid("TagsPerPage must be between 100 and 500, in steps of 100.")
	}
	for _, filter := range in.TagFilters {
		if len(filter.Values) > 20 {
			return invalid("A TagFilter can have at most 20 values.")
		}
	}
	return nil
}

// wanted: the filters' keys are joined by and, the values of one by or; a filter without values asks for the key alone.
func (t taggedThing) wanted(in *tagging.GetResourcesInput) bool {
	named := func(arn *string) bool { return *arn == t.arn }
	typed := func(kind *string) bool { return *kind == t.kind || strings.HasPrefix(t.kind, *kind+":") }
	if len(in.ResourceARNList) > 0 && !slices.ContainsFunc(in.ResourceARNList, named) {
		return false
	}
	if len(in.ResourceTypeFilters) > 0 && !slices.ContainsFunc(in.ResourceTypeFilters, typed) {
		return false
	}
	return !slices.ContainsFunc(in.TagFilters, func(f *tagging.TagFilter) bool {
		value, has := t.tags[aws.StringValue(f.Key)]
		return !has || (len(f.Values) > 0 && !slices.Contains(aws.StringValueSlice(f.Values), value))
	})
}

func (s *Sandbox) getTagKeys(_ *request, in *tagging.GetTagKeysInput) (*tagging.GetTagKeysOutput, error) {
	keys := map[string]bool{}
	for _, t := range s.taggedThings() {
		for key := range t.tags {
			keys[key] = true
		}
	}
	found, next, err := pageOfTags("GetTagKeys", in.PaginationToken, keys)
	return &tagging.GetTagKeysOutput{TagKeys: found, PaginationToken: next}, err
}

func (s *Sandbox) getTagValues(_ *request, in *tagging.GetTagValuesInput) (*tagging.GetTagValuesOutput, error) {
	values := map[string]bool{}
	for _, t := range s.taggedThings() {
		if value, has := t.tags[*in.Key]; has {
			values[value] = true
		}
	}
	found, next, err := pageOfTags("GetTagValues "+*in.Key, in.PaginationToken, values)
	return &tagging.GetTagValuesOutput{TagValues: found, PaginationToken: next}, err
}

func pageOfTags(scope string, token *string, texts map[string]bool) ([]*string, *string, error) {
	found, next, err := page(
		paging{scope: scope, token: token, size: 100, most: 100},
		slices.Collect(maps.Keys(texts)),
		func(text string) string { return text },
	)
	return aws.StringSlice(found), endsEmpty(next), err
}

// tagResources answers 200 whatever happens to each resource: what failed is in the map.
func (s *Sandbox) tagResources(_ *request, in *tagging.TagResourcesInput) (*tagging.TagResourcesOutput, error) {
	if len(in.Tags) > 50 {
		return nil, refuse(tagging.ErrCodeInvalidParameterException, "At most 50 tags can be given.")
	}
	failed, err := s.eachTagged(in.ResourceARNList, func(tags map[string]string) error {
		all := maps.Clone(tags)
		maps.Copy(all, aws.StringValueMap(in.Tags))
		if len(all) > 50 {
			return refuse(tagging.ErrCodeInvalidParameterException, "A resource can have at most 50 tags.")
		}
		maps.Copy(tags, aws.StringValueMap(in.Tags))
		return nil
	})
	return &tagging.TagResourcesOutput{FailedResourcesMap: failed}, err
}

func (s *Sandbox) untagResources(_ *request, in *tagging.UntagResourcesInput) (*tagging.UntagResourcesOutput, error) {
	if len(in.TagKeys) > 50 {
		return nil, refuse(tagging.ErrCodeInvalidParameterException, "At most 50 tag keys can be given.")
	}
	failed, err := s.eachTagged(in.ResourceARNList, func(tags map[string]string) error {
		untag(tags, in.TagKeys)
		return nil
	})
	return &tagging.UntagResourcesOutput{FailedResourcesMap: failed}, err
}

func (s *Sandbox) eachTagged(arns []*string, change func(tags map[string]string) error) (map[string]*tagging.FailureInfo, error) {
	if len(arns) < 1 || len(arns) > 20 {
		return nil, refuse(tagging.ErrCodeInvalidParameterException, "ResourceARNList must have 1 to 20 items.")
	}
	failed := map[string]*tagging.FailureInfo{}
	for _, arn := range arns {
		tags, err := s.tagsOf(aws.StringValue(arn))
		if err == nil {
			err = change(tags)
		}
		if err != nil {
			failed[aws.StringValue(arn)] = &tagging.FailureInfo{
				StatusCode: aws.Int64(
					http.StatusBadRequest,
				), ErrorCode: aws.String(tagging.ErrCodeInvalidParameterException), ErrorMessage: aws.String(asAPIError(err).Message),
			}
		}
	}
	return failed, nil
}

// tagsOf finds the tags of any resource that the tagging API reaches, to be changed in place.
func (s *Sandbox) tagsOf(arn string) (map[string]string, error) {
	service := ""
	if parts := strings.SplitN(arn, ":", 4); len(parts) == 4 && parts[0] == "arn" {
		service = parts[2]
	}
	switch service {
	case "ecs":
		return s.taggedResource(&arn)
	case "secretsmanager":
		x, err := s.secrets.alive(&arn)
		if err != nil {
			return nil, err
		}
		return ready(&x.tags), nil
	case "servicediscovery":
		tags, err := s.discovery.tagsOf(arn)
		if err != nil {
			return nil, err
		}
		return ready(tags), nil
	case "logs":
		g, err := s.logs.withARN(arn)
		if err != nil {
			return nil, err
		}
		return ready(&g.tags), nil
	case "elasticloadbalancing":
		tags, err := s.elb.tagsOf(arn)
		if err != nil {
			return nil, err
		}
		return ready(tags), nil
	}
	return nil, refuse(tagging.ErrCodeInvalidParameterException, "The resource %s is not supported by the tagging API.", arn)
}

// ready makes the map that a resource has only once it is tagged.
func ready(tags *map[string]string) map[string]string {
	if *tags == nil {
		*tags = map[string]string{}
	}
	return *tags
}
