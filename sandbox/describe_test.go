package sandbox

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
)

// inBubble runs a test against a sandbox of its own, with the real SDK over a network that lets the bubble's clock move.
func inBubble(t *testing.T, test func(t *testing.T, s *Sandbox, p *session.Session)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		listener := NewListener()
		server := &http.Server{Handler: s}
		go server.Serve(listener)
		transport := &http.Transport{DialContext: listener.DialContext}
		t.Cleanup(func() {
			transport.CloseIdleConnections()
			server.Close()
		})
		test(t, s, session.Must(session.NewSession(&aws.Config{
			Region: aws.String("us-east-1"), Endpoint: aws.String("http://sandbox"), Credentials: credentials.NewStaticCredentials("AKID", "SECRET", ""),
			HTTPClient: &http.Client{Transport: transport},
		})))
	})
}

// must gives an answer that may not be an error.
func must[Out any](out Out, err error) Out {
	if err != nil {
		panic(err)
	}
	return out
}

// refused checks the code of an error, and its HTTP status where the error carries one.
func refused(t *testing.T, err error, code string, status int) {
	t.Helper()
	var coded awserr.Error
	if !errors.As(err, &coded) || coded.Code() != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	var failure awserr.RequestFailure
	if errors.As(err, &failure) && failure.StatusCode() != status {
		t.Fatalf("%s came with status %d, want %d", code, failure.StatusCode(), status)
	}
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestOperationsAreListed(t *testing.T) {
	s := New(Options{})
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, operationsPath, nil))
	var listed map[string][]string
	if err := json.Unmarshal(w.Body.Bytes(), &listed); err != nil {
		t.Fatal(err)
	}
	for service, name := range map[string]string{
		"iam": "CreateRole", "sts": "AssumeRole", "secretsmanager": "RestoreSecret", "servicediscovery": "GetOperation", "logs": "GetLogEvents", "tagging": "GetResources",
	} {
		if !slices.Contains(listed[service], name) {
			t.Errorf("%s %s is not listed", service, name)
		}
	}
	if len(s.Calls()) != 0 {
		t.Error("asking for the list counted as a call of AWS")
	}
}
