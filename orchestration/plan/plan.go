package plan

import (
	"context"
	"fmt"
	"time"
)

// Plan is a graph of nodes, each standing on those added before it. It is built by Add and Given, and run by an Engine.
type Plan struct {
	nodes       []node
	retirements []Step
	commit      int // index of the commit point, -1 without one
}

type node struct {
	step   Step
	call   func(context.Context, Inputs) (any, error)
	settle func(context.Context, Inputs) (any, bool, error)
	id     func(any) string
	given  any
	stands bool // a given: there is nothing to run
}

// New makes an empty plan.
func New() *Plan { return &Plan{commit: -1} }

// Dependency is a handle of any type: what a node names as its need.
type Dependency interface{ index() int }

// Handle stands for what a node will answer. Only Add and Given make one, so a node can need only what was added before it: a cycle
// cannot be written.
type Handle[T any] struct{ at int }

func (h Handle[T]) index() int { return h.at }

// From gives the answer of the node behind h. It panics for a node that did not name h as a need: that would be a race.
func (h Handle[T]) From(in Inputs) T {
	value, ok := in.values[h.at]
	if !ok {
		panic(fmt.Sprintf("plan: the step takes the answer of step %d without needing it", h.at))
	}
	answer, _ := value.(T)
	return answer
}

// Inputs are the answers that a node's needs gave.
type Inputs struct {
	values map[int]any
	run    context.Context
}

// Pause lets d pass between two calls of a step, and gives the cause if the run ends first. The step's own context does not end with the
// run: a call that AWS has accepted is not given up, or what it made would be an orphan.
func (in Inputs) Pause(d time.Duration) error { return wait(in.run, d) }

// Node describes one step whose answer is a T.
type Node[T any] struct {
	Name   string
	Needs  []Dependency
	Effect Effect
	// Call does it. An error that the engine's Unheard does not recognise means that nothing was left behind.
	Call func(context.Context, Inputs) (T, error)
	// Settle decides by reading whether a call whose answer was lost took effect; nil: it is looked up when it is undone.
	Settle func(context.Context, Inputs) (T, bool, error)
	// ID gives what AWS named the resource; nil: its Key is enough.
	ID func(T) string
}

// Add adds a node and gives the handle of its answer.
func Add[T any](p *Plan, n Node[T]) Handle[T] {
	added := node{
		step: Step{Name: n.Name, Effect: n.Effect, State: Waiting},
		call: func(ctx context.Context, in Inputs) (any, error) { return n.Call(ctx, in) },
	}
	if n.Settle != nil {
		added.settle = func(ctx context.Context, in Inputs) (any, bool, error) { return n.Settle(ctx, in) }
	}
	if n.ID != nil {
		added.id = func(answer any) string {
			typed, _ := answer.(T)
			return n.ID(typed)
		}
	}
	for _, need := range n.Needs {
		added.step.After = append(added.step.After, need.index())
	}
	p.nodes = append(p.nodes, added)
	return Handle[T]{at: len(p.nodes) - 1}
}

// Given adds something that stands already, so that a node takes it the same way, whether it was made or found.
func Given[T any](p *Plan, name string, resource Resource, ground bool, value T) Handle[T] {
	effect := Effect{Change: Reused, Resource: resource, Ground: ground}
	p.nodes = append(p.nodes, node{step: Step{Name: name, Effect: effect, State: Done}, given: value, stands: true})
	return Handle[T]{at: len(p.nodes) - 1}
}

// Commit names the last call that can fail: it waits for every other node, before it all is undone, after it all is finished.
func (p *Plan) Commit(h Dependency) {
	p.commit = h.index()
	step := &p.nodes[p.commit].step
	step.Commit = true
	needed := map[int]bool{}
	for _, i := range step.After {
		needed[i] = true
	}
	for i := range p.nodes {
		if i != p.commit && !needed[i] {
			step.After = append(step.After, i)
		}
	}
}

// CommitAll makes the end of all nodes the commit point, for a plan none of whose calls is the last that can fail. Nothing outside shows
// that it was passed: it must be saved before it is told.
func (p *Plan) CommitAll() {
	p.Commit(Add(p, Node[struct{}]{Name: "done", Call: func(context.Context, Inputs) (struct{}, error) { return struct{}{}, nil }}))
}

// Shown says whether the commit point can be read from the world.
func (p *Plan) Shown() bool {
	return p.commit >= 0 && p.nodes[p.commit].step.Effect.Resource.Kind != ""
}

// Retire notes what goes once the plan has committed, after those retirements that it names; it gives its own index.
func (p *Plan) Retire(r Resource, after ...int) int { return p.retire(r, false, after) }

// RetireGround notes ground that is asked to go: the space decides, after all other retirements.
func (p *Plan) RetireGround(r Resource) { p.retire(r, true, nil) }

func (p *Plan) retire(r Resource, ground bool, after []int) int {
	effect := Effect{Change: Made, Resource: r, Ground: ground}
	p.retirements = append(p.retirements, Step{Name: r.Kind + " gone", Effect: effect, After: after, State: Waiting})
	return len(p.retirements) - 1
}

// Progress gives the plan as the record of a run that has not begun: what it would do.
func (p *Plan) Progress() Progress {
	progress := Progress{Retirements: append([]Step(nil), p.retirements...)}
	for _, n := range p.nodes {
		progress.Steps = append(progress.Steps, n.step)
	}
	return progress
}

// Run is a finished run: what its steps answered.
type Run struct{ Inputs }

func newRun() *Run { return &Run{Inputs{values: map[int]any{}, run: context.Background()}} }
