package weights

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// recordName is the file below Dir that remembers sums.
const recordName = "verified.json"

// record is a file's sum as it was when it had this size and time.
type record struct {
	Size    int64     `json:"size"`
	Changed time.Time `json:"changed"`
	SHA256  string    `json:"sha256"`
}

// sum returns a file's SHA-256, from memory where it has not changed since and
// remembered is true.
func (s *Store) sum(ctx context.Context, path string, remembered bool) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := os.Stat(path)
	if err != nil {
		return hash(ctx, path) // says what is wrong with it
	}
	records := s.records()
	if r, ok := records[path]; remembered && ok && r.Size == info.Size() && r.Changed.Equal(info.ModTime()) {
		return r.SHA256, nil
	}
	sum, err := hash(ctx, path)
	if err != nil {
		return "", err
	}
	records[path] = record{Size: info.Size(), Changed: info.ModTime(), SHA256: sum}
	// What cannot be remembered is computed again.
	_ = s.remember(records)
	return sum, nil
}

func (s *Store) records() map[string]record {
	records := map[string]record{}
	data, err := os.ReadFile(filepath.Join(s.Dir, recordName))
	if err != nil || json.Unmarshal(data, &records) != nil {
		return map[string]record{}
	}
	return records
}

// remember replaces the record, dropping files that are gone.
func (s *Store) remember(records map[string]record) error {
	for path := range records {
		if _, err := os.Stat(path); err != nil {
			delete(records, path)
		}
	}
	data, err := json.MarshalIndent(records, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", recordName, err)
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(s.Dir, recordName+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(s.Dir, recordName))
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
