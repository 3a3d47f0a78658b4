package orchestration

import (
	"reflect"
	"slices"
	"testing"

	"ecs-api/common"
	"ecs-api/common/awsclient"
	"ecs-api/orchestration/plan"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awsiam "github.com/aws/aws-sdk-go/service/iam"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"

	"ecs-api/journal"
)

func aRequest() *CreateServiceInput {
	return &CreateServiceInput{
		Cluster: &awsecs.CreateClusterInput{ClusterName: aws.String("myclu")},
		TaskDefinition: &awsecs.RegisterTaskDefinitionInput{Family: aws.String("webservers"), Cpu: aws.String("256"), Memory: aws.String("512"),
			ContainerDefinitions: []*awsecs.ContainerDefinition{{Name: aws.String("web"), Image: aws.String("nginx")}}},
		Credentials:     map[string]*awssecrets.CreateSecretInput{"web": {SecretString: aws.String("x")}},
		Service:         &awsecs.CreateServiceInput{ServiceName: aws.String("www"), DesiredCount: aws.Int64(1)},
		ServiceRegistry: &awsdiscovery.CreateServiceInput{Name: aws.String("www"), NamespaceId: aws.String("ns-1")},
	}
}

func anOperation() *operation {
	return &operation{account: &Account{Options: Options{Name: "main", Org: "myorg"}},
		record: journal.Operation{ID: "11111111-2222-4333-8444-555555555555", Cluster: "myclu"}}
}

// The plans of a create, by what stands: each step with what it does and what it waits for.
func TestPlansOfACreate(t *testing.T) {
	standing := &awsecs.Cluster{ClusterName: aws.String("myclu")}
	inAccount := awsclient.Account{ID: "001122334455", Partition: "aws", Region: "us-east-1"}
	current := groundFacts{role: &awsiam.Role{Arn: aws.String("role")}, policy: rolePolicy(inAccount, "myorg", "myclu", ""), logGroup: true, retentionDays: 365}
	cases := []struct {
		name  string
		facts createFacts
		want  []string
	}{
		{"all new", createFacts{}, []string{"made cluster", "made secret for web", "made role", "part role policy", "made log group", "part log group retention", "made task definition", "made service registry", "made service"}},
		{"a standing space", createFacts{cluster: standing, ground: current},
			[]string{"reused cluster", "made secret for web", "reused role", "reused log group", "made task definition", "made service registry", "made service"}},
		{"a space out of date", createFacts{cluster: standing, ground: groundFacts{role: current.role, policy: "{}", logGroup: true, retentionDays: 7}},
			[]string{"reused cluster", "made secret for web", "reused role", "changed role policy", "reused log group", "changed log group retention", "made task definition", "made service registry", "made service"}},
		{"a cluster that someone made by hand", createFacts{cluster: standing},
			[]string{"reused cluster", "made secret for web", "made role", "part role policy", "made log group", "part log group retention", "made task definition", "made service registry", "made service"}},
	}
	for _, c := range cases {
		c.facts.account = inAccount
		progress := anOperation().buildCreate(aRequest(), c.facts).plan.Progress()
		var got []string
		for i, step := range progress.Steps {
			change := string(step.Effect.Change)
			if change == "" {
				change = "part"
			}
			got = append(got, change+" "+step.Name)
			if step.Commit != (i == len(progress.Steps)-1) {
				t.Errorf("%s: %s is the commit: %v", c.name, step.Name, step.Commit)
			}
			ground := slices.Contains([]string{kindCluster, kindRole, kindRolePolicy, kindLogGroup, kindRetention}, step.Effect.Resource.Kind)
			if step.Effect.Ground != ground && step.Effect.Change != plan.None {
				t.Errorf("%s: %s is ground: %v", c.name, step.Name, step.Effect.Ground)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}

func TestARequestIsNeverWrittenTo(t *testing.T) {
	in := aRequest()
	run := anOperation().buildCreate(in, createFacts{})
	_ = run
	secrets := in.secrets(&Account{Options: Options{Org: "myorg"}}, func(t common.Tags) common.Tags { return t })
	if aws.StringValue(secrets["web"].Name) != "spinup/myorg/myclu/webservers-web" {
		t.Errorf("the secret is named %s", aws.StringValue(secrets["web"].Name))
	}
	buildTaskDefinition(in.TaskDefinition, "myclu", "us-east-1", "role", map[string]string{"web": "secret"}, common.Tags{"a": "b"})
	buildService(in.Service, "myclu", "webservers:1", "registry", "token", network{}, common.Tags{"a": "b"})
	buildCluster(in.Cluster, "myclu", common.Tags{"a": "b"})
	if !reflect.DeepEqual(in, aRequest()) {
		t.Errorf("the request is now %+v", in)
	}
}

func TestBuildTaskDefinition(t *testing.T) {
	asked := aRequest().TaskDefinition
	other := &awsecs.LogConfiguration{LogDriver: aws.String("splunk"), Options: aws.StringMap(map[string]string{"splunk-url": "x"})}
	asked.ContainerDefinitions = append(asked.ContainerDefinitions,
		&awsecs.ContainerDefinition{Name: aws.String("api"), LogConfiguration: other},
		&awsecs.ContainerDefinition{Name: aws.String("job"), LogConfiguration: &awsecs.LogConfiguration{LogDriver: aws.String("awslogs"),
			Options: aws.StringMap(map[string]string{"awslogs-create-group": "true", "awslogs-group": "elsewhere"})}})
	built := buildTaskDefinition(asked, "myclu", "eu-west-1", "arn:role", map[string]string{"web": "arn:secret"}, common.Tags{common.TagOrg: "myorg"})
	if *built.NetworkMode != "awsvpc" || *built.RequiresCompatibilities[0] != "FARGATE" || *built.ExecutionRoleArn != "arn:role" || *built.TaskRoleArn != "arn:role" {
		t.Errorf("built %+v", built)
	}
	want := map[string]string{"awslogs-group": "myclu", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "webservers"}
	for _, i := range []int{0, 2} {
		if got := aws.StringValueMap(built.ContainerDefinitions[i].LogConfiguration.Options); !reflect.DeepEqual(got, want) {
			t.Errorf("container %d logs to %v", i, got)
		}
	}
	if built.ContainerDefinitions[1].LogConfiguration != other {
		t.Error("another driver's configuration is not kept")
	}
	if *built.ContainerDefinitions[0].RepositoryCredentials.CredentialsParameter != "arn:secret" || built.ContainerDefinitions[1].RepositoryCredentials != nil {
		t.Error("the secret is not on its container")
	}
}

func TestBuildService(t *testing.T) {
	defaults := network{subnets: []string{"subnet-1"}, securityGroups: []string{"sg-1"}}
	built := buildService(aRequest().Service, "myclu", "webservers:1", "arn:registry", "token", defaults, nil)
	vpc := built.NetworkConfiguration.AwsvpcConfiguration
	if *vpc.Subnets[0] != "subnet-1" || *vpc.SecurityGroups[0] != "sg-1" || *vpc.AssignPublicIp != "DISABLED" {
		t.Errorf("network %v", vpc)
	}
	if built.LaunchType != nil || *built.PropagateTags != "SERVICE" || !*built.DeploymentConfiguration.DeploymentCircuitBreaker.Rollback || *built.ClientToken != "token" {
		t.Errorf("built %v", built)
	}
	asked := aRequest().Service
	asked.NetworkConfiguration = &awsecs.NetworkConfiguration{AwsvpcConfiguration: &awsecs.AwsVpcConfiguration{Subnets: aws.StringSlice([]string{"subnet-2"}), AssignPublicIp: aws.String("ENABLED")}}
	asked.DeploymentConfiguration = &awsecs.DeploymentConfiguration{DeploymentCircuitBreaker: &awsecs.DeploymentCircuitBreaker{Enable: aws.Bool(false), Rollback: aws.Bool(false)}}
	defaults.allowPublicIP = true
	built = buildService(asked, "myclu", "webservers:1", "", "token", defaults, nil)
	vpc = built.NetworkConfiguration.AwsvpcConfiguration
	if *vpc.Subnets[0] != "subnet-2" || *vpc.SecurityGroups[0] != "sg-1" || *vpc.AssignPublicIp != "ENABLED" || *built.DeploymentConfiguration.DeploymentCircuitBreaker.Enable {
		t.Errorf("built %v", built)
	}
}

func TestFargateSizes(t *testing.T) {
	cases := []struct {
		cpu, memory string
		broken      int
	}{
		{"256", "512", 0}, {".25 vCPU", "0.5 GB", 0}, {"1 vcpu", "2GB", 0}, {"1024", "8192", 0}, {"16384", "122880", 0}, {"8192", "20480", 0},
		{"256", "4096", 1}, {"8192", "17408", 1}, {"", "512", 1}, {"256", "", 1}, {"0", "512", 1}, {"256", "-512", 1}, {"99999999999999999999", "1", 1}, {"256", "512.5", 1},
	}
	for _, c := range cases {
		var v violations
		v.fargateSize("/x", c.cpu, c.memory)
		if len(v) != c.broken {
			t.Errorf("%q with %q: %v", c.cpu, c.memory, v)
		}
	}
}

func TestSecretsOfASpace(t *testing.T) {
	for name, want := range map[string]bool{
		"spinup/myorg/myclu/x": true, "spinup/myorg/x": true, "x": true, "spinup/myorg/other/x": false, "spinup/theirs/other/x": true,
	} {
		if inSpace(name, "myorg", "myclu") != want {
			t.Errorf("%s in the space: %v", name, !want)
		}
	}
	if got := secretARN("arn:aws:secretsmanager:us-east-1:1:secret:x-abcdef:key:stage:id"); got != "arn:aws:secretsmanager:us-east-1:1:secret:x-abcdef" {
		t.Error(got)
	}
}
