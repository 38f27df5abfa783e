package place

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/fold"
)

// An EventKind says what a document did to units.
type EventKind string

// The kinds of events. Provinces and districts can be renamed and change their kind; what else befalls them comes as lists.
const (
	Merge    EventKind = "merge"    // nhập
	Split    EventKind = "split"    // chia
	Transfer EventKind = "transfer" // chuyển một phần địa giới
	Rename   EventKind = "rename"   // đổi tên, đổi mã
	Retype   EventKind = "retype"   // đổi loại: xã thành phường
)

// eventKinds in the order in which a form offers them.
var eventKinds = []EventKind{Merge, Split, Transfer, Rename, Retype}

// Undone is the state of an event that was in force and was taken back.
const Undone = "undone"

// An Event is a change of units by a document. Old units end and new versions begin on the day From.
type Event struct {
	ID    string
	Kind  EventKind
	Title string // in Vietnamese: "Nhập xã A, xã B thành xã C"
	Decision
	From     Date
	Area     ID // the province
	Parts    []EventPart
	New      []NewUnit
	Replaces string // the event that this one corrects; it is undone as this one comes into force
	Entry
	UndoReason string
	UndoBy     string // who proposed to undo it, "" while nobody does
	UndoAsked  time.Time
	UndoneBy   string
	Undone     time.Time
}

// An EventPart says that an old unit, or a part of it, went to a new one. An old unit that is named once went whole.
type EventPart struct {
	Old ID     `json:"old"`
	New string `json:"new"` // code
}

// A NewUnit is a unit as it begins. A unit that goes on with more or less territory begins anew under its code.
type NewUnit struct {
	Code string `json:"code"`
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// Olds lists the units that end, in the order given.
func (e Event) Olds() []ID {
	var all []ID
	for _, p := range e.Parts {
		if !slices.Contains(all, p.Old) {
			all = append(all, p.Old)
		}
	}
	return all
}

// Whole tells whether an old unit goes to one new unit entirely.
func (e Event) Whole(old ID) bool {
	n := 0
	for _, p := range e.Parts {
		if p.Old == old {
			n++
		}
	}
	return n == 1
}

// Begun is the version that a code of the event begins.
func (e Event) Begun(code string) ID { return NewID(code, e.From) }

// checkDocument refuses an event that rests on no document, or on days that cannot be.
func (e Event) checkDocument(today Date) error {
	var errs []error
	if !slices.Contains(eventKinds, e.Kind) {
		errs = append(errs, fault.Field("kind", "place.event.kind"))
	}
	if strings.TrimSpace(e.Number) == "" || len(e.Number) > 100 {
		errs = append(errs, fault.Field("decision", "place.decision.number"))
	}
	if e.Day == 0 || e.Day > today {
		errs = append(errs, fault.Field("decided", "place.decision.day"))
	}
	if e.From < e.Day || e.From <= FirstList {
		errs = append(errs, fault.Field("from", "place.event.from"))
	}
	return errors.Join(errs...)
}

// Sketch makes a desk of units and events that are recorded nowhere, to try out what would become of figures. It answers what
// needs no table: units, lineage, flows.
func Sketch(units []Unit, events []Event, weights []Weight) (*Desk, error) {
	units = slices.Clone(units)
	for i := range units {
		units[i].folded, units[i].sort = fold.Key(units[i].Name), fold.Sort(units[i].Name)
	}
	g := newRegister(units, nil)
	for n, e := range events {
		if err := g.enact(e); err != nil {
			return nil, fmt.Errorf("event %d: %w", n, err)
		}
	}
	d := &Desk{}
	d.tree.Store(g.weighedTree(weights))
	return d, nil
}

// prepare checks an event against the units as they are and fills in what follows from them.
func (d *Desk) prepare(ctx context.Context, e *Event) error {
	t := d.tree.Load()
	g := newRegister(slices.Clone(t.units), t.threads())
	var corrected Event
	if e.Replaces != "" {
		var err error
		if corrected, err = d.Event(ctx, e.Replaces); err != nil {
			return err
		}
		if corrected.State != InForce {
			return fault.New(fault.Conflict, "place.event.not_in_force")
		}
		if err := g.repeal(corrected); err != nil {
			return err
		}
	}
	e.Number = strings.TrimSpace(e.Number)
	for i := range e.New {
		n := &e.New[i]
		n.Code, n.Name, n.Kind = strings.TrimSpace(n.Code), strings.TrimSpace(n.Name), strings.ToLower(strings.TrimSpace(n.Kind))
		for _, id := range e.Olds() { // a unit that goes on keeps what is not said
			if u := g.units[id]; u != nil && u.Code == n.Code {
				if n.Name == "" {
					n.Name = u.Name
				}
				if n.Kind == "" {
					n.Kind = u.Kind
				}
			}
		}
	}
	if err := errors.Join(e.checkDocument(d.Today()), g.enact(*e)); err != nil {
		return err
	}
	e.Title = g.title(*e)
	e.Area = d.provinceOf(*g.units[e.Parts[0].Old])
	if e.Replaces != "" && corrected.Area != e.Area {
		return fault.New(fault.Conflict, "place.event.other_area")
	}
	return nil
}

// provinceOf is the province a unit lay in when it last held; of a province, itself.
func (d *Desk) provinceOf(u Unit) ID {
	parents := d.Parents(u.ID, u.lastDay(d.Today()))
	if len(parents) == 0 {
		return u.ID
	}
	return parents[len(parents)-1].ID
}

// RecordEvent records a change of units as a draft, by a document with number and date. It comes into force when another person
// confirms it. The same key again gives the event that it made.
func (d *Desk) RecordEvent(ctx context.Context, actor duty.Actor, key string, e Event) (string, error) {
	if err := d.prepare(ctx, &e); err != nil {
		return "", err
	}
	if err := d.policy.Permit(actor, duty.PlaceRecordEvent, duty.Thing{Area: string(e.Area), State: Draft}); err != nil {
		return "", err
	}
	e.Entry = d.draftBy(actor)
	return d.insertOne(ctx, actor, key, &e, e.Title)
}

// Preview checks an event as RecordEvent does and writes nothing.
func (d *Desk) Preview(ctx context.Context, e Event) (Event, error) {
	err := d.prepare(ctx, &e)
	return e, err
}

// DecideEvent brings a draft into force, or sets it aside. The actor must not be the one who entered it.
func (d *Desk) DecideEvent(ctx context.Context, actor duty.Actor, id string, confirm bool) error {
	e, err := d.Event(ctx, id)
	if err != nil {
		return err
	}
	if err := d.policy.Permit(actor, duty.PlaceConfirmEvent, duty.Thing{Area: string(e.Area), Hands: []string{e.EnteredBy}}); err != nil {
		return err
	}
	if !confirm {
		return d.refuseEvent(ctx, actor, e)
	}
	return d.enactEvent(ctx, actor, e)
}

// UndoEvent proposes to take back an event in force; a reason is needed. Another person decides: see DecideUndo.
func (d *Desk) UndoEvent(ctx context.Context, actor duty.Actor, id, reason string) error {
	e, err := d.Event(ctx, id)
	if err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	switch err := d.policy.Permit(actor, duty.PlaceRecordEvent, duty.Thing{Area: string(e.Area)}); {
	case err != nil:
		return err
	case e.State != InForce:
		return fault.New(fault.Conflict, "place.event.not_in_force")
	case e.UndoBy != "":
		return fault.New(fault.Conflict, "place.event.undo.asked")
	case reason == "" || len([]rune(reason)) > 500:
		return fault.Field("reason", "place.event.undo.reason")
	}
	if err := d.mayRepeal(ctx, e); err != nil {
		return err
	}
	return d.askUndo(ctx, actor, e, reason)
}

// mayRepeal tells whether an event can be taken back now.
func (d *Desk) mayRepeal(ctx context.Context, e Event) error {
	t := d.tree.Load()
	g := newRegister(slices.Clone(t.units), t.threads())
	if err := g.repeal(e); err != nil {
		return err
	}
	return d.unused(ctx, d.db, g)
}

// DecideUndo takes an event back as another person proposed, or leaves it in force. Units and lineage are then as they were before
// it; what was entered stays in the record. Where rows elsewhere name the new units, it is refused.
func (d *Desk) DecideUndo(ctx context.Context, actor duty.Actor, id string, confirm bool) error {
	e, err := d.Event(ctx, id)
	if err != nil {
		return err
	}
	if err := d.policy.Permit(actor, duty.PlaceConfirmEvent, duty.Thing{Area: string(e.Area), Hands: []string{e.UndoBy}}); err != nil {
		return err
	}
	if e.State != InForce || e.UndoBy == "" {
		return fault.New(fault.Conflict, "place.decided_already")
	}
	if !confirm {
		return d.keepEvent(ctx, actor, e)
	}
	return d.repealEvent(ctx, actor, e)
}

// EventsWaiting lists the events that wait for the actor: drafts, and proposals to undo, of others.
func (d *Desk) EventsWaiting(ctx context.Context, actor duty.Actor) ([]Event, error) {
	if !d.policy.May(actor, duty.PlaceConfirmEvent) {
		return nil, nil
	}
	all, err := d.Events(ctx)
	return slices.DeleteFunc(all, func(e Event) bool {
		hand := e.EnteredBy
		switch {
		case e.State == InForce && e.UndoBy != "":
			hand = e.UndoBy
		case e.State != Draft:
			return true
		}
		return d.policy.Permit(actor, duty.PlaceConfirmEvent, duty.Thing{Area: string(e.Area), Hands: []string{hand}}) != nil
	}), err
}

// A Turn is a day on which units of an area ended and began.
type Turn struct {
	Day          Date
	Ended, Began int // communes
}

// Turns lists the days on which the communes of an area changed, the latest first.
func (d *Desk) Turns(area ID) []Turn {
	t := d.tree.Load()
	turns := map[Date]*Turn{}
	at := func(day Date) *Turn {
		if turns[day] == nil {
			turns[day] = &Turn{Day: day}
		}
		return turns[day]
	}
	for n := range t.units {
		u := &t.units[n]
		if u.Level != Commune || !t.covered(int32(n))[area] { //nolint:gosec // there are some 14,000 units
			continue
		}
		if u.From != 0 {
			at(u.From).Began++
		}
		if u.Until != 0 {
			at(u.Until).Ended++
		}
	}
	var all []Turn
	for _, day := range slices.Backward(slices.Sorted(maps.Keys(turns))) {
		all = append(all, *turns[day])
	}
	return all
}

// Start is the first day of the new units as a time, for pages.
func (e Event) Start() time.Time { return e.From.Time() }

// Named finds the one unit in force on a day that is called so, or has the code that stands in the text: "xã Bắc Sơn (06325)".
func (d *Desk) Named(text string, on Date) (Unit, error) {
	if _, code, ok := strings.Cut(strings.TrimSuffix(strings.TrimSpace(text), ")"), "("); ok && digits.MatchString(code) {
		text = code
	}
	t, q := d.tree.Load(), readQuery(text)
	var found []Unit
	for _, i := range t.byName {
		if u := &t.units[i]; u.In(on) && q.rank(u) == 3 && t.under(i, q.above) {
			found = append(found, t.unit(i, on))
		}
	}
	if home := d.within(found, on); len(found) > 1 && len(home) > 0 {
		found = home
	}
	switch len(found) {
	case 0:
		return Unit{}, fault.Field("old", "place.event.unnamed", "Name", text, "Date", written(on))
	case 1:
		return found[0], nil
	}
	return Unit{}, fault.Field("old", "place.event.ambiguous", "Name", text, "N", len(found))
}

// within keeps the units of the home province.
func (d *Desk) within(units []Unit, on Date) []Unit {
	home, err := d.At(d.Home, on)
	if err != nil {
		return nil
	}
	t := d.tree.Load()
	return slices.DeleteFunc(slices.Clone(units), func(u Unit) bool { return !t.covered(t.byID[u.ID])[home.ID] })
}
