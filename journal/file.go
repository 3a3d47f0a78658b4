package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/pkg/errors"
	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

const (
	fileName = "journal.db"
	keyName  = "journal.key"
	// schema is the version of what is written here. A file of a newer one is refused: we could not know what it asks for.
	schema = 1
	// lockTimeout is how long a dying predecessor may keep the file.
	lockTimeout = 30 * time.Second
	// keep is how long an ended operation is kept.
	keep = 30 * 24 * time.Hour
	// idle is how long a save that need not be durable waits for one to ride along with.
	idle = time.Second
	// retry is when what could not be written is written again, if nothing else is to be written before.
	retry = 5 * time.Second
	// purgeEvery is how often what is older than keep is looked for.
	purgeEvery = time.Hour
)

var (
	metaBucket       = []byte("meta")
	operationsBucket = []byte("operations")
	knownBucket      = []byte("known") // ids of operations that succeeded and are no longer kept
	schemaKey        = []byte("schema")
)

// File is a journal in a directory, for one process at a time. One committer takes all that waits into one transaction.
type File struct {
	*Memory
	db   *bolt.DB
	path string

	mu        sync.Mutex
	pending   map[string][]byte // nil: delete
	waiters   []chan error
	commits   int
	closed    bool
	wake      chan struct{} // someone waits for a commit
	stir      chan struct{} // something may ride along with one
	committer sync.WaitGroup
	lost      error // what kept the last commit from being written, once the committer has ended
}

// OpenFile opens the journal in dir, or makes one: directory 0700, file 0600. It waits half a minute for a predecessor to let go. The error
// is one line that says what is wrong with the directory or the file: not writable, held by another process, damaged, or of a newer schema.
func OpenFile(dir string) (*File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, errors.Wrap(err, "the journal's directory cannot be made")
	}
	path := filepath.Join(dir, fileName)
	f := &File{Memory: NewMemory(), path: path, pending: map[string][]byte{}, wake: make(chan struct{}, 1), stir: make(chan struct{}, 1)}
	if err := f.readKey(filepath.Join(dir, keyName)); err != nil {
		return nil, err
	}
	if err := guarded(path, f.open); err != nil {
		if f.db != nil {
			_ = f.db.Close()
		}
		return nil, err
	}
	f.committer.Go(f.commitAll)
	return f, nil
}

// guarded turns what reading a damaged file may end in, a panic or a fault of the memory it is mapped to, into an error.
func guarded(path string, do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = errors.Errorf("the journal %s is damaged: %v", path, r)
		}
	}()
	return do()
}

// readKey reads the key of the digests, or makes one.
func (f *File) readKey(path string) error {
	key, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return errors.Wrap(writeWhole(path, f.key), "the journal's key cannot be written")
	}
	if err != nil {
		return errors.Wrap(err, "the journal's key cannot be read")
	}
	if len(key) != len(f.key) {
		return errors.Errorf("the journal's key %s is damaged: it has %d bytes, not %d", path, len(key), len(f.key))
	}
	f.key = key
	return nil
}

// writeWhole writes a file that is there whole, on the disk, or not at all: half a key would be none for ever.
func writeWhole(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // unless it has its name
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

func (f *File) open() error {
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		err = errors.Wrapf(f.create(), "the journal %s cannot be written", f.path)
	case err == nil && info.Size() == 0:
		err = errors.Errorf("the journal %s is damaged: it is empty", f.path)
	default:
		err = f.verify()
	}
	if err != nil {
		return err
	}
	db, err := bolt.Open(f.path, 0o600, &bolt.Options{Timeout: lockTimeout})
	if err != nil {
		return f.explain(err)
	}
	f.db = db
	if err := prepare(db); err != nil {
		return errors.Wrapf(err, "the journal %s cannot be written", f.path)
	}
	return errors.Wrapf(f.load(), "the journal %s is damaged", f.path)
}

// create makes an empty journal, whole or not at all: what a full disk cuts short would be a damaged one for ever. Of two processes that do
// so at once the first is right.
func (f *File) create() error {
	blank, err := os.CreateTemp(filepath.Dir(f.path), fileName+".*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(blank.Name()) }() // its other name stays
	if err := blank.Close(); err != nil {
		return err
	}
	db, err := bolt.Open(blank.Name(), 0o600, &bolt.Options{Timeout: lockTimeout})
	if err != nil {
		return err
	}
	err = prepare(db)
	if closed := db.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Link(blank.Name(), f.path)
	}
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(f.path))
}

func syncDirectory(dir string) error {
	directory, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = directory.Close() }()
	return directory.Sync()
}

// verify checks the pages of a file that stands, while nobody else can write them.
func (f *File) verify() error {
	held, err := bolt.Open(f.path, 0o600, &bolt.Options{Timeout: lockTimeout, ReadOnly: true})
	if err != nil {
		return f.explain(err)
	}
	defer func() { _ = held.Close() }()
	return errors.Wrapf(verify(f.path), "the journal %s is damaged", f.path)
}

func (f *File) explain(err error) error {
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return errors.Errorf("the journal %s is held by another process", f.path)
	case errors.Is(err, os.ErrPermission):
		return errors.Wrapf(err, "the journal %s cannot be written", f.path)
	}
	return errors.Wrapf(err, "the journal %s cannot be opened", f.path)
}

// prepare makes the buckets of a new file. Writing to it always also shows at the start that it can be written to.
func prepare(db *bolt.DB) error {
	return db.Update(func(tx *bolt.Tx) error {
		meta, err := tx.CreateBucketIfNotExists(metaBucket)
		if err != nil {
			return err
		}
		if written := meta.Get(schemaKey); written != nil {
			if version, err := strconv.Atoi(string(written)); err != nil || version > schema {
				return errors.Errorf("it has the schema %q and this program knows %d", written, schema)
			}
		}
		for _, name := range [][]byte{operationsBucket, knownBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return meta.Put(schemaKey, []byte(strconv.Itoa(schema)))
	})
}

// load reads every operation.
func (f *File) load() error {
	return f.db.View(func(tx *bolt.Tx) error {
		err := tx.Bucket(knownBucket).ForEach(func(id, _ []byte) error {
			f.known[string(id)] = true
			return nil
		})
		if err != nil {
			return err
		}
		return tx.Bucket(operationsBucket).ForEach(func(id, value []byte) error {
			kept, err := unseal(value)
			if err != nil {
				return errors.Wrapf(err, "operation %q", id)
			}
			f.operations[string(id)] = kept
			return nil
		})
	})
}

// seal puts a checksum before a record: the library has none for its data.
func seal(record []byte) []byte {
	sum := sha256.Sum256(record)
	return append(sum[:8:8], record...)
}

func unseal(value []byte) (record, error) {
	if len(value) < 8 {
		return record{}, errors.New("too short")
	}
	encoded := bytes.Clone(value[8:])
	if sum := sha256.Sum256(encoded); !bytes.Equal(sum[:8], value[:8]) {
		return record{}, errors.New("the checksum is wrong")
	}
	var op Operation
	err := json.Unmarshal(encoded, &op)
	return record{headOf(op), encoded}, errors.Wrap(err, "decode")
}

// Save keeps op as it is now. An error of a durable save means that the file could not be written.
func (f *File) Save(op Operation, durable bool) error {
	r, err := recordOf(op)
	if err != nil {
		return err
	}
	committed, err := f.enqueue(r, durable)
	if err != nil || committed == nil {
		return err
	}
	return <-committed
}

func (f *File) enqueue(r record, durable bool) (committed chan error, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, errors.New("the journal is closed")
	}
	f.pending[r.id] = r.encoded
	f.Memory.put(r)
	if !durable {
		signal(f.stir)
		return nil, nil
	}
	committed = make(chan error, 1)
	f.waiters = append(f.waiters, committed)
	signal(f.wake)
	return committed, nil
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// commitAll is the committer: it commits at once when someone waits, and a little later when no one does.
func (f *File) commitAll() {
	purge := time.NewTicker(purgeEvery)
	defer purge.Stop()
	var later <-chan time.Time
	for {
		select {
		case <-f.wake:
		case <-later:
		case <-purge.C:
			f.purge()
		case <-f.stir:
			if later == nil {
				later = time.After(idle)
			}
			continue
		}
		later = nil
		closed, err := f.commit()
		if closed {
			f.lost = err
			return
		}
		if err != nil {
			later = time.After(retry) // the disk may have room again, and nobody a reason to write
		}
	}
}

// commit writes all that waits in one transaction, and says whether the journal is closed.
func (f *File) commit() (closed bool, err error) {
	f.mu.Lock()
	pending, waiters := f.pending, f.waiters
	f.pending, f.waiters, closed = map[string][]byte{}, nil, f.closed
	f.mu.Unlock()
	if len(pending) == 0 {
		return closed, nil
	}
	err = guarded(f.path, func() error { return f.write(pending) })
	f.mu.Lock()
	f.commits++
	if err != nil {
		// What could not be written is kept for the next commit, unless it has changed since.
		for id, record := range pending {
			if _, newer := f.pending[id]; !newer {
				f.pending[id] = record
			}
		}
	}
	f.mu.Unlock()
	for _, waiter := range waiters {
		waiter <- err
	}
	return closed, err
}

func (f *File) write(pending map[string][]byte) error {
	return f.db.Update(func(tx *bolt.Tx) error {
		for id, record := range pending {
			if err := f.put(tx, id, record); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f *File) put(tx *bolt.Tx, id string, record []byte) error {
	if record != nil {
		return tx.Bucket(operationsBucket).Put([]byte(id), seal(record))
	}
	if f.Knows(id) {
		if err := tx.Bucket(knownBucket).Put([]byte(id), []byte{1}); err != nil {
			return err
		}
	}
	return tx.Bucket(operationsBucket).Delete([]byte(id))
}

// purge forgets what has ended long ago, and has nothing left to go.
func (f *File) purge() {
	forgotten := f.Memory.forget(time.Now().Add(-keep))
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range forgotten {
		f.pending[id] = nil
	}
}

// Commits is how often the file was written since it was opened. Each takes two fsyncs: of the data, and of the page that names it.
func (f *File) Commits() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.commits
}

// Close writes what waits and lets the file go.
func (f *File) Close() error {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	signal(f.wake)
	f.committer.Wait()
	err := f.db.Close()
	if f.lost != nil {
		err = f.lost
	}
	return errors.Wrapf(err, "close the journal %s", f.path)
}
