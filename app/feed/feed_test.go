package feed_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"crk/app/feed"
)

func subscribe(t *testing.T, h *feed.Hub, business, user, credential string) *feed.Subscription {
	t.Helper()
	s, err := h.Subscribe(feed.Subscriber{Business: business, User: user, Credential: credential})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.Open()
	return s
}

// take returns what waits in a queue.
func take(s *feed.Subscription) (values []any) {
	for {
		select {
		case e := <-s.Events():
			values = append(values, e.Value)
		default:
			return values
		}
	}
}

func ended(s *feed.Subscription) bool {
	select {
	case <-s.Done():
		return true
	default:
		return false
	}
}

func TestPublishReachesMembersOnly(t *testing.T) {
	is := is.New(t)
	var h feed.Hub
	ann := subscribe(t, &h, "acme", "ann", "s1")
	bob := subscribe(t, &h, "acme", "bob", "s2")
	eve := subscribe(t, &h, "other", "eve", "s3")

	h.Publish(&feed.Event{Business: "acme", Value: 1}, &feed.Event{Business: "acme", User: "bob", Value: 2})
	h.Publish(&feed.Event{Business: "nobody", Value: 3})
	h.Publish(&feed.Event{User: "ann", Value: 4})

	is.Equal(take(ann), []any{1, 4}) // a member gets what is for all, and what is for him in every business
	is.Equal(take(bob), []any{1, 2}) // and what is for her alone
	is.Equal(len(take(eve)), 0)      // another business gets nothing
}

func TestNothingBeforeOpen(t *testing.T) {
	is := is.New(t)
	var h feed.Hub
	s, err := h.Subscribe(feed.Subscriber{Business: "acme", User: "ann"})
	is.NoErr(err)
	defer s.Close()

	h.Publish(&feed.Event{Business: "acme", Value: "early"})
	s.Open()
	h.Publish(&feed.Event{Business: "acme", Value: "late"})
	is.Equal(take(s), []any{"late"}) // only what was published after Open is queued
}

func TestSlowSubscriberIsCut(t *testing.T) {
	is := is.New(t)
	var h feed.Hub
	slow := subscribe(t, &h, "acme", "slow", "")
	quick := subscribe(t, &h, "acme", "quick", "")

	got := 0
	for i := range feed.QueueLength {
		h.Publish(&feed.Event{Business: "acme", Value: i})
		got += len(take(quick))
	}
	is.True(!ended(slow)) // a full queue alone is no fault
	h.Publish(&feed.Event{Business: "acme", Value: "one more"})
	got += len(take(quick))

	is.True(ended(slow))                                      // one more than fits cuts
	is.Equal(slow.Reason(), feed.TooSlow)                     // and says why
	is.Equal(len(take(slow)), feed.QueueLength)               // nothing goes into its queue any more
	is.True(!ended(quick))                                    // the quick one stays
	is.Equal(got, feed.QueueLength+1)                         // and has everything
	is.Equal(h.Stats(), feed.Stats{Subscriptions: 2, Cut: 1}) // the cut one counts until its owner closes it
}

func TestLimits(t *testing.T) {
	is := is.New(t)
	var h feed.Hub
	for i := range feed.MaxPerUser {
		subscribe(t, &h, fmt.Sprint("business", i), "ann", "")
	}
	_, err := h.Subscribe(feed.Subscriber{Business: "one more", User: "ann"})
	is.True(errors.Is(err, feed.ErrTooMany)) // a user's limit holds over all businesses

	var last *feed.Subscription
	for i := range feed.MaxTotal - feed.MaxPerUser {
		last = subscribe(t, &h, "acme", fmt.Sprint("user", i), "")
	}
	_, err = h.Subscribe(feed.Subscriber{Business: "acme", User: "bob"})
	is.True(errors.Is(err, feed.ErrTooMany)) // the hub has a limit too
	last.Close()
	last.Close() // a second Close must not free a second place
	bob, err := h.Subscribe(feed.Subscriber{Business: "acme", User: "bob"})
	is.NoErr(err) // a closed one makes room
	defer bob.Close()
	_, err = h.Subscribe(feed.Subscriber{Business: "acme", User: "cat"})
	is.True(errors.Is(err, feed.ErrTooMany)) // for one only
}

func TestUserPlaceIsFreedOnClose(t *testing.T) {
	is := is.New(t)
	var h feed.Hub
	for range 3 * feed.MaxPerUser {
		s, err := h.Subscribe(feed.Subscriber{Business: "acme", User: "ann"})
		is.NoErr(err) // each makes room for the next
		s.Close()
	}
	is.Equal(h.Stats().Subscriptions, 0) // nothing is left behind
}

func TestDrop(t *testing.T) {
	for _, tt := range []struct {
		name string
		drop func(h *feed.Hub)
		want []bool // which of the four end
	}{
		{"a session", func(h *feed.Hub) { h.Drop("s1") }, []bool{true, false, false, false}},
		{"an unknown session", func(h *feed.Hub) { h.Drop("s9") }, []bool{false, false, false, false}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			var h feed.Hub
			subs := []*feed.Subscription{
				subscribe(t, &h, "acme", "ann", "s1"), subscribe(t, &h, "acme", "ann", "s2"),
				subscribe(t, &h, "beta", "ann", "s3"), subscribe(t, &h, "acme", "bob", "s4"),
			}
			tt.drop(&h)
			for i, s := range subs {
				is.Equal(ended(s), tt.want[i]) // exactly those that are meant end
				if tt.want[i] {
					is.Equal(s.Reason(), feed.Ended) // and are told why
				}
			}
		})
	}
}

func TestDropReachesSubscriptionsThatAreNotOpen(t *testing.T) {
	is := is.New(t)
	var h feed.Hub
	s, err := h.Subscribe(feed.Subscriber{Business: "acme", User: "ann", Credential: "s1"})
	is.NoErr(err)
	defer s.Close()
	h.Drop("s1")
	is.True(ended(s)) // a session that ends during the replay ends the subscription
}

func TestShutdownWaitsForOwners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		var h feed.Hub
		s := subscribe(t, &h, "acme", "ann", "")
		var wg sync.WaitGroup
		wg.Go(func() {
			<-s.Done()
			time.Sleep(time.Second) // saying good-bye takes the owner a moment
			s.Close()
		})
		began := time.Now()
		is.NoErr(h.Shutdown(t.Context()))        // ends well
		is.Equal(time.Since(began), time.Second) // when the owner has closed
		is.Equal(s.Reason(), feed.GoingAway)     // it was told why
		_, err := h.Subscribe(feed.Subscriber{}) // a late comer
		is.True(errors.Is(err, feed.ErrClosed))  // is refused
		is.NoErr(h.Shutdown(t.Context()))        // again: nothing to do
		wg.Wait()
	})
}

func TestShutdownGivesUpWithItsContext(t *testing.T) {
	is := is.New(t)
	var h feed.Hub
	subscribe(t, &h, "acme", "ann", "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	is.True(errors.Is(h.Shutdown(ctx), context.Canceled)) // an owner that hangs does not hang the stop
}

func TestShutdownOfAnUnusedHub(t *testing.T) {
	is := is.New(t)
	var h feed.Hub
	is.NoErr(h.Shutdown(t.Context())) // the zero value can be stopped
}

func TestFirstReasonStays(t *testing.T) {
	is := is.New(t)
	var h feed.Hub
	s := subscribe(t, &h, "acme", "ann", "s1")
	h.Drop("s1")
	s.Close()
	is.Equal(s.Reason(), feed.Ended) // closing does not overwrite it
}

func TestFrameIsMadeOnce(t *testing.T) {
	is := is.New(t)
	e := &feed.Event{Value: "x"}
	var made int
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range 8 {
		wg.Go(func() {
			e.Frame(func() []byte { mu.Lock(); made++; mu.Unlock(); return []byte("frame") })
		})
	}
	wg.Wait()
	is.Equal(made, 1)                                                // one encoding for all
	is.Equal(string(e.Frame(func() []byte { return nil })), "frame") // which later callers share
}

// TestOrderUnderLoad publishes while subscribers come and go: every subscriber
// sees a run of consecutive numbers, and the hub ends empty.
func TestOrderUnderLoad(t *testing.T) {
	is := is.New(t)
	var h feed.Hub
	const events = 5000
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for u := range 8 {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := watch(&h, fmt.Sprint("user", u), 40+n%7, stop); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range events {
		h.Publish(&feed.Event{Business: "acme", Value: i})
	}
	close(stop)
	wg.Wait()
	is.Equal(h.Stats().Subscriptions, 0) // every place was given back
}

// watch reads n events and checks that they follow each other.
func watch(h *feed.Hub, user string, n int, stop <-chan struct{}) error {
	s, err := h.Subscribe(feed.Subscriber{Business: "acme", User: user})
	if err != nil {
		return err
	}
	defer s.Close()
	s.Open()
	last := -1
	for range n {
		select {
		case e := <-s.Events():
			if i := e.Value.(int); last >= 0 && i != last+1 {
				return fmt.Errorf("%s: %d came after %d", user, i, last)
			}
			last = e.Value.(int)
		case <-s.Done():
			return nil // cut: the publisher is faster here than any network
		case <-stop:
			return nil
		}
	}
	return nil
}

// BenchmarkPublishToThousand times one event from Publish to the last of a
// thousand readers.
func BenchmarkPublishToThousand(b *testing.B) {
	var h feed.Hub
	var readers, unread sync.WaitGroup
	for i := range 1000 {
		s, err := h.Subscribe(feed.Subscriber{Business: "acme", User: fmt.Sprint("user", i)})
		if err != nil {
			b.Fatal(err)
		}
		s.Open()
		readers.Go(func() {
			defer s.Close()
			for {
				select {
				case <-s.Events():
					unread.Done()
				case <-s.Done():
					return
				}
			}
		})
	}
	for b.Loop() {
		unread.Add(1000)
		h.Publish(&feed.Event{Business: "acme", Value: 1})
		unread.Wait()
	}
	if err := h.Shutdown(context.Background()); err != nil {
		b.Fatal(err)
	}
	readers.Wait()
}
