package sandbox

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/iam"
	"github.com/aws/aws-sdk-go/service/sts"
)

const trustTasks = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`

func newRole(name string) *iam.CreateRoleInput {
	return &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trustTasks)}
}

func TestRoleIsDeletedOnlyWithoutPolicies(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, name := iam.New(p), aws.String("think-ecsTaskExecution")
		empty := s.Inventory()
		in := newRole(*name)
		in.Tags = []*iam.Tag{{Key: aws.String("spinup:org"), Value: aws.String("ss")}}
		made := must(c.CreateRole(in)).Role
		same(t, "arn", *made.Arn, "arn:aws:iam::001122334455:role/think-ecsTaskExecution")
		_, err := c.CreateRole(in)
		refused(t, err, "EntityAlreadyExists", 409)

		policy := &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("Access"), PolicyDocument: aws.String(`{"Statement": {"Effect": "Allow", "Action": "*"}}`)}
		must(c.PutRolePolicy(policy))
		managed := aws.String("arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy")
		must(c.AttachRolePolicy(&iam.AttachRolePolicyInput{RoleName: name, PolicyArn: managed}))
		attached := must(c.ListAttachedRolePolicies(&iam.ListAttachedRolePoliciesInput{RoleName: name}))
		same(t, "attached", *attached.AttachedPolicies[0].PolicyName, "AmazonECSTaskExecutionRolePolicy")

		_, err = c.DeleteRole(&iam.DeleteRoleInput{RoleName: name})
		refused(t, err, "DeleteConflict", 409)
		must(c.DetachRolePolicy(&iam.DetachRolePolicyInput{RoleName: name, PolicyArn: managed}))
		_, err = c.DeleteRole(&iam.DeleteRoleInput{RoleName: name})
		refused(t, err, "DeleteConflict", 409)
		must(c.DeleteRolePolicy(&iam.DeleteRolePolicyInput{RoleName: name, PolicyName: policy.PolicyName}))
		must(c.DeleteRole(&iam.DeleteRoleInput{RoleName: name}))
		_, err = c.DeleteRole(&iam.DeleteRoleInput{RoleName: name})
		refused(t, err, "NoSuchEntity", 404)
		same(t, "what is left", Diff(empty, s.Inventory()), "")
	})
}

func TestDocumentsAreEscaped(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *Sandbox, p *session.Session) {
		c := iam.New(p)
		must(c.CreateRole(newRole("r")))
		got := *must(c.GetRole(&iam.GetRoleInput{RoleName: aws.String("r")})).Role.AssumeRolePolicyDocument
		if strings.ContainsAny(got, "+ {") {
			t.Errorf("not escaped by RFC 3986: %s", got)
		}
		document, err := url.PathUnescape(got)
		if err != nil || document != trustTasks {
			t.Errorf("got %s, %v", document, err)
		}
	})
}

func TestBadRolesAreRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *Sandbox, p *session.Session) {
		c := iam.New(p)
		for document, code := range map[string]string{
			"not json": "MalformedPolicyDocument", "{}": "MalformedPolicyDocument", `{"Statement": []} trailing`: "MalformedPolicyDocument",
			`{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}`: "MalformedPolicyDocument",
		} {
			in := newRole("r")
			in.AssumeRolePolicyDocument = &document
			_, err := c.CreateRole(in)
			refused(t, err, code, 400)
		}
		for _, name := range []string{strings.Repeat("x", 65), "white space", "sla/sh"} {
			_, err := c.CreateRole(newRole(name))
			refused(t, err, "ValidationError", 400)
		}
		must(c.CreateRole(newRole(strings.Repeat("x", 64))))
	})
}

func TestRolesArePaged(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *Sandbox, p *session.Session) {
		c := iam.New(p)
		for i := range 5 {
			must(c.CreateRole(newRole(fmt.Sprintf("role%d", i))))
		}
		var names []string
		pages := 0
		err := c.ListRolesPages(&iam.ListRolesInput{MaxItems: aws.Int64(2)}, func(page *iam.ListRolesOutput, _ bool) bool {
			pages++
			for _, r := range page.Roles {
				names = append(names, *r.RoleName)
			}
			return true
		})
		same(t, "roles", fmt.Sprint(names, pages, err), "[role0 role1 role2 role3 role4] 3 <nil>")
	})
}

func TestRoleIsAssumedByWhomItTrusts(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c := sts.New(p)
		same(t, "account", *must(c.GetCallerIdentity(&sts.GetCallerIdentityInput{})).Account, "001122334455")
		assume := func() (*sts.AssumeRoleOutput, error) {
			return c.AssumeRole(&sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::001122334455:role/r"), RoleSessionName: aws.String("session")})
		}
		_, err := assume()
		refused(t, err, "AccessDenied", 403)
		must(iam.New(p).CreateRole(newRole("r")))
		_, err = assume()
		refused(t, err, "AccessDenied", 403)
		trust := strings.ReplaceAll(trustTasks, `{"Service": "ecs-tasks.amazonaws.com"}`, `{"AWS": "arn:aws:iam::001122334455:root"}`)
		must(iam.New(p).UpdateAssumeRolePolicy(&iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("r"), PolicyDocument: &trust}))
		out := must(assume())
		same(t, "role", *out.AssumedRoleUser.Arn, "arn:aws:sts::001122334455:assumed-role/r/session")
		if created, ok := s.iam.role("arn:aws:iam::001122334455:role/r"); !ok || created.IsZero() {
			t.Error("ECS cannot find the role")
		}
	})
}
