package awsclient

import (
	"net/http"
	"strings"

	"ecs-api/common"
)

var throttleCodes = map[string]bool{
	"ProvisionedThroughputExceededException": true,
	"ThrottledException":                     true, // tagging API
	"Throttling":                             true, // IAM, STS, ELBv2
	"ThrottlingException":                    true, // ECS, SSM, Logs, Secrets Manager, Cloud Map
	"RequestLimitExceeded":                   true, // Cloud Map, EC2
	"RequestThrottled":                       true,
	"RequestThrottledException":              true,
	"TooManyRequestsException":               true,
	"PriorRequestNotComplete":                true,
	"TransactionInProgressException":         true,
	"EC2ThrottledException":                  true,
	"SlowDown":                               true,
	"BandwidthLimitExceeded":                 true,
}

// throttleWords are how a throttle hides in the message of another code, in lower case.
var throttleWords = []string{
	"rate exceeded",
	"too many requests",
	"request limit exceeded",
	"too many concurrent attempts", // ECS, a ClientException: revisions of one family registered at once
}

// isThrottle says whether AWS refused a call for its rate.
func isThrottle(err error) bool {
	return throttleCodes[codeOf(err)] || statusOf(err) == http.StatusTooManyRequests || containsAny(messageOf(err), throttleWords)
}

// noCredentials are the codes of the SDK's credential chain.
var noCredentials = map[string]bool{
	"NoCredentialProviders":         true,
	"CredentialsEndpointError":      true,
	"EC2MetadataError":              true,
	"EC2RoleRequestError":           true,
	"EnvAccessKeyNotFound":          true,
	"EnvSecretNotFound":             true,
	"ProcessProviderExecutionError": true,
	"SharedCredsLoad":               true,
	"SharedCredsAccessKey":          true,
	"SharedCredsSecret":             true,
	"SSOProviderInvalidToken":       true,
	"StaticCredentialsEmpty":        true,
	"WebIdentityErr":                true,
}

// exceptions are the codes whose kind neither their name nor their status tells. The first that fits decides; words are in lower case.
var exceptions = []struct {
	code  string // "": any
	words string // in the message; "": any
	kind  common.Kind
}{
	{"ClientException", "unable to describe task definition", common.NotFound}, // instead of a NotFound
	{"ClientException", "task definition does not exist", common.NotFound},
	{"ClientException", "", common.Invalid},
	{"InvalidParameterException", "creation of service was not idempotent", common.Conflict}, // the name is taken
	{"InvalidParameterException", "still draining", common.Conflict},
	{"InvalidParameterException", "deployments are active", common.Conflict},
	{"InvalidParameterException", "referenced task was not found", common.NotFound}, // StopTask
	{"InvalidRequestException", "scheduled for deletion", common.Conflict},          // Secrets Manager: the name is held
	{"InvalidRequestException", "was deleted", common.Conflict},
	{"InvalidRequestException", "marked for deletion", common.Conflict},
	{"InvalidRequestException", "marked deleted", common.Conflict},

	{"NoSuchEntity", "", common.NotFound}, // IAM
	{"DeleteConflict", "", common.Conflict},
	{"ConcurrentModification", "", common.Conflict},
	{"EntityTemporarilyUnmodifiable", "", common.Conflict},
	{"MalformedPolicyDocument", "", common.Invalid},
	{"MalformedPolicyDocumentException", "", common.Invalid},

	{"ResourceExistsException", "", common.Conflict}, // Secrets Manager
	{"ServiceNotActiveException", "", common.Conflict},
	{"UpdateInProgressException", "", common.Conflict},
	{"ConflictException", "", common.Conflict},
	{"DuplicateRequest", "", common.Conflict}, // Cloud Map
	{"OperationAbortedException", "", common.Conflict},
	{"TooManyUpdates", "", common.Conflict},
	{"BlockedException", "", common.Forbidden}, // ECS: the account

	{"ExpiredToken", "", common.Forbidden},
	{"ExpiredTokenException", "", common.Forbidden},
	{"RequestExpired", "", common.Forbidden},
	{"InvalidClientTokenId", "", common.Forbidden},
	{"InvalidAccessKeyId", "", common.Forbidden},
	{"InvalidSignatureException", "", common.Forbidden},
	{"SignatureDoesNotMatch", "", common.Forbidden},
	{"IncompleteSignature", "", common.Forbidden},
	{"MissingAuthenticationToken", "", common.Forbidden},
	{"MissingAuthenticationTokenException", "", common.Forbidden},
	{"UnauthorizedOperation", "", common.Forbidden},
	{"UnrecognizedClientException", "", common.Forbidden},
	{"AuthFailure", "", common.Forbidden},
	{"OptInRequired", "", common.Forbidden},
	{"RegionDisabledException", "", common.Forbidden},

	{"MissingRegion", "", common.Unavailable},
	{"MissingEndpoint", "", common.Unavailable},
	{"UnknownEndpointError", "", common.Unavailable},
	{"ParamRequired", "", common.Invalid},
	{"ServiceUnavailable", "", common.Failed},
	{"ServiceUnavailableException", "", common.Failed},
	{"InternalFailure", "", common.Failed},
}

func exception(code, message string) (common.Kind, bool) {
	if noCredentials[code] {
		return common.Unavailable, true
	}
	message = strings.ToLower(message)
	for _, e := range exceptions {
		if e.code == code && strings.Contains(message, e.words) {
			return e.kind, true
		}
	}
	return common.Internal, false
}

// nameRules classify by what AWS's codes have in common; the first that fits decides.
var nameRules = []struct {
	part string
	kind common.Kind
}{
	{"AccessDenied", common.Forbidden},
	{"NotFound", common.NotFound},
	{"AlreadyExists", common.Conflict},
	{"InUse", common.Conflict},
	{"ClusterContains", common.Conflict},
	{"Limit", common.Conflict},
	{"QuotaExceeded", common.Conflict},
	{"Validation", common.Invalid},
}

func nameRule(code string) (common.Kind, bool) {
	for _, rule := range nameRules {
		if strings.Contains(code, rule.part) {
			return rule.kind, true
		}
	}
	return common.Invalid, strings.HasPrefix(code, "Invalid")
}

func containsAny(s string, words []string) bool {
	for _, word := range words {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}
