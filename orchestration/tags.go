package orchestration

import (
	"ecs-api/common"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awsiam "github.com/aws/aws-sdk-go/service/iam"
	awstagging "github.com/aws/aws-sdk-go/service/resourcegroupstaggingapi"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
)

// The flavors of what the API makes: what runs as a service, and what is run as a task.
const (
	flavorService = "service"
	flavorTask    = "task"
)

// owned gives the tags that say whose something is and which operation made it. What is made outside any space names none.
func (op *operation) owned(flavor string) common.Tags {
	tags := common.Tags{
		common.TagOrg:       op.account.Org,
		common.TagType:      "container",
		common.TagFlavor:    flavor,
		common.TagOperation: op.record.ID,
	}
	if op.record.Cluster != "" {
		tags[common.TagSpace] = op.record.Cluster
	}
	return tags
}

// owns says whether what carries these tags is our org's.
func (a *Account) owns(tags common.Tags) bool { return tags.Org() == a.Org }

// carries says whether what carries these tags is what r asks to release: made by r's operation or, where r names none, our org's and no
// other space's.
func (a *Account) carries(tags common.Tags, r plan.Resource) bool {
	if r.Mark != "" {
		return tags[common.TagOperation] == r.Mark
	}
	space := tags[common.TagSpace]
	return a.owns(tags) && (space == r.Space || space == "") // older resources name no space
}

// fromTags reads a service's own tags.
func fromTags[T any](tags []*T, pair func(*T) (key, value *string)) common.Tags {
	read := common.Tags{}
	for _, tag := range tags {
		if tag == nil {
			continue
		}
		key, value := pair(tag)
		read[aws.StringValue(key)] = aws.StringValue(value)
	}
	return read
}

// toTags writes a service's own tags, in the order of their keys.
func toTags[T any](tags common.Tags, make func(key, value *string) *T) []*T {
	var written []*T
	for _, key := range tags.Keys() {
		written = append(written, make(aws.String(key), aws.String(tags[key])))
	}
	return written
}

func ecsTags(tags common.Tags) []*awsecs.Tag {
	return toTags(tags, func(k, v *string) *awsecs.Tag { return &awsecs.Tag{Key: k, Value: v} })
}

func fromECSTags(tags []*awsecs.Tag) common.Tags {
	return fromTags(tags, func(t *awsecs.Tag) (*string, *string) { return t.Key, t.Value })
}

func iamTags(tags common.Tags) []*awsiam.Tag {
	return toTags(tags, func(k, v *string) *awsiam.Tag { return &awsiam.Tag{Key: k, Value: v} })
}

func fromIAMTags(tags []*awsiam.Tag) common.Tags {
	return fromTags(tags, func(t *awsiam.Tag) (*string, *string) { return t.Key, t.Value })
}

func secretTags(tags common.Tags) []*awssecrets.Tag {
	return toTags(tags, func(k, v *string) *awssecrets.Tag { return &awssecrets.Tag{Key: k, Value: v} })
}

func fromSecretTags(tags []*awssecrets.Tag) common.Tags {
	return fromTags(tags, func(t *awssecrets.Tag) (*string, *string) { return t.Key, t.Value })
}

func discoveryTags(tags common.Tags) []*awsdiscovery.Tag {
	return toTags(tags, func(k, v *string) *awsdiscovery.Tag { return &awsdiscovery.Tag{Key: k, Value: v} })
}

func fromDiscoveryTags(tags []*awsdiscovery.Tag) common.Tags {
	return fromTags(tags, func(t *awsdiscovery.Tag) (*string, *string) { return t.Key, t.Value })
}

func fromTaggingTags(tags []*awstagging.Tag) common.Tags {
	return fromTags(tags, func(t *awstagging.Tag) (*string, *string) { return t.Key, t.Value })
}
