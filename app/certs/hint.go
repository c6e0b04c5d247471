package certs

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// hint is what somebody reads who came without the s of https.
const hint = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n" +
	"<!DOCTYPE html><meta charset=utf-8><title>CRK</title><p lang=th>ที่อยู่นี้ใช้ HTTPS ใส่ <b>https://</b> หน้าที่อยู่แล้วลองอีกครั้ง" +
	"<p lang=en>This address speaks HTTPS: put <b>https://</b> before it and try again.\n"

// Listen returns a listener that serves TLS on what l accepts, and answers plain
// HTTP with a hint instead of silence.
func Listen(l net.Listener, c *tls.Config) net.Listener {
	return &listener{Listener: l, config: c}
}

type listener struct {
	net.Listener
	config *tls.Config
}

// Accept implements net.Listener. The handshake is left to the connection's own
// first read, so that a slow client holds up nobody.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{tls.Server(c, l.config)}, nil
}

// A conn is a TLS connection that may turn out to be none.
type conn struct{ *tls.Conn }

// Handshake implements what servers ask of TLS connections.
func (c *conn) Handshake() error { return hinted(c.Conn.Handshake()) }

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	return n, hinted(err)
}

// hinted answers where err says that the other side speaks HTTP.
func hinted(err error) error {
	var plain tls.RecordHeaderError
	if !errors.As(err, &plain) || plain.Conn == nil {
		return err
	}
	for _, method := range []string{"GET ", "HEAD ", "POST ", "PUT ", "DELET", "PATCH", "OPTIO"} {
		if bytes.HasPrefix(plain.RecordHeader[:], []byte(method)) {
			_ = plain.Conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
			_, _ = plain.Conn.Write([]byte(hint)) // whoever cannot read it has no use for it
			break
		}
	}
	return err
}
