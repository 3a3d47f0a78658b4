package registry

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	served "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"ecs-api/common"
)

// start serves a handler over plain HTTP and gives its host:port.
func start(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// filled is a registry with an image and an index, in the forms of Docker and OCI.
func filled(t *testing.T) (handler http.Handler, digests map[string]string) {
	t.Helper()
	handler = served.New(served.Logger(log.New(io.Discard, "", 0)))
	host := start(t, handler)
	digests = map[string]string{}
	arm := &v1.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}
	none := &v1.Platform{OS: "unknown", Architecture: "unknown"}
	for _, form := range []struct {
		tag          string
		image, index types.MediaType
	}{{"docker", types.DockerManifestSchema2, types.DockerManifestList}, {"oci", types.OCIManifestSchema1, types.OCIImageIndex}} {
		image, err := random.Image(64, 1)
		if err != nil {
			t.Fatal(err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		config = config.DeepCopy()
		config.OS, config.Architecture = "linux", "amd64"
		if image, err = mutate.ConfigFile(image, config); err != nil {
			t.Fatal(err)
		}
		image = mutate.MediaType(image, form.image)
		if form.tag == "oci" {
			image = mutate.ConfigMediaType(image, types.OCIConfigJSON)
		}
		index := mutate.IndexMediaType(mutate.AppendManifests(empty.Index,
			mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
			mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: arm}},
			mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: none}},
		), form.index)
		imageRef, _ := name.ParseReference(host + "/team/app:" + form.tag)
		indexRef, _ := name.ParseReference(host + "/team/app:" + form.tag + "-index")
		if err := remote.Write(imageRef, image); err != nil {
			t.Fatal(err)
		}
		if err := remote.WriteIndex(indexRef, index); err != nil {
			t.Fatal(err)
		}
		digest, _ := image.Digest()
		digests[form.tag] = digest.String()
		digest, _ = index.Digest()
		digests[form.tag+"-index"] = digest.String()
	}
	return handler, digests
}

// want asks both ways and compares the kind.
func want(t *testing.T, c *Client, reference string, auth *Auth, kind common.Kind) {
	t.Helper()
	_, err := c.Image(t.Context(), reference, auth)
	for _, err := range []error{err, c.Check(t.Context(), reference, auth)} {
		if err == nil && kind != fine || err != nil && common.KindOf(err) != kind {
			t.Errorf("%s: %v (%v), want %v", reference, err, common.KindOf(err), kind)
		}
	}
}

// fine is the kind of no error.
const fine common.Kind = -1

func TestImages(t *testing.T) {
	handler, digests := filled(t)
	host := start(t, handler)
	c := New(Options{Insecure: []string{host}})
	for tag, digest := range digests {
		for _, reference := range []string{host + "/team/app:" + tag, host + "/team/app@" + digest, host + "/team/app:ignored@" + digest} {
			image, err := c.Image(t.Context(), reference, nil)
			if err != nil {
				t.Errorf("%s: %v", reference, err)
				continue
			}
			platforms := []string{"linux/amd64"}
			if strings.HasSuffix(tag, "-index") {
				platforms = append(platforms, "linux/arm64/v8")
			}
			if image.Image != reference || image.Digest != digest || image.MediaType == "" || !slices.Equal(image.Platforms, platforms) {
				t.Errorf("%s: %+v", reference, image)
			}
			if err := c.Check(t.Context(), reference, nil); err != nil {
				t.Errorf("%s: %v", reference, err)
			}
		}
	}
	want(t, c, host+"/team/app:absent", nil, common.NotFound)
	want(t, c, host+"/team/none", nil, common.NotFound)
	want(t, c, host+"/team/app@sha256:"+strings.Repeat("0", 64), nil, common.NotFound)
}

func TestReferences(t *testing.T) {
	c := New(Options{Insecure: []string{"listed:5000"}})
	for reference, full := range map[string]string{
		"nginx":           "index.docker.io/library/nginx:latest",
		"nginx:1.29":      "index.docker.io/library/nginx:1.29",
		"owner/name":      "index.docker.io/owner/name:latest",
		"docker.io/nginx": "index.docker.io/library/nginx:latest",
		"ghcr.io/a/b/c:d": "ghcr.io/a/b/c:d",
		"listed:5000/a":   "listed:5000/a:latest",
		"":                "", ":": "", "UPPER": "", "a b": "", "https://nginx": "", "user:pass@host/a": "", "a@sha256:12": "", "a/../b": "",
		strings.Repeat("a", 2000): "",
	} {
		ref, err := c.parse(reference)
		if full == "" {
			if common.KindOf(err) != common.Invalid || err == nil || reference != "" && reference != ":" && strings.Contains(err.Error(), reference) {
				t.Errorf("%q: %v", reference, err)
			}
			continue
		}
		if err != nil || ref.Name() != full {
			t.Errorf("%q: %v, %v", reference, ref, err)
		}
	}
}

func FuzzReference(f *testing.F) {
	for _, seed := range []string{"nginx", "a.b:1/c/d:e@sha256:" + strings.Repeat("a", 64), "[::1]:5000/a", "user:pass@host/a", "\x00"} {
		f.Add(seed)
	}
	c := New(Options{Insecure: []string{"listed:5000"}})
	f.Fuzz(func(t *testing.T, reference string) {
		ref, err := c.parse(reference)
		if err != nil {
			if common.KindOf(err) != common.Invalid {
				t.Errorf("%q: %v", reference, err)
			}
			return
		}
		u := &url.URL{Scheme: "https", Host: ref.Context().RegistryStr(), Path: "/v2/"}
		if again, err := url.Parse(u.String()); err == nil && again.Host != u.Host {
			t.Errorf("%q: its host %q is read as %q", reference, u.Host, again.Host)
		}
	})
}

func TestPublicAddresses(t *testing.T) {
	for address, good := range map[string]bool{
		"93.184.215.14": true, "2606:4700::1111": true, "64:ff9b::5db8:d70e": true, "::ffff:93.184.215.14": true,
		"127.0.0.1": false, "127.8.8.8": false, "10.0.0.1": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false,
		"100.64.0.1": false, "100.100.100.200": false, "0.0.0.0": false, "0.1.2.3": false, "224.0.0.1": false, "255.255.255.255": false, "240.0.0.1": false,
		"198.18.0.1": false, "192.0.0.192": false,
		"::": false, "::1": false, "fe80::1": false, "fe80::1%eth0": false, "fd00:ec2::254": false, "fc00::1": false, "ff02::1": false,
		"::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "::127.0.0.1": false, "64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false,
		"64:ff9b:1::1": false, "2002:7f00:1::": false, "2001:0:1::": false, "fec0::1": false,
	} {
		if public(netip.MustParseAddr(address)) != good {
			t.Errorf("%s: public is %v", address, !good)
		}
	}
}

// tokens is a registry behind a token server; it notes what each password reached.
type tokens struct {
	inner http.Handler
	realm func(r *http.Request) string

	mu   sync.Mutex
	seen []string // Authorization headers
}

func (s *tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, r.Header.Get("Authorization"))
	s.mu.Unlock()
	user, password, basic := r.BasicAuth()
	switch {
	case r.URL.Path == "/token" && basic && (user != "me" || password != "right"):
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/token" && basic:
		_, _ = fmt.Fprint(w, `{"token": "good"}`)
	case r.URL.Path == "/token":
		_, _ = fmt.Fprint(w, `{"access_token": "anonymous"}`)
	case r.Header.Get("Authorization") == "Bearer good":
		s.inner.ServeHTTP(w, r)
	case r.Header.Get("Authorization") == "Bearer anonymous":
		w.WriteHeader(http.StatusForbidden)
	default:
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s",service="test"`, s.realm(r)))
		w.WriteHeader(http.StatusUnauthorized)
	}
}

// gotPassword says whether a password reached the server.
func (s *tokens) gotPassword() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.seen, func(header string) bool { return strings.HasPrefix(header, "Basic") })
}

var right, wrong = &Auth{"me", "right"}, &Auth{"me", "wrong"}

func TestTokenRegistry(t *testing.T) {
	handler, _ := filled(t)
	s := &tokens{inner: handler, realm: func(r *http.Request) string { return "http://" + r.Host + "/token" }}
	host := start(t, s)
	c := New(Options{Insecure: []string{host}})
	want(t, c, host+"/team/app:oci", right, fine)
	want(t, c, host+"/team/app:absent", right, common.NotFound)
	want(t, c, host+"/team/app:oci", nil, common.NotFound)
	want(t, c, host+"/team/app:oci", wrong, common.NotFound)
	// A realm elsewhere has to be listed when it is asked without TLS.
	realm := &tokens{inner: handler}
	elsewhere := start(t, realm)
	s.realm = func(*http.Request) string { return "http://" + elsewhere + "/token" }
	want(t, c, host+"/team/app:oci", right, common.Invalid)
	if realm.gotPassword() {
		t.Error("a realm that is not listed has got the password in the clear")
	}
	both := New(Options{Insecure: []string{host, elsewhere}})
	want(t, both, host+"/team/app:oci", right, fine)
	want(t, both, host+"/team/app:absent", right, common.NotFound)
	want(t, both, host+"/team/app:oci", wrong, common.NotFound)
	want(t, both, host+"/team/app:oci", nil, common.NotFound)
	for _, forbidden := range []string{"https://169.254.169.254/token", "https://127.0.0.1/token", "https://[fd00:ec2::254]/token", "http://example.com/token"} {
		s.realm = func(*http.Request) string { return forbidden }
		want(t, c, host+"/team/app:oci", right, common.Invalid)
	}
	s.realm = func(*http.Request) string { return "nothing" }
	if _, err := c.Image(t.Context(), host+"/team/app:oci", right); common.KindOf(err) == common.Internal {
		t.Error(err)
	}
}

// TestRealmsThatFail: what goes wrong at the realm is told as if it had at the registry.
func TestRealmsThatFail(t *testing.T) {
	handler, _ := filled(t)
	s := &tokens{inner: handler}
	host := start(t, s)
	ended := make(chan struct{})
	hang := func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-ended:
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		kind    common.Kind
	}{
		"limits":         {status(http.StatusTooManyRequests), common.Throttled},
		"fails":          {status(http.StatusInternalServerError), common.Failed},
		"is away":        {status(http.StatusServiceUnavailable), common.Failed},
		"forbids":        {status(http.StatusForbidden), common.NotFound},
		"gives no token": {func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "{}") }, common.Failed},
		"speaks no JSON": {func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<html>") }, common.Failed},
		"is slow":        {hang, common.Deadline},
		"is not there":   {nil, common.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			elsewhere := closed(t)
			if test.handler != nil {
				elsewhere = start(t, test.handler)
			}
			s.realm = func(*http.Request) string { return "http://" + elsewhere + "/token" }
			c := New(Options{Insecure: []string{host, elsewhere}})
			if test.kind == common.Deadline {
				c.patience = 50 * time.Millisecond
			}
			for _, auth := range []*Auth{right, nil} {
				want(t, c, host+"/team/app:oci", auth, test.kind)
			}
		})
	}
	close(ended)
}

// closed is a host:port where nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func TestBasicRegistryOverTLS(t *testing.T) {
	handler, _ := filled(t)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "me" || password != "right" {
			w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "https://")
	c := New(Options{Private: []string{"127.0.0.1"}})
	want(t, c, host+"/team/app:oci", right, common.Unavailable) // its certificate is nobody's
	c.transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
	want(t, c, host+"/team/app:oci", right, fine)
	want(t, c, host+"/team/app:oci", wrong, common.NotFound)
	want(t, c, host+"/team/app:oci", nil, common.NotFound)
	want(t, New(Options{}), host+"/team/app:oci", right, common.Invalid)
}

// TestPrivateIsNotInsecure: a host that is listed as private alone gets no password in the clear.
func TestPrivateIsNotInsecure(t *testing.T) {
	handler, _ := filled(t)
	s := &tokens{inner: handler, realm: func(r *http.Request) string { return "http://" + r.Host + "/token" }}
	host := start(t, s)
	want(t, New(Options{Private: []string{host}}), host+"/team/app:oci", right, common.Unavailable)
	if len(s.seen) > 0 {
		t.Errorf("it was asked over plain HTTP: %q", s.seen)
	}
}

// TestGreetingElsewhere: a registry that sends its greeting on to another host does not have the password sent to that one's realm.
func TestGreetingElsewhere(t *testing.T) {
	handler, _ := filled(t)
	other := &tokens{inner: handler, realm: func(r *http.Request) string { return "http://" + r.Host + "/token" }}
	elsewhere := start(t, other)
	host := start(t, http.RedirectHandler("http://"+elsewhere+"/v2/team/app/manifests/oci", http.StatusFound))
	c := New(Options{Insecure: []string{host, elsewhere}})
	if _, err := c.Image(t.Context(), host+"/team/app:oci", right); err == nil || common.KindOf(err) == common.Internal {
		t.Error(err)
	}
	if other.gotPassword() {
		t.Error("the other host has got the password")
	}
}

func TestRedirects(t *testing.T) {
	var reached atomic.Bool
	inside := start(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	for _, target := range []string{"http://" + inside + "/x", "https://" + inside + "/x", "http://169.254.169.254/latest/meta-data/",
		"https://169.254.169.254/", "https://[::ffff:127.0.0.1]/x", "https://localhost/x"} {
		for _, from := range []string{"/v2/", "/v2/team/app/manifests/oci"} {
			handler, _ := filled(t)
			host := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == from {
					http.Redirect(w, r, target, http.StatusTemporaryRedirect)
					return
				}
				handler.ServeHTTP(w, r)
			}))
			want(t, New(Options{Insecure: []string{host}}), host+"/team/app:oci", right, common.Invalid)
		}
	}
	if reached.Load() {
		t.Error("a host that is not listed was asked")
	}
	host := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }))
	if _, err := New(Options{Insecure: []string{host}}).Image(t.Context(), host+"/a", nil); err == nil || common.KindOf(err) == common.Invalid {
		t.Errorf("a redirect without end: %v", err)
	}
}

// TestNamesThatChange: what is dialled is what was checked, each time.
func TestNamesThatChange(t *testing.T) {
	addresses := []string{"93.184.215.14"}
	var dialled []string
	c := New(Options{Private: []string{"listed.test"}})
	lookups := 0
	c.lookup = func(context.Context, string) ([]netip.Addr, error) {
		lookups++
		var found []netip.Addr
		for _, address := range addresses {
			found = append(found, netip.MustParseAddr(address))
		}
		addresses = []string{"127.0.0.1"} // from now on
		return found, nil
	}
	c.connect = func(_ context.Context, _, address string) (net.Conn, error) {
		dialled = append(dialled, address)
		return nil, &net.OpError{Op: "dial", Err: context.Canceled}
	}
	for _, step := range []struct {
		host string
		give []string
		kind common.Kind
		dial []string
	}{
		{"rebinding.test", []string{"93.184.215.14"}, common.Unavailable, []string{"93.184.215.14:443"}},
		{"rebinding.test", []string{"127.0.0.1"}, common.Invalid, nil},
		{"rebinding.test", []string{"93.184.215.14", "10.0.0.1"}, common.Invalid, nil},
		{"rebinding.test", []string{"::ffff:169.254.169.254"}, common.Invalid, nil},
		{"rebinding.test", []string{"2606:4700::1", "93.184.215.14"}, common.Unavailable, []string{"[2606:4700::1]:443", "93.184.215.14:443"}},
		{"listed.test", []string{"10.0.0.1"}, common.Unavailable, []string{"10.0.0.1:443"}},
		{"LISTED.test:5000", []string{"10.0.0.1"}, common.Unavailable, []string{"10.0.0.1:5000"}},
	} {
		addresses, dialled, lookups = step.give, nil, 0
		err := c.Check(t.Context(), step.host+"/a", nil)
		if common.KindOf(err) != step.kind || !slices.Equal(dialled, step.dial) || lookups != 1 {
			t.Errorf("%s at %v: %v, dialled %v after %d lookups", step.host, step.give, err, dialled, lookups)
		}
	}
}

func TestForbiddenHosts(t *testing.T) {
	c := New(Options{Private: []string{"10.0.0.1:5000"}})
	for _, host := range []string{"127.0.0.1:5000", "localhost:5000", "169.254.169.254", "10.0.0.1", "10.0.0.1:5001", "0.0.0.0:1"} {
		want(t, c, host+"/a/b", right, common.Invalid)
	}
}

func TestRegistriesThatFail(t *testing.T) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v2/" {
				return
			}
			w.Header().Set("Content-Type", string(types.OCIManifestSchema1))
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, body)
		}
	}
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		kind    common.Kind
	}{
		"limits":         {answer(http.StatusTooManyRequests, ""), common.Throttled},
		"fails":          {answer(http.StatusInternalServerError, "secret"), common.Failed},
		"is away":        {answer(http.StatusServiceUnavailable, ""), common.Failed},
		"is a teapot":    {answer(http.StatusTeapot, ""), common.Failed},
		"forbids":        {answer(http.StatusForbidden, ""), common.NotFound},
		"speaks no JSON": {answer(http.StatusOK, "<html>"), common.Failed},
		"never ends":     {answer(http.StatusOK, strings.Repeat(" ", answerBytes+1)), common.Failed},
	} {
		host := start(t, test.handler)
		_, err := New(Options{Insecure: []string{host}}).Image(t.Context(), host+"/a", nil)
		if common.KindOf(err) != test.kind || err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("a registry that %s: %v", name, err)
		}
	}
	host := closed(t)
	want(t, New(Options{Insecure: []string{host}}), host+"/a", nil, common.Unavailable)
}

func TestSlowRegistry(t *testing.T) {
	ended := make(chan struct{})
	host := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-ended:
		}
	}))
	t.Cleanup(func() { close(ended) })
	c := New(Options{Insecure: []string{host}})
	c.patience = 50 * time.Millisecond
	want(t, c, host+"/a", nil, common.Deadline)
}

// TestNoProxy: a proxy of the environment would dial what we may not.
func TestNoProxy(t *testing.T) {
	if New(Options{}).transport.Proxy != nil {
		t.Error("there is a proxy")
	}
}

func TestAuthIsNotPrinted(t *testing.T) {
	shown := fmt.Sprintf("%v %+v %#v %s", right, *right, right, *right)
	if strings.Contains(shown, right.Password) || strings.Contains(shown, base64.StdEncoding.EncodeToString([]byte(right.Password))) {
		t.Error(shown)
	}
}

// Who mistypes a host reads which one was asked.
func TestAHostThatIsAwayIsNamed(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := listener.Addr().String()
	_ = listener.Close()
	_, err = New(Options{Insecure: []string{host}}).Image(t.Context(), host+"/a", nil)
	if got := common.MessageOf(err); got != "the registry cannot be reached at "+host {
		t.Error(got)
	}
}
