package certs_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/matryer/is"

	"crk/app/certs"
)

func TestPlainHTTPGetsAHint(t *testing.T) {
	is := is.New(t)
	dir := filepath.Join(t.TempDir(), "tls")
	c, err := certs.Self(dir)
	is.NoErr(err)
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	is.NoErr(err)
	l := certs.Listen(plain, c)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })}
	done := make(chan error)
	go func() { done <- server.Serve(l) }()
	defer func() { server.Close(); <-done }()

	secure := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority(t, dir)}}}
	res, err := secure.Get("https://" + l.Addr().String())
	is.NoErr(err)
	b, err := io.ReadAll(res.Body)
	is.NoErr(err)
	is.Equal(string(b), "hello") // TLS is TLS
	res.Body.Close()
	secure.CloseIdleConnections()

	res, err = http.Get("http://" + l.Addr().String())
	is.NoErr(err)
	defer res.Body.Close()
	is.Equal(res.StatusCode, 400) // and plain HTTP is told so
}
