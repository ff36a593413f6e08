package vision

// history keeps the scores of the last frames.
type history struct {
	ring []Score
	n    int // frames seen
}

func newHistory(frames int) *history { return &history{ring: make([]Score, frames)} }

func (h *history) push(s *Score) {
	h.ring[h.n%len(h.ring)] = *s
	h.n++
}

// at returns the score of a frame that is still kept.
func (h *history) at(n int) *Score { return &h.ring[n%len(h.ring)] }

// first is the oldest frame that is kept.
func (h *history) first() int { return max(0, h.n-len(h.ring)) }
