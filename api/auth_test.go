package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"ecs-api/common"
)

const protected = "/v1/ecs/acct/clusters/c/services/s"

func hashOf(t testing.TB, token string, cost int) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(token), cost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

func TestTokens(t *testing.T) {
	good, wrong := hashOf(t, token, 4), hashOf(t, "another", 4)
	form := strings.TrimPrefix(good, "$2a$")
	tests := map[string]struct {
		headers []string
		status  int
	}{
		"none":              {[]string{"X-Other", ""}, 403},
		"bearer":            {[]string{"Authorization", "Bearer " + token}, 200},
		"bearer, any case":  {[]string{"Authorization", "bEARER " + token}, 200},
		"wrong bearer":      {[]string{"Authorization", "Bearer nope"}, 403},
		"empty bearer":      {[]string{"Authorization", "Bearer "}, 403},
		"basic":             {[]string{"Authorization", "Basic " + token}, 403},
		"hash":              {[]string{"X-Auth-Token", good}, 200},
		"hash 2b":           {[]string{"X-Auth-Token", "$2b$" + form}, 200},
		"hash 2y":           {[]string{"X-Auth-Token", "$2y$" + form}, 200},
		"hash 2x":           {[]string{"X-Auth-Token", "$2x$" + form}, 403},
		"wrong hash":        {[]string{"X-Auth-Token", wrong}, 403},
		"the token itself":  {[]string{"X-Auth-Token", token}, 403},
		"short hash":        {[]string{"X-Auth-Token", good[:59]}, 403},
		"long hash":         {[]string{"X-Auth-Token", good + "x"}, 403},
		"cost of 3":         {[]string{"X-Auth-Token", strings.Replace(good, "$04$", "$03$", 1)}, 403},
		"cost of 99":        {[]string{"X-Auth-Token", strings.Replace(good, "$04$", "$99$", 1)}, 403},
		"hash as bearer":    {[]string{"Authorization", "Bearer " + good}, 403},
		"both, one is good": {[]string{"Authorization", "Bearer nope", "X-Auth-Token", good}, 200},
	}
	f := newFront()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := f.ask("GET", protected, "", test.headers...)
			if w.Code != test.status {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if w.Code == 403 {
				problemOf(t, w)
			}
		})
	}
	for _, path := range []string{"/v1/ecs/nowhere", "/v1/ecs/nobody/services", "/"} {
		if w := f.ask("GET", path, "", "X-Other", ""); w.Code != 403 {
			t.Errorf("%s without a token: %d", path, w.Code)
		}
	}
}

func TestWithoutATokenNobodyGetsIn(t *testing.T) {
	f := newFront(func(o *Options) { o.Token = "" })
	for _, headers := range [][]string{{"Authorization", "Bearer "}, {"X-Auth-Token", hashOf(t, "", 4)}, {"X-Other", ""}} {
		if w := f.ask("GET", protected, "", headers...); w.Code != 403 {
			t.Errorf("%v: %d", headers, w.Code)
		}
	}
}

func TestLongTokenCountsToBcryptsLimit(t *testing.T) {
	long := strings.Repeat("0123456789", 10)
	f := newFront(func(o *Options) { o.Token = long })
	if w := f.ask("GET", protected, "", "X-Auth-Token", hashOf(t, long[:72], 4)); w.Code != 200 {
		t.Errorf("72 bytes: %d", w.Code)
	}
	if w := f.ask("GET", protected, "", "X-Auth-Token", hashOf(t, long[:71], 4)); w.Code != 403 {
		t.Errorf("71 bytes: %d", w.Code)
	}
}

// counted is an authenticator that counts its work in place of doing it: a hash is good if it starts with $2a$.
func counted(work *atomic.Int64) *authenticator {
	a := newAuthenticator(token)
	a.check = func(hash, _ []byte) error {
		work.Add(1)
		if !strings.HasPrefix(string(hash), "$2a$") {
			return bcrypt.ErrMismatchedHashAndPassword
		}
		return nil
	}
	return a
}

func someHash(version string, n int) string {
	digits := []byte(strings.Repeat("x", 53))
	for i := range 8 {
		digits[i] = 'a' + byte(n>>(4*i)&15)
	}
	return "$" + version + "$12$" + string(digits)
}

func TestDearHashCostsNothing(t *testing.T) {
	var work atomic.Int64
	a := counted(&work)
	err := a.verify("$2a$13$" + strings.Repeat("x", 53))
	if common.KindOf(err) != common.Forbidden || work.Load() != 0 {
		t.Errorf("%v after %d checks", err, work.Load())
	}
}

func TestGoodHashIsPaidOnceAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var work atomic.Int64
		a := counted(&work)
		verify := func(version string, want error, checks int64) {
			t.Helper()
			if err := a.verify(someHash(version, 1)); common.KindOf(err) != common.KindOf(want) || work.Load() != checks {
				t.Errorf("%v after %d checks, want %v after %d", err, work.Load(), want, checks)
			}
		}
		verify("2a", nil, 1)
		verify("2a", nil, 1)
		time.Sleep(rememberedFor - 1) // the bubble's clock: takes no time
		verify("2a", nil, 1)
		time.Sleep(time.Nanosecond)
		verify("2a", nil, 2)
		verify("2b", common.New(common.Forbidden, ""), 3)
		verify("2b", common.New(common.Forbidden, ""), 4) // a bad one is not remembered
	})
}

func TestManyFirstUsesCostOneCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var work atomic.Int64
		a := counted(&work)
		check := a.check
		a.check = func(hash, token []byte) error {
			time.Sleep(time.Second) // the bubble's clock
			return check(hash, token)
		}
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if err := a.verify(someHash("2a", 1)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if work.Load() != 1 {
			t.Errorf("%d checks", work.Load())
		}
	})
}

func TestBadHashesWaitTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var work, running, most, throttled atomic.Int64
		a := counted(&work)
		check := a.check
		a.check = func(hash, token []byte) error {
			if now := running.Add(1); now > most.Load() {
				most.Store(now)
			}
			defer running.Add(-1)
			time.Sleep(time.Second) // the bubble's clock
			return check(hash, token)
		}
		var all sync.WaitGroup
		for i := range 500 {
			all.Go(func() {
				if common.KindOf(a.verify(someHash("2b", i))) == common.Throttled {
					throttled.Add(1)
				}
			})
		}
		all.Wait()
		if most.Load() > int64(cap(a.turns)) || throttled.Load() == 0 || throttled.Load()+work.Load() != 500 {
			t.Errorf("%d at once, %d throttled, %d checked", most.Load(), throttled.Load(), work.Load())
		}
	})
}

func TestMemoryIsBoundedAndForgetsTheLongestUnused(t *testing.T) {
	m := newHashMemory()
	m.add(m.key("first"))
	m.add(m.key("second"))
	for i := range rememberedHashes - 1 {
		m.has(m.key("first"))
		m.add(m.key(someHash("2a", i)))
	}
	if !m.has(m.key("first")) || m.has(m.key("second")) || len(m.entries) != rememberedHashes || m.order.Len() != rememberedHashes {
		t.Errorf("%d entries", len(m.entries))
	}
	m.add(m.key("first"))
	if len(m.entries) != rememberedHashes {
		t.Errorf("%d entries after a second add", len(m.entries))
	}
}

// BenchmarkThroughput tells what a token costs, over loopback: requests per second of ping, and of an action behind a hash and a bearer
// token.
func BenchmarkThroughput(b *testing.B) {
	f := newFront(func(o *Options) { o.Log.Out = io.Discard })
	server := httptest.NewServer(f)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	hash := hashOf(b, token, 10)
	for _, way := range []struct{ name, path, header, value string }{
		{"ping", "/v1/ecs/ping", "X-Other", ""},
		{"hash", protected, "X-Auth-Token", hash},
		{"bearer", protected, "Authorization", "Bearer " + token},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r, _ := http.NewRequest("GET", server.URL+way.path, nil)
					r.Header.Set(way.header, way.value)
					w, err := client.Do(r)
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, w.Body)
					w.Body.Close()
					if w.StatusCode != 200 {
						b.Error(w.Status)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}
