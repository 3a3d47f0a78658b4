package plan

import (
	"encoding/json"
	"slices"
	"time"
)

// Resource names one thing of an account, from before it exists.
type Resource struct {
	Account string `json:"account"`
	Kind    string `json:"kind"`
	Space   string `json:"space,omitempty"` // the cluster it belongs to
	Key     string `json:"key"`             // what is known before the call: a name, a family, namespace/name
	ID      string `json:"id,omitempty"`    // what AWS answered
	Mark    string `json:"mark,omitempty"`  // the operation whose mark it must carry to be released; "": its org's and its space's
}

// Same says whether r and other name the same thing, whoever made it.
func (r Resource) Same(other Resource) bool {
	return r.Account == other.Account && r.Kind == other.Kind && r.Key == other.Key
}

// String gives "kind key", as answers and logs name a resource.
func (r Resource) String() string { return r.Kind + " " + r.Key }

// Change says what a step does to its resource.
type Change string

const (
	// None: nothing that could be taken back.
	None Change = ""
	// Made: the resource is new; undone by releasing it.
	Made Change = "made"
	// Changed: the resource stood before; undone by restoring Before, if the present value is still After.
	Changed Change = "changed"
	// Deleted, Updated and Started are commit points that leave nothing to take back.
	Deleted Change = "deleted"
	Updated Change = "updated"
	Started Change = "started"
	// Reused: the resource stands and the plan relies on it.
	Reused Change = "reused"
)

// Effect is what a step may leave behind, declared before it runs.
type Effect struct {
	Change   Change          `json:"change,omitempty"`
	Resource Resource        `json:"resource"`
	Before   json.RawMessage `json:"before,omitempty"` // with Changed
	After    json.RawMessage `json:"after,omitempty"`  // with Changed
	Ground   bool            `json:"ground,omitempty"` // it belongs to the space, not to the operation
}

// State is where a step or a retirement is.
type State string

const (
	Waiting  State = "waiting"  // not begun; in the record of a process that died this is as good as Unheard
	Running  State = "running"  // begun; likewise
	Done     State = "done"     // answered
	Failed   State = "failed"   // refused: it left nothing
	Unheard  State = "unheard"  // its answer was lost: it may have left something
	Released State = "released" // undone: what was made is gone
	Restored State = "restored" // undone: what was changed is as it was
	Absent   State = "absent"   // undone: nothing of it was found
	Kept     State = "kept"     // left on purpose: someone else uses it or has changed it
	Left     State = "left"     // could not be taken back yet

	Postponed State = "postponed" // of a retirement: still needed, for a reason that passes
)

// Step is the record of one step of a plan.
type Step struct {
	Name      string     `json:"name"`
	Effect    Effect     `json:"effect"`
	After     []int      `json:"after,omitempty"` // the steps whose answers it takes
	Commit    bool       `json:"commit,omitempty"`
	State     State      `json:"state"`
	Reason    string     `json:"reason,omitempty"`
	StartedAt *time.Time `json:"startedAt,omitempty"`
	EndedAt   *time.Time `json:"endedAt,omitempty"`
}

// Standing says whether the step may have left something that is still there.
func (s Step) Standing() bool {
	switch s.State {
	case Running, Done, Unheard, Left:
		return s.Effect.Change == Made || s.Effect.Change == Changed
	}
	return false
}

// Gone says whether what the step names was taken back or retired, or is left on purpose.
func (s Step) Gone() bool {
	return s.State == Released || s.State == Restored || s.State == Absent || s.State == Kept
}

// Progress is all that the engine knows of a run: enough to finish or undo it in another process.
type Progress struct {
	Steps       []Step `json:"steps"`
	Retirements []Step `json:"retirements,omitempty"` // what goes once the plan has committed; After are the retirements that go first
	Committed   bool   `json:"committed,omitempty"`
}

// Pending says whether something that was to go once the plan had committed still stands, and is to be asked for again.
func (p Progress) Pending() bool {
	return slices.ContainsFunc(p.Retirements, func(s Step) bool { return s.State == Postponed || s.State == Left })
}

// Clone gives a copy that shares nothing that changes.
func (p Progress) Clone() Progress {
	p.Steps = append([]Step(nil), p.Steps...)
	p.Retirements = append([]Step(nil), p.Retirements...)
	return p
}
