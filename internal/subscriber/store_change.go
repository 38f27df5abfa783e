package subscriber

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"strings"
	"time"

	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/privacy"
)

// A change is a use case in its transaction.
type change struct {
	*Desk
	tx     *db.Tx
	silent bool // what is done is not answered
}

// change runs a use case: all of it or nothing.
func (d *Desk) change(ctx context.Context, f func(change) error) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error { return f(change{Desk: d, tx: tx}) })
}

func newID() string { return db.NewID() }

// endpoint finds the endpoint of an address, or makes one. An address that was taken away is there again while its owner decides.
func (t change) endpoint(ctx context.Context, ch Channel, address string, s ID) (entry, error) {
	hash := t.hash(ch, address)
	e, err := byHash(ctx, t.tx, ch, hash)
	if fault.Is(err, fault.NotFound) {
		e, err = entry{Endpoint: Endpoint{ID: newID(), Channel: ch}, subscriber: s, hash: hash}, nil
	}
	if err != nil || e.box != "" {
		return e, err
	}
	e.State, e.box, e.changed = Asked, t.keeper.Wrap(bound(e.ID), address), db.Millis(t.now())
	return e, putEndpoint(ctx, t.tx, e)
}

// addSubscriber writes a new subscriber and the agreement.
func (t change) addSubscriber(ctx context.Context, s Subscriber, c privacy.Consent) error {
	if err := putSubscriber(ctx, t.tx, s); err != nil {
		return err
	}
	return privacy.Agree(ctx, t.tx, t.now(), c)
}

// ask sends a code to an endpoint. While one is on its way no other is sent.
func (t change) ask(ctx context.Context, e entry, s Subscriber, wish string) error {
	now := db.Millis(t.now())
	fresh, err := db.Value[int64](ctx, t.tx, "SELECT count(*) FROM subscriber_code WHERE endpoint = $1 AND wish = $3 AND expires > $2", e.ID, now, wish)
	if err != nil || fresh > 0 {
		return err
	}
	if more, err := t.more(ctx, e, "code", mostCodes); err != nil || !more {
		return err
	}
	code := newCode()
	if err := t.keepCode(ctx, e.ID, wish, s.ID, t.sum(e.ID, wish, code), codeFor); err != nil {
		return err
	}
	return t.notify(ctx, e, s, "subscriber.notice."+wish, "Code", code)
}

// What is sent to an address in a day: codes that anybody may ask for, and answers, lest two machines answer each other without end.
const (
	mostCodes   = 5
	mostReplies = 10
)

// more counts one more of a kind for an address today and reports whether it may be sent.
func (t change) more(ctx context.Context, e entry, kind string, most int64) (bool, error) {
	address, err := Sealed{e.ID, e.box}.Open(t.keeper)
	if err != nil {
		return false, err
	}
	n, err := db.Value[int64](ctx, t.tx, `INSERT INTO subscriber_day (address, day, kind, n) VALUES ($1, $2, $3, 1)
		ON CONFLICT (address, day, kind) DO UPDATE SET n = subscriber_day.n + 1 RETURNING n`, t.hash(e.Channel, address), i18n.Day(t.now()), kind)
	return n <= most, err
}

// keepCode keeps what an endpoint was asked, until it is answered or too late.
func (t change) keepCode(ctx context.Context, endpoint, wish string, s ID, hash string, long time.Duration) error {
	_, err := db.Exec(ctx, t.tx, `INSERT INTO subscriber_code (endpoint, wish, subscriber, hash, tries, expires) VALUES ($1, $2, $3, $4, 0, $5)
		ON CONFLICT (endpoint, wish) DO UPDATE SET subscriber = excluded.subscriber, hash = excluded.hash, tries = 0, expires = excluded.expires`,
		endpoint, wish, s, hash, db.Millis(t.now().Add(long)))
	return err
}

// offered is the subscriber that an endpoint becomes by agreeing to what it was told by SMS.
func (t change) offered(ctx context.Context, endpoint string) (ID, error) {
	return db.Value[ID](ctx, t.tx, "SELECT subscriber FROM subscriber_code WHERE endpoint = $1 AND wish = 'sms' AND expires > $2", endpoint, db.Millis(t.now()))
}

// repeated reports whether something with this key was done before.
func (t change) repeated(ctx context.Context, key string) (bool, error) {
	_, repeated, err := db.Once(ctx, t.tx, key, "")
	return repeated, err
}

func (d *Desk) sum(endpoint, wish, code string) string {
	return hex.EncodeToString(d.keeper.Mac("code", endpoint, wish, strings.TrimSpace(code)))
}

// withCode does what a code allows. Every wrong one counts, also where the rest is undone.
func (d *Desk) withCode(ctx context.Context, ch Channel, address, wish, code string, f func(change, entry, Subscriber) error) error {
	no := fault.Field("code", "subscriber.code.wrong")
	right := false
	err := d.change(ctx, func(t change) error {
		e, err := byHash(ctx, t.tx, ch, d.hash(ch, address))
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		type kept struct {
			hash       string
			tries      int64
			subscriber ID
		}
		k, err := db.One(ctx, t.tx, func(k *kept) []any { return []any{&k.hash, &k.tries, &k.subscriber} },
			"SELECT hash, tries, subscriber FROM subscriber_code WHERE endpoint = $1 AND wish = $2 AND expires > $3", e.ID, wish, db.Millis(d.now()))
		if fault.Is(err, fault.NotFound) || k.tries >= tries {
			return nil
		}
		if err != nil {
			return err
		}
		if subtle.ConstantTimeCompare([]byte(k.hash), []byte(d.sum(e.ID, wish, code))) != 1 {
			_, err := db.Exec(ctx, t.tx, "UPDATE subscriber_code SET tries = tries + 1 WHERE endpoint = $1 AND wish = $2", e.ID, wish)
			return err
		}
		s, err := byID(ctx, t.tx, k.subscriber)
		if err != nil {
			return err
		}
		right = true
		if _, err := db.Exec(ctx, t.tx, "DELETE FROM subscriber_code WHERE endpoint = $1 AND wish = $2", e.ID, wish); err != nil {
			return err
		}
		return f(t, e, s)
	})
	if err == nil && !right {
		return no
	}
	return err
}

// join makes an endpoint active for a subscriber. Whoever had it before is not sent to by it any more.
func (t change) join(ctx context.Context, e entry, address string, s ID) error {
	if e.State == Active && e.subscriber != s {
		if _, err := privacy.Retract(ctx, t.tx, t.now(), e.subscriber.Record(), Purpose, ""); err != nil {
			return err
		}
	}
	e.subscriber, e.State, e.box, e.changed = s, Active, t.keeper.Wrap(bound(e.ID), address), db.Millis(t.now())
	return putEndpoint(ctx, t.tx, e)
}

// active finds an address that is sent to, and whose it is.
func (t change) active(ctx context.Context, ch Channel, address string) (entry, Subscriber, error) {
	e, err := byHash(ctx, t.tx, ch, t.hash(ch, address))
	if err != nil {
		return e, Subscriber{}, err
	}
	if e.State != Active {
		return e, Subscriber{}, fault.New(fault.NotFound, "subscriber.stop.unknown")
	}
	s, err := byID(ctx, t.tx, e.subscriber)
	return e, s, err
}

// stop ends an endpoint, and with the last of a subscriber the agreement.
func (t change) stop(ctx context.Context, actor duty.Actor, e entry, s Subscriber) error {
	if err := t.notify(ctx, e, s, "subscriber.notice.stopped"); err != nil {
		return err
	}
	if err := end(ctx, t.tx, t.now(), e.ID, Stopped); err != nil {
		return err
	}
	left, err := db.Value[int64](ctx, t.tx, "SELECT count(*) FROM subscriber_endpoint WHERE subscriber = $1 AND state = 'active'", s.ID)
	if err != nil {
		return err
	}
	if left == 0 {
		if _, err := privacy.Retract(ctx, t.tx, t.now(), s.ID.Record(), Purpose, actor.ID); err != nil {
			return err
		}
	}
	return t.record(ctx, actor, duty.ConsentWithdraw, s, string(Active), string(Stopped), "")
}
