package sandbox

import (
	"fmt"
	"net/http"
)

// apiError is an answer that AWS would give as an error.
type apiError struct {
	Code    string
	Message string
	Status  int            // 400 when zero
	Fields  map[string]any // further members of the error, such as the resourceIds of a ConflictException
}

// Error is for the tests' eyes; on the wire an error has the form of its protocol.
func (e *apiError) Error() string { return e.Code + ": " + e.Message }

// refuse makes a client error with status 400.
func refuse(code, format string, args ...any) *apiError {
	return refuseStatus(http.StatusBadRequest, code, format, args...)
}

// refuseStatus makes an error with another status: IAM's NoSuchEntity is 404, its EntityAlreadyExists 409.
func refuseStatus(status int, code, format string, args ...any) *apiError {
	return &apiError{Code: code, Message: fmt.Sprintf(format, args...), Status: status}
}

// with adds a member to the error, named as on the wire.
func (e *apiError) with(name string, value any) *apiError {
	if e.Fields == nil {
		e.Fields = map[string]any{}
	}
	e.Fields[name] = value
	return e
}

func (e *apiError) status() int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}
