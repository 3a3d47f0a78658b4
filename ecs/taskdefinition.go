package ecs

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/request"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"

	"ecs-api/common"
	"ecs-api/common/awsclient"
)

// deletesAtOnce stays under the burst of five that ECS grants to DeleteTaskDefinitions.
const deletesAtOnce = 4

// RegisterTaskDefinition registers a revision. A call whose answer is lost is not repeated, for it would register another: the error is
// then marked unheard. Invalid as ECS says; awsclient.IsRoleNotVisible if a role was made a moment ago. Newer members are those of the revision that in is
// a copy of.
func (c *Client) RegisterTaskDefinition(ctx context.Context, in *awsecs.RegisterTaskDefinitionInput, newer ...Member) (*awsecs.TaskDefinition, error) {
	var options []request.Option
	if len(newer) > 0 {
		options = append(options, with(newer))
	}
	out, err := c.api.RegisterTaskDefinitionWithContext(ctx, in, options...)
	return answer("RegisterTaskDefinition", out.TaskDefinition, err)
}

// TaskDefinition gives a revision and its tags: by ARN, by family:revision, or the latest active one by family. Inactive revisions and
// those being deleted are given too, and what the SDK's struct has no place for. NotFound if there is none.
func (c *Client) TaskDefinition(ctx context.Context, ref string) (*awsecs.TaskDefinition, []*awsecs.Tag, []Member, error) {
	var whole bytes.Buffer
	out, err := c.api.DescribeTaskDefinitionWithContext(ctx, &awsecs.DescribeTaskDefinitionInput{
		TaskDefinition: &ref,
		Include:        withTags,
	}, heard(&whole))
	definition, err := answer("DescribeTaskDefinition", out.TaskDefinition, err)
	if err != nil {
		return nil, nil, nil, err
	}
	members, err := newer(whole.Bytes())
	return definition, out.Tags, members, err
}

// ListTaskDefinitions gives the ARNs of all revisions of exactly this family in this status (ACTIVE, INACTIVE or DELETE_IN_PROGRESS; ""
// is ACTIVE), the newest first. No revision, no family: an empty list.
func (c *Client) ListTaskDefinitions(ctx context.Context, family, status string) ([]string, error) {
	in := &awsecs.ListTaskDefinitionsInput{
		FamilyPrefix: &family, // in spite of its name the exact family
		Sort:         aws.String(awsecs.SortOrderDesc),
		MaxResults:   aws.Int64(page),
	}
	if status != "" {
		in.Status = &status
	}
	arns := []string{}
	err := c.api.ListTaskDefinitionsPagesWithContext(ctx, in, func(out *awsecs.ListTaskDefinitionsOutput, _ bool) bool {
		arns = append(arns, aws.StringValueSlice(out.TaskDefinitionArns)...)
		return true
	})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	return slices.DeleteFunc(arns, func(arn string) bool { return familyOf(arn) != family }), nil
}

// familyOf gives the family in arn:aws:ecs:region:account:task-definition/family:revision.
func familyOf(arn string) string {
	family := arn[strings.LastIndexByte(arn, '/')+1:]
	if colon := strings.LastIndexByte(family, ':'); colon >= 0 {
		family = family[:colon]
	}
	return family
}

// DeregisterTaskDefinition makes a revision inactive; an inactive one stays so. NotFound if it is absent.
func (c *Client) DeregisterTaskDefinition(ctx context.Context, arn string) error {
	_, err := c.api.DeregisterTaskDefinitionWithContext(ctx, &awsecs.DeregisterTaskDefinitionInput{TaskDefinition: &arn})
	return awsclient.Translate(err)
}

// DeleteTaskDefinitions deletes inactive revisions; those already gone or on their way are fine. Every one is tried, the first error
// is given. Conflict if one is still active.
func (c *Client) DeleteTaskDefinitions(ctx context.Context, arns []string) error {
	var group errgroup.Group // without a shared context: one refusal must not cut off a delete that ECS has already taken
	group.SetLimit(deletesAtOnce)
	for batch := range slices.Chunk(arns, taskDefinitionsPerCall) {
		group.Go(func() error { return c.deleteTaskDefinitions(ctx, batch) })
	}
	return group.Wait()
}

func (c *Client) deleteTaskDefinitions(ctx context.Context, arns []string) error {
	out, err := c.api.DeleteTaskDefinitionsWithContext(ctx, &awsecs.DeleteTaskDefinitionsInput{TaskDefinitions: aws.StringSlice(arns)})
	if err = awsclient.Translate(err); common.KindOf(err) == common.NotFound {
		return c.deleteEach(ctx, arns)
	}
	if err != nil {
		return err
	}
	for _, f := range out.Failures {
		if f == nil {
			continue
		}
		if kind := deleteFailure(f); kind != common.NotFound {
			return refused(f, kind)
		}
	}
	return nil
}

// deleteEach deletes one by one where one that is gone spoiled the call for its batch.
func (c *Client) deleteEach(ctx context.Context, arns []string) error {
	if len(arns) == 1 {
		return nil
	}
	for _, arn := range arns {
		if err := c.deleteTaskDefinitions(ctx, []string{arn}); err != nil {
			return errors.WithMessage(err, arn)
		}
	}
	return nil
}

// deleteFailure reads why ECS did not delete a revision. It says so in words, inside a 200.
func deleteFailure(f *awsecs.Failure) common.Kind {
	reason := strings.ToLower(aws.StringValue(f.Reason) + " " + aws.StringValue(f.Detail))
	for _, gone := range [...]string{"missing", "not exist", "not found", "unable to describe", "delete_in_progress"} {
		if strings.Contains(reason, gone) {
			return common.NotFound
		}
	}
	if strings.Contains(reason, "active status") {
		return common.Conflict
	}
	return common.Failed
}
