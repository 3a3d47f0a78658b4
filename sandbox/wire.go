package sandbox

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go/private/protocol/json/jsonutil"
	"github.com/aws/aws-sdk-go/private/protocol/xml/xmlutil"
)

// wire is how a service speaks, and the words it has for what goes wrong before an operation is reached.
type wire struct {
	json         bool   // JSON 1.1; otherwise query requests and XML answers
	target       string // the prefix of X-Amz-Target
	version      string // the Version of a query
	namespace    string // of the XML answers
	denied       string
	deniedStatus int
	throttle     string
	malformed    string // the body cannot be decoded
	invalid      string // the input breaks the model's own rules
	fault        string // a server fault
	faultStatus  int
}

// wires are all services, by the name of the SDK's package.
var wires = map[string]*wire{
	"ecs":              jsonWire("AmazonEC2ContainerServiceV20141113", "InvalidParameterException", "ServerException"),
	"secretsmanager":   jsonWire("secretsmanager", "InvalidParameterException", "InternalServiceError"),
	"servicediscovery": jsonWire("Route53AutoNaming_v20170314", "InvalidInput", "InternalFailure"),
	"logs":             jsonWire("Logs_20140328", "InvalidParameterException", "ServiceUnavailableException"),
	"tagging": jsonWire(
		"ResourceGroupsTaggingAPI_20170126",
		"InvalidParameterException",
		"InternalServiceException",
	).throttledAs("ThrottledException"),
	"ssm":   jsonWire("AmazonSSM", "ValidationException", "InternalServerError"),
	"iam":   queryWire("2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/", "ServiceFailure"),
	"sts":   queryWire("2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/", "InternalFailure"),
	"elbv2": queryWire("2015-12-01", "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/", "InternalFailure"),
}

func jsonWire(target, invalid, fault string) *wire {
	return &wire{json: true, target: target, denied: "AccessDeniedException", deniedStatus: http.StatusBadRequest, throttle: "ThrottlingException",
		malformed: "SerializationException", invalid: invalid, fault: fault, faultStatus: http.StatusInternalServerError}
}

func queryWire(version, namespace, fault string) *wire {
	return &wire{version: version, namespace: namespace, denied: "AccessDenied", deniedStatus: http.StatusForbidden, throttle: "Throttling",
		malformed: "MalformedInput", invalid: "ValidationError", fault: fault, faultStatus: http.StatusInternalServerError}
}

func (w *wire) throttledAs(code string) *wire {
	w.throttle = code
	return w
}

// throttled is the answer to one call too many.
func (w *wire) throttled() *apiError { return refuse(w.throttle, "Rate exceeded") }

// broken is a server fault.
func (w *wire) broken() *apiError {
	return refuseStatus(w.faultStatus, w.fault, "Service Unavailable. Please try again later.")
}

// serviceOfTarget finds a JSON service by its target prefix.
var serviceOfTarget = func() map[string]string {
	services := map[string]string{}
	for service, w := range wires {
		if w.json {
			services[w.target] = service
		}
	}
	return services
}()

// serviceOfQuery finds a query service by the version of its API, or else by the scope its credentials were signed for.
func serviceOfQuery(version, authorization string) string {
	for service, w := range wires {
		if !w.json && w.version == version {
			return service
		}
	}
	// Credential=AKID/date/region/service/aws4_request
	if _, scope, found := strings.Cut(authorization, "Credential="); found {
		if parts := strings.Split(scope, "/"); len(parts) > 3 {
			return parts[3]
		}
	}
	return ""
}

// wireOf guesses the protocol of a request whose operation is not known, so that even its refusal can be read.
func wireOf(r *http.Request) *wire {
	if r.Header.Get("X-Amz-Target") != "" || strings.Contains(r.Header.Get("Content-Type"), "json") {
		return wires["ecs"]
	}
	return wires["sts"]
}

// answerer writes the one answer of a request.
type answerer struct {
	w    http.ResponseWriter
	id   string
	wire *wire
}

func (a *answerer) refuse(e *apiError) {
	if a.wire.json {
		a.write(e.status(), jsonError(e))
	} else {
		a.write(e.status(), xmlError(e, a.wire.namespace, a.id))
	}
}

func (a *answerer) write(status int, body []byte) {
	contentType := "application/x-amz-json-1.1"
	if !a.wire.json {
		contentType = "text/xml"
	}
	a.w.Header().Set("Content-Type", contentType)
	a.w.Header().Set("x-amzn-RequestId", a.id)
	a.w.WriteHeader(status)
	_, _ = a.w.Write(body) // a client that is gone will not hear it; AWS does not mind either
}

func jsonError(e *apiError) []byte {
	members := map[string]any{"__type": e.Code, "message": e.Message}
	for name, value := range e.Fields {
		members[name] = value
	}
	body, err := json.Marshal(members)
	if err != nil {
		body, _ = json.Marshal(map[string]string{"__type": "InternalFailure", "message": err.Error()})
	}
	return body
}

func xmlError(e *apiError, namespace, id string) []byte {
	type detail struct{ Type, Code, Message string }
	fault := "Sender"
	if e.status() >= http.StatusInternalServerError {
		fault = "Receiver"
	}
	body, _ := xml.Marshal(struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		Namespace string   `xml:"xmlns,attr"`
		Error     detail
		RequestId string
	}{Namespace: namespace, Error: detail{fault, e.Code, e.Message}, RequestId: id})
	return body
}

// decodeJSON decodes a JSON 1.1 body into an SDK struct. An empty body is an empty input.
func decodeJSON(body []byte, in any) error {
	return jsonutil.UnmarshalJSON(in, bytes.NewReader(body))
}

// nullMember names the first list or map that has a null in it, "" when there is none. The SDK's Validate lets them through, its encoder
// makes broken JSON of them.
func nullMember(v reflect.Value, at string) string {
	switch v.Kind() {
	case reflect.Pointer:
		return nullMember(v.Elem(), at)
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				if found := nullMember(v.Field(i), at+"."+field.Name); found != "" {
					return found
				}
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if found := nullItem(v.Index(i), at); found != "" {
				return found
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if found := nullItem(v.MapIndex(key), at); found != "" {
				return found
			}
		}
	}
	return ""
}

func nullItem(v reflect.Value, at string) string {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return at
	}
	return nullMember(v, at)
}

// encodeJSON encodes an SDK struct as a JSON 1.1 body.
func encodeJSON(out any) ([]byte, error) {
	return jsonutil.BuildJSON(out)
}

// enveloped lets xmlutil name the element that an output becomes, which the SDK's output structs do not do themselves.
type enveloped[Out any] struct {
	_      struct{} `locationName:"Envelope"`
	Result *Out     `locationName:"Result"`
}

// encodeXML encodes an SDK struct as the answer to a query: <OpResponse><OpResult>…</OpResult><ResponseMetadata/></OpResponse>.
func encodeXML[Out any](operation, namespace, requestID string, out *Out) ([]byte, error) {
	var inner bytes.Buffer
	if err := xmlutil.BuildXML(enveloped[Out]{Result: out}, xml.NewEncoder(&inner)); err != nil {
		return nil, err
	}
	result := strings.TrimSuffix(strings.TrimPrefix(inner.String(), "<Envelope><Result>"), "</Result></Envelope>")
	var b bytes.Buffer
	b.WriteString("<" + operation + "Response xmlns=\"" + namespace + "\">")
	b.WriteString("<" + operation + "Result>" + result + "</" + operation + "Result>")
	b.WriteString("<ResponseMetadata><RequestId>" + requestID + "</RequestId></ResponseMetadata>")
	b.WriteString("</" + operation + "Response>")
	return b.Bytes(), nil
}
