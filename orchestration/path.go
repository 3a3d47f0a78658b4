package orchestration

import (
	"slices"

	"ecs-api/common"
)

// pathNames holds that what a path names are bare names: {cluster} and then {service}, {taskdef} or the like. ECS takes ARNs in their
// place, but names are what is held, leased and looked for.
func pathNames(cluster string, others ...string) []common.Violation {
	var v violations
	v.check(namePattern.MatchString(cluster), "/path/cluster", "%q is no name of a cluster", cluster)
	for _, name := range others {
		v.check(namePattern.MatchString(name), "/path", "%q is no name", name)
	}
	return v
}

// ofPath gives those of the names that a path has: one input serves paths with and without a {taskdef}.
func ofPath(names ...string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}
