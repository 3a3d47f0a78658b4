package sandbox

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/ecs"
)

// taskRun is what one ClientToken of RunTask has led to, while one of its tasks is remembered.
type taskRun struct {
	asked string
	tasks []*ecsTask
}

// taskID is the id of a task, alone or at the end of an ARN.
var taskID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// ecsRunTask starts tasks that belong to no service. The same token and request give the same tasks again.
func (s *Sandbox) ecsRunTask(r *request, in *ecs.RunTaskInput) (*ecs.RunTaskOutput, error) {
	c, err := s.activeCluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	token := c.arn + " " + aws.StringValue(in.ClientToken)
	if run := s.ecs.runs[token]; run != nil && in.ClientToken != nil {
		return run.again(in)
	}
	spec, count, err := s.newLaunch(c, in, r.now)
	if err != nil {
		return nil, err
	}
	run := &taskRun{asked: documentOf(in)}
	out := &ecs.RunTaskOutput{Tasks: []*ecs.Task{}, Failures: []*ecs.Failure{}}
	if !spec.placement.fargate() {
		out.Failures = append(out.Failures, &ecs.Failure{Reason: aws.String("No Container Instances were found in your cluster.")})
		return out, nil
	}
	running := map[string]int{}
	for range count {
		t := s.start(spec, running, r.now)
		running[aws.StringValue(t.doc.CapacityProviderName)]++
		run.tasks = append(run.tasks, t)
		out.Tasks = append(out.Tasks, t.document(true))
	}
	if in.ClientToken != nil {
		s.ecs.runs[token] = run
	}
	return out, nil
}

func (run *taskRun) again(in *ecs.RunTaskInput) (*ecs.RunTaskOutput, error) {
	out := &ecs.RunTaskOutput{Failures: []*ecs.Failure{}}
	var arns []string
	for _, t := range run.tasks {
		arns = append(arns, t.arn())
		out.Tasks = append(out.Tasks, t.document(true))
	}
	if run.asked != documentOf(in) {
		return nil, refuse(ecs.ErrCodeConflictException, "The client token was used before with other parameters.").with("resourceIds", arns)
	}
	return out, nil
}

// newLaunch holds a RunTask against ECS's rules.
func (s *Sandbox) newLaunch(c *ecsCluster, in *ecs.RunTaskInput, now time.Time) (launch, int64, error) {
	spec := launch{
		cluster:   c,
		network:   clone(in.NetworkConfiguration),
		startedBy: aws.StringValue(in.StartedBy),
		execute:   aws.BoolValue(in.EnableExecuteCommand),
	}
	count := int64(1)
	if in.Count != nil {
		count = *in.Count
	}
	if count < 1 || count > 10 {
		return spec, 0, invalidParameter("Count must be between 1 and 10.")
	}
	tags, err := newTags(in.Tags)
	if err != nil {
		return spec, 0, err
	}
	d, err := s.launchable(in.TaskDefinition)
	if err != nil {
		return spec, 0, err
	}
	if spec.placement, err = placementOf(c, in.LaunchType, cloneList(in.CapacityProviderStrategy), in.PlatformVersion, d); err != nil {
		return spec, 0, err
	}
	if err := checkNetwork(d, in.NetworkConfiguration); err != nil {
		return spec, 0, err
	}
	if role := s.unassumableRole(d, now); role != "" {
		return spec, 0, clientError(
			"ECS was unable to assume the role '%s' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.",
			role,
		)
	}
	if spec.overrides, err = newOverrides(d, in.Overrides); err != nil {
		return spec, 0, err
	}
	spec.definition, spec.group = d, aws.StringValue(in.Group)
	if spec.group == "" {
		spec.group = "family:" + aws.StringValue(d.doc.Family)
	}
	spec.tags = taskTags(tags, d, aws.StringValue(in.PropagateTags), nil, aws.BoolValue(in.EnableECSManagedTags), c, "")
	return spec, count, nil
}

func newOverrides(d *taskDefinition, in *ecs.TaskOverride) (*ecs.TaskOverride, error) {
	overrides := clone(in)
	if overrides == nil {
		overrides = &ecs.TaskOverride{}
	}
	for _, o := range overrides.ContainerOverrides {
		if d.container(aws.StringValue(o.Name)) == nil {
			return nil, invalidParameter("Override for container named %s is not a container in the TaskDefinition.", aws.StringValue(o.Name))
		}
	}
	if overrides.ContainerOverrides == nil {
		overrides.ContainerOverrides = []*ecs.ContainerOverride{}
	}
	overrides.InferenceAcceleratorOverrides = []*ecs.InferenceAcceleratorOverride{}
	for _, c := range d.doc.ContainerDefinitions {
		named := func(o *ecs.ContainerOverride) bool { return aws.StringValue(o.Name) == aws.StringValue(c.Name) }
		if !slices.ContainsFunc(overrides.ContainerOverrides, named) {
			overrides.ContainerOverrides = append(overrides.ContainerOverrides, &ecs.ContainerOverride{Name: c.Name})
		}
	}
	return overrides, nil
}

// task finds a task in the cluster by id or ARN. Nil when it is not there, or no more.
func (s *Sandbox) task(c *ecsCluster, ref string) (*ecsTask, error) {
	if !taskID.MatchString(afterSlash(ref)) {
		return nil, invalidParameter("Task Identifier is invalid")
	}
	if strings.HasPrefix(ref, "arn:") && !strings.Contains(ref, "/"+c.name+"/") {
		return nil, invalidParameter("Invalid identifier: Identifier is for another cluster than %s", c.name)
	}
	if t := s.ecs.tasks[afterSlash(ref)]; t != nil && t.cluster == c {
		return t, nil
	}
	return nil, nil
}

// ecsStopTask takes the tags of the task away at once. A service starts another in its place.
func (s *Sandbox) ecsStopTask(r *request, in *ecs.StopTaskInput) (*ecs.StopTaskOutput, error) {
	c, err := s.activeCluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	t, err := s.task(c, aws.StringValue(in.Task))
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, invalidParameter("The referenced task was not found")
	}
	reason := "Task stopped by user"
	if in.Reason != nil {
		reason = *in.Reason
	}
	s.stop(t, r.now, ecs.TaskStopCodeUserInitiated, reason)
	t.tags = nil
	if t.service != nil {
		t.service.steady = false
		s.reconcileSoon(t.service, r.now)
	}
	return &ecs.StopTaskOutput{Task: t.document(false)}, nil
}

func (s *Sandbox) ecsDescribeTasks(_ *request, in *ecs.DescribeTasksInput) (*ecs.DescribeTasksOutput, error) {
	c, err := s.activeCluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	switch {
	case len(in.Tasks) == 0:
		return nil, invalidParameter("Tasks cannot be empty.")
	case len(in.Tasks) > 100:
		return nil, invalidParameter("Tasks can have at most 100 items.")
	}
	out := &ecs.DescribeTasksOutput{Tasks: []*ecs.Task{}, Failures: []*ecs.Failure{}}
	tags := slices.Contains(aws.StringValueSlice(in.Include), ecs.TaskFieldTags)
	for _, ref := range aws.StringValueSlice(in.Tasks) {
		t, err := s.task(c, ref)
		if err != nil {
			return nil, err
		}
		if t == nil {
			out.Failures = append(out.Failures, missing(s.arn("ecs", "task/"+c.name+"/"+afterSlash(ref))))
			continue
		}
		out.Tasks = append(out.Tasks, t.document(tags))
	}
	return out, nil
}

// ecsListTasks filters by the desired status, RUNNING unless told otherwise: a task that is starting is listed, one that is stopping is
// not.
func (s *Sandbox) ecsListTasks(_ *request, in *ecs.ListTasksInput) (*ecs.ListTasksOutput, error) {
	c, err := s.activeCluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if err := checkTaskFilters(in); err != nil {
		return nil, err
	}
	if in.ServiceName != nil {
		if svc := c.services[afterSlash(*in.ServiceName)]; svc == nil {
			return nil, refuse(ecs.ErrCodeServiceNotFoundException, "Service not found.")
		}
	}
	desired := ecs.DesiredStatusRunning
	if in.DesiredStatus != nil {
		desired = *in.DesiredStatus
	}
	arns := []string{}
	for _, t := range s.ecs.tasks {
		if t.cluster == c && aws.StringValue(t.doc.DesiredStatus) == desired && t.fits(in) {
			arns = append(arns, t.arn())
		}
	}
	p := paging{
		scope: strings.Join(
			[]string{
				"ListTasks",
				c.arn,
				desired,
				aws.StringValue(in.Family),
				aws.StringValue(in.ServiceName),
				aws.StringValue(in.StartedBy),
				aws.StringValue(in.LaunchType),
			},
			" ",
		),
		token: in.NextToken, max: in.MaxResults, size: 100, most: 100,
	}
	shown, next, err := page(p, arns, itself)
	if err != nil {
		return nil, err
	}
	return &ecs.ListTasksOutput{TaskArns: aws.StringSlice(shown), NextToken: next}, nil
}

// checkTaskFilters refuses the filters that do not go together. That desiredStatus may stand beside startedBy is how the AWS CLI is used.
func checkTaskFilters(in *ecs.ListTasksInput) error {
	others := in.Family != nil || in.ServiceName != nil || in.ContainerInstance != nil || in.LaunchType != nil
	switch {
	case in.StartedBy != nil && others:
		return invalidParameter("When startedBy is specified it must be the only filter.")
	case in.Family != nil && in.ServiceName != nil:
		return invalidParameter("family and serviceName cannot be specified together.")
	}
	return nil
}

func (t *ecsTask) fits(in *ecs.ListTasksInput) bool {
	return (in.Family == nil || *in.Family == aws.StringValue(t.definition.doc.Family)) &&
		(in.ServiceName == nil || (t.service != nil && t.service.name() == afterSlash(*in.ServiceName))) &&
		(in.StartedBy == nil || *in.StartedBy == aws.StringValue(t.doc.StartedBy)) &&
		(in.LaunchType == nil || *in.LaunchType == aws.StringValue(t.doc.LaunchType)) &&
		in.ContainerInstance == nil
}
