package egress

import (
	"container/list"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"sync"
	"time"
)

const (
	// MaxCA bounds the certificates that somebody gives, in bytes of PEM.
	MaxCA = 64 << 10

	maxClients = 64 // of one Clients; beyond, the one not used longest is let go
)

// ErrCA is the error of certificates that cannot be used. Its text is fit for
// people.
var ErrCA = errors.New("this is not one or more certificates in PEM form (-----BEGIN CERTIFICATE-----)")

// CheckCA reports why certificates of authorities in PEM form cannot be used:
// an error that wraps [ErrCA]. Empty text is fine: it stands for none.
func CheckCA(pemText string) error {
	_, err := roots(pemText)
	return err
}

// roots are the machine's authorities and those given; nil where none are given.
// A private key among them, as people paste whole files, is refused.
func roots(pemText string) (*x509.CertPool, error) {
	if pemText == "" {
		return nil, nil
	}
	if len(pemText) > MaxCA {
		return nil, ErrCA
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a machine that keeps none
	}
	found := false
	for rest := []byte(pemText); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, ErrCA
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, ErrCA
		}
		pool.AddCert(cert)
		found = true
	}
	if !found {
		return nil, ErrCA
	}
	return pool, nil
}

// Clients hands out the clients of one class: one for everything that the
// machine's own certificate authorities vouch for, and one for each set of
// further authorities that somebody trusts for an address. Certificates are
// always checked. It may be used concurrently.
type Clients struct {
	policy  Policy
	class   Class
	timeout time.Duration
	plain   *http.Client

	mu    sync.Mutex
	known map[[sha256.Size]byte]*list.Element
	used  *list.List // of trusting, the latest first
}

// A trusting is a client that trusts more than the machine does.
type trusting struct {
	key    [sha256.Size]byte
	client *http.Client
}

// Clients returns the clients of a class. class and timeout are as in
// [Policy.Client].
func (p Policy) Clients(class Class, timeout time.Duration) *Clients {
	return &Clients{
		policy: p, class: class, timeout: timeout, plain: p.Client(class, timeout),
		known: map[[sha256.Size]byte]*list.Element{}, used: list.New(),
	}
}

// Trusting returns the client for an address whose certificate the given
// authorities may have signed too: PEM text, empty for none. The same text gives
// the same client, with its connections, for as long as it is in use.
func (c *Clients) Trusting(ca string) (*http.Client, error) {
	if ca == "" {
		return c.plain, nil
	}
	key := sha256.Sum256([]byte(ca))
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.known[key]; ok {
		c.used.MoveToFront(e)
		return e.Value.(trusting).client, nil
	}
	pool, err := roots(ca)
	if err != nil {
		return nil, err
	}
	client := c.policy.client(c.class, c.timeout, &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool})
	c.known[key] = c.used.PushFront(trusting{key, client})
	if c.used.Len() > maxClients {
		last := c.used.Remove(c.used.Back()).(trusting)
		delete(c.known, last.key)
		last.client.CloseIdleConnections() // what it is asking now goes on
	}
	return client, nil
}
