package streaming

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/models"
)

// Encoding is what the command depends on besides the ladder.
type Encoding struct {
	Threads int  // for the decoder and for each encoder
	ToneMap bool // this FFmpeg can map HDR to SDR (it has zscale)
}

// Args returns FFmpeg's arguments for one process that decodes the source once
// and writes every rendition as fragmented MP4 to the descriptors from 3 up,
// video rungs first, then the sound for speech recognition to a FLAC file.
func (l *Ladder) Args(source, speech string, e Encoding) []string {
	threads := strconv.Itoa(e.Threads)
	options := []string{"-threads", threads}
	if v := l.Video; v != nil && !v.Stream.Interlaced && v.Stream.Rotation == 0 {
		// A change of size in mid-stream is the first scaler's business: a graph
		// made anew would start at time 0 again.
		options = append(options, "-reinit_filter:v", "0")
	}
	args := append([]string{"-max_error_rate", "1"}, ffmpeg.InputAs(l.Container, source, options...)...)
	args = append(args, l.filters(e)...)
	bound := []string{"-t", seconds(l.Duration + time.Second), "-map_metadata", "-1", "-map_chapters", "-1"}
	fd := 3
	if v := l.Video; v != nil {
		for i, r := range v.Rungs {
			args = append(args, "-map", fmt.Sprintf("[v%d]", i))
			args = append(args, v.encode(r, threads)...)
			args = append(args, bound...)
			args = append(args, "pipe:"+strconv.Itoa(fd))
			fd++
		}
	}
	for i, a := range l.Audio {
		args = append(args, "-map", fmt.Sprintf("[a%d]", i))
		args = append(args, a.encode()...)
		args = append(args, bound...)
		args = append(args, "pipe:"+strconv.Itoa(fd))
		fd++
	}
	if len(l.Audio) > 0 {
		args = append(args, "-map", "[speech]", "-c:a", "flac", "-f", "flac")
		args = append(args, bound...)
		args = append(args, "file:"+speech)
	}
	return args
}

// encode returns a rung's options. Capped CRF: the quality is constant where
// the ceiling allows. The buffer of VBV comes on top of the rate over a segment,
// so that both together make the ceiling (7/8 + 3/4 of a second in 6 s).
func (v *Video) encode(r Rung, threads string) []string {
	gop := strconv.Itoa(v.GOP)
	segment := time.Duration(float64(gopsInSegment*v.GOP) / v.FrameRate.Float() * float64(time.Second))
	gopTime := segment / gopsInSegment
	return []string{
		"-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-threads", threads,
		"-crf", "23", "-maxrate", strconv.Itoa(r.Ceiling * 7 / 8), "-bufsize", strconv.Itoa(r.Ceiling * 3 / 4),
		"-g", gop, "-keyint_min", gop, "-sc_threshold", "0", "-flags", "+cgop",
		"-f", "mp4", "-movflags", "+cmaf+delay_moov+frag_keyframe+skip_trailer",
		// The edit list takes back the delay by which pictures are reordered.
		// Negative composition offsets would do so too, but FFmpeg misreads them.
		"-use_editlist", "1",
		// A fragment ends at the first keyframe after this: the third.
		"-min_frag_duration", strconv.FormatInt((segment - gopTime/2).Microseconds(), 10),
	}
}

func (a *Audio) encode() []string {
	return []string{
		"-c:a", "aac", "-b:a", strconv.Itoa(a.Bitrate),
		"-f", "mp4", "-movflags", "+cmaf+delay_moov+skip_trailer", "-use_editlist", "1",
		"-frag_duration", "1000000",
	}
}

// filters returns a graph for the picture and one for each soundtrack: a graph
// waits for all of its inputs, and one of them may begin late.
func (l *Ladder) filters(e Encoding) []string {
	var args []string
	if l.Video != nil {
		args = append(args, "-filter_complex", l.Video.filter(e))
	}
	for i, a := range l.Audio {
		args = append(args, "-filter_complex", a.filter(i))
	}
	return args
}

// filter puts the picture on the grid, at the size of the highest rung, and
// scales each rung from the one above.
func (v *Video) filter(e Encoding) string {
	top := v.Rungs[0]
	var chain []string
	add := func(format string, args ...any) { chain = append(chain, fmt.Sprintf(format, args...)) }
	if v.Stream.Interlaced {
		add("bwdif=mode=send_frame:deint=interlaced")
	}
	if v.Shift != 0 {
		add("setpts=round(PTS%+.6f/TB)", v.Shift.Seconds())
	}
	add("fps=%s:start_time=0:eof_action=pass", fraction(v.FrameRate, "/"))
	add("scale=%d:%d:flags=bicubic:out_range=tv%s", top.Width, top.Height, v.matrix())
	if e.ToneMap && v.hdr() {
		add("zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv")
	}
	add("format=yuv420p")
	if space := v.space(); space != "" {
		add("setparams=%s", space)
	}
	if v.Hold > 0 {
		add("tpad=stop_mode=clone:stop_duration=%s", seconds(v.Hold))
	}
	graph := fmt.Sprintf("[0:%d]%s", v.Stream.Index, strings.Join(chain, ","))
	for i, r := range v.Rungs {
		if i > 0 {
			graph += fmt.Sprintf(";[t%d]scale=%d:%d:flags=bicubic", i, r.Width, r.Height)
		}
		sar := fmt.Sprintf("setsar=%s", fraction(r.SampleRatio, "/"))
		if i == len(v.Rungs)-1 {
			graph += fmt.Sprintf(",%s[v%d]", sar, i)
		} else {
			graph += fmt.Sprintf(",split[s%d][t%d];[s%d]%s[v%d]", i, i+1, i, sar, i)
		}
	}
	return graph
}

func (v *Video) hdr() bool {
	return v.Stream.Color.Transfer == "smpte2084" || v.Stream.Color.Transfer == "arib-std-b67"
}

func (v *Video) rgb() bool {
	f := v.Stream.PixelFormat
	for _, prefix := range []string{"rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8"} {
		if strings.HasPrefix(f, prefix) {
			return true
		}
	}
	return false
}

// space is the colour space that all rungs are to be marked with, "" where the
// source says it. Without a mark players tell by the height, and colours would
// change from one rung to the next.
func (v *Video) space() string {
	rate := int(math.Round(v.FrameRate.Float()))
	switch {
	case v.rgb():
		return "colorspace=bt709:color_primaries=bt709:color_trc=bt709"
	case v.Stream.Color.Space != "" || v.hdr():
		return ""
	case v.Stream.Height >= 720:
		return "colorspace=bt709:color_primaries=bt709:color_trc=bt709"
	case rate == 25 || rate == 50:
		return "colorspace=bt470bg:color_primaries=bt470bg:color_trc=smpte170m"
	}
	return "colorspace=smpte170m:color_primaries=smpte170m:color_trc=smpte170m"
}

func (v *Video) matrix() string {
	if v.rgb() {
		return ":out_color_matrix=bt709"
	}
	return ""
}

// filter puts a soundtrack on the timeline, with silence in gaps. What is to be
// before a late start is left to the segmenter: when channels change in
// mid-stream FFmpeg makes the graph anew, which would fill up from 0 again.
func (a *Audio) filter(i int) string {
	graph := fmt.Sprintf("[0:%d]", a.Stream.Index)
	if a.Mix {
		graph += "pan=mono|c0<c0"
		for c := 1; c < a.Stream.Channels; c++ {
			graph += fmt.Sprintf("+c%d", c)
		}
		graph += ","
	}
	layout := [...]string{1: "mono", 2: "stereo"}[a.Channels]
	graph += fmt.Sprintf("aresample=async=1:rematrix_maxval=1,aformat=sample_fmts=fltp:sample_rates=%d:channel_layouts=%s", audioRate, layout)
	if a.Pad > 0 {
		graph += ",apad=pad_dur=" + seconds(a.Pad)
	}
	if i > 0 {
		return graph + fmt.Sprintf("[a%d]", i)
	}
	return graph + fmt.Sprintf(",asplit[a0][s];[s]aresample=%d,aformat=sample_fmts=s16:channel_layouts=mono[speech]", speechRate)
}

func fraction(r models.Ratio, separator string) string {
	return strconv.Itoa(r.Num) + separator + strconv.Itoa(r.Den)
}

// seconds writes a time as FFmpeg reads it.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', 6, 64)
}
