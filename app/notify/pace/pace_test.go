package pace_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"crk/app/notify/pace"
)

// turns makes a new name for each of those who come once.
var turns atomic.Int64

// turn asks for a turn as somebody new.
func turn(p *pace.Pacer, l pace.Lane) time.Duration {
	return p.Turn(l, fmt.Sprint("once", turns.Add(1)))
}

// ever is a deadline that no test reaches.
func ever() time.Time { return time.Now().Add(24 * time.Hour) }

// log is what a peer sees: when each message arrived.
type log struct {
	mu sync.Mutex
	at []time.Time
}

func (l *log) note() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at = append(l.at, time.Now())
}

// most returns the largest number of arrivals in any span of the given length.
func (l *log) most(span time.Duration) int {
	slices.SortFunc(l.at, time.Time.Compare)
	most := 0
	for i, first := range l.at {
		n := 0
		for _, t := range l.at[i:] {
			if t.Sub(first) < span {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

func TestBurstToGroupIsDelayedNotDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := pace.New(time.Now)
		var group log
		var wg sync.WaitGroup
		began := time.Now()
		for range 200 {
			wg.Go(func() {
				if err := p.Wait(t.Context(), pace.Telegram(-100123), ever()); err != nil {
					t.Error(err)
				}
				group.note()
			})
		}
		wg.Wait()
		is.Equal(len(group.at), 200)                                 // nothing is lost
		is.True(group.most(time.Minute) <= 20)                       // never over the group's limit
		is.True(group.most(time.Second) <= 3)                        // nor the chat's
		is.True(time.Since(began) < 9*61*time.Second+20*time.Second) // and no slower than the limits ask
	})
}

func TestWaitingGroupHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := pace.New(time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { _ = p.Wait(ctx, pace.Telegram(-1), ever()) })
		}
		synctest.Wait()
		began := time.Now()
		is.NoErr(p.Wait(ctx, pace.Telegram(7), ever()))       // another chat's message
		is.True(time.Since(began) <= time.Second)             // goes at once
		is.Equal(turn(p, pace.Telegram(8)), time.Duration(0)) // by a job too
		cancel()
		wg.Wait()
	})
}

func TestBotLimitIsSharedByChats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := pace.New(time.Now)
		var bot log
		var wg sync.WaitGroup
		for chat := range 200 {
			wg.Go(func() {
				if err := p.Wait(t.Context(), pace.Telegram(int64(chat+1)), ever()); err != nil {
					t.Error(err)
				}
				bot.note()
			})
		}
		wg.Wait()
		is.Equal(len(bot.at), 200)          // every chat gets its message
		is.Equal(bot.most(time.Second), 25) // 25 in a second, not one more or less
	})
}

func TestChatBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := pace.New(time.Now)
		began := time.Now()
		var took []time.Duration
		for range 7 {
			is.NoErr(p.Wait(t.Context(), pace.Telegram(7), ever()))
			took = append(took, time.Since(began))
		}
		const s = time.Second
		is.Equal(took, []time.Duration{0, 0, 0, 3 * s, 3 * s, 3 * s, 6 * s}) // bursts of three, one a second on the whole
	})
}

func TestFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := pace.New(time.Now)
		var mu sync.Mutex
		var order []int
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				if err := p.Wait(t.Context(), pace.Telegram(7), ever()); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i/3)
			})
			synctest.Wait() // i waits before i+1 comes
		}
		wg.Wait()
		is.True(slices.IsSorted(order)) // who came first goes first (within a burst the order is free)
	})
}

func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := pace.New(time.Now)
		for range 20 {
			is.NoErr(p.Wait(t.Context(), pace.Telegram(-5), ever()))
		}
		began := time.Now()
		err := p.Wait(t.Context(), pace.Telegram(-5), time.Now().Add(10*time.Second))
		var late *pace.LaterError
		is.True(errors.As(err, &late))                // the turn would come too late
		is.Equal(time.Since(began), time.Duration(0)) // which is said at once
		is.Equal(late.After, 43*time.Second)          // with how long it would take: 61 s after the first
		time.Sleep(late.After)
		is.Equal(turn(p, pace.Telegram(-5)), time.Duration(0)) // and is true: no turn was used up
	})
}

func TestDeadlineOfSharedLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := pace.New(time.Now)
		p.Hold(pace.TelegramKey, 30*time.Second) // the bot as a whole was told to wait
		err := p.Wait(t.Context(), pace.Telegram(7), time.Now().Add(10*time.Second))
		var late *pace.LaterError
		is.True(errors.As(err, &late))       // every chat must
		is.Equal(late.After, 30*time.Second) // as long as that
	})
}

func TestTurnKeepsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := pace.New(time.Now)
		l := pace.Telegram(7)
		for range 3 {
			is.Equal(turn(p, l), time.Duration(0)) // the burst passes
		}
		time.Sleep(time.Second)
		for range 50 {
			is.Equal(p.Turn(l, "ann"), 2*time.Second) // asking again does not lose the place
		}
		is.Equal(p.Turn(l, "bob"), 2*time.Second)             // nor does it take another's
		is.Equal(turn(p, pace.Telegram(8)), time.Duration(0)) // nor count for the bot
		time.Sleep(2 * time.Second)
		is.Equal(p.Turn(l, "bob"), time.Duration(0)) // the turn has come
		is.Equal(p.Turn(l, "ann"), time.Duration(0))
		is.Equal(p.Turn(l, "ann"), time.Duration(0)) // it served once: this is a new one, the third of the burst
		is.Equal(p.Turn(l, "ann"), 3*time.Second)    // and here the burst ends
	})
}

func TestTurnThatIsMissedIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := pace.New(time.Now)
		l := pace.Telegram(7)
		for range 3 {
			is.Equal(turn(p, l), time.Duration(0))
		}
		for who := range 30 {
			p.Turn(l, fmt.Sprint(who))
		}
		time.Sleep(time.Hour) // all their turns come and go
		sent := 0
		for who := range 30 {
			if p.Turn(l, fmt.Sprint(who)) == 0 {
				sent++
			}
		}
		is.Equal(sent, 3) // they do not come all at once
	})
}

func TestTurnsOfABacklogAreInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := pace.New(time.Now)
		l := pace.Telegram(-7)
		var group log
		asked := 0
		var waits []time.Duration
		for who := range 60 {
			asked++
			if d := p.Turn(l, fmt.Sprint(who)); d > 0 {
				waits = append(waits, d)
				continue
			}
			group.note()
		}
		is.True(slices.IsSorted(waits)) // who came first goes first
		began := time.Now()
		for i, d := range waits {
			time.Sleep(d - time.Since(began))
			asked++
			is.Equal(p.Turn(l, fmt.Sprint(i+3)), time.Duration(0)) // the turn comes when it was said
			group.note()
		}
		is.Equal(asked, 117)                   // all but the burst of three asked twice
		is.True(group.most(time.Minute) <= 20) // within the limit
	})
}

func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := pace.New(time.Now)
		l := pace.Telegram(7)
		p.Hold(l.Key, 10*time.Second)
		p.Hold(l.Key, time.Second)
		is.Equal(turn(p, l), 10*time.Second) // a shorter hold does not shorten a longer one
		began := time.Now()
		is.NoErr(p.Wait(t.Context(), l, ever()))
		is.Equal(time.Since(began), 10*time.Second) // what waits, waits as long
	})
}

func TestHoldReachesThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := pace.New(time.Now)
		l := pace.Telegram(7)
		for range 3 {
			is.Equal(turn(p, l), time.Duration(0))
		}
		began := time.Now()
		var took time.Duration
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := p.Wait(t.Context(), l, ever()); err != nil {
				t.Error(err)
			}
			took = time.Since(began)
		})
		synctest.Wait()
		p.Hold(l.Key, time.Minute) // a message on its way was answered 429
		wg.Wait()
		is.Equal(took, time.Minute) // the one that had a turn before keeps to it
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := pace.New(time.Now)
		p.Hold("telegram:7", time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		is.True(errors.Is(p.Wait(ctx, pace.Telegram(7), ever()), context.DeadlineExceeded)) // a stop is not held up
	})
}

func TestDiscordFollowsHeaders(t *testing.T) {
	for _, tt := range []struct {
		name  string
		quota pace.Quota
		want  []time.Duration // of the sends after one that brought the headers
	}{
		{"a guess without headers", pace.Quota{},
			[]time.Duration{0, 0, 0, 0, 2200 * time.Millisecond}},
		{"the peer gives more", pace.Quota{Limit: 10, Remaining: 9, ResetAfter: time.Second},
			[]time.Duration{0, 0, 0, 0, 0, 0, 0, 0, 0, time.Second}},
		{"the peer gives less", pace.Quota{Limit: 2, Remaining: 1, ResetAfter: 5 * time.Second},
			[]time.Duration{0, 5 * time.Second, 5 * time.Second, 10 * time.Second}},
		{"nothing left", pace.Quota{Limit: 5, Remaining: 0, ResetAfter: 4 * time.Second},
			[]time.Duration{4 * time.Second, 4 * time.Second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				is := is.New(t)
				p := pace.New(time.Now)
				l := pace.Discord("42")
				is.Equal(turn(p, l), time.Duration(0))
				p.Learn(l.Key, tt.quota)
				began := time.Now()
				for _, want := range tt.want {
					is.NoErr(p.Wait(t.Context(), l, ever()))
					is.Equal(time.Since(began), want) // goes when the case says
				}
			})
		})
	}
}

func TestLearnKeepsWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := pace.New(time.Now)
		l := pace.Discord("42")
		p.Learn(l.Key, pace.Quota{Limit: 5, Remaining: 4, ResetAfter: 2 * time.Second})
		for range 4 {
			is.Equal(turn(p, l), time.Duration(0))
		}
		// The answer to the first of them knows nothing of the other three.
		p.Learn(l.Key, pace.Quota{Limit: 5, Remaining: 3, ResetAfter: 2 * time.Second})
		is.Equal(turn(p, l), 2*time.Second) // so its figure must not free their places
	})
}

func TestDiscordMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := pace.New(time.Now)
		var peer log
		for range 100 {
			is.NoErr(p.Wait(t.Context(), pace.Discord("42"), ever()))
			peer.note()
		}
		is.Equal(peer.most(time.Minute), 30)  // 30 a minute
		is.Equal(peer.most(2*time.Second), 5) // 5 in two seconds
	})
}

func TestForgetsIdleDestinations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := pace.New(time.Now)
		for chat := range 500 {
			turn(p, pace.Telegram(int64(chat+1)))
		}
		p.Hold("telegram:-9", time.Hour)
		time.Sleep(10 * time.Minute)
		turn(p, pace.Telegram(1))
		is.Equal(p.Buckets(), 3)                             // this chat, its bot and the hold
		is.Equal(turn(p, pace.Telegram(-9)), 50*time.Minute) // which still holds
	})
}

// TestLimitsHoldWhateverHappens throws random lanes, holds and headers at a
// pacer: no span ever holds more starts than a limit allows.
func TestLimitsHoldWhateverHappens(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				is := is.New(t)
				r := rand.New(rand.NewPCG(seed, 7))
				p := pace.New(time.Now)
				lane := pace.Lane{
					Key: "k", Shared: "s",
					Limits:       []pace.Limit{{Count: 1 + r.IntN(4), Per: time.Second}, {Count: 5 + r.IntN(10), Per: 10 * time.Second}},
					SharedLimits: []pace.Limit{{Count: 3, Per: time.Second}},
				}
				var peer log
				var wg sync.WaitGroup
				for range 60 {
					time.Sleep(time.Duration(r.IntN(300)) * time.Millisecond)
					switch r.IntN(6) {
					case 0:
						if turn(p, lane) == 0 {
							peer.note()
						}
					case 1:
						p.Hold("k", time.Duration(r.IntN(2000))*time.Millisecond)
					default:
						wg.Go(func() {
							if p.Wait(t.Context(), lane, ever()) == nil {
								peer.note()
							}
						})
					}
				}
				wg.Wait()
				for _, l := range append(lane.Limits, lane.SharedLimits...) {
					is.True(peer.most(l.Per) <= l.Count) // within every limit
				}
			})
		})
	}
}
