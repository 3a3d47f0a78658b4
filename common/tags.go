package common

import "sort"

// The tags by which the API knows what is whose. They are set on all that it creates.
const (
	TagOrg       = "spinup:org"
	TagOrgLegacy = "yale:org" // on resources older than spinup:org
	TagSpace     = "spinup:spaceid"
	TagType      = "spinup:type"
	TagFlavor    = "spinup:flavor"
	TagOperation = "spinup:operation"
)

// Tags are the tags of one resource, by key.
type Tags map[string]string

// Org gives the owning org: spinup:org, or yale:org where that is missing; "" for none.
func (t Tags) Org() string {
	if org := t[TagOrg]; org != "" {
		return org
	}
	return t[TagOrgLegacy]
}

// Merge gives a new set: these tags, overridden by each of the others in turn.
func (t Tags) Merge(others ...Tags) Tags {
	merged := make(Tags, len(t))
	for k, v := range t {
		merged[k] = v
	}
	for _, other := range others {
		for k, v := range other {
			merged[k] = v
		}
	}
	return merged
}

// Keys gives the keys in order, so that what is built from tags is always built alike.
func (t Tags) Keys() []string {
	keys := make([]string, 0, len(t))
	for k := range t {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
