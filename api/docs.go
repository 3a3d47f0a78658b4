package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"
)

const docsPath = Prefix + "/docs"

// docsParts are the files that the page asks for. They stand in the table one by one, since /docs/{file} would fit the paths of an account
// of that name.
var docsParts = []string{"swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "favicon-16x16.png", "favicon-32x32.png"}

// docsRoutes serve the OpenAPI document as a page to read, whose every part is in the binary.
func docsRoutes[A any]() []Route[A] {
	ui := sync.OnceValue(newDocs)
	page := foreign[A]("/docs", "Show the API in a browser", "text/html", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { ui().servePage(w) }))
	routes := []Route[A]{page.named("ShowDocs")}
	for _, file := range docsParts {
		part := foreign[A]("/docs/"+file, "A part of /docs", "", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { ui().files.ServeHTTP(w, r) }))
		part.Part = true
		routes = append(routes, part)
	}
	return routes
}

// docs is Swagger UI, set up.
type docs struct {
	files  http.Handler
	page   []byte
	policy string
}

func newDocs() *docs {
	ui := v5emb.NewHandlerWithConfig(swgui.Config{
		Title: "ecs-api", SwaggerJSON: Prefix + "/openapi.json", BasePath: docsPath,
		SettingsUI: map[string]string{"docExpansion": `"none"`, "filter": "true"}, // groups open, operations folded, a field to find a group
	})
	page := &paper{header: http.Header{}}
	ui.ServeHTTP(page, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: docsPath}})
	return &docs{files: ui, page: page.Bytes(), policy: policyOf(page.Bytes())}
}

// policyOf lets the page ask this host and no other, and run what it was served with: scripts and styles within it by their hashes. (CSP
// Level 3, section 2.3.1.)
func policyOf(page []byte) string {
	return "default-src 'none'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" +
		"; script-src 'self'" + hashes(scripts, page) + "; style-src 'self'" + hashes(styles, page)
}

var (
	scripts = regexp.MustCompile(`(?s)<script>(.*?)</script>`)
	styles  = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
)

func hashes(elements *regexp.Regexp, page []byte) string {
	var sources strings.Builder
	for _, element := range elements.FindAllSubmatch(page, -1) {
		hash := sha256.Sum256(element[1])
		sources.WriteString(" 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'")
	}
	return sources.String()
}

func (d *docs) servePage(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", d.policy)
	w.Header().Set("Referrer-Policy", "no-referrer")
	write(w, http.StatusOK, "text/html; charset=utf-8", d.page)
}

// paper is an answer that is kept.
type paper struct {
	bytes.Buffer
	header http.Header
}

func (p *paper) Header() http.Header { return p.header }

func (p *paper) WriteHeader(int) {}
