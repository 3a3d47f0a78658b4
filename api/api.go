package api

import (
	"context"
	"net/http"

	"github.com/gorilla/mux"
	"github.com/sirupsen/logrus"

	"ecs-api/registry"
)

const (
	// Prefix stands before every path.
	Prefix = "/v1/ecs"
	// DefaultBodyBytes is the largest body that is read when the options name no limit.
	DefaultBodyBytes = 1 << 20
)

// Options are what the API needs of the program around it.
type Options struct {
	Token     string // the shared token; without one nobody but the public routes' callers gets in
	BodyBytes int64  // 0: DefaultBodyBytes
	Accounts  func(name string) (Account, bool)
	Images    Images // nil: registries at public addresses
	Ready     func(context.Context) Readiness
	Metrics   *Metrics
	Log       *logrus.Logger
	Version   Version
}

// New gives the API as a handler.
func New(options Options) http.Handler {
	options = options.withDefaults()
	return build(options, options.Accounts, table(options))
}

func (o Options) withDefaults() Options {
	if o.BodyBytes <= 0 {
		o.BodyBytes = DefaultBodyBytes
	}
	if o.Accounts == nil {
		o.Accounts = func(string) (Account, bool) { return nil, false }
	}
	if o.Images == nil {
		o.Images = registry.New(registry.Options{})
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics(o.Version)
	}
	if o.Log == nil {
		o.Log = logrus.StandardLogger()
	}
	return o
}

// server is what all endpoints share. A is the type of an account, so that tests bring their own.
type server[A any] struct {
	accounts  func(string) (A, bool)
	bodyBytes int64
	auth      *authenticator
	metrics   *Metrics
	log       *logrus.Logger
}

func build[A any](options Options, accounts func(string) (A, bool), routes []Route[A]) http.Handler {
	s := &server[A]{
		accounts:  accounts,
		bodyBytes: options.BodyBytes,
		auth:      newAuthenticator(options.Token),
		metrics:   options.Metrics,
		log:       options.Log,
	}
	return s.observed(normalised(s.router(routes)))
}

// router sends a path to its resource. It reads the encoded path, so that an escaped slash stays within its segment, and cleans nothing:
// normalised has done so already, without a redirect.
func (s *server[A]) router(routes []Route[A]) http.Handler {
	router := mux.NewRouter().UseEncodedPath().SkipClean(true)
	resources := map[string]*resource[A]{}
	for _, line := range routes {
		path := Prefix + line.Path
		if resources[path] == nil {
			resources[path] = &resource[A]{server: s, path: path, methods: map[string]Route[A]{}}
			router.Handle(path, resources[path])
		}
		resources[path].methods[line.Method] = line
	}
	router.NotFoundHandler = s.answer(s.noRoute)
	return router
}
