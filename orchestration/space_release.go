package orchestration

import (
	"context"

	"ecs-api/orchestration/plan"
)

const kindSpace = "space"

// releaseSpace takes down a space that nothing is in: first its cluster, and only once that is gone its role and its log group.
func (a *Account) releaseSpace(ctx context.Context, r plan.Resource) (found bool, err error) {
	part := func(kind, key string) plan.Resource {
		return plan.Resource{Account: r.Account, Kind: kind, Space: r.Space, Key: key}
	}
	found, err = a.releaseCluster(ctx, part(kindCluster, r.Key))
	if err != nil {
		return found, err
	}
	if _, err := a.ecs.Cluster(ctx, r.Key); err == nil && !found {
		return false, &plan.KeptError{Reason: "the cluster is not this space's"}
	} else if absent(err) != nil {
		return found, err
	}
	var role, logGroup bool
	err = look(ctx,
		func(ctx context.Context) (err error) {
			role, err = a.releaseRole(ctx, part(kindRole, roleName(r.Key)))
			return err
		},
		func(ctx context.Context) (err error) {
			logGroup, err = a.releaseLogGroup(ctx, part(kindLogGroup, r.Key))
			return err
		},
	)
	return found || role || logGroup, err
}
