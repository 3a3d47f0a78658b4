package sandbox

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/ecs"
)

const (
	taskProvisioning   = "PROVISIONING"
	taskPending        = "PENDING"
	taskRunning        = "RUNNING"
	taskDeactivating   = "DEACTIVATING"
	taskStopping       = "STOPPING"
	taskDeprovisioning = "DEPROVISIONING"
	taskStopped        = "STOPPED"
)

type ecsTask struct {
	doc        *ecs.Task // without tags
	tags       map[string]string
	cluster    *ecsCluster
	definition *taskDefinition
	service    *ecsService // nil for one that RunTask started
	deployment *ecsDeployment
	network    *ecs.NetworkConfiguration
	address    string
	life       int  // counts up when the task takes another course; what was scheduled before is void
	proven     bool // it has run long enough to count as healthy
	instances  []string
}

func (t *ecsTask) arn() string  { return aws.StringValue(t.doc.TaskArn) }
func (t *ecsTask) id() string   { return afterSlash(t.arn()) }
func (t *ecsTask) last() string { return aws.StringValue(t.doc.LastStatus) }
func (t *ecsTask) live() bool {
	return aws.StringValue(t.doc.DesiredStatus) == ecs.DesiredStatusRunning
}
func (t *ecsTask) starting() bool { return t.last() == taskProvisioning || t.last() == taskPending }
func (t *ecsTask) healthy() bool  { return t.live() && t.proven }

// counted tells whether a service still waits for the task when it drains.
func (t *ecsTask) counted() bool {
	return t.starting() || t.last() == taskRunning || t.last() == taskDeactivating
}

// rank is higher the more a task is worth keeping.
func (t *ecsTask) rank() int {
	switch {
	case t.healthy():
		return 2
	case t.last() == taskRunning:
		return 1
	}
	return 0
}

func (t *ecsTask) document(tags bool) *ecs.Task {
	doc := clone(t.doc)
	doc.Tags = []*ecs.Tag{}
	if tags {
		doc.Tags = sdkTags[ecs.Tag](t.tags)
	}
	return doc
}

// state is what the inventory shows of a task: what it was started as.
func (t *ecsTask) state() map[string]any {
	state := map[string]any{
		"taskDefinition": t.definition.key(), "desiredStatus": aws.StringValue(t.doc.DesiredStatus),
		"overrides": stateOf(t.doc.Overrides), "tags": shownTags(t.tags),
	}
	if t.service == nil {
		state["startedBy"] = aws.StringValue(t.doc.StartedBy)
	}
	return state
}

// launch is what a task is started from.
type launch struct {
	cluster    *ecsCluster
	definition *taskDefinition
	placement  placement
	network    *ecs.NetworkConfiguration
	overrides  *ecs.TaskOverride
	group      string
	startedBy  string
	execute    bool
	tags       map[string]string
	service    *ecsService
	deployment *ecsDeployment
}

// startServiceTask starts one more task of a deployment.
func (s *Sandbox) startServiceTask(svc *ecsService, dep *ecsDeployment, now time.Time) *ecsTask {
	overrides, _ := newOverrides(dep.definition, nil) // without overrides of its own there is nothing to refuse
	spec := launch{
		cluster: svc.cluster, definition: dep.definition, network: dep.doc.NetworkConfiguration, overrides: overrides,
		placement: placement{launchType: dep.doc.LaunchType, strategy: dep.doc.CapacityProviderStrategy, platformVersion: dep.doc.PlatformVersion},
		group:     "service:" + svc.name(), startedBy: dep.id(), execute: aws.BoolValue(svc.doc.EnableExecuteCommand),
		service: svc, deployment: dep,
	}
	spec.tags = taskTags(
		nil,
		dep.definition,
		aws.StringValue(svc.doc.PropagateTags),
		svc.tags,
		aws.BoolValue(svc.doc.EnableECSManagedTags),
		svc.cluster,
		svc.name(),
	)
	running := map[string]int{}
	for _, t := range svc.tasksOf(dep, (*ecsTask).live) {
		running[aws.StringValue(t.doc.CapacityProviderName)]++
	}
	t := s.start(spec, running, now)
	svc.tasks = append(svc.tasks, t)
	return t
}

// taskTags are the tags that a task is born with.
func taskTags(
	own map[string]string,
	d *taskDefinition,
	propagate string,
	service map[string]string,
	managed bool,
	c *ecsCluster,
	serviceName string,
) map[string]string {
	tags := map[string]string{}
	switch propagate {
	case ecs.PropagateTagsTaskDefinition:
		maps.Copy(tags, d.tags)
	case ecs.PropagateTagsService:
		maps.Copy(tags, service)
	}
	maps.Copy(tags, own)
	if managed {
		tags["aws:ecs:clusterName"] = c.name
		if serviceName != "" {
			tags["aws:ecs:serviceName"] = serviceName
		}
	}
	if len(tags) == 0 {
		return nil
	}
	return tags
}

// start makes a task and sets it on its way.
func (s *Sandbox) start(spec launch, running map[string]int, now time.Time) *ecsTask {
	t := s.newTask(spec, now)
	if provider := nextProvider(spec.placement.strategy, running); provider != "" {
		t.doc.CapacityProviderName = aws.String(provider)
	}
	s.ecs.tasks[t.id()] = t
	pull := timeToRunning
	if t.anyImage(":slow") {
		pull = slowFactor*(timeToPending+timeToRunning) - timeToPending
	}
	s.later(t, now, timeToPending, func(at time.Time) {
		t.move(taskPending)
		t.doc.PullStartedAt = aws.Time(at)
		s.later(t, at, pull, func(at time.Time) { s.bringUp(t, at) })
	})
	return t
}

// later has do called once the task has gone on for d, unless it has taken another course by then.
func (s *Sandbox) later(t *ecsTask, now time.Time, d time.Duration, do func(at time.Time)) {
	life := t.life
	s.schedule(now.Add(s.scaled(d)), func(at time.Time) {
		if t.life == life {
			do(at)
		}
	})
}

// move sets the status of the task, and of its containers where they follow it.
func (t *ecsTask) move(status string) {
	t.doc.LastStatus = aws.String(status)
	*t.doc.Version++
	for _, a := range t.doc.Attachments {
		a.Status = aws.String(attachmentStatus(status))
	}
	for _, c := range t.doc.Containers {
		if aws.StringValue(c.LastStatus) != taskStopped && (status == taskRunning || status == taskStopped) {
			c.LastStatus = aws.String(status)
		}
	}
}

func attachmentStatus(task string) string {
	switch task {
	case taskProvisioning:
		return "PRECREATED"
	case taskStopped:
		return "DELETED"
	}
	return "ATTACHED"
}

func (t *ecsTask) anyImage(suffix string) bool {
	return slices.ContainsFunc(t.doc.Containers, func(c *ecs.Container) bool { return strings.HasSuffix(aws.StringValue(c.Image), suffix) })
}

// bringUp ends the wait for images: the task runs, or it failed to start.
func (s *Sandbox) bringUp(t *ecsTask, now time.Time) {
	t.doc.PullStoppedAt = aws.Time(now)
	if reason := s.startFailure(t); reason != "" {
		s.failToStart(t, now, reason)
		return
	}
	t.move(taskRunning)
	t.doc.StartedAt, t.doc.Connectivity, t.doc.ConnectivityAt = aws.Time(now), aws.String(ecs.ConnectivityConnected), aws.Time(now)
	for _, c := range t.doc.Containers {
		c.RuntimeId = aws.String(t.id() + "-" + s.newName(10, "0123456789"))
		c.ImageDigest = aws.String(fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(aws.StringValue(c.Image)))))
		s.say(t, c, now, "container "+aws.StringValue(c.Name)+" started from "+aws.StringValue(c.Image), "task "+t.id()+" listens at "+t.address)
	}
	s.announce(t)
	if t.anyImage(":crash") {
		s.later(t, now, timeToCrash, func(at time.Time) { s.crash(t, at) })
	}
	s.later(t, now, timeToSteady, func(at time.Time) { s.prove(t, at) })
	s.serviceOf(t, now)
}

// prove counts the task as healthy.
func (s *Sandbox) prove(t *ecsTask, now time.Time) {
	t.proven = true
	for i, c := range t.doc.Containers {
		if t.definition.doc.ContainerDefinitions[i].HealthCheck != nil {
			c.HealthStatus, t.doc.HealthStatus = aws.String(ecs.HealthStatusHealthy), aws.String(ecs.HealthStatusHealthy)
		}
	}
	if t.service != nil {
		t.service.failures = 0
	}
	s.serviceOf(t, now)
}

// serviceOf tells the service that something about its task has changed.
func (s *Sandbox) serviceOf(t *ecsTask, now time.Time) {
	if t.service != nil {
		s.reconcile(t.service, now)
		s.finishDraining(t.service, now)
	}
}

// failToStart stops a task that never ran.
func (s *Sandbox) failToStart(t *ecsTask, now time.Time, reason string) {
	t.end(now, ecs.TaskStopCodeTaskFailedToStart, reason)
	for _, c := range t.doc.Containers {
		c.LastStatus, c.Reason = aws.String(taskStopped), aws.String(reason)
	}
	s.deprovision(t, now)
	if t.service != nil {
		s.taskFailed(t, now)
	}
}

// end notes why the task stops. What it was about to do is void.
func (t *ecsTask) end(now time.Time, code, reason string) {
	t.life++
	t.proven = false
	t.doc.DesiredStatus, t.doc.StoppingAt = aws.String(ecs.DesiredStatusStopped), aws.Time(now)
	t.doc.StopCode, t.doc.StoppedReason = aws.String(code), aws.String(reason)
}

// crash ends the containers whose image is *:crash; the task goes with the first essential one.
func (s *Sandbox) crash(t *ecsTask, now time.Time) {
	fatal := false
	for i, c := range t.doc.Containers {
		if !strings.HasSuffix(aws.StringValue(c.Image), ":crash") {
			continue
		}
		c.LastStatus, c.ExitCode = aws.String(taskStopped), aws.Int64(1)
		fatal = fatal || aws.BoolValue(t.definition.doc.ContainerDefinitions[i].Essential)
		s.say(t, c, now, "fatal: exiting with status 1")
	}
	if !fatal {
		return
	}
	t.end(now, ecs.TaskStopCodeEssentialContainerExited, "Essential container in task exited")
	s.shutDown(t, now)
	if t.service != nil {
		s.taskFailed(t, now)
	}
}

// stop asks a task to end. Asked again it changes nothing.
func (s *Sandbox) stop(t *ecsTask, now time.Time, code, reason string) {
	if !t.live() {
		return
	}
	t.end(now, code, reason)
	if t.last() != taskRunning {
		s.deprovision(t, now)
		return
	}
	t.move(taskDeactivating)
	for _, c := range t.doc.Containers {
		s.say(t, c, now, "received SIGTERM, shutting down")
	}
	s.later(t, now, timeToStopping, func(at time.Time) { s.shutDown(t, at) })
}

// shutDown is when the containers get to end; the service no longer waits for the task.
func (s *Sandbox) shutDown(t *ecsTask, now time.Time) {
	t.move(taskStopping)
	s.serviceOf(t, now)
	s.later(t, now, timeToUnplug, func(at time.Time) {
		t.doc.ExecutionStoppedAt = aws.Time(at)
		for _, c := range t.doc.Containers {
			c.LastStatus = aws.String(taskStopped)
			if c.ExitCode == nil {
				c.ExitCode = aws.Int64(143)
			}
		}
		s.deprovision(t, at)
	})
}

// deprovision is when the network interface goes. Only now is the task taken out of Cloud Map: later than its service is INACTIVE, so that
// who deletes a registry too early is refused, as on AWS.
func (s *Sandbox) deprovision(t *ecsTask, now time.Time) {
	t.move(taskDeprovisioning)
	s.renounce(t)
	s.later(t, now, timeToStopped, func(at time.Time) {
		t.move(taskStopped)
		t.doc.StoppedAt = aws.Time(at)
		s.schedule(at.Add(timeToForget), func(time.Time) { s.forget(t) })
		s.serviceOf(t, at)
	})
}

func (s *Sandbox) forget(t *ecsTask) {
	delete(s.ecs.tasks, t.id())
	if t.service != nil {
		t.service.tasks = slices.DeleteFunc(t.service.tasks, func(other *ecsTask) bool { return other == t })
	}
	for token, run := range s.ecs.runs {
		if slices.Contains(run.tasks, t) {
			delete(s.ecs.runs, token)
		}
	}
}
