package sandbox

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awsutil"
	"github.com/aws/aws-sdk-go/service/ecs"
)

// ecsState is all that the emulated ECS knows.
type ecsState struct {
	clusters  map[string]*ecsCluster // by name; an INACTIVE one stays until its name is used again
	families  map[string]*taskFamily
	tasks     map[string]*ecsTask // by id, in all clusters; a stopped one goes after an hour
	runs      map[string]*taskRun // by cluster and RunTask's client token
	addresses int                 // private addresses given out so far
}

// The clock at speed 1. A task runs within 3 s of being started, a service is drained within 3 s of its deletion.
const (
	schedulerPause   = 200 * time.Millisecond  // from a change of a service to the first task it starts
	timeToPending    = 500 * time.Millisecond  // PROVISIONING
	timeToRunning    = 1000 * time.Millisecond // PENDING, where images are pulled
	timeToCrash      = 500 * time.Millisecond  // an image *:crash runs this long
	timeToSteady     = 1000 * time.Millisecond // a task that has run this long counts as healthy
	timeToStopping   = 1000 * time.Millisecond // DEACTIVATING; then the service counts it no more
	timeToUnplug     = 500 * time.Millisecond  // STOPPING
	timeToStopped    = 500 * time.Millisecond  // DEPROVISIONING, where the network interface goes
	timeToForget     = time.Hour               // stopped tasks are seen this long; not scaled
	slowFactor       = 10                      // an image *:slow is pulled this many times longer
	timeToErase      = time.Second             // a definition that nothing refers to is gone this long after its deletion
	timeToShowFailed = 3 * time.Second         // a deployment that was rolled back is still listed this long
	relaunchDelay    = 30 * time.Second        // after a role could not be assumed
	longestBackoff   = 5 * time.Minute         // between starts of tasks that keep failing
	failedStarts     = 3                       // this many in a row and the circuit breaker trips (more for large services)
	maxFailedStarts  = 200
)

func (s *Sandbox) registerECS() {
	s.ecs = ecsState{
		clusters: map[string]*ecsCluster{}, families: map[string]*taskFamily{},
		tasks: map[string]*ecsTask{}, runs: map[string]*taskRun{},
	}
	register(s, "ecs", "CreateCluster", true, s.ecsCreateCluster)
	register(s, "ecs", "UpdateCluster", true, s.ecsUpdateCluster)
	register(s, "ecs", "PutClusterCapacityProviders", true, s.ecsPutClusterCapacityProviders)
	register(s, "ecs", "DeleteCluster", true, s.ecsDeleteCluster)
	register(s, "ecs", "DescribeClusters", false, s.ecsDescribeClusters)
	register(s, "ecs", "ListClusters", false, s.ecsListClusters)
	register(s, "ecs", "RegisterTaskDefinition", true, s.ecsRegisterTaskDefinition)
	register(s, "ecs", "DeregisterTaskDefinition", true, s.ecsDeregisterTaskDefinition)
	register(s, "ecs", "DeleteTaskDefinitions", true, s.ecsDeleteTaskDefinitions)
	register(s, "ecs", "DescribeTaskDefinition", false, s.ecsDescribeTaskDefinition)
	register(s, "ecs", "ListTaskDefinitions", false, s.ecsListTaskDefinitions)
	register(s, "ecs", "ListTaskDefinitionFamilies", false, s.ecsListTaskDefinitionFamilies)
	register(s, "ecs", "CreateService", true, s.ecsCreateService)
	register(s, "ecs", "UpdateService", true, s.ecsUpdateService)
	register(s, "ecs", "DeleteService", true, s.ecsDeleteService)
	register(s, "ecs", "DescribeServices", false, s.ecsDescribeServices)
	register(s, "ecs", "ListServices", false, s.ecsListServices)
	register(s, "ecs", "RunTask", true, s.ecsRunTask)
	register(s, "ecs", "StopTask", true, s.ecsStopTask)
	register(s, "ecs", "DescribeTasks", false, s.ecsDescribeTasks)
	register(s, "ecs", "ListTasks", false, s.ecsListTasks)
	register(s, "ecs", "TagResource", true, s.ecsTagResource)
	register(s, "ecs", "UntagResource", true, s.ecsUntagResource)
	register(s, "ecs", "ListTagsForResource", false, s.ecsListTagsForResource)
}

// ecsName is what clusters, services, families and containers may be called.
var ecsName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

func invalidParameter(format string, args ...any) *apiError {
	return refuse(ecs.ErrCodeInvalidParameterException, format, args...)
}

func clientError(format string, args ...any) *apiError {
	return refuse(ecs.ErrCodeClientException, format, args...)
}

// missing is an entry of the failures list, which is how ECS answers most questions about what is not there: with status 200.
func missing(arn string) *ecs.Failure {
	return &ecs.Failure{Arn: aws.String(arn), Reason: aws.String("MISSING")}
}

// clone copies an SDK struct to its depth: what a caller sent is never kept, what is kept is never handed to be changed.
func clone[T any](v *T) *T {
	if v == nil {
		return nil
	}
	var out T
	awsutil.Copy(&out, v)
	return &out
}

// cloneList copies a list of SDK structs; nil stays nil and empty stays empty.
func cloneList[T any](list []*T) []*T {
	if list == nil {
		return nil
	}
	out := make([]*T, 0, len(list))
	for _, item := range list {
		if item != nil {
			out = append(out, clone(item))
		}
	}
	return out
}

// afterSlash is the last part of an ARN or of a path.
func afterSlash(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

// sameDocument compares two SDK values as they go over the wire.
func sameDocument(a, b any) bool { return documentOf(a) == documentOf(b) }

func documentOf(v any) string {
	raw, err := encodeJSON(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// inventory tells all that stands. INACTIVE clusters and services, STOPPED tasks and definitions on their way out are what AWS forgets.
func (st *ecsState) inventory(inv Inventory) {
	for _, c := range st.clusters {
		if !c.active() {
			continue
		}
		state := stateOf(c.doc)
		state["tags"] = shownTags(c.tags)
		inv.add("cluster", c.name, state)
		for _, svc := range c.services {
			if svc.status() != serviceInactive {
				inv.add("service", c.name+"/"+svc.name(), svc.state())
			}
		}
	}
	for _, family := range st.families {
		for _, d := range family.standing() {
			state := stateOf(d.doc, "registeredAt", "deregisteredAt")
			state["tags"] = shownTags(d.tags)
			inv.add("task-definition", d.key(), state)
		}
	}
	st.inventoryTasks(inv)
}

// inventoryTasks names tasks by their group and number, not by their id: a service that was changed and changed back runs the same tasks
// under other ids. For the same reason the deployment that started a task is left out.
func (st *ecsState) inventoryTasks(inv Inventory) {
	groups := map[string][]map[string]any{}
	for _, t := range st.tasks {
		if t.last() == taskStopped {
			continue
		}
		group := t.cluster.name + "/" + aws.StringValue(t.doc.Group)
		groups[group] = append(groups[group], t.state())
	}
	for group, states := range groups {
		slices.SortFunc(states, func(a, b map[string]any) int { return cmp.Compare(encoded(a), encoded(b)) })
		for i, state := range states {
			inv.add("task", fmt.Sprintf("%s#%d", group, i+1), state)
		}
	}
}

// tagged yields what the tagging API may report.
func (st *ecsState) tagged(yield func(arn, resourceType string, tags map[string]string)) {
	for _, c := range st.clusters {
		if !c.active() {
			continue
		}
		yield(c.arn, "ecs:cluster", c.tags)
		for _, svc := range c.services {
			if svc.status() != serviceInactive {
				yield(svc.arn(), "ecs:service", svc.tags)
			}
		}
	}
	for _, family := range st.families {
		for _, d := range family.standing() {
			yield(d.arn(), "ecs:task-definition", d.tags)
		}
	}
	for _, t := range st.tasks {
		if t.last() != taskStopped {
			yield(t.arn(), "ecs:task", t.tags)
		}
	}
}

// number reads a decimal; what is none is -1.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}
