package api_test

import (
	"net/http"
	"strings"
	"testing"

	"ecs-api/iam"
	"ecs-api/sandbox"
)

// abroad has myclu's role be that of the cluster of this name in another region of the same AWS account.
func abroad(w *world) {
	w.Helper()
	defined(w)
	there := strings.ReplaceAll(w.policy(), ":us-east-1:", ":eu-west-1:")
	w.must(http.StatusAccepted, "DELETE", supercoolPath, "")
	w.ended()
	if err := iam.New(w.account.Session).PutRolePolicy(w.Context(), "myclu-ecsTaskExecution", policyName, there); err != nil {
		w.Fatal(err)
	}
}

// IAM knows no regions: a role that another region's cluster of the same name has outlives ours.
func TestARoleOfAnotherRegionStays(t *testing.T) {
	inWorld(t, func(w *world) {
		abroad(w)
		w.must(http.StatusOK, "DELETE", "/clusters/myclu", "")
		w.ended()
		if left := w.aws.Inventory(); len(left["cluster"])+len(left["log group"]) > 0 || len(left["role"]) != 1 {
			w.Errorf("left %v", left)
		}
		w.policy()
	})
}

// Nor is its policy changed to ours: a space that would need it is refused, and a cluster by itself, which has none, is not.
func TestARoleOfAnotherRegionIsNotTaken(t *testing.T) {
	inWorld(t, func(w *world) {
		abroad(w)
		before := w.aws.Inventory()
		for path, body := range map[string]string{"/services": everything, "/taskdefs": supercool} {
			if told := w.must(http.StatusConflict, "POST", path, body).problem(w); !strings.Contains(told.Detail, "eu-west-1") {
				w.Errorf("told %q", told.Detail)
			}
		}
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Errorf("refused, and changed:\n%s", diff)
		}
		w.must(http.StatusOK, "DELETE", "/clusters/myclu", "")
		w.must(http.StatusOK, "POST", "/clusters", `{"clusterName": "myclu"}`)
		w.ended()
	})
}
