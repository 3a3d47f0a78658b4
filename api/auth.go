package api

import (
	"container/list"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sync/singleflight"

	"ecs-api/common"
)

const (
	// maxCost is the dearest hash that is looked at: the caller chooses the cost, and each step doubles our work. 12 takes a quarter of a
	// second.
	maxCost = 12
	// rememberedHashes and rememberedFor bound what is kept of hashes that were good.
	rememberedHashes = 1024
	rememberedFor    = time.Hour
	// hashPatience is how long a hash waits for its turn to be checked.
	hashPatience = 5 * time.Second
	// sharedCaller is the name, in logs and records, of whoever has the shared token.
	sharedCaller = "shared"
)

// guarded lets through who knows the token. Its answers, also the refusals, are nobody's to keep.
func (s *server[A]) guarded(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Cache-Control", "no-store")
		caller, err := s.auth.caller(r)
		if err != nil {
			return err
		}
		x := exchangeOf(r.Context())
		x.caller = caller
		ctx := common.WithRequest(r.Context(), common.Request{ID: x.id, Caller: caller})
		return next(w, r.WithContext(ctx))
	}
}

// authenticator knows the shared token. Of a token longer than 72 bytes bcrypt reads the first 72, so these alone are what a hash proves.
type authenticator struct {
	token  []byte
	digest [sha256.Size]byte // of the token: equal lengths, so that comparing tells nothing of the token's

	known *hashMemory
	one   singleflight.Group // many first uses of a hash are checked once
	turns chan struct{}      // bounds the checks that run at once, so that bad hashes cannot take the machine
	check func(hash, token []byte) error
}

func newAuthenticator(token string) *authenticator {
	return &authenticator{
		token:  []byte(token),
		digest: sha256.Sum256([]byte(token)),
		known:  newHashMemory(),
		turns:  make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		check:  bcrypt.CompareHashAndPassword,
	}
}

// caller names who asks. Forbidden with no or a wrong token, Throttled when too many unknown hashes wait to be checked.
func (a *authenticator) caller(r *http.Request) (string, error) {
	bearer, hash := bearerToken(r), r.Header.Get("X-Auth-Token")
	switch {
	case len(a.token) == 0:
		return "", common.New(common.Forbidden, "no token is configured")
	case bearer != "" && a.isToken(bearer):
		return sharedCaller, nil
	case hash != "":
		return sharedCaller, a.verify(hash)
	case bearer != "":
		return "", common.New(common.Forbidden, "wrong token")
	}
	return "", common.New(common.Forbidden, "no token: send X-Auth-Token or Authorization: Bearer")
}

func bearerToken(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

func (a *authenticator) isToken(given string) bool {
	digest := sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(digest[:], a.digest[:]) == 1
}

// bcryptForm is a hash as bcrypt writes it; 2a, 2b and 2y differ in the bugs of their authors, not in ours.
var bcryptForm = regexp.MustCompile(`^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$`)

// verify says whether hash is one of the token. What is malformed or too dear is refused before any work.
func (a *authenticator) verify(hash string) error {
	form := bcryptForm.FindStringSubmatch(hash)
	if form == nil {
		return common.New(common.Forbidden, "X-Auth-Token is not a bcrypt hash")
	}
	if cost, _ := strconv.Atoi(form[1]); cost > maxCost {
		return common.Newf(common.Forbidden, "the hash of X-Auth-Token has a cost over %d", maxCost)
	}
	key := a.known.key(hash)
	if a.known.has(key) {
		return nil
	}
	_, err, _ := a.one.Do(string(key[:]), func() (any, error) { return nil, a.work(hash, key) })
	return err
}

// work pays for one comparison. It has no caller's context: others may wait for the same hash.
func (a *authenticator) work(hash string, key hashKey) error {
	if a.known.has(key) {
		return nil // learnt between the caller's look and its turn
	}
	patience := time.NewTimer(hashPatience)
	defer patience.Stop()
	select {
	case a.turns <- struct{}{}:
		defer func() { <-a.turns }()
	case <-patience.C:
		return common.New(common.Throttled, "too many unknown tokens are being checked")
	}
	if err := a.check([]byte(hash), a.token); err != nil {
		return common.New(common.Forbidden, "wrong token")
	}
	a.known.add(key)
	return nil
}

// hashMemory holds good hashes by a digest under a key of this process: a dump of its memory gives none of them away.
type hashMemory struct {
	secret []byte

	mu      sync.Mutex
	order   *list.List // of remembered, the longest unused first
	entries map[hashKey]*list.Element
}

type hashKey [sha256.Size]byte

type remembered struct {
	key   hashKey
	until time.Time
}

func newHashMemory() *hashMemory {
	m := &hashMemory{secret: make([]byte, sha256.Size), order: list.New(), entries: map[hashKey]*list.Element{}}
	_, _ = rand.Read(m.secret) // never fails: the program would have ended
	return m
}

func (m *hashMemory) key(hash string) (key hashKey) {
	mac := hmac.New(sha256.New, m.secret)
	mac.Write([]byte(hash))
	mac.Sum(key[:0])
	return key
}

// has says whether the hash was good within the hour. Use does not prolong it: a token that is withdrawn is out within the hour as well.
func (m *hashMemory) has(key hashKey) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	element, ok := m.entries[key]
	if !ok {
		return false
	}
	if !time.Now().Before(element.Value.(remembered).until) {
		m.remove(element)
		return false
	}
	m.order.MoveToBack(element)
	return true
}

func (m *hashMemory) add(key hashKey) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.entries[key]; ok {
		m.remove(old)
	}
	if len(m.entries) >= rememberedHashes {
		m.remove(m.order.Front())
	}
	m.entries[key] = m.order.PushBack(remembered{key, time.Now().Add(rememberedFor)})
}

func (m *hashMemory) remove(element *list.Element) {
	delete(m.entries, m.order.Remove(element).(remembered).key)
}
