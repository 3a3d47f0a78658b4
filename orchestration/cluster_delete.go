package orchestration

import (
	"context"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	"github.com/pkg/errors"
)

// DeleteCluster deletes a cluster that nothing is in, and gives it as it goes. The role and the log group of its space, which no other verb
// could remove, go after the answer. NotFound if it is absent, inactive or another org's; Conflict if something is in it, or while another
// operation is at work in it. What comes to the cluster in the meantime waits for the delete.
func (a *Account) DeleteCluster(ctx context.Context, in *ShowClusterInput) (*ClusterOutput, error) {
	what := asked{verb: "DeleteCluster", cluster: in.Cluster, holds: []string{holdCluster(in.Cluster)}, alone: true}
	return perform(ctx, a, what, func(ctx context.Context, op *operation) (prepared[*ClusterOutput], error) {
		var cluster *awsecs.Cluster
		err := lookIn(ctx,
			func(ctx context.Context) (err error) {
				cluster, err = a.ourCluster(ctx, in.Cluster)
				return err
			},
			func(ctx context.Context) error {
				return inUseConflict("cluster "+in.Cluster, a.unused(ctx, in.Cluster))
			},
		)
		if err != nil {
			return prepared[*ClusterOutput]{}, err
		}
		return op.buildClusterDelete(cluster), nil
	})
}

// inUseConflict makes a Conflict of what keeps something from being deleted.
func inUseConflict(what string, err error) error {
	var kept *plan.KeptError
	if errors.As(err, &kept) {
		return common.Newf(common.Conflict, "%s is %s", what, kept.Reason)
	}
	return err
}

// buildClusterDelete plans the delete. It only goes forward: ECS has the last word on whether anything is in the cluster, and a service that
// drains is.
func (op *operation) buildClusterDelete(cluster *awsecs.Cluster) prepared[*ClusterOutput] {
	a, p, name := op.account, plan.New(), op.record.Cluster
	gone := *cluster
	gone.Status = aws.String(statusDeleted)
	deleted := plan.Add(p, plan.Node[*awsecs.Cluster]{
		Name:   "cluster deleted",
		Effect: plan.Effect{Change: plan.Deleted, Resource: op.resource(kindCluster, name)},
		Call: func(ctx context.Context, _ plan.Inputs) (*awsecs.Cluster, error) {
			deleted, err := a.ecs.DeleteCluster(ctx, name)
			if common.KindOf(err) == common.NotFound {
				return &gone, nil // at an attempt whose answer was lost
			}
			return deleted, err
		},
		Settle: func(ctx context.Context, _ plan.Inputs) (*awsecs.Cluster, bool, error) {
			_, err := a.ecs.Cluster(ctx, name)
			return &gone, err != nil, absent(err)
		},
	})
	p.Commit(deleted)
	p.RetireGround(plan.Resource{Account: a.Name, Kind: kindSpace, Space: name, Key: name})
	return prepared[*ClusterOutput]{plan: p, answer: func(run plan.Inputs) *ClusterOutput {
		return &ClusterOutput{Orchestrated{op.record.ID}, deleted.From(run)}
	}}
}
