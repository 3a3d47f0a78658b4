package orchestration

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"ecs-api/common"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// maxTags is how many tags AWS takes on one resource, ours among them.
const maxTags = 50

// tagPattern is what IAM takes in keys and values; the role carries the shared tags. (API reference of IAM and of ECS, Tag.)
var tagPattern = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

const tagCharacters = "letters, digits, spaces and _.:/=+-@ only"

// ourTags are the keys that are set on all that the API makes.
var ourTags = common.Tags{common.TagOrg: "", common.TagSpace: "", common.TagType: "", common.TagFlavor: "", common.TagOperation: ""}

// tags checks the tags of a part, the org that they claim, and that they go with those that all parts share.
func (v *violations) tags(pointer, org string, shared common.Tags, tags []*awsecs.Tag) {
	spelled := map[string]string{}
	for key := range shared.Merge(ourTags) {
		spelled[strings.ToLower(key)] = key
	}
	seen := map[string]bool{}
	for i, tag := range tags {
		at, key, value := item(pointer, i), aws.StringValue(tag.Key), aws.StringValue(tag.Value)
		v.tagText(at, key, value)
		v.check(key != common.TagOrg || value == org, at+"/Value", "%s is not the org of this service", value)
		// IAM takes keys that differ by case for the same. (API reference of TagRole.)
		folded := strings.ToLower(key)
		v.check(!seen[folded], at+"/Key", "the key %s stands twice, or differs from another only by case", key)
		v.check(spelled[folded] == "" || spelled[folded] == key, at+"/Key", "differs from %s only by case", spelled[folded])
		seen[folded] = true
	}
	v.tagCount(pointer, shared, fromECSTags(tags))
}

func (v *violations) tagText(at, key, value string) {
	v.check(key != "" && utf8.RuneCountInString(key) <= 128, at+"/Key", "1 to 128 characters")
	v.check(tagPattern.MatchString(key), at+"/Key", tagCharacters)
	v.check(!strings.HasPrefix(strings.ToLower(key), "aws:"), at+"/Key", "aws: is reserved")
	v.check(utf8.RuneCountInString(value) <= 256, at+"/Value", "at most 256 characters")
	v.check(tagPattern.MatchString(value), at+"/Value", tagCharacters)
}

// tagCount checks that a resource's tags, with ours, are not more than AWS takes.
func (v *violations) tagCount(pointer string, asked ...common.Tags) {
	merged := ourTags.Merge(asked...)
	v.check(len(merged) <= maxTags, pointer, "at most %d tags, those of the service itself among them", maxTags)
}

// ecsTagList reads another service's tags as ECS's, in their order: each at the place that a pointer names.
func ecsTagList[T any](tags []*T, pair func(*T) (key, value *string)) []*awsecs.Tag {
	list := make([]*awsecs.Tag, len(tags))
	for i, tag := range tags {
		list[i] = &awsecs.Tag{}
		list[i].Key, list[i].Value = pair(tag)
	}
	return list
}
