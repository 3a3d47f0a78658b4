package api_test

import (
	"net/http"
	"testing"
	"time"

	"ecs-api/sandbox"
)

// A process starts on what could not be released, and a request for the name is at work before that is tried again.
func TestALateOneIsNotGivenUp(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		m := w.born(w.TempDir(), 0, false)
		w.denied("secretsmanager", "DeleteSecret")
		w.aws.Inject(sandbox.Fault{Service: "ecs", Operation: "CreateService", Nth: 1, Kind: sandbox.Refused})
		w.must(http.StatusForbidden, "POST", "/services", everything)
		time.Sleep(20 * time.Second)
		// Another write on the service is at work as the process dies, so the one that is late waits for it.
		m.cord.mu.Lock()
		m.cord.at, m.cord.after = m.cord.calls+14, true
		m.cord.mu.Unlock()
		w.send("POST", "/services", inFamily("www"))
		if !m.buried() {
			w.Fatal("the process did not die")
		}
		w.aws.ClearFaults()
		w.born(m.left, 0, false)
		for range 40 { // a caller who asks until it is done
			if a := w.send("POST", "/services", inFamily("www")); a.status == http.StatusOK {
				break
			}
			time.Sleep(time.Second)
		}
		time.Sleep(4 * time.Hour)
		w.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}
