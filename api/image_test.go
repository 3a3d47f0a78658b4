package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"ecs-api/common"
	"ecs-api/registry"
)

// album answers for registries with what reached it.
type album struct {
	reference string
	auth      *registry.Auth
	err       error
}

func (a *album) Image(_ context.Context, reference string, auth *registry.Auth) (*registry.Image, error) {
	a.reference, a.auth = reference, auth
	return &registry.Image{Image: reference, Digest: "sha256:1", MediaType: "m", Platforms: []string{"linux/amd64"}}, a.err
}

func (a *album) Check(_ context.Context, reference string, auth *registry.Auth) error {
	a.reference, a.auth = reference, auth
	return a.err
}

func TestImageRoutes(t *testing.T) {
	images := &album{}
	f := &front{Handler: Checked(t, New(Options{Token: token, Images: images}))}
	w := f.ask("GET", Prefix+"/images?image=nginx:1", "")
	if w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != `{"image":"nginx:1","digest":"sha256:1","mediaType":"m","platforms":["linux/amd64"]}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if images.reference != "nginx:1" || images.auth != nil {
		t.Errorf("asked for %q with %v", images.reference, images.auth)
	}
	if w := f.ask("HEAD", Prefix+"/images?image=nginx", ""); w.Code != http.StatusOK || w.Body.Len() > 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, method := range []string{"GET", "HEAD"} {
		for query, status := range map[string]int{"": 400, "?image=": 400, "?image=nginx": 200} {
			if w := f.ask(method, Prefix+"/images"+query, ""); w.Code != status {
				t.Errorf("%s %s: %d", method, query, w.Code)
			}
		}
		if w := f.ask(method, Prefix+"/images?image=nginx", "", "X-Other", ""); w.Code != http.StatusForbidden {
			t.Errorf("%s without a token: %d", method, w.Code)
		}
		for kind, status := range map[common.Kind]int{common.Invalid: 400, common.NotFound: 404, common.Throttled: 429, common.Failed: 502,
			common.Unavailable: 503, common.Deadline: 504} {
			images.err = common.New(kind, "as it is")
			if w := f.ask(method, Prefix+"/images?image=nginx", ""); w.Code != status {
				t.Errorf("%s of %v: %d", method, kind, w.Code)
			}
		}
		images.err = nil
	}
	if w := f.ask("POST", Prefix+"/images", "{}"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("%d, Allow: %s", w.Code, w.Header().Get("Allow"))
	}
}

// TestImageOfAForbiddenHost goes through the real client, which nothing has listed a host for.
func TestImageOfAForbiddenHost(t *testing.T) {
	f := &front{Handler: Checked(t, New(Options{Token: token}))}
	for _, image := range []string{"127.0.0.1:1/a", "169.254.169.254/a", "Not%20a%20reference"} {
		if w := f.ask("GET", Prefix+"/images?image="+image, ""); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "/query/image") {
			t.Errorf("%s: %d %s", image, w.Code, w.Body)
		}
	}
}

const credentials = `{"username":"me>>>","password":"hunter2???"}`

func TestRegistryAuthHeader(t *testing.T) {
	images := &album{}
	f := &front{Handler: Checked(t, New(Options{Token: token, Images: images}))}
	ask := func(header string) int {
		images.auth = nil
		w := f.ask("GET", Prefix+"/images?image=nginx", "", "Authorization", "Bearer "+token, "X-Registry-Auth", header)
		if w.Code == 400 && (!strings.Contains(w.Body.String(), "X-Registry-Auth") || strings.Contains(w.Body.String(), "hunter2")) {
			t.Errorf("%s", w.Body)
		}
		return w.Code
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		for _, more := range []string{"", " ", "  "} { // of each length
			if code := ask(encoding.EncodeToString([]byte(credentials + more))); code != 200 || images.auth == nil || *images.auth != (registry.Auth{Username: "me>>>", Password: "hunter2???"}) {
				t.Errorf("%d", code)
			}
		}
	}
	for _, text := range []string{"", "null", "[]", "{}", `"x"`, `{"username":"me"}`, `{"password":"hunter2"}`, `{"username":1,"password":"hunter2"}`,
		credentials + credentials, credentials + "}", `{"username":"me","password":"hunter2","email":"e"}`, "hunter2"} {
		if code := ask(base64.StdEncoding.EncodeToString([]byte(text))); code != 400 {
			t.Errorf("%s: %d", text, code)
		}
	}
	for _, header := range []string{"", "hunter2!", credentials, "====", base64.RawStdEncoding.EncodeToString([]byte(credentials)) + "====", "é"} {
		if code := ask(header); code != 400 {
			t.Errorf("%q: %d", header, code)
		}
	}
}

func FuzzRegistryAuth(f *testing.F) {
	f.Add(base64.StdEncoding.EncodeToString([]byte(credentials)))
	f.Add("e30=")
	f.Fuzz(func(t *testing.T, header string) {
		if auth, ok := registryAuth(header); ok != (auth != nil) || ok && (auth.Username == "" || auth.Password == "") {
			t.Errorf("%q", header)
		}
	})
}
