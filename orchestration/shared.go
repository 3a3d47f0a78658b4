package orchestration

import (
	"context"

	"ecs-api/common"

	"golang.org/x/sync/singleflight"
)

// shared is a read that all share who ask for it while it is under way. Nothing of it is remembered.
type shared[T any] struct{ group singleflight.Group }

// ask gives what read answers. The read is under a context of its own, which ends with root: whoever goes away takes the answer from nobody else. Deadline
// if the caller does not wait for it.
func (s *shared[T]) ask(ctx, root context.Context, read func(context.Context) (T, error)) (T, error) {
	answers := s.group.DoChan("", func() (any, error) {
		own, cancel := context.WithCancelCause(context.WithoutCancel(ctx)) // whose request it is, is for the log
		defer cancel(nil)
		defer context.AfterFunc(root, func() { cancel(context.Cause(root)) })()
		return safely(func() (T, error) { return read(own) })
	})
	select {
	case given := <-answers:
		answer, _ := given.Val.(T)
		return answer, given.Err
	case <-ctx.Done():
		var none T
		return none, &common.Error{Kind: common.Deadline, Message: "the caller did not wait for the answer", Err: context.Cause(ctx)}
	}
}
