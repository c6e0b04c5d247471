// Package certs provides the certificates that the appliance serves HTTPS with:
// the operator's own, read again when their files change, or ones that it signs
// itself with a certificate authority of its own.
package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Files returns a TLS configuration with the certificate and key of two PEM
// files, which are read again when either changes, so that a renewed
// certificate needs no restart. Files that cannot be read at the start are an
// error; later on, that is logged and the last good pair goes on to serve.
func Files(cert, key string, log *slog.Logger) (*tls.Config, error) {
	f := &files{cert: cert, key: key, log: log}
	at, err := f.version()
	if err == nil {
		err = f.load(at)
	}
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: f.get}, nil
}

// retryEvery is how soon files that were bad are read again without a sign of a
// change: what was mended may be a permission.
const retryEvery = 10 * time.Second

type files struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	good   version // that pair was read from
	failed bool    // the last reading, which was of
	bad    version
	read   time.Time
}

// A version tells one content of the two files from another.
type version struct {
	cert, key         time.Time
	certSize, keySize int64
}

// get looks at the files at each handshake, which costs far less than the
// handshake does.
func (f *files) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at, err := f.version()
	if err == nil && at == f.good {
		return f.pair, nil
	}
	seen := f.failed && at == f.bad
	if seen && time.Since(f.read) < retryEvery {
		return f.pair, nil
	}
	f.read = time.Now()
	if err == nil {
		err = f.load(at)
	}
	if err != nil {
		f.failed, f.bad = true, at
		if !seen {
			f.log.Warn("the new certificate cannot be used; the one before goes on to serve", "err", err)
		}
	}
	return f.pair, nil
}

// load reads the files, which were of this version a moment ago: what changes
// while they are read is read again.
func (f *files) load(at version) error {
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return fmt.Errorf("certs: read %s and its key: %w", f.cert, err)
	}
	f.pair, f.good, f.failed = &pair, at, false
	return nil
}

// version looks at the files without reading them. It is zero where one is not
// there.
func (f *files) version() (version, error) {
	c, err1 := os.Stat(f.cert)
	k, err2 := os.Stat(f.key)
	if err := errors.Join(err1, err2); err != nil {
		return version{}, fmt.Errorf("certs: %w", err)
	}
	return version{c.ModTime(), k.ModTime(), c.Size(), k.Size()}, nil
}
