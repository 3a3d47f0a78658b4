package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pkg/errors"
)

var environment = map[string]string{
	"ECS_API_TOKEN":             "an-example-token",
	"DEV_AWS_ACCESS_KEY_ID":     "AKIDEXAMPLE",
	"DEV_AWS_SECRET_ACCESS_KEY": "an-example-secret",
	"PROD_EXTERNAL_ID":          "an-example-id",
}

func getenv(name string) string { return environment[name] }

func TestExample(t *testing.T) {
	c, err := Load("config.example.json", getenv)
	if err != nil {
		t.Fatal(err)
	}
	for _, sandbox := range []bool{false, true} {
		if err := c.Validate(sandbox); err != nil {
			t.Error(err)
		}
	}
	dev, prod := c.Accounts["dev"], c.Accounts["prod"]
	if c.Token.Value() != "an-example-token" || dev.AccessKeyID != "AKIDEXAMPLE" || dev.SecretAccessKey.Value() != "an-example-secret" ||
		prod.ExternalID != "an-example-id" || len(dev.DefaultSubnets) != 2 || c.Limits.OperationTimeout != 10*time.Minute {
		t.Errorf("%+v", c)
	}
	// The example shows every key but those whose values exclude others.
	content, err := os.ReadFile("config.example.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"listenAddress", "org", "logLevel", "logFormat", "stateDir", "allowPublicIp", "allowedArns", "insecure", "private", "latency", "speed"} {
		if !strings.Contains(string(content), `"`+key+`"`) {
			t.Errorf("%s is not in the example", key)
		}
	}
}

func TestDefault(t *testing.T) {
	c := Default()
	if err := c.Validate(true); err != nil {
		t.Error(err)
	}
	if err := c.Validate(false); err == nil || err.Error() != "built-in configuration: token: missing" {
		t.Errorf("without the sandbox: %v", err)
	}
	if c.ListenAddress != ":8080" || c.Limits != (Limits{1 << 20, time.Minute, 10 * time.Minute}) || c.StateDir != "state" {
		t.Errorf("%+v", c)
	}
}

// good is a valid file; a test replaces a part of it.
const good = `{
	"org": "localdev",
	"token": "a-good-token",
	"accounts": {"prod": {
		"region": "us-east-1"
	}}
}`

func parse(text string) error {
	c, err := Parse("config/config.json", strings.NewReader(text), getenv)
	if err != nil {
		return err
	}
	return c.Validate(false)
}

// TestFaults: one line for each, which names file and key.
func TestFaults(t *testing.T) {
	if err := parse(good); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	empty, long := write("empty", "\n"), write("long", strings.Repeat("x", secretFileBytes+1))

	account := func(more string) string { return strings.Replace(good, `"us-east-1"`, `"us-east-1", `+more, 1) }
	top := func(more string) string { return strings.Replace(good, `"org"`, more+`, "org"`, 1) }
	for _, test := range []struct{ text, want string }{
		// The document.
		{"", "line 1: the JSON ends too early"},
		{"{\n\"org\": \"x\"", "line 2: the JSON ends too early"},
		{"{\n\n\"org\": x}", "line 3: invalid character 'x' looking for beginning of value"},
		{"[]", "must be a JSON object"},
		{"null", "must be a JSON object"},
		{good + "\n{}", "line 8: something follows the end of the object"},
		{good + "]", "line 7: invalid character ']' looking for beginning of value"},
		{strings.Repeat(" ", documentBytes+1), "longer than 1048576 bytes"},
		{top(`"limits": ` + strings.Repeat(`[`, 99)), "limits.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0: nested too deeply"},
		// Keys.
		{top(`"auditLog": "stdout"`), "auditLog: unknown key"},
		{top(`"tokens": []`), "tokens: unknown key"},
		{top(`"Org": "x"`), "Org: unknown key"},
		{top(`"limits": {"requestsPerSecond": 5}`), "limits.requestsPerSecond: unknown key"},
		{top(`"org": "x"`), "org: given twice"},
		{account(`"regoin": "x"`), "accounts.prod.regoin: unknown key"},
		{account(`"region": "us-east-1"`), "accounts.prod.region: given twice"},
		// Shapes.
		{top(`"listenAddress": 8080`), "listenAddress: must be a string"},
		{top(`"listenAddress": null`), "listenAddress: must be a string"},
		{top(`"limits": []`), "limits: must be an object"},
		{top(`"limits": {"bodyBytes": 1.5}`), "limits.bodyBytes: must be a whole number"},
		{top(`"limits": {"bodyBytes": "1"}`), "limits.bodyBytes: must be a whole number"},
		{top(`"limits": {"answerTimeout": 60}`), `limits.answerTimeout: must be a duration such as "60s" or "10m"`},
		{top(`"limits": {"answerTimeout": "60"}`), `limits.answerTimeout: must be a duration such as "60s" or "10m"`},
		{top(`"sandbox": {"speed": "2"}`), "sandbox.speed: must be a number"},
		{account(`"allowPublicIp": "yes"`), "accounts.prod.allowPublicIp: must be true or false"},
		{account(`"defaultSgs": "sg-1"`), "accounts.prod.defaultSgs: must be a list of strings"},
		{account(`"defaultSgs": [1]`), "accounts.prod.defaultSgs: must be a list of strings"},
		{strings.Replace(good, `{"prod"`, `{"dev": 7, "prod"`, 1), "accounts.dev: must be an object"},
		{`{"accounts": []}`, "accounts: must be an object"},
		// References.
		{strings.Replace(good, "a-good-token", "env:NOT_SET", 1), "token: environment variable NOT_SET is not set"},
		{strings.Replace(good, "a-good-token", "file:"+empty, 1), "token: file " + empty + " is empty"},
		{strings.Replace(good, "a-good-token", "file:"+long, 1), "token: file " + long + " is longer than 65536 bytes"},
		{strings.Replace(good, "a-good-token", "file:"+dir+"/none", 1), "token: open " + dir + "/none: no such file or directory"},
		{strings.Replace(good, `"a-good-token"`, "7", 1), "token: must be a string"},
		// Values.
		{`{}`, "org: missing"},
		{`{"org": "x"}`, "token: missing"},
		{`{"org": "x", "token": "a-good-token"}`, "accounts: missing: at least one is required"},
		{strings.Replace(good, `"us-east-1"`, `""`, 1), "accounts.prod.region: missing"},
		{strings.Replace(good, `us-east-1`, `us-east`, 1), `accounts.prod.region: must be a region such as "us-east-1"`},
		{strings.Replace(good, "localdev", "local/dev", 1), "org: must be 1 to 32 letters, digits, _, . or -, beginning with a letter, a digit or _"},
		{strings.Replace(good, "localdev", "..", 1), "org: must be 1 to 32 letters, digits, _, . or -, beginning with a letter, a digit or _"},
		{strings.Replace(good, "a-good-token", "short", 1), "token: must be 8 to 72 printable ASCII characters without spaces"},
		{strings.Replace(good, "a-good-token", strings.Repeat("x", 73), 1), "token: must be 8 to 72 printable ASCII characters without spaces"},
		{strings.Replace(good, "prod", "pr/od", 1), "accounts.pr/od: an account's name must be 1 to 64 letters, digits, _, . or -, beginning with a letter or a digit"},
		{strings.Replace(good, "prod", "images", 1), "accounts.images: the name is that of a route"},
		{top(`"listenAddress": "8080"`), `listenAddress: must be host:port or :port, such as ":8080"`},
		{top(`"listenAddress": ":http"`), `listenAddress: must be host:port or :port, such as ":8080"`},
		{top(`"listenAddress": ":65536"`), `listenAddress: must be host:port or :port, such as ":8080"`},
		{top(`"listenAddress": "a b:1"`), `listenAddress: must be host:port or :port, such as ":8080"`},
		{top(`"tls": {"cert": "c"}`), "tls.key: missing, but tls.cert is given"},
		{top(`"tls": {"key": "k"}`), "tls.cert: missing, but tls.key is given"},
		{top(`"tls": {"cert": "` + dir + `/c", "key": "k"}`), "tls: open " + dir + "/c: no such file or directory"},
		{top(`"logLevel": "loud"`), "logLevel: must be one of error, warn, info, debug"},
		{top(`"logFormat": "xml"`), "logFormat: must be one of json, text"},
		{top(`"stateDir": ""`), "stateDir: missing"},
		{top(`"limits": {"bodyBytes": 0}`), "limits.bodyBytes: must be more than 0"},
		{top(`"limits": {"answerTimeout": "0s"}`), "limits.answerTimeout: must be more than 0"},
		{top(`"limits": {"operationTimeout": "-1s"}`), "limits.operationTimeout: must be more than 0"},
		{top(`"sandbox": {"latency": "2m"}`), "sandbox.latency: must be between 0s and 1m"},
		{top(`"sandbox": {"speed": 0}`), "sandbox.speed: must be more than 0 and at most 1000"},
		{top(`"sandbox": {"listenAddress": "x"}`), `sandbox.listenAddress: must be host:port or :port, such as ":8080"`},
		{top(`"registries": {"insecure": ["http://x"]}`), `registries.insecure: must be hosts, with a port or without, such as "registry.internal:5000"`},
		{top(`"registries": {"private": ["x:port"]}`), `registries.private: must be hosts, with a port or without, such as "registry.internal:5000"`},
		{top(`"registries": {"public": []}`), "registries.public: unknown key"},
		{account(`"akid": "A"`), "accounts.prod.secret: missing, but akid is given"},
		{account(`"secret": "S"`), "accounts.prod.akid: missing, but secret is given"},
		{account(`"akid": "A", "secret": "top secret"`), "accounts.prod.secret: must be printable ASCII without spaces"},
		{account(`"akid": "A B", "secret": "S"`), "accounts.prod.akid: must be printable ASCII without spaces"},
		{account(`"roleArn": "arn:aws:iam::1:role/x"`), "accounts.prod.roleArn: must be the ARN of a role"},
		{account(`"externalId": "xx"`), "accounts.prod.externalId: given without roleArn"},
		{account(`"externalId": "x", "roleArn": "arn:aws:iam::123456789012:role/x"`), "accounts.prod.externalId: must be 2 to 1000 letters, digits or _+=,.@:/-"},
		{account(`"externalId": "` + strings.Repeat("x", 1001) + `", "roleArn": "arn:aws:iam::123456789012:role/x"`), "accounts.prod.externalId: must be 2 to 1000 letters, digits or _+=,.@:/-"},
		{account(`"externalId": "x!", "roleArn": "arn:aws:iam::123456789012:role/x"`), "accounts.prod.externalId: must be 2 to 1000 letters, digits or _+=,.@:/-"},
		{account(`"endpoint": "localhost:4566"`), "accounts.prod.endpoint: must be an http or https URL of a host, without user, query or fragment"},
		{account(`"endpoint": "http://u:p@localhost"`), "accounts.prod.endpoint: must be an http or https URL of a host, without user, query or fragment"},
		{account(`"defaultSgs": ["x"]`), "accounts.prod.defaultSgs: must be security groups (sg-...), at most 5"},
		{account(`"defaultSgs": ["sg-1","sg-1","sg-1","sg-1","sg-1","sg-1"]`), "accounts.prod.defaultSgs: must be security groups (sg-...), at most 5"},
		{account(`"defaultSubnets": ["sg-1"]`), "accounts.prod.defaultSubnets: must be subnets (subnet-...), at most 16"},
		{account(`"defaultKmsKeyId": "alias/x"`), "accounts.prod.defaultKmsKeyId: must be the id of a key, not an ARN or alias"},
		{account(`"allowedArns": ["*"]`), "accounts.prod.allowedArns: must be ARNs of six parts, in which * stands for anything"},
	} {
		err := parse(test.text)
		if err == nil {
			t.Errorf("accepted, want %q", test.want)
			continue
		}
		if got := err.Error(); got != "config/config.json: "+test.want || strings.Contains(got, "\n") {
			t.Errorf("got  %q\nwant %q", got, test.want)
		}
	}
}

func TestGoodValues(t *testing.T) {
	account := func(more string) string { return strings.Replace(good, `"us-east-1"`, `"us-gov-west-1", `+more, 1) }
	for _, text := range []string{
		account(`"akid": "A", "secret": "S", "endpoint": "http://localhost:4566"`),
		account(`"roleArn": "arn:aws-us-gov:iam::123456789012:role/path/x", "externalId": "a:b"`),
		account(`"defaultSgs": [], "defaultSubnets": ["subnet-0a"], "defaultKmsKeyId": "mrk-0123"`),
		account(`"allowedArns": ["arn:aws:iam::aws:policy/*", "arn:aws:secretsmanager:*:*:secret:x/*"]`),
		account(`"allowPublicIp": true`),
		strings.Replace(good, `"org"`, `"registries": {"insecure": ["localhost:5000", "[::1]:5000", "10.0.0.1"], "private": ["fd00::1", "r.internal"]}, "org"`, 1),
		strings.Replace(good, `"org"`, `"listenAddress": "[::1]:0", "sandbox": {"speed": 0.5, "latency": "20ms"}, "org"`, 1),
	} {
		if err := parse(text); err != nil {
			t.Errorf("%v in %s", err, text)
		}
	}
}

func TestSandboxRules(t *testing.T) {
	check := func(text string) error {
		c, err := Parse("f", strings.NewReader(text), getenv)
		if err != nil {
			t.Fatal(err)
		}
		return c.Validate(true)
	}
	if err := check(`{"org": "x"}`); err != nil {
		t.Error(err)
	}
	if err := check(`{"org": "x", "token": "short"}`); err == nil {
		t.Error("a bad token was accepted")
	}
	if err := check(strings.Replace(good, "prod", "sandbox", 1)); err == nil || !strings.HasPrefix(err.Error(), "f: accounts.sandbox: ") {
		t.Errorf("an account of the sandbox's name: %v", err)
	}
}

func TestTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	c := Default()
	c.TLS = TLS{filepath.Join(t.TempDir(), "cert"), filepath.Join(t.TempDir(), "key")}
	for path, block := range map[string]*pem.Block{
		c.TLS.Cert: {Type: "CERTIFICATE", Bytes: cert},
		c.TLS.Key:  {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Validate(true); err != nil {
		t.Error(err)
	}
	c.TLS.Key = c.TLS.Cert
	if err := c.Validate(true); err == nil {
		t.Error("a certificate was taken for its key")
	}
}

func TestLoadAbsent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.json")
	_, err := Load(path, getenv)
	if !errors.Is(err, fs.ErrNotExist) || err.Error() != path+": no such file or directory" {
		t.Errorf("%v", err)
	}
	// The file of a secret is another matter: defaults must not be taken then.
	if err := parse(`{"token": "file:` + path + `"}`); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestSecretFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("a token from a file\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Parse("f", strings.NewReader(`{"token": "file:`+path+`"}`), getenv)
	if err != nil || c.Token.Value() != "a token from a file" {
		t.Errorf("%v", err)
	}
}

// TestSecretsAreNotPrinted: with no verb, in no encoding, and not by the errors of bad values.
func TestSecretsAreNotPrinted(t *testing.T) {
	const hidden = "hunter2hunter2"
	text := strings.Replace(strings.Replace(good, "a-good-token", hidden, 1), `"us-east-1"`, `"us-east-1", "akid": "A", "secret": "`+hidden+`"`, 1)
	c, err := Parse("f", strings.NewReader(text), getenv)
	if err != nil {
		t.Fatal(err)
	}
	nested := struct{ inner *Config }{c}
	shown := []string{fmt.Sprint(nested)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown = append(shown, fmt.Sprintf(verb, c), fmt.Sprintf(verb, *c), fmt.Sprintf(verb, c.Token), fmt.Sprintf(verb, struct{ s Secret }{c.Token}))
	}
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	shown = append(shown, string(encoded), fmt.Sprint(parse(strings.Replace(good, "a-good-token", hidden+" "+hidden, 1))))
	for _, s := range shown {
		if strings.Contains(s, hidden) || strings.Contains(s, fmt.Sprintf("%x", hidden)) {
			t.Errorf("printed: %s", s)
		}
	}
	if !strings.Contains(string(encoded), `"token":"[redacted]"`) {
		t.Errorf("encoded as %s", encoded)
	}
}

// FuzzParse: anything is read, or refused on one line.
func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add(`{"limits": {"bodyBytes": 1e3}, "sandbox": {"speed": -0}}`)
	f.Add("{\"a\\nb\": 1}")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "file:") || strings.Contains(text, `\u`) {
			return // it would read files
		}
		c, err := Parse("f", strings.NewReader(text), func(string) string { return "" })
		if err == nil {
			err = c.Validate(false)
		}
		if err != nil && (strings.ContainsAny(err.Error(), "\r\n") || !strings.HasPrefix(err.Error(), "f: ")) {
			t.Errorf("%q", err.Error())
		}
	})
}
