package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/ecs"
)

const (
	deploymentPrimary = "PRIMARY"
	deploymentActive  = "ACTIVE"
	keptEvents        = 100
)

type ecsDeployment struct {
	doc        *ecs.Deployment
	definition *taskDefinition
	shownUntil time.Time // a failed one is listed at least until then
}

func (d *ecsDeployment) id() string      { return aws.StringValue(d.doc.Id) }
func (d *ecsDeployment) rollout() string { return aws.StringValue(d.doc.RolloutState) }
func (d *ecsDeployment) desired() int    { return int(aws.Int64Value(d.doc.DesiredCount)) }

func (d *ecsDeployment) setRollout(state, reason string, now time.Time) {
	d.doc.RolloutState, d.doc.RolloutStateReason, d.doc.UpdatedAt = aws.String(state), aws.String(reason), aws.Time(now)
}

func (d *ecsDeployment) setDesired(n int, now time.Time) {
	d.doc.DesiredCount, d.doc.UpdatedAt = aws.Int64(int64(n)), aws.Time(now)
}

// newDeployment makes the service's present settings its primary deployment.
func (s *Sandbox) newDeployment(svc *ecsService, definition *taskDefinition, now time.Time) *ecsDeployment {
	doc := &ecs.Deployment{
		Id: aws.String("ecs-svc/" + s.newName(19, "123456789")), Status: aws.String(deploymentPrimary), TaskDefinition: aws.String(definition.arn()),
		CreatedAt: aws.Time(now), FailedTasks: aws.Int64(0), LaunchType: svc.doc.LaunchType,
		CapacityProviderStrategy: cloneList(svc.doc.CapacityProviderStrategy), NetworkConfiguration: clone(svc.doc.NetworkConfiguration),
		PlatformFamily: svc.doc.PlatformFamily, PlatformVersion: platformOf(svc.doc.PlatformVersion),
	}
	dep := &ecsDeployment{doc: doc, definition: definition}
	dep.setRollout(ecs.DeploymentRolloutStateInProgress, "ECS deployment "+dep.id()+" in progress.", now)
	dep.setDesired(svc.desired(), now)
	for _, old := range svc.deployments {
		old.doc.Status = aws.String(deploymentActive)
	}
	svc.deployments = slices.Insert(svc.deployments, 0, dep)
	s.reconcileSoon(svc, now)
	return dep
}

// platformOf is the version that LATEST stands for.
func platformOf(version *string) *string {
	if aws.StringValue(version) == "LATEST" {
		return aws.String("1.4.0")
	}
	return version
}

// event adds to what the service has to tell. A message that only repeats the last one is left out, as ECS does.
func (s *Sandbox) event(svc *ecsService, now time.Time, format string, args ...any) {
	message := fmt.Sprintf("(service %s)", svc.name()) + fmt.Sprintf(format, args...)
	if len(svc.events) > 0 && *svc.events[0].Message == message {
		return
	}
	e := &ecs.ServiceEvent{Id: aws.String(s.newUUID()), CreatedAt: aws.Time(now), Message: aws.String(message)}
	svc.events = slices.Insert(svc.events, 0, e)
	svc.events = svc.events[:min(len(svc.events), keptEvents)]
}

func (s *Sandbox) reconcileSoon(svc *ecsService, now time.Time) {
	s.schedule(now.Add(s.scaled(schedulerPause)), func(at time.Time) { s.reconcile(svc, at) })
}

// reconcile moves the service one step towards what it is set to. It is called whenever something about it has changed.
func (s *Sandbox) reconcile(svc *ecsService, now time.Time) {
	if svc.status() != serviceActive {
		return
	}
	if svc.deployments[0].rollout() != ecs.DeploymentRolloutStateFailed {
		s.stopSuperseded(svc, now)
		s.startMissing(svc, now)
	}
	s.stopSurplus(svc, now)
	s.settle(svc, now)
}

// tasksOf are the deployment's tasks that fit; of all deployments when it is nil.
func (svc *ecsService) tasksOf(dep *ecsDeployment, fit func(*ecsTask) bool) []*ecsTask {
	var found []*ecsTask
	for _, t := range svc.tasks {
		if (dep == nil || t.deployment == dep) && fit(t) {
			found = append(found, t)
		}
	}
	return found
}

func (svc *ecsService) counts(dep *ecsDeployment) (running, pending int64) {
	running = int64(len(svc.tasksOf(dep, func(t *ecsTask) bool { return t.last() == taskRunning })))
	pending = int64(len(svc.tasksOf(dep, (*ecsTask).starting)))
	return running, pending
}

func (svc *ecsService) superseded() []*ecsTask {
	return svc.tasksOf(nil, func(t *ecsTask) bool { return t.live() && t.deployment != svc.deployments[0] })
}

// bounds are how many tasks must stay healthy and how many may live during a deployment.
func (svc *ecsService) bounds() (least, most int) {
	config := svc.doc.DeploymentConfiguration
	least = (svc.desired()*int(aws.Int64Value(config.MinimumHealthyPercent)) + 99) / 100
	most = svc.desired() * int(aws.Int64Value(config.MaximumPercent)) / 100
	return least, most
}

// stopSuperseded stops old tasks: those that are not up yet at once, the others as far as enough healthy ones remain.
func (s *Sandbox) stopSuperseded(svc *ecsService, now time.Time) {
	least, _ := svc.bounds()
	spare := len(svc.tasksOf(nil, (*ecsTask).healthy)) - least
	var stopped []*ecsTask
	for _, t := range svc.superseded() {
		if t.healthy() {
			if spare <= 0 {
				continue
			}
			spare--
		}
		stopped = append(stopped, t)
	}
	s.scaleIn(svc, stopped, now)
}

// stopSurplus stops what is above the desired count, the least healthy first.
func (s *Sandbox) stopSurplus(svc *ecsService, now time.Time) {
	live := svc.tasksOf(svc.deployments[0], (*ecsTask).live)
	slices.SortStableFunc(live, func(a, b *ecsTask) int { return b.rank() - a.rank() })
	if len(live) > svc.desired() {
		s.scaleIn(svc, live[svc.desired():], now)
	}
}

func (s *Sandbox) scaleIn(svc *ecsService, tasks []*ecsTask, now time.Time) {
	if len(tasks) == 0 {
		return
	}
	for _, t := range tasks {
		s.stop(t, now, ecs.TaskStopCodeServiceSchedulerInitiated, fmt.Sprintf("Scaling activity initiated by (deployment %s)", t.deployment.id()))
	}
	svc.steady = false
	s.event(svc, now, " has stopped %d running tasks: %s.", len(tasks), bracketed(tasks))
}

func bracketed(tasks []*ecsTask) string {
	var ids []string
	for _, t := range tasks {
		ids = append(ids, "(task "+t.id()+")")
	}
	return strings.Join(ids, " ")
}

// startMissing starts tasks of the primary deployment, as many as may live beside those that still run.
func (s *Sandbox) startMissing(svc *ecsService, now time.Time) {
	_, most := svc.bounds()
	primary := svc.deployments[0]
	missing := min(svc.desired()-len(svc.tasksOf(primary, (*ecsTask).live)), most-len(svc.tasksOf(nil, (*ecsTask).live)))
	if missing <= 0 || now.Before(svc.retryAt) {
		return
	}
	svc.steady = false
	if primary.doc.LaunchType != nil && *primary.doc.LaunchType != ecs.LaunchTypeFargate {
		s.event(
			svc,
			now,
			" was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.",
		)
		return
	}
	if role := s.unassumableRole(primary.definition, now); role != "" {
		s.event(
			svc,
			now,
			" failed to launch a task with (error ECS was unable to assume the role '%s' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.).",
			role,
		)
		s.countFailure(svc, primary, now, relaunchDelay)
		return
	}
	var started []*ecsTask
	for range missing {
		started = append(started, s.startServiceTask(svc, primary, now))
	}
	s.event(svc, now, " has started %d tasks: %s.", len(started), bracketed(started))
}

// settle completes the deployment once all its tasks are healthy and no other lives, and tells when nothing is left to do.
func (s *Sandbox) settle(svc *ecsService, now time.Time) {
	primary := svc.deployments[0]
	healthy := len(svc.tasksOf(primary, (*ecsTask).healthy))
	if primary.rollout() == ecs.DeploymentRolloutStateFailed || healthy != svc.desired() || len(svc.superseded()) > 0 {
		return
	}
	if primary.rollout() == ecs.DeploymentRolloutStateInProgress {
		primary.setRollout(ecs.DeploymentRolloutStateCompleted, "ECS deployment "+primary.id()+" completed.", now)
		s.event(svc, now, " (deployment %s) deployment completed.", primary.id())
	}
	if !svc.steady {
		svc.steady = true
		s.event(svc, now, " has reached a steady state.")
	}
	svc.deployments = slices.DeleteFunc(svc.deployments, func(d *ecsDeployment) bool {
		return d != primary && !now.Before(d.shownUntil) && len(svc.tasksOf(d, (*ecsTask).counted)) == 0
	})
}

// taskFailed is told by a task of the service that did not start, or ended by itself.
func (s *Sandbox) taskFailed(t *ecsTask, now time.Time) {
	svc := t.service
	if svc.status() != serviceActive {
		return
	}
	svc.steady = false
	if aws.StringValue(t.doc.StopCode) == ecs.TaskStopCodeTaskFailedToStart {
		s.event(svc, now, " was unable to place a task. Reason: %s", aws.StringValue(t.doc.StoppedReason))
	}
	s.countFailure(svc, t.deployment, now, 0)
	s.reconcile(svc, now)
}

// countFailure counts starts that failed in a row. Too many trip the circuit breaker; without one, starts are made ever less often.
func (s *Sandbox) countFailure(svc *ecsService, dep *ecsDeployment, now time.Time, delay time.Duration) {
	svc.failures++
	if dep.rollout() == ecs.DeploymentRolloutStateInProgress {
		*dep.doc.FailedTasks++
	}
	breaker := svc.doc.DeploymentConfiguration.DeploymentCircuitBreaker
	watched := dep == svc.deployments[0] && dep.rollout() == ecs.DeploymentRolloutStateInProgress
	if threshold := min(max(failedStarts, (svc.desired()+1)/2), maxFailedStarts); watched && aws.BoolValue(breaker.Enable) && svc.failures >= threshold {
		s.trip(svc, now)
		return
	}
	if svc.failures >= failedStarts {
		s.event(svc, now, " is unable to consistently start tasks successfully.")
		delay = max(delay, min(time.Second<<min(svc.failures-failedStarts, 10), longestBackoff))
	}
	if delay > 0 {
		svc.retryAt = now.Add(s.scaled(delay))
		s.schedule(svc.retryAt, func(at time.Time) { s.reconcile(svc, at) })
	}
}

// trip is the circuit breaker: the deployment has failed. With rollback the last completed deployment, whose tasks still run, is primary
// again; a service that never had one stays with its failure.
func (s *Sandbox) trip(svc *ecsService, now time.Time) {
	failed := svc.deployments[0]
	failed.setRollout(ecs.DeploymentRolloutStateFailed, "ECS deployment circuit breaker: tasks failed to start.", now)
	s.event(svc, now, " (deployment %s) deployment failed: tasks failed to start.", failed.id())
	svc.failures, svc.retryAt = 0, time.Time{}
	completed := slices.IndexFunc(svc.deployments, func(d *ecsDeployment) bool { return d.rollout() == ecs.DeploymentRolloutStateCompleted })
	if !aws.BoolValue(svc.doc.DeploymentConfiguration.DeploymentCircuitBreaker.Rollback) || completed < 0 {
		return
	}
	target := svc.deployments[completed]
	svc.deployments = slices.Insert(slices.Delete(svc.deployments, completed, completed+1), 0, target)
	failed.doc.Status, target.doc.Status = aws.String(deploymentActive), aws.String(deploymentPrimary)
	failed.setDesired(0, now)
	failed.shownUntil = now.Add(s.scaled(timeToShowFailed))
	s.schedule(failed.shownUntil, func(at time.Time) { s.reconcile(svc, at) })
	target.setRollout(ecs.DeploymentRolloutStateInProgress, "ECS deployment circuit breaker: rolling back to deploymentId "+target.id()+".", now)
	target.setDesired(svc.desired(), now)
	svc.doc.TaskDefinition, svc.doc.NetworkConfiguration = target.doc.TaskDefinition, clone(target.doc.NetworkConfiguration)
	svc.doc.LaunchType, svc.doc.CapacityProviderStrategy = target.doc.LaunchType, cloneList(target.doc.CapacityProviderStrategy)
	s.event(svc, now, " rolling back to deployment %s.", target.id())
	s.reconcileSoon(svc, now)
}

// drain stops all that the service runs. It is INACTIVE when every task is at least STOPPING.
func (s *Sandbox) drain(svc *ecsService, now time.Time) {
	svc.doc.Status, svc.doc.DesiredCount = aws.String(serviceDraining), aws.Int64(0)
	for _, dep := range svc.deployments {
		dep.setDesired(0, now)
	}
	s.scaleIn(svc, svc.tasksOf(nil, (*ecsTask).live), now)
	svc.drainedAt = now.Add(s.scaled(timeToStopping))
	s.schedule(svc.drainedAt, func(at time.Time) { s.finishDraining(svc, at) })
}

func (s *Sandbox) finishDraining(svc *ecsService, now time.Time) {
	if svc.status() != serviceDraining || now.Before(svc.drainedAt) || len(svc.tasksOf(nil, (*ecsTask).counted)) > 0 {
		return
	}
	svc.doc.Status = aws.String(serviceInactive)
	svc.deployments = nil
}
