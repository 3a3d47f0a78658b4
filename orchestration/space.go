package orchestration

import (
	"context"
	"fmt"
	"sync"
	"time"

	"ecs-api/journal"
	"ecs-api/orchestration/plan"
)

// spaces holds the leases of each space: the cluster that a space is named for, with its role and its log group, is shared ground. Leases exclude
// nobody; the last one to end decides what becomes of the ground that failed operations made, or that was asked to go.
type spaces struct {
	mu    sync.Mutex
	known map[string]*space
}

type space struct {
	leases  map[string]bool
	waiting []*ground
	closing chan struct{} // while the ground is being decided on, nobody enters
}

// ground is what an ended operation hands over to its space.
type ground struct {
	operation string
	startedAt time.Time
	steps     []*plan.Step       // made or changed by an operation that failed
	leaving   []*plan.Retirement // asked to go
	decided   chan struct{}
}

func newSpaces() *spaces { return &spaces{known: map[string]*space{}} }

// enter leases the space to an operation. It waits while the space's ground is being decided on, and gives ctx's cause if that ends first.
func (s *spaces) enter(ctx context.Context, name, operation string) error {
	for {
		closing := s.tryEnter(name, operation)
		if closing == nil {
			return nil
		}
		select {
		case <-closing:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (s *spaces) tryEnter(name, operation string) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.known[name]
	if sp == nil {
		sp = &space{leases: map[string]bool{}}
		s.known[name] = sp
	}
	if sp.closing == nil {
		sp.leases[operation] = true
	}
	return sp.closing
}

// leave ends a lease and hands over g, which may be nil. The last one to leave gets all that waits, to decide on and then to call decided.
func (s *spaces) leave(name, operation string, g *ground) (all []*ground, decided func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.known[name]
	delete(sp.leases, operation)
	if g != nil {
		sp.waiting = append(sp.waiting, g)
	}
	if len(sp.leases) > 0 {
		return nil, func() {}
	}
	if len(sp.waiting) == 0 {
		delete(s.known, name)
		return nil, func() {}
	}
	all, sp.waiting = sp.waiting, nil
	sp.closing = make(chan struct{})
	return all, func() { s.decided(name, all) }
}

func (s *spaces) decided(name string, all []*ground) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.known[name].closing)
	delete(s.known, name)
	for _, g := range all {
		close(g.decided)
	}
}

// decide takes back the ground that failed operations left and nobody stands on, and lets the space go if it was asked to. It returns when that is
// done, or when ctx ends; every step and retirement then has its state.
func (a *Account) decide(ctx context.Context, name string, all []*ground) {
	relied := a.reliedOn(name, all)
	var clusters, others []*plan.Step
	for _, g := range all {
		for _, step := range g.steps {
			if step.Effect.Resource.Kind == kindCluster {
				clusters = append(clusters, step)
			} else {
				others = append(others, step)
			}
		}
	}
	// The cluster is the gate: what it stands with goes only after it.
	a.takeBackGround(ctx, clusters, relied)
	for _, cluster := range clusters {
		if cluster.State == plan.Kept {
			relied = func(plan.Resource) string { return cluster.Reason }
		}
	}
	a.takeBackGround(ctx, others, relied)
	for _, g := range all {
		for _, retirement := range g.leaving {
			a.retireGround(ctx, retirement)
		}
	}
}

// reliedOn tells why a piece of ground stays: an operation that committed while the failed one was at work stands on it.
func (a *Account) reliedOn(name string, all []*ground) func(plan.Resource) string {
	since := time.Now()
	for _, g := range all {
		if g.startedAt.Before(since) {
			since = g.startedAt
		}
	}
	operations, err := a.Journal.List(journal.Filter{Account: a.Name, Cluster: name})
	return func(r plan.Resource) string {
		if err != nil {
			return "the journal cannot be read: " + err.Error()
		}
		for _, op := range operations {
			if op.Committed && (op.EndedAt == nil || !op.EndedAt.Before(since)) && standsOn(op, r) {
				return fmt.Sprintf("operation %s stands on it", op.ID)
			}
		}
		return ""
	}
}

func standsOn(op journal.Operation, r plan.Resource) bool {
	for _, step := range op.Steps {
		if step.Effect.Ground && step.Effect.Resource.Same(r) {
			return true
		}
	}
	return false
}

func (a *Account) takeBackGround(ctx context.Context, steps []*plan.Step, relied func(plan.Resource) string) {
	var work sync.WaitGroup
	for _, step := range steps {
		if reason := relied(step.Effect.Resource); reason != "" {
			step.State, step.Reason = plan.Kept, reason
			continue
		}
		work.Go(func() {
			_ = a.engine.TakeBack(ctx, step, func(s plan.Step) { a.logStep(ctx, "", s) })
		})
	}
	work.Wait()
}

func (a *Account) retireGround(ctx context.Context, r *plan.Retirement) {
	step := plan.Step{Name: r.Resource.String(), Effect: plan.Effect{Change: plan.Made, Resource: r.Resource}, State: plan.Done}
	_ = a.engine.TakeBack(ctx, &step, func(s plan.Step) { a.logStep(ctx, "", s) })
	r.State, r.Reason = step.State, step.Reason
}
