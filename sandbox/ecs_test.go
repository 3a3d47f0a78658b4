package sandbox

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go/service/ecs"
	"github.com/aws/aws-sdk-go/service/iam"
	"github.com/aws/aws-sdk-go/service/servicediscovery"
)

// ground is an account with a cluster "space", its role and its log group, seen through the SDK's clients.
type ground struct {
	t    *testing.T
	s    *Sandbox
	p    *session.Session
	ecs  *ecs.ECS
	role string
}

// onGround runs a test in a bubble, on an account where services can be made.
func onGround(t *testing.T, test func(g *ground)) {
	t.Helper()
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		g := &ground{t: t, s: s, p: p, ecs: ecs.New(p)}
		must(g.ecs.CreateCluster(&ecs.CreateClusterInput{
			ClusterName: aws.String("space"), CapacityProviders: aws.StringSlice([]string{"FARGATE", "FARGATE_SPOT"}),
			DefaultCapacityProviderStrategy: []*ecs.CapacityProviderStrategyItem{
				{CapacityProvider: aws.String("FARGATE"), Base: aws.Int64(1), Weight: aws.Int64(0)},
				{CapacityProvider: aws.String("FARGATE_SPOT"), Weight: aws.Int64(1)},
			},
		}))
		role := must(iam.New(p).CreateRole(&iam.CreateRoleInput{
			RoleName: aws.String("space-ecsTaskExecution"), AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[]}`),
		}))
		g.role = *role.Role.Arn
		must(cloudwatchlogs.New(p).CreateLogGroup(&cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("space")}))
		test(g)
	})
}

// definition is what a plain definition is registered from.
func (g *ground) definition(family, image string) *ecs.RegisterTaskDefinitionInput {
	return &ecs.RegisterTaskDefinitionInput{
		Family: aws.String(family), Cpu: aws.String("256"), Memory: aws.String("512"), NetworkMode: aws.String("awsvpc"),
		RequiresCompatibilities: aws.StringSlice([]string{"FARGATE"}), ExecutionRoleArn: aws.String(g.role), TaskRoleArn: aws.String(g.role),
		ContainerDefinitions: []*ecs.ContainerDefinition{{
			Name: aws.String("web"), Image: aws.String(image), PortMappings: []*ecs.PortMapping{{ContainerPort: aws.Int64(8080)}},
			LogConfiguration: &ecs.LogConfiguration{LogDriver: aws.String("awslogs"), Options: aws.StringMap(map[string]string{
				"awslogs-group": "space", "awslogs-region": "us-east-1", "awslogs-stream-prefix": family,
			})},
		}},
	}
}

// register registers a plain definition and gives its ARN.
func (g *ground) register(family, image string) string {
	g.t.Helper()
	out := must(g.ecs.RegisterTaskDefinition(g.definition(family, image)))
	return *out.TaskDefinition.TaskDefinitionArn
}

func (g *ground) network() *ecs.NetworkConfiguration {
	d := g.s.Defaults()
	return &ecs.NetworkConfiguration{AwsvpcConfiguration: &ecs.AwsVpcConfiguration{
		Subnets: aws.StringSlice(d.Subnets), SecurityGroups: aws.StringSlice(d.SecurityGroups),
	}}
}

// newService is what a plain service with a circuit breaker is made from.
func (g *ground) newService(name, definition string, count int64) *ecs.CreateServiceInput {
	return &ecs.CreateServiceInput{
		Cluster: aws.String("space"), ServiceName: aws.String(name), TaskDefinition: aws.String(definition), DesiredCount: aws.Int64(count),
		NetworkConfiguration: g.network(),
		DeploymentConfiguration: &ecs.DeploymentConfiguration{
			DeploymentCircuitBreaker: &ecs.DeploymentCircuitBreaker{Enable: aws.Bool(true), Rollback: aws.Bool(true)},
		},
	}
}

func (g *ground) create(in *ecs.CreateServiceInput) *ecs.Service {
	g.t.Helper()
	return must(g.ecs.CreateService(in)).Service
}

func (g *ground) service(name string) *ecs.Service {
	g.t.Helper()
	out := must(g.ecs.DescribeServices(&ecs.DescribeServicesInput{
		Cluster: aws.String("space"), Services: aws.StringSlice([]string{name}), Include: aws.StringSlice([]string{"TAGS"}),
	}))
	if len(out.Services) != 1 {
		g.t.Fatalf("service %s: %v", name, out)
	}
	return out.Services[0]
}

// tasks are all tasks of a service or family that ListTasks gives for a desired status.
func (g *ground) tasks(in ecs.ListTasksInput) []*ecs.Task {
	g.t.Helper()
	in.Cluster = aws.String("space")
	list := must(g.ecs.ListTasks(&in))
	if len(list.TaskArns) == 0 {
		return nil
	}
	return must(g.ecs.DescribeTasks(&ecs.DescribeTasksInput{
		Cluster: aws.String("space"), Tasks: list.TaskArns, Include: aws.StringSlice([]string{"TAGS"}),
	})).Tasks
}

// told tells whether the service has an event that contains the text.
func told(svc *ecs.Service, text string) bool {
	for _, e := range svc.Events {
		if strings.Contains(*e.Message, text) {
			return true
		}
	}
	return false
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestServiceComesUpAndGoes(t *testing.T) {
	onGround(t, func(g *ground) {
		discovery := servicediscovery.New(g.p)
		registry := must(discovery.CreateService(&servicediscovery.CreateServiceInput{
			Name: aws.String("web"), NamespaceId: aws.String(g.s.Defaults().NamespaceID),
			DnsConfig: &servicediscovery.DnsConfig{DnsRecords: []*servicediscovery.DnsRecord{{Type: aws.String("A"), TTL: aws.Int64(10)}}},
		})).Service
		before := g.s.Inventory()
		in := g.newService("web", g.register("web", "nginx:1"), 2)
		in.ServiceRegistries = []*ecs.ServiceRegistry{{RegistryArn: registry.Arn}}
		in.Tags = []*ecs.Tag{{Key: aws.String("team"), Value: aws.String("blue")}}
		in.PropagateTags, in.EnableECSManagedTags = aws.String("SERVICE"), aws.Bool(true)
		created := g.create(in)
		if *created.Status != "ACTIVE" || *created.RunningCount != 0 || *created.Deployments[0].RolloutState != "IN_PROGRESS" || created.LaunchType != nil {
			t.Errorf("created as %v", created)
		}
		pass(3 * time.Second)
		svc := g.service("web")
		dep := svc.Deployments[0]
		if *svc.RunningCount != 2 || len(svc.Deployments) != 1 || *dep.RolloutState != "COMPLETED" || *dep.RolloutStateReason != "ECS deployment "+*dep.Id+" completed." {
			t.Errorf("after three seconds: %v", svc)
		}
		if *svc.Events[0].Message != "(service web) has reached a steady state." || !told(svc, "has started 2 tasks: (task ") || !told(svc, "(service web) (deployment "+*dep.Id+") deployment completed.") {
			t.Errorf("events: %v", svc.Events)
		}
		g.checkTasks(*dep.Id)
		instances := must(discovery.ListInstances(&servicediscovery.ListInstancesInput{ServiceId: registry.Id}))
		if len(instances.Instances) != 2 || aws.StringValue(instances.Instances[0].Attributes["ECS_SERVICE_NAME"]) != "web" {
			t.Errorf("instances: %v", instances)
		}
		g.drain(registry.Id)
		if diff := Diff(before, g.s.Inventory()); !strings.HasPrefix(diff, "+ task-definition web:1") || strings.Count(diff, "\n") != 1 {
			t.Errorf("left behind:\n%s", diff)
		}
	})
}

func (g *ground) checkTasks(deployment string) {
	g.t.Helper()
	providers := map[string]int{}
	for _, task := range g.tasks(ecs.ListTasksInput{ServiceName: aws.String("web")}) {
		providers[aws.StringValue(task.CapacityProviderName)]++
		container := task.Containers[0]
		if *task.LastStatus != "RUNNING" || *task.StartedBy != deployment || *task.Group != "service:web" || *container.Cpu != "0" || container.ImageDigest == nil {
			g.t.Errorf("task: %v", task)
		}
		tags := map[string]string{}
		for _, tag := range task.Tags {
			tags[*tag.Key] = *tag.Value
		}
		if tags["team"] != "blue" || tags["aws:ecs:serviceName"] != "web" {
			g.t.Errorf("tags of the task: %v", tags)
		}
		stream := "web/web/" + afterSlash(*task.TaskArn)
		events := must(cloudwatchlogs.New(g.p).GetLogEvents(&cloudwatchlogs.GetLogEventsInput{
			LogGroupName: aws.String("space"), LogStreamName: aws.String(stream), StartFromHead: aws.Bool(true),
		}))
		if len(events.Events) == 0 {
			g.t.Errorf("nothing in log stream %s", stream)
		}
	}
	if providers["FARGATE"] != 1 || providers["FARGATE_SPOT"] != 1 {
		g.t.Errorf("capacity providers: %v", providers)
	}
}

// drain deletes service web and watches it go: INACTIVE before its tasks are STOPPED, its instances in Cloud Map later still.
func (g *ground) drain(registry *string) {
	g.t.Helper()
	cluster := aws.String("space")
	_, err := g.ecs.DeleteService(&ecs.DeleteServiceInput{Cluster: cluster, Service: aws.String("web")})
	refused(g.t, err, ecs.ErrCodeInvalidParameterException, 400)
	deleted := must(g.ecs.DeleteService(&ecs.DeleteServiceInput{Cluster: cluster, Service: aws.String("web"), Force: aws.Bool(true)}))
	if *deleted.Service.Status != "DRAINING" || *deleted.Service.DesiredCount != 0 {
		g.t.Errorf("deleted: %v", deleted)
	}
	listed := must(g.ecs.ListServices(&ecs.ListServicesInput{Cluster: cluster}))
	if len(listed.ServiceArns) != 0 {
		g.t.Error("a draining service is listed")
	}
	_, err = g.ecs.CreateService(g.newService("web", "web", 1))
	refused(g.t, err, ecs.ErrCodeInvalidParameterException, 400)
	if !strings.Contains(err.Error(), "Unable to Start a service that is still Draining.") {
		g.t.Error(err)
	}
	_, err = g.ecs.UpdateService(&ecs.UpdateServiceInput{Cluster: cluster, Service: aws.String("web"), DesiredCount: aws.Int64(1)})
	refused(g.t, err, ecs.ErrCodeServiceNotActiveException, 400)
	_, err = g.ecs.DeleteCluster(&ecs.DeleteClusterInput{Cluster: cluster})
	refused(g.t, err, ecs.ErrCodeClusterContainsServicesException, 400)
	pass(time.Second)
	if svc := g.service("web"); *svc.Status != "INACTIVE" {
		g.t.Errorf("after one second: %v", svc)
	}
	_, err = g.ecs.DeleteCluster(&ecs.DeleteClusterInput{Cluster: cluster})
	refused(g.t, err, ecs.ErrCodeClusterContainsTasksException, 400)
	_, err = servicediscovery.New(g.p).DeleteService(&servicediscovery.DeleteServiceInput{Id: registry})
	refused(g.t, err, servicediscovery.ErrCodeResourceInUse, 400)
	pass(2 * time.Second)
	for _, task := range g.tasks(ecs.ListTasksInput{ServiceName: aws.String("web"), DesiredStatus: aws.String("STOPPED")}) {
		if *task.LastStatus != "STOPPED" || *task.StopCode != "ServiceSchedulerInitiated" || !strings.HasPrefix(*task.StoppedReason, "Scaling activity initiated by (deployment ecs-svc/") {
			g.t.Errorf("stopped: %v", task)
		}
	}
	must(g.ecs.DeleteService(&ecs.DeleteServiceInput{Cluster: cluster, Service: aws.String("web")}))
}

func TestStoppedTasksAreSeenForAnHour(t *testing.T) {
	onGround(t, func(g *ground) {
		run := must(g.ecs.RunTask(&ecs.RunTaskInput{
			Cluster: aws.String("space"), TaskDefinition: aws.String(g.register("job", "job:1")), NetworkConfiguration: g.network(), LaunchType: aws.String("FARGATE"),
			Tags: []*ecs.Tag{{Key: aws.String("a"), Value: aws.String("b")}},
		}))
		arn := run.Tasks[0].TaskArn
		if err := g.ecs.WaitUntilTasksRunning(&ecs.DescribeTasksInput{Cluster: aws.String("space"), Tasks: []*string{arn}}); err != nil {
			t.Fatal(err)
		}
		stopped := must(g.ecs.StopTask(&ecs.StopTaskInput{Cluster: aws.String("space"), Task: arn, Reason: aws.String("enough")}))
		if *stopped.Task.DesiredStatus != "STOPPED" || *stopped.Task.StoppedReason != "enough" || *stopped.Task.StopCode != "UserInitiated" {
			t.Errorf("stopped: %v", stopped)
		}
		if err := g.ecs.WaitUntilTasksStopped(&ecs.DescribeTasksInput{Cluster: aws.String("space"), Tasks: []*string{arn}}); err != nil {
			t.Fatal(err)
		}
		pass(30 * time.Minute)
		if seen := g.tasks(ecs.ListTasksInput{Family: aws.String("job"), DesiredStatus: aws.String("STOPPED")}); len(seen) != 1 || len(seen[0].Tags) != 0 {
			t.Errorf("after half an hour: %v", seen)
		}
		pass(31 * time.Minute)
		gone := must(g.ecs.DescribeTasks(&ecs.DescribeTasksInput{Cluster: aws.String("space"), Tasks: []*string{arn}}))
		if len(gone.Failures) != 1 || *gone.Failures[0].Reason != "MISSING" {
			t.Errorf("after an hour: %v", gone)
		}
		_, err := g.ecs.StopTask(&ecs.StopTaskInput{Cluster: aws.String("space"), Task: arn})
		refused(t, err, ecs.ErrCodeInvalidParameterException, 400)
	})
}
