package journal

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"ecs-api/orchestration/plan"
)

// month makes a journal of the operations of a busy month, of which the last still runs.
func month(tb testing.TB, count int) *Memory {
	tb.Helper()
	m := NewMemory()
	text := json.RawMessage(`{"Service": {"TaskDefinition": "` + strings.Repeat("x", 3000) + `"}}`)
	effect := plan.Effect{Change: plan.Made, Resource: plan.Resource{Account: "main", Kind: "secret", Space: "c", Key: "k", ID: strings.Repeat("i", 80), Mark: "m"}}
	for i := range count {
		now := time.Unix(int64(i), 0)
		op := Operation{ID: fmt.Sprint("op", i), Verb: "CreateService", Account: "main", Cluster: fmt.Sprint("c", i%100), State: Succeeded, StartedAt: now, EndedAt: &now,
			Asked: text, Result: text, Progress: plan.Progress{Committed: true}}
		for s := range 9 {
			op.Steps = append(op.Steps, plan.Step{Name: fmt.Sprint("step ", s), Effect: effect, State: plan.Done, StartedAt: &now, EndedAt: &now})
		}
		if i == count-1 {
			op.State, op.EndedAt = Running, nil
		}
		if err := m.Save(op, false); err != nil {
			tb.Fatal(err)
		}
	}
	return m
}

// What is at work, or was not long ago, is found in whatever length of journal.
func TestListIsNarrowed(t *testing.T) {
	m := month(t, 300)
	ended := time.Unix(7, 0)
	postponed := Operation{ID: "postponed", Cluster: "c7", State: Succeeded, EndedAt: &ended, Progress: plan.Progress{Retirements: []plan.Step{{State: plan.Postponed}}}}
	if err := m.Save(postponed, false); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		filter Filter
		want   string
	}{
		"open":           {Filter{Open: true}, "postponed op299"},
		"of an account":  {Filter{Open: true, Account: "main"}, "op299"},
		"of a cluster":   {Filter{Cluster: "c7"}, "postponed op7 op107 op207"},
		"since":          {Filter{Since: time.Unix(297, 0)}, "op297 op298 op299"},
		"since, cluster": {Filter{Cluster: "c7", Since: time.Unix(8, 0)}, "op107 op207"},
		"running":        {Filter{State: Running}, "op299"},
		"none":           {Filter{State: Failed}, ""},
	} {
		found, err := m.List(c.filter)
		var ids []string
		for _, op := range found {
			ids = append(ids, op.ID)
		}
		if got := strings.Join(ids, " "); err != nil || got != c.want {
			t.Errorf("%s: %s, error %v, want %s", name, got, err, c.want)
		}
	}
}

func BenchmarkList(b *testing.B) {
	m := month(b, 10000)
	for name, filter := range map[string]Filter{"all": {}, "running": {State: Running}, "open": {Open: true}, "since": {Since: time.Unix(9990, 0)}, "a cluster's": {Cluster: "c7"}} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				if _, err := m.List(filter); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
