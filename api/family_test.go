package api_test

import (
	"net/http"
	"testing"
	"time"

	"ecs-api/sandbox"
)

// onBare asks for a service on the older revision of the family bare.
const onBare = `{"service": {"cluster": "bare", "desiredcount": 1, "servicename": "www", "taskdefinition": "bare:1"}}`

// A family's delete that could not deregister a revision leaves it, when it comes back to it, to the service that was made on it since.
func TestALateDeleteOfAFamilyKeepsWhatIsUsed(t *testing.T) {
	inWorld(t, func(w *world) {
		registeredTwice(w)
		clustered(w)
		w.aws.Inject(sandbox.Fault{Service: "ecs", Operation: "DeregisterTaskDefinition", Nth: 2, Kind: sandbox.Refused})
		w.must(http.StatusOK, "DELETE", "/taskdefs/bare", "")
		time.Sleep(10 * time.Second)
		w.must(http.StatusOK, "POST", "/services", onBare)
		w.ended()
		time.Sleep(2 * time.Hour)
		w.must(http.StatusOK, "GET", "/taskdefs/bare:1", "")
		w.must(http.StatusNotFound, "GET", "/taskdefs/bare:2", "")
		w.must(http.StatusConflict, "DELETE", "/taskdefs/bare", "")
	})
}

// A delete of a family and a create on one of its revisions at once: one of the two is refused, however they meet.
func TestADeleteOfAFamilyAndACreateAtOnce(t *testing.T) {
	t.Parallel()
	met := map[[2]int]bool{}
	for delay := -300; delay <= 300; delay += 25 {
		inWorld(t, func(w *world) {
			registeredTwice(w)
			clustered(w)
			var removed, made answer
			atOnce(delay, func() { removed = w.send("DELETE", "/taskdefs/bare", "") }, func() { made = w.send("POST", "/services", onBare) })
			w.ended()
			met[[2]int{removed.status, made.status}] = true
			if left := w.send("GET", "/taskdefs/bare:1", "").status; left != made.status {
				w.Errorf("delay %d: delete %d, create %d, and the revision is %d", delay, removed.status, made.status, left)
			}
		})
	}
	if len(met) != 2 || !met[[2]int{http.StatusConflict, http.StatusOK}] || !met[[2]int{http.StatusOK, http.StatusNotFound}] {
		t.Errorf("answered %v", met)
	}
}

// Creates on revisions of one family, and what is registered in it, all come to pass at once.
func TestCreatesOnOneFamilyAtOnce(t *testing.T) {
	for delay := -200; delay <= 200; delay += 50 {
		inWorld(t, func(w *world) {
			registeredTwice(w)
			clustered(w)
			var statuses [3]int
			atOnce(delay, func() {
				atOnce(0, func() { statuses[0] = w.send("POST", "/services", onBare).status }, func() {
					statuses[1] = w.send("POST", "/services", `{"service": {"cluster": "bare", "desiredcount": 1, "servicename": "two", "taskdefinition": "bare"}}`).status
				})
			}, func() { statuses[2] = w.send("POST", "/taskdefs", bareDefinition).status })
			w.ended()
			if statuses != [3]int{http.StatusOK, http.StatusOK, http.StatusOK} {
				w.Errorf("delay %d: %v", delay, statuses)
			}
		})
	}
}
