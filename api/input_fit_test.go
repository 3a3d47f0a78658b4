package api_test

import (
	"net/http"
	"strings"
	"testing"

	"ecs-api/orchestration"
	"ecs-api/sandbox"

	"github.com/aws/aws-sdk-go/aws"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
)

// What only a look can tell is told before anything is changed, too.
func TestBadInputByWhatStands(t *testing.T) {
	const named = `"service": {"cluster": "myclu", "desiredcount": 1, "servicename": "other", "taskdefinition": "webservers"`
	cases := []badInput{
		{"a provider that the cluster has not", body(cluster, definition, `"service": {"desiredcount": 1, "servicename": "other", "capacityproviderstrategy": [{"capacityprovider": "mine"}]}`), theStrategy + "/0/CapacityProvider"},
		{"a provider that the new cluster will not have", body(`"cluster": {"clustername": "new"}`, strings.Replace(definition, "webservers", "others", 1),
			`"service": {"desiredcount": 1, "servicename": "other", "capacityproviderstrategy": [{"capacityprovider": "mine"}]}`), theStrategy + "/0/CapacityProvider"},
		{"a new cluster with nowhere to run", body(`"cluster": {"clustername": "new", "capacityproviders": ["mine"]}`, strings.Replace(definition, "webservers", "others", 1),
			`"service": {"desiredcount": 1, "servicename": "other"}`), theStrategy},
		{"a container that the named definition has not", body(named + `, "loadbalancers": [{` + aTargetGroup + `, "containername": "web", "containerport": 80}]}`), theBalancer + "/ContainerName"},
		{"a port that the named definition has not", body(named + `, "loadbalancers": [{` + aTargetGroup + `, "containername": "webserver", "containerport": 81}]}`), theBalancer + "/ContainerPort"},
		{"a connection that the named definition has not", body(named + `, "serviceconnectconfiguration": {"enabled": true, "services": [{"portname": "web"}]}}`), theConnection + "/Services/0/PortName"},
		{"a disk that the named definition has not", body(named + `, "volumeconfigurations": [{"name": "data", "managedebsvolume": {` + aDisk + `}}]}`), theDisk + "/Name"},
	}
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
		before := w.aws.Inventory()
		for _, c := range cases {
			w.aws.ResetCalls()
			answered := w.send("POST", "/services", c.body)
			if answered.status != http.StatusBadRequest {
				w.Errorf("%s: %d %s", c.name, answered.status, answered.body)
				continue
			}
			if told := answered.problem(w).Errors; len(told) != 1 || told[0].Pointer != c.pointer {
				w.Errorf("%s: %s is not told alone in %s", c.name, c.pointer, answered.body)
			}
			for _, call := range w.aws.Calls() {
				if call.Mutating {
					w.Errorf("%s: %s was asked", c.name, call.Operation)
				}
			}
		}
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

func TestAnAccountWithoutSubnets(t *testing.T) {
	inWorld(t, func(w *world) {
		told := w.must(http.StatusBadRequest, "POST", "/services", everything).problem(w)
		if len(told.Errors) != 1 || told.Errors[0].Pointer != theVPC+"/Subnets" || len(w.aws.Calls()) > 1 {
			w.Errorf("told %+v", told.Errors)
		}
		w.must(http.StatusOK, "POST", "/services", inVPC(`"subnets": ["subnet-0a1b2c3d4e5f60718"]`))
	}, func(o *orchestration.Options) { o.Subnets = nil })
}

// A missing part keeps nothing else from being told.
func TestAMissingServiceIsNotAllThatIsTold(t *testing.T) {
	inWorld(t, func(w *world) {
		for _, request := range []string{
			`{"service": null, "cluster": {"clustername": ""}, "taskdefinition": {}, "credentials": {"x": {}}, "serviceregistry": {}, "tags": [{}]}`,
			`{"cluster": {"clustername": ""}, "taskdefinition": {}, "credentials": {"x": {}}, "serviceregistry": {}, "tags": [{}]}`,
		} {
			told := map[string]bool{}
			for _, e := range w.must(http.StatusBadRequest, "POST", "/services", request).problem(w).Errors {
				told[e.Pointer] = true
			}
			for _, pointer := range []string{"/service", "/cluster/ClusterName", "/taskdefinition/Family", "/taskdefinition/Cpu", "/taskdefinition/ContainerDefinitions",
				"/credentials/x", "/serviceregistry/Name", "/serviceregistry/NamespaceId", "/tags/0/Key"} {
				if !told[pointer] {
					w.Errorf("%s is not told of %s", pointer, request)
				}
			}
		}
		if only := w.must(http.StatusBadRequest, "POST", "/services", `{}`).problem(w).Errors; len(only) != 1 {
			w.Errorf("of an empty request: %+v", only)
		}
	})
}

// What a request refers to must be ours, wherever it stands.
func TestReferencesThatAreNotOurs(t *testing.T) {
	const theirs = `arn:aws:secretsmanager:us-east-1:001122334455:secret:theirs-abcdef`
	const admin = `arn:aws:iam::001122334455:role/admin`
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		for name, request := range map[string]string{
			"the role of a disk": strings.Replace(inService(`"volumeconfigurations": [{"name": "data", "managedebsvolume": {"sizeingib": 1, "rolearn": "`+admin+`"}}]`),
				`"cpu": "256"`, `"volumes": [{"name": "data", "configuredatlaunch": true}], "cpu": "256"`, 1),
			"the secret of a connection's log": inService(`"serviceconnectconfiguration": {"enabled": true, "logconfiguration": {"logdriver": "splunk", "secretoptions": [{"name": "x", "valuefrom": "` + theirs + `"}]}}`),
			"the role of a connection": strings.Replace(inService(`"serviceconnectconfiguration": {"enabled": true, "services": [{"portname": "web", "tls": {"issuercertificateauthority": {}, "rolearn": "`+admin+`"}}]}`),
				`"ContainerPort": 80`, `"name": "web", "ContainerPort": 80`, 1),
			"the secret of a file system":    inDefinition(`"volumes": [{"name": "a", "fsxwindowsfileservervolumeconfiguration": {"filesystemid": "fs-1", "rootdirectory": "/", "authorizationconfig": {"domain": "x", "credentialsparameter": "` + theirs + `"}}}]`),
			"the parameter of a file system": inDefinition(`"volumes": [{"name": "a", "fsxwindowsfileservervolumeconfiguration": {"filesystemid": "fs-1", "rootdirectory": "/", "authorizationconfig": {"domain": "x", "credentialsparameter": "arn:aws:ssm:us-east-1:001122334455:parameter/theirs/x"}}}]`),
			"the secret of a container":      put(`"secrets": []`, `"secrets": [{"name": "X", "valuefrom": "`+theirs+`"}]`),
			"the role of a task":             inDefinition(`"taskrolearn": "` + admin + `"`),
		} {
			if answered := w.send("POST", "/services", request); answered.status != http.StatusNotFound {
				w.Errorf("%s: %d %s", name, answered.status, answered.body)
			}
		}
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

// A secret that is scheduled for deletion can be named by no one: its value cannot be read.
func TestASecretAboutToGoIsNone(t *testing.T) {
	inWorld(t, func(w *world) {
		secrets := awssecrets.New(w.account.Session)
		made, err := secrets.CreateSecret(&awssecrets.CreateSecretInput{Name: aws.String("spinup/myorg/myclu/old"), SecretString: aws.String("x"),
			Tags: []*awssecrets.Tag{{Key: aws.String("spinup:org"), Value: aws.String("myorg")}}})
		if err != nil {
			w.Fatal(err)
		}
		if _, err := secrets.DeleteSecret(&awssecrets.DeleteSecretInput{SecretId: made.ARN}); err != nil {
			w.Fatal(err)
		}
		before := w.aws.Inventory()
		request := put(`"secrets": []`, `"secrets": [{"name": "X", "valuefrom": "`+*made.ARN+`"}]`)
		if told := w.must(http.StatusNotFound, "POST", "/services", request).problem(w); !strings.Contains(told.Detail, "scheduled for deletion") {
			w.Errorf("told %q", told.Detail)
		}
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
		if _, err := secrets.RestoreSecret(&awssecrets.RestoreSecretInput{SecretId: made.ARN}); err != nil {
			w.Fatal(err)
		}
		w.must(http.StatusOK, "POST", "/services", request)
	})
}
