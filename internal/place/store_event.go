package place

import (
	"context"
	"encoding/json"
	"fmt"

	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/search"
)

const eventColumns = `id, kind, title, decision, decided, from_day, area, body, replaces, state, demo, entered_by, entered, confirmed_by, confirmed,
	undo_reason, undo_by, undo_asked, undone_by, undone`

// eventBody is what the column body holds.
type eventBody struct {
	Parts []EventPart `json:"parts"`
	New   []NewUnit   `json:"new"`
}

type eventRow struct {
	Event
	entryRow
	body          string
	asked, undone int64
}

func (r *eventRow) fields() []any {
	return []any{&r.ID, &r.Kind, &r.Title, &r.Number, &r.Day, &r.From, &r.Area, &r.body, &r.Replaces, &r.State, &r.Demo, &r.EnteredBy, &r.entered,
		&r.ConfirmedBy, &r.confirmed, &r.UndoReason, &r.UndoBy, &r.asked, &r.UndoneBy, &r.undone}
}

func (r eventRow) event() (Event, error) {
	r.set(&r.Entry)
	r.UndoAsked, r.Undone = db.Time(r.asked), db.Time(r.undone)
	var body eventBody
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		return Event{}, fmt.Errorf("event %s: %w", r.ID, err)
	}
	r.Parts, r.New = body.Parts, body.New
	return r.Event, nil
}

func (e *Event) insert(ctx context.Context, t *tx) (string, error) {
	e.ID = db.NewID()
	body, err := json.Marshal(eventBody{e.Parts, e.New})
	if err != nil {
		return "", err
	}
	if _, err := t.insertNew(ctx, "place_event", eventColumns, []any{e.ID, string(e.Kind), e.Title, e.Number, int64(e.Day), int64(e.From), string(e.Area),
		string(body), e.Replaces, e.State, e.Demo, e.EnteredBy, db.Millis(e.Entered), "", int64(0), "", "", int64(0), "", int64(0)}); err != nil {
		return "", err
	}
	return e.ID, t.desk.record(ctx, t.Tx, t.actor, duty.PlaceRecordEvent, "event/"+e.ID, e.Area, "", Draft, e.Title+"; "+e.Number, "")
}

// Event is one event.
func (d *Desk) Event(ctx context.Context, id string) (Event, error) {
	row, err := db.One(ctx, d.db, (*eventRow).fields, "SELECT "+eventColumns+" FROM place_event WHERE id = $1", id)
	if fault.Is(err, fault.NotFound) {
		return Event{}, fault.New(fault.NotFound, "place.event.not_found")
	} else if err != nil {
		return Event{}, err
	}
	return row.event()
}

// Events lists the events that were entered, the latest first, 200 at most.
func (d *Desk) Events(ctx context.Context) ([]Event, error) {
	rows, err := db.All(ctx, d.db, (*eventRow).fields, "SELECT "+eventColumns+" FROM place_event ORDER BY from_day DESC, entered DESC, id LIMIT 200")
	if err != nil {
		return nil, err
	}
	all := make([]Event, len(rows))
	for i, r := range rows {
		if all[i], err = r.event(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// changeEvent sets what is decided about an event, unless it is no longer as it was read.
func (d *Desk) changeEvent(ctx context.Context, tx *db.Tx, actor duty.Actor, e Event, act duty.Act, after, note, second, set string, values ...any) error {
	n, err := db.Exec(ctx, tx, "UPDATE place_event SET "+set+" WHERE id = $1 AND state = $2 AND undo_by = $3", append([]any{e.ID, e.State, e.UndoBy}, values...)...)
	switch {
	case err != nil:
		return err
	case n == 0:
		return fault.New(fault.Conflict, "place.decided_already")
	}
	return d.record(ctx, tx, actor, act, "event/"+e.ID, e.Area, e.State, after, note, second)
}

func (d *Desk) refuseEvent(ctx context.Context, actor duty.Actor, e Event) error {
	if e.State != Draft {
		return fault.New(fault.Conflict, "place.decided_already")
	}
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		return d.changeEvent(ctx, tx, actor, e, duty.PlaceConfirmEvent, Refused, e.Title, e.EnteredBy,
			"state = 'refused', confirmed_by = $4, confirmed = $5", actor.ID, db.Millis(d.now()))
	})
}

// enactEvent brings a draft into force; the event that it corrects is taken back with it.
func (d *Desk) enactEvent(ctx context.Context, actor duty.Actor, e Event) error {
	if e.State != Draft {
		return fault.New(fault.Conflict, "place.decided_already")
	}
	err := d.db.Tx(ctx, func(tx *db.Tx) error {
		g, err := d.register(ctx, tx)
		if err != nil {
			return err
		}
		if e.Replaces != "" {
			old, err := d.Event(ctx, e.Replaces)
			if err != nil {
				return err
			}
			if err := d.repealIn(ctx, tx, actor, g, old, "đính chính: "+e.Title); err != nil {
				return err
			}
		}
		if err := g.enact(e); err != nil {
			return err
		}
		if err := d.unused(ctx, tx, g); err != nil {
			return err
		}
		if err := d.writeEvent(ctx, tx, g); err != nil {
			return err
		}
		return d.changeEvent(ctx, tx, actor, e, duty.PlaceConfirmEvent, InForce, e.Title+"; "+e.Number, e.EnteredBy,
			"state = 'in_force', confirmed_by = $4, confirmed = $5", actor.ID, db.Millis(d.now()))
	})
	if err != nil {
		return err
	}
	return d.renew(ctx)
}

// repealIn takes an event back within a transaction that writes the register afterwards.
func (d *Desk) repealIn(ctx context.Context, tx *db.Tx, actor duty.Actor, g *register, e Event, reason string) error {
	if e.State != InForce {
		return fault.New(fault.Conflict, "place.event.not_in_force")
	}
	if err := g.repeal(e); err != nil {
		return err
	}
	return d.changeEvent(ctx, tx, actor, e, duty.PlaceConfirmEvent, Undone, reason, e.UndoBy, "state = 'undone', undone_by = $4, undone = $5", actor.ID, db.Millis(d.now()))
}

func (d *Desk) repealEvent(ctx context.Context, actor duty.Actor, e Event) error {
	err := d.db.Tx(ctx, func(tx *db.Tx) error {
		g, err := d.register(ctx, tx)
		if err != nil {
			return err
		}
		if err := d.repealIn(ctx, tx, actor, g, e, e.UndoReason); err != nil {
			return err
		}
		if err := d.unused(ctx, tx, g); err != nil {
			return err
		}
		return d.writeEvent(ctx, tx, g)
	})
	if err != nil {
		return err
	}
	return d.renew(ctx)
}

// writeEvent writes what an event changed. Units that vanish are no longer found, and weights of a division that is another now no
// longer count.
func (d *Desk) writeEvent(ctx context.Context, tx *db.Tx, g *register) error {
	for _, id := range sortedIDs(g.removed) {
		if err := search.Remove(ctx, tx, "place/"+string(id)); err != nil {
			return err
		}
	}
	for _, id := range sortedIDs(g.moved()) {
		if _, err := db.Exec(ctx, tx, "UPDATE place_weight SET state = 'undone' WHERE old_id = $1 AND state IN ('draft', 'in_force')", string(id)); err != nil {
			return err
		}
	}
	return setRegister(ctx, tx, g)
}

func (d *Desk) askUndo(ctx context.Context, actor duty.Actor, e Event, reason string) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		return d.changeEvent(ctx, tx, actor, e, duty.PlaceRecordEvent, "undo_asked", reason, "", "undo_reason = $4, undo_by = $5, undo_asked = $6", reason, actor.ID, db.Millis(d.now()))
	})
}

// keepEvent turns down the proposal to take an event back.
func (d *Desk) keepEvent(ctx context.Context, actor duty.Actor, e Event) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		return d.changeEvent(ctx, tx, actor, e, duty.PlaceConfirmEvent, InForce, e.UndoReason, e.UndoBy, "undo_reason = '', undo_by = '', undo_asked = 0")
	})
}

// unused refuses to let a version vanish that villages, classes, sizes or outlines here, or rows elsewhere, speak of.
func (d *Desk) unused(ctx context.Context, c db.Conn, g *register) error {
	for _, id := range sortedIDs(g.removed) {
		var rows int64
		for _, count := range []string{
			"SELECT count(*) FROM place_village WHERE unit = $1 AND state <> 'refused'",
			"SELECT count(*) FROM place_area_class WHERE unit = $1 AND state <> 'refused'",
			"SELECT count(*) FROM place_profile WHERE unit = $1",
			"SELECT count(*) FROM place_boundary WHERE unit = $1",
		} {
			n, err := db.Value[int64](ctx, c, count, string(id))
			if err != nil {
				return err
			}
			rows += n
		}
		if rows > 0 {
			return fault.New(fault.Conflict, "place.event.used", "Code", id.Code(), "N", rows)
		}
		if d.Uses == nil {
			continue
		}
		if err := d.Uses(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
