package api

import (
	"cmp"
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"ecs-api/common"
	"ecs-api/orchestration"
)

// described adds the line that tells of all lines. The document is made when it is first asked for: few processes ever are.
func described[A any](version Version, routes []Route[A]) []Route[A] {
	var lines []Line
	written := sync.OnceValues(func() (ready, error) { return json.Marshal(newOpenAPI(version, lines)) })
	routes = append(routes, public[A]("/openapi.json", "Describe the API in OpenAPI 3.1", func(context.Context) (ready, error) { return written() }).
		named("ShowOpenAPI"))
	for _, route := range routes {
		lines = append(lines, route.Line)
	}
	return routes
}

// newOpenAPI describes the lines. What a line lacks for that panics, or fails the tests.
func newOpenAPI(version Version, lines []Line) *openapi3.T {
	m := &manual{schemas: newSchemas(), paths: openapi3.NewPaths()}
	for _, line := range lines {
		if !line.Part {
			m.add(line)
		}
	}
	return &openapi3.T{
		OpenAPI:  "3.1.0",
		Info:     info(version),
		Servers:  openapi3.Servers{{URL: Prefix}},
		Tags:     m.tags(),
		Paths:    m.paths,
		Security: openapi3.SecurityRequirements{{"bearer": {}}, {"hash": {}}},
		Components: &openapi3.Components{
			Schemas:         m.components,
			Responses:       m.problems(),
			Headers:         headers(),
			SecuritySchemes: securitySchemes(),
		},
	}
}

// manual is the document while it is written.
type manual struct {
	*schemas
	paths *openapi3.Paths
	used  []string // tags
}

func (m *manual) add(line Line) {
	item := m.paths.Value(line.Path)
	if item == nil {
		item = &openapi3.PathItem{}
		m.paths.Set(line.Path, item)
	}
	item.SetOperation(line.Method, m.operation(line))
}

func (m *manual) operation(line Line) *openapi3.Operation {
	operation := &openapi3.Operation{
		OperationID: line.Action,
		Summary:     line.Summary,
		Description: remarks[line.Action].description(),
		Tags:        []string{tagOf(line.Path)},
		Parameters:  m.parameters(line),
		RequestBody: m.body(line),
		Responses:   m.responses(line),
	}
	m.used = append(m.used, operation.Tags...)
	if line.Public {
		operation.Security = &openapi3.SecurityRequirements{}
	}
	return operation
}

// parameters are the variables of the path, and the input's fields that are read from the query and the headers.
func (m *manual) parameters(line Line) openapi3.Parameters {
	var parameters openapi3.Parameters
	for _, variable := range templateVariable.FindAllStringSubmatch(line.Path, -1) {
		words := wordsOf(line.Path, variable[1])
		parameters = append(parameters, &openapi3.ParameterRef{Value: &openapi3.Parameter{Name: variable[1], In: "path", Required: true,
			Description: words.description, Example: words.example, Schema: inline(openapi3.NewStringSchema())}})
	}
	if line.Input == nil {
		return parameters
	}
	for _, p := range paramsOf(line.Input) {
		if p.in != "path" {
			parameters = append(parameters, &openapi3.ParameterRef{Value: m.parameter(p, line.Input.FieldByIndex(p.field))})
		}
	}
	return parameters
}

func (m *manual) parameter(p param, field reflect.StructField) *openapi3.Parameter {
	parameter := &openapi3.Parameter{Name: p.name, In: p.in, Description: field.Tag.Get("doc"),
		Required: field.Tag.Get("required") == "true", Schema: m.of(field.Type, asked)}
	limit(parameter.Schema.Value, field, asked)
	if example, known := queryExamples[p.name]; known && parameter.Required {
		parameter.Example = example
	}
	if p.name == wholeQuery { // keys that the caller makes up: an object that is spread over the query, whose own name is not sent
		parameter.Name, parameter.Style, parameter.Explode = strings.ToLower(field.Name), "form", openapi3.Ptr(true)
	}
	return parameter
}

// body is what the line reads from its request beside its parameters, nil for nothing.
func (m *manual) body(line Line) *openapi3.RequestBodyRef {
	if !readsBody(line) {
		return nil
	}
	content := openapi3.NewContentWithJSONSchemaRef(m.of(line.Input, asked))
	content["application/json"].Examples = examplesOf(line.Action)
	return &openapi3.RequestBodyRef{Value: &openapi3.RequestBody{Required: true, Content: content}}
}

func readsBody(line Line) bool {
	return line.Input != nil && takesBody(line.Method) && newDocument(line.Input) != nil
}

func (m *manual) responses(line Line) *openapi3.Responses {
	responses := openapi3.NewResponses()
	for _, status := range statuses(line) {
		responses.Set(strconv.Itoa(status), &openapi3.ResponseRef{Ref: "#/components/responses/" + problemName(status)})
	}
	responses.Set(strconv.Itoa(line.Status), &openapi3.ResponseRef{Value: m.success(line)})
	if status := otherStatus(line); status != 0 {
		responses.Set(strconv.Itoa(status), &openapi3.ResponseRef{Value: m.success(line)})
	}
	if orchestrates(line) {
		responses.Set("202", &openapi3.ResponseRef{Value: m.accepted(line)})
	}
	return responses
}

// success is what the line answers when all went well.
func (m *manual) success(line Line) *openapi3.Response {
	description := "What was asked for."
	if line.Method != "GET" && line.Method != "HEAD" {
		description = "It is done."
	}
	if slices.ContainsFunc(line.Outputs, isEmpty) {
		description += " There may be no body."
	}
	return &openapi3.Response{Description: &description, Headers: m.sent(line, "X-Request-Id"), Content: m.content(line)}
}

// accepted is what is answered while the work goes on. Where that is the success as well, either form may come.
func (m *manual) accepted(line Line) *openapi3.Response {
	later := m.of(reflect.TypeFor[orchestration.Accepted](), answered)
	content := openapi3.NewContentWithJSONSchemaRef(later)
	content["application/json"].Example = map[string]any{"operation": exampleID}
	if line.Status == 202 {
		content = m.content(line)
		content["application/json"].Schema = inline(&openapi3.Schema{AnyOf: openapi3.SchemaRefs{content["application/json"].Schema, later}})
	}
	return &openapi3.Response{Description: openapi3.Ptr("The work goes on. Location, where it is given, tells what becomes of it."),
		Headers: m.sent(line, "X-Request-Id", "Location"), Content: content}
}

// sent are the headers of a success.
func (m *manual) sent(line Line, names ...string) openapi3.Headers {
	if orchestrates(line) {
		names = append(names, "X-Operation-Id")
	}
	sent := openapi3.Headers{}
	for _, name := range names {
		sent[name] = &openapi3.HeaderRef{Ref: "#/components/headers/" + name}
	}
	return sent
}

func (m *manual) content(line Line) openapi3.Content {
	if line.Method == "HEAD" {
		return nil
	}
	var forms openapi3.SchemaRefs
	media := cmp.Or(line.Media, "application/json")
	for _, output := range line.Outputs {
		switch {
		case output == reflect.TypeFor[text]():
			media = "text/plain"
		case !isEmpty(output):
			forms = append(forms, m.of(output, answered))
		}
	}
	content := &openapi3.MediaType{Schema: inline(openapi3.NewStringSchema()), Examples: examplesOf(line.Action + ".answer")}
	switch len(forms) {
	case 0:
	case 1:
		content.Schema = forms[0]
	default:
		content.Schema = inline(&openapi3.Schema{AnyOf: forms})
	}
	return openapi3.Content{media: content}
}

// isEmpty says whether an answer has no body.
func isEmpty(output reflect.Type) bool {
	return output.Implements(reflect.TypeFor[interface{ Empty() }]())
}

// orchestrates says whether the line's answers come of an operation, and so may also come before its end.
func orchestrates(line Line) bool {
	return writes(line.Method) &&
		slices.ContainsFunc(line.Outputs, func(output reflect.Type) bool { return output.Implements(reflect.TypeFor[operated]()) })
}

// otherStatus gives the status of an answer that chooses its own, as its zero value does, if that is not the line's; else 0.
func otherStatus(line Line) int {
	for _, output := range line.Outputs {
		if own, ok := reflect.Zero(output).Interface().(statusCoder); ok && own.StatusCode() != line.Status {
			return own.StatusCode()
		}
	}
	return 0
}

// tags are the groups that are used, in the order in which they are to be read.
func (m *manual) tags() openapi3.Tags {
	var tags openapi3.Tags
	for _, group := range groups {
		if slices.Contains(m.used, group.name) {
			tags = append(tags, &openapi3.Tag{Name: group.name, Description: group.description})
		}
	}
	return tags
}

// problemSchema is what every error is told as. Members of an operation's failure are those of orchestration.Failure.
func (m *manual) problemSchema() *openapi3.Schema {
	text := func(doc string) *openapi3.SchemaRef { return told(inline(openapi3.NewStringSchema()), doc) }
	violation := m.of(reflect.TypeFor[common.Violation](), answered)
	schema := &openapi3.Schema{
		Type:        &openapi3.Types{"object"},
		Description: "An error (RFC 9457).",
		Required:    []string{"detail", "instance", "status", "title", "type"},
		Properties: openapi3.Schemas{
			"type":       text("about:blank: the title is the status's own."),
			"title":      text("The status in words."),
			"status":     inline(openapi3.NewInt64Schema()),
			"detail":     text("What went wrong."),
			"instance":   text("The request's id, as in X-Request-Id and in the log."),
			"errors":     told(inline(&openapi3.Schema{Type: &openapi3.Types{"array"}, Items: violation}), "With 400: every rule that is broken."),
			"operation":  text("The operation that failed."),
			"failedStep": text("The step of it that failed."),
			"rollback":   told(m.of(reflect.TypeFor[orchestration.Rollback](), answered), "What became of what had been done."),
		},
		AdditionalProperties: openapi3.BoolSchema{Has: openapi3.Ptr(false)},
	}
	return schema
}
