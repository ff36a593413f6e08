package e2e

import (
	"net/http"
	"sync"
	"syscall"
	"testing"
)

// TestAnUploadGoesOnAtAnyMemberOfACluster sends a file in pieces to one process and
// another in turn, each piece to both at once, and kills one in between.
func TestAnUploadGoesOnAtAnyMemberOfACluster(t *testing.T) {
	t.Parallel()
	c := emptyCluster(t)
	members := []*member{c.start(t, "api"), c.start(t, "api")}
	at := func(i int) visitor { return visitor{t, served{Address: members[i%2].address, Key: c.key}} }
	content, sum := noise(24 << 20)
	name := at(0).open(len(content))
	for i, offset := 0, 0; offset < len(content); i++ {
		end := min(len(content), offset+(5<<20)+i)
		var taken [2]int // what each answers
		var both sync.WaitGroup
		for k := range taken {
			both.Go(func() { taken[k], _ = at(i+k).write(name, offset, content[offset:end]) })
		}
		both.Wait()
		won := 0
		for _, status := range taken {
			switch status {
			case http.StatusNoContent:
				won++
			case http.StatusConflict:
			default:
				t.Errorf("piece %d: status %d", i, status)
			}
		}
		if now := at(i).offset(name); won > 1 || now != end && (won == 1 || now < offset || now > end) {
			t.Fatalf("piece %d: %v, and then it is at %d of %d", i, taken, now, end)
		} else {
			offset = now
		}
		if i == 1 {
			members[1].Signal(syscall.SIGKILL)
			<-members[1].Ended()
			members[1] = c.start(t, "api")
		}
	}
	if a := at(1).ended(name); a.State != "STATE_DONE" || a.SHA256 != sum {
		t.Errorf("%+v", a)
	}
}
