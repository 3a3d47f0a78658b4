//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

const (
	imageUser     = "puller"
	imagePassword = "pull-with-this>>>?"
	repository    = "team/app"
)

// registries are the programs of Debian's docker-registry, each with another way to ask who is there, on the same images.
type registries struct {
	images                  string // the directory
	cert, key               string // files of a certificate for 127.0.0.1
	open, basic, token, tls string // host:port
	lost, astray            string // where nobody listens, and the registry whose realm that is
	unlisted                string // the registry whose realm is a host that is not listed
	realm                   *realm
	digests                 map[string]string // by tag
}

func newRegistries(t *testing.T) *registries {
	t.Helper()
	if _, err := exec.LookPath("docker-registry"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := &registries{images: filepath.Join(dir, "images"), cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem")}
	signer := r.certify(t)
	r.realm = newRealm(t, signer, r.cert)
	hash, err := bcrypt.GenerateFromPassword([]byte(imagePassword), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	passwords := filepath.Join(dir, "htpasswd")
	if err := os.WriteFile(passwords, []byte(imageUser+":"+string(hash)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	htpasswd := map[string]any{"htpasswd": map[string]any{"realm": "images", "path": passwords}}
	bearer := func(realm string) map[string]any {
		return map[string]any{"token": map[string]any{"realm": realm, "service": "images", "issuer": "realm", "rootcertbundle": r.cert}}
	}
	withTLS := map[string]any{"certificate": r.cert, "key": r.key}
	r.open = r.serve(t, nil, nil)
	r.basic = r.serve(t, htpasswd, nil)
	r.token = r.serve(t, bearer(r.realm.URL+"/token"), nil)
	r.lost = nobody(t)
	r.astray = r.serve(t, bearer("http://"+r.lost+"/token"), nil)
	r.unlisted = r.serve(t, bearer("http://"+nobody(t)+"/token"), nil)
	r.tls = r.serve(t, htpasswd, withTLS)
	r.fill(t)
	return r
}

// certify writes a certificate that signs for itself, which TLS and the tokens use, and gives its key.
func (r *registries) certify(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "realm"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{r.cert: {Type: "CERTIFICATE", Bytes: cert}, r.key: {Type: "EC PRIVATE KEY", Bytes: encoded}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return key
}

var registryAddress = regexp.MustCompile(`listening on (127\.0\.0\.1:[0-9]+)`)

// serve starts the program and gives its host:port.
func (r *registries) serve(t *testing.T, auth, withTLS map[string]any) string {
	t.Helper()
	listen := map[string]any{"addr": "127.0.0.1:0", "secret": "of-no-matter"}
	if withTLS != nil {
		listen["tls"] = withTLS
	}
	configuration := map[string]any{"version": "0.1", "log": map[string]any{"formatter": "json"}, "http": listen,
		"storage": map[string]any{"filesystem": map[string]any{"rootdirectory": r.images}}}
	if auth != nil {
		configuration["auth"] = auth
	}
	encoded, err := json.Marshal(configuration) // which is YAML too
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(file, encoded, 0o600); err != nil {
		t.Fatal(err)
	}
	log := &output{}
	c := exec.Command("docker-registry", "serve", file)
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(20 * time.Millisecond) {
		if found := registryAddress.FindStringSubmatch(log.String()); found != nil {
			return found[1]
		}
	}
	t.Fatalf("docker-registry does not serve:\n%s", log)
	return ""
}

// fill pushes an image of Docker's, a manifest list of it, and an index of OCI's with an image for each of two platforms.
func (r *registries) fill(t *testing.T) {
	t.Helper()
	r.digests = map[string]string{}
	docker := r.pushImage(t, "docker", dockerManifest, "application/vnd.docker.container.image.v1+json",
		"application/vnd.docker.image.rootfs.diff.tar.gzip", "amd64")
	r.pushIndex(t, "list", dockerList, map[string]any{"amd64": docker})
	members := map[string]any{}
	for _, architecture := range []string{"amd64", "arm64"} {
		members[architecture] = r.pushImage(t, "oci-"+architecture, ociManifest, "application/vnd.oci.image.config.v1+json",
			"application/vnd.oci.image.layer.v1.tar+gzip", architecture)
	}
	r.pushIndex(t, "index", ociIndex, members)
}

const (
	dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	dockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	ociManifest    = "application/vnd.oci.image.manifest.v1+json"
	ociIndex       = "application/vnd.oci.image.index.v1+json"
)

// pushImage gives the descriptor of an image.
func (r *registries) pushImage(t *testing.T, tag, mediaType, configType, layerType, architecture string) map[string]any {
	t.Helper()
	layer := r.pushBlob(t, layerType, []byte("the layer of "+tag))
	config, err := json.Marshal(map[string]any{"os": "linux", "architecture": architecture, "config": map[string]any{},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []any{layer["digest"]}}})
	if err != nil {
		t.Fatal(err)
	}
	return r.pushManifest(t, tag, mediaType, map[string]any{"schemaVersion": 2, "mediaType": mediaType,
		"config": r.pushBlob(t, configType, config), "layers": []any{layer}})
}

func (r *registries) pushIndex(t *testing.T, tag, mediaType string, images map[string]any) {
	t.Helper()
	var members []any
	for _, architecture := range []string{"amd64", "arm64"} {
		if image, ok := images[architecture].(map[string]any); ok {
			image["platform"] = map[string]any{"os": "linux", "architecture": architecture}
			members = append(members, image)
		}
	}
	r.pushManifest(t, tag, mediaType, map[string]any{"schemaVersion": 2, "mediaType": mediaType, "manifests": members})
}

func digestOf(content []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(content)) }

func (r *registries) pushBlob(t *testing.T, mediaType string, content []byte) map[string]any {
	t.Helper()
	location, err := r.push("POST", "http://"+r.open+"/v2/"+repository+"/blobs/uploads/", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	query := location.Query()
	query.Set("digest", digestOf(content))
	location.RawQuery = query.Encode()
	if _, err := r.push("PUT", location.String(), "application/octet-stream", content); err != nil {
		t.Fatal(err)
	}
	return map[string]any{"mediaType": mediaType, "size": len(content), "digest": digestOf(content)}
}

func (r *registries) pushManifest(t *testing.T, tag, mediaType string, manifest map[string]any) map[string]any {
	t.Helper()
	content, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.push("PUT", "http://"+r.open+"/v2/"+repository+"/manifests/"+tag, mediaType, content); err != nil {
		t.Fatal(err)
	}
	r.digests[tag] = digestOf(content)
	return map[string]any{"mediaType": mediaType, "size": len(content), "digest": digestOf(content)}
}

// push gives the location that a success names.
func (r *registries) push(method, to, mediaType string, content []byte) (*url.URL, error) {
	request, err := http.NewRequest(method, to, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", mediaType)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	told, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s %s: %d %s", method, to, answer.StatusCode, told)
	}
	return answer.Location()
}

// realm gives out tokens (RFC 7519) that docker-registry takes. Users named slow, limited and failing meet what their names say.
type realm struct {
	*httptest.Server
	signer *ecdsa.PrivateKey
	chain  []string
	ended  chan struct{}
}

func newRealm(t *testing.T, signer *ecdsa.PrivateKey, cert string) *realm {
	t.Helper()
	file, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(file)
	m := &realm{signer: signer, chain: []string{base64.StdEncoding.EncodeToString(block.Bytes)}, ended: make(chan struct{})}
	m.Server = httptest.NewServer(m)
	t.Cleanup(func() {
		close(m.ended)
		m.Close()
	})
	return m
}

func (m *realm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, password, known := r.BasicAuth()
	var access []any
	switch {
	case user == "slow":
		<-m.ended
	case user == "limited":
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case user == "failing":
		w.WriteHeader(http.StatusInternalServerError)
		return
	case known && (user != imageUser || password != imagePassword):
		w.WriteHeader(http.StatusUnauthorized)
		return
	case known:
		access = append(access, map[string]any{"type": "repository", "name": repository, "actions": []string{"pull"}},
			map[string]any{"type": "repository", "name": repository + "/none", "actions": []string{"pull"}})
	}
	token, err := m.sign(access) // nobody's has no rights
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"token": token})
}

func (m *realm) sign(access []any) (string, error) {
	head, err := json.Marshal(map[string]any{"typ": "JWT", "alg": "ES256", "x5c": m.chain})
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{"iss": "realm", "sub": imageUser, "aud": "images", "jti": rand.Text(), "access": access,
		"exp": time.Now().Add(time.Hour).Unix(), "nbf": time.Now().Add(-time.Minute).Unix(), "iat": time.Now().Unix()})
	if err != nil {
		return "", err
	}
	said := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := crypto.SHA256.New()
	sum.Write([]byte(said))
	r, s, err := ecdsa.Sign(rand.Reader, m.signer, sum.Sum(nil))
	if err != nil {
		return "", err
	}
	signature := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return said + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// nobody is a host:port where nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// silent takes connections and says nothing.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = connection.Close() })
		}
	}()
	return listener.Addr().String()
}

// answering is a registry that has one answer for everything.
func answering(t *testing.T, status int) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// proof is an X-Registry-Auth.
func proof(user, password string) string {
	encoded, err := json.Marshal(map[string]string{"username": user, "password": password})
	if err != nil {
		panic(err)
	}
	return base64.URLEncoding.EncodeToString(encoded)
}

// image asks for one.
func (p *process) image(method, reference, auth string) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, p.url+"/v1/ecs/images?image="+url.QueryEscape(reference), nil)
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if auth != "" {
		request.Header.Set("X-Registry-Auth", auth)
	}
	w, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = w.Body.Close() }()
	answer, err := io.ReadAll(w.Body)
	return w, answer, err
}

// TestImagesOfDockerRegistry asks the program for images of a registry that nobody here wrote, with each of its ways to ask for a password.
func TestImagesOfDockerRegistry(t *testing.T) {
	t.Parallel()
	r := newRegistries(t)
	unreachable, slow, limiting, failing := nobody(t), silent(t), answering(t, http.StatusTooManyRequests), answering(t, http.StatusInternalServerError)
	dir := t.TempDir()
	p := startIn(t, []string{"SSL_CERT_FILE=" + r.cert}, newAWS(t, quick).account(), dir, map[string]any{"registries": map[string]any{
		"insecure": []string{r.open, r.basic, r.token, r.lost, r.astray, r.unlisted, strings.TrimPrefix(r.realm.URL, "http://"),
			unreachable, slow, limiting, failing},
		"private": []string{r.tls}}})
	right, wrong := proof(imageUser, imagePassword), proof(imageUser, "wrong-image-password")
	app, port := "/"+repository, r.open[strings.LastIndex(r.open, ":"):]

	t.Run("cases", func(t *testing.T) {
		for _, host := range []struct {
			name, host, auth string
		}{{"open", r.open, ""}, {"basic", r.basic, right}, {"token", r.token, right}, {"over TLS", r.tls, right}} {
			for tag, shape := range map[string]struct{ mediaType, platforms string }{
				"docker":    {dockerManifest, "linux/amd64"},
				"list":      {dockerList, "linux/amd64"},
				"oci-arm64": {ociManifest, "linux/arm64"},
				"index":     {ociIndex, "linux/amd64,linux/arm64"},
			} {
				for form, reference := range map[string]string{"tag": ":" + tag, "digest": "@" + r.digests[tag]} {
					reference = host.host + app + reference
					t.Run(host.name+", "+tag+" by "+form, func(t *testing.T) {
						p.hasImage(t, reference, host.auth, shape.mediaType, shape.platforms, r.digests[tag])
					})
				}
			}
		}
		for name, test := range map[string]struct {
			image, auth string
			status      int
		}{
			"absent tag":                          {r.open + app + ":absent", "", 404},
			"absent digest":                       {r.open + app + "@" + digestOf(nil), "", 404},
			"absent repository":                   {r.open + "/team/none", "", 404},
			"basic, absent tag":                   {r.basic + app + ":absent", right, 404},
			"basic, absent repository":            {r.basic + "/team/none", right, 404},
			"basic, no credentials":               {r.basic + app + ":docker", "", 404},
			"basic, wrong password":               {r.basic + app + ":docker", wrong, 404},
			"basic, unknown user":                 {r.basic + app + ":docker", proof("nobody", imagePassword), 404},
			"token, absent tag":                   {r.token + app + ":absent", right, 404},
			"token, absent repository":            {r.token + app + "/none", right, 404},
			"token, a repository without a right": {r.token + "/team/another", right, 404},
			"token, no credentials":               {r.token + app + ":docker", "", 404},
			"token, wrong password":               {r.token + app + ":docker", wrong, 404},
			"token, the realm limits":             {r.token + app + ":docker", proof("limited", "any"), 429},
			"token, the realm fails":              {r.token + app + ":docker", proof("failing", "any"), 502},
			"token, the realm is slow":            {r.token + app + ":docker", proof("slow", "any"), 504},
			"token, the realm is not there":       {r.astray + app + ":docker", right, 503},
			"token, the realm is not listed":      {r.unlisted + app + ":docker", right, 400},
			"over TLS, no credentials":            {r.tls + app + ":docker", "", 404},
			"over TLS, wrong password":            {r.tls + app + ":docker", wrong, 404},
			"over TLS, absent tag":                {r.tls + app + ":absent", right, 404},
			"a header that is no base64":          {r.basic + app + ":docker", "not base64!", 400},
			"a header that is no JSON":            {r.basic + app + ":docker", base64.StdEncoding.EncodeToString([]byte("puller:pull")), 400},
			"no reference":                        {"Not a reference", "", 400},
			"no reference at all":                 {"", "", 400},
			"a host that is not listed":           {"localhost" + port + app + ":docker", "", 400},
			"an address that is not listed":       {"[::1]" + port + app + ":docker", "", 400},
			"a port that is not listed":           {nobody(t) + app, "", 400},
			"metadata":                            {"169.254.169.254/latest/meta-data", "", 400},
			"nobody listens":                      {unreachable + app, right, 503},
			"it is slow":                          {slow + app, right, 504},
			"it limits":                           {limiting + app, right, 429},
			"it fails":                            {failing + app, right, 502},
		} {
			for _, method := range []string{"HEAD", "GET"} {
				t.Run(method+" "+name, func(t *testing.T) {
					t.Parallel()
					p.hasNoImage(t, method, test.image, test.auth, test.status)
				})
			}
		}
	})
	p.stop()
	for _, secret := range []string{imagePassword, "wrong-image-password", right, wrong, "puller:pull"} {
		if strings.Contains(p.log.String(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

func (p *process) hasImage(t *testing.T, reference, auth, mediaType, platforms, digest string) {
	t.Helper()
	w, answer, err := p.image("HEAD", reference, auth)
	if err != nil || w.StatusCode != http.StatusOK || len(answer) > 0 {
		t.Errorf("HEAD: %v %s %v", w, answer, err)
	}
	w, answer, err = p.image("GET", reference, auth)
	var told struct {
		Image, Digest, MediaType string
		Platforms                []string
	}
	if err == nil {
		err = json.Unmarshal(answer, &told)
	}
	if err != nil || w.StatusCode != http.StatusOK || told.Image != reference || told.Digest != digest || told.MediaType != mediaType ||
		strings.Join(told.Platforms, ",") != platforms {
		t.Errorf("GET: %v %s %v", w, answer, err)
	}
}

func (p *process) hasNoImage(t *testing.T, method, reference, auth string, status int) {
	t.Helper()
	w, answer, err := p.image(method, reference, auth)
	if err != nil || w.StatusCode != status {
		t.Fatalf("%v %s %v", w, answer, err)
	}
	if (w.Header.Get("Retry-After") != "") != (status == http.StatusTooManyRequests) {
		t.Errorf("Retry-After is %q", w.Header.Get("Retry-After"))
	}
	var problem struct{ Status int }
	if method == "GET" && (json.Unmarshal(answer, &problem) != nil || problem.Status != status || w.Header.Get("Content-Type") != "application/problem+json") {
		t.Errorf("%s", answer)
	}
}
