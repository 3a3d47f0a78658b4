// Package config is what an operator may say: the Config type, how it is read (strictly: every fault is one line that names file and
// key) and what makes it valid. It imports nothing of the project.
package config

import (
	"time"
)

// Config is the whole configuration. Load and Parse fill in what the file does not say; Validate tells whether it can be used.
type Config struct {
	ListenAddress string             `json:"listenAddress"`
	TLS           TLS                `json:"tls"`
	Org           string             `json:"org"`   // owns what carries its tag, and is part of the names of secrets and parameters
	Token         Secret             `json:"token"` // the one shared token
	LogLevel      string             `json:"logLevel"`
	LogFormat     string             `json:"logFormat"`
	Accounts      map[string]Account `json:"accounts"` // by the name that stands in the API's paths
	Limits        Limits             `json:"limits"`
	Sandbox       Sandbox            `json:"sandbox"`
	Registries    Registries         `json:"registries"`
	StateDir      string             `json:"stateDir"` // where the journal is kept
	Journal       Journal            `json:"journal"`

	source string // the file, for Validate's errors
}

// TLS names the files of a certificate and its key; both empty: plain HTTP.
type TLS struct {
	Cert string `json:"cert"`
	Key  string `json:"key"`
}

// Account is one AWS account and region, and what is made there unless a request says otherwise.
type Account struct {
	Region          string   `json:"region"`
	AccessKeyID     string   `json:"akid"` // none: the SDK's credential chain
	SecretAccessKey Secret   `json:"secret"`
	RoleARN         string   `json:"roleArn"` // assumed on top of either
	ExternalID      string   `json:"externalId"`
	Endpoint        string   `json:"endpoint"` // of every AWS client: an emulator, a proxy
	DefaultSgs      []string `json:"defaultSgs"`
	DefaultSubnets  []string `json:"defaultSubnets"`
	DefaultKmsKeyID string   `json:"defaultKmsKeyId"` // an id, not an ARN or alias: it becomes part of a policy's ARN
	AllowPublicIP   bool     `json:"allowPublicIp"`
	AllowedARNs     []string `json:"allowedArns"` // beside what is the org's; * stands for anything
}

// Journal says how operations are kept: in a file in stateDir, or, with none, no longer than the process lives.
type Journal struct {
	Store string `json:"store"`
}

// The values of Journal.Store.
const (
	StoreFile = "file"
	StoreNone = "none"
)

// Limits bound a request and its work.
type Limits struct {
	BodyBytes        int64         `json:"bodyBytes"`
	AnswerTimeout    time.Duration `json:"answerTimeout"`    // then the answer is 202 and the work goes on
	OperationTimeout time.Duration `json:"operationTimeout"` // then the work is undone
}

// Registries names, as host or host:port, the image registries that may be asked though they are not at public addresses.
type Registries struct {
	Insecure []string `json:"insecure"` // over plain HTTP too
	Private  []string `json:"private"`
}

// Sandbox shapes the AWS in this process.
type Sandbox struct {
	ListenAddress string        `json:"listenAddress"` // where it speaks AWS's protocols
	Latency       time.Duration `json:"latency"`       // added to each of its answers
	Speed         float64       `json:"speed"`         // of its clock: 2 starts a task in half the time
}

// Default is what serves the sandbox without a file. It has no token: one is made when it starts.
func Default() *Config {
	c := base()
	c.Org = "sandbox"
	c.source = "built-in configuration"
	return c
}

// base holds the values of keys that a file may leave out.
func base() *Config {
	return &Config{
		ListenAddress: ":8080",
		LogLevel:      "info",
		LogFormat:     "json",
		Accounts:      map[string]Account{},
		Limits: Limits{
			BodyBytes:        1 << 20,
			AnswerTimeout:    60 * time.Second,
			OperationTimeout: 10 * time.Minute,
		},
		Sandbox:  Sandbox{ListenAddress: "127.0.0.1:0", Speed: 1},
		StateDir: "state",
		Journal:  Journal{Store: StoreFile},
	}
}
