package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A value is where a setting's text goes. Its errors say what to write instead.
type value struct {
	set    func(string) error
	secret bool
}

func text(dst *string) value {
	return value{set: func(v string) error {
		*dst = strings.TrimSpace(v)
		return nil
	}}
}

// secret refuses what a copied line end or blank makes of a secret, which would
// fail later and far from its cause.
func secret(dst *Secret) value {
	return value{secret: true, set: func(v string) error {
		if strings.TrimSpace(v) != v {
			return errors.New("leave out the blanks or line ends around it")
		}
		*dst = Secret(v)
		return nil
	}}
}

func path(dst *string) value {
	return value{set: func(v string) error {
		*dst = filepath.Clean(v)
		return nil
	}}
}

func hostPort(dst *string) value {
	return value{set: func(v string) error {
		_, port, err := net.SplitHostPort(v)
		if err != nil {
			return errors.New("write host:port, as in :8080 or 127.0.0.1:8080")
		}
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return errors.New("the port must be a number from 0 to 65535")
		}
		*dst = v
		return nil
	}}
}

// baseURL takes the base of other URLs and cuts the slash at its end.
func baseURL(dst *string) value {
	return value{set: func(v string) error {
		u, err := url.Parse(v)
		switch {
		case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
			return errors.New("write a whole URL, as in https://crk.example.com")
		case u.User != nil:
			return errors.New("leave out the user name and password")
		case u.RawQuery != "" || u.Fragment != "":
			return errors.New("leave out what follows ? or #")
		}
		*dst = strings.TrimRight(u.String(), "/")
		return nil
	}}
}

// proxy takes a proxy's URL, which may have a user name and password in it.
func proxy(dst **url.URL) value {
	return value{set: func(v string) error {
		u, err := url.Parse(v)
		if err != nil || u.Hostname() == "" {
			return errors.New("write a whole URL, as in http://proxy:3128")
		}
		switch u.Scheme {
		case "http", "https", "socks5":
			*dst = u
			return nil
		}
		return errors.New("the proxy must be http, https or socks5")
	}}
}

// networks takes networks or single addresses, parted by commas or blanks.
func networks(dst *[]netip.Prefix) value {
	return value{set: func(v string) error {
		var errs []error
		for _, field := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' }) {
			p, err := network(field)
			if err != nil {
				errs = append(errs, fmt.Errorf("%q is not a network: write it as 192.168.1.0/24 or fd00::/8", field))
				continue
			}
			*dst = append(*dst, p)
		}
		return errors.Join(errs...)
	}}
}

// network reads one network or address. IPv4 written as IPv6 becomes IPv4, in
// which form addresses are compared.
func network(s string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(s); err == nil {
		ip = ip.Unmap().WithZone("")
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	if ip := p.Addr(); ip.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(ip.Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

func self(dst *bool) value {
	return value{set: func(v string) error {
		if v != "self" {
			return errors.New("write self, or leave it out")
		}
		*dst = true
		return nil
	}}
}

func yesNo(dst *bool) value {
	return value{set: func(v string) error {
		if v != "yes" && v != "no" {
			return errors.New("write yes or no")
		}
		*dst = v == "yes"
		return nil
	}}
}

// clock takes a time of day and gives the time since midnight.
func clock(dst *time.Duration) value {
	return value{set: func(v string) error {
		t, err := time.Parse("15:04", v)
		if err != nil {
			return errors.New("write a time of day, as 02:30")
		}
		*dst = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
		return nil
	}}
}

func number(dst *int, low, high int) value {
	return value{set: func(v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < low || n > high {
			return fmt.Errorf("write a whole number from %d to %d", low, high)
		}
		*dst = n
		return nil
	}}
}

// logging takes a level, a form (text or json), or both parted by a comma.
func logging(dst *Log) value {
	return value{set: func(v string) error {
		for word := range strings.SplitSeq(v, ",") {
			switch word = strings.ToLower(strings.TrimSpace(word)); word {
			case "json", "text":
				dst.JSON = word == "json"
			case "debug", "info", "warn", "error":
				if err := dst.Level.UnmarshalText([]byte(word)); err != nil {
					return err
				}
			default:
				return errors.New(`write debug, info, warn or error; "info,json" for JSON`)
			}
		}
		return nil
	}}
}
