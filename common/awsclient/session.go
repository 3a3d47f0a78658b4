package awsclient

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/credentials/stscreds"
	"github.com/aws/aws-sdk-go/aws/endpoints"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/pkg/errors"
)

// Options say how an account is reached.
type Options struct {
	Name, Region                 string            // Name: the account's name in the configuration
	AccessKeyID, SecretAccessKey string            // both empty: the SDK's own chain
	RoleARN, ExternalID          string            // assumed on top of either, refreshed ahead of expiry
	Endpoint                     string            // every client goes there (an emulator, a proxy), STS included
	Transport                    http.RoundTripper // nil: one of its own
	Observe                      func(Call)        // nil: none. Called once per call, whatever its attempts, by the goroutine that made it
}

const (
	roleSession   = "ecs-api"
	roleRefresh   = 5 * time.Minute  // ahead of expiry: longer than any call with its retries
	callTimeout   = 60 * time.Second // one attempt, to the last byte of its answer
	headerTimeout = 30 * time.Second
	idlePerHost   = 64 // calls at once that find a warm connection
)

// NewSession makes the session of an account. Nothing is sent before the first call.
func NewSession(o Options) (*session.Session, error) {
	// The SDK's credential chain asks the instance's metadata, which mostly is not there, through this client, and is quick to
	// give up only if the client is a plain one. AWS_CA_BUNDLE and the like end up in its transport.
	plain := &http.Client{}
	cfg := &aws.Config{
		Region:              aws.String(o.Region),
		HTTPClient:          plain,
		STSRegionalEndpoint: endpoints.RegionalSTSEndpoint,
	}
	if o.Endpoint != "" {
		cfg.Endpoint = aws.String(o.Endpoint)
	}
	if o.AccessKeyID != "" || o.SecretAccessKey != "" {
		cfg.Credentials = credentials.NewStaticCredentials(o.AccessKeyID, o.SecretAccessKey, "")
	}
	sess, err := session.NewSession(cfg)
	if err != nil {
		return nil, errors.Wrapf(err, "session of account %q", o.Name)
	}
	sess.Config.HTTPClient = newHTTPClient(o.Transport, plain)
	request.WithRetryer(sess.Config, newRetryer())
	watch(&sess.Handlers, o.Observe)
	newLimiter().install(&sess.Handlers)
	if o.RoleARN != "" {
		sess = sess.Copy(&aws.Config{Credentials: assume(sess, o)})
	}
	return sess, nil
}

func newHTTPClient(transport http.RoundTripper, plain *http.Client) *http.Client {
	if transport == nil {
		own := newTransport()
		if t, is := plain.Transport.(*http.Transport); is {
			own.TLSClientConfig = t.TLSClientConfig
		}
		transport = own
	}
	return &http.Client{
		Transport: transport,
		Timeout:   callTimeout,
		// AWS redirects none of our calls; a signed request is not carried to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// newTransport is http.DefaultTransport with patience that suits an API whose calls take milliseconds, and with room for a fan-out.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: headerTimeout,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConns:          8 * idlePerHost,
		MaxIdleConnsPerHost:   idlePerHost,
		ForceAttemptHTTP2:     true,
	}
}

// assume gives the credentials of the account's role, asked of STS through the session beneath it.
func assume(sess *session.Session, o Options) *credentials.Credentials {
	provider := &role{}
	stscreds.NewCredentials(sess, o.RoleARN, func(p *stscreds.AssumeRoleProvider) {
		p.RoleSessionName = roleSession
		p.ExpiryWindow = roleRefresh
		if o.ExternalID != "" {
			p.ExternalID = aws.String(o.ExternalID)
		}
		provider.AssumeRoleProvider = p
	})
	return credentials.NewCredentials(provider)
}

// role is the SDK's provider, which reads STS's answer through pointers that an answer without credentials leaves nil. It is run by a
// goroutine of the SDK's, where a panic would end the process.
type role struct{ *stscreds.AssumeRoleProvider }

func (r *role) RetrieveWithContext(ctx context.Context) (value credentials.Value, err error) {
	defer func() {
		if recover() != nil {
			err = Hollow("AssumeRole")
		}
	}()
	return r.AssumeRoleProvider.RetrieveWithContext(ctx)
}

func (r *role) Retrieve() (credentials.Value, error) {
	return r.RetrieveWithContext(context.Background())
}
