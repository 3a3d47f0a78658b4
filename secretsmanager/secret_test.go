package secretsmanager

import (
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go/aws"
	awssm "github.com/aws/aws-sdk-go/service/secretsmanager"

	"ecs-api/common"
	"ecs-api/common/awsclient"
	"ecs-api/common/awsclient/awstest"
)

type object = map[string]any

func TestSecret(t *testing.T) {
	held := awstest.Refuse(400, "InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion.")
	for name, test := range map[string]struct {
		answer         awstest.Answer
		secret, create common.Kind
		held           bool
	}{
		"good":   {awstest.OK(object{"ARN": "arn", "Name": "n"}), 0, 0, false},
		"absent": {awstest.Refuse(400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret."), common.NotFound, common.NotFound, false},
		"exists": {awstest.Refuse(400, "ResourceExistsException", "The operation failed because the secret n already exists."), common.Conflict, common.Conflict, false},
		"held":   {held, common.Conflict, common.Conflict, true},
		"hollow": {awstest.OK(object{}), common.Failed, common.Failed, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := New((&awstest.Server{Handle: func(*awstest.Request) awstest.Answer { return test.answer }}).Session(t))
				found, err := c.Secret(t.Context(), "n")
				if common.KindOf(err) != test.secret || (err == nil) != (found != nil) || common.Unheard(err) {
					t.Errorf("%v, %v", found, err)
				}
				made, err := c.CreateSecret(t.Context(), &awssm.CreateSecretInput{Name: aws.String("n"), SecretString: aws.String("x")})
				if common.KindOf(err) != test.create || (err == nil) != (made != nil) || awsclient.IsNameHeld(err) != test.held {
					t.Errorf("%v, %v", made, err)
				}
			})
		})
	}
}

func TestDeleteSecretNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New((&awstest.Server{Handle: func(r *awstest.Request) awstest.Answer {
			if asked := r.JSON(t); asked["ForceDeleteWithoutRecovery"] != true || asked["SecretId"] != "n" {
				t.Errorf("asked for %v", asked)
			}
			return awstest.OK(object{})
		}}).Session(t))
		if err := c.DeleteSecretNow(t.Context(), "n"); err != nil {
			t.Error(err)
		}
	})
}
