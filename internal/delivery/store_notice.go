package delivery

import (
	"context"
	"time"

	"banlang/internal/db"
	"banlang/internal/subscriber"
)

// How long a notice is worth sending: a code is stale after ten minutes, an answer after a day; the confirmations of a long list take
// their turn.
const (
	noticeFor = 24 * time.Hour
	bulkFor   = 7 * 24 * time.Hour
)

// notice is the attempt of a short text that belongs to no campaign. One of many keeps no address of its own: who has stopped before it
// is sent gets it no more.
func (d *Desk) notice(n subscriber.Notice) Attempt {
	a := Attempt{ID: newID(), Endpoint: n.To.Endpoint, address: n.To.Box, Channel: n.Channel, Lane: Prompt, Commune: n.Place, N: 1, Parts: 1, Demo: n.Demo,
		Expires: d.now().Add(noticeFor), title: n.Title, Note: d.keeper.Wrap(noticeOf(n.To.Endpoint), n.Text)}
	if n.Bulk {
		a.Lane, a.address, a.Expires = Routine, "", d.now().Add(bulkFor)
	}
	return a
}

// noticeOf is what the text of a notice is bound to.
func noticeOf(endpoint string) string { return "notice/" + endpoint }

// Notify queues a notice in the transaction of the use case that wants it.
func (d *Desk) Notify(ctx context.Context, tx *db.Tx, n subscriber.Notice) error {
	_, err := store{tx, tx}.addAttempts(ctx, d.now(), []Attempt{d.notice(n)})
	return err
}

// Accept queues a notice and returns once it is synced to disk; many callers share one sync.
func (d *Desk) Accept(ctx context.Context, n subscriber.Notice) error {
	return d.put(ctx, write{notices: []Attempt{d.notice(n)}})
}

// addresses gives the sealed addresses of endpoints that may be sent to at this moment.
func (s store) addresses(ctx context.Context, endpoints []string) (map[string]subscriber.Sealed, error) {
	return subscriber.Addresses(ctx, s.c, endpoints)
}
