package analyzer

import (
	"context"

	"github.com/cuepoint/cuepoint/store"
)

// Answer makes of a change what who asked for it is told, in the change's own
// transaction: what it writes there happens with the change or not at all, and
// what it reads is what the change has left. id is that of the video. It may be
// called more than once, when the transaction is tried again.
type Answer func(ctx context.Context, lib store.TxLibrary, id string) error

type answerKey struct{}

// WithAnswer returns a context in which a change to a video makes an answer.
func WithAnswer(ctx context.Context, f Answer) context.Context {
	return context.WithValue(ctx, answerKey{}, f)
}

// MakeAnswer makes the answer of a context, where it has one. Whoever changes a
// video by a method of [Control] finds it done; others call it last in their
// transaction.
func MakeAnswer(ctx context.Context, lib store.TxLibrary, id string) error {
	if f, ok := ctx.Value(answerKey{}).(Answer); ok {
		return f(ctx, lib, id)
	}
	return nil
}
