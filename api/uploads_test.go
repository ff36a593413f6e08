package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/api/tus"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

func TestAnUploadBegins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := cuepointv1.NewUploadServiceClient(b.dial(t))
	made, err := client.CreateUpload(t.Context(), &cuepointv1.CreateUploadRequest{Upload: &cuepointv1.Upload{
		Filename: "../tides\x00\u202e.mp4", ContentType: "video/mp4", Size: 1000, Sha256: strings.Repeat("AB", 32), CorsOrigin: "https://example.com",
		VideoSettings: &cuepointv1.VideoSettings{Title: "Tides", LanguageCode: "en", Labels: map[string]string{"a": "b"}, ExternalId: "x", AllowDuplicate: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	id := strings.TrimPrefix(made.GetName(), "uploads/")
	want := &cuepointv1.Upload{
		Name: "uploads/" + id, Method: cuepointv1.Upload_METHOD_TUS, State: cuepointv1.Upload_STATE_RECEIVING, Filename: "../tides\ufffd\ufffd.mp4",
		ContentType: "video/mp4", Size: 1000, Sha256: strings.Repeat("ab", 32), CorsOrigin: "https://example.com", UploadUri: "/uploads/" + id,
		VideoSettings: &cuepointv1.VideoSettings{Title: "Tides", LanguageCode: "en", Labels: map[string]string{"a": "b"}, ExternalId: "x", AllowDuplicate: true},
	}
	times := protocmp.IgnoreFields(&cuepointv1.Upload{}, "create_time", "update_time", "expire_time")
	if diff := cmp.Diff(want, made, protocmp.Transform(), times); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if until := time.Until(made.GetExpireTime().AsTime()); until < 23*time.Hour || until > 24*time.Hour {
		t.Errorf("it ends in %v", until)
	}
	got, err := client.GetUpload(t.Context(), &cuepointv1.GetUploadRequest{Name: made.GetName()})
	if diff := cmp.Diff(made, got, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("GetUpload: %v (-made +got):\n%s", err, diff)
	}
	events, err := cuepointv1.NewEventServiceClient(b.dial(t)).ListEvents(t.Context(), &cuepointv1.ListEventsRequest{
		Types: []cuepointv1.Event_Type{cuepointv1.Event_TYPE_UPLOAD_CREATED},
	})
	if err != nil || len(events.GetEvents()) != 1 || events.GetEvents()[0].GetUpload() != made.GetName() || events.GetEvents()[0].GetVideo() != "" {
		t.Errorf("events %v, error %v", events, err)
	}
}

func TestADelegatedUploadTellsItsSecretOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := cuepointv1.NewUploadServiceClient(b.dial(t))
	req := &cuepointv1.CreateUploadRequest{
		Upload:    &cuepointv1.Upload{Delegated: true, Ttl: durationpb.New(time.Hour)},
		RequestId: "7e2d5a60-2c3b-4f4e-9d7c-6a8f0f1b2c3d",
	}
	made, err := client.CreateUpload(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	id, secret, found := strings.Cut(strings.TrimPrefix(made.GetUploadUri(), "/uploads/"), ".")
	up, err := b.Uploads.Find(t.Context(), id)
	if !found || err != nil || !ingest.Permits(up, secret) || ingest.Permits(up, secret+"x") || strings.Contains(up.TokenHash, secret) {
		t.Errorf("%q: %+v, %v", made.GetUploadUri(), up, err)
	}
	if until := time.Until(made.GetExpireTime().AsTime()); until > time.Hour || until < 59*time.Minute {
		t.Errorf("it ends in %v", until)
	}
	again, err := client.CreateUpload(t.Context(), req)
	if err != nil || !proto.Equal(made, again) {
		t.Errorf("asked again: %v, %v", again, err)
	}
	as, err := api.RememberedAs(req.GetRequestId())
	if err != nil {
		t.Fatal(err)
	}
	kept, err := b.Store.In(models.DefaultWorkspace).Recall(t.Context(), cuepointv1.UploadService_CreateUpload_FullMethodName, as)
	if err != nil || strings.Contains(string(kept.Response), id) || strings.Contains(string(kept.Response), secret) {
		t.Errorf("remembered is %q, %v", kept.Response, err)
	}
	got, err := client.GetUpload(t.Context(), &cuepointv1.GetUploadRequest{Name: made.GetName()})
	if err != nil || got.GetUploadUri() != "" || !got.GetDelegated() {
		t.Errorf("GetUpload: %v, %v", got, err)
	}
	other := proto.CloneOf(req)
	other.Upload.Size = 5
	if _, err := client.CreateUpload(t.Context(), other); status.Code(err) != codes.InvalidArgument {
		t.Errorf("something else under the same name: %v", err)
	}
}

func TestUploadsThatCannotBe(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := cuepointv1.NewUploadServiceClient(b.dial(t))
	for name, tt := range map[string]struct {
		upload *cuepointv1.Upload
		reason string
	}{
		"none":                      {nil, "INVALID_ARGUMENT"},
		"too large":                 {&cuepointv1.Upload{Size: ingest.UsualMaxSize + 1}, "SOURCE_TOO_LARGE"},
		"negative":                  {&cuepointv1.Upload{Size: -1}, "INVALID_ARGUMENT"},
		"no hash":                   {&cuepointv1.Upload{Sha256: "abc"}, "INVALID_ARGUMENT"},
		"no origin":                 {&cuepointv1.Upload{CorsOrigin: "https://example.com/path"}, "INVALID_ARGUMENT"},
		"every origin":              {&cuepointv1.Upload{CorsOrigin: "*"}, "INVALID_ARGUMENT"},
		"a short life":              {&cuepointv1.Upload{Delegated: true, Ttl: durationpb.New(time.Second)}, "INVALID_ARGUMENT"},
		"a life of nobody's":        {&cuepointv1.Upload{Ttl: durationpb.New(time.Hour)}, "INVALID_ARGUMENT"},
		"no language":               {&cuepointv1.Upload{VideoSettings: &cuepointv1.VideoSettings{LanguageCode: "!"}}, "INVALID_ARGUMENT"},
		"no label":                  {&cuepointv1.Upload{VideoSettings: &cuepointv1.VideoSettings{Labels: map[string]string{"A": ""}}}, "INVALID_ARGUMENT"},
		"one that is watched for":   {&cuepointv1.Upload{Method: cuepointv1.Upload_METHOD_WATCH}, "INVALID_ARGUMENT"},
		"to a bucket there is not":  {&cuepointv1.Upload{Method: cuepointv1.Upload_METHOD_PUT, Size: 5}, "UNIMPLEMENTED"},
		"in parts likewise":         {&cuepointv1.Upload{Method: cuepointv1.Upload_METHOD_MULTIPART, Size: 5}, "UNIMPLEMENTED"},
		"from an address":           {&cuepointv1.Upload{SourceUri: "https://example.com/a.mp4"}, "UNIMPLEMENTED"},
		"sent, and from an address": {&cuepointv1.Upload{Method: cuepointv1.Upload_METHOD_TUS, SourceUri: "https://example.com/a.mp4"}, "INVALID_ARGUMENT"},
	} {
		_, err := client.CreateUpload(t.Context(), &cuepointv1.CreateUploadRequest{Upload: tt.upload})
		if got := reasonOf(status.Convert(err)); got != tt.reason {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnUploadIsCanceledOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := cuepointv1.NewUploadServiceClient(b.dial(t))
	made, err := client.CreateUpload(t.Context(), &cuepointv1.CreateUploadRequest{Upload: &cuepointv1.Upload{Size: 10}})
	if err != nil {
		t.Fatal(err)
	}
	req := &cuepointv1.DeleteUploadRequest{Name: made.GetName(), RequestId: "7e2d5a60-2c3b-4f4e-9d7c-6a8f0f1b2c3d"}
	for range 2 {
		got, err := client.DeleteUpload(t.Context(), req)
		if err != nil || got.GetState() != cuepointv1.Upload_STATE_CANCELED {
			t.Errorf("%v, %v", got, err)
		}
	}
	if _, err := client.DeleteUpload(t.Context(), &cuepointv1.DeleteUploadRequest{Name: made.GetName()}); reasonOf(status.Convert(err)) != "NOT_RUNNING" {
		t.Errorf("again: %v", err)
	}
	if _, err := client.CompleteUpload(t.Context(), &cuepointv1.CompleteUploadRequest{Name: made.GetName()}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("completed by tus: %v", err)
	}
}

func TestUploadsAreListedByState(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := cuepointv1.NewUploadServiceClient(b.dial(t))
	var names []string
	for range 3 {
		made, err := client.CreateUpload(t.Context(), &cuepointv1.CreateUploadRequest{Upload: &cuepointv1.Upload{Size: 10}})
		if err != nil {
			t.Fatal(err)
		}
		names = append([]string{made.GetName()}, names...)
	}
	if _, err := client.DeleteUpload(t.Context(), &cuepointv1.DeleteUploadRequest{Name: names[1]}); err != nil {
		t.Fatal(err)
	}
	list := func(states ...cuepointv1.Upload_State) (got []string) {
		t.Helper()
		req := &cuepointv1.ListUploadsRequest{PageSize: 1, States: states}
		for {
			page, err := client.ListUploads(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			for _, up := range page.GetUploads() {
				got = append(got, up.GetName())
			}
			if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
				return got
			}
		}
	}
	if diff := cmp.Diff(names, list()); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{names[0], names[2]}, list(cuepointv1.Upload_STATE_RECEIVING, cuepointv1.Upload_STATE_FINISHING)); diff != "" {
		t.Errorf("those under way (-want +got):\n%s", diff)
	}
	_, err := client.ListUploads(t.Context(), &cuepointv1.ListUploadsRequest{PageToken: "made up"})
	if status.Code(err) != codes.InvalidArgument {
		t.Errorf("a token that nobody gave: %v", err)
	}
}

// presigning keeps no uploads, and answers as one over a bucket does.
type presigning struct{ tus.Uploads }

func (presigning) Create(ctx context.Context, _ string, n ingest.New) (ingest.Created, error) {
	header := http.Header{"Content-Length": {"7"}, "X-Amz-Checksum-Sha256": {"abc="}}
	request := blob.Presigned{Method: "PUT", URL: "https://bucket.example/k?sig", Header: header}
	c := ingest.Created{Upload: models.Upload{ID: tidesUpload, Method: n.Method, State: models.UploadReceiving, Length: 7}}
	if n.Method == models.UploadPut {
		c.Put = &request
	} else {
		c.Parts = []blob.Part{{Presigned: request, Size: 5}, {Presigned: request, Size: 2}}
	}
	return c, n.Answer(ctx, store.TxLibrary(nil), c)
}

func TestPresignedRequestsAreTold(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *api.Config, _ *access.Config) { c.Uploads = presigning{} })
	client := cuepointv1.NewUploadServiceClient(b.dial(t))
	want := func(number int32, size int64) *cuepointv1.PresignedRequest {
		return &cuepointv1.PresignedRequest{
			Number: number, Method: "PUT", Uri: "https://bucket.example/k?sig", Size: size,
			Headers: map[string]string{"Content-Length": "7", "X-Amz-Checksum-Sha256": "abc="},
		}
	}
	put, err := client.CreateUpload(t.Context(), &cuepointv1.CreateUploadRequest{Upload: &cuepointv1.Upload{Method: cuepointv1.Upload_METHOD_PUT, Size: 7}})
	if diff := cmp.Diff(want(0, 7), put.GetPut(), protocmp.Transform()); err != nil || diff != "" || put.GetUploadUri() != "" {
		t.Errorf("put: %v (-want +got):\n%s", err, diff)
	}
	parts, err := client.CreateUpload(t.Context(), &cuepointv1.CreateUploadRequest{Upload: &cuepointv1.Upload{Method: cuepointv1.Upload_METHOD_MULTIPART, Size: 7}})
	if diff := cmp.Diff([]*cuepointv1.PresignedRequest{want(1, 5), want(2, 2)}, parts.GetParts(), protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("multipart: %v (-want +got):\n%s", err, diff)
	}
}

func TestUploadsOverREST(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.ask(t, http.MethodPost, "/v1/uploads?requestId=7e2d5a60-2c3b-4f4e-9d7c-6a8f0f1b2c3d", strings.NewReader(`{"filename": "tides.mp4", "size": "1000", "delegated": true, "ttl": "3600s"}`), nil)
	var up struct{ Name, State, UploadURI string }
	if err := json.Unmarshal([]byte(made.Body), &up); err != nil || made.Code != http.StatusOK || up.State != "STATE_RECEIVING" {
		t.Fatalf("%d %s", made.Code, made.Body)
	}
	for _, verb := range []string{"GET", "DELETE"} {
		if got := b.ask(t, verb, "/v1/"+up.Name, nil, nil); got.Code != http.StatusOK || !strings.Contains(got.Body, up.Name) {
			t.Errorf("%s: %d %s", verb, got.Code, got.Body)
		}
	}
	if got := b.ask(t, http.MethodPost, "/v1/"+up.Name+":complete", strings.NewReader("{}"), nil); got.Code != http.StatusBadRequest {
		t.Errorf("complete: %d %s", got.Code, got.Body)
	}
	if got := b.ask(t, "GET", "/v1/uploads?states=STATE_CANCELED", nil, nil); got.Code != http.StatusOK || !strings.Contains(got.Body, up.Name) {
		t.Errorf("list: %d %s", got.Code, got.Body)
	}
}

func TestAServerWithoutUploadsSaysSo(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *api.Config, _ *access.Config) { c.Uploads = nil })
	client := cuepointv1.NewUploadServiceClient(b.dial(t))
	_, created := client.CreateUpload(t.Context(), &cuepointv1.CreateUploadRequest{Upload: &cuepointv1.Upload{Size: 7}})
	_, deleted := client.DeleteUpload(t.Context(), &cuepointv1.DeleteUploadRequest{Name: "uploads/" + tidesUpload})
	for _, err := range []error{created, deleted} {
		if status.Code(err) != codes.Unimplemented {
			t.Errorf("%v", err)
		}
	}
}
