package sandbox

import "time"

// What the emulated ECS asks of the services beside it, which it uses without a round trip. Each has its methods on the state it keeps; the
// assertions below make a missing one a compile error here and not a riddle elsewhere.
var (
	_ roleBook         = (*iamState)(nil)
	_ secretBook       = (*secretsState)(nil)
	_ instanceRegistry = (*discoveryState)(nil)
	_ logBook          = (*logsState)(nil)
)

type roleBook interface {
	// role tells when the role of this ARN was made, and whether there is one.
	role(arnOrName string) (created time.Time, ok bool)
}

type secretBook interface {
	// exists tells whether a secret (full or partial ARN, or name) can be read: it is there and not scheduled for deletion.
	exists(arn string) bool
}

type instanceRegistry interface {
	// hasService tells whether there is a Cloud Map service of this id.
	hasService(serviceID string) bool
	// registerInstance is an upsert, as in Cloud Map. A service that is gone is ignored.
	registerInstance(serviceID, instanceID string, attributes map[string]string)
	deregisterInstance(serviceID, instanceID string)
}

type logBook interface {
	hasGroup(name string) bool
	// write appends lines, making the stream if need be. A group that is gone is ignored.
	write(group, stream string, at time.Time, lines ...string)
}
