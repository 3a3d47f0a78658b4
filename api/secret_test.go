package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"ecs-api/sandbox"
)

const madeSecret = `{"Name": "sshhhhh/deep", "SecretString": "` + password + `10", "Tags": [{"Key": "Application", "Value": "one"}]}`

func TestSecrets(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		var made struct{ ARN, Name, VersionId string }
		w.must(http.StatusOK, "POST", "/secrets", madeSecret).decode(w, &made)
		if made.Name != "sshhhhh/deep" || made.VersionId == "" {
			w.Errorf("made %+v", made)
		}
		w.must(http.StatusConflict, "POST", "/secrets", madeSecret)
		w.must(http.StatusOK, "POST", "/secrets", strings.NewReplacer("sshhhhh/deep", "other", "one", "two").Replace(madeSecret))
		var listed []string
		w.must(http.StatusOK, "GET", "/secrets?Application=one&spinup:org=theirs", "").decode(w, &listed)
		if len(listed) != 1 || listed[0] != made.ARN {
			w.Errorf("listed %v", listed)
		}
		for _, id := range []string{url.PathEscape(made.Name), url.PathEscape(made.ARN)} {
			shown, trips := w.measured("GET", "/secret/"+id, "")
			if shown.status != http.StatusOK || trips != 1 || !strings.Contains(string(shown.body), "VersionIdsToStages") || strings.Contains(string(shown.body), password) ||
				!strings.Contains(string(shown.body), w.aws.Defaults().KmsKeyID) {
				w.Errorf("%d in %d: %s", shown.status, trips, shown.body)
			}
		}
		path := "/secrets/" + url.PathEscape(made.Name)
		var put struct{ ARN, VersionId string }
		w.must(http.StatusOK, "PUT", path, `{"Secret": "`+password+`11", "Tags": [{"key": "Application", "value": "FooBAAAAAR"}]}`).decode(w, &put)
		if put.ARN != made.ARN || put.VersionId == made.VersionId {
			w.Errorf("put %+v", put)
		}
		if a := w.must(http.StatusOK, "PUT", path, `{"Tags": [{"key": "Application", "value": "x"}]}`); len(a.body) != 0 {
			w.Errorf("answered %s", a.body)
		}
		w.ended()
		if text := renderedJSON(w, w.aws.Inventory()["secret"]["sshhhhh/deep"]); !strings.Contains(text, `"Application":"x"`) || !strings.Contains(text, `"spinup:org":"myorg"`) {
			w.Errorf("stands %s", text)
		}
		var gone struct{ Name, DeletionDate string }
		w.must(http.StatusOK, "DELETE", path, "").decode(w, &gone)
		if gone.Name != made.Name || gone.DeletionDate == "" {
			w.Errorf("gone %+v", gone)
		}
		w.must(http.StatusConflict, "PUT", path, `{"Secret": "x"}`)
		w.must(http.StatusOK, "DELETE", path+"?window=0", "")
		w.must(http.StatusOK, "DELETE", "/secrets/other?window=0", "")
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

func TestBadSecrets(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/secrets", madeSecret)
		w.ended()
		before := w.aws.Inventory()
		path := "/secrets/sshhhhh%2Fdeep"
		for _, r := range []struct {
			method, path, body string
			status             int
		}{
			{"POST", "/secrets", `{"Name": "x"}`, 400}, {"POST", "/secrets", `{"Name": "x y", "SecretString": "x"}`, 400}, {"POST", "/secrets", `{"SecretString": "x"}`, 400},
			{"POST", "/secrets", `{"Name": "x", "SecretString": "x", "SecretBinary": "eA=="}`, 400},
			{"POST", "/secrets", `{"Name": "x", "SecretString": "x", "Tags": [{"Key": "spinup:org", "Value": "theirs"}]}`, 400},
			{"POST", "/secrets", `{"Name": "x", "SecretString": "x", "Tags": [null]}`, 400},
			{"PUT", path, `{}`, 400}, {"PUT", path, `{"Secret": ""}`, 400}, {"PUT", path, `{"Tags": [{"Key": "spinup:org", "Value": "myorg"}]}`, 400},
			{"DELETE", path + "?window=3", "", 400}, {"DELETE", path + "?window=31", "", 400}, {"DELETE", path + "?window=-1", "", 400}, {"DELETE", path + "?window=x", "", 400},
			{"GET", "/secrets/none", "", 404}, {"PUT", "/secrets/none", `{"Secret": "x"}`, 404}, {"DELETE", "/secrets/none", "", 404},
		} {
			if a := w.send(r.method, r.path, r.body); a.status != r.status {
				w.Errorf("%s %s %s: %d %s", r.method, r.path, r.body, a.status, a.body)
			}
		}
		w.asOrg("theirs", func() {
			w.must(http.StatusNotFound, "GET", path, "")
			w.must(http.StatusNotFound, "PUT", path, `{"Secret": "x"}`)
			w.must(http.StatusNotFound, "DELETE", path, "")
			if a := w.must(http.StatusOK, "GET", "/secrets", ""); string(a.body) != "[]\n" {
				w.Errorf("they see %s", a.body)
			}
		})
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

// A list of a thousand takes its pages and nothing more.
func TestManySecrets(t *testing.T) {
	inWorld(t, func(w *world) {
		for i := range 1000 {
			w.must(http.StatusOK, "POST", "/secrets", fmt.Sprintf(`{"Name": "s%d", "SecretString": "x"}`, i))
		}
		w.ended()
		a, trips := w.measured("GET", "/secrets", "")
		if strings.Count(string(a.body), "arn:") != 1000 || trips != 10 {
			w.Errorf("%d secrets in %d round trips", strings.Count(string(a.body), "arn:"), trips)
		}
	})
}

func TestSecretsLeaveNoTrace(t *testing.T) {
	t.Parallel()
	create := func(w *world) { w.must(http.StatusOK, "POST", "/secrets", madeSecret) }
	leavesNoTrace(t, nothing, create, func(w *world) answer { return w.send("POST", "/secrets", madeSecret) })
	made := func(w *world) {
		create(w)
		w.ended()
	}
	const change = `{"Secret": "` + password + `12", "Tags": [{"Key": "Application", "Value": "y"}]}`
	put := func(w *world) { w.must(http.StatusOK, "PUT", "/secrets/sshhhhh%2Fdeep", change) }
	leavesNoTrace(t, made, put, func(w *world) answer { return w.send("PUT", "/secrets/sshhhhh%2Fdeep", change) })
}
