package awsclient

import (
	"context"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/pkg/errors"

	"ecs-api/common"
)

// Call is one call to AWS with all its attempts, as a metric or a log line wants it.
type Call struct {
	Service   string // as the SDK names it: "ecs"
	Operation string
	Outcome   string // "ok", or the kind of the error
	Attempts  int    // requests that were sent, or tried to be
	Latency   time.Duration
	Context   context.Context
}

// attempts is what is remembered of one call while it is tried.
type attempts struct {
	count     int
	unheard   bool // some attempt may have taken effect without its answer being heard
	last      bool // the last one
	traced    atomic.Bool
	connected atomic.Bool
}

type attemptsKey struct{}

func attemptsOf(r *request.Request) *attempts {
	a, _ := r.Context().Value(attemptsKey{}).(*attempts)
	return a
}

// watch makes every call of a session note its attempts. An error is marked where the SDK returns it: after its decision not to retry,
// or when a later attempt could not be signed. (Handlers of Complete are too late: Send has its result by then.)
func watch(handlers *request.Handlers, observe func(Call)) {
	handlers.Validate.PushFront(begin)
	handlers.Build.PushFront(func(r *request.Request) {
		// The clients add their signing after the session's handlers; this request's own list is complete by now.
		r.Handlers.Sign.PushBack(mark)
	})
	handlers.CompleteAttempt.PushBack(completeAttempt)
	handlers.AfterRetry.PushBack(mark)
	if observe != nil {
		handlers.Complete.PushBack(func(r *request.Request) { observe(callOf(r)) })
	}
}

func begin(r *request.Request) {
	a := &attempts{}
	ctx := context.WithValue(r.Context(), attemptsKey{}, a)
	r.SetContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { a.traced.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { a.connected.Store(true) },
	}))
}

// completeAttempt runs once an attempt is over, heard or not.
func completeAttempt(r *request.Request) {
	a := attemptsOf(r)
	if a == nil {
		return
	}
	a.count++
	a.last = r.Error != nil && mayHaveTakenEffect(r, a)
	a.unheard = a.unheard || a.last
	a.traced.Store(false)
	a.connected.Store(false)
}

// mayHaveTakenEffect says whether AWS may have done what this failed attempt asked for.
func mayHaveTakenEffect(r *request.Request, a *attempts) bool {
	status := 0
	if r.HTTPResponse != nil {
		status = r.HTTPResponse.StatusCode
	}
	switch {
	case status == 0 && a.traced.Load():
		return a.connected.Load() // without a connection nothing was sent
	case status == 0:
		return !neverConnected(r.Error) // a transport of the caller's that does not tell
	case isThrottle(r.Error):
		return false // whatever the status: throttled is refused
	}
	return status < 400 || status >= 500
}

// mark wraps an error that Send is about to return.
func mark(r *request.Request) {
	a := attemptsOf(r)
	if r.Error == nil || a == nil || !a.unheard || readOnly(r.Operation.Name) {
		return
	}
	var marked *unheard
	if !errors.As(r.Error, &marked) {
		r.Error = &unheard{r.Error}
	}
}

// unheard marks an error of a call of which some attempt may have taken effect.
type unheard struct{ error }

func (u *unheard) Unwrap() error { return u.error }

func callOf(r *request.Request) Call {
	call := Call{
		Service:   r.ClientInfo.ServiceName,
		Operation: r.Operation.Name,
		Outcome:   "ok",
		Latency:   time.Since(r.Time),
		Context:   r.Context(),
	}
	if a := attemptsOf(r); a != nil {
		call.Attempts = a.count
	}
	if r.Error != nil {
		call.Outcome = common.KindOf(Translate(r.Error)).String()
	}
	return call
}
