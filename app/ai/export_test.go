package ai

// Waiting is how many calls wait for a place at any server, for tests.
func (s *Servers) Waiting() (n int) {
	s.queues.mu.Lock()
	defer s.queues.mu.Unlock()
	for _, p := range s.queues.places {
		n += len(p.waiting)
	}
	return n
}
