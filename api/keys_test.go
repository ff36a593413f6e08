package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

func TestKeysAreMadeShownAndListed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	keys := cuepointv1.NewKeyServiceClient(b.dial(t))
	end := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond).Add(1)
	made, err := keys.CreateKey(t.Context(), &cuepointv1.CreateKeyRequest{Key: &cuepointv1.Key{
		Title: "the app", Scopes: []cuepointv1.Scope{cuepointv1.Scope_SCOPE_READ}, ExpireTime: timestamppb.New(end), Workspace: "other",
	}})
	if err != nil || !strings.HasPrefix(made.GetToken(), "ck_"+strings.TrimPrefix(made.GetName(), "keys/")+"_") ||
		made.GetWorkspace() != "default" || made.GetTitle() != "the app" || !made.GetExpireTime().AsTime().Equal(end.Add(-1)) || made.GetLastUseTime() != nil {
		t.Fatalf("made %v, error %v", made, err)
	}
	if a := b.ask(t, http.MethodGet, "/v1/videos", nil, func(r *http.Request) { r.Header.Set("Authorization", "bearer "+made.GetToken()) }); a.Code != http.StatusOK {
		t.Errorf("the key: %d %s", a.Code, a.Body)
	}
	got, err := keys.GetKey(t.Context(), &cuepointv1.GetKeyRequest{Name: made.GetName()})
	if err != nil || got.GetToken() != "" || got.GetLastUseTime() == nil || len(got.GetScopes()) != 1 ||
		!got.GetCreateTime().AsTime().Equal(made.GetCreateTime().AsTime()) || !got.GetExpireTime().AsTime().Equal(made.GetExpireTime().AsTime()) {
		t.Errorf("got %v, error %v", got, err)
	}
	var names []string
	for token := ""; ; {
		page, err := keys.ListKeys(t.Context(), &cuepointv1.ListKeysRequest{PageSize: 1, PageToken: token})
		if err != nil || len(page.GetKeys()) != 1 || page.GetKeys()[0].GetToken() != "" {
			t.Fatalf("page %v, error %v", page, err)
		}
		names = append(names, page.GetKeys()[0].GetName())
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if len(names) != 2 || names[0] != made.GetName() {
		t.Errorf("listed %q", names)
	}
	socket := metadata.AppendToOutgoingContext(t.Context(), "x-cuepoint-workspace", "other")
	named, err := cuepointv1.NewKeyServiceClient(b.dialSocket(t)).CreateKey(socket, &cuepointv1.CreateKeyRequest{
		Key: &cuepointv1.Key{Scopes: []cuepointv1.Scope{cuepointv1.Scope_SCOPE_PLAY}},
	})
	if err != nil || named.GetWorkspace() != "other" {
		t.Errorf("on the socket: %v, error %v", named, err)
	}
}

func TestMalformedKeys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	keys := cuepointv1.NewKeyServiceClient(b.dial(t))
	read := []cuepointv1.Scope{cuepointv1.Scope_SCOPE_READ}
	for name, key := range map[string]*cuepointv1.Key{
		"nothing":      nil,
		"no scope":     {Title: "x"},
		"unknown":      {Scopes: []cuepointv1.Scope{99}},
		"unspecified":  {Scopes: []cuepointv1.Scope{0}},
		"twice":        {Scopes: append(read, read...)},
		"a long title": {Title: strings.Repeat("é", 101), Scopes: read},
		"two lines":    {Title: "a\nb", Scopes: read},
		"the past":     {Scopes: read, ExpireTime: timestamppb.New(created)},
		"no time":      {Scopes: read, ExpireTime: &timestamppb.Timestamp{Nanos: -1}},
	} {
		_, err := keys.CreateKey(t.Context(), &cuepointv1.CreateKeyRequest{Key: key})
		if s := status.Convert(err); s.Code() != codes.InvalidArgument || reasonOf(s) != "INVALID_ARGUMENT" {
			t.Errorf("%s: %v", name, s)
		}
	}
	for _, page := range []*cuepointv1.ListKeysRequest{{PageSize: -1}, {PageToken: "?"}, {PageToken: "AAAA"}} {
		if _, err := keys.ListKeys(t.Context(), page); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%v: %v", page, err)
		}
	}
	if _, err := keys.GetKey(t.Context(), &cuepointv1.GetKeyRequest{Name: "keys/-"}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("a malformed name: %v", err)
	}
	left, err := b.Store.In(models.DefaultWorkspace).Keys(t.Context())
	if err != nil || len(left) != 1 {
		t.Errorf("%d keys, error %v", len(left), err)
	}
}
