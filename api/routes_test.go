package api

import (
	"strings"
	"testing"
)

// TestNoTwoPathsFitOneRequest holds that a path has one template, so that 405 and its Allow are those of all its methods.
func TestNoTwoPathsFitOneRequest(t *testing.T) {
	lines := table(Options{}.withDefaults())
	for i, a := range lines {
		for _, b := range lines[:i] {
			if a.Path == b.Path && a.Method == b.Method {
				t.Errorf("%s %s stands twice", a.Method, a.Path)
			}
			if a.Path != b.Path && fit(a.Path, b.Path) {
				t.Errorf("%s and %s fit the same request", a.Path, b.Path)
			}
		}
		if a.Summary == "" || a.Status == 0 {
			t.Errorf("%s %s has no summary or status", a.Method, a.Path)
		}
	}
}

func fit(a, b string) bool {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	if len(as) != len(bs) {
		return false
	}
	for i := range as {
		if as[i] != bs[i] && !strings.HasPrefix(as[i], "{") && !strings.HasPrefix(bs[i], "{") {
			return false
		}
	}
	return true
}

// TestOnlyNamedRoutesArePublic is the list of what anybody may ask.
func TestOnlyNamedRoutesArePublic(t *testing.T) {
	public := map[string]bool{"/ping": true, "/version": true, "/metrics": true, "/healthz": true, "/readyz": true, "/openapi.json": true, "/docs": true}
	for _, line := range table(Options{}.withDefaults()) {
		if line.Public != (public[line.Path] || line.Part) {
			t.Errorf("%s %s: public is %v", line.Method, line.Path, line.Public)
		}
	}
}

// TestTableIsBehindTheToken asks every line of the real table without a token.
func TestTableIsBehindTheToken(t *testing.T) {
	f := &front{Handler: Checked(t, New(Options{Token: token}))}
	for _, line := range table(Options{}.withDefaults()) {
		path := Prefix + strings.NewReplacer("{", "", "}", "").Replace(line.Path)
		w := f.ask(line.Method, path, "", "X-Other", "")
		if (w.Code == 403) == line.Public {
			t.Errorf("%s %s without a token: %d", line.Method, path, w.Code)
		}
		if strings.HasPrefix(line.Path, "/{account}") {
			if w := f.ask(line.Method, path, "{}"); w.Code != 404 {
				t.Errorf("%s %s of no account: %d", line.Method, path, w.Code)
			}
		}
	}
}
