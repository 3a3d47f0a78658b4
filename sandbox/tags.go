package sandbox

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go/aws"
)

// Alphabets of the ids that AWS makes up.
const (
	lowerAlphanumeric = "abcdefghijklmnopqrstuvwxyz0123456789"
	upperAlphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	mixedAlphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// tagMap puts a list of tags over those that are there, without changing them. It stays nil while there is none: the tagging API shows what
// was tagged once, and not what never was.
func tagMap[T any](onto map[string]string, tags []*T, pair func(*T) (key, value *string)) map[string]string {
	merged := maps.Clone(onto)
	for _, t := range tags {
		if t == nil {
			continue
		}
		if merged == nil {
			merged = map[string]string{}
		}
		key, value := pair(t)
		merged[aws.StringValue(key)] = aws.StringValue(value)
	}
	return merged
}

// sdkTag is what every service's own Tag struct can do.
type sdkTag[T any] interface {
	*T
	SetKey(string) *T
	SetValue(string) *T
}

// sdkTags lists tags by key, in a service's own struct.
func sdkTags[T any, P sdkTag[T]](tags map[string]string) []*T {
	list := make([]*T, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, P(P(new(T)).SetKey(key)).SetValue(tags[key]))
	}
	return list
}

// untag removes the keys and keeps the map, even when it is empty now.
func untag(tags map[string]string, keys []*string) {
	for _, key := range keys {
		delete(tags, aws.StringValue(key))
	}
}

// shownTags is how tags stand in the inventory, which knows no difference between never tagged and no longer tagged.
func shownTags(tags map[string]string) map[string]string {
	if len(tags) == 0 {
		return map[string]string{}
	}
	return maps.Clone(tags)
}

// unlessEmpty leaves an empty text out of an answer.
func unlessEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
