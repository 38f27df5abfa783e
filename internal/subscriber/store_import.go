package subscriber

import (
	"context"
	"time"

	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/i18n"
	"banlang/internal/place/intake"
	"banlang/internal/privacy"
)

// takeIn writes a batch of a list in one transaction, or tells what it would write. A batch that was written before is known already.
func (d *Desk) takeIn(ctx context.Context, actor duty.Actor, batch []*listed, report *intake.Report) error {
	var fresh []*listed
	var held map[string]entry
	var refused []intake.Refusal
	judge := func(c db.Conn) (err error) {
		if held, err = entries(ctx, c, batch); err != nil {
			return err
		}
		fresh, refused, err = d.judge(ctx, c, actor, batch, held)
		return err
	}
	var err error
	if report.Dry {
		err = judge(d.db)
	} else {
		err = d.change(ctx, func(t change) error {
			if err := judge(t.tx); err != nil {
				return err
			}
			return t.addListed(ctx, actor, fresh, held)
		})
	}
	if err != nil {
		return err
	}
	report.Added += len(fresh)
	report.Same += len(batch) - len(fresh) - len(refused)
	report.Refused = append(report.Refused, refused...)
	return nil
}

// entries finds the endpoints that there are for a batch, by channel and hash.
func entries(ctx context.Context, c db.Conn, batch []*listed) (map[string]entry, error) {
	hashes := make([]string, len(batch))
	for i, one := range batch {
		hashes[i] = one.hash[len(one.Channel):]
	}
	var w db.Where
	w.In("hash", hashes...)
	held := map[string]entry{}
	return held, db.Each(ctx, c, (*entry).fields, func(e entry) error { held[string(e.Channel)+e.hash] = e; return nil },
		"SELECT "+endpointColumns+" FROM subscriber_endpoint"+w.SQL(), w.Args()...)
}

// judge tells who of a batch is new. Somebody who gets news elsewhere moves, as they would by asking again; that they did is told to
// nobody. A paper older than what they decided since changes nothing, and its row says no more than that.
func (d *Desk) judge(ctx context.Context, c db.Conn, actor duty.Actor, batch []*listed, held map[string]entry) (fresh []*listed, refused []intake.Refusal, err error) {
	for _, one := range batch {
		e, ok := held[one.hash]
		if !ok {
			fresh = append(fresh, one)
			continue
		}
		here, why, err := d.known(ctx, c, actor, e, one.given)
		if err != nil {
			return nil, nil, err
		}
		switch {
		case why != "":
			refused = append(refused, refusal(one.n, one.column, why))
		case !here:
			fresh = append(fresh, one)
		}
	}
	return fresh, refused, nil
}

// known tells what a paper of a day means for an endpoint that there is: here, its owner is subscribed in the actor's area already; why
// it is kept out, or empty where the paper is newer than all that the owner decided.
func (d *Desk) known(ctx context.Context, c db.Conn, actor duty.Actor, e entry, given time.Time) (here bool, why string, err error) {
	const later, asked = "subscriber.import.later", "subscriber.import.asked"
	if e.State == Active {
		s, err := byID(ctx, c, e.subscriber)
		if err != nil {
			return false, "", err
		}
		if d.policy.Permit(actor, duty.ConsentGiveAssisted, duty.Thing{Area: string(s.Place), Village: s.Village}) == nil {
			return true, "", nil
		}
	}
	last, err := decided(ctx, c, e)
	if err != nil {
		return false, "", err
	}
	switch {
	case !last.Before(given):
		return false, later, nil
	case e.State == Asked: // whoever asked has proved nothing: the owner decides first
		return false, asked, nil
	}
	return false, "", nil
}

// decided is when the owner of an endpoint last decided something: agreed, or stopped. The time of whoever only asked is not it, and the
// agreement that was written down with the asking is nobody's yet.
func decided(ctx context.Context, c db.Conn, e entry) (time.Time, error) {
	last := "SELECT coalesce(max(given), 0)"
	switch e.State {
	case Gone: // the network said so
		return time.Time{}, nil
	case Stopped:
		return db.Time(e.changed), nil
	case Asked: // perhaps it was stopped before
		last = "SELECT coalesce(max(withdrawn), 0)"
	}
	ms, err := db.Value[int64](ctx, c, last+" FROM privacy_consent WHERE subject = $1 AND purpose = $2", e.subscriber.Record(), Purpose)
	return db.Time(ms), err
}

// addListed writes new subscribers with their agreements and addresses, and tells each of them.
func (t change) addListed(ctx context.Context, actor duty.Actor, fresh []*listed, held map[string]entry) error {
	people, agreed := make([][]any, len(fresh)), make([]privacy.Consent, len(fresh))
	subscribers, endpoints := make([]Subscriber, len(fresh)), make([]entry, len(fresh))
	var added [][]any
	for i, one := range fresh {
		s := t.newSubscriber(one.Wish, actor.Demo)
		c := t.consent(s, one.Wish, actor)
		c.Given = one.given
		e, ok := held[one.hash]
		if !ok {
			e = entry{Endpoint: Endpoint{ID: newID(), Channel: one.Channel, State: Active}, subscriber: s.ID, hash: one.hash[len(one.Channel):],
				changed: db.Millis(t.now())}
			e.box = t.keeper.Wrap(bound(e.ID), one.address)
			added = append(added, e.values())
		}
		subscribers[i], people[i], agreed[i], endpoints[i] = s, s.values(), c, e
	}
	if err := db.Insert(ctx, t.tx, "subscriber", columns, people); err != nil {
		return err
	}
	if err := privacy.Agree(ctx, t.tx, t.now(), agreed...); err != nil {
		return err
	}
	if err := db.Insert(ctx, t.tx, "subscriber_endpoint", endpointColumns, added); err != nil {
		return err
	}
	for i, one := range fresh {
		e := endpoints[i]
		if e.subscriber != subscribers[i].ID { // known before
			if err := t.join(ctx, e, one.address, subscribers[i].ID); err != nil {
				return err
			}
			e.box = t.keeper.Wrap(bound(e.ID), one.address) // what was stopped had none
		}
		if t.Notify != nil {
			n := t.noticeTo(e, subscribers[i], t.text.Text(i18n.Default, "subscriber.notice.joined"))
			n.Bulk = true
			if err := t.Notify(ctx, t.tx, n); err != nil {
				return err
			}
		}
		if err := t.record(ctx, actor, duty.ConsentGiveAssisted, subscribers[i], "", string(Active), one.Reason); err != nil {
			return err
		}
	}
	return nil
}
