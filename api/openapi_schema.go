package api

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/getkin/kin-openapi/openapi3"
)

// form is which way a value goes. The same struct has two schemas: what may be asked, and what is answered.
type form int

const (
	// asked is read by encoding/json after document: members may be left out or null unless they are demanded, others are ignored.
	asked form = iota
	// answered is written by encoding/json: every member is there, and no other. A pointer, list or map may be null.
	answered
)

// schemas gives Go types as JSON Schemas. A struct becomes a component once, under the name of its type, so that recursion ends.
type schemas struct {
	components openapi3.Schemas
	types      map[string]reflect.Type
}

func newSchemas() *schemas {
	return &schemas{components: openapi3.Schemas{}, types: map[string]reflect.Type{}}
}

const componentPath = "#/components/schemas/"

// of gives the schema of a value that is not null. A type that has none is a mistake in the table, and panics in every test.
func (s *schemas) of(t reflect.Type, f form) *openapi3.SchemaRef {
	t = bare(t)
	switch {
	case t == reflect.TypeFor[json.RawMessage]() || t.Kind() == reflect.Interface:
		return inline(&openapi3.Schema{})
	case t == reflect.TypeFor[ready]():
		return inline(openapi3.NewObjectSchema())
	case t == reflect.TypeFor[time.Time]():
		return inline(openapi3.NewDateTimeSchema())
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return inline(openapi3.NewStringSchema())
	case writesItself(t):
		panic("no schema tells how " + t.String() + " encodes itself")
	}
	switch t.Kind() {
	case reflect.Struct:
		return s.component(t, f)
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return inline(&openapi3.Schema{Type: &openapi3.Types{"string"}, ContentEncoding: "base64"})
		}
		return inline(&openapi3.Schema{Type: &openapi3.Types{"array"}, Items: s.of(t.Elem(), f)})
	case reflect.Map:
		return inline(&openapi3.Schema{Type: &openapi3.Types{"object"}, AdditionalProperties: openapi3.BoolSchema{Schema: s.of(t.Elem(), f)}})
	case reflect.String:
		return inline(openapi3.NewStringSchema())
	case reflect.Bool:
		return inline(openapi3.NewBoolSchema())
	case reflect.Int, reflect.Int64:
		return inline(openapi3.NewInt64Schema())
	case reflect.Float64:
		return inline(&openapi3.Schema{Type: &openapi3.Types{"number"}, Format: "double"})
	}
	panic("no schema for " + t.String())
}

func inline(schema *openapi3.Schema) *openapi3.SchemaRef { return openapi3.NewSchemaRef("", schema) }

// writesItself says whether encoding/json asks the type how it looks.
func writesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Marshaler]()) || p.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

func (s *schemas) component(t reflect.Type, f form) *openapi3.SchemaRef {
	if t.Name() == "" {
		return inline(s.object(t, f, ""))
	}
	name := componentName(t, f)
	if known, ok := s.types[name]; ok && known != t {
		panic(fmt.Sprintf("%s and %s would both be the component %s", known, t, name))
	} else if !ok {
		s.types[name] = t
		s.components[name] = inline(s.object(t, f, name))
	}
	return openapi3.NewSchemaRef(componentPath+name, nil)
}

const sdkServices = "github.com/aws/aws-sdk-go/service/"

// componentName is the type's own name, after that of its package in the SDK. What is asked ends in Input, as requests do there.
func componentName(t reflect.Type, f form) string {
	name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	if service, ok := strings.CutPrefix(t.PkgPath(), sdkServices); ok {
		name = service + "." + name
	}
	if f == asked && !strings.HasSuffix(name, "Input") {
		name += "Input"
	}
	return name
}

func (s *schemas) object(t reflect.Type, f form, name string) *openapi3.Schema {
	schema := &openapi3.Schema{Type: &openapi3.Types{"object"}, Properties: openapi3.Schemas{}}
	if service, ok := strings.CutPrefix(t.PkgPath(), sdkServices); ok {
		schema.Description = service + "." + t.Name() + " of aws-sdk-go v1."
		schema.ExternalDocs = &openapi3.ExternalDocs{
			URL: "https://pkg.go.dev/github.com/aws/aws-sdk-go@v" + aws.SDKVersion + "/service/" + service + "#" + t.Name()}
	}
	for _, m := range membersOf(t) {
		must := demanded(t, name, m)
		if f == answered {
			must = !strings.HasSuffix(m.field.Tag.Get("json"), ",omitempty")
		}
		if must {
			schema.Required = append(schema.Required, m.name)
		}
		schema.Properties[m.name] = s.member(m, f, must)
	}
	slices.Sort(schema.Required)
	for _, members := range choices[name] {
		schema.AnyOf = append(schema.AnyOf, inline(&openapi3.Schema{Required: members}))
	}
	if f == answered {
		schema.AdditionalProperties = openapi3.BoolSchema{Has: openapi3.Ptr(false)}
	}
	return schema
}

func (s *schemas) member(m member, f form, must bool) *openapi3.SchemaRef {
	ref := s.of(m.of, f)
	if ref.Value != nil {
		limit(ref.Value, m.field, f)
	}
	if f == asked && !must || f == answered && mayBeNil(m.of) {
		ref = nullable(ref)
	}
	return told(ref, m.field.Tag.Get("doc"))
}

func mayBeNil(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return true
	}
	return false
}

// nullable gives the schema with null beside what it takes.
func nullable(ref *openapi3.SchemaRef) *openapi3.SchemaRef {
	null := &openapi3.Schema{Type: &openapi3.Types{"null"}}
	switch {
	case ref.Ref != "":
		return inline(&openapi3.Schema{AnyOf: openapi3.SchemaRefs{ref, inline(null)}})
	case ref.Value.Type == nil: // anything, and so null too
		return ref
	}
	ref.Value.Type = &openapi3.Types{(*ref.Value.Type)[0], "null"}
	if len(ref.Value.Enum) > 0 {
		ref.Value.Enum = append(ref.Value.Enum, nil)
	}
	return ref
}

// told adds a description.
func told(ref *openapi3.SchemaRef, doc string) *openapi3.SchemaRef {
	switch {
	case doc == "":
	case ref.Ref != "":
		return inline(&openapi3.Schema{AllOf: openapi3.SchemaRefs{ref}, Description: doc})
	default:
		ref.Value.Description = doc
	}
	return ref
}

// limit says what a field's tags say: `values` of a closed list, `min` and `max`, and of the SDK's fields whether they are secret, how short
// they may be, and which values they may have. What AWS answers is nobody's to limit.
func limit(schema *openapi3.Schema, field reflect.StructField, f form) {
	if field.Tag.Get("sensitive") == "true" && schema.Type.Is("string") {
		schema.Format = "password"
	}
	one := schema // what the values are of
	if schema.Items != nil && schema.Items.Value != nil {
		one = schema.Items.Value
	}
	if values, ok := field.Tag.Lookup("values"); ok {
		for _, value := range strings.Split(values, ",") {
			one.Enum = append(one.Enum, value)
		}
	}
	if f == answered {
		return
	}
	for _, value := range knownValues[field.Tag.Get("enum")] {
		one.Examples = append(one.Examples, value)
	}
	if least, err := strconv.ParseFloat(field.Tag.Get("min"), 64); err == nil {
		atLeast(schema, least)
	}
	if most, err := strconv.ParseFloat(field.Tag.Get("max"), 64); err == nil {
		schema.Max = &most
	}
}

func atLeast(schema *openapi3.Schema, least float64) {
	switch {
	case schema.Type.Is("string") && schema.ContentEncoding == "":
		schema.MinLength = uint64(least)
	case schema.Type.Is("array"):
		schema.MinItems = uint64(least)
	case schema.Type.Is("object"):
		schema.MinProps = uint64(least)
	case schema.Type.Is("integer"):
		schema.Min = &least
	}
}

// demanded says whether a request without the member is refused. Of the SDK's structs it is as their model has it, but of whole requests,
// which the API completes: what is demanded of those stands in demands.
func demanded(t reflect.Type, name string, m member) bool {
	if slices.Contains(demands[name], m.name) {
		return true
	}
	return strings.HasPrefix(t.PkgPath(), sdkServices) && !strings.HasSuffix(t.Name(), "Input") && m.field.Tag.Get("required") == "true"
}

// demands are the members that the API asks for beyond the SDK's model, by component.
var demands = map[string][]string{
	"CreateServiceInput":                  {"service"},
	"CreateClusterInput":                  {"ClusterName"},
	"CreateRegistryInput":                 {"Name"},
	"CreateSecretInput":                   {"Name"},
	"CreateParameterInput":                {"Name", "Value"},
	"ecs.CreateServiceInput":              {"DesiredCount", "ServiceName"},
	"ecs.RegisterTaskDefinitionInput":     {"ContainerDefinitions", "Cpu", "Family", "Memory"},
	"ecs.ContainerDefinitionInput":        {"Image", "Name"},
	"servicediscovery.CreateServiceInput": {"Name"},
}

// choices are members of requests that may each be left out, but not all of them, by component.
var choices = map[string][][]string{
	"CreateTaskDefInput":               {{"cluster", "taskdefinition"}, {"ContainerDefinitions", "Cpu", "Family", "Memory"}},
	"CreateSecretInput":                {{"SecretBinary"}, {"SecretString"}},
	"secretsmanager.CreateSecretInput": {{"SecretBinary"}, {"SecretString"}},
	"UpdateParameterInput":             {{"Tags"}, {"Value"}},
	"UpdateSecretInput":                {{"Secret"}, {"Tags"}},
	"UpdateServiceInput":               {{"Credentials"}, {"ForceNewDeployment"}, {"ForceRedeploy"}, {"Service"}, {"Tags"}, {"TaskDefinition"}},
	"UpdateTaskDefInput":               {{"Credentials"}, {"Tags"}, {"TaskDefinition"}},
}
