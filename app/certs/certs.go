// Package certs provides the certificates that the appliance serves HTTPS with:
// the operator's own, read again when their files change, or ones that it signs
// itself with a certificate authority of its own.
package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// Files returns a TLS configuration with the certificate and key of two PEM
// files, which are read again when either changes, so that a renewed
// certificate needs no restart. Files that cannot be read at the start are an
// error; later on, the last good pair goes on to serve.
func Files(cert, key string) (*tls.Config, error) {
	f := &files{cert: cert, key: key}
	if err := f.load(); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: f.get}, nil
}

// checkEvery is how often the files are looked at, at most.
const checkEvery = 10 * time.Second

type files struct {
	cert, key string

	mu      sync.Mutex
	pair    *tls.Certificate
	changed time.Time // of the newer file, when pair was read
	checked time.Time
}

func (f *files) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := time.Now(); now.Sub(f.checked) > checkEvery {
		f.checked = now
		if t, err := f.modified(); err == nil && !t.Equal(f.changed) {
			_ = f.load() // half-written files are read again at the next look
		}
	}
	return f.pair, nil
}

func (f *files) load() error {
	t, err := f.modified()
	if err != nil {
		return fmt.Errorf("certs: %w", err)
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return fmt.Errorf("certs: read %s and its key: %w", f.cert, err)
	}
	f.pair, f.changed = &pair, t
	return nil
}

func (f *files) modified() (time.Time, error) {
	c, err1 := os.Stat(f.cert)
	k, err2 := os.Stat(f.key)
	if err := errors.Join(err1, err2); err != nil {
		return time.Time{}, err
	}
	if k.ModTime().After(c.ModTime()) {
		return k.ModTime(), nil
	}
	return c.ModTime(), nil
}
