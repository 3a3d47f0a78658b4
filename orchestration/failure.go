package orchestration

import (
	"fmt"

	"ecs-api/orchestration/plan"

	"github.com/pkg/errors"
)

// Rollback says what became of what a failed operation had done.
type Rollback struct {
	Complete bool     `json:"complete"` // false: undoing goes on
	Released []string `json:"released"`
	Restored []string `json:"restored"`
	Left     []Left   `json:"left"`
}

// Left is something that stands although its operation failed, and why.
type Left struct {
	Resource string `json:"resource"`
	Reason   string `json:"reason"`
}

func newRollback(progress plan.Progress) Rollback {
	r := Rollback{Complete: true, Released: []string{}, Restored: []string{}, Left: []Left{}}
	for _, step := range progress.Steps {
		name := step.Effect.Resource.String()
		switch {
		case step.State == plan.Released:
			r.Released = append(r.Released, name)
		case step.State == plan.Restored:
			r.Restored = append(r.Restored, name)
		case step.State == plan.Kept:
			r.Left = append(r.Left, Left{Resource: name, Reason: step.Reason})
		case step.State == plan.Left:
			r.Complete = false
			r.Left = append(r.Left, Left{Resource: name, Reason: step.Reason})
		case undecided(step):
			r.Complete = false
			r.Left = append(r.Left, Left{Resource: name, Reason: "AWS has not said yet whether this was done: " + step.Reason})
		case step.Standing():
			r.Complete = false
			r.Left = append(r.Left, Left{Resource: name, Reason: "being taken back"})
		}
	}
	return r
}

// unknown says whether nobody knows yet if the commit point was passed, and it leaves nothing that could be taken back.
func unknown(progress plan.Progress) bool {
	for _, step := range progress.Steps {
		if undecided(step) {
			return true
		}
	}
	return false
}

func undecided(step plan.Step) bool {
	return step.Commit && step.State == plan.Unheard && !step.Standing()
}

// Failure is an orchestrating write that failed after it had begun to change things. Its cause gives its kind.
type Failure struct {
	Operation string
	Step      string
	Rollback  Rollback
	Err       error
}

func newFailure(operation string, err error, rollback Rollback) *Failure {
	f := &Failure{Operation: operation, Err: err, Rollback: rollback}
	var step *plan.StepError
	if errors.As(err, &step) {
		f.Step, f.Err = step.Step, step.Err
	}
	return f
}

func (f *Failure) Error() string {
	return fmt.Sprintf("operation %s: %s: %v", f.Operation, f.Step, f.Err)
}

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Err }

// OperationID gives the operation, for the answer's X-Operation-Id.
func (f *Failure) OperationID() string { return f.Operation }

// Extensions gives the members that its problem document has beside those of RFC 9457.
func (f *Failure) Extensions() map[string]any {
	return map[string]any{"operation": f.Operation, "failedStep": f.Step, "rollback": f.Rollback}
}

// Accepted is what a caller is told whose work takes longer than an answer may: it goes on, and can be asked for.
type Accepted struct {
	Account   string `json:"-"`
	Operation string `json:"operation"`
}

func (a *Accepted) Error() string { return "operation " + a.Operation + " goes on" }

// StatusCode is 202.
func (a *Accepted) StatusCode() int { return 202 }

// OperationID gives the operation, for the answer's X-Operation-Id.
func (a *Accepted) OperationID() string { return a.Operation }

// Location is where the operation can be asked for, below the API's prefix.
func (a *Accepted) Location() string { return "/" + a.Account + "/operations/" + a.Operation }

// OK is the answer of an orchestrating write that has nothing else to tell.
type OK struct{ Orchestrated }

// MarshalText says that it is done.
func (OK) MarshalText() ([]byte, error) { return []byte("OK"), nil }

// Orchestrated is part of every answer of an orchestrating write.
type Orchestrated struct {
	Operation string `json:"-"`
}

// OperationID gives the operation, for the answer's X-Operation-Id.
func (o Orchestrated) OperationID() string { return o.Operation }
