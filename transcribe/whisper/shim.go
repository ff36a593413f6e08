//go:build cgo

package whisper

/*
#cgo LDFLAGS: -lwhisper -lggml -lggml-base
#cgo linux LDFLAGS: -ldl
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <ggml-backend.h>
#include <whisper.h>

// cuepoint_log passes warnings and errors on; the rest is chatter.
static void cuepoint_log(enum ggml_log_level level, const char *text, void *data) {
	if (level == GGML_LOG_LEVEL_WARN || level == GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
}

static void cuepoint_quiet(void) {
	whisper_log_set(cuepoint_log, NULL);
	ggml_log_set(cuepoint_log, NULL);
}

// cuepoint_libggml is the path that libggml was loaded from.
static const char *cuepoint_libggml(void) {
	Dl_info info;
	return dladdr((void *)ggml_backend_load_all, &info) ? info.dli_fname : NULL;
}
*/
import "C"

import (
	"errors"
	"path/filepath"
	"sync"
	"time"
	"unsafe"
)

// What the binding does not offer.

// Version is libwhisper's version.
func Version() string { return C.GoString(C.whisper_version()) }

// loadBackends loads ggml's kernels. The library aborts the process when a
// model is loaded without any, and the binding does not load them. Some
// distributions keep them as plug-ins below the directory of libggml; else they
// are linked in or where libggml itself looks.
var loadBackends = sync.OnceValue(func() error {
	C.cuepoint_quiet()
	if lib := C.cuepoint_libggml(); lib != nil {
		dirs, _ := filepath.Glob(filepath.Join(filepath.Dir(C.GoString(lib)), "ggml", "backends*"))
		for _, dir := range dirs {
			path := C.CString(dir)
			C.ggml_backend_load_all_from_path(path)
			C.free(unsafe.Pointer(path))
		}
	}
	if C.ggml_backend_dev_count() == 0 {
		C.ggml_backend_load_all()
	}
	if C.ggml_backend_dev_count() == 0 {
		return errors.New("ggml has no back end")
	}
	return nil
})

// detector finds voices, with a Silero model.
type detector struct{ ctx *C.struct_whisper_vad_context }

// loadDetector returns nil where the file is no good.
func loadDetector(path string) *detector {
	params := C.whisper_vad_default_context_params()
	params.n_threads = 1 // more only wait for each other: the model is tiny
	file := C.CString(path)
	defer C.free(unsafe.Pointer(file))
	ctx := C.whisper_vad_init_from_file_with_params(file, params)
	if ctx == nil {
		return nil
	}
	return &detector{ctx: ctx}
}

func (d *detector) close() { C.whisper_vad_free(d.ctx) }

// voices returns where there are voices, in order. Pauses within speech belong
// to it: without them Whisper loses the sentences.
func (d *detector) voices(samples []float32) ([]span, error) {
	params := C.whisper_vad_default_params()
	params.min_speech_duration_ms = 100
	params.min_silence_duration_ms = 2000
	params.speech_pad_ms = 400
	found := C.whisper_vad_segments_from_samples(d.ctx, params, (*C.float)(&samples[0]), C.int(len(samples)))
	if found == nil {
		return nil, errors.New("voice activity detection failed")
	}
	defer C.whisper_vad_free_segments(found)
	var spans []span
	sample := func(t C.float) int { return min(max(int(t)*sampleRate/100, 0), len(samples)) } // from centiseconds
	for i := range C.whisper_vad_segments_n_segments(found) {
		spans = append(spans, span{
			from: sample(C.whisper_vad_segments_get_segment_t0(found, i)),
			to:   sample(C.whisper_vad_segments_get_segment_t1(found, i)),
		})
	}
	return spans, nil
}

func centiseconds(n int64) time.Duration { return time.Duration(n) * 10 * time.Millisecond }
