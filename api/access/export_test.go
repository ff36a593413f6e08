package access

// Remembered is how many strangers are told apart now.
func (g *Gate) Remembered() int {
	g.strangers.mu.Lock()
	defer g.strangers.mu.Unlock()
	return len(g.strangers.buckets)
}
