package hotfolder

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// isWritten tells whether anybody has a file open to write it. The kernel gives no
// read lease on such a file (fcntl(2), F_SETLEASE); it gives none either to who
// does not own the file and may not do without, nor on some file systems: then
// nobody is seen.
func isWritten(f *os.File) bool {
	_, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	if err == nil {
		_, _ = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_UNLCK) // at the latest it goes with the file
	}
	return errors.Is(err, unix.EAGAIN)
}
