package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/pkg/errors"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Checked holds every answer of a handler to the OpenAPI document, and the body of every request that succeeded.
func Checked(t testing.TB, next http.Handler) http.Handler { return contract().checked(t, next) }

func (c *reading) checked(t testing.TB, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent := &copied{ResponseWriter: w, status: http.StatusOK}
		var asked bytes.Buffer
		if r.Body != nil {
			r.Body = struct {
				io.Reader
				io.Closer
			}{io.TeeReader(r.Body, &asked), r.Body}
		}
		next.ServeHTTP(sent, r)
		if err := c.check(r, asked.Bytes(), sent); err != nil {
			t.Errorf("%s %s: %d is not as documented: %v\n%.1000s", r.Method, r.URL.Path, sent.status, err, &sent.body)
		}
	})
}

// copied is an answer on its way.
type copied struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (c *copied) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *copied) Write(p []byte) (int, error) {
	c.body.Write(p)
	return c.ResponseWriter.Write(p)
}

func (c *copied) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// contract is the document that the whole run is held to.
var contract = sync.OnceValue(newReading)

// newReading gives the document as a reader gets it.
func newReading() *reading {
	encoded, err := json.Marshal(newOpenAPI(Version{}, Lines()))
	if err != nil {
		panic(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(encoded)
	if err != nil {
		panic(err)
	}
	whole, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		panic(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource(documentURL, whole); err != nil {
		panic(err)
	}
	parts := map[string]bool{}
	for _, line := range Lines() {
		parts[line.Path] = parts[line.Path] || line.Part
	}
	return &reading{doc: doc, parts: parts, compiler: compiler, schemas: map[string]*jsonschema.Schema{}, seen: map[string]bool{}}
}

const documentURL = "https://ecs-api/openapi.json"

// Lines are those of the table.
func Lines() []Line {
	var lines []Line
	for _, route := range table(Options{}.withDefaults()) {
		lines = append(lines, route.Line)
	}
	return lines
}

type reading struct {
	doc   *openapi3.T
	parts map[string]bool // paths of parts of pages, which it does not have

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema // by pointer
	seen     map[string]bool               // operations that were answered with their success
}

// Unanswered are the actions that no request of this run had a success of.
func Unanswered() []string {
	c := contract()
	c.mu.Lock()
	defer c.mu.Unlock()
	missing := map[string]bool{}
	for _, line := range Lines() {
		if !line.Part && !c.seen[line.Action] {
			missing[line.Action] = true
		}
	}
	return slices.Sorted(maps.Keys(missing))
}

func (c *reading) check(r *http.Request, asked []byte, sent *copied) error {
	if sent.Header().Get("X-Request-Id") == "" {
		return errors.New("X-Request-Id is missing")
	}
	path, known := strings.CutPrefix(normalPath(r.URL.EscapedPath()), Prefix)
	if c.parts[path] {
		return nil
	}
	template := c.template(path)
	if !known || template == "" {
		return c.checkProblem(sent, http.StatusNotFound, http.StatusForbidden)
	}
	item, method := c.doc.Paths.Value(template), r.Method
	if method == http.MethodHead && item.Head == nil {
		method = http.MethodGet
	}
	operation := item.GetOperation(method)
	switch {
	case method == http.MethodOptions:
		return c.checkOptions(sent)
	case operation == nil:
		return c.checkProblem(sent, http.StatusMethodNotAllowed, http.StatusForbidden)
	}
	reference := operation.Responses.Status(sent.status)
	if reference == nil {
		return errors.New("the status is not documented")
	}
	at := "#/paths/" + escaped(template) + "/" + strings.ToLower(method)
	answerAt := at + "/responses/" + strconv.Itoa(sent.status)
	if reference.Ref != "" {
		answerAt = reference.Ref
	} else if err := c.answered(operation, at, asked); err != nil {
		return err
	}
	return c.checkAnswer(r.Method, reference.Value, answerAt, sent)
}

// answered notes a success, and checks what was asked.
func (c *reading) answered(operation *openapi3.Operation, at string, asked []byte) error {
	c.mu.Lock()
	c.seen[operation.OperationID] = true
	c.mu.Unlock()
	if operation.RequestBody == nil {
		return nil
	}
	var body any
	if err := json.Unmarshal(asked, &body); err != nil {
		return errors.Wrap(err, "a success of a body that is not JSON")
	}
	schema := operation.RequestBody.Value.Content["application/json"].Schema
	return errors.Wrap(c.valid(at+"/requestBody/content/application~1json/schema", spelt(schema.Value, body)), "the request was taken")
}

func (c *reading) checkOptions(sent *copied) error {
	if sent.status != http.StatusNoContent || sent.Header().Get("Allow") == "" || sent.body.Len() > 0 {
		return errors.New("OPTIONS is answered 204 with Allow")
	}
	return nil
}

func (c *reading) checkProblem(sent *copied, statuses ...int) error {
	if !slices.Contains(append(statuses, http.StatusTooManyRequests, http.StatusInternalServerError), sent.status) {
		return errors.Errorf("the status is none of %v", statuses)
	}
	at := "#/components/responses/" + problemName(sent.status)
	return c.checkAnswer("", c.doc.Components.Responses[problemName(sent.status)].Value, at, sent)
}

// conditional are the headers that an answer has only where it is documented to.
var conditional = []string{"X-Operation-Id", "Location", "Retry-After", "Allow"}

func (c *reading) checkAnswer(method string, documented *openapi3.Response, at string, sent *copied) error {
	for name, header := range documented.Headers {
		if value := sent.Header().Get(name); header.Value.Required && value == "" {
			return errors.Errorf("the header %s is missing", name)
		}
	}
	for _, name := range conditional {
		if documented.Headers[name] == nil && sent.Header().Get(name) != "" {
			return errors.Errorf("the header %s is not documented", name)
		}
	}
	media, _, _ := strings.Cut(sent.Header().Get("Content-Type"), ";")
	switch content := documented.Content[media]; {
	case method == http.MethodHead:
		return nil
	case sent.body.Len() == 0 && strings.Contains(*documented.Description, "no body"):
		return nil
	case len(documented.Content) == 0:
		if sent.body.Len() > 0 {
			return errors.New("there is a body")
		}
		return nil
	case content == nil:
		return errors.Errorf("the media type %q is not documented", media)
	}
	var body any = sent.body.String()
	if strings.HasSuffix(media, "json") {
		var err error
		if body, err = jsonschema.UnmarshalJSON(bytes.NewReader(sent.body.Bytes())); err != nil {
			return err
		}
	}
	return c.valid(at+"/content/"+escaped(media)+"/schema", body)
}

// valid checks a value against the schema at a pointer.
func (c *reading) valid(pointer string, value any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	schema := c.schemas[pointer]
	if schema == nil {
		var err error
		if schema, err = c.compiler.Compile(documentURL + strings.ReplaceAll(strings.ReplaceAll(pointer, "{", "%7B"), "}", "%7D")); err != nil {
			return err
		}
		c.schemas[pointer] = schema
	}
	return schema.Validate(value)
}

// template finds the path of the document that a path is of. No two fit: see TestNoTwoPathsFitOneRequest.
func (c *reading) template(path string) string {
	for template := range c.doc.Paths.Map() {
		if fit(template, strings.NewReplacer("{", "", "}", "").Replace(path)) && !strings.Contains(path+"/", "//") {
			return template
		}
	}
	return ""
}

// spelt writes the names of members as the schema does.
func spelt(schema *openapi3.Schema, value any) any {
	schema = parted(schema)
	switch value := value.(type) {
	case []any:
		for i := range value {
			value[i] = spelt(schema.Items.Value, value[i])
		}
	case map[string]any:
		written := map[string]any{}
		for name, member := range value {
			written[name] = member
			if of := schema.AdditionalProperties.Schema; of != nil {
				written[name] = spelt(of.Value, member)
			}
			for known, of := range schema.Properties {
				if folded(known) == folded(name) {
					delete(written, name)
					written[known] = spelt(of.Value, member)
				}
			}
		}
		return written
	}
	return value
}

// TestTheCheckHasTeeth gives it answers that are not as documented.
func TestTheCheckHasTeeth(t *testing.T) {
	fresh := newReading()
	problem := `{"type": "about:blank", "title": "Not Found", "status": 404, "detail": "d", "instance": "i"}`
	for _, c := range []struct{ method, path, asked, status, headers, body, want string }{
		{"GET", "/v1/ecs/version", "", "200", "X-Request-Id: 1\nContent-Type: application/json", `{"version": "1", "githash": "2", "buildstamp": "3"}`, ""},
		{"GET", "/v1/ecs/version", "", "200", "Content-Type: application/json", `{"version": "1", "githash": "2", "buildstamp": "3"}`, "X-Request-Id"},
		{"GET", "/v1/ecs/version", "", "200", "X-Request-Id: 1\nContent-Type: application/json", `{"version": "1", "githash": "2"}`, "buildstamp"},
		{"GET", "/v1/ecs/version", "", "200", "X-Request-Id: 1\nContent-Type: application/json",
			`{"version": "1", "githash": "2", "buildstamp": "3", "more": 4}`, "more"},
		{"GET", "/v1/ecs/version", "", "200", "X-Request-Id: 1\nContent-Type: application/json", `{"version": 1, "githash": "2", "buildstamp": "3"}`, "number"},
		{"GET", "/v1/ecs/version", "", "200", "X-Request-Id: 1\nContent-Type: text/plain", "1", "media type"},
		{"GET", "/v1/ecs/version", "", "204", "X-Request-Id: 1", "", "status"},
		{"GET", "/v1/ecs/version", "", "200", "X-Request-Id: 1\nContent-Type: application/json\nLocation: /",
			`{"version": "1", "githash": "2", "buildstamp": "3"}`, "Location"},
		{"GET", "/v1/ecs/a/secrets/b", "", "404", "X-Request-Id: 1\nContent-Type: application/problem+json", problem, ""},
		{"GET", "/v1/ecs/a/secrets/b", "", "404", "X-Request-Id: 1\nContent-Type: application/json", problem, "media type"},
		{"GET", "/v1/ecs/a/secrets/b", "", "404", "X-Request-Id: 1\nContent-Type: application/problem+json", `{"status": 404}`, "missing"},
		{"GET", "/v1/ecs/a/secrets/b", "", "429", "X-Request-Id: 1\nContent-Type: application/problem+json", problem, "Retry-After"},
		{"PUT", "/v1/ecs/a/secrets", "", "405", "X-Request-Id: 1\nContent-Type: application/problem+json", problem, "Allow"},
		{"PUT", "/v1/ecs/a/secrets", "", "200", "X-Request-Id: 1", "", "status"},
		{"GET", "/v1/ecs/nowhere/at/all", "", "200", "X-Request-Id: 1", "", "status"},
		{"POST", "/v1/ecs/a/params/b", `{"VALUE": "v", "name": "n", "tags": [{"key": "k", "value": "v"}]}`, "200",
			"X-Request-Id: 1\nContent-Type: application/json", `{"Tier": null, "Version": 1, "VersionId": "1"}`, ""},
		{"POST", "/v1/ecs/a/params/b", `{"value": "v"}`, "200",
			"X-Request-Id: 1\nContent-Type: application/json", `{"Tier": null, "Version": 1, "VersionId": "1"}`, "Name"},
		{"POST", "/v1/ecs/a/params/b", `{"value": "v", "name": "n", "tags": [{"key": "k"}]}`, "200",
			"X-Request-Id: 1\nContent-Type: application/json", `{"Tier": null, "Version": 1, "VersionId": "1"}`, "Value"},
	} {
		f := &front{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
			for _, header := range strings.Split(c.headers, "\n") {
				name, value, _ := strings.Cut(header, ": ")
				w.Header().Set(name, value)
			}
			status, _ := strconv.Atoi(c.status)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, c.body)
		})}
		told := &complaints{TB: t}
		f.Handler = fresh.checked(told, f.Handler)
		f.ask(c.method, c.path, c.asked)
		if (told.text == "") != (c.want == "") || !strings.Contains(told.text, c.want) {
			t.Errorf("%s %s %s %s: want a complaint of %q, got %q", c.method, c.path, c.status, c.body, c.want, told.text)
		}
	}
}

// complaints stands in for a test.
type complaints struct {
	testing.TB
	text string
}

func (c *complaints) Errorf(format string, args ...any) { c.text += fmt.Sprintf(format, args...) }
