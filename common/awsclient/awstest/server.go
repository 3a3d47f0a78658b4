// Package awstest is for tests of what speaks to AWS: a server in memory that answers each operation as the test says. No
// socket is opened, so that it can be used where time is moved by testing/synctest. It is not the sandbox: it has no state and no
// opinions.
package awstest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Request is what a client sent.
type Request struct {
	*http.Request
	Operation string
	Body      []byte
}

// JSON decodes the body of a JSON protocol.
func (r *Request) JSON(t testing.TB) map[string]any {
	in := map[string]any{}
	if err := json.Unmarshal(r.Body, &in); err != nil {
		t.Errorf("%s: %v", r.Operation, err)
	}
	return in
}

// Form decodes the body of the query protocol (IAM, STS).
func (r *Request) Form() url.Values {
	values, _ := url.ParseQuery(string(r.Body))
	return values
}

// Answer is what the server says. Cut closes the connection instead, after the body, which then is shorter than announced.
type Answer struct {
	Status int // 0: 200
	Header http.Header
	Body   string
	Cut    bool
}

// OK answers with a value as JSON.
func OK(value any) Answer {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return Answer{Body: string(body)}
}

// Refuse answers with an error of a JSON protocol.
func Refuse(status int, code, message string) Answer {
	a := OK(map[string]string{"__type": "com.amazonaws#" + code, "message": message})
	a.Status = status
	return a
}

// RefuseXML answers with an error of the query protocol.
func RefuseXML(status int, code, message string) Answer {
	return Answer{
		Status: status,
		Body:   "<ErrorResponse><Error><Code>" + code + "</Code><Message>" + message + "</Message></Error></ErrorResponse>",
	}
}

// Server answers operations and notes them. Its zero value answers everything with an empty object.
type Server struct {
	Handle func(*Request) Answer

	mu    sync.Mutex
	calls []string
}

// Calls gives the operations that arrived, in order.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.calls...)
}

// Transport gives a transport on which the server answers until the test ends.
func (s *Server) Transport(t testing.TB) *http.Transport {
	l := &listener{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: s}
	go func() { _ = server.Serve(l) }()
	transport := &http.Transport{DialContext: l.dial}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	})
	return transport
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	body, _ := io.ReadAll(hr.Body)
	r := &Request{Request: hr, Body: body}
	if _, operation, is := strings.Cut(hr.Header.Get("X-Amz-Target"), "."); is {
		r.Operation = operation
	} else {
		r.Operation = r.Form().Get("Action")
	}
	s.mu.Lock()
	s.calls = append(s.calls, r.Operation)
	s.mu.Unlock()
	a := Answer{Body: "{}"}
	if s.Handle != nil {
		a = s.Handle(r)
	}
	a.write(w)
}

func (a Answer) write(w http.ResponseWriter) {
	if a.Cut && a.Body == "" {
		panic(http.ErrAbortHandler)
	}
	for key, values := range a.Header {
		w.Header()[key] = values
	}
	if a.Status != 0 {
		w.WriteHeader(a.Status)
	}
	_, _ = io.Copy(w, bytes.NewReader([]byte(a.Body)))
	if a.Cut {
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

// listener accepts what is dialled within the process.
type listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *listener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }
