package orchestration

import (
	"context"
	"encoding/json"

	"ecs-api/common"
	"ecs-api/common/awsclient"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/arn"
	awslogs "github.com/aws/aws-sdk-go/service/cloudwatchlogs"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

const (
	kindLogGroup  = "log group"
	kindRetention = "log group retention"
	retentionDays = 365
)

// logGroupARN is the ARN by which a log group's tags are asked for: without the ":*" that DescribeLogGroups ends it with.
func logGroupARN(in awsclient.Account, name string) string {
	return arn.ARN{Partition: in.Partition, Service: "logs", Region: in.Region, AccountID: in.ID, Resource: "log-group:" + name}.String()
}

// logGroupTags gives the tags of a log group. NotFound if it is absent.
func (a *Account) logGroupTags(ctx context.Context, name string) (common.Tags, error) {
	in, err := a.Identity(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := a.logs.Tags(ctx, logGroupARN(in, name))
	return common.Tags(aws.StringValueMap(tags)), notThere("log group", name, err)
}

// logGroup gives a log group with its tags; nil if it is absent. NotFound if it is another org's.
func (a *Account) logGroup(ctx context.Context, name string) (group *awslogs.LogGroup, err error) {
	var tags common.Tags
	err = look(ctx,
		func(ctx context.Context) (err error) {
			group, err = a.logs.LogGroup(ctx, name)
			return absent(err)
		},
		func(ctx context.Context) (err error) {
			if tags, err = a.logGroupTags(ctx, name); err != nil {
				tags = nil
			}
			return absent(err)
		},
	)
	if err != nil || tags == nil {
		return nil, err // made between the two reads: making it again tells
	}
	if group != nil && !a.owns(tags) {
		return nil, notOurs("log group", name)
	}
	return group, nil
}

// logGroupNode makes the log group. One that another operation makes at the same time is taken as ours.
func (op *operation) logGroupNode(p *plan.Plan, tags common.Tags) plan.Handle[string] {
	a, name := op.account, op.record.Cluster
	return plan.Add(p, plan.Node[string]{
		Name:   "log group",
		Effect: plan.Effect{Change: plan.Made, Resource: op.resource(kindLogGroup, name), Ground: true},
		Call: func(ctx context.Context, _ plan.Inputs) (string, error) {
			err := a.logs.CreateLogGroup(ctx, &awslogs.CreateLogGroupInput{LogGroupName: aws.String(name), Tags: aws.StringMap(tags)})
			if awsclient.IsAlreadyExists(err) {
				_, unread := a.logGroup(ctx, name)
				err = adopted(err, unread)
			}
			return name, err
		},
	})
}

// retentionNode has the log group kept for a year. The retention of a group that this operation makes is part of it.
func (op *operation) retentionNode(p *plan.Plan, group plan.Handle[string], made bool, before int64) {
	a, name := op.account, op.record.Cluster
	effect := plan.Effect{}
	if !made {
		effect = plan.Effect{
			Change:   plan.Changed,
			Ground:   true,
			Resource: op.resource(kindRetention, name),
			Before:   raw(before),
			After:    raw(retentionDays),
		}
	}
	plan.Add(p, plan.Node[struct{}]{
		Name:   "log group retention",
		Needs:  []plan.Dependency{group},
		Effect: effect,
		Call: func(ctx context.Context, _ plan.Inputs) (struct{}, error) {
			return struct{}{}, a.logs.PutRetentionPolicy(ctx, name, retentionDays)
		},
	})
}

// releaseLogGroup deletes the log group, if it carries the mark.
func (a *Account) releaseLogGroup(ctx context.Context, r plan.Resource) (found bool, err error) {
	tags, err := a.logGroupTags(ctx, r.Key)
	if err != nil {
		return false, absent(err)
	}
	if !a.carries(tags, r) {
		return false, nil
	}
	return true, absent(a.logs.DeleteLogGroup(ctx, r.Key))
}

// restoreRetention puts the old number of days back.
func (a *Account) restoreRetention(ctx context.Context, e plan.Effect) error {
	var before, after int64
	if err := json.Unmarshal(e.Before, &before); err != nil {
		return err
	}
	if err := json.Unmarshal(e.After, &after); err != nil {
		return err
	}
	group, err := a.logs.LogGroup(ctx, e.Resource.Key)
	if err != nil {
		return absent(err)
	}
	switch aws.Int64Value(group.RetentionInDays) {
	case before:
		return nil
	case after:
		if before == 0 {
			return absent(a.logs.DeleteRetentionPolicy(ctx, e.Resource.Key))
		}
		return absent(a.logs.PutRetentionPolicy(ctx, e.Resource.Key, before))
	}
	return changedSince()
}

// buildLogConfiguration sends a container's log to the space's group, in streams that start with the family. A driver other than awslogs is
// kept.
func buildLogConfiguration(asked *awsecs.LogConfiguration, group, region, family string) *awsecs.LogConfiguration {
	if asked != nil && aws.StringValue(asked.LogDriver) != awsecs.LogDriverAwslogs {
		return asked
	}
	return &awsecs.LogConfiguration{
		LogDriver: aws.String(awsecs.LogDriverAwslogs),
		Options: aws.StringMap(map[string]string{
			"awslogs-group":         group,
			"awslogs-region":        region,
			"awslogs-stream-prefix": family,
		}),
	}
}
