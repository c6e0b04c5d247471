package egress_test

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"code.dny.dev/ssrf"
	"github.com/matryer/is"

	"crk/app/egress"
)

// lan is a policy as an operator with a CRM and an n8n beside it would write it.
var lan = egress.Policy{Allow: []netip.Prefix{
	netip.MustParsePrefix("192.168.1.0/24"),
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/24"),
}}

// everything opens as much as a configuration can.
var everything = egress.Policy{Allow: []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0"),
}}

// The verdicts on an address, from the most open to the most closed.
const (
	free    = "anyone"  // every class reaches it
	inside  = "phone"   // phone systems and AI servers reach it, webhooks need the setting
	bySet   = "setting" // every class needs the setting
	notEver = "never"   // no setting opens it
)

var addresses = []struct{ host, want string }{
	{"8.8.8.8", free},
	{"1.1.1.1", free},
	{"172.15.255.255", free},
	{"172.32.0.0", free},
	{"100.63.255.255", free},
	{"100.128.0.0", free},
	{"198.17.255.255", free},
	{"2606:4700:4700::1111", free},
	{"::ffff:8.8.8.8", free},
	{"64:ff9b::808:808", free},
	{"10.0.0.5", inside},
	{"172.16.0.1", inside},
	{"172.31.255.255", inside},
	{"192.168.2.20", inside},
	{"fd12::1", inside},
	{"fc00::1", inside},
	{"::ffff:192.168.2.9", inside},
	{"64:ff9b::c0a8:209", inside},
	{"2002:c0a8:209::1", inside},
	{"::192.168.2.9", inside},
	{"127.0.0.1", bySet},
	{"127.255.255.254", bySet},
	{"::1", bySet},
	{"::ffff:7f00:1", bySet},
	{"64:ff9b::7f00:1", bySet},
	{"2002:7f00:1::", bySet},
	{"::127.0.0.1", bySet},
	{"100.64.0.1", bySet},
	{"100.127.255.255", bySet},
	{"169.254.169.254", notEver},
	{"169.254.0.1", notEver},
	{"::ffff:169.254.169.254", notEver},
	{"64:ff9b::a9fe:a9fe", notEver},
	{"2002:a9fe:a9fe::", notEver},
	{"::169.254.169.254", notEver},
	{"fd00:ec2::254", notEver},
	{"fd20:ce::254", notEver},
	{"100.100.100.200", notEver},
	{"168.63.129.16", notEver},
	{"fe80::1", notEver},
	{"fe80::1%25eth0", notEver},
	{"febf::1", notEver},
	{"fec0::1", notEver},
	{"0.0.0.0", notEver},
	{"0.1.2.3", notEver},
	{"::", notEver},
	{"224.0.0.1", notEver},
	{"239.255.255.255", notEver},
	{"240.0.0.1", notEver},
	{"255.255.255.255", notEver},
	{"ff02::1", notEver},
	{"192.0.0.192", notEver},
	{"192.0.2.1", notEver},
	{"198.18.0.1", notEver},
	{"203.0.113.7", notEver},
	{"2001:db8::1", notEver},
	{"2001::1", notEver},
	{"64:ff9b:1::1", notEver},
	{"100::1", notEver},
	{"127.1", notEver},
	{"2130706433", notEver},
	{"0x7f000001", notEver},
	{"0177.0.0.1", notEver},
	{"0x7f.1", notEver},
	{"127.0.0.1.", notEver},
}

func TestAddresses(t *testing.T) {
	reach := map[string][]egress.Class{
		free:    {egress.Webhook, egress.Phone, egress.AI, egress.Operator},
		inside:  {egress.Phone, egress.AI, egress.Operator},
		bySet:   {egress.Operator},
		notEver: {egress.Operator},
	}
	for _, tt := range addresses {
		t.Run(tt.host, func(t *testing.T) {
			is := is.New(t)
			for class := egress.Webhook; class <= egress.Operator; class++ {
				err := check(t, egress.Policy{}, class, tt.host)
				want := false
				for _, c := range reach[tt.want] {
					want = want || c == class
				}
				is.Equal(err == nil, want) // the zero policy gives each class its verdict

				opened := check(t, everything, class, tt.host)
				is.Equal(opened == nil, tt.want != notEver || class == egress.Operator) // the widest setting opens all but the never list

				var refused *egress.Refused
				if errors.As(err, &refused) {
					is.Equal(refused.Setting != "", tt.want != notEver)          // a refusal names the setting that helps, if one does
					is.True(strings.Contains(err.Error(), "CRK_ALLOW_NETWORKS")) // its text always names it
				}
			}
		})
	}
}

func TestNear(t *testing.T) {
	for _, tt := range addresses {
		if ip, err := netip.ParseAddr(tt.host); err == nil && tt.want != notEver {
			t.Run(tt.host, func(t *testing.T) {
				is.New(t).Equal(egress.Near(ip), tt.want != free) // what is not the internet, however it is written
			})
		}
	}
}

func TestAllowIsNarrow(t *testing.T) {
	for _, tt := range []struct {
		host string
		open bool
	}{
		{"192.168.1.20", true},
		{"192.168.1.20:8443", true},
		{"[::ffff:192.168.1.20]", true},
		{"192.168.2.20", false},
		{"127.0.0.1", true},
		{"localhost", true},
		{"app.localhost", true},
		{"[::1]", false},
		{"100.64.0.9", true},
		{"100.64.1.9", false},
		{"8.8.8.8:81", true},
	} {
		t.Run(tt.host, func(t *testing.T) {
			is := is.New(t)
			err := lan.CheckURL(t.Context(), egress.Webhook, "http://"+tt.host+"/hook")
			is.Equal(err == nil, tt.open) // the setting opens what it lists and nothing else
		})
	}
}

// TestOracle compares us with a library made for this alone: what it denies,
// webhooks may not reach. It knows no IPv4 inside NAT64 and 6to4 addresses,
// which we take out first.
func TestOracle(t *testing.T) {
	guard := ssrf.New(ssrf.WithAnyPort())
	denied := 0
	judge := func(ip netip.Addr) {
		if b := ip.As16(); ip.Is6() && b[0] == 0x20 && b[1] == 0x02 || netip.MustParsePrefix("64:ff9b::/96").Contains(ip) || ip.Is4In6() {
			return
		}
		if guard.SafeAddr(ip) == nil {
			return
		}
		denied++
		if check(t, egress.Policy{}, egress.Webhook, ip.String()) == nil {
			t.Errorf("%s: the oracle denies it, we do not", ip)
		}
	}
	prefixes := append(append([]netip.Prefix{}, ssrf.IPv4DeniedPrefixes...), ssrf.IPv6DeniedPrefixes...)
	for _, p := range prefixes {
		first := p.Masked().Addr()
		judge(first)
		judge(first.Next())
		if before := first.Prev(); before.IsValid() {
			judge(before)
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var b [16]byte
		binary.BigEndian.PutUint64(b[:8], rnd.Uint64())
		binary.BigEndian.PutUint64(b[8:], rnd.Uint64())
		judge(netip.AddrFrom16(b))
		judge(netip.AddrFrom4([4]byte(b[:4])))
	}
	is.New(t).True(denied > 1000) // the comparison compared something
}

// check asks whether a URL with the host is allowed.
func check(t testing.TB, p egress.Policy, class egress.Class, host string) error {
	t.Helper()
	if strings.Count(host, ":") > 1 {
		host = "[" + host + "]"
	}
	u := "http://" + host + "/"
	if _, err := url.Parse(u); err != nil {
		t.Fatalf("the test's own URL: %v", err)
	}
	return p.CheckURL(t.Context(), class, u)
}
