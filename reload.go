package main

import (
	"context"
	"crypto/tls"
	"net/http"
	"os"

	"github.com/pkg/errors"
	"github.com/sirupsen/logrus"

	"ecs-api/config"
	"ecs-api/orchestration"
)

// reloadAtEach reads the configuration again at each signal, until ctx ends.
func (p *program) reloadAtEach(ctx context.Context, signals <-chan os.Signal, byName map[string]*orchestration.Account) {
	for {
		select {
		case <-signals:
			p.reload(byName)
		case <-ctx.Done():
			return
		}
	}
}

// reload takes over what can change at run time, and says what cannot. A configuration that is not good changes nothing.
func (p *program) reload(byName map[string]*orchestration.Account) {
	next, err := p.read()
	if err == nil {
		err = p.readCertificate(next)
	}
	if err != nil {
		p.log.WithError(err).Error("the configuration is not good: nothing has changed")
		return
	}
	taken, fixed := config.Changes(p.asRead, next)
	if len(fixed) > 0 {
		p.log.WithField("keys", fixed).Warn("these keys of the configuration have changed, and wait for a restart")
	}
	setLogging(p.log, next)
	p.config.LogLevel, p.config.LogFormat, p.config.Limits = next.LogLevel, next.LogFormat, next.Limits
	if next.Token.Value() != "" { // the sandbox's own goes on
		p.config.Token = next.Token
	}
	for _, account := range byName {
		account.SetTimeouts(next.Limits.AnswerTimeout, next.Limits.OperationTimeout)
	}
	p.serveAPI(byName)
	p.asRead = p.asRead.With(next)
	p.log.WithField("keys", taken).Info("the configuration was read again")
}

// serveAPI has new requests answered as the configuration now says; those at work end as they began.
func (p *program) serveAPI(byName map[string]*orchestration.Account) {
	handler := p.handler(byName)
	p.api.Store(&handler)
}

// ServeHTTP answers with the API as it is configured now.
func (p *program) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*p.api.Load()).ServeHTTP(w, r) }

// readCertificate reads the certificate that c names, if the process serves with one.
func (p *program) readCertificate(c *config.Config) error {
	if p.config.TLS.Cert == "" || c.TLS.Cert == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key)
	if err != nil {
		return errors.Wrap(err, "tls")
	}
	p.certificate.Store(&pair)
	return nil
}

// setLogging has the log written as the configuration says.
func setLogging(log *logrus.Logger, c *config.Config) {
	if c.LogFormat == "text" {
		log.SetFormatter(&logrus.TextFormatter{FullTimestamp: true, DisableColors: true})
	} else {
		log.SetFormatter(&logrus.JSONFormatter{})
	}
	if level, err := logrus.ParseLevel(c.LogLevel); err == nil { // validated
		log.SetLevel(level)
	}
}
