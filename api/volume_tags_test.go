package api_test

import (
	"net/http"
	"strings"
	"testing"

	"ecs-api/sandbox"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// The tags of volumes are held to the rules of all others: none claims another org, and those that say whose something is are not the caller's.
func TestTagsOfVolumes(t *testing.T) {
	inWorld(t, func(w *world) {
		clustered(w)
		w.plantedRole("bare-ecsTaskExecution", "myorg")
		w.must(http.StatusOK, "POST", "/taskdefs", onDisk)
		w.ended()
		tagged := func(key, value string) string {
			return strings.Replace(disk, `"sizeingib"`, `"tagspecifications": [{"resourcetype": "volume", "tags": [{"key": "Application", "value": "mine"},
				{"key": "`+key+`", "value": "`+value+`"}]}], "sizeingib"`, 1)
		}
		create := func(volumes string) answer {
			return w.send("POST", "/services", `{"service": {"cluster": "bare", "desiredcount": 0, "servicename": "www", "taskdefinition": "disk:1", `+volumes+`}}`)
		}
		update := func(volumes string) answer {
			return w.send("PUT", barePath+"/services/www", `{"Service": {`+volumes+`}}`)
		}
		run := func(volumes string) answer {
			return w.send("POST", barePath+"/tasks", `{"taskdefinition": "disk", `+volumes+`}`)
		}
		before := w.aws.Inventory()
		for at, send := range map[string]func(string) answer{"/service": create, "/Service": update, "": run} {
			for member, tag := range map[string][2]string{"/1/Value": {"spinup:org", "theirs"}, "/1/Key": {"aws:mine", "x"}} {
				a := send(tagged(tag[0], tag[1]))
				told := a.problem(w).Errors
				if want := at + "/VolumeConfigurations/0/ManagedEBSVolume/TagSpecifications/0/Tags" + member; a.status != http.StatusBadRequest || len(told) != 1 || told[0].Pointer != want {
					w.Errorf("%s: %d %s", want, a.status, a.body)
				}
			}
		}
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
		for _, send := range []func(string) answer{create, update} {
			var out struct{ Service awsecs.Service }
			a := send(tagged("spinup:spaceid", "other"))
			a.decode(w, &out)
			if a.status != http.StatusOK {
				w.Fatalf("%d %s", a.status, a.body)
			}
			for _, deployment := range out.Service.Deployments {
				tags := deployment.VolumeConfigurations[0].ManagedEBSVolume.TagSpecifications[0].Tags
				if len(tags) != 1 || aws.StringValue(tags[0].Key) != "Application" {
					w.Errorf("its volumes get %v", tags)
				}
			}
			w.ended()
		}
		if a := run(tagged("spinup:org", "myorg")); a.status != http.StatusOK {
			w.Errorf("%d %s", a.status, a.body)
		}
		for _, call := range w.aws.Calls() {
			if in, runs := call.Input.(*awsecs.RunTaskInput); runs {
				if tags := in.VolumeConfigurations[0].ManagedEBSVolume.TagSpecifications[0].Tags; len(tags) != 1 || aws.StringValue(tags[0].Key) != "Application" {
					w.Errorf("its volumes get %v", tags)
				}
			}
		}
		for _, send := range []func(string) answer{create, update, run} {
			if a := send(strings.Replace(disk, `"sizeingib"`, `"tagspecifications": [null], "sizeingib"`, 1)); a.status != http.StatusBadRequest {
				w.Errorf("%d %s", a.status, a.body)
			}
		}
	})
}
