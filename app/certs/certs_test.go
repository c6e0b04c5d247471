package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"github.com/matryer/is"

	"crk/app/certs"
)

func TestSelfSignsForItsNames(t *testing.T) {
	is := is.New(t)
	dir := filepath.Join(t.TempDir(), "tls")
	leaf := served(t, dir)
	pool := authority(t, dir)
	for _, name := range []string{"crk.example.com", "localhost", "127.0.0.1"} {
		_, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: pool})
		is.NoErr(err) // a browser that trusts the authority takes it for this name
	}
	_, err := leaf.Verify(x509.VerifyOptions{DNSName: "elsewhere.example.com", Roots: pool})
	is.True(err != nil) // and for no other

	_, err = served(t, dir).Verify(x509.VerifyOptions{DNSName: "localhost", Roots: pool})
	is.NoErr(err) // the authority stays the same after a restart
	info, err := os.Stat(filepath.Join(dir, "ca.key"))
	is.NoErr(err)
	is.Equal(info.Mode().Perm(), os.FileMode(0o600)) // its key is for the owner's eyes
}

func served(t *testing.T, dir string) *x509.Certificate {
	t.Helper()
	c, err := certs.Self(dir, "crk.example.com")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := c.GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

func authority(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, certs.AuthorityFile))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		t.Fatal("the authority's file holds no certificate")
	}
	return pool
}
