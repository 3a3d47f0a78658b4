package orchestration

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// updated is a service with the definition that it now has.
type updated struct {
	service    *awsecs.Service
	definition *awsecs.TaskDefinition
}

// buildServiceUpdate completes what was asked. A given strategy forces a new deployment, as ECS asks; an empty one is none. Service Connect and
// volumes start one anyhow, and only it shows them.
func buildServiceUpdate(asked *awsecs.UpdateServiceInput, cluster, name, definition string, force bool, defaults network) *awsecs.UpdateServiceInput {
	in := awsecs.UpdateServiceInput{}
	if asked != nil {
		in = *asked
	}
	if in.NetworkConfiguration != nil {
		in.NetworkConfiguration = buildNetwork(in.NetworkConfiguration, defaults)
	}
	in.VolumeConfigurations = buildVolumes(in.VolumeConfigurations)
	in.Cluster, in.Service = aws.String(cluster), aws.String(name)
	if len(in.CapacityProviderStrategy) == 0 {
		in.CapacityProviderStrategy = nil
	} else {
		force = true
	}
	force = force || in.ServiceConnectConfiguration != nil || in.VolumeConfigurations != nil
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
	if move := newServiceMove(in, facts.service, definition != nil); move.Deploys || moves && !move.Already {
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
				now.service, err = a.ecs.UpdateService(ctx, buildServiceUpdate(in.Service, in.Cluster, name, arn, in.force(), a.network()))
			}
			if err == nil && now.definition == nil && facts.active != nil {
				now.definition = facts.active.TaskDefinition
			}
			return now, err
		},
		Settle: func(ctx context.Context, inputs plan.Inputs) (updated, bool, error) {
			service, err := a.ecs.Service(ctx, in.Cluster, name)
			if err != nil {
				return updated{}, false, absent(err)
			}
			if took, err := a.moved(ctx, service, effect); err != nil || !took {
				return updated{}, false, err
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
	Registers  bool            `json:"registers"`  // it moves to a revision with the operation's mark, which says it all
	Asked      json.RawMessage `json:"asked"`      // the members of the service that it sets; null for none
	Already    bool            `json:"already"`    // they were so before
	Deploys    bool            `json:"deploys"`    // it starts a deployment
	Deployment string          `json:"deployment"` // the primary one before
}

func newServiceMove(in *UpdateServiceInput, service *awsecs.Service, registers bool) serviceMove {
	move := serviceMove{Registers: registers, Deploys: registers || in.force(), Deployment: primary(service), Asked: raw(nil)}
	if in.Service != nil {
		sets := *buildServiceUpdate(in.Service, "", "", "", false, network{allowPublicIP: true})
		move.Deploys = move.Deploys || aws.BoolValue(sets.ForceNewDeployment) || sets.TaskDefinition != nil
		sets.Cluster, sets.Service, sets.ForceNewDeployment, sets.TaskDefinition = nil, nil, nil, nil
		move.Asked = raw(sets)
	}
	move.Already = contains(raw(service), move.Asked)
	return move
}

// primary gives the id of the deployment that a service is on, or moving to.
func primary(service *awsecs.Service) string {
	for _, deployment := range service.Deployments {
		if aws.StringValue(deployment.Status) == "PRIMARY" {
			return aws.StringValue(deployment.Id)
		}
	}
	return ""
}

// moved reads whether a service shows what an update asked of it. What was so before does not show: there is nothing to finish then.
func (a *Account) moved(ctx context.Context, service *awsecs.Service, effect plan.Effect) (bool, error) {
	var move serviceMove
	if err := json.Unmarshal(effect.After, &move); err != nil {
		return false, err
	}
	switch {
	case move.Registers:
		return a.runsMarked(ctx, service, effect.Resource.Mark)
	case move.Deploys:
		return primary(service) != move.Deployment, nil
	}
	return !move.Already && contains(raw(service), move.Asked), nil
}

// runsMarked says whether the service, or any of its deployments, is on a revision with an operation's mark.
func (a *Account) runsMarked(ctx context.Context, service *awsecs.Service, mark string) (bool, error) {
	named := map[string]bool{aws.StringValue(service.TaskDefinition): true}
	for _, deployment := range service.Deployments {
		named[aws.StringValue(deployment.TaskDefinition)] = true
	}
	revisions, err := a.revisions(ctx, sortedKeys(named))
	return slices.ContainsFunc(revisions, func(r *revision) bool { return r.tags[common.TagOperation] == mark }), err
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
		// AWS keeps no order of subnets, groups and the like.
		for _, one := range asked {
			if !slices.ContainsFunc(has, func(other any) bool { return holds(other, one) }) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(whole, part)
}
