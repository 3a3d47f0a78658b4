package orchestration

import (
	"context"
	"encoding/json"
	"time"

	"ecs-api/common"
	"ecs-api/journal"
	"ecs-api/orchestration/plan"

	"github.com/pkg/errors"
)

// Operation is what may be told of an orchestrating write. It holds no secret value.
type Operation struct {
	ID        string          `json:"id"`
	Verb      string          `json:"verb"`
	Account   string          `json:"account"`
	Cluster   string          `json:"cluster"`
	Service   string          `json:"service"`
	State     journal.State   `json:"state" values:"running,succeeded,rolling-back,rolled-back,failed" doc:"Failed: something is left."`
	Steps     []OperationStep `json:"steps"`
	Result    json.RawMessage `json:"result"`
	Problem   json.RawMessage `json:"problem"`
	StartedAt time.Time       `json:"startedAt"`
	EndedAt   *time.Time      `json:"endedAt"`
	Caller    string          `json:"caller"`
}

// OperationStep is one step of an operation, or one thing that goes after it has committed.
type OperationStep struct {
	Name      string             `json:"name"`
	State     plan.State         `json:"state"`
	Effect    plan.Change        `json:"effect,omitempty"` // made, changed or reused
	Resource  *OperationResource `json:"resource"`
	Reason    string             `json:"reason,omitempty"`
	StartedAt *time.Time         `json:"startedAt"`
	EndedAt   *time.Time         `json:"endedAt"`
}

// OperationResource is what a step touched.
type OperationResource struct {
	Kind string `json:"kind"`
	Key  string `json:"key"`
	ID   string `json:"id,omitempty"`
}

func told(op journal.Operation) Operation {
	steps := []OperationStep{}
	for _, step := range append(append([]plan.Step{}, op.Steps...), op.Retirements...) {
		if r := step.Effect.Resource; step.Effect.Change == plan.Reused && r.Key == "" {
			continue // there is none: a service without a registry
		}
		one := OperationStep{
			Name:      step.Name,
			State:     step.State,
			Effect:    step.Effect.Change,
			Reason:    step.Reason,
			StartedAt: step.StartedAt,
			EndedAt:   step.EndedAt,
		}
		if r := step.Effect.Resource; r.Kind != "" {
			one.Resource = &OperationResource{Kind: r.Kind, Key: r.Key, ID: r.ID}
		}
		steps = append(steps, one)
	}
	return Operation{ID: op.ID, Verb: op.Verb, Account: op.Account, Cluster: op.Cluster, Service: op.Service, State: op.State, Steps: steps,
		Result: op.Result, Problem: op.Problem, StartedAt: op.StartedAt, EndedAt: op.EndedAt, Caller: op.Caller}
}

// ListOperationsInput narrows the list.
type ListOperationsInput struct {
	State   string `json:"-" query:"state" values:"running,succeeded,rolling-back,rolled-back,failed" doc:"Only operations in this state."`
	Cluster string `json:"-" query:"cluster" doc:"Only operations in this cluster."`
}

// Validate gives the rules that the input breaks.
func (in *ListOperationsInput) Validate() []common.Violation {
	switch journal.State(in.State) {
	case "", journal.Running, journal.Succeeded, journal.RollingBack, journal.RolledBack, journal.Failed:
		return nil
	}
	return []common.Violation{{Pointer: "/query/state", Detail: "running, succeeded, rolling-back, rolled-back or failed"}}
}

// ListOperations gives the account's operations of the last 30 days, oldest first.
func (a *Account) ListOperations(_ context.Context, in *ListOperationsInput) ([]Operation, error) {
	operations, err := a.Journal.List(journal.Filter{Account: a.Name, Cluster: in.Cluster, State: journal.State(in.State)})
	if err != nil {
		return nil, errors.Wrap(err, "the journal cannot be read")
	}
	all := []Operation{}
	for _, op := range operations {
		all = append(all, told(op))
	}
	return all, nil
}

// ShowOperationInput names an operation.
type ShowOperationInput struct {
	Operation string `json:"-" path:"operation"`
}

// ShowOperation gives one operation. NotFound if the journal has none of that id in this account.
func (a *Account) ShowOperation(_ context.Context, in *ShowOperationInput) (*Operation, error) {
	op, ok := a.Journal.Get(in.Operation)
	if !ok || op.Account != a.Name {
		return nil, common.Newf(common.NotFound, "operation %s is not found", in.Operation)
	}
	one := told(op)
	return &one, nil
}
