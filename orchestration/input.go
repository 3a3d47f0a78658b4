package orchestration

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"ecs-api/common"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/pkg/errors"
)

// violations collects the rules that an input breaks, so that one answer tells them all. Pointers name members as the SDK's structs do; of
// a pointer the first violation counts.
//
// The rules are those of the API reference of each service as the SDK's model documents it, unless a rule says otherwise.
type violations []common.Violation

// maxViolations bounds what is told of one request: a list of ten thousand bad tags is not worth as many sentences.
const maxViolations = 100

func (v *violations) add(pointer, format string, args ...any) {
	known := func(told common.Violation) bool { return told.Pointer == pointer }
	if len(*v) < maxViolations && !slices.ContainsFunc(*v, known) {
		*v = append(*v, common.Violation{Pointer: pointer, Detail: fmt.Sprintf(format, args...)})
	}
}

// check adds a violation unless ok.
func (v *violations) check(ok bool, pointer, format string, args ...any) {
	if !ok {
		v.add(pointer, format, args...)
	}
}

// oneOf checks a value that may be left out.
func (v *violations) oneOf(pointer string, value *string, allowed ...string) {
	v.check(value == nil || slices.Contains(allowed, *value), pointer, "must be %s", strings.Join(allowed, " or "))
}

// within checks a number that may be left out.
func (v *violations) within(pointer string, value *int64, least, most int64) {
	v.check(value == nil || *value >= least && *value <= most, pointer, "must be from %d to %d", least, most)
}

// text checks a value that may be left out.
func (v *violations) text(pointer string, value *string, pattern *regexp.Regexp, what string) {
	v.check(value == nil || pattern.MatchString(*value), pointer, "%s", what)
}

// model adds what the SDK's model of the input says: missing members, lengths, and numbers that AWS has no room for. It comes after the
// rules of our own, which say it better. Those of the fields in filled are completed later.
func (v *violations) model(pointer string, input request.Validator, filled ...string) {
	v.integers(pointer, reflect.ValueOf(input))
	var batch awserr.BatchedErrors
	if !errors.As(input.Validate(), &batch) {
		return
	}
	for _, err := range batch.OrigErrs() {
		var invalid request.ErrInvalidParam
		if !errors.As(err, &invalid) {
			continue
		}
		field := memberPointer(invalid.Field())
		if !slices.Contains(filled, strings.TrimPrefix(field, "/")) {
			v.add(pointer+field, "%s", inWords(err))
		}
	}
}

// inWords says what the SDK's model asks for, without the names of its structs.
func inWords(err error) string {
	var short *request.ErrParamMinLen
	var small *request.ErrParamMinValue
	switch {
	case errors.As(err, &short):
		return fmt.Sprintf("must not be shorter than %d", short.MinLen())
	case errors.As(err, &small):
		return fmt.Sprintf("must be %v or more", small.MinValue())
	}
	return "is required"
}

// integers checks that every number fits into 32 bits: the models know no larger ones in what is asked for here, and AWS cannot even read
// them.
func (v *violations) integers(pointer string, value reflect.Value) {
	switch value.Kind() {
	case reflect.Pointer:
		v.integers(pointer, value.Elem())
	case reflect.Int64:
		v.check(value.Int() >= math.MinInt32 && value.Int() <= math.MaxInt32, pointer, "must fit into 32 bits")
	case reflect.Slice:
		for i := range value.Len() {
			v.integers(fmt.Sprintf("%s/%d", pointer, i), value.Index(i))
		}
	case reflect.Struct:
		for i := range value.NumField() {
			if field := value.Type().Field(i); field.IsExported() {
				v.integers(pointer+"/"+field.Name, value.Field(i))
			}
		}
	}
}

// texts is how many bytes the texts of a value have together: less than the value has in JSON.
func texts(value reflect.Value) (sum int) {
	switch value.Kind() {
	case reflect.String:
		return value.Len()
	case reflect.Pointer:
		return texts(value.Elem())
	case reflect.Slice:
		for i := range value.Len() {
			sum += texts(value.Index(i))
		}
	case reflect.Map:
		for entry := value.MapRange(); entry.Next(); {
			sum += texts(entry.Key()) + texts(entry.Value())
		}
	case reflect.Struct:
		for i := range value.NumField() {
			sum += texts(value.Field(i))
		}
	}
	return sum
}

var index = regexp.MustCompile(`\[([^\]]*)\]`)

// memberPointer turns the SDK's CreateServiceInput.LoadBalancers[0].ContainerName into /LoadBalancers/0/ContainerName.
func memberPointer(field string) string {
	_, members, _ := strings.Cut(index.ReplaceAllString(field, ".$1"), ".")
	return "/" + strings.ReplaceAll(members, ".", "/")
}

// pointerToken escapes a key of a map for a JSON pointer (RFC 6901, 3).
func pointerToken(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

// item gives the pointer of a member of a list.
func item(list string, i int) string { return fmt.Sprintf("%s/%d", list, i) }

var (
	// Names of clusters, services, families, containers and volumes.
	namePattern = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}$`)
	// A task definition by family or family:revision.
	definitionPattern = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}(:[0-9]{1,9})?$`)
	// Names of secrets, after the API reference of CreateSecret.
	secretPattern  = regexp.MustCompile(`^[a-zA-Z0-9/_+=.@-]{1,512}$`)
	registryARN    = regexp.MustCompile(`^arn:[a-z-]+:servicediscovery:[a-z0-9-]+:[0-9]{12}:service/srv-[a-z0-9]+$`)
	definitionARN  = regexp.MustCompile(`^arn:[a-z-]+:ecs:[a-z0-9-]+:[0-9]{12}:task-definition/[a-zA-Z0-9_-]{1,255}:[0-9]{1,9}$`)
	targetGroupARN = regexp.MustCompile(`^arn:[a-z-]+:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:targetgroup/.+$`)
	readableARN    = regexp.MustCompile(`^arn:[a-z-]+:(secretsmanager|ssm):[a-z0-9-]*:[0-9]{0,12}:.+$`)
	aRoleARN       = regexp.MustCompile(`^arn:[a-z-]+:iam::[0-9]{12}:role/.+$`)
)

const nameRule = "1 to 255 letters, digits, - and _"

// secretReference checks the name or ARN of a secret or a parameter.
func (v *violations) secretReference(pointer string, reference *string) {
	name := aws.StringValue(reference)
	if strings.HasPrefix(name, "arn:") {
		v.check(readableARN.MatchString(name), pointer, "%q is no ARN of a secret or a parameter", name)
		return
	}
	v.check(secretPattern.MatchString(name), pointer, "%q names no secret or parameter", name)
}

// role checks the ARN of a role, which may be left out.
func (v *violations) role(pointer string, role *string) {
	v.check(aws.StringValue(role) == "" || aRoleARN.MatchString(*role), pointer, "%q is no ARN of a role", aws.StringValue(role))
}
