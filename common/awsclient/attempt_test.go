package awsclient_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	"github.com/pkg/errors"

	"ecs-api/common"
	"ecs-api/common/awsclient"
	"ecs-api/common/awsclient/awstest"
)

// The calls of the tests: one that may be repeated, two that may not, one that may when it has a token, one that reads.
var (
	createCluster = func(ctx context.Context, sess *session.Session) error {
		_, err := awsecs.New(sess).CreateClusterWithContext(ctx, &awsecs.CreateClusterInput{ClusterName: aws.String("c")})
		return err
	}
	register = func(ctx context.Context, sess *session.Session) error {
		_, err := awsecs.New(sess).RegisterTaskDefinitionWithContext(ctx, &awsecs.RegisterTaskDefinitionInput{
			Family:               aws.String("f"),
			ContainerDefinitions: []*awsecs.ContainerDefinition{{Name: aws.String("app")}},
		})
		return err
	}
	run = func(ctx context.Context, sess *session.Session) error {
		_, err := awsecs.New(sess).RunTaskWithContext(ctx, &awsecs.RunTaskInput{TaskDefinition: aws.String("f")})
		return err
	}
	runWithToken = func(ctx context.Context, sess *session.Session) error {
		_, err := awsecs.New(sess).RunTaskWithContext(ctx, &awsecs.RunTaskInput{TaskDefinition: aws.String("f"), ClientToken: aws.String("t")})
		return err
	}
	describe = func(ctx context.Context, sess *session.Session) error {
		_, err := awsecs.New(sess).DescribeClustersWithContext(ctx, &awsecs.DescribeClustersInput{})
		return err
	}
)

var (
	throttled = awstest.Refuse(400, "ThrottlingException", "Rate exceeded")
	hidden    = awstest.Refuse(400, "ClientException", "Too many concurrent attempts to create a new revision of the specified family.")
	fault     = awstest.Refuse(500, "ServerException", "Service Unavailable. Please try again later.")
	page502   = awstest.Answer{Status: 502, Body: "<html>bad gateway</html>"}
	refused   = awstest.Refuse(400, "InvalidParameterException", "no")
	lost      = awstest.Answer{Cut: true}
	garbled   = awstest.Answer{Body: `{"cluster":{"clusterName":7},"taskDefinition":7,"tasks":7,"clusters":7}`}
	halved    = awstest.Answer{Body: `{"cluster":`, Cut: true}
	good      = awstest.Answer{Body: "{}"}
)

// TestAttempts holds what is repeated, how long the waits are, and what is marked unheard.
func TestAttempts(t *testing.T) {
	none := time.Duration(0)
	for name, test := range map[string]struct {
		call     func(context.Context, *session.Session) error
		answers  []awstest.Answer // the last one is given again
		attempts int
		min, max time.Duration
		kind     common.Kind
		unheard  bool
		good     bool
	}{
		"good":                              {call: createCluster, answers: []awstest.Answer{good}, attempts: 1, good: true},
		"refused":                           {call: createCluster, answers: []awstest.Answer{refused}, attempts: 1, kind: common.Invalid},
		"throttled for a while":             {call: createCluster, answers: []awstest.Answer{throttled, throttled, good}, attempts: 3, min: 1500 * time.Millisecond, max: 5 * time.Second, good: true},
		"throttled to the end":              {call: createCluster, answers: []awstest.Answer{throttled}, attempts: 4, min: 3500 * time.Millisecond, max: 15 * time.Second, kind: common.Throttled},
		"throttled in other words":          {call: register, answers: []awstest.Answer{hidden}, attempts: 4, min: 3500 * time.Millisecond, max: 15 * time.Second, kind: common.Throttled},
		"server fault":                      {call: createCluster, answers: []awstest.Answer{fault}, attempts: 4, min: 1400 * time.Millisecond, max: 2800 * time.Millisecond, kind: common.Failed, unheard: true},
		"a proxy's page":                    {call: createCluster, answers: []awstest.Answer{page502}, attempts: 4, min: 3500 * time.Millisecond, max: 8 * time.Second, kind: common.Failed, unheard: true},
		"server fault to a read":            {call: describe, answers: []awstest.Answer{fault}, attempts: 4, min: 1400 * time.Millisecond, max: 2800 * time.Millisecond, kind: common.Failed},
		"lost once":                         {call: createCluster, answers: []awstest.Answer{lost, good}, attempts: 2, min: 200 * time.Millisecond, max: time.Second, good: true},
		"lost, then refused":                {call: createCluster, answers: []awstest.Answer{lost, refused}, attempts: 2, min: 200 * time.Millisecond, max: time.Second, kind: common.Invalid, unheard: true},
		"lost every time":                   {call: createCluster, answers: []awstest.Answer{lost}, attempts: 4, min: 1400 * time.Millisecond, max: 3 * time.Second, kind: common.Unavailable, unheard: true},
		"garbled 200":                       {call: createCluster, answers: []awstest.Answer{garbled}, attempts: 1, max: none, kind: common.Failed, unheard: true},
		"halved 200":                        {call: createCluster, answers: []awstest.Answer{halved}, attempts: 1, max: none, kind: common.Failed, unheard: true},
		"garbled 200 to a read":             {call: describe, answers: []awstest.Answer{garbled}, attempts: 1, max: none, kind: common.Failed},
		"halved 200 to a read":              {call: describe, answers: []awstest.Answer{halved, good}, attempts: 2, min: 200 * time.Millisecond, max: time.Second, good: true},
		"cluster being updated":             {call: createCluster, answers: []awstest.Answer{awstest.Refuse(400, "UpdateInProgressException", "wait"), good}, attempts: 2, min: 200 * time.Millisecond, max: time.Second, good: true},
		"register: server fault":            {call: register, answers: []awstest.Answer{fault}, attempts: 1, max: none, kind: common.Failed, unheard: true},
		"register: a proxy's page":          {call: register, answers: []awstest.Answer{page502}, attempts: 1, max: none, kind: common.Failed, unheard: true},
		"register: lost":                    {call: register, answers: []awstest.Answer{lost}, attempts: 1, max: none, kind: common.Unavailable, unheard: true},
		"register: throttled, then lost":    {call: register, answers: []awstest.Answer{throttled, lost}, attempts: 2, min: 500 * time.Millisecond, max: 3 * time.Second, kind: common.Unavailable, unheard: true},
		"run: lost":                         {call: run, answers: []awstest.Answer{lost, good}, attempts: 1, max: none, kind: common.Unavailable, unheard: true},
		"run with a token: lost once":       {call: runWithToken, answers: []awstest.Answer{lost, good}, attempts: 2, min: 200 * time.Millisecond, max: time.Second, good: true},
		"a Retry-After of an hour is cut":   {call: createCluster, answers: []awstest.Answer{{Status: 503, Header: http.Header{"Retry-After": {"3600"}}, Body: "{}"}, good}, attempts: 2, min: 8 * time.Second, max: 8 * time.Second, good: true},
		"a throttle of status 429":          {call: createCluster, answers: []awstest.Answer{{Status: 429, Body: "slow"}}, attempts: 4, min: 3500 * time.Millisecond, max: 15 * time.Second, kind: common.Throttled},
		"a throttle of status 503 is heard": {call: createCluster, answers: []awstest.Answer{awstest.Refuse(503, "RequestLimitExceeded", "")}, attempts: 4, min: 3500 * time.Millisecond, max: 15 * time.Second, kind: common.Throttled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				next := 0
				server := &awstest.Server{Handle: func(*awstest.Request) awstest.Answer {
					a := test.answers[min(next, len(test.answers)-1)]
					next++
					return a
				}}
				var observed awsclient.Call
				o := server.Options(t)
				o.Observe = func(c awsclient.Call) { observed = c }
				start := time.Now()
				err := awsclient.Translate(test.call(t.Context(), awstest.Session(t, o)))
				took := time.Since(start)
				if n := len(server.Calls()); n != test.attempts || observed.Attempts != n || observed.Latency != took {
					t.Errorf("%d attempts in %v, observed %+v, want %d", n, took, observed, test.attempts)
				}
				if took < test.min || took > test.max {
					t.Errorf("took %v, want %v to %v", took, test.min, test.max)
				}
				if test.good {
					if err != nil || observed.Outcome != "ok" {
						t.Errorf("got %v, observed %q", err, observed.Outcome)
					}
					return
				}
				if common.KindOf(err) != test.kind || common.Unheard(err) != test.unheard {
					t.Errorf("got %v, unheard %v, want %v, %v: %v", common.KindOf(err), common.Unheard(err), test.kind, test.unheard, err)
				}
				if observed.Outcome != test.kind.String() || observed.Service != "ecs" || !strings.HasSuffix(server.Calls()[0], observed.Operation) {
					t.Errorf("observed %+v", observed)
				}
			})
		})
	}
}

// TestNeverSent: what cannot have reached AWS is not unheard, with a transport that tells of its connections and with one that does not.
func TestNeverSent(t *testing.T) {
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connect: connection refused")}
	dns := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "aws.test", IsNotFound: true}}
	for name, transport := range map[string]http.RoundTripper{
		"dial":           &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, dial }},
		"dns":            &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, dns }},
		"dial, untraced": refuser{dial},
		"dns, untraced":  refuser{dns},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := (&awstest.Server{}).Options(t)
				o.Transport = transport
				err := awsclient.Translate(register(t.Context(), awstest.Session(t, o)))
				if common.KindOf(err) != common.Unavailable || common.Unheard(err) {
					t.Errorf("unheard %v: %v", common.Unheard(err), err)
				}
			})
		})
	}
}

type refuser struct{ err error }

func (r refuser) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.err }

// TestUntracedTransport: where nothing is known of the connection, the call may have arrived.
func TestUntracedTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := (&awstest.Server{}).Options(t)
		o.Transport = refuser{errors.New("tunnel closed")}
		if err := awsclient.Translate(register(t.Context(), awstest.Session(t, o))); !common.Unheard(err) {
			t.Errorf("not unheard: %v", err)
		}
	})
}

// TestReset: a connection that the other end resets is an answer lost.
func TestReset(t *testing.T) {
	for name, test := range map[string]struct {
		call     func(context.Context, *session.Session) error
		attempts int
		unheard  bool
	}{
		"may be repeated":     {createCluster, 4, true},
		"reads":               {describe, 4, false},
		"may not be repeated": {register, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				o := (&awstest.Server{}).Options(t)
				o.Transport = refuser{&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}}
				o.Observe = func(c awsclient.Call) { attempts = c.Attempts }
				err := awsclient.Translate(test.call(t.Context(), awstest.Session(t, o)))
				if attempts != test.attempts || common.Unheard(err) != test.unheard || common.KindOf(err) != common.Unavailable {
					t.Errorf("%d attempts, unheard %v: %v", attempts, common.Unheard(err), err)
				}
			})
		})
	}
}

func TestCancellation(t *testing.T) {
	slow := func(r *awstest.Request) awstest.Answer {
		select {
		case <-r.Context().Done():
		case <-time.After(time.Hour):
		}
		return good
	}
	for name, test := range map[string]struct {
		handle  func(*awstest.Request) awstest.Answer
		timeout time.Duration
		unheard bool
	}{
		"while it waits for the answer":     {slow, time.Second, true},
		"in the wait after a lost answer":   {func(*awstest.Request) awstest.Answer { return lost }, 100 * time.Millisecond, true},
		"in the wait after a refusal":       {func(*awstest.Request) awstest.Answer { return throttled }, 100 * time.Millisecond, false},
		"before it is sent":                 {slow, 0, false},
		"by the client's own limit of time": {slow, time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &awstest.Server{Handle: test.handle}
				ctx, cancel := context.WithTimeout(t.Context(), test.timeout)
				defer cancel()
				err := awsclient.Translate(createCluster(ctx, server.Session(t)))
				if common.KindOf(err) != common.Deadline || common.Unheard(err) != test.unheard {
					t.Errorf("got %v, unheard %v: %v", common.KindOf(err), common.Unheard(err), err)
				}
				if test.timeout == 0 && len(server.Calls()) > 0 {
					t.Errorf("%v was sent", server.Calls())
				}
			})
		})
	}
}

// TestUnheardThenUnsigned: the first attempt was lost, and the credentials have gone by the second.
func TestUnheardThenUnsigned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &awstest.Server{Handle: func(*awstest.Request) awstest.Answer { return lost }}
		client := awsecs.New(server.Session(t))
		client.Handlers.Sign.PushBack(func(r *request.Request) {
			if r.RetryCount == 1 {
				r.Error = awserr.New("NoCredentialProviders", "no valid providers in chain", nil)
			}
		})
		_, err := client.CreateClusterWithContext(t.Context(), &awsecs.CreateClusterInput{})
		err = awsclient.Translate(err)
		if common.KindOf(err) != common.Unavailable || !common.Unheard(err) || len(server.Calls()) != 1 {
			t.Errorf("unheard %v after %v: %v", common.Unheard(err), server.Calls(), err)
		}
	})
}

func TestNoCredentials(t *testing.T) {
	home := t.TempDir()
	for key, value := range map[string]string{
		"HOME": home, "AWS_ACCESS_KEY_ID": "", "AWS_ACCESS_KEY": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SECRET_KEY": "", "AWS_PROFILE": "",
		"AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_SDK_LOAD_CONFIG": "", "AWS_SHARED_CREDENTIALS_FILE": home + "/none",
	} {
		t.Setenv(key, value)
	}
	synctest.Test(t, func(t *testing.T) {
		server := &awstest.Server{}
		o := server.Options(t)
		o.AccessKeyID, o.SecretAccessKey = "", ""
		err := awsclient.Translate(createCluster(t.Context(), awstest.Session(t, o)))
		if common.KindOf(err) != common.Unavailable || common.Unheard(err) || len(server.Calls()) > 0 {
			t.Errorf("got %v, unheard %v: %v", common.KindOf(err), common.Unheard(err), err)
		}
		if message := common.MessageOf(err); !strings.Contains(message, "no credentials") {
			t.Errorf("message %q", message)
		}
	})
}
