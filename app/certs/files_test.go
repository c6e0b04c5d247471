package certs_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"crk/app/certs"
)

// A pair is a certificate's two files, and what is logged about them.
type pair struct {
	t         *testing.T
	cert, key string
	log       bytes.Buffer
}

// renew puts a new pair into the files and returns its certificate.
func (p *pair) renew() *x509.Certificate {
	p.t.Helper()
	dir := p.t.TempDir()
	served(p.t, dir) // makes a pair to use as files
	for from, to := range map[string]string{"ca.crt": p.cert, "ca.key": p.key} {
		if err := os.Rename(filepath.Join(dir, from), to); err != nil {
			p.t.Fatal(err)
		}
	}
	made, err := tls.LoadX509KeyPair(p.cert, p.key)
	if err != nil {
		p.t.Fatal(err)
	}
	return made.Leaf
}

// shown is the certificate that a client sees in a handshake with c.
func (p *pair) shown(c *tls.Config) *x509.Certificate {
	p.t.Helper()
	here, there := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- tls.Server(there, c).Handshake() }()
	client := tls.Client(here, &tls.Config{InsecureSkipVerify: true}) // it is compared, not trusted
	if err := client.Handshake(); err != nil {
		p.t.Fatal("handshake:", err)
	}
	state := client.ConnectionState()
	here.Close()
	<-done
	there.Close()
	return state.PeerCertificates[0]
}

func newPair(t *testing.T) *pair {
	dir := t.TempDir()
	return &pair{t: t, cert: filepath.Join(dir, "tls.crt"), key: filepath.Join(dir, "tls.key")}
}

func (p *pair) serve() (*tls.Config, error) {
	return certs.Files(p.cert, p.key, slog.New(slog.NewTextHandler(&p.log, nil)))
}

func TestRenewedFilesAreServed(t *testing.T) {
	is := is.New(t)
	p := newPair(t)
	_, err := p.serve()
	is.True(err != nil) // missing files are said at the start
	first := p.renew()
	c, err := p.serve()
	is.NoErr(err)
	is.True(p.shown(c).Equal(first)) // what the file holds
	second := p.renew()
	is.True(!second.Equal(first))
	is.True(p.shown(c).Equal(second)) // at the next handshake, without a restart
	is.Equal(p.log.String(), "")
}

func TestBrokenFilesAreNotServed(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(p *pair) error
	}{
		{"half written", func(p *pair) error { return os.Truncate(p.cert, 100) }},
		{"empty", func(p *pair) error { return os.Truncate(p.key, 0) }},
		{"gone", func(p *pair) error { return os.Remove(p.cert) }},
		{"a key of another", func(p *pair) error {
			cert, err := os.ReadFile(p.cert)
			if err != nil {
				return err
			}
			p.renew()
			return os.WriteFile(p.cert, cert, 0o600)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			p := newPair(t)
			first := p.renew()
			c, err := p.serve()
			is.NoErr(err)
			is.NoErr(tt.damage(p))
			for range 3 {
				is.True(p.shown(c).Equal(first)) // the last good pair goes on to serve
			}
			is.Equal(strings.Count(p.log.String(), "level=WARN"), 1) // which is logged, once
			second := p.renew()
			is.True(p.shown(c).Equal(second)) // until the files are whole
		})
	}
}

// TestFilesThatCannotBeReadYet: what mends files without a sign of a change, as a
// permission does, is found a little later.
func TestFilesThatCannotBeReadYet(t *testing.T) {
	p := newPair(t)
	p.renew()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		c, err := p.serve()
		is.NoErr(err)
		second := p.renew()
		key, err := os.ReadFile(p.key)
		is.NoErr(err)
		at := time.Now().Add(-time.Hour)
		write := func(b []byte) {
			is.NoErr(os.WriteFile(p.key, b, 0o600))
			is.NoErr(os.Chtimes(p.key, at, at)) // as old and as long as before
		}
		write(bytes.Repeat([]byte("x"), len(key)))
		is.True(!p.shown(c).Equal(second))
		write(key)
		is.True(!p.shown(c).Equal(second)) // it is not read at every handshake
		time.Sleep(10 * time.Second)
		is.True(p.shown(c).Equal(second))
	})
}
