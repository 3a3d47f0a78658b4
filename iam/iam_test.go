package iam

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go/aws"
	awsiam "github.com/aws/aws-sdk-go/service/iam"

	"ecs-api/common"
	"ecs-api/common/awsclient/awstest"
)

const document = `{"Version":"2012-10-17","Statement":[{"Resource":"arn:aws:s3:::a+b/%2F*"}]}`

var absent = awstest.RefuseXML(404, "NoSuchEntity", "The role with name r cannot be found.")

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

func TestRole(t *testing.T) {
	answer := func(operation string) awstest.Answer {
		return xml(operation, "<Role><RoleName>r</RoleName><AssumeRolePolicyDocument>"+url.PathEscape(document)+
			"</AssumeRolePolicyDocument><Tags><member><Key>k</Key><Value>v</Value></member></Tags></Role>")
	}
	in(t, func(r *awstest.Request) awstest.Answer { return answer(r.Operation) }, func(t *testing.T, c *Client, _ *awstest.Server) {
		got, err := c.Role(t.Context(), "r")
		if err != nil || aws.StringValue(got.AssumeRolePolicyDocument) != document || len(got.Tags) != 1 {
			t.Errorf("%v, %v", got, err)
		}
		got, err = c.CreateRole(t.Context(), &awsiam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(document)})
		if err != nil || aws.StringValue(got.AssumeRolePolicyDocument) != document {
			t.Errorf("%v, %v", got, err)
		}
	})
	in(t, func(*awstest.Request) awstest.Answer { return absent }, func(t *testing.T, c *Client, _ *awstest.Server) {
		if _, err := c.Role(t.Context(), "r"); common.KindOf(err) != common.NotFound {
			t.Error(err)
		}
		if _, err := c.RolePolicy(t.Context(), "r", "p"); common.KindOf(err) != common.NotFound {
			t.Error(err)
		}
		if err := c.DeleteRole(t.Context(), "r"); common.KindOf(err) != common.NotFound {
			t.Error(err)
		}
	})
	in(t, func(r *awstest.Request) awstest.Answer { return xml(r.Operation, "") }, func(t *testing.T, c *Client, _ *awstest.Server) {
		if _, err := c.Role(t.Context(), "r"); common.KindOf(err) != common.Failed || common.Unheard(err) {
			t.Error(err)
		}
		if _, err := c.RolePolicy(t.Context(), "r", "p"); common.KindOf(err) != common.Failed {
			t.Error(err)
		}
		_, err := c.CreateRole(t.Context(), &awsiam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(document)})
		if common.KindOf(err) != common.Failed || !common.Unheard(err) {
			t.Error(err)
		}
	})
}

func TestPlain(t *testing.T) {
	for given, want := range map[string]string{
		url.PathEscape(document): document,
		"100%":                   "100%", // not encoded
		"a+b":                    "a+b",
		"":                       "",
	} {
		if got := plain(given); got != want {
			t.Errorf("%q: %q", given, got)
		}
	}
}

func TestPolicy(t *testing.T) {
	in(t, func(r *awstest.Request) awstest.Answer {
		if r.Operation == "PutRolePolicy" && r.Form().Get("PolicyDocument") != document {
			t.Errorf("sent %v", r.Form())
		}
		return xml(r.Operation, "<PolicyDocument>"+url.PathEscape(document)+"</PolicyDocument>")
	}, func(t *testing.T, c *Client, _ *awstest.Server) {
		if got, err := c.RolePolicy(t.Context(), "r", "p"); err != nil || got != document {
			t.Errorf("%q, %v", got, err)
		}
		if err := c.PutRolePolicy(t.Context(), "r", "p", document); err != nil {
			t.Error(err)
		}
	})
}

// TestDeleteRole: all pages of what it holds go first, one that has gone meanwhile is fine, one that cannot go keeps the role.
func TestDeleteRole(t *testing.T) {
	for name, test := range map[string]struct {
		detach awstest.Answer
		kind   common.Kind
		last   string
	}{
		"good":   {xml("DetachRolePolicy", ""), 0, "DeleteRole"},
		"gone":   {absent, 0, "DeleteRole"},
		"denied": {awstest.RefuseXML(403, "AccessDenied", "no"), common.Forbidden, ""},
	} {
		t.Run(name, func(t *testing.T) {
			handle := func(r *awstest.Request) awstest.Answer {
				switch {
				case r.Operation == "ListRolePolicies" && r.Form().Get("Marker") == "":
					return xml(r.Operation, "<PolicyNames><member>p1</member></PolicyNames><IsTruncated>true</IsTruncated><Marker>m</Marker>")
				case r.Operation == "ListRolePolicies":
					return xml(r.Operation, "<PolicyNames><member>p2</member></PolicyNames><IsTruncated>false</IsTruncated>")
				case r.Operation == "ListAttachedRolePolicies":
					return xml(r.Operation, "<AttachedPolicies><member><PolicyArn>arn:aws:iam::aws:policy/x-policy-arn</PolicyArn></member></AttachedPolicies>")
				case r.Operation == "DetachRolePolicy":
					return test.detach
				}
				return xml(r.Operation, "")
			}
			in(t, handle, func(t *testing.T, c *Client, server *awstest.Server) {
				if err := c.DeleteRole(t.Context(), "r"); common.KindOf(err) != test.kind || (err == nil) != (test.kind == 0) {
					t.Error(err)
				}
				calls := server.Calls()
				if n := strings.Count(strings.Join(calls, " "), "DeleteRolePolicy"); n != 2 {
					t.Errorf("%d inline policies deleted", n)
				}
				if test.last != "" && calls[len(calls)-1] != test.last || test.last == "" && slices.Contains(calls, "DeleteRole") {
					t.Errorf("calls %v", calls)
				}
			})
		})
	}
}
