package main

import (
	"context"
	"crypto/tls"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pkg/errors"
	"github.com/sirupsen/logrus"
	"golang.org/x/sync/errgroup"

	"ecs-api/api"
	"ecs-api/common"
	"ecs-api/common/awsclient"
	"ecs-api/config"
	"ecs-api/journal"
	"ecs-api/orchestration"
	"ecs-api/registry"
)

const (
	// What a caller may take: to send its headers, and to keep a connection that it does not use.
	headerPatience = 10 * time.Second
	idlePatience   = 2 * time.Minute
	headerBytes    = 64 << 10

	// The end has three steps within the 25 s that a SIGTERM leaves: no new work from the first moment; no new step of the work in flight
	// after workGrace, which lets its callers be answered; and after lastGrace whatever still hangs is cut.
	workGrace = 15 * time.Second
	lastGrace = 23 * time.Second

	// readyPatience is how long a probe waits for an account that has not answered before.
	readyPatience = 3 * time.Second
)

// program is the API at work.
type program struct {
	config  *config.Config                 // as it is in use
	asRead  *config.Config                 // as the file says what is in use
	read    func() (*config.Config, error) // reads and validates it again
	hangups <-chan os.Signal
	stdout  io.Writer
	log     *logrus.Logger
	metrics *api.Metrics

	api         atomic.Pointer[http.Handler]
	certificate atomic.Pointer[tls.Certificate] // nil: plain HTTP
	accounts    accountStates
}

// serve listens, tells its address, and serves until ctx ends.
func (p *program) serve(ctx context.Context, listening func(url string)) error {
	kept, err := openJournal(ctx, p.config)
	if err != nil || kept == nil {
		return err
	}
	defer func() { p.warn("journal", kept.Close()) }()
	byName, err := accounts(p.config, kept, p.metrics, p.log)
	if err != nil {
		return err
	}
	if err := recoverAll(ctx, kept, byName, p.metrics, p.log); err != nil {
		if ctx.Err() != nil { // told to stop before it served: the journal knows what is left
			p.end(&http.Server{}, byName)
			return nil
		}
		return err
	}
	if err := p.readCertificate(p.config); err != nil {
		return err
	}
	p.serveAPI(byName)
	listener, err := net.Listen("tcp", p.config.ListenAddress)
	if err != nil {
		return errors.Wrap(err, "listenAddress")
	}
	url := urlOf(listener, p.config.TLS.Cert != "")
	p.log.WithFields(logrus.Fields{"url": url, "accounts": len(byName), "version": version}).Info("listening")
	listening(url)
	server := p.server()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		p.reloadAtEach(ctx, p.hangups, byName)
		return nil
	})
	group.Go(func() error { return closedIsFine(p.accept(server, listener)) })
	group.Go(func() error {
		<-ctx.Done()
		p.end(server, byName)
		return nil
	})
	return group.Wait()
}

func (p *program) server() *http.Server {
	server := &http.Server{
		Handler:           p,
		ReadHeaderTimeout: headerPatience,
		IdleTimeout:       idlePatience,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          stdlog.New(warnings{p.log}, "", 0),
	}
	if p.certificate.Load() != nil {
		server.TLSConfig = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.certificate.Load(), nil }}
	}
	return server
}

// handler is the API as the configuration now says.
func (p *program) handler(byName map[string]*orchestration.Account) http.Handler {
	return api.New(api.Options{
		Token:     p.config.Token.Value(),
		BodyBytes: p.config.Limits.BodyBytes,
		Accounts: func(name string) (api.Account, bool) {
			account, ok := byName[name]
			return account, ok
		},
		Images:  registry.New(registry.Options{Insecure: p.config.Registries.Insecure, Private: p.config.Registries.Private}),
		Ready:   func(ctx context.Context) api.Readiness { return p.readiness(ctx, byName) },
		Metrics: p.metrics,
		Log:     p.log,
		Version: versions(),
	})
}

func (p *program) accept(server *http.Server, listener net.Listener) error {
	if server.TLSConfig != nil {
		return server.ServeTLS(listener, "", "")
	}
	return server.Serve(listener)
}

func closedIsFine(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// end stops listening and taking work at once, answers what is in flight, and is back within lastGrace.
func (p *program) end(server *http.Server, byName map[string]*orchestration.Account) {
	p.log.Info("stopping")
	last, done := context.WithTimeout(context.Background(), lastGrace)
	defer done()
	work, cancel := context.WithTimeout(last, workGrace)
	defer cancel()
	closed := make(chan string, len(byName))
	var group errgroup.Group
	for name, account := range byName {
		group.Go(func() error {
			account.Close(work)
			closed <- name
			return nil
		})
	}
	p.warn("stopping", server.Shutdown(last))
	for range byName {
		select {
		case <-closed:
		case <-last.Done():
			p.log.Warn("work in flight is left to the journal")
		}
	}
	p.warn("stopping", server.Close())
	p.log.Info("stopped")
}

func (p *program) warn(what string, err error) {
	if err != nil {
		p.log.WithError(err).Warn(what)
	}
}

// openJournal opens where operations are kept. Nil without an error if ctx ends while a predecessor holds it.
func openJournal(ctx context.Context, c *config.Config) (journal.Journal, error) {
	if c.Journal.Store == config.StoreNone {
		return journal.NewMemory(), nil
	}
	type opened struct {
		file *journal.File
		err  error
	}
	done := make(chan opened, 1)
	go func() {
		file, err := journal.OpenFile(c.StateDir)
		done <- opened{file, err}
	}()
	select {
	case o := <-done:
		if o.err != nil {
			return nil, o.err // and not a journal that is nil
		}
		return o.file, nil
	case <-ctx.Done():
		return nil, nil
	}
}

// recoverAll has every account go on with what the process before left, and look for orphans. Operations of an account that is not
// configured any more stay as they are.
func recoverAll(ctx context.Context, kept journal.Journal, byName map[string]*orchestration.Account, metrics *api.Metrics, log logrus.FieldLogger) error {
	operations, err := kept.List(journal.Filter{Open: true})
	if err != nil {
		return errors.Wrap(err, "the journal cannot be read")
	}
	pending := map[string]int{}
	for _, op := range operations {
		if byName[op.Account] == nil {
			pending[op.Account]++
		}
	}
	for name, count := range pending {
		metrics.SetPending(name, count)
		log.WithFields(logrus.Fields{"account": name, "operations": count}).Warn("operations of an account that is not configured are left pending")
	}
	for _, account := range byName {
		if err := account.Recover(ctx); err != nil {
			return err
		}
		if err := account.Sweep(); err != nil {
			return err
		}
	}
	return nil
}

// accounts makes every configured account, by name. Nothing is asked of AWS yet.
func accounts(c *config.Config, kept journal.Journal, metrics *api.Metrics, log logrus.FieldLogger) (map[string]*orchestration.Account, error) {
	byName := map[string]*orchestration.Account{}
	for name, account := range c.Accounts {
		session, err := awsclient.NewSession(awsclient.Options{
			Name:            name,
			Region:          account.Region,
			AccessKeyID:     account.AccessKeyID,
			SecretAccessKey: account.SecretAccessKey.Value(),
			RoleARN:         account.RoleARN,
			ExternalID:      account.ExternalID,
			Endpoint:        account.Endpoint,
			Observe: func(call awsclient.Call) {
				metrics.ObserveCall(call.Service, call.Operation, call.Outcome, call.Latency)
				logCall(log, name, call)
			},
		})
		if err != nil {
			return nil, err
		}
		byName[name] = orchestration.New(orchestration.Options{
			Name:             name,
			Org:              c.Org,
			SecurityGroups:   account.DefaultSgs,
			Subnets:          account.DefaultSubnets,
			KmsKeyID:         account.DefaultKmsKeyID,
			AllowPublicIP:    account.AllowPublicIP,
			AllowedARNs:      account.AllowedARNs,
			OperationTimeout: c.Limits.OperationTimeout,
			AnswerTimeout:    c.Limits.AnswerTimeout,
			Durable:          c.Journal.Store == config.StoreFile,
			SetLeftovers:     func(count int) { metrics.SetLeftovers(name, count) },
			Session:          session,
			Journal:          kept,
			Log:              log,
			Observe:          metrics.ObserveOperation,
		})
	}
	return byName, nil
}

// logCall writes a line for a call to AWS. What was asked and what was answered is never in it: both may hold secrets.
func logCall(log logrus.FieldLogger, account string, call awsclient.Call) {
	fields := logrus.Fields{
		"account": account, "service": call.Service, "action": call.Operation, "outcome": call.Outcome, "attempts": call.Attempts,
		"ms": float64(call.Latency.Microseconds()) / 1000,
	}
	request := common.RequestOf(call.Context)
	for name, id := range map[string]string{"request": request.ID, "operation": request.Operation} {
		if id != "" {
			fields[name] = id
		}
	}
	log.WithFields(fields).Debug("call")
}

// readiness asks every account who it is; one that has answered once is not asked again. The process is ready when one is.
func (p *program) readiness(asked context.Context, byName map[string]*orchestration.Account) api.Readiness {
	ctx, cancel := context.WithTimeout(asked, readyPatience)
	defer cancel()
	state := api.Readiness{Journal: "read", Accounts: map[string]api.AccountState{}}
	var mu sync.Mutex
	var group errgroup.Group
	for name, account := range byName {
		group.Go(func() error {
			_, err := account.Identity(ctx)
			if !errors.Is(asked.Err(), context.Canceled) { // whoever hung up has learnt nothing of the account
				p.accounts.note(p.log, name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			state.Accounts[name] = stateOf(err)
			state.Ready = state.Ready || err == nil
			return nil
		})
	}
	_ = group.Wait() // each says in its state what went wrong
	return state
}

// stateOf tells the kind of what is wrong, and no more: anybody may ask.
func stateOf(err error) api.AccountState {
	if err != nil {
		return api.AccountState{Detail: common.KindOf(err).String()}
	}
	return api.AccountState{Ready: true}
}

// accountStates remembers what was last logged of each account's readiness, so that a probe every few seconds is not a line every few
// seconds.
type accountStates struct {
	mu     sync.Mutex
	logged map[string]api.AccountState
}

// note logs the state of an account if it is another than before, with the cause that the answer does not tell.
func (s *accountStates) note(log logrus.FieldLogger, name string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := stateOf(err)
	if before, known := s.logged[name]; known && before == now {
		return
	}
	if s.logged == nil {
		s.logged = map[string]api.AccountState{}
	}
	s.logged[name] = now
	if err != nil {
		log.WithField("account", name).WithError(err).Warn("the account is not ready")
		return
	}
	log.WithField("account", name).Info("the account is ready")
}

// urlOf is where a client on this host reaches the listener.
func urlOf(listener net.Listener, secure bool) string {
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	if secure {
		return "https://" + net.JoinHostPort(host, port)
	}
	return "http://" + net.JoinHostPort(host, port)
}

// warnings takes net/http's own complaints into the log.
type warnings struct{ log *logrus.Logger }

func (w warnings) Write(line []byte) (int, error) {
	w.log.Warn(strings.TrimSpace(string(line)))
	return len(line), nil
}
