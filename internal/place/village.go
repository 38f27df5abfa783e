package place

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/fold"
)

// The states of what one person enters and another confirms.
const (
	Draft   = "draft"
	InForce = "in_force"
	Refused = "refused"
)

// classes are khu vực I, II, III of a commune; DBKK is thôn đặc biệt khó khăn, of a village.
var classes = []string{"I", "II", "III", "DBKK"}

// A Decision is what a village or a class rests on.
type Decision struct {
	Number string // số văn bản
	Day    Date
}

// An Entry is who entered a thing and who confirmed it.
type Entry struct {
	State       string
	EnteredBy   string
	Entered     time.Time
	ConfirmedBy string // "" while a draft
	Confirmed   time.Time
	Demo        bool // made up for demonstration
}

// A Village (thôn, bản, khối phố) is a part of a commune, known by decision.
type Village struct {
	ID          string
	Unit        ID
	Kind        string // "thôn", "bản", "khối phố", "tổ dân phố"
	Name        string
	From, Until Date
	Hard        bool // thôn đặc biệt khó khăn on the day asked about; VillagesIn tells
	Decision
	Entry

	folded, sort string
}

// FullName is the kind and the name; a name that begins with its kind stands alone.
func (v Village) FullName() string {
	if strings.HasPrefix(fold.Key(v.Name)+" ", fold.Key(v.Kind)+" ") {
		return v.Name
	}
	return v.Kind + " " + v.Name
}

// An AreaClass is the class of a commune, or of a village in it, for a period.
type AreaClass struct {
	ID          string
	Unit        ID
	Village     string // "" for the commune itself
	Class       string // "I", "II", "III"; "DBKK" of a village
	From, Until Date
	Decision
	Entry
}

// villageKinds are the words for a village, in lower case.
var villageKinds = []string{"thôn", "bản", "khối phố", "khối", "khu", "khu phố", "tổ dân phố", "làng", "xóm", "buôn", "bon", "plei", "phum", "sóc", "ấp"}

// EnterVillage records a village as a draft. It comes into force when another person confirms it. The same key again gives the
// village that it made.
func (d *Desk) EnterVillage(ctx context.Context, actor duty.Actor, key string, v Village) (string, error) {
	if err := d.checkVillage(&v); err != nil {
		return "", err
	}
	if err := d.policy.Permit(actor, duty.PlaceEditVillage, duty.Thing{Area: string(v.Unit), State: Draft}); err != nil {
		return "", err
	}
	v.Entry = d.draftBy(actor)
	return d.insertOne(ctx, actor, key, &v, v.FullName())
}

// EnterClass records an area class as a draft. It comes into force when another person confirms it.
func (d *Desk) EnterClass(ctx context.Context, actor duty.Actor, key string, c AreaClass) (string, error) {
	if err := d.checkClass(&c); err != nil {
		return "", err
	}
	if err := d.policy.Permit(actor, duty.PlaceSetAreaClass, duty.Thing{Area: string(c.Unit), State: Draft}); err != nil {
		return "", err
	}
	c.Entry = d.draftBy(actor)
	return d.insertOne(ctx, actor, key, &c, c.Class)
}

func (d *Desk) draftBy(actor duty.Actor) Entry {
	return Entry{State: Draft, EnteredBy: actor.ID, Entered: d.now(), Demo: actor.Demo}
}

// checkVillage refuses a village that cannot be, and fills in what follows from the rest.
func (d *Desk) checkVillage(v *Village) error {
	if err := d.checkEntry(v.Unit, v.From, v.Until, v.Decision); err != nil {
		return err
	}
	v.Name, v.Kind = strings.TrimSpace(v.Name), cmp.Or(strings.ToLower(strings.TrimSpace(v.Kind)), "thôn")
	v.folded, v.sort = fold.Key(v.Name), fold.Sort(v.Name)
	switch {
	case !slices.Contains(villageKinds, v.Kind):
		return fault.Field("kind", "place.village.kind", "Text", v.Kind)
	case v.folded == "" || len([]rune(v.Name)) > 100:
		return fault.Field("name", "place.village.name")
	}
	return nil
}

func (d *Desk) checkClass(c *AreaClass) error {
	if err := d.checkEntry(c.Unit, c.From, c.Until, c.Decision); err != nil {
		return err
	}
	switch {
	case !slices.Contains(classes, c.Class):
		return fault.Field("class", "place.class.unknown", "Text", c.Class)
	case (c.Class == "DBKK") != (c.Village != ""):
		return fault.Field("class", "place.class.level")
	}
	return nil
}

// checkEntry refuses what rests on no decision, or on a commune that is none, or on days that cannot be.
func (d *Desk) checkEntry(unit ID, from, until Date, decision Decision) error {
	u, err := d.ByID(unit)
	switch {
	case err != nil:
		return err
	case u.Level != Commune:
		return fault.Field("unit", "place.village.commune", "Name", u.FullName())
	case decision.Number == "" || len(decision.Number) > 100:
		return fault.Field("decision", "place.decision.number")
	case decision.Day == 0 || decision.Day > d.Today():
		return fault.Field("decided", "place.decision.day")
	case from == 0 || !u.In(from):
		return fault.Field("from", "place.decision.from", "Name", u.FullName())
	case until != 0 && until <= from:
		return fault.Field("until", "place.decision.until")
	}
	return nil
}

// AreaClasses tells the class I, II or III of each commune that has one on a day. The class of a unit that was renamed or recoded
// since is that of the unit it became; one that was merged or divided needs a decision of its own. The map is the caller's.
func (d *Desk) AreaClasses(ctx context.Context, on Date) (map[ID]string, error) {
	t := d.tree.Load()
	rows, err := d.communeClasses(ctx, t.revision)
	if err != nil {
		return nil, err
	}
	day := t.epoch(on)
	all, carried := map[ID]string{}, map[ID]string{}
	for _, c := range rows {
		i, ok := t.byID[c.Unit]
		switch {
		case !ok || !holds(c.From, c.Until, on):
		case t.units[i].In(on):
			all[c.Unit] = c.Class
		default:
			if now, ok := t.same(i, day); ok {
				carried[t.units[now].ID] = c.Class
			}
		}
	}
	for id, class := range carried {
		if all[id] == "" {
			all[id] = class
		}
	}
	return all, nil
}

// A Pending is a draft that waits for a second person.
type Pending struct {
	What string // "village", "class" or "weight"
	ID   string
	Text string // "thôn Nà Lình", the class, or what the weights measure
	Unit Unit
	Decision
	Entry
}

// Waiting lists the drafts that the actor may decide on, oldest first, 200 at most.
func (d *Desk) Waiting(ctx context.Context, actor duty.Actor) ([]Pending, error) {
	all, err := d.drafts(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(p Pending) bool { return d.mayDecide(actor, p) != nil }), nil
}

// Decide brings a draft into force, or sets it aside; what was entered stays in the record. The actor must not be the one who
// entered it: a leader of the commune or the province for a village, whoever may set one for an area class.
func (d *Desk) Decide(ctx context.Context, actor duty.Actor, what, id string, confirm bool) error {
	p, err := d.draft(ctx, what, id)
	if err != nil {
		return err
	}
	if err := d.mayDecide(actor, p); err != nil {
		return err
	}
	state := Refused
	if confirm {
		state = InForce
	}
	return d.setState(ctx, actor, p, state)
}

func (d *Desk) mayDecide(actor duty.Actor, p Pending) error {
	thing := duty.Thing{Area: string(p.Unit.ID), State: Draft, Hands: []string{p.EnteredBy}}
	if p.What == weightKind { // a leader of a commune confirms villages only
		thing.Area = string(d.provinceOf(p.Unit))
	}
	return d.policy.Permit(actor, p.act(), thing)
}

// act is what one must be allowed to do to decide on a draft.
func (p Pending) act() duty.Act {
	if p.What == classKind {
		return duty.PlaceSetAreaClass
	}
	return duty.PlaceConfirmEvent
}

// What a draft may be of.
const (
	villageKind = "village"
	classKind   = "class"
	weightKind  = "weight"
)

// SeedDemo makes a few villages and classes in communes of the home province, each called what it is: made up for demonstration.
func (d *Desk) SeedDemo(ctx context.Context) error {
	var villages []Village
	var areas []AreaClass
	decision := Decision{Number: "00/QĐ-MINHHOA", Day: 20250701}
	entry := Entry{State: InForce, EnteredBy: "demo", Entered: d.now(), ConfirmedBy: "demo2", Confirmed: d.now(), Demo: true}
	for i, u := range d.Units(d.HomeUnit().ID, Commune, d.Today()) {
		if i%13 != 0 && u.Code != "06325" {
			continue
		}
		for n := range 3 {
			v := Village{ID: fmt.Sprintf("demo-%s-%d", u.Code, n+1), Unit: u.ID, Kind: "thôn", Name: fmt.Sprintf("Thôn minh hoạ %d", n+1),
				From: max(u.From, 20250701), Decision: decision, Entry: entry}
			v.folded, v.sort = fold.Key(v.Name), fold.Sort(v.Name)
			villages = append(villages, v)
		}
		areas = append(areas,
			AreaClass{ID: "demo-" + u.Code, Unit: u.ID, Class: "III", From: max(u.From, 20250701), Decision: decision, Entry: entry},
			AreaClass{ID: "demo-" + u.Code + "-3", Unit: u.ID, Village: "demo-" + u.Code + "-3", Class: "DBKK", From: max(u.From, 20250701), Decision: decision, Entry: entry})
	}
	return d.seed(ctx, villages, areas)
}
