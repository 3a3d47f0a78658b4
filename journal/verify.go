package journal

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"os"

	"github.com/pkg/errors"
)

// The library maps its file into memory and follows what it finds there: a damaged page makes it fault, or walk in a circle, in goroutines
// of its own, where nothing can catch it. So the pages are checked here first, as bytes, after the layout that it documents (bbolt,
// internal/common: page.go, meta.go, inode.go).
const (
	pageHeader  = 16
	elementSize = 16
	bucketSize  = 16

	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagFreelist = 0x10
	flagBucket   = 0x01 // of a leaf's element

	metaMagic    = 0xED0CDAED
	metaSize     = 56 // before its checksum
	noFreelist   = ^uint64(0)
	manyFreelist = 0xFFFF
)

var order = binary.NativeEndian

// pages is a file of the library, as bytes.
type pages struct {
	data     []byte
	pageSize uint64
	high     uint64          // the first page that nothing is on
	seen     map[uint64]bool // pages that hold something
}

// verify reads the file and gives an error if following its pages would lead astray.
func verify(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return errors.Wrap(err, "read")
	}
	p := &pages{data: data, pageSize: uint64(os.Getpagesize()), seen: map[uint64]bool{0: true, 1: true}}
	root, freelist, err := p.meta()
	if err != nil {
		return err
	}
	if uint64(len(data)) < p.high*p.pageSize {
		return errors.Errorf("it is truncated to %d of %d bytes", len(data), p.high*p.pageSize)
	}
	if err := p.tree(root); err != nil {
		return err
	}
	return p.freelist(freelist)
}

// meta finds the newer of the two pages that name the rest, of those whose checksum is right.
func (p *pages) meta() (root, freelist uint64, err error) {
	newest, found := uint64(0), false
	for id := range uint64(2) {
		at := id*p.pageSize + pageHeader
		if uint64(len(p.data)) < at+metaSize+8 {
			continue
		}
		meta := p.data[at : at+metaSize+8]
		sum := fnv.New64a()
		_, _ = sum.Write(meta[:metaSize])
		if order.Uint32(meta) != metaMagic || order.Uint64(meta[metaSize:]) != sum.Sum64() || uint64(order.Uint32(meta[8:])) != p.pageSize {
			continue
		}
		if txid := order.Uint64(meta[48:]); !found || txid > newest {
			newest, found = txid, true
			root, freelist, p.high = order.Uint64(meta[16:]), order.Uint64(meta[32:]), order.Uint64(meta[40:])
		}
	}
	if !found {
		return 0, 0, errors.New("neither of its first pages is whole")
	}
	return root, freelist, nil
}

// page gives a page that has not been seen, with those that it overflows to.
func (p *pages) page(id uint64) ([]byte, error) {
	if id < 2 || id >= p.high || p.seen[id] {
		return nil, errors.Errorf("page %d is named where it cannot be", id)
	}
	head := p.data[id*p.pageSize:]
	overflow := uint64(order.Uint32(head[12:]))
	if order.Uint64(head) != id || overflow >= p.high-id {
		return nil, errors.Errorf("page %d is damaged", id)
	}
	for i := id; i <= id+overflow; i++ {
		if p.seen[i] {
			return nil, errors.Errorf("page %d is used twice", i)
		}
		p.seen[i] = true
	}
	return head[:(overflow+1)*p.pageSize], nil
}

// tree follows a tree of pages to its leaves and into the buckets in them.
func (p *pages) tree(id uint64) error {
	page, err := p.page(id)
	if err != nil {
		return err
	}
	return errors.Wrapf(p.elements(page), "page %d", id)
}

func (p *pages) elements(page []byte) error {
	flags, count := order.Uint16(page[8:]), uint64(order.Uint16(page[10:]))
	if flags != flagBranch && flags != flagLeaf || pageHeader+count*elementSize > uint64(len(page)) {
		return errors.New("it is damaged")
	}
	var last []byte
	for i := range count {
		at := pageHeader + i*elementSize
		element := page[at : at+elementSize]
		key, value, ok := content(page, at, flags == flagLeaf)
		if !ok || i > 0 && bytes.Compare(key, last) <= 0 {
			return errors.New("an entry of it is damaged")
		}
		last = key
		var err error
		switch {
		case flags == flagBranch:
			err = p.tree(order.Uint64(element[8:]))
		case order.Uint32(element) == flagBucket:
			err = p.bucket(value)
		case order.Uint32(element) != 0:
			err = errors.New("an entry of it is damaged")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// content gives key and value of the element at an offset of its page; false if they would lie outside.
func content(page []byte, at uint64, leaf bool) (key, value []byte, ok bool) {
	element := page[at : at+elementSize]
	position, keySize, valueSize := uint64(order.Uint32(element)), uint64(order.Uint32(element[4:])), uint64(0)
	if leaf {
		position, keySize, valueSize = uint64(order.Uint32(element[4:])), uint64(order.Uint32(element[8:])), uint64(order.Uint32(element[12:]))
	}
	from := at + position
	if position < elementSize || from+keySize+valueSize > uint64(len(page)) {
		return nil, nil, false
	}
	return page[from : from+keySize], page[from+keySize : from+keySize+valueSize], true
}

// bucket follows a bucket: to its own tree, or to the page that a small one has within its value.
func (p *pages) bucket(value []byte) error {
	if len(value) < bucketSize {
		return errors.New("a bucket of it is damaged")
	}
	if root := order.Uint64(value); root != 0 {
		return p.tree(root)
	}
	if len(value) < bucketSize+pageHeader {
		return errors.New("a bucket of it is damaged")
	}
	return p.elements(value[bucketSize:])
}

// freelist checks that what is free and what is used are all there is, and nothing is both.
func (p *pages) freelist(id uint64) error {
	if id == noFreelist {
		return nil
	}
	page, err := p.page(id)
	if err != nil {
		return err
	}
	count, ids := uint64(order.Uint16(page[10:])), page[pageHeader:]
	if count == manyFreelist {
		count, ids = order.Uint64(ids), ids[8:]
	}
	if order.Uint16(page[8:]) != flagFreelist || count > uint64(len(ids)/8) {
		return errors.New("its list of free pages is damaged")
	}
	for i := range count {
		free := order.Uint64(ids[i*8:])
		if free < 2 || free >= p.high || p.seen[free] {
			return errors.New("its list of free pages is damaged")
		}
		p.seen[free] = true
	}
	if uint64(len(p.seen)) != p.high {
		return errors.New("it has lost pages")
	}
	return nil
}
