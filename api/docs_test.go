package api

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestDocs asks for the page and all that it asks for, as anybody may.
func TestDocs(t *testing.T) {
	f := &front{Handler: Checked(t, New(Options{Token: token}))}
	page := f.ask("GET", docsPath, "", "X-Other", "")
	if page.Code != http.StatusOK || page.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %v", page.Code, page.Header())
	}
	text, policy := page.Body.String(), page.Header().Get("Content-Security-Policy")
	if strings.Contains(regexp.MustCompile(`url\.startsWith\("https?://"\)`).ReplaceAllString(text, ""), `"http`) {
		t.Errorf("the page names another host: %s", text)
	}
	if !strings.Contains(text, `"swaggerJsonUrl":"/v1/ecs/openapi.json"`) || !strings.Contains(text, "<title>ecs-api") {
		t.Errorf("the page is %s", text)
	}
	for _, want := range []string{"default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %s has no %s", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") || strings.Contains(policy, "*") {
		t.Errorf("the policy is %s", policy)
	}
	inline := regexp.MustCompile(`(?s)<(?:script|style)>(.*?)</`).FindAllStringSubmatch(text, -1)
	if len(inline) < 3 {
		t.Errorf("the page has %d scripts and styles", len(inline))
	}
	for _, element := range inline {
		hash := sha256.Sum256([]byte(element[1]))
		if !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(hash[:])+"'") {
			t.Errorf("the policy %s does not let in %s", policy, element[1])
		}
	}
	wanted := map[string]bool{}
	for _, link := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		wanted[strings.TrimPrefix(link[1], docsPath+"/")] = true
	}
	for _, file := range docsParts {
		if !wanted[file] {
			t.Errorf("the page does not ask for %s", file)
		}
		delete(wanted, file)
		w := f.ask("GET", docsPath+"/"+file, "", "Accept-Encoding", "gzip")
		kind := map[string]string{"css": "text/css", "js": "application/javascript", "png": "image/png"}[file[strings.LastIndexByte(file, '.')+1:]]
		if w.Code != http.StatusOK || w.Body.Len() < 100 || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) {
			t.Errorf("%s: %d %v", file, w.Code, w.Header())
		}
	}
	if len(wanted) > 0 {
		t.Errorf("the page also asks for %v", wanted)
	}
	for path, status := range map[string]int{"/docs/": 404, "/docs/swagger-ui.js": 404, "/docs/../ping": 404, "/docs/services": 405, "/docs/secrets": 404} {
		if w := f.ask("GET", Prefix+path, ""); w.Code != status {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := f.ask("PUT", docsPath, ""); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("PUT: %d %v", w.Code, w.Header())
	}
}
