package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// A target is what messages are posted to.
type target struct {
	url string
	key string // empty: it wants none
}

// A load is what came of posting as fast as may be.
type load struct {
	rate     float64 // messages a second
	p50, p99 time.Duration
}

// A poster posts messages over one connection after the other.
type poster struct {
	target
	client *fasthttp.Client
	body   []byte
}

func newPoster(t target, text string) *poster {
	return &poster{
		target: t, client: &fasthttp.Client{MaxConnsPerHost: callers, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second},
		body: fmt.Appendf(nil, `{"channel":"in_app","title":"Angry customer","severity":"warning","body":%q}`, text),
	}
}

// post posts one message and returns how long the answer took.
func (p *poster) post() (time.Duration, error) {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	req.Header.SetMethod(fasthttp.MethodPost)
	req.SetRequestURI(p.url)
	req.Header.SetContentType("application/json")
	if p.key != "" {
		req.Header.Set("Authorization", "Bearer "+p.key)
	}
	req.SetBodyRaw(p.body)
	begin := time.Now()
	if err := p.client.Do(req, res); err != nil {
		return 0, fmt.Errorf("bench: post: %w", err)
	}
	if res.StatusCode() != fasthttp.StatusOK {
		return 0, fmt.Errorf("bench: post: answered %d: %.200s", res.StatusCode(), res.Body())
	}
	return time.Since(begin), nil
}

// publish posts from n callers for a while.
func publish(ctx context.Context, t target, n int, length time.Duration) (load, error) {
	p := newPoster(t, strings.Repeat("x", shortLength))
	defer p.client.CloseIdleConnections()
	return spread(ctx, n, length, p.post)
}

// spread has n callers do something, which says how long it took, again and again
// for a while. A caller that fails does no more.
func spread(ctx context.Context, n int, length time.Duration, do func() (time.Duration, error)) (load, error) {
	took, errs := make([][]time.Duration, n), make([]error, n)
	begin := time.Now()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			for time.Since(begin) < length && ctx.Err() == nil && errs[i] == nil {
				var d time.Duration
				if d, errs[i] = do(); errs[i] == nil {
					took[i] = append(took[i], d)
				}
			}
		})
	}
	wg.Wait()
	all := slices.Concat(took...)
	slices.Sort(all)
	l := load{rate: float64(len(all)) / time.Since(begin).Seconds(), p50: quantile(all, 0.5), p99: quantile(all, 0.99)}
	return l, cmp.Or(append(errs, ctx.Err())...) // they tend to be all the same
}
