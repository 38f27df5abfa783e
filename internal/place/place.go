// Package place knows the administrative units of Vietnam through time: what a unit was called, where it lay and what became of
// it, the villages within it, and the boundaries that were imported. It knows nothing of people or figures beyond the area and
// population that its lists carry.
package place

import (
	"context"
	"time"
	"unicode"
	"unicode/utf8"

	"banlang/internal/fault"
)

// The levels of units. Districts (huyện, quận, thị xã, thành phố) ended on 30 June 2025.
const (
	Province = "province" // tỉnh, thành phố
	District = "district" // huyện, quận, thị xã, thành phố thuộc tỉnh
	Commune  = "commune"  // xã, phường, thị trấn, đặc khu
)

// LangSon is the code of the province that an installation serves unless it is told otherwise.
const LangSon = "20"

// FirstList is the day of the oldest list that is known. What a unit was before it, nobody here can say.
const FirstList Date = 20250301

// A Unit is one version of an administrative unit: a stretch of time in which its code, kind, name and parent did not change.
type Unit struct {
	ID         ID
	Code       string
	Level      string // Province, District or Commune
	Kind       string // "xã", "phường", "thị trấn", "đặc khu", "huyện", "tỉnh" ...
	Name       string // as its list writes it; "Hòa" and "Hoà" are both right and neither is corrected
	NameEN     string // "" where no list gives one
	ParentCode string // "" for a province
	Parent     ID     // the version of the parent on the day asked about
	From       Date   // zero: began before the first list
	Until      Date   // first day on which it no longer holds; zero: in force

	folded, sort string
}

// FullName is the kind and the name: "xã Bắc Sơn".
func (u Unit) FullName() string { return u.Kind + " " + u.Name }

// Title is the full name as a heading begins: "Xã Bắc Sơn".
func (u Unit) Title() string {
	name := u.FullName()
	r, n := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(r)) + name[n:]
}

// pageOf is the address of a unit's page. A version that does not hold today is asked for by a day on which it does.
func (d *Desk) pageOf(u Unit) string {
	address := "/dia-ban/" + u.Code
	switch today := d.Today(); {
	case u.From > today:
		address += "?ngay=" + u.From.String()
	case !u.In(today):
		address += "?ngay=" + u.Until.Before().String()
	}
	return address
}

// In tells whether the version holds on that day.
func (u Unit) In(on Date) bool { return holds(u.From, u.Until, on) }

// A Step is one thread of lineage between two versions.
type Step struct {
	Unit  Unit
	Whole bool // the older unit went into the newer one entirely
}

// A Profile is what the lists say of a unit's size. Figures that cannot be right are kept and marked, and are never to be
// computed with: see Area and People.
type Profile struct {
	Unit                   ID
	AreaKm2                float64
	Population             int
	Longitude, Latitude    float64 // centre; both zero where unknown
	AreaState, PeopleState string  // "read", "doubtful", "missing"
	Note, Source           string
	AsOf                   Date
}

// Area is the area in square kilometres, if it can be relied on.
func (p Profile) Area() (float64, bool) { return p.AreaKm2, p.AreaState == "read" }

// People is the population, if it can be relied on.
func (p Profile) People() (int, bool) { return p.Population, p.PeopleState == "read" }

// Today is the day in Vietnam now.
func (d *Desk) Today() Date { return DateOf(d.now()) }

// HomeUnit is the province that this installation serves, as it is today; the zero Unit if its code is unknown.
func (d *Desk) HomeUnit() Unit {
	u, _ := d.At(d.Home, d.Today()) //nolint:errcheck // an unknown code is an empty province, which every page can show
	return u
}

// At is the unit that had the code on that day.
func (d *Desk) At(code string, on Date) (Unit, error) {
	t := d.tree.Load()
	if i, ok := t.at(code, on); ok {
		return t.unit(i, on), nil
	}
	return Unit{}, fault.New(fault.NotFound, "place.not_found", "Code", code, "Date", on.String())
}

// ByID is the version itself.
func (d *Desk) ByID(id ID) (Unit, error) {
	t := d.tree.Load()
	if i, ok := t.byID[id]; ok {
		return t.last(i), nil
	}
	return Unit{}, fault.New(fault.NotFound, "place.not_found", "Code", id.Code(), "Date", "")
}

// Versions lists every version that a code has had, oldest first. They need not be the same unit.
func (d *Desk) Versions(code string) []Unit {
	t := d.tree.Load()
	var all []Unit
	for _, i := range t.byCode[code] {
		all = append(all, t.last(i))
	}
	return all
}

// Units lists the units of a level within an area on a day, sorted by name. An area of "" is the whole country, a level of ""
// every level. An area that had ended by then is understood through its lineage: what lies wholly in its old territory.
func (d *Desk) Units(area ID, level string, on Date) []Unit {
	t := d.tree.Load()
	var all []Unit
	for _, i := range t.byName {
		u := &t.units[i]
		if (level == "" || u.Level == level) && u.In(on) && (area == "" || u.ID != area && t.covered(i)[area]) {
			all = append(all, t.unit(i, on))
		}
	}
	return all
}

// Parents lists the units above one, nearest first, on a day on which it held.
func (d *Desk) Parents(id ID, on Date) []Unit {
	t := d.tree.Load()
	var all []Unit
	i, ok := t.byID[id]
	for ok && t.units[i].ParentCode != "" && len(all) < 8 {
		if i, ok = t.at(t.units[i].ParentCode, on); ok {
			all = append(all, t.unit(i, on))
		}
	}
	return all
}

// Before lists the units out of which this one was made. known is false where nothing older than the first list is recorded.
func (d *Desk) Before(id ID) (steps []Step, known bool) {
	t := d.tree.Load()
	i, ok := t.byID[id]
	if !ok {
		return nil, false
	}
	return t.steps(t.before[i], false), t.units[i].From != 0
}

// After lists the units into which this one went; none while it holds.
func (d *Desk) After(id ID) []Step {
	t := d.tree.Load()
	i, ok := t.byID[id]
	if !ok {
		return nil
	}
	return t.steps(t.after[i], true)
}

// Exact tells whether a unit is the exact sum of the units out of which it was made: then old figures may be added. It is false
// where one of them was divided, and where nothing older is known.
func (d *Desk) Exact(id ID) bool {
	t := d.tree.Load()
	i, ok := t.byID[id]
	return ok && t.exact(i)
}

// Successors lists the units of a day in which the territory of a version lies, through any number of changes.
func (d *Desk) Successors(id ID, on Date) []Step {
	t := d.tree.Load()
	if i, ok := t.byID[id]; ok {
		return t.successors(i, on)
	}
	return nil
}

// Within tells whether a place lies wholly in an area, as far as lineage knows: it is the area or is under it; or it went whole
// into a unit that is; or it was made whole out of units that are. So a right over a new commune reaches what belonged to the old
// ones that it took in, a right over a unit that was only renamed, recoded or raised goes on, and a right over one of several
// merged communes does not grow to the others. A code without a day is read as of at. It implements duty.Tree.
func (d *Desk) Within(area, place string, at time.Time) bool {
	if area == "" {
		return true
	}
	t, on := d.tree.Load(), DateOf(at)
	a, ok := t.find(area, on)
	if !ok {
		return false
	}
	p, ok := t.find(place, on)
	return ok && t.covered(p)[t.units[a].ID]
}

// Ready makes sure that the reference lists are in the tables and reads the tree from them. progress counts to total.
func (d *Desk) Ready(ctx context.Context, progress func(done, total int)) error {
	if progress == nil {
		progress = func(int, int) {}
	}
	if err := d.loadReference(ctx, nil, progress); err != nil {
		return err
	}
	return d.renew(ctx)
}

// ReadyOnly is Ready for a machine that carries little: all provinces, and of the named ones what lies in them.
func (d *Desk) ReadyOnly(ctx context.Context, provinces ...string) error {
	if err := d.loadReference(ctx, provinces, func(int, int) {}); err != nil {
		return err
	}
	return d.reload(ctx)
}
