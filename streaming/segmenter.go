package streaming

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/Eyevinn/mp4ff/mp4"

	"github.com/cuepoint/cuepoint/models"
)

// segmenter cuts the fragmented MP4 that FFmpeg writes into the files of one
// track and notes what they hold.
type segmenter struct {
	track *track
	dir   string // of the track
	// budget is asked before bytes are written.
	budget func(bytes int64) error
	// fragment takes over a movie fragment: its moof, the size of the media
	// data that follows, and a reader of that data.
	fragment func(moof *mp4.MoofBox, size int64, data io.Reader) error
	trex     *mp4.TrexBox
}

// maxHeader bounds the boxes that are read into memory: a moof of a segment of
// 6 s has some hundred samples.
const maxHeader = 16 << 20

// read consumes a whole stream of boxes. None at all is no error here: why that
// is so is for FFmpeg, and for verify, to say.
func (s *segmenter) read(r io.Reader) error {
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		return err
	}
	var init bytes.Buffer
	var moof *mp4.MoofBox
	for {
		kind, header, size, err := readHeader(r)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read %s: %w", s.track.Name, err)
		}
		payload := io.LimitReader(r, size)
		switch kind {
		case "mdat":
			if moof == nil {
				return fmt.Errorf("%s: media data without a fragment", s.track.Name)
			}
			err = s.fragment(moof, size, payload)
			moof = nil
		case "ftyp", "moov", "moof":
			var box mp4.Box
			if box, err = decode(header, payload, size); err != nil {
				break
			}
			switch box := box.(type) {
			case *mp4.MoofBox:
				moof = box
			case *mp4.MoovBox:
				err = s.begin(&init, box)
			default:
				err = box.Encode(&init)
			}
		}
		if err != nil {
			return fmt.Errorf("segment %s: %w", s.track.Name, err)
		}
		if _, err := io.Copy(io.Discard, payload); err != nil {
			return err
		}
	}
}

func readHeader(r io.Reader) (kind string, header []byte, size int64, err error) {
	header = make([]byte, 8, 16)
	if _, err := io.ReadFull(r, header); err != nil {
		return "", nil, 0, err
	}
	size = int64(binary.BigEndian.Uint32(header))
	if size == 1 {
		header = header[:16]
		if _, err := io.ReadFull(r, header[8:]); err != nil {
			return "", nil, 0, err
		}
		size = int64(binary.BigEndian.Uint64(header[8:]))
	}
	if size -= int64(len(header)); size < 0 {
		return "", nil, 0, fmt.Errorf("a box of %d bytes", size)
	}
	return string(header[4:8]), header, size, nil
}

func decode(header []byte, payload io.Reader, size int64) (mp4.Box, error) {
	if size > maxHeader {
		return nil, fmt.Errorf("a header of %d bytes", size)
	}
	raw, err := io.ReadAll(payload)
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) < size {
		return nil, io.ErrUnexpectedEOF
	}
	return mp4.DecodeBox(0, bytes.NewReader(append(header, raw...)))
}

// begin writes the initialization segment: what came before, and moov.
func (s *segmenter) begin(before *bytes.Buffer, moov *mp4.MoovBox) error {
	if err := s.track.describe(moov); err != nil {
		return err
	}
	if moov.Mvex == nil || moov.Mvex.Trex == nil {
		return errors.New("not fragmented")
	}
	s.trex = moov.Mvex.Trex
	return s.write(initName, func(w io.Writer) error {
		if _, err := before.WriteTo(w); err != nil {
			return err
		}
		return moov.Encode(w)
	})
}

// write makes a file of the track.
func (s *segmenter) write(name string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(filepath.Join(s.dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(fill(budgeted{f, s.budget}), f.Close())
}

// budgeted stops a writer at a limit of bytes.
type budgeted struct {
	w      io.Writer
	budget func(bytes int64) error
}

func (b budgeted) Write(p []byte) (int, error) {
	if err := b.budget(int64(len(p))); err != nil {
		return 0, err
	}
	return b.w.Write(p)
}

// add notes a segment of samples that begins at a decode time.
func (s *segmenter) add(start int64, samples []mp4.Sample, bytes int64) {
	seg := segment{Start: start, Bytes: bytes, Key: samples[0].IsSync()}
	for i, sample := range samples {
		seg.Duration += int64(sample.Dur)
		if gop := s.track.GOP; gop > 0 && sample.IsSync() != (i%gop == 0) {
			seg.Key = false
		}
	}
	s.track.Segments = append(s.track.Segments, seg)
}

// samples returns a fragment's samples with all defaults filled in.
func (s *segmenter) samples(moof *mp4.MoofBox) (start int64, samples []mp4.Sample, err error) {
	traf := moof.Traf
	if s.trex == nil || traf == nil || traf.Tfhd == nil || traf.Tfdt == nil || traf.Trun == nil || len(traf.Trun.Samples) == 0 {
		return 0, nil, errors.New("a fragment without samples")
	}
	flags, first := traf.Trun.FirstSampleFlags()
	traf.Trun.AddSampleDefaultValues(traf.Tfhd, s.trex)
	if first {
		traf.Trun.Samples[0].Flags = flags
	}
	return int64(traf.Tfdt.BaseMediaDecodeTime()), traf.Trun.Samples, nil
}

// newVideoSegmenter writes each of FFmpeg's fragments as one segment: it was
// told where to end them.
func newVideoSegmenter(t *track, dir string, budget func(int64) error) *segmenter {
	s := &segmenter{track: t, dir: filepath.Join(dir, t.Name), budget: budget}
	s.fragment = func(moof *mp4.MoofBox, size int64, data io.Reader) error {
		start, samples, err := s.samples(moof)
		if err != nil {
			return err
		}
		mdat := make([]byte, 8)
		binary.BigEndian.PutUint32(mdat, uint32(size+8))
		copy(mdat[4:], "mdat")
		err = s.write(segmentName(len(t.Segments)), func(w io.Writer) error {
			if err := moof.Encode(w); err != nil {
				return err
			}
			n, err := io.Copy(w, io.MultiReader(bytes.NewReader(mdat), data))
			if err == nil && n != size+8 {
				err = io.ErrUnexpectedEOF
			}
			return err
		})
		if err != nil {
			return err
		}
		s.add(start, samples, int64(moof.Size())+8+size)
		return nil
	}
	return s
}

// audioCutter gathers frames of sound into segments that end where those of
// the picture do, to the next frame. FFmpeg cannot: it would let them drift.
type audioCutter struct {
	*segmenter
	length  models.Ratio // of a segment, in seconds
	offset  int64        // of the first sample, as FFmpeg counts
	begun   bool
	pending []mp4.FullSample
}

// newAudioSegmenter returns what reads a soundtrack. Call finish after read.
func newAudioSegmenter(t *track, dir string, length models.Ratio, budget func(int64) error) *audioCutter {
	c := &audioCutter{length: length}
	c.segmenter = &segmenter{track: t, dir: filepath.Join(dir, t.Name), budget: budget}
	c.fragment = c.cut
	return c
}

func (c *audioCutter) cut(moof *mp4.MoofBox, size int64, data io.Reader) error {
	start, samples, err := c.samples(moof)
	if err != nil {
		return err
	}
	if size > maxHeader {
		return fmt.Errorf("a fragment of sound of %d bytes", size)
	}
	raw, err := io.ReadAll(data)
	if err != nil {
		return err
	}
	lead := int64(c.track.Lead) * audioFrame
	if !c.begun {
		c.begun, c.offset = true, start
		for at := int64(0); at < lead; at += audioFrame {
			if err := c.gather(mp4.NewSample(mp4.SyncSampleFlags, audioFrame, 0, 0), at, silence(c.track.Channels)); err != nil {
				return err
			}
		}
	}
	start += lead - c.offset
	for _, sample := range samples {
		if int64(sample.Size) > int64(len(raw)) {
			return io.ErrUnexpectedEOF
		}
		if err := c.gather(sample, start, raw[:sample.Size]); err != nil {
			return err
		}
		raw = raw[sample.Size:]
		start += int64(sample.Dur)
	}
	return nil
}

// gather puts a frame behind those that are pending.
func (c *audioCutter) gather(sample mp4.Sample, start int64, data []byte) error {
	if start >= c.border() && len(c.pending) > 0 {
		if err := c.finish(); err != nil {
			return err
		}
	}
	sample.Size = uint32(len(data))
	c.pending = append(c.pending, mp4.FullSample{Sample: sample, DecodeTime: uint64(start), Data: data})
	return nil
}

// silence is a frame of AAC-LC in which no band is coded (ISO/IEC 14496-3,
// 4.4.2): a single channel element, or a channel pair element without a common
// window, all of whose bits are 0, and the end.
func silence(channels int) []byte {
	if channels == 1 {
		return []byte{0, 0, 0, 0x07}
	}
	return []byte{0x20, 0, 0, 0, 0, 0, 0x0e}
}

// border is where the segment that is being gathered must end at the latest.
func (c *audioCutter) border() int64 {
	n := int64(len(c.track.Segments) + 1)
	num, den := int64(c.length.Num), int64(c.length.Den)
	return c.track.Priming + (n*num*c.track.Timescale+den-1)/den
}

// finish writes what is pending as a segment.
func (c *audioCutter) finish() error {
	if len(c.pending) == 0 {
		return nil
	}
	n := len(c.track.Segments)
	fragment, err := mp4.CreateFragment(uint32(n+1), c.trex.TrackID)
	if err != nil {
		return err
	}
	samples := make([]mp4.Sample, 0, len(c.pending))
	for _, sample := range c.pending {
		fragment.AddFullSample(sample)
		samples = append(samples, sample.Sample)
	}
	var buf bytes.Buffer
	if err := fragment.Encode(&buf); err != nil {
		return err
	}
	size := int64(buf.Len())
	err = c.write(segmentName(n), func(w io.Writer) error {
		_, err := buf.WriteTo(w)
		return err
	})
	if err != nil {
		return err
	}
	c.add(int64(c.pending[0].DecodeTime), samples, size)
	c.pending = c.pending[:0]
	return nil
}
