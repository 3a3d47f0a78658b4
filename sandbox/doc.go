// Package sandbox is an AWS account that lives in this process, as an http.Handler. It speaks AWS's own wire protocols, so the real SDK
// client, the AWS CLI and boto3 can all be pointed at it, and it behaves like AWS where that matters to somebody who orchestrates services:
// tasks start on a clock, services roll out and drain, names conflict, what is in use refuses to go.
//
// For tests it also has what AWS lacks: an inventory of everything that stands, a log of all calls, latency, and faults that can be put on
// any call. It never sleeps (but for the latency asked for) and starts no goroutine: due events are processed when the next request comes,
// by time.Now, so that testing/synctest moves its clock.
//
// It is a stand-in. It checks no signature and no permission, knows no money, and runs no container.
//
// The package may import the SDK's private/protocol packages, which no other may, and imports nothing else of this project.
package sandbox
