package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
)

// operationsPath is where the sandbox lists what it can do. AWS has nothing like it; it lets whoever drives a sandbox from outside see that
// nothing was left out.
const operationsPath = "/_sandbox/operations"

// Operations are the names of all registered operations by service, sorted.
func (s *Sandbox) Operations() map[string][]string {
	names := map[string][]string{}
	for _, op := range s.operations {
		names[op.service] = append(names[op.service], op.name)
	}
	for _, of := range names {
		slices.Sort(of)
	}
	return names
}

// describe answers what is asked about the sandbox itself, and tells whether it did.
func (s *Sandbox) describe(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet || r.URL.Path != operationsPath {
		return false
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s.Operations()) // maps and strings; and a client that is gone will not hear it
	return true
}
