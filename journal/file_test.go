package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ecs-api/orchestration/plan"

	bolt "go.etcd.io/bbolt"
)

func operation(id string) Operation {
	return Operation{ID: id, Verb: "CreateService", Account: "main", Cluster: "myclu", State: Running, StartedAt: time.Now().UTC(),
		Progress: plan.Progress{Steps: []plan.Step{{Name: "cluster", State: plan.Waiting}}}}
}

func open(t *testing.T, dir string) *File {
	t.Helper()
	f, err := OpenFile(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestASavedOperationSurvives(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir)
	if err := f.Save(operation("a"), true); err != nil {
		t.Fatal(err)
	}
	changed := operation("a")
	changed.State = Succeeded
	if err := f.Save(changed, false); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir)
	defer again.Close()
	op, ok := again.Get("a")
	if !ok || op.State != Succeeded || len(op.Steps) != 1 || op.Steps[0].Name != "cluster" {
		t.Errorf("found %v: %+v", ok, op)
	}
	info, err := os.Stat(filepath.Join(dir, fileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
}

func TestADurableSaveIsOnDiskWhenItReturns(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir)
	defer f.Close()
	if err := f.Save(operation("a"), true); err != nil {
		t.Fatal(err)
	}
	// What a process that dies now leaves behind.
	left, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir()
	if err := os.WriteFile(filepath.Join(copied, fileName), left, 0o600); err != nil {
		t.Fatal(err)
	}
	after := open(t, copied)
	defer after.Close()
	if _, ok := after.Get("a"); !ok {
		t.Error("the operation is not on disk")
	}
}

func TestSavesAtOnceShareCommits(t *testing.T) {
	f := open(t, t.TempDir())
	defer f.Close()
	held, err := f.db.Begin(true) // a commit that is under way while all of them come
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var come atomic.Int32
	for i := range 200 {
		all.Go(func() {
			r, _ := recordOf(operation(fmt.Sprint(i)))
			committed, err := f.enqueue(r, true)
			if come.Add(1) == 200 {
				_ = held.Rollback()
			}
			if err != nil || <-committed != nil {
				t.Errorf("operation %d is not written", i)
			}
		})
	}
	all.Wait()
	if commits := f.Commits(); commits > 2 {
		t.Errorf("200 saves took %d commits", commits)
	}
	if all, err := f.List(Filter{}); err != nil || len(all) != 200 {
		t.Errorf("%d operations, error %v", len(all), err)
	}
}

func TestASaveThatNeedNotBeDurableIsWrittenALittleLater(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := open(t, dir)
		defer f.Close()
		if err := f.Save(operation("a"), false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * idle)
		synctest.Wait()
		if f.Commits() != 1 {
			t.Errorf("%d commits", f.Commits())
		}
	})
}

func TestWhatEndedLongAgoIsForgotten(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := open(t, dir)
		defer func() { _ = f.Close() }()
		old, running, pending := operation("old"), operation("running"), operation("pending")
		now := time.Now()
		old.EndedAt, old.State = &now, Succeeded
		pending.EndedAt, pending.State, pending.Retirements = &now, Succeeded, []plan.Step{{State: plan.Postponed}}
		_, _, _ = f.Save(old, true), f.Save(running, true), f.Save(pending, true)
		time.Sleep(keep + 2*purgeEvery)
		synctest.Wait()
		if _, ok := f.Get("old"); ok {
			t.Error("an operation that ended more than 30 days ago is kept")
		}
		_ = f.Close()
		f = open(t, dir)
		if !f.Knows("old") || f.Knows("never") {
			t.Error("an operation that succeeded long ago is not known any more")
		}
		if _, ok := f.Get("running"); !ok {
			t.Error("an operation that has not ended is forgotten")
		}
		if _, ok := f.Get("pending"); !ok {
			t.Error("an operation is forgotten, and with it what it has yet to retire")
		}
	})
}

func TestANewerSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir)
	if err := f.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(metaBucket).Put(schemaKey, []byte("2")) }); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	if _, err := OpenFile(dir); err == nil || !strings.Contains(err.Error(), "schema") {
		t.Errorf("error %v", err)
	}
}

func TestADirectoryThatCannotBeWrittenIsOneLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFile(path); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
}

// The key is there whole or not at all, so that a start on a full disk does not spoil the next one; one that is damaged is said to be.
func TestTheKeyIsWhole(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir)
	digest := f.Digest("value")
	_ = f.Close()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	info, failed := os.Stat(filepath.Join(dir, keyName))
	if err != nil || failed != nil || len(names) != 2 || info.Mode().Perm() != 0o600 {
		t.Errorf("%q, mode %v", names, info.Mode())
	}
	f = open(t, dir)
	if f.Digest("value") != digest {
		t.Error("the key is another after a restart")
	}
	_ = f.Close()
	if err := os.WriteFile(filepath.Join(dir, keyName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFile(dir); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("error %v", err)
	}
}

// damaged gives a directory with a journal of a hundred operations, changed by spoil.
func damaged(t *testing.T, intact []byte, spoil func([]byte) []byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileName), spoil(bytes.Clone(intact)), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func intact(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	f := open(t, dir)
	for i := range 100 {
		op := operation(fmt.Sprint(i))
		op.Asked = json.RawMessage(`"` + strings.Repeat("x", 500) + `"`)
		if err := f.Save(op, i%10 == 0); err != nil {
			t.Fatal(err)
		}
	}
	_ = f.Close()
	content, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestATruncatedJournalIsRefused(t *testing.T) {
	whole := intact(t)
	for _, size := range []int{0, 1, 100, 4096, 8192, 12288, len(whole) / 2, len(whole) - 4096, len(whole) - 1} {
		f, err := OpenFile(damaged(t, whole, func(b []byte) []byte { return b[:size] }))
		if err == nil {
			// The end of the file may be pages that nothing is on yet: then all is there.
			if all, listed := f.List(Filter{}); listed != nil || len(all) != 100 {
				t.Errorf("truncated to %d bytes: opened with %d operations", size, len(all))
			}
			_ = f.Close()
			continue
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("truncated to %d bytes: %v", size, err)
		}
	}
}

// A bit that flips is either noticed, or was on a page that holds nothing any more; then every operation is as it was.
func TestAFlippedBitIsNoticedOrHarmless(t *testing.T) {
	whole := intact(t)
	noticed := 0
	for at := 0; at < len(whole); at += 389 {
		f, err := OpenFile(damaged(t, whole, func(b []byte) []byte {
			b[at] ^= 1 << (at % 8)
			return b
		}))
		if err != nil {
			noticed++
			continue
		}
		all, err := f.List(Filter{})
		if err != nil {
			t.Errorf("bit in byte %d: %v", at, err)
		}
		for _, op := range all {
			if op.State != Running || op.Account != "main" || len(op.Steps) != 1 {
				t.Errorf("bit in byte %d: operation %+v", at, op)
			}
		}
		_ = f.Close()
	}
	if noticed == 0 {
		t.Error("no flipped bit was noticed")
	}
	t.Logf("%d of %d flips noticed", noticed, len(whole)/389)
}
