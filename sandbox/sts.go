package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/sts"
)

func (s *Sandbox) registerSTS() {
	register(s, "sts", "GetCallerIdentity", false, s.stsGetCallerIdentity)
	register(s, "sts", "AssumeRole", false, s.stsAssumeRole)
}

func (s *Sandbox) stsGetCallerIdentity(*request, *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	return &sts.GetCallerIdentityOutput{
		Account: aws.String(s.defaults.AccountID), Arn: aws.String(s.user()), UserId: aws.String("AIDASANDBOXSANDBOXSB1"),
	}, nil
}

// stsAssumeRole says the same of a role that is missing and of one that does not trust the caller, as AWS does.
func (s *Sandbox) stsAssumeRole(r *request, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	role := s.iam.find(*in.RoleArn)
	if role == nil || role.arn != *in.RoleArn || !role.trusts(s.defaults.AccountID, s.user()) {
		return nil, refuseStatus(http.StatusForbidden, "AccessDenied",
			"User: %s is not authorized to perform: sts:AssumeRole on resource: %s", s.user(), *in.RoleArn)
	}
	seconds := int64(3600)
	if in.DurationSeconds != nil {
		seconds = *in.DurationSeconds
	}
	if seconds < 900 || seconds > role.session {
		return nil, refuse("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	session := *in.RoleSessionName
	return &sts.AssumeRoleOutput{
		AssumedRoleUser: &sts.AssumedRoleUser{
			Arn:           aws.String(s.globalARN("sts", "assumed-role/"+role.name+"/"+session)),
			AssumedRoleId: aws.String(role.id + ":" + session),
		},
		Credentials: &sts.Credentials{
			AccessKeyId:     aws.String("ASIA" + s.newName(16, upperAlphanumeric)),
			SecretAccessKey: aws.String(s.newName(40, lowerAlphanumeric)),
			SessionToken:    aws.String(s.newName(120, lowerAlphanumeric)),
			Expiration:      aws.Time(r.now.Add(time.Duration(seconds) * time.Second)),
		},
	}, nil
}

// trusts says whether a statement of the trust policy allows a principal that covers the caller. Conditions are not weighed.
func (r *iamRole) trusts(accountID, caller string) bool {
	var policy struct{ Statement oneOrMany[trustStatement] }
	if json.Unmarshal([]byte(r.trust), &policy) != nil {
		return false
	}
	for _, statement := range policy.Statement {
		if statement.Effect != "Allow" {
			continue
		}
		for _, principal := range statement.Principal.AWS {
			switch principal {
			case "*", accountID, "arn:aws:iam::" + accountID + ":root", caller:
				return true
			}
		}
	}
	return false
}

type trustStatement struct {
	Effect    string
	Principal trustPrincipal
}

// trustPrincipal is either "*" or an object whose AWS member names accounts, roles and users.
type trustPrincipal struct{ AWS oneOrMany[string] }

func (p *trustPrincipal) UnmarshalJSON(data []byte) error {
	if string(data) == `"*"` {
		p.AWS = oneOrMany[string]{"*"}
		return nil
	}
	var object struct{ AWS oneOrMany[string] }
	err := json.Unmarshal(data, &object)
	p.AWS = object.AWS
	return err
}

// oneOrMany reads the policy language's habit of writing a list of one without its brackets.
type oneOrMany[T any] []T

func (l *oneOrMany[T]) UnmarshalJSON(data []byte) error {
	if strings.HasPrefix(strings.TrimSpace(string(data)), "[") {
		return json.Unmarshal(data, (*[]T)(l))
	}
	var one T
	err := json.Unmarshal(data, &one)
	*l = oneOrMany[T]{one}
	return err
}
