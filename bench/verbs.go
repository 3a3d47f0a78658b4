package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/pkg/errors"
)

const (
	roundTrip = 50 * time.Millisecond // to the sandbox and back
	times     = 7                     // that each verb is measured
	services  = "/v1/ecs/sandbox/clusters/standing/services"
	namespace = "ns-y3uaw6neshhbev3f" // of the sandbox
)

// verbs measures how many round trips to AWS stand one after the other in each verb: its time over that of one.
func verbs(ctx context.Context, binary, directory string) error {
	p, err := start(ctx, binary, directory, map[string]any{"org": "bench", "token": token,
		"sandbox": map[string]any{"latency": roundTrip.String(), "speed": 100}}, "-sandbox")
	if err != nil {
		return err
	}
	defer func() { _ = p.stop() }()
	c := &caller{address: p.address}
	registry, err := c.standing(ctx)
	if err != nil {
		return err
	}
	heading("verb, at "+roundTrip.String()+" a round trip", "median", "round trips", "target")
	for _, verb := range []struct {
		what   string
		target int
		ask    func(i int) (method, path string, body any)
	}{
		{"create, everything new", 4, func(i int) (string, string, any) { return create(all(fmt.Sprint("new", i), fmt.Sprint("new", i))) }},
		{"create in a standing cluster, with credentials", 4, func(i int) (string, string, any) { return create(all("standing", fmt.Sprint("with", i))) }},
		{"create in a standing cluster, without credentials", 3, func(i int) (string, string, any) {
			return create(without(all("standing", fmt.Sprint("bare", i)), "credentials"))
		}},
		{"create of existing parts only", 2, func(i int) (string, string, any) { return create(named(fmt.Sprint("named", i), registry)) }},
		{"show", 1, func(int) (string, string, any) { return "GET", services + "/www", nil }},
		{"show, all=true", 3, func(int) (string, string, any) { return "GET", services + "/www?all=true", nil }},
		{"delete", 2, func(i int) (string, string, any) { return "DELETE", services + fmt.Sprint("/named", i), nil }},
		{"delete, recursive=true", 2, func(i int) (string, string, any) {
			return "DELETE", services + fmt.Sprint("/with", i, "?recursive=true"), nil
		}},
	} {
		var took []time.Duration
		for i := range times {
			method, path, body := verb.ask(i)
			began := time.Now()
			if err := c.ask(ctx, method, path, body, nil); err != nil {
				return errors.Wrap(err, verb.what)
			}
			took = append(took, time.Since(began))
		}
		m := median(took)
		line(verb.what, fmt.Sprintf("%.0f ms", milliseconds(m)), fmt.Sprintf("%.2f", float64(m)/float64(roundTrip)), fmt.Sprint(verb.target))
	}
	return nil
}

type object = map[string]any

func create(body object) (method, path string, sent any) {
	return "POST", "/v1/ecs/sandbox/services", body
}

// all asks for a service with everything that it can stand on.
func all(cluster, service string) object {
	return object{
		"cluster": object{"clustername": cluster},
		"taskdefinition": object{"family": service, "cpu": "256", "memory": "512",
			"containerdefinitions": []object{{"name": "web", "image": "nginx:alpine", "portmappings": []object{{"containerport": 80}}}}},
		"credentials": object{"web": object{"secretstring": `{"username":"a","password":"b"}`}},
		"serviceregistry": object{"name": service,
			"dnsconfig": object{"namespaceid": namespace, "dnsrecords": []object{{"ttl": 30, "type": "A"}}}},
		"service": object{"servicename": service, "desiredcount": 1},
	}
}

func without(body object, key string) object {
	delete(body, key)
	return body
}

// named asks for a service of parts that stand.
func named(service, registry string) object {
	return object{"service": object{"cluster": "standing", "servicename": service, "desiredcount": 1, "taskdefinition": "www:1",
		"serviceregistries": []object{{"registryarn": registry}}}}
}

// caller asks with the token.
type caller struct{ address string }

// standing builds the service that is shown, and whose parts are named. It also has the program learn who its account is, which it asks
// once.
func (c *caller) standing(ctx context.Context) (registry string, err error) {
	var made struct{ ServiceDiscoveryService struct{ Arn string } }
	method, path, body := create(all("standing", "www"))
	err = c.ask(ctx, method, path, body, &made)
	return made.ServiceDiscoveryService.Arn, err
}

func (c *caller) ask(ctx context.Context, method, path string, body, into any) error {
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+c.address+path, &sent)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = w.Body.Close() }()
	answer, err := io.ReadAll(w.Body)
	if err != nil {
		return err
	}
	if w.StatusCode != http.StatusOK {
		return errors.Errorf("%s %s: %s: %s", method, path, w.Status, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}
