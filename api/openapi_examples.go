package api

import (
	"embed"
	"encoding/json"
	"path"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// exampleFiles are bodies of requests, ACTION.json, and of answers, ACTION.answer.json, or .txt for what is not JSON. Where there are several
// of a kind, a word after a dash tells them apart.
//
//go:embed examples
var exampleFiles embed.FS

// examplesOf gives the examples of a kind by their words, or by "example" where there is one without.
func examplesOf(kind string) openapi3.Examples {
	files, _ := exampleFiles.ReadDir("examples") // it is embedded
	found := openapi3.Examples{}
	for _, file := range files {
		extension := path.Ext(file.Name())
		word, ok := strings.CutPrefix(strings.TrimSuffix(file.Name(), extension), kind)
		if !ok || word != "" && word[0] != '-' {
			continue
		}
		content, _ := exampleFiles.ReadFile("examples/" + file.Name())
		if word = strings.TrimPrefix(word, "-"); word == "" {
			word = "example"
		}
		var value any = string(content)
		if extension == ".json" {
			value = json.RawMessage(content)
		}
		found[word] = &openapi3.ExampleRef{Value: &openapi3.Example{Value: value}}
	}
	return found
}
