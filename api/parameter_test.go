package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ecs-api/sandbox"
)

const madeParameter = `{"Description": "a secret parameter", "Name": "newsecret123", "Value": "` + password + `1",
	"Tags": [{"Key": "MyKey", "Value": "MyValue"}, {"key": "Application", "value": "someprefix"}]}`

const oneParameter = "/params/someprefix/newsecret123"

// shownParameter is the answer to a show.
type shownParameter struct {
	ARN, Name, Description, KeyId, Type, LastModifiedDate string
	Tags                                                  []struct{ Key, Value string }
	Version                                               int
}

func (w *world) shown(path string) (shown shownParameter) {
	w.Helper()
	a, trips := w.measured("GET", path, "")
	if a.status != http.StatusOK || trips != 1 {
		w.Fatalf("%d in %d round trips: %s", a.status, trips, a.body)
	}
	if strings.Contains(string(a.body), password) || strings.Contains(string(a.body), "Value\":\"dont") {
		w.Errorf("shows the value: %s", a.body)
	}
	a.decode(w, &shown)
	return shown
}

func TestParameters(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		a, trips := w.measured("POST", "/params/someprefix", madeParameter)
		if text := strings.TrimSpace(string(a.body)); a.status != http.StatusOK || trips != 1 || text != `{"Tier":"Standard","Version":1,"VersionId":"1"}` {
			w.Fatalf("%d in %d: %s", a.status, trips, text)
		}
		w.must(http.StatusConflict, "POST", "/params/someprefix", madeParameter)
		shown := w.shown(oneParameter)
		tags := fmt.Sprint(shown.Tags)
		if shown.ARN != "arn:aws:ssm:us-east-1:001122334455:parameter/myorg/someprefix/newsecret123" || shown.Name != "newsecret123" ||
			shown.Type != "SecureString" || shown.KeyId != w.aws.Defaults().KmsKeyID || shown.Version != 1 ||
			tags != "[{Application someprefix} {MyKey MyValue} {spinup:org myorg}]" ||
			!regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC$`).MatchString(shown.LastModifiedDate) {
			w.Errorf("shown %+v", shown)
		}

		a, trips = w.measured("PUT", oneParameter, `{"Value": "`+password+`2", "Tags": [{"Key": "MyKey", "Value": "other"}, {"Key": "spinup:org", "Value": "myorg"}]}`)
		if strings.TrimSpace(string(a.body)) != `"OK"` || trips != 3 {
			w.Errorf("%d in %d: %s", a.status, trips, a.body)
		}
		a, trips = w.measured("PUT", oneParameter, `{"Tags": [{"Key": "More", "Value": "1"}]}`)
		if strings.TrimSpace(string(a.body)) != `"OK"` || trips != 1 {
			w.Errorf("%d in %d: %s", a.status, trips, a.body)
		}
		changed := w.shown(oneParameter)
		if changed.Version != 2 || changed.KeyId != shown.KeyId || changed.Type != shown.Type || changed.Description != shown.Description ||
			fmt.Sprint(changed.Tags) != "[{Application someprefix} {More 1} {MyKey other} {spinup:org myorg}]" {
			w.Errorf("changed to %+v", changed)
		}

		for _, more := range []string{"b", "a"} {
			w.must(http.StatusOK, "POST", "/params/someprefix", `{"Name": "`+more+`", "Value": "x", "Type": "String", "Tier": "Advanced"}`)
		}
		if text := strings.TrimSpace(string(w.must(http.StatusOK, "GET", "/params/someprefix", "").body)); text != `["a","b","newsecret123"]` {
			w.Errorf("listed %s", text)
		}
		if text := strings.TrimSpace(string(w.must(http.StatusOK, "GET", "/params/some", "").body)); text != `[]` {
			w.Errorf("listed %s", text)
		}
		a, trips = w.measured("DELETE", oneParameter, "")
		if strings.TrimSpace(string(a.body)) != `"OK"` || trips != 1 {
			w.Errorf("%d in %d: %s", a.status, trips, a.body)
		}
		w.must(http.StatusNotFound, "DELETE", oneParameter, "")
		w.must(http.StatusNotFound, "GET", oneParameter, "")
		w.must(http.StatusNotFound, "PUT", oneParameter, `{"Value": "x"}`)
		w.must(http.StatusNotFound, "PUT", oneParameter, `{"Tags": [{"Key": "a", "Value": "b"}]}`)
		if text := strings.TrimSpace(string(w.must(http.StatusOK, "DELETE", "/params/someprefix", "").body)); text != `{"Message":"OK","Deleted":2}` {
			w.Errorf("deleted %s", text)
		}
		w.must(http.StatusNotFound, "DELETE", "/params/someprefix", "")
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

func (w *world) makeParameters(prefix string, count int) {
	w.Helper()
	for i := range count {
		w.must(http.StatusOK, "POST", "/params/"+prefix, fmt.Sprintf(`{"Name": "p%03d", "Value": "x"}`, i))
	}
}

func TestManyParameters(t *testing.T) {
	inWorld(t, func(w *world) {
		w.makeParameters("p", 120)
		w.makeParameters("few", 25)
		w.makeParameters("fewer", 1)
		var listed []string
		a, trips := w.measured("GET", "/params/p", "")
		if a.decode(w, &listed); len(listed) != 120 || listed[119] != "p119" || trips != 3 {
			w.Errorf("%d in %d round trips", len(listed), trips)
		}
		a, trips = w.measured("DELETE", "/params/few", "")
		if trips != 2 || !strings.Contains(string(a.body), `"Deleted":25`) {
			w.Errorf("%s in %d round trips", a.body, trips)
		}
		w.aws.SetEmptyPages(true)
		w.must(http.StatusOK, "GET", "/params/p/p000", "")
		if a := w.must(http.StatusOK, "GET", "/params/fewer", ""); strings.TrimSpace(string(a.body)) != `["p000"]` {
			w.Errorf("listed %s", a.body)
		}
		w.aws.Inject(sandbox.Fault{Service: "ssm", Operation: "DeleteParameters", Nth: 2, Kind: sandbox.Refused})
		if p := w.must(http.StatusForbidden, "DELETE", "/params/p", "").problem(w); !strings.Contains(p.Detail, "110 of 120 parameters are deleted for sure") {
			w.Errorf("told %s", p.Detail)
		}
		w.aws.ClearFaults()
		w.must(http.StatusOK, "GET", "/params/p", "").decode(w, &listed)
		if len(listed) != 10 {
			w.Errorf("%d are left", len(listed))
		}
	})
}

func TestBadParameters(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/params/someprefix", madeParameter)
		before := w.aws.Inventory()
		value := func(members string) string { return `{"Name": "new", "Value": "x", ` + members + `}` }
		for _, r := range []struct{ method, path, body, pointer string }{
			{"POST", "/params/p", `{"Name": "a/b", "Value": "x"}`, "/Name"},
			{"POST", "/params/p", `{"Name": "", "Value": "x"}`, "/Name"},
			{"POST", "/params/p", `{"Name": "..", "Value": "x"}`, "/Name"},
			{"POST", "/params/p", `{"Value": "x"}`, "/Name"},
			{"POST", "/params/p", `{"Name": "new"}`, "/Value"},
			{"POST", "/params/p", `{"Name": "new", "Value": ""}`, "/Value"},
			{"POST", "/params/p", `{"Name": "new", "Value": "` + strings.Repeat("x", 4097) + `"}`, "/Value"},
			{"POST", "/params/p", value(`"Type": "Secret"`), "/Type"},
			{"POST", "/params/p", value(`"Type": "String", "KeyId": "k"`), "/KeyId"},
			{"POST", "/params/p", value(`"Tier": "Cheap"`), "/Tier"},
			{"POST", "/params/p", value(`"Overwrite": true`), "/Overwrite"},
			{"POST", "/params/p", value(`"Tags": [{"Key": "spinup:org", "Value": "theirs"}]`), "/Tags/0/Value"},
			{"POST", "/params/p", value(`"Tags": [null]`), "/Tags/0"},
			{"POST", "/params/p%2Fq", value(`"Type": "String"`), "/path/prefix"},
			{"POST", "/params/" + strings.Repeat("p", 470), `{"Name": "` + strings.Repeat("n", 475) + `", "Value": "x"}`, "/Name"},
			{"POST", "/params/%2E%2E", value(`"Type": "String"`), "/path/prefix"},
			{"GET", "/params/p%2F..%2Fq", "", "/path/prefix"},
			{"DELETE", "/params/%2F", "", "/path/prefix"},
			{"GET", "/params/someprefix/%2Fother%2Fx", "", "/path/param"},
			{"DELETE", "/params/someprefix/a%2Fb", "", "/path/param"},
			{"PUT", "/params/..%2Ftheirs/a", `{"Value": "x"}`, "/path/prefix"},
			{"PUT", oneParameter, `{}`, ""},
			{"PUT", oneParameter, `{"Description": "x"}`, ""},
			{"PUT", oneParameter, `{"Value": ""}`, "/Value"},
			{"PUT", oneParameter, `{"Value": "` + strings.Repeat("x", 4097) + `", "Tags": [{"Key": "a", "Value": "b"}]}`, "/Value"},
			{"PUT", oneParameter, `{"Description": "x", "Tags": [{"Key": "a", "Value": "b"}]}`, "/Description"},
			{"PUT", oneParameter, `{"Value": "x", "Tags": [{"Key": "spinup:org", "Value": "theirs"}]}`, "/Tags/0/Value"},
		} {
			a := w.send(r.method, r.path, r.body)
			if a.status != http.StatusBadRequest {
				w.Errorf("%s %s %.80s: %d %s", r.method, r.path, r.body, a.status, a.body)
				continue
			}
			found := false
			for _, violation := range a.problem(w).Errors {
				found = found || violation.Pointer == r.pointer
			}
			if !found {
				w.Errorf("%s %s %.80s: %s does not point at %s", r.method, r.path, r.body, a.body, r.pointer)
			}
		}
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

func TestAnotherOrgsParametersAreNotThere(t *testing.T) {
	inWorld(t, func(w *world) {
		w.asOrg("theirs", func() { w.must(http.StatusOK, "POST", "/params/someprefix", madeParameter) })
		before := w.aws.Inventory()
		w.must(http.StatusNotFound, "GET", oneParameter, "")
		w.must(http.StatusNotFound, "DELETE", oneParameter, "")
		w.must(http.StatusNotFound, "DELETE", "/params/someprefix", "")
		w.must(http.StatusNotFound, "PUT", oneParameter, `{"Value": "x"}`)
		w.must(http.StatusNotFound, "PUT", oneParameter, `{"Tags": [{"Key": "a", "Value": "b"}]}`)
		if a := w.must(http.StatusOK, "GET", "/params/someprefix", ""); strings.TrimSpace(string(a.body)) != "[]" {
			w.Errorf("listed %s", a.body)
		}
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Errorf("their inventory has changed:\n%s", diff)
		}
		w.must(http.StatusOK, "POST", "/params/someprefix", madeParameter) // the same name is another parameter
	})
}

// changeParameter changes both, of which AWS takes one at a time.
const changeParameter = `{"Value": "` + password + `3", "Tags": [{"Key": "MyKey", "Value": "other"}, {"Key": "New", "Value": "1"}]}`

func parameterMade(w *world) { w.must(http.StatusOK, "POST", "/params/someprefix", madeParameter) }

// A value that fails takes the tags of its request back, and the answer tells what became of both.
func TestAParameterIsChangedWholeOrNotAtAll(t *testing.T) {
	const tags = "parameter tags /myorg/someprefix/newsecret123"
	refused := sandbox.Fault{Service: "ssm", Operation: "PutParameter", Kind: sandbox.Refused, Code: "ValidationException", Message: "the value " + password + "3 is bad", Status: 400}
	for name, test := range map[string]struct {
		faults []sandbox.Fault
		status int
		told   string // failed step, complete, restored, left
	}{
		"the value is refused":   {[]sandbox.Fault{refused}, 400, "parameter value true [" + tags + "] 0"},
		"the tags are refused":   {[]sandbox.Fault{{Service: "ssm", Operation: "AddTagsToResource", Kind: sandbox.Refused}}, 403, "parameter tags true [] 0"},
		"the value is not heard": {[]sandbox.Fault{{Service: "ssm", Operation: "PutParameter", Kind: sandbox.Unheard}}, 200, ""},
		"it cannot be undone": {[]sandbox.Fault{refused, {Service: "ssm", Operation: "RemoveTagsFromResource", Kind: sandbox.Refused}}, 400,
			"parameter value false [] 1"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				parameterMade(w)
				before := w.aws.Inventory()
				for _, f := range test.faults {
					w.aws.Inject(f)
				}
				a := w.must(test.status, "PUT", oneParameter, changeParameter)
				if w.operation(a.header.Get("X-Operation-Id")).Verb != "UpdateParameter" {
					w.Errorf("no operation %q", a.header.Get("X-Operation-Id"))
				}
				if strings.Contains(string(a.body), password) {
					w.Errorf("told %s", a.body)
				}
				if told := a.body; test.told != "" {
					p := a.problem(w)
					if p.Rollback == nil {
						w.Fatalf("told %s", told)
					}
					if got := fmt.Sprint(p.FailedStep, " ", p.Rollback.Complete, " ", p.Rollback.Restored, " ", len(p.Rollback.Left)); got != test.told {
						w.Errorf("told %s: %s", got, told)
					}
				}
				w.aws.ClearFaults()
				w.ended()
				if diff := sandbox.Diff(before, w.aws.Inventory()); (diff != "") != (test.status == http.StatusOK) {
					w.Errorf("changed: %s", diff)
				}
			})
		})
	}
}

// Whatever call goes wrong, a parameter has both or neither, and the answer says which.
func TestAParametersUpdateLeavesNoTrace(t *testing.T) {
	act := func(w *world) { w.must(http.StatusOK, "PUT", oneParameter, changeParameter) }
	troubled(t, parameterMade, act, func(w *world, at string) {
		before := w.aws.Inventory()
		a := w.send("PUT", oneParameter, changeParameter)
		w.ended()
		if a.status != http.StatusOK {
			if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
				w.Errorf("%s: status %d, and left:\n%s", at, a.status, diff)
			}
			return
		}
		w.aws.ClearFaults()
		// An attempt that was not heard may have made a version of its own.
		if shown := w.shown(oneParameter); shown.Version < 2 || !strings.Contains(fmt.Sprint(shown.Tags), "{MyKey other} {New 1}") {
			w.Errorf("%s: the answer is 200, and shown is %+v", at, shown)
		}
	})
}

// No value is in the journal.
func TestTheJournalHoldsNoParametersValue(t *testing.T) {
	inWorld(t, func(w *world) {
		dir := w.TempDir()
		w.born(dir, 0, false)
		parameterMade(w)
		w.aws.Inject(sandbox.Fault{Service: "ssm", Operation: "PutParameter", Nth: 1, Kind: sandbox.Refused, Message: "bad: " + password + "3"})
		w.must(http.StatusForbidden, "PUT", oneParameter, changeParameter)
		w.must(http.StatusOK, "PUT", oneParameter, changeParameter)
		w.ended()
		w.closed()
		content, err := os.ReadFile(filepath.Join(dir, "journal.db"))
		if err != nil || !strings.Contains(string(content), "UpdateParameter") || strings.Contains(string(content), password) {
			w.Errorf("error %v, or the journal knows nothing of it, or the value", err)
		}
	})
}

// PutParameter takes no token: a create whose answer was lost finds its own parameter, and does not claim that it was there before.
func TestACreateOfAParameterWhoseAnswerIsLost(t *testing.T) {
	inWorld(t, func(w *world) {
		w.aws.Inject(sandbox.Fault{Service: "ssm", Operation: "PutParameter", Nth: 1, Kind: sandbox.Cut})
		if p := w.must(http.StatusConflict, "POST", "/params/p", madeParameter).problem(w); !strings.Contains(p.Detail, "may have made it") {
			w.Errorf("told %s", p.Detail)
		}
		w.aws.Inject(sandbox.Fault{Service: "ssm", Operation: "DeleteParameter", Nth: 1, Kind: sandbox.Cut})
		w.must(http.StatusOK, "DELETE", "/params/p/newsecret123", "")
	})
}

// A caller that hangs up between the tags and the value does not leave half of its change.
func TestACallerOfAParameterHangsUp(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/params/someprefix", madeParameter)
		ctx, hangUp := context.WithTimeout(w.Context(), 120*time.Millisecond) // after the look, and the tags are on their way
		defer hangUp()
		request := httptest.NewRequestWithContext(ctx, "PUT", "/v1/ecs/main"+oneParameter, strings.NewReader(`{"Value": "x", "Tags": [{"Key": "MyKey", "Value": "other"}]}`))
		request.Header.Set("Authorization", "Bearer "+token)
		w.handler.ServeHTTP(httptest.NewRecorder(), request)
		if shown := w.shown(oneParameter); shown.Version != 2 || !strings.Contains(fmt.Sprint(shown.Tags), "{MyKey other}") {
			w.Errorf("left %+v", shown)
		}
	})
}
