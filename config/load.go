package config

import (
	"encoding/json"
	"io"
	"os"
	"time"

	"github.com/pkg/errors"
)

// Load reads a file. Its error names the file and what is wrong with it on one line; errors.Is fs.ErrNotExist says that the file itself
// is absent. The result is still to be validated.
func Load(path string, getenv func(string) string) (*Config, error) {
	f, err := os.Open(path)
	if err != nil {
		var p *os.PathError
		if errors.As(err, &p) {
			err = p.Err // the path is said once
		}
		return nil, errors.WithMessage(err, path)
	}
	defer func() { _ = f.Close() }()
	return Parse(path, f, getenv)
}

// Parse reads a configuration from r; name stands for it in errors. Keys that the file leaves out have their defaults. Secrets may be given
// as "env:NAME", asked of getenv, or "file:PATH".
func Parse(name string, r io.Reader, getenv func(string) string) (*Config, error) {
	content, err := io.ReadAll(io.LimitReader(r, documentBytes+1))
	if err != nil {
		return nil, errors.WithMessage(err, name)
	}
	if len(content) > documentBytes {
		return nil, errors.Errorf("%s: longer than %d bytes", name, documentBytes)
	}
	members, err := document(content)
	if err != nil {
		return nil, errors.WithMessage(err, name)
	}
	c := base()
	c.source = name
	if err := (reader{getenv}).config(c)("", members); err != nil {
		return nil, errors.WithMessage(err, name)
	}
	return c, nil
}

// setter puts the value at path where it belongs, or says what is wrong with it.
type setter func(path string, value any) error

// reader knows the keys. A key that is not in its tables does not exist.
type reader struct {
	getenv func(string) string
}

func (r reader) config(c *Config) setter {
	return object(map[string]setter{
		"listenAddress": text(&c.ListenAddress),
		"tls":           object(map[string]setter{"cert": text(&c.TLS.Cert), "key": text(&c.TLS.Key)}),
		"org":           text(&c.Org),
		"token":         r.secret(&c.Token),
		"logLevel":      text(&c.LogLevel),
		"logFormat":     text(&c.LogFormat),
		"accounts":      r.accounts(c.Accounts),
		"limits": object(map[string]setter{
			"bodyBytes":        whole(&c.Limits.BodyBytes),
			"answerTimeout":    duration(&c.Limits.AnswerTimeout),
			"operationTimeout": duration(&c.Limits.OperationTimeout),
		}),
		"sandbox": object(map[string]setter{
			"listenAddress": text(&c.Sandbox.ListenAddress),
			"latency":       duration(&c.Sandbox.Latency),
			"speed":         number(&c.Sandbox.Speed),
		}),
		"registries": object(map[string]setter{
			"insecure": texts(&c.Registries.Insecure),
			"private":  texts(&c.Registries.Private),
		}),
		"stateDir": text(&c.StateDir),
		"journal":  object(map[string]setter{"store": text(&c.Journal.Store)}),
	})
}

func (r reader) accounts(accounts map[string]Account) setter {
	return func(path string, value any) error {
		members, is := value.([]member)
		if !is {
			return &fault{path, "must be an object"}
		}
		for _, m := range members {
			var account Account
			if err := r.account(&account)(join(path, m.key), m.value); err != nil {
				return err
			}
			accounts[m.key] = account
		}
		return nil
	}
}

func (r reader) account(a *Account) setter {
	return object(map[string]setter{
		"region":          text(&a.Region),
		"akid":            r.reference(&a.AccessKeyID),
		"secret":          r.secret(&a.SecretAccessKey),
		"roleArn":         text(&a.RoleARN),
		"externalId":      r.reference(&a.ExternalID),
		"endpoint":        text(&a.Endpoint),
		"defaultSgs":      texts(&a.DefaultSgs),
		"defaultSubnets":  texts(&a.DefaultSubnets),
		"defaultKmsKeyId": text(&a.DefaultKmsKeyID),
		"allowPublicIp":   boolean(&a.AllowPublicIP),
		"allowedArns":     texts(&a.AllowedARNs),
	})
}

// reference is a text that may stand elsewhere.
func (r reader) reference(to *string) setter {
	return func(path string, value any) error {
		var given string
		if err := text(&given)(path, value); err != nil {
			return err
		}
		resolved, err := resolve(given, r.getenv)
		if err != nil {
			return &fault{path, err.Error()}
		}
		*to = resolved
		return nil
	}
}

func (r reader) secret(to *Secret) setter {
	return func(path string, value any) error {
		var resolved string
		if err := r.reference(&resolved)(path, value); err != nil {
			return err
		}
		*to = NewSecret(resolved)
		return nil
	}
}

func object(keys map[string]setter) setter {
	return func(path string, value any) error {
		members, is := value.([]member)
		if !is {
			return &fault{path, "must be an object"}
		}
		for _, m := range members {
			set, known := keys[m.key]
			if !known {
				return &fault{join(path, m.key), "unknown key"}
			}
			if err := set(join(path, m.key), m.value); err != nil {
				return err
			}
		}
		return nil
	}
}

func text(to *string) setter {
	return func(path string, value any) (err error) {
		var is bool
		if *to, is = value.(string); !is {
			err = &fault{path, "must be a string"}
		}
		return err
	}
}

func texts(to *[]string) setter {
	return func(path string, value any) error {
		list, is := value.([]any)
		if !is {
			return &fault{path, "must be a list of strings"}
		}
		*to = make([]string, len(list))
		for i, item := range list {
			if (*to)[i], is = item.(string); !is {
				return &fault{path, "must be a list of strings"}
			}
		}
		return nil
	}
}

func boolean(to *bool) setter {
	return func(path string, value any) (err error) {
		var is bool
		if *to, is = value.(bool); !is {
			err = &fault{path, "must be true or false"}
		}
		return err
	}
}

func whole(to *int64) setter {
	return func(path string, value any) (err error) {
		n, _ := value.(json.Number)
		if *to, err = n.Int64(); err != nil {
			return &fault{path, "must be a whole number"}
		}
		return nil
	}
}

func number(to *float64) setter {
	return func(path string, value any) (err error) {
		n, _ := value.(json.Number)
		if *to, err = n.Float64(); err != nil {
			return &fault{path, "must be a number"}
		}
		return nil
	}
}

func duration(to *time.Duration) setter {
	return func(path string, value any) (err error) {
		given, _ := value.(string)
		if *to, err = time.ParseDuration(given); err != nil {
			return &fault{path, `must be a duration such as "60s" or "10m"`}
		}
		return nil
	}
}
