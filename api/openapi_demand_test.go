package api

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Mutilated gives the bodies that lack one member each that the document demands of this one, by its pointer.
func Mutilated(action string, body []byte) map[string][]byte {
	mutilated := map[string][]byte{}
	schema := requestSchema(action)
	if schema == nil {
		return nil
	}
	for _, pointer := range demandedIn(schema, decodedJSON(body), "") {
		less := decodedJSON(body)
		at := less
		tokens := strings.Split(pointer[1:], "/")
		for _, token := range tokens[:len(tokens)-1] {
			if list, ok := at.([]any); ok {
				i, _ := strconv.Atoi(token)
				at = list[i]
			} else {
				at = at.(map[string]any)[token]
			}
		}
		delete(at.(map[string]any), tokens[len(tokens)-1])
		mutilated[pointer], _ = json.Marshal(less)
	}
	return mutilated
}

func decodedJSON(body []byte) (value any) {
	_ = json.Unmarshal(body, &value)
	return value
}

func requestSchema(action string) *openapi3.Schema {
	for _, line := range Lines() {
		if line.Action == action {
			if body := contract().doc.Paths.Value(line.Path).GetOperation(line.Method).RequestBody; body != nil {
				return body.Value.Content["application/json"].Schema.Value
			}
		}
	}
	return nil
}

// demandedIn gives the pointers of the members of a value that its schema demands.
func demandedIn(schema *openapi3.Schema, value any, pointer string) (pointers []string) {
	schema = parted(schema)
	switch value := value.(type) {
	case []any:
		for i := range value {
			pointers = append(pointers, demandedIn(schema.Items.Value, value[i], pointer+"/"+strconv.Itoa(i))...)
		}
	case map[string]any:
		must := slices.Clone(schema.Required)
		if chosen := satisfied(schema.AnyOf, value); len(chosen) == 1 {
			must = append(must, chosen[0]...)
		}
		for name, member := range value {
			if slices.Contains(must, name) {
				pointers = append(pointers, pointer+"/"+name)
			}
			of := schema.AdditionalProperties.Schema
			if known := schema.Properties[name]; known != nil {
				of = known
			}
			if of != nil {
				pointers = append(pointers, demandedIn(of.Value, member, pointer+"/"+name)...)
			}
		}
	}
	return pointers
}

// satisfied gives the choices that a value has made.
func satisfied(choices openapi3.SchemaRefs, value map[string]any) (chosen [][]string) {
	for _, choice := range choices {
		missing := func(name string) bool { _, given := value[name]; return !given }
		if !slices.ContainsFunc(choice.Value.Required, missing) {
			chosen = append(chosen, choice.Value.Required)
		}
	}
	return chosen
}

// strangers gives the pointers of members that a schema does not name, or in another spelling.
func strangers(schema *openapi3.Schema, value any, pointer string) (pointers []string) {
	schema = parted(schema)
	switch value := value.(type) {
	case []any:
		for i := range value {
			pointers = append(pointers, strangers(schema.Items.Value, value[i], pointer+"/"+strconv.Itoa(i))...)
		}
	case map[string]any:
		for name, member := range value {
			of := schema.Properties[name]
			if of == nil {
				of = schema.AdditionalProperties.Schema
			}
			if of == nil {
				pointers = append(pointers, pointer+"/"+name)
				continue
			}
			pointers = append(pointers, strangers(of.Value, member, pointer+"/"+name)...)
		}
	}
	return pointers
}

// parted gives what a schema wraps beside null.
func parted(schema *openapi3.Schema) *openapi3.Schema {
	for _, part := range append(slices.Clone(schema.AnyOf), schema.AllOf...) {
		if part.Value.Properties != nil {
			return part.Value
		}
	}
	return schema
}

// RequestExample gives the example of a request's body; nil where there is none.
func RequestExample(name string) []byte {
	content, err := exampleFiles.ReadFile("examples/" + name + ".json")
	if err != nil {
		return nil
	}
	return content
}

// RequestExamples are the names of those that are requests.
func RequestExamples() (names []string) {
	files, _ := exampleFiles.ReadDir("examples")
	for _, file := range files {
		if name, ok := strings.CutSuffix(file.Name(), ".json"); ok && !strings.Contains(name, ".answer") {
			names = append(names, name)
		}
	}
	return names
}

// Orchestrates says whether an answer of the line may come before its end.
func (l Line) Orchestrates() bool { return orchestrates(l) }

// Demanded are the examples of the parameters in the path or the query that the document demands of a line, by their names.
func Demanded(line Line, in string) map[string]string {
	examples := map[string]string{}
	for _, parameter := range contract().doc.Paths.Value(line.Path).GetOperation(line.Method).Parameters {
		if parameter.Value.In == in && parameter.Value.Required {
			examples[parameter.Value.Name], _ = parameter.Value.Example.(string)
		}
	}
	return examples
}
