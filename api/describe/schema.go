package main

import (
	"maps"
	"slices"
	"strings"
)

// statusSchema is google.rpc.Status, of which the generator has different ones.
func statusSchema() object {
	return object{
		"type": "object", "description": "Why a call failed. Exactly one of the details is a google.rpc.ErrorInfo of the domain " +
			"`cuepoint.dev`, whose `reason` is what programs decide by; google.rpc.BadRequest names fields, google.rpc.RetryInfo says when to come again.",
		"properties": object{
			"code":    object{"type": "integer", "format": "int32", "description": "A google.rpc.Code."},
			"message": object{"type": "string", "description": "What happened and what to do, for people."},
			"details": object{"type": "array", "items": object{
				"type": "object", "properties": object{"@type": object{"type": "string"}}, "additionalProperties": true,
			}},
		},
	}
}

// finish makes schemas what they are used for, once all of them are there.
func (d *description) finish() {
	for _, verbs := range d.Paths {
		for _, operation := range verbs {
			if body, ok := operation["requestBody"].(object); ok {
				for _, media := range body["content"].(object) {
					d.request(media.(object))
				}
			}
		}
	}
	for _, schema := range d.Components.Schemas {
		d.answer(schema)
	}
	used := map[string]bool{}
	references(d.Paths, used)
	references(d.Components.Schemas, used)
	maps.DeleteFunc(d.Components.Schemas, func(name string, _ object) bool { return !used[name] })
}

// references notes the names of schemas that something refers to.
func references(something any, used map[string]bool) {
	switch s := something.(type) {
	case map[string]map[string]object:
		for _, each := range s {
			references(each, used)
		}
	case map[string]object:
		for _, each := range s {
			references(each, used)
		}
	case object:
		if name, ok := strings.CutPrefix(asText(s["$ref"]), schemas); ok {
			used[name] = true
		}
		for _, each := range s {
			references(each, used)
		}
	case []object:
		for _, each := range s {
			references(each, used)
		}
	case []any:
		for _, each := range s {
			references(each, used)
		}
	}
}

// straighten has properties refer to others in one way: of those that are only
// read the generator makes the whole of one part.
func straighten(schema object) {
	properties, _ := schema["properties"].(object)
	for _, p := range properties {
		property, _ := p.(object)
		if parts, ok := property["allOf"].([]any); ok && len(parts) == 1 {
			maps.Copy(property, parts[0].(object))
			delete(property, "allOf")
		}
	}
}

// request describes what callers send: a message of its own, without what is
// the server's to say, and nothing that they need not set.
func (d *description) request(media object) {
	schema, _ := media["schema"].(object)
	if named := d.named(schema); named != nil {
		schema = maps.Clone(named)
		delete(schema, "required")
		media["schema"] = schema
	}
	properties, ok := schema["properties"].(object)
	if !ok {
		return
	}
	properties = maps.Clone(properties)
	maps.DeleteFunc(properties, func(_ string, p any) bool { return p.(object)["readOnly"] == true })
	schema["properties"] = properties
}

// answer describes what a server sends: every property, also those that are not
// set, of which messages are null. One of several that are set at most is absent.
func (d *description) answer(schema object) {
	delete(schema, "oneOf") // which says that, and makes types that nobody can read
	delete(schema, "allOf")
	properties, ok := schema["properties"].(object)
	if !ok {
		return
	}
	var required []string
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property, _ := properties[name].(object)
		switch {
		case !d.isMessage(name, property):
			required = append(required, name)
		case property["$ref"] != nil:
			nullable := object{"anyOf": []object{{"$ref": property["$ref"]}, {"type": "null"}}}
			for _, key := range []string{"description", "readOnly"} {
				if property[key] != nil {
					nullable[key] = property[key]
				}
			}
			properties[name] = nullable
		default:
			nullable := maps.Clone(property)
			nullable["type"] = []any{property["type"], "null"}
			properties[name] = nullable
		}
	}
	schema["required"] = required
}

// isMessage tells whether a property is one that may not be set.
func (d *description) isMessage(name string, property object) bool {
	if named := d.named(property); named != nil {
		return named["enum"] == nil
	}
	return property["properties"] != nil || property["format"] == "date-time" || strings.HasSuffix(strings.ToLower(name), "duration")
}

// named is the schema that another one refers to, nil where it does not.
func (d *description) named(schema object) object {
	name, ok := strings.CutPrefix(asText(schema["$ref"]), schemas)
	if !ok {
		return nil
	}
	return d.Components.Schemas[name]
}

// plain is the name of a message without its package.
func plain(name string) string {
	for _, pkg := range packages {
		name = strings.TrimPrefix(name, pkg)
	}
	return name
}

// asText is a text of a document, empty for anything else.
func asText(value any) string {
	text, _ := value.(string)
	return text
}
