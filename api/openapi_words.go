package api

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// exampleID stands for ids of requests and operations in examples.
const exampleID = "881845dc-6f1c-4f43-a5b5-bf2c1d1b0a52"

const exampleTask = "d8a3f14b9c2e4c5f8f0a6b7c1d2e3f40"

const about = `Builds container services on Amazon ECS Fargate, and what they stand on.

- Paths are below ` + Prefix + `. ` + "`/cluster/`" + ` is another name of ` + "`/clusters/`, `/secret/` of `/secrets/`" + `; repeated slashes count as one. In
  a URL that is written by hand a slash within a name is ` + "`%2F`" + `; clients that are made from this document escape values themselves.
- Names of members in a body match in any case, and are told here as answers write them; members that are not told here are ignored. Keys of maps are
  the caller's. ` + "`null`" + ` is as good as nothing, but in a list or a map it is refused.
- Double quotes around values in the query are dropped. A switch is on with ` + "`true`, `1`" + ` or no value, off with ` + "`false` or `0`" + `.
- HEAD answers where GET does, OPTIONS everywhere, with ` + "`Allow`" + `. Another method is 405, another path 404.
- X-Request-Id comes back with every answer: the caller's, if it has 1 to 128 letters, digits and ` + "`-_.:+/=@`" + `, else a new one.`

func info(version Version) *openapi3.Info {
	given := version.Version
	if given == "" {
		given = "unknown"
	}
	return &openapi3.Info{Title: "ecs-api", Version: given, Description: about,
		License: &openapi3.License{Name: "GNU Affero General Public License v3.0", Identifier: "AGPL-3.0-only"}}
}

// group is a part of the API, and the segments of a path that belong to it.
type group struct {
	name, description string
	segments          []string
}

// groups stand in the order in which they are to be read.
var groups = []group{
	{"Services", "Services with what they stand on, their events and logs.", []string{"services"}},
	{"Task definitions", "Managed task definitions: what tasks are run of.", []string{"taskdefs"}},
	{"Tasks", "Tasks that are run, shown and stopped.", []string{"tasks"}},
	{"Clusters", "Clusters by themselves.", []string{"clusters"}},
	{"Service registries", "Services of Cloud Map by themselves.", []string{"servicediscovery"}},
	{"Secrets", "Secrets of the org. A value is written, never read.", []string{"secrets"}},
	{"Parameters", "Parameters of the org. A value is written, never read.", []string{"params"}},
	{"Load balancers", "What balances the load of a space.", []string{"lbs"}},
	{"Images", "What image registries hold.", []string{"images"}},
	{"Operations", "What became of writes, and what is left of them.", []string{"operations", "leftovers"}},
	{"System", "The process itself.", []string{"ping", "version", "healthz", "readyz", "metrics", "openapi.json", "docs"}},
}

// tagOf gives the group of the last segment that has one; below servicediscovery all is the registries'. "" if there is none.
func tagOf(path string) string {
	tag := ""
	for _, segment := range strings.Split(path, "/") {
		for _, group := range groups {
			for _, own := range group.segments {
				if segment == own && tag != "Service registries" {
					tag = group.name
				}
			}
		}
	}
	return tag
}

// words are what is told of a parameter. The examples fit each other, as those of bodies do: sent one after the other to -sandbox, they work.
type words struct{ description, example string }

// variables are those of the paths: each means the same wherever it stands, but for one at the end of a path that has words of its own.
// Their values are told as they are: who sends them escapes them.
var variables = map[string]words{
	"account":   {"An account of the configuration.", "sandbox"},
	"cluster":   {"The name of a cluster.", "myclu"},
	"service":   {"The name of a service.", "www"},
	"taskdef":   {"The family of a task definition.", "supercool"},
	"task":      {"The id of a task.", exampleTask},
	"secret":    {"The name or ARN of a secret. Only in a URL that is written by hand its slashes are %2F.", "spinup/sandbox/myclu/api-cred"},
	"prefix":    {"The level of a parameter's name below the org's.", "myclu"},
	"param":     {"The last level of a parameter's name.", "newsecret"},
	"space":     {"The id of a space, which is its cluster's name.", "myclu"},
	"operation": {"The id of an operation.", exampleID},
	"id":        {"The id of a service of Cloud Map.", "srv-tvtbgvkkxtts3qlf"},

	"/{account}/taskdefs/{taskdef}": {"A family, family:revision or ARN of a task definition. Only in a URL that is written by hand the slash of an ARN is %2F.", "bare"},
}

// wordsOf gives the words of a variable of a path.
func wordsOf(path, variable string) words {
	if own, has := variables[path]; has && strings.HasSuffix(path, "{"+variable+"}") {
		return own
	}
	return variables[variable]
}

// queryExamples are of the parameters that a query must have.
var queryExamples = map[string]string{
	"image":     "nginx:alpine",
	"task":      exampleTask,
	"container": "webserver",
	"space":     "myclu",
}

// statuses gives the errors that a line may answer with, by what it is.
func statuses(line Line) []int {
	all := []int{http.StatusInternalServerError}
	if !line.Public {
		// A path and a query may be malformed, a token wrong, many tokens unknown.
		all = append(all, http.StatusBadRequest, http.StatusForbidden, http.StatusTooManyRequests)
		// AWS or a registry has not got it, fails, cannot be reached or is slow. The account may be unknown.
		all = append(all, http.StatusNotFound, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout)
	}
	if writes(line.Method) {
		all = append(all, http.StatusConflict)
	}
	if readsBody(line) {
		all = append(all, http.StatusRequestEntityTooLarge)
	}
	return all
}

// troubles are the errors there are, and when they come.
var troubles = map[int]string{
	http.StatusBadRequest:            "The JSON is malformed, input is missing or invalid, or AWS says so.",
	http.StatusForbidden:             "No or a wrong token; or AWS denies the account's role.",
	http.StatusNotFound:              "The account, the path or the resource is not there, or is another org's.",
	http.StatusMethodNotAllowed:      "The path has other methods: see Allow.",
	http.StatusConflict:              "A name is taken or in use, or another operation holds the service.",
	http.StatusRequestEntityTooLarge: "The body is over the limit.",
	http.StatusTooManyRequests:       "AWS or an image registry limits, or too many unknown tokens wait to be checked.",
	http.StatusInternalServerError:   "Our fault. The cause is in the log under the request's id.",
	http.StatusBadGateway:            "AWS or an image registry answers with a fault.",
	http.StatusServiceUnavailable:    "AWS or an image registry cannot be reached, or this process is stopping.",
	http.StatusGatewayTimeout:        "It took too long. What had been done is taken back.",
}

// problemName is the component of an error.
func problemName(status int) string { return strings.ReplaceAll(http.StatusText(status), " ", "") }

func (m *manual) problems() openapi3.ResponseBodies {
	m.components["Problem"] = inline(m.problemSchema())
	bodies := openapi3.ResponseBodies{}
	for status, description := range troubles {
		example := map[string]any{}
		for name, value := range outline(status, "…", exampleID) {
			example[name] = value
		}
		sent := openapi3.Headers{}
		for _, name := range append([]string{"X-Request-Id", "X-Operation-Id"}, only[status]...) {
			sent[name] = &openapi3.HeaderRef{Ref: "#/components/headers/" + name}
		}
		bodies[problemName(status)] = &openapi3.ResponseRef{Value: &openapi3.Response{Description: &description, Headers: sent,
			Content: openapi3.Content{"application/problem+json": &openapi3.MediaType{
				Schema: openapi3.NewSchemaRef(componentPath+"Problem", nil), Example: example}}}}
	}
	return bodies
}

// only are the headers that come with one error.
var only = map[int][]string{
	http.StatusMethodNotAllowed: {"Allow"},
	http.StatusTooManyRequests:  {"Retry-After"},
}

func headers() openapi3.Headers {
	header := func(description string, schema *openapi3.Schema, always bool) *openapi3.HeaderRef {
		return &openapi3.HeaderRef{Value: &openapi3.Header{Parameter: openapi3.Parameter{
			Description: description, Required: always, Schema: inline(schema)}}}
	}
	return openapi3.Headers{
		"X-Request-Id":   header("The request's id.", openapi3.NewStringSchema(), true),
		"X-Operation-Id": header("The operation that the answer comes of.", openapi3.NewUUIDSchema(), false),
		"Location":       header("The path of the operation.", openapi3.NewStringSchema(), false),
		"Retry-After":    header("Seconds.", openapi3.NewInt64Schema(), true),
		"Allow":          header("The methods of the path.", openapi3.NewStringSchema(), true),
	}
}

func securitySchemes() openapi3.SecuritySchemes {
	return openapi3.SecuritySchemes{
		"bearer": {Value: &openapi3.SecurityScheme{Type: "http", Scheme: "bearer", Description: "The shared token."}},
		"hash": {Value: &openapi3.SecurityScheme{Type: "apiKey", In: "header", Name: "X-Auth-Token",
			Description: "A bcrypt hash of the shared token, of cost " + strconv.Itoa(maxCost) + " at most."}},
	}
}
