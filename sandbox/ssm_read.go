package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/ssm"
)

func (s *Sandbox) getParameter(_ *request, in *ssm.GetParameterInput) (*ssm.GetParameterOutput, error) {
	found, err := s.ssm.selected(*in.Name, aws.BoolValue(in.WithDecryption))
	return &ssm.GetParameterOutput{Parameter: found}, err
}

func (s *Sandbox) getParameters(_ *request, in *ssm.GetParametersInput) (*ssm.GetParametersOutput, error) {
	if len(in.Names) > 10 {
		return nil, refuse(parameterInvalid, "1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length less than or equal to 10")
	}
	out := &ssm.GetParametersOutput{Parameters: []*ssm.Parameter{}, InvalidParameters: []*string{}}
	for _, name := range in.Names {
		found, err := s.ssm.selected(*name, aws.BoolValue(in.WithDecryption))
		if err != nil {
			out.InvalidParameters = append(out.InvalidParameters, name)
			continue
		}
		out.Parameters = append(out.Parameters, found)
	}
	return out, nil
}

// selected gives a parameter by name or ARN, or the version of it that is named after a colon.
func (st *ssmState) selected(name string, decrypt bool) (*ssm.Parameter, error) {
	found, err := st.named(&name)
	if err == nil {
		return found.shown(found.version(), decrypt), nil
	}
	at := strings.LastIndex(name, ":")
	if at < 0 {
		return nil, err
	}
	bare, selector := name[:at], name[at+1:]
	if found, _ = st.named(&bare); found == nil {
		return nil, err
	}
	version, unread := strconv.ParseInt(selector, 10, 64)
	if unread != nil || version < 1 || version > found.version() {
		return nil, refuse(ssm.ErrCodeParameterVersionNotFound, "Systems Manager could not find version %s of %s.", selector, bare)
	}
	shown := found.shown(version, decrypt)
	shown.Selector = aws.String(":" + selector)
	return shown, nil
}

func (x *parameter) shown(version int64, decrypt bool) *ssm.Parameter {
	at := x.versions[version-1]
	value := at.value
	if x.kind == ssm.ParameterTypeSecureString && !decrypt {
		sum := sha256.Sum256([]byte(x.key + "\n" + value))
		value = "AQICAH" + base64.StdEncoding.EncodeToString(sum[:])
	}
	return &ssm.Parameter{ARN: &x.arn, Name: &x.name, Type: &x.kind, DataType: &x.dataType, Value: &value, Version: &version, LastModifiedDate: aws.Time(at.put)}
}

func (s *Sandbox) getParametersByPath(_ *request, in *ssm.GetParametersByPathInput) (*ssm.GetParametersByPathOutput, error) {
	if !strings.HasPrefix(*in.Path, "/") {
		return nil, refuse(parameterInvalid, "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\".")
	}
	for _, filter := range in.ParameterFilters {
		switch *filter.Key {
		case "Type", "KeyId", "Label":
		default:
			return nil, refuse(ssm.ErrCodeInvalidFilterKey, "The following filter key is not valid: %s. Valid filter keys include: [Type, KeyId, Label].", *filter.Key)
		}
	}
	depth := "OneLevel"
	if aws.BoolValue(in.Recursive) {
		depth = "Recursive"
	}
	below := &ssm.ParameterStringFilter{Key: aws.String("Path"), Option: &depth, Values: []*string{in.Path}}
	found, next, err := s.ssm.page(append(slices.Clone(in.ParameterFilters), below), "GetParametersByPath", in.NextToken, in.MaxResults, 10)
	out := &ssm.GetParametersByPathOutput{NextToken: next, Parameters: []*ssm.Parameter{}}
	for _, x := range found {
		out.Parameters = append(out.Parameters, x.shown(x.version(), aws.BoolValue(in.WithDecryption)))
	}
	return out, err
}

func (s *Sandbox) describeParameters(_ *request, in *ssm.DescribeParametersInput) (*ssm.DescribeParametersOutput, error) {
	filters := slices.Clone(in.ParameterFilters)
	for _, old := range in.Filters {
		filters = append(filters, &ssm.ParameterStringFilter{Key: old.Key, Values: old.Values})
	}
	found, next, err := s.ssm.page(filters, "DescribeParameters", in.NextToken, in.MaxResults, 50)
	out := &ssm.DescribeParametersOutput{NextToken: next, Parameters: []*ssm.ParameterMetadata{}}
	for _, x := range found {
		out.Parameters = append(out.Parameters, x.metadata())
	}
	return out, err
}

func (x *parameter) metadata() *ssm.ParameterMetadata {
	return &ssm.ParameterMetadata{
		ARN: &x.arn, Name: &x.name, Type: &x.kind, Tier: &x.tier, DataType: &x.dataType, Description: unlessEmpty(x.description),
		AllowedPattern: unlessEmpty(x.pattern), KeyId: unlessEmpty(x.key), Version: aws.Int64(x.version()), LastModifiedDate: aws.Time(x.last().put),
		Policies: []*ssm.ParameterInlinePolicy{},
	}
}

// page gives a page of the parameters that all filters let through, by name.
func (st *ssmState) page(filters []*ssm.ParameterStringFilter, operation string, token *string, most *int64, size int) ([]*parameter, *string, error) {
	for _, filter := range filters {
		if err := validParameterFilter(filter); err != nil {
			return nil, nil, err
		}
	}
	var found []*parameter
	for _, x := range st.parameters {
		if !slices.ContainsFunc(filters, func(f *ssm.ParameterStringFilter) bool { return !x.passes(f) }) {
			found = append(found, x)
		}
	}
	p := paging{scope: fmt.Sprint(operation, filters), token: token, max: most, size: size, most: size, code: parameterInvalid}
	if _, _, err := p.lastKey(); err != nil {
		return nil, nil, refuse(ssm.ErrCodeInvalidNextToken, "The specified token isn't valid.")
	}
	if st.emptyPages && token == nil {
		return nil, aws.String(p.tokenFor("")), nil
	}
	return page(p, found, func(x *parameter) string { return x.name })
}

// parameterFilters are the options of each key; the first is the default.
var parameterFilters = map[string][]string{
	"Name":     {"Equals", "BeginsWith", "Contains"},
	"Path":     {"OneLevel", "Recursive"},
	"Type":     {"Equals", "BeginsWith"},
	"KeyId":    {"Equals", "BeginsWith"},
	"Tier":     {"Equals"},
	"DataType": {"Equals"},
	"Label":    {"Equals"},
}

func validParameterFilter(f *ssm.ParameterStringFilter) error {
	options, known := parameterFilters[*f.Key]
	if strings.HasPrefix(*f.Key, "tag:") {
		options, known = []string{"Equals"}, true
	}
	switch {
	case !known:
		return refuse(ssm.ErrCodeInvalidFilterKey, "The following filter key is not valid: %s.", *f.Key)
	case f.Option != nil && !slices.Contains(options, *f.Option):
		return refuse(ssm.ErrCodeInvalidFilterOption, "The following filter option is not valid: %s.", *f.Option)
	case len(f.Values) == 0 && !strings.HasPrefix(*f.Key, "tag:"), len(f.Values) > 50:
		return refuse(ssm.ErrCodeInvalidFilterValue, "A filter has 1 to 50 values.")
	case *f.Key == "Path" && slices.ContainsFunc(f.Values, func(v *string) bool { return !strings.HasPrefix(*v, "/") }):
		return refuse(ssm.ErrCodeInvalidFilterValue, "A path begins with a slash.")
	}
	return nil
}

// passes: the values of a filter are joined by or.
func (x *parameter) passes(f *ssm.ParameterStringFilter) bool {
	var value string
	switch *f.Key {
	case "Name":
		value = x.name
	case "Path":
		return slices.ContainsFunc(f.Values, func(path *string) bool { return x.below(*path, aws.StringValue(f.Option) == "Recursive") })
	case "Type":
		value = x.kind
	case "KeyId":
		value = x.key
	case "Tier":
		value = x.tier
	case "DataType":
		value = x.dataType
	case "Label":
		return false // the sandbox labels nothing
	default:
		tagged, has := x.tags[strings.TrimPrefix(*f.Key, "tag:")]
		if len(f.Values) == 0 || !has {
			return has
		}
		value = tagged
	}
	return slices.ContainsFunc(f.Values, func(wanted *string) bool {
		switch aws.StringValue(f.Option) {
		case "BeginsWith":
			return strings.HasPrefix(value, *wanted)
		case "Contains":
			return strings.Contains(value, *wanted)
		}
		return value == *wanted
	})
}

// below says whether the parameter lies under a path: right under it, or also deeper.
func (x *parameter) below(path string, recursive bool) bool {
	rest, under := strings.CutPrefix(x.name, strings.TrimSuffix(path, "/")+"/")
	return under && (recursive || !strings.Contains(rest, "/"))
}
