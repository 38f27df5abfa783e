package subscriber

import (
	"context"
	"time"

	"banlang/internal/db"
	"banlang/internal/i18n"
	"banlang/internal/privacy"
)

const (
	askedFor  = 24 * time.Hour           // an address that nobody proved
	goneFor   = 90 * 24 * time.Hour      // one that the network does not know
	stopKnown = 2 * 365 * 24 * time.Hour // one that wants nothing more: an old list on paper must not bring it back
	oneSweep  = 500                      // rows a transaction
)

// Sweep takes away what is kept for nothing: addresses that nobody proved to be theirs, the marks of those long gone, and subscribers
// without any address left. The agreements stay, as proof that somebody agreed and stopped.
func (d *Desk) Sweep(ctx context.Context) error {
	for {
		n := 0
		err := d.change(ctx, func(t change) (err error) {
			n, err = t.sweep(ctx)
			return err
		})
		if err != nil || n < oneSweep {
			return err
		}
	}
}

func (t change) sweep(ctx context.Context) (int, error) {
	now := t.now()
	if _, err := db.Exec(ctx, t.tx, "DELETE FROM subscriber_code WHERE expires < $1", db.Millis(now)); err != nil {
		return 0, err
	}
	if _, err := db.Exec(ctx, t.tx, "DELETE FROM subscriber_day WHERE day < $1", i18n.Day(now.AddDate(0, 0, -1))); err != nil {
		return 0, err
	}
	// An address that was stopped once and asked for again without a proof is stopped still.
	const unproven = " WHERE state = 'asked' AND changed < $1 AND NOT EXISTS (SELECT 1 FROM subscriber_code c WHERE c.endpoint = subscriber_endpoint.id)"
	_, err := db.Exec(ctx, t.tx, "UPDATE subscriber_endpoint SET state = 'stopped', address = '', changed = $2"+unproven+
		" AND EXISTS (SELECT 1 FROM privacy_consent p WHERE p.subject = 'subscriber/' || subscriber AND p.withdrawn > 0)", db.Millis(now.Add(-askedFor)), db.Millis(now))
	if err != nil {
		return 0, err
	}
	if _, err := db.Exec(ctx, t.tx, "DELETE FROM subscriber_endpoint"+unproven, db.Millis(now.Add(-askedFor))); err != nil {
		return 0, err
	}
	_, err = db.Exec(ctx, t.tx, "DELETE FROM subscriber_endpoint WHERE state = 'gone' AND changed < $1 OR state = 'stopped' AND changed < $2",
		db.Millis(now.Add(-goneFor)), db.Millis(now.Add(-stopKnown)))
	if err != nil {
		return 0, err
	}
	lost, err := db.Values[ID](ctx, t.tx, `SELECT id FROM subscriber s WHERE made < $1 AND NOT EXISTS (SELECT 1 FROM subscriber_endpoint e WHERE e.subscriber = s.id)
		AND NOT EXISTS (SELECT 1 FROM subscriber_code c WHERE c.subscriber = s.id) ORDER BY id LIMIT $2`, db.Millis(now.Add(-askedFor)), oneSweep)
	if err != nil {
		return 0, err
	}
	for _, s := range lost {
		if _, err := privacy.Retract(ctx, t.tx, now, s.Record(), Purpose, ""); err != nil {
			return 0, err
		}
		if _, err := db.Exec(ctx, t.tx, "DELETE FROM subscriber WHERE id = $1", s); err != nil {
			return 0, err
		}
	}
	return len(lost), nil
}
