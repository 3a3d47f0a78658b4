package api_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"ecs-api/journal"
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
		failed := ""
		all.Go(func() {
			failed = w.must(http.StatusForbidden, "POST", "/services", body(cluster, definition, service, registry)).problem(w).Operation
		})
		for len(w.aws.Inventory()["registry"]) == 0 {
			time.Sleep(100 * time.Millisecond)
		}
		arn := ""
		for id := range w.aws.Inventory()["registry"] {
			arn = "arn:aws:servicediscovery:us-east-1:001122334455:service/" + id
		}
		time.Sleep(2 * time.Second)
		// When it comes to its turn the registry is gone again.
		w.must(http.StatusNotFound, "PUT", "/clusters/myclu/services/two", `{"Service": {"ServiceRegistries": [{"RegistryArn": "`+arn+`"}]}, `+secret+`}`)
		all.Wait()
		w.ended()
		if took := time.Since(started); took > 2*time.Minute || w.operation(failed).State != journal.RolledBack {
			w.Errorf("it took %v until both had ended, the create %s", took, w.operation(failed).State)
		}
	})
}

// A null in a list is refused where it stands, in what stands beside a service or a task as anywhere.
func TestNullsInLists(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", inFamily("two"))
		for _, in := range []string{
			`"ServiceRegistries": [null]`, `"LoadBalancers": [null]`, `"VolumeConfigurations": [null]`,
			`"VolumeConfigurations": [{"Name": "v", "ManagedEBSVolume": {"RoleArn": "myclu-ecsTaskExecution", "SizeInGiB": 1, "TagSpecifications": [null]}}]`,
			`"VolumeConfigurations": [{"Name": "v", "ManagedEBSVolume": {"RoleArn": "myclu-ecsTaskExecution", "SizeInGiB": 1, "TagSpecifications": [{"ResourceType": "volume", "Tags": [null]}]}}]`,
		} {
			w.must(http.StatusBadRequest, "PUT", "/clusters/myclu/services/two", `{"Service": {`+in+`}}`)
			w.must(http.StatusBadRequest, "POST", "/services", body(cluster, definition, `"service": {"servicename": "n", "desiredcount": 1, `+in+`}`))
		}
		w.ended()
	})
}
