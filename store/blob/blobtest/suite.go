// Package blobtest is the contract of [blob.Store] as tests that every backend
// passes. A backend's own test file is a [Backend] and one call.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// Backend is what the suite has to know of a store to test it.
type Backend struct {
	// Open returns an empty store of its own.
	Open func(t *testing.T) blob.Store
	// Unfinished names what Puts of a key, or of any, have left half-written, and
	// what has grown.
	Unfinished func(t *testing.T, s blob.Store, key string) []string
	// Part is the size of the parts in which the store sends larger blobs; 0
	// where it has none.
	Part int64
}

// Run tests a backend.
func Run(t *testing.T, b Backend) {
	for name, test := range map[string]func(*testing.T, Backend, blob.Store){
		"bytes come back as they were put":                 testBytes,
		"large blobs come back as they were put":           testLarge,
		"ranges hold what lies in them":                    testRanges,
		"a seeker reads like a file":                       testSeeker,
		"what is not there is NOT_FOUND":                   testNotFound,
		"only strict keys are taken":                       testKeys,
		"nothing is begun after the end":                   testEnded,
		"of puts at once one whole blob wins":              testConcurrent,
		"a put that fails leaves what was there":           testFailedPut,
		"a put of many parts that fails leaves nothing":    testFailedLarge,
		"a put that is canceled leaves nothing":            testCanceled,
		"deleting removes what it names, and may be again": testDelete,
		"lists are in order and come in pages":             testList,
		"a tree is put as it lies":                         testTree,
		"a tree that cannot be put leaves nothing":         testFailedTree,
		"a list of hashes tells what is wrong":             testSums,
		"presigned requests read and write":                testPresign,
		"presigned requests hold to their limits":          testPresignLimits,
		"presigned parts make a blob":                      testPresignParts,
		"a sweep leaves alone what is being written":       testSweep,
		"pieces make what one put makes":                   testPieces,
		"large pieces make what one put makes":             testLargePieces,
		"what was read before a context's end is kept":     testGrowCanceled,
		"only what came in full is finished":               testFinish,
		"nothing makes an empty blob":                      testFinishEmpty,
		"what is abandoned leaves nothing":                 testAbandon,
		"who lost its turn does no harm":                   testZombie,
		"a sweep leaves alone what is to be kept":          testSweepGrowing,
		"nothing without a key grows":                      testGrowKeys,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, b, b.Open(t))
		})
	}
}

// content is n bytes that differ by seed and compress badly.
func content(seed uint64, n int64) []byte {
	data := make([]byte, n)
	chacha := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(n), byte(n >> 8), byte(n >> 16)})
	_, _ = chacha.Read(data)
	return data
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// put stores data and fails the test where that fails.
func put(t *testing.T, s blob.Store, key string, data []byte) blob.Info {
	t.Helper()
	info, err := s.Put(t.Context(), key, bytes.NewReader(data), int64(len(data)), blob.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// get reads a blob to its end.
func get(ctx context.Context, s blob.Store, key string, offset, length int64) ([]byte, blob.Info, error) {
	body, info, err := s.Open(ctx, key, offset, length)
	if err != nil {
		return nil, blob.Info{}, err
	}
	data, err := io.ReadAll(body)
	if closed := body.Close(); err == nil {
		err = closed
	}
	return data, info, err
}

// holds fails the test unless a key holds data.
func holds(t *testing.T, s blob.Store, key string, data []byte) {
	t.Helper()
	got, info, err := get(t.Context(), s, key, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, data) {
		t.Errorf("%s holds %d bytes that are not the %d that were put", key, len(got), len(data))
	}
	if info.Key != key || info.Size != int64(len(data)) {
		t.Errorf("opened %+v, want %s of %d bytes", info, key, len(data))
	}
}

// fails fails the test unless err has a code.
func fails(t *testing.T, what string, err error, code models.Code) {
	t.Helper()
	if got := models.ErrorCode(err); got != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// clean fails the test if a put left something behind, seen or unseen.
func clean(t *testing.T, b Backend, s blob.Store, key string) {
	t.Helper()
	if left := b.Unfinished(t, s, key); len(left) > 0 {
		t.Errorf("left unfinished: %v", left)
	}
	infos, err := s.List(t.Context(), "", "", 10)
	if err != nil || len(infos) > 0 {
		t.Errorf("left: %v, %v", infos, err)
	}
}
