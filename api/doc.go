// Package api speaks HTTP: the route table, the one adapter that every route goes through, authentication, middleware, problem documents
// and metrics. It knows what a request is and nothing of AWS: an action is a method of an account, found by name, called with one struct
// and answered with another. It imports orchestration and common; SDK structs appear in types, SDK clients never.
package api
