package orchestration

import (
	"context"
	"slices"
	"strings"
	"sync"

	"ecs-api/common"
)

// locks lets writes on one name be one at a time, and none be where the name is used.
type locks struct {
	mu    sync.Mutex
	holds map[string]*hold
	users map[string]map[*hold]bool
}

// using begins the name of a hold that excludes writes on what follows it, and no other use.
const using = "use of "

// hold is an operation's hold of names, from its first read until nothing of it is at work.
type hold struct {
	operation string
	names     []string
	answered  bool // what is left is taking back or retiring: another write waits for it
	ended     chan struct{}
	over      bool // ended is closed
}

func newLocks() *locks { return &locks{holds: map[string]*hold{}, users: map[string]map[*hold]bool{}} }

// take takes the names for an operation. The first is what it writes on: Conflict if another operation that has not answered holds it. The
// others, one that has answered, and whoever only uses it, are waited for. Every caller takes its names in the same order of kinds, and
// before its lease of a space, so that none waits in a circle.
func (l *locks) take(ctx context.Context, operation string, names ...string) (*hold, error) {
	return l.takeAll(ctx, newHold(operation), false, names)
}

// takeUp is take for an operation that had let go and goes on, or whose process died: it waits for every name, and its error is ctx's cause.
func (l *locks) takeUp(ctx context.Context, operation string, names ...string) (*hold, error) {
	h := newHold(operation)
	h.answered = true
	return l.takeAll(ctx, h, true, names)
}

func newHold(operation string) *hold { return &hold{operation: operation, ended: make(chan struct{})} }

func (l *locks) takeAll(ctx context.Context, h *hold, patient bool, names []string) (*hold, error) {
	for i, name := range names {
		if err := l.add(ctx, h, name, patient || i > 0); err != nil {
			l.end(h)
			return nil, err
		}
	}
	return h, nil
}

type holdKey struct{}

// under gives a context for the work of the operation that h belongs to.
func under(ctx context.Context, h *hold) context.Context { return context.WithValue(ctx, holdKey{}, h) }

// wait takes names as soon as they are free, for what an operation does after its answer, or a verb that is none. One that the operation
// itself has is free to it. Names of one kind are taken in their order, so that none waits in a circle.
func (l *locks) wait(ctx context.Context, names ...string) (*hold, error) {
	h := newHold("")
	h.answered = true
	own, _ := ctx.Value(holdKey{}).(*hold)
	for _, name := range slices.Sorted(slices.Values(names)) {
		if l.has(own, name) {
			continue
		}
		if err := l.add(ctx, h, name, true); err != nil {
			l.end(h)
			return nil, err
		}
	}
	return h, nil
}

func (l *locks) has(h *hold, name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return h != nil && l.holds[name] == h
}

// add takes one more name. Conflict if another operation that has not answered holds it, unless it may be waited for.
func (l *locks) add(ctx context.Context, h *hold, name string, wait bool) error {
	for {
		other, uses := l.try(h, name)
		if other == nil {
			return nil
		}
		if !wait && !uses && !l.hasAnswered(other) {
			return common.Newf(common.Conflict, "operation %s holds %s", other.operation, name)
		}
		select {
		case <-other.ended:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// try gives the name to h, or the hold that has it, and whether that only uses it.
func (l *locks) try(h *hold, name string) (other *hold, uses bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	named, use := strings.CutPrefix(name, using)
	if other := l.holds[named]; other != nil {
		return other, false
	}
	if use {
		if l.users[named] == nil {
			l.users[named] = map[*hold]bool{}
		}
		l.users[named][h] = true
	} else {
		for user := range l.users[named] {
			return user, true
		}
		l.holds[named] = h
	}
	h.names = append(h.names, name)
	return nil, false
}

func (l *locks) hasAnswered(h *hold) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return h.answered || h.over
}

// answered says that h's caller has its answer.
func (l *locks) answered(h *hold) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h.answered = true
}

// end lets the names go.
func (l *locks) end(h *hold) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range h.names {
		if named, use := strings.CutPrefix(name, using); !use {
			delete(l.holds, name)
		} else if delete(l.users[named], h); len(l.users[named]) == 0 {
			delete(l.users, named)
		}
	}
	h.names = nil
	if !h.over {
		h.over = true
		close(h.ended)
	}
}
