package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ecs-api/journal"
	"ecs-api/sandbox"
)

// setting is the value of an environment variable: as likely as not a secret.
const setting = "a-value-of-the-environment"

// kept starts the service anew on a journal in dir.
func (w *world) kept(dir string) *journal.File {
	w.Helper()
	file, err := journal.OpenFile(dir)
	if err != nil {
		w.Fatal(err)
	}
	w.start(file, nil)
	return file
}

// A create costs few writes to the disk: one before its first call, and what it learns rides along in one more.
func TestACreateCostsFewSyncs(t *testing.T) {
	inWorld(t, func(w *world) {
		file := w.kept(w.TempDir())
		before := file.Commits()
		w.must(http.StatusOK, "POST", "/services", everything)
		if n := file.Commits() - before; n > 1 {
			w.Errorf("%d commits before the answer", n)
		}
		w.ended()
		if n := 2 * (file.Commits() - before); n > 5 {
			w.Errorf("%d syncs", n)
		}
	})
}

// Creates at once share their writes.
func TestCreatesAtOnceShareCommits(t *testing.T) {
	inWorld(t, func(w *world) {
		const many, levels = 200, 3
		w.aws.SetLatency(0) // what they share is not due to their waiting for AWS
		file := w.kept(w.TempDir())
		before := file.Commits()
		var all sync.WaitGroup
		for i := range many {
			all.Go(func() {
				request := strings.NewReplacer(`"myclu"`, fmt.Sprintf(`"c%d"`, i), `"www"`, fmt.Sprintf(`"w%d"`, i), "webservers", fmt.Sprintf("f%d", i), "myapp-webserver-cred", fmt.Sprintf("s%d", i)).Replace(everything)
				if a := w.send("POST", "/services", request); a.status != http.StatusOK {
					w.Errorf("%d: %d %s", i, a.status, a.body)
				}
			})
		}
		all.Wait()
		w.ended()
		n := file.Commits() - before
		if n >= levels*100 {
			w.Errorf("%d creates took %d commits", many, n)
		}
		w.Logf("%d creates took %d commits", many, n)
	})
}

// What the journal keeps of requests, answers and failures holds neither a secret value, nor a value of the environment, nor a token.
func TestTheJournalHoldsNoSecret(t *testing.T) {
	inWorld(t, func(w *world) {
		dir := w.TempDir()
		file := w.kept(dir)
		secretive := strings.NewReplacer(`"localhost"`, `"`+setting+`"`).Replace(everything)
		splunk := strings.NewReplacer(`"www"`, `"api"`, `"webservers"`, `"apiservers"`, "myapp-webserver-cred", "api-cred", `"logDriver": "awslogs"`, `"logDriver": "splunk"`,
			`"awslogs-region": "us-east-1"`, `"splunk-token": "`+setting+`", "splunk-url": "https://splunk"`).Replace(secretive)
		w.must(http.StatusOK, "POST", "/services", secretive)
		w.must(http.StatusOK, "POST", "/services", splunk)
		w.aws.Inject(sandbox.Fault{Service: "ecs", Operation: "CreateService", Kind: sandbox.Refused})
		w.must(http.StatusForbidden, "POST", "/services", strings.NewReplacer("www", "third", "webservers", "thirdservers", "myapp-webserver-cred", "third-cred").Replace(secretive))
		w.ended()
		w.aws.ClearFaults()
		w.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
		w.ended()
		told := w.must(http.StatusOK, "GET", "/operations", "").body
		if err := file.Close(); err != nil {
			w.Fatal(err)
		}
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(names) < 2 {
			w.Fatalf("%v, error %v", names, err)
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				w.Fatal(err)
			}
			for _, secret := range []string{password, setting, token, "supahman", "splunk://"} {
				if bytes.Contains(content, []byte(secret)) {
					w.Errorf("%s holds %s", filepath.Base(name), secret)
				}
			}
			if filepath.Base(name) == "journal.db" && !bytes.Contains(content, []byte("hmac-sha256:")) {
				w.Error("nothing of the requests is kept")
			}
		}
		for _, secret := range []string{password, setting, token} {
			if bytes.Contains(told, []byte(secret)) {
				w.Errorf("the operations tell %s", secret)
			}
		}
	})
}

// unwritable is a journal whose disk is full.
type unwritable struct {
	journal.Journal
	mu   sync.Mutex
	full bool
}

func (u *unwritable) Save(op journal.Operation, durable bool) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.full {
		return fmt.Errorf("no space left on device")
	}
	return u.Journal.Save(op, durable)
}

func (u *unwritable) set(full bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.full = full
}

// A journal that cannot be written takes no new writes, and AWS stays as it is; reads go on, and so do writes once it can be written again.
func TestAJournalThatCannotBeWritten(t *testing.T) {
	inWorld(t, func(w *world) {
		disk := &unwritable{Journal: journal.NewMemory()}
		w.start(disk, nil)
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
		before := w.aws.Inventory()
		disk.set(true)
		second := strings.NewReplacer(`"www"`, `"api"`, "webservers", "apiservers", "myapp-webserver-cred", "api-cred").Replace(everything)
		for _, write := range []answer{w.send("POST", "/services", second), w.send("DELETE", www+"?recursive=true", "")} {
			if write.status != http.StatusServiceUnavailable {
				w.Errorf("%d %s", write.status, write.body)
			}
		}
		w.must(http.StatusOK, "GET", www, "")
		w.must(http.StatusOK, "GET", "/operations", "")
		time.Sleep(time.Minute)
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Errorf("AWS has changed:\n%s", diff)
		}
		disk.set(false)
		w.must(http.StatusOK, "POST", "/services", second)
		w.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
		w.ended()
	})
}
