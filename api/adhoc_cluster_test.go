package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ecs-api/sandbox"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

const (
	bareCluster = `{"clustername": "bare", "tags": [{"Key": "CreatedBy", "Value": "netid"}, {"Key": "spinup:spaceid", "Value": "elsewhere"}]}`
	barePath    = "/clusters/bare"
)

func clustered(w *world) { w.must(http.StatusOK, "POST", "/clusters", bareCluster); w.ended() }

// list gives an answer that is a list of names.
func (w *world) list(path string) []string {
	w.Helper()
	var names []string
	w.must(http.StatusOK, "GET", path, "").decode(w, &names)
	if names == nil {
		w.Errorf("%s is null", path)
	}
	return names
}

// tagsIn gives tags by key.
func tagsIn(tags []*awsecs.Tag) map[string]string {
	read := map[string]string{}
	for _, tag := range tags {
		read[aws.StringValue(tag.Key)] = aws.StringValue(tag.Value)
	}
	return read
}

// A cluster is made by itself as a service create makes it, shown, listed and deleted; nothing is left.
func TestAClusterByItself(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		if names := w.list("/clusters"); len(names) > 0 {
			w.Errorf("listed %v", names)
		}
		var made, shown awsecs.Cluster
		a, trips := w.measured("POST", "/clusters", bareCluster)
		a.decode(w, &made)
		if a.status != http.StatusOK || trips != 2 || aws.StringValue(made.ClusterName) != "bare" || a.header.Get("X-Operation-Id") == "" {
			w.Errorf("%d in %d round trips: %s", a.status, trips, a.body)
		}
		strategy := made.DefaultCapacityProviderStrategy
		if len(made.CapacityProviders) != 2 || len(strategy) != 2 || aws.Int64Value(strategy[0].Base) != 1 || aws.Int64Value(strategy[1].Weight) != 1 {
			w.Errorf("providers %v, strategy %v", aws.StringValueSlice(made.CapacityProviders), strategy)
		}
		w.ended()
		if inventory := w.aws.Inventory(); len(inventory["role"])+len(inventory["log group"]) != len(before["role"])+len(before["log group"]) {
			w.Errorf("more than the cluster was made: %v", inventory)
		}
		a, trips = w.measured("GET", "/cluster/bare", "")
		a.decode(w, &shown)
		marks := tagsIn(shown.Tags)
		if a.status != http.StatusOK || trips != 1 || marks["CreatedBy"] != "netid" ||
			marks["spinup:org"] != "myorg" || marks["spinup:spaceid"] != "bare" || marks["spinup:type"] != "container" {
			w.Errorf("%d in %d round trips: %s", a.status, trips, a.body)
		}
		stands := w.aws.Inventory()
		again := w.must(http.StatusOK, "POST", "/clusters", strings.Replace(bareCluster, "netid", "other", 1))
		w.ended()
		if diff := sandbox.Diff(stands, w.aws.Inventory()); diff != "" || again.header.Get("X-Operation-Id") == "" {
			w.Errorf("one that stands was changed:\n%s", diff)
		}
		if names := w.list("/clusters"); len(names) != 1 || names[0] != aws.StringValue(made.ClusterArn) {
			w.Errorf("listed %v", names)
		}
		a, trips = w.measured("DELETE", barePath, "")
		var gone awsecs.Cluster
		a.decode(w, &gone)
		if a.status != http.StatusOK || trips > 3 || aws.StringValue(gone.Status) != "INACTIVE" || aws.StringValue(gone.ClusterArn) != aws.StringValue(made.ClusterArn) {
			w.Errorf("%d in %d round trips: %s", a.status, trips, a.body)
		}
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
		w.must(http.StatusNotFound, "GET", barePath, "")
		w.must(http.StatusNotFound, "DELETE", barePath, "")
	})
}

// All pages of clusters are listed, in two round trips and one for each page more; what is gone or another's is not among them.
func TestAllPagesOfClusters(t *testing.T) {
	inWorld(t, func(w *world) {
		direct := awsecs.New(w.account.Session)
		make := func(name, org string) {
			in := &awsecs.CreateClusterInput{ClusterName: aws.String(name), Tags: []*awsecs.Tag{{Key: aws.String("spinup:org"), Value: aws.String(org)}}}
			if _, err := direct.CreateCluster(in); err != nil {
				w.Fatal(err)
			}
		}
		for i := range 230 {
			make(fmt.Sprintf("c%03d", 230-i), "myorg")
		}
		for i := range 10 {
			make(fmt.Sprintf("a%03d", i), "theirs")
		}
		make("gone", "myorg")
		if _, err := direct.DeleteCluster(&awsecs.DeleteClusterInput{Cluster: aws.String("gone")}); err != nil {
			w.Fatal(err)
		}
		a, trips := w.measured("GET", "/clusters", "")
		var names []string
		a.decode(w, &names)
		if len(names) != 230 || !slices.IsSorted(names) || !strings.HasSuffix(names[0], "/c001") || trips != 4 {
			w.Errorf("%d clusters in %d round trips: %v", len(names), trips, names)
		}
	})
}

// The space of a service that was deleted alone: cluster, role and log group go with the cluster.
func TestAClusterGoesWithItsGround(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		w.must(http.StatusOK, "POST", "/services", body(cluster, definition, service))
		w.ended()
		stands := w.aws.Inventory()
		told := w.must(http.StatusConflict, "DELETE", "/clusters/myclu", "").problem(w)
		if !strings.Contains(told.Detail, "in use by service www") {
			w.Errorf("told %q", told.Detail)
		}
		if diff := sandbox.Diff(stands, w.aws.Inventory()); diff != "" {
			w.Errorf("refused, and changed:\n%s", diff)
		}
		w.must(http.StatusOK, "DELETE", www, "")
		w.must(http.StatusConflict, "DELETE", "/clusters/myclu", "") // it drains
		w.ended()
		w.must(http.StatusOK, "DELETE", "/clusters/myclu", "")
		w.ended()
		left := w.aws.Inventory()
		delete(left, "task-definition") // the family of the service
		if diff := sandbox.Diff(before, left); diff != "" {
			w.Error(diff)
		}
	})
}

// A task that runs and a managed task definition keep their cluster, and are named.
func TestAClusterInUse(t *testing.T) {
	inWorld(t, func(w *world) {
		defined(w)
		var ran struct{ Tasks []struct{ TaskArn string } }
		w.must(http.StatusOK, "POST", supercoolPath+"/tasks", `{}`).decode(w, &ran)
		w.must(http.StatusConflict, "DELETE", "/clusters/myclu", "")
		w.must(http.StatusAccepted, "DELETE", supercoolPath+"?force=true", "")
		w.ended()
		defined(w)
		stands := w.aws.Inventory()
		told := w.must(http.StatusConflict, "DELETE", "/clusters/myclu", "").problem(w)
		if !strings.Contains(told.Detail, "supercool") {
			w.Errorf("told %q", told.Detail)
		}
		if diff := sandbox.Diff(stands, w.aws.Inventory()); diff != "" {
			w.Errorf("refused, and changed:\n%s", diff)
		}
	})
}

func TestAClusterOfAnotherOrg(t *testing.T) {
	inWorld(t, func(w *world) {
		w.asOrg("theirs", func() { clustered(w) })
		before := w.aws.Inventory()
		w.must(http.StatusNotFound, "POST", "/clusters", bareCluster)
		w.must(http.StatusNotFound, "GET", barePath, "")
		w.must(http.StatusNotFound, "DELETE", barePath, "")
		w.must(http.StatusNotFound, "GET", barePath+"/tasks", "")
		w.must(http.StatusNotFound, "POST", barePath+"/tasks", `{"taskdefinition": "any"}`)
		if names := w.list("/clusters"); len(names) > 0 {
			w.Errorf("listed %v", names)
		}
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

func TestBadClusters(t *testing.T) {
	inWorld(t, func(w *world) {
		for name, test := range map[string]struct{ body, pointer string }{
			"no name":             {`{}`, "/ClusterName"},
			"a long name":         {`{"clusterName": "` + strings.Repeat("x", 48) + `"}`, "/ClusterName"},
			"a name of no letter": {`{"clusterName": "a b"}`, "/ClusterName"},
			"another org":         {`{"clusterName": "x", "tags": [{"key": "spinup:org", "value": "theirs"}]}`, "/Tags/0/Value"},
			"a provider of AWS":   {`{"clusterName": "x", "capacityProviders": ["FARGATE_X"]}`, "/CapacityProviders/0"},
			"another's provider": {`{"clusterName": "x", "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]}`,
				"/DefaultCapacityProviderStrategy/0/CapacityProvider"},
		} {
			told := w.must(http.StatusBadRequest, "POST", "/clusters", test.body).problem(w)
			if len(told.Errors) != 1 || told.Errors[0].Pointer != test.pointer {
				w.Errorf("%s: told %+v", name, told.Errors)
			}
		}
		w.must(http.StatusBadRequest, "GET", "/clusters/a%20b", "")
		w.must(http.StatusBadRequest, "DELETE", "/clusters/a%20b", "")
		if calls := w.aws.Calls(); len(calls) > 1 { // who the account is
			w.Errorf("%d calls", len(calls))
		}
	})
}

// A cluster that is asked for after a delete stands, though the delete still has its ground to take away.
func TestAClusterAskedForAfterADelete(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
		w.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
		w.must(http.StatusOK, "POST", "/clusters", `{"clusterName": "myclu"}`) // it stands, while the service drains
		w.ended()
		w.must(http.StatusOK, "GET", "/clusters/myclu", "")
		w.must(http.StatusOK, "DELETE", "/clusters/myclu", "")
		w.must(http.StatusOK, "POST", "/clusters", `{"clusterName": "myclu"}`)
		w.ended()
		w.must(http.StatusOK, "GET", "/clusters/myclu", "")
		w.must(http.StatusOK, "DELETE", "/clusters/myclu", "")
		w.ended()
		if left := w.aws.Inventory(); len(left["cluster"])+len(left["role"])+len(left["log group"]) > 0 {
			w.Errorf("left %v", left)
		}
	})
}

// Two makers of one cluster at once: both have it, or one is told that the other is at work.
func TestTwoMakersOfACluster(t *testing.T) {
	inWorld(t, func(w *world) {
		statuses := make([]int, 2)
		var both sync.WaitGroup
		both.Go(func() { statuses[0] = w.send("POST", "/clusters", `{"clusterName": "myclu"}`).status })
		both.Go(func() { statuses[1] = w.send("POST", "/services", everything).status })
		both.Wait()
		w.ended()
		if statuses[0] != http.StatusOK || statuses[1] != http.StatusOK {
			w.Errorf("statuses %v", statuses)
		}
		w.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
		w.ended()
		if left := w.aws.Inventory(); len(left["cluster"]) > 0 {
			w.Errorf("left %v", left["cluster"])
		}
	})
}

// A delete of a cluster and a create in it at once: whichever comes late, what is answered is true, and nothing is left over.
func TestAClusterDeleteAndACreateAtOnce(t *testing.T) {
	for delay := -400; delay <= 400; delay += 25 {
		inWorld(t, func(w *world) {
			empty := w.aws.Inventory()
			w.must(http.StatusOK, "POST", "/clusters", `{"clusterName": "myclu"}`)
			w.ended()
			var removed, made answer
			var both sync.WaitGroup
			both.Go(func() {
				time.Sleep(time.Duration(max(-delay, 0)) * time.Millisecond)
				removed = w.send("DELETE", "/clusters/myclu", "")
			})
			both.Go(func() {
				time.Sleep(time.Duration(max(delay, 0)) * time.Millisecond)
				made = w.send("POST", "/services", everything)
			})
			both.Wait()
			w.ended()
			time.Sleep(time.Minute)
			if made.status == http.StatusOK {
				shown := w.must(http.StatusOK, "GET", www, "")
				if stands := w.aws.Inventory(); !strings.Contains(string(shown.body), `"RunningCount":1`) || len(stands["role"]) != 1 || len(stands["log group"]) != 1 {
					w.Errorf("%d ms: the service is not whole: %v", delay, stands)
				}
				w.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
				w.ended()
			} else if removed.status != http.StatusOK {
				w.must(http.StatusOK, "DELETE", "/clusters/myclu", "")
				w.ended()
			}
			if diff := sandbox.Diff(empty, w.aws.Inventory()); diff != "" {
				w.Errorf("%d ms: the delete was answered %d, the create %d, and left:\n%s", delay, removed.status, made.status, diff)
			}
		})
	}
}

func TestAClusterLeavesNoTrace(t *testing.T) {
	create := func(w *world) { w.must(http.StatusOK, "POST", "/clusters", bareCluster) }
	leavesNoTrace(t, nothing, create, func(w *world) answer { return w.send("POST", "/clusters", bareCluster) })
}

// ground leaves a cluster with a role and a log group, and nothing in it.
func ground(w *world) {
	defined(w)
	w.must(http.StatusAccepted, "DELETE", supercoolPath, "")
	w.ended()
}

func TestAClusterDeleteLeavesNoTrace(t *testing.T) {
	t.Parallel()
	remove := func(w *world) { w.must(http.StatusOK, "DELETE", "/clusters/myclu", "") }
	deletesAllOrNothing(t, ground, remove, "/clusters/myclu", func(left sandbox.Inventory) bool {
		return len(left["cluster"])+len(left["role"])+len(left["log group"]) == 0
	})
}

// deletesAllOrNothing has every call of a delete go wrong: a 200 means that all went, anything else that nothing did.
func deletesAllOrNothing(t *testing.T, prepare, remove func(w *world), path string, gone func(left sandbox.Inventory) bool) {
	troubled(t, prepare, remove, func(w *world, at string) {
		stood := w.aws.Inventory()
		answered := w.send("DELETE", path, "")
		w.endedOrStuck()
		w.aws.ClearFaults() // what is refused at every attempt is tried again until it is not
		w.ended()
		left := w.aws.Inventory()
		if answered.status == http.StatusOK && !gone(left) {
			w.Errorf("%s: left %v", at, left)
		}
		if diff := sandbox.Diff(stood, left); answered.status != http.StatusOK && diff != "" {
			w.Errorf("%s: status %d, and changed:\n%s", at, answered.status, diff)
		}
	})
}
