package sandbox

import (
	"fmt"
	"net/http"
)

// FaultKind is how a call goes wrong.
type FaultKind int

const (
	// Refused is not done; it is answered with the fault's Code, Message and Status, by default with the protocol's kind of access denied.
	Refused FaultKind = iota
	// Unheard is done, and then answered with a server fault.
	Unheard
	// Cut is done, and then the connection is closed without an answer.
	Cut
	// CutBefore is not done, and the connection is closed without an answer.
	CutBefore
	// Throttled is not done, and answered with the service's own throttle code.
	Throttled
)

// String is the kind's name, for the names of tests.
func (k FaultKind) String() string {
	names := [...]string{"Refused", "Unheard", "Cut", "CutBefore", "Throttled"}
	if k < 0 || int(k) >= len(names) {
		return fmt.Sprintf("FaultKind(%d)", int(k))
	}
	return names[k]
}

// Fault makes calls go wrong. An empty Service or Operation means any.
type Fault struct {
	Service   string
	Operation string
	Nth       int // which occurrence since Inject, from 1; 0 is every one
	Kind      FaultKind
	Code      string // for Refused; the default where empty
	Message   string
	Status    int
}

type armedFault struct {
	Fault
	seen int
}

// Inject arms a fault. Several may be armed: each counts all calls that it is about, the first armed one that strikes decides.
func (s *Sandbox) Inject(f Fault) {
	s.settings.Lock()
	defer s.settings.Unlock()
	s.settings.faults = append(s.settings.faults, &armedFault{Fault: f})
}

// ClearFaults disarms all faults.
func (s *Sandbox) ClearFaults() {
	s.settings.Lock()
	defer s.settings.Unlock()
	s.settings.faults = nil
}

// struck is the fault that strikes this call, nil when none does.
func (s *Sandbox) struck(op *operation) *Fault {
	s.settings.Lock()
	defer s.settings.Unlock()
	var strikes *Fault
	for _, f := range s.settings.faults {
		if (f.Service != "" && f.Service != op.service) || (f.Operation != "" && f.Operation != op.name) {
			continue
		}
		f.seen++
		if strikes == nil && (f.Nth == 0 || f.Nth == f.seen) {
			struck := f.Fault
			strikes = &struck
		}
	}
	return strikes
}

// refusal is what a Refused call is answered.
func (f *Fault) refusal(op *operation, user string) *apiError {
	refusal := &apiError{Code: f.Code, Message: f.Message, Status: f.Status}
	if refusal.Code == "" {
		refusal.Code = op.wire.denied
		if refusal.Status == 0 {
			refusal.Status = op.wire.deniedStatus
		}
	}
	if refusal.Message == "" {
		refusal.Message = fmt.Sprintf("User: %s is not authorized to perform: %s:%s", user, op.service, op.name)
	}
	if refusal.Status == 0 {
		refusal.Status = http.StatusBadRequest
	}
	return refusal
}
