package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"ecs-api/sandbox"
)

// Every broken rule is a 400 that names the field, and nothing is asked of AWS that changes anything.
func TestBadInput(t *testing.T) {
	broken, long := put, strings.Repeat("x", 48)
	cases := []badInput{
		{"no service", body(cluster, definition), "/service"},
		{"a null service", body(cluster, definition, `"service": null`), "/service"},
		{"no body", ``, ""},
		{"malformed", `{"service": `, ""},
		{"a list", `[]`, ""},
		{"an empty cluster name", broken(`"clustername": "myclu"`, `"clustername": ""`), "/cluster/ClusterName"},
		{"a long cluster name", broken(`"clustername": "myclu"`, `"clustername": "`+long+`"`), "/cluster/ClusterName"},
		{"an odd cluster name", broken(`"clustername": "myclu"`, `"clustername": "my clu"`), "/cluster/ClusterName"},
		{"no cluster at all", body(definition, service), "/service/Cluster"},
		{"two clusters", broken(`"desiredcount": 1`, `"cluster": "other", "desiredcount": 1`), "/service/Cluster"},
		{"a null in a list", broken(`"secrets": []`, `"secrets": [null]`), "/taskdefinition/ContainerDefinitions/0/Secrets/0"},
		{"a null container", broken(`"containerdefinitions": [{`, `"containerdefinitions": [null, {`), "/taskdefinition/ContainerDefinitions/0"},
		{"a null tag", broken(`"tags": [`, `"tags": [null, `), "/tags/0"},
		{"a null credential", body(cluster, definition, service, `"credentials": {"webserver": null}`), "/credentials/webserver"},
		{"a wrong type", broken(`"desiredcount": 1`, `"desiredcount": "1"`), "/service/DesiredCount"},
		{"no count", broken(`"desiredcount": 1, `, ``), "/service/DesiredCount"},
		{"a negative count", broken(`"desiredcount": 1`, `"desiredcount": -1`), "/service/DesiredCount"},
		{"no service name", broken(`, "servicename": "www"`, ``), "/service/ServiceName"},
		{"an odd service name", broken(`"servicename": "www"`, `"servicename": "w/w"`), "/service/ServiceName"},
		{"EC2", broken(`"desiredcount": 1`, `"launchtype": "EC2", "desiredcount": 1`), "/service/LaunchType"},
		{"launch type and strategy", broken(`"desiredcount": 1`, `"launchtype": "FARGATE", "capacityproviderstrategy": [{"capacityprovider": "FARGATE"}], "desiredcount": 1`), "/service/CapacityProviderStrategy"},
		{"a public address", broken(`"desiredcount": 1`, `"networkconfiguration": {"awsvpcconfiguration": {"subnets": ["subnet-1"], "assignpublicip": "ENABLED"}}, "desiredcount": 1`),
			"/service/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp"},
		{"a credential for no container", strings.Replace(everything, `"credentials": {"webserver"`, `"credentials": {"web"`, 1), "/credentials/web"},
		{"credentials without a definition", body(`"service": {"cluster": "myclu", "desiredcount": 1, "servicename": "www", "taskdefinition": "x:1"}`, secret), "/credentials"},
		{"no value", body(cluster, definition, service, `"credentials": {"webserver": {"Name": "x"}}`), "/credentials/webserver"},
		{"an odd secret name", body(cluster, definition, service, `"credentials": {"webserver": {"Name": "x y", "SecretString": "x"}}`), "/credentials/webserver/Name"},
		{"no definition", body(cluster, service), "/service/TaskDefinition"},
		{"two definitions", broken(`"desiredcount": 1`, `"taskdefinition": "other:1", "desiredcount": 1`), "/service/TaskDefinition"},
		{"an odd definition", body(cluster, `"service": {"desiredcount": 1, "servicename": "www", "taskdefinition": "a:b:c"}`), "/service/TaskDefinition"},
		{"a bad CPU size", broken(`"cpu": "256"`, `"cpu": "300"`), "/taskdefinition/Cpu"},
		{"no CPU size", broken(`"cpu": "256", `, ``), "/taskdefinition/Cpu"},
		{"a bad memory size", broken(`"memory": "512"`, `"memory": "4096"`), "/taskdefinition/Memory"},
		{"another network mode", broken(`"cpu": "256"`, `"networkmode": "bridge", "cpu": "256"`), "/taskdefinition/NetworkMode"},
		{"another compatibility", broken(`"cpu": "256"`, `"requirescompatibilities": ["EC2"], "cpu": "256"`), "/taskdefinition/RequiresCompatibilities/0"},
		{"no family", broken(`"family": "webservers", `, ``), "/taskdefinition/Family"},
		{"no image", broken(`"image": "nginx:alpine", `, ``), "/taskdefinition/ContainerDefinitions/0/Image"},
		{"no containers", body(cluster, `"taskdefinition": {"family": "x", "cpu": "256", "memory": "512", "containerdefinitions": []}`, service), "/taskdefinition/ContainerDefinitions"},
		{"a container larger than its task", broken(`"name": "webserver"`, `"memory": 1024, "name": "webserver"`), "/taskdefinition/ContainerDefinitions/0/Memory"},
		{"a credentials ARN that is none", broken(`"name": "webserver"`, `"repositorycredentials": {"credentialsparameter": "arn:nonsense"}, "name": "webserver"`),
			"/taskdefinition/ContainerDefinitions/0/RepositoryCredentials/CredentialsParameter"},
		{"a role that is none", broken(`"cpu": "256"`, `"taskrolearn": "admin", "cpu": "256"`), "/taskdefinition/TaskRoleArn"},
		{"a registry ARN that is none", body(cluster, definition, `"service": {"desiredcount": 1, "servicename": "www", "serviceregistries": [{"registryarn": "srv-1"}]}`), "/service/ServiceRegistries/0/RegistryArn"},
		{"a registry without a namespace", broken(`"namespaceid": "ns-y3uaw6neshhbev3f", `, ``), "/serviceregistry/NamespaceId"},
		{"two registries", broken(`"desiredcount": 1`, `"serviceregistries": [{"registryarn": "arn:aws:servicediscovery:us-east-1:001122334455:service/srv-aaaaaaaaaaaaaaaa"}], "desiredcount": 1`), "/service/ServiceRegistries/0/RegistryArn"},
		{"another org's tag", broken(`{"Key": "OS", "Value": "container"}`, `{"Key": "spinup:org", "Value": "theirs"}`), "/tags/1/Value"},
		{"the same tag twice", broken(`{"Key": "OS", "Value": "container"}`, `{"Key": "CreatedBy", "Value": "me"}`), "/tags/1/Key"},
		{"a reserved tag", broken(`"Key": "OS"`, `"Key": "aws:os"`), "/tags/1/Key"},
	}
	cases = slices.Concat(cases, badServices, badDefinitions, badContainers, badClusters, badRegistries, badTags, badCredentials)
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		for _, c := range cases {
			w.aws.ResetCalls()
			answered := w.send("POST", "/services", c.body)
			if answered.status != http.StatusBadRequest || answered.header.Get("Content-Type") != "application/problem+json" {
				w.Errorf("%s: %d %s", c.name, answered.status, answered.body)
				continue
			}
			named, pointers := false, map[string]bool{}
			for _, e := range answered.problem(w).Errors {
				named = named || e.Pointer == c.pointer && e.Detail != ""
				if pointers[e.Pointer] || strings.Contains(e.Detail, "Input.") {
					w.Errorf("%s: %s is told twice, or in the words of the SDK: %s", c.name, e.Pointer, answered.body)
				}
				pointers[e.Pointer] = true
			}
			if !named {
				w.Errorf("%s: %s is not named in %s", c.name, c.pointer, answered.body)
			}
			if calls := w.aws.Calls(); len(calls) > 0 {
				w.Errorf("%s: AWS was asked %s", c.name, calls[0].Operation)
			}
		}
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

func TestEveryBrokenRuleIsToldAtOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		told := w.must(http.StatusBadRequest, "POST", "/services",
			`{"cluster": {"clustername": "my clu"}, "taskdefinition": {"family": "x", "cpu": "1", "containerdefinitions": [{"name": "a"}]}, "service": {"servicename": "w w"}}`).problem(w)
		if len(told.Errors) < 5 {
			w.Errorf("told only %+v", told.Errors)
		}
	})
}

// What AWS answers becomes a status that says whose fault it is.
func TestWhatAWSAnswers(t *testing.T) {
	cases := []struct {
		name  string
		fault sandbox.Fault
		want  int
	}{
		{"throttled", sandbox.Fault{Service: "ecs", Operation: "CreateCluster", Kind: sandbox.Throttled}, http.StatusTooManyRequests},
		{"throttled while looking", sandbox.Fault{Service: "ecs", Operation: "DescribeClusters", Kind: sandbox.Throttled}, http.StatusTooManyRequests},
		{"denied", sandbox.Fault{Service: "iam", Operation: "CreateRole", Kind: sandbox.Refused}, http.StatusForbidden},
		{"denied while looking", sandbox.Fault{Service: "iam", Operation: "GetRole", Kind: sandbox.Refused}, http.StatusForbidden},
		{"failed while looking", sandbox.Fault{Service: "ecs", Operation: "DescribeClusters", Kind: sandbox.Unheard}, http.StatusBadGateway},
		{"failed", sandbox.Fault{Service: "logs", Operation: "CreateLogGroup", Kind: sandbox.Refused, Code: "ServiceUnavailableException", Message: "down", Status: 500}, http.StatusBadGateway},
		{"unreachable", sandbox.Fault{Service: "ecs", Operation: "DescribeClusters", Kind: sandbox.CutBefore}, http.StatusServiceUnavailable},
		{"invalid", sandbox.Fault{Service: "ecs", Operation: "CreateService", Kind: sandbox.Refused, Code: "InvalidParameterException", Message: "Unable to find subnet"}, http.StatusBadRequest},
		{"taken", sandbox.Fault{Service: "servicediscovery", Operation: "CreateService", Kind: sandbox.Refused, Code: "ServiceAlreadyExists", Message: "taken"}, http.StatusConflict},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				before := w.aws.Inventory()
				w.aws.Inject(c.fault)
				answered := w.must(c.want, "POST", "/services", everything)
				if c.want == http.StatusTooManyRequests && answered.header.Get("Retry-After") == "" {
					w.Error("no Retry-After")
				}
				if c.fault.Message != "" && c.want != http.StatusBadGateway && !strings.Contains(string(answered.body), c.fault.Message) {
					w.Errorf("the reason that AWS gave is not told: %s", answered.body)
				}
				w.ended()
				if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
					w.Error(diff)
				}
			})
		})
	}
}
