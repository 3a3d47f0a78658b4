package ecs

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"

	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// Member is a member of a task definition that the SDK's structs do not know: their model is of July 2024, and ECS has had new ones since (such as
// enableFaultInjection, and a container's restartPolicy and versionConsistency). A copy made through the structs would lose it without a word.
type Member struct {
	path  []any // keys and indexes to it, from the task definition
	value any
}

// heard has an answer's JSON also written to into.
func heard(into *bytes.Buffer) request.Option {
	return func(r *request.Request) {
		r.Handlers.Unmarshal.PushFront(func(r *request.Request) {
			body := r.HTTPResponse.Body
			r.HTTPResponse.Body = struct {
				io.Reader
				io.Closer
			}{io.TeeReader(body, into), body}
		})
	}
}

// newer gives the members of a described task definition that the SDK dropped.
func newer(answer []byte) ([]Member, error) {
	var described struct {
		TaskDefinition any `json:"taskDefinition"`
	}
	if err := decode(answer, &described); err != nil {
		return nil, err
	}
	var found []Member
	unknown(described.TaskDefinition, reflect.TypeFor[awsecs.TaskDefinition](), nil, &found)
	return found, nil
}

// decode keeps numbers as they are written.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

// unknown walks a document along the type that it was decoded into, and adds what the type has no place for.
func unknown(value any, into reflect.Type, path []any, found *[]Member) {
	for into.Kind() == reflect.Pointer {
		into = into.Elem()
	}
	below := func(step any) []any { return append(path[:len(path):len(path)], step) }
	switch value := value.(type) {
	case []any:
		if into.Kind() == reflect.Slice {
			for i, item := range value {
				unknown(item, into.Elem(), below(i), found)
			}
		}
	case map[string]any:
		if into.Kind() != reflect.Struct {
			return // a map of the user's own keys, with strings
		}
		known := map[string]reflect.Type{}
		for field := range into.Fields() {
			known[field.Tag.Get("locationName")] = field.Type
		}
		for key, member := range value {
			if known[key] == nil {
				*found = append(*found, Member{below(key), member})
			} else {
				unknown(member, known[key], below(key), found)
			}
		}
	}
}

// with adds members to what is sent, where what they are part of is sent too. ECS refuses what it does not take: better a copy that is refused than one
// that lacks something.
func with(members []Member) request.Option {
	return func(r *request.Request) {
		r.Handlers.Build.PushBack(func(r *request.Request) {
			var sent any
			text, err := io.ReadAll(r.GetBody())
			if err == nil {
				err = decode(text, &sent)
			}
			for _, member := range members {
				member.put(sent)
			}
			if err == nil {
				text, err = json.Marshal(sent)
			}
			if err != nil {
				r.Error = awserr.New(request.ErrCodeSerialization, "a task definition cannot be encoded", err)
				return
			}
			r.SetBufferBody(text)
		})
	}
}

func (m Member) put(into any) {
	for _, step := range m.path[:len(m.path)-1] {
		switch key := step.(type) {
		case string:
			part, _ := into.(map[string]any)
			into = part[key]
		case int:
			list, _ := into.([]any)
			if key >= len(list) {
				return
			}
			into = list[key]
		}
	}
	if parent, is := into.(map[string]any); is {
		key, _ := m.path[len(m.path)-1].(string)
		parent[key] = m.value
	}
}
