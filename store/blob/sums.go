package blob

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/cuepoint/cuepoint/models"
)

// SumsName is the file in which a tree lists the SHA-256 of all its others, as
// sha256sum(1) writes and checks it.
const SumsName = "SHA256SUMS"

// maxSums bounds such a list, in bytes: hundreds of thousands of files.
const maxSums = 32 << 20

// hashers is how many files are hashed at once.
const hashers = 4

// Sum is a line of the list: a file's path below the tree's prefix, and the
// hash of its bytes in lower-case hex.
type Sum struct {
	Path   string
	SHA256 string
}

// WriteSums writes the list of a directory into it, before [PutTree] takes it,
// and returns the list's own hash, by which [ReadSums] knows it again. Without
// files there is no list, and the hash is empty. It is called once: INTERNAL
// where there is such a file already. INVALID_ARGUMENT as PutTree,
// RESOURCE_LIMIT for more files than fit into a list.
func WriteSums(ctx context.Context, dir string) (sum string, err error) {
	names, err := tree("", dir)
	if err != nil || len(names) == 0 {
		return "", err
	}
	slices.Sort(names) // by their bytes, as stores list them
	if _, taken := slices.BinarySearch(names, SumsName); taken {
		return "", fmt.Errorf("list the files of %s: there is a %s, which is no name for any other file", dir, SumsName)
	}
	sums := make([]Sum, len(names))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(hashers)
	for i, name := range names {
		work.Go(func() (err error) {
			sums[i].Path = name
			sums[i].SHA256, err = hashFile(ctx, filepath.Join(dir, filepath.FromSlash(name)))
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return "", fmt.Errorf("list the files of %s: %w", dir, err)
	}
	list := formatSums(sums)
	if len(list) > maxSums {
		return "", models.Errorf(models.CodeResourceLimit, "%d files came of it, more than are kept; cut the video into parts", len(names))
	}
	if err := os.WriteFile(filepath.Join(dir, SumsName), list, 0o644); err != nil {
		return "", fmt.Errorf("list the files of %s: %w", dir, err)
	}
	own := sha256.Sum256(list)
	return hex.EncodeToString(own[:]), nil
}

func hashFile(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	read := Verify(ctx, f, -1, "")
	if _, err := io.Copy(io.Discard, read); err != nil {
		return "", err
	}
	return read.SHA256(), nil
}

// formatSums needs no escapes: no key holds what sha256sum(1) escapes.
func formatSums(sums []Sum) []byte {
	var list bytes.Buffer
	for _, s := range sums {
		fmt.Fprintf(&list, "%s  %s\n", s.SHA256, s.Path)
	}
	return list.Bytes()
}

// ReadSums returns the list of the tree below a prefix, in the order of its
// paths' bytes. sum is the list's own hash. NOT_FOUND where there is no list,
// CHECKSUM_MISMATCH where it is another one.
func ReadSums(ctx context.Context, s Store, prefix, sum string) ([]Sum, error) {
	key := prefix + SumsName
	body, info, err := s.Open(ctx, key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	if info.Size > maxSums {
		return nil, damagedSums(key, fmt.Errorf("it has %d bytes", info.Size))
	}
	list, err := io.ReadAll(Verify(ctx, body, info.Size, sum))
	if models.ErrorCode(err) == models.CodeChecksumMismatch {
		return nil, damagedSums(key, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	return parseSums(key, string(list))
}

var sumLine = regexp.MustCompile(`^([0-9a-f]{64})  (.+)$`)

func parseSums(key, list string) ([]Sum, error) {
	var sums []Sum
	for line := range strings.Lines(list) {
		m := sumLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil || CheckKey(m[2]) != nil || len(sums) > 0 && sums[len(sums)-1].Path >= m[2] {
			return nil, damagedSums(key, fmt.Errorf("its line %.120q", line))
		}
		sums = append(sums, Sum{Path: m[2], SHA256: m[1]})
	}
	return sums, nil
}

func damagedSums(key string, err error) error {
	return models.Errorf(models.CodeChecksumMismatch, "the list of files %s is damaged; run `cuepoint fsck --repair`", key).Because(err)
}

// Fault is what is wrong with one blob of a tree.
type Fault struct {
	Key  string
	Kind FaultKind
}

// FaultKind is from a closed list.
type FaultKind string

// The kinds of faults.
const (
	Missing  FaultKind = "missing"  // listed, and not there
	Damaged  FaultKind = "damaged"  // other bytes than those that were listed, or bytes that cannot be read
	Unlisted FaultKind = "unlisted" // there, and not listed
)

// CheckTree compares the blobs below a prefix with their list, whose own hash
// is sum; an empty one says that there are none. A deep check reads them all;
// else they are only listed, by which what is cut down to nothing is found too.
// Where the list itself is missing or damaged, that is the one fault. Faults
// come in the order of their keys.
func CheckTree(ctx context.Context, s Store, prefix, sum string, deep bool) ([]Fault, error) {
	if err := CheckDelete(prefix); err != nil { // else another key might be taken for the list
		return nil, err
	}
	var sums []Sum
	if sum != "" {
		var err error
		if sums, err = ReadSums(ctx, s, prefix, sum); err != nil {
			key := prefix + SumsName
			kind, err := faultOf(key, err)
			if err != nil {
				return nil, err
			}
			return []Fault{{key, kind}}, nil
		}
	}
	faults, whole, err := compare(ctx, s, prefix, sums)
	if err != nil {
		return nil, err
	}
	if deep {
		found, err := verifyAll(ctx, s, prefix, whole)
		if err != nil {
			return nil, err
		}
		faults = append(faults, found...)
	}
	slices.SortFunc(faults, func(a, b Fault) int { return cmp.Compare(a.Key, b.Key) })
	return faults, nil
}

// nothing is the hash of no bytes.
const nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// compare finds what a listing shows, and returns the rest of the sums too.
func compare(ctx context.Context, s Store, prefix string, sums []Sum) (faults []Fault, whole []Sum, err error) {
	expected := sums
	missing := func(until func(path string) bool) {
		for len(expected) > 0 && !until(expected[0].Path) {
			faults = append(faults, Fault{prefix + expected[0].Path, Missing})
			expected = expected[1:]
		}
	}
	for info, err := range All(ctx, s, prefix) {
		if err != nil {
			return nil, nil, err
		}
		path := strings.TrimPrefix(info.Key, prefix)
		missing(func(expected string) bool { return expected >= path })
		switch {
		case path == SumsName && len(sums) > 0:
		case len(expected) == 0 || expected[0].Path != path:
			faults = append(faults, Fault{info.Key, Unlisted})
		case (info.Size == 0) != (expected[0].SHA256 == nothing):
			faults, expected = append(faults, Fault{info.Key, Damaged}), expected[1:]
		default:
			whole, expected = append(whole, expected[0]), expected[1:]
		}
	}
	missing(func(string) bool { return false })
	return faults, whole, nil
}

// verifyAll reads blobs, some at a time.
func verifyAll(ctx context.Context, s Store, prefix string, sums []Sum) ([]Fault, error) {
	var (
		mu     sync.Mutex
		faults []Fault
	)
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(hashers)
	for _, sum := range sums {
		work.Go(func() error {
			kind, err := CheckBlob(ctx, s, prefix+sum.Path, -1, sum.SHA256, true)
			if err != nil || kind == "" {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			faults = append(faults, Fault{prefix + sum.Path, kind})
			return nil
		})
	}
	return faults, work.Wait()
}

// CheckBlob says what is wrong with a blob that should have this size, unless
// it is negative, and this hash; empty for nothing. A deep check reads it, else
// the hash is not looked at.
func CheckBlob(ctx context.Context, s Store, key string, size int64, sum string, deep bool) (FaultKind, error) {
	if !deep {
		info, err := s.Stat(ctx, key)
		if err == nil && size >= 0 && info.Size != size {
			return Damaged, nil
		}
		return faultOf(key, err)
	}
	body, _, err := s.Open(ctx, key, 0, -1)
	if err != nil {
		return faultOf(key, err)
	}
	defer body.Close()
	_, err = io.Copy(io.Discard, Verify(ctx, body, size, sum))
	return faultOf(key, err)
}

// faultOf is the fault of a blob that an error tells of; else the error.
func faultOf(key string, err error) (FaultKind, error) {
	switch code := models.ErrorCode(err); {
	case err == nil:
		return "", nil
	case code == models.CodeNotFound:
		return Missing, nil
	case code == models.CodeChecksumMismatch, errors.Is(err, syscall.EIO): // a bad place on the disk
		return Damaged, nil
	}
	return "", fmt.Errorf("check %s: %w", key, err)
}
