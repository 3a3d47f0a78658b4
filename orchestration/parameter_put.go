package orchestration

import (
	"context"
	"strconv"
	"strings"

	"ecs-api/common"
	"ecs-api/common/awsclient"

	"github.com/aws/aws-sdk-go/aws"
	awsssm "github.com/aws/aws-sdk-go/service/ssm"
)

// The bytes of a value, by tier. (API reference of PutParameter, Value.)
const (
	standardParameter = 4 << 10
	advancedParameter = 8 << 10
)

// CreateParameterInput is a parameter to be made below the org's path; a SecureString under the account's key unless it says otherwise.
type CreateParameterInput struct {
	Prefix string `json:"-" path:"prefix"`
	awsssm.PutParameterInput
}

// CreatedParameter says which version was made.
type CreatedParameter struct {
	Tier      *string
	Version   *int64
	VersionId string // Version as a text
}

func (in *CreateParameterInput) validate(org string) error {
	var v violations
	v.parameterLevel("/path/prefix", in.Prefix)
	v.parameterLevel("/Name", aws.StringValue(in.Name))
	v.check(len(org)+len(in.Prefix)+len(aws.StringValue(in.Name))+3 <= longestParameter, "/Name",
		"at most %d characters with the org and the prefix", longestParameter)
	v.check(!aws.BoolValue(in.Overwrite), "/Overwrite", "a parameter that exists is changed with PUT")
	v.parameterValue(&in.PutParameterInput)
	v.parameterTags(org, in.Tags)
	v.model("", &in.PutParameterInput)
	return common.InvalidInput(v)
}

// parameterValue checks a value and what goes with it. It quotes nothing: the value is a secret.
func (v *violations) parameterValue(in *awsssm.PutParameterInput) {
	value, most := aws.StringValue(in.Value), standardParameter
	if tier := aws.StringValue(in.Tier); tier == awsssm.ParameterTierAdvanced || tier == awsssm.ParameterTierIntelligentTiering {
		most = advancedParameter
	}
	v.check(value != "" && len(value) <= most, "/Value", "1 to %d bytes in this tier", most)
	v.parameterMembers(in)
}

func (v *violations) parameterMembers(in *awsssm.PutParameterInput) {
	v.oneOf("/Tier", in.Tier, awsssm.ParameterTier_Values()...)
	v.oneOf("/Type", in.Type, awsssm.ParameterType_Values()...)
	v.check(in.KeyId == nil || in.Type == nil || *in.Type == awsssm.ParameterTypeSecureString, "/KeyId", "only a SecureString has a key")
}

func (v *violations) parameterTags(org string, tags []*awsssm.Tag) {
	v.tags("/Tags", org, nil, ecsTagList(tags, parameterTag))
}

// orgsTags are the tags that a request asks for with the org's own.
func (a *Account) orgsTags(tags []*awsssm.Tag) common.Tags {
	return askedTags(ecsTagList(tags, parameterTag)).Merge(common.Tags{common.TagOrg: a.Org})
}

// CreateParameter makes a parameter. Invalid names every broken rule; Conflict if the name is taken.
func (a *Account) CreateParameter(ctx context.Context, in *CreateParameterInput) (*CreatedParameter, error) {
	if err := in.validate(a.Org); err != nil {
		return nil, err
	}
	put := in.PutParameterInput
	put.Name = aws.String(a.parameterName(in.Prefix, *in.Name))
	put.Overwrite = nil
	put.Tags = parameterTags(a.orgsTags(in.Tags))
	if put.Type == nil {
		put.Type = aws.String(awsssm.ParameterTypeSecureString)
	}
	a.parameterKey(&put)
	hold, err := a.locks.wait(ctx, holdParameter(*put.Name))
	if err != nil {
		return nil, err
	}
	defer a.locks.end(hold)
	made, err := a.ssm.PutParameter(ctx, &put)
	switch {
	case awsclient.IsAlreadyExists(err) && common.Unheard(err):
		// PutParameter takes no token, and to compare values would be to read one.
		return nil, common.Newf(common.Conflict, "the parameter %s exists: an attempt of this request whose answer was lost may have made it", *in.Name)
	case awsclient.IsAlreadyExists(err):
		return nil, common.Newf(common.Conflict, "the parameter %s exists", *in.Name)
	case err != nil:
		return nil, withoutParameterValue(err, put.Value)
	}
	return &CreatedParameter{Tier: made.Tier, Version: made.Version, VersionId: strconv.FormatInt(*made.Version, 10)}, nil
}

// parameterKey has a SecureString encrypted with the account's key, unless it has one.
func (a *Account) parameterKey(put *awsssm.PutParameterInput) {
	if put.KeyId == nil && a.KmsKeyID != "" && aws.StringValue(put.Type) == awsssm.ParameterTypeSecureString {
		put.KeyId = aws.String(a.KmsKeyID)
	}
}

// UpdateParameterInput is a new value, with what goes with it, or tags, or both. Its name is the path's.
type UpdateParameterInput struct {
	ParameterInput
	awsssm.PutParameterInput
}

// Validate gives the rules that the input breaks, but for those of the org: see validate.
func (in *UpdateParameterInput) Validate() []common.Violation { return in.ParameterInput.Validate() }

func (in *UpdateParameterInput) validate(org string) error {
	var v violations
	put := &in.PutParameterInput
	v.check(put.Value != nil || len(put.Tags) > 0, "", "one of Value and Tags is required")
	if put.Value != nil {
		v.check(*put.Value != "" && len(*put.Value) <= advancedParameter, "/Value", "1 to %d bytes", advancedParameter)
		v.parameterMembers(put)
		model := *put
		model.Name = &in.Param
		v.model("", &model)
	} else if len(put.Tags) > 0 {
		for pointer, given := range map[string]bool{
			"/AllowedPattern": put.AllowedPattern != nil,
			"/DataType":       put.DataType != nil,
			"/Description":    put.Description != nil,
			"/KeyId":          put.KeyId != nil,
			"/Policies":       put.Policies != nil,
			"/Tier":           put.Tier != nil,
			"/Type":           put.Type != nil,
		} {
			v.check(!given, pointer, "is a part of a version, and a version needs a Value")
		}
	}
	v.parameterTags(org, put.Tags)
	return common.InvalidInput(v)
}

// UpdateParameter gives a parameter a new value, or other tags, or both, and gives "OK". Type, key, description and what else is not given
// stay as they are. NotFound if it is absent. Both are an operation: see changeParameter.
func (a *Account) UpdateParameter(ctx context.Context, in *UpdateParameterInput) (any, error) {
	if err := in.validate(a.Org); err != nil {
		return nil, err
	}
	name := a.parameterName(in.Prefix, in.Param)
	if in.Value != nil && len(in.Tags) > 0 {
		return a.changeParameter(ctx, in, name)
	}
	ctx, cancel := a.throughout(ctx)
	defer cancel()
	hold, err := a.locks.wait(ctx, holdParameter(name))
	if err != nil {
		return nil, err
	}
	defer a.locks.end(hold)
	if in.Value == nil {
		return "OK", a.ssm.AddTags(ctx, name, parameterTags(a.orgsTags(in.Tags)))
	}
	known, err := a.ssm.Parameter(ctx, name)
	if err != nil {
		return nil, err
	}
	put := a.buildParameterVersion(in, name, known)
	if err := fits(put); err != nil {
		return nil, err
	}
	version, err := a.ssm.PutParameter(ctx, put)
	switch {
	case err == nil:
		return "OK", a.tagAnew(ctx, name, version, a.orgsTags(nil))
	case common.Unheard(err):
		return nil, saying(withoutParameterValue(err, in.Value), "the value may be changed")
	}
	return nil, saying(withoutParameterValue(err, in.Value), "the value is unchanged")
}

// tagAnew gives a parameter its tags if what was to be its next version is its first: someone has deleted it since it was read, and AWS has
// made another one without any.
func (a *Account) tagAnew(ctx context.Context, name string, version *awsssm.PutParameterOutput, tags common.Tags) error {
	if aws.Int64Value(version.Version) > 1 {
		return nil
	}
	return a.ssm.AddTags(ctx, name, parameterTags(tags))
}

// buildParameterVersion completes a new version with what the parameter has: AWS would take its own key, and forget the rest.
func (a *Account) buildParameterVersion(in *UpdateParameterInput, name string, known *awsssm.ParameterMetadata) *awsssm.PutParameterInput {
	put := in.PutParameterInput
	put.Name, put.Overwrite, put.Tags = &name, aws.Bool(true), nil
	for _, kept := range []struct {
		given **string
		has   *string
	}{
		{&put.AllowedPattern, known.AllowedPattern},
		{&put.DataType, known.DataType},
		{&put.Description, known.Description},
		{&put.Tier, known.Tier},
		{&put.Type, known.Type},
	} {
		if *kept.given == nil {
			*kept.given = kept.has
		}
	}
	if put.KeyId == nil && aws.StringValue(put.Type) == awsssm.ParameterTypeSecureString {
		put.KeyId = known.KeyId
	}
	a.parameterKey(&put)
	return &put
}

// fits says whether the value fits the tier that the parameter has or is to have.
func fits(put *awsssm.PutParameterInput) error {
	var v violations
	v.parameterValue(put)
	return common.InvalidInput(v)
}

// withoutParameterValue is the error without AWS's words where they hold the value.
func withoutParameterValue(err error, value *string) error {
	if !strings.Contains(err.Error(), aws.StringValue(value)) && !strings.Contains(common.MessageOf(err), aws.StringValue(value)) {
		return err
	}
	code := common.CodeOf(err)
	return &common.Error{
		Kind:    common.KindOf(err),
		Message: "PutParameter failed (" + code + "); what AWS said holds the value and is not told",
		Code:    code,
		Unheard: common.Unheard(err),
	}
}
