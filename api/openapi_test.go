package api

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// TestOpenAPI asks for the document as anybody may, and has a library read and check it.
func TestOpenAPI(t *testing.T) {
	f := &front{Handler: Checked(t, New(Options{Token: token, Version: Version{Version: "1.2.3"}}))}
	w := f.ask("GET", "/v1/ecs/openapi.json", "", "X-Other", "")
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	again := (&front{Handler: New(Options{Version: Version{Version: "1.2.3"}})}).ask("GET", "/v1/ecs/openapi.json", "")
	if !bytes.Equal(w.Body.Bytes(), again.Body.Bytes()) {
		t.Error("two processes describe themselves differently")
	}
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	// It knows null among anything as OpenAPI 3.0 does: TestExamplesAreValid has the examples.
	if err := doc.Validate(t.Context(), openapi3.DisableExamplesValidation()); err != nil {
		t.Error(err)
	}
	if doc.OpenAPI != "3.1.0" || doc.Info.Version != "1.2.3" {
		t.Errorf("OpenAPI %s of version %s", doc.OpenAPI, doc.Info.Version)
	}
}

// TestEveryLineIsDescribed holds that the document has all that a reader needs of a line.
func TestEveryLineIsDescribed(t *testing.T) {
	doc := newOpenAPI(Version{}, Lines())
	actions := map[string]bool{}
	for _, line := range Lines() {
		if line.Part {
			continue
		}
		name := line.Method + " " + line.Path
		if !regexp.MustCompile(`^[A-Z][A-Za-z]+$`).MatchString(line.Action) {
			t.Errorf("%s: %q is no name: call its route's named(…)", name, line.Action)
		}
		if actions[line.Action] {
			t.Errorf("%s: another line is %s too: call its route's named(…)", name, line.Action)
		}
		actions[line.Action] = true
		for _, output := range line.Outputs {
			if output.Kind().String() == "interface" {
				t.Errorf("%s answers with any: say with gives(…) which forms that has", name)
			}
		}
		operation := doc.Paths.Value(line.Path).GetOperation(line.Method)
		if operation.Description == "" || strings.Contains(operation.Description, "](") {
			t.Errorf("%s is described as %q: see remarks", name, operation.Description)
		}
		if operation.Tags[0] == "" {
			t.Errorf("%s is of no group: see groups", name)
		}
		for _, parameter := range operation.Parameters {
			if parameter.Value.Description == "" {
				t.Errorf("%s: %s %s has no description: see variables, or give its field a tag doc:\"…\"", name, parameter.Value.In, parameter.Value.Name)
			}
			if example, _ := parameter.Value.Example.(string); parameter.Value.Required && example == "" {
				t.Errorf("%s: %s %s has no example: see variables and queryExamples", name, parameter.Value.In, parameter.Value.Name)
			}
		}
		if body := operation.RequestBody; body != nil && len(body.Value.Content["application/json"].Examples) == 0 {
			t.Errorf("%s has no example of its body: examples/%s.json", name, line.Action)
		}
		for _, content := range operation.Responses.Status(line.Status).Value.Content {
			if len(content.Examples) == 0 && line.Media == "" && line.Action != "ShowOpenAPI" {
				t.Errorf("%s has no example of its answer: give it a step in openapi_walk_test.go, and run go test ./api -run TestEveryRoute -update", name)
			}
		}
	}
	for name, input := range newInputs() {
		for _, m := range membersOf(input) {
			if enum, ok := m.field.Tag.Lookup("enum"); ok && knownValues[enum] == nil {
				t.Errorf("%s.%s: which values has %s? See knownValues", name, m.name, enum)
			}
		}
	}
	for action := range remarks {
		if !actions[action] {
			t.Errorf("a remark is on %s, which is no action", action)
		}
	}
	// An example of nothing is a mistake in its name.
	files, _ := exampleFiles.ReadDir("examples")
	for _, file := range files {
		action, _, _ := strings.Cut(file.Name(), ".")
		action, _, _ = strings.Cut(action, "-")
		if !actions[action] {
			t.Errorf("examples/%s is of no action", file.Name())
		}
	}
	for name, schema := range doc.Components.Schemas {
		if encoded, err := json.Marshal(schema); err != nil || len(encoded) < 20 {
			t.Errorf("%s: %s %v", name, encoded, err)
		}
	}
}

// newInputs are the structs that may be asked, by component.
func newInputs() map[string]reflect.Type {
	m := &manual{schemas: newSchemas()}
	for _, line := range Lines() {
		m.body(line)
	}
	return m.types
}

// TestExamplesAreValid holds every example to its schema, in the spelling of the schema.
func TestExamplesAreValid(t *testing.T) {
	c, valid := contract(), 0
	check := func(at string, content openapi3.Content) {
		for media, of := range content {
			for name, example := range of.Examples {
				valid++
				if strings.HasSuffix(at, "requestBody") { // where others are taken, and ignored
					if strange := strangers(of.Schema.Value, example.Value.Value, ""); len(strange) > 0 {
						t.Errorf("%s, example %s: the schema does not name %v", at, name, strange)
					}
				}
				if err := c.valid(at+"/content/"+escaped(media)+"/schema", example.Value.Value); err != nil {
					t.Errorf("%s, example %s: %v", at, name, err)
				}
			}
		}
	}
	for path, item := range c.doc.Paths.Map() {
		for method, operation := range item.Operations() {
			at := "#/paths/" + escaped(path) + "/" + strings.ToLower(method)
			if operation.RequestBody != nil {
				check(at+"/requestBody", operation.RequestBody.Value.Content)
			}
			for status, response := range operation.Responses.Map() {
				if response.Ref == "" {
					check(at+"/responses/"+status, response.Value.Content)
				}
			}
		}
	}
	if valid < len(c.doc.Paths.Map()) {
		t.Errorf("only %d examples were found", valid)
	}
}
