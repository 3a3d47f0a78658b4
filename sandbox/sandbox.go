package sandbox

import (
	"container/heap"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say what account the sandbox is and how fast it moves.
type Options struct {
	AccountID string        // "001122334455" when empty
	Region    string        // "us-east-1" when empty
	Latency   time.Duration // every answer comes this much later (one network round trip)
	Speed     float64       // how fast tasks start and services drain; 1 when zero, 2 is twice as fast
}

// Defaults are the parts of the account that stand from the start: what an operator would have prepared.
type Defaults struct {
	AccountID      string
	Region         string
	Subnets        []string
	SecurityGroups []string
	KmsKeyID       string
	NamespaceID    string // of a Cloud Map private DNS namespace
	NamespaceName  string
}

// Sandbox is one AWS account in one region.
type Sandbox struct {
	defaults   Defaults
	speed      float64
	operations map[string]*operation // by service and operation, never written after New

	settings struct { // has its own lock, so that tests can turn knobs while a call is in flight
		sync.Mutex
		latency time.Duration
		onCall  func(Call, bool)
		faults  []*armedFault
		limits  *rateLimits // nil when off
	}
	log callLog

	mu        sync.Mutex // held while one operation is performed; guards all below
	timeline  timeline
	random    *rand.Rand
	roleDelay time.Duration
	ecs       ecsState
	iam       iamState
	secrets   secretsState
	discovery discoveryState
	logs      logsState
	ssm       ssmState
	elb       elbState
}

// New makes an account that has a network, a key and one private DNS namespace, and nothing else.
func New(o Options) *Sandbox {
	if o.AccountID == "" {
		o.AccountID = "001122334455"
	}
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.Speed <= 0 {
		o.Speed = 1
	}
	s := &Sandbox{
		defaults: Defaults{
			AccountID:      o.AccountID,
			Region:         o.Region,
			Subnets:        []string{"subnet-0a1b2c3d4e5f60718", "subnet-0b2c3d4e5f6071829"},
			SecurityGroups: []string{"sg-0c3d4e5f607182930"},
			KmsKeyID:       "5e2b3f60-0d6c-4a3e-9a51-6f0c8a1d7b42",
			NamespaceID:    "ns-y3uaw6neshhbev3f",
			NamespaceName:  "sandbox.local",
		},
		speed:      o.Speed,
		operations: map[string]*operation{},
		// Seeded, so that the same calls in the same order make the same ids.
		random: rand.New(rand.NewPCG(1, 2)),
	}
	s.settings.latency = o.Latency
	s.registerECS()
	s.registerIAM()
	s.registerSTS()
	s.registerSecretsManager()
	s.registerServiceDiscovery()
	s.registerLogs()
	s.registerELBV2()
	s.registerSSM()
	s.registerTagging()
	return s
}

// Defaults are what stands from the start.
func (s *Sandbox) Defaults() Defaults {
	d := s.defaults
	d.Subnets, d.SecurityGroups = slices.Clone(d.Subnets), slices.Clone(d.SecurityGroups)
	return d
}

// SetLatency changes how much later every answer comes.
func (s *Sandbox) SetLatency(d time.Duration) {
	s.settings.Lock()
	defer s.settings.Unlock()
	s.settings.latency = d
}

// SetRoleDelay says how long a new IAM role stays invisible to ECS, as IAM's eventual consistency makes it.
func (s *Sandbox) SetRoleDelay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roleDelay = d
}

// arn builds the ARN of a resource of this account. IAM and other global services leave the region empty: use globalARN for them.
func (s *Sandbox) arn(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, s.defaults.Region, s.defaults.AccountID, resource)
}

// globalARN builds the ARN of a resource that has no region.
func (s *Sandbox) globalARN(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s::%s:%s", service, s.defaults.AccountID, resource)
}

// scaled is how long something takes that takes d at speed 1.
func (s *Sandbox) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) / s.speed)
}

// newID makes n hexadecimal digits that were not made before.
func (s *Sandbox) newID(n int) string {
	raw := make([]byte, (n+1)/2)
	for i := range raw {
		raw[i] = byte(s.random.UintN(256))
	}
	return hex.EncodeToString(raw)[:n]
}

// newName makes n characters of the given alphabet.
func (s *Sandbox) newName(n int, alphabet string) string {
	var b strings.Builder
	for range n {
		b.WriteByte(alphabet[s.random.IntN(len(alphabet))])
	}
	return b.String()
}

// schedule has do called once the account's clock has reached at. What is scheduled for the same instant is done in the order of
// scheduling.
func (s *Sandbox) schedule(at time.Time, do func(at time.Time)) {
	s.timeline.made++
	heap.Push(&s.timeline, event{at: at, order: s.timeline.made, do: do})
}

// advance brings the emulated world up to now: everything due happens, in time order, each event with its own time. s.mu must be held.
func (s *Sandbox) advance(now time.Time) {
	for len(s.timeline.events) > 0 && !s.timeline.events[0].at.After(now) {
		due := heap.Pop(&s.timeline).(event)
		due.do(due.at)
	}
}

type event struct {
	at    time.Time
	order int
	do    func(at time.Time)
}

// timeline is a heap of what is still to happen.
type timeline struct {
	events []event
	made   int
}

func (t *timeline) Len() int { return len(t.events) }
func (t *timeline) Less(i, j int) bool {
	if !t.events[i].at.Equal(t.events[j].at) {
		return t.events[i].at.Before(t.events[j].at)
	}
	return t.events[i].order < t.events[j].order
}
func (t *timeline) Swap(i, j int) { t.events[i], t.events[j] = t.events[j], t.events[i] }
func (t *timeline) Push(e any)    { t.events = append(t.events, e.(event)) }
func (t *timeline) Pop() any {
	last := t.events[len(t.events)-1]
	t.events = t.events[:len(t.events)-1]
	return last
}
