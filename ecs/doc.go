// Package ecs is the API's view of Amazon ECS: verbs that page, batch and translate errors outside, the SDK inside. It decides nothing:
// what to make, whose it is and what comes next is the orchestrator's. It imports common and the SDK, no other wrapper.
package ecs
