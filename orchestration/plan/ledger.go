package plan

import (
	"sync"
	"time"
)

// Recorder keeps the progress of a run. With durable, Save returns once it would survive the process; an error then means that
// nothing may be begun. Without, it may ride along with a later Save.
type Recorder interface {
	Save(progress Progress, durable bool) error
	// Step is told of each step and each retirement whose state is new, with the error behind a bad one.
	Step(step Step, cause error)
}

// Ledger is the progress of a run: what several goroutines write on, one at a time, and a Recorder keeps.
type Ledger struct {
	mu       sync.Mutex
	progress Progress
	recorder Recorder
}

// NewLedger begins with a plan's progress, or goes on with one that another process left.
func NewLedger(progress Progress, recorder Recorder) *Ledger {
	return &Ledger{progress: progress.Clone(), recorder: recorder}
}

// Progress gives a copy of it as it is now.
func (l *Ledger) Progress() Progress {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.progress.Clone()
}

// Begin saves the progress so that it survives the process.
func (l *Ledger) Begin() error { return l.recorder.Save(l.Progress(), true) }

// Step points at a step: who works on it may read it, and writes by Set.
func (l *Ledger) Step(i int) *Step { return &l.progress.Steps[i] }

// Retirement points at a retirement likewise.
func (l *Ledger) Retirement(i int) *Step { return &l.progress.Retirements[i] }

func (l *Ledger) start(step *Step) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	step.State, step.StartedAt = Running, &now
}

// Set makes a change to a step, saves it and tells of it, with the error behind it.
func (l *Ledger) Set(step *Step, cause error, change func(*Step)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(step)
	l.progress.Committed = l.progress.Committed || step.Commit && step.State == Done
	// What cannot be saved now rides along later; if it never is, effects are looked up by their mark.
	_ = l.recorder.Save(l.progress.Clone(), false)
	l.recorder.Step(*step, cause)
}

// Commit says that the commit point was found to have been passed.
func (l *Ledger) Commit() {
	for i := range l.progress.Steps {
		if step := l.Step(i); step.Commit {
			l.Set(step, nil, func(s *Step) { s.State = Done })
		}
	}
}

// Refuse says that the commit point was found not to have been passed.
func (l *Ledger) Refuse() {
	for i := range l.progress.Steps {
		if step := l.Step(i); step.Commit {
			l.Set(step, nil, func(s *Step) { s.State = Failed })
		}
	}
}

// Resume makes ready what another process left: whatever has no answer may have been done.
func (l *Ledger) Resume() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.progress.Steps {
		if step := &l.progress.Steps[i]; step.State == Waiting || step.State == Running {
			now := time.Now()
			step.State, step.EndedAt = Unheard, &now
		}
	}
}
