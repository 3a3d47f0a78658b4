// Package journal keeps what the orchestrator has begun: each operation with its steps, written before each call and after each answer, so
// that another process can go on from it. It imports the plan's records and nothing else of the project.
package journal

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
	Open             bool      // only those that have not ended, or have yet to retire something
	Since            time.Time // only those that had not ended before
}

// head is what operations are found by. A busy month's are tens of megabytes, and to decode them all takes half a second.
type head struct {
	id, account, cluster string
	state                State
	startedAt            time.Time
	endedAt              *time.Time
	open                 bool // it has not ended, or has yet to retire something
}

func headOf(op Operation) head {
	return head{op.ID, op.Account, op.Cluster, op.State, op.StartedAt, op.EndedAt, op.EndedAt == nil || op.Pending()}
}

func recordOf(op Operation) (record, error) {
	encoded, err := json.Marshal(op)
	return record{headOf(op), encoded}, errors.Wrap(err, "encode the operation")
}

func (f Filter) matches(h head) bool {
	return (f.Account == "" || f.Account == h.account) && (f.Cluster == "" || f.Cluster == h.cluster) && (f.State == "" || f.State == h.state) &&
		(!f.Open || h.open) && (h.endedAt == nil || !h.endedAt.Before(f.Since))
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
	operations map[string]record
	known      map[string]bool // succeeded, and forgotten since
}

// record is an operation, encoded.
type record struct {
	head
	encoded []byte
}

// NewMemory makes an empty journal.
func NewMemory() *Memory {
	return &Memory{key: newKey(), operations: map[string]record{}, known: map[string]bool{}}
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
	_, kept := m.operations[id]
	return kept || m.known[id]
}

// Save keeps op as it is now.
func (m *Memory) Save(op Operation, _ bool) error {
	r, err := recordOf(op)
	if err == nil {
		m.put(r)
	}
	return err
}

func (m *Memory) put(r record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.operations[r.id] = r
}

// forget drops the operations that have ended before a time and have nothing left to go, and gives their ids. It knows those still that succeeded: what they
// made stands, however long ago.
func (m *Memory) forget(before time.Time) (forgotten []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, r := range m.operations {
		if !r.open && r.endedAt.Before(before) {
			delete(m.operations, id)
			m.known[id] = r.state == Succeeded
			forgotten = append(forgotten, id)
		}
	}
	return forgotten
}

// Get gives an operation by its id.
func (m *Memory) Get(id string) (Operation, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var op Operation
	kept, ok := m.operations[id]
	if !ok || json.Unmarshal(kept.encoded, &op) != nil {
		return Operation{}, false
	}
	return op, true
}

// List gives the operations that match, oldest first.
func (m *Memory) List(filter Filter) ([]Operation, error) {
	var matching []record
	m.mu.Lock()
	for _, r := range m.operations {
		if filter.matches(r.head) {
			matching = append(matching, r)
		}
	}
	m.mu.Unlock()
	sort.Slice(matching, func(i, j int) bool { return matching[i].startedAt.Before(matching[j].startedAt) })
	found := make([]Operation, len(matching))
	for i, r := range matching {
		if err := json.Unmarshal(r.encoded, &found[i]); err != nil {
			return nil, errors.Wrap(err, "decode an operation")
		}
	}
	return found, nil
}

// Close does nothing.
func (m *Memory) Close() error { return nil }
