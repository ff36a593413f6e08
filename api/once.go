package api

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// once carries a request out once that its client gave a name to, in a field
// request_id, and answers it as the first time whenever it comes again (AIP-155).
// The answer is remembered in the transaction of what it tells, by [carryOut].
type once struct{ libraries Libraries }

// named is a request with a name that is being carried out.
type named struct {
	models.Request
	answers    cipher.AEAD // seals the answer, which may hold secrets, for who knows the name
	remembered bool
}

type namedKey struct{}

// answer stands before the services, and behind who finds out who asks.
func (o once) answer(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	n, err := nameOf(req, info.FullMethod)
	if err != nil {
		return nil, err
	}
	if n == nil {
		return handler(ctx, req)
	}
	library := libraryOf(ctx, o.libraries)
	if again, err := n.recall(ctx, library); again != nil || err != nil {
		return again, err
	}
	resp, err := handler(context.WithValue(ctx, namedKey{}, n), req)
	switch {
	case err != nil: // it may have been answered since, which is why this one failed
		if again, recalled := n.recall(ctx, library); again != nil || models.ErrorCode(recalled) == models.CodeInvalidArgument {
			return again, recalled
		}
		return nil, err
	case !n.remembered:
		return nil, fmt.Errorf("%s takes a request_id and does not remember what it answered", info.FullMethod)
	}
	return resp, nil
}

// nameOf is the request as it is remembered, nil where it has no name.
func nameOf(req any, method string) (*named, error) {
	message, ok := req.(proto.Message)
	if !ok {
		return nil, nil
	}
	field := message.ProtoReflect().Descriptor().Fields().ByName("request_id")
	if field == nil || message.ProtoReflect().Get(field).String() == "" {
		return nil, nil
	}
	rest := proto.Clone(message)
	rest.ProtoReflect().Clear(field)
	wire, err := proto.MarshalOptions{Deterministic: true}.Marshal(rest)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(wire)
	n := &named{Request: models.Request{Method: method, Digest: hex.EncodeToString(sum[:])}}
	n.ID, n.answers, err = keysOf(strings.ToLower(message.ProtoReflect().Get(field).String()))
	return n, err
}

// keysOf is what a name is remembered as, and what seals the answer: the store holds
// neither the name nor, for who reads it there, the answer.
func keysOf(name string) (id string, answers cipher.AEAD, err error) {
	hidden, err := hkdf.Key(sha256.New, []byte(name), nil, "cuepoint request: name", 16)
	if err != nil {
		return "", nil, err
	}
	key, err := hkdf.Key(sha256.New, []byte(name), nil, "cuepoint request: answer", 32)
	if err != nil {
		return "", nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", nil, err
	}
	answers, err = cipher.NewGCMWithRandomNonce(block)
	return hex.EncodeToString(hidden), answers, err
}

// recall is the answer that was given under the name, nil where none was.
// INVALID_ARGUMENT where something else was asked.
func (n *named) recall(ctx context.Context, library store.Library) (proto.Message, error) {
	known, err := library.Recall(ctx, n.Method, n.ID)
	switch {
	case models.ErrorCode(err) == models.CodeNotFound:
		return nil, nil
	case err != nil:
		return nil, err
	case known.Digest != n.Digest:
		return nil, invalid("request_id", "something else was asked under it; make a new one for each request")
	}
	answer, err := answerOf(n.Method)
	if err != nil {
		return nil, err
	}
	wire, err := n.answers.Open(nil, nil, known.Response, nil)
	if err != nil {
		return nil, fmt.Errorf("read what %s was answered: %w", n.Method, err)
	}
	return answer, proto.Unmarshal(wire, answer)
}

// answerOf is an empty answer of a method.
func answerOf(method string) (proto.Message, error) {
	described := methodOf(method)
	if described == nil {
		return nil, fmt.Errorf("%s is no method", method)
	}
	kind, err := protoregistry.GlobalTypes.FindMessageByName(described.Output().FullName())
	if err != nil {
		return nil, err
	}
	return kind.New().Interface(), nil
}

// remember notes the answer to a request with a name, in the transaction of what
// it tells; video is the one that it is about.
func remember(ctx context.Context, lib store.TxLibrary, video string, answer proto.Message) error {
	n, ok := ctx.Value(namedKey{}).(*named)
	if !ok {
		return nil
	}
	wire, err := proto.Marshal(answer)
	if err != nil {
		return err
	}
	r := n.Request
	r.VideoID, r.Created = video, time.Now().UTC()
	r.Response = n.answers.Seal(nil, nil, wire, nil)
	n.remembered = true
	return lib.Remember(ctx, r)
}
