package api

import (
	"net/http"
	"strings"

	"ecs-api/common"
)

// unbuilt refuses a write that asks for what the documentation promises and nobody has built yet: were it ignored, a dry run would build.
// Invalid, and it names each.
func unbuilt(r *http.Request) error {
	var violations []common.Violation
	refuse := func(pointer, what string) {
		violations = append(violations, common.Violation{Pointer: pointer, Detail: what + " is not available yet"})
	}
	for name, values := range r.URL.Query() {
		switch strings.ToLower(name) { // a dry run that is spelt wrong would build as well
		case "dryrun":
			if yes, ok := truth(unquoted(values)[0]); yes || !ok {
				refuse("/query/"+name, "the query parameter dryRun")
			}
		case "wait":
			refuse("/query/"+name, "the query parameter wait")
		}
	}
	if len(r.Header.Values("Idempotency-Key")) > 0 {
		refuse("/header/Idempotency-Key", "the header Idempotency-Key")
	}
	if prefers(r, "respond-async") {
		refuse("/header/Prefer", "the preference respond-async")
	}
	return common.InvalidInput(violations)
}

// prefers says whether the request states a preference (RFC 7240).
func prefers(r *http.Request, preference string) bool {
	for _, header := range r.Header.Values("Prefer") {
		for _, one := range strings.Split(header, ",") {
			name, _, _ := strings.Cut(one, ";")
			if strings.EqualFold(strings.TrimSpace(name), preference) {
				return true
			}
		}
	}
	return false
}

// writes says whether a method changes things.
func writes(method string) bool {
	switch method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return true
	}
	return false
}
