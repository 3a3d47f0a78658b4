package awsclient

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go/aws/client/metadata"
	"github.com/aws/aws-sdk-go/aws/request"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

func TestBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bucket{documented: 10}
		turn := func(want time.Duration) {
			t.Helper()
			if got := b.reserve(time.Now()); got != want {
				t.Errorf("wait %v, want %v", got, want)
			}
		}
		for range 100 {
			turn(0) // open
			b.learn(time.Now(), false)
		}
		for range 50 {
			b.learn(time.Now(), true) // in flight together: one decrease
		}
		turn(0)
		turn(100 * time.Millisecond)
		turn(200 * time.Millisecond)

		time.Sleep(2 * time.Second)
		b.learn(time.Now(), true) // halved
		turn(0)
		turn(200 * time.Millisecond)

		for range 10 {
			time.Sleep(2 * time.Second)
			b.learn(time.Now(), true) // to the floor, not below
		}
		turn(0)
		turn(800 * time.Millisecond)

		for range 20 {
			b.learn(time.Now(), false) // up again
		}
		time.Sleep(2 * time.Second)
		turn(0)
		if got := b.reserve(time.Now()); got > 100*time.Millisecond {
			t.Errorf("wait %v after good answers", got)
		}

		time.Sleep(quiet + time.Second)
		turn(0)
		turn(0) // open again
	})
}

// TestBuckets: every operation that ECS counts together is one the SDK knows, or one of the newer ones, and no other service's.
func TestBuckets(t *testing.T) {
	for operation := range ecsBucketOf {
		if name, rate := bucketOf("ecs", operation); rate <= 0 || name == "ecs "+operation {
			t.Errorf("%s: %s at %v", operation, name, rate)
		}
	}
	register, _ := bucketOf("ecs", "RegisterTaskDefinition")
	deregister, _ := bucketOf("ecs", "DeregisterTaskDefinition")
	if register != deregister {
		t.Errorf("%s and %s are counted together", register, deregister)
	}
	if name, rate := bucketOf("logs", "TagResource"); name != "logs TagResource" || rate != otherRate {
		t.Errorf("%s at %v", name, rate)
	}
}

func TestLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter()
		attempt := func(operation string, throttled bool) time.Duration {
			start := time.Now()
			r := request.New(*newConfig(), metadata.ClientInfo{ServiceName: "ecs"}, request.Handlers{}, nil, &request.Operation{Name: operation}, nil, nil)
			r.SetContext(t.Context())
			l.wait(r)
			if throttled {
				r.Error = &awsecs.LimitExceededException{Message_: ptr("Rate exceeded")}
			}
			l.learn(r)
			return time.Since(start)
		}
		if waited := attempt("CreateCluster", true) + attempt("DeleteCluster", false); waited != 0 {
			t.Errorf("waited %v for the first turns", waited)
		}
		if waited := attempt("CreateCluster", false); waited < 900*time.Millisecond || waited > time.Second {
			t.Errorf("waited %v for the turn after", waited)
		}
		if waited := attempt("CreateService", false); waited != 0 {
			t.Errorf("waited %v in another bucket", waited)
		}
	})
}
