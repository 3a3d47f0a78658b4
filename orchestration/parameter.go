package orchestration

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"ecs-api/common"
	"ecs-api/ssm"

	"github.com/aws/aws-sdk-go/aws"
	awsssm "github.com/aws/aws-sdk-go/service/ssm"
)

// parameterPattern is one level of a parameter's name. (API reference of PutParameter, Name.)
var parameterPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// longestParameter is the length of a parameter's whole name: AWS takes 1,011 characters with the ARN before it.
const longestParameter = 950

func parameterTags(tags common.Tags) []*awsssm.Tag {
	return toTags(tags, func(k, v *string) *awsssm.Tag { return &awsssm.Tag{Key: k, Value: v} })
}

func parameterTag(t *awsssm.Tag) (key, value *string) { return t.Key, t.Value }

// parameterPath is where the parameters of a prefix lie. Whatever lies below the org's own path is the org's.
func (a *Account) parameterPath(prefix string) string { return "/" + a.Org + "/" + prefix }

func (a *Account) parameterName(prefix, name string) string {
	return a.parameterPath(prefix) + "/" + name
}

// parameterLevel checks a level of a parameter's name. A slash in it, escaped in a path, would lead elsewhere.
func (v *violations) parameterLevel(pointer, level string) {
	v.check(parameterPattern.MatchString(level) && strings.Trim(level, ".") != "" && len(level) <= longestParameter/2, pointer,
		"1 to %d letters, digits and _.-, not dots alone, and no slash", longestParameter/2)
}

// ListParametersInput names a prefix.
type ListParametersInput struct {
	Prefix string `json:"-" path:"prefix"`
}

// Validate gives the rules that the input breaks.
func (in *ListParametersInput) Validate() []common.Violation {
	var v violations
	v.parameterLevel("/path/prefix", in.Prefix)
	return v
}

// ListParameters gives the bare names of the parameters of a prefix, in order; none where there is no such prefix.
func (a *Account) ListParameters(ctx context.Context, in *ListParametersInput) ([]string, error) {
	names, err := a.ssm.Names(ctx, a.parameterPath(in.Prefix))
	if err != nil {
		return nil, err
	}
	bare := []string{}
	for _, name := range names {
		bare = append(bare, last(name))
	}
	slices.Sort(bare)
	return bare, nil
}

// ParameterInput names a parameter.
type ParameterInput struct {
	Prefix string `json:"-" path:"prefix"`
	Param  string `json:"-" path:"param"`
}

// Validate gives the rules that the input breaks.
func (in *ParameterInput) Validate() []common.Violation {
	var v violations
	v.parameterLevel("/path/prefix", in.Prefix)
	v.parameterLevel("/path/param", in.Param)
	return v
}

// Parameter is what is known of a parameter, without its value.
type Parameter struct {
	ARN              *string
	Name             string // the last level alone
	Description      *string
	KeyId            *string
	Type             *string
	Tags             []*awsssm.Tag
	LastModifiedDate *string // such as 2019-10-09 15:43:44 +0000 UTC
	Version          *int64
}

// modified is the form of a parameter's date: Go's own of a time, in whole seconds.
const modified = "2006-01-02 15:04:05 -0700 MST"

// ShowParameter gives what is known of a parameter, never its value. NotFound if it is absent.
func (a *Account) ShowParameter(ctx context.Context, in *ParameterInput) (*Parameter, error) {
	known, tags, err := a.parameter(ctx, a.parameterName(in.Prefix, in.Param))
	if err != nil {
		return nil, err
	}
	shown := &Parameter{
		ARN: known.ARN, Name: in.Param, Description: known.Description, KeyId: known.KeyId, Type: known.Type,
		Tags: tags, Version: known.Version,
	}
	if known.LastModifiedDate != nil {
		shown.LastModifiedDate = aws.String(known.LastModifiedDate.UTC().Format(modified))
	}
	return shown, nil
}

// parameter reads a parameter and its tags at once. NotFound if it is absent.
func (a *Account) parameter(ctx context.Context, name string) (known *awsssm.ParameterMetadata, tags []*awsssm.Tag, err error) {
	err = look(ctx,
		func(ctx context.Context) (err error) {
			known, err = a.ssm.Parameter(ctx, name)
			return err
		},
		func(ctx context.Context) (err error) {
			tags, err = a.ssm.Tags(ctx, name)
			return err
		},
	)
	if tags == nil {
		tags = []*awsssm.Tag{}
	}
	return known, tags, err
}

// DeleteParameter deletes a parameter and gives "OK". NotFound if it is absent.
func (a *Account) DeleteParameter(ctx context.Context, in *ParameterInput) (string, error) {
	name := a.parameterName(in.Prefix, in.Param)
	hold, err := a.locks.wait(ctx, holdParameter(name))
	if err != nil {
		return "", err
	}
	defer a.locks.end(hold)
	return "OK", a.ssm.DeleteParameter(ctx, name)
}

// DeletedParameters says how many parameters are gone.
type DeletedParameters struct {
	Message string
	Deleted int
}

// DeleteParameters deletes all parameters of a prefix. NotFound if there is none. An error of some batches says how many are gone by those
// that succeeded.
func (a *Account) DeleteParameters(ctx context.Context, in *ListParametersInput) (*DeletedParameters, error) {
	ctx, cancel := a.throughout(ctx)
	defer cancel()
	names, err := a.ssm.Names(ctx, a.parameterPath(in.Prefix))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, common.Newf(common.NotFound, "there is no parameter under the prefix %s", in.Prefix)
	}
	holds := make([]string, len(names))
	for i, name := range names {
		holds[i] = holdParameter(name)
	}
	// A version that is put once its parameter is gone would make another one, without tags.
	hold, err := a.locks.wait(ctx, holds...)
	if err != nil {
		return nil, err
	}
	defer a.locks.end(hold)
	batches := slices.Collect(slices.Chunk(names, ssm.MostDeleted))
	gone := make([]int, len(batches))
	var deletes []func(context.Context) error
	for i, batch := range batches {
		deletes = append(deletes, func(ctx context.Context) error {
			err := a.ssm.DeleteParameters(ctx, batch)
			if err == nil {
				gone[i] = len(batch)
			}
			return err
		})
	}
	err = look(ctx, deletes...)
	sum := 0
	for _, n := range gone {
		sum += n
	}
	if err != nil {
		return nil, saying(err, "%d of %d parameters are deleted for sure", sum, len(names))
	}
	return &DeletedParameters{Message: "OK", Deleted: sum}, nil
}

// throughout gives a context for changes that belong together: a caller that hangs up does not end them halfway.
func (a *Account) throughout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), a.timeouts.Load().answer)
}

// saying adds to what an error tells the caller.
func saying(err error, format string, args ...any) error {
	added := common.Newf(common.KindOf(err), format, args...)
	return &common.Error{
		Kind:    added.Kind,
		Message: common.MessageOf(err) + "; " + added.Message,
		Code:    common.CodeOf(err),
		Unheard: common.Unheard(err),
		Err:     err,
	}
}
