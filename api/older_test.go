package api_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
)

// olderTags are those of what was made before spinup:org was.
func olderTags(more ...string) []*awsecs.Tag {
	tags := []*awsecs.Tag{{Key: aws.String("yale:org"), Value: aws.String("myorg")}}
	for i := 0; i < len(more); i += 2 {
		tags = append(tags, &awsecs.Tag{Key: aws.String(more[i]), Value: aws.String(more[i+1])})
	}
	return tags
}

// olderCluster makes a cluster as it was made then.
func (w *world) olderCluster(name string) {
	w.Helper()
	if _, err := awsecs.New(w.account.Session).CreateCluster(&awsecs.CreateClusterInput{ClusterName: &name, Tags: olderTags(),
		CapacityProviders:               aws.StringSlice([]string{"FARGATE", "FARGATE_SPOT"}),
		DefaultCapacityProviderStrategy: []*awsecs.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE"), Weight: aws.Int64(1)}}}); err != nil {
		w.Fatal(err)
	}
}

// olderDefinition registers a definition with the role of myclu as it was registered then, that pulls with a secret.
func (w *world) olderDefinition(family, secret string, tags ...string) {
	w.Helper()
	if _, err := awsecs.New(w.account.Session).RegisterTaskDefinition(&awsecs.RegisterTaskDefinitionInput{
		Family: &family, Cpu: aws.String("256"), Memory: aws.String("512"), NetworkMode: aws.String("awsvpc"),
		RequiresCompatibilities: aws.StringSlice([]string{"FARGATE"}), ExecutionRoleArn: aws.String("arn:aws:iam::001122334455:role/myclu-ecsTaskExecution"),
		ContainerDefinitions: []*awsecs.ContainerDefinition{{Name: aws.String("job"), Image: aws.String("busybox:1"),
			RepositoryCredentials: &awsecs.RepositoryCredentials{CredentialsParameter: &secret}}},
		Tags: olderTags(tags...)}); err != nil {
		w.Fatal(err)
	}
}

// stands says whether a secret can be read.
func (w *world) stands(arn string) bool {
	found, err := awssecrets.New(w.account.Session).DescribeSecret(&awssecrets.DescribeSecretInput{SecretId: &arn})
	return err == nil && found.DeletedDate == nil
}

// A replaced secret that a service in an older cluster uses stays.
func TestASecretThatAnOlderClusterUses(t *testing.T) {
	inWorld(t, func(w *world) {
		arn := w.planted("spinup/myorg/shared")
		w.olderCluster("two")
		w.must(http.StatusOK, "POST", "/services", onDefinition("one", "www", pulling("one", arn)))
		w.must(http.StatusOK, "POST", "/services", onDefinition("two", "www", pulling("two", arn)))
		w.ended()
		w.must(http.StatusOK, "PUT", "/clusters/one/services/www",
			`{"TaskDefinition": {"family": "one", "cpu": "256", "memory": "512", "containerdefinitions": [{"name": "webserver", "image": "nginx:2"}]}}`)
		w.ended()
		if !w.stands(arn) {
			w.Error("the secret that two/www runs with is gone")
		}
	})
}

// An older managed definition counts: it is listed, its secrets stay, and so does its cluster.
func TestAnOlderManagedDefinition(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		arn := w.planted("spinup/myorg/myclu/shared")
		w.olderDefinition("older", arn, "spinup:spaceid", "myclu", "spinup:flavor", "task")
		if families := w.list("/clusters/myclu/taskdefs"); !slices.Equal(families, []string{"older"}) {
			w.Errorf("listed %v", families)
		}
		w.must(http.StatusOK, "PUT", www, `{"TaskDefinition": `+pulling("webservers", arn)+`}`)
		w.ended()
		w.must(http.StatusOK, "PUT", www, redefine)
		w.ended()
		w.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
		w.ended()
		if !w.stands(arn) {
			w.Error("the secret that it names is gone")
		}
		w.must(http.StatusOK, "GET", "/clusters/myclu", "")
		w.must(http.StatusConflict, "DELETE", "/clusters/myclu", "")
	})
}

// An older definition, which says no space, is its role's space's.
func TestAnOlderDefinitionSaysItsSpaceByItsRole(t *testing.T) {
	inWorld(t, func(w *world) {
		built(w)
		clustered(w)
		w.olderDefinition("older", w.planted("spinup/myorg/shared"))
		w.must(http.StatusConflict, "POST", barePath+"/tasks", `{"taskdefinition": "older"}`)
		w.must(http.StatusOK, "POST", "/clusters/myclu/tasks", `{"taskdefinition": "older"}`)
		w.ended()
	})
}
