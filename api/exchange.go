package api

import (
	"context"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"github.com/pkg/errors"
	"github.com/sirupsen/logrus"

	"ecs-api/common"
)

// exchange is one request and its answer, filled in on the way for the log line and the metrics.
type exchange struct {
	id        string
	method    string
	route     string // the template, never the path: a path holds names of secrets
	caller    string
	operation string
	status    int // 0: whatever was sent
	err       error
	started   time.Time
}

type exchangeKey struct{}

// exchangeOf gives the exchange that ctx carries, or one that nobody reads.
func exchangeOf(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{}
}

// observed gives every request its id, its line in the log and its place in the metrics, and survives its panics.
func (s *server[A]) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{id: requestID(r), method: knownMethod(r.Method), route: "unmatched", started: time.Now()}
		ctx := context.WithValue(r.Context(), exchangeKey{}, x)
		ctx = common.WithRequest(ctx, common.Request{ID: x.id})
		sent := &recorder{ResponseWriter: w}
		sent.Header().Set("X-Request-Id", x.id)
		sent.Header().Set("X-Content-Type-Options", "nosniff")
		defer func() { s.record(x, sent) }()
		s.survived(sent, r.WithContext(ctx), next)
	})
}

// survived turns a panic into a 500. An answer that has begun cannot be taken back: its connection is cut, so that no caller takes it for
// whole.
func (s *server[A]) survived(w *recorder, r *http.Request, next http.Handler) {
	defer func() {
		reason := recover()
		if reason == nil {
			return
		}
		if err, ok := reason.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(reason)
		}
		x := exchangeOf(r.Context())
		s.log.WithFields(logrus.Fields{"request": x.id, "route": x.route, "stack": string(debug.Stack())}).Errorf("panic: %v", reason)
		if w.status != 0 {
			x.err = errors.Errorf("panic after the answer had begun: %v", reason)
			panic(http.ErrAbortHandler)
		}
		fail(w, r, errors.Errorf("panic: %v", reason))
	}()
	next.ServeHTTP(w, r)
}

// record writes the request's one line and counts it. Neither body nor query nor header is ever in the line.
func (s *server[A]) record(x *exchange, sent *recorder) {
	status, took := sent.status, time.Since(x.started)
	if x.status != 0 {
		status = x.status
	}
	s.metrics.observeRequest(x.route, x.method, status, took)
	fields := logrus.Fields{
		"method": x.method, "route": x.route, "status": status, "request": x.id, "ms": float64(took.Microseconds()) / 1000,
	}
	if x.caller != "" {
		fields["caller"] = x.caller
	}
	if x.operation != "" {
		fields["operation"] = x.operation
	}
	if x.err != nil {
		fields["error"] = x.err.Error()
	}
	level := logrus.InfoLevel
	if status >= http.StatusInternalServerError {
		level = logrus.ErrorLevel
	}
	s.log.WithFields(fields).Log(level, "answered")
}

// requestID gives the caller's X-Request-Id if it is sane, else a new one. Sane is 1 to 128 letters, digits and - _ . : + / = @, which
// covers UUIDs, ULIDs, base64 and trace ids, and nothing that could forge a line of a log or a header.
func requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-Id")
	if id == "" || len(id) > 128 {
		return uuid.NewString()
	}
	for _, c := range []byte(id) {
		if !saneInID(c) {
			return uuid.NewString()
		}
	}
	return id
}

func saneInID(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	switch c {
	case '-', '_', '.', ':', '+', '/', '=', '@':
		return true
	}
	return false
}

// knownMethod keeps the metrics' label from taking whatever a caller makes up.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// recorder remembers the status that was sent.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the first final status; 1xx are not final.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
