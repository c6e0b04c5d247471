package phone_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
)

// sound is bytes that are taken for a recording.
func sound(n int) []byte {
	return append([]byte("RIFF\x00\x00\x00\x00WAVEfmt "), make([]byte, n-16)...)
}

// drip is what a phone system answers with: n bytes at a time, each after a while.
type drip struct {
	ctx   context.Context
	body  io.Reader
	n     int
	after time.Duration
}

func (d drip) Read(p []byte) (int, error) {
	select {
	case <-time.After(d.after):
		return d.body.Read(p[:min(len(p), d.n)])
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
}

func (d drip) Close() error { return nil }

// opened opens a recording of size bytes (or unknown) of a system that answers with
// n bytes every so often.
func opened(t *testing.T, d *phone.Downloader, size, n int, every time.Duration) (phone.Audio, error) {
	t.Helper()
	d.Op, d.Sleep = "x: open", phone.Pause
	d.SignedIn = func(_ context.Context, _ string, try func(string) error) error { return try("token") }
	return d.Open(t.Context(), func(ctx context.Context, _ string, _ http.Header) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, ContentLength: int64(size), Body: drip{ctx, bytes.NewReader(sound(size)), n, every}}, nil
	})
}

func TestADownloadTakesAsLongAsItsBytes(t *testing.T) {
	const kib = 1 << 10
	for _, tt := range []struct {
		name  string
		size  int
		n     int // bytes at a time
		every time.Duration
		whole bool
		takes time.Duration
	}{
		{"a long call on a slow line", 16 << 20, 20 * kib, time.Second, true, 820 * time.Second},
		{"silence", 10 * kib, kib, 61 * time.Second, false, time.Minute},
		{"a trickle", 100 * kib, 1, 50 * time.Second, false, 5 * time.Minute},
		{"a little now and then", 1 << 20, kib, 30 * time.Second, false, 5 * time.Minute},
		{"so large that it never ends", 240 << 20, 32 * kib, time.Second, false, 2 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				is := is.New(t)
				began := time.Now()
				audio, err := opened(t, &phone.Downloader{}, tt.size, tt.n, tt.every)
				var got int64
				if err == nil {
					defer audio.Body.Close()
					got, err = io.Copy(io.Discard, audio.Body)
				}
				is.Equal(got == int64(tt.size), tt.whole)
				if !tt.whole {
					is.Equal(phone.KindOf(err), phone.BadContent) // about this recording and not about the system
				}
				is.True(time.Since(began) <= tt.takes+time.Second)
			})
		})
	}
}

func TestOnlyWaitingForBytesCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		audio, err := opened(t, &phone.Downloader{}, 100<<10, 10<<10, time.Second)
		is.NoErr(err)
		defer audio.Body.Close()
		p := make([]byte, 8<<10)
		for {
			if _, err = audio.Body.Read(p); err != nil {
				break
			}
			time.Sleep(time.Hour) // the reader may take its time
		}
		is.True(errors.Is(err, io.EOF))
	})
}

func TestASystemThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		d := &phone.Downloader{Op: "x: open", SignedIn: func(_ context.Context, _ string, try func(string) error) error { return try("") }}
		began := time.Now()
		_, err := d.Open(t.Context(), func(ctx context.Context, _ string, _ http.Header) (*http.Response, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		is.Equal(phone.KindOf(err), phone.Unreachable)
		is.Equal(time.Since(began), 2*time.Minute)
	})
}

func TestAStopDuringADownload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		d := &phone.Downloader{Op: "x: open", SignedIn: func(_ context.Context, _ string, try func(string) error) error { return try("") }}
		audio, err := d.Open(ctx, func(ctx context.Context, _ string, _ http.Header) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, ContentLength: -1, Body: drip{ctx, bytes.NewReader(sound(9000)), 1000, time.Second}}, nil
		})
		is.NoErr(err)
		defer audio.Body.Close()
		time.AfterFunc(4*time.Second, cancel)
		_, err = io.ReadAll(audio.Body)
		is.True(errors.Is(err, context.Canceled))
		is.Equal(phone.KindOf(err), phone.Kind("")) // nobody is to blame
	})
}

func TestAThrottleIsSharedAndCountsAsNoDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		d := &phone.Downloader{Limit: phone.NewThrottle(8)} // less than the pace that a system must keep
		began := time.Now()
		var wg sync.WaitGroup
		for range 2 {
			audio, err := opened(t, d, 8<<20, 1<<20, 0)
			is.NoErr(err)
			defer audio.Body.Close()
			wg.Go(func() {
				if n, err := io.Copy(io.Discard, audio.Body); err != nil || n != 8<<20 {
					t.Errorf("%d bytes, %v", n, err)
				}
			})
		}
		wg.Wait()
		took, want := time.Since(began), time.Duration(2*8<<20/(8<<10))*time.Second
		is.True(took > want-time.Minute && took < want+time.Minute) // what both have at that rate
	})
}

func TestCheckKiBps(t *testing.T) {
	for kibps, ok := range map[int]bool{0: true, 8: true, 1000000: true, -1: false, 7: false, 1000001: false} {
		if err := phone.CheckKiBps("maxDownloadKiBps", kibps); (err == nil) != ok {
			t.Errorf("%d gives %v", kibps, err)
		}
	}
}

// FuzzContentRange feeds anything as the header of a part: what is taken begins
// where it was asked for.
func FuzzContentRange(f *testing.F) {
	for _, seed := range []string{"bytes 5000-8999/9000", "bytes 5000-8999/*", "bytes 0-8999/9000", "bytes */9000", "bytes 5000-/9000", "5000-8999/9000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		whole := sound(9000)
		d := &phone.Downloader{
			Op: "x: open", SignedIn: func(_ context.Context, _ string, try func(string) error) error { return try("") },
			Sleep: func(context.Context, time.Duration) error { return nil },
		}
		audio, err := d.Open(t.Context(), func(_ context.Context, _ string, h http.Header) (*http.Response, error) {
			resp := &http.Response{StatusCode: http.StatusOK, ContentLength: 9000, Body: io.NopCloser(bytes.NewReader(whole[:5000]))}
			if h.Get("Range") != "" {
				resp.StatusCode, resp.Header, resp.Body = http.StatusPartialContent, http.Header{"Content-Range": {header}}, io.NopCloser(bytes.NewReader(whole[5000:]))
			}
			return resp, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		defer audio.Body.Close()
		got, err := io.ReadAll(audio.Body)
		switch header {
		case "bytes 5000-8999/9000", "bytes 5000-8999/*":
			if err != nil || !bytes.Equal(got, whole) {
				t.Errorf("%q gives %d bytes, %v", header, len(got), err)
			}
		case "bytes 0-8999/9000", "bytes */9000", "bytes 5000-/9000", "5000-8999/9000":
			if phone.KindOf(err) != phone.BadContent || len(got) != 5000 {
				t.Errorf("%q gives %d bytes, %v", header, len(got), err)
			}
		}
	})
}
