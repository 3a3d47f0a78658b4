package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/secretsmanager"
)

func newSecret(name, value string) *secretsmanager.CreateSecretInput {
	return &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value}
}

func secretValue(t *testing.T, c *secretsmanager.SecretsManager, id string) string {
	t.Helper()
	return *must(c.GetSecretValue(&secretsmanager.GetSecretValueInput{SecretId: &id})).SecretString
}

func TestSecretIsFoundByNameAndARN(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c := secretsmanager.New(p)
		made := must(c.CreateSecret(newSecret("spinup/org/one", "v")))
		partial := (*made.ARN)[:len(*made.ARN)-7]
		same(t, "arn", partial, "arn:aws:secretsmanager:us-east-1:001122334455:secret:spinup/org/one")
		for _, id := range []string{"spinup/org/one", *made.ARN, partial} {
			same(t, id, secretValue(t, c, id), "v")
		}
		for id, there := range map[string]bool{*made.ARN + ":key::": true, partial: true, partial + "-AAAAAA": false, "spinup/org": false} {
			same(t, "exists "+id, s.secrets.exists(id), there)
		}
		_, err := c.DescribeSecret(&secretsmanager.DescribeSecretInput{SecretId: aws.String("spinup/org/one-AAAAAA")})
		refused(t, err, "ResourceNotFoundException", 400)
	})
}

func TestCreateSecretTwice(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, in := secretsmanager.New(p), newSecret("one", "v")
		in.ClientRequestToken = aws.String("0f8fad5b-d9cb-469f-a165-70867728950e")
		first := must(c.CreateSecret(in))
		again := must(c.CreateSecret(in))
		same(t, "the second answer", fmt.Sprint(again), fmt.Sprint(first))
		same(t, "version", *first.VersionId, *in.ClientRequestToken)
		in.SecretString = aws.String("other")
		_, err := c.CreateSecret(in)
		refused(t, err, "ResourceExistsException", 400)
		_, err = c.CreateSecret(newSecret("one", "v"))
		refused(t, err, "ResourceExistsException", 400)
	})
}

func TestDeletedSecretKeepsItsName(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, id := secretsmanager.New(p), aws.String("one")
		must(c.CreateSecret(newSecret("one", "v")))
		out := must(c.DeleteSecret(&secretsmanager.DeleteSecretInput{SecretId: id, RecoveryWindowInDays: aws.Int64(7)}))
		same(t, "window", time.Until(*out.DeletionDate).Round(time.Second), 7*24*time.Hour)
		_, err := c.CreateSecret(newSecret("one", "v"))
		refused(t, err, "InvalidRequestException", 400)
		if !strings.Contains(err.Error(), secretTaken) {
			t.Errorf("got %v", err)
		}
		_, err = c.GetSecretValue(&secretsmanager.GetSecretValueInput{SecretId: id})
		refused(t, err, "InvalidRequestException", 400)
		same(t, "exists", s.secrets.exists("one"), false)
		if must(c.DescribeSecret(&secretsmanager.DescribeSecretInput{SecretId: id})).DeletedDate == nil {
			t.Error("DeletedDate is not shown")
		}
		same(t, "listed", len(must(c.ListSecrets(&secretsmanager.ListSecretsInput{})).SecretList), 0)

		must(c.RestoreSecret(&secretsmanager.RestoreSecretInput{SecretId: id}))
		same(t, "restored", secretValue(t, c, "one"), "v")
		must(c.DeleteSecret(&secretsmanager.DeleteSecretInput{SecretId: id}))
		time.Sleep(29 * 24 * time.Hour) // the window of the first deletion is over, and means nothing any more
		must(c.DescribeSecret(&secretsmanager.DescribeSecretInput{SecretId: id}))
		time.Sleep(24 * time.Hour)
		_, err = c.DescribeSecret(&secretsmanager.DescribeSecretInput{SecretId: id})
		refused(t, err, "ResourceNotFoundException", 400)
		must(c.CreateSecret(newSecret("one", "v")))
	})
}

func TestForcedDeleteHoldsTheNameForAMoment(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *Sandbox, p *session.Session) {
		c := secretsmanager.New(p)
		force := &secretsmanager.DeleteSecretInput{SecretId: aws.String("one"), ForceDeleteWithoutRecovery: aws.Bool(true)}
		same(t, "name", *must(c.DeleteSecret(force)).Name, "one") // of what never was
		_, err := c.DeleteSecret(&secretsmanager.DeleteSecretInput{SecretId: force.SecretId})
		refused(t, err, "ResourceNotFoundException", 400)
		first := must(c.CreateSecret(newSecret("one", "v")))
		must(c.DeleteSecret(force))
		_, err = c.DescribeSecret(&secretsmanager.DescribeSecretInput{SecretId: force.SecretId})
		refused(t, err, "ResourceNotFoundException", 400)
		_, err = c.CreateSecret(newSecret("one", "v"))
		refused(t, err, "InvalidRequestException", 400)
		time.Sleep(time.Second)
		second := must(c.CreateSecret(newSecret("one", "v")))
		if *first.ARN == *second.ARN {
			t.Error("a secret made anew has the old one's ARN")
		}
		force.RecoveryWindowInDays = aws.Int64(7)
		_, err = c.DeleteSecret(force)
		refused(t, err, "InvalidParameterException", 400)
		_, err = c.DeleteSecret(&secretsmanager.DeleteSecretInput{SecretId: force.SecretId, RecoveryWindowInDays: aws.Int64(6)})
		refused(t, err, "InvalidParameterException", 400)
	})
}

func TestStagesMove(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, id := secretsmanager.New(p), aws.String("one")
		first := must(c.CreateSecret(newSecret("one", "v1"))).VersionId
		before := s.Inventory()
		put := &secretsmanager.PutSecretValueInput{SecretId: id, SecretString: aws.String("v2"), ClientRequestToken: aws.String("0f8fad5b-d9cb-469f-a165-70867728950e")}
		second := must(c.PutSecretValue(put)).VersionId
		must(c.PutSecretValue(put))
		same(t, "current", secretValue(t, c, "one"), "v2")
		previous := must(c.GetSecretValue(&secretsmanager.GetSecretValueInput{SecretId: id, VersionStage: aws.String("AWSPREVIOUS")}))
		same(t, "previous", *previous.SecretString, "v1")
		put.SecretString = aws.String("v3")
		_, err := c.PutSecretValue(put)
		refused(t, err, "ResourceExistsException", 400)

		move := func(label string, from, to *string) error {
			_, err := c.UpdateSecretVersionStage(&secretsmanager.UpdateSecretVersionStageInput{SecretId: id, VersionStage: &label, RemoveFromVersionId: from, MoveToVersionId: to})
			return err
		}
		refused(t, move("AWSCURRENT", nil, first), "InvalidParameterException", 400)
		refused(t, move("AWSCURRENT", first, second), "InvalidParameterException", 400)
		refused(t, move("AWSCURRENT", second, nil), "InvalidParameterException", 400)
		if err := move("AWSCURRENT", second, first); err != nil {
			t.Fatal(err)
		}
		same(t, "current", secretValue(t, c, "one"), "v1")
		if err := move("AWSPREVIOUS", second, nil); err != nil {
			t.Fatal(err)
		}
		same(t, "what the detour left", Diff(before, s.Inventory()), "")
	})
}

func TestSecretsAreFilteredAndPaged(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *Sandbox, p *session.Session) {
		c := secretsmanager.New(p)
		for i := range 5 {
			in := newSecret(fmt.Sprintf("s%d", i), "v")
			in.Tags = []*secretsmanager.Tag{{Key: aws.String("spinup:org"), Value: aws.String([]string{"ss", "other"}[i%2])}}
			must(c.CreateSecret(in))
		}
		list := func(filters map[string]string) string {
			in, names := &secretsmanager.ListSecretsInput{MaxResults: aws.Int64(2)}, ""
			for key, value := range filters {
				in.Filters = append(in.Filters, &secretsmanager.Filter{Key: &key, Values: []*string{&value}})
			}
			if err := c.ListSecretsPages(in, func(page *secretsmanager.ListSecretsOutput, _ bool) bool {
				for _, x := range page.SecretList {
					names += *x.Name
				}
				names += " "
				return true
			}); err != nil {
				t.Fatal(err)
			}
			return names
		}
		same(t, "all", list(nil), "s0s1 s2s3 s4 ")
		same(t, "by tag", list(map[string]string{"tag-key": "spinup:org", "tag-value": "ss"}), "s0s2 s4 ")
		same(t, "by no tag", list(map[string]string{"tag-value": "!ss"}), "s1s3 ")
		same(t, "by name", list(map[string]string{"name": "s1"}), "s1 ")
		same(t, "by word", list(map[string]string{"all": "OTHER s3"}), "s3 ")
		_, err := c.ListSecrets(&secretsmanager.ListSecretsInput{NextToken: aws.String("made up")})
		refused(t, err, "InvalidNextTokenException", 400)
	})
}
