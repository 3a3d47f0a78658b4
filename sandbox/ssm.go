package sandbox

import (
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/ssm"
)

// ssmState holds the parameters of the Parameter Store by their full names.
type ssmState struct {
	parameters map[string]*parameter
	emptyPages bool
}

type parameter struct {
	name, arn            string
	kind, tier, dataType string
	description, pattern string
	key                  string // of a SecureString
	versions             []parameterVersion
	tags                 map[string]string // nil: never tagged
}

// parameterVersion is a value; the first version has the number 1.
type parameterVersion struct {
	value string
	put   time.Time
}

const (
	defaultParameterKey = "alias/aws/ssm"
	standardValue       = 4 << 10 // bytes
	advancedValue       = 8 << 10
	standardParameters  = 10000
	deepestParameter    = 15
	mostParameterTags   = 50

	parameterInvalid = "ValidationException" // not in the SDK's model
)

var parameterName = regexp.MustCompile(`^(/?[A-Za-z0-9_.-]+|(/[A-Za-z0-9_.-]+){2,})$`)

func (s *Sandbox) registerSSM() {
	s.ssm.parameters = map[string]*parameter{}
	register(s, "ssm", "PutParameter", true, s.putParameter)
	register(s, "ssm", "GetParameter", false, s.getParameter)
	register(s, "ssm", "GetParameters", false, s.getParameters)
	register(s, "ssm", "GetParametersByPath", false, s.getParametersByPath)
	register(s, "ssm", "DescribeParameters", false, s.describeParameters)
	register(s, "ssm", "DeleteParameter", true, s.deleteParameter)
	register(s, "ssm", "DeleteParameters", true, s.deleteParameters)
	register(s, "ssm", "AddTagsToResource", true, s.addTagsToParameter)
	register(s, "ssm", "RemoveTagsFromResource", true, s.removeTagsFromParameter)
	register(s, "ssm", "ListTagsForResource", false, s.listTagsOfParameter)
}

// SetEmptyPages has every list of parameters begin with a page that is empty and has a token, as AWS's may.
func (s *Sandbox) SetEmptyPages(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ssm.emptyPages = on
}

func (s *Sandbox) putParameter(r *request, in *ssm.PutParameterInput) (*ssm.PutParameterOutput, error) {
	overwrite := aws.BoolValue(in.Overwrite)
	if overwrite && len(in.Tags) > 0 {
		return nil, refuse(
			parameterInvalid,
			"Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
		)
	}
	if err := validParameterName(*in.Name); err != nil {
		return nil, err
	}
	old := s.ssm.parameters[*in.Name]
	if old != nil && !overwrite {
		return nil, refuse(
			ssm.ErrCodeParameterAlreadyExists,
			"The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
		)
	}
	next, err := s.nextParameter(old, in)
	if err != nil {
		return nil, err
	}
	next.versions = append(next.versions, parameterVersion{*in.Value, r.now})
	s.ssm.parameters[next.name] = next
	return &ssm.PutParameterOutput{Version: aws.Int64(next.version()), Tier: &next.tier}, nil
}

// nextParameter is what a parameter becomes. Of what is not given a Parameter Store keeps the type and the tags alone: the key falls back
// to AWS's own. (API reference of PutParameter, KeyId.)
func (s *Sandbox) nextParameter(old *parameter, in *ssm.PutParameterInput) (*parameter, error) {
	next := &parameter{name: *in.Name, kind: aws.StringValue(in.Type), dataType: "text", description: aws.StringValue(in.Description),
		pattern: aws.StringValue(in.AllowedPattern), tags: tagMap(nil, in.Tags, parameterTag)}
	if in.DataType != nil {
		next.dataType = *in.DataType
	}
	if old == nil {
		next.arn = s.arn("ssm", "parameter/"+strings.TrimPrefix(next.name, "/"))
		if next.kind == "" {
			return nil, refuse(parameterInvalid, "A parameter type is required when you create a parameter.")
		}
		if len(s.ssm.parameters) >= standardParameters {
			return nil, refuse(ssm.ErrCodeParameterLimitExceeded, "The maximum number of parameters is %d.", standardParameters)
		}
	} else {
		next.arn, next.tags, next.versions = old.arn, old.tags, old.versions
		if next.kind == "" {
			next.kind = old.kind
		}
		if next.kind != old.kind {
			return nil, refuse(
				ssm.ErrCodeHierarchyTypeMismatchException,
				"Parameter Store does not support changing a parameter type in a hierarchy.",
			)
		}
	}
	if len(next.tags) > mostParameterTags {
		return nil, tooManyParameterTags()
	}
	if err := next.encrypt(in.KeyId); err != nil {
		return nil, err
	}
	return next, next.fit(old, in)
}

// encrypt sets the key.
func (x *parameter) encrypt(key *string) error {
	switch x.kind {
	case ssm.ParameterTypeSecureString:
		x.key = defaultParameterKey
		if key != nil {
			x.key = *key
		}
	case ssm.ParameterTypeString, ssm.ParameterTypeStringList:
		if key != nil {
			return refuse(parameterInvalid, "KeyId is required only for SecureString type parameter.")
		}
	default:
		return refuse(ssm.ErrCodeUnsupportedParameterType, "The parameter type is not supported.")
	}
	return nil
}

// fit checks the value, and sets the tier that it takes.
func (x *parameter) fit(old *parameter, in *ssm.PutParameterInput) error {
	size := len(*in.Value)
	x.tier = aws.StringValue(in.Tier)
	switch x.tier {
	case "", ssm.ParameterTierIntelligentTiering:
		asked := x.tier
		x.tier = ssm.ParameterTierStandard
		if old != nil && old.tier == ssm.ParameterTierAdvanced || asked != "" && size > standardValue {
			x.tier = ssm.ParameterTierAdvanced
		}
	case ssm.ParameterTierStandard:
		if old != nil && old.tier == ssm.ParameterTierAdvanced {
			return refuse(parameterInvalid, "This parameter uses the advanced-parameter tier. You can't downgrade a parameter to the standard-parameter tier.")
		}
	case ssm.ParameterTierAdvanced:
	default:
		return refuse(parameterInvalid, "Unknown tier.")
	}
	most := standardValue
	if x.tier == ssm.ParameterTierAdvanced {
		most = advancedValue
	}
	if size < 1 || size > most {
		return refuse(parameterInvalid, "A value of the tier %s has 1 to %d characters.", x.tier, most)
	}
	if x.pattern == "" {
		return nil
	}
	pattern, err := regexp.Compile(x.pattern)
	if err != nil {
		return refuse(ssm.ErrCodeInvalidAllowedPatternException, "The pattern is not valid.")
	}
	if !pattern.MatchString(*in.Value) {
		return refuse(ssm.ErrCodeParameterPatternMismatchException, "Parameter value, cannot be validated against allowedPattern: %s", x.pattern)
	}
	return nil
}

func validParameterName(name string) error {
	if !parameterName.MatchString(name) {
		return refuse(parameterInvalid, "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_")
	}
	first, _, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(name, "/")), "/")
	if strings.HasPrefix(first, "aws") || strings.HasPrefix(first, "ssm") {
		return refuse(parameterInvalid, "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).")
	}
	if strings.Count(name, "/") > deepestParameter {
		return refuse(ssm.ErrCodeHierarchyLevelLimitExceededException, "A hierarchy can have a maximum of %d levels.", deepestParameter)
	}
	return nil
}

func (s *Sandbox) deleteParameter(_ *request, in *ssm.DeleteParameterInput) (*ssm.DeleteParameterOutput, error) {
	found, err := s.ssm.named(in.Name)
	if err != nil {
		return nil, err
	}
	delete(s.ssm.parameters, found.name)
	return &ssm.DeleteParameterOutput{}, nil
}

// deleteParameters answers 200 whatever it finds: what is absent is in a list of its own.
func (s *Sandbox) deleteParameters(_ *request, in *ssm.DeleteParametersInput) (*ssm.DeleteParametersOutput, error) {
	if len(in.Names) > 10 {
		return nil, refuse(parameterInvalid, "1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length less than or equal to 10")
	}
	out := &ssm.DeleteParametersOutput{DeletedParameters: []*string{}, InvalidParameters: []*string{}}
	for _, name := range in.Names {
		found, err := s.ssm.named(name)
		if err != nil {
			out.InvalidParameters = append(out.InvalidParameters, name)
			continue
		}
		delete(s.ssm.parameters, found.name)
		out.DeletedParameters = append(out.DeletedParameters, name)
	}
	return out, nil
}

// named finds a parameter by name or ARN.
func (st *ssmState) named(name *string) (*parameter, error) {
	id := aws.StringValue(name)
	if found := st.parameters[id]; found != nil {
		return found, nil
	}
	for _, found := range st.parameters {
		if found.arn == id {
			return found, nil
		}
	}
	return nil, refuse(ssm.ErrCodeParameterNotFound, "Parameter %s not found.", id)
}

func (x *parameter) version() int64 { return int64(len(x.versions)) }

func (x *parameter) last() parameterVersion { return x.versions[len(x.versions)-1] }

// inventory leaves the value out, but tells one from another by its version.
func (st *ssmState) inventory(inv Inventory) {
	for name, x := range st.parameters {
		inv.add("parameter", name, map[string]any{
			"type": x.kind, "tier": x.tier, "dataType": x.dataType, "description": x.description, "pattern": x.pattern, "key": x.key,
			"version": x.version(), "tags": shownTags(x.tags),
		})
	}
}
