package orchestration

import (
	"context"
	"time"

	"ecs-api/common"
	"ecs-api/journal"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// verbCreateCluster is what the journal knows a cluster by that was asked for by itself.
const verbCreateCluster = "CreateCluster"

// CreateClusterInput is a cluster to be made by itself.
type CreateClusterInput struct{ awsecs.CreateClusterInput }

// ClusterOutput is a cluster that an operation made, found or deleted.
type ClusterOutput struct {
	Orchestrated
	*awsecs.Cluster
}

func (in *CreateClusterInput) validate(org string) error {
	var v violations
	v.clusterName("/ClusterName", aws.StringValue(in.ClusterName))
	v.cluster("", &in.CreateClusterInput)
	v.tags("/Tags", org, nil, in.Tags)
	return common.InvalidInput(v)
}

// CreateCluster makes a cluster as a service create does, and nothing with it; one of ours that stands is given as it is. Invalid names every
// broken rule; NotFound if another org's has the name; Conflict while another operation makes or deletes it.
func (a *Account) CreateCluster(ctx context.Context, in *CreateClusterInput) (*ClusterOutput, error) {
	if err := in.validate(a.Org); err != nil {
		return nil, err
	}
	name := aws.StringValue(in.ClusterName)
	what := asked{verb: verbCreateCluster, cluster: name, request: in, holds: []string{holdCluster(name)}}
	return perform(ctx, a, what, func(ctx context.Context, op *operation) (prepared[*ClusterOutput], error) {
		standing, err := a.clusterFor(ctx, name, true)
		if err != nil {
			return prepared[*ClusterOutput]{}, err
		}
		p := plan.New()
		parts := &CreateServiceInput{Cluster: &in.CreateClusterInput}
		cluster := op.cluster(p, parts.Cluster, standing, op.tagsOfParts(parts, flavorService))
		p.CommitAll()
		return prepared[*ClusterOutput]{plan: p, answer: func(run plan.Inputs) *ClusterOutput {
			return &ClusterOutput{Orchestrated{op.record.ID}, cluster.From(run)}
		}}, nil
	})
}

// holdCluster is what writes on a cluster by itself hold, so that they are one at a time.
func holdCluster(name string) string { return "cluster " + name }

// askedForSince tells why a space stays that an operation asked to go: its cluster has been asked for by itself since. "" if it may go.
func (a *Account) askedForSince(name string, leaving *operation) string {
	operations, err := a.Journal.List(journal.Filter{Account: a.Name, Cluster: name})
	if err != nil {
		return "the journal cannot be read: " + err.Error()
	}
	went := committedAt(leaving.ledger.Progress(), leaving.record.StartedAt)
	for _, op := range operations {
		if op.Verb == verbCreateCluster && op.Committed && committedAt(op.Progress, op.StartedAt).After(went) {
			return "operation " + op.ID + " has asked for the cluster since"
		}
	}
	return ""
}

// committedAt is when a plan committed: a process that recovered it knows no more than when it was begun.
func committedAt(progress plan.Progress, begun time.Time) time.Time {
	for _, step := range progress.Steps {
		if step.Commit && step.EndedAt != nil {
			return *step.EndedAt
		}
	}
	return begun
}
