package sandbox

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/service/ecs"
)

// says checks an error's code and that its message contains the text.
func says(t *testing.T, err error, code, text string) {
	t.Helper()
	var coded awserr.Error
	if !errors.As(err, &coded) || coded.Code() != code || !strings.Contains(coded.Message(), text) {
		t.Errorf("got %v, want %s: %s", err, code, text)
	}
}

func TestRegisterRefusals(t *testing.T) {
	type input = ecs.RegisterTaskDefinitionInput
	onGround(t, func(g *ground) {
		for text, change := range map[string]func(*input){
			"Family contains invalid characters.":                                func(d *input) { d.Family = aws.String("no spaces") },
			"No Fargate configuration exists for given values: 512 CPU, 512":     func(d *input) { d.Cpu = aws.String("512") },
			"Fargate requires that 'cpu' be defined at the task level.":          func(d *input) { d.Cpu = nil },
			"Fargate requires that 'memory' be defined at the task level.":       func(d *input) { d.Memory = nil; d.ContainerDefinitions[0].Memory = aws.Int64(5) },
			"At least one of 'memory' or 'memoryReservation' must be specified.": func(d *input) { d.Memory, d.RequiresCompatibilities = nil, nil },
			"Fargate only supports network mode":                                 func(d *input) { d.NetworkMode = nil },
			"The 'memory' setting for container 'web' is greater than for the":   func(d *input) { d.ContainerDefinitions[0].Memory = aws.Int64(513) },
			"Role is not valid": func(d *input) { d.TaskRoleArn = aws.String("arn:aws:iam::001122334455:role/gone") },
			"have execution role ARN to support log driver awslogs.": func(d *input) { d.ExecutionRoleArn = nil },
			"Container list cannot be empty.":                        func(d *input) { d.ContainerDefinitions = []*ecs.ContainerDefinition{} },
			"Invalid 'cpu' setting for task.":                        func(d *input) { d.Cpu = aws.String("much") },
			"Container.image should not be null or empty.":           func(d *input) { d.ContainerDefinitions[0].Image = nil },
		} {
			definition := g.definition("web", "nginx")
			change(definition)
			_, err := g.ecs.RegisterTaskDefinition(definition)
			says(t, err, ecs.ErrCodeClientException, text)
		}
		definition := g.definition("web", "nginx")
		definition.Cpu, definition.Memory, definition.TaskRoleArn = aws.String(".5 vCPU"), aws.String("1 GB"), aws.String("space-ecsTaskExecution")
		registered := must(g.ecs.RegisterTaskDefinition(definition)).TaskDefinition
		same(t, "cpu", *registered.Cpu, "512")
		same(t, "memory", *registered.Memory, "1024")
		same(t, "role", *registered.TaskRoleArn, g.role)
		same(t, "revision after refusals", *registered.Revision, 1)
	})
}

func TestRevisionsAreNeverUsedAgain(t *testing.T) {
	onGround(t, func(g *ground) {
		one, two := g.register("web", "nginx"), g.register("web", "nginx")
		g.register("web-2", "nginx") // its name only begins the same
		must(g.ecs.RunTask(&ecs.RunTaskInput{Cluster: aws.String("space"), TaskDefinition: aws.String("web:2"), NetworkConfiguration: g.network()}))
		remove := func(arn string) *ecs.DeleteTaskDefinitionsOutput {
			return must(g.ecs.DeleteTaskDefinitions(&ecs.DeleteTaskDefinitionsInput{TaskDefinitions: []*string{&arn}}))
		}
		if out := remove(one); len(out.Failures) != 1 || !strings.Contains(*out.Failures[0].Reason, "still in ACTIVE status") {
			t.Errorf("deleted while ACTIVE: %v", out)
		}
		for _, arn := range []string{one, two} {
			for range 2 {
				same(t, "status", *must(g.ecs.DeregisterTaskDefinition(&ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String(arn)})).TaskDefinition.Status, "INACTIVE")
			}
			same(t, "status", *remove(arn).TaskDefinitions[0].Status, "DELETE_IN_PROGRESS")
		}
		pass(2 * time.Second)
		_, err := g.ecs.DescribeTaskDefinition(&ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(one)})
		says(t, err, ecs.ErrCodeClientException, "Unable to describe task definition.")
		used := must(g.ecs.DescribeTaskDefinition(&ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(two)}))
		same(t, "status of the one in use", *used.TaskDefinition.Status, "DELETE_IN_PROGRESS")
		_, err = g.ecs.DescribeTaskDefinition(&ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String("web")})
		says(t, err, ecs.ErrCodeClientException, "Unable to describe task definition.")
		if arn := g.register("web", "nginx"); !strings.HasSuffix(arn, "/web:3") {
			t.Errorf("registered %s", arn)
		}
		_, err = g.ecs.DeleteTaskDefinitions(&ecs.DeleteTaskDefinitionsInput{TaskDefinitions: aws.StringSlice(make([]string, 11))})
		says(t, err, ecs.ErrCodeInvalidParameterException, "cannot exceed 10")
	})
}

func TestListTaskDefinitions(t *testing.T) {
	onGround(t, func(g *ground) {
		for range 12 {
			g.register("web", "nginx")
		}
		g.register("web-2", "nginx")
		newest := must(g.ecs.ListTaskDefinitions(&ecs.ListTaskDefinitionsInput{FamilyPrefix: aws.String("web"), Sort: aws.String("DESC"), MaxResults: aws.Int64(1)}))
		if len(newest.TaskDefinitionArns) != 1 || !strings.HasSuffix(*newest.TaskDefinitionArns[0], "/web:12") || newest.NextToken == nil {
			t.Errorf("newest: %v", newest)
		}
		var all []string
		err := g.ecs.ListTaskDefinitionsPages(&ecs.ListTaskDefinitionsInput{MaxResults: aws.Int64(5)}, func(page *ecs.ListTaskDefinitionsOutput, _ bool) bool {
			all = append(all, aws.StringValueSlice(page.TaskDefinitionArns)...)
			return true
		})
		if err != nil || len(all) != 13 || !strings.HasSuffix(all[1], "/web:2") || !strings.HasSuffix(all[9], "/web:10") || !strings.HasSuffix(all[12], "/web-2:1") {
			t.Errorf("%v %v", all, err)
		}
		families := must(g.ecs.ListTaskDefinitionFamilies(&ecs.ListTaskDefinitionFamiliesInput{FamilyPrefix: aws.String("web")}))
		same(t, "families that begin with web", len(families.Families), 2)
		_, err = g.ecs.ListTaskDefinitions(&ecs.ListTaskDefinitionsInput{NextToken: newest.NextToken})
		says(t, err, ecs.ErrCodeInvalidParameterException, "Invalid token")
		_, err = g.ecs.ListTaskDefinitions(&ecs.ListTaskDefinitionsInput{MaxResults: aws.Int64(101)})
		says(t, err, ecs.ErrCodeInvalidParameterException, "page size")
	})
}

func TestCreateServiceRefusals(t *testing.T) {
	type input = ecs.CreateServiceInput
	onGround(t, func(g *ground) {
		g.register("web", "nginx")
		g.create(g.newService("taken", "web", 1))
		bridge := g.definition("bridge", "nginx")
		bridge.NetworkMode, bridge.RequiresCompatibilities = nil, nil
		must(g.ecs.RegisterTaskDefinition(bridge))
		gone := g.register("gone", "nginx")
		must(g.ecs.DeregisterTaskDefinition(&ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String(gone)}))
		before := g.s.Inventory()
		for _, test := range []struct {
			code, text string
			change     func(*input)
		}{
			{"InvalidParameterException", "Creation of service was not idempotent.", func(in *input) { in.ServiceName = aws.String("taken") }},
			{"ClusterNotFoundException", "Cluster not found.", func(in *input) { in.Cluster = aws.String("gone") }},
			{"InvalidParameterException", "Network Configuration must be provided when networkMode 'awsvpc' is specified.", func(in *input) { in.NetworkConfiguration = nil }},
			{"ClientException", "TaskDefinition not found.", func(in *input) { in.TaskDefinition = aws.String("web:9") }},
			{"ClientException", "TaskDefinition is inactive", func(in *input) { in.TaskDefinition = aws.String(gone) }},
			{"ClientException", "Family contains invalid characters.", func(in *input) { in.TaskDefinition = aws.String("web?") }},
			{"InvalidParameterException", "Task definition does not support launch_type FARGATE.", func(in *input) { in.TaskDefinition = aws.String("bridge") }},
			{"InvalidParameterException", "Task definition does not support launch_type EC2.", func(in *input) { in.LaunchType = aws.String("EC2") }},
			{"InvalidParameterException", "The container db does not exist in the task definition.", func(in *input) {
				in.LoadBalancers = []*ecs.LoadBalancer{{ContainerName: aws.String("db"), ContainerPort: aws.Int64(80), TargetGroupArn: aws.String("arn")}}
			}},
			{"InvalidParameterException", "does not exist", func(in *input) {
				in.ServiceRegistries = []*ecs.ServiceRegistry{{RegistryArn: aws.String("arn:aws:servicediscovery:us-east-1:001122334455:service/srv-gone")}}
			}},
			{"InvalidParameterException", "Desired count", func(in *input) { in.DesiredCount = nil }},
			{"InvalidParameterException", "both a launch type and capacity provider strategy", func(in *input) {
				in.LaunchType = aws.String("FARGATE")
				in.CapacityProviderStrategy = []*ecs.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE")}}
			}},
			{"InvalidParameterException", "not associated with the cluster", func(in *input) {
				in.CapacityProviderStrategy = []*ecs.CapacityProviderStrategyItem{{CapacityProvider: aws.String("own")}}
			}},
			{"InvalidParameterException", "Client token", func(in *input) { in.ClientToken = aws.String(strings.Repeat("a", 37)) }},
			{"PlatformUnknownException", "platform", func(in *input) { in.PlatformVersion = aws.String("9.9") }},
		} {
			in := g.newService("new", "web", 1)
			test.change(in)
			_, err := g.ecs.CreateService(in)
			says(t, err, test.code, test.text)
		}
		same(t, "left by refused calls", Diff(before, g.s.Inventory()), "")
	})
}

func TestCreateServiceIsIdempotentByToken(t *testing.T) {
	onGround(t, func(g *ground) {
		g.register("web", "nginx")
		in := g.newService("web", "web", 1)
		in.ClientToken = aws.String("token")
		created, again := g.create(in), g.create(in)
		same(t, "deployment", *again.Deployments[0].Id, *created.Deployments[0].Id)
		in.DesiredCount = aws.Int64(2)
		_, err := g.ecs.CreateService(in)
		says(t, err, ecs.ErrCodeInvalidParameterException, "Creation of service was not idempotent.")
		must(g.ecs.DeleteService(&ecs.DeleteServiceInput{Cluster: aws.String("space"), Service: aws.String("web"), Force: aws.Bool(true)}))
		if err := g.ecs.WaitUntilServicesInactive(&ecs.DescribeServicesInput{Cluster: aws.String("space"), Services: aws.StringSlice([]string{"web"})}); err != nil {
			t.Fatal(err)
		}
		same(t, "ARN of the name used again", *g.create(in).ServiceArn, *created.ServiceArn)
	})
}

func TestUpdateService(t *testing.T) {
	onGround(t, func(g *ground) {
		g.register("web", "nginx")
		g.create(g.newService("web", "web", 1))
		cluster, name := aws.String("space"), aws.String("web")
		spot := []*ecs.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE_SPOT"), Weight: aws.Int64(1)}}
		_, err := g.ecs.UpdateService(&ecs.UpdateServiceInput{Cluster: cluster, Service: name, CapacityProviderStrategy: spot})
		says(t, err, ecs.ErrCodeInvalidParameterException, "forceNewDeployment")
		out := must(g.ecs.UpdateService(&ecs.UpdateServiceInput{Cluster: cluster, Service: name, CapacityProviderStrategy: spot, ForceNewDeployment: aws.Bool(true)}))
		same(t, "deployments", len(out.Service.Deployments), 2)
		same(t, "strategy", len(out.Service.CapacityProviderStrategy), 1)
		before := g.s.Inventory()
		_, err = g.ecs.UpdateService(&ecs.UpdateServiceInput{Cluster: cluster, Service: name, DesiredCount: aws.Int64(5), TaskDefinition: aws.String("gone")})
		says(t, err, ecs.ErrCodeClientException, "TaskDefinition not found.")
		same(t, "changed by a refused update", Diff(before, g.s.Inventory()), "")
		_, err = g.ecs.UpdateService(&ecs.UpdateServiceInput{Cluster: cluster, Service: aws.String("gone")})
		says(t, err, ecs.ErrCodeServiceNotFoundException, "Service not found.")
		out = must(g.ecs.UpdateService(&ecs.UpdateServiceInput{Cluster: cluster, Service: name, DeploymentConfiguration: &ecs.DeploymentConfiguration{MaximumPercent: aws.Int64(150)}}))
		config := out.Service.DeploymentConfiguration
		same(t, "breaker after an update of something else", *config.DeploymentCircuitBreaker.Enable, true)
		same(t, "maximum percent", *config.MaximumPercent, 150)
	})
}

func TestListServicesPages(t *testing.T) {
	onGround(t, func(g *ground) {
		g.register("web", "nginx")
		for i := range 23 {
			g.create(g.newService("s"+decimal(int64(i)), "web", 0))
		}
		var pages []int
		err := g.ecs.ListServicesPages(&ecs.ListServicesInput{Cluster: aws.String("space")}, func(page *ecs.ListServicesOutput, _ bool) bool {
			pages = append(pages, len(page.ServiceArns))
			// What goes while somebody pages makes nobody miss the rest.
			must(g.ecs.DeleteService(&ecs.DeleteServiceInput{Cluster: aws.String("space"), Service: page.ServiceArns[0]}))
			return true
		})
		if err != nil || len(pages) != 3 || pages[0] != 10 || pages[2] != 3 {
			t.Errorf("pages of %v, %v", pages, err)
		}
		_, err = g.ecs.DescribeServices(&ecs.DescribeServicesInput{Cluster: aws.String("space"), Services: aws.StringSlice(strings.Split("abcdefghijk", ""))})
		says(t, err, ecs.ErrCodeInvalidParameterException, "service names can have at most 10 items.")
		out := must(g.ecs.DescribeServices(&ecs.DescribeServicesInput{Cluster: aws.String("space"), Services: aws.StringSlice([]string{"gone", "s5"})}))
		if len(out.Services) != 1 || *out.Failures[0].Reason != "MISSING" || !strings.HasSuffix(*out.Failures[0].Arn, ":service/space/gone") {
			t.Errorf("described: %v", out)
		}
	})
}

func TestClusters(t *testing.T) {
	onGround(t, func(g *ground) {
		name := aws.String("space")
		again := must(g.ecs.CreateCluster(&ecs.CreateClusterInput{ClusterName: name}))
		same(t, "providers", len(again.Cluster.CapacityProviders), 2)
		_, err := g.ecs.CreateCluster(&ecs.CreateClusterInput{ClusterName: name, CapacityProviders: aws.StringSlice([]string{"FARGATE"})})
		says(t, err, ecs.ErrCodeInvalidParameterException, "Arguments on this idempotent request are inconsistent")
		_, err = g.ecs.CreateCluster(&ecs.CreateClusterInput{ClusterName: aws.String("other"), CapacityProviders: aws.StringSlice([]string{"MINE"})})
		says(t, err, ecs.ErrCodeInvalidParameterException, "The specified capacity provider 'MINE' was not found.")
		described := must(g.ecs.DescribeClusters(&ecs.DescribeClustersInput{Clusters: aws.StringSlice([]string{"space", "gone"})}))
		if len(described.Clusters) != 1 || *described.Failures[0].Reason != "MISSING" || !strings.HasSuffix(*described.Failures[0].Arn, ":cluster/gone") {
			t.Errorf("described: %v", described)
		}
		must(g.ecs.DeleteCluster(&ecs.DeleteClusterInput{Cluster: name}))
		_, err = g.ecs.DeleteCluster(&ecs.DeleteClusterInput{Cluster: name})
		says(t, err, ecs.ErrCodeClusterNotFoundException, "Cluster not found.")
		inactive := must(g.ecs.DescribeClusters(&ecs.DescribeClustersInput{Clusters: []*string{name}}))
		same(t, "status", *inactive.Clusters[0].Status, "INACTIVE")
		same(t, "clusters listed", len(must(g.ecs.ListClusters(&ecs.ListClustersInput{})).ClusterArns), 0)
		same(t, "clusters in the inventory", len(g.s.Inventory()["cluster"]), 0)
	})
}

func TestRunTask(t *testing.T) {
	onGround(t, func(g *ground) {
		g.register("job", "job")
		in := &ecs.RunTaskInput{Cluster: aws.String("space"), TaskDefinition: aws.String("job"), NetworkConfiguration: g.network(), Count: aws.Int64(3), ClientToken: aws.String("token"), StartedBy: aws.String("me")}
		first, again := must(g.ecs.RunTask(in)), must(g.ecs.RunTask(in))
		same(t, "task of a repeated call", *again.Tasks[2].TaskArn, *first.Tasks[2].TaskArn)
		in.StartedBy = aws.String("you")
		_, err := g.ecs.RunTask(in)
		var conflict *ecs.ConflictException
		if !errors.As(err, &conflict) || len(conflict.ResourceIds) != 3 {
			t.Errorf("got %v", err)
		}
		in.ClientToken, in.Count = nil, aws.Int64(11)
		_, err = g.ecs.RunTask(in)
		says(t, err, ecs.ErrCodeInvalidParameterException, "Count")
		in.Count, in.Overrides = nil, &ecs.TaskOverride{ContainerOverrides: []*ecs.ContainerOverride{{Name: aws.String("db")}}}
		_, err = g.ecs.RunTask(in)
		says(t, err, ecs.ErrCodeInvalidParameterException, "Override for container named db is not a container in the TaskDefinition.")
		same(t, "tasks", len(g.tasks(ecs.ListTasksInput{StartedBy: aws.String("me")})), 3)
		for text, list := range map[string]ecs.ListTasksInput{
			"the only filter":              {StartedBy: aws.String("me"), Family: aws.String("job")},
			"cannot be specified together": {ServiceName: aws.String("web"), Family: aws.String("job")},
		} {
			list.Cluster = aws.String("space")
			_, err = g.ecs.ListTasks(&list)
			says(t, err, ecs.ErrCodeInvalidParameterException, text)
		}
		_, err = g.ecs.ListTasks(&ecs.ListTasksInput{Cluster: aws.String("space"), ServiceName: aws.String("gone")})
		says(t, err, ecs.ErrCodeServiceNotFoundException, "Service not found.")
		_, err = g.ecs.DescribeTasks(&ecs.DescribeTasksInput{Cluster: aws.String("space"), Tasks: []*string{}})
		says(t, err, ecs.ErrCodeInvalidParameterException, "Tasks cannot be empty.")
		_, err = g.ecs.StopTask(&ecs.StopTaskInput{Cluster: aws.String("space"), Task: aws.String("x")})
		says(t, err, ecs.ErrCodeInvalidParameterException, "Task Identifier is invalid")
	})
}

func TestTags(t *testing.T) {
	onGround(t, func(g *ground) {
		definition := g.register("web", "nginx")
		service := g.create(g.newService("web", "web", 0))
		cluster := g.s.arn("ecs", "cluster/space")
		for _, arn := range []string{definition, *service.ServiceArn, cluster} {
			list := func() int {
				return len(must(g.ecs.ListTagsForResource(&ecs.ListTagsForResourceInput{ResourceArn: aws.String(arn)})).Tags)
			}
			must(g.ecs.TagResource(&ecs.TagResourceInput{ResourceArn: aws.String(arn), Tags: []*ecs.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b")}}}))
			same(t, "tags of "+arn, list(), 2)
			must(g.ecs.UntagResource(&ecs.UntagResourceInput{ResourceArn: aws.String(arn), TagKeys: aws.StringSlice([]string{"a", "gone"})}))
			same(t, "tags of "+arn, list(), 1)
		}
		for arn, code := range map[string]string{
			g.s.arn("ecs", "service/web"):            ecs.ErrCodeInvalidParameterException, // the short form
			g.s.arn("ecs", "service/space/gone"):     ecs.ErrCodeResourceNotFoundException,
			g.s.arn("ecs", "cluster/gone"):           ecs.ErrCodeClusterNotFoundException,
			g.s.arn("ecs", "task-definition/gone:1"): ecs.ErrCodeClientException,
			"nonsense":                               ecs.ErrCodeInvalidParameterException,
		} {
			_, err := g.ecs.TagResource(&ecs.TagResourceInput{ResourceArn: aws.String(arn), Tags: []*ecs.Tag{}})
			says(t, err, code, "")
		}
		_, err := g.ecs.TagResource(&ecs.TagResourceInput{ResourceArn: aws.String(cluster), Tags: []*ecs.Tag{{Key: aws.String("aws:mine")}}})
		says(t, err, ecs.ErrCodeInvalidParameterException, "reserved")
	})
}

func TestCapacityProviders(t *testing.T) {
	strategy := []*ecs.CapacityProviderStrategyItem{
		{CapacityProvider: aws.String("FARGATE"), Base: aws.Int64(1), Weight: aws.Int64(1)},
		{CapacityProvider: aws.String("FARGATE_SPOT"), Weight: aws.Int64(3)},
	}
	running := map[string]int{}
	for range 9 {
		running[nextProvider(strategy, running)]++
	}
	same(t, "on demand", running["FARGATE"], 3)
	same(t, "spot", running["FARGATE_SPOT"], 6)
	onGround(t, func(g *ground) {
		g.register("web", "nginx")
		g.create(g.newService("web", "web", 0))
		put := func(providers ...string) error {
			_, err := g.ecs.PutClusterCapacityProviders(&ecs.PutClusterCapacityProvidersInput{Cluster: aws.String("space"), CapacityProviders: aws.StringSlice(providers), DefaultCapacityProviderStrategy: []*ecs.CapacityProviderStrategyItem{}})
			return err
		}
		says(t, put("FARGATE"), ecs.ErrCodeResourceInUseException, "in use")
		if err := put("FARGATE", "FARGATE_SPOT"); err != nil {
			t.Error(err)
		}
		_, err := g.ecs.CreateService(g.newService("other", "web", 0))
		says(t, err, ecs.ErrCodeInvalidParameterException, "does not support launch_type EC2.")
	})
}
