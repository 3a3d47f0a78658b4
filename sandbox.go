package main

import (
	"context"
	"crypto/rand"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"

	"ecs-api/config"
	"ecs-api/sandbox"
)

const sandboxAccount = "sandbox"

// serveWithSandbox starts an AWS in this process and serves with an account on it. The sandbox ends after the API: what is in flight when a
// signal comes still talks to it.
func (p *program) serveWithSandbox(ctx context.Context) error {
	if p.config.StateDir == config.Default().StateDir {
		dir, err := os.MkdirTemp("", "ecs-api-sandbox-")
		if err != nil {
			return errors.Wrap(err, "the sandbox's state")
		}
		defer func() { p.warn("the sandbox's state", os.RemoveAll(dir)) }()
		p.config.StateDir = dir
	}
	listener, err := net.Listen("tcp", p.config.Sandbox.ListenAddress)
	if err != nil {
		return errors.Wrap(err, "sandbox.listenAddress")
	}
	aws := sandbox.New(sandbox.Options{Latency: p.config.Sandbox.Latency, Speed: p.config.Sandbox.Speed})
	server := &http.Server{Handler: aws, ReadHeaderTimeout: headerPatience, ErrorLog: stdlog.New(warnings{p.log}, "", 0)}
	hello := greeting{aws: urlOf(listener, false)}
	if p.config.Token.Value() == "" {
		hello.token = rand.Text()
		p.config.Token = config.NewSecret(hello.token)
	}
	p.config.Accounts[sandboxAccount] = accountOn(aws.Defaults(), hello.aws)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return closedIsFine(server.Serve(listener)) })
	group.Go(func() error {
		defer func() { p.warn("closing the sandbox", server.Close()) }()
		return p.serve(ctx, func(url string) {
			hello.api = url
			_, err := io.WriteString(p.stdout, hello.String())
			p.warn("printing", err)
		})
	})
	return group.Wait()
}

// accountOn is the configuration of an account whose every call goes to url.
func accountOn(stands sandbox.Defaults, url string) config.Account {
	return config.Account{
		Region:          stands.Region,
		AccessKeyID:     "sandbox",
		SecretAccessKey: config.NewSecret("sandbox"),
		Endpoint:        url,
		DefaultSgs:      stands.SecurityGroups,
		DefaultSubnets:  stands.Subnets,
		DefaultKmsKeyID: stands.KmsKeyID,
	}
}

// greeting is what the sandbox says once it serves.
type greeting struct {
	api, aws string
	token    string // "" if one is configured: that one is not printed
}

// sandboxService is a service with all that it can stand on. The namespace is the sandbox's own.
const sandboxService = `{"cluster":{"clustername":"myclu"},` +
	`"taskdefinition":{"family":"webservers","cpu":"256","memory":"512","containerdefinitions":[{"name":"webserver","image":"nginx:alpine",` +
	`"environment":[{"name":"API_HOST","value":"localhost"},{"name":"API_PORT","value":"1234"}],"ports":[80,443],` +
	`"logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"myclu","awslogs-stream-prefix":"www","awslogs-region":"us-east-1","awslogs-create-group":"true"}},` +
	`"PortMappings":[{"ContainerPort":80,"protocol":"tcp"}],"secrets":[]}]},` +
	`"service":{"desiredcount":1,"servicename":"www"},` +
	`"serviceregistry":{"name":"www","cluster":"myclu","dnsconfig":{"namespaceid":"ns-y3uaw6neshhbev3f","dnsrecords":[{"ttl":30,"type":"A"}]}},` +
	`"credentials":{"webserver":{"Name":"myapp-webserver-cred","SecretString":"{\"username\":\"supahman\",\"password\":\"dontkryptonitemebro\"}","Description":"myapp-webserver-cred"}},` +
	`"tags":[{"Key":"CreatedBy","Value":"netid"},{"Key":"OS","Value":"container"}]}`

// String gives the addresses, a line each, and lines to paste into a shell. Where the token is not printed, they take it from the
// environment.
func (g greeting) String() string {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, "") + "\n") }
	line("api ", g.api)
	line("aws ", g.aws)
	token := "$ECS_API_TOKEN"
	if g.token != "" {
		line("token ", g.token)
		token = g.token
	}
	curl := `curl -sS -H "Authorization: Bearer ` + token + `" `
	account := g.api + "/v1/ecs/" + sandboxAccount
	service := account + "/clusters/myclu/services/www"
	line(curl, account, "/services -d '", sandboxService, "'")
	line(curl, "'", service, "?all=true'")
	line(curl, "-X DELETE '", service, "?recursive=true'")
	return b.String()
}
