package api_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

// method is one of the API's own, as its proto describes it.
type method struct {
	protoreflect.MethodDescriptor
	options *descriptorpb.MethodOptions
}

func methods() []method {
	var all []method
	protoregistry.GlobalFiles.RangeFilesByPackage("cuepoint.v1", func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			for j := range f.Services().Get(i).Methods().Len() {
				m := f.Services().Get(i).Methods().Get(j)
				options, _ := m.Options().(*descriptorpb.MethodOptions)
				all = append(all, method{m, options})
			}
		}
		return true
	})
	return all
}

// path is how gRPC calls the method.
func (m method) path() string { return "/" + string(m.Parent().FullName()) + "/" + string(m.Name()) }

// scope is what its caller needs.
func (m method) scope() models.Scope {
	scope, _ := proto.GetExtension(m.options, cuepointv1.E_Scope).(cuepointv1.Scope)
	return models.Scope(strings.ToLower(strings.TrimPrefix(scope.String(), "SCOPE_")))
}

// rest is its REST form, nil where there is none.
func (m method) rest() *annotations.HttpRule {
	rule, _ := proto.GetExtension(m.options, annotations.E_Http).(*annotations.HttpRule)
	return rule
}

func TestMethodsSayWhatTheyAre(t *testing.T) {
	t.Parallel()
	for _, m := range methods() {
		asks := slices.ContainsFunc([]string{"Get", "List", "Search", "Watch", "Stream", "Export"}, func(verb string) bool { return strings.HasPrefix(string(m.Name()), verb) })
		if says := m.options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS; says != asks {
			t.Errorf("%s says of itself that it has no side effects: %t", m.path(), says)
		}
		if m.rest() == nil {
			t.Errorf("%s has no REST form", m.path())
		}
		if m.rest().GetGet() != "" && !asks {
			t.Errorf("%s changes something and is a GET", m.path())
		}
		if !slices.Contains(models.Scopes(), m.scope()) || !asks && m.scope() != models.ScopeWrite && m.scope() != models.ScopeAdmin {
			t.Errorf("%s asks for the scope %s", m.path(), m.scope())
		}
	}
}

// tidesUpload is the id of an upload.
const tidesUpload = "0123456789tides0"

// begin adds an upload to the default workspace.
func (b *bundle) begin(t *testing.T, id string) {
	t.Helper()
	now := time.Now().UTC()
	if err := b.Store.In(models.DefaultWorkspace).CreateUpload(t.Context(), models.Upload{
		ID: id, Method: models.UploadTus, State: models.UploadReceiving, Length: 1000, Key: "sources/" + id,
		Created: now, Updated: now, Expires: now.Add(time.Hour),
	}, 0); err != nil {
		t.Fatal(err)
	}
}

// asked is a request about what is in the default workspace.
func (b *bundle) asked(m method, key string) *dynamicpb.Message {
	msg := dynamicpb.NewMessage(m.Input())
	set := func(field string, value any) {
		if f := m.Input().Fields().ByName(protoreflect.Name(field)); f != nil {
			msg.Set(f, protoreflect.ValueOf(value))
		}
	}
	set("query", "tides")
	set("purge", true)
	set("character_offset", int32(3))
	set("content", []byte("WEBVTT\n\n00:01.000 --> 00:02.000\nEbb.\n"))
	set("speaker", "A")
	set("new_speaker", "B")
	set("path", []byte("/v/a.mp4"))
	if f := m.Input().Fields().ByName("names"); f != nil {
		for _, id := range []string{"0", "1"} {
			msg.Mutable(f).List().Append(protoreflect.ValueOf("videos/tides/transcripts/-/segments/tides-said-" + id))
		}
	}
	for _, field := range []string{"name", "video", "parent"} {
		f := m.Input().Fields().ByName(protoreflect.Name(field))
		if f == nil || f.Kind() != protoreflect.StringKind {
			continue
		}
		reference, _ := proto.GetExtension(f.Options(), annotations.E_ResourceReference).(*annotations.ResourceReference)
		if reference.GetChildType() == "cuepoint.dev/Segment" {
			set(field, "videos/tides/transcripts/-")
			continue
		}
		switch reference.GetType() { // empty where the field names the parent of what is asked for
		case "cuepoint.dev/Transcript":
			set(field, "videos/tides/transcripts/-")
		case "cuepoint.dev/Segment":
			set(field, "videos/tides/transcripts/-/segments/tides-said-0")
		case "cuepoint.dev/Chapter":
			set(field, "videos/tides/chapters/tides-chapter-0")
		case "cuepoint.dev/Edit":
			set(field, "videos/tides/edits/none")
		case "cuepoint.dev/Document":
			set(field, "videos/tides/document")
		case "cuepoint.dev/Upload":
			set(field, "uploads/"+tidesUpload)
		case "cuepoint.dev/Key":
			set(field, "keys/"+strings.Split(key, "_")[1])
		default:
			set(field, "videos/tides")
		}
	}
	for field, text := range map[string]string{
		"video":   `{"name": "videos/tides", "title": "Tides"}`,
		"upload":  `{"filename": "tides.mp4", "size": "1000"}`,
		"chapter": `{"name": "videos/tides/chapters/tides-chapter-0", "title": "Tides", "startOffset": "1s"}`,
		"segment": `{"name": "videos/tides/transcripts/-/segments/tides-said-0", "text": "Tides", "startOffset": "1s", "endOffset": "2s"}`,
	} {
		if f := m.Input().Fields().ByName(protoreflect.Name(field)); f != nil && f.Kind() == protoreflect.MessageKind {
			if err := protojson.Unmarshal([]byte(text), msg.Mutable(f).Message().Interface()); err != nil {
				panic(err)
			}
		}
	}
	return msg
}

// call calls a method as gRPC does, and of a stream waits for the first answer.
func (m method) call(ctx context.Context, conn *grpc.ClientConn, req proto.Message) *status.Status {
	resp := dynamicpb.NewMessage(m.Output())
	if !m.IsStreamingServer() {
		return status.Convert(conn.Invoke(ctx, m.path(), req, resp))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, m.path())
	if err == nil {
		err = stream.SendMsg(req)
	}
	if err == nil {
		err = stream.CloseSend()
	}
	if err == nil {
		err = stream.RecvMsg(resp)
	}
	return status.Convert(err)
}

// request is a call as REST makes it.
func (m method) request(t *testing.T, msg *dynamicpb.Message) (verb, path string, body io.Reader) {
	t.Helper()
	rule := m.rest()
	for v, pattern := range map[string]string{
		http.MethodGet: rule.GetGet(), http.MethodPost: rule.GetPost(), http.MethodPatch: rule.GetPatch(), http.MethodDelete: rule.GetDelete(), http.MethodPut: rule.GetPut(),
	} {
		if pattern != "" {
			verb, path = v, pattern
		}
	}
	if before, rest, found := strings.Cut(path, "{"); found {
		variable, after, _ := strings.Cut(rest, "}")
		field, _, _ := strings.Cut(variable, "=")
		within := protoreflect.Message(msg)
		if outer, inner, nested := strings.Cut(field, "."); nested {
			within, field = msg.Get(m.Input().Fields().ByName(protoreflect.Name(outer))).Message(), inner
		}
		path = before + within.Get(within.Descriptor().Fields().ByName(protoreflect.Name(field))).String() + after
	}
	query := url.Values{}
	for _, field := range []string{"query", "purge", "video"} {
		if f := m.Input().Fields().ByName(protoreflect.Name(field)); f != nil && rule.GetBody() == "" {
			query.Set(field, fmt.Sprint(msg.Get(f).Interface()))
		}
	}
	if rule.GetBody() == "" {
		return verb, path + "?" + query.Encode(), nil
	}
	whole := proto.Message(msg)
	if field := rule.GetBody(); field != "*" {
		whole = msg.Get(m.Input().Fields().ByName(protoreflect.Name(field))).Message().Interface()
	}
	if m.Name() == "CreateVideo" {
		path += "?path=" + base64.URLEncoding.EncodeToString(msg.Get(m.Input().Fields().ByName("path")).Bytes())
	}
	written, err := protojson.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return verb, path, bytes.NewReader(written)
}

// Every method, as gRPC and as REST, by everybody who may not call it, and by
// who may.
func TestEveryMethodKnowsItsCallers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	b.begin(t, tidesUpload)
	mistyped, revoked := b.Key, b.key(t, models.DefaultWorkspace, models.ScopeAdmin)
	if err := b.Store.In(models.DefaultWorkspace).RevokeKey(t.Context(), strings.Split(revoked, "_")[1], created); err != nil {
		t.Fatal(err)
	}
	mistyped = mistyped[:len(mistyped)-1] + "~" // not a digit of a secret
	conns := map[string]*grpc.ClientConn{}
	dial := func(key string) *grpc.ClientConn {
		if conns[key] == nil {
			conns[key] = b.dialWith(t, key)
		}
		return conns[key]
	}
	only := map[string]string{}
	for i := range 1 << 3 { // a key for each set of scopes
		var some []models.Scope
		for j, scope := range []models.Scope{models.ScopeRead, models.ScopeWrite, models.ScopePlay} {
			if i&(1<<j) != 0 {
				some = append(some, scope)
			}
		}
		if some != nil {
			only[fmt.Sprint(some)] = b.key(t, models.DefaultWorkspace, some...)
		}
	}
	foreign := b.key(t, "other", models.ScopeAdmin)
	for _, m := range methods() {
		var others []models.Scope
		for _, scope := range models.Scopes() {
			if scope != m.scope() && scope != models.ScopeAdmin {
				others = append(others, scope)
			}
		}
		for _, tt := range []struct {
			name, key string
			code      codes.Code
			reason    string
		}{
			{"nobody", "", codes.Unauthenticated, "UNAUTHENTICATED"},
			{"who makes a key up", "ck_0123456789abcdef_0123456789abcdef0123456789abcdef", codes.Unauthenticated, "UNAUTHENTICATED"},
			{"who knows half a key", b.Key[:22] + strings.Repeat("0", 30), codes.Unauthenticated, "UNAUTHENTICATED"},
			{"who mistypes", mistyped, codes.Unauthenticated, "UNAUTHENTICATED"},
			{"whose key was revoked", revoked, codes.Unauthenticated, "UNAUTHENTICATED"},
			{"who lacks the scope", only[fmt.Sprint(others)], codes.PermissionDenied, "PERMISSION_DENIED"},
			{"another workspace's admin", foreign, codes.NotFound, "NOT_FOUND"},
		} {
			t.Run(string(m.Name())+" by "+tt.name, func(t *testing.T) {
				switch {
				case tt.code != codes.NotFound:
				case m.Name() == "CreateVideo":
					tt.code, tt.reason = codes.PermissionDenied, "PERMISSION_DENIED"
				case !m.hasName():
					return // it sees its own: see TestWorkspacesSeeTheirOwn
				}
				msg := b.asked(m, b.Key)
				s := m.call(t.Context(), dial(tt.key), msg)
				if s.Code() != tt.code || reasonOf(s) != tt.reason {
					t.Errorf("gRPC: %v", s)
				}
				if tt.code == codes.PermissionDenied && m.Name() != "CreateVideo" && !strings.HasSuffix(s.Message(), " "+string(m.scope())) {
					t.Errorf("gRPC: %q does not name the scope", s.Message())
				}
				verb, path, body := m.request(t, msg)
				a := b.ask(t, verb, path, body, func(r *http.Request) {
					r.Header.Del("Authorization")
					if tt.key != "" {
						r.Header.Set("X-Api-Key", tt.key)
					}
				})
				want := map[codes.Code]int{codes.Unauthenticated: 401, codes.PermissionDenied: 403, codes.NotFound: 404}[tt.code]
				answer := a.JSON(t)
				if a.Code != want || answer["message"] != s.Message() || answer["code"] != float64(s.Code()) {
					t.Errorf("REST: %s %s: %d %s, gRPC: %v", verb, path, a.Code, a.Body, s)
				}
				contains(t, a.Body, `"reason":"`+tt.reason+`"`)
				if challenge := a.Header.Get("WWW-Authenticate"); (challenge != "") != (want == 401) {
					t.Errorf("REST: WWW-Authenticate %q", challenge)
				}
			})
		}
	}
	if given := b.Commands.Given(); given != nil {
		t.Errorf("commands were given: %q", given)
	}
	for _, m := range methods() { // and by who may
		key := only[fmt.Sprint([]models.Scope{m.scope()})]
		if m.scope() == models.ScopeAdmin {
			key = b.Key
		}
		if s := m.call(t.Context(), dial(key), b.asked(m, b.Key)); s.Code() == codes.Unauthenticated ||
			s.Code() == codes.PermissionDenied && m.Name() != "CreateVideo" {
			t.Errorf("%s by who may: %v", m.path(), s)
		}
	}
}

// hasName tells whether a method is about one thing of a workspace. Events tell
// of videos that are gone too, so that a video only chooses among them.
func (m method) hasName() bool {
	fields := m.Input().Fields()
	return m.Parent().Name() != "EventService" &&
		slices.ContainsFunc([]protoreflect.Name{"name", "parent", "video"}, func(n protoreflect.Name) bool { return fields.ByName(n) != nil })
}

func TestWorkspacesSeeTheirOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	b.begin(t, tidesUpload)
	other := b.dialWith(t, b.key(t, "other", models.ScopeAdmin))
	videos, err := cuepointv1.NewVideoServiceClient(other).ListVideos(t.Context(), &cuepointv1.ListVideosRequest{})
	if err != nil || len(videos.GetVideos()) != 0 {
		t.Errorf("videos: %v, error %v", videos, err)
	}
	found, err := cuepointv1.NewSearchServiceClient(other).Search(t.Context(), &cuepointv1.SearchRequest{Query: "tides"})
	if err != nil || len(found.GetMoments()) != 0 {
		t.Errorf("moments: %v, error %v", found, err)
	}
	uploads, err := cuepointv1.NewUploadServiceClient(other).ListUploads(t.Context(), &cuepointv1.ListUploadsRequest{})
	if err != nil || len(uploads.GetUploads()) != 0 {
		t.Errorf("uploads: %v, error %v", uploads, err)
	}
	keys, err := cuepointv1.NewKeyServiceClient(other).ListKeys(t.Context(), &cuepointv1.ListKeysRequest{})
	if err != nil || len(keys.GetKeys()) != 1 || keys.GetKeys()[0].GetWorkspace() != "other" {
		t.Errorf("keys: %v, error %v", keys, err)
	}
	// Only the socket's owner chooses a workspace.
	named := metadata.AppendToOutgoingContext(t.Context(), "x-cuepoint-workspace", "other")
	get := &cuepointv1.GetVideoRequest{Name: "videos/tides"}
	if _, err := cuepointv1.NewVideoServiceClient(b.dial(t)).GetVideo(named, get); err != nil {
		t.Errorf("a workspace was chosen over the network: %v", err)
	}
	socket := cuepointv1.NewVideoServiceClient(b.dialSocket(t))
	if _, err := socket.GetVideo(named, get); status.Code(err) != codes.NotFound {
		t.Errorf("on the socket, in another workspace: %v", err)
	}
	malformed := metadata.AppendToOutgoingContext(t.Context(), "x-cuepoint-workspace", "../x")
	if _, err := socket.GetVideo(malformed, get); status.Code(err) != codes.InvalidArgument {
		t.Errorf("on the socket, in no workspace: %v", err)
	}
}

func TestOnlyTheServersAdminsNameItsFiles(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	for key, want := range map[string]codes.Code{
		b.key(t, models.DefaultWorkspace, models.ScopeRead, models.ScopeWrite, models.ScopePlay): codes.PermissionDenied,
		b.key(t, "other", models.ScopeAdmin):                                                     codes.PermissionDenied,
		b.Key:                                                                                    codes.OK,
	} {
		_, err := cuepointv1.NewVideoServiceClient(b.dialWith(t, key)).CreateVideo(t.Context(), &cuepointv1.CreateVideoRequest{Source: path("/v/a.mp4")})
		if status.Code(err) != want {
			t.Errorf("%v, want %v", err, want)
		}
	}
}
