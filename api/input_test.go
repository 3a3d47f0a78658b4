package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"ecs-api/sandbox"
)

// TestSlowBodyIsNotWaitedForAndSlowWorkIs holds that the deadline is on the sending of a body alone.
func TestSlowBodyIsNotWaitedForAndSlowWorkIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFront()
		f.account.hold = func(context.Context) { <-time.After(10 * bodyPatience) }
		listener := sandbox.NewListener() // lets the bubble's clock move
		server := &http.Server{Handler: f}
		go func() { _ = server.Serve(listener) }()
		defer server.Close()
		client := &http.Client{Transport: &http.Transport{DialContext: listener.DialContext}}
		defer client.CloseIdleConnections()
		ask := func(method, path string, body io.Reader) (int, time.Duration) {
			began := time.Now()
			r, _ := http.NewRequest(method, "http://api"+path, body)
			r.Header.Set("Authorization", "Bearer "+token)
			w, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			w.Body.Close()
			return w.StatusCode, time.Since(began)
		}
		slow, feed := io.Pipe()
		defer feed.Close()
		go func() { _, _ = fmt.Fprint(feed, `{"service":`) }()
		if status, took := ask("POST", services, slow); status != 400 || took != bodyPatience {
			t.Errorf("a body without end: %d after %v", status, took)
		}
		if status, took := ask("DELETE", "/v1/ecs/acct/clusters/c/services/s", nil); status != 202 || took != 10*bodyPatience {
			t.Errorf("slow work: %d after %v", status, took)
		}
	})
}

func TestTableMistakesAreFoundAtStart(t *testing.T) {
	for name, make := range map[string]func(){
		"variable without a field": func() { newBinder[struct{}]("GET", "/{account}/clusters/{cluster}") },
		"a body could set it": func() {
			newBinder[struct {
				All bool `query:"all"`
			}]("GET", "/")
		},
		"path that is no string": func() {
			newBinder[struct {
				ID int64 `path:"id" json:"-"`
			}]("GET", "/{id}")
		},
		"query of another type": func() {
			newBinder[struct {
				X float64 `query:"x" json:"-"`
			}]("GET", "/")
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("not found")
				}
			}()
			make()
		})
	}
}
