package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Two updates each give the family that the other's service is on.
func TestTwoUpdatesSwapFamilies(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", inFamily("one"))
		w.must(http.StatusOK, "POST", "/services", strings.Replace(inFamily("two"), "webservers", "others", 1))
		w.ended()
		started := time.Now()
		atOnce(0, func() {
			a := w.send("PUT", "/clusters/myclu/services/one", strings.Replace(body(definition), "webservers", "others", 1))
			w.Logf("one after %v: %d %.200s", time.Since(started), a.status, a.body)
		}, func() {
			a := w.send("PUT", "/clusters/myclu/services/two", body(definition))
			w.Logf("two after %v: %d %.200s", time.Since(started), a.status, a.body)
		})
		w.ended()
		if took := time.Since(started); took > time.Minute {
			w.Errorf("it took %v until both had ended", took)
		}
	})
}

// Two updates name a revision of the other's family and give credentials.
func TestAnUpdateThatNamesItsFamilyAndRegisters(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", inFamily("one"))
		w.ended()
		started := time.Now()
		a := w.send("PUT", "/clusters/myclu/services/one", `{"Service": {"TaskDefinition": "webservers:1"}, `+secret+`}`)
		w.Logf("%d %.200s", a.status, a.body)
		w.ended()
		if took := time.Since(started); took > time.Minute {
			w.Errorf("it took %v", took)
		}
	})
}
