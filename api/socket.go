package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/cuepoint/cuepoint/models"
)

// SocketName is the file in the data directory on which the process that holds
// the directory's lock takes commands.
const SocketName = "cuepoint.sock"

// longestAddress is how long a socket's path may be: Linux has 108 bytes for
// it, the last of which is zero.
const longestAddress = 107

// DialSocket connects to the process that listens on the socket in a data
// directory.
func DialSocket(ctx context.Context, dir string) (conn net.Conn, err error) {
	if err := checkParent(dir); err != nil {
		return nil, err
	}
	err = withAddress(dir, func(address string) error {
		conn, err = new(net.Dialer).DialContext(ctx, "unix", address)
		return err
	})
	return conn, err
}

// socket is a listener on the socket in a data directory. Only its owner can
// open it. Closing removes the file.
type socket struct {
	net.Listener
	path   string
	closed sync.Once
}

// listenSocket makes the socket in a data directory. The caller holds the
// directory's lock, so that one that is there already is a dead process's.
func listenSocket(ctx context.Context, dir string) (*socket, error) {
	if err := checkParent(dir); err != nil {
		return nil, err
	}
	s := &socket{path: filepath.Join(dir, SocketName)}
	if err := removeSocket(s.path); err != nil {
		return nil, err
	}
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { return ownerOnly(c) }}
	err := withAddress(dir, func(address string) (err error) {
		s.Listener, err = config.Listen(ctx, "unix", address)
		return err
	})
	if err != nil {
		return nil, models.Errorf(models.CodeStorageUnavailable,
			"%s cannot hold a socket; choose a directory on a local disk with --data", dir).Because(err)
	}
	// Its address may be good for the time of the call only.
	s.Listener.(*net.UnixListener).SetUnlinkOnClose(false)
	return s, nil
}

// Close implements [net.Listener]. Called again it does nothing: by then the
// file may be another process's.
func (s *socket) Close() (err error) {
	s.closed.Do(func() { err = errors.Join(removeSocket(s.path), s.Listener.Close()) })
	return err
}

// ownerOnly gives a socket the mode that its file will have from the beginning.
func ownerOnly(c syscall.RawConn) error {
	var err error
	if controlErr := c.Control(func(fd uintptr) { err = syscall.Fchmod(int(fd), 0o600) }); controlErr != nil {
		return controlErr
	}
	return err
}

// checkParent refuses a directory in which anyone could put a socket of theirs.
func checkParent(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at data directory: %w", err)
	}
	if info.Mode().Perm()&0o002 != 0 {
		return models.Errorf(models.CodePermissionDenied,
			"anyone may write in %s, so no command is taken or given there; run `chmod o-w` on it", dir)
	}
	return nil
}

// removeSocket removes a socket, and nothing else that has its name.
func removeSocket(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.Mode().Type() != fs.ModeSocket {
		return models.Errorf(models.CodeAlreadyExists, "%s is not a socket; move it away", path)
	}
	return errors.Join(err, os.Remove(path))
}

// withAddress calls use with a path of the socket that is short enough for a
// socket's address, and good for the time of the call.
func withAddress(dir string, use func(address string) error) error {
	path := filepath.Join(dir, SocketName)
	if len(path) <= longestAddress {
		return use(path)
	}
	open, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open data directory: %w", err)
	}
	defer open.Close()
	return use(fmt.Sprintf("/proc/self/fd/%d/%s", open.Fd(), SocketName))
}
