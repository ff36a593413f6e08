package api

import (
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// parameters reads those of an address into a request. One that the request has
// no field for is refused: the gateway would drop it, and nobody would learn
// that it was misspelt.
type parameters struct{ runtime.DefaultQueryParser }

// readParameters has every gateway of the process read them so: grpc-gateway keeps
// what reads them in one place for all.
var readParameters = sync.OnceFunc(func() { runtime.NewServeMux(runtime.SetQueryParameterParser(new(parameters))) })

// Parse implements [runtime.QueryParameterParser].
func (p *parameters) Parse(request proto.Message, values url.Values, inPath *utilities.DoubleArray) error {
	for name := range values {
		path, _, _ := strings.Cut(name, "[") // of a map the key follows
		if !hasField(request.ProtoReflect().Descriptor(), strings.Split(path, ".")) {
			return fmt.Errorf("unknown field %q", name)
		}
	}
	return p.DefaultQueryParser.Parse(request, values, inPath)
}

// hasField tells whether a message has a field, by its name in the proto file or
// in JSON.
func hasField(m protoreflect.MessageDescriptor, path []string) bool {
	if m == nil {
		return false
	}
	field := m.Fields().ByTextName(path[0])
	if field == nil {
		field = m.Fields().ByJSONName(path[0])
	}
	return field != nil && (len(path) == 1 || hasField(field.Message(), path[1:]))
}
