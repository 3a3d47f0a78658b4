package sandbox

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/ecs"
	"github.com/aws/aws-sdk-go/service/iam"
)

// TestFaults puts every kind of fault on one call of each protocol. The SDK does not retry here, so that each answer is seen.
func TestFaults(t *testing.T) {
	for _, test := range []struct {
		fault      Fault
		code       string // "" for a connection that is cut
		status     int
		queryCode  string
		queryState int
		done       bool
	}{
		{Fault{Kind: Refused}, "AccessDeniedException", 400, "AccessDenied", 403, false},
		{Fault{Kind: Refused, Code: "LimitExceeded", Message: "full", Status: 409}, "LimitExceeded", 409, "LimitExceeded", 409, false},
		{Fault{Kind: Unheard}, "ServerException", 500, "ServiceFailure", 500, true},
		{Fault{Kind: Throttled}, "ThrottlingException", 400, "Throttling", 400, false},
		{Fault{Kind: Cut}, "", 0, "", 0, true},
		{Fault{Kind: CutBefore}, "", 0, "", 0, false},
	} {
		t.Run(test.fault.Kind.String()+test.fault.Code, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
				p = p.Copy(&aws.Config{MaxRetries: aws.Int(0)})
				s.Inject(test.fault)
				_, err := ecs.New(p).CreateCluster(&ecs.CreateClusterInput{ClusterName: aws.String("c")})
				struck(t, err, test.code, test.status)
				_, err = iam.New(p).CreateRole(&iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[]}`)})
				struck(t, err, test.queryCode, test.queryState)
				s.ClearFaults()
				inv := s.Inventory()
				same(t, "cluster made", inv["cluster"]["c"] != nil, test.done)
				same(t, "role made", inv["role"]["r"] != nil, test.done)
				same(t, "calls", len(s.Calls()), 2)
			})
		})
	}
}

func struck(t *testing.T, err error, code string, status int) {
	t.Helper()
	if code != "" {
		refused(t, err, code, status)
		return
	}
	var coded awserr.Error
	if !errors.As(err, &coded) || coded.Code() != "RequestError" {
		t.Errorf("a cut connection gave %v", err)
	}
}

// TestLostAnswerIsRetried shows the trap that the faults are for: the SDK's own retry meets what its first attempt has done.
func TestLostAnswerIsRetried(t *testing.T) {
	onGround(t, func(g *ground) {
		g.s.ResetCalls()
		g.s.Inject(Fault{Service: "ecs", Operation: "RegisterTaskDefinition", Nth: 1, Kind: Cut})
		if arn := g.register("web", "nginx"); !strings.HasSuffix(arn, "/web:2") {
			t.Errorf("registered %s", arn)
		}
		same(t, "calls", len(g.s.Calls()), 2)
		g.s.Inject(Fault{Service: "ecs", Operation: "CreateService", Nth: 1, Kind: Unheard})
		_, err := g.ecs.CreateService(g.newService("bare", "web", 1))
		refused(t, err, ecs.ErrCodeInvalidParameterException, 400)
		in := g.newService("marked", "web", 1)
		in.ClientToken = aws.String("operation-1")
		g.s.Inject(Fault{Service: "ecs", Operation: "CreateService", Nth: 1, Kind: Unheard})
		g.create(in)
		g.create(in)
	})
}

func TestNthFaultOnly(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		s.Inject(Fault{Operation: "ListClusters", Nth: 2, Kind: Refused})
		client := ecs.New(p)
		for i := 1; i <= 3; i++ {
			must(client.DescribeClusters(&ecs.DescribeClustersInput{}))
			_, err := client.ListClusters(&ecs.ListClustersInput{})
			same(t, "struck", err != nil, i == 2)
		}
	})
}

func TestRoundTrips(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		const latency = 20 * time.Millisecond
		s.SetLatency(latency)
		client := ecs.New(p)
		look := func() { must(client.ListClusters(&ecs.ListClustersInput{})) }
		together := func(n int) {
			var all sync.WaitGroup
			for range n {
				all.Go(look)
			}
			all.Wait()
		}
		start := time.Now()
		together(5)
		look()
		together(3)
		same(t, "time", time.Since(start), 3*latency)
		same(t, "round trips", RoundTrips(s.Calls()), 3)
		same(t, "calls", len(s.Calls()), 9)
		same(t, "round trips of nothing", RoundTrips(nil), 0)
		s.ResetCalls()
		same(t, "calls after the reset", len(s.Calls()), 0)
	})
}

func TestCallsAreLogged(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		var hooked []string
		s.OnCall(func(c Call, before bool) {
			s.Inventory() // the account is not locked
			hooked = append(hooked, map[bool]string{true: "before ", false: "after "}[before]+c.Operation+c.Code)
		})
		client := ecs.New(p)
		must(client.CreateCluster(&ecs.CreateClusterInput{ClusterName: aws.String("c")}))
		_, err := client.DeleteCluster(&ecs.DeleteClusterInput{Cluster: aws.String("d")})
		refused(t, err, ecs.ErrCodeClusterNotFoundException, 400)
		calls := s.Calls()
		same(t, "hook", strings.Join(hooked, ", "), "before CreateCluster, after CreateCluster, before DeleteCluster, after DeleteClusterClusterNotFoundException")
		same(t, "name", *calls[0].Input.(*ecs.CreateClusterInput).ClusterName, "c")
		same(t, "mutating", calls[0].Mutating, true)
		same(t, "code", calls[1].Code, ecs.ErrCodeClusterNotFoundException)
	})
}

// TestRequestArrivesAfterHangUp: a client that hangs up on the way has not taken its request back.
func TestRequestArrivesAfterHangUp(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		s.SetLatency(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := ecs.New(p).CreateClusterWithContext(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("c")}); err == nil {
			t.Fatal("an answer came")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		same(t, "made", s.Inventory()["cluster"]["c"] != nil, true)
	})
}

func TestRateLimits(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		s.SetRateLimits(true)
		client := ecs.New(p, &aws.Config{MaxRetries: aws.Int(0)})
		describe := func() error {
			_, err := client.DescribeClusters(&ecs.DescribeClustersInput{})
			return err
		}
		for range 50 {
			if err := describe(); err != nil {
				t.Fatal(err)
			}
		}
		refused(t, describe(), "ThrottlingException", 400)
		time.Sleep(50 * time.Millisecond) // 20 a second come back
		if err := describe(); err != nil {
			t.Error(err)
		}
		refused(t, describe(), "ThrottlingException", 400)
		s.SetRateLimits(false)
		if err := describe(); err != nil {
			t.Error(err)
		}
	})
}

// TestNonsense: whatever comes, the answer is in the form of a protocol.
func TestNonsense(t *testing.T) {
	s := New(Options{})
	for _, test := range []struct{ name, target, body, want string }{
		{"unknown target", "AmazonEC2ContainerServiceV20141113.Nothing", "{}", `"__type":"UnknownOperationException"`},
		{"unknown service", "DynamoDB_20120810.GetItem", "{}", `"__type":"UnknownOperationException"`},
		{"no JSON", "AmazonEC2ContainerServiceV20141113.ListClusters", "{", `"__type":"SerializationException"`},
		{"wrong type", "AmazonEC2ContainerServiceV20141113.ListClusters", `{"maxResults":"ten"}`, `"__type":"SerializationException"`},
		{"missing member", "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition", `{}`, `"__type":"InvalidParameterException"`},
		{"null in a list", "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition", `{"family":"f","containerDefinitions":[],"requiresCompatibilities":[null]}`, `RequiresCompatibilities must not contain null.`},
		{"null in a map", "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition", `{"family":"f","containerDefinitions":[{"dockerLabels":{"a":null}}]}`, `ContainerDefinitions.DockerLabels must not contain null.`},
		{"unknown action", "", "Action=Nothing&Version=2010-05-08", "<Code>InvalidAction</Code>"},
		{"nothing", "", "", "<Code>InvalidAction</Code>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(test.body))
			if test.target != "" {
				r.Header.Set("X-Amz-Target", test.target)
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), test.want) || w.Header().Get("x-amzn-RequestId") == "" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

func TestPanicIsAnswered(t *testing.T) {
	s := New(Options{})
	register(s, "ecs", "Panic", false, func(*request, *ecs.ListClustersInput) (*ecs.ListClustersOutput, error) { panic("oh") })
	for range 2 { // the lock is free again
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}"))
		r.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.Panic")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "InternalFailure") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}

func TestDiff(t *testing.T) {
	before := Inventory{"role": {"a": map[string]any{"n": 1, "m": 2}, "b": "x"}}
	after := Inventory{"role": {"a": map[string]any{"n": 1, "m": 3}}, "secret": {"c": "y"}}
	want := "~ role a:\n    m: 2 -> 3\n- role b: \"x\"\n+ secret c: \"y\"\n"
	same(t, "difference", Diff(before, after), want)
	same(t, "no difference", Diff(before, before), "")
}
