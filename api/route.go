package api

import (
	"context"
	"net/http"
	"reflect"
	"runtime"
	"sort"
	"strings"

	"ecs-api/common"
)

// Line is all that is known of one method of one path. The router, the OpenAPI document and every list of routes are made from lines.
type Line struct {
	Method  string
	Path    string // a template below Prefix, with {variables}
	Summary string
	Action  string // what is called: no two lines have the same
	Status  int    // of a success, where the answer does not say its own
	Public  bool
	Part    bool           // of a page: it is served, and not told of
	Input   reflect.Type   // nil for none
	Outputs []reflect.Type // the forms that a success may have; none for what is not JSON
	Media   string         // of what is not JSON
}

// Route is a line of the table with what serves it.
type Route[A any] struct {
	Line
	serve func(*server[A], http.ResponseWriter, *http.Request) error
}

// named gives the line's action another name, where it has none or another line has it too.
func (r Route[A]) named(action string) Route[A] {
	r.Action = action
	return r
}

// gives says which forms the answer of an action may have that gives any.
func (r Route[A]) gives(outputs ...reflect.Type) Route[A] {
	r.Outputs = outputs
	return r
}

// actionName is the name of a method, such as Account.CreateService; of a function without a name it is none that passes the tests.
func actionName(action any) string {
	whole := runtime.FuncForPC(reflect.ValueOf(action).Pointer()).Name()
	return whole[strings.LastIndexByte(whole, '.')+1:]
}

// route makes a line of an action of an account. The input's fields say where each value is read (see newBinder).
func route[A, In, Out any](method, path, summary string, status int, action func(A, context.Context, *In) (Out, error)) Route[A] {
	input := newBinder[In](method, path)
	return Route[A]{
		Line: Line{Method: method, Path: path, Summary: summary, Action: actionName(action), Status: status,
			Input: reflect.TypeFor[In](), Outputs: []reflect.Type{reflect.TypeFor[Out]()}},
		serve: func(s *server[A], w http.ResponseWriter, r *http.Request) error {
			account, err := s.account(r)
			if err != nil {
				return err
			}
			if writes(method) {
				if err := unbuilt(r); err != nil {
					return err
				}
			}
			in, err := input.read(w, r, s.bodyBytes)
			if err != nil {
				return err
			}
			out, err := action(account, r.Context(), in)
			if err != nil {
				return err
			}
			return reply(w, r, status, out)
		},
	}
}

// unowned makes a line of a question that needs a token but no account.
func unowned[A, In, Out any](method, path, summary string, action func(context.Context, *In) (Out, error)) Route[A] {
	input := newBinder[In](method, path)
	return Route[A]{
		Line: Line{Method: method, Path: path, Summary: summary, Action: actionName(action), Status: http.StatusOK,
			Input: reflect.TypeFor[In](), Outputs: []reflect.Type{reflect.TypeFor[Out]()}},
		serve: func(s *server[A], w http.ResponseWriter, r *http.Request) error {
			in, err := input.read(w, r, s.bodyBytes)
			if err != nil {
				return err
			}
			out, err := action(r.Context(), in)
			if err != nil {
				return err
			}
			return reply(w, r, http.StatusOK, out)
		},
	}
}

// public makes a line of a question that needs neither a token nor an account.
func public[A, Out any](path, summary string, action func(context.Context) (Out, error)) Route[A] {
	return Route[A]{
		Line: Line{Method: http.MethodGet, Path: path, Summary: summary, Action: actionName(action), Status: http.StatusOK, Public: true,
			Outputs: []reflect.Type{reflect.TypeFor[Out]()}},
		serve: func(_ *server[A], w http.ResponseWriter, r *http.Request) error {
			out, err := action(r.Context())
			if err != nil {
				return err
			}
			return reply(w, r, http.StatusOK, out)
		},
	}
}

// foreign makes a public line of a handler that writes its own answer, of a media type.
func foreign[A any](path, summary, media string, handler http.Handler) Route[A] {
	return Route[A]{
		Line: Line{Method: http.MethodGet, Path: path, Summary: summary, Status: http.StatusOK, Public: true, Media: media},
		serve: func(_ *server[A], w http.ResponseWriter, r *http.Request) error {
			handler.ServeHTTP(w, r)
			return nil
		},
	}
}

// account finds the account that the path names. NotFound if the configuration has none of that name.
func (s *server[A]) account(r *http.Request) (A, error) {
	name, err := pathValue(r, "account")
	if err != nil {
		return *new(A), err
	}
	account, ok := s.accounts(name)
	if !ok {
		return account, common.New(common.NotFound, "no such account")
	}
	return account, nil
}

// resource is one path with its methods.
type resource[A any] struct {
	server  *server[A]
	path    string
	methods map[string]Route[A]
}

// ServeHTTP answers OPTIONS to everyone, HEAD where there is a GET, and a method that the path has not with 405.
func (p *resource[A]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	exchangeOf(r.Context()).route = p.path
	line, known := p.methods[r.Method]
	if !known && r.Method == http.MethodHead {
		line, known = p.methods[http.MethodGet]
	}
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", p.allow())
		w.WriteHeader(http.StatusNoContent)
	case !known:
		p.server.answer(p.guardedUnlessPublic(p.methodNotAllowed)).ServeHTTP(w, r)
	default:
		serve := func(w http.ResponseWriter, r *http.Request) error { return line.serve(p.server, w, r) }
		p.server.answer(p.guardedUnlessPublic(serve)).ServeHTTP(w, r)
	}
}

func (p *resource[A]) methodNotAllowed(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Allow", p.allow())
	return &refusal{http.StatusMethodNotAllowed, "this path has the methods " + p.allow()}
}

// guardedUnlessPublic asks for a token, except on a path whose every method is public.
func (p *resource[A]) guardedUnlessPublic(next handler) handler {
	for _, line := range p.methods {
		if !line.Public {
			return p.server.guarded(next)
		}
	}
	return next
}

// allow is the value of the Allow header.
func (p *resource[A]) allow() string {
	methods := []string{http.MethodOptions}
	for method := range p.methods {
		methods = append(methods, method)
	}
	if _, head := p.methods[http.MethodHead]; !head && p.methods[http.MethodGet].serve != nil {
		methods = append(methods, http.MethodHead)
	}
	sort.Strings(methods)
	return strings.Join(methods, ", ")
}

// noRoute is told to who has a token, as all is, and to OPTIONS, which needs none.
func (s *server[A]) noRoute(w http.ResponseWriter, r *http.Request) error {
	absent := func(http.ResponseWriter, *http.Request) error { return common.New(common.NotFound, "no such route") }
	if r.Method == http.MethodOptions {
		return absent(w, r)
	}
	return s.guarded(absent)(w, r)
}
