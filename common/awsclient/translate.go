package awsclient

import (
	"net"
	"net/http"
	"regexp"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/pkg/errors"

	"ecs-api/common"
)

// Translate gives an AWS error as a common.Error: its kind, AWS's code, what AWS said, and whether the call may have taken effect
// unheard. It is the only place that does. nil stays nil, and an error that is translated already is given back as it is.
func Translate(err error) error {
	var translated *common.Error
	if err == nil || errors.As(err, &translated) {
		return err
	}
	var lost *unheard
	e := &common.Error{Err: withoutSecrets(err), Unheard: errors.As(err, &lost)}
	var said awserr.Error
	if errors.As(err, &said) {
		e.Code = said.Code()
		e.Kind = kindOf(said)
		e.Message = spoken(e.Kind, said)
		return e
	}
	e.Kind = strangerKind(err)
	e.Message = unspoken[e.Kind]
	return e
}

// strangerKind classifies what does not come from the SDK.
func strangerKind(err error) common.Kind {
	var n net.Error
	switch {
	case isContext(err):
		return common.Deadline
	case errors.As(err, &n):
		return common.Unavailable
	}
	return common.Internal
}

// unspoken are the messages where not AWS speaks but the SDK, with addresses and stacks that are for the log.
var unspoken = map[common.Kind]string{
	common.Deadline:    "the call to AWS ran past its time or was cancelled",
	common.Unavailable: "AWS cannot be reached",
	common.Failed:      "AWS's answer cannot be read",
	common.Internal:    "the call to AWS failed",
}

// kindOf goes from the surest sign to the least sure: who stopped the call, what AWS's code is known to mean, what its name says, its HTTP
// status.
func kindOf(said awserr.Error) common.Kind {
	code, message := said.Code(), said.Message()
	switch {
	case code == request.CanceledErrorCode || within(said, isContext):
		return common.Deadline
	case isThrottle(said):
		return common.Throttled
	case code == request.ErrCodeRequestError || code == request.ErrCodeRead || code == request.ErrCodeResponseTimeout:
		return common.Unavailable
	case code == request.ErrCodeSerialization || code == "UnknownError":
		return unreadKind(said)
	}
	if kind, known := exception(code, message); known {
		return kind
	}
	if kind, known := nameRule(code); known {
		return kind
	}
	return statusKind(statusOf(said))
}

// unreadKind is for answers that are not AWS's: a proxy's page, a cut.
func unreadKind(said awserr.Error) common.Kind {
	if status := statusOf(said); status == http.StatusUnauthorized || status == http.StatusForbidden {
		return common.Forbidden
	}
	return common.Failed
}

func statusOf(err error) int {
	var failure awserr.RequestFailure
	if errors.As(err, &failure) {
		return failure.StatusCode()
	}
	return 0
}

func statusKind(status int) common.Kind {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return common.Forbidden
	case status == http.StatusNotFound:
		return common.NotFound
	case status == http.StatusConflict:
		return common.Conflict
	case status >= 400 && status < 500:
		return common.Invalid
	case status >= 500:
		return common.Failed
	}
	return common.Internal
}

// spoken gives AWS's words with its code, on one line; where the SDK speaks, ours.
func spoken(kind common.Kind, said awserr.Error) string {
	switch code := said.Code(); {
	case noCredentials[code]:
		return "there are no credentials for AWS (" + code + ")"
	case kind == common.Deadline, code == request.ErrCodeRequestError, code == request.ErrCodeRead, code == request.ErrCodeResponseTimeout:
		return unspoken[kind]
	case code == request.ErrCodeSerialization, code == "UnknownError":
		return unspoken[common.Failed]
	}
	message := said.Message()
	var faults request.ErrInvalidParams
	if errors.As(said, &faults) {
		message = faults.Error() // its message only counts them
	}
	return tidy(said.Code(), message)
}

const longest = 2000

// secretValue finds where AWS quotes a refused value of a member whose name says that it is secret.
var secretValue = regexp.MustCompile(`(?is)value '.*?' at '([^']*(?:secret|password|value|token)[^']*)'`)

const withoutValue = "value at '$1'"

// hushed is an error whose text is not for the log, as it is: AWS quoted a secret.
type hushed struct{ err error }

func (h *hushed) Error() string { return secretValue.ReplaceAllString(h.err.Error(), withoutValue) }
func (h *hushed) Unwrap() error { return h.err }

func withoutSecrets(err error) error {
	if secretValue.MatchString(err.Error()) {
		return &hushed{err}
	}
	return err
}

// tidy puts a code and a message on one line of bounded length.
func tidy(code, message string) string {
	message = secretValue.ReplaceAllString(message, withoutValue)
	if !strings.HasPrefix(message, code+":") {
		message = code + ": " + message
	}
	message = strings.ToValidUTF8(message, "\uFFFD")
	message = strings.Join(strings.FieldsFunc(message, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	message = strings.Trim(message, ": ")
	if len(message) > longest {
		message = strings.ToValidUTF8(message[:longest], "") + "…"
	}
	return message
}

// codeOf gives the AWS code in err's chain, also of one that is translated.
func codeOf(err error) string {
	var said awserr.Error
	if errors.As(err, &said) {
		return said.Code()
	}
	return common.CodeOf(err)
}

// messageOf gives AWS's words in err's chain, in lower case, also of one that is translated.
func messageOf(err error) string {
	var said awserr.Error
	if errors.As(err, &said) {
		return strings.ToLower(said.Message())
	}
	var e *common.Error
	if errors.As(err, &e) {
		return strings.ToLower(e.Message)
	}
	return ""
}
