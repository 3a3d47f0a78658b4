package api_test

import (
	"net/http"
	"net/url"
	"testing"
)

// A secret that only a file system of another definition is mounted with is needed as much as one that a container has.
func TestTheSecretOfAFileSystemStays(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", body(cluster, definition, service, secret))
		w.ended()
		const name = "spinup/myorg/myclu/myapp-webserver-cred"
		arn := w.secretARN(name)
		mounts := `"taskdefinition": {"family": "mounts", "cpu": "256", "memory": "512", "containerdefinitions": [{"name": "job", "image": "job:1"}],
			"volumes": [{"name": "share", "fsxwindowsfileservervolumeconfiguration": {"filesystemid": "fs-1", "rootdirectory": "/",
			"authorizationconfig": {"domain": "example.com", "credentialsparameter": "` + arn + `"}}}]}`
		w.must(http.StatusOK, "POST", "/taskdefs", body(cluster, mounts))
		w.ended()
		w.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
		w.ended()
		if w.aws.Inventory()["secret"][name] == nil {
			w.Error("the secret is gone")
		}
		w.must(http.StatusAccepted, "DELETE", "/clusters/myclu/taskdefs/mounts?recursive=true", "")
		w.ended()
		if left := w.aws.Inventory()["secret"]; len(left) != 0 {
			w.Errorf("what nothing names any more: %v", left)
		}
	})
}

// secretARN gives the ARN of a secret, by its name.
func (w *world) secretARN(name string) string {
	var shown struct{ ARN string }
	w.must(http.StatusOK, "GET", "/secrets/"+url.PathEscape(name), "").decode(w, &shown)
	return shown.ARN
}
