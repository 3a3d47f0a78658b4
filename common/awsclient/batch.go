package awsclient

import (
	"context"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"

	"ecs-api/common"
)

// Parallel is how many calls of one fan-out are in flight at once. AWS's bursts are in the tens.
const Parallel = 32

// Batched reads items in batches of at most size, up to Parallel at once, and gives what the calls gave in the order of the items.
// The first error ends the others: it is for reads only.
func Batched[T any](ctx context.Context, items []string, size int, call func(ctx context.Context, batch []string) ([]T, error)) ([]T, error) {
	var batches [][]string
	for batch := range slices.Chunk(items, size) {
		batches = append(batches, batch)
	}
	answers := make([][]T, len(batches))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(Parallel)
	for i, batch := range batches {
		group.Go(func() (err error) {
			defer func() {
				// Here no one above could catch it, and the process must not die of one odd answer.
				if p := recover(); p != nil {
					err = &common.Error{Kind: common.Internal, Err: errors.Errorf("panic: %v", p)}
				}
			}()
			answers[i], err = call(ctx, batch)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(answers...), nil
}

// Hollow is the error for a 2xx answer without the object that the operation promises: the SDK takes an empty body for a good one. A
// change may have been made all the same.
func Hollow(operation string) error {
	return &common.Error{
		Kind:    common.Failed,
		Message: "AWS's answer to " + operation + " is empty",
		Unheard: !readOnly(operation),
	}
}

// readOnly says whether an operation changes nothing, so that it does not matter whether a lost one took effect.
func readOnly(operation string) bool {
	for _, verb := range [...]string{"Describe", "List", "Get", "BatchGet", "Filter", "Discover", "AssumeRole"} {
		if strings.HasPrefix(operation, verb) {
			return true
		}
	}
	return false
}
