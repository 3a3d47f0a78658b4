package config

import (
	"crypto/tls"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pkg/errors"
)

// Validate says whether the configuration can be used: nil, or the first fault on one line with file and key. With the sandbox neither an
// account nor a token is required: it brings its own.
func (c *Config) Validate(sandbox bool) error {
	for _, check := range [...]func() error{
		func() error { return listen("listenAddress", c.ListenAddress) },
		c.validateTLS,
		c.validateOrg,
		func() error { return c.validateToken(sandbox) },
		func() error { return oneOf("logLevel", c.LogLevel, "error", "warn", "info", "debug") },
		func() error { return oneOf("logFormat", c.LogFormat, "json", "text") },
		func() error { return c.validateAccounts(sandbox) },
		c.validateLimits,
		c.validateSandbox,
		func() error { return registries("registries.insecure", c.Registries.Insecure) },
		func() error { return registries("registries.private", c.Registries.Private) },
		func() error { return required("stateDir", c.StateDir) },
		func() error { return oneOf("journal.store", c.Journal.Store, StoreFile, StoreNone) },
	} {
		if err := check(); err != nil {
			return errors.WithMessage(err, c.source)
		}
	}
	return nil
}

var (
	// orgShape: it is a tag's value, and a segment in the names of secrets and parameters.
	orgShape = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$`)
	// tokenShape: what fits into a header, and into bcrypt, which takes 72 bytes; shorter than eight is guessed.
	tokenShape = regexp.MustCompile(`^[!-~]{8,72}$`)
	// accountShape: it is a path segment.
	accountShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

	hostShape       = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$`)
	regionShape     = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
	accessKeyShape  = regexp.MustCompile(`^[!-~]+$`)
	roleShape       = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[!-~]+$`)
	externalIDShape = regexp.MustCompile(`^[A-Za-z0-9_+=,.@:/-]+$`) // 2 to 1000: see isExternalID
	groupShape      = regexp.MustCompile(`^sg-[0-9A-Za-z]+$`)
	subnetShape     = regexp.MustCompile(`^subnet-[0-9A-Za-z]+$`)
	keyShape        = regexp.MustCompile(`^[0-9A-Za-z-]{1,128}$`)
	arnShape        = regexp.MustCompile(`^arn:[a-z*-]+:[a-z0-9*-]+:[a-z0-9*-]*:[0-9a-z*]*:[!-~]+$`)
)

// isExternalID counts by itself: a pattern with a count of a thousand would be as long, at every start.
func isExternalID(id string) bool {
	return len(id) >= 2 && len(id) <= 1000 && externalIDShape.MatchString(id)
}

// taken are the first path segments that are routes, so that no account can have their names.
var taken = []string{"ping", "version", "metrics", "healthz", "readyz", "openapi.json", "docs", "images"}

const sandboxAccount = "sandbox"

func (c *Config) validateTLS() error {
	switch {
	case c.TLS.Cert == "" && c.TLS.Key == "":
		return nil
	case c.TLS.Cert == "":
		return &fault{"tls.cert", "missing, but tls.key is given"}
	case c.TLS.Key == "":
		return &fault{"tls.key", "missing, but tls.cert is given"}
	}
	if _, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key); err != nil {
		return &fault{"tls", err.Error()}
	}
	return nil
}

func (c *Config) validateOrg() error {
	return shaped("org", c.Org, orgShape, "must be 1 to 32 letters, digits, _, . or -, beginning with a letter, a digit or _")
}

func (c *Config) validateToken(sandbox bool) error {
	if sandbox && c.Token.Value() == "" {
		return nil
	}
	if err := required("token", c.Token.Value()); err != nil {
		return err
	}
	if !tokenShape.MatchString(c.Token.Value()) {
		return &fault{"token", "must be 8 to 72 printable ASCII characters without spaces"}
	}
	return nil
}

func (c *Config) validateAccounts(sandbox bool) error {
	if len(c.Accounts) == 0 && !sandbox {
		return &fault{"accounts", "missing: at least one is required"}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		path := join("accounts", name)
		switch {
		case !accountShape.MatchString(name):
			return &fault{path, "an account's name must be 1 to 64 letters, digits, _, . or -, beginning with a letter or a digit"}
		case slices.Contains(taken, name):
			return &fault{path, "the name is that of a route"}
		case sandbox && name == sandboxAccount:
			return &fault{path, "the name is that of the sandbox's own account"}
		}
		if err := c.Accounts[name].validate(path); err != nil {
			return err
		}
	}
	return nil
}

func (a Account) validate(path string) error {
	at := func(key string) string { return join(path, key) }
	for _, err := range [...]error{
		shaped(at("region"), a.Region, regionShape, `must be a region such as "us-east-1"`),
		a.validateCredentials(path),
		optional(at("endpoint"), a.Endpoint, isEndpoint, "must be an http or https URL of a host, without user, query or fragment"),
		each(at("defaultSgs"), a.DefaultSgs, groupShape, 5, "must be security groups (sg-...), at most 5"),
		each(at("defaultSubnets"), a.DefaultSubnets, subnetShape, 16, "must be subnets (subnet-...), at most 16"),
		optional(at("defaultKmsKeyId"), a.DefaultKmsKeyID, keyShape.MatchString, "must be the id of a key, not an ARN or alias"),
		each(at("allowedArns"), a.AllowedARNs, arnShape, 1000, "must be ARNs of six parts, in which * stands for anything"),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func (a Account) validateCredentials(path string) error {
	at := func(key string) string { return join(path, key) }
	secret := a.SecretAccessKey.Value()
	switch {
	case a.AccessKeyID == "" && secret != "":
		return &fault{at("akid"), "missing, but secret is given"}
	case a.AccessKeyID != "" && secret == "":
		return &fault{at("secret"), "missing, but akid is given"}
	case secret != "" && !accessKeyShape.MatchString(secret):
		return &fault{at("secret"), "must be printable ASCII without spaces"}
	case a.ExternalID != "" && a.RoleARN == "":
		return &fault{at("externalId"), "given without roleArn"}
	}
	if err := optional(at("akid"), a.AccessKeyID, accessKeyShape.MatchString, "must be printable ASCII without spaces"); err != nil {
		return err
	}
	if err := optional(at("roleArn"), a.RoleARN, roleShape.MatchString, "must be the ARN of a role"); err != nil {
		return err
	}
	return optional(at("externalId"), a.ExternalID, isExternalID, "must be 2 to 1000 letters, digits or _+=,.@:/-")
}

func (c *Config) validateLimits() error {
	switch l := c.Limits; {
	case l.BodyBytes < 1:
		return &fault{"limits.bodyBytes", "must be more than 0"}
	case l.AnswerTimeout <= 0:
		return &fault{"limits.answerTimeout", "must be more than 0"}
	case l.OperationTimeout <= 0:
		return &fault{"limits.operationTimeout", "must be more than 0"}
	}
	return nil
}

func (c *Config) validateSandbox() error {
	switch s := c.Sandbox; {
	case s.Latency < 0 || s.Latency > time.Minute:
		return &fault{"sandbox.latency", "must be between 0s and 1m"}
	case !(s.Speed > 0 && s.Speed <= 1000):
		return &fault{"sandbox.speed", "must be more than 0 and at most 1000"}
	}
	return listen("sandbox.listenAddress", c.Sandbox.ListenAddress)
}

func required(path, value string) error {
	if value == "" {
		return &fault{path, "missing"}
	}
	return nil
}

func shaped(path, value string, shape *regexp.Regexp, problem string) error {
	if err := required(path, value); err != nil {
		return err
	}
	return optional(path, value, shape.MatchString, problem)
}

func optional(path, value string, good func(string) bool, problem string) error {
	if value != "" && !good(value) {
		return &fault{path, problem}
	}
	return nil
}

func each(path string, values []string, shape *regexp.Regexp, most int, problem string) error {
	for _, value := range values {
		if !shape.MatchString(value) {
			return &fault{path, problem}
		}
	}
	if len(values) > most {
		return &fault{path, problem}
	}
	return nil
}

func oneOf(path, value string, choices ...string) error {
	if !slices.Contains(choices, value) {
		return &fault{path, "must be one of " + strings.Join(choices, ", ")}
	}
	return nil
}

// listen checks host:port; no host means every address, port 0 any that is free.
func listen(path, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r == '/' }) {
		return &fault{path, `must be host:port or :port, such as ":8080"`}
	}
	return nil
}

// registries checks host or host:port each; an IPv6 address with a port stands in brackets.
func registries(path string, hosts []string) error {
	for _, authority := range hosts {
		host, port, err := net.SplitHostPort(authority)
		if err != nil {
			host, port = authority, "443"
		}
		if _, bad := strconv.ParseUint(port, 10, 16); bad != nil || net.ParseIP(host) == nil && !hostShape.MatchString(host) {
			return &fault{path, `must be hosts, with a port or without, such as "registry.internal:5000"`}
		}
	}
	return nil
}

func isEndpoint(value string) bool {
	u, err := url.Parse(value)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		u.RawQuery == "" && u.Fragment == "" && !u.ForceQuery
}
