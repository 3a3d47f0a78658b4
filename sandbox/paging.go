package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

// paging is what a request says about pages, and how large its operation makes them.
type paging struct {
	scope      string  // operation and filters: a token serves only where it was given
	token      *string // what the caller sent
	max        *int64  // the page size the caller asked for
	size       int     // AWS's page size when the caller asks for none
	most       int     // the largest that may be asked for
	descending bool
	code       string // the error of a bad token or size; "InvalidParameterException" when empty
}

// page sorts items by key and gives those after the token, and the token of the next page (nil at the end). A token holds the last key
// of its page: what is removed or added while somebody pages makes nobody miss the rest.
func page[T any](p paging, items []T, key func(T) string) ([]T, *string, error) {
	size, err := p.pageSize()
	if err != nil {
		return nil, nil, err
	}
	last, started, err := p.lastKey()
	if err != nil {
		return nil, nil, err
	}
	after := func(a, b string) bool { return a > b }
	if p.descending {
		after = func(a, b string) bool { return a < b }
	}
	sorted := slices.Clone(items)
	slices.SortStableFunc(sorted, func(a, b T) int {
		order := strings.Compare(key(a), key(b))
		if p.descending {
			return -order
		}
		return order
	})
	rest := sorted
	if started {
		rest = slices.DeleteFunc(sorted, func(item T) bool { return !after(key(item), last) })
	}
	if len(rest) <= size {
		return rest, nil, nil
	}
	next := p.tokenFor(key(rest[size-1]))
	return rest[:size], &next, nil
}

func (p paging) pageSize() (int, error) {
	if p.max == nil {
		return p.size, nil
	}
	if *p.max < 1 || *p.max > int64(p.most) {
		return 0, refuse(p.errorCode(), "The page size must be between 1 and %d.", p.most)
	}
	return int(*p.max), nil
}

// lastKey opens the caller's token.
func (p paging) lastKey() (string, bool, error) {
	if p.token == nil || *p.token == "" {
		return "", false, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(*p.token)
	scope, key, found := strings.Cut(string(raw), " ")
	if err != nil || !found || scope != p.scopeDigest() {
		return "", false, refuse(p.errorCode(), "Invalid token: it was not given by this operation with these filters.")
	}
	return key, true, nil
}

func (p paging) tokenFor(key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(p.scopeDigest() + " " + key))
}

func (p paging) scopeDigest() string {
	sum := sha256.Sum256([]byte(p.scope))
	return hex.EncodeToString(sum[:6])
}

func (p paging) errorCode() string {
	if p.code == "" {
		return "InvalidParameterException"
	}
	return p.code
}
