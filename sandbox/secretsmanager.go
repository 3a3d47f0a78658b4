package sandbox

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/secretsmanager"
)

// secretsState holds the secrets by name, and the names that a forced delete still holds for a moment.
type secretsState struct {
	secrets map[string]*secret
	held    map[string]bool
}

type secret struct {
	name, arn           string
	description, kmsKey string
	created, changed    time.Time
	tags                map[string]string // nil: never tagged
	versions            map[string]*secretVersion
	scheduled           time.Time // when it is to vanish; zero unless it is scheduled for deletion
}

type secretVersion struct {
	text    *string
	binary  []byte
	stages  []string
	created time.Time
}

const (
	stageCurrent  = "AWSCURRENT"
	stagePrevious = "AWSPREVIOUS"

	secretTaken = "You can't create this secret because a secret with this name is already scheduled for deletion."
	secretGoing = "You can't perform this operation on the secret because it was marked for deletion."
)

var (
	secretName = regexp.MustCompile(`^[A-Za-z0-9/_+=.@!-]{1,512}$`)
	// secretSuffix is what Secrets Manager appends to a name to make an ARN.
	secretSuffix = regexp.MustCompile(`-[A-Za-z0-9]{6}$`)
)

func (s *Sandbox) registerSecretsManager() {
	s.secrets.secrets, s.secrets.held = map[string]*secret{}, map[string]bool{}
	register(s, "secretsmanager", "CreateSecret", true, s.createSecret)
	register(s, "secretsmanager", "DescribeSecret", false, s.describeSecret)
	register(s, "secretsmanager", "ListSecrets", false, s.listSecrets)
	register(s, "secretsmanager", "UpdateSecret", true, s.updateSecret)
	register(s, "secretsmanager", "DeleteSecret", true, s.deleteSecret)
	register(s, "secretsmanager", "RestoreSecret", true, s.restoreSecret)
	register(s, "secretsmanager", "TagResource", true, s.tagSecret)
	register(s, "secretsmanager", "UntagResource", true, s.untagSecret)
	register(s, "secretsmanager", "GetSecretValue", false, s.getSecretValue)
	register(s, "secretsmanager", "PutSecretValue", true, s.putSecretValue)
	register(s, "secretsmanager", "UpdateSecretVersionStage", true, s.updateSecretVersionStage)
}

// exists says whether a secret can be read, by name or ARN. ECS also writes an ARN followed by a JSON key, a stage and a version.
func (st *secretsState) exists(arnOrName string) bool {
	if parts := strings.SplitN(arnOrName, ":", 8); len(parts) == 8 && parts[0] == "arn" {
		arnOrName = strings.Join(parts[:7], ":")
	}
	found := st.find(arnOrName)
	return found != nil && found.scheduled.IsZero()
}

// find looks a secret up by name, ARN, or an ARN without its suffix. An ARN whose name happens to end in a hyphen and six
// characters is taken for a whole one, which is why AWS warns of such names.
func (st *secretsState) find(id string) *secret {
	if !strings.HasPrefix(id, "arn:") {
		return st.secrets[id]
	}
	for _, found := range st.secrets {
		if found.arn == id || (!secretSuffix.MatchString(id) && found.arn[:len(found.arn)-7] == id) {
			return found
		}
	}
	return nil
}

// known gives a secret, alive or scheduled for deletion.
func (st *secretsState) known(id *string) (*secret, error) {
	if found := st.find(aws.StringValue(id)); found != nil {
		return found, nil
	}
	return nil, refuse(secretsmanager.ErrCodeResourceNotFoundException, "Secrets Manager can't find the specified secret.")
}

// alive gives a secret that is not scheduled for deletion.
func (st *secretsState) alive(id *string) (*secret, error) {
	found, err := st.known(id)
	if err == nil && !found.scheduled.IsZero() {
		return nil, refuse(secretsmanager.ErrCodeInvalidRequestException, secretGoing)
	}
	return found, err
}

func (s *Sandbox) createSecret(r *request, in *secretsmanager.CreateSecretInput) (*secretsmanager.CreateSecretOutput, error) {
	name := *in.Name
	if !secretName.MatchString(name) {
		return nil, refuse(
			"ValidationException",
			"Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
		)
	}
	value, err := newSecretValue(in.SecretString, in.SecretBinary, r.now)
	if err != nil {
		return nil, err
	}
	tags := tagMap(nil, in.Tags, secretTag)
	if len(tags) > 50 {
		return nil, secretTooManyTags()
	}
	if old := s.secrets.secrets[name]; old != nil {
		return createSecretAgain(old, in.ClientRequestToken, value)
	}
	// A forced delete goes on in the background: for a moment the name is still taken, and AWS asks to try again.
	if s.secrets.held[name] {
		return nil, refuse(secretsmanager.ErrCodeInvalidRequestException, secretTaken)
	}
	made := &secret{
		name: name, arn: s.arn("secretsmanager", "secret:"+name+"-"+s.newName(6, mixedAlphanumeric)), description: aws.StringValue(in.Description), kmsKey: aws.StringValue(in.KmsKeyId),
		created: r.now, changed: r.now, tags: tags, versions: map[string]*secretVersion{},
	}
	out := &secretsmanager.CreateSecretOutput{ARN: &made.arn, Name: &made.name}
	if value != nil {
		if out.VersionId, err = s.put(made, in.ClientRequestToken, value, []string{stageCurrent}); err != nil {
			return nil, err
		}
	}
	s.secrets.secrets[name] = made
	return out, nil
}

// createSecretAgain decides on a name that is taken: the same token with the same value is the same request, heard twice.
func createSecretAgain(old *secret, token *string, value *secretVersion) (*secretsmanager.CreateSecretOutput, error) {
	if !old.scheduled.IsZero() {
		return nil, refuse(secretsmanager.ErrCodeInvalidRequestException, secretTaken)
	}
	if version := old.versions[aws.StringValue(token)]; version != nil && version.same(value) {
		return &secretsmanager.CreateSecretOutput{ARN: &old.arn, Name: &old.name, VersionId: token}, nil
	}
	return nil, refuse(secretsmanager.ErrCodeResourceExistsException, "The operation failed because the secret %s already exists.", old.name)
}

func (s *Sandbox) describeSecret(r *request, in *secretsmanager.DescribeSecretInput) (*secretsmanager.DescribeSecretOutput, error) {
	found, err := s.secrets.known(in.SecretId)
	if err != nil {
		return nil, err
	}
	return &secretsmanager.DescribeSecretOutput{
		ARN: &found.arn, Name: &found.name, Description: unlessEmpty(found.description), KmsKeyId: unlessEmpty(found.kmsKey),
		CreatedDate: aws.Time(found.created), LastChangedDate: aws.Time(found.changed), DeletedDate: found.deletionDate(),
		Tags: sdkTags[secretsmanager.Tag](found.tags), VersionIdsToStages: found.stages(),
	}, nil
}

func (s *Sandbox) updateSecret(r *request, in *secretsmanager.UpdateSecretInput) (*secretsmanager.UpdateSecretOutput, error) {
	found, err := s.secrets.alive(in.SecretId)
	if err != nil {
		return nil, err
	}
	value, err := newSecretValue(in.SecretString, in.SecretBinary, r.now)
	if err != nil {
		return nil, err
	}
	out := &secretsmanager.UpdateSecretOutput{ARN: &found.arn, Name: &found.name}
	if value != nil {
		if out.VersionId, err = s.put(found, in.ClientRequestToken, value, []string{stageCurrent}); err != nil {
			return nil, err
		}
	}
	if in.Description != nil {
		found.description = *in.Description
	}
	if in.KmsKeyId != nil {
		found.kmsKey = *in.KmsKeyId
	}
	found.changed = r.now
	return out, nil
}

// deleteSecret schedules, or forgets at once. A forced delete of what does not exist succeeds: it is a wish, not a command.
func (s *Sandbox) deleteSecret(r *request, in *secretsmanager.DeleteSecretInput) (*secretsmanager.DeleteSecretOutput, error) {
	force := aws.BoolValue(in.ForceDeleteWithoutRecovery)
	days := int64(30)
	if in.RecoveryWindowInDays != nil {
		days = *in.RecoveryWindowInDays
		switch {
		case force:
			return nil, refuse(
				secretsmanager.ErrCodeInvalidParameterException,
				"You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
			)
		case days < 7 || days > 30:
			return nil, refuse(
				secretsmanager.ErrCodeInvalidParameterException,
				"The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
			)
		}
	}
	if force {
		return s.forceDeleteSecret(r, *in.SecretId), nil
	}
	found, err := s.secrets.known(in.SecretId)
	if err != nil {
		return nil, err
	}
	if !found.scheduled.IsZero() {
		return nil, refuse(
			secretsmanager.ErrCodeInvalidRequestException,
			"You can't perform this operation on the secret because it was already scheduled for deletion.",
		)
	}
	found.scheduled = r.now.AddDate(0, 0, int(days))
	s.schedule(found.scheduled, func(at time.Time) {
		// Unless it was restored meanwhile, or restored and scheduled anew.
		if found.scheduled.Equal(at) && s.secrets.secrets[found.name] == found {
			delete(s.secrets.secrets, found.name)
		}
	})
	return &secretsmanager.DeleteSecretOutput{ARN: &found.arn, Name: &found.name, DeletionDate: aws.Time(found.scheduled)}, nil
}

func (s *Sandbox) forceDeleteSecret(r *request, id string) *secretsmanager.DeleteSecretOutput {
	out := &secretsmanager.DeleteSecretOutput{ARN: &id, Name: &id, DeletionDate: aws.Time(r.now)}
	found, err := s.secrets.known(&id)
	switch {
	case err == nil:
		out.ARN, out.Name = &found.arn, &found.name
		delete(s.secrets.secrets, found.name)
		s.secrets.held[found.name] = true
		s.schedule(r.now.Add(s.scaled(time.Second)), func(time.Time) { delete(s.secrets.held, found.name) })
	case !strings.HasPrefix(id, "arn:"):
		out.ARN = aws.String(s.arn("secretsmanager", "secret:"+id))
	default:
		out.Name = aws.String(id[strings.LastIndex(id, ":")+1:])
	}
	return out
}

func (s *Sandbox) restoreSecret(r *request, in *secretsmanager.RestoreSecretInput) (*secretsmanager.RestoreSecretOutput, error) {
	found, err := s.secrets.known(in.SecretId)
	if err != nil {
		return nil, err
	}
	found.scheduled = time.Time{}
	return &secretsmanager.RestoreSecretOutput{ARN: &found.arn, Name: &found.name}, nil
}

// deletionDate is left out unless the secret is scheduled for deletion.
func (x *secret) deletionDate() *time.Time {
	if x.scheduled.IsZero() {
		return nil
	}
	return aws.Time(x.scheduled)
}

// same compares the values of two versions; a version without a value is nil.
func (v *secretVersion) same(other *secretVersion) bool {
	if v == nil || other == nil {
		return v == other
	}
	return aws.StringValue(v.text) == aws.StringValue(other.text) && bytes.Equal(v.binary, other.binary)
}

// stages lists the versions that carry a label; a version without one is deprecated, and not shown.
func (x *secret) stages() map[string][]*string {
	labels := map[string][]*string{}
	for id, version := range x.versions {
		if len(version.stages) > 0 {
			labels[id] = aws.StringSlice(slices.Clone(version.stages))
		}
	}
	return labels
}
