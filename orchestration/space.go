package orchestration

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"ecs-api/common"
	"ecs-api/journal"
	"ecs-api/orchestration/plan"
)

// spaces holds the leases of each space: the cluster that a space is named for, with its role and its log group, is shared ground. Leases
// exclude nobody, but for that of a cluster's delete; the last one to end decides what becomes of the ground that failed operations made, or
// that was asked to go.
type spaces struct {
	mu    sync.Mutex
	known map[string]*space
}

type space struct {
	leases  map[string]*lease // by operation
	waiting []*ground
	closing chan struct{} // while the cluster is deleted by itself, or the ground is being decided on, nobody enters
}

// lease is an operation's stay in a space.
type lease struct {
	hold *hold
	over chan struct{}
}

// ground is what an ended operation hands over to its space.
type ground struct {
	op      *operation
	steps   []*plan.Step // made or changed by an operation that failed
	leaving []*plan.Step // retirements: asked to go
	decided chan struct{}
}

// newGround gives the ground that an ending operation leaves, or nil: what it asked to go if it has committed, what it made or changed if
// not.
func newGround(op *operation) *ground {
	g := &ground{op: op, decided: make(chan struct{})}
	progress := op.ledger.Progress()
	// What is left of the operation's own keeps the ground that it stands on.
	carries := func(i int) func(plan.Step) bool {
		return func(s plan.Step) bool { return !s.Effect.Ground && s.Standing() && slices.Contains(s.After, i) }
	}
	for i, step := range progress.Steps {
		if !progress.Committed && step.Effect.Ground && step.Standing() && !slices.ContainsFunc(progress.Steps, carries(i)) {
			g.steps = append(g.steps, op.ledger.Step(i))
		}
	}
	rest := slices.ContainsFunc(progress.Retirements, func(s plan.Step) bool { return !s.Effect.Ground && !s.Gone() })
	for i, retirement := range progress.Retirements {
		if progress.Committed && retirement.Effect.Ground && !rest {
			g.leaving = append(g.leaving, op.ledger.Retirement(i))
		}
	}
	if len(g.steps) == 0 && len(g.leaving) == 0 {
		return nil
	}
	return g
}

func newSpaces() *spaces { return &spaces{known: map[string]*space{}} }

// enter leases the space to an operation. It waits while the space is closing, and gives ctx's cause if that ends first.
func (s *spaces) enter(ctx context.Context, name string, h *hold) error {
	return s.wait(ctx, func() (chan struct{}, error) { return s.tryEnter(name, h), nil })
}

// enterAlone leases the space to an operation that closes it: whoever comes waits until it has left. Conflict if another operation that has
// not answered is in it; one that has is waited for.
func (s *spaces) enterAlone(ctx context.Context, name string, h *hold, answered func(*hold) bool) error {
	return s.wait(ctx, func() (chan struct{}, error) { return s.tryEnterAlone(name, h, answered) })
}

// wait tries until there is nothing to wait for.
func (s *spaces) wait(ctx context.Context, try func() (chan struct{}, error)) error {
	for {
		over, err := try()
		if over == nil {
			return err
		}
		select {
		case <-over:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (s *spaces) tryEnter(name string, h *hold) (closing chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.known[name]
	if sp == nil {
		sp = &space{leases: map[string]*lease{}}
		s.known[name] = sp
	}
	if sp.closing == nil {
		sp.leases[h.operation] = &lease{hold: h, over: make(chan struct{})}
	}
	return sp.closing
}

func (s *spaces) tryEnterAlone(name string, h *hold, answered func(*hold) bool) (over chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.known[name]
	if sp != nil && sp.closing != nil {
		return sp.closing, nil
	}
	if sp == nil {
		sp = &space{}
		s.known[name] = sp
	}
	for operation, lease := range sp.leases {
		if !answered(lease.hold) {
			return nil, common.Newf(common.Conflict, "operation %s is at work in the cluster %s", operation, name)
		}
		over = lease.over
	}
	if over == nil {
		sp.leases = map[string]*lease{h.operation: {hold: h, over: make(chan struct{})}}
		sp.closing = make(chan struct{})
	}
	return over, nil
}

// leave ends a lease and hands over g, which may be nil. The last one to leave gets all that waits, to decide on and then to call decided.
func (s *spaces) leave(name, operation string, g *ground) (all []*ground, decided func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.known[name]
	if sp == nil || sp.leases[operation] == nil {
		return nil, func() {} // it left as the process was stopping
	}
	close(sp.leases[operation].over)
	delete(sp.leases, operation)
	if g != nil {
		sp.waiting = append(sp.waiting, g)
	}
	if len(sp.leases) > 0 {
		return nil, func() {}
	}
	if len(sp.waiting) == 0 {
		s.forget(name)
		return nil, func() {}
	}
	all, sp.waiting = sp.waiting, nil
	if sp.closing == nil {
		sp.closing = make(chan struct{})
	}
	return all, func() { s.decided(name, all) }
}

func (s *spaces) decided(name string, all []*ground) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(name)
	for _, g := range all {
		close(g.decided)
	}
}

// forget lets those in who wait for a space that nobody is in.
func (s *spaces) forget(name string) {
	if closing := s.known[name].closing; closing != nil {
		close(closing)
	}
	delete(s.known, name)
}

// decide takes back the ground that failed operations left and nobody stands on, and lets the space go if it was asked to. It returns when
// that is done, or when ctx ends; every step and retirement then has its state.
func (a *Account) decide(ctx context.Context, name string, all []*ground) {
	relied := a.reliedOn(name, all)
	isCluster := func(step *plan.Step) bool { return step.Effect.Resource.Kind == kindCluster }
	// The cluster is the gate: what it stands with goes only after it.
	for _, why := range a.takeBackGround(ctx, all, relied, isCluster) {
		relied = func(plan.Resource) string { return why }
	}
	a.takeBackGround(ctx, all, relied, func(step *plan.Step) bool { return !isCluster(step) })
	for _, g := range all {
		for _, retirement := range g.leaving {
			if reason := a.askedForSince(name, g.op); reason != "" {
				g.op.ledger.Set(retirement, nil, func(s *plan.Step) { s.State, s.Reason = plan.Kept, reason })
				continue
			}
			a.engine.RetireOne(ctx, g.op.ledger, retirement)
		}
	}
}

// reliedOn tells why a piece of ground stays: an operation that committed while the failed one was at work stands on it.
func (a *Account) reliedOn(name string, all []*ground) func(plan.Resource) string {
	since := time.Now()
	for _, g := range all {
		if g.op.record.StartedAt.Before(since) {
			since = g.op.record.StartedAt
		}
	}
	operations, err := a.Journal.List(journal.Filter{Account: a.Name, Cluster: name, Since: since})
	return func(r plan.Resource) string {
		if err != nil {
			return "the journal cannot be read: " + err.Error()
		}
		for _, op := range operations {
			if op.Committed && standsOn(op, r) {
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

// takeBackGround takes back the pieces that are picked, at once, except those that someone relies on. It gives the reasons of those that
// stand.
func (a *Account) takeBackGround(ctx context.Context, all []*ground, relied func(plan.Resource) string, picked func(*plan.Step) bool) (standing []string) {
	var work sync.WaitGroup
	var mu sync.Mutex
	for _, g := range all {
		for _, step := range g.steps {
			if !picked(step) {
				continue
			}
			work.Go(func() {
				if reason := relied(step.Effect.Resource); reason != "" {
					g.op.ledger.Set(step, nil, func(s *plan.Step) { s.State, s.Reason = plan.Kept, reason })
				} else {
					a.engine.TakeBack(ctx, g.op.ledger, step)
				}
				if step.State == plan.Kept || step.State == plan.Left {
					mu.Lock()
					defer mu.Unlock()
					standing = append(standing, step.Reason)
				}
			})
		}
	}
	work.Wait()
	return standing
}
