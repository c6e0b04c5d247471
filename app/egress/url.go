package egress

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// lookupTimeout bounds the early check: a person waits for it.
const lookupTimeout = 2 * time.Second

// ErrURL is wrapped by the errors of [Policy.CheckURL] that say the URL itself
// is at fault. Their text is fit for people.
var ErrURL = errors.New("the URL cannot be used")

// urlError says what is wrong with a URL. It never quotes the URL, which may
// hold a password.
type urlError string

func (e urlError) Error() string { return string(e) }
func (e urlError) Unwrap() error { return ErrURL }

// CheckURL tells early whether requests of the class may go to the URL, for an
// answer that a person can act on: an error that wraps [ErrURL] (not an http or
// https URL with a host; a password in it) or a [*Refused] where none of its
// addresses may be reached.
//
// A name that cannot be resolved now passes: it may resolve later, and the
// dial judges it then. It blocks for the look-up, at most two seconds.
func (p Policy) CheckURL(ctx context.Context, class Class, rawURL string) error {
	u, err := url.Parse(rawURL)
	switch {
	case err != nil:
		return urlError("this is not a valid URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return urlError("the URL must begin with http:// or https://")
	case u.Hostname() == "":
		return urlError("the URL names no host")
	case u.User != nil:
		return urlError("the URL must not hold a user name or password")
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	_, err = p.resolve(ctx, class, u.Hostname())
	return err
}

// resolve judges a host by what it resolves to now. It returns a [*Refused]
// where no address may be reached, and says whether the first that may be is
// near: on this machine or in a private network. A name that does not resolve
// is no error.
func (p Policy) resolve(ctx context.Context, class Class, host string) (near bool, err error) {
	if err := checkForm(class, host); err != nil {
		return false, err
	}
	var refused error
	for _, ip := range p.addresses(ctx, host) {
		err := p.check(class, host, ip)
		if err == nil {
			return Near(ip), nil
		}
		if refused == nil {
			refused = err
		}
	}
	return false, refused
}

// addresses returns what a host resolves to now, which may be nothing.
func (p Policy) addresses(ctx context.Context, host string) []netip.Addr {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") { // RFC 6761: needs no look-up
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	}
	ips, err := p.Resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil
	}
	return ips
}

// checkForm refuses IPv4 addresses in forms that some resolvers read as an
// address and Go's reads as a name ("127.1", "2130706433", "0x7f000001"), so
// that which resolver the machine has makes no difference. By the URL standard
// a host is a number if its last label is one.
func checkForm(class Class, host string) error {
	if _, err := netip.ParseAddr(host); err == nil || class == Operator {
		return nil
	}
	name := strings.TrimSuffix(host, ".")
	last := name[strings.LastIndexByte(name, '.')+1:]
	if last == "" || !isNumber(last) {
		return nil
	}
	return &Refused{Host: host, Reason: "an address in an unusual form"}
}

// isNumber reports whether a label is decimal, octal or hexadecimal.
func isNumber(label string) bool {
	digits := "0123456789"
	if hex, ok := strings.CutPrefix(strings.ToLower(label), "0x"); ok {
		label, digits = hex, "0123456789abcdef"
	}
	return strings.Trim(label, digits) == ""
}

// IsNear reports whether everything that a host resolves to now is on this
// machine or in a network that is not the internet, so that what is said to it
// stays there. It blocks for the look-up, at most two seconds; a name that does
// not resolve is not near.
func (p Policy) IsNear(ctx context.Context, host string) bool {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	ips := p.addresses(ctx, host)
	return len(ips) > 0 && !slices.ContainsFunc(ips, func(ip netip.Addr) bool { return !Near(ip) })
}
