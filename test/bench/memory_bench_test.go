package bench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
)

// BenchmarkMemory holds the memory of analyzing an hour to 1.3 times that of
// analyzing two minutes: the peak of cuepoint and all that it starts. Where there
// are model files, the hour is listened to as well.
func BenchmarkMemory(b *testing.B) {
	short, long := clip(b, 2*time.Minute), clip(b, time.Hour)
	for b.Loop() {
		few, many := peak(b, short), peak(b, long)
		ratio := float64(many) / float64(few)
		b.ReportMetric(float64(few)/1024, "MiB-2min")
		b.ReportMetric(float64(many)/1024, "MiB-60min")
		b.ReportMetric(ratio, "of-2min")
		b.Logf("%d MiB for two minutes, %d MiB for an hour: %.2f times, at most 1.30", few/1024, many/1024, ratio)
		if ratio > 1.3 {
			b.Errorf("an hour takes %.2f times the memory of two minutes, want at most 1.3", ratio)
		}
	}
}

// clip is one of 180p that costs little to make and to read: two pictures a
// second, a tone now and then, and a cut every half minute.
func clip(b *testing.B, duration time.Duration) string {
	b.Helper()
	return testenv.Clip(b, fmt.Sprintf("plain-%v.mp4", duration),
		"-f", "lavfi", "-i", "testsrc2=s=320x180:r=2,hue=h='90*floor(t/30)'",
		"-f", "lavfi", "-i", "sine=f=300:r=16000,volume='if(lt(mod(t,60),5),0.3,0)':eval=frame",
		"-t", strconv.Itoa(int(duration.Seconds())),
		"-c:v", "libx264", "-preset", "ultrafast", "-crf", "40", "-g", "20", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "32k")
}

// peak analyzes a file, and returns the most memory that was in use meanwhile,
// in KiB.
func peak(b *testing.B, file string) (most int) {
	b.Helper()
	program := testenv.Program(b, "cuepoint")
	args := []string{"--data", b.TempDir(), "analyze", file}
	if dir := os.Getenv(testenv.ModelsDir); dir != "" {
		args = append([]string{"--model", filepath.Join(dir, "for-tests-ggml-tiny.en.bin")}, args...)
	}
	ended := make(chan error, 1)
	go func() { ended <- proc.Run(context.WithoutCancel(b.Context()), proc.Command{Path: program, Args: args}) }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			if err != nil {
				b.Fatal(err)
			}
			return most
		case <-tick.C:
			most = max(most, inUse(program))
		}
	}
}

// inUse adds up what the processes of a program that this one started have in
// memory, and all that they started: pages that several share count once.
func inUse(program string) (kib int) {
	parents := map[int]int{}
	for _, pid := range processes() {
		parents[pid] = parent(pid)
	}
	for pid := range parents {
		for up := pid; up > 1; up = parents[up] {
			if path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", up)); err == nil && path == program && parents[up] == os.Getpid() {
				kib += resident(pid)
				break
			}
		}
	}
	return kib
}

func processes() (pids []int) {
	names, _ := filepath.Glob("/proc/[0-9]*")
	for _, name := range names {
		if pid, err := strconv.Atoi(filepath.Base(name)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// parent is the fourth field of stat; the second is a name in brackets that may
// hold anything.
func parent(pid int) int {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 {
		return 0 // it has ended
	}
	up, _ := strconv.Atoi(fields[1])
	return up
}

// resident is the process's share of the memory that it has in use, in KiB.
func resident(pid int) int {
	rollup, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	lines := bufio.NewScanner(bytes.NewReader(rollup))
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); slices.Contains(fields, "Pss:") {
			kib, _ := strconv.Atoi(fields[1])
			return kib
		}
	}
	return 0
}
