package sandbox

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/private/protocol"
)

// queryNode is a form read as a tree: "Tags.member.1.Key=a" is a leaf five levels down.
type queryNode struct {
	value    string
	children map[string]*queryNode
}

func (n *queryNode) child(name string) *queryNode {
	if n == nil {
		return nil
	}
	return n.children[name]
}

func queryTree(form url.Values) *queryNode {
	root := &queryNode{}
	for name, values := range form {
		node := root
		for part := range strings.SplitSeq(name, ".") {
			if node.children == nil {
				node.children = map[string]*queryNode{}
			}
			if node.children[part] == nil {
				node.children[part] = &queryNode{}
			}
			node = node.children[part]
		}
		node.value = values[0]
	}
	return root
}

// numbered are the children "1", "2", ... in their order.
func (n *queryNode) numbered() []*queryNode {
	if n == nil {
		return nil
	}
	var numbers []int
	for name := range n.children {
		if number, err := strconv.Atoi(name); err == nil {
			numbers = append(numbers, number)
		}
	}
	sort.Ints(numbers)
	nodes := make([]*queryNode, len(numbers))
	for i, number := range numbers {
		nodes[i] = n.children[strconv.Itoa(number)]
	}
	return nodes
}

// decodeQuery decodes a query form into an SDK struct: the SDK's own queryutil, backwards.
func decodeQuery(form url.Values, in any) error {
	return decodeStruct(queryTree(form), reflect.ValueOf(in).Elem())
}

func decodeStruct(n *queryNode, v reflect.Value) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.PkgPath != "" || field.Tag.Get("ignore") != "" {
			continue
		}
		if err := decodeValue(n.child(queryName(field)), v.Field(i), field.Tag); err != nil {
			return fmt.Errorf("%s: %w", field.Name, err)
		}
	}
	return nil
}

// queryName is the name of a member on the wire.
func queryName(field reflect.StructField) string {
	if field.Tag.Get("flattened") != "" && field.Tag.Get("locationNameList") != "" {
		return field.Tag.Get("locationNameList")
	}
	if name := field.Tag.Get("locationName"); name != "" {
		return name
	}
	return field.Name
}

func decodeValue(n *queryNode, v reflect.Value, tag reflect.StructTag) error {
	if n == nil {
		return nil
	}
	switch {
	case v.Type() == reflect.TypeFor[[]byte]():
		raw, err := base64.StdEncoding.DecodeString(n.value)
		v.SetBytes(raw)
		return err
	case v.Kind() == reflect.Slice:
		return decodeList(n, v, tag)
	case v.Kind() == reflect.Map:
		return decodeMap(n, v, tag)
	case v.Kind() == reflect.Pointer:
		target := reflect.New(v.Type().Elem())
		v.Set(target)
		if target.Elem().Kind() == reflect.Struct && target.Type() != reflect.TypeFor[*time.Time]() {
			return decodeStruct(n, target.Elem())
		}
		return decodeScalar(n.value, target.Interface(), tag)
	}
	return fmt.Errorf("the sandbox cannot decode a %s", v.Type())
}

// decodeList also reads "Names=" as a list that is there and empty, which is how the SDKs write one.
func decodeList(n *queryNode, v reflect.Value, tag reflect.StructTag) error {
	items := n
	if tag.Get("flattened") == "" {
		name := tag.Get("locationNameList")
		if name == "" {
			name = "member"
		}
		items = n.child(name)
	}
	nodes := items.numbered()
	v.Set(reflect.MakeSlice(v.Type(), len(nodes), len(nodes)))
	for i, node := range nodes {
		if err := decodeValue(node, v.Index(i), ""); err != nil {
			return err
		}
	}
	return nil
}

func decodeMap(n *queryNode, v reflect.Value, tag reflect.StructTag) error {
	entries := n
	if tag.Get("flattened") == "" {
		entries = n.child("entry")
	}
	keyName, valueName := tag.Get("locationNameKey"), tag.Get("locationNameValue")
	if keyName == "" {
		keyName = "key"
	}
	if valueName == "" {
		valueName = "value"
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, entry := range entries.numbered() {
		key := entry.child(keyName)
		if key == nil {
			return fmt.Errorf("a map entry has no %s", keyName)
		}
		value := reflect.New(v.Type().Elem()).Elem()
		if err := decodeValue(entry.child(valueName), value, ""); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(key.value), value)
	}
	return nil
}

func decodeScalar(text string, target any, tag reflect.StructTag) (err error) {
	switch target := target.(type) {
	case *string:
		*target = text
	case *bool:
		*target, err = strconv.ParseBool(text)
	case *int64:
		*target, err = strconv.ParseInt(text, 10, 64)
	case *float64:
		*target, err = strconv.ParseFloat(text, 64)
	case *time.Time:
		format := tag.Get("timestampFormat")
		if format == "" {
			format = protocol.ISO8601TimeFormatName
		}
		*target, err = protocol.ParseTime(format, text)
	default:
		err = fmt.Errorf("the sandbox cannot decode a %T", target)
	}
	return err
}
