package ecs

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"

	"ecs-api/common"
	"ecs-api/common/awsclient/awstest"
)

type object = map[string]any

// in runs a test against a server with one answer for all, in a bubble.
func in(t *testing.T, handle func(*awstest.Request) awstest.Answer, test func(*testing.T, *Client, *awstest.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := &awstest.Server{Handle: handle}
		test(t, New(server.Session(t)), server)
	})
}

// strs gives the list of strings under key of what a client sent.
func strs(in object, key string) []string {
	list, _ := in[key].([]any)
	out := []string{}
	for _, item := range list {
		out = append(out, item.(string))
	}
	return out
}

// pages answers with three pages of a list of strings, the second of them empty.
func pages(t *testing.T, key string) func(*awstest.Request) awstest.Answer {
	return func(r *awstest.Request) awstest.Answer {
		asked := r.JSON(t)
		if asked["maxResults"] != float64(100) {
			t.Errorf("%s: maxResults %v", r.Operation, asked["maxResults"])
		}
		switch asked["nextToken"] {
		case nil:
			return awstest.OK(object{key: []string{"task-definition/f:3", "task-definition/f:2"}, "nextToken": "2"})
		case "2":
			return awstest.OK(object{key: []string{}, "nextToken": "3"})
		}
		return awstest.OK(object{key: []string{"task-definition/f:1"}})
	}
}

func TestPages(t *testing.T) {
	want := []string{"task-definition/f:3", "task-definition/f:2", "task-definition/f:1"}
	for key, list := range map[string]func(t *testing.T, c *Client) ([]string, error){
		"clusterArns":        func(t *testing.T, c *Client) ([]string, error) { return c.ListClusters(t.Context()) },
		"serviceArns":        func(t *testing.T, c *Client) ([]string, error) { return c.ListServices(t.Context(), "c") },
		"taskDefinitionArns": func(t *testing.T, c *Client) ([]string, error) { return c.ListTaskDefinitions(t.Context(), "f", "") },
		"taskArns": func(t *testing.T, c *Client) ([]string, error) {
			return c.ListTasks(t.Context(), &awsecs.ListTasksInput{Cluster: aws.String("c")})
		},
	} {
		in(t, pages(t, key), func(t *testing.T, c *Client, server *awstest.Server) {
			got, err := list(t, c)
			if err != nil || !slices.Equal(got, want) || len(server.Calls()) != 3 {
				t.Errorf("%s: %v, %v after %v", key, got, err, server.Calls())
			}
		})
	}
}

func TestListTasksOnlyReadsItsInput(t *testing.T) {
	in(t, nil, func(t *testing.T, c *Client, _ *awstest.Server) {
		query := awsecs.ListTasksInput{Family: aws.String("f")}
		if got, err := c.ListTasks(t.Context(), &query); err != nil || got == nil || query.MaxResults != nil {
			t.Errorf("%v, %v, wrote %v", got, err, query)
		}
	})
}

// TestListTaskDefinitions: exactly the family, the newest first, in the status asked for.
func TestListTaskDefinitions(t *testing.T) {
	handle := func(r *awstest.Request) awstest.Answer {
		asked := r.JSON(t)
		if asked["familyPrefix"] != "f" || asked["sort"] != "DESC" || asked["status"] != "INACTIVE" {
			t.Errorf("asked for %v", asked)
		}
		return awstest.OK(object{"taskDefinitionArns": []string{"arn:aws:ecs:r:1:task-definition/f:10", "arn:aws:ecs:r:1:task-definition/f2:1"}})
	}
	in(t, handle, func(t *testing.T, c *Client, _ *awstest.Server) {
		got, err := c.ListTaskDefinitions(t.Context(), "f", "INACTIVE")
		if err != nil || !slices.Equal(got, []string{"arn:aws:ecs:r:1:task-definition/f:10"}) {
			t.Errorf("%v, %v", got, err)
		}
	})
}

func TestCluster(t *testing.T) {
	active := object{"clusterName": "c", "status": "ACTIVE", "tags": []object{{"key": "k", "value": "v"}}}
	for name, test := range map[string]struct {
		answer awstest.Answer
		kind   common.Kind
		found  bool
	}{
		"active":       {awstest.OK(object{"clusters": []object{active}}), 0, true},
		"provisioning": {awstest.OK(object{"clusters": []object{{"status": "PROVISIONING"}}}), 0, true},
		"inactive":     {awstest.OK(object{"clusters": []object{{"status": "INACTIVE"}}}), common.NotFound, false},
		"missing":      {awstest.OK(object{"failures": []object{{"arn": "c", "reason": "MISSING"}}}), common.NotFound, false},
		"empty":        {awstest.OK(object{}), common.NotFound, false},
		"failing":      {awstest.OK(object{"failures": []object{{"arn": "c", "reason": "BROKEN", "detail": "d"}}}), common.Failed, false},
		"denied":       {awstest.Refuse(400, "AccessDeniedException", "no"), common.Forbidden, false},
	} {
		t.Run(name, func(t *testing.T) {
			handle := func(r *awstest.Request) awstest.Answer {
				if asked := r.JSON(t); !slices.Equal(strs(asked, "include"), []string{"TAGS"}) {
					t.Errorf("asked for %v", asked)
				}
				return test.answer
			}
			in(t, handle, func(t *testing.T, c *Client, _ *awstest.Server) {
				got, err := c.Cluster(t.Context(), "c")
				if (got != nil) != test.found || (err == nil) != test.found || common.KindOf(err) != test.kind {
					t.Errorf("%v, %v", got, err)
				}
			})
		})
	}
}

// services answers as ECS does of service s<n>: multiples of 5 are missing, those of 7 inactive, those of 11 draining.
func services(t *testing.T) func(*awstest.Request) awstest.Answer {
	return func(r *awstest.Request) awstest.Answer {
		time.Sleep(100 * time.Millisecond)
		asked := r.JSON(t)
		names := strs(asked, "services")
		if len(names) > 10 || !slices.Equal(strs(asked, "include"), []string{"TAGS"}) {
			return awstest.Refuse(400, "InvalidParameterException", "service names can have at most 10 items.")
		}
		found, failures := []object{}, []object{}
		for _, name := range names {
			var n int
			_, _ = fmt.Sscanf(name, "s%d", &n)
			switch {
			case n%5 == 0:
				failures = append(failures, object{"arn": name, "reason": "MISSING"})
			case n%7 == 0:
				found = append(found, object{"serviceName": name, "status": "INACTIVE"})
			case n%11 == 0:
				found = append(found, object{"serviceName": name, "status": "DRAINING"})
			default:
				found = append(found, object{"serviceName": name, "status": "ACTIVE"})
			}
		}
		return awstest.OK(object{"services": found, "failures": failures})
	}
}

// TestDescribeServices: tens at once, in parallel, in order, without what is not there.
func TestDescribeServices(t *testing.T) {
	var names, want []string
	for n := range 95 {
		name := fmt.Sprintf("s%d", n)
		names = append(names, name)
		if n%5 != 0 && n%7 != 0 {
			want = append(want, name)
		}
	}
	in(t, services(t), func(t *testing.T, c *Client, server *awstest.Server) {
		start := time.Now()
		found, err := c.DescribeServices(t.Context(), "c", names)
		var got []string
		for _, s := range found {
			got = append(got, aws.StringValue(s.ServiceName))
		}
		if err != nil || !slices.Equal(got, want) || len(server.Calls()) != 10 {
			t.Errorf("%v, %v in %d calls", got, err, len(server.Calls()))
		}
		if took := time.Since(start); took != 100*time.Millisecond {
			t.Errorf("took %v: not in parallel", took)
		}
	})
	in(t, services(t), func(t *testing.T, c *Client, server *awstest.Server) {
		if found, err := c.DescribeServices(t.Context(), "c", nil); err != nil || len(found) > 0 || len(server.Calls()) > 0 {
			t.Errorf("none: %v, %v, %v", found, err, server.Calls())
		}
	})
}

// TestFanOutIsBounded: no more calls at once than promised.
func TestFanOutIsBounded(t *testing.T) {
	var now, most atomic.Int32
	handle := func(*awstest.Request) awstest.Answer {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(time.Second)
		return awstest.OK(object{})
	}
	in(t, handle, func(t *testing.T, c *Client, server *awstest.Server) {
		if _, err := c.DescribeServices(t.Context(), "c", make([]string, 1000)); err != nil {
			t.Fatal(err)
		}
		if len(server.Calls()) != 100 || most.Load() != 32 {
			t.Errorf("%d calls, %d at once", len(server.Calls()), most.Load())
		}
	})
}

// TestFanOutFails: the first error is given, and ends the rest.
func TestFanOutFails(t *testing.T) {
	in(t, func(*awstest.Request) awstest.Answer {
		return awstest.Refuse(400, "ClusterNotFoundException", "Cluster not found.")
	},
		func(t *testing.T, c *Client, _ *awstest.Server) {
			if _, err := c.DescribeServices(t.Context(), "c", make([]string, 1000)); common.KindOf(err) != common.NotFound {
				t.Error(err)
			}
		})
}

func TestService(t *testing.T) {
	for name, kind := range map[string]common.Kind{"s1": 0, "s5": common.NotFound, "s7": common.NotFound, "s11": 0} {
		in(t, services(t), func(t *testing.T, c *Client, _ *awstest.Server) {
			got, err := c.Service(t.Context(), "c", name)
			if (kind == 0) != (err == nil) || common.KindOf(err) != kind || err == nil && aws.StringValue(got.ServiceName) != name {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		})
	}
}

// TestDescribeClusters: in batches, with their tags, without those that are gone.
func TestDescribeClusters(t *testing.T) {
	handle := func(r *awstest.Request) awstest.Answer {
		asked := r.JSON(t)
		names := strs(asked, "clusters")
		if len(names) > 100 || !slices.Equal(strs(asked, "include"), []string{"TAGS"}) {
			return awstest.Refuse(400, "InvalidParameterException", "too many, or no tags")
		}
		clusters := []object{{"clusterArn": "deleted", "status": "INACTIVE"}}
		for _, name := range names[1:] {
			clusters = append(clusters, object{"clusterArn": name, "status": "ACTIVE"})
		}
		return awstest.OK(object{"clusters": clusters, "failures": []object{{"arn": names[0], "reason": "MISSING"}}})
	}
	in(t, handle, func(t *testing.T, c *Client, server *awstest.Server) {
		found, err := c.DescribeClusters(t.Context(), make([]string, 250))
		if err != nil || len(found) != 247 || len(server.Calls()) != 3 {
			t.Errorf("%d, %v in %d calls", len(found), err, len(server.Calls()))
		}
	})
}

func TestDescribeTasks(t *testing.T) {
	handle := func(r *awstest.Request) awstest.Answer {
		ids := strs(r.JSON(t), "tasks")
		if len(ids) > 100 {
			return awstest.Refuse(400, "InvalidParameterException", "too many")
		}
		tasks := []object{}
		for _, id := range ids[1:] {
			tasks = append(tasks, object{"taskArn": id})
		}
		return awstest.OK(object{"tasks": tasks, "failures": []object{{"arn": ids[0], "reason": "MISSING"}}})
	}
	in(t, handle, func(t *testing.T, c *Client, server *awstest.Server) {
		found, err := c.DescribeTasks(t.Context(), "c", make([]string, 250))
		if err != nil || len(found) != 247 || len(server.Calls()) != 3 {
			t.Errorf("%d, %v in %d calls", len(found), err, len(server.Calls()))
		}
	})
}

func TestTaskDefinition(t *testing.T) {
	for name, test := range map[string]struct {
		answer awstest.Answer
		kind   common.Kind
	}{
		"found":  {awstest.OK(object{"taskDefinition": object{"family": "f"}, "tags": []object{{"key": "k", "value": "v"}}}), 0},
		"absent": {awstest.Refuse(400, "ClientException", "Unable to describe task definition."), common.NotFound},
		"hollow": {awstest.OK(object{}), common.Failed},
	} {
		in(t, func(*awstest.Request) awstest.Answer { return test.answer }, func(t *testing.T, c *Client, _ *awstest.Server) {
			definition, tags, _, err := c.TaskDefinition(t.Context(), "f")
			if common.KindOf(err) != test.kind || (err == nil) != (definition != nil && len(tags) == 1) {
				t.Errorf("%s: %v, %v, %v", name, definition, tags, err)
			}
		})
	}
}

func TestDeleteTaskDefinitions(t *testing.T) {
	var arns []string
	for n := range 45 {
		arns = append(arns, fmt.Sprintf("arn:aws:ecs:r:1:task-definition/f:%d", n))
	}
	failure := func(reason string) awstest.Answer {
		return awstest.OK(object{"failures": []object{{"arn": arns[0], "reason": reason}}})
	}
	for name, test := range map[string]struct {
		answer awstest.Answer
		kind   common.Kind
	}{
		"good":          {awstest.OK(object{}), 0},
		"gone":          {failure("The specified task definition does not exist. Specify a valid task definition and try again."), 0},
		"missing":       {failure("MISSING"), 0},
		"on its way":    {failure("The task definition is in DELETE_IN_PROGRESS status"), 0},
		"still active":  {failure("The specified task definition is still in ACTIVE status. Please deregister the target and try again."), common.Conflict},
		"other failure": {failure("no"), common.Failed},
		"denied":        {awstest.Refuse(400, "AccessDeniedException", "no"), common.Forbidden},
	} {
		in(t, func(r *awstest.Request) awstest.Answer {
			if n := len(strs(r.JSON(t), "taskDefinitions")); n > 10 {
				t.Errorf("%d in one call", n)
			}
			return test.answer
		}, func(t *testing.T, c *Client, server *awstest.Server) {
			err := c.DeleteTaskDefinitions(t.Context(), arns)
			if (err == nil) != (test.kind == 0) || common.KindOf(err) != test.kind || len(server.Calls()) != 5 {
				t.Errorf("%s: %v after %d calls", name, err, len(server.Calls()))
			}
		})
	}
}

// TestDeleteTaskDefinitionsOneGone: one that is gone does not keep the others of its batch.
func TestDeleteTaskDefinitionsOneGone(t *testing.T) {
	deleted := []string{}
	handle := func(r *awstest.Request) awstest.Answer {
		asked := strs(r.JSON(t), "taskDefinitions")
		if slices.Contains(asked, "f:2") {
			return awstest.Refuse(400, "ClientException", "Unable to describe task definition.")
		}
		deleted = append(deleted, asked...)
		return awstest.OK(object{})
	}
	in(t, handle, func(t *testing.T, c *Client, _ *awstest.Server) {
		if err := c.DeleteTaskDefinitions(t.Context(), []string{"f:1", "f:2", "f:3"}); err != nil || !slices.Equal(deleted, []string{"f:1", "f:3"}) {
			t.Errorf("%v deleted, %v", deleted, err)
		}
	})
}

// TestHollow: a 200 without the object is an error, and what it may have made is not forgotten.
func TestHollow(t *testing.T) {
	for operation, call := range map[string]func(t *testing.T, c *Client) error{
		"CreateCluster": func(t *testing.T, c *Client) error {
			_, err := c.CreateCluster(t.Context(), &awsecs.CreateClusterInput{})
			return err
		},
		"CreateService": func(t *testing.T, c *Client) error {
			_, err := c.CreateService(t.Context(), &awsecs.CreateServiceInput{ServiceName: aws.String("s")})
			return err
		},
		"DeleteCluster": func(t *testing.T, c *Client) error {
			_, err := c.DeleteCluster(t.Context(), "c")
			return err
		},
		"DeleteService": func(t *testing.T, c *Client) error {
			_, err := c.DeleteService(t.Context(), "c", "s")
			return err
		},
		"RegisterTaskDefinition": func(t *testing.T, c *Client) error {
			_, err := c.RegisterTaskDefinition(t.Context(), &awsecs.RegisterTaskDefinitionInput{
				Family: aws.String("f"), ContainerDefinitions: []*awsecs.ContainerDefinition{},
			})
			return err
		},
	} {
		in(t, func(*awstest.Request) awstest.Answer { return awstest.Answer{} }, func(t *testing.T, c *Client, server *awstest.Server) {
			err := call(t, c)
			if common.KindOf(err) != common.Failed || !common.Unheard(err) || !strings.Contains(err.Error(), operation) || !slices.Equal(server.Calls(), []string{operation}) {
				t.Errorf("%s: %v after %v", operation, err, server.Calls())
			}
		})
	}
}

// TestWrites: what is sent, and how refusals come back.
func TestWrites(t *testing.T) {
	in(t, func(r *awstest.Request) awstest.Answer {
		asked := r.JSON(t)
		switch r.Operation {
		case "DeleteService":
			if asked["force"] != true || asked["cluster"] != "c" || asked["service"] != "s" {
				t.Errorf("asked for %v", asked)
			}
			return awstest.OK(object{"service": object{"status": "DRAINING"}})
		case "DeleteCluster":
			return awstest.Refuse(400, "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
		case "DeregisterTaskDefinition":
			return awstest.Refuse(400, "ClientException", "The specified task definition does not exist.")
		case "CreateService":
			return awstest.Refuse(400, "InvalidParameterException", "Creation of service was not idempotent.")
		}
		return awstest.OK(object{"cluster": object{}, "taskDefinition": object{}})
	}, func(t *testing.T, c *Client, _ *awstest.Server) {
		if s, err := c.DeleteService(t.Context(), "c", "s"); err != nil || aws.StringValue(s.Status) != "DRAINING" {
			t.Errorf("%v, %v", s, err)
		}
		if _, err := c.DeleteCluster(t.Context(), "c"); common.KindOf(err) != common.Conflict {
			t.Error(err)
		}
		if err := c.DeregisterTaskDefinition(t.Context(), "f:1"); common.KindOf(err) != common.NotFound {
			t.Error(err)
		}
		if _, err := c.CreateService(t.Context(), &awsecs.CreateServiceInput{ServiceName: aws.String("s")}); common.KindOf(err) != common.Conflict {
			t.Error(err)
		}
		if _, err := c.CreateCluster(t.Context(), &awsecs.CreateClusterInput{}); err != nil {
			t.Error(err)
		}
	})
}

// TestNulls: an answer with null members of lists is no reason to die.
func TestNulls(t *testing.T) {
	nulls := awstest.Answer{Body: `{"services":[null],"clusters":[null],"tasks":[null],"failures":[null]}`}
	in(t, func(*awstest.Request) awstest.Answer { return nulls }, func(t *testing.T, c *Client, _ *awstest.Server) {
		if got, err := c.DescribeServices(t.Context(), "c", []string{"s"}); err != nil || len(got) > 0 {
			t.Errorf("%v, %v", got, err)
		}
		if got, err := c.DescribeTasks(t.Context(), "c", []string{"t"}); err != nil || len(got) > 0 {
			t.Errorf("%v, %v", got, err)
		}
		if _, err := c.Cluster(t.Context(), "c"); common.KindOf(err) != common.NotFound {
			t.Error(err)
		}
		if err := c.DeleteTaskDefinitions(t.Context(), []string{"f:1"}); err != nil {
			t.Error(err)
		}
	})
}
