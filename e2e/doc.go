//go:build e2e

// Package e2e holds what only the built program can show, on real clocks: that it may be killed, stopped and robbed of its disk at any
// moment, and what it says of the images of a real registry. AWS is a sandbox in the test's process, so that it outlives the program, or
// moto_server; the registry is docker-registry. It takes minutes: .ci/e2e runs it, with the tag e2e and the binary in ECS_API_BINARY.
package e2e
