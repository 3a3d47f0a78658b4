package orchestration

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"ecs-api/common"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	"github.com/pkg/errors"
)

// violations collects every rule that an input breaks, so that one answer tells them all.
type violations []common.Violation

func (v *violations) add(pointer, format string, args ...any) {
	*v = append(*v, common.Violation{Pointer: pointer, Detail: fmt.Sprintf(format, args...)})
}

// check adds a violation unless ok.
func (v *violations) check(ok bool, pointer, format string, args ...any) {
	if !ok {
		v.add(pointer, format, args...)
	}
}

// model adds what the SDK's model of the input says: missing members and lengths. Those of the fields in filled are completed later.
func (v *violations) model(pointer string, input request.Validator, filled ...string) {
	var batch awserr.BatchedErrors
	if !errors.As(input.Validate(), &batch) {
		return
	}
	for _, err := range batch.OrigErrs() {
		var invalid request.ErrInvalidParam
		if !errors.As(err, &invalid) {
			continue
		}
		field := memberPointer(invalid.Field())
		if !slices.Contains(filled, strings.TrimPrefix(field, "/")) {
			v.add(pointer+field, "%s", invalid.Message())
		}
	}
}

var index = regexp.MustCompile(`\[([^\]]*)\]`)

// memberPointer turns the SDK's CreateServiceInput.LoadBalancers[0].ContainerName into /LoadBalancers/0/ContainerName.
func memberPointer(field string) string {
	_, members, _ := strings.Cut(index.ReplaceAllString(field, ".$1"), ".")
	return "/" + strings.ReplaceAll(members, ".", "/")
}

var (
	// Names of clusters, services and families, after the API reference of CreateCluster, CreateService and RegisterTaskDefinition.
	namePattern = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}$`)
	// A task definition by family or family:revision.
	definitionPattern = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}(:[0-9]{1,9})?$`)
	// Names of secrets, after the API reference of CreateSecret.
	secretPattern = regexp.MustCompile(`^[a-zA-Z0-9/_+=.@-]{1,512}$`)
	registryARN   = regexp.MustCompile(`^arn:[a-z-]+:servicediscovery:[a-z0-9-]+:[0-9]{12}:service/srv-[a-z0-9]+$`)
	definitionARN = regexp.MustCompile(`^arn:[a-z-]+:ecs:[a-z0-9-]+:[0-9]{12}:task-definition/[a-zA-Z0-9_-]{1,255}:[0-9]{1,9}$`)
	anARN         = regexp.MustCompile(`^arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:[0-9]{0,12}:.+$`)
)

// maxClusterName leaves room for the suffix of the role's name, of which IAM takes 64 characters.
const maxClusterName = 64 - len(roleSuffix)

func (v *violations) clusterName(pointer, name string) {
	switch {
	case name == "":
		v.add(pointer, "a cluster is required")
	case len(name) > maxClusterName:
		v.add(pointer, "at most %d characters: the name of the execution role is built from it", maxClusterName)
	case !namePattern.MatchString(name):
		v.add(pointer, "letters, digits, - and _ only")
	}
}

// maxTags is how many tags AWS takes on one resource, ours among them.
const maxTags = 50

// tags checks one list of tags and the org that it claims. (AWS General Reference, Tagging your AWS resources.)
func (v *violations) tags(pointer, org string, tags []*awsecs.Tag) {
	seen := map[string]bool{}
	for i, tag := range tags {
		at := fmt.Sprintf("%s/%d", pointer, i)
		key, value := aws.StringValue(tag.Key), aws.StringValue(tag.Value)
		v.check(key != "" && len([]rune(key)) <= 128, at+"/Key", "1 to 128 characters")
		v.check(len([]rune(value)) <= 256, at+"/Value", "at most 256 characters")
		v.check(!strings.HasPrefix(strings.ToLower(key), "aws:"), at+"/Key", "aws: is reserved")
		v.check(!seen[key], at+"/Key", "the key %s stands twice", key)
		v.check(key != common.TagOrg || value == org, at+"/Value", "%s is not the org of this service", value)
		seen[key] = true
	}
}

// tagCount checks that a resource's tags, with ours, are not more than AWS takes.
func (v *violations) tagCount(pointer string, asked ...common.Tags) {
	merged := common.Tags{}.Merge(asked...).Merge(common.Tags{common.TagOrg: "", common.TagSpace: "", common.TagType: "", common.TagFlavor: "", common.TagOperation: ""})
	v.check(len(merged) <= maxTags, pointer, "at most %d tags, those of the service itself among them", maxTags)
}
