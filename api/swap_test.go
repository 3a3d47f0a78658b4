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
		var one, two answer
		atOnce(0,
			func() {
				one = w.send("PUT", "/clusters/myclu/services/one", strings.Replace(body(definition), "webservers", "others", 1))
			},
			func() { two = w.send("PUT", "/clusters/myclu/services/two", body(definition)) })
		for _, a := range []answer{one, two} {
			if a.status != http.StatusOK && a.status != http.StatusConflict {
				w.Errorf("%d %s", a.status, a.body)
			}
		}
		w.ended()
		if took := time.Since(started); took > time.Minute {
			w.Errorf("it took %v until both had ended", took)
		}
	})
}

// A standing revision and credentials, which need a new one, exclude each other: at once, with no wait for the family.
func TestAnUpdateThatNamesARevisionAndRegisters(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", inFamily("one"))
		w.ended()
		w.must(http.StatusBadRequest, "PUT", "/clusters/myclu/services/one", `{"Service": {"TaskDefinition": "webservers:1"}, `+secret+`}`)
	})
}
