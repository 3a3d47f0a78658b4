package sandbox

import (
	"maps"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/ecs"
)

func itself(text string) string { return text }

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// newTags reads the tags of a request.
func newTags(list []*ecs.Tag) (map[string]string, error) {
	var tags map[string]string // nil while there is none, as for the other services
	for _, tag := range list {
		if tag == nil || aws.StringValue(tag.Key) == "" {
			return nil, invalidParameter("Tag key must not be empty.")
		}
		key := *tag.Key
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return nil, invalidParameter("Tag keys that begin with aws: are reserved for AWS use.")
		}
		if _, twice := tags[key]; twice {
			return nil, invalidParameter("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		if len(key) > 128 || len(aws.StringValue(tag.Value)) > 256 {
			return nil, invalidParameter("Tag key or value is too long.")
		}
		if tags == nil {
			tags = map[string]string{}
		}
		tags[key] = aws.StringValue(tag.Value)
	}
	if len(tags) > 50 {
		return nil, invalidParameter("The number of tags exceeds the limit of 50.")
	}
	return tags, nil
}

// taggedResource finds the tags of what an ARN names, to be changed in place.
func (s *Sandbox) taggedResource(ref *string) (map[string]string, error) {
	tags, err := s.resourceTags(ref)
	if err != nil {
		return nil, err
	}
	return ready(tags), nil
}

// resourceTags finds where the tags of what an ARN names are kept. They are nil while it was never tagged.
func (s *Sandbox) resourceTags(ref *string) (*map[string]string, error) {
	arn := aws.StringValue(ref)
	prefix := s.arn("ecs", "")
	kind, rest, found := strings.Cut(strings.TrimPrefix(arn, prefix), "/")
	if !strings.HasPrefix(arn, prefix) || !found {
		return nil, invalidParameter("The specified ARN is not valid: %s", arn)
	}
	switch kind {
	case "cluster":
		return s.clusterTags(rest)
	case "service":
		return s.serviceTags(rest)
	case "task":
		if t := s.ecs.tasks[afterSlash(rest)]; t != nil && t.last() != taskStopped {
			return &t.tags, nil
		}
		return nil, invalidParameter("The specified task is stopped. Specify an active task and try again.")
	case "task-definition":
		if d := s.definition(rest); d != nil {
			return &d.tags, nil
		}
		return nil, clientError("The specified task definition could not be found.")
	}
	return nil, invalidParameter("The specified resource type is not supported: %s", arn)
}

func (s *Sandbox) clusterTags(name string) (*map[string]string, error) {
	c := s.ecs.clusters[name]
	switch {
	case c == nil:
		return nil, refuse(ecs.ErrCodeClusterNotFoundException, "Cluster not found.")
	case !c.active():
		return nil, invalidParameter("The specified cluster is inactive. Specify an active cluster and try again.")
	}
	return &c.tags, nil
}

// serviceTags takes the long form service/cluster/name only: services with the short ARN of old cannot be tagged.
func (s *Sandbox) serviceTags(path string) (*map[string]string, error) {
	name, service, long := strings.Cut(path, "/")
	if !long {
		return nil, invalidParameter("Long arn format must be used for tagging operations")
	}
	c := s.ecs.clusters[name]
	if c == nil {
		return nil, refuse(ecs.ErrCodeClusterNotFoundException, "Cluster not found.")
	}
	svc := c.services[service]
	switch {
	case svc == nil:
		return nil, refuse(ecs.ErrCodeResourceNotFoundException, "The specified service could not be found.")
	case svc.status() == serviceInactive:
		return nil, invalidParameter("The specified service is inactive. Specify an active service and try again.")
	}
	return &svc.tags, nil
}

func (s *Sandbox) ecsTagResource(_ *request, in *ecs.TagResourceInput) (*ecs.TagResourceOutput, error) {
	tags, err := s.resourceTags(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	added, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	maps.Copy(all, *tags)
	maps.Copy(all, added)
	if len(all) > 50 {
		return nil, invalidParameter("The number of tags exceeds the limit of 50.")
	}
	*tags = all
	return &ecs.TagResourceOutput{}, nil
}

func (s *Sandbox) ecsUntagResource(_ *request, in *ecs.UntagResourceInput) (*ecs.UntagResourceOutput, error) {
	tags, err := s.resourceTags(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	untag(*tags, in.TagKeys)
	return &ecs.UntagResourceOutput{}, nil
}

func (s *Sandbox) ecsListTagsForResource(_ *request, in *ecs.ListTagsForResourceInput) (*ecs.ListTagsForResourceOutput, error) {
	tags, err := s.resourceTags(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &ecs.ListTagsForResourceOutput{Tags: sdkTags[ecs.Tag](*tags)}, nil
}
