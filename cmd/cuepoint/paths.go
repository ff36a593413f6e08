package main

import (
	"fmt"
	"reflect"

	"github.com/alecthomas/kong"
)

// pathMapper reads the paths of a command line, one or a list, as they were
// given. Kong's own passes them through JSON, which replaces bytes that are not
// UTF-8: a file named in Latin-1 would not be found. An empty path, as of a
// shell variable that is not set, is the default.
type pathMapper struct {
	raw bool // leaves them as they were given: they may be something else, or another machine's
}

func (m pathMapper) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	switch target.Kind() {
	case reflect.String:
		token, err := ctx.Scan.PopValue("path")
		if err != nil {
			return err
		}
		target.SetString(m.read(token, ctx.Value.Default))
	case reflect.Slice:
		for _, token := range ctx.Scan.PopWhile(func(t kong.Token) bool { return t.IsValue() }) {
			target.Set(reflect.Append(target, reflect.ValueOf(m.read(token, ""))))
		}
	default:
		return fmt.Errorf("a path cannot be of type %s", target.Type())
	}
	return nil
}

func (m pathMapper) read(token kong.Token, fallback string) string {
	path, ok := token.Value.(string)
	if !ok || path == "" {
		path = fallback
	}
	if path == "" || m.raw {
		return path
	}
	return kong.ExpandPath(path)
}
