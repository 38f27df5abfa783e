// Package outgoing connects to machines of others. It does not connect to what is inside, unless the administrator said so: an
// address that somebody gave, or a name that leads elsewhere today, must not open the rooms of the own house.
package outgoing

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrInner says that an address is inside, and that the administrator did not say that it may be spoken to.
var ErrInner = errors.New("outgoing: an address inside")

// Dialer connects to networks; with inner also to those inside. It looks at the address that a name led to, when it connects: a name
// may lead elsewhere the next time.
func Dialer(inner bool) *net.Dialer {
	d := &net.Dialer{Timeout: 10 * time.Second}
	if !inner {
		d.Control = outside
	}
	return d
}

// Client asks by HTTP through a Dialer, atOnce requests to a machine at a time at most. It follows no redirect and takes no proxy:
// what answers is what was asked.
func Client(inner bool, timeout time.Duration, atOnce int) *http.Client {
	return &http.Client{Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: Dialer(inner).DialContext, TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true,
			MaxIdleConnsPerHost: atOnce, MaxConnsPerHost: atOnce, IdleConnTimeout: 90 * time.Second}}
}

// Reach connects to the machine of an http or https address, encrypted and proven where the address says so, and asks it nothing.
func Reach(ctx context.Context, address string, inner bool) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	port, dial := "80", Dialer(inner).DialContext
	if u.Scheme == "https" {
		port, dial = "443", (&tls.Dialer{NetDialer: Dialer(inner), Config: &tls.Config{MinVersion: tls.VersionTLS12}}).DialContext
	}
	conn, err := dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port)))
	if err != nil {
		return err
	}
	return conn.Close()
}

// Dialled reports whether an error came before anything was sent: nobody can have got it.
func Dialled(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// Pause is how long a Retry-After asks to wait, in seconds or until a date, between one second and ten minutes; five seconds where
// it says nothing.
func Pause(retryAfter string, now time.Time) time.Duration {
	wait := 5 * time.Second
	if s, err := strconv.Atoi(strings.TrimSpace(retryAfter)); err == nil {
		wait = time.Duration(min(s, 3600)) * time.Second
	} else if at, err := http.ParseTime(strings.TrimSpace(retryAfter)); err == nil {
		wait = at.Sub(now)
	}
	return min(10*time.Minute, max(time.Second, wait))
}

func outside(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := a.Addr().Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return ErrInner
	}
	for _, p := range special {
		if p.Contains(ip) {
			return ErrInner
		}
	}
	return nil
}

// special are the other addresses that are no place of the open network (RFC 6890), and those that lead from IPv6 to IPv4.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("fec0::/10"), netip.MustParsePrefix("::/96"), netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("192.88.99.0/24"),
}
