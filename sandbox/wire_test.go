package sandbox

import (
	"bytes"
	"encoding/xml"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/private/protocol/json/jsonutil"
	"github.com/aws/aws-sdk-go/private/protocol/query/queryutil"
	"github.com/aws/aws-sdk-go/private/protocol/xml/xmlutil"
	"github.com/aws/aws-sdk-go/service/iam"
)

// sample fills every member of a struct, to its depth, with values that differ from zero and from one another.
func sample(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		sample(v.Elem(), n)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1_700_000_000+int64(*n), 0).UTC())) // whole seconds: all that ISO 8601 carries here
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				sample(v.Field(i), n)
			}
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[[]byte]() {
			v.SetBytes([]byte{0, 255, byte(*n)})
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		sample(v.Index(0), n)
		sample(v.Index(1), n)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, key := range []string{"a.b", "c/d é"} {
			value := reflect.New(v.Type().Elem()).Elem()
			sample(value, n)
			v.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), value)
		}
	case reflect.String:
		v.SetString("text <&\"'> " + decimal(int64(*n)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.5)
	default:
		panic("sample: " + v.Type().String())
	}
}

// TestEveryOperationCrossesTheWire sends every registered operation's input and output over the wire and back, with the SDK's own builders
// and parsers at the far end.
func TestEveryOperationCrossesTheWire(t *testing.T) {
	s := New(Options{})
	for name, op := range s.operations {
		t.Run(name, func(t *testing.T) {
			n := 0
			in, out := op.newInput(), op.newOut()
			sample(reflect.ValueOf(in).Elem(), &n)
			sample(reflect.ValueOf(out).Elem(), &n)
			gotIn, gotOut := op.newInput(), op.newOut()
			if err := sendInput(op, in, gotIn); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(in, gotIn) {
				t.Errorf("the input changed on its way:\nsent %v\ngot  %v", in, gotIn)
			}
			body, err := op.encode(out, "request-1")
			if err != nil {
				t.Fatal(err)
			}
			if err := readOutput(op, body, gotOut); err != nil {
				t.Fatalf("%s\n%s", err, body)
			}
			if !reflect.DeepEqual(out, gotOut) {
				t.Errorf("the output changed on its way:\nsent %v\ngot  %v\n%s", out, gotOut, body)
			}
		})
	}
}

func sendInput(op *operation, in, got any) error {
	if op.wire.json {
		body, err := jsonutil.BuildJSON(in)
		if err != nil {
			return err
		}
		return decodeJSON(body, got)
	}
	form := url.Values{}
	if err := queryutil.Parse(form, in, false); err != nil {
		return err
	}
	sent, err := url.ParseQuery(form.Encode())
	if err != nil {
		return err
	}
	return decodeQuery(sent, got)
}

func readOutput(op *operation, body []byte, got any) error {
	if op.wire.json {
		return jsonutil.UnmarshalJSON(got, bytes.NewReader(body))
	}
	return xmlutil.UnmarshalXML(got, xml.NewDecoder(bytes.NewReader(body)), op.name+"Result")
}

func TestQueryDecoding(t *testing.T) {
	decode := func(form url.Values) *iam.UntagRoleInput {
		in := &iam.UntagRoleInput{}
		if err := decodeQuery(form, in); err != nil {
			t.Fatal(err)
		}
		return in
	}
	// More than nine items come in the order of their numbers, not of their names.
	form := url.Values{"RoleName": {"role"}}
	for i := range 12 {
		form.Set("TagKeys.member."+decimal(int64(i+1)), decimal(int64(i)))
	}
	for i, key := range decode(form).TagKeys {
		if aws.StringValue(key) != decimal(int64(i)) {
			t.Errorf("key %d is %s", i, aws.StringValue(key))
		}
	}
	if in := decode(url.Values{"TagKeys": {""}}); in.TagKeys == nil || len(in.TagKeys) != 0 {
		t.Errorf("an empty list came as %#v", in.TagKeys)
	}
	if in := decode(url.Values{"RoleName": {"role"}}); in.TagKeys != nil {
		t.Errorf("an absent list came as %#v", in.TagKeys)
	}
	if err := decodeQuery(url.Values{"MaxItems": {"many"}}, &iam.ListRolesInput{}); err == nil {
		t.Error("a number that is none was decoded")
	}
}
