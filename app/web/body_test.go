package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/web"
)

// A wire is a connection on which requests are written byte by byte.
type wire struct {
	net.Conn
	r *bufio.Reader
	t *testing.T
}

func (s *server) wire(t *testing.T) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", s.listen(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &wire{conn, bufio.NewReader(conn), t}
}

// send writes all of a request before it looks for an answer.
func (w *wire) send(request string) {
	w.t.Helper()
	if _, err := w.Write([]byte(request)); err != nil {
		w.t.Fatal("write:", err)
	}
}

// status reads an answer; 0 is the end of the connection.
func (w *wire) status() int {
	w.t.Helper()
	if _, err := w.r.Peek(1); err != nil {
		return 0
	}
	res, err := http.ReadResponse(w.r, nil)
	if err != nil {
		w.t.Fatal("read:", err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		w.t.Fatal("read body:", err)
	}
	return res.StatusCode
}

func withLength(line, header, body string) string {
	return fmt.Sprintf("%s HTTP/1.1\r\nHost: crk\r\n%sContent-Length: %d\r\n\r\n%s", line, header, len(body), body)
}

const healthRequest = "GET /healthz HTTP/1.1\r\nHost: crk\r\n\r\n"

// What is refused without being read must not be reset: the sender would see no
// answer at all.
func TestSenderOfARefusedBodySeesWhy(t *testing.T) {
	big := strings.Repeat("x", 8<<20)
	chunked := fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(big), big)
	for _, tt := range []struct {
		name    string
		request func(key string) string
		status  int
	}{
		{"too large", func(key string) string { return withLength("POST /api/v1/recordings", key, big) }, 413},
		{"too large, in chunks", func(key string) string { return "POST /api/v1/recordings HTTP/1.1\r\nHost: crk\r\n" + key + chunked }, 413},
		{"audio too large", func(key string) string { return withLength("PUT /api/v1/recordings/x/audio", key, big) }, 413},
		{"audio without a key", func(string) string { return withLength("PUT /api/v1/recordings/x/audio", "", big[:3<<20]) }, 401},
		{"audio in chunks without a key", func(string) string { return "PUT /api/v1/recordings/x/audio HTTP/1.1\r\nHost: crk\r\n" + chunked }, 401},
		{"audio that nobody awaits", func(string) string { return withLength("PUT /api/v1/uploads/x", "", big[:3<<20]) }, 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, func(o *web.Options) { o.MaxAudio = 4 << 20 })
			w := s.wire(t)
			w.send(tt.request("Authorization: Bearer " + s.Key(t) + "\r\n"))
			is.New(t).Equal(w.status(), tt.status)
		})
	}
}

func TestBodyIsNeverTakenForARequest(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	w := s.wire(t)
	for _, line := range []string{"PUT /api/v1/recordings/x/audio", "POST /api/v1/recordings", "GET /api/v1/meta/whoami", "DELETE /api/v1/recordings/x"} {
		w.send(withLength(line, "", healthRequest) + "GET /readyz?next HTTP/1.1\r\nHost: crk\r\n\r\n")
		is.Equal(w.status(), 401) // the request's own answer
		is.Equal(w.status(), 200) // then the next one's, on the same connection
	}
	is.NoErr(w.SetReadDeadline(time.Now().Add(100 * time.Millisecond)))
	is.Equal(w.status(), 0) // and nothing else was answered
}

func TestTwoLengthsAreRefused(t *testing.T) {
	is := is.New(t)
	w := newServer(t).wire(t)
	w.send("POST /api/v1/recordings HTTP/1.1\r\nHost: crk\r\nContent-Length: 0\r\ncontent-length: " +
		fmt.Sprint(len(healthRequest)) + "\r\n\r\n" + healthRequest)
	is.Equal(w.status(), 400)
	is.Equal(w.status(), 0) // what came with it is nobody's request
}
