package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/secretsmanager"
)

// newSecretValue makes a version of what was sent; nil when no value was.
func newSecretValue(text *string, binary []byte, now time.Time) (*secretVersion, error) {
	switch {
	case text != nil && binary != nil:
		return nil, refuse(
			secretsmanager.ErrCodeInvalidParameterException,
			"You can't specify both a binary secret value and a string secret value in the same secret.",
		)
	case len(aws.StringValue(text)) > 65536 || len(binary) > 65536:
		return nil, refuse(
			"ValidationException",
			"1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536",
		)
	case text == nil && binary == nil:
		return nil, nil
	}
	return &secretVersion{text: text, binary: binary, created: now}, nil
}

func (s *Sandbox) putSecretValue(r *request, in *secretsmanager.PutSecretValueInput) (*secretsmanager.PutSecretValueOutput, error) {
	found, err := s.secrets.alive(in.SecretId)
	if err != nil {
		return nil, err
	}
	value, err := newSecretValue(in.SecretString, in.SecretBinary, r.now)
	if err != nil {
		return nil, err
	}
	if value == nil {
		return nil, refuse(secretsmanager.ErrCodeInvalidRequestException, "You must provide either SecretString or SecretBinary.")
	}
	labels := aws.StringValueSlice(in.VersionStages)
	if len(labels) == 0 {
		labels = []string{stageCurrent}
	}
	id, err := s.put(found, in.ClientRequestToken, value, labels)
	if err != nil {
		return nil, err
	}
	found.changed = r.now
	return &secretsmanager.PutSecretValueOutput{
		ARN: &found.arn, Name: &found.name, VersionId: id, VersionStages: aws.StringSlice(found.versions[*id].stages),
	}, nil
}

// put adds a version, whose id is the caller's token. The same token again is the same request if it brings the same value.
func (s *Sandbox) put(x *secret, token *string, value *secretVersion, labels []string) (*string, error) {
	if token == nil {
		token = aws.String(s.newUUID())
	}
	if len(*token) > 64 {
		return nil, refuse(secretsmanager.ErrCodeInvalidParameterException, "ClientRequestToken must be 32-64 characters long.")
	}
	if known := x.versions[*token]; known != nil {
		if known.same(value) {
			return token, nil
		}
		return nil, refuse(secretsmanager.ErrCodeResourceExistsException,
			"You can't use ClientRequestToken %s because that value is already in use for a version of secret %s.", *token, x.arn)
	}
	if x.labelled(stageCurrent) == "" && !slices.Contains(labels, stageCurrent) {
		labels = append(slices.Clone(labels), stageCurrent) // the first version is always the current one
	}
	x.versions[*token] = value
	for _, label := range labels {
		x.move(label, *token)
	}
	return token, nil
}

// labelled gives the id of the version that carries a label; "" when none does.
func (x *secret) labelled(label string) string {
	for id, version := range x.versions {
		if slices.Contains(version.stages, label) {
			return id
		}
	}
	return ""
}

// move attaches a label to one version and takes it from all others. What AWSCURRENT leaves becomes AWSPREVIOUS by itself.
func (x *secret) move(label, to string) {
	from := x.labelled(label)
	if from == to {
		return
	}
	if from != "" {
		x.strip(label, from)
	}
	if version := x.versions[to]; version != nil {
		version.stages = append(version.stages, label)
		slices.Sort(version.stages)
	}
	if label == stageCurrent && from != "" {
		x.move(stagePrevious, from)
	}
}

func (x *secret) strip(label, from string) {
	version := x.versions[from]
	version.stages = slices.DeleteFunc(version.stages, func(l string) bool { return l == label })
}

func (s *Sandbox) getSecretValue(_ *request, in *secretsmanager.GetSecretValueInput) (*secretsmanager.GetSecretValueOutput, error) {
	found, err := s.secrets.alive(in.SecretId)
	if err != nil {
		return nil, err
	}
	stage := stageCurrent
	if in.VersionStage != nil {
		stage = *in.VersionStage
	}
	id, what := found.labelled(stage), "staging label: "+stage
	if in.VersionId != nil {
		id, what = *in.VersionId, "VersionId: "+*in.VersionId
	}
	version := found.versions[id]
	if version == nil {
		return nil, refuse(secretsmanager.ErrCodeResourceNotFoundException, "Secrets Manager can't find the specified secret value for %s", what)
	}
	if in.VersionId != nil && in.VersionStage != nil && !slices.Contains(version.stages, stage) {
		return nil, refuse(secretsmanager.ErrCodeInvalidRequestException, "You provided a VersionStage that is not associated to the provided VersionId.")
	}
	return &secretsmanager.GetSecretValueOutput{
		ARN: &found.arn, Name: &found.name, VersionId: &id, VersionStages: aws.StringSlice(slices.Clone(version.stages)),
		SecretString: version.text, SecretBinary: version.binary, CreatedDate: aws.Time(version.created),
	}, nil
}

// updateSecretVersionStage moves a label. Whoever takes it from a version must name that version, so that nobody moves what another has
// moved since.
func (s *Sandbox) updateSecretVersionStage(
	r *request,
	in *secretsmanager.UpdateSecretVersionStageInput,
) (*secretsmanager.UpdateSecretVersionStageOutput, error) {
	found, err := s.secrets.alive(in.SecretId)
	if err != nil {
		return nil, err
	}
	if err := found.mayMove(*in.VersionStage, aws.StringValue(in.RemoveFromVersionId), aws.StringValue(in.MoveToVersionId)); err != nil {
		return nil, err
	}
	if in.MoveToVersionId != nil {
		found.move(*in.VersionStage, *in.MoveToVersionId)
	} else {
		found.strip(*in.VersionStage, *in.RemoveFromVersionId)
	}
	found.changed = r.now
	return &secretsmanager.UpdateSecretVersionStageOutput{ARN: &found.arn, Name: &found.name}, nil
}

func (x *secret) mayMove(label, from, to string) error {
	holder := x.labelled(label)
	switch {
	case from == "" && to == "":
		return refuse(secretsmanager.ErrCodeInvalidParameterException, "You must provide at least one of MoveToVersionId and RemoveFromVersionId.")
	case to != "" && x.versions[to] == nil:
		return refuse(secretsmanager.ErrCodeResourceNotFoundException, "Secrets Manager can't find the specified secret version: %s.", to)
	case from != "" && from != holder:
		return refuse(secretsmanager.ErrCodeInvalidParameterException, "Staging label %s is not currently attached to version %s.", label, from)
	case to == "" && label == stageCurrent:
		return refuse(secretsmanager.ErrCodeInvalidParameterException,
			"You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.")
	case from == "" && holder != "" && holder != to:
		return refuse(secretsmanager.ErrCodeInvalidParameterException, "The parameter RemoveFromVersionId can't be empty. Staging label %s is currently "+
			"attached to version %s, so you must explicitly reference that version in RemoveFromVersionId.", label, holder)
	}
	return nil
}

// inventory tells of each label which value it is on, by its digest: version ids are the callers' tokens, and differ from run to run.
func (st *secretsState) inventory(inv Inventory) {
	for name, x := range st.secrets {
		labels := map[string]string{}
		for _, version := range x.versions {
			sum := sha256.Sum256(append([]byte(aws.StringValue(version.text)), version.binary...))
			for _, label := range version.stages {
				labels[label] = hex.EncodeToString(sum[:])
			}
		}
		inv.add("secret", name, map[string]any{
			"arn": x.arn, "description": x.description, "kmsKey": x.kmsKey, "tags": shownTags(x.tags), "stages": labels, "scheduled": !x.scheduled.IsZero(),
		})
	}
}

func (st *secretsState) tagged(yield func(arn, resourceType string, tags map[string]string)) {
	for _, x := range st.secrets {
		yield(x.arn, "secretsmanager:secret", x.tags)
	}
}
