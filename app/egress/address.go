package egress

import (
	"fmt"
	"net/netip"
	"slices"
)

// A Refused is the error of a request to a place that its class may not reach.
type Refused struct {
	Host    string     // as it was asked for
	IP      netip.Addr // what it resolved to; the zero Addr where the host itself is refused
	Reason  string     // what kind of place that is, as in "a private network"
	Setting string     // the setting that can open it; empty where nothing can
}

// Error implements error.
func (r *Refused) Error() string {
	where := r.Host
	if r.IP.IsValid() && r.Host != r.IP.String() {
		where += " (" + r.IP.String() + ")"
	}
	if r.Setting == "" {
		return fmt.Sprintf("%s is %s and is never asked; %s does not open it", where, r.Reason, Setting)
	}
	return fmt.Sprintf("%s is %s; add its network to %s to allow it", where, r.Reason, r.Setting)
}

// A place is a kind of network. Its text completes "this address is …".
type place string

const (
	public   place = "a public address"
	loopback place = "a loopback address"
	private  place = "in a private network"
	shared   place = "in a carrier's shared network"
)

// never lists, most telling first, what no configuration opens. Sources: the
// IANA special-purpose registries and the cloud vendors' documentation.
var never = []struct {
	prefix netip.Prefix
	what   place
}{
	{netip.MustParsePrefix("100.100.100.200/32"), "a metadata address"}, // Alibaba Cloud
	{netip.MustParsePrefix("168.63.129.16/32"), "a metadata address"},   // Azure
	{netip.MustParsePrefix("169.254.169.254/32"), "a metadata address"}, // nearly all clouds
	{netip.MustParsePrefix("fd00:ec2::254/128"), "a metadata address"},  // AWS
	{netip.MustParsePrefix("fd20:ce::254/128"), "a metadata address"},   // Google Cloud
	{netip.MustParsePrefix("169.254.0.0/16"), "a link-local address"},
	{netip.MustParsePrefix("fe80::/10"), "a link-local address"},
	{netip.MustParsePrefix("224.0.0.0/4"), "a multicast address"},
	{netip.MustParsePrefix("ff00::/8"), "a multicast address"},
	{netip.MustParsePrefix("0.0.0.0/8"), "an unspecified address"},
	{netip.MustParsePrefix("::/128"), "an unspecified address"},
	{netip.MustParsePrefix("192.0.0.0/24"), "a reserved address"},
	{netip.MustParsePrefix("192.0.2.0/24"), "a documentation address"},
	{netip.MustParsePrefix("192.31.196.0/24"), "a reserved address"},
	{netip.MustParsePrefix("192.52.193.0/24"), "a reserved address"},
	{netip.MustParsePrefix("192.88.99.0/24"), "a reserved address"},
	{netip.MustParsePrefix("192.175.48.0/24"), "a reserved address"},
	{netip.MustParsePrefix("198.18.0.0/15"), "a benchmarking address"},
	{netip.MustParsePrefix("198.51.100.0/24"), "a documentation address"},
	{netip.MustParsePrefix("203.0.113.0/24"), "a documentation address"},
	{netip.MustParsePrefix("240.0.0.0/4"), "a reserved address"},
	{netip.MustParsePrefix("2001::/23"), "a reserved address"}, // Teredo among others
	{netip.MustParsePrefix("2001:db8::/32"), "a documentation address"},
	{netip.MustParsePrefix("2620:4f:8000::/48"), "a reserved address"},
	{netip.MustParsePrefix("3fff::/20"), "a documentation address"},
}

var (
	sharedNetwork = netip.MustParsePrefix("100.64.0.0/10")
	globalUnicast = netip.MustParsePrefix("2000::/3")

	nat64        = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour    = netip.MustParsePrefix("2002::/16")
	v4Compatible = netip.MustParsePrefix("::/96")
)

// check returns a [*Refused] if the class may not reach the address.
func (p Policy) check(class Class, host string, ip netip.Addr) error {
	if class == Operator {
		return nil
	}
	ip = normalise(ip)
	where, open := locate(ip)
	if !open {
		return &Refused{Host: host, IP: ip, Reason: string(where)}
	}
	allowed := where == public ||
		where == private && (class == Phone || class == AI) ||
		slices.ContainsFunc(p.Allow, func(n netip.Prefix) bool { return n.Contains(ip) })
	if allowed {
		return nil
	}
	return &Refused{Host: host, IP: ip, Reason: string(where), Setting: Setting}
}

// locate says where a normalised address lies, and whether any configuration
// may open it.
func locate(ip netip.Addr) (where place, open bool) {
	for _, n := range never {
		if n.prefix.Contains(ip) {
			return n.what, false
		}
	}
	switch {
	case ip.IsLoopback():
		return loopback, true
	case ip.IsPrivate():
		return private, true
	case sharedNetwork.Contains(ip):
		return shared, true
	case ip.Is6() && !globalUnicast.Contains(ip):
		return "a reserved address", false
	}
	return public, true
}

// Near reports whether an address is on this machine or in a network that is not
// the internet: whatever answers there is nobody's business outside of it.
func Near(ip netip.Addr) bool {
	where, _ := locate(normalise(ip))
	return where == loopback || where == private || where == shared
}

// normalise returns the address that packets sent to ip end at: IPv4 hidden in
// an IPv6 address (mapped, compatible, NAT64, 6to4) comes out of it, and the
// zone is dropped.
func normalise(ip netip.Addr) netip.Addr {
	ip = ip.WithZone("").Unmap()
	if !ip.Is6() {
		return ip
	}
	b := ip.As16()
	switch {
	case ip.IsUnspecified() || ip.IsLoopback():
		return ip
	case nat64.Contains(ip), v4Compatible.Contains(ip):
		return netip.AddrFrom4([4]byte(b[12:16]))
	case sixToFour.Contains(ip):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return ip
}
