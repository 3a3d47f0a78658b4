package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/pkg/errors"

	"ecs-api/common"
)

func newServer(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

func TestPublicRoutes(t *testing.T) {
	f := newFront()
	for path, want := range map[string]string{
		"/v1/ecs/ping":    "pong",
		"/v1/ecs/version": `{"version":"1.2.3","githash":"abc","buildstamp":"today"}` + "\n",
		"/v1/ecs/healthz": `{"status":"ok"}` + "\n",
	} {
		w := f.ask("GET", path, "", "X-Other", "")
		if w.Code != 200 || w.Body.String() != want {
			t.Errorf("%s: %d %q", path, w.Code, w.Body)
		}
	}
}

func TestReadyz(t *testing.T) {
	for _, ready := range []bool{true, false} {
		f := newFront(func(o *Options) {
			o.Ready = func(context.Context) Readiness {
				return Readiness{Ready: ready, Journal: "read", Accounts: map[string]AccountState{"acct": {Ready: ready, Detail: "why"}}}
			}
		})
		w := f.ask("GET", "/v1/ecs/readyz", "", "X-Other", "")
		want := map[bool]int{true: 200, false: 503}[ready]
		if w.Code != want || !strings.Contains(w.Body.String(), `"acct":{"ready":`+fmt.Sprint(ready)+`,"detail":"why"}`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if w := newFront().ask("GET", "/v1/ecs/readyz", ""); w.Code != 503 || w.Body.String() != `{"ready":false,"accounts":{}}`+"\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestPathsAndQueries(t *testing.T) {
	tests := map[string]struct {
		target string
		want   map[string]any // of the answer's members, those that are not zero
	}{
		"plain":               {"/acct/clusters/c/services/s", map[string]any{"Cluster": "c", "Service": "s"}},
		"repeated slashes":    {"//acct///clusters/c//services////s", map[string]any{"Cluster": "c", "Service": "s"}},
		"alias":               {"/acct/cluster/c/services/s", map[string]any{"Cluster": "c", "Service": "s"}},
		"alias after slashes": {"/acct//cluster//c/services/s", map[string]any{"Cluster": "c", "Service": "s"}},
		"named as aliases":    {"/cluster/cluster/cluster/services/secret", map[string]any{"Account": "cluster", "Cluster": "cluster", "Service": "secret"}},
		"secret":              {"/secret/secret/secret", map[string]any{"Account": "secret", "Service": "secret"}},
		"escaped slash":       {"/acct/secrets/spinup%2Forg%2fmyclu%2Fname", map[string]any{"Service": "spinup/org/myclu/name"}},
		"ARN":                 {"/acct/secret/arn:aws:secretsmanager:us-east-1:001122334455:secret:spinup%2Fa-Ol7mhU", map[string]any{"Service": "arn:aws:secretsmanager:us-east-1:001122334455:secret:spinup/a-Ol7mhU"}},
		"escaped percent":     {"/acct/clusters/100%2525/services/a+b%20c", map[string]any{"Cluster": "100%25", "Service": "a+b c"}},
		"all":                 {"/acct/clusters/c/services/s?all=true", map[string]any{"Cluster": "c", "Service": "s", "All": true}},
		"all, empty":          {"/acct/clusters/c/services/s?all=", map[string]any{"Cluster": "c", "Service": "s", "All": true}},
		"all, bare":           {"/acct/clusters/c/services/s?all", map[string]any{"Cluster": "c", "Service": "s", "All": true}},
		"all, one":            {"/acct/clusters/c/services/s?all=1", map[string]any{"Cluster": "c", "Service": "s", "All": true}},
		"all, capital":        {"/acct/clusters/c/services/s?all=True", map[string]any{"Cluster": "c", "Service": "s", "All": true}},
		"not all":             {"/acct/clusters/c/services/s?all=0", map[string]any{"Cluster": "c", "Service": "s"}},
		"quotes":              {`/acct/clusters/c/services/s?limit="30"&seq=%22f/353%22&all="true"`, map[string]any{"Cluster": "c", "Service": "s", "Limit": 30.0, "Seq": "f/353", "All": true}},
		"a lone quote":        {`/acct/clusters/c/services/s?limit=30"&seq="`, map[string]any{"Cluster": "c", "Service": "s", "Limit": 30.0}},
		"lists":               {`/acct/clusters/c/services/s?status=RUNNING&status="STOPPED"&x=y`, map[string]any{"Cluster": "c", "Service": "s", "Status": []any{"RUNNING", "STOPPED"}}},
		"given zero":          {"/acct/clusters/c/services/s?start=0", map[string]any{"Cluster": "c", "Service": "s", "Start": 0.0}},
	}
	server := newServer(t, newFront())
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequest("GET", server.URL+"/v1/ecs"+test.target, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+token)
			w, err := http.DefaultTransport.RoundTrip(r) // follows no redirect
			if err != nil {
				t.Fatal(err)
			}
			defer w.Body.Close()
			var got map[string]any
			if err := json.NewDecoder(w.Body).Decode(&got); err != nil || w.StatusCode != 200 {
				t.Fatalf("%d %v %v", w.StatusCode, err, got)
			}
			if _, named := test.want["Account"]; !named {
				test.want["Account"] = "acct"
			}
			for member, value := range got {
				if want := test.want[member]; fmt.Sprint(value) != fmt.Sprint(want) && !isZero(value) {
					t.Errorf("%s is %v, want %v", member, value, want)
				}
			}
			for member := range test.want {
				if isZero(got[member]) && member != "Start" || got[member] == nil {
					t.Errorf("%s is %v, want %v", member, got[member], test.want[member])
				}
			}
		})
	}
}

func isZero(v any) bool { return v == nil || v == "" || v == 0.0 || v == false }

func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		method, target string
		status         int
		allow          string
	}{
		"unknown account":      {"GET", "/v1/ecs/nobody/clusters/c/services/s", 404, ""},
		"unknown route":        {"GET", "/v1/ecs/acct/nothing", 404, ""},
		"outside the prefix":   {"GET", "/favicon.ico", 404, ""},
		"trailing slash":       {"DELETE", "/v1/ecs/acct/clusters/c/services/s/", 404, ""},
		"alias elsewhere":      {"GET", "/v1/ecs/cluster/c/services/s", 404, ""},
		"other method":         {"PATCH", "/v1/ecs/acct/clusters/c/services/s", 405, "DELETE, GET, HEAD, OPTIONS, PUT"},
		"get of a post":        {"GET", "/v1/ecs/acct/services", 405, "OPTIONS, POST"},
		"head of a post":       {"HEAD", "/v1/ecs/acct/services", 405, "OPTIONS, POST"},
		"made-up method":       {"BREW", "/v1/ecs/ping", 405, "GET, HEAD, OPTIONS"},
		"bool":                 {"GET", "/v1/ecs/acct/clusters/c/services/s?all=yes", 400, ""},
		"number":               {"GET", "/v1/ecs/acct/clusters/c/services/s?limit=1.5", 400, ""},
		"empty number":         {"GET", "/v1/ecs/acct/clusters/c/services/s?limit=", 400, ""},
		"malformed query":      {"GET", "/v1/ecs/acct/clusters/c/services/s?a=%zz", 400, ""},
		"path not UTF-8":       {"GET", "/v1/ecs/acct/clusters/%ff/services/s", 400, ""},
		"account not UTF-8":    {"GET", "/v1/ecs/%ff/clusters/c/services/s", 400, ""},
		"query not UTF-8":      {"GET", "/v1/ecs/acct/clusters/c/services/s?seq=%ff", 400, ""},
		"unencodable answer":   {"GET", "/v1/ecs/acct/unencodable", 500, ""},
		"panic":                {"GET", "/v1/ecs/acct/panic", 500, ""},
		"escaped alias suffix": {"GET", "/v1/ecs/acct/cluster%2Fc/services/s", 404, ""},
	}
	f := newFront()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := f.ask(test.method, test.target, "")
			if w.Code != test.status || w.Header().Get("Allow") != test.allow {
				t.Errorf("%d, Allow %q: %s", w.Code, w.Header().Get("Allow"), w.Body)
			}
			p := problemOf(t, w)
			if test.status == 500 && p.Detail != "internal error" {
				t.Errorf("detail %q", p.Detail)
			}
		})
	}
	if w := f.ask("GET", "/v1/ecs/ping", ""); w.Code != 200 {
		t.Error("no life after a panic")
	}
}

func TestOptionsIsPublic(t *testing.T) {
	w := newFront().ask("OPTIONS", "/v1/ecs/acct/clusters/c/services/s", "", "X-Other", "")
	if w.Code != 204 || w.Header().Get("Allow") != "DELETE, GET, HEAD, OPTIONS, PUT" || w.Header().Get("X-Request-Id") == "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := newFront().ask("OPTIONS", "/v1/ecs/nowhere", "", "X-Other", ""); w.Code != 404 {
		t.Errorf("of nothing: %d", w.Code)
	}
}

func TestHeadHasNoBody(t *testing.T) {
	server := newServer(t, newFront())
	w, err := http.Head(server.URL + "/v1/ecs/ping")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	body, _ := io.ReadAll(w.Body)
	if w.StatusCode != 200 || w.ContentLength != 4 || len(body) != 0 {
		t.Errorf("%d, length %d, %q", w.StatusCode, w.ContentLength, body)
	}
}

func TestHeaders(t *testing.T) {
	f := newFront()
	open, closed, refused := f.ask("GET", "/v1/ecs/ping", ""), f.ask("DELETE", "/v1/ecs/acct/clusters/c/services/s", ""), f.ask("GET", "/v1/ecs/acct/panic", "", "X-Other", "")
	if closed.Code != 202 || closed.Header().Get("Content-Type") != "application/json" || closed.Header().Get("X-Operation-Id") != "op-1" {
		t.Errorf("%d %v", closed.Code, closed.Header())
	}
	for _, w := range []*httptest.ResponseRecorder{open, closed, refused} {
		if w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Error("may be sniffed")
		}
	}
	if open.Header().Get("Cache-Control") != "" || closed.Header().Get("Cache-Control") != "no-store" || refused.Header().Get("Cache-Control") != "no-store" {
		t.Error("cache control")
	}
}

func TestRequestIDs(t *testing.T) {
	f := newFront()
	for given, sane := range map[string]bool{
		"1-67891233-abcdef012345678912345678": true,
		uuid.NewString():                      true,
		"a+/=@:._-":                           true,
		strings.Repeat("x", 128):              true,
		strings.Repeat("x", 129):              false,
		"":                                    false,
		"a b":                                 false,
		"a\"b":                                false,
		"ä":                                   false,
		"a{b}":                                false,
	} {
		w := f.ask("GET", "/v1/ecs/nowhere", "", "X-Request-Id", given)
		got := w.Header().Get("X-Request-Id")
		if sane != (got == given) {
			t.Errorf("%q became %q", given, got)
		}
		if _, err := uuid.Parse(got); !sane && err != nil {
			t.Errorf("%q is not a uuid", got)
		}
	}
}

type operationError struct{ error }

func (e operationError) OperationID() string { return "op-2" }
func (e operationError) Unwrap() error       { return e.error }
func (e operationError) Extensions() map[string]any {
	return map[string]any{"operation": "op-2", "failedStep": "cluster", "rollback": map[string]any{"complete": true}, "status": 200}
}

func TestKindsAreStatuses(t *testing.T) {
	tests := map[error]struct {
		status int
		detail string
	}{
		common.New(common.Invalid, "m"):                                {400, "m"},
		common.New(common.Forbidden, "m"):                              {403, "m"},
		common.New(common.NotFound, "m"):                               {404, "m"},
		common.New(common.Conflict, "m"):                               {409, "m"},
		common.New(common.Throttled, "m"):                              {429, "m"},
		common.New(common.Internal, "secret of ours"):                  {500, "internal error"},
		common.New(common.Failed, "m"):                                 {502, "m"},
		common.New(common.Unavailable, "m"):                            {503, "m"},
		common.New(common.Deadline, "m"):                               {504, "m"},
		common.New(common.Kind(99), "m"):                               {500, "internal error"},
		io.ErrUnexpectedEOF:                                            {500, "internal error"},
		errors.Wrap(common.New(common.NotFound, "m"), "while"):         {404, "m"},
		operationError{common.New(common.Conflict, "m")}:               {409, "m"},
		errors.Wrap(operationError{io.EOF}, "an operation's stranger"): {500, "internal error"},
	}
	for err, want := range tests {
		f := newFront()
		f.account.fail = err
		w := f.ask("GET", "/v1/ecs/acct/clusters/c/services/s", "")
		p := problemOf(t, w)
		if w.Code != want.status || p.Detail != want.detail {
			t.Errorf("%v: %d %+v", err, w.Code, p)
		}
		if (w.Header().Get("Retry-After") != "") != (want.status == 429) {
			t.Errorf("%v: Retry-After %q", err, w.Header().Get("Retry-After"))
		}
		var of operated
		if errors.As(err, &of) && (w.Header().Get("X-Operation-Id") != "op-2" || p.FailedStep != "cluster") {
			t.Errorf("%v: %v %+v", err, w.Header(), p)
		}
		if line := f.log.lines(t, "answered"); line[0]["error"] != err.Error() || line[0]["request"] != p.Instance {
			t.Errorf("%v is not in the log: %v", err, line)
		}
	}
}

func TestLogLine(t *testing.T) {
	f := newFront()
	f.ask("DELETE", "/v1/ecs/acct/clusters/c/services/s?seq=hidden-query", `hidden-body`, "Authorization", "Bearer "+token, "X-Request-Id", "r-1")
	lines := f.log.lines(t, "answered")
	if len(lines) != 1 {
		t.Fatalf("%d lines", len(lines))
	}
	line := lines[0]
	for field, want := range map[string]any{
		"method": "DELETE", "route": "/v1/ecs/{account}/clusters/{cluster}/services/{service}", "status": 202.0,
		"request": "r-1", "operation": "op-1", "caller": "shared", "level": "info",
	} {
		if line[field] != want {
			t.Errorf("%s is %v, want %v", field, line[field], want)
		}
	}
	if _, ok := line["ms"].(float64); !ok {
		t.Errorf("fields %v", slices.Sorted(maps.Keys(line)))
	}
	f.ask("POST", services, `{"service":{"servicename":7},"credentials":{"w":{"SecretString":"hidden-secret"}}}`)
	f.ask("POST", services, `{"hidden-body`)
	f.ask("GET", "/v1/ecs/hidden-path", "", "X-Auth-Token", "hidden-hash", "Authorization", "Bearer hidden-token")
	if all := f.log.String(); strings.Contains(all, "hidden") || strings.Contains(all, token) {
		t.Errorf("the log tells: %s", all)
	}
}

func TestPanicIsLoggedWithItsStack(t *testing.T) {
	f := newFront()
	w := f.ask("GET", "/v1/ecs/acct/panic", "")
	line := f.log.lines(t, "panic: at the disco")
	if len(line) != 1 || !strings.Contains(fmt.Sprint(line[0]["stack"]), "Panic") || line[0]["request"] != w.Header().Get("X-Request-Id") {
		t.Errorf("got %v", line)
	}
}

func TestPanicAmidAnAnswerCutsIt(t *testing.T) {
	f := newFront()
	server := newServer(t, f)
	server.Config.ErrorLog = nil
	w, err := http.Get(server.URL + "/v1/ecs/half")
	if err == nil {
		_, err = io.ReadAll(w.Body)
		w.Body.Close()
	}
	if err == nil {
		t.Error("half an answer looks whole")
	}
	server.Close()
	if lines := f.log.lines(t, "answered"); len(lines) != 1 || lines[0]["error"] == nil {
		t.Errorf("log %v", lines)
	}
}

func TestCallerWhoHungUpIsNoFailureOfOurs(t *testing.T) {
	f := newFront()
	f.account.fail = context.Canceled
	ctx, cancel := context.WithCancel(context.Background())
	f.account.hold = func(context.Context) { cancel() }
	r := httptest.NewRequestWithContext(ctx, "GET", "/v1/ecs/acct/clusters/c/services/s", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	f.ServeHTTP(httptest.NewRecorder(), r)
	if line := f.log.lines(t, "answered")[0]; line["status"] != 499.0 || line["level"] != "info" {
		t.Errorf("got %v", line)
	}
}

func TestRequestReachesTheAction(t *testing.T) {
	f := newFront()
	var got common.Request
	f.account.hold = func(ctx context.Context) { got = common.RequestOf(ctx) }
	f.ask("GET", "/v1/ecs/acct/clusters/c/services/s", "", "Authorization", "bearer "+token, "X-Request-Id", "r-1")
	if got != (common.Request{ID: "r-1", Caller: "shared"}) {
		t.Errorf("got %+v", got)
	}
}

func TestMetrics(t *testing.T) {
	metrics := NewMetrics(Version{"1.2.3", "abc", "today"})
	f := newFront(func(o *Options) { o.Metrics = metrics })
	f.ask("GET", "/v1/ecs/acct/clusters/hidden/services/s", "")
	f.ask("BREW", "/v1/ecs/hidden", "")
	metrics.ObserveCall("ecs", "CreateCluster", "ok", 1)
	metrics.ObserveOperation("createService", "succeeded")
	metrics.SetLeftovers("acct", 3)
	text := f.ask("GET", "/v1/ecs/metrics", "", "X-Other", "").Body.String()
	for _, want := range []string{
		`ecs_api_http_requests_total{method="GET",route="/v1/ecs/{account}/clusters/{cluster}/services/{service}",status="200"} 1`,
		`ecs_api_http_requests_total{method="other",route="unmatched",status="404"} 1`,
		`ecs_api_http_request_duration_seconds_count{method="other",route="unmatched"} 1`,
		`ecs_api_aws_calls_total{operation="CreateCluster",outcome="ok",service="ecs"} 1`,
		`ecs_api_aws_call_duration_seconds_count{operation="CreateCluster",service="ecs"} 1`,
		`ecs_api_operations_total{outcome="succeeded",verb="createService"} 1`,
		`ecs_api_leftovers{account="acct"} 3`,
		`ecs_api_build_info{buildstamp="today",githash="abc",version="1.2.3"} 1`,
		"go_goroutines ", "process_start_time_seconds ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(text, "hidden") {
		t.Error("a label tells a path")
	}
}

func FuzzNormalPath(f *testing.F) {
	for _, seed := range []string{"/v1/ecs//a/cluster/c", "//v1/ecs/secret/secret/%2F%2f//", "", "*", "/v1/ecs/a/cluster", "/v1/ecs/", "v1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		encoded := (&url.URL{Path: path}).EscapedPath()
		got := normalPath(encoded)
		if !strings.HasPrefix(got, "/") || strings.Contains(got, "//") || normalPath(got) != got {
			t.Errorf("%q became %q", encoded, got)
		}
		if strings.Count(strings.ToUpper(got), "%2F") != strings.Count(strings.ToUpper(encoded), "%2F") {
			t.Errorf("%q became %q: escaped slashes", encoded, got)
		}
		r := withPath(httptest.NewRequest("GET", "/", nil), got)
		if r.URL.EscapedPath() != got {
			t.Errorf("%q is routed as %q", got, r.URL.EscapedPath())
		}
	})
}
