package servicediscovery

import (
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go/aws"
	awssd "github.com/aws/aws-sdk-go/service/servicediscovery"
	"github.com/pkg/errors"

	"ecs-api/common"
	"ecs-api/common/awsclient/awstest"
)

type object = map[string]any

func in(t *testing.T, handle func(*awstest.Request) awstest.Answer, test func(*testing.T, *Client, *awstest.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := &awstest.Server{Handle: handle}
		test(t, New(server.Session(t)), server)
	})
}

// TestPages: also over empty ones, which the filter of ListServices leaves.
func TestPages(t *testing.T) {
	pages := func(key string) func(r *awstest.Request) awstest.Answer {
		return func(r *awstest.Request) awstest.Answer {
			switch asked := r.JSON(t); asked["NextToken"] {
			case nil:
				return awstest.OK(object{key: []object{}, "NextToken": "2"})
			case "2":
				return awstest.OK(object{key: []object{{"Id": "a"}, {"Id": "b"}}, "NextToken": "3"})
			}
			return awstest.OK(object{key: []object{{"Id": "c"}}})
		}
	}
	in(t, pages("Services"), func(t *testing.T, c *Client, server *awstest.Server) {
		if got, err := c.ListServices(t.Context(), "ns"); err != nil || len(got) != 3 || len(server.Calls()) != 3 {
			t.Errorf("%v, %v", got, err)
		}
	})
	in(t, pages("Instances"), func(t *testing.T, c *Client, server *awstest.Server) {
		if got, err := c.ListInstances(t.Context(), "srv"); err != nil || len(got) != 3 || len(server.Calls()) != 3 {
			t.Errorf("%v, %v", got, err)
		}
	})
}

func TestListServicesFilter(t *testing.T) {
	for namespace, filters := range map[string]int{"ns": 1, "": 0} {
		in(t, func(r *awstest.Request) awstest.Answer {
			if given, _ := r.JSON(t)["Filters"].([]any); len(given) != filters {
				t.Errorf("%q: filters %v", namespace, given)
			}
			return awstest.OK(object{})
		}, func(t *testing.T, c *Client, _ *awstest.Server) {
			if got, err := c.ListServices(t.Context(), namespace); err != nil || got == nil {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

// TestCreateServiceExists: who made the one that stands can be asked of the error.
func TestCreateServiceExists(t *testing.T) {
	taken := awstest.OK(object{"__type": "ServiceAlreadyExists", "Message": "Service already exists.", "ServiceId": "srv-1", "CreatorRequestId": "op"})
	taken.Status = 400
	in(t, func(*awstest.Request) awstest.Answer { return taken }, func(t *testing.T, c *Client, _ *awstest.Server) {
		_, err := c.CreateService(t.Context(), &awssd.CreateServiceInput{Name: aws.String("s")})
		var exists *awssd.ServiceAlreadyExists
		if common.KindOf(err) != common.Conflict || !errors.As(err, &exists) {
			t.Fatal(err)
		}
		if aws.StringValue(exists.ServiceId) != "srv-1" || aws.StringValue(exists.CreatorRequestId) != "op" {
			t.Errorf("%v", exists)
		}
	})
}

func TestKinds(t *testing.T) {
	for code, kind := range map[string]common.Kind{
		"ServiceNotFound":     common.NotFound,
		"NamespaceNotFound":   common.NotFound,
		"InstanceNotFound":    common.NotFound,
		"ResourceInUse":       common.Conflict,
		"DuplicateRequest":    common.Conflict,
		"InvalidInput":        common.Invalid,
		"ThrottlingException": common.Throttled,
	} {
		in(t, func(*awstest.Request) awstest.Answer { return awstest.Refuse(400, code, "") }, func(t *testing.T, c *Client, _ *awstest.Server) {
			_, service := c.Service(t.Context(), "srv")
			_, namespace := c.Namespace(t.Context(), "ns")
			_, tags := c.Tags(t.Context(), "arn")
			for call, err := range map[string]error{
				"Service": service, "Namespace": namespace, "Tags": tags,
				"DeleteService":      c.DeleteService(t.Context(), "srv"),
				"DeregisterInstance": c.DeregisterInstance(t.Context(), "srv", "i"),
			} {
				if common.KindOf(err) != kind {
					t.Errorf("%s: %v", call, err)
				}
			}
		})
	}
}

func TestHollow(t *testing.T) {
	in(t, nil, func(t *testing.T, c *Client, _ *awstest.Server) {
		if _, err := c.Service(t.Context(), "srv"); common.KindOf(err) != common.Failed || common.Unheard(err) {
			t.Error(err)
		}
		if _, err := c.CreateService(t.Context(), &awssd.CreateServiceInput{Name: aws.String("s")}); common.KindOf(err) != common.Failed || !common.Unheard(err) {
			t.Error(err)
		}
	})
}
