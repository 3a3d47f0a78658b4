package api

import (
	"net/http"
	"net/url"
	"strings"
)

// segmentAliases are other names of a segment, where it stands right after the account.
var segmentAliases = map[string]string{"cluster": "clusters", "secret": "secrets"}

// normalised gives the request its one path before the router sees it: no redirect, which would turn a PUT into a GET.
func normalised(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := r.URL.EscapedPath()
		if path := normalPath(given); path != given {
			r = withPath(r, path)
		}
		next.ServeHTTP(w, r)
	})
}

// normalPath works on the encoded path, so that an escaped slash is never taken for one that separates. Repeated slashes become one; the
// aliases of a collection become its name. A trailing slash stays, and matches nothing: were it dropped, a delete of an empty name would be
// one of the collection.
func normalPath(encoded string) string {
	var b strings.Builder
	b.WriteByte('/')
	for i := 0; i < len(encoded); i++ {
		if encoded[i] != '/' || i > 0 && encoded[i-1] != '/' {
			b.WriteByte(encoded[i])
		}
	}
	return withoutAlias(b.String())
}

// withoutAlias replaces the segment after the account alone: accounts, clusters and services may bear an alias as their name.
func withoutAlias(path string) string {
	below, ok := strings.CutPrefix(path, Prefix+"/")
	if !ok {
		return path
	}
	account, rest, _ := strings.Cut(below, "/")
	collection, tail, more := strings.Cut(rest, "/")
	name, ok := segmentAliases[collection]
	if !ok {
		return path
	}
	path = Prefix + "/" + account + "/" + name
	if more {
		path += "/" + tail
	}
	return path
}

func withPath(r *http.Request, encoded string) *http.Request {
	changed := *r
	changed.URL = new(url.URL)
	*changed.URL = *r.URL
	changed.URL.RawPath = encoded
	changed.URL.Path, _ = url.PathUnescape(encoded) // an encoded path decodes
	return &changed
}
