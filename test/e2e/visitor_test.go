package e2e

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// visitor speaks HTTP to a server, as anybody can.
type visitor struct {
	t      *testing.T
	server served
}

// ask makes a request that shows the server's key, and returns what comes back.
func (v visitor) ask(method, path string, headers map[string]string, body string) (status int, answered http.Header, text string) {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), method, v.server.Address+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+v.server.Key)
	request.Header.Set("Tus-Resumable", "1.0.0")
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(content)
}

// arrival is an upload as the API tells of it.
type arrival struct {
	Name, State, Filename, SourceURI, SHA256, Offset, Video string
	Error                                                   *struct {
		Message string
		Details []struct{ Reason string }
	}
}

// reason is why nothing came of it.
func (a arrival) reason() string {
	if a.Error == nil || len(a.Error.Details) == 0 {
		return ""
	}
	return a.Error.Details[0].Reason
}

// open begins an upload of so many bytes by tus, -1 where nobody knows, with what
// is said of it. It returns its name.
func (v visitor) open(size int, metadata ...string) (name string) {
	v.t.Helper()
	headers := map[string]string{"Upload-Length": strconv.Itoa(size), "Upload-Metadata": strings.Join(metadata, ",")}
	if size < 0 {
		delete(headers, "Upload-Length")
		headers["Upload-Defer-Length"] = "1"
	}
	status, answered, text := v.ask(http.MethodPost, "/uploads", headers, "")
	if status != http.StatusCreated {
		v.t.Fatalf("%s: status %d\n%s", metadata, status, text)
	}
	return strings.TrimPrefix(answered.Get("Location"), "/")
}

// send sends a file by tus. It returns the upload's name.
func (v visitor) send(filename, content string) (name string) {
	v.t.Helper()
	name = v.open(len(content), "filename "+base64.StdEncoding.EncodeToString([]byte(filename)))
	v.write(name, 0, content)
	return name
}

// write adds bytes to an upload.
func (v visitor) write(name string, offset int, content string) (status int, text string) {
	v.t.Helper()
	status, _, text = v.ask(http.MethodPatch, "/"+name, map[string]string{
		"Content-Type": "application/offset+octet-stream", "Upload-Offset": strconv.Itoa(offset),
	}, content)
	return status, text
}

// begin asks for an upload by the API. It returns its name.
func (v visitor) begin(asked map[string]any) (name string) {
	v.t.Helper()
	body, err := json.Marshal(asked)
	if err != nil {
		v.t.Fatal(err)
	}
	var made arrival
	status, _, text := v.ask(http.MethodPost, "/v1/uploads", map[string]string{"Content-Type": "application/json"}, string(body))
	if err := json.Unmarshal([]byte(text), &made); status != http.StatusOK || err != nil {
		v.t.Fatalf("%s: status %d, %v\n%s", body, status, err, text)
	}
	return made.Name
}

// find asks for an upload.
func (v visitor) find(name string) (a arrival) {
	v.t.Helper()
	v.get(name, &a)
	return a
}

// get asks for a resource.
func (v visitor) get(name string, into any) {
	v.t.Helper()
	status, _, text := v.ask(http.MethodGet, "/v1/"+name, nil, "")
	if err := json.Unmarshal([]byte(text), into); status != http.StatusOK || err != nil {
		v.t.Fatalf("%s: status %d, %v\n%s", name, status, err, text)
	}
}

// ended waits for an upload's end.
func (v visitor) ended(name string) (a arrival) {
	v.t.Helper()
	eventually(v.t, name+" ends", func() bool {
		a = v.find(name)
		return a.State != "STATE_RECEIVING" && a.State != "STATE_FINISHING"
	})
	return a
}
