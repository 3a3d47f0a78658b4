package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// Inventory is everything that stands in the account: kind ("cluster", "service", "role", ...) → key → state. It holds no times, and leaves
// out what AWS itself forgets, so that two inventories can be compared: what was made and taken back again leaves no difference.
type Inventory map[string]map[string]any

// add puts one thing into the inventory. State must be what encoding/json can encode.
func (inv Inventory) add(kind, key string, state any) {
	if inv[kind] == nil {
		inv[kind] = map[string]any{}
	}
	inv[kind][key] = state
}

// Inventory is everything that stands now.
func (s *Sandbox) Inventory() Inventory {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(time.Now())
	inv := Inventory{}
	s.ecs.inventory(inv)
	s.iam.inventory(inv)
	s.secrets.inventory(inv)
	s.discovery.inventory(inv)
	s.logs.inventory(inv)
	s.ssm.inventory(inv)
	s.elb.inventory(inv)
	return inv
}

// Diff tells in lines what is gone (-), new (+) or changed (~) between two inventories. Empty when they are equal.
func Diff(before, after Inventory) string {
	var b strings.Builder
	for _, kind := range bothKeys(before, after) {
		for _, key := range bothKeys(before[kind], after[kind]) {
			was, stood := before[kind][key]
			is, stands := after[kind][key]
			switch {
			case !stands:
				fmt.Fprintf(&b, "- %s %s: %s\n", kind, key, encoded(was))
			case !stood:
				fmt.Fprintf(&b, "+ %s %s: %s\n", kind, key, encoded(is))
			case encoded(was) != encoded(is):
				fmt.Fprintf(&b, "~ %s %s:\n", kind, key)
				diffMembers(&b, was, is)
			}
		}
	}
	return b.String()
}

// diffMembers shows only the members that differ, when both states are objects.
func diffMembers(b *strings.Builder, was, is any) {
	var before, after map[string]json.RawMessage
	if json.Unmarshal([]byte(encoded(was)), &before) != nil || json.Unmarshal([]byte(encoded(is)), &after) != nil {
		fmt.Fprintf(b, "    - %s\n    + %s\n", encoded(was), encoded(is))
		return
	}
	for _, member := range bothKeys(before, after) {
		if string(before[member]) != string(after[member]) {
			fmt.Fprintf(b, "    %s: %s -> %s\n", member, orAbsent(before[member]), orAbsent(after[member]))
		}
	}
}

func orAbsent(raw json.RawMessage) string {
	if raw == nil {
		return "(absent)"
	}
	return string(raw)
}

// stateOf is an SDK struct as it goes over the wire, without the members that only tell times, counts and ids.
func stateOf(document any, without ...string) map[string]any {
	state := map[string]any{}
	raw, err := encodeJSON(document)
	if err == nil {
		err = json.Unmarshal(raw, &state)
	}
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	for _, member := range without {
		delete(state, member)
	}
	return state
}

func encoded(state any) string {
	out, err := json.Marshal(state)
	if err != nil {
		return fmt.Sprintf("%#v", state)
	}
	return string(out)
}

func bothKeys[V any](a, b map[string]V) []string {
	keys := make([]string, 0, len(a)+len(b))
	for key := range a {
		keys = append(keys, key)
	}
	for key := range b {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return slices.Compact(keys)
}
