package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ecs-api/sandbox"
)

// What is promised and not built yet is refused before anything is done: a dry run that builds would be worse than none.
func TestWhatIsNotBuiltYetIsRefused(t *testing.T) {
	inWorld(t, func(w *world) {
		empty := w.aws.Inventory()
		for _, test := range []struct{ method, path, header, value, pointer string }{
			{"POST", "/services?dryRun=true", "", "", "/query/dryRun"},
			{"POST", "/services?dryRun", "", "", "/query/dryRun"},
			{"POST", "/services?dryrun=1", "", "", "/query/dryrun"},
			{"POST", `/services?dryRun="true"`, "", "", "/query/dryRun"},
			{"POST", "/services?dryRun=perhaps", "", "", "/query/dryRun"},
			{"DELETE", www + "?recursive=true&dryRun=true", "", "", "/query/dryRun"},
			{"POST", "/services?wait=steady", "", "", "/query/wait"},
			{"POST", "/services", "Idempotency-Key", "a", "/header/Idempotency-Key"},
			{"POST", "/services", "Prefer", "respond-async", "/header/Prefer"},
			{"DELETE", www, "Prefer", "handling=lenient, Respond-Async; wait=10", "/header/Prefer"},
		} {
			request := httptest.NewRequest(test.method, "/v1/ecs/main"+test.path, strings.NewReader(everything))
			request.Header.Set("Authorization", "Bearer "+token)
			if test.header != "" {
				request.Header.Set(test.header, test.value)
			}
			recorder := httptest.NewRecorder()
			w.handler.ServeHTTP(recorder, request)
			told := answer{recorder.Code, recorder.Header(), recorder.Body.Bytes()}
			if p := told.problem(w); told.status != http.StatusBadRequest || len(p.Errors) != 1 || p.Errors[0].Pointer != test.pointer || !strings.Contains(p.Errors[0].Detail, "not available yet") {
				w.Errorf("%s %s %s: %d %s", test.method, test.path, test.value, told.status, told.body)
			}
		}
		if diff := sandbox.Diff(empty, w.aws.Inventory()); diff != "" {
			w.Errorf("something was done:\n%s", diff)
		}
		w.must(http.StatusOK, "GET", "/operations?wait=steady", "") // a read promises none of it
		w.must(http.StatusOK, "POST", "/services?dryRun=false", everything)
	})
}
