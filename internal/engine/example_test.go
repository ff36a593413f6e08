package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/cuepoint/cuepoint/internal/engine"
	"github.com/cuepoint/cuepoint/models"
)

// An engine is its methods. [engine.Main] serves them on standard input and
// output; here one request is answered.
func ExampleServe() {
	methods := map[string]engine.Method{
		"count": func(_ context.Context, params json.RawMessage, reply engine.Reply) (any, error) {
			var words []string
			if err := json.Unmarshal(params, &words); err != nil {
				return nil, models.Errorf(models.CodeInvalidArgument, "words are a list of strings").Because(err)
			}
			reply.Progress(1)
			return len(words), nil
		},
	}
	requests := strings.NewReader(`{"id":1,"method":"count","params":["to","be"]}` + "\n")
	if err := engine.Serve(context.Background(), requests, os.Stdout, "counter", "1.0", methods); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"hello":{"protocol":1,"engine":"counter","version":"1.0"}}
	// {"id":1,"progress":1}
	// {"id":1,"result":2}
}
