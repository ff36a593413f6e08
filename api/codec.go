package api

import (
	"bytes"

	"google.golang.org/grpc/encoding"
	protocodec "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/cuepoint/cuepoint/models"
)

// codec is gRPC's own, except that a request that cannot be read is handed on as
// one that says so. gRPC would answer INTERNAL in the decoder's words, and
// before anybody has asked who calls.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(protocodec.Name)} }

// Unmarshal implements [encoding.CodecV2].
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	err := c.CodecV2.Unmarshal(data, v)
	m, ok := v.(proto.Message)
	if err == nil || !ok {
		return err
	}
	proto.Reset(m)
	m.ProtoReflect().SetUnknown(unreadable())
	return nil
}

// unreadable is all that a request holds that could not be read: a field that no
// message has.
func unreadable() []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, protowire.MaxValidNumber, protowire.VarintType), 1)
}

// checkReadable returns INVALID_ARGUMENT for a request that could not be read.
func checkReadable(m proto.Message) error {
	if unknown := m.ProtoReflect().GetUnknown(); len(unknown) > 0 && bytes.Equal(unknown, unreadable()) {
		return models.Errorf(models.CodeInvalidArgument, "the message is no %s: its bytes are malformed, or a string in it is not UTF-8",
			m.ProtoReflect().Descriptor().Name())
	}
	return nil
}
