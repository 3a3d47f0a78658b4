package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
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
)

// asMain makes the test binary the program itself, for tests of signals and exit statuses.
const asMain = "ECS_API_TEST_AS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
	}
	os.Exit(m.Run())
}

// command is the program in a directory of its own, where there is no default configuration.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), asMain+"=1")
	c.Dir = t.TempDir()
	return c
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const onFreePorts = `{"listenAddress":"127.0.0.1:0","org":"localdev"}`

func TestMisuseIsOneLineAndStatus2(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"unknown flag":        {[]string{"-nope"}, "flag provided but not defined: -nope"},
		"not yet":             {[]string{"-new-token", "ci"}, "-new-token is not available yet"},
		"argument":            {[]string{"serve"}, `unexpected argument "serve"`},
		"no file":             {nil, "or try -sandbox, which needs none: config/config.json: no such file or directory"},
		"named file missing":  {[]string{"-sandbox", "-config", "nowhere.json"}, "nowhere.json: no such file or directory"},
		"unknown key":         {[]string{"-config", write(t, "c.json", `{"listenAdress":":1"}`)}, "listenAdress: unknown key"},
		"missing token":       {[]string{"-config", write(t, "c.json", onFreePorts)}, "token: missing"},
		"bad value, sandbox":  {[]string{"-sandbox", "-config", write(t, "c.json", `{"org":"x","logLevel":"loud"}`)}, "logLevel: must be one of"},
		"missing certificate": {[]string{"-sandbox", "-config", write(t, "c.json", `{"org":"x","tls":{"cert":"a","key":"b"}}`)}, "tls: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := command(t, test.args...)
			var out, errs bytes.Buffer
			c.Stdout, c.Stderr = &out, &errs
			_ = c.Run() // its status is looked at
			if c.ProcessState.ExitCode() != 2 || strings.Count(errs.String(), "\n") != 1 || !strings.Contains(errs.String(), test.want) || out.Len() != 0 {
				t.Errorf("status %d, stdout %q, stderr %q", c.ProcessState.ExitCode(), &out, &errs)
			}
		})
	}
}

func TestTakenAddressIsStatus1(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	err = Run(t.Context(), nil, []string{"-sandbox", "-config", write(t, "c.json", `{"org":"x","listenAddress":"`+listener.Addr().String()+`"}`)}, os.Getenv, io.Discard, io.Discard)
	if exitStatus(err) != 1 || !strings.Contains(err.Error(), "listenAddress") {
		t.Errorf("got %v", err)
	}
}

func TestVersionAndHelp(t *testing.T) {
	for flag, want := range map[string]string{"-version": "ecs-api dev (unknown, built unknown)\n", "-h": "-sandbox"} {
		var out bytes.Buffer
		if err := Run(t.Context(), nil, []string{flag}, os.Getenv, &out, io.Discard); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%s: %v %q", flag, err, &out)
		}
	}
}

// running is the program at work in this process.
type running struct {
	api, aws, token string
	curls           []string
	stop            context.CancelFunc
	ended           func() error
	stderr          *bytes.Buffer // to be read after ended
}

// start runs the program with a sandbox until the test ends, and reads what it prints.
func start(t *testing.T, configuration string) *running {
	t.Helper()
	return startWith(t, configuration, nil)
}

func startWith(t *testing.T, configuration string, hangups <-chan os.Signal) *running {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	r := &running{stop: stop, stderr: &bytes.Buffer{}}
	done := make(chan error, 1)
	go func() {
		err := Run(ctx, hangups, []string{"-sandbox", "-config", write(t, "config.json", configuration)}, os.Getenv, writer, r.stderr)
		_ = writer.CloseWithError(io.ErrUnexpectedEOF)
		done <- err
	}()
	r.ended = sync.OnceValue(func() error { return <-done })
	t.Cleanup(func() {
		stop()
		_ = r.ended()
	})
	lines := bufio.NewScanner(reader)
	lines.Buffer(nil, 1<<20)
	for len(r.curls) < 3 && lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "api":
			r.api = rest
		case "aws":
			r.aws = rest
		case "token":
			r.token = rest
		case "curl":
			r.curls = append(r.curls, lines.Text())
		}
	}
	if r.api == "" || r.aws == "" || len(r.curls) != 3 {
		t.Fatalf("printed %+v; log: %s; %v", r, r.stderr, r.ended())
	}
	return r
}

func (r *running) ask(method, path, body string) (*http.Response, error) {
	request, err := http.NewRequest(method, r.api+"/v1/ecs"+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+r.token)
	return http.DefaultClient.Do(request)
}

func TestSandboxServesAndStops(t *testing.T) {
	r := start(t, onFreePorts)
	for path, want := range map[string]string{"/ping": "pong", "/readyz": `"sandbox":{"ready":true}`, "/version": `"version":"dev"`} {
		w, err := r.ask("GET", path, "")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(w.Body)
		w.Body.Close()
		if w.StatusCode != 200 || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %s", path, w.StatusCode, body)
		}
	}
	r.stop()
	if err := r.ended(); err != nil {
		t.Error(err)
	}
	if _, err := r.ask("GET", "/ping", ""); err == nil {
		t.Error("still listening")
	}
	if _, err := http.Get(r.aws); err == nil {
		t.Error("the sandbox still listens")
	}
	if strings.Contains(r.stderr.String(), r.token) {
		t.Error("the token is in the log")
	}
}

func TestPrintedLinesWorkWhenPasted(t *testing.T) {
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	r := start(t, `{"listenAddress":"127.0.0.1:0","org":"localdev","sandbox":{"speed":100}}`)
	for i, want := range []string{"ServiceDiscoveryService", "ServiceEndpoint", "Service"} {
		out, err := exec.Command("bash", "-c", r.curls[i]).CombinedOutput()
		var answer map[string]any
		if err != nil || json.Unmarshal(out, &answer) != nil || answer[want] == nil {
			t.Fatalf("%s\n%v %s", r.curls[i], err, out)
		}
	}
}

func TestConfiguredTokenIsNotPrinted(t *testing.T) {
	r := start(t, `{"listenAddress":"127.0.0.1:0","org":"localdev","token":"configured-token"}`)
	if r.token != "" || strings.Contains(strings.Join(r.curls, ""), "configured-token") || !strings.Contains(r.curls[0], "$ECS_API_TOKEN") {
		t.Errorf("printed %q %q", r.token, r.curls)
	}
}

// TestWhatIsInFlightIsAnswered stops the program while a create, slowed by the sandbox's latency, is at work.
func TestWhatIsInFlightIsAnswered(t *testing.T) {
	r := start(t, `{"listenAddress":"127.0.0.1:0","org":"localdev","sandbox":{"latency":"200ms"}}`)
	status := make(chan int, 1)
	go func() {
		w, err := r.ask("POST", "/sandbox/services", sandboxService)
		if err != nil {
			t.Error(err)
			status <- 0
			return
		}
		w.Body.Close()
		status <- w.StatusCode
	}()
	for busy := false; !busy; { // until the API has begun to ask AWS
		w, err := r.ask("GET", "/metrics", "")
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(w.Body)
		w.Body.Close()
		busy = bytes.Contains(text, []byte(`ecs_api_aws_calls_total{operation="DescribeClusters"`))
	}
	began := time.Now()
	r.stop()
	if err := r.ended(); err != nil {
		t.Error(err)
	}
	if got := <-status; got != 200 {
		t.Errorf("the create was answered %d", got)
	}
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("stopping took %v", took)
	}
}

func TestSignalEndsTheProcess(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		c := command(t, "-sandbox", "-config", write(t, "config.json", onFreePorts))
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		lines.Scan() // it serves
		_ = c.Process.Signal(signal)
		for lines.Scan() {
		}
		if err := c.Wait(); err != nil {
			t.Errorf("%v: %v", signal, err)
		}
	}
}

func TestTLS(t *testing.T) {
	cert, key, pool := certificate(t)
	configuration, _ := json.Marshal(map[string]any{"listenAddress": "127.0.0.1:0", "org": "localdev", "tls": map[string]string{"cert": cert, "key": key}})
	r := start(t, string(configuration))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer client.CloseIdleConnections()
	w, err := client.Get(r.api + "/v1/ecs/ping")
	if err != nil || !strings.HasPrefix(r.api, "https://") {
		t.Fatal(r.api, err)
	}
	w.Body.Close()
}

func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	parsed, _ := x509.ParseCertificate(der)
	pool.AddCert(parsed)
	cert = write(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	key = write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})))
	return cert, key, pool
}
