//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ecs-api/sandbox"
)

// smallDisk gives a directory on a disk of its own, which only root can make.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatalf("a disk of %s cannot be mounted: %v", size, err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill takes all that is left of a disk, and gives what gives it back.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	name := filepath.Join(dir, "filler")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for block := make([]byte, 512); err == nil; {
		_, err = file.Write(block)
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	}
}

// refused holds that a process ends at once, with one clear line about its journal.
func refused(t *testing.T, p *process) {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		t.Fatalf("it serves:\n%s", p.log)
	}
	said := strings.TrimSpace(p.log.String())
	if p.status.ExitCode() != 1 || strings.Contains(said, "\n") || !strings.Contains(said, "journal") {
		t.Errorf("%v: %s", p.status, said)
	}
}

// TestAFullDiskAtTheStart: wherever the first start runs out of room, it says so in one line, and the next one, with room, begins as if it
// were the first.
func TestAFullDiskAtTheStart(t *testing.T) {
	for room := 0; room <= 64<<10; room += 4 << 10 {
		t.Run(fmt.Sprint(room, " bytes"), func(t *testing.T) {
			t.Parallel()
			aws, dir := newAWS(t, quick), smallDisk(t, "256k")
			free := fill(t, dir)
			if err := os.Truncate(filepath.Join(dir, "filler"), int64(256<<10-room)); err != nil {
				t.Fatal(err)
			}
			p := start(t, aws.account(), dir)
			if p.url == "" {
				refused(t, p)
				t.Logf("said: %s", strings.TrimSpace(p.log.String()))
			} else {
				p.kill()
			}
			free()
			p = start(t, aws.account(), dir)
			p.ready()
			p.stop()
		})
	}
}

func TestADiskThatBecomesFull(t *testing.T) {
	t.Parallel()
	aws, dir := newAWS(t, quick), smallDisk(t, "2m")
	p := start(t, aws.account(), dir)
	p.must(http.StatusOK, "POST", "/main/services", all)
	p.rested(time.Minute)
	free := fill(t, dir)
	// What the file has room for is still taken.
	made, status := 0, http.StatusOK
	var before sandbox.Inventory
	var answer []byte
	for i := 0; status == http.StatusOK && i < 200; i++ {
		time.Sleep(100 * time.Millisecond)
		before = aws.Inventory()
		var err error
		if status, answer, err = p.ask("POST", "/main/services", everything("myclu", fmt.Sprintf("s%d", i), "ns-y3uaw6neshhbev3f")); err != nil {
			t.Fatal(err)
		}
		made++
	}
	if status != http.StatusServiceUnavailable || !bytes.Contains(answer, []byte("journal")) {
		t.Fatalf("after %d creates on a full disk: %d %s", made, status, answer)
	}
	t.Logf("the write %d on the full disk is refused: %s", made, answer)
	if status, _, _ := p.ask("DELETE", www+"?recursive=true", ""); status != http.StatusServiceUnavailable {
		t.Errorf("a delete: status %d", status)
	}
	p.must(http.StatusOK, "GET", www+"?all=true", "")
	p.must(http.StatusOK, "GET", "/main/operations", "")
	p.must(http.StatusOK, "GET", "/readyz", "")
	time.Sleep(2 * time.Second)
	if diff := sandbox.Diff(shape(t, before), shape(t, aws.Inventory())); strings.Contains(diff, fmt.Sprintf("s%d", made-1)) || strings.Contains(diff, "- ") {
		t.Errorf("AWS has changed:\n%s", diff)
	}
	free()
	// What could not be written meanwhile is, though nobody writes.
	told := len(p.operations())
	time.Sleep(7 * time.Second)
	p.kill()
	p = start(t, aws.account(), dir)
	if kept := len(p.rested(time.Minute)); kept != told {
		t.Errorf("%d operations were told of, %d are kept", told, kept)
	}
	p.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
	p.must(http.StatusOK, "POST", "/main/services", everything("myclu", "healed", "ns-y3uaw6neshhbev3f"))
	p.rested(time.Minute)
	p.stop()
	p = start(t, aws.account(), dir)
	healed := false
	for _, op := range p.rested(time.Minute) {
		healed = healed || op.Verb == "DeleteService" && op.State == "succeeded"
	}
	if !healed {
		t.Errorf("what was done after the disk had room again is not in the journal: %+v", p.operations())
	}
	p.stop()
}

// TestADamagedJournal: a file that is cut or has a flipped bit is refused in one line, or holds nothing wrong; AWS stays as it is either
// way.
func TestADamagedJournal(t *testing.T) {
	t.Parallel()
	aws, dir := newAWS(t, quick), t.TempDir()
	p := start(t, aws.account(), dir)
	p.must(http.StatusOK, "POST", "/main/services", all)
	p.must(http.StatusOK, "POST", "/main/services", everything("myclu", "api", "ns-y3uaw6neshhbev3f"))
	p.rested(time.Minute)
	time.Sleep(2 * time.Second)
	p.stop()
	before := aws.Inventory()
	intact, err := os.ReadFile(filepath.Join(dir, "journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	damage := map[string]func([]byte) []byte{}
	for _, size := range []int{0, 1, 1000, 4096, 8192, len(intact) / 2, len(intact) - 4096, len(intact) - 1} {
		damage[fmt.Sprintf("cut to %d of %d bytes", size, len(intact))] = func(b []byte) []byte { return b[:size] }
	}
	for at := 0; at < len(intact); at += 1 + len(intact)/40 {
		damage[fmt.Sprintf("a bit of byte %d", at)] = func(b []byte) []byte {
			b[at] ^= 1 << (at % 8)
			return b
		}
	}
	damage["zeroes in the middle"] = func(b []byte) []byte {
		clear(b[len(b)/3 : len(b)/2])
		return b
	}
	turned := 0
	for name, spoil := range damage {
		spoilt := t.TempDir()
		for file, content := range map[string][]byte{"journal.db": spoil(bytes.Clone(intact)), "journal.key": bytes.Repeat([]byte{1}, 32)} {
			if err := os.WriteFile(filepath.Join(spoilt, file), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p := start(t, aws.account(), spoilt)
		if p.url == "" {
			turned++
			refused(t, p)
			continue
		}
		p.ready()
		if all := p.rested(time.Minute); len(all) != 2 {
			t.Errorf("%s: it serves with %d operations", name, len(all))
		}
		p.stop()
	}
	if diff := sandbox.Diff(before, aws.Inventory()); diff != "" {
		t.Errorf("AWS has changed:\n%s", diff)
	}
	if turned == 0 {
		t.Error("no damage was noticed")
	}
	t.Logf("%d of %d damaged files are refused, the others are whole where it matters", turned, len(damage))
}

// TestSyncsOfACreate counts what the kernel is asked, not what the journal believes.
func TestSyncsOfACreate(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal(err)
	}
	t.Parallel()
	aws := newAWS(t, quick)
	p := start(t, aws.account(), t.TempDir())
	trace := filepath.Join(t.TempDir(), "trace")
	tracer := exec.Command("strace", "-f", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o", trace, "-p", fmt.Sprint(p.pid))
	if err := tracer.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second)
	p.must(http.StatusOK, "POST", "/main/services", all)
	p.rested(time.Minute)
	time.Sleep(3 * time.Second)
	_ = tracer.Process.Signal(syscall.SIGINT)
	_ = tracer.Wait()
	traced, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	count := strings.Count(string(traced), "sync(") // the resumed half of an interrupted line has none
	if count == 0 {
		t.Fatalf("nothing was traced: %s", traced)
	}
	if count > 5 {
		t.Errorf("%d syncs:\n%s", count, traced)
	}
	t.Logf("%d syncs", count)
	p.stop()
}
