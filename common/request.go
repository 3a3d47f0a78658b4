package common

import "context"

// Request is what a log line or an operation's record says of the HTTP request behind it.
type Request struct {
	ID     string // the X-Request-Id of the answer
	Caller string // who asked: the name of the token
	// Operation is the id of the orchestrating write that is at work for it, "" where none is.
	Operation string
}

type requestKey struct{}

// WithRequest gives a context that carries r.
func WithRequest(ctx context.Context, r Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// RequestOf gives the request that ctx carries, or a zero one.
func RequestOf(ctx context.Context) Request {
	r, _ := ctx.Value(requestKey{}).(Request)
	return r
}
