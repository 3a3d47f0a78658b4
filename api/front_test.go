package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	"github.com/aws/aws-sdk-go/service/secretsmanager"
	"github.com/sirupsen/logrus"

	"ecs-api/common"
)

const token = "the shared token"

// fake stands in for an account: its actions answer with what reached them.
type fake struct {
	name string
	fail error
	hold func(context.Context)
}

type createInput struct {
	Cluster        *awsecs.CreateClusterInput                   `json:"cluster"`
	TaskDefinition *awsecs.RegisterTaskDefinitionInput          `json:"taskdefinition"`
	Credentials    map[string]*secretsmanager.CreateSecretInput `json:"credentials"`
	Service        *awsecs.CreateServiceInput                   `json:"service"`
	Tags           []*awsecs.Tag                                `json:"tags"`
	Account        string                                       `path:"account" json:"-"`
	All            bool                                         `query:"all" json:"-"`
	Limit          *int64                                       `query:"limit" json:"-"`
	Status         []string                                     `query:"status" json:"-"`
}

func (in *createInput) Validate() []common.Violation {
	if in.Service == nil {
		return []common.Violation{{Pointer: "/service", Detail: "is required"}}
	}
	return nil
}

type itemInput struct {
	Cluster string   `path:"cluster" json:"-"`
	Service string   `path:"service" json:"-"`
	All     bool     `query:"all" json:"-"`
	Limit   int64    `query:"limit" json:"-"`
	Seq     string   `query:"seq" json:"-"`
	Status  []string `query:"status" json:"-"`
	Start   *int64   `query:"start" json:"-"`
}

type itemOutput struct {
	Account string
	itemFields
	operation string
}

type itemFields itemInput

// MarshalJSON writes what the tags hide.
func (o itemOutput) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"Account": o.Account, "Cluster": o.Cluster, "Service": o.Service, "All": o.All, "Limit": o.Limit,
		"Seq": o.Seq, "Status": o.Status, "Start": o.Start})
}

func (o itemOutput) OperationID() string { return o.operation }

func (f *fake) Create(_ context.Context, in *createInput) (*createInput, error) { return in, f.fail }

func (f *fake) Item(ctx context.Context, in *itemInput) (itemOutput, error) {
	if f.hold != nil {
		f.hold(ctx)
	}
	return itemOutput{Account: f.name, itemFields: itemFields(*in), operation: "op-1"}, f.fail
}

func (f *fake) Unencodable(context.Context, *struct{}) (any, error) { return func() {}, nil }

func (f *fake) Panic(context.Context, *struct{}) (any, error) { panic("at the disco") }

func fakeTable(o Options) []Route[*fake] {
	return append(publicRoutes[*fake](o),
		route("POST", "/{account}/services", "Create", http.StatusOK, (*fake).Create),
		route("GET", "/{account}/clusters/{cluster}/services/{service}", "Show", http.StatusOK, (*fake).Item),
		route("PUT", "/{account}/clusters/{cluster}/services/{service}", "Update", http.StatusOK, (*fake).Item),
		route("DELETE", "/{account}/clusters/{cluster}/services/{service}", "Delete", http.StatusAccepted, (*fake).Item),
		route("GET", "/{account}/secrets/{service}", "Show a secret", http.StatusOK, func(f *fake, ctx context.Context, in *secretInput) (itemOutput, error) {
			return f.Item(ctx, &itemInput{Service: in.Secret})
		}),
		route("GET", "/{account}/unencodable", "Fail to encode", http.StatusOK, (*fake).Unencodable),
		route("GET", "/{account}/panic", "Panic", http.StatusOK, (*fake).Panic),
		foreign[*fake]("/half", "Panic in the middle of an answer", "text/plain", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half of")
			panic("in the middle")
		})),
	)
}

type secretInput struct {
	Secret string `path:"service" json:"-"`
}

// front is the API on fake accounts, with its log to look into.
type front struct {
	http.Handler
	account *fake
	log     *lockedBuffer
}

func newFront(change ...func(*Options)) *front {
	f := &front{account: &fake{name: "acct"}, log: &lockedBuffer{}}
	log := logrus.New()
	log.Out = f.log
	log.Formatter = &logrus.JSONFormatter{}
	options := Options{Token: token, Log: log, Version: Version{"1.2.3", "abc", "today"}}
	for _, c := range change {
		c(&options)
	}
	options = options.withDefaults()
	f.Handler = build(options, f.find, fakeTable(options))
	return f
}

func (f *front) find(name string) (*fake, bool) {
	switch name {
	case "acct", "cluster", "secret", "services":
		return &fake{name: name, fail: f.account.fail, hold: f.account.hold}, true
	}
	return nil, false
}

// ask sends a request with the token, or with the headers given in its place.
func (f *front) ask(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if len(headers) == 0 {
		headers = []string{"Authorization", "Bearer " + token}
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

type problemDocument struct {
	Type, Title, Detail, Instance string
	Status                        int
	Errors                        []common.Violation
	FailedStep                    string
}

func problemOf(t *testing.T, w *httptest.ResponseRecorder) problemDocument {
	t.Helper()
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("content type %q, body %s", got, w.Body)
	}
	var p problemDocument
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	if p.Status != w.Code || p.Title != http.StatusText(w.Code) || p.Type != "about:blank" || p.Instance != w.Header().Get("X-Request-Id") {
		t.Errorf("status %d, problem %+v", w.Code, p)
	}
	return p
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// lines are the log's entries of a message.
func (l *lockedBuffer) lines(t *testing.T, message string) []map[string]any {
	t.Helper()
	var entries []map[string]any
	for _, line := range strings.Split(strings.TrimSpace(l.String()), "\n") {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		if entry["msg"] == message {
			entries = append(entries, entry)
		}
	}
	return entries
}
