package awsclient_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ecs-api/common"
	"ecs-api/common/awsclient"
	"ecs-api/common/awsclient/awstest"
)

const identity = `<GetCallerIdentityResponse><GetCallerIdentityResult>
	<Arn>arn:aws-us-gov:sts::123456789012:assumed-role/ecs-api/x</Arn><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>`

func TestIdentity(t *testing.T) {
	for name, test := range map[string]struct {
		answer awstest.Answer
		want   awsclient.Account
		kind   common.Kind
	}{
		"good":         {answer: awstest.Answer{Body: identity}, want: awsclient.Account{ID: "123456789012", Partition: "aws-us-gov", Region: "us-east-1"}},
		"hollow":       {answer: awstest.Answer{Body: "<GetCallerIdentityResponse/>"}, kind: common.Failed},
		"unknown key":  {answer: awstest.RefuseXML(403, "InvalidClientTokenId", "The security token included in the request is invalid."), kind: common.Forbidden},
		"proxy's page": {answer: awstest.Answer{Status: 407, Body: "<html>"}, kind: common.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &awstest.Server{Handle: func(*awstest.Request) awstest.Answer { return test.answer }}
				got, err := awsclient.Identity(t.Context(), server.Session(t))
				if got != test.want || (err == nil) != (test.kind == common.Internal) || common.KindOf(err) != test.kind {
					t.Errorf("got %+v, %v", got, err)
				}
			})
		})
	}
}

// sts assumes a role for an hour, and answers all else with an empty object.
type sts struct {
	mu    sync.Mutex
	asked []string // external ids
}

func (s *sts) handle(r *awstest.Request) awstest.Answer {
	if r.Operation != "AssumeRole" {
		return good
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Form().Get("ExternalId"))
	return awstest.Answer{Body: fmt.Sprintf(`<AssumeRoleResponse><AssumeRoleResult><Credentials>
		<AccessKeyId>ASIA%d</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration>
	</Credentials></AssumeRoleResult></AssumeRoleResponse>`, len(s.asked), time.Now().Add(time.Hour).UTC().Format(time.RFC3339))}
}

// TestRole: the role is assumed once for all clients, with its external id, through the endpoint, and again before it expires.
func TestRole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		role := &sts{}
		server := &awstest.Server{Handle: role.handle}
		o := server.Options(t)
		o.RoleARN, o.ExternalID = "arn:aws:iam::123456789012:role/ecs-api", "ext"
		sess := awstest.Session(t, o)
		call := func(want int) {
			t.Helper()
			if err := describe(t.Context(), sess); err != nil {
				t.Fatal(err)
			}
			if len(role.asked) != want || role.asked[want-1] != "ext" {
				t.Fatalf("assumed with %v, want %d times", role.asked, want)
			}
		}
		call(1)
		call(1)
		time.Sleep(54 * time.Minute)
		call(1)
		time.Sleep(2 * time.Minute)
		call(2)
	})
}

func TestRoleRefused(t *testing.T) {
	for name, test := range map[string]struct {
		answer awstest.Answer
		kind   common.Kind
	}{
		"denied": {awstest.RefuseXML(403, "AccessDenied", "not authorized to perform: sts:AssumeRole"), common.Forbidden},
		"hollow": {awstest.Answer{Body: "<AssumeRoleResponse/>"}, common.Failed},
		"lost":   {lost, common.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &awstest.Server{Handle: func(*awstest.Request) awstest.Answer { return test.answer }}
				o := server.Options(t)
				o.RoleARN = "arn:aws:iam::123456789012:role/ecs-api"
				err := awsclient.Translate(register(t.Context(), awstest.Session(t, o)))
				if common.KindOf(err) != test.kind || common.Unheard(err) {
					t.Errorf("got %v, unheard %v: %v", common.KindOf(err), common.Unheard(err), err)
				}
			})
		})
	}
}

// TestManyAtOnce: a fan-out shares a session.
func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &awstest.Server{}
		sess := server.Session(t)
		var calls sync.WaitGroup
		for range 64 {
			calls.Go(func() {
				if err := describe(t.Context(), sess); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
	})
}

func TestOwnTransport(t *testing.T) {
	o := (&awstest.Server{}).Options(t)
	o.Transport = nil
	o.Endpoint = "http://127.0.0.1:1"
	sess := awstest.Session(t, o)
	if sess.Config.HTTPClient.Transport == nil || sess.Config.HTTPClient.CheckRedirect == nil || sess.Config.HTTPClient.Timeout == 0 {
		t.Errorf("client %+v", sess.Config.HTTPClient)
	}
}
