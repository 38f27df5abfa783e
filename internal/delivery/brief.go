package delivery

import (
	"context"
	"time"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/place"
)

// week is how far back a relay's brief goes.
const week = 7 * 24 * time.Hour

// A BriefItem is one item of a relay's week.
type BriefItem struct {
	Item  Item
	Heard bool // the relay has acknowledged it
}

// Brief is the week of a relay: what was published for the commune of each of their villages, newest first, and what they have
// acknowledged of it.
func (d *Desk) Brief(ctx context.Context, actor duty.Actor) ([]BriefItem, error) {
	since := d.now().Add(-week)
	heard, err := d.read().heardBy(ctx, actor.ID, since.Add(-week))
	if err != nil {
		return nil, err
	}
	var all []BriefItem
	seen := map[Ref]bool{}
	for _, r := range d.rounds(actor) {
		items, err := d.source.Items(ctx, Filter{Place: place.ID(r.Area), Since: since, Size: 30})
		if err != nil {
			return nil, err
		}
		for _, i := range items {
			if !seen[i.Ref] {
				seen[i.Ref] = true
				all = append(all, BriefItem{i, heard[issue{i.Ref, i.Version}]})
			}
		}
	}
	return all, nil
}

// Acknowledge says that a relay has heard an item and will pass it on.
func (d *Desk) Acknowledge(ctx context.Context, actor duty.Actor, ref Ref, version int64) error {
	item, err := d.source.Item(ctx, ref, version)
	if err != nil {
		return err
	}
	thing := duty.Thing{Area: string(item.Place)}
	for _, r := range d.rounds(actor) {
		if d.policy.Within(string(item.Place), r.Area) || d.policy.Within(r.Area, string(item.Place)) {
			thing = r
		}
	}
	if err := d.policy.Permit(actor, duty.RelayWork, thing); err != nil {
		return err
	}
	return d.change(ctx, func(s store) error {
		if err := s.addHeard(ctx, d.now(), actor.ID, issue{ref, item.Version}); err != nil {
			return err
		}
		return audit.Write(ctx, s.tx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.RelayWork), Thing: "bulletin/" + string(ref),
			Place: thing.Area, After: "heard"})
	})
}
