package orchestration

import (
	"context"

	"ecs-api/common"

	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// ListTaskDefsInput names a cluster.
type ListTaskDefsInput struct {
	Cluster string `json:"-" path:"cluster"`
}

// Validate gives the rules that the input breaks.
func (in *ListTaskDefsInput) Validate() []common.Violation { return pathNames(in.Cluster) }

// ListTaskDefs gives the families of a cluster's managed task definitions, sorted. NotFound if the cluster is absent or another org's.
//
// ECS tells which families are active, the tagging API whose they are: it shows for hours what is gone, and learns late, by a moment, of
// what is new. So nothing is asked of each family.
func (a *Account) ListTaskDefs(ctx context.Context, in *ListTaskDefsInput) ([]string, error) {
	var tagged, active []string
	err := lookIn(ctx,
		func(ctx context.Context) error {
			_, err := a.ourCluster(ctx, in.Cluster)
			return err
		},
		func(ctx context.Context) (err error) {
			tagged, err = a.taggedFamilies(ctx, in.Cluster)
			return err
		},
		func(ctx context.Context) (err error) {
			active, err = a.ecs.ListActiveFamilies(ctx)
			return err
		},
	)
	if err != nil {
		return nil, err
	}
	return both(tagged, active), nil
}

// both gives the names that are in both lists, in the order of the first.
func both(names, others []string) []string {
	known := make(map[string]bool, len(others))
	for _, name := range others {
		known[name] = true
	}
	shared := []string{}
	for _, name := range names {
		if known[name] {
			shared = append(shared, name)
		}
	}
	return shared
}

// ShowTaskDefInput names a family.
type ShowTaskDefInput struct {
	Cluster string `json:"-" path:"cluster"`
	TaskDef string `json:"-" path:"taskdef"`
}

// Validate gives the rules that the input breaks.
func (in *ShowTaskDefInput) Validate() []common.Violation { return pathNames(in.Cluster, in.TaskDef) }

// ShowTaskDefOutput is the newest active revision of a family, with its tags and the cluster that it belongs to.
type ShowTaskDefOutput struct {
	Cluster        *awsecs.Cluster
	TaskDefinition *awsecs.TaskDefinition
	Tags           []*awsecs.Tag
}

// ShowTaskDef gives a task definition. NotFound if the cluster is absent or another org's, or the family has no active revision or is not
// the cluster's.
func (a *Account) ShowTaskDef(ctx context.Context, in *ShowTaskDefInput) (*ShowTaskDefOutput, error) {
	out := &ShowTaskDefOutput{}
	err := lookIn(ctx,
		func(ctx context.Context) (err error) {
			out.Cluster, err = a.ourCluster(ctx, in.Cluster)
			return err
		},
		func(ctx context.Context) error {
			newest, err := a.revision(ctx, in.TaskDef)
			if err != nil {
				return err
			}
			if !a.owns(newest.tags) || newest.tags[common.TagSpace] != in.Cluster {
				return notOurs("task definition", in.TaskDef)
			}
			out.TaskDefinition, out.Tags = newest.TaskDefinition, ecsTags(newest.tags)
			return nil
		},
	)
	if err != nil {
		return nil, err
	}
	return out, nil
}
