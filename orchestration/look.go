package orchestration

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"ecs-api/common"

	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"
)

// maxReads is how many reads of one look are in flight at once.
const maxReads = 16

// look does all reads at once and gives one error of all that failed.
func look(ctx context.Context, reads ...func(context.Context) error) error {
	var group errgroup.Group
	failed := make([]error, len(reads)) // in the order of the reads: which was answered first is nobody's business
	group.SetLimit(maxReads)
	for i, read := range reads {
		group.Go(func() error {
			_, failed[i] = safely(func() (struct{}, error) { return struct{}{}, read(ctx) })
			return nil
		})
	}
	_ = group.Wait()
	failed = slices.DeleteFunc(failed, func(err error) bool { return err == nil })
	if len(failed) > 0 && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return combined(failed)
}

// lookIn is look for what is in something, of which the first read is: where that is not there, or not ours, it alone is told, whatever is in
// it.
func lookIn(ctx context.Context, whole func(context.Context) error, parts ...func(context.Context) error) error {
	var refused error
	first := func(ctx context.Context) error {
		refused = whole(ctx)
		return refused
	}
	err := look(ctx, append([]func(context.Context) error{first}, parts...)...)
	if refused != nil && common.KindOf(refused) == common.NotFound {
		return refused
	}
	return err
}

// mostTold is how many errors are told together.
const mostTold = 20

// combined makes one error of several: what kept AWS from answering comes before what it answered, and those of one kind are told together.
func combined(failed []error) error {
	order := []common.Kind{
		common.Internal,
		common.Deadline,
		common.Unavailable,
		common.Failed,
		common.Throttled,
		common.Forbidden,
		common.Invalid,
		common.NotFound,
		common.Conflict,
	}
	for _, kind := range order {
		var messages []string
		var first error
		var violations []common.Violation
		for _, err := range failed {
			if common.KindOf(err) != kind {
				continue
			}
			if first == nil {
				first = err
			}
			if message := common.MessageOf(err); !slices.Contains(messages, message) {
				messages = append(messages, message)
			}
			var known *common.Error
			if errors.As(err, &known) {
				violations = append(violations, known.Violations...)
			}
		}
		if len(messages) == 1 || kind == common.Internal && first != nil {
			return first
		}
		if first != nil {
			if more := len(messages) - mostTold; more > 0 {
				messages = append(messages[:mostTold], fmt.Sprintf("and %d more", more))
			}
			return &common.Error{Kind: kind, Message: strings.Join(messages, "; "), Violations: violations[:min(len(violations), maxViolations)], Err: first}
		}
	}
	return nil
}

// absent turns NotFound into nothing: what a look finds missing is a fact.
func absent(err error) error {
	if common.KindOf(err) == common.NotFound {
		return nil
	}
	return err
}

// raw encodes the before and after of a change.
func raw(value any) json.RawMessage {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err) // a string or a number
	}
	return encoded
}
