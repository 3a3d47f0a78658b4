package orchestration

import "time"

// timeouts are how long an answer and an operation may take.
type timeouts struct{ answer, operation time.Duration }

// SetTimeouts has operations that begin from now on answered within answer, and undone past operation.
func (a *Account) SetTimeouts(answer, operation time.Duration) {
	a.timeouts.Store(&timeouts{answer, operation})
}
