package api

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestDocs asks for the page and all that it asks for, as anybody may.
func TestDocs(t *testing.T) {
	f := &front{Handler: Checked(t, New(Options{Token: token}))}
	page := f.ask("GET", Prefix+"/docs", "", "X-Other", "")
	if page.Code != http.StatusOK || page.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %v", page.Code, page.Header())
	}
	text, policy := page.Body.String(), page.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "connect-src 'self';", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %s has no %s", policy, want)
		}
	}
	if strings.Contains(text, "//") || regexp.MustCompile(`<script>|<style|style=| on[a-z]+=`).MatchString(text) {
		t.Errorf("the page names a host, or has what its policy does not let in: %s", text)
	}
	wanted := map[string]bool{}
	for _, link := range regexp.MustCompile(`(?:src|href)="docs/([^"]*)"`).FindAllStringSubmatch(text, -1) {
		wanted[link[1]] = true
	}
	for _, file := range docsParts {
		if !wanted[file] {
			t.Errorf("the page does not ask for %s", file)
		}
		delete(wanted, file)
		kind := map[string]string{"css": "text/css", "js": "text/javascript", "png": "image/png"}[file[strings.LastIndexByte(file, '.')+1:]]
		plain, zipped := f.ask("GET", Prefix+"/docs/"+file, "", "X-Other", ""), f.ask("GET", Prefix+"/docs/"+file, "", "Accept-Encoding", "gzip, br")
		for _, w := range []*http.Response{plain.Result(), zipped.Result()} {
			if w.StatusCode != http.StatusOK || !strings.HasPrefix(w.Header.Get("Content-Type"), kind) || w.Header.Get("Content-Security-Policy") != policy {
				t.Errorf("%s: %d %v", file, w.StatusCode, w.Header)
			}
		}
		if plain.Header().Get("Content-Encoding") != "" || zipped.Body.Len() == 0 || zipped.Body.Len() > plain.Body.Len() {
			t.Errorf("%s: %d bytes, %d zipped, encoded %q", file, plain.Body.Len(), zipped.Body.Len(), plain.Header().Get("Content-Encoding"))
		}
	}
	if len(wanted) > 0 {
		t.Errorf("the page also asks for %v", wanted)
	}
	if w := f.ask("GET", Prefix+"/docs/swagger-ui-bundle.js", "", "X-Other", ""); !strings.Contains(w.Body.String(), "SwaggerUIBundle") {
		t.Error("the bundle that is not zipped is no script")
	}
	for path, status := range map[string]int{"/docs/": 404, "/docs/index.html": 404, "/docs/swagger-ui.js": 404, "/docs/../ping": 404,
		"/docs/services": 405, "/docs/secrets": 404} {
		if w := f.ask("GET", Prefix+path, ""); w.Code != status {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := f.ask("PUT", Prefix+"/docs", ""); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("PUT: %d %v", w.Code, w.Header())
	}
}
