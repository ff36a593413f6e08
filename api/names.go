package api

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/cuepoint/cuepoint/models"
)

// The elements of resource names (AIP-122): ids of videos, and languages
// (BCP 47) or "-" for transcripts.
var (
	videoPattern      = regexp.MustCompile(`^videos/([a-z0-9][a-z0-9-]{0,62})$`)
	documentPattern   = regexp.MustCompile(`^videos/([a-z0-9][a-z0-9-]{0,62})/document$`)
	chapterPattern    = regexp.MustCompile(`^videos/([a-z0-9][a-z0-9-]{0,62})/chapters/([A-Za-z0-9-]{1,64})$`)
	editPattern       = regexp.MustCompile(`^videos/([a-z0-9][a-z0-9-]{0,62})/edits/([A-Za-z0-9-]{1,64})$`)
	segmentPattern    = regexp.MustCompile(`^(videos/[^/]+/transcripts/[^/]+)/segments/([A-Za-z0-9-]{1,64})$`)
	uploadPattern     = regexp.MustCompile(`^uploads/([0-9a-z]{16})$`)
	transcriptPattern = regexp.MustCompile(`^videos/([a-z0-9][a-z0-9-]{0,62})/transcripts/(-|[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,8})$`)
)

func videoName(id string) string { return "videos/" + id }

func transcriptName(id, language string) string { return "videos/" + id + "/transcripts/" + language }

func segmentName(id, language, segment string) string {
	return transcriptName(id, language) + "/segments/" + segment
}

func chapterName(id, chapter string) string { return videoName(id) + "/chapters/" + chapter }

func editName(id, edit string) string { return videoName(id) + "/edits/" + edit }

func uploadName(id string) string { return "uploads/" + id }

func documentName(id string) string { return "videos/" + id + "/document" }

// parseVideo returns the id in a video's name, which stands in a field.
func parseVideo(field, name string) (id string, err error) {
	m := videoPattern.FindStringSubmatch(name)
	if m == nil {
		return "", invalid(field, "want videos/{video}, not %q", shorten(name))
	}
	return m[1], nil
}

// parseDocument returns the video in a document's name.
func parseDocument(field, name string) (id string, err error) {
	m := documentPattern.FindStringSubmatch(name)
	if m == nil {
		return "", invalid(field, "want videos/{video}/document, not %q", shorten(name))
	}
	return m[1], nil
}

// parseTranscript returns the video and the language in a transcript's name.
func parseTranscript(field, name string) (id, language string, err error) {
	m := transcriptPattern.FindStringSubmatch(name)
	if m == nil {
		return "", "", invalid(field, "want videos/{video}/transcripts/{language}, with - for the video's own language, not %q", shorten(name))
	}
	return m[1], m[2], nil
}

// parseSegment returns the video, the language and the id in a segment's name.
func parseSegment(field, name string) (id, language, segment string, err error) {
	m := segmentPattern.FindStringSubmatch(name)
	if m == nil {
		return "", "", "", invalid(field, "want videos/{video}/transcripts/{language}/segments/{segment}, not %q", shorten(name))
	}
	id, language, err = parseTranscript(field, m[1])
	return id, language, m[2], err
}

// parseChapter returns the video and the id in a chapter's name.
func parseChapter(field, name string) (id, chapter string, err error) {
	m := chapterPattern.FindStringSubmatch(name)
	if m == nil {
		return "", "", invalid(field, "want videos/{video}/chapters/{chapter}, not %q", shorten(name))
	}
	return m[1], m[2], nil
}

// parseEdit returns the video and the id in an edit's name.
func parseEdit(field, name string) (id, edit string, err error) {
	m := editPattern.FindStringSubmatch(name)
	if m == nil {
		return "", "", invalid(field, "want videos/{video}/edits/{edit}, not %q", shorten(name))
	}
	return m[1], m[2], nil
}

// parseUpload returns the id in an upload's name, which stands in a field.
func parseUpload(field, name string) (id string, err error) {
	m := uploadPattern.FindStringSubmatch(name)
	if m == nil {
		return "", invalid(field, "want uploads/{upload}, not %q", shorten(name))
	}
	return m[1], nil
}

// pageSize applies AIP-158: negative is refused, 0 is the usual size, too many
// are as many as there may be.
func pageSize(size int32, usual, most int) (int, error) {
	switch {
	case size < 0:
		return 0, invalid("page_size", "want 0 or more, not %d", size)
	case size == 0:
		return usual, nil
	}
	return min(int(size), most), nil
}

// mediaURI is where package origin serves a published file. Empty for none.
func mediaURI(a *models.Artifact) string {
	if a == nil {
		return ""
	}
	return "/play/" + a.VideoID + "/" + a.Stage + "@" + a.Run + "/" + a.Path
}

// shorten makes a text from outside fit into a message.
func shorten(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	cut := most
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// valid makes a text fit for a message of the API, which must be UTF-8: a file
// name need not be.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
