package awsclient

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awssd "github.com/aws/aws-sdk-go/service/servicediscovery"
	"github.com/pkg/errors"

	"ecs-api/common"
)

func newConfig() *aws.Config { return aws.NewConfig() }
func ptr(s string) *string   { return &s }
func said(c, m string) error { return failure(400, c, m) }
func failure(status int, code, message string) error {
	return awserr.NewRequestFailure(awserr.New(code, message, nil), status, "id")
}

func TestTranslate(t *testing.T) {
	for name, test := range map[string]struct {
		err     error
		kind    common.Kind
		message string
	}{
		"throttled":               {said("ThrottlingException", "Rate exceeded"), common.Throttled, "ThrottlingException: Rate exceeded"},
		"throttled, IAM":          {said("Throttling", "Rate exceeded"), common.Throttled, ""},
		"throttled, tagging":      {said("ThrottledException", ""), common.Throttled, "ThrottledException"},
		"throttled, Cloud Map":    {said("RequestLimitExceeded", ""), common.Throttled, ""},
		"throttled, hidden":       {said("ClientException", "Too many concurrent attempts to create a new revision of the specified family."), common.Throttled, ""},
		"throttled, hidden too":   {said("InvalidParameterException", "Rate exceeded while calling EC2"), common.Throttled, ""},
		"throttled by status":     {failure(429, "UnknownError", ""), common.Throttled, ""},
		"cluster absent":          {&awsecs.ClusterNotFoundException{Message_: ptr("Cluster not found.")}, common.NotFound, "ClusterNotFoundException: Cluster not found."},
		"definition absent":       {said("ClientException", "Unable to describe task definition."), common.NotFound, ""},
		"bad definition":          {&awsecs.ClientException{Message_: ptr("Family contains invalid characters.")}, common.Invalid, "ClientException: Family contains invalid characters."},
		"cluster in use":          {&awsecs.ClusterContainsServicesException{}, common.Conflict, "ClusterContainsServicesException"},
		"cluster in use, untyped": {said("ClusterContainsCapacityProviderException", ""), common.Conflict, ""},
		"service not active":      {&awsecs.ServiceNotActiveException{}, common.Conflict, ""},
		"service exists":          {said("InvalidParameterException", "Creation of service was not idempotent."), common.Conflict, ""},
		"service drains":          {said("InvalidParameterException", "Unable to Start a service that is still Draining."), common.Conflict, ""},
		"task absent":             {said("InvalidParameterException", "The referenced task was not found."), common.NotFound, ""},
		"bad subnet":              {said("InvalidParameterException", "Error retrieving subnet information for [s]: (ErrorCode: InvalidSubnetID.NotFound)"), common.Invalid, ""},
		"namespace absent":        {said("NamespaceNotFoundException", ""), common.NotFound, ""},
		"registry exists":         {&awssd.ServiceAlreadyExists{}, common.Conflict, ""},
		"registry in use":         {&awssd.ResourceInUse{}, common.Conflict, ""},
		"duplicate request":       {&awssd.DuplicateRequest{}, common.Conflict, ""},
		"quota":                   {said("LimitExceededException", ""), common.Conflict, ""},
		"role absent":             {failure(404, "NoSuchEntity", "The role with name x cannot be found."), common.NotFound, "NoSuchEntity: The role with name x cannot be found."},
		"role exists":             {failure(409, "EntityAlreadyExists", ""), common.Conflict, ""},
		"role in use":             {failure(409, "DeleteConflict", ""), common.Conflict, ""},
		"bad policy":              {said("MalformedPolicyDocument", ""), common.Invalid, ""},
		"bad role name":           {said("ValidationError", ""), common.Invalid, ""},
		"secret exists":           {said("ResourceExistsException", ""), common.Conflict, ""},
		"secret's name held":      {said("InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion."), common.Conflict, ""},
		"secret: other request":   {said("InvalidRequestException", "no"), common.Invalid, ""},
		"secret absent":           {said("ResourceNotFoundException", ""), common.NotFound, ""},
		"log group exists":        {said("ResourceAlreadyExistsException", ""), common.Conflict, ""},
		"log group busy":          {said("OperationAbortedException", ""), common.Conflict, ""},
		"parameter absent":        {said("ParameterNotFound", ""), common.NotFound, ""},
		"denied":                  {said("AccessDeniedException", "User: x is not authorized"), common.Forbidden, "AccessDeniedException: User: x is not authorized"},
		"denied, IAM":             {failure(403, "AccessDenied", ""), common.Forbidden, ""},
		"expired":                 {said("ExpiredTokenException", ""), common.Forbidden, ""},
		"bad key":                 {failure(403, "InvalidClientTokenId", ""), common.Forbidden, ""},
		"bad signature":           {said("InvalidSignatureException", ""), common.Forbidden, ""},
		"unknown client":          {said("UnrecognizedClientException", ""), common.Forbidden, ""},
		"unknown, 400":            {said("SomethingNew", "said"), common.Invalid, "SomethingNew: said"},
		"unknown, 409":            {failure(409, "SomethingNew", ""), common.Conflict, ""},
		"unknown, 500":            {failure(500, "SomethingNew", ""), common.Failed, ""},
		"server fault":            {failure(500, "ServerException", "Service Unavailable."), common.Failed, "ServerException: Service Unavailable."},
		"garbled":                 {failure(200, request.ErrCodeSerialization, "failed decoding"), common.Failed, "AWS's answer cannot be read"},
		"garbled refusal":         {failure(400, request.ErrCodeSerialization, "failed decoding"), common.Failed, ""},
		"forbidden by a proxy":    {failure(403, request.ErrCodeSerialization, "failed decoding"), common.Forbidden, ""},
		"cancelled":               {awserr.New(request.CanceledErrorCode, "request context canceled", context.Canceled), common.Deadline, "the call to AWS ran past its time or was cancelled"},
		"deadline below":          {awserr.New(request.ErrCodeRequestError, "send request failed", fmt.Errorf("post: %w", context.DeadlineExceeded)), common.Deadline, ""},
		"deadline":                {context.DeadlineExceeded, common.Deadline, ""},
		"network":                 {awserr.New(request.ErrCodeRequestError, "send request failed", &net.DNSError{Name: "ecs.internal"}), common.Unavailable, "AWS cannot be reached"},
		"network, bare":           {&net.DNSError{Name: "ecs.internal"}, common.Unavailable, "AWS cannot be reached"},
		"no credentials":          {awserr.New("NoCredentialProviders", "no valid providers in chain. Deprecated.", nil), common.Unavailable, "there are no credentials for AWS (NoCredentialProviders)"},
		"wrapped":                 {errors.Wrap(said("ResourceInUseException", ""), "delete"), common.Conflict, ""},
		"stranger":                {errors.New("boom"), common.Internal, ""},
		"by the SDK's own rules":  {(&awsecs.CreateServiceInput{}).Validate(), common.Invalid, "InvalidParameter: 1 validation error(s) found. - missing required field, CreateServiceInput.ServiceName."},
		"a secret, quoted":        {said("ValidationException", "1 validation error detected: Value 'hunter2' at 'secretString' failed"), common.Invalid, "ValidationException: 1 validation error detected: value at 'secretString' failed"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Translate(test.err)
			if kind := common.KindOf(err); kind != test.kind {
				t.Errorf("kind %v, want %v", kind, test.kind)
			}
			var e *common.Error
			if !errors.As(err, &e) {
				t.Fatalf("%T", err)
			}
			if test.message != "" && e.Message != test.message {
				t.Errorf("message %q, want %q", e.Message, test.message)
			}
			if e.Unheard {
				t.Error("marked unheard")
			}
			if again := Translate(err); again != err {
				t.Error("translated twice")
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("tells a secret: %v", err)
			}
		})
	}
	if Translate(nil) != nil {
		t.Error("nil became an error")
	}
}

// TestTranslateKeepsTheChain: what AWS sent beside its words stays in reach.
func TestTranslateKeepsTheChain(t *testing.T) {
	err := Translate(&unheard{&awssd.ServiceAlreadyExists{ServiceId: ptr("srv-1")}})
	var exists *awssd.ServiceAlreadyExists
	if !errors.As(err, &exists) || aws.StringValue(exists.ServiceId) != "srv-1" || !common.Unheard(err) || common.CodeOf(err) != "ServiceAlreadyExists" {
		t.Errorf("%#v", err)
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{said("AccessDeniedException", "User: u is not authorized to perform: iam:PassRole on resource: r"), "role"},
		{said("AccessDeniedException", "User: u is not authorized to perform: ecs:CreateService"), ""},
		{said("ClientException", "Role is not valid"), "role"},
		{said("ClientException", "ECS was unable to assume the role 'r' that was provided for this task."), "role"},
		{said("InvalidParameterException", "ECS was unable to assume the configured ECS Infrastructure Role r"), "role"},
		{said("InvalidParameterException", "Please verify that the ECS service role being passed has the proper permissions."), "role"},
		{said("InvalidParameterException", "Unable to assume the service linked role. Please verify that the ECS service linked role exists."), "linked"},
		{said("InvalidParameterException", "Unable to Start a service that is still Draining."), "draining"},
		{said("InvalidParameterException", "Creation of service was not idempotent."), "exists"},
		{said("InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion."), "held"},
		{failure(409, "EntityAlreadyExists", "Role with name r already exists."), "exists"},
		{said("ResourceExistsException", ""), "exists"},
		{said("ResourceAlreadyExistsException", ""), "exists"},
		{&awssd.ServiceAlreadyExists{}, "exists"},
		{said("InvalidRequestException", "no"), ""},
		{errors.New("boom"), ""},
		{nil, ""},
	}
	for _, test := range tests {
		for _, err := range []error{test.err, Translate(test.err)} {
			got := map[string]bool{
				"role": IsRoleNotVisible(err), "linked": IsServiceLinkedRole(err), "draining": IsDraining(err), "held": IsNameHeld(err), "exists": IsAlreadyExists(err),
			}
			for name, is := range got {
				if is != (name == test.want) {
					t.Errorf("%v: %s %v", err, name, is)
				}
			}
		}
	}
}

// FuzzTranslate: whatever AWS says, it becomes one line that is not too long, of a kind, the same every time.
func FuzzTranslate(f *testing.F) {
	f.Add(400, "ClientException", "Unable to describe task definition.")
	f.Add(200, "SerializationError", "failed decoding")
	f.Add(503, "RequestLimitExceeded", "Rate exceeded")
	f.Add(0, "", "")
	f.Add(400, "ValidationException", "Value 'a\nb' at 'secretString' failed; Value 'x' at 'password'")
	f.Fuzz(func(t *testing.T, status int, code, message string) {
		err := Translate(failure(status, code, message))
		var e *common.Error
		if !errors.As(err, &e) {
			t.Fatalf("%T", err)
		}
		if e.Unheard || e.Code != code || common.KindOf(err) != e.Kind || e.Kind.String() == "" {
			t.Errorf("%#v", e)
		}
		if strings.ContainsAny(e.Message, "\n\r\x00") || len(e.Message) > longest+len("…") {
			t.Errorf("message %q", e.Message)
		}
	})
}
