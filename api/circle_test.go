package api_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"ecs-api/sandbox"
)

// An update uses a registry and then waits for its family, which a create holds whose undoing waits for the registry.
func TestACreateAndAnUpdateWaitInACircle(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", inFamily("two"))
		w.ended()
		w.aws.SetLatency(2 * time.Second)
		w.aws.Inject(sandbox.Fault{Service: "ecs", Operation: "CreateService", Nth: 1, Kind: sandbox.Refused})
		started := time.Now()
		var all sync.WaitGroup
		all.Go(func() {
			a := w.send("POST", "/services", body(cluster, definition, service, registry))
			w.Logf("create after %v: %d %s", time.Since(started), a.status, a.body)
		})
		for len(w.aws.Inventory()["registry"]) == 0 {
			time.Sleep(100 * time.Millisecond)
		}
		arn := ""
		for id := range w.aws.Inventory()["registry"] {
			arn = "arn:aws:servicediscovery:us-east-1:001122334455:service/" + id
		}
		time.Sleep(2 * time.Second)
		a := w.send("PUT", "/clusters/myclu/services/two", `{"Service": {"ServiceRegistries": [{"RegistryArn": "`+arn+`"}]}, `+secret+`}`)
		w.Logf("update after %v: %d %s", time.Since(started), a.status, a.body)
		all.Wait()
		w.ended()
		if took := time.Since(started); took > 2*time.Minute {
			w.Errorf("it took %v until both had ended", took)
		}
	})
}

func TestNulls(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", inFamily("two"))
		for _, in := range []string{
			`"ServiceRegistries": [null]`, `"LoadBalancers": [null]`, `"VolumeConfigurations": [null]`,
			`"VolumeConfigurations": [{"Name": "v", "ManagedEBSVolume": {"RoleArn": "myclu-ecsTaskExecution", "SizeInGiB": 1, "TagSpecifications": [null]}}]`,
			`"VolumeConfigurations": [{"Name": "v", "ManagedEBSVolume": {"RoleArn": "myclu-ecsTaskExecution", "SizeInGiB": 1, "TagSpecifications": [{"ResourceType": "volume", "Tags": [null]}]}}]`,
		} {
			for _, a := range []answer{
				w.send("PUT", "/clusters/myclu/services/two", `{"Service": {`+in+`}}`),
				w.send("POST", "/services", body(cluster, definition, `"service": {"servicename": "n", "desiredcount": 1, `+in+`}`)),
				w.send("POST", "/clusters/myclu/tasks", `{"TaskDefinition": "webservers", `+in+`}`),
			} {
				if a.status >= 500 {
					w.Errorf("%s: %d %s", in, a.status, a.body)
				}
			}
		}
		w.ended()
	})
}
