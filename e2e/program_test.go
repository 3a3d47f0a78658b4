//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ecs-api/sandbox"
)

const (
	token    = "the-token-of-this-run"
	password = "dontkryptonitemebro"
	setting  = "value-of-the-environment" // of a container
)

// binary is the program.
var binary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	binary = os.Getenv("ECS_API_BINARY")
	if binary == "" {
		dir, err := os.MkdirTemp("", "ecs-api-e2e-")
		if err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		binary = filepath.Join(dir, "ecs-api")
		if out, err := exec.Command("go", "build", "-o", binary, "ecs-api").CombinedOutput(); err != nil {
			panic(string(out))
		}
	}
	return m.Run()
}

// emulated is an AWS in this process.
type emulated struct {
	*sandbox.Sandbox
	url string
}

func newAWS(t *testing.T, options sandbox.Options) *emulated {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	aws := sandbox.New(options)
	server := &http.Server{Handler: aws}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return &emulated{aws, "http://" + listener.Addr().String()}
}

// account is its configuration.
func (e *emulated) account() map[string]any {
	stands := e.Defaults()
	return map[string]any{"region": stands.Region, "akid": "key", "secret": "secret", "endpoint": e.url,
		"defaultSubnets": stands.Subnets, "defaultSgs": stands.SecurityGroups, "defaultKmsKeyId": stands.KmsKeyID}
}

// output is what a process writes while it is read.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// process is the program at work on an account named main.
type process struct {
	*testing.T
	url    string
	dir    string // of its journal
	log    *output
	ended  chan struct{}
	status *os.ProcessState // once ended
	pid    int
	signal func(os.Signal)
}

// start starts the program with its journal in dir. It may have been killed when start returns: then its url is empty.
func start(t *testing.T, account map[string]any, dir string, more ...map[string]any) *process {
	t.Helper()
	return startIn(t, nil, account, dir, more...)
}

// startIn is start with more in its environment.
func startIn(t *testing.T, environment []string, account map[string]any, dir string, more ...map[string]any) *process {
	t.Helper()
	p := launchIn(t, environment, account, dir, more...)
	for range 4000 {
		if p.url = p.listening(); p.url != "" {
			return p
		}
		select {
		case <-p.ended:
			return p
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatalf("it does not serve:\n%s", p.log)
	return nil
}

// launch is start without waiting until it serves.
func launch(t *testing.T, account map[string]any, dir string, more ...map[string]any) *process {
	t.Helper()
	return launchIn(t, nil, account, dir, more...)
}

func launchIn(t *testing.T, environment []string, account map[string]any, dir string, more ...map[string]any) *process {
	t.Helper()
	configuration := map[string]any{"listenAddress": "127.0.0.1:0", "org": "myorg", "token": token, "stateDir": dir, "logLevel": "debug",
		"accounts": map[string]any{"main": account}}
	for _, m := range more {
		for key, value := range m {
			configuration[key] = value
		}
	}
	encoded, err := json.Marshal(configuration)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(file, encoded, 0o600); err != nil {
		t.Fatal(err)
	}
	p := &process{T: t, dir: dir, log: &output{}, ended: make(chan struct{})}
	c := exec.Command(binary, "-config", file)
	c.Stderr = p.log
	c.Dir = filepath.Dir(file)
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); !strings.HasPrefix(name, "AWS_") && !strings.HasSuffix(strings.ToLower(name), "_proxy") {
			c.Env = append(c.Env, variable)
		}
	}
	c.Env = append(c.Env, environment...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p.pid = c.Process.Pid
	p.signal = func(signal os.Signal) { _ = c.Process.Signal(signal) }
	go func() {
		_ = c.Wait()
		p.status = c.ProcessState
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		for _, secret := range []string{token, password, setting} {
			if strings.Contains(p.log.String(), secret) {
				t.Errorf("the log holds the secret %s", secret)
			}
		}
	})
	return p
}

func (p *process) listening() string {
	for line := range strings.Lines(p.log.String()) {
		var said struct{ Msg, URL string }
		if json.Unmarshal([]byte(line), &said) == nil && said.Msg == "listening" {
			return said.URL
		}
	}
	return ""
}

// kill ends it at once, and returns when it is dead.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// stop has it end as it would, and gives how long that took.
func (p *process) stop() time.Duration {
	p.Helper()
	began := time.Now()
	p.signal(syscall.SIGTERM)
	<-p.ended
	if p.status.ExitCode() != 0 {
		p.Errorf("SIGTERM: %v\n%s", p.status, p.log)
	}
	took := time.Since(began)
	names, err := filepath.Glob(filepath.Join(p.dir, "*"))
	if err != nil || len(names) == 0 {
		p.Errorf("it keeps %v, error %v", names, err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			p.Error(err)
		}
		for _, secret := range []string{token, password, setting} {
			if bytes.Contains(content, []byte(secret)) {
				p.Errorf("%s holds the secret %s", filepath.Base(name), secret)
			}
		}
	}
	return took
}

var errNoProcess = errors.New("there is no process")

// ask gives status and answer.
func (p *process) ask(method, path, body string) (int, []byte, error) {
	if p.url == "" {
		return 0, nil, errNoProcess
	}
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, p.url+"/v1/ecs"+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	w, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = w.Body.Close() }()
	answer, err := io.ReadAll(w.Body)
	return w.StatusCode, answer, err
}

// must is ask that wants a status.
func (p *process) must(status int, method, path, body string) []byte {
	p.Helper()
	got, answer, err := p.ask(method, path, body)
	if err != nil || got != status {
		p.Fatalf("%s %s: %d %s %v\n%s", method, path, got, answer, err, p.log)
	}
	return answer
}

// operation is what the API tells of one.
type operation struct {
	ID, Verb, Cluster, State string
	EndedAt                  *time.Time
	Steps                    []struct{ Name, State, Reason string }
}

func (p *process) operations() (all []operation) {
	p.Helper()
	if err := json.Unmarshal(p.must(http.StatusOK, "GET", "/main/operations", ""), &all); err != nil {
		p.Fatal(err)
	}
	return all
}

// ready waits until it is ready: that does not wait for what is recovered.
func (p *process) ready() {
	p.Helper()
	began := time.Now()
	for {
		if status, _, err := p.ask("GET", "/readyz", ""); err == nil && status == http.StatusOK {
			return
		}
		if time.Since(began) > 30*time.Second {
			p.Fatalf("it is not ready:\n%s", p.log)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// rested waits until no operation is at work, and gives them.
func (p *process) rested(patience time.Duration) []operation {
	p.Helper()
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		all := p.operations()
		working := false
		for _, op := range all {
			working = working || op.EndedAt == nil
		}
		if !working {
			return all
		}
		if time.Since(began) > patience {
			p.Fatalf("an operation does not end: %+v\n%s", all, tail(p.log.String()))
		}
	}
}

func tail(text string) string { return text[max(0, len(text)-6000):] }

// swept waits until the sweep of a start is over, whose calls are nobody's.
func (e *emulated) swept(t *testing.T) {
	t.Helper()
	for range 1000 {
		seen := 0
		for _, call := range e.Calls() {
			if (call.Operation == "GetResources" || call.Operation == "ListRoles") && !call.End.IsZero() {
				seen++
			}
		}
		if seen >= 2 {
			time.Sleep(50 * time.Millisecond)
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("nothing is swept")
}

const www = "/main/clusters/myclu/services/www"

// everything asks for all that can be made, with names of its own.
func everything(cluster, name, namespace string) string {
	return strings.NewReplacer("CLUSTER", cluster, "NAMESPACE", namespace, "NAME", name).Replace(`{
		"cluster": {"clustername": "CLUSTER"},
		"taskdefinition": {"family": "NAMEservers", "cpu": "256", "memory": "512", "containerdefinitions": [{"name": "webserver", "image": "nginx:alpine",
			"environment": [{"name": "API_HOST", "value": "` + setting + `"}], "portmappings": [{"containerport": 80, "protocol": "tcp"}]}]},
		"credentials": {"webserver": {"name": "NAME-cred", "secretstring": "{\"username\":\"supahman\",\"password\":\"` + password + `\"}"}},
		"serviceregistry": {"name": "NAME", "dnsconfig": {"namespaceid": "NAMESPACE", "dnsrecords": [{"ttl": 30, "type": "A"}]}},
		"service": {"servicename": "NAME", "desiredcount": 1},
		"tags": [{"key": "CreatedBy", "value": "netid"}]}`)
}
