package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Changes names the keys whose values differ between the configuration that a process runs with and one that it has read again, in order:
// taken are those that it can take over at run time, fixed those that need a new process. What a secret is stays unsaid.
func Changes(running, read *Config) (taken, fixed []string) {
	before, after := map[string]string{}, map[string]string{}
	flatten(before, "", reflect.ValueOf(*running))
	flatten(after, "", reflect.ValueOf(*read))
	secure := running.TLS.Cert != "" && read.TLS.Cert != ""
	for key := range merged(before, after) {
		switch {
		case before[key] == after[key]:
		case atRunTime(key, secure):
			taken = append(taken, key)
		default:
			fixed = append(fixed, key)
		}
	}
	slices.Sort(taken)
	slices.Sort(fixed)
	return taken, fixed
}

// atRunTime says whether a key's new value can be taken over by a process that runs. Other files of a certificate can; whether there is one
// cannot.
func atRunTime(key string, secure bool) bool {
	switch section, _, _ := strings.Cut(key, "."); section {
	case "token", "logLevel", "logFormat", "limits":
		return true
	case "tls":
		return secure
	}
	return false
}

// flatten notes the value of every key below path as text.
func flatten(values map[string]string, path string, v reflect.Value) {
	if secret, is := v.Interface().(Secret); is {
		values[path] = secret.Value()
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range reflect.VisibleFields(v.Type()) {
			if field.IsExported() {
				flatten(values, join(path, field.Tag.Get("json")), v.FieldByIndex(field.Index))
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			flatten(values, join(path, key.String()), v.MapIndex(key))
		}
	default:
		values[path] = fmt.Sprintf("%q", fmt.Sprint(v.Interface()))
	}
}

func merged(a, b map[string]string) map[string]bool {
	keys := map[string]bool{}
	for _, values := range []map[string]string{a, b} {
		for key := range values {
			keys[key] = true
		}
	}
	return keys
}

// With gives this configuration with what a running process takes over from another.
func (c *Config) With(read *Config) *Config {
	now := *c
	now.Token, now.LogLevel, now.LogFormat, now.Limits = read.Token, read.LogLevel, read.LogFormat, read.Limits
	if c.TLS.Cert != "" && read.TLS.Cert != "" {
		now.TLS = read.TLS
	}
	return &now
}
