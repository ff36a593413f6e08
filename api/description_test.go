package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/types/descriptorpb"
)

// described is the part of an OpenAPI document that these tests read.
type described struct {
	OpenAPI  string
	Info     struct{ Title, Version string }
	Security []map[string][]string
	Tags     []struct{ Name, Description string }
	Paths    map[string]map[string]struct {
		OperationID, Summary, Description string
		Tags                              []string
		Parameters                        []struct{ Name, In, Description string }
		Responses                         map[string]struct {
			Content map[string]struct{ Schema json.RawMessage }
		}
	}
	Components struct {
		Schemas         map[string]json.RawMessage
		SecuritySchemes map[string]struct{ Type, In, Name, Scheme string }
	}
}

func theDescription(t *testing.T) (d described, text string) {
	t.Helper()
	b := setup(t)
	a := b.ask(t, http.MethodGet, "/openapi.json", nil, func(r *http.Request) { r.Header.Del("Authorization") })
	if a.Code != http.StatusOK || a.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v", a.Code, a.Header)
	}
	if err := json.Unmarshal([]byte(a.Body), &d); err != nil {
		t.Fatal(err)
	}
	return d, a.Body
}

// template matches a variable of a route and what it stands for.
var template = regexp.MustCompile(`\{[a-z_.]+(?:=([^}]*))?\}`)

// described is the route as the description has it: videos/{video} for a name
// that is videos/*.
func (m method) described(pattern string) string {
	return template.ReplaceAllStringFunc(pattern, func(variable string) string {
		elements := strings.Split(template.FindStringSubmatch(variable)[1], "/")
		for i, e := range elements {
			if strings.HasPrefix(e, "*") {
				elements[i] = "{" + strings.TrimSuffix(elements[i-1], "s") + "}"
			}
		}
		return strings.Join(elements, "/")
	})
}

// routes are the method's ways in REST, as "get /v1/videos".
func (m method) routes() (all []string) {
	rule := m.rest()
	for _, r := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
		for verb, pattern := range map[string]string{
			"get": r.GetGet(), "post": r.GetPost(), "patch": r.GetPatch(), "delete": r.GetDelete(), "put": r.GetPut(),
		} {
			if pattern != "" {
				all = append(all, verb+" "+m.described(pattern))
			}
		}
	}
	return all
}

func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	d, _ := theDescription(t)
	want := map[string]string{"post /v1/operations/{operation}:wait": "Operations_WaitOperation"} // of which Google's proto has no route
	all := methods()
	operations := longrunningpb.File_google_longrunning_operations_proto.Services().Get(0).Methods()
	for i := range operations.Len() {
		options, _ := operations.Get(i).Options().(*descriptorpb.MethodOptions)
		all = append(all, method{operations.Get(i), options})
	}
	for _, m := range all {
		for _, route := range m.routes() {
			want[route] = fmt.Sprintf("%s_%s", m.Parent().Name(), m.Name())
		}
	}
	got := map[string]string{}
	for path, verbs := range d.Paths {
		for verb, operation := range verbs {
			got[verb+" "+path] = operation.OperationID
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 30 {
		t.Errorf("routes (-of the proto files +described); make generate:\n%s", diff)
	}
}

func TestTheDescriptionSaysHowToAskAndWhatFails(t *testing.T) {
	t.Parallel()
	d, text := theDescription(t)
	if !strings.HasPrefix(d.OpenAPI, "3.") || d.Info.Title != "Cuepoint" || d.Info.Version != "v1" {
		t.Errorf("it is of %+v, OpenAPI %s", d.Info, d.OpenAPI)
	}
	schemes := map[string]string{}
	for name, s := range d.Components.SecuritySchemes {
		schemes[name] = strings.TrimSpace(s.Type + " " + s.In + " " + s.Name + s.Scheme)
	}
	if diff := cmp.Diff(map[string]string{"bearer": "http  bearer", "key": "apiKey header X-Api-Key", "session": "apiKey cookie cuepoint"}, schemes); diff != "" {
		t.Errorf("schemes (-want +got):\n%s", diff)
	}
	if len(d.Security) != len(schemes) {
		t.Errorf("security: %v", d.Security)
	}
	for path, verbs := range d.Paths {
		for verb, o := range verbs {
			if o.Summary == "" || len(o.Summary) > 160 || o.Description == "" || len(o.Tags) != 1 ||
				!slices.ContainsFunc(d.Tags, func(tag struct{ Name, Description string }) bool {
					return tag.Name == o.Tags[0] && tag.Description != ""
				}) {
				t.Errorf("%s %s is badly described: %+v", verb, path, o)
			}
			if failure := o.Responses["default"].Content["application/json"].Schema; string(failure) == "" || !strings.Contains(string(failure), "schemas/Status\"") {
				t.Errorf("%s %s fails with %s", verb, path, failure)
			}
			if o.Tags[0] != "Operations" && !strings.Contains(o.Description, "It takes the scope `") {
				t.Errorf("%s %s does not name its scope", verb, path)
			}
			for _, p := range o.Parameters {
				if p.Description == "" || (p.In == "path") != strings.Contains(path, "{"+p.Name+"}") {
					t.Errorf("%s %s: parameter %+v", verb, path, p)
				}
			}
		}
	}
	stream := d.Paths["/v1/videos/{video}:watch"]["get"].Responses["200"].Content
	if len(stream) != 2 || stream["text/event-stream"].Schema == nil || !strings.Contains(string(stream["application/json"].Schema), `"result"`) {
		t.Errorf("a stream is %v", stream)
	}
	if file := d.Paths["/v1/videos/{video}/transcripts/{transcript}:export"]["get"].Responses["200"].Content; file["*/*"].Schema == nil {
		t.Errorf("a file is %v", file)
	}
	for _, ref := range regexp.MustCompile(`"#/components/schemas/([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if d.Components.Schemas[ref[1]] == nil {
			t.Errorf("there is no schema %s", ref[1])
		}
	}
}
