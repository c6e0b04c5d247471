package feed

// A Reason says why a subscription ended.
type Reason int

// The reasons of an end.
const (
	Closed    Reason = iota // by its owner
	GoingAway               // the hub shuts down
	TooSlow                 // its queue was full
	Ended                   // its session, key or membership ended
)

// A Subscription is one subscriber's queue. Its owner reads Events until Done.
type Subscription struct {
	hub    *Hub
	who    Subscriber
	events chan *Event
	done   chan struct{}
	open   bool   // guarded by hub.mu
	reason Reason // written before done is closed
}

// Open lets events into the queue from now on. Everything published after Open
// returned is queued, so a subscriber that opens first and then reads the
// database misses nothing; what it finds in both places it must skip.
func (s *Subscription) Open() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.open = true
}

// Events is the queue. It is never closed: select on Done beside it.
func (s *Subscription) Events() <-chan *Event { return s.events }

// Done is closed when the subscription has ended; events still in the queue are
// then worth nothing, since the subscriber will read again from the database.
func (s *Subscription) Done() <-chan struct{} { return s.done }

// Reason returns why the subscription ended. It is valid once Done is closed.
func (s *Subscription) Reason() Reason { return s.reason }

// Close gives the subscription up. It may be called more than once.
func (s *Subscription) Close() { s.hub.release(s) }
