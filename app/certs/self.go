package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Browsers refuse server certificates that live longer than 398 days.
const (
	authorityLife = 10 * 365 * 24 * time.Hour
	serverLife    = 390 * 24 * time.Hour
	renewBefore   = 30 * 24 * time.Hour
)

// The authority's files, in the directory given to Self.
const (
	AuthorityFile = "ca.crt" // to be installed on the machines of those who visit
	authorityKey  = "ca.key"
)

// Self returns a TLS configuration whose certificate is signed by the
// appliance's own authority, kept in dir and made at the first start. The
// certificate is for hosts, the machine's name and all of its addresses.
func Self(dir string, hosts ...string) (*tls.Config, error) {
	a, err := authority(dir)
	if err != nil {
		return nil, fmt.Errorf("certs: own authority: %w", err)
	}
	s := &self{authority: a, hosts: hosts}
	if _, err := s.get(nil); err != nil {
		return nil, fmt.Errorf("certs: sign own certificate: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.get}, nil
}

type self struct {
	authority *tls.Certificate
	hosts     []string

	mu   sync.Mutex
	leaf *tls.Certificate
}

func (s *self) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaf == nil || time.Until(s.leaf.Leaf.NotAfter) < renewBefore {
		leaf, err := s.sign()
		if err != nil {
			return nil, err
		}
		s.leaf = leaf
	}
	return s.leaf, nil
}

func (s *self) sign() (*tls.Certificate, error) {
	names, addrs := local(s.hosts)
	t := &x509.Certificate{
		Subject: pkix.Name{CommonName: names[0]}, DNSNames: names, IPAddresses: addrs,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	return issue(t, serverLife, s.authority)
}

// local lists what the machine may be reached by.
func local(hosts []string) (names []string, addrs []net.IP) {
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	for _, h := range append(hosts, name, name+".local", "localhost") {
		if ip := net.ParseIP(h); ip != nil {
			addrs = append(addrs, ip)
		} else if h != "" && !slices.Contains(names, h) {
			names = append(names, h)
		}
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return names, addrs
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok {
			addrs = append(addrs, n.IP)
		}
	}
	return names, addrs
}

// authority reads the appliance's own authority, or makes it.
func authority(dir string) (*tls.Certificate, error) {
	certFile, keyFile := filepath.Join(dir, AuthorityFile), filepath.Join(dir, authorityKey)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err == nil && time.Until(pair.Leaf.NotAfter) > serverLife {
		return &pair, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	t := &x509.Certificate{
		Subject: pkix.Name{CommonName: "CRK appliance authority"}, IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign,
	}
	made, err := issue(t, authorityLife, nil)
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(made.PrivateKey)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	// The key first: a certificate without its key would be found and not work.
	if err := writePEM(keyFile, "PRIVATE KEY", key, 0o600); err != nil {
		return nil, err
	}
	return made, writePEM(certFile, "CERTIFICATE", made.Certificate[0], 0o644)
}

func writePEM(file, kind string, der []byte, mode fs.FileMode) error {
	temp := file + ".part"
	if err := os.WriteFile(temp, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode); err != nil {
		return err
	}
	return os.Rename(temp, file)
}

// issue makes a key and signs t with parent, or with itself where that is nil.
func issue(t *x509.Certificate, life time.Duration, parent *tls.Certificate) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if t.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return nil, err
	}
	t.NotBefore, t.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(life)
	signer, by := t, any(key)
	if parent != nil {
		signer, by = parent.Leaf, parent.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, t, signer, &key.PublicKey, by)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}
