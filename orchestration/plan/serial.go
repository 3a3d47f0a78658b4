package plan

import "sync"

// serial lets the goroutines of an undo change their steps and tell of it one at a time.
type serial struct {
	mu   sync.Mutex
	tell func(Step)
}

func newSerial(tell func(Step)) *serial { return &serial{tell: tell} }

// set makes the change and, with a step, tells of it.
func (s *serial) set(change func(), step *Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	if step != nil {
		s.tell(*step)
	}
}
