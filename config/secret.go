package config

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pkg/errors"
)

const redacted = "[redacted]"

// Secret is a value that is not printed, logged or encoded by accident: only Value gives it away. It is behind a pointer, because fmt
// prints fields it may not call methods on, and then prints an address.
type Secret struct {
	value *string
}

// NewSecret makes a Secret of a value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{&value}
}

// Value gives the secret away, "" if there is none.
func (s Secret) Value() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// String tells only whether there is a secret.
func (s Secret) String() string {
	if s.value == nil {
		return ""
	}
	return redacted
}

// Format redacts with every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText redacts in JSON and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

const secretFileBytes = 64 << 10

// resolve gives the value that a reference stands for: "env:NAME", "file:PATH" (relative to the working directory, without newlines
// at its end), or the text itself.
func resolve(reference string, getenv func(string) string) (string, error) {
	if name, is := strings.CutPrefix(reference, "env:"); is {
		value := getenv(name)
		if value == "" {
			return "", errors.Errorf("environment variable %s is not set", name)
		}
		return value, nil
	}
	if path, is := strings.CutPrefix(reference, "file:"); is {
		return readSecret(path)
	}
	return reference, nil
}

func readSecret(path string) (string, error) {
	content, err := readBounded(path, secretFileBytes)
	if err != nil {
		// In words only: that the file of a secret is missing is not that the configuration is missing.
		return "", errors.New(err.Error())
	}
	value := strings.TrimRight(string(content), "\r\n")
	if value == "" {
		return "", errors.Errorf("file %s is empty", path)
	}
	return value, nil
}

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(content)) > limit {
		return nil, errors.Errorf("file %s is longer than %d bytes", path, limit)
	}
	return content, nil
}
