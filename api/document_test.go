package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"ecs-api/common"
)

const services = "/v1/ecs/acct/services"

func TestBodyIsDecodedInAnyCase(t *testing.T) {
	f := newFront()
	w := f.ask("POST", services, `{
		"cluster": {"clustername": "myclu"},
		"TASKDEFINITION": {"family": "webservers", "containerdefinitions": [{"name": "web", "ports": [80, null], "PortMappings": [{"ContainerPort": 80}],
			"dockerLabels": {"lower": "1", "LOWER": "2"}, "secrets": []}]},
		"credentials": {"Web": {"Name": "a", "SecretBinary": "AAEC"}, "web": {"name": "b"}},
		"service": {"desiredcount": 1, "cluster": "x", "unknown": {"deep": [null]}},
		"tags": null, "serviceregistry": 17
	}`)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	var got createInput
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	container := got.TaskDefinition.ContainerDefinitions[0]
	if *got.Cluster.ClusterName != "myclu" || *got.Service.DesiredCount != 1 || *container.PortMappings[0].ContainerPort != 80 {
		t.Errorf("got %s", w.Body)
	}
	if len(container.DockerLabels) != 2 || len(got.Credentials) != 2 || string(got.Credentials["Web"].SecretBinary) != "\x00\x01\x02" {
		t.Errorf("user-keyed maps: %v %v", container.DockerLabels, got.Credentials)
	}
	if !strings.Contains(w.Body.String(), `"Tags":null`) {
		t.Errorf("nil is not null: %s", w.Body)
	}
}

func TestBodyIsRefused(t *testing.T) {
	tests := map[string]struct {
		body string
		want []common.Violation // nil: only the status
	}{
		"empty":            {"", nil},
		"blank":            {" \n", nil},
		"truncated":        {`{"service":`, nil},
		"trailing comma":   {`{"service":{},}`, nil},
		"trailing data":    {`{"service":{}} {}`, nil},
		"not UTF-8":        {"{\"service\":{\"servicename\":\"\xff\"}}", nil},
		"too deep":         {strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000), nil},
		"deep in known":    {`{"tags":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, nil},
		"null":             {`null`, []common.Violation{{Pointer: "", Detail: "must be an object, not null"}}},
		"list":             {`[]`, []common.Violation{{Pointer: "", Detail: "must be an object, not a list"}}},
		"missing":          {`{}`, []common.Violation{{Pointer: "/service", Detail: "is required"}}},
		"null in a list":   {`{"service":{},"tags":[{"key":null},null]}`, []common.Violation{{Pointer: "/tags/1", Detail: "must not be null"}}},
		"null in a map":    {`{"service":{},"credentials":{"a/b~c":null}}`, []common.Violation{{Pointer: "/credentials/a~1b~0c", Detail: "must not be null"}}},
		"null by any name": {`{"service":{},"tagſ":[null]}`, []common.Violation{{Pointer: "/tags/0", Detail: "must not be null"}}},
		"types": {`{"service":{"desiredcount":"1","serviceName":7,"enableexecutecommand":"yes"},"taskdefinition":{"containerdefinitions":[{"cpu":1.5},{"secrets":{}}]},"credentials":[]}`,
			[]common.Violation{
				{Pointer: "/service/DesiredCount", Detail: "must be a whole number, not this string"},
				{Pointer: "/service/ServiceName", Detail: "must be a string, not this number"},
				{Pointer: "/service/EnableExecuteCommand", Detail: "must be true or false, not this string"},
				{Pointer: "/taskdefinition/ContainerDefinitions/0/Cpu", Detail: "must be a whole number, not this number"},
				{Pointer: "/taskdefinition/ContainerDefinitions/1/Secrets", Detail: "must be a list, not an object"},
				{Pointer: "/credentials", Detail: "must be an object, not a list"},
			}},
		"base64":          {`{"service":{},"credentials":{"web":{"SecretBinary":"no"}}}`, []common.Violation{{Pointer: "/credentials/web/SecretBinary", Detail: "must be a string in base64, not this string"}}},
		"huge number":     {`{"service":{"desiredcount":9223372036854775808}}`, []common.Violation{{Pointer: "/service/DesiredCount", Detail: "must be a whole number, not this number"}}},
		"twice":           {`{"service":{},"service":{}}`, []common.Violation{{Pointer: "/service", Detail: "is given twice: names that differ by case are the same"}}},
		"twice by case":   {`{"service":{"Cluster":"a","cluster":"b"}}`, []common.Violation{{Pointer: "/service/Cluster", Detail: "is given twice: names that differ by case are the same"}}},
		"twice in a map":  {`{"service":{},"credentials":{"a":{},"a":{}}}`, []common.Violation{{Pointer: "/credentials/a", Detail: "is given twice"}}},
		"scalar for list": {`{"service":{},"tags":"x"}`, []common.Violation{{Pointer: "/tags", Detail: "must be a list, not this string"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newFront().ask("POST", services, test.body)
			if w.Code != http.StatusBadRequest {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			p := problemOf(t, w)
			if len(p.Errors) == 0 {
				t.Error("a 400 without errors")
			}
			if test.want != nil && !reflect.DeepEqual(p.Errors, test.want) {
				t.Errorf("got %v\nwant %v", p.Errors, test.want)
			}
		})
	}
}

func TestViolationsOfBodyAndQueryComeTogether(t *testing.T) {
	w := newFront().ask("POST", services+"?all=maybe&limit=many", `{}`)
	want := []common.Violation{
		{Pointer: "/query/all", Detail: "the query parameter all must be true or false"},
		{Pointer: "/query/limit", Detail: "the query parameter limit must be a whole number"},
		{Pointer: "/service", Detail: "is required"},
	}
	if p := problemOf(t, w); w.Code != 400 || !reflect.DeepEqual(p.Errors, want) {
		t.Errorf("%d %+v", w.Code, p)
	}
}

func TestBodyLimit(t *testing.T) {
	f := newFront(func(o *Options) { o.BodyBytes = 100 })
	fits := `{"service":{"servicename":"` + strings.Repeat("x", 70) + `"}}`
	if w := f.ask("POST", services, fits); w.Code != 200 {
		t.Errorf("within the limit: %d %s", w.Code, w.Body)
	}
	over := fits + strings.Repeat(" ", 101-len(fits))
	if w := f.ask("POST", services, over); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("over the limit: %d %s", w.Code, w.Body)
	} else {
		problemOf(t, w)
	}
}

func TestBodyLimitOfAnUntoldLength(t *testing.T) {
	f := newFront()
	server := newServer(t, f)
	body := struct{ *strings.Reader }{strings.NewReader(`{"service":{"servicename":"` + strings.Repeat("x", DefaultBodyBytes) + `"}}`)}
	r, _ := http.NewRequest("POST", server.URL+services, body) // chunked
	r.Header.Set("Authorization", "Bearer "+token)
	w, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	if w.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", w.StatusCode)
	}
}

func TestContentTypeIsNotAsked(t *testing.T) {
	for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", ";;"} {
		w := newFront().ask("POST", services, `{"service":{}}`, "Authorization", "Bearer "+token, "Content-Type", contentType)
		if w.Code != 200 {
			t.Errorf("%q: %d", contentType, w.Code)
		}
	}
}

func TestBodyOfAPutWithoutMembersIsNotRead(t *testing.T) {
	if w := newFront().ask("PUT", "/v1/ecs/acct/clusters/c/services/s", `nonsense`); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestManyViolationsAreCut(t *testing.T) {
	w := newFront().ask("POST", services, `{"tags":[null`+strings.Repeat(",null", 1000)+`]}`)
	if p := problemOf(t, w); len(p.Errors) != maxViolations {
		t.Errorf("%d violations", len(p.Errors))
	}
}

// FuzzDecode holds that no body panics, and that what is accepted has no nil in a list or a map and is what encoding/json alone makes of
// it.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"service":{"serviceName":"x"}}`, `{"tags":[{"key":"a"},null]}`, `{"credentials":{"a":null}}`, `{"tagſ":[null]}`, `null`, `[`, `{"a":1,"A":[{"b":"\ud800"}]}`,
		`{"taskdefinition":{"containerdefinitions":[{"dockerlabels":{"a":"b"}}]},"cluster":null}`} {
		f.Add([]byte(seed))
	}
	d := newDocument(reflect.TypeFor[createInput]())
	f.Fuzz(func(t *testing.T, data []byte) {
		var in, plain createInput
		broken, err := d.decode(data, &in)
		if err != nil || len(broken) > 0 {
			return
		}
		if err := json.Unmarshal(data, &plain); err != nil || !reflect.DeepEqual(in, plain) {
			t.Errorf("%q: %v", data, err)
		}
		if where := findNil(reflect.ValueOf(in), ""); where != "" {
			t.Errorf("%q: nil at %s", data, where)
		}
	})
}

func findNil(v reflect.Value, at string) string {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return findNil(v.Elem(), at)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if where := findNil(v.Field(i), at+"."+v.Type().Field(i).Name); where != "" {
				return where
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if e := v.Index(i); e.Kind() == reflect.Pointer && e.IsNil() {
				return at
			} else if where := findNil(e, at); where != "" {
				return where
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if e := v.MapIndex(k); e.Kind() == reflect.Pointer && e.IsNil() {
				return at
			} else if where := findNil(e, at); where != "" {
				return where
			}
		}
	}
	return ""
}
