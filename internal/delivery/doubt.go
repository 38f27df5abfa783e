package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
	"time"
)

// doubtFor is how long an attempt in doubt waits for a receipt before it is made once more.
const doubtFor = 30 * time.Minute

// made is an identifier that is made of parts and not drawn: the same parts give the same one.
func made(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return strings.ToLower(base32.HexEncoding.EncodeToString(sum[:])[:20])
}

// AttemptID names the n-th attempt of a message to an endpoint.
func AttemptID(message, endpoint string, n int64) string {
	return made("attempt", message, endpoint, strconv.FormatInt(n, 10))
}

// again is an attempt made once more because nobody knows what became of it.
func (a Attempt) again(now time.Time) Attempt {
	a.ID, a.N, a.Repeat, a.Due = made("again", a.ID), a.N+1, true, now
	return a
}

// sweep queues what falls due, ends what has waited too long, and looks after what is in doubt, until ctx ends.
func (d *Desk) sweep(ctx context.Context) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		if err := d.sweepOnce(ctx); err != nil && ctx.Err() == nil {
			d.log.Error("delivery: sweep", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// sweepOnce looks first and writes only where there is something: a ledger at rest commits nothing.
func (d *Desk) sweepOnce(ctx context.Context) error {
	for {
		due, err := d.read().swept(ctx, d.now())
		if err != nil || !due {
			return err
		}
		var queued []queue
		err = d.put(ctx, write{do: func(ctx context.Context, s store) error {
			now := d.now()
			some, err := s.promote(ctx, now, 1000)
			if err != nil {
				return err
			}
			queued = some
			if err := s.expire(ctx, now, 1000); err != nil {
				return err
			}
			return s.doubt(ctx, now)
		}})
		if err != nil {
			return err
		}
		for _, q := range queued {
			d.nudge(q)
		}
	}
}
