package subscriber

import (
	"context"

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

// judge tells who of a batch is new. Somebody who gets news elsewhere moves, as they would by asking again; that they did is told to nobody.
func (d *Desk) judge(ctx context.Context, c db.Conn, actor duty.Actor, batch []*listed, held map[string]entry) (fresh []*listed, refused []intake.Refusal, err error) {
	for _, one := range batch {
		e, ok := held[one.hash]
		switch {
		case ok && e.State == Active:
			s, err := byID(ctx, c, e.subscriber)
			if err != nil {
				return nil, nil, err
			}
			if d.policy.Permit(actor, duty.ConsentGiveAssisted, duty.Thing{Area: string(s.Place), Village: s.Village}) == nil {
				continue
			}
		case ok && e.State == Stopped && !db.Time(e.changed).Before(one.given):
			refused = append(refused, refusal(one.n, one.column, "subscriber.import.stopped", "Date", i18n.Date(i18n.Default, db.Time(e.changed))))
			continue
		}
		fresh = append(fresh, one)
	}
	return fresh, refused, nil
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
		if err := t.notify(ctx, e, subscribers[i], "subscriber.notice.joined"); err != nil {
			return err
		}
		if err := t.record(ctx, actor, duty.ConsentGiveAssisted, subscribers[i], "", string(Active), one.Reason); err != nil {
			return err
		}
	}
	return nil
}
