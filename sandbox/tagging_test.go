package sandbox

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go/service/iam"
	tagging "github.com/aws/aws-sdk-go/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go/service/secretsmanager"
)

// taggedAccount makes a secret, a log group and a role with the tag, and a log group that was never tagged.
func taggedAccount(p *session.Session) (secretARN string) {
	must(cloudwatchlogs.New(p).CreateLogGroup(&cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("g"), Tags: map[string]*string{"org": aws.String("ss")}}))
	must(cloudwatchlogs.New(p).CreateLogGroup(&cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("bare")}))
	role := newRole("r")
	role.Tags = []*iam.Tag{{Key: aws.String("org"), Value: aws.String("ss")}}
	must(iam.New(p).CreateRole(role))
	in := newSecret("one", "v")
	in.Tags = []*secretsmanager.Tag{{Key: aws.String("org"), Value: aws.String("ss")}, {Key: aws.String("space"), Value: aws.String("think")}}
	return *must(secretsmanager.New(p).CreateSecret(in)).ARN
}

func TestResourcesAreFoundByTag(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *Sandbox, p *session.Session) {
		c, secretARN := tagging.New(p), taggedAccount(p)
		groupARN := "arn:aws:logs:us-east-1:001122334455:log-group:g"
		find := func(in *tagging.GetResourcesInput) string {
			var arns []string
			if err := c.GetResourcesPages(in, func(page *tagging.GetResourcesOutput, _ bool) bool {
				for _, r := range page.ResourceTagMappingList {
					arns = append(arns, *r.ResourceARN)
				}
				return true
			}); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(arns)
		}
		org := &tagging.TagFilter{Key: aws.String("org"), Values: aws.StringSlice([]string{"ss", "other"})}
		both := fmt.Sprint([]string{groupARN, secretARN})
		same(t, "all", find(&tagging.GetResourcesInput{ResourcesPerPage: aws.Int64(1)}), both)
		same(t, "by tag", find(&tagging.GetResourcesInput{TagFilters: []*tagging.TagFilter{org}}), both)
		same(t, "by two tags", find(&tagging.GetResourcesInput{TagFilters: []*tagging.TagFilter{org, {Key: aws.String("space")}}}), fmt.Sprint([]string{secretARN}))
		same(t, "by type", find(&tagging.GetResourcesInput{ResourceTypeFilters: aws.StringSlice([]string{"logs"})}), fmt.Sprint([]string{groupARN}))
		same(t, "by whole type", find(&tagging.GetResourcesInput{ResourceTypeFilters: aws.StringSlice([]string{"secretsmanager:secret"})}), fmt.Sprint([]string{secretARN}))
		same(t, "by ARN", find(&tagging.GetResourcesInput{ResourceARNList: []*string{&groupARN}}), fmt.Sprint([]string{groupARN}))
		_, err := c.GetResources(&tagging.GetResourcesInput{ResourceARNList: []*string{&groupARN}, TagFilters: []*tagging.TagFilter{org}})
		refused(t, err, "InvalidParameterException", 400)
		same(t, "the last token", *must(c.GetResources(&tagging.GetResourcesInput{})).PaginationToken, "")
		same(t, "keys", fmt.Sprint(aws.StringValueSlice(must(c.GetTagKeys(&tagging.GetTagKeysInput{})).TagKeys)), "[org space]")
		same(t, "values", fmt.Sprint(aws.StringValueSlice(must(c.GetTagValues(&tagging.GetTagValuesInput{Key: aws.String("space")})).TagValues)), "[think]")
	})
}

func TestTaggingFailsResourceByResource(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, secretARN := tagging.New(p), taggedAccount(p)
		roleARN := "arn:aws:iam::001122334455:role/r"
		out := must(c.TagResources(&tagging.TagResourcesInput{ResourceARNList: []*string{&secretARN, &roleARN}, Tags: map[string]*string{"new": aws.String("x")}}))
		same(t, "failed", len(out.FailedResourcesMap), 1)
		same(t, "code", *out.FailedResourcesMap[roleARN].ErrorCode, "InvalidParameterException")
		same(t, "tag", s.secrets.secrets["one"].tags["new"], "x")
		must(c.UntagResources(&tagging.UntagResourcesInput{ResourceARNList: []*string{&secretARN}, TagKeys: aws.StringSlice([]string{"new", "org", "space"})}))
		// What was tagged once is still shown, without tags.
		found := must(c.GetResources(&tagging.GetResourcesInput{ResourceTypeFilters: aws.StringSlice([]string{"secretsmanager"})})).ResourceTagMappingList
		same(t, "tags", len(found[0].Tags), 0)
		many := make([]*string, 21)
		for i := range many {
			many[i] = &secretARN
		}
		_, err := c.UntagResources(&tagging.UntagResourcesInput{ResourceARNList: many, TagKeys: aws.StringSlice([]string{"a"})})
		refused(t, err, "InvalidParameterException", 400)
	})
}
