package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// many gives so many members of a list, each with its number in place of #.
func many(count int, member string) string {
	members := make([]string, count)
	for i := range members {
		members[i] = strings.ReplaceAll(member, "#", fmt.Sprint(i))
	}
	return strings.Join(members, ",")
}

const (
	eachContainer = `{"name": "c#", "image": "x"}`
	secretEnv     = `{"name": "S#", "valuefrom": "arn:aws:secretsmanager:us-east-1:001122334455:secret:s#-abcdef"}`
	parameterEnv  = `{"name": "S#", "valuefrom": "/p#"}`
	eachTarget    = `{"containername": "webserver", "containerport": 80,
		"targetgrouparn": "arn:aws:elasticloadbalancing:us-east-1:001122334455:targetgroup/www#/0123456789abcdef"}`
	largeDefinition = `{"family": "x", "cpu": "256", "memory": "512", "executionrolearn": "arn:aws:iam::001122334455:role/bare-ecsTaskExecution", "containerdefinitions": [%s]}`
)

func ofContainers(containers string) string { return fmt.Sprintf(largeDefinition, containers) }

func ofSecrets(secrets string) string {
	return ofContainers(`{"name": "c", "image": "x", "secrets": [` + secrets + `]}`)
}

// What is larger than AWS takes is refused before anything is asked for, and what is looked up for one request has its bounds, and so has
// what is told of it.
func TestRequestsThatAreTooMuch(t *testing.T) {
	inWorld(t, func(w *world) {
		for name, test := range map[string]struct {
			path, body, pointer string
			calls               int
		}{
			"containers":     {"/taskdefs", ofContainers(many(11, eachContainer)), "/ContainerDefinitions", 0},
			"a definition":   {"/taskdefs", ofSecrets(many(8000, secretEnv)), "", 0},
			"one text":       {"/taskdefs", ofContainers(`{"name": "c", "image": "x", "command": ["` + strings.Repeat("x", 64<<10) + `"]}`), "", 0},
			"references":     {"/taskdefs", ofSecrets(many(600, parameterEnv)), "", 10},
			"target groups":  {"/services", body(cluster, definition, `"service": {"servicename": "www", "desiredcount": 1, "loadbalancers": [`+many(6, eachTarget)+`]}`), "/service/LoadBalancers", 0},
			"a managed one":  {"/taskdefs", body(cluster, `"taskdefinition": `+ofContainers(many(11, eachContainer))), "/taskdefinition/ContainerDefinitions", 0},
			"of a service's": {"/services", body(cluster, `"taskdefinition": `+ofSecrets(many(8000, secretEnv)), service), "/taskdefinition", 0},
		} {
			w.aws.ResetCalls()
			a := w.must(http.StatusBadRequest, "POST", test.path, test.body)
			told := a.problem(w)
			if calls := len(w.aws.Calls()); calls > test.calls || len(a.body) > 2000 {
				w.Errorf("%s: %d calls, %d bytes told", name, calls, len(a.body))
			}
			if test.calls == 0 && (len(told.Errors) != 1 || told.Errors[0].Pointer != test.pointer) {
				w.Errorf("%s: told %+v", name, told.Errors)
			}
		}
	})
}

// Ten containers are a definition, and the first of many that are missing are told.
func TestRequestsThatAreNotTooMuch(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/taskdefs", strings.Replace(bareDefinition, `{"name": "job", "image": "busybox:1", "Essential": true}`, many(10, eachContainer), 1))
		w.ended()
		const role = `"executionrolearn": "arn:aws:iam::001122334455:role/bare-ecsTaskExecution", `
		told := w.must(http.StatusNotFound, "POST", "/taskdefs", strings.Replace(ofSecrets(many(300, secretEnv)), role, "", 1)).problem(w)
		if strings.Count(told.Detail, "secret:s") != 20 || !strings.HasSuffix(told.Detail, "; and 280 more") {
			w.Errorf("told %d bytes: %s", len(told.Detail), told.Detail)
		}
	})
}
