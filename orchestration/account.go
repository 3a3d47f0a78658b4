package orchestration

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"ecs-api/cloudwatchlogs"
	"ecs-api/common"
	"ecs-api/common/awsclient"
	"ecs-api/ecs"
	"ecs-api/elbv2"
	"ecs-api/iam"
	"ecs-api/journal"
	"ecs-api/orchestration/plan"
	"ecs-api/resourcegroupstaggingapi"
	"ecs-api/secretsmanager"
	"ecs-api/servicediscovery"
	"ecs-api/ssm"

	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/sirupsen/logrus"
)

// Options are what an Account is made of.
type Options struct {
	Name string // in the configuration, and in the path of a request
	Org  string // who owns what the API makes
	// Defaults of what it makes.
	SecurityGroups, Subnets []string
	KmsKeyID                string
	AllowPublicIP           bool
	AllowedARNs             []string      // patterns of ARNs, with *, that requests may name though they are not ours
	OperationTimeout        time.Duration // then an operation is undone
	AnswerTimeout           time.Duration // then its caller is told to ask for it later
	Session                 *session.Session
	Journal                 journal.Journal
	Durable                 bool // the journal outlives the process: what it does not know, nobody asked for
	Log                     logrus.FieldLogger
	Observe                 func(verb, outcome string) // told of each operation's end
	SetLeftovers            func(count int)            // told how much is left that nobody asked for
}

// Account is one configured AWS account: the verbs of the API work on it.
type Account struct {
	Options
	ecs       *ecs.Client
	iam       *iam.Client
	secrets   *secretsmanager.Client
	discovery *servicediscovery.Client
	logs      *cloudwatchlogs.Client
	tagging   *resourcegroupstaggingapi.Client
	ssm       *ssm.Client
	balancing *elbv2.Client
	engine    *plan.Engine
	spaces    *spaces
	locks     *locks
	named     namedSecrets
	asking    shared[awsclient.Account] // who the account is
	sweeping  shared[[]Leftover]
	timeouts  atomic.Pointer[timeouts]

	root     context.Context // of work that goes on without its caller
	stop     context.CancelCauseFunc
	watching context.Context // of what only looks on, until the account is closing
	unwatch  context.CancelFunc
	work     sync.WaitGroup
	mu       sync.Mutex // guards what follows; never held across a call
	closing  bool
	identity *awsclient.Account
	left     map[string]int // by operation, and sweptKey: how much could not be released
}

// New makes the account's clients, once. It asks AWS nothing yet.
func New(options Options) *Account {
	root, stop := context.WithCancelCause(context.Background())
	watching, unwatch := context.WithCancel(root)
	a := &Account{
		Options:   options,
		ecs:       ecs.New(options.Session),
		iam:       iam.New(options.Session),
		secrets:   secretsmanager.New(options.Session),
		discovery: servicediscovery.New(options.Session),
		logs:      cloudwatchlogs.New(options.Session),
		tagging:   resourcegroupstaggingapi.New(options.Session),
		ssm:       ssm.New(options.Session),
		balancing: elbv2.New(options.Session),
		spaces:    newSpaces(),
		locks:     newLocks(),
		root:      root,
		stop:      stop,
		watching:  watching,
		unwatch:   unwatch,
		left:      map[string]int{},
	}
	a.SetTimeouts(options.AnswerTimeout, options.OperationTimeout)
	a.engine = &plan.Engine{Release: a.release, Restore: a.restore, Unheard: common.Unheard, Quiet: quiet, Permanent: permanent, Explain: common.MessageOf}
	return a
}

// Identity gives the account's id, partition and region, asked of STS once and remembered. Unavailable, Forbidden or Failed if AWS does not
// say; Deadline if the caller does not wait for it.
func (a *Account) Identity(ctx context.Context) (awsclient.Account, error) {
	a.mu.Lock()
	known := a.identity
	a.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	identity, err := a.asking.ask(ctx, a.root, func(ctx context.Context) (awsclient.Account, error) { return awsclient.Identity(ctx, a.Session) })
	if err != nil {
		return awsclient.Account{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.identity = &identity
	return identity, nil
}

// Close takes no new operations, waits for those at work until ctx ends, and then starts no new step of them.
func (a *Account) Close(ctx context.Context) {
	a.mu.Lock()
	a.closing = true
	a.mu.Unlock()
	a.unwatch()
	ended := make(chan struct{})
	go func() {
		a.work.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	a.stop(errStopping)
	<-ended
}

var errStopping = common.New(common.Unavailable, "the service is stopping")

// begin runs work that goes on without its caller, until the account is closed.
func (a *Account) begin(work func(context.Context)) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closing {
		return errStopping
	}
	a.work.Add(1)
	go func() {
		defer a.work.Done()
		if _, err := safely(func() (struct{}, error) { work(a.root); return struct{}{}, nil }); err != nil {
			a.Log.WithError(err).WithField("account", a.Name).Error("work ended in a panic: the next start goes on with it")
		}
	}()
	return nil
}
