package main

import (
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

// describe completes what is said of the method at a route, and returns the
// route with the names of resources in it.
func describe(route string, operation object) (string, error) {
	id, _ := operation["operationId"].(string)
	method, err := find(id)
	if err != nil {
		return "", err
	}
	comment := strings.TrimSpace(asText(operation["summary"]) + "\n\n" + asText(operation["description"]))
	operation["summary"] = summary(method, comment)
	operation["description"] = comment + scopeOf(method)
	responses, _ := operation["responses"].(object)
	failure, _ := responses["default"].(object)
	failure["description"] = "Why it failed."
	success, _ := responses["200"].(object)
	success["description"] = firstSentence(asText(success["description"]))
	content, _ := success["content"].(object)
	switch {
	case method.Output().FullName() == "google.api.HttpBody":
		success["description"] = "The file."
		success["content"] = object{"*/*": object{"schema": object{"type": "string", "format": "binary"}}}
	case method.IsStreamingServer():
		success["content"] = streamed(content["application/json"])
	}
	return rename(route, operation), nil
}

// find returns the method that an operation is of: Service_Method, and with a
// number where it has several routes.
func find(id string) (protoreflect.MethodDescriptor, error) {
	service, method, _ := strings.Cut(id, "_")
	method, _, _ = strings.Cut(method, "_")
	for _, pkg := range packages[:2] {
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(pkg + service + "." + method))
		if m, ok := found.(protoreflect.MethodDescriptor); ok && err == nil {
			return m, nil
		}
	}
	return nil, fmt.Errorf("there is no method %q", id)
}

// scopeOf says which scope a method asks for.
func scopeOf(m protoreflect.MethodDescriptor) string {
	scope, _ := proto.GetExtension(m.Options(), cuepointv1.E_Scope).(cuepointv1.Scope)
	if scope == cuepointv1.Scope_SCOPE_UNSPECIFIED {
		return ""
	}
	return "\n\nIt takes the scope `" + strings.ToLower(strings.TrimPrefix(scope.String(), "SCOPE_")) + "`."
}

// summary is what a method does, in the words its comment begins with after the
// method's name.
func summary(m protoreflect.MethodDescriptor, comment string) string {
	words := strings.TrimPrefix(firstSentence(comment), string(m.Name())+" ")
	words, _, _ = strings.Cut(words, ":")
	return strings.ToUpper(words[:1]) + words[1:]
}

var sentence = regexp.MustCompile(`^(?s:.*?\.)(?:\s|$)`)

// firstSentence is what a comment begins with, on one line.
func firstSentence(comment string) string {
	if first := sentence.FindString(comment); first != "" {
		comment = first
	}
	return strings.TrimSuffix(strings.Join(strings.Fields(comment), " "), ".")
}

// streamed is the content of an answer that goes on: of each line the generator
// knows the result alone.
func streamed(one any) object {
	media, _ := one.(object)
	return object{
		"application/json": object{"schema": object{
			"type": "object", "description": "One of these on each line; the last may be an error.",
			"properties": object{"result": media["schema"], "error": object{"$ref": schemas + "Status"}},
		}},
		"text/event-stream": object{"schema": object{"type": "string", "description": "The same as Server-Sent Events."}},
	}
}

var (
	element = regexp.MustCompile(`(\w+)/\{([^}]+)\}`)
)

// rename has the elements of a route be named by what they are, videos/{video},
// and not by the field that takes them.
func rename(route string, operation object) string {
	parameters, _ := operation["parameters"].([]any)
	last := route[strings.LastIndexByte(route, '/')+1:]
	return element.ReplaceAllStringFunc(route, func(match string) string {
		m := element.FindStringSubmatch(match)
		collection, field := m[1], m[2]
		resource := strings.TrimSuffix(collection, "s")
		for _, p := range parameters {
			if parameter, ok := p.(object); ok && parameter["in"] == "path" && parameter["name"] == field {
				parameter["name"] = resource
				if !strings.HasPrefix(last, "{"+field+"}") { // of which the comment is
					parameter["description"] = "The " + resource + "'s id."
				}
			}
		}
		return collection + "/{" + resource + "}"
	})
}
