package orchestration

import (
	"context"
	"encoding/json"
	"reflect"
	"time"

	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// updated is a service with the definition that it now has.
type updated struct {
	service    *awsecs.Service
	definition *awsecs.TaskDefinition
}

// buildServiceUpdate completes what was asked. A given strategy forces a new deployment, as ECS asks; an empty one is none.
func buildServiceUpdate(asked *awsecs.UpdateServiceInput, cluster, name, definition string, force bool) *awsecs.UpdateServiceInput {
	in := awsecs.UpdateServiceInput{}
	if asked != nil {
		in = *asked
	}
	in.Cluster, in.Service = aws.String(cluster), aws.String(name)
	if len(in.CapacityProviderStrategy) == 0 {
		in.CapacityProviderStrategy = nil
	} else {
		force = true
	}
	if definition != "" {
		in.TaskDefinition = aws.String(definition)
	}
	if force {
		in.ForceNewDeployment = aws.Bool(true)
	}
	return &in
}

// updateNode moves the service: the commit point. Where nothing of the service changes, it only reads what is to be answered.
func (op *operation) updateNode(
	p *plan.Plan,
	in *UpdateServiceInput,
	facts updateFacts,
	definition *plan.Handle[*awsecs.TaskDefinition],
) plan.Handle[updated] {
	a, name := op.account, in.name()
	moves := in.Service != nil || in.force() || definition != nil
	var needs []plan.Dependency
	if definition != nil {
		needs = append(needs, *definition)
	}
	effect := plan.Effect{} // where the service shows nothing of it, the record alone says that it was done
	if move := newServiceMove(in, facts.service, definition != nil, op.record.StartedAt); move.Deploys || moves && !move.Already {
		effect = plan.Effect{Change: plan.Updated, Resource: op.resource(kindService, name), After: raw(move)}
	}
	return plan.Add(p, plan.Node[updated]{
		Name:   "service updated",
		Needs:  needs,
		Effect: effect,
		Call: func(ctx context.Context, inputs plan.Inputs) (now updated, err error) {
			now = updated{service: facts.service}
			arn := ""
			if definition != nil {
				now.definition = definition.From(inputs)
				arn = aws.StringValue(now.definition.TaskDefinitionArn)
			}
			if moves {
				now.service, err = a.ecs.UpdateService(ctx, buildServiceUpdate(in.Service, in.Cluster, name, arn, in.force()))
			}
			if err == nil && now.definition == nil && facts.active != nil {
				now.definition = facts.active.TaskDefinition
			}
			return now, err
		},
		Settle: func(ctx context.Context, inputs plan.Inputs) (updated, bool, error) {
			service, err := a.ecs.Service(ctx, in.Cluster, name)
			if err != nil || !moved(service, effect) {
				return updated{}, false, absent(err)
			}
			now := updated{service: service}
			if definition != nil {
				now.definition = definition.From(inputs)
			}
			return now, true, nil
		},
	})
}

// serviceMove is what an update asks of the service itself, by which it can be read whether it was done.
type serviceMove struct {
	Asked   json.RawMessage `json:"asked"`   // the members of the service that it sets; null for none
	Already bool            `json:"already"` // they were so before
	Deploys bool            `json:"deploys"` // it starts a deployment
	Since   time.Time       `json:"since"`
}

func newServiceMove(in *UpdateServiceInput, service *awsecs.Service, registers bool, since time.Time) serviceMove {
	move := serviceMove{Deploys: registers || in.force(), Since: since, Asked: raw(nil)}
	if in.Service != nil {
		sets := *buildServiceUpdate(in.Service, "", "", "", false)
		move.Deploys = move.Deploys || aws.BoolValue(sets.ForceNewDeployment) || sets.TaskDefinition != nil
		sets.Cluster, sets.Service, sets.ForceNewDeployment, sets.TaskDefinition = nil, nil, nil, nil
		move.Asked = raw(sets)
	}
	move.Already = contains(raw(service), move.Asked)
	return move
}

// moved says whether a service shows what an update asked of it. One that asked for nothing, or for what was so before, does not show it:
// there is nothing to finish.
func moved(service *awsecs.Service, effect plan.Effect) bool {
	var move serviceMove
	if json.Unmarshal(effect.After, &move) != nil || !contains(raw(service), move.Asked) {
		return false
	}
	if !move.Deploys {
		return !move.Already
	}
	for _, deployment := range service.Deployments {
		if aws.StringValue(deployment.Status) == "PRIMARY" {
			return !aws.TimeValue(deployment.CreatedAt).Before(move.Since)
		}
	}
	return false
}

// contains says whether a document has every member that another one gives, as it gives it; null is not given.
func contains(document, part json.RawMessage) bool {
	var whole, asked any
	return json.Unmarshal(document, &whole) == nil && json.Unmarshal(part, &asked) == nil && holds(whole, asked)
}

func holds(whole, part any) bool {
	switch asked := part.(type) {
	case nil:
		return true
	case map[string]any:
		has, _ := whole.(map[string]any)
		for key, member := range asked {
			if !holds(has[key], member) {
				return false
			}
		}
		return true
	case []any:
		has, _ := whole.([]any)
		if len(has) != len(asked) {
			return false
		}
		for i := range asked {
			if !holds(has[i], asked[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(whole, part)
}
