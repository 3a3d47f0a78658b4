// Package journal keeps what the orchestrator has begun: each operation with its steps, written before each call and after each answer, so
// that another process can go on from it. It imports the plan's records and nothing else of the project.
package journal

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"sort"
	"sync"
	"time"

	"ecs-api/orchestration/plan"

	"github.com/pkg/errors"
)

// State says where an operation is.
type State string

const (
	Running     State = "running"
	Succeeded   State = "succeeded"
	RollingBack State = "rolling-back"
	RolledBack  State = "rolled-back"
	Failed      State = "failed" // something is left that could not be taken back
)

// Operation is the record of one orchestrating write.
type Operation struct {
	ID      string          `json:"id"`
	Verb    string          `json:"verb"`
	Account string          `json:"account"`
	Cluster string          `json:"cluster"`
	Service string          `json:"service,omitempty"`
	State   State           `json:"state"`
	Holds   []string        `json:"holds,omitempty"` // the names that no other operation may write on meanwhile
	Loose   bool            `json:"loose,omitempty"` // once committed it needs neither them nor its space
	Asked   json.RawMessage `json:"asked,omitempty"` // the request, secret and environment values as digests
	plan.Progress
	Result    json.RawMessage `json:"result,omitempty"`
	Problem   json.RawMessage `json:"problem,omitempty"`
	StartedAt time.Time       `json:"startedAt"`
	EndedAt   *time.Time      `json:"endedAt,omitempty"`
	Caller    string          `json:"caller,omitempty"`
	Request   string          `json:"request,omitempty"`
}

// Filter narrows a list; empty members match everything.
type Filter struct {
	Account, Cluster string
	State            State
}

func (f Filter) matches(op Operation) bool {
	return (f.Account == "" || f.Account == op.Account) && (f.Cluster == "" || f.Cluster == op.Cluster) && (f.State == "" || f.State == op.State)
}

// Journal keeps operations.
type Journal interface {
	// Save keeps op as it is now. With durable it returns once op would survive the process; without, op may ride along with a later Save.
	Save(op Operation, durable bool) error
	// Get gives an operation by its id; false if there is none.
	Get(id string) (Operation, bool)
	// List gives the operations that match, oldest first.
	List(Filter) ([]Operation, error)
	// Knows says whether an operation of this id was ever kept and succeeded, or is kept still.
	Knows(id string) bool
	// Digest stands for a value that must not be kept: the same for the same value, and of no use without the journal's key.
	Digest(value string) string
	// Close releases what the journal holds; nothing is saved after it.
	Close() error
}

// Memory is a journal that lasts as long as the process. It keeps records encoded, so that nothing but data survives in it either.
type Memory struct {
	key        []byte
	mu         sync.Mutex
	operations map[string][]byte
	known      map[string]bool // succeeded, and forgotten since
}

// NewMemory makes an empty journal.
func NewMemory() *Memory {
	return &Memory{key: newKey(), operations: map[string][]byte{}, known: map[string]bool{}}
}

func newKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return key
}

// Digest gives an HMAC-SHA256 of the value under the journal's key.
func (m *Memory) Digest(value string) string {
	mac := hmac.New(sha256.New, m.key)
	_, _ = mac.Write([]byte(value))
	return "hmac-sha256:" + hex.EncodeToString(mac.Sum(nil))
}

// Knows says whether an operation of this id was ever kept and succeeded, or is kept still.
func (m *Memory) Knows(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known[id] || m.operations[id] != nil
}

// Save keeps op as it is now.
func (m *Memory) Save(op Operation, _ bool) error {
	encoded, err := json.Marshal(op)
	if err != nil {
		return errors.Wrap(err, "encode the operation")
	}
	m.put(op.ID, encoded)
	return nil
}

func (m *Memory) put(id string, encoded []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.operations[id] = encoded
}

// forget drops an operation, and knows it still if it succeeded: what it made stands, however long ago.
func (m *Memory) forget(op Operation) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.operations, op.ID)
	m.known[op.ID] = op.State == Succeeded
}

// Get gives an operation by its id.
func (m *Memory) Get(id string) (Operation, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var op Operation
	encoded, ok := m.operations[id]
	if !ok || json.Unmarshal(encoded, &op) != nil {
		return Operation{}, false
	}
	return op, true
}

// List gives the operations that match, oldest first.
func (m *Memory) List(filter Filter) ([]Operation, error) {
	m.mu.Lock()
	all := slices.Collect(maps.Values(m.operations))
	m.mu.Unlock()
	var found []Operation
	for _, encoded := range all {
		var op Operation
		if err := json.Unmarshal(encoded, &op); err != nil {
			return nil, errors.Wrap(err, "decode an operation")
		}
		if filter.matches(op) {
			found = append(found, op)
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].StartedAt.Before(found[j].StartedAt) })
	return found, nil
}

// Close does nothing.
func (m *Memory) Close() error { return nil }
