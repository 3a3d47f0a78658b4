package api

import (
	"io"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/mux"
	"github.com/pkg/errors"

	"ecs-api/common"
)

// bodyPatience is how long a caller may take to send its body.
const bodyPatience = 30 * time.Second

// ruled is an input with rules of its own, beyond the types of its members.
type ruled interface{ Validate() []common.Violation }

// binder reads an input of type In: the fields tagged `path:"…"` and `query:"…"` from the URL, `header:"…"` from the
// headers, all others from the JSON body.
type binder[In any] struct {
	params []param
	body   func() *document // gives nil where no field comes from a body, or the method has none; learnt by the first request
}

// param is a field that is read from the URL or a header.
type param struct {
	in    string // path, query or header
	name  string
	field []int
}

var templateVariable = regexp.MustCompile(`{([^}]+)}`)

// newBinder prepares reading In. A mistake in the table or in the struct's tags panics, at start and so in every test.
func newBinder[In any](method, path string) *binder[In] {
	t := reflect.TypeFor[In]()
	b := &binder[In]{params: paramsOf(t), body: func() *document { return nil }}
	for _, variable := range templateVariable.FindAllStringSubmatch(path, -1) {
		if name := variable[1]; name != "account" && !b.hasPath(name) {
			panic(t.String() + " has no field for {" + name + "} of " + path)
		}
	}
	if takesBody(method) {
		b.body = sync.OnceValue(func() *document { return newDocument(t) })
	}
	return b
}

// takesBody says whether a body is read with this method.
func takesBody(method string) bool {
	return method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch
}

func paramsOf(t reflect.Type) []param {
	var params []param
	for _, field := range reflect.VisibleFields(t) {
		for _, in := range []string{"path", "query", "header"} {
			name, ok := field.Tag.Lookup(in)
			if !ok {
				continue
			}
			if field.Tag.Get("json") != "-" {
				panic(t.String() + "." + field.Name + ` needs json:"-", or a body could set it`)
			}
			if in == "path" && field.Type.Kind() != reflect.String {
				panic(t.String() + "." + field.Name + " must be a string")
			}
			if name != wholeQuery {
				setQuery(reflect.New(field.Type).Elem(), []string{"1"}) // panics where the type cannot be read into
			}
			params = append(params, param{in, name, field.Index})
		}
	}
	return params
}

func (b *binder[In]) hasPath(name string) bool {
	for _, p := range b.params {
		if p.in == "path" && p.name == name {
			return true
		}
	}
	return false
}

// read gives the request's input. Invalid with every violated rule; the types of a body's members come before the rules on them.
func (b *binder[In]) read(w http.ResponseWriter, r *http.Request, limit int64) (*In, error) {
	in := new(In)
	broken, err := b.readParams(in, r)
	if err != nil {
		return nil, err
	}
	if body := b.body(); body != nil {
		data, err := readBody(w, r, limit)
		if err != nil {
			return nil, err
		}
		wrong, err := body.decode(data, in)
		if err != nil {
			return nil, err
		}
		if len(wrong) > 0 {
			return nil, common.InvalidInput(append(broken, wrong...))
		}
	}
	if rules, ok := any(in).(ruled); ok {
		broken = append(broken, rules.Validate()...)
	}
	if err := common.InvalidInput(broken); err != nil {
		return nil, err
	}
	return in, nil
}

func (b *binder[In]) readParams(in *In, r *http.Request) ([]common.Violation, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &common.Error{Kind: common.Invalid, Message: "the query is malformed", Err: err}
	}
	var broken []common.Violation
	for _, p := range b.params {
		field := reflect.ValueOf(in).Elem().FieldByIndex(p.field)
		switch p.in {
		case "path":
			value, err := pathValue(r, p.name)
			if err != nil {
				return nil, err
			}
			field.SetString(value)
		case "header":
			values := r.Header.Values(p.name)
			if len(values) == 0 {
				continue
			}
			if detail := setQuery(field, values); detail != "" {
				broken = append(broken, common.Violation{Pointer: "/header/" + p.name, Detail: "the header " + p.name + " " + detail})
			}
		case "query":
			if p.name == wholeQuery {
				field.Set(reflect.ValueOf(firstValues(query)))
				continue
			}
			values, given := query[p.name]
			if !given {
				continue
			}
			if detail := setQuery(field, unquoted(values)); detail != "" {
				broken = append(broken, common.Violation{Pointer: "/query/" + p.name, Detail: "the query parameter " + p.name + " " + detail})
			}
		}
	}
	return broken, nil
}

// wholeQuery is the name under which a map[string]string takes every query parameter: keys that the caller makes up.
const wholeQuery = "*"

func firstValues(query url.Values) map[string]string {
	first := map[string]string{}
	for key, values := range query {
		first[key] = unquoted(values)[0]
	}
	return first
}

// pathValue gives a path variable decoded, "" where the template has none of that name. Invalid if it is not UTF-8.
func pathValue(r *http.Request, name string) (string, error) {
	value, err := url.PathUnescape(mux.Vars(r)[name])
	if err != nil || !utf8.ValidString(value) {
		return "", common.InvalidInput([]common.Violation{{Pointer: "/path/" + name, Detail: "must be UTF-8"}})
	}
	return value, nil
}

// unquoted drops the double quotes that callers copy from examples such as limit="30", also where only one is left of a pair.
func unquoted(values []string) []string {
	bare := make([]string, len(values))
	for i, value := range values {
		bare[i] = strings.Trim(value, `"`)
	}
	return bare
}

// setQuery puts values into field and says what is wrong with them, or "". Of a parameter that is given twice the first counts, but in a
// list all do.
func setQuery(field reflect.Value, values []string) string {
	for _, value := range values {
		if !utf8.ValidString(value) {
			return "must be UTF-8"
		}
	}
	first := values[0]
	switch target := field.Addr().Interface().(type) {
	case *string:
		*target = first
	case *[]string:
		*target = values
	case *bool:
		value, ok := truth(first)
		if !ok {
			return "must be true or false"
		}
		*target = value
	case *int64:
		value, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return "must be a whole number"
		}
		*target = value
	default:
		return setOptional(field, values)
	}
	return ""
}

// setOptional is for pointers, with which an input tells "not given" from zero.
func setOptional(field reflect.Value, values []string) string {
	if field.Kind() != reflect.Pointer {
		panic("no query parameter can be read into a " + field.Type().String())
	}
	value := reflect.New(field.Type().Elem())
	detail := setQuery(value.Elem(), values)
	if detail == "" {
		field.Set(value)
	}
	return detail
}

// truth reads a switch: `?all` and `?all=` mean yes.
func truth(value string) (yes, ok bool) {
	switch strings.ToLower(value) {
	case "", "1", "true":
		return true, true
	case "0", "false":
		return false, true
	}
	return false, false
}

// readBody reads the whole body, within limit and in good time. The deadline is lifted again: the work may take longer than the sending.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	tooLarge := &refusal{http.StatusRequestEntityTooLarge, "the body is over " + strconv.FormatInt(limit, 10) + " bytes"}
	if r.ContentLength > limit {
		return nil, tooLarge
	}
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(bodyPatience)) // a test's recorder has none
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	_ = connection.SetReadDeadline(time.Time{})
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, tooLarge
	case err != nil:
		return nil, &common.Error{Kind: common.Invalid, Message: "the body could not be read", Err: err}
	}
	return data, nil
}
