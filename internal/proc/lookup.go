package proc

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
)

// Look finds a program: beside the running executable first, as an engine that
// was built with it, then on PATH. It returns a [MissingError] when there is none.
func Look(name string) (string, error) {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return beside, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", &MissingError{Program: name, Err: err}
	}
	return path, nil
}

// Output runs c and returns what it wrote to its standard output.
func Output(ctx context.Context, c Command) ([]byte, error) {
	var out bytes.Buffer
	c.Stdout = &out
	err := Run(ctx, c)
	return out.Bytes(), err
}
