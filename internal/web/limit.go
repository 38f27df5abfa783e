package web

import (
	"hash/maphash"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits say how many forms one address may send. Many phones share one address of their operator, so the plain limit is wide;
// zero values are the defaults.
type Limits struct {
	Forms   rate.Limit // forms a second, default 5
	SignIns rate.Limit // attempts to sign in a second, default one in 3 s
}

// limiter counts by a keyed hash of the address, in two generations, so that memory has a bound and no address is kept.
type limiter struct {
	limits Limits
	seed   maphash.Seed
	mu     sync.Mutex
	young  map[uint64]*rate.Limiter
	old    map[uint64]*rate.Limiter
	turned time.Time
}

const (
	generation     = 10 * time.Minute
	generationSize = 20_000
)

func newLimiter(l Limits) *limiter {
	if l.Forms == 0 {
		l.Forms = 5
	}
	if l.SignIns == 0 {
		l.SignIns = rate.Every(3 * time.Second)
	}
	return &limiter{limits: l, seed: maphash.MakeSeed(), young: map[uint64]*rate.Limiter{}}
}

func (l *limiter) allow(address, path string, now time.Time) bool {
	limit, burst := l.limits.Forms, 60
	if strings.HasPrefix(path, "/dang-nhap") {
		limit, burst = l.limits.SignIns, 20
		address = "sign-in " + address
	}
	key := maphash.String(l.seed, address)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.young) >= generationSize || now.Sub(l.turned) > generation {
		l.old, l.young, l.turned = l.young, map[uint64]*rate.Limiter{}, now
	}
	one := l.young[key]
	if one == nil {
		if one = l.old[key]; one == nil {
			one = rate.NewLimiter(limit, burst)
		}
		l.young[key] = one
	}
	return one.AllowN(now, 1)
}
