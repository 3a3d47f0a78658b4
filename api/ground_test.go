package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"ecs-api/cloudwatchlogs"
	"ecs-api/iam"
	"ecs-api/sandbox"
)

const policyName = "ECSTaskAccessPolicy"

// drifted has a standing space whose policy and retention someone has changed.
func (w *world) drifted() {
	w.must(http.StatusOK, "POST", "/services", named("one"))
	w.ended()
	if err := iam.New(w.account.Session).PutRolePolicy(w.Context(), "myclu-ecsTaskExecution", policyName, `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`); err != nil {
		w.Fatal(err)
	}
	if err := cloudwatchlogs.New(w.account.Session).PutRetentionPolicy(w.Context(), "myclu", 7); err != nil {
		w.Fatal(err)
	}
}

func (w *world) policy() string {
	document, err := iam.New(w.account.Session).RolePolicy(w.Context(), "myclu-ecsTaskExecution", policyName)
	if err != nil {
		w.Fatal(err)
	}
	return document
}

func TestAnOutOfDatePolicyIsBroughtUpToDate(t *testing.T) {
	inWorld(t, func(w *world) {
		w.drifted()
		w.must(http.StatusOK, "POST", "/services", named("two"))
		for _, part := range []string{
			`arn:aws:secretsmanager:us-east-1:001122334455:secret:spinup/myorg/myclu/*`, `arn:aws:ssm:us-east-1:001122334455:parameter/myorg/myclu/*`,
			`key/` + w.aws.Defaults().KmsKeyID, "logs:PutLogEvents", "ecr:BatchGetImage", "elasticfilesystem:ClientRootAccess", "kms:Decrypt", "AccessedViaMountTarget",
		} {
			if !strings.Contains(w.policy(), part) {
				w.Errorf("the policy lacks %s: %s", part, w.policy())
			}
		}
		group, err := cloudwatchlogs.New(w.account.Session).LogGroup(w.Context(), "myclu")
		if err != nil || *group.RetentionInDays != 365 {
			w.Errorf("kept %v days, error %v", group, err)
		}
	})
}

// When a later step fails, what was changed is as it was.
func TestWhatWasChangedIsRestored(t *testing.T) {
	inWorld(t, func(w *world) {
		w.drifted()
		before := w.aws.Inventory()
		w.aws.Inject(sandbox.Fault{Service: "ecs", Operation: "CreateService", Kind: sandbox.Refused, Code: "InvalidParameterException", Message: "no"})
		told := w.must(http.StatusBadRequest, "POST", "/services", named("two")).problem(w)
		if !told.Rollback.Complete || len(told.Rollback.Restored) != 2 {
			w.Errorf("told %+v", told.Rollback)
		}
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

// But what someone else has changed since is left, and told.
func TestWhatSomeoneChangedSinceIsLeft(t *testing.T) {
	inWorld(t, func(w *world) {
		w.drifted()
		theirs := `{"Version":"2012-10-17","Statement":[]}`
		w.aws.OnCall(func(c sandbox.Call, before bool) {
			if before && c.Operation == "CreateService" && c.Service == "ecs" {
				w.aws.OnCall(nil)
				if err := iam.New(w.account.Session).PutRolePolicy(w.Context(), "myclu-ecsTaskExecution", policyName, theirs); err != nil {
					w.Error(err)
				}
			}
		})
		w.aws.Inject(sandbox.Fault{Service: "ecs", Operation: "CreateService", Kind: sandbox.Refused, Code: "InvalidParameterException", Message: "no"})
		told := w.must(http.StatusBadRequest, "POST", "/services", named("two")).problem(w)
		if len(told.Rollback.Left) != 1 || !strings.Contains(told.Rollback.Left[0].Reason, "someone else") {
			w.Errorf("told %+v", told.Rollback)
		}
		var one, other any
		if json.Unmarshal([]byte(w.policy()), &one); json.Unmarshal([]byte(theirs), &other) != nil || w.policy() != theirs {
			w.Errorf("their policy is gone: %s", w.policy())
		}
	})
}
