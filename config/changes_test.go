package config

import (
	"slices"
	"strings"
	"testing"
)

func TestChanges(t *testing.T) {
	read := func(text string) *Config {
		c, err := Parse("c.json", strings.NewReader(text), getenv)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	const account = `"accounts":{"a":{"region":"us-east-1","akid":"k","secret":"one","defaultSgs":["sg-1","sg-2"]}}`
	for name, test := range map[string]struct {
		from, to     string
		taken, fixed []string
	}{
		"nothing":             {from: `{` + account + `}`, to: `{` + account + `}`},
		"a default is given":  {from: `{}`, to: `{"logLevel":"info","limits":{"bodyBytes":1048576}}`},
		"at run time":         {from: `{"token":"a"}`, to: `{"token":"b","logFormat":"text","limits":{"operationTimeout":"1m"}}`, taken: []string{"limits.operationTimeout", "logFormat", "token"}},
		"a secret":            {from: `{` + account + `}`, to: `{` + strings.Replace(account, "one", "two", 1) + `}`, fixed: []string{"accounts.a.secret"}},
		"a list":              {from: `{` + account + `}`, to: `{` + strings.Replace(account, `,"sg-2"`, "", 1) + `}`, fixed: []string{"accounts.a.defaultSgs"}},
		"another certificate": {from: `{"tls":{"cert":"a","key":"b"}}`, to: `{"tls":{"cert":"c","key":"b"}}`, taken: []string{"tls.cert"}},
		"no certificate":      {from: `{"tls":{"cert":"a","key":"b"}}`, to: `{}`, fixed: []string{"tls.cert", "tls.key"}},
		"the rest":            {from: `{}`, to: `{"stateDir":"x","org":"y","sandbox":{"speed":2}}`, fixed: []string{"org", "sandbox.speed", "stateDir"}},
	} {
		from, to := read(test.from), read(test.to)
		taken, fixed := Changes(from, to)
		if !slices.Equal(taken, test.taken) || !slices.Equal(fixed, test.fixed) {
			t.Errorf("%s: taken %v, fixed %v", name, taken, fixed)
		}
		if again, still := Changes(from.With(to), to); len(again) > 0 || !slices.Equal(still, test.fixed) {
			t.Errorf("%s: after taking it over %v, %v", name, again, still)
		}
	}
	if _, fixed := Changes(read(`{}`), read(`{`+account+`}`)); !slices.Contains(fixed, "accounts.a.region") {
		t.Errorf("a new account: %v", fixed)
	}
}
