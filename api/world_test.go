package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ecs-api/api"
	"ecs-api/common/awsclient"
	"ecs-api/journal"
	"ecs-api/orchestration"
	"ecs-api/sandbox"

	"github.com/sirupsen/logrus"
)

const (
	token = "the shared token"
	// What the log of the whole run must not hold.
	password = "dontkryptonitemebro"
)

// log is everything that is logged in the whole run, at debug level.
var log lines

type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func TestMain(m *testing.M) {
	_ = os.Unsetenv("AWS_CA_BUNDLE") // every session would read it, and there are thousands
	debug.SetGCPercent(400)          // a world lives for a moment: a quarter of the time went into clearing up after them
	code := m.Run()
	for _, secret := range []string{password, token} {
		if strings.Contains(log.text.String(), secret) {
			_, _ = io.WriteString(os.Stderr, "the log of the run holds the secret "+secret+"\n")
			code = 1
		}
	}
	if missing := api.Unanswered(); code == 0 && wholeRun() && len(missing) > 0 {
		_, _ = io.WriteString(os.Stderr, "no request of the run had a success of "+strings.Join(missing, ", ")+"\n")
		code = 1
	}
	os.Exit(code)
}

// wholeRun says whether no test was left out.
func wholeRun() bool {
	for _, filter := range []string{"test.run", "test.skip", "test.list"} {
		if flag.Lookup(filter).Value.String() != "" {
			return false
		}
	}
	return !testing.Short()
}

// world is the whole service on an emulated account, over HTTP on both sides, in a bubble whose clock moves by itself.
type world struct {
	*testing.T
	aws     *sandbox.Sandbox
	account *orchestration.Account
	journal journal.Journal
	handler http.Handler
	dial    func(context.Context, string, string) (net.Conn, error)
	change  []func(*orchestration.Options)
	ends    []func()
}

// inWorld runs a test in a world of its own.
func inWorld(t *testing.T, test func(w *world), change ...func(*orchestration.Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		listener := sandbox.NewListener()
		w := &world{T: t, aws: sandbox.New(sandbox.Options{Latency: 50 * time.Millisecond}), dial: listener.DialContext, change: change}
		server := &http.Server{Handler: w.aws}
		go func() { _ = server.Serve(listener) }()
		w.ends = append(w.ends, func() { _ = server.Close() })
		defer func() {
			for _, end := range slices.Backward(w.ends) {
				end()
			}
		}()
		w.start(journal.NewMemory(), nil)
		if _, err := w.account.Identity(w.Context()); err != nil {
			w.Fatal(err)
		}
		test(w)
	})
}

// start starts the service with a journal; its calls go through the cord, if there is one.
func (w *world) start(kept journal.Journal, through *cord) {
	w.Helper()
	transport := &http.Transport{DialContext: w.dial, MaxIdleConnsPerHost: 64}
	var calls http.RoundTripper = transport
	if through != nil {
		through.next = transport
		calls = through
	}
	stands := w.aws.Defaults()
	session, err := awsclient.NewSession(awsclient.Options{Name: "main", Region: stands.Region, AccessKeyID: "key", SecretAccessKey: "key",
		Endpoint: "http://aws", Transport: calls})
	if err != nil {
		w.Fatal(err)
	}
	options := orchestration.Options{Name: "main", Org: "myorg", SecurityGroups: stands.SecurityGroups, Subnets: stands.Subnets, KmsKeyID: stands.KmsKeyID,
		OperationTimeout: 10 * time.Minute, AnswerTimeout: time.Minute, Session: session, Journal: kept, Durable: true, Log: logger(),
		Observe: func(string, string) {}, SetLeftovers: func(int) {}}
	for _, c := range w.change {
		c(&options)
	}
	account := orchestration.New(options)
	w.journal, w.account = kept, account
	w.handler = api.Checked(w.T, api.New(api.Options{Token: token, Log: logger(), Accounts: func(name string) (api.Account, bool) {
		return w.account, name == "main"
	}}))
	w.ends = append(w.ends, func() {
		ended, now := context.WithCancel(context.Background())
		now()
		account.Close(ended)
		transport.CloseIdleConnections()
		_ = kept.Close()
	})
	if err := account.Recover(w.Context()); err != nil {
		w.Fatal(err)
	}
}

func logger() *logrus.Logger {
	l := logrus.New()
	l.SetOutput(&log)
	l.SetLevel(logrus.DebugLevel)
	return l
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) decode(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(a.body, into); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
}

// problem is a problem document with the members of a failed orchestration.
type problem struct {
	Status     int
	Detail     string
	Operation  string
	FailedStep string
	Errors     []struct{ Pointer, Detail string }
	Rollback   *struct {
		Complete           bool
		Released, Restored []string
		Left               []struct{ Resource, Reason string }
	}
}

func (a answer) problem(t testing.TB) problem {
	t.Helper()
	var p problem
	a.decode(t, &p)
	return p
}

// send sends a request as a client would.
func (w *world) send(method, path, body string) answer {
	request := httptest.NewRequest(method, "/v1/ecs/main"+path, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+token)
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, request)
	return answer{recorder.Code, recorder.Header(), recorder.Body.Bytes()}
}

// must is send that wants a status.
func (w *world) must(status int, method, path, body string) answer {
	w.Helper()
	a := w.send(method, path, body)
	if a.status != status {
		w.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	return a
}

// atOnce sends two requests, the second so many milliseconds after the first (the first later where it is negative).
func atOnce(delay int, one, other func()) {
	var both sync.WaitGroup
	both.Go(func() { time.Sleep(time.Duration(max(-delay, 0)) * time.Millisecond); one() })
	both.Go(func() { time.Sleep(time.Duration(max(delay, 0)) * time.Millisecond); other() })
	both.Wait()
}

// ended waits until no operation is at work, and the tasks that it left are as they will be.
func (w *world) ended() {
	w.Helper()
	for range 2000 {
		time.Sleep(time.Second)
		operations, err := w.journal.List(journal.Filter{})
		if err != nil {
			w.Fatal(err)
		}
		working := false
		for _, op := range operations {
			working = working || op.EndedAt == nil
		}
		if !working {
			time.Sleep(10 * time.Second)
			return
		}
	}
	operations, _ := w.journal.List(journal.Filter{})
	for _, op := range operations {
		if op.EndedAt == nil {
			w.Errorf("%s %s is %s: %+v", op.Verb, op.ID, op.State, op.Progress)
		}
	}
	w.Fatal("an operation does not end")
}

// measured gives the answer of a request and its critical path in round trips.
func (w *world) measured(method, path, body string) (answer, int) {
	w.aws.ResetCalls()
	started := time.Now()
	a := w.send(method, path, body)
	answered := time.Now()
	var calls []sandbox.Call
	for _, call := range w.aws.Calls() {
		if !call.End.IsZero() && !call.End.After(answered) {
			calls = append(calls, call)
		}
	}
	trips := sandbox.RoundTrips(calls)
	if took := answered.Sub(started); took != time.Duration(trips)*50*time.Millisecond {
		w.Errorf("%s %s took %v, which is not the time of its %d round trips", method, path, took, trips)
	}
	return a, trips
}

// The requests, after the first example of the source document.
const (
	cluster    = `"cluster": {"clustername": "myclu"}`
	definition = `"taskdefinition": {"family": "webservers", "cpu": "256", "memory": "512", "containerdefinitions": [{
		"environment": [{"name": "API_HOST", "value": "localhost"}, {"name": "API_PORT", "value": "1234"}],
		"name": "webserver", "image": "nginx:alpine", "ports": [80, 443],
		"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "myclu", "awslogs-stream-prefix": "www", "awslogs-region": "us-east-1", "awslogs-create-group": "true"}},
		"PortMappings": [{"ContainerPort": 80, "protocol": "tcp"}], "secrets": []}]}`
	service  = `"service": {"desiredcount": 1, "servicename": "www"}`
	registry = `"serviceregistry": {"name": "www", "cluster": "myclu", "dnsconfig": {"namespaceid": "ns-y3uaw6neshhbev3f", "dnsrecords": [{"ttl": 30, "type": "A"}]}}`
	secret   = `"credentials": {"webserver": {"Name": "myapp-webserver-cred", "SecretString": "{\"username\" : \"supahman\",\"password\" : \"` + password + `\"}", "Description": "myapp-webserver-cred"}}`
	tags     = `"tags": [{"Key": "CreatedBy", "Value": "netid"}, {"Key": "OS", "Value": "container"}]`
)

// body joins parts of a request.
func body(parts ...string) string { return "{" + strings.Join(parts, ",") + "}" }

// everything asks for all that can be made.
var everything = body(cluster, definition, service, registry, secret, tags)

const www = "/clusters/myclu/services/www"

// endedOrStuck lets what is at work go on for a while.
func (w *world) endedOrStuck() { time.Sleep(5 * time.Minute) }
