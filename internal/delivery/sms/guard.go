package sms

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// errInner says that an address is inside, and that the administrator did not say that it may be spoken to.
var errInner = errors.New("sms: an address inside")

// dialer connects to networks. It looks at the address that a name led to, when it connects: a name may lead elsewhere the next time.
func dialer(inner bool) *net.Dialer {
	d := &net.Dialer{Timeout: 10 * time.Second}
	if !inner {
		d.Control = outside
	}
	return d
}

func outside(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := a.Addr().Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return errInner
	}
	for _, p := range special {
		if p.Contains(ip) {
			return errInner
		}
	}
	return nil
}

// special are the other addresses that are no place of the open network (RFC 6890), and those that lead from IPv6 to IPv4.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
}
