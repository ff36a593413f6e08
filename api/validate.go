package api

import (
	"context"
	"errors"
	"fmt"

	"buf.build/go/protovalidate"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// mostViolations is how many fields an answer complains of.
const mostViolations = 20

// validate lets only requests through that keep to the rules in the proto files.
// What rules cannot say, the services check.
func validate(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if err := checkRules(req); err != nil {
		return nil, err
	}
	return handler(ctx, req)
}

// validateStream is validate for the requests of streams.
func validateStream(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return handler(srv, checkedStream{ss})
}

// checkedStream is a stream whose requests keep to the rules.
type checkedStream struct{ grpc.ServerStream }

// RecvMsg implements [grpc.ServerStream].
func (s checkedStream) RecvMsg(req any) error {
	if err := s.ServerStream.RecvMsg(req); err != nil {
		return err
	}
	return checkRules(req)
}

// checkRules returns what a request does not keep to: INVALID_ARGUMENT with
// every field.
func checkRules(req any) error {
	message, ok := req.(proto.Message)
	if !ok {
		return fmt.Errorf("a request is a %T", req)
	}
	if err := checkReadable(message); err != nil {
		return err
	}
	err := protovalidate.Validate(message)
	var broken *protovalidate.ValidationError
	if !errors.As(err, &broken) {
		return err
	}
	var all argumentErrors
	for _, v := range broken.Violations[:min(len(broken.Violations), mostViolations)] {
		field := shorten(protovalidate.FieldPathString(v.Proto.GetField())) // it holds the keys of maps
		all = append(all, fieldError(field, "%s", v.Proto.GetMessage()))
	}
	return all
}
