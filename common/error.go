package common

import (
	"github.com/pkg/errors"
)

// Kind says what went wrong in terms a caller can act on. The zero value is Internal: an error that nobody classified is our fault.
type Kind int

const (
	// Internal is our own fault; its message is withheld from the caller.
	Internal Kind = iota
	// Invalid input, by our rules or by AWS's.
	Invalid
	// Forbidden: a token without the right, or AWS denies the account's role.
	Forbidden
	// NotFound: absent, of another org, or outside the named cluster.
	NotFound
	// Conflict: the name is taken, the thing is in use, or another operation holds it.
	Conflict
	// Throttled by AWS after all retries, or by our own limit.
	Throttled
	// Failed: AWS answered with a server fault.
	Failed
	// Unavailable: AWS cannot be reached, or there are no credentials.
	Unavailable
	// Deadline: the work ran past its time.
	Deadline
)

var kindNames = [...]string{"internal", "invalid", "forbidden", "not found", "conflict", "throttled", "failed", "unavailable", "deadline"}

// String gives the kind's name in lower case, for logs and metrics.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return "internal"
	}
	return kindNames[k]
}

// Violation is one broken rule of an input. Pointer is the JSON pointer (RFC 6901) of the member that breaks it.
type Violation struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// Error is the one error that crosses rooms. Message is for the caller, Err for the log.
type Error struct {
	Kind       Kind
	Message    string
	Violations []Violation // with Kind Invalid: every violated rule
	Code       string      // the code AWS gave, if it was AWS
	Unheard    bool        // a call may have taken effect although its answer was lost
	Err        error
}

// Error is the log's voice: the message and what lies under it.
func (e *Error) Error() string {
	switch {
	case e.Err == nil:
		return e.Message
	case e.Message == "":
		return e.Err.Error()
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap gives the cause, for errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error of a kind with a message for the caller.
func New(kind Kind, message string) *Error { return &Error{Kind: kind, Message: message} }

// Newf is New with a format.
func Newf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: errors.Errorf(format, args...).Error()}
}

// InvalidInput makes one Invalid error of all violations, or nil if there are none.
func InvalidInput(violations []Violation) error {
	if len(violations) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Message: "the request is invalid", Violations: violations}
}

// KindOf gives the kind of the first Error in err's chain; Internal for strangers.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// CodeOf gives the code AWS gave, or "".
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// MessageOf gives the caller's voice of err; for strangers "internal error".
func MessageOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Kind != Internal {
		return e.Message
	}
	return "internal error"
}

// Unheard says whether the call behind err may have taken effect although its answer was lost (a cut, a timeout, a server fault
// in any of its attempts).
func Unheard(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Unheard
}
