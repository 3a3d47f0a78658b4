package api

import (
	"context"
	"net/http"

	"github.com/pkg/errors"

	"ecs-api/common"
)

// statusOf is the one table from what went wrong to what HTTP calls it.
var statusOf = map[common.Kind]int{
	common.Internal:    http.StatusInternalServerError,
	common.Invalid:     http.StatusBadRequest,
	common.Forbidden:   http.StatusForbidden,
	common.NotFound:    http.StatusNotFound,
	common.Conflict:    http.StatusConflict,
	common.Throttled:   http.StatusTooManyRequests,
	common.Failed:      http.StatusBadGateway,
	common.Unavailable: http.StatusServiceUnavailable,
	common.Deadline:    http.StatusGatewayTimeout,
}

const (
	// retryAfter is what a throttled caller is told to wait, in seconds: AWS's buckets refill within this time.
	retryAfter = "5"
	// statusGone is logged, never sent: the caller hung up before there was an answer.
	statusGone = 499
)

// refusal is an answer that only HTTP has a name for, such as 405 and 413.
type refusal struct {
	status int
	detail string
}

func (e *refusal) Error() string { return e.detail }

// extended is an error with members of its own for the problem document, such as the failed step of an operation.
type extended interface {
	error
	Extensions() map[string]any
}

// handler is an http.HandlerFunc that returns its error; answer writes it.
type handler func(http.ResponseWriter, *http.Request) error

// answer is the one place that writes errors.
func (s *server[A]) answer(next handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := next(w, r)
		var later deferred
		if errors.As(err, &later) {
			err = reply(w, r, later.StatusCode(), later)
		}
		if err != nil {
			fail(w, r, err)
		}
	})
}

// fail writes err as a problem document (RFC 9457) and leaves it in the exchange, for the log.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r.Context())
	x.err = err
	var of operated
	if errors.As(err, &of) {
		setOperation(w, r, of.OperationID())
	}
	status, document := problem(err, x.id)
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", retryAfter)
	}
	if errors.Is(r.Context().Err(), context.Canceled) {
		x.status = statusGone
	}
	body, failed := marshal(document)
	if failed != nil {
		x.err = errors.Wrapf(failed, "encoding the problem of %v", err)
		status = http.StatusInternalServerError
		body, _ = marshal(outline(status, "internal error", x.id))
	}
	write(w, status, "application/problem+json", body)
}

// problem gives the status and the document for err. What err says of itself is added, but never in place of a standard member.
func problem(err error, requestID string) (int, map[string]any) {
	status, known := statusOf[common.KindOf(err)]
	detail := common.MessageOf(err)
	if !known {
		status, detail = http.StatusInternalServerError, "internal error"
	}
	var refused *refusal
	if errors.As(err, &refused) {
		status, detail = refused.status, refused.detail
	}
	document := map[string]any{}
	var extension extended
	if errors.As(err, &extension) {
		for name, value := range extension.Extensions() {
			document[name] = value
		}
	}
	for name, value := range outline(status, detail, requestID) {
		document[name] = value
	}
	if status == http.StatusBadRequest {
		document["errors"] = violations(err, detail)
	}
	return status, document
}

// outline is what every problem has. Its type is about:blank, as the title is the status's own.
func outline(status int, detail, requestID string) map[string]any {
	return map[string]any{
		"type":     "about:blank",
		"title":    http.StatusText(status),
		"status":   status,
		"detail":   detail,
		"instance": requestID,
	}
}

// violations gives the broken rules of an invalid input. What AWS refused has no pointer, and is about the whole of it.
func violations(err error, detail string) []common.Violation {
	var e *common.Error
	if errors.As(err, &e) && len(e.Violations) > 0 {
		return e.Violations
	}
	return []common.Violation{{Detail: detail}}
}
