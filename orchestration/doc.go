// Package orchestration is what the API does in one account: its verbs (CreateService, DeleteService, ...) look, build a plan and run it.
// One file per noun holds what there is to know of it: how it is looked up, built, made and released. It reaches AWS through the wrappers
// alone.
package orchestration
