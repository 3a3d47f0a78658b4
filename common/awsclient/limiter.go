package awsclient

import (
	"sync"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"
)

// limiter slows an account's calls down once AWS has throttled one of their kind, and not before: in ordinary use no call waits for it. All
// clients of a session share it.
type limiter struct {
	mu      sync.Mutex
	buckets map[string]*bucket
}

func newLimiter() *limiter { return &limiter{buckets: map[string]*bucket{}} }

func (l *limiter) install(handlers *request.Handlers) {
	handlers.Sign.PushFront(l.wait) // Sign runs once per attempt, Build once per call
	handlers.CompleteAttempt.PushBack(l.learn)
}

func (l *limiter) bucketFor(r *request.Request) *bucket {
	name, rate := bucketOf(r.ClientInfo.ServiceName, r.Operation.Name)
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[name]
	if b == nil {
		b = &bucket{documented: rate}
		l.buckets[name] = b
	}
	return b
}

// wait holds an attempt back until its turn, or until its context ends.
func (l *limiter) wait(r *request.Request) {
	delay := l.bucketFor(r).reserve(time.Now())
	if delay <= 0 && r.Context().Err() == nil {
		return
	}
	if err := aws.SleepWithContext(r.Context(), delay); err != nil {
		r.Error = awserr.New(request.CanceledErrorCode, "request context canceled", err)
	}
}

func (l *limiter) learn(r *request.Request) {
	l.bucketFor(r).learn(time.Now(), isThrottle(r.Error))
}

const (
	quiet   = 30 * time.Second // without a throttle answer, and the bucket is open again
	settle  = time.Second      // answers to what was in flight together count as one
	slowest = 8                // never less than this part of the documented rate
	growth  = 20               // each good answer adds this part of the documented rate
)

// bucket is additive increase, multiplicative decrease around the rate that AWS documents for a kind of calls. It is open, without
// any wait, until AWS throttles, and again when it has not for a while.
type bucket struct {
	documented float64 // calls a second

	mu        sync.Mutex
	rate      float64 // 0: open
	next      time.Time
	throttled time.Time // last
	lowered   time.Time // last
}

// reserve takes the next turn and says how long it is until then.
func (b *bucket) reserve(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rate > 0 && now.Sub(b.throttled) > quiet {
		b.rate = 0
	}
	if b.rate == 0 {
		return 0
	}
	if b.next.Before(now) {
		b.next = now
	}
	turn := b.next
	b.next = turn.Add(time.Duration(float64(time.Second) / b.rate))
	return turn.Sub(now)
}

func (b *bucket) learn(now time.Time, throttled bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !throttled {
		if b.rate > 0 {
			b.rate += b.documented / growth
		}
		return
	}
	b.throttled = now
	switch {
	case b.rate == 0:
		b.rate = b.documented
	case now.Sub(b.lowered) < settle:
		return
	default:
		b.rate = max(b.rate/2, b.documented/slowest)
	}
	b.lowered = now
}

// ecsBuckets are the kinds of calls that ECS counts together, with its documented sustained rates a second. The bursts are larger; they
// are used up by the time ECS throttles.
var ecsBuckets = []struct {
	name       string
	rate       float64
	operations []string
}{
	{"cluster modify", 1, []string{"CreateCluster", "DeleteCluster", "UpdateCluster", "UpdateClusterSettings", "PutClusterCapacityProviders"}},
	{"cluster read", 20, []string{"DescribeClusters", "ListClusters"}},
	{"task definition modify", 1, []string{"RegisterTaskDefinition", "DeregisterTaskDefinition"}},
	{"task definition read", 20, []string{"DescribeTaskDefinition", "ListTaskDefinitions", "ListTaskDefinitionFamilies"}},
	{"task definition delete", 1, []string{"DeleteTaskDefinitions"}},
	{
		"service modify",
		5,
		[]string{"CreateService", "UpdateService", "DeleteService", "CreateTaskSet", "UpdateTaskSet", "DeleteTaskSet", "UpdateServicePrimaryTaskSet"},
	},
	{"service read", 20, []string{"DescribeServices", "ListServices", "DescribeTaskSets"}},
	{"service by namespace", 1, []string{"ListServicesByNamespace"}},
	{
		"cluster resource modify",
		40,
		[]string{"RunTask", "StartTask", "StopTask", "ExecuteCommand", "UpdateContainerInstancesState", "DeregisterContainerInstance"},
	},
	{"cluster resource read", 20, []string{"DescribeTasks", "ListTasks", "DescribeContainerInstances", "ListContainerInstances"}},
	{"tag modify", 10, []string{"TagResource", "UntagResource"}},
	{"tag read", 20, []string{"ListTagsForResource"}},
	{"capacity provider modify", 1, []string{"CreateCapacityProvider", "UpdateCapacityProvider", "DeleteCapacityProvider"}},
	{"capacity provider read", 20, []string{"DescribeCapacityProviders"}},
	{"settings modify", 1, []string{"PutAccountSetting", "PutAccountSettingDefault", "DeleteAccountSetting"}},
	{"settings read", 20, []string{"ListAccountSettings"}},
	{"service deployments", 20, []string{"DescribeServiceDeployments", "ListServiceDeployments"}},
	{"service revisions", 20, []string{"DescribeServiceRevisions"}},
	{"task protection", 80, []string{"GetTaskProtection", "UpdateTaskProtection"}},
}

// otherRate is for what has no documented rate, each operation by itself.
const otherRate = 10

var ecsBucketOf = func() map[string]int {
	of := map[string]int{}
	for i, b := range ecsBuckets {
		for _, operation := range b.operations {
			of[operation] = i
		}
	}
	return of
}()

// bucketOf gives the bucket an operation is counted in, and its rate.
func bucketOf(service, operation string) (string, float64) {
	if i, known := ecsBucketOf[operation]; known && service == "ecs" {
		return "ecs " + ecsBuckets[i].name, ecsBuckets[i].rate
	}
	return service + " " + operation, otherRate
}
