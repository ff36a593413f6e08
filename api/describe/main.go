// Command describe makes the description of the REST API: one OpenAPI document
// of those that protoc-gen-openapiv3 makes of each proto file. It adds what the
// generator cannot know or does not look at: who may come in, which scope each
// method asks for, which answers are streams and files, and the names of
// resources as docs/api.md writes them. `make generate` runs it.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	// The methods, with their options.
	_ "cloud.google.com/go/longrunning/autogen/longrunningpb"

	_ "github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "describe:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: describe FILE PART…, where a part is a document or a directory of them")
	}
	d := newDescription()
	for _, part := range args[1:] {
		err := filepath.WalkDir(part, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			return d.add(path)
		})
		if err != nil {
			return err
		}
	}
	slices.SortFunc(d.Tags, func(a, b object) int { return strings.Compare(asText(a["name"]), asText(b["name"])) })
	d.Components.Schemas["Status"] = statusSchema()
	d.finish()
	written, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(args[0], append(written, '\n'), 0o644)
}

// object is an object of a document.
type object = map[string]any

// schemas is how documents refer to the schemas of messages.
const schemas = "#/components/schemas/"

// packages are those of the messages, by which documents name them.
var packages = []string{"cuepoint.v1.", "google.longrunning.", "google.rpc.", "google.api."}

// description is the document.
type description struct {
	OpenAPI    string                       `json:"openapi"`
	Info       object                       `json:"info"`
	Servers    []object                     `json:"servers"`
	Security   []object                     `json:"security"`
	Tags       []object                     `json:"tags"`
	Paths      map[string]map[string]object `json:"paths"`
	Components components                   `json:"components"`
}

type components struct {
	SecuritySchemes object            `json:"securitySchemes"`
	Schemas         map[string]object `json:"schemas"`
}

func newDescription() *description {
	return &description{
		OpenAPI: "3.1.0",
		Info: object{
			"title": "Cuepoint", "version": "v1", "license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
			"description": "Videos, and every moment in them.",
		},
		Servers:  []object{{"url": "/"}},
		Security: []object{{"bearer": []any{}}, {"key": []any{}}, {"session": []any{}}},
		Paths:    map[string]map[string]object{},
		Components: components{
			SecuritySchemes: object{
				"bearer": object{"type": "http", "scheme": "bearer", "description": "A key, `ck_…`."},
				"key":    object{"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "A key, `ck_…`."},
				"session": object{"type": "apiKey", "in": "cookie", "name": "cuepoint", "description": "What a browser has that is signed in: `cuepoint-` and the port, with `__Host-` before it where the connection is encrypted. " +
					"What changes something needs the header `X-Cuepoint-Csrf` too, which `GET /session` tells."},
			},
			Schemas: map[string]object{},
		},
	}
}

// add takes over what the document of one proto file says.
func (d *description) add(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, pkg := range packages {
		text = bytes.ReplaceAll(text, []byte(schemas+pkg), []byte(schemas))
	}
	var part struct {
		Tags       []object
		Paths      map[string]map[string]object
		Components struct{ Schemas map[string]object }
	}
	if err := json.Unmarshal(text, &part); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	for _, tag := range part.Tags { // of two, the first was written by hand
		if !slices.ContainsFunc(d.Tags, func(other object) bool { return other["name"] == tag["name"] }) {
			d.Tags = append(d.Tags, tag)
		}
	}
	for name, schema := range part.Components.Schemas {
		straighten(schema)
		d.Components.Schemas[plain(name)] = schema
	}
	for route, verbs := range part.Paths {
		for verb, operation := range verbs {
			named, err := describe(route, operation)
			if err != nil {
				return fmt.Errorf("%s: %s %s: %w", path, verb, route, err)
			}
			if d.Paths[named] == nil {
				d.Paths[named] = map[string]object{}
			}
			d.Paths[named][verb] = operation
		}
	}
	return nil
}
