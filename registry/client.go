package registry

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"ecs-api/common"
)

const (
	// patience is what a question may take with all its redirects and tokens.
	patience = 10 * time.Second
	// referenceBytes bounds a reference: a repository has at most 255 characters, a tag 128, a digest 71.
	referenceBytes = 1024
)

// Options say which hosts may be asked although their addresses, or their plain HTTP, would forbid it. A host is a name or an address,
// with a port or without: without one it stands for all its ports.
type Options struct {
	Insecure []string // may be asked over plain HTTP, wherever they are
	Private  []string // may have addresses that are not public
}

// Client asks registries.
type Client struct {
	insecure, private hosts
	patience          time.Duration
	transport         *http.Transport
	lookup            func(ctx context.Context, host string) ([]netip.Addr, error)
	connect           func(ctx context.Context, network, address string) (net.Conn, error)
}

// Auth is what a caller proves itself with to a registry.
type Auth struct {
	Username string
	Password string
}

// String keeps the password out of whatever prints an Auth.
func (Auth) String() string { return "[redacted]" }

// GoString does so for %#v.
func (a Auth) GoString() string { return a.String() }

// Image is what a registry says of a reference.
type Image struct {
	Image     string   `json:"image"`
	Digest    string   `json:"digest"`
	MediaType string   `json:"mediaType"`
	Platforms []string `json:"platforms"` // such as linux/arm64/v8; none where the registry does not tell
}

// New makes a client. Nothing of the environment changes what it does: a proxy would dial in its place.
func New(o Options) *Client {
	dialer := &net.Dialer{Timeout: patience}
	c := &Client{
		insecure: hosts(o.Insecure),
		private:  hosts(o.Private),
		patience: patience,
		lookup: func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		},
		connect: dialer.DialContext,
	}
	c.transport = &http.Transport{
		DialContext:            c.dial,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    patience,
		MaxIdleConns:           16,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
	return c
}

// Image tells what a reference stands for. Invalid if it is none or its host may not be asked, NotFound if there is no such image or the
// registry wants other credentials, Throttled, Failed or Deadline as the registry limits, fails or is slow, Unavailable if it cannot be
// reached.
func (c *Client) Image(ctx context.Context, reference string, auth *Auth) (*Image, error) {
	var image *Image
	err := c.ask(ctx, reference, auth, func(ref name.Reference, options []remote.Option) error {
		found, err := remote.Get(ref, options...)
		if err != nil {
			return err
		}
		platforms, err := platformsOf(found)
		image = &Image{Image: reference, Digest: found.Digest.String(), MediaType: string(found.MediaType), Platforms: platforms}
		return err
	})
	if err != nil {
		return nil, err
	}
	return image, nil
}

// Check says with the errors of Image whether there is one. It asks for the manifest's head alone, which Docker Hub does not count as a pull.
func (c *Client) Check(ctx context.Context, reference string, auth *Auth) error {
	return c.ask(ctx, reference, auth, func(ref name.Reference, options []remote.Option) error {
		_, err := remote.Head(ref, options...)
		return err
	})
}

func (c *Client) ask(ctx context.Context, reference string, auth *Auth, question func(name.Reference, []remote.Option) error) error {
	ref, err := c.parse(reference)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	ctx, course := withCourse(ctx, ref.Context().RegistryStr(), auth != nil)
	who := authn.Anonymous
	if auth != nil {
		who = authn.FromConfig(authn.AuthConfig{Username: auth.Username, Password: auth.Password})
	}
	err = question(ref, []remote.Option{
		remote.WithContext(ctx),
		remote.WithTransport(guard{c}),
		remote.WithAuth(who),
		remote.WithUserAgent("ecs-api"),
		remote.WithRetryPredicate(func(error) bool { return false }), // the caller decides whether to ask again
		remote.WithRetryStatusCodes(),
	})
	return course.translate(ctx, err)
}

// repositoryShape is the specification's, which the library is wider than: a segment of two dots would leave the path of the API.
var repositoryShape = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)

// parse reads a reference as Docker does: without a host it is Docker Hub's, without a tag it is latest. Invalid if it is none.
func (c *Client) parse(reference string) (name.Reference, error) {
	const problem = "must be a reference such as nginx:1.29 or ghcr.io/owner/name@sha256:…"
	refused := &common.Error{Kind: common.Invalid, Message: "the image " + problem,
		Violations: []common.Violation{{Pointer: "/query/image", Detail: problem}}}
	if len(reference) > referenceBytes {
		return nil, refused
	}
	ref, err := name.ParseReference(reference, name.WeakValidation)
	if err != nil || !repositoryShape.MatchString(ref.Context().RepositoryStr()) {
		return nil, refused // the parser's words repeat the reference, in which a caller may have put a password
	}
	if host, port := hostPort(ref.Context().RegistryStr(), "443"); c.insecure.has(host, port) {
		if ref, err = name.ParseReference(reference, name.WeakValidation, name.Insecure); err != nil {
			return nil, refused
		}
	}
	return ref, nil
}

// platformsOf reads them from an index, or from the image's configuration, which is one small blob more. What else a registry may hold has
// none.
func platformsOf(found *remote.Descriptor) ([]string, error) {
	platforms := []string{}
	switch {
	case found.MediaType.IsIndex():
		index, err := found.ImageIndex()
		if err != nil {
			return nil, err
		}
		manifest, err := index.IndexManifest()
		if err != nil {
			return nil, err
		}
		for _, of := range manifest.Manifests {
			platforms = appendPlatform(platforms, of.Platform)
		}
	case found.MediaType == types.OCIManifestSchema1 || found.MediaType == types.DockerManifestSchema2:
		image, err := found.Image()
		if err != nil {
			return nil, err
		}
		manifest, err := image.Manifest()
		if err != nil || !manifest.Config.MediaType.IsConfig() {
			return platforms, err
		}
		config, err := image.ConfigFile()
		if err != nil {
			return nil, err
		}
		platforms = appendPlatform(platforms, config.Platform())
	}
	return platforms, nil
}

// appendPlatform leaves out those that nothing runs on: attestations stand in an index as unknown/unknown.
func appendPlatform(platforms []string, p *v1.Platform) []string {
	if p == nil || p.OS == "" || p.Architecture == "" || p.OS == "unknown" {
		return platforms
	}
	platform := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		platform += "/" + p.Variant
	}
	for _, known := range platforms {
		if known == platform {
			return platforms
		}
	}
	return append(platforms, platform)
}
