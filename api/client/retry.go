package client

import (
	"encoding/json"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

// serviceConfig is gRPC's description of how to call the services: methods that
// change nothing are called again, a few times within some seconds, where the
// server could not be reached. Which those are stands in the proto.
func serviceConfig() string {
	const operations = "google.longrunning.Operations" // whose proto does not say it
	again := []methodName{{operations, "GetOperation"}, {operations, "ListOperations"}, {operations, "WaitOperation"}}
	protoregistry.GlobalFiles.RangeFilesByPackage(cuepointv1.File_cuepoint_v1_video_proto.Package(), func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			service := f.Services().Get(i)
			for j := range service.Methods().Len() {
				method := service.Methods().Get(j)
				if changesNothing(method) {
					again = append(again, methodName{string(service.FullName()), string(method.Name())})
				}
			}
		}
		return true
	})
	config, err := json.Marshal(map[string]any{"methodConfig": []any{map[string]any{
		"name": again,
		"retryPolicy": map[string]any{
			"maxAttempts": 5, "initialBackoff": "0.2s", "maxBackoff": "5s", "backoffMultiplier": 2,
			"retryableStatusCodes": []string{"UNAVAILABLE"},
		},
	}}})
	if err != nil {
		return "{}" // strings and numbers can be written
	}
	return string(config)
}

// methodName is the name of a method as gRPC's description writes it.
type methodName struct {
	Service string `json:"service"`
	Method  string `json:"method"`
}

func changesNothing(m protoreflect.MethodDescriptor) bool {
	options, ok := m.Options().(*descriptorpb.MethodOptions)
	return ok && options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}
