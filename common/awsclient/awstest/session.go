package awstest

import (
	"testing"

	"github.com/aws/aws-sdk-go/aws/session"

	"ecs-api/common/awsclient"
)

// Options are good ones for an account on the server.
func (s *Server) Options(t testing.TB) awsclient.Options {
	return awsclient.Options{
		Name:            "test",
		Region:          "us-east-1",
		AccessKeyID:     "AKIDTEST",
		SecretAccessKey: "secret",
		Endpoint:        "http://aws.test",
		Transport:       s.Transport(t),
	}
}

// Session makes a session of an account on the server.
func (s *Server) Session(t testing.TB) *session.Session {
	return Session(t, s.Options(t))
}

// Session makes a session of these options, or ends the test.
func Session(t testing.TB, o awsclient.Options) *session.Session {
	t.Helper()
	sess, err := awsclient.NewSession(o)
	if err != nil {
		t.Fatal(err)
	}
	return sess
}
