package api_test

import (
	"net/http"
	"strings"
	"testing"

	"ecs-api/sandbox"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// registered registers a revision of the space's own past the API, and names it.
func (w *world) registered(family string, container awsecs.ContainerDefinition) (ref string) {
	w.Helper()
	container.Name, container.Image = aws.String("webserver"), aws.String("nginx:alpine")
	_, err := awsecs.New(w.account.Session).RegisterTaskDefinition(&awsecs.RegisterTaskDefinitionInput{
		Family: &family, Cpu: aws.String("256"), Memory: aws.String("512"), NetworkMode: aws.String("awsvpc"),
		RequiresCompatibilities: aws.StringSlice([]string{"FARGATE"}), ContainerDefinitions: []*awsecs.ContainerDefinition{&container},
		ExecutionRoleArn: aws.String("arn:aws:iam::001122334455:role/myclu-ecsTaskExecution"),
		Tags: []*awsecs.Tag{
			{Key: aws.String("spinup:org"), Value: aws.String("myorg")}, {Key: aws.String("spinup:spaceid"), Value: aws.String("myclu")}}})
	if err != nil {
		w.Fatal(err)
	}
	return family + ":1"
}

// A standing revision whose secret is gone, or about to go, is refused before anything has changed: ECS would take it, and start nothing.
func TestARevisionWhoseSecretIsGoneIsRefused(t *testing.T) {
	pulls := func(arn string) awsecs.ContainerDefinition {
		return awsecs.ContainerDefinition{RepositoryCredentials: &awsecs.RepositoryCredentials{CredentialsParameter: &arn}}
	}
	for name, gone := range map[string]func(w *world) (ref, arn string){
		"credentials that an update retired": func(w *world) (string, string) {
			var show struct{ TaskDefinition awsecs.TaskDefinition }
			w.must(http.StatusOK, "GET", www+"?all=true", "").decode(w, &show)
			w.update(redefine)
			w.ended()
			return "webservers:1", *show.TaskDefinition.ContainerDefinitions[0].RepositoryCredentials.CredentialsParameter
		},
		"credentials about to go": func(w *world) (string, string) {
			arn := w.planted("planted")
			ref := w.registered("other", pulls(arn))
			w.must(http.StatusOK, "DELETE", "/secrets/"+arn, "")
			return ref, arn
		},
		"credentials by name": func(w *world) (string, string) { return w.registered("other", pulls("myclu-none")), "myclu-none" },
		"a value": func(w *world) (string, string) {
			arn := w.planted("planted")
			ref := w.registered("other", awsecs.ContainerDefinition{Secrets: []*awsecs.Secret{{Name: aws.String("A"), ValueFrom: aws.String(arn + ":a::")}}})
			w.must(http.StatusOK, "DELETE", "/secrets/"+arn+"?window=0", "")
			return ref, arn
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				built(w)
				ref, arn := gone(w)
				create := `{"service": {"cluster": "myclu", "desiredcount": 1, "servicename": "two", "taskdefinition": "` + ref + `"}}`
				before := w.aws.Inventory()
				for _, told := range []problem{
					w.must(http.StatusNotFound, "PUT", www, `{"Service": {"TaskDefinition": "`+ref+`"}}`).problem(w),
					w.must(http.StatusNotFound, "PUT", www, `{"Service": {"TaskDefinition": "`+ref+`"}, "Tags": [{"Key": "a", "Value": "b"}]}`).problem(w),
					w.must(http.StatusNotFound, "POST", "/services", create).problem(w),
				} {
					if !strings.Contains(told.Detail, arn) || told.FailedStep != "" {
						w.Errorf("told %+v", told)
					}
				}
				w.ended()
				if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
					w.Error(diff)
				}
			})
		})
	}
}

// To put a service on a standing revision costs no more than to scale it, but for one that this process has not seen, and that names secrets: what they are is
// known once it is read.
func TestRoundTripsOfAStandingRevision(t *testing.T) {
	for name, want := range map[string]int{"without secrets": 2, "with secrets": 3, "with secrets, seen": 2} {
		inWorld(t, func(w *world) {
			built(w)
			container := awsecs.ContainerDefinition{}
			if name != "without secrets" {
				arn := w.planted("planted")
				container.Secrets = []*awsecs.Secret{{Name: aws.String("A"), ValueFrom: &arn}}
			}
			ref := w.registered("other", container)
			if name == "with secrets, seen" {
				w.update(`{"Service": {"TaskDefinition": "` + ref + `"}}`)
				w.ended()
			}
			a, got := w.measured("PUT", www, `{"Service": {"TaskDefinition": "`+ref+`"}}`)
			if a.status != http.StatusOK || got != want {
				w.Errorf("%s: status %d in %d round trips, want %d: %s", name, a.status, got, want, a.body)
			}
		})
	}
}
