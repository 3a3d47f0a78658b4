package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go/service/ecs"
	"github.com/aws/aws-sdk-go/service/iam"
)

func (g *ground) update(in ecs.UpdateServiceInput) *ecs.Service {
	g.t.Helper()
	in.Cluster, in.Service = aws.String("space"), aws.String("web")
	return must(g.ecs.UpdateService(&in)).Service
}

func (g *ground) stable() {
	g.t.Helper()
	if err := g.ecs.WaitUntilServicesStable(&ecs.DescribeServicesInput{Cluster: aws.String("space"), Services: aws.StringSlice([]string{"web"})}); err != nil {
		g.t.Fatal(err, g.service("web"))
	}
}

func TestDeploymentRollsOver(t *testing.T) {
	onGround(t, func(g *ground) {
		g.create(g.newService("web", g.register("web", "nginx:1"), 2))
		g.stable()
		old := *g.service("web").Deployments[0].Id
		updated := g.update(ecs.UpdateServiceInput{TaskDefinition: aws.String(g.register("web", "nginx:2"))})
		if len(updated.Deployments) != 2 || *updated.Deployments[0].Status != "PRIMARY" || *updated.Deployments[1].Status != "ACTIVE" || *updated.Deployments[1].Id != old {
			t.Errorf("updated: %v", updated)
		}
		pass(2 * time.Second) // the new ones run but are not proven: the old ones are still there
		if svc := g.service("web"); *svc.RunningCount != 4 {
			t.Errorf("after two seconds: %v", svc)
		}
		pass(time.Second)
		svc := g.service("web")
		if *svc.Deployments[0].RolloutState != "COMPLETED" || !told(svc, "has stopped 1 running tasks: (task ") {
			t.Errorf("after three seconds: %v", svc)
		}
		g.stable()
		svc = g.service("web")
		if len(svc.Deployments) != 1 || *svc.Deployments[0].Id == old || !strings.HasSuffix(*svc.TaskDefinition, "web:2") {
			t.Errorf("in the end: %v", svc)
		}
	})
}

func TestScalingStartsNoDeployment(t *testing.T) {
	onGround(t, func(g *ground) {
		g.create(g.newService("web", g.register("web", "nginx:1"), 1))
		g.stable()
		id := *g.service("web").Deployments[0].Id
		for _, count := range []int64{3, 1, 0} {
			g.update(ecs.UpdateServiceInput{DesiredCount: aws.Int64(count), TaskDefinition: aws.String("web")})
			g.stable()
			svc := g.service("web")
			if *svc.RunningCount != count || *svc.Deployments[0].Id != id || *svc.Deployments[0].DesiredCount != count || !strings.HasSuffix(*svc.Events[0].Message, "steady state.") {
				t.Errorf("scaled to %d: %v", count, svc)
			}
		}
		g.update(ecs.UpdateServiceInput{ForceNewDeployment: aws.Bool(true)})
		g.stable()
		if *g.service("web").Deployments[0].Id == id {
			t.Error("a forced deployment did not start")
		}
		must(g.ecs.DeleteService(&ecs.DeleteServiceInput{Cluster: aws.String("space"), Service: aws.String("web")}))
	})
}

func TestStoppedTaskIsReplaced(t *testing.T) {
	onGround(t, func(g *ground) {
		g.create(g.newService("web", g.register("web", "nginx:1"), 1))
		g.stable()
		task := g.tasks(ecs.ListTasksInput{ServiceName: aws.String("web")})[0]
		must(g.ecs.StopTask(&ecs.StopTaskInput{Cluster: aws.String("space"), Task: task.TaskArn}))
		pass(3 * time.Second)
		tasks := g.tasks(ecs.ListTasksInput{ServiceName: aws.String("web")})
		if len(tasks) != 1 || *tasks[0].TaskArn == *task.TaskArn || *tasks[0].LastStatus != "RUNNING" {
			t.Errorf("tasks: %v", tasks)
		}
	})
}

func TestCircuitBreakerRollsBack(t *testing.T) {
	onGround(t, func(g *ground) {
		g.create(g.newService("web", g.register("web", "nginx:1"), 1))
		g.stable()
		before, good := g.s.Inventory(), *g.service("web").Deployments[0].Id
		for _, image := range []string{"nginx:fail", "nginx:crash"} {
			bad := *g.update(ecs.UpdateServiceInput{TaskDefinition: aws.String(g.register("web", image))}).Deployments[0].Id
			pass(7 * time.Second)
			svc := g.service("web")
			failed := svc.Deployments[len(svc.Deployments)-1]
			if *svc.Deployments[0].Id != good || *failed.Id != bad || *failed.RolloutState != "FAILED" || *failed.FailedTasks != 3 ||
				*failed.RolloutStateReason != "ECS deployment circuit breaker: tasks failed to start." {
				t.Errorf("%s: %v", image, svc)
			}
			for _, text := range []string{
				fmt.Sprintf("(service web) (deployment %s) deployment failed: tasks failed to start.", bad),
				fmt.Sprintf("(service web) rolling back to deployment %s.", good),
			} {
				if !told(svc, text) {
					t.Errorf("%s: no event %q in %v", image, text, svc.Events)
				}
			}
			same(t, "event about the image", told(svc, "(service web) was unable to place a task. Reason: CannotPullContainerError: pull image manifest"), true)
			g.stable()
		}
		diff := Diff(before, g.s.Inventory())
		if strings.Count(diff, "\n") != 2 || strings.Contains(diff, "service") {
			t.Errorf("the service did not come back as it was:\n%s", diff)
		}
		crashed := g.stoppedWith("EssentialContainerExited")
		if *crashed.Containers[0].ExitCode != 1 || *crashed.StoppedReason != "Essential container in task exited" {
			t.Errorf("crashed: %v", crashed)
		}
		if failed := g.stoppedWith("TaskFailedToStart"); failed.Containers[0].ExitCode != nil || *failed.Containers[0].Reason != *failed.StoppedReason {
			t.Errorf("failed: %v", failed)
		}
	})
}

func (g *ground) stoppedWith(code string) *ecs.Task {
	g.t.Helper()
	for _, task := range g.tasks(ecs.ListTasksInput{ServiceName: aws.String("web"), DesiredStatus: aws.String("STOPPED")}) {
		if *task.StopCode == code {
			return task
		}
	}
	g.t.Fatalf("no task was stopped with %s", code)
	return nil
}

func TestCircuitBreakerWithoutAnythingToReturnTo(t *testing.T) {
	onGround(t, func(g *ground) {
		g.create(g.newService("web", g.register("web", "nginx:fail"), 1))
		pass(time.Minute)
		svc := g.service("web")
		if *svc.Deployments[0].RolloutState != "FAILED" || *svc.Deployments[0].Status != "PRIMARY" || *svc.Deployments[0].FailedTasks != 3 || *svc.RunningCount+*svc.PendingCount != 0 {
			t.Errorf("service: %v", svc)
		}
		g.update(ecs.UpdateServiceInput{TaskDefinition: aws.String(g.register("web", "nginx:1"))})
		g.stable()
		same(t, "state", *g.service("web").Deployments[0].RolloutState, "COMPLETED")
	})
}

func TestWithoutBreakerStartsGoOn(t *testing.T) {
	onGround(t, func(g *ground) {
		in := g.newService("web", g.register("web", "nginx:fail"), 1)
		in.DeploymentConfiguration = nil
		g.create(in)
		pass(24 * time.Hour)
		svc := g.service("web")
		if *svc.Deployments[0].RolloutState != "IN_PROGRESS" || *svc.Deployments[0].FailedTasks < 100 || len(svc.Events) != 100 || !told(svc, "is unable to consistently start tasks successfully.") {
			t.Errorf("service: %v", svc)
		}
	})
}

func TestSlowImage(t *testing.T) {
	onGround(t, func(g *ground) {
		g.create(g.newService("web", g.register("web", "nginx:slow"), 1))
		pass(14 * time.Second)
		same(t, "running", *g.service("web").RunningCount, 0)
		pass(3 * time.Second)
		same(t, "running", *g.service("web").RunningCount, 1)
	})
}

// TestTasksThatCannotStart: what is missing is told by the task and by the service.
func TestTasksThatCannotStart(t *testing.T) {
	const secret = "arn:aws:secretsmanager:us-east-1:001122334455:secret:gone-AbCdEf"
	for name, test := range map[string]struct {
		change func(*ecs.RegisterTaskDefinitionInput)
		reason string
	}{
		"log group": {
			func(d *ecs.RegisterTaskDefinitionInput) {
				d.ContainerDefinitions[0].LogConfiguration.Options["awslogs-group"] = aws.String("gone")
			}, "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.",
		},
		"credentials": {
			func(d *ecs.RegisterTaskDefinitionInput) {
				d.ContainerDefinitions[0].RepositoryCredentials = &ecs.RepositoryCredentials{CredentialsParameter: aws.String(secret)}
			}, "asm fetching secret from the service for " + secret,
		},
		"secret": {
			func(d *ecs.RegisterTaskDefinitionInput) {
				d.ContainerDefinitions[0].Secrets = []*ecs.Secret{{Name: aws.String("PASSWORD"), ValueFrom: aws.String(secret + ":key::")}}
			}, "failed to fetch secret " + secret + " from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			onGround(t, func(g *ground) {
				definition := g.definition("web", "nginx:1")
				test.change(definition)
				g.create(g.newService("web", *must(g.ecs.RegisterTaskDefinition(definition)).TaskDefinition.TaskDefinitionArn, 1))
				pass(3 * time.Second)
				task := g.stoppedWith("TaskFailedToStart")
				if !strings.HasSuffix(*task.StoppedReason, test.reason) || !told(g.service("web"), test.reason) {
					t.Errorf("task: %v", task)
				}
			})
		})
	}
}

// TestRoleThatCannotBeAssumed: CreateService succeeds, its first launch does not, and half a minute later it does.
func TestRoleThatCannotBeAssumed(t *testing.T) {
	onGround(t, func(g *ground) {
		definition := g.register("web", "nginx:1")
		g.s.SetRoleDelay(10 * time.Second)
		_, err := g.ecs.RegisterTaskDefinition(g.definition("web", "nginx:1"))
		refused(t, err, "AccessDeniedException", 400)
		if !strings.Contains(err.Error(), "is not authorized to perform: iam:PassRole on resource: "+g.role) {
			t.Error(err)
		}
		g.create(g.newService("web", definition, 1))
		pass(5 * time.Second)
		svc := g.service("web")
		if *svc.PendingCount+*svc.RunningCount != 0 || !told(svc, "failed to launch a task with (error ECS was unable to assume the role '"+g.role+"'") {
			t.Errorf("service: %v", svc)
		}
		pass(30 * time.Second)
		same(t, "running", *g.service("web").RunningCount, 1)
		must(iam.New(g.p).DeleteRole(&iam.DeleteRoleInput{RoleName: aws.String("space-ecsTaskExecution")}))
		_, err = g.ecs.RunTask(&ecs.RunTaskInput{Cluster: aws.String("space"), TaskDefinition: aws.String("web"), NetworkConfiguration: g.network()})
		refused(t, err, ecs.ErrCodeClientException, 400)
	})
}

func TestLogsOfACrash(t *testing.T) {
	onGround(t, func(g *ground) {
		run := must(g.ecs.RunTask(&ecs.RunTaskInput{Cluster: aws.String("space"), TaskDefinition: aws.String(g.register("job", "job:crash")), NetworkConfiguration: g.network()}))
		pass(5 * time.Second)
		events := must(cloudwatchlogs.New(g.p).GetLogEvents(&cloudwatchlogs.GetLogEventsInput{
			LogGroupName: aws.String("space"), LogStreamName: aws.String("job/web/" + afterSlash(*run.Tasks[0].TaskArn)), StartFromHead: aws.Bool(true),
		})).Events
		same(t, "last line", *events[len(events)-1].Message, "fatal: exiting with status 1")
	})
}

func TestSpeed(t *testing.T) {
	onGround(t, func(g *ground) {
		g.s.speed = 10
		g.create(g.newService("web", g.register("web", "nginx:1"), 1))
		pass(300 * time.Millisecond)
		same(t, "state", *g.service("web").Deployments[0].RolloutState, "COMPLETED")
	})
}
