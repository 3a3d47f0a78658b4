package api_test

import (
	"net/http"
	"strings"
	"testing"

	"ecs-api/sandbox"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awsiam "github.com/aws/aws-sdk-go/service/iam"
)

const taskTrust = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`

// plantedRole makes a role of an org that no operation made.
func (w *world) plantedRole(name, org string) (arn string) {
	w.Helper()
	out, err := awsiam.New(w.account.Session).CreateRole(&awsiam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(taskTrust),
		Tags: []*awsiam.Tag{{Key: aws.String("spinup:org"), Value: &org}}})
	if err != nil {
		w.Fatal(err)
	}
	return aws.StringValue(out.Role.Arn)
}

const (
	bareRole = "arn:aws:iam::001122334455:role/bare-ecsTaskExecution"
	disk     = `"volumeconfigurations": [{"name": "v", "managedebsvolume": {"sizeingib": 10, "rolearn": "` + bareRole + `"}}]`
)

// onDisk is a definition with a volume that is made where it is run.
var onDisk = strings.Replace(strings.Replace(bareDefinition, `"bare"`, `"disk"`, 1), `"cpu"`, `"volumes": [{"name": "v", "configuredatlaunch": true}], "cpu"`, 1)

// A role of the right name is passed only if it is there and ours: a cluster that was made by itself has none.
func TestARolePassedByItsName(t *testing.T) {
	passes := []struct{ method, path, body string }{
		{"POST", barePath + "/tasks", `{"taskdefinition": "bare", "overrides": {"taskrolearn": "` + bareRole + `"}}`},
		{"POST", barePath + "/tasks", `{"taskdefinition": "bare", "overrides": {"executionrolearn": "` + bareRole + `"}}`},
		{"POST", barePath + "/tasks", `{"taskdefinition": "disk", ` + disk + `}`},
		{"POST", "/services", `{"service": {"cluster": "bare", "desiredcount": 0, "servicename": "onDisk", "taskdefinition": "disk:1", ` + disk + `}}`},
		{"PUT", barePath + "/services/www", `{"Service": {"taskdefinition": "disk:1", ` + disk + `}}`},
	}
	for owner, status := range map[string]int{"": http.StatusNotFound, "theirs": http.StatusNotFound, "myorg": http.StatusOK} {
		inWorld(t, func(w *world) {
			clustered(w)
			w.must(http.StatusOK, "POST", "/taskdefs", bareDefinition)
			w.must(http.StatusOK, "POST", "/taskdefs", onDisk)
			w.must(http.StatusOK, "POST", "/services", `{"service": {"cluster": "bare", "desiredcount": 0, "servicename": "www", "taskdefinition": "bare:1"}}`)
			if owner != "" {
				w.plantedRole("bare-ecsTaskExecution", owner)
			}
			w.ended()
			before := w.aws.Inventory()
			for _, pass := range passes {
				a, trips := w.measured(pass.method, pass.path, pass.body)
				if a.status != status || status == http.StatusOK && trips != 2 {
					w.Errorf("role of %q, %s %s: %d in %d round trips: %s", owner, pass.method, pass.body, a.status, trips, a.body)
				}
			}
			w.ended()
			if diff := sandbox.Diff(before, w.aws.Inventory()); status != http.StatusOK && diff != "" {
				w.Error(diff)
			}
		})
	}
}

// What makes the role of its space may name it.
func TestARoleThatIsMadeAlong(t *testing.T) {
	inWorld(t, func(w *world) {
		const role = "arn:aws:iam::001122334455:role/myclu-ecsTaskExecution"
		volume := strings.Replace(definition, `"cpu"`, `"executionrolearn": "`+role+`", "volumes": [{"name": "v", "configuredatlaunch": true}], "cpu"`, 1)
		made := `"service": {"desiredcount": 1, "servicename": "www", ` + strings.Replace(disk, "bare-", "myclu-", 1) + `}`
		var out struct{ TaskDefinition awsecs.TaskDefinition }
		w.must(http.StatusOK, "POST", "/services", body(cluster, volume, made)).decode(w, &out)
		if aws.StringValue(out.TaskDefinition.ExecutionRoleArn) != role {
			w.Errorf("registered %v", out.TaskDefinition)
		}
		w.ended()
	})
}

// A definition of no space has no role: that whose name is that of the empty one is anybody's.
func TestTheRoleOfNoSpace(t *testing.T) {
	inWorld(t, func(w *world) {
		for _, owner := range []string{"theirs", "myorg"} {
			role := w.plantedRole("-ecsTaskExecution", owner)
			for _, member := range []string{"taskrolearn", "executionrolearn"} {
				w.must(http.StatusNotFound, "POST", "/taskdefs", strings.Replace(bareDefinition, `"cpu"`, `"`+member+`": "`+role+`", "cpu"`, 1))
			}
			if _, err := awsiam.New(w.account.Session).DeleteRole(&awsiam.DeleteRoleInput{RoleName: aws.String("-ecsTaskExecution")}); err != nil {
				w.Fatal(err)
			}
		}
	})
}
