package api_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// ample is a good request that uses most of what may be asked for.
const ample = `{
	"cluster": {"clustername": "myclu", "capacityproviders": ["FARGATE", "FARGATE_SPOT"], "defaultcapacityproviderstrategy": [{"capacityprovider": "FARGATE", "base": 1}, {"capacityprovider": "FARGATE_SPOT", "weight": 2}],
		"settings": [{"name": "containerInsights", "value": "enabled"}], "tags": [{"key": "part", "value": "cluster"}]},
	"taskdefinition": {"family": "webservers", "cpu": "1 vCPU", "memory": "2 GB", "networkmode": "awsvpc", "requirescompatibilities": ["FARGATE"], "pidmode": "task",
		"ephemeralstorage": {"sizeingib": 30}, "runtimeplatform": {"cpuarchitecture": "ARM64", "operatingsystemfamily": "LINUX"}, "tags": [{"key": "part", "value": "definition"}],
		"volumes": [{"name": "shared"}, {"name": "files", "efsvolumeconfiguration": {"filesystemid": "fs-0123456789", "transitencryption": "ENABLED", "authorizationconfig": {"iam": "ENABLED", "accesspointid": "fsap-1"}}}],
		"containerdefinitions": [{
			"name": "webserver", "image": "nginx:alpine", "cpu": 512, "memory": 1024, "memoryreservation": 512, "essential": true,
			"environment": [{"name": "API_HOST", "value": "localhost"}], "secrets": [{"name": "PASSWORD", "valuefrom": "/myorg/myclu/password"}],
			"logconfiguration": {"logdriver": "awslogs", "options": {"awslogs-group": "myclu"}}, "stoptimeout": 30,
			"portmappings": [{"containerport": 80, "hostport": 80, "protocol": "tcp", "name": "web", "appprotocol": "http"}, {"containerportrange": "8000-8010"}],
			"mountpoints": [{"sourcevolume": "shared", "containerpath": "/shared"}, {"sourcevolume": "files", "containerpath": "/files", "readonly": true}],
			"healthcheck": {"command": ["CMD-SHELL", "true"], "interval": 10, "timeout": 5, "retries": 3, "startperiod": 0},
			"ulimits": [{"name": "nofile", "softlimit": 1024, "hardlimit": 4096}], "linuxparameters": {"initprocessenabled": true, "capabilities": {"add": ["SYS_PTRACE"]}},
			"dependson": [{"containername": "setup", "condition": "SUCCESS"}]
		}, {"name": "setup", "image": "busybox", "essential": false, "command": ["true"], "volumesfrom": [{"sourcecontainer": "webserver"}],
			"logconfiguration": {"logdriver": "splunk", "options": {"splunk-url": "https://splunk"}, "secretoptions": [{"name": "splunk-token", "valuefrom": "/myorg/myclu/splunk"}]}}]},
	"credentials": {"webserver": {"Name": "cred", "SecretString": "x", "Description": "y", "Tags": [{"key": "part", "value": "secret"}]}},
	"service": {"servicename": "www", "cluster": "myclu", "desiredcount": 1, "capacityproviderstrategy": [{"capacityprovider": "FARGATE", "weight": 1}], "platformversion": "LATEST",
		"deploymentconfiguration": {"maximumpercent": 200, "minimumhealthypercent": 50, "deploymentcircuitbreaker": {"enable": true, "rollback": true}},
		"networkconfiguration": {"awsvpcconfiguration": {"subnets": ["subnet-0a1b2c3d4e5f60718"], "securitygroups": ["sg-0c3d4e5f607182930"], "assignpublicip": "DISABLED"}},
		"serviceregistries": [{"containername": "webserver", "containerport": 80}], "propagatetags": "SERVICE", "enableexecutecommand": true, "schedulingstrategy": "REPLICA",
		"serviceconnectconfiguration": {"enabled": true, "services": [{"portname": "web", "discoveryname": "web", "clientaliases": [{"port": 80, "dnsname": "web"}]}]},
		"tags": [{"key": "part", "value": "service"}]},
	"serviceregistry": {"name": "www", "namespaceid": "ns-y3uaw6neshhbev3f", "description": "y", "dnsconfig": {"routingpolicy": "MULTIVALUE", "dnsrecords": [{"ttl": 30, "type": "SRV"}]}, "healthcheckcustomconfig": {"failurethreshold": 1},
		"tags": [{"key": "part", "value": "registry"}]},
	"tags": [{"Key": "CreatedBy", "Value": "netid"}, {"Key": "OS", "Value": "container"}]
}`

// plain asks for all that can be made, without the secret that no log may hold: a mutation may put it where names stand.
var plain = strings.ReplaceAll(everything, password, "x")

// place is where a value stands in a document, and how it is changed there.
type place struct {
	value       any
	set         func(any)
	drop, share func() // share gives it a second time, in capitals if it is a member
}

// places are all the places of a document, in one order.
func places(value any, set func(any)) (found []place) {
	switch parent := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(parent)) {
			put := func(v any) { parent[key] = v }
			found = append(found, place{parent[key], put, func() { delete(parent, key) }, func() { parent[strings.ToUpper(key)] = parent[key] }})
			found = append(found, places(parent[key], put)...)
		}
	case []any:
		for i := range parent {
			put := func(v any) { parent[i] = v }
			found = append(found, place{parent[i], put, func() { set(slices.Delete(slices.Clone(parent), i, i+1)) }, func() { set(append(slices.Clone(parent), parent[i])) }})
			found = append(found, places(parent[i], put)...)
		}
	}
	return found
}

// junk is what nobody should have written.
var junk = []any{nil, "", " ", "x", "a b", "web", "setup", "-1", "80", "0", "*", "\x00", "ü", "ENABLED", "FARGATE_SPOT", "arn:aws:iam::001122334455:role/x", "arn:aws:ecs:us-east-1:001122334455:cluster/myclu",
	strings.Repeat("x", 64), strings.Repeat("x", 300), strings.Repeat("y", 5000), 0, 1, -1, 79, 1001, 65536, 1 << 31, 1 << 62, 1.5, true, false, []any{}, []any{nil}, []any{map[string]any{}}, map[string]any{}, map[string]any{"x": 1}}

// mutated gives the request with a few of its members dropped, doubled, swapped or replaced.
func mutated(request string, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 1))
	var document any
	if err := json.Unmarshal([]byte(request), &document); err != nil {
		panic(err)
	}
	for range 1 + random.IntN(3) {
		all := places(document, func(v any) { document = v })
		if len(all) == 0 {
			break
		}
		at := all[random.IntN(len(all))]
		switch random.IntN(6) {
		case 0:
			at.drop()
		case 1:
			at.share()
		case 2:
			at.set(all[random.IntN(len(all))].value)
			document = copied(document) // a value that stands in itself could not be written
		default:
			at.set(copied(junk[random.IntN(len(junk))]))
		}
	}
	written, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	return string(written)
}

// copied gives a document of its own; what stands in itself is cut off at a depth.
func copied(value any) any { return copiedTo(value, 12) }

func copiedTo(value any, depth int) any {
	switch value := value.(type) {
	case map[string]any:
		if depth == 0 {
			return nil
		}
		copy := map[string]any{}
		for key, member := range value {
			copy[key] = copiedTo(member, depth-1)
		}
		return copy
	case []any:
		if depth == 0 {
			return nil
		}
		copy := make([]any, len(value))
		for i, member := range value {
			copy[i] = copiedTo(member, depth-1)
		}
		return copy
	}
	return value
}

// holds sends a request and holds that nothing in it is our fault, and that what is invalid changes nothing.
func (w *world) holds(request string) (status int) {
	w.aws.ResetCalls()
	answered := w.send("POST", "/services", request)
	switch answered.status {
	case http.StatusOK, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge:
	case http.StatusBadRequest:
		for _, call := range w.aws.Calls() {
			if call.Mutating {
				w.Fatalf("%s was asked before\n%s\nto\n%s", call.Operation, answered.body, request)
			}
		}
	default:
		w.Fatalf("%d %s\nto\n%s", answered.status, answered.body, request)
	}
	return answered.status
}

func TestAnAmpleRequestIsGood(t *testing.T) {
	inWorld(t, func(w *world) { w.must(http.StatusOK, "POST", "/services", ample) })
}

// TestMutatedRequests goes over some of what FuzzMutatedRequests looks for.
func TestMutatedRequests(t *testing.T) {
	t.Parallel()
	seen := map[int]int{}
	for seed := range uint64(500) {
		inWorld(t, func(w *world) {
			w.T.Helper()
			seen[w.holds(mutated([]string{plain, ample}[seed%2], seed))]++
		})
	}
	if seen[http.StatusOK] == 0 || seen[http.StatusBadRequest] == 0 {
		t.Errorf("one-sided: %v", seen)
	}
	t.Log(seen)
}

// FuzzMutatedRequests holds that no request is answered with a 500, and none that is invalid with a change.
func FuzzMutatedRequests(f *testing.F) {
	f.Add(uint64(0), false)
	f.Fuzz(func(t *testing.T, seed uint64, rich bool) {
		request := plain
		if rich {
			request = ample
		}
		inWorld(t, func(w *world) { w.holds(mutated(request, seed)) })
	})
}
