package api

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/pkg/errors"
	"github.com/swaggest/swgui/v5/static"
)

// docsFiles are the page and what starts it.
//
//go:embed docs
var docsFiles embed.FS

// docsParts are the files that the page asks for. They stand in the table one by one, since /docs/{file} would fit the paths of an account
// of that name.
var docsParts = []string{"start.js", "swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"}

// docsPolicy lets the page ask this host and no other, and run nothing but its parts. (CSP Level 3, section 6.)
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// docsRoutes serve the OpenAPI document as a page to read: Swagger UI, out of the binary. Of swgui only the files are taken; its handler
// needs html/template, with which the linker drops no method of any type: which is 11 MB of the SDK here.
func docsRoutes[A any]() []Route[A] {
	routes := []Route[A]{foreign[A]("/docs", "Show the API in a browser", "text/html", docsFile("index.html")).named("ShowDocs")}
	for _, name := range docsParts {
		part := foreign[A]("/docs/"+name, "A part of /docs", "", docsFile(name))
		part.Part = true
		routes = append(routes, part)
	}
	return routes
}

// docsFile serves one file.
func docsFile(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, zipped, err := readDocs(name)
		if zipped && err == nil {
			w.Header().Set("Vary", "Accept-Encoding")
			if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				w.Header().Set("Content-Encoding", "gzip")
			} else {
				content, err = unzipped(content)
			}
		}
		if err != nil {
			fail(w, r, err)
			return
		}
		w.Header().Set("Content-Security-Policy", docsPolicy)
		w.Header().Set("Referrer-Policy", "no-referrer")
		write(w, http.StatusOK, mime.TypeByExtension(path.Ext(name)), content)
	})
}

// readDocs gives a file of ours or of Swagger UI's, which has the larger ones zipped.
func readDocs(name string) (content []byte, zipped bool, err error) {
	if content, err = docsFiles.ReadFile("docs/" + name); !errors.Is(err, fs.ErrNotExist) {
		return content, false, err
	}
	if content, err = static.FS.ReadFile(name + ".gz"); !errors.Is(err, fs.ErrNotExist) {
		return content, true, err
	}
	content, err = static.FS.ReadFile(name)
	return content, false, errors.Wrap(err, "reading a part of /docs")
}

func unzipped(content []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, errors.Wrap(err, "unzipping a part of /docs")
	}
	whole, err := io.ReadAll(reader)
	return whole, errors.Wrap(err, "unzipping a part of /docs")
}
