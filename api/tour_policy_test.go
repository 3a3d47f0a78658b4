package api_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ecs-api/common/awsclient"
	"ecs-api/sandbox"

	"github.com/aws/aws-sdk-go/aws"
	awslogs "github.com/aws/aws-sdk-go/service/cloudwatchlogs"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awselb "github.com/aws/aws-sdk-go/service/elbv2"
	awsiam "github.com/aws/aws-sdk-go/service/iam"
	awstagging "github.com/aws/aws-sdk-go/service/resourcegroupstaggingapi"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
	awsssm "github.com/aws/aws-sdk-go/service/ssm"
	awssts "github.com/aws/aws-sdk-go/service/sts"
)

const policyFile = "../docs/iam-policy.json"

// statement is what a part of the policy is about; its actions come from the calls.
type statement struct {
	sid       string
	resources []string
	condition map[string]map[string]any
}

// The names that the API gives, or cannot choose. ${account}, ${region}, ${org} and ${key} are for the reader to fill.
const (
	anything   = "*"
	roles      = "arn:aws:iam::${account}:role/*-ecsTaskExecution"
	logGroups  = "arn:aws:logs:${region}:${account}:log-group:*" // a group is named like its cluster, which the caller names
	secrets    = "arn:aws:secretsmanager:${region}:${account}:secret:*"
	registries = "arn:aws:servicediscovery:${region}:${account}:service/*" // named by Cloud Map
	namespaces = "arn:aws:servicediscovery:${region}:${account}:namespace/*"
)

func ofECS(kind string) string { return "arn:aws:ecs:${region}:${account}:" + kind + "/*" }

func equal(key string, value any) map[string]map[string]any {
	return map[string]map[string]any{"StringEquals": {key: value}}
}

var tagged = equal("aws:RequestTag/spinup:org", "${org}")

// statements are the parts of the policy, in its order.
var statements = []statement{
	// Actions that know no kind of resource, or none that is known before the call.
	{"AnyResource", []string{anything}, nil},
	// What is made carries the org's tag, whatever its name.
	{"MadeForTheOrg", []string{ofECS("service"), roles, logGroups, secrets, registries, namespaces}, tagged},
	// The same where AWS narrows to no resource. It has checked CreateCluster and RegisterTaskDefinition so for years, and does now against what
	// is made: either is fine here, as the tag is what narrows them.
	{"MadeForTheOrgAnywhere", []string{anything}, tagged},
	{"Ecs", []string{ofECS("cluster"), ofECS("service"), ofECS("task-definition"), ofECS("task")}, nil},
	{"Roles", []string{roles}, nil},
	{"RolesForTasks", []string{roles}, equal("iam:PassedToService", "ecs-tasks.amazonaws.com")},
	{"FirstClusterOfAnAccount", []string{"arn:aws:iam::${account}:role/aws-service-role/ecs.amazonaws.com/*"}, equal("iam:AWSServiceName", "ecs.amazonaws.com")},
	// A secret may have any name. Whose it is is read before it is written, and what is absent or another's is 404: a condition on the tag
	// would make AWS say "denied" to the reading, and the API 403.
	{"Secrets", []string{secrets}, nil},
	{"SecretsOfTheOrg", []string{secrets}, equal("aws:ResourceTag/spinup:org", "${org}")},
	{"SecretsOfTheOrgByItsOlderTag", []string{secrets}, equal("aws:ResourceTag/yale:org", "${org}")},
	{"Parameters", []string{"arn:aws:ssm:${region}:${account}:parameter/${org}/*"}, nil},
	{"LogGroups", []string{logGroups}, nil},
	{"Registries", []string{registries, namespaces}, nil},
	{"DnsRecordsOfInstances", []string{"arn:aws:route53:::hostedzone/*", "arn:aws:route53:::healthcheck/*"}, nil},
	{"ValuesUnderTheKey", []string{"arn:aws:kms:${region}:${account}:key/${key}"},
		equal("kms:ViaService", []string{"secretsmanager.${region}.amazonaws.com", "ssm.${region}.amazonaws.com"})},
}

// grant is an action, in the statements that allow it.
type grant struct {
	action string
	in     []string
}

func allow(action string, in ...string) grant { return grant{action, in} }

// own says that an operation needs the action of its name, and no more.
func own(in ...string) []grant { return []grant{{"", in}} }

// needs are the actions that AWS asks for each operation. "" is the action of the operation's own name. Checked against the Service
// Authorization Reference; its dependent actions are told with their reason.
var needs = map[string][]grant{
	"ecs CreateCluster": {allow("", "MadeForTheOrgAnywhere"), allow("ecs:TagResource", "Ecs"), // a create that carries tags is checked for tagging too
		allow("iam:CreateServiceLinkedRole", "FirstClusterOfAnAccount")}, // ECS makes its role with the caller's rights, once an account
	"ecs DeleteCluster":    own("Ecs"),
	"ecs DescribeClusters": own("Ecs"),
	"ecs ListClusters":     own("AnyResource"),
	"ecs RegisterTaskDefinition": {allow("", "MadeForTheOrgAnywhere"), allow("ecs:TagResource", "Ecs"),
		allow("iam:PassRole", "RolesForTasks")}, // the execution and the task role
	"ecs DeregisterTaskDefinition":   own("AnyResource"),
	"ecs DeleteTaskDefinitions":      own("Ecs"),
	"ecs DescribeTaskDefinition":     own("AnyResource"),
	"ecs ListTaskDefinitions":        own("AnyResource"),
	"ecs ListTaskDefinitionFamilies": own("AnyResource"),
	"ecs CreateService":              {allow("", "MadeForTheOrg"), allow("ecs:TagResource", "Ecs")},
	"ecs UpdateService":              own("Ecs"),
	"ecs DeleteService":              own("Ecs"),
	"ecs DescribeServices":           own("Ecs"),
	"ecs ListServices":               own("AnyResource"),
	"ecs RunTask": {allow("", "Ecs"), allow("ecs:TagResource", "Ecs"),
		allow("iam:PassRole", "RolesForTasks")}, // a role in the overrides
	"ecs StopTask":      own("Ecs"),
	"ecs DescribeTasks": own("Ecs"),
	"ecs ListTasks":     own("AnyResource"), // its resource is a container instance, and on Fargate there is none
	"ecs TagResource":   own("Ecs"),
	"ecs UntagResource": own("Ecs"),

	"iam CreateRole":               {allow("", "MadeForTheOrg"), allow("iam:TagRole", "Roles")},
	"iam DeleteRole":               own("Roles"),
	"iam GetRole":                  own("Roles"),
	"iam TagRole":                  own("Roles"),
	"iam UntagRole":                own("Roles"),
	"iam PutRolePolicy":            own("Roles"),
	"iam GetRolePolicy":            own("Roles"),
	"iam DeleteRolePolicy":         own("Roles"),
	"iam ListRolePolicies":         own("Roles"),
	"iam ListAttachedRolePolicies": own("Roles"),
	"iam DetachRolePolicy":         own("Roles"),
	"iam ListRoles":                own("AnyResource"), // the tagging API knows no roles

	"secretsmanager CreateSecret": {allow("", "MadeForTheOrg"), allow("secretsmanager:TagResource", "MadeForTheOrg"),
		allow("kms:GenerateDataKey", "ValuesUnderTheKey"), allow("kms:Decrypt", "ValuesUnderTheKey")},
	"secretsmanager DescribeSecret":           own("Secrets"),
	"secretsmanager ListSecrets":              own("AnyResource"),
	"secretsmanager DeleteSecret":             ofTheOrg,
	"secretsmanager GetSecretValue":           {ofTheOrg[0], allow("kms:Decrypt", "ValuesUnderTheKey")}, // only to move it to another name
	"secretsmanager PutSecretValue":           {ofTheOrg[0], allow("kms:GenerateDataKey", "ValuesUnderTheKey"), allow("kms:Decrypt", "ValuesUnderTheKey")},
	"secretsmanager UpdateSecretVersionStage": ofTheOrg,
	"secretsmanager TagResource":              ofTheOrg,
	"secretsmanager UntagResource":            ofTheOrg,

	"ssm PutParameter": {allow("", "Parameters"), allow("ssm:AddTagsToResource", "Parameters"),
		allow("kms:Encrypt", "ValuesUnderTheKey"), allow("kms:GenerateDataKey", "ValuesUnderTheKey")}, // standard, and advanced parameters
	"ssm DescribeParameters":     own("AnyResource"),
	"ssm DeleteParameter":        own("Parameters"),
	"ssm DeleteParameters":       own("Parameters"),
	"ssm AddTagsToResource":      own("Parameters"),
	"ssm RemoveTagsFromResource": own("Parameters"),
	"ssm ListTagsForResource":    own("Parameters"),

	"servicediscovery CreateService": {allow("", "MadeForTheOrg"),
		allow("servicediscovery:TagResource", "MadeForTheOrgAnywhere")}, // which knows no kind of resource
	"servicediscovery DeleteService": own("Registries"),
	"servicediscovery GetService":    own("Registries"),
	"servicediscovery ListServices":  own("AnyResource"),
	"servicediscovery GetNamespace":  own("Registries"),
	"servicediscovery ListInstances": own("Registries"),
	// Cloud Map takes an instance's records and health check away with the caller's rights.
	"servicediscovery DeregisterInstance": {allow("", "Registries"), allow("route53:ChangeResourceRecordSets", "DnsRecordsOfInstances"),
		allow("route53:GetHealthCheck", "DnsRecordsOfInstances"), allow("route53:UpdateHealthCheck", "DnsRecordsOfInstances"),
		allow("route53:DeleteHealthCheck", "DnsRecordsOfInstances")},
	"servicediscovery ListTagsForResource": own("AnyResource"),

	"logs CreateLogGroup":        {allow("", "MadeForTheOrg"), allow("logs:TagResource", "LogGroups")},
	"logs DeleteLogGroup":        own("LogGroups"),
	"logs DescribeLogGroups":     own("AnyResource"),
	"logs GetLogEvents":          own("LogGroups"),
	"logs PutRetentionPolicy":    own("LogGroups"),
	"logs DeleteRetentionPolicy": own("LogGroups"),
	"logs ListTagsForResource":   own("LogGroups"),
	"logs TagResource":           own("LogGroups"),
	"logs UntagResource":         own("LogGroups"),

	"elbv2 DescribeLoadBalancers": own("AnyResource"),
	"elbv2 DescribeListeners":     own("AnyResource"),
	"elbv2 DescribeRules":         own("AnyResource"),
	"elbv2 DescribeTargetGroups":  own("AnyResource"),
	"elbv2 DescribeTargetHealth":  own("AnyResource"),
	"elbv2 DescribeTags":          own("AnyResource"),

	"tagging GetResources": own("AnyResource"),

	"sts GetCallerIdentity": nil, // everybody may ask it
	"sts AssumeRole":        nil, // with roleArn: it is the right of who assumes the role, and this policy is the role's
}

var ofTheOrg = own("SecretsOfTheOrg", "SecretsOfTheOrgByItsOlderTag")

// episodes are what happens beside the tour: failures and their undoing, deaths and recoveries, values that are moved, sweeps.
var episodes = map[string]func(w *world){
	"a create of everything that fails": func(w *world) {
		w.denied("ecs", "CreateService")
		w.send("POST", "/services", everything)
	},
	"a create on ground that has drifted, and that fails": func(w *world) {
		w.behind(built, func() {
			_, err := awslogs.New(w.account.Session).DeleteRetentionPolicy(&awslogs.DeleteRetentionPolicyInput{LogGroupName: aws.String("myclu")})
			w.elb().no(err)
		})
		w.denied("ecs", "CreateService")
		w.send("POST", "/services", inFamily("other"))
	},
	"an update of everything that fails": func(w *world) {
		w.behind(built)
		w.denied("ecs", "UpdateService")
		w.send("PUT", www, changeAll)
	},
	"an update of a managed task definition that fails": func(w *world) {
		w.behind(defined)
		w.denied("ecs", "RegisterTaskDefinition")
		w.send("PUT", supercoolPath, supercooler)
	},
	"a recursive delete of a role with a policy from elsewhere": func(w *world) {
		w.behind(built, func() {
			_, err := awsiam.New(w.account.Session).AttachRolePolicy(&awsiam.AttachRolePolicyInput{RoleName: aws.String("myclu-ecsTaskExecution"),
				PolicyArn: aws.String("arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess")})
			w.elb().no(err)
		})
		w.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
	},
	"a forced delete of a task definition": func(w *world) {
		w.behind(defined)
		w.run(supercoolPath, `{"Tags": [{"Key": "a", "Value": "b"}]}`)
		w.must(http.StatusAccepted, "DELETE", supercoolPath+"?recursive=true&force=true", "")
	},
	"a secret that is moved, and retired": func(w *world) {
		arn := ""
		w.behind(built, func() { arn = w.planted("planted") })
		w.update(`{"TaskDefinition": ` + pulling("webservers", arn) + `}`)
	},
	"a secret of the older tag, overwritten and retired": func(w *world) {
		w.behind(built, func() {
			tagging := awstagging.New(w.account.Session)
			for arn := range w.arnsOfSecrets() {
				_, err := tagging.TagResources(&awstagging.TagResourcesInput{ResourceARNList: []*string{&arn}, Tags: aws.StringMap(map[string]string{"yale:org": "myorg"})})
				w.elb().no(err)
				_, err = tagging.UntagResources(&awstagging.UntagResourcesInput{ResourceARNList: []*string{&arn}, TagKeys: aws.StringSlice([]string{"spinup:org"})})
				w.elb().no(err)
			}
		})
		w.must(http.StatusOK, "PUT", www, changeAll)
		w.ended()
		w.update(redefine)
	},
	"a parameter whose value is refused after its tags": func(w *world) {
		w.must(http.StatusOK, "POST", "/params/someprefix", madeParameter)
		w.denied("ssm", "PutParameter")
		w.send("PUT", oneParameter, `{"Value": "x", "Tags": [{"Key": "MyKey", "Value": "other"}, {"Key": "New", "Value": "1"}]}`)
	},
	"a secret whose tags are refused after its value": func(w *world) {
		w.must(http.StatusOK, "POST", "/secrets", madeSecret)
		w.denied("secretsmanager", "TagResource")
		w.send("PUT", "/secrets/sshhhhh%2Fdeep", `{"Secret": "x", "Tags": [{"Key": "a", "Value": "b"}]}`)
	},
	"a service behind a load balancer": func(w *world) {
		group := ""
		w.behind(func(*world) { group = w.elb().group("ours", spaceTags("myorg", "myclu")) })
		w.must(http.StatusOK, "POST", "/services", body(cluster, definition, strings.Replace(service, `"servicename"`,
			`"loadbalancers": [{"targetgrouparn": "`+group+`", "containername": "webserver", "containerport": 80}], "servicename"`, 1)))
	},
	"a create whose process dies, and the next one's recovery": func(w *world) {
		m := w.born(w.TempDir(), 22, true)
		w.send("POST", "/services", everything)
		m.buried()
		w.born(m.left, 0, false)
	},
	"an update whose process dies, and the next one's recovery": func(w *world) {
		w.behind(built)
		m := w.born(w.TempDir(), 24, true)
		w.send("PUT", www, changeAll)
		m.buried()
		w.born(m.left, 0, false)
	},
	"a sweep that finds something": func(w *world) {
		w.behind(func(*world) { w.plant("lost", "myorg", "3f2b9d6e-0000-4000-8000-000000000001") })
		if len(w.leftovers()) == 0 {
			w.Error("the sweep finds nothing")
		}
	},
	"an account with a role to assume": func(w *world) {
		w.behind(func(*world) {
			_, err := awsiam.New(w.account.Session).CreateRole(&awsiam.CreateRoleInput{RoleName: aws.String("for-the-api"), AssumeRolePolicyDocument: aws.String(
				`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::001122334455:root"}, "Action": "sts:AssumeRole"}]}`)})
			w.elb().no(err)
		})
		session, err := awsclient.NewSession(awsclient.Options{Name: "main", Region: "us-east-1", AccessKeyID: "key", SecretAccessKey: "key", Endpoint: "http://aws",
			Transport: &http.Transport{DialContext: w.dial, DisableKeepAlives: true}, RoleARN: "arn:aws:iam::001122334455:role/for-the-api"})
		w.elb().no(err)
		_, err = awsclient.Identity(w.Context(), session)
		w.elb().no(err)
	},
}

// behind does what is not to be seen.
func (w *world) behind(prepare func(*world), more ...func()) {
	prepare(w)
	for _, act := range more {
		act()
	}
	w.ended()
	w.aws.ResetCalls()
}

// arnsOfSecrets gives the ARNs of all secrets, and whose each is by its tags.
func (w *world) arnsOfSecrets() map[string]map[string]string {
	owners := map[string]map[string]string{}
	for name, state := range w.aws.Inventory()["secret"] {
		var told struct {
			Arn  string
			Tags map[string]string
		}
		if err := json.Unmarshal([]byte(renderedJSON(w, state)), &told); err != nil {
			w.Fatal(err)
		}
		owners[told.Arn], owners[name] = told.Tags, told.Tags
	}
	return owners
}

// observed are all calls of the tour and of the episodes, by operation. Watch is told of each before it is made.
func observed(t *testing.T, watch ...func(w *world, call sandbox.Call)) map[string][]sandbox.Call {
	t.Helper()
	var one sync.Mutex // calls come at once
	watched := func(w *world) {
		w.aws.OnCall(func(call sandbox.Call, before bool) {
			for _, look := range watch {
				if before {
					one.Lock()
					look(w, call)
					one.Unlock()
				}
			}
		})
	}
	calls := map[string][]sandbox.Call{}
	note := func(all []sandbox.Call) {
		for _, call := range all {
			name := call.Service + " " + call.Operation
			calls[name] = append(calls[name], call)
		}
	}
	for _, l := range toured(t, watched) {
		note(l.calls)
		note(l.behind)
	}
	for _, name := range slices.Sorted(maps.Keys(episodes)) {
		inWorld(t, func(w *world) {
			watched(w)
			episodes[name](w)
			w.aws.ClearFaults()
			w.ended()
			time.Sleep(time.Minute)
			note(w.aws.Calls())
		})
	}
	return calls
}

// clients are the SDK's, by the last element of their import path; their operations are their methods.
var clients = map[string]struct {
	service string
	client  reflect.Type
}{
	"cloudwatchlogs":           {"logs", reflect.TypeFor[*awslogs.CloudWatchLogs]()},
	"ecs":                      {"ecs", reflect.TypeFor[*awsecs.ECS]()},
	"elbv2":                    {"elbv2", reflect.TypeFor[*awselb.ELBV2]()},
	"iam":                      {"iam", reflect.TypeFor[*awsiam.IAM]()},
	"resourcegroupstaggingapi": {"tagging", reflect.TypeFor[*awstagging.ResourceGroupsTaggingAPI]()},
	"secretsmanager":           {"secretsmanager", reflect.TypeFor[*awssecrets.SecretsManager]()},
	"servicediscovery":         {"servicediscovery", reflect.TypeFor[*awsdiscovery.ServiceDiscovery]()},
	"ssm":                      {"ssm", reflect.TypeFor[*awsssm.SSM]()},
	"sts":                      {"sts", reflect.TypeFor[*awssts.STS]()},
}

const sdkServices = "github.com/aws/aws-sdk-go/service/"

// called are the operations that the source calls, wherever it does, with the places.
func called(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != ".." && (slices.Contains([]string{"sandbox", "e2e", "bench", "testdata"}, entry.Name()) || entry.Name()[0] == '.'):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		return calledIn(path, found)
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func calledIn(path string, found map[string]string) error {
	set := gotoken.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, 0)
	if err != nil {
		return err
	}
	var services []string
	for _, spec := range file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		if name, is := strings.CutPrefix(imported, sdkServices); is {
			services = append(services, name)
		}
		if strings.HasSuffix(imported, "/credentials/stscreds") {
			found["sts AssumeRole"] = path
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.SelectorExpr:
			for _, suffix := range []string{"PagesWithContext", "WithContext", "Pages", "Request"} {
				if operation, is := strings.CutSuffix(node.Sel.Name, suffix); is && operation != "New" && note(services, operation, set.Position(node.Pos()).String(), found) {
					return true
				}
			}
		case *ast.KeyValueExpr: // request.Operation{Name: …}
			key, named := node.Key.(*ast.Ident)
			if value, is := node.Value.(*ast.BasicLit); named && is && key.Name == "Name" && value.Kind == gotoken.STRING {
				operation, _ := strconv.Unquote(value.Value)
				note(services, operation, set.Position(node.Pos()).String(), found)
			}
		}
		return true
	})
	return nil
}

// note adds an operation if one of the services that a file imports has it.
func note(services []string, operation, place string, found map[string]string) bool {
	for _, name := range services {
		known := clients[name]
		if known.client == nil {
			found["a service that is not known here: "+name] = place
			continue
		}
		if _, is := known.client.MethodByName(operation + "Request"); is {
			found[known.service+" "+operation] = place
			return true
		}
	}
	return false
}

// TestPolicy observes once all that the policy is made from, and holds what follows from it.
func TestPolicy(t *testing.T) {
	looked := map[string]bool{}
	seen := observed(t, func(w *world, call sandbox.Call) { lookAtSecret(w, call, looked) })
	everyCallIsObserved(t, seen)
	thePolicyIsWritten(t, seen)
	thePolicyFits(t, seen, looked)
}

// everyCallIsObserved holds that the tour and the episodes make every call that the source can make: so the policy can leave nothing out.
func everyCallIsObserved(t *testing.T, seen map[string][]sandbox.Call) {
	t.Helper()
	source := called(t)
	if len(source) < 50 {
		t.Errorf("the source calls more than %v", source)
	}
	for operation, place := range source {
		if len(seen[operation]) == 0 {
			t.Errorf("%s: %s is never observed", place, operation)
		}
	}
	for operation := range seen {
		if source[operation] == "" {
			t.Errorf("%s is observed, and nothing calls it", operation)
		}
	}
}

// policy is an IAM policy.
type policy struct {
	Version   string
	Statement []allowed
}

type allowed struct {
	Sid, Effect      string
	Action, Resource []string
	Condition        map[string]map[string]any `json:",omitempty"`
}

// policyOf is the least policy for what was observed.
func policyOf(t *testing.T, seen map[string][]sandbox.Call) policy {
	t.Helper()
	actions := map[string]map[string]bool{}
	for operation := range seen {
		grants, known := needs[operation]
		if !known {
			t.Errorf("%s is observed: say in needs which actions it takes", operation)
		}
		for _, g := range grants {
			action := g.action
			if action == "" {
				service, name, _ := strings.Cut(operation, " ")
				action = actionPrefix(service) + ":" + name
			}
			for _, sid := range g.in {
				if actions[sid] == nil {
					actions[sid] = map[string]bool{}
				}
				actions[sid][action] = true
			}
		}
	}
	for operation := range needs {
		if len(seen[operation]) == 0 {
			t.Errorf("%s stands in needs, and is never observed", operation)
		}
	}
	p := policy{Version: "2012-10-17"}
	for _, s := range statements {
		if len(actions[s.sid]) == 0 {
			t.Errorf("the statement %s allows nothing", s.sid)
		}
		p.Statement = append(p.Statement, allowed{Sid: s.sid, Effect: "Allow", Action: slices.Sorted(maps.Keys(actions[s.sid])),
			Resource: s.resources, Condition: s.condition})
		delete(actions, s.sid)
	}
	for sid := range actions {
		t.Errorf("there is no statement %s", sid)
	}
	return p
}

// managedPolicy is how long a managed policy may be, without white space.
const managedPolicy = 6144

// thePolicyIsWritten holds that docs/iam-policy.json is what was observed, and that IAM takes it.
func thePolicyIsWritten(t *testing.T, seen map[string][]sandbox.Call) {
	t.Helper()
	text, err := json.MarshalIndent(policyOf(t, seen), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	stands, err := os.ReadFile(policyFile)
	switch {
	case t.Failed() || err == nil && string(stands) == string(text):
	case updating.String() == "true":
		if err := os.WriteFile(policyFile, text, 0o644); err != nil { //nolint:gosec // it is to be read
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is not what was observed: run go test ./api -run TestPolicy -update\n%s", policyFile, differing(string(stands), string(text)))
	}
	filled := strings.NewReplacer("${account}", "001122334455", "${region}", "ap-northeast-1", "${org}", strings.Repeat("o", 32),
		"${key}", "12345678-1234-1234-1234-123456789012").Replace(string(text))
	if strings.Contains(filled, "${") {
		t.Error("something is left to fill")
	}
	if length := len(strings.Join(strings.Fields(filled), "")); length > managedPolicy {
		t.Errorf("%d characters: IAM takes %d", length, managedPolicy)
	} else {
		t.Log(length)
	}
	sids := map[string]bool{}
	for _, s := range statements {
		if !regexp.MustCompile(`^[a-zA-Z0-9]+$`).MatchString(s.sid) || sids[s.sid] {
			t.Errorf("%q is no sid", s.sid)
		}
		sids[s.sid] = true
	}
}

// lookAtSecret holds, before the call, that a secret whose tag the policy asks for has it.
func lookAtSecret(w *world, call sandbox.Call, looked map[string]bool) {
	grants := needs[call.Service+" "+call.Operation]
	if len(grants) == 0 || !slices.Equal(grants[0].in, ofTheOrg[0].in) {
		return
	}
	looked["the tags of a secret"] = true
	id := reflect.ValueOf(call.Input).Elem().FieldByName("SecretId").Elem().String()
	if tags := w.arnsOfSecrets()[id]; tags["spinup:org"] != "myorg" && tags["yale:org"] != "myorg" {
		w.Errorf("%s of %s, which has the tags %v", call.Operation, id, tags)
	}
}

// thePolicyFits holds that what the policy asks of the names and tags of things is so in each call that was observed: AWS would refuse the
// others.
func thePolicyFits(t *testing.T, seen map[string][]sandbox.Call, looked map[string]bool) {
	t.Helper()
	for operation, calls := range seen {
		for _, g := range needs[operation] {
			for _, call := range calls {
				if g.action == "" && slices.ContainsFunc(g.in, func(sid string) bool { return strings.HasPrefix(sid, "MadeForTheOrg") }) {
					looked["the tags of what is made"] = true
					if tags := tagsSent(call.Input); tags["spinup:org"] != "myorg" {
						t.Errorf("%s with the tags %v", operation, tags)
					}
				}
				for kind, names := range namesIn(call.Input) {
					looked[kind] = true
					for _, name := range names {
						if !namedAsGranted[kind].MatchString(name) {
							t.Errorf("%s of the %s %s", operation, kind, name)
						}
					}
				}
			}
		}
	}
	for _, what := range []string{"the tags of a secret", "the tags of what is made", "role", "role to pass", "parameter"} {
		if !looked[what] {
			t.Errorf("nothing shows %s", what)
		}
	}
}

// namedAsGranted are the patterns of the statements, as the calls name things.
var namedAsGranted = map[string]*regexp.Regexp{
	"role":         regexp.MustCompile(`^[^/]+-ecsTaskExecution$`),
	"role to pass": regexp.MustCompile(`^arn:aws:iam::001122334455:role/[^/]+-ecsTaskExecution$`),
	"parameter":    regexp.MustCompile(`^/myorg/`),
}

// namesIn gives what a call names of the kinds that have a pattern.
func namesIn(input any) map[string][]string {
	names := map[string][]string{}
	add := func(kind string, value *string) {
		if value != nil {
			names[kind] = append(names[kind], *value)
		}
	}
	switch in := input.(type) {
	case *awsecs.RegisterTaskDefinitionInput:
		add("role to pass", in.ExecutionRoleArn)
		add("role to pass", in.TaskRoleArn)
	case *awsssm.PutParameterInput:
		add("parameter", in.Name)
	case *awsssm.DeleteParameterInput:
		add("parameter", in.Name)
	case *awsssm.DeleteParametersInput:
		names["parameter"] = aws.StringValueSlice(in.Names)
	case *awsssm.AddTagsToResourceInput:
		add("parameter", in.ResourceId)
	case *awsssm.RemoveTagsFromResourceInput:
		add("parameter", in.ResourceId)
	case *awsssm.ListTagsForResourceInput:
		add("parameter", in.ResourceId)
	default:
		if role := reflect.ValueOf(input).Elem().FieldByName("RoleName"); role.IsValid() && !role.IsNil() {
			names["role"] = []string{role.Elem().String()}
		}
	}
	return names
}

// tagsSent gives the tags that a call sends.
func tagsSent(input any) map[string]string {
	tags := map[string]string{}
	switch sent := reflect.ValueOf(input).Elem().FieldByName("Tags"); sent.Kind() {
	case reflect.Map:
		for _, key := range sent.MapKeys() {
			tags[key.String()] = sent.MapIndex(key).Elem().String()
		}
	case reflect.Slice:
		for i := range sent.Len() {
			tag := sent.Index(i).Elem()
			tags[tag.FieldByName("Key").Elem().String()] = tag.FieldByName("Value").Elem().String()
		}
	}
	return tags
}

// TestReadmeFillsThePolicy holds that the README's line fills everything that the policy leaves open.
func TestReadmeFillsThePolicy(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	open, err := os.ReadFile(policyFile)
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^sed .* docs/iam-policy\.json .*$`).FindString(string(text))
	filled := string(open)
	for _, one := range regexp.MustCompile(`s/(\$\{[a-z]+\})/([^/]+)/g`).FindAllStringSubmatch(line, -1) {
		filled = strings.ReplaceAll(filled, one[1], one[2])
	}
	if left := regexp.MustCompile(`\$\{[^}]*\}`).FindString(filled); line == "" || left != "" {
		t.Errorf("%q leaves %s", line, left)
	}
}
