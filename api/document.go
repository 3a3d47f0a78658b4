package api

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pkg/errors"

	"ecs-api/common"
)

// maxViolations bounds what is told of one body: a list of a hundred thousand nulls is not worth as many sentences.
const maxViolations = 50

// document checks JSON against a Go type before it is decoded. encoding/json names neither the place of a wrong type in a list nor more
// than one of them, lets null members of lists through, where they would become nil pointers, and takes the last of two members that differ
// by case. All these are refused here, with their pointers. Members that the type has not are skipped, whatever they hold.
//
// A pointer names a member as its type does, however the caller wrote it: the rules of an input know no other name, and clients one to
// match. The keys of a map are the caller's.
type document struct {
	root    reflect.Type
	members map[reflect.Type]map[string]member // of each struct type, by folded name
}

// member is a field of a struct, by the name that encoding/json gives it.
type member struct {
	name  string
	of    reflect.Type
	field reflect.StructField
}

// newDocument gives nil for a type that takes nothing from a body.
func newDocument(root reflect.Type) *document {
	d := &document{root: root, members: map[reflect.Type]map[string]member{}}
	d.learn(root)
	if len(d.members[root]) == 0 {
		return nil
	}
	return d
}

// decode fills into, or says what is wrong. Invalid if data is not one JSON value in UTF-8.
func (d *document) decode(data []byte, into any) ([]common.Violation, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, common.New(common.Invalid, "the body is empty")
	}
	if !utf8.Valid(data) {
		return nil, common.New(common.Invalid, "the body is not UTF-8")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		return nil, malformed(err)
	}
	w := &walk{document: d, data: data, decoder: json.NewDecoder(bytes.NewReader(data))}
	if err := w.value(d.root, ""); err != nil {
		return nil, errors.Wrap(err, "walking the body")
	}
	if len(w.broken) > 0 {
		return w.broken, nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return nil, &common.Error{Kind: common.Invalid, Message: "the body does not fit", Err: err}
	}
	return nil, nil
}

func malformed(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return common.Newf(common.Invalid, "malformed JSON at byte %d: %s", syntax.Offset, syntax.Error())
	}
	return &common.Error{Kind: common.Invalid, Message: "malformed JSON", Err: err}
}

var (
	jsonReader = reflect.TypeFor[json.Unmarshaler]()
	textReader = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// isLeaf says whether encoding/json decodes a value of this type with no look at its members.
func isLeaf(t reflect.Type) bool {
	if p := reflect.PointerTo(t); p.Implements(jsonReader) || p.Implements(textReader) {
		return true
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map, reflect.Array:
		return false
	case reflect.Slice:
		return t.Elem().Kind() == reflect.Uint8 // base64
	}
	return true
}

func bare(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// learn notes the members of t and of all below it.
func (d *document) learn(t reflect.Type) {
	t = bare(t)
	switch {
	case isLeaf(t):
	case t.Kind() != reflect.Struct:
		d.learn(t.Elem())
	case d.members[t] == nil:
		d.members[t] = membersOf(t)
		for _, member := range d.members[t] {
			d.learn(member.of)
		}
	}
}

// membersOf gives a struct's members by their folded JSON names, as encoding/json knows them: embedded structs lend theirs, the shallowest
// wins.
func membersOf(t reflect.Type) map[string]member {
	members, depths := map[string]member{}, map[string]int{}
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		embedded := field.Anonymous && name == "" && bare(field.Type).Kind() == reflect.Struct
		if !field.IsExported() || field.Tag.Get("json") == "-" || embedded {
			continue
		}
		if name == "" {
			name = field.Name
		}
		key := folded(name)
		if depth, known := depths[key]; known && depth <= len(field.Index) {
			continue
		}
		members[key], depths[key] = member{name, field.Type, field}, len(field.Index)
	}
	return members
}

// folded gives one spelling for all that encoding/json takes for the same name: it folds as Unicode does, so that ſ is an s too.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		for {
			next := unicode.SimpleFold(r)
			if next <= r {
				return next
			}
			r = next
		}
	}, name)
}

// walk goes once through a valid JSON text, with the types beside it.
type walk struct {
	*document
	data    []byte
	decoder *json.Decoder
	broken  []common.Violation
}

func (w *walk) violate(pointer, detail string) {
	if len(w.broken) < maxViolations {
		w.broken = append(w.broken, common.Violation{Pointer: pointer, Detail: detail})
	}
}

// value checks the next value against t. A null is fine here; list and table ask for it first.
func (w *walk) value(t reflect.Type, pointer string) error {
	t = bare(t)
	start := w.peek()
	switch {
	case start == 'n' && pointer != "":
		return w.skip()
	case isLeaf(t):
		return w.leaf(t, pointer)
	case start == '{' && t.Kind() == reflect.Struct:
		return w.object(t, pointer)
	case start == '{' && t.Kind() == reflect.Map:
		return w.table(t, pointer)
	case start == '[' && t.Kind() != reflect.Struct && t.Kind() != reflect.Map:
		return w.list(t, pointer)
	}
	w.violate(pointer, mismatch(t, start))
	return w.skip()
}

// leaf lets encoding/json decide, on a value that is thrown away.
func (w *walk) leaf(t reflect.Type, pointer string) error {
	start := w.peek()
	if err := w.decoder.Decode(reflect.New(t).Interface()); err != nil {
		w.violate(pointer, mismatch(t, start))
	}
	return nil
}

func (w *walk) object(t reflect.Type, pointer string) error {
	members, seen := w.members[t], map[string]bool{}
	return w.each(func(key string, _ int) error {
		member, known := members[folded(key)]
		if !known {
			return w.skip()
		}
		below := pointer + "/" + escaped(member.name)
		if seen[member.name] {
			w.violate(below, "is given twice: names that differ by case are the same")
		}
		seen[member.name] = true
		return w.value(member.of, below)
	})
}

func (w *walk) table(t reflect.Type, pointer string) error {
	seen := map[string]bool{}
	return w.each(func(key string, _ int) error {
		below := pointer + "/" + escaped(key)
		if seen[key] {
			w.violate(below, "is given twice")
		}
		seen[key] = true
		return w.member(t.Elem(), below)
	})
}

func (w *walk) list(t reflect.Type, pointer string) error {
	return w.each(func(_ string, i int) error { return w.member(t.Elem(), pointer+"/"+strconv.Itoa(i)) })
}

// member is a value that may not be null.
func (w *walk) member(t reflect.Type, pointer string) error {
	if w.peek() == 'n' {
		w.violate(pointer, "must not be null")
		return w.skip()
	}
	return w.value(t, pointer)
}

// each calls visit before every value of the object or list that comes next.
func (w *walk) each(visit func(key string, i int) error) error {
	opening, err := w.decoder.Token()
	if err != nil {
		return err
	}
	for i := 0; w.decoder.More(); i++ {
		var key string
		if opening == json.Delim('{') {
			token, err := w.decoder.Token()
			if err != nil {
				return err
			}
			key, _ = token.(string)
		}
		if err := visit(key, i); err != nil {
			return err
		}
	}
	_, err = w.decoder.Token()
	return err
}

func (w *walk) skip() error {
	var skipped json.RawMessage
	return w.decoder.Decode(&skipped)
}

// peek gives the first byte of the next value, which the decoder itself does not tell.
func (w *walk) peek() byte {
	rest := bytes.TrimLeft(w.data[w.decoder.InputOffset():], " \t\r\n:,")
	if len(rest) == 0 {
		return 0
	}
	return rest[0]
}

// escaped is a reference token of a JSON pointer (RFC 6901, section 3).
func escaped(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

func mismatch(t reflect.Type, start byte) string {
	return "must be " + wanted(t) + ", not " + given(start)
}

func wanted(t reflect.Type) string {
	if t == reflect.TypeFor[time.Time]() {
		return "a time as in RFC 3339"
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number"
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return "a string in base64"
		}
		return "a list"
	}
	return "of another form"
}

func given(start byte) string {
	switch start {
	case '"':
		return "this string"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "this number"
}
