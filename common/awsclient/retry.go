package awsclient

import (
	"context"
	"io"
	"net"
	"time"

	"github.com/aws/aws-sdk-go/aws/awsutil"
	"github.com/aws/aws-sdk-go/aws/client"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/pkg/errors"
)

// A call is tried four times. Throttled, it has waited 3.5 to 7 s by then; after server faults 1.4 to 2.8 s, where the SDK's base of
// 30 ms would have spent its retries in a third of a second.
const (
	maxRetries       = 3
	minRetryDelay    = 200 * time.Millisecond
	maxRetryDelay    = 2 * time.Second
	minThrottleDelay = 500 * time.Millisecond
	maxThrottleDelay = 4 * time.Second
	maxDelay         = 8 * time.Second // with Retry-After, which the SDK adds without a bound
)

// passing are the codes of refusals that pass by themselves within a second or two, and that the SDK takes for final.
var passing = map[string]bool{
	"OperationAbortedException": true, // Logs: another change of the group
	"TooManyUpdates":            true, // SSM
	"UpdateInProgressException": true, // ECS: the cluster
	"ConcurrentModification":    true, // IAM
}

// retryer is the SDK's, with refusals that it does not know, and without what must not be repeated.
type retryer struct{ client.DefaultRetryer }

func newRetryer() retryer {
	return retryer{client.DefaultRetryer{
		NumMaxRetries:    maxRetries,
		MinRetryDelay:    minRetryDelay,
		MaxRetryDelay:    maxRetryDelay,
		MinThrottleDelay: minThrottleDelay,
		MaxThrottleDelay: maxThrottleDelay,
	}}
}

// ShouldRetry says whether a failed attempt is to be followed by another.
func (d retryer) ShouldRetry(r *request.Request) bool {
	if r.HTTPResponse != nil && r.HTTPResponse.StatusCode/100 == 2 {
		// It took effect, only its answer cannot be read: never again for a change, and for a read only if the line was cut.
		return readOnly(r.Operation.Name) && wasCut(r.Error)
	}
	if a := attemptsOf(r); a != nil && a.last {
		if !repeatable(r) {
			return false
		}
		if codeOf(r.Error) == request.ErrCodeRequestError {
			return true // the line was cut; the SDK gives up on a reset, lest it repeats what must not be
		}
	}
	return passing[codeOf(r.Error)] || isThrottle(r.Error) || d.DefaultRetryer.ShouldRetry(r)
}

// RetryRules gives the wait before the next attempt.
func (d retryer) RetryRules(r *request.Request) time.Duration {
	if isThrottle(r.Error) { // also one that hides in another code's message
		d.MinRetryDelay, d.MaxRetryDelay = d.MinThrottleDelay, d.MaxThrottleDelay
	}
	return min(d.DefaultRetryer.RetryRules(r), maxDelay)
}

// repeatable says whether an operation may be sent again when an attempt of it may have taken effect. The others are repeated only after a
// refusal, or where nothing was sent.
func repeatable(r *request.Request) bool {
	switch r.Operation.Name {
	case "RegisterTaskDefinition":
		return false // there is no token: each one that arrives makes a revision
	case "RunTask":
		// The SDK's own token would protect its retries, but not the caller's, who then cannot find what the lost one started.
		token, _ := awsutil.ValuesAtPath(r.Params, "ClientToken")
		return len(token) > 0
	}
	return true
}

// wasCut says whether an answer ended before its end.
func wasCut(err error) bool {
	return within(err, func(err error) bool {
		var n net.Error
		return errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &n)
	}) && !within(err, isContext)
}

// neverConnected says whether an error tells that no connection came about.
func neverConnected(err error) bool {
	return within(err, func(err error) bool {
		var dns *net.DNSError
		var op *net.OpError
		return errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial"
	})
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// within says whether is holds for err or for an original error beneath it: the SDK's errors do not unwrap.
func within(err error, is func(error) bool) bool {
	for err != nil {
		if is(err) {
			return true
		}
		var wrapper interface{ OrigErr() error }
		if !errors.As(err, &wrapper) {
			return false
		}
		err = wrapper.OrigErr()
	}
	return false
}
