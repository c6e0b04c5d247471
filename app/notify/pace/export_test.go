package pace

// Buckets returns how many keys the pacer remembers.
func (p *Pacer) Buckets() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.buckets)
}
