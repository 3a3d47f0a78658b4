package elbv2

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go/aws"

	"ecs-api/common"
	"ecs-api/common/awsclient/awstest"
)

// xml wraps a result as the query protocol does.
func xml(operation, result string) awstest.Answer {
	return awstest.Answer{Body: fmt.Sprintf("<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", operation, result)}
}

func in(t *testing.T, handle func(*awstest.Request) awstest.Answer, test func(*testing.T, *Client, *awstest.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := &awstest.Server{Handle: handle}
		test(t, New(server.Session(t)), server)
	})
}

// TestPages: also over empty ones.
func TestPages(t *testing.T) {
	pages := func(r *awstest.Request) awstest.Answer {
		list := strings.TrimPrefix(r.Operation, "Describe")
		switch r.Form().Get("Marker") {
		case "":
			return xml(r.Operation, "<"+list+"></"+list+"><NextMarker>2</NextMarker>")
		case "2":
			return xml(r.Operation, "<"+list+"><member/><member/></"+list+"><NextMarker>3</NextMarker>")
		}
		return xml(r.Operation, "<"+list+"><member/></"+list+">")
	}
	in(t, pages, func(t *testing.T, c *Client, _ *awstest.Server) {
		if got, err := c.LoadBalancers(t.Context(), []string{"a"}); err != nil || len(got) != 3 {
			t.Errorf("%v, %v", got, err)
		}
		if got, err := c.Listeners(t.Context(), "a"); err != nil || len(got) != 3 {
			t.Errorf("%v, %v", got, err)
		}
		if got, err := c.Rules(t.Context(), "a"); err != nil || len(got) != 3 {
			t.Errorf("%v, %v", got, err)
		}
		if got, err := c.TargetGroups(t.Context(), "a"); err != nil || len(got) != 3 {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// TestLoadBalancersOneIsGone: AWS refuses the whole call, and the others stand all the same.
func TestLoadBalancersOneIsGone(t *testing.T) {
	in(t, func(r *awstest.Request) awstest.Answer {
		form := r.Form()
		if form.Get("LoadBalancerArns.member.1") == "gone" || form.Get("LoadBalancerArns.member.2") == "gone" {
			return awstest.RefuseXML(400, "LoadBalancerNotFound", "")
		}
		return xml(r.Operation, "<LoadBalancers><member><LoadBalancerArn>"+form.Get("LoadBalancerArns.member.1")+"</LoadBalancerArn></member></LoadBalancers>")
	}, func(t *testing.T, c *Client, server *awstest.Server) {
		got, err := c.LoadBalancers(t.Context(), []string{"a", "gone", "b"})
		if err != nil || len(got) != 2 || aws.StringValue(got[1].LoadBalancerArn) != "b" || len(server.Calls()) != 4 {
			t.Errorf("%v, %v", got, err)
		}
		if got, err := c.LoadBalancers(t.Context(), []string{"gone"}); err != nil || len(got) != 0 {
			t.Errorf("%v, %v", got, err)
		}
	})
}

func TestKinds(t *testing.T) {
	for code, kind := range map[string]common.Kind{
		"TargetGroupNotFound":  common.NotFound,
		"LoadBalancerNotFound": common.NotFound,
		"ListenerNotFound":     common.NotFound,
		"ValidationError":      common.Invalid,
		"Throttling":           common.Throttled,
	} {
		in(t, func(*awstest.Request) awstest.Answer { return awstest.RefuseXML(400, code, "") }, func(t *testing.T, c *Client, _ *awstest.Server) {
			_, listeners := c.Listeners(t.Context(), "a")
			_, rules := c.Rules(t.Context(), "a")
			_, groups := c.TargetGroups(t.Context(), "a")
			_, health := c.TargetHealth(t.Context(), "a")
			_, tags := c.Tags(t.Context(), []string{"a"})
			for call, err := range map[string]error{"Listeners": listeners, "Rules": rules, "TargetGroups": groups, "TargetHealth": health, "Tags": tags} {
				if common.KindOf(err) != kind {
					t.Errorf("%s: %v", call, err)
				}
			}
		})
	}
}
