package orchestration

import (
	"context"
	"sync"

	"ecs-api/common"
)

// locks lets writes on one name be one at a time.
type locks struct {
	mu    sync.Mutex
	holds map[string]*hold
}

// hold is an operation's hold of names, from its first read until nothing of it is at work.
type hold struct {
	operation string
	names     []string
	answered  bool // what is left is taking back or retiring: another write waits for it
	stuck     bool // something of it cannot be released: another write would wait for ever
	ended     chan struct{}
}

func newLocks() *locks { return &locks{holds: map[string]*hold{}} }

// take takes the names for an operation. The first is what it writes on: Conflict if another operation that has not answered holds it. The
// others, and one that has answered, are waited for. Every caller takes its names in the same order of kinds, so that none waits in a circle.
func (l *locks) take(ctx context.Context, operation string, names ...string) (*hold, error) {
	h := &hold{operation: operation, ended: make(chan struct{})}
	for i, name := range names {
		for {
			other := l.try(h, name)
			if other == nil {
				break
			}
			if err := l.refusal(other, name, i == 0); err != nil {
				l.end(h)
				return nil, err
			}
			select {
			case <-other.ended:
			case <-ctx.Done():
				l.end(h)
				return nil, context.Cause(ctx)
			}
		}
	}
	return h, nil
}

// try gives the name to h, or the hold that has it.
func (l *locks) try(h *hold, name string) *hold {
	l.mu.Lock()
	defer l.mu.Unlock()
	if other := l.holds[name]; other != nil {
		return other
	}
	l.holds[name] = h
	h.names = append(h.names, name)
	return nil
}

// refusal says why a hold is not waited for, or nothing.
func (l *locks) refusal(h *hold, name string, first bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case h.stuck:
		return common.Newf(common.Conflict, "operation %s holds %s: something of it could not be released yet", h.operation, name)
	case first && !h.answered:
		return common.Newf(common.Conflict, "operation %s holds %s", h.operation, name)
	}
	return nil
}

// sticks says whether something of h's operation could not be released.
func (l *locks) sticks(h *hold, stuck bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h.stuck = stuck
}

// answered says that h's caller has its answer.
func (l *locks) answered(h *hold) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h.answered = true
}

// end lets the names go. Without a hold there is nothing to do.
func (l *locks) end(h *hold) {
	if h == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range h.names {
		delete(l.holds, name)
	}
	close(h.ended)
}
