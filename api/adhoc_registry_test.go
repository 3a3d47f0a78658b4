package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"ecs-api/sandbox"

	"github.com/aws/aws-sdk-go/aws"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
)

const (
	registriesPath = "/servicediscovery/services"
	bareRegistry   = `{"name": "bare", "dnsconfig": {"namespaceid": "ns-y3uaw6neshhbev3f", "dnsrecords": [{"ttl": 30, "type": "A"}]},
		"tags": [{"Key": "CreatedBy", "Value": "netid"}, {"Key": "spinup:spaceid", "Value": "elsewhere"}]}`
)

// bareRegistry makes a registry.
func (w *world) bareRegistry() (made awsdiscovery.Service) {
	w.Helper()
	w.must(http.StatusOK, "POST", registriesPath, bareRegistry).decode(w, &made)
	w.ended()
	return made
}

// registryPath is where the only registry there is is found.
func (w *world) registryPath() string {
	for id := range w.aws.Inventory()["registry"] {
		return registriesPath + "/" + id
	}
	w.Fatal("there is no registry")
	return ""
}

// onRegistry asks for a service that names a registry.
func onRegistry(made awsdiscovery.Service) string {
	return body(cluster, definition, `"service": {"desiredcount": 1, "servicename": "www", "serviceregistries": [{"registryarn": "`+aws.StringValue(made.Arn)+`"}]}`)
}

// abandoned leaves a registry with an instance in it whose service is gone.
func abandoned(w *world) {
	made := w.bareRegistry()
	instance := &awsdiscovery.RegisterInstanceInput{ServiceId: made.Id, InstanceId: aws.String("stale"), Attributes: aws.StringMap(map[string]string{
		"AWS_INSTANCE_IPV4": "10.0.0.9", "ECS_CLUSTER_NAME": "myclu", "ECS_SERVICE_NAME": "gone"})}
	if _, err := awsdiscovery.New(w.account.Session).RegisterInstance(instance); err != nil {
		w.Fatal(err)
	}
	w.ended()
}

// A registry is made by itself, shown, listed and deleted; nothing is left.
func TestARegistryByItself(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.aws.Inventory()
		var listed []awsdiscovery.ServiceSummary
		if a := w.must(http.StatusOK, "GET", registriesPath, ""); strings.TrimSpace(string(a.body)) != "[]" {
			w.Errorf("listed %s", a.body)
		}
		var made, shown, gone awsdiscovery.Service
		a, trips := w.measured("POST", registriesPath, bareRegistry)
		a.decode(w, &made)
		if a.status != http.StatusOK || trips != 2 || aws.StringValue(made.Name) != "bare" || a.header.Get("X-Operation-Id") == "" {
			w.Errorf("%d in %d round trips: %s", a.status, trips, a.body)
		}
		w.ended()
		stands := renderedJSON(w, w.aws.Inventory()["registry"])
		for _, tag := range []string{`"CreatedBy":"netid"`, `"spinup:org":"myorg"`, `"spinup:type":"container"`, `"spinup:operation":"` + a.header.Get("X-Operation-Id")} {
			if !strings.Contains(stands, tag) {
				w.Errorf("no %s in %s", tag, stands)
			}
		}
		if strings.Contains(stands, "spaceid") {
			w.Errorf("it is in a space: %s", stands)
		}
		w.must(http.StatusConflict, "POST", registriesPath, bareRegistry)
		path := registriesPath + "/" + aws.StringValue(made.Id)
		a, trips = w.measured("GET", path, "")
		a.decode(w, &shown)
		if a.status != http.StatusOK || trips != 1 || aws.StringValue(shown.Arn) != aws.StringValue(made.Arn) {
			w.Errorf("%d in %d round trips: %s", a.status, trips, a.body)
		}
		a, trips = w.measured("GET", registriesPath, "")
		a.decode(w, &listed)
		if a.status != http.StatusOK || trips != 1 || len(listed) != 1 || aws.StringValue(listed[0].Id) != aws.StringValue(made.Id) {
			w.Errorf("%d in %d round trips: %s", a.status, trips, a.body)
		}
		a, trips = w.measured("DELETE", path, "")
		a.decode(w, &gone)
		if a.status != http.StatusOK || trips != 3 || aws.StringValue(gone.Arn) != aws.StringValue(made.Arn) || a.header.Get("X-Operation-Id") == "" {
			w.Errorf("%d in %d round trips: %s", a.status, trips, a.body)
		}
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
		w.must(http.StatusNotFound, "GET", path, "")
		w.must(http.StatusNotFound, "DELETE", path, "")
	})
}

// A registry that a service names is kept, with or without an instance in it, and goes when the service has gone.
func TestARegistryInUse(t *testing.T) {
	inWorld(t, func(w *world) {
		made := w.bareRegistry()
		path := registriesPath + "/" + aws.StringValue(made.Id)
		w.must(http.StatusOK, "POST", "/services", onRegistry(made))
		w.ended()
		kept := func(why string) {
			w.Helper()
			stands := w.aws.Inventory()
			told := w.must(http.StatusConflict, "DELETE", path, "").problem(w)
			if !strings.Contains(told.Detail, why) {
				w.Errorf("told %q", told.Detail)
			}
			if diff := sandbox.Diff(stands, w.aws.Inventory()); diff != "" {
				w.Errorf("refused, and changed:\n%s", diff)
			}
		}
		kept("in use by service myclu/www")
		w.must(http.StatusOK, "PUT", www, `{"Service": {"DesiredCount": 0}}`)
		w.ended()
		time.Sleep(time.Minute)
		kept("in use by service myclu/www")
		w.must(http.StatusOK, "DELETE", www, "")
		w.ended()
		time.Sleep(time.Minute)
		w.must(http.StatusOK, "DELETE", path, "")
		w.ended()
		if left := w.aws.Inventory()["registry"]; len(left) > 0 {
			w.Errorf("left %v", left)
		}
	})
}

// An instance of nobody's keeps its registry; those that a service left behind are taken out.
func TestInstancesOfARegistry(t *testing.T) {
	inWorld(t, func(w *world) {
		abandoned(w)
		path := w.registryPath()
		id := path[strings.LastIndexByte(path, '/')+1:]
		direct := awsdiscovery.New(w.account.Session)
		other := &awsdiscovery.RegisterInstanceInput{ServiceId: aws.String(id), InstanceId: aws.String("theirs"),
			Attributes: aws.StringMap(map[string]string{"AWS_INSTANCE_IPV4": "10.0.0.8"})}
		if _, err := direct.RegisterInstance(other); err != nil {
			w.Fatal(err)
		}
		w.ended()
		stands := w.aws.Inventory()
		if told := w.must(http.StatusConflict, "DELETE", path, "").problem(w); !strings.Contains(told.Detail, "in use by instance theirs") {
			w.Errorf("told %q", told.Detail)
		}
		if diff := sandbox.Diff(stands, w.aws.Inventory()); diff != "" {
			w.Errorf("refused, and changed:\n%s", diff)
		}
		if _, err := direct.DeregisterInstance(&awsdiscovery.DeregisterInstanceInput{ServiceId: aws.String(id), InstanceId: aws.String("theirs")}); err != nil {
			w.Fatal(err)
		}
		w.ended()
		w.must(http.StatusOK, "DELETE", path, "")
		w.ended()
		if left := w.aws.Inventory()["registry"]; len(left) > 0 {
			w.Errorf("left %v", left)
		}
	})
}

// All pages of registries are listed with no call for each, the older org tag counts, and another org's or nobody's are not among them.
func TestAllPagesOfRegistries(t *testing.T) {
	inWorld(t, func(w *world) {
		direct := awsdiscovery.New(w.account.Session)
		make := func(name, key, org string) {
			in := &awsdiscovery.CreateServiceInput{Name: aws.String(name), NamespaceId: aws.String("ns-y3uaw6neshhbev3f"),
				DnsConfig: &awsdiscovery.DnsConfig{DnsRecords: []*awsdiscovery.DnsRecord{{Type: aws.String("A"), TTL: aws.Int64(30)}}},
				Tags:      []*awsdiscovery.Tag{{Key: aws.String(key), Value: aws.String(org)}}}
			if _, err := direct.CreateService(in); err != nil {
				w.Fatal(err)
			}
		}
		for i := range 220 {
			make(fmt.Sprintf("ours-%03d", i), "spinup:org", "myorg")
		}
		make("ours-older", "yale:org", "myorg")
		make("theirs", "spinup:org", "theirs")
		make("theirs-older", "yale:org", "theirs")
		make("nobodys", "name", "myorg")
		a, trips := w.measured("GET", registriesPath, "")
		var listed []awsdiscovery.ServiceSummary
		a.decode(w, &listed)
		if calls := len(w.aws.Calls()); len(listed) != 221 || trips != 3 || calls != 3+3+1 {
			w.Errorf("%d registries in %d calls and %d round trips", len(listed), calls, trips)
		}
		for _, one := range listed {
			if !strings.HasPrefix(aws.StringValue(one.Name), "ours-") {
				w.Errorf("listed %s", aws.StringValue(one.Name))
			}
		}
	})
}

func TestARegistryOfAnotherOrg(t *testing.T) {
	inWorld(t, func(w *world) {
		var made awsdiscovery.Service
		w.asOrg("theirs", func() { made = w.bareRegistry() })
		before := w.aws.Inventory()
		path := registriesPath + "/" + aws.StringValue(made.Id)
		w.must(http.StatusNotFound, "GET", path, "")
		w.must(http.StatusNotFound, "DELETE", path, "")
		w.must(http.StatusConflict, "POST", registriesPath, bareRegistry) // Cloud Map knows one holder of a name
		w.ended()
		if diff := sandbox.Diff(before, w.aws.Inventory()); diff != "" {
			w.Error(diff)
		}
	})
}

func TestBadRegistries(t *testing.T) {
	inWorld(t, func(w *world) {
		const dns = `"dnsConfig": {"dnsRecords": [{"ttl": 30, "type": "A"}]}, "namespaceId": "ns-y3uaw6neshhbev3f"`
		for name, test := range map[string]struct{ body, pointer string }{
			"no name":        {`{` + dns + `}`, "/Name"},
			"no namespace":   {`{"name": "x"}`, "/NamespaceId"},
			"no record":      {`{"name": "x", "namespaceId": "ns-y3uaw6neshhbev3f", "dnsConfig": {"dnsRecords": []}}`, "/DnsConfig/DnsRecords"},
			"another org":    {`{"name": "x", ` + dns + `, "tags": [{"key": "spinup:org", "value": "theirs"}]}`, "/Tags/0/Value"},
			"private health": {`{"name": "x", ` + dns + `, "healthCheckConfig": {"type": "TCP"}}`, "/HealthCheckConfig"},
		} {
			told := w.must(http.StatusBadRequest, "POST", registriesPath, test.body).problem(w)
			if len(told.Errors) != 1 || told.Errors[0].Pointer != test.pointer {
				w.Errorf("%s: told %+v", name, told.Errors)
			}
		}
		w.must(http.StatusNotFound, "POST", registriesPath, strings.Replace(bareRegistry, "ns-y3uaw6neshhbev3f", "ns-nnnnnnnnnnnnnnnn", 1))
		for _, id := range []string{"bare", "srv-", "arn%3Aaws"} {
			w.must(http.StatusBadRequest, "GET", registriesPath+"/"+id, "")
			w.must(http.StatusBadRequest, "DELETE", registriesPath+"/"+id, "")
		}
		if left := w.aws.Inventory()["registry"]; len(left) > 0 {
			w.Errorf("made %v", left)
		}
	})
}

func TestARegistryLeavesNoTrace(t *testing.T) {
	create := func(w *world) { w.must(http.StatusOK, "POST", registriesPath, bareRegistry) }
	leavesNoTrace(t, nothing, create, func(w *world) answer { return w.send("POST", registriesPath, bareRegistry) })
}

// An instance that was left behind may be gone where the delete failed after it: nobody had it.
func TestARegistryDeleteLeavesNoTrace(t *testing.T) {
	t.Parallel()
	remove := func(w *world) { w.must(http.StatusOK, "DELETE", w.registryPath(), "") }
	troubled(t, abandoned, remove, func(w *world, at string) {
		answered := w.send("DELETE", w.registryPath(), "")
		w.endedOrStuck()
		w.aws.ClearFaults()
		w.ended()
		if left := len(w.aws.Inventory()["registry"]); (answered.status == http.StatusOK) != (left == 0) {
			w.Errorf("%s: status %d, and %d left", at, answered.status, left)
		}
	})
}

// A recursive delete leaves a registry that a service of another cluster names, whether or not that has a task in it, and says why.
func TestARegistryThatAnotherClusterNamesStays(t *testing.T) {
	inWorld(t, func(w *world) {
		made := w.bareRegistry()
		w.must(http.StatusOK, "POST", "/services", onRegistry(made))
		elsewhere := strings.NewReplacer(`"myclu"`, `"other"`, `"webservers"`, `"others"`, `"desiredcount": 1`, `"desiredcount": 0`)
		w.must(http.StatusOK, "POST", "/services", elsewhere.Replace(onRegistry(made)))
		w.ended()
		w.must(http.StatusConflict, "DELETE", registriesPath+"/"+aws.StringValue(made.Id), "")
		gone := w.must(http.StatusOK, "DELETE", www+"?recursive=true", "")
		w.ended()
		if len(w.aws.Inventory()["registry"]) != 1 {
			w.Error("the registry that other/www names is gone")
		}
		if told := string(w.must(http.StatusOK, "GET", "/operations/"+gone.header.Get("X-Operation-Id"), "").body); !strings.Contains(told, "in use by service other/www") {
			w.Errorf("told %s", told)
		}
		w.must(http.StatusOK, "DELETE", "/clusters/other/services/www?recursive=true", "")
		w.ended()
		if left := w.aws.Inventory()["registry"]; len(left) > 0 {
			w.Errorf("left %v", left)
		}
	})
}

// A delete of a registry and a write on a service that names it at once: one of the two is refused, however they meet. The window is that
// between the delete's look and its call; a throttled attempt makes it wide.
func TestARegistryDeleteAndAServiceAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(w *world)
		name    func(w *world, made awsdiscovery.Service) answer
	}{
		"create": {nothing, func(w *world, made awsdiscovery.Service) answer { return w.send("POST", "/services", onRegistry(made)) }},
		"update": {built, func(w *world, made awsdiscovery.Service) answer {
			return w.send("PUT", www, `{"Service": {"ServiceRegistries": [{"RegistryArn": "`+aws.StringValue(made.Arn)+`"}]}}`)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			met := map[[2]int]bool{}
			for delay := -205; delay <= 200; delay += 15 {
				inWorld(t, func(w *world) {
					test.prepare(w)
					made := w.bareRegistry()
					w.aws.Inject(sandbox.Fault{Service: "servicediscovery", Operation: "DeleteService", Nth: 1, Kind: sandbox.Throttled})
					var removed, served answer
					atOnce(delay, func() { removed = w.send("DELETE", registriesPath+"/"+aws.StringValue(made.Id), "") }, func() { served = test.name(w, made) })
					w.ended()
					met[[2]int{removed.status, served.status}] = true
					if stands := w.aws.Inventory()["registry"][aws.StringValue(made.Id)] != nil; stands != (served.status == http.StatusOK) {
						w.Errorf("delay %d: delete %d, service %d, the registry stands: %t", delay, removed.status, served.status, stands)
					}
				})
			}
			if len(met) != 2 || !met[[2]int{http.StatusConflict, http.StatusOK}] || !met[[2]int{http.StatusOK, http.StatusNotFound}] {
				t.Errorf("answered %v", met)
			}
		})
	}
}

// Two creates that name one registry hold one another up in nothing.
func TestTwoServicesOfOneRegistryAtOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		made := w.bareRegistry()
		started := time.Now()
		w.must(http.StatusOK, "POST", "/services", onRegistry(made))
		alone := time.Since(started)
		w.ended()
		other := strings.NewReplacer(`"webservers"`, `"others"`, `"www"`, `"two"`).Replace(onRegistry(made))
		third := strings.NewReplacer(`"webservers"`, `"thirds"`, `"www"`, `"three"`).Replace(onRegistry(made))
		started = time.Now()
		var statuses [2]int
		atOnce(0, func() { statuses[0] = w.send("POST", "/services", other).status }, func() { statuses[1] = w.send("POST", "/services", third).status })
		if took := time.Since(started); statuses != [2]int{http.StatusOK, http.StatusOK} || took > alone {
			w.Errorf("%v; one took %v, two at once %v", statuses, alone, took)
		}
		w.ended()
	})
}
