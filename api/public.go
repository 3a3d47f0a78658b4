package api

import (
	"context"
	"net/http"
)

// Version is what the binary knows of its making.
type Version struct {
	Version    string `json:"version"`
	GitHash    string `json:"githash"`
	BuildStamp string `json:"buildstamp"`
}

// Readiness says whether requests can be served, and of each account why not.
type Readiness struct {
	Ready    bool                    `json:"ready"`
	Journal  string                  `json:"journal,omitempty"`
	Accounts map[string]AccountState `json:"accounts"`
}

// AccountState is the state of one account. Detail is public: it holds neither key nor ARN.
type AccountState struct {
	Ready  bool   `json:"ready"`
	Detail string `json:"detail,omitempty"`
}

// StatusCode is 503 until there is something that can be served.
func (r Readiness) StatusCode() int {
	if r.Ready {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

// health is all that a process can say of itself.
type health struct {
	Status string `json:"status"`
}

// publicRoutes are the lines that need no token.
func publicRoutes[A any](o Options) []Route[A] {
	return append(docsRoutes[A](),
		public[A]("/ping", "Answer pong", func(context.Context) (text, error) { return "pong", nil }).named("Ping"),
		public[A]("/version", "Tell the version of the API", func(context.Context) (Version, error) { return o.Version, nil }).named("ShowVersion"),
		public[A]("/healthz", "Tell that the process lives", func(context.Context) (health, error) { return health{"ok"}, nil }).named("ShowHealth"),
		public[A]("/readyz", "Tell the state of each account", func(ctx context.Context) (Readiness, error) { return o.readiness(ctx), nil }).
			named("ShowReadiness"),
		foreign[A]("/metrics", "Give the metrics as Prometheus text", "text/plain", o.Metrics).named("ShowMetrics"),
	)
}

func (o Options) readiness(ctx context.Context) Readiness {
	var state Readiness
	if o.Ready != nil {
		state = o.Ready(ctx)
	}
	if state.Accounts == nil {
		state.Accounts = map[string]AccountState{}
	}
	return state
}
