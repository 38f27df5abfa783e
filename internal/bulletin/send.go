package bulletin

import (
	"context"
	"strings"

	"banlang/internal/delivery"
	"banlang/internal/delivery/loudspeaker"
	"banlang/internal/fault"
)

// Item is an issue as the ledger sends it; version 0 is the newest. It is there also after it was recalled or replaced.
func (d *Desk) Item(ctx context.Context, ref delivery.Ref, version int64) (delivery.Item, error) {
	all, err := d.read().lives(ctx, ID(ref), version)
	if err != nil {
		return delivery.Item{}, err
	}
	if len(all) == 0 {
		return delivery.Item{}, fault.New(fault.NotFound, "bulletin.not_found")
	}
	return all[0].item(), nil
}

// Items lists what is published, and with f.Ended what was recalled or replaced since, newest first.
func (d *Desk) Items(ctx context.Context, f delivery.Filter) ([]delivery.Item, error) {
	all, err := d.read().sendable(ctx, f, d.now())
	items := make([]delivery.Item, len(all))
	for n, l := range all {
		items[n] = l.item()
	}
	return items, err
}

// send lets the ledger know of an issue, in the transaction that publishes it. An emergency goes out at once, signed by those two who
// published it; a newer issue, or a bulletin that replaces one, takes the place of what still waits.
func (d *Desk) send(ctx context.Context, s store, b Bulletin, i Issue, by, second string) error {
	o := delivery.Order{Ref: delivery.Ref(b.ID), Version: i.Number, Class: delivery.Class(i.Class), Place: i.Place, Topic: string(i.Topic),
		Expires: i.Expires, Demo: i.Demo, Drill: i.Drill, By: by, Second: second}
	if err := loudspeaker.Changed(ctx, s.tx, d.now(), i.Place); err != nil {
		return err
	}
	switch {
	case i.Number == 1 && b.Replaces == "" && i.Class != Emergency:
		return nil
	case i.Number == 1 && b.Replaces == "":
		return delivery.Queue(ctx, s.tx, d.now(), o)
	case i.Number == 1:
		o.Replaces = delivery.Ref(b.Replaces)
	}
	return delivery.Renew(ctx, s.tx, d.now(), o)
}

// item hands an issue to the ledger. The mark of a drill goes apart, so that each channel puts it where it is seen or heard first.
func (l lived) item() delivery.Item {
	i := delivery.Item{Ref: delivery.Ref(l.ID), Version: l.Number, Place: l.Place, Topic: string(l.Topic), Class: delivery.Class(l.Class), Basis: l.Basis,
		URL: l.ID.URL(), Published: l.Published, First: l.First, Expires: l.Expires, Demo: l.Demo, Drill: l.Drill,
		Ended: l.Ended, Recalled: l.Life == Recalled, Reason: l.Reason, ReplacedBy: delivery.Ref(l.ReplacedBy), Replaces: delivery.Ref(l.Replaces)}
	for _, e := range l.Editions {
		s, heard := e.Sound, ""
		if s.Opus != "" {
			heard = l.ID.SoundURL(e.Lang, "opus")
		}
		i.Editions = append(i.Editions, delivery.Edition{Lang: e.Lang, Title: strings.TrimPrefix(e.Title, DrillMark), Body: e.Body,
			Heard: heard, Opus: s.Opus, MP3: s.MP3, OpusSize: s.OpusSize, MP3Size: s.MP3Size, Length: s.Length, Machine: s.Machine, Voice: s.Voice})
	}
	return i
}
