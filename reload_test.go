package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ecs-api/journal"
)

// journalled is a log that is read while it is written.
type journalled struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journalled) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journalled) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// line is what a line of the log says of a configuration that was read again.
type line struct {
	Level, Msg, Error string
	Keys              []string
}

// process is the program in a process of its own, with a sandbox.
type process struct {
	*testing.T
	command *exec.Cmd
	file    string
	api     string
	log     *journalled
	told    int // how many lines about configurations were read of the log
}

func launch(t *testing.T, configuration string) *process {
	t.Helper()
	p := &process{T: t, file: write(t, "config.json", configuration), log: &journalled{}}
	p.command = command(t, "-sandbox", "-config", p.file)
	p.command.Stderr = p.log
	out, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.command.Process.Kill()
		_ = p.command.Wait()
	})
	lines := bufio.NewScanner(out)
	for p.api == "" && lines.Scan() {
		p.api, _ = strings.CutPrefix(lines.Text(), "api ")
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return p
}

func (p *process) status(method, path, token, body string) int {
	p.Helper()
	request, err := http.NewRequest(method, p.api+"/v1/ecs"+path, strings.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	w, err := http.DefaultClient.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	w.Body.Close()
	return w.StatusCode
}

// hangup has the process read another configuration, and gives what it says of it.
func (p *process) hangup(configuration string) (said []line) {
	p.Helper()
	if err := os.WriteFile(p.file, []byte(configuration), 0o600); err != nil {
		p.Fatal(err)
	}
	if err := p.command.Process.Signal(syscall.SIGHUP); err != nil {
		p.Fatal(err)
	}
	for range 500 {
		said = nil
		for text := range strings.Lines(p.log.String()) {
			var one line
			if json.Unmarshal([]byte(text), &one) == nil && strings.Contains(one.Msg, "configuration") {
				said = append(said, one)
			}
		}
		said = said[min(p.told, len(said)):]
		if n := len(said); n > 0 && said[n-1].Level != "warning" {
			p.told += n
			return said
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.Fatalf("nothing is said of the configuration:\n%s", p.log)
	return nil
}

func TestAHangupReadsTheConfigurationAgain(t *testing.T) {
	t.Parallel()
	const services = "/sandbox/clusters/none/services"
	p := launch(t, `{"listenAddress":"127.0.0.1:0","org":"localdev","token":"the-first-token"}`)
	if got := p.status("GET", services, "the-first-token", ""); got != http.StatusNotFound {
		t.Fatalf("status %d", got)
	}

	said := p.hangup(`{"listenAddress":"127.0.0.1:0","org":"localdev","token":"the-second-token","logLevel":"debug","limits":{"bodyBytes":100,"answerTimeout":"1s"}}`)
	if want := []string{"limits.answerTimeout", "limits.bodyBytes", "logLevel", "token"}; len(said) != 1 || said[0].Level != "info" || !slices.Equal(said[0].Keys, want) {
		t.Errorf("said %+v", said)
	}
	for token, want := range map[string]int{"the-first-token": http.StatusForbidden, "the-second-token": http.StatusNotFound} {
		if got := p.status("GET", services, token, ""); got != want {
			t.Errorf("with %s: %d", token, got)
		}
	}
	if got := p.status("POST", "/sandbox/services", "the-second-token", strings.Repeat(" ", 101)); got != http.StatusRequestEntityTooLarge {
		t.Errorf("a body over the new limit: %d", got)
	}
	if !strings.Contains(p.log.String(), `"action":"DescribeClusters"`) {
		t.Error("the log's level has not changed")
	}

	bad := map[string]string{
		`{"org":"localdev","token":"the-third-token","logLevel":"loud"}`: "logLevel",
		`{"org":`: "config.json", `{"org":"localdev","token":"short"}`: "token",
	}
	for configuration, want := range bad {
		if said := p.hangup(configuration); len(said) != 1 || said[0].Level != "error" || !strings.Contains(said[0].Error, want) {
			t.Errorf("%s: said %+v", configuration, said)
		}
	}
	if got := p.status("GET", services, "the-second-token", ""); got != http.StatusNotFound {
		t.Errorf("after a bad configuration: %d", got)
	}

	fixed := `{"listenAddress":"127.0.0.1:1","org":"another","token":"the-second-token","logLevel":"debug","limits":{"bodyBytes":100,"answerTimeout":"1s"},
		"accounts":{"dev":{"region":"us-east-1"}},"journal":{"store":"none"},"stateDir":"elsewhere"}`
	for range 2 { // said each time, for as long as it waits
		said := p.hangup(fixed)
		if len(said) != 2 || said[0].Level != "warning" || len(said[1].Keys) != 0 {
			t.Fatalf("said %+v", said)
		}
		for _, key := range []string{"listenAddress", "org", "accounts.dev.region", "journal.store", "stateDir"} {
			if !slices.Contains(said[0].Keys, key) {
				t.Errorf("%s is not named: %v", key, said[0].Keys)
			}
		}
	}
	if err := os.Remove(p.file); err != nil {
		t.Fatal(err)
	}
	_ = p.command.Process.Signal(syscall.SIGHUP)
	if got := p.status("GET", services, "the-second-token", ""); got != http.StatusNotFound {
		t.Errorf("without a file: %d", got)
	}
	for _, token := range []string{"the-first-token", "the-second-token", "the-third-token"} {
		if strings.Contains(p.log.String(), token) {
			t.Errorf("the log holds %s", token)
		}
	}
}

func TestAHangupOfASandboxWithoutATokenKeepsItsOwn(t *testing.T) {
	hangups := make(chan os.Signal)
	r := startWith(t, onFreePorts, hangups)
	hangups <- syscall.SIGHUP
	hangups <- syscall.SIGHUP // taken once the first is done with
	w, err := r.ask("GET", "/sandbox/operations", "")
	if err != nil {
		t.Fatal(err)
	}
	w.Body.Close()
	if w.StatusCode != http.StatusOK {
		t.Errorf("status %d", w.StatusCode)
	}
}

// The log of a whole run at debug level, in which everything is asked and refused, holds no secret.
func TestTheLogHoldsNoSecret(t *testing.T) {
	r := start(t, `{"listenAddress":"127.0.0.1:0","org":"localdev","token":"configured-token","logLevel":"debug","sandbox":{"speed":100}}`)
	r.token = "configured-token"
	www := "/sandbox/clusters/myclu/services/www"
	for _, call := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/sandbox/services", sandboxService, 200},
		{"POST", "/sandbox/services", sandboxService, 409},
		{"POST", "/sandbox/services", strings.ReplaceAll(sandboxService, `"myclu"`, `"other"`), 409}, // undone: its registry's name is taken
		{"POST", "/sandbox/services", strings.ReplaceAll(sandboxService, `"256"`, `"1"`), 400},
		{"POST", "/sandbox/services", sandboxService[1:], 400},
		{"GET", www + "?all=true", "", 200},
		{"GET", "/sandbox/operations", "", 200},
		{"GET", "/sandbox/leftovers", "", 200},
		{"DELETE", www + "?recursive=true", "", 200},
		{"POST", "/sandbox/services?dryRun=true", sandboxService, 400},
	} {
		w, err := r.ask(call.method, call.path, call.body)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(w.Body)
		w.Body.Close()
		if w.StatusCode != call.status {
			t.Errorf("%s %s: %d %s", call.method, call.path, w.StatusCode, answer)
		}
		if bytes.Contains(answer, []byte("dontkryptonitemebro")) || bytes.Contains(answer, []byte(r.token)) {
			t.Errorf("%s %s: the answer holds a secret", call.method, call.path)
		}
	}
	r.stop()
	if err := r.ended(); err != nil {
		t.Error(err)
	}
	for _, secret := range []string{r.token, "dontkryptonitemebro", "supahman", "localhost\""} {
		if strings.Contains(r.stderr.String(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
	for _, wanted := range []string{`"action":"CreateSecret"`, `"msg":"step"`, `"msg":"operation"`, `"msg":"answered"`} {
		if !strings.Contains(r.stderr.String(), wanted) {
			t.Errorf("the log has no line with %s", wanted)
		}
	}
}

func TestAProbedAccountIsToldOfOnce(t *testing.T) {
	t.Parallel()
	p := launch(t, `{"listenAddress":"127.0.0.1:0","org":"localdev","token":"the-first-token",
		"accounts":{"gone":{"region":"us-east-1","akid":"none","secret":"none","endpoint":"http://127.0.0.1:9"}}}`)
	for range 2 {
		if got := p.status("GET", "/readyz", "", ""); got != http.StatusOK {
			t.Errorf("status %d", got)
		}
	}
	if n := strings.Count(p.log.String(), "the account is not ready"); n != 1 {
		t.Errorf("it is said %d times that the account is not ready:\n%s", n, p.log)
	}
	if n := strings.Count(p.log.String(), "the account is ready"); n != 1 {
		t.Errorf("it is said %d times that the account is ready", n)
	}
}

// TestToldToStopWhileItWaitsForTheJournal: a predecessor that does not let go does not keep a process from ending well.
func TestToldToStopWhileItWaitsForTheJournal(t *testing.T) {
	dir := t.TempDir()
	held, err := journal.OpenFile(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Close() }()
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	began := time.Now()
	configuration, _ := json.Marshal(map[string]any{"listenAddress": "127.0.0.1:0", "org": "localdev", "stateDir": dir})
	err = Run(ctx, nil, []string{"-sandbox", "-config", write(t, "config.json", string(configuration))}, os.Getenv, io.Discard, io.Discard)
	if took := time.Since(began); err != nil || took > 5*time.Second {
		t.Errorf("error %v after %v", err, took)
	}
}
