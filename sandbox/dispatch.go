package sandbox

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"
)

// request is what a method is told beside its input.
type request struct {
	now time.Time // one instant for the whole call; the world has been advanced to it
	id  string    // the request id that the answer carries
}

// operation is one registered operation.
type operation struct {
	service  string
	name     string
	mutating bool
	wire     *wire
	newInput func() any
	perform  func(*request, any) (any, error)
	encode   func(out any, requestID string) ([]byte, error)
	newOut   func() any // for the test that round-trips every operation
}

// validator is what all of the SDK's input structs with rules have.
type validator interface{ Validate() error }

// register makes op known: how to decode its input, whether it changes anything, and the method that performs it.
func register[In, Out any](s *Sandbox, service, name string, mutating bool, do func(*request, *In) (*Out, error)) {
	op := &operation{
		service: service, name: name, mutating: mutating, wire: wires[service],
		newInput: func() any { return new(In) },
		newOut:   func() any { return new(Out) },
		perform:  func(r *request, in any) (any, error) { return do(r, in.(*In)) },
	}
	if op.wire.json {
		op.encode = func(out any, _ string) ([]byte, error) { return encodeJSON(out.(*Out)) }
	} else {
		op.encode = func(out any, requestID string) ([]byte, error) {
			return encodeXML(name, op.wire.namespace, requestID, out.(*Out))
		}
	}
	s.operations[service+" "+name] = op
}

// maxBody is more than any AWS control plane request may hold (a secret is at most 64 KB, PutLogEvents 1 MB).
const maxBody = 4 << 20

// ServeHTTP answers one AWS request. It never answers HTML and never lets a panic out, other than the one that closes a connection.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.describe(w, r) {
		return
	}
	start := time.Now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return // the client hung up, or sends without end: there is nobody to answer
	}
	a := &answerer{w: w, id: s.requestID(), wire: wireOf(r)}
	op, decode, refusal := s.recognise(r, body)
	if refusal != nil {
		a.refuse(refusal)
		return
	}
	a.wire = op.wire
	s.serveCall(a, r, op, decode, start)
}

// serveCall is a call of a known operation, from its start to its answer.
func (s *Sandbox) serveCall(a *answerer, r *http.Request, op *operation, decode func(any) error, start time.Time) {
	in := op.newInput()
	decodeErr := decode(in)
	call := s.log.begin(Call{Service: op.service, Operation: op.name, Mutating: op.mutating, Start: start, Input: in})
	latency, hook := s.knobs()
	// Half of the round trip is the way there. A client that hangs up on the way shortens the wait, but its request still arrives.
	wait(r.Context(), latency/2)
	if hook != nil {
		hook(*call, true)
	}
	fault := s.struck(op)
	body, err := s.attempt(fault, op, decodeErr, in, &request{id: a.id})
	code := codeOf(err)
	if hook != nil {
		hook(s.log.finish(call, code, time.Now()), false)
	}
	wait(r.Context(), latency-latency/2)
	s.log.finish(call, code, time.Now())
	switch {
	case fault != nil && (fault.Kind == Cut || fault.Kind == CutBefore):
		hangUp(a.w)
	case err != nil:
		a.refuse(asAPIError(err))
	default:
		a.write(http.StatusOK, body)
	}
}

// attempt performs the call, unless a fault or a rate limit says otherwise.
func (s *Sandbox) attempt(fault *Fault, op *operation, decodeErr error, in any, r *request) ([]byte, error) {
	if fault != nil {
		switch fault.Kind {
		case Refused:
			return nil, fault.refusal(op, s.user())
		case Throttled:
			return nil, op.wire.throttled()
		case CutBefore:
			return nil, nil
		}
	}
	if s.overLimit(op) {
		return nil, op.wire.throttled()
	}
	if decodeErr != nil {
		return nil, refuse(op.wire.malformed, "%s", decodeErr)
	}
	body, err := s.perform(op, in, r)
	if fault != nil && fault.Kind == Unheard {
		return nil, op.wire.broken() // a refusal is as unheard as a success: nobody learns from a retry what became of the first attempt
	}
	return body, err
}

// perform runs the operation's method under the account's lock, in a world brought up to date. The answer is encoded under the lock too, so
// that methods may answer with what they keep.
func (s *Sandbox) perform(op *operation, in any, r *request) (body []byte, err error) {
	if member := nullMember(reflect.ValueOf(in), ""); member != "" {
		return nil, refuse(op.wire.invalid, "%s must not contain null.", strings.TrimPrefix(member, "."))
	}
	if v, ok := in.(validator); ok {
		if invalid := v.Validate(); invalid != nil {
			return nil, refuse(op.wire.invalid, "%s", oneLine(invalid.Error()))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			body, err = nil, refuseStatus(http.StatusInternalServerError, "InternalFailure", "the sandbox panicked in %s %s: %v", op.service, op.name, p)
		}
	}()
	r.now = time.Now()
	s.advance(r.now)
	out, err := op.perform(r, in)
	if err != nil {
		return nil, err
	}
	return op.encode(out, r.id)
}

// recognise finds the operation that a request is for, and how to decode its input.
func (s *Sandbox) recognise(r *http.Request, body []byte) (*operation, func(any) error, *apiError) {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		prefix, name, _ := strings.Cut(target, ".")
		op := s.operations[serviceOfTarget[prefix]+" "+name]
		if op == nil {
			return nil, nil, refuse("UnknownOperationException", "The sandbox does not know %s.", target)
		}
		return op, func(in any) error { return decodeJSON(body, in) }, nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("Action") == "" {
		form = r.URL.Query()
	}
	name, service := form.Get("Action"), serviceOfQuery(form.Get("Version"), r.Header.Get("Authorization"))
	op := s.operations[service+" "+name]
	if op == nil {
		return nil, nil, refuse("InvalidAction", "The sandbox does not know action %q of version %q.", name, form.Get("Version"))
	}
	return op, func(in any) error { return decodeQuery(form, in) }, nil
}

// knobs reads what tests may turn at any time.
func (s *Sandbox) knobs() (time.Duration, func(Call, bool)) {
	s.settings.Lock()
	defer s.settings.Unlock()
	return s.settings.latency, s.settings.onCall
}

// user is the principal that all callers are: the sandbox checks no signature.
func (s *Sandbox) user() string { return s.globalARN("iam", "user/sandbox") }

func (s *Sandbox) requestID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newUUID()
}

// newUUID makes an id in the form of a UUID.
func (s *Sandbox) newUUID() string {
	id := s.newID(32)
	return strings.Join([]string{id[:8], id[8:12], "4" + id[13:16], "a" + id[17:20], id[20:]}, "-")
}

// wait takes d, less if the context ends.
func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2, or a recorder: this is how net/http is told to close
	}
	conn.Close()
}

func asAPIError(err error) *apiError {
	var refusal *apiError
	if errors.As(err, &refusal) {
		return refusal
	}
	return refuseStatus(http.StatusInternalServerError, "InternalFailure", "%s", err)
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return asAPIError(err).Code
}

// oneLine turns the SDK's list of violations, one a line, into one line.
func oneLine(text string) string {
	return strings.Join(strings.Fields(text), " ")
}
