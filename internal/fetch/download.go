package fetch

import (
	"errors"
	"io"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// Download is a file on its way. It has to be closed, and is for one reader.
type Download struct {
	// Start is where in the file the first byte read is: the offset that was asked
	// for, or 0, and then what is here already is of no use: the host cannot go on,
	// or has another file by now.
	Start     int64
	Length    int64  // of the whole file; -1 where the host does not say
	Validator string // to go on later with; empty where that cannot be done safely

	Filename    string // as the host names it, else the end of the address; not to be trusted
	ContentType string // as announced; means nothing

	name   string
	limits Limits
	body   io.ReadCloser
	idle   *time.Timer
	end    func(error)
	cause  func() error

	at     int64 // in the file
	waited time.Duration
	came   int64 // while waited
	err    error // why nothing more comes
}

// Read implements [io.Reader]. Only a file of the announced length ends in
// [io.EOF]. Where the host announces none over HTTP/1.0, a connection that was
// cut looks like the end.
func (d *Download) Read(p []byte) (int, error) {
	if d.err != nil || len(p) == 0 {
		return 0, d.err
	}
	most := d.limits.Size
	if d.Length >= 0 {
		most = d.Length
	}
	p = p[:min(int64(len(p)), most-d.at+1)] // one more tells that there is more
	began := time.Now()
	d.idle.Reset(d.limits.Idle)
	n, err := d.body.Read(p)
	d.idle.Stop()
	d.at += int64(n)
	d.err = d.judge(int64(n), time.Since(began), err)
	if d.at > most {
		n--
	}
	return n, d.err
}

// judge says whether the download goes on after n bytes came in a time.
func (d *Download) judge(n int64, took time.Duration, err error) error {
	d.waited += took
	d.came += n
	switch {
	case d.Length >= 0 && d.at > d.Length:
		return later(nil, "%s is longer than its host announced; try again later", d.name)
	case d.at > d.limits.Size:
		return tooLarge(d.name, d.limits.Size)
	case errors.Is(err, io.EOF) && d.at < d.Length:
		return later(err, "%s ended before all of it came; try again later", d.name)
	case errors.Is(err, io.EOF):
		return io.EOF
	case err != nil:
		return explain(err, d.cause(), d.name)
	case d.waited < d.limits.Window:
		return nil
	}
	enough := float64(d.limits.Rate) * d.waited.Seconds()
	if float64(d.came) < enough {
		return later(nil, "%s comes too slowly; try again later, or fetch it another way and upload it", d.name)
	}
	d.waited, d.came = 0, 0
	return nil
}

// Close implements [io.Closer]. It ends the connection.
func (d *Download) Close() error {
	d.end(nil)
	return d.body.Close()
}

func tooLarge(name string, limit int64) error {
	return models.Errorf(models.CodeSourceTooLarge, "%s is larger than the %d bytes that are allowed; make it smaller", name, limit)
}
