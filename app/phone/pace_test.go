package phone_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
)

func TestPace(t *testing.T) {
	busy := &phone.Error{Kind: phone.Transient, Status: http.StatusTooManyRequests}
	broken := &phone.Error{Kind: phone.Transient, Status: http.StatusInternalServerError}
	for _, tt := range []struct {
		name    string
		took    []time.Duration // each answer
		answers []error
		want    []time.Duration // between an answer and the next request
	}{
		{"a quick system is not held up", []time.Duration{time.Millisecond, time.Millisecond}, []error{nil, nil}, []time.Duration{0}},
		{"a slow one gets as long as it took", []time.Duration{2 * time.Second, 2 * time.Second}, []error{nil, nil}, []time.Duration{2 * time.Second}},
		{"but no more than a while", []time.Duration{time.Minute, time.Minute}, []error{nil, nil}, []time.Duration{5 * time.Second}},
		{"one that is busy more and more, and less again", []time.Duration{0, 0, 0, 0, 0, 0}, []error{busy, busy, busy, nil, nil, nil},
			[]time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, time.Second, 500 * time.Millisecond}},
		{"one that is broken is not helped by that", []time.Duration{0, 0}, []error{broken, nil}, []time.Duration{0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				is := is.New(t)
				p := phone.NewPace(time.Now, phone.Pause)
				var got []time.Duration
				var last time.Time
				for i, answer := range tt.answers {
					err := p.Do(t.Context(), "test", func() error {
						if i > 0 {
							got = append(got, time.Since(last))
						}
						time.Sleep(tt.took[i])
						return answer
					})
					last = time.Now()
					is.Equal(err, answer)
				}
				is.Equal(got, tt.want)
			})
		})
	}
}

func TestPaceAsksOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := phone.NewPace(time.Now, phone.Pause)
		var atOnce, most int
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				_ = p.Do(t.Context(), "test", func() error {
					atOnce++
					most = max(most, atOnce)
					time.Sleep(time.Second)
					atOnce--
					return nil
				})
			})
		}
		wg.Wait()
		is.Equal(most, 1)
	})
}

func TestPaceIsLeftWhenTheCallerGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := phone.NewPace(time.Now, phone.Pause)
		held, free := make(chan struct{}), make(chan struct{})
		go func() { _ = p.Do(context.Background(), "test", func() error { close(held); <-free; return nil }) }()
		<-held
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := p.Do(ctx, "test", func() error { t.Error("asked after all"); return nil })
		is.True(errors.Is(err, context.Canceled))
		close(free)
	})
}
