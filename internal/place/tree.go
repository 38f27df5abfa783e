package place

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
)

// A tree is a picture of all units and their lineage at one moment. It is never changed: a change makes a new one.
type tree struct {
	units  []Unit // by code, then first day
	byID   map[ID]int32
	byCode map[string][]int32 // versions, oldest first
	byName []int32            // every unit, by collation key
	folded map[string][]int32 // by folded name
	before [][]link           // out of which a unit was made
	after  [][]link           // into which it went

	covers   []func() map[ID]bool // see covered; computed when first asked
	revision int64                // of the tables it was read from

	weights  map[threadOf]Weight // of divided units; see flow.go
	measures map[string]bool     // that weights were entered by
	days     []Date              // on which anything changed, in order
	streams  *sync.Map           // course to stream, answered once
}

// A link is one thread of lineage as the tree keeps it.
type link struct {
	unit  int32
	whole bool
}

// A lineage row as the table keeps it.
type thread struct {
	Old, New ID
	Whole    bool
}

func newTree(units []Unit, threads []thread, weights []Weight) *tree {
	slices.SortFunc(units, func(a, b Unit) int { return cmp.Or(strings.Compare(a.Code, b.Code), cmp.Compare(a.From, b.From)) })
	t := &tree{units: units, byID: make(map[ID]int32, len(units)), byCode: make(map[string][]int32, len(units)),
		folded: make(map[string][]int32, len(units)), before: make([][]link, len(units)), after: make([][]link, len(units))}
	for n := range units {
		i := int32(n) //nolint:gosec // there are some 14,000 units
		t.byID[units[n].ID] = i
		t.byCode[units[n].Code] = append(t.byCode[units[n].Code], i)
		t.folded[units[n].folded] = append(t.folded[units[n].folded], i)
		t.byName = append(t.byName, i)
	}
	slices.SortFunc(t.byName, func(a, b int32) int {
		return cmp.Or(strings.Compare(units[a].sort, units[b].sort), cmp.Compare(a, b))
	})
	for _, row := range threads {
		old, ok1 := t.byID[row.Old]
		now, ok2 := t.byID[row.New]
		if ok1 && ok2 {
			t.after[old] = append(t.after[old], link{now, row.Whole})
			t.before[now] = append(t.before[now], link{old, row.Whole})
		}
	}
	t.weigh(weights)
	t.covers = make([]func() map[ID]bool, len(units))
	for n := range t.covers {
		i := int32(n) //nolint:gosec // as above
		t.covers[n] = sync.OnceValue(func() map[ID]bool { return t.cover(i) })
	}
	return t
}

// threads are the lineage as the table keeps it.
func (t *tree) threads() []thread {
	var all []thread
	for i, links := range t.after {
		for _, l := range links {
			all = append(all, thread{t.units[i].ID, t.units[l.unit].ID, l.whole})
		}
	}
	return all
}

// weigh takes in the weights that hold, and the days of change.
func (t *tree) weigh(weights []Weight) {
	t.weights, t.measures, t.streams = make(map[threadOf]Weight, len(weights)), map[string]bool{}, new(sync.Map)
	for _, w := range weights {
		old, ok1 := t.byID[w.Old]
		now, ok2 := t.byID[w.New]
		if ok1 && ok2 && w.Den > 0 {
			t.weights[threadOf{old, now, w.Measure}] = w
			t.measures[w.Measure] = true
		}
	}
	days := map[Date]bool{}
	for n := range t.units {
		days[t.units[n].From], days[t.units[n].Until] = true, true
	}
	delete(days, 0)
	t.days = slices.Sorted(maps.Keys(days))
}

// at finds the version of a code that holds on a day.
func (t *tree) at(code string, on Date) (int32, bool) {
	for _, i := range t.byCode[code] {
		if t.units[i].In(on) {
			return i, true
		}
	}
	return 0, false
}

// find understands an ID, or a code as of a day.
func (t *tree) find(s string, on Date) (int32, bool) {
	if i, ok := t.byID[ID(s)]; ok {
		return i, true
	}
	return t.at(s, on)
}

// unit is a unit with the parent it has on that day.
func (t *tree) unit(i int32, on Date) Unit {
	u := t.units[i]
	if p, ok := t.at(u.ParentCode, on); ok {
		u.Parent = t.units[p].ID
	}
	return u
}

// last is a unit with the last parent it had.
func (t *tree) last(i int32) Unit {
	u := t.units[i]
	for _, p := range t.byCode[u.ParentCode] {
		if v := &t.units[p]; overlap(u.From, u.Until, v.From, v.Until) {
			u.Parent = v.ID
		}
	}
	return u
}

func (t *tree) steps(links []link, forward bool) []Step {
	var all []Step
	for _, l := range links {
		u := t.last(l.unit)
		if forward {
			u = t.unit(l.unit, u.From)
		}
		all = append(all, Step{u, l.whole})
	}
	slices.SortFunc(all, func(a, b Step) int { return strings.Compare(a.Unit.sort, b.Unit.sort) })
	return all
}

// exact tells whether everything a unit was made of went into it whole.
func (t *tree) exact(i int32) bool {
	return len(t.before[i]) > 0 && !slices.ContainsFunc(t.before[i], func(l link) bool { return !l.whole })
}

// successors follows lineage forward to the units that hold on a day. A thread is whole if every step of it is.
func (t *tree) successors(i int32, on Date) []Step {
	reached := map[int32]bool{} // and whether it is whole
	var walk func(i int32, whole bool)
	walk = func(i int32, whole bool) {
		if t.units[i].In(on) {
			reached[i] = reached[i] || whole
			return
		}
		for _, l := range t.after[i] {
			walk(l.unit, whole && l.whole)
		}
	}
	walk(i, true)
	var all []Step
	for i, whole := range reached {
		all = append(all, Step{t.unit(i, on), whole})
	}
	slices.SortFunc(all, func(a, b Step) int { return strings.Compare(a.Unit.sort, b.Unit.sort) })
	return all
}

// covered is the set of areas in which the territory of a unit wholly lies, as far as lineage knows.
func (t *tree) covered(i int32) map[ID]bool { return t.covers[i]() }

// cover adds up what lies above a unit and above the unit that took it in whole.
func (t *tree) cover(i int32) map[ID]bool {
	all := t.above(i)
	if next := t.after[i]; len(next) == 1 && next[0].whole {
		maps.Copy(all, t.covered(next[0].unit))
	}
	return all
}

// above is the unit, its parents, and for each the areas in which everything lies that it was made of.
func (t *tree) above(i int32) map[ID]bool {
	u := &t.units[i]
	all := t.made(i)
	all[u.ID] = true
	for _, p := range t.byCode[u.ParentCode] {
		if v := &t.units[p]; overlap(u.From, u.Until, v.From, v.Until) {
			maps.Copy(all, t.above(p))
		}
	}
	return all
}

// made is the set of older areas that hold every part of a unit; empty unless it is an exact sum.
func (t *tree) made(i int32) map[ID]bool {
	all := map[ID]bool{}
	if !t.exact(i) {
		return all
	}
	for n, l := range t.before[i] {
		part := t.above(l.unit)
		if n == 0 {
			all = part
			continue
		}
		maps.DeleteFunc(all, func(id ID, _ bool) bool { return !part[id] })
	}
	return all
}
