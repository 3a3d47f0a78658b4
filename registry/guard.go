package registry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/pkg/errors"

	"ecs-api/common"
)

const (
	// answerBytes bounds each answer: registries take no manifest over 4 MiB.
	answerBytes = 4 << 20
	// requestsMost bounds what a registry can have us ask: a question takes five, or eight where blobs are stored elsewhere.
	requestsMost = 20
)

// guard sees each request of a question: the registry's, its realm's, and every redirect.
type guard struct{ client *Client }

// RoundTrip refuses what would go in the clear to a host that is not listed: a password might be in it, and the answer be anybody's.
func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	course := courseOf(r.Context())
	if err := course.count(); err != nil {
		return nil, err
	}
	r = course.unaliased(r)
	if err := g.client.permitted(r.URL); err != nil {
		if r.URL.Scheme == "http" && r.URL.Host == course.registry && r.Response == nil {
			return nil, err // the library tries plain HTTP by itself where it takes a host for a local one
		}
		return nil, course.note(err)
	}
	response, err := g.client.transport.RoundTrip(r)
	if err != nil {
		course.missed(r.URL.Host)
		return nil, course.note(err)
	}
	if err := g.client.checkNamed(r, response); err != nil {
		_ = response.Body.Close()
		return nil, course.note(err)
	}
	course.heard()
	if course.secret && r.URL.Host != course.registry && greeting(r) {
		response.Header.Del("WWW-Authenticate") // the registry's own realm is to have the password, not that of a host it sends us to
	}
	course.aliasRealms(response.Header)
	response.Body = &bounded{ReadCloser: response.Body, left: answerBytes}
	return response, nil
}

// greeting says whether a request, or the one that was redirected to it, is that with which a registry is asked for its realm.
func greeting(r *http.Request) bool {
	for r.Response != nil && r.Response.Request != nil {
		r = r.Response.Request
	}
	return r.URL.Path == "/v2/"
}

// permitted says whether a URL may be asked, as far as it tells by itself; the rest is dial's.
func (c *Client) permitted(u *url.URL) error {
	defaultPort := "443"
	if u.Scheme == "http" {
		defaultPort = "80"
	}
	host, port := hostPort(u.Host, defaultPort)
	insecure := c.insecure.has(host, port)
	if u.Scheme != "https" && !(u.Scheme == "http" && insecure) {
		return &refusal{host, "may not be asked without TLS"}
	}
	if address, err := netip.ParseAddr(host); err == nil && !public(address) && !insecure && !c.private.has(host, port) {
		return &refusal{host, "is not at a public address"}
	}
	return nil
}

// realmParameter is the realm of a Bearer challenge (RFC 6750), which alone is a URL.
var realmParameter = regexp.MustCompile(`(?i)\bbearer\b.*?\brealm\s*=\s*"?([^",\s]*)`)

// checkNamed looks at what a registry names, its realm and its redirects, before anybody goes there: the library has rules of its own for
// both, and its errors do not tell which was broken.
func (c *Client) checkNamed(r *http.Request, response *http.Response) error {
	if location := response.Header.Get("Location"); location != "" && response.StatusCode/100 == 3 {
		u, err := r.URL.Parse(location)
		if err != nil {
			return errors.New("the redirect is no URL")
		}
		if err := c.permitted(u); err != nil {
			return err
		}
	}
	for _, challenge := range response.Header.Values("WWW-Authenticate") {
		for _, realm := range realmParameter.FindAllStringSubmatch(challenge, -1) {
			u, err := url.Parse(realm[1])
			if err != nil || u.Host == "" {
				return errors.New("the realm is no URL")
			}
			if err := c.permitted(u); err != nil {
				return err
			}
		}
	}
	return nil
}

// bounded fails where an answer goes on for too long.
type bounded struct {
	io.ReadCloser
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errors.Errorf("the answer is over %d bytes", answerBytes)
	}
	return n, err
}

// course is how a question went, which the library's errors do not keep.
type course struct {
	registry string
	secret   bool // there is a password

	mu       sync.Mutex
	requests int
	refused  *refusal
	lost     error             // the last request had no answer
	away     string            // the host that gave none
	aliases  map[string]string // the host that each stands for
}

type courseKey struct{}

func withCourse(ctx context.Context, registry string, secret bool) (context.Context, *course) {
	c := &course{registry: registry, secret: secret}
	return context.WithValue(ctx, courseKey{}, c), c
}

// courseOf gives the question that a request is for; all are for one.
func courseOf(ctx context.Context) *course {
	c, _ := ctx.Value(courseKey{}).(*course)
	return c
}

// aliasRealms gives realms at addresses that are not public names in their place: the library goes to none of them but the registry's own,
// listed or not, and these are permitted by now.
func (c *course) aliasRealms(header http.Header) {
	for i, challenge := range header["Www-Authenticate"] {
		header["Www-Authenticate"][i] = realmParameter.ReplaceAllStringFunc(challenge, func(parameter string) string {
			realm := realmParameter.FindStringSubmatch(parameter)[1]
			u, err := url.Parse(realm)
			if err != nil || u.Host == c.registry {
				return parameter
			}
			if address, err := netip.ParseAddr(u.Hostname()); err != nil || public(address) {
				return parameter
			}
			u.Host = c.alias(u.Host)
			return strings.TrimSuffix(parameter, realm) + u.String()
		})
	}
}

func (c *course) alias(host string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	alias := fmt.Sprintf("%d.realm.invalid", len(c.aliases)) // a name that nobody can have (RFC 2606)
	if c.aliases == nil {
		c.aliases = map[string]string{}
	}
	c.aliases[alias] = host
	return alias
}

// unaliased gives a request its host back.
func (c *course) unaliased(r *http.Request) *http.Request {
	c.mu.Lock()
	host, ok := c.aliases[r.URL.Host]
	c.mu.Unlock()
	if !ok {
		return r
	}
	r = r.Clone(r.Context())
	r.URL.Host, r.Host = host, host
	return r
}

func (c *course) count() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.requests++; c.requests > requestsMost {
		return errors.Errorf("the registry wants more than %d requests", requestsMost)
	}
	return nil
}

func (c *course) note(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost = err
	var refused *refusal
	if errors.As(err, &refused) {
		c.refused = refused
	}
	return err
}

// missed keeps which host did not answer. It is never one that may not be asked: those are refused.
func (c *course) missed(host string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = host
}

func (c *course) heard() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost = nil
}

// translate gives err its kind. What a registry wrote stays out of it: it may hold what it was sent.
func (c *course) translate(ctx context.Context, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var answered *transport.Error
	var timed interface{ Timeout() bool }
	switch {
	case err == nil:
		return nil
	case c.refused != nil:
		detail := "its host, or one that its registry names, may not be asked: " + c.refused.Error()
		return &common.Error{Kind: common.Invalid, Message: "the image is refused: " + detail,
			Violations: []common.Violation{{Pointer: "/query/image", Detail: detail}}}
	case errors.Is(ctx.Err(), context.DeadlineExceeded), c.lost != nil && errors.As(c.lost, &timed) && timed.Timeout():
		return common.New(common.Deadline, "the registry did not answer in time")
	case errors.As(err, &answered):
		return ofStatus(answered.StatusCode)
	case c.lost != nil:
		return &common.Error{Kind: common.Unavailable, Message: "the registry cannot be reached at " + c.away, Err: c.lost}
	}
	return common.New(common.Failed, "the registry's answer cannot be read")
}

func ofStatus(status int) error {
	cause := errors.Errorf("status %d", status)
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return &common.Error{Kind: common.NotFound, Message: "there is no such image, or it needs other credentials", Err: cause}
	case http.StatusTooManyRequests:
		return &common.Error{Kind: common.Throttled, Message: "the registry limits the rate of requests", Err: cause}
	}
	return &common.Error{Kind: common.Failed, Message: "the registry failed", Err: cause}
}
