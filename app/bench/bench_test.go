package bench_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/matryer/is"

	"crk/app/bench"
	"crk/store/storetest"
)

func TestFrames(t *testing.T) {
	for _, length := range []int{2, 60, 127, 130, 281, 4000} {
		is := is.New(t)
		frame := bench.TextFrame(length)
		is.Equal(len(frame), length)
		ping := []byte{0x89, 0}
		r := bufio.NewReader(bytes.NewReader(append(frame, ping...)))
		kind, n, err := bench.SkipFrame(r)
		is.NoErr(err)
		is.Equal(kind, websocket.TextMessage)
		is.Equal(n, length) // it is read as it was made
		kind, n, err = bench.SkipFrame(r)
		is.NoErr(err)
		is.True(kind == websocket.PingMessage && n == 2) // a ping is no message
		_, _, err = bench.SkipFrame(r)
		is.Equal(err, io.EOF)
	}
}

// served starts a helper and returns where it listens.
func served(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() { _ = bench.Run(ctx, bench.Options{Stdout: w}, args) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(strings.TrimSpace(line), "open=")
}

func TestLoopKeepsWhatItAnswers(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	url := served(t, "loop", dir)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			res, err := http.Post(url+"/publish", "application/json", strings.NewReader(`{"title":"T","body":"B","severity":"info"}`))
			if err != nil {
				t.Error(err)
				return
			}
			res.Body.Close()
			if res.StatusCode != 200 {
				t.Error("status", res.StatusCode)
			}
		})
	}
	wg.Wait()
	var f storetest.Fixture
	f.Path = filepath.Join(dir, "loop.db")
	is.Equal(f.Text(t, `SELECT count(*) || title || body || severity FROM feed`), "20TBinfo")
	res, err := http.Post(url+"/publish", "application/json", strings.NewReader(`no`))
	is.NoErr(err)
	res.Body.Close()
	is.Equal(res.StatusCode, 400)
}

func TestFloorTellsEverybody(t *testing.T) {
	is := is.New(t)
	addr := strings.TrimPrefix(served(t, "floor"), "http://")
	conns := make([]net.Conn, bench.FanSockets+1)
	for i := range conns {
		c, err := net.Dial("tcp", addr)
		is.NoErr(err)
		defer c.Close()
		is.NoErr(c.SetReadDeadline(time.Now().Add(time.Minute)))
		conns[i] = c
	}
	_, err := conns[0].Write([]byte{0, 0, 1, 25})
	is.NoErr(err)
	for _, c := range conns[1:] {
		kind, n, err := bench.SkipFrame(bufio.NewReader(c))
		is.NoErr(err)
		is.True(kind == websocket.TextMessage && n == 281) // the frame that was asked for
	}
	is.NoErr(conns[0].Close()) // which ends it
}

func TestUnknownBenchmark(t *testing.T) {
	is := is.New(t)
	for _, args := range [][]string{nil, {"x"}, {"loop"}, {"notify", "x"}, {"webhooks", "x"}, {"floor", "x"}} {
		is.True(bench.Run(t.Context(), bench.Options{Stdout: io.Discard}, args) != nil)
	}
}

func TestQuantiles(t *testing.T) {
	is := is.New(t)
	var times []time.Duration
	for n := range 100 {
		times = append(times, time.Duration(n+1))
	}
	is.Equal(bench.Quantile(times, 0.5), time.Duration(51))
	is.Equal(bench.Quantile(times, 0.99), time.Duration(100))
	is.Equal(bench.Quantile(times, 1), time.Duration(100))
	is.Equal(bench.Quantile(nil, 0.5), time.Duration(0))
}
