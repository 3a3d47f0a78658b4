// Command ecs-api is a REST API for Amazon ECS on Fargate: one request builds, changes or removes a service with all that it stands on.
// This package reads flags and configuration, makes the accounts and serves; it is the only one that knows all the others.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/signal"
	"syscall"

	"github.com/pkg/errors"
	"github.com/sirupsen/logrus"

	"ecs-api/api"
	"ecs-api/config"
)

// Set by the linker (see Makefile).
var (
	version    = "dev"
	githash    = "unknown"
	buildstamp = "unknown"
)

const (
	defaultConfig = "config/config.json"
	// sandboxListenAddress serves where no file says otherwise: a thing to try out is not for the whole network.
	sandboxListenAddress = "127.0.0.1:8080"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // from the first moment: it never ends the process
	err := Run(ctx, hangups, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ecs-api:", err)
	}
	os.Exit(exitStatus(err))
}

// misuse is a bad flag or a bad configuration: nothing has been listened on.
type misuse struct{ error }

func (e misuse) Unwrap() error { return e.error }

func exitStatus(err error) int {
	var wrong misuse
	switch {
	case err == nil:
		return 0
	case errors.As(err, &wrong):
		return 2
	}
	return 1
}

// Run is the program: it serves until ctx ends, and answers what is in flight then. At each of hangups it reads its configuration again. A
// misuse if args or the configuration are wrong.
func Run(ctx context.Context, hangups <-chan os.Signal, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	options, err := parseFlags(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return misuse{err}
	}
	if options.version {
		_, err := fmt.Fprintf(stdout, "ecs-api %s (%s, built %s)\n", version, githash, buildstamp)
		return err
	}
	c, err := options.configuration(getenv)
	if err != nil {
		return misuse{err}
	}
	asRead := *c // the sandbox adds to c
	asRead.Accounts = maps.Clone(c.Accounts)
	p := &program{
		config: c, asRead: &asRead, read: func() (*config.Config, error) { return options.configuration(getenv) }, hangups: hangups,
		stdout: stdout, log: newLogger(c, stderr), metrics: api.NewMetrics(versions()),
	}
	if options.sandbox {
		return p.serveWithSandbox(ctx)
	}
	return p.serve(ctx, func(string) {})
}

func versions() api.Version {
	return api.Version{Version: version, GitHash: githash, BuildStamp: buildstamp}
}

// options are the command line.
type options struct {
	file    string // "" if none is named
	sandbox bool
	version bool
	unbuilt string // a flag that stands in the documentation and does nothing yet
}

func parseFlags(args []string, stdout io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("ecs-api", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // one line of error is enough, and that is main's
	flags.Usage = func() {}
	flags.StringVar(&o.file, "config", "", "read the configuration from `FILE` (default "+defaultConfig+")")
	flags.BoolVar(&o.sandbox, "sandbox", false, "add the account sandbox, on an AWS that lives in this process")
	flags.BoolVar(&o.version, "version", false, "print the version and exit")
	flags.Func("new-token", "print a token and its hash for the token list's `NAME` (not available yet)", func(string) error {
		o.unbuilt = "-new-token"
		return nil
	})
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = fmt.Fprintln(stdout, "usage: ecs-api [-config FILE] [-sandbox] [-version]")
		flags.SetOutput(stdout)
		flags.PrintDefaults()
	case err == nil && flags.NArg() > 0:
		err = errors.Errorf("unexpected argument %q", flags.Arg(0))
	case err == nil && o.unbuilt != "":
		err = errors.Errorf("%s is not available yet", o.unbuilt)
	}
	return o, err
}

// configuration is that of the file. With the sandbox there need not be one, unless it is named.
func (o options) configuration(getenv func(string) string) (*config.Config, error) {
	file := o.file
	if file == "" {
		file = defaultConfig
	}
	c, err := config.Load(file, getenv)
	if o.sandbox && o.file == "" && errors.Is(err, fs.ErrNotExist) {
		c, err = config.Default(), nil
		c.ListenAddress = sandboxListenAddress
	}
	if o.file == "" && errors.Is(err, fs.ErrNotExist) {
		err = errors.Wrap(err, "name a configuration with -config, or try -sandbox, which needs none")
	}
	if err != nil {
		return nil, err
	}
	return c, c.Validate(o.sandbox)
}

func newLogger(c *config.Config, out io.Writer) *logrus.Logger {
	log := logrus.New()
	log.Out = out
	setLogging(log, c)
	return log
}
