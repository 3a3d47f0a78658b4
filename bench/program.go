package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pkg/errors"
)

// token is the shared token of the programs that are measured.
const token = "the-token-of-the-benchmark"

// build makes the binary as a release has it: static, stripped.
func build(ctx context.Context, directory string) (string, error) {
	binary := filepath.Join(directory, "ecs-api")
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	c.Stderr = os.Stderr
	return binary, errors.Wrap(c.Run(), "go build")
}

// plain is the configuration of a program without a sandbox. Nothing listens at its account's endpoint, and nothing is asked of it.
func plain() map[string]any {
	return map[string]any{"org": "bench", "token": token, "accounts": map[string]any{
		"dev": map[string]any{"region": "us-east-1", "akid": "none", "secret": "none", "endpoint": "http://127.0.0.1:9"},
	}}
}

// program is one at work.
type program struct {
	command *exec.Cmd
	address string
}

// start runs the binary until it answers a ping. Its log goes nowhere, but is written.
func start(ctx context.Context, binary, directory string, configuration map[string]any, flags ...string) (*program, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	configuration["listenAddress"] = address
	encoded, err := json.Marshal(configuration)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(directory, "config.json")
	if err := os.WriteFile(file, encoded, 0o600); err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, binary, append(flags, "-config", file)...)
	c.Dir = directory
	if err := c.Start(); err != nil {
		return nil, err
	}
	p := &program{command: c, address: address}
	if err := p.answers(ctx); err != nil {
		_ = p.stop()
		return nil, err
	}
	return p, nil
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// answers waits for the first pong.
func (p *program) answers(ctx context.Context) error {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(500 * time.Microsecond) {
		if w, err := http.Get("http://" + p.address + "/v1/ecs/ping"); err == nil {
			return w.Body.Close()
		}
	}
	return errors.New("the program does not serve")
}

func (p *program) stop() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.command.Wait()
}

// memory gives the resident set in MiB, now and at its largest; Linux only.
func (p *program) memory() (now, peak float64, err error) {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.command.Process.Pid), "status"))
	if err != nil {
		return 0, 0, err
	}
	for _, row := range strings.Split(string(status), "\n") {
		fields := strings.Fields(row)
		if len(fields) != 3 {
			continue
		}
		kib, _ := strconv.ParseFloat(fields[1], 64)
		switch fields[0] {
		case "VmRSS:":
			now = kib / 1024
		case "VmHWM:":
			peak = kib / 1024
		}
	}
	return now, peak, nil
}

func median[T int | float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
