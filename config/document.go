package config

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/pkg/errors"
)

// fault is one thing that is wrong with the configuration.
type fault struct {
	key     string // its path, "accounts.prod.region"; "" for the whole
	problem string
}

func (f *fault) Error() string {
	if f.key == "" {
		return oneLine(f.problem)
	}
	return oneLine(f.key + ": " + f.problem)
}

// oneLine keeps what is printable and escapes the rest: keys and names of files may hold anything.
func oneLine(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	quoted := strconv.Quote(s)
	return quoted[1 : len(quoted)-1]
}

// member is one key of an object. Objects are kept as lists of these: encoding/json would take the last of two equal keys without
// a word, and would forget their order, in which faults are told.
type member struct {
	key   string
	value any // []member, []any, string, json.Number, bool or nil
}

const (
	documentBytes = 1 << 20
	documentDepth = 16
)

// document reads one JSON object and nothing after it.
func document(content []byte) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	value, err := read(d, "", 0)
	if err != nil {
		return nil, syntax(content, d, err)
	}
	members, isObject := value.([]member)
	if !isObject {
		return nil, &fault{"", "must be a JSON object"}
	}
	if _, err := d.Token(); err == nil {
		return nil, &fault{"", "line " + line(content, d.InputOffset()) + ": something follows the end of the object"}
	} else if err != io.EOF {
		return nil, syntax(content, d, err)
	}
	return members, nil
}

func read(d *json.Decoder, path string, depth int) (any, error) {
	if depth > documentDepth {
		return nil, &fault{path, "nested too deeply"}
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return readObject(d, path, depth)
	case json.Delim('['):
		return readList(d, path, depth)
	}
	return token, nil
}

func readObject(d *json.Decoder, path string, depth int) (any, error) {
	members, seen := []member{}, map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, _ := token.(string) // the decoder gives nothing else here
		at := join(path, key)
		if seen[key] {
			return nil, &fault{at, "given twice"}
		}
		seen[key] = true
		value, err := read(d, at, depth+1)
		if err != nil {
			return nil, err
		}
		members = append(members, member{key, value})
	}
	_, err := d.Token()
	return members, err
}

func readList(d *json.Decoder, path string, depth int) (any, error) {
	list := []any{}
	for d.More() {
		value, err := read(d, join(path, strconv.Itoa(len(list))), depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	_, err := d.Token()
	return list, err
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// syntax words the decoder's errors, with the line they are on. The decoder never quotes more than a character of the text.
func syntax(content []byte, d *json.Decoder, err error) error {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	at := d.InputOffset()
	var s *json.SyntaxError
	if errors.As(err, &s) {
		at = s.Offset
	}
	problem := err.Error()
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		problem, at = "the JSON ends too early", int64(len(content))
	}
	return &fault{"", "line " + line(content, at) + ": " + problem}
}

func line(content []byte, offset int64) string {
	offset = max(0, min(offset, int64(len(content))))
	return strconv.Itoa(1 + bytes.Count(content[:offset], []byte("\n")))
}
