package resourcegroupstaggingapi

import (
	"encoding/json"
	"testing"
	"testing/synctest"

	"ecs-api/common"
	"ecs-api/common/awsclient/awstest"
)

type object = map[string]any

// TestResources: every page, to the empty token; what is asked for is written the same way each time.
func TestResources(t *testing.T) {
	const want = `[{"Key":"a","Values":["1"]},{"Key":"b","Values":["2"]}]`
	synctest.Test(t, func(t *testing.T) {
		server := &awstest.Server{Handle: func(r *awstest.Request) awstest.Answer {
			asked := r.JSON(t)
			if filters, _ := json.Marshal(asked["TagFilters"]); string(filters) != want {
				t.Errorf("filters %s", filters)
			}
			if asked["PaginationToken"] == nil {
				return awstest.OK(object{"ResourceTagMappingList": []object{{"ResourceARN": "a"}}, "PaginationToken": "2"})
			}
			return awstest.OK(object{"ResourceTagMappingList": []object{{"ResourceARN": "b"}}, "PaginationToken": ""})
		}}
		got, err := New(server.Session(t)).Resources(t.Context(), []string{"ecs:cluster"}, map[string]string{"b": "2", "a": "1"})
		if err != nil || len(got) != 2 || len(server.Calls()) != 2 {
			t.Errorf("%v, %v after %v", got, err, server.Calls())
		}
	})
}

func TestResourcesThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &awstest.Server{Handle: func(*awstest.Request) awstest.Answer {
			return awstest.Refuse(400, "ThrottledException", "Rate exceeded")
		}}
		if _, err := New(server.Session(t)).Resources(t.Context(), nil, nil); common.KindOf(err) != common.Throttled || len(server.Calls()) != 4 {
			t.Errorf("%v after %v", err, server.Calls())
		}
	})
}
