package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"ecs-api/journal"
	"ecs-api/orchestration"

	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
)

// A name that a secret holds for days is told at once, with the day and the way out; one that a forced deletion holds for moments is waited for.
func TestANameThatIsHeldForDays(t *testing.T) {
	inWorld(t, func(w *world) {
		const asked = `{"Name": "held", "SecretString": "` + password + `"}`
		w.must(http.StatusOK, "POST", "/secrets", asked)
		var gone awssecrets.DeleteSecretOutput
		w.must(http.StatusOK, "DELETE", "/secrets/held", "").decode(w, &gone)
		a, trips := w.measured("POST", "/secrets", asked)
		if detail := a.problem(w).Detail; a.status != http.StatusConflict || trips > 4 || !strings.Contains(detail, gone.DeletionDate.Format(time.DateOnly)) ||
			!strings.Contains(detail, "window=0") {
			w.Errorf("%d in %d round trips: %s", a.status, trips, a.body)
		}
		w.must(http.StatusOK, "DELETE", "/secrets/held?window=0", "")
		w.must(http.StatusOK, "POST", "/secrets", asked)
	})
}

// A clean account counts 0 from its first sweep on, and what a GET finds is counted.
func TestLeftoversAreCounted(t *testing.T) {
	counted := -1
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "GET", "/leftovers", "")
		if counted != 0 {
			w.Errorf("of a clean account: %d", counted)
		}
		w.must(http.StatusOK, "POST", "/clusters", bareCluster)
		w.account.Journal = journal.NewMemory()
		w.must(http.StatusOK, "GET", "/leftovers", "")
		if counted != 1 {
			w.Errorf("of one that nobody asked for: %d", counted)
		}
	}, func(o *orchestration.Options) { o.SetLeftovers = func(n int) { counted = n } })
}

// An update of nothing is refused, however it is written, and a service without a registry has no step for one.
func TestNothingIsNoPartOfAnAnswer(t *testing.T) {
	inWorld(t, func(w *world) {
		a := w.must(http.StatusOK, "POST", "/services", body(cluster, definition, service))
		if operation := string(w.must(http.StatusOK, "GET", "/operations/"+a.header.Get("X-Operation-Id"), "").body); strings.Contains(operation, "registry") {
			w.Error(operation)
		}
		w.ended()
		for _, nothing := range []string{`{"Service": {}}`, `{"Service": {"DesiredCuont": 5}}`, `{"Service": {"Service": "www", "Cluster": "myclu"}}`} {
			w.must(http.StatusBadRequest, "PUT", www, nothing)
		}
	})
}

// Whatever is answered 202 says where it can be asked for.
func TestWhatGoesOnCanBeAskedFor(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/taskdefs", supercool)
		w.ended()
		a := w.must(http.StatusAccepted, "DELETE", supercoolPath, "")
		location := a.header.Get("Location")
		if location != "/v1/ecs/main/operations/"+a.header.Get("X-Operation-Id") {
			w.Errorf("Location is %q", location)
		}
		w.must(http.StatusOK, "GET", strings.TrimPrefix(location, "/v1/ecs/main"), "")
	})
}

// A service's family is shown, and who wants to change it by itself reads why not.
func TestAServicesFamilyIsNoManagedOne(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		const path = "/clusters/myclu/taskdefs/webservers"
		w.must(http.StatusOK, "GET", path, "")
		for method, body := range map[string]string{"PUT": `{"Tags": [{"Key": "a", "Value": "b"}]}`, "DELETE": ""} {
			if detail := w.must(http.StatusNotFound, method, path, body).problem(w).Detail; !strings.Contains(detail, "a service's") {
				w.Errorf("%s: %s", method, detail)
			}
		}
	})
}
