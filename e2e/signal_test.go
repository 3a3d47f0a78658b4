//go:build e2e

package e2e

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"ecs-api/sandbox"
)

// TestTerminatedDuringACreate: who has asked for a service gets it, and the process ends well and in time.
func TestTerminatedDuringACreate(t *testing.T) {
	t.Parallel()
	for _, at := range []point{{"ecs", "DescribeClusters", 1, true}, {"ecs", "CreateCluster", 1, true}, {"ecs", "RegisterTaskDefinition", 1, false}, {"ecs", "CreateService", 1, true}} {
		t.Run(at.String(), func(t *testing.T) {
			t.Parallel()
			aws := newAWS(t, sandbox.Options{Latency: 150 * time.Millisecond, Speed: 30})
			p := start(t, aws.account(), t.TempDir())
			aws.swept(t)
			aws.OnCall(func(call sandbox.Call, before bool) {
				if call.Service == at.Service && call.Operation == at.Operation && before == at.Before {
					p.signal(syscall.SIGTERM)
				}
			})
			began := time.Now()
			status, answer, err := p.ask("POST", "/main/services", all)
			<-p.ended
			took := time.Since(began)
			if err != nil || status != http.StatusOK || p.status.ExitCode() != 0 || took > 25*time.Second {
				t.Errorf("status %d, error %v, exit %v after %v: %s\n%s", status, err, p.status, took, answer, tail(p.log.String()))
			}
			t.Logf("status %d, exit %d after %v", status, p.status.ExitCode(), took.Round(time.Millisecond))
		})
	}
}

// TestTerminatedDuringARecursiveDelete: a service that drains for longer than a process may take to end is left to the next one.
func TestTerminatedDuringARecursiveDelete(t *testing.T) {
	t.Parallel()
	aws, dir := newAWS(t, sandbox.Options{Speed: 0.03}), t.TempDir() // it drains for more than half a minute
	empty := aws.Inventory()
	p := start(t, aws.account(), dir)
	p.must(http.StatusOK, "POST", "/main/services", all)
	p.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
	if took := p.stop(); took > 25*time.Second {
		t.Errorf("it took %v to stop", took)
	} else {
		t.Logf("stopped after %v", took.Round(time.Millisecond))
	}
	if sandbox.Diff(empty, aws.Inventory()) == "" {
		t.Error("the service had drained already")
	}
	p = start(t, aws.account(), dir)
	p.ready()
	working := false
	for _, op := range p.operations() {
		working = working || op.EndedAt == nil
	}
	if !working {
		t.Error("ready means that all is recovered: it should not have to")
	}
	began := time.Now()
	defer func() { t.Logf("the next one was at it for %v", time.Since(began).Round(time.Millisecond)) }()
	for _, op := range p.rested(5 * time.Minute) {
		if op.State != "succeeded" {
			t.Errorf("%s is %s", op.Verb, op.State)
		}
	}
	if diff := sandbox.Diff(empty, aws.Inventory()); diff != "" {
		t.Errorf("left:\n%s", diff)
	}
	p.stop()
}
