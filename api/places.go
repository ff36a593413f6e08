package api

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
)

// questionOf stands for a request in page tokens, which are good for the same
// question alone: page_size may differ, and page_token does.
func questionOf(req proto.Message) string {
	question := proto.Clone(req)
	fields := question.ProtoReflect().Descriptor().Fields()
	question.ProtoReflect().Clear(fields.ByName("page_size"))
	question.ProtoReflect().Clear(fields.ByName("page_token"))
	wire, err := proto.MarshalOptions{Deterministic: true}.Marshal(question)
	if err != nil { // what was received can be sent
		return "?"
	}
	hash := fnv.New64a()
	hash.Write([]byte(question.ProtoReflect().Descriptor().FullName()))
	hash.Write(wire)
	return base64.RawURLEncoding.EncodeToString(hash.Sum(nil))
}

// cutQuestion returns the rest of a page token that begins with the question
// it was made for, and nothing for no token.
func cutQuestion(question, token string) (string, error) {
	rest, ours := strings.CutPrefix(token, question)
	if token != "" && (!ours || rest == "") {
		return "", errToken()
	}
	return rest, nil
}

func errToken() error {
	return invalid("page_token", "not one that this question was answered with; start again without it")
}

// place is where a page of cues, or pictures, begins: with those that begin at a
// time, after some of them. It holds when they are replaced meanwhile.
type place struct {
	start time.Duration
	past  int // how many that begin then were on earlier pages
}

func (p place) String() string {
	b := binary.AppendUvarint(nil, uint64(p.start))
	return base64.RawURLEncoding.EncodeToString(binary.AppendUvarint(b, uint64(p.past)))
}

// readPlace reads a page token. None is the beginning.
func readPlace(question, token string) (place, error) {
	rest, err := cutQuestion(question, token)
	if rest == "" || err != nil {
		return place{}, err
	}
	b, err := base64.RawURLEncoding.DecodeString(rest)
	if err != nil {
		return place{}, errToken()
	}
	start, n := binary.Uvarint(b)
	if n <= 0 {
		return place{}, errToken()
	}
	past, _ := binary.Uvarint(b[n:])
	p := place{time.Duration(start), int(past)}
	if p.start < 0 || p.past < 0 || p.String() != rest {
		return place{}, errToken()
	}
	return p, nil
}

// index is that of the first of the page among all, of which these are the
// times, in order.
func (p place) index(starts []time.Duration) int {
	past := 0
	for i, start := range starts {
		switch {
		case start > p.start, start == p.start && past >= p.past:
			return i
		case start == p.start:
			past++
		}
	}
	return len(starts)
}

// after is where the page after one that begins here begins.
func (p place) after(page []time.Duration) place {
	last := place{start: page[len(page)-1]}
	for _, start := range page {
		if start == last.start {
			last.past++
		}
	}
	if last.start == p.start {
		last.past += p.past
	}
	return last
}

// pagedRequest asks for a page.
type pagedRequest interface {
	proto.Message
	GetPageSize() int32
	GetPageToken() string
}

// pageAsked is the page that a request asks for.
type pageAsked struct {
	question string
	from     place
	size     int
}

// readPage reads which page a request asks for: of how many, if it does not say,
// and of how many at most.
func readPage(req pagedRequest, usual, most int) (p pageAsked, err error) {
	if p.size, err = pageSize(req.GetPageSize(), usual, most); err != nil {
		return p, err
	}
	p.question = questionOf(req)
	p.from, err = readPlace(p.question, req.GetPageToken())
	return p, err
}

// paged cuts the page that is asked for out of all there are, in order of time,
// and returns the token of the next one.
func paged[T any](all []T, start func(T) time.Duration, asked pageAsked) (page []T, next string) {
	starts := make([]time.Duration, len(all))
	for i, one := range all {
		starts[i] = start(one)
	}
	first := asked.from.index(starts)
	all, starts = all[first:], starts[first:]
	if len(all) <= asked.size {
		return all, ""
	}
	return all[:asked.size], asked.question + asked.from.after(starts[:asked.size]).String()
}
