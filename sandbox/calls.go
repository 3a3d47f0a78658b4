package sandbox

import (
	"slices"
	"sync"
	"time"
)

// Call is one request that the sandbox was sent. An SDK's retries are calls of their own.
type Call struct {
	Service   string // the SDK's package name: "ecs", "iam", ...
	Operation string
	Mutating  bool
	Start     time.Time
	End       time.Time // zero while the call is in flight
	Code      string    // the error code as answered, "" when it succeeded; of a call that was Cut: what it would have been
	Input     any       // the SDK's input struct, as decoded
}

// keptCalls bounds the log: a sandbox may be left running for days.
const keptCalls = 100_000

// callLog keeps calls in the order in which they started.
type callLog struct {
	mu    sync.Mutex
	calls []*Call
}

func (l *callLog) begin(c Call) *Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.calls) == keptCalls {
		l.calls = slices.Clone(l.calls[keptCalls/2:])
	}
	l.calls = append(l.calls, &c)
	return &c
}

// finish notes what came of the call and returns it as it is now.
func (l *callLog) finish(c *Call, code string, end time.Time) Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.Code, c.End = code, end
	return *c
}

// Calls are all calls since the start or since ResetCalls, in the order of their start; of very many only the later ones.
func (s *Sandbox) Calls() []Call {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	calls := make([]Call, len(s.log.calls))
	for i, c := range s.log.calls {
		calls[i] = *c
	}
	slices.SortStableFunc(calls, func(a, b Call) int { return a.Start.Compare(b.Start) }) // a long body is decoded later than it came
	return calls
}

// ResetCalls forgets the calls so far.
func (s *Sandbox) ResetCalls() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.calls = nil
}

// RoundTrips is the critical path of the calls: how many there are in the longest chain in which each starts no earlier than the one before
// it ended. It tells something only when the sandbox has a latency: calls that take no time are all one after the other.
func RoundTrips(calls []Call) int {
	ordered := make([]Call, 0, len(calls))
	for _, c := range calls {
		if !c.End.IsZero() {
			ordered = append(ordered, c)
		}
	}
	slices.SortStableFunc(ordered, func(a, b Call) int { return a.Start.Compare(b.Start) })
	longest := 0
	chain := make([]int, len(ordered)) // the longest chain that ends with call i
	for i, c := range ordered {
		chain[i] = 1
		for j, earlier := range ordered[:i] {
			if !c.Start.Before(earlier.End) {
				chain[i] = max(chain[i], chain[j]+1)
			}
		}
		longest = max(longest, chain[i])
	}
	return longest
}

// OnCall has hook called before (true) and after (false) each call is performed, outside the account's lock: a test can stop the client
// there, or look at the inventory. Nil removes the hook.
func (s *Sandbox) OnCall(hook func(c Call, before bool)) {
	s.settings.Lock()
	defer s.settings.Unlock()
	s.settings.onCall = hook
}
