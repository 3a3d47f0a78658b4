package orchestration

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ecs-api/common"
	"ecs-api/common/awsclient"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

const (
	kindCluster   = "cluster"
	statusActive  = "ACTIVE"
	statusDeleted = "INACTIVE" // what a deleted cluster is for as long as ECS describes it
)

// ourCluster gives an active cluster of ours with its tags. NotFound if it is absent, inactive or another org's.
func (a *Account) ourCluster(ctx context.Context, name string) (*awsecs.Cluster, error) {
	cluster, err := a.ecs.Cluster(ctx, name)
	if err != nil {
		return nil, notThere("cluster", name, err)
	}
	if !a.owns(fromECSTags(cluster.Tags)) {
		return nil, notOurs("cluster", name)
	}
	return cluster, nil
}

// notOurs is what a resource of another org, or of none, is answered with: to us it is not there.
func notOurs(kind, name string) error {
	return common.Newf(common.NotFound, "%s %s is not found", kind, name)
}

// notThere answers in the words of notOurs for a resource that AWS does not know: nobody is to tell what is somebody else's from what is not
// there. What AWS said is for the log and for those who decide by it. Any other error stays as it is.
func notThere(kind, name string, err error) error {
	if err == nil || common.KindOf(err) != common.NotFound {
		return err
	}
	return &common.Error{Kind: common.NotFound, Message: common.MessageOf(notOurs(kind, name)), Code: common.CodeOf(err), Unheard: common.Unheard(err), Err: err}
}

// buildCluster completes what was asked: capacity providers FARGATE and FARGATE_SPOT, and those that its strategy names; one task on demand
// and the rest on spot, as far as it has these providers. Either may be given without the other.
func buildCluster(asked *awsecs.CreateClusterInput, name string, tags common.Tags) *awsecs.CreateClusterInput {
	in := *asked
	in.ClusterName = aws.String(name)
	in.Tags = ecsTags(tags)
	if len(in.CapacityProviders) == 0 {
		in.CapacityProviders = buildProviders(in.DefaultCapacityProviderStrategy)
	}
	if len(in.DefaultCapacityProviderStrategy) == 0 {
		in.DefaultCapacityProviderStrategy = buildStrategy(aws.StringValueSlice(in.CapacityProviders))
	}
	return &in
}

// buildProviders gives FARGATE, FARGATE_SPOT and what else a strategy names: it can only name the cluster's own.
func buildProviders(strategy []*awsecs.CapacityProviderStrategyItem) []*string {
	providers := []string{onDemand, spot}
	for _, one := range strategy {
		once(&providers, aws.StringValue(one.CapacityProvider))
	}
	return aws.StringSlice(providers)
}

// buildStrategy gives the default strategy of a cluster with these capacity providers. The only one takes all: without a weight it would
// get no task beyond its base.
func buildStrategy(providers []string) []*awsecs.CapacityProviderStrategyItem {
	var strategy []*awsecs.CapacityProviderStrategyItem
	both := slices.Contains(providers, spot)
	if slices.Contains(providers, onDemand) {
		weight := int64(1)
		if both {
			weight = 0
		}
		strategy = append(
			strategy,
			&awsecs.CapacityProviderStrategyItem{CapacityProvider: aws.String(onDemand), Base: aws.Int64(1), Weight: aws.Int64(weight)},
		)
	}
	if both {
		strategy = append(strategy, &awsecs.CapacityProviderStrategyItem{CapacityProvider: aws.String(spot), Weight: aws.Int64(1)})
	}
	return strategy
}

// clusterNode makes the cluster. One that another operation makes at the same time is taken as ours.
func (op *operation) clusterNode(p *plan.Plan, in *awsecs.CreateClusterInput) plan.Handle[*awsecs.Cluster] {
	a, name := op.account, aws.StringValue(in.ClusterName)
	return plan.Add(p, plan.Node[*awsecs.Cluster]{
		Name:   "cluster",
		Effect: plan.Effect{Change: plan.Made, Resource: op.resource(kindCluster, name), Ground: true},
		ID:     func(c *awsecs.Cluster) string { return aws.StringValue(c.ClusterArn) },
		Call: func(ctx context.Context, inputs plan.Inputs) (cluster *awsecs.Cluster, err error) {
			err = again(inputs, visible, awsclient.IsServiceLinkedRole, func() error {
				cluster, err = a.ecs.CreateCluster(ctx, in)
				return err
			})
			if kind := common.KindOf(err); kind == common.Conflict || kind == common.Invalid {
				// One that stands with other settings is refused as inconsistent; tags may be enough for that.
				if standing, absent := a.ourCluster(ctx, name); absent == nil {
					cluster, err = standing, nil
				}
			}
			if err != nil {
				return nil, err
			}
			cluster, err = a.activeCluster(ctx, inputs, cluster)
			return cluster, took(err)
		},
	})
}

// activeCluster waits until a cluster that is being provisioned is ACTIVE. NotFound if it is another org's: CreateCluster answers with one
// that stands as if it had made it.
func (a *Account) activeCluster(ctx context.Context, inputs plan.Inputs, cluster *awsecs.Cluster) (_ *awsecs.Cluster, err error) {
	if len(cluster.Tags) == 0 {
		if cluster, err = a.ecs.Cluster(ctx, aws.StringValue(cluster.ClusterName)); err != nil {
			return nil, err
		}
	}
	if !a.owns(fromECSTags(cluster.Tags)) {
		return nil, notOurs("cluster", aws.StringValue(cluster.ClusterName))
	}
	for pause := time.Second; aws.StringValue(cluster.Status) != statusActive; pause = min(2*pause, 15*time.Second) {
		name := aws.StringValue(cluster.ClusterName)
		if aws.StringValue(cluster.Status) == "FAILED" {
			return nil, common.Newf(common.Failed, "cluster %s could not be provisioned", name)
		}
		err := inputs.Pause(pause)
		if err == nil {
			cluster, err = a.ecs.Cluster(ctx, name)
		}
		if err != nil {
			return nil, err
		}
	}
	return cluster, nil
}

// releaseCluster deletes the cluster of a space, if it carries the mark and nothing is in it.
func (a *Account) releaseCluster(ctx context.Context, r plan.Resource) (found bool, err error) {
	cluster, err := a.ecs.Cluster(ctx, r.Key)
	if err != nil {
		return false, absent(err)
	}
	if !a.carries(fromECSTags(cluster.Tags), r) {
		return false, nil
	}
	if err := a.unused(ctx, r.Key); err != nil {
		return true, err
	}
	_, err = a.ecs.DeleteCluster(ctx, r.Key)
	return true, absent(err)
}

// unused gives a *plan.KeptError that says what is in the space: an active service, a task that is to run, or a managed task definition. A
// draining service does not count.
func (a *Account) unused(ctx context.Context, cluster string) error {
	var services, tasks, families []string
	err := look(ctx,
		func(ctx context.Context) (err error) {
			services, err = a.ecs.ListServices(ctx, cluster)
			return absent(err)
		},
		func(ctx context.Context) (err error) {
			tasks, err = a.ecs.ListTasks(ctx, &awsecs.ListTasksInput{Cluster: aws.String(cluster)})
			return absent(err)
		},
		func(ctx context.Context) (err error) {
			families, err = a.managedFamilies(ctx, cluster)
			return err
		},
	)
	if err != nil {
		return err
	}
	for _, in := range []struct {
		what  string
		names []string
	}{{"service", services}, {kindFamily, families}, {"task", tasks}} { // tasks are mostly those of the others
		if len(in.names) > 0 {
			return &plan.KeptError{Reason: fmt.Sprintf("in use by %s %s", in.what, last(in.names[0]))}
		}
	}
	return nil
}
