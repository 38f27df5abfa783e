package fact

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"banlang/internal/fold"
	"banlang/internal/place"
)

// A geography answers where the figures of places belong when they are read in the units of a day. It remembers its answers
// until the units change.
type geography struct {
	places *place.Desk
	names  sync.Map // of villages that were answered about, by ID

	mu       sync.Mutex
	revision int64
	number   map[place.ID]int32 // of targets; a village stands under its own ID
	targets  []place.ID
	routes   map[route]*routes
	rosters  map[roster]*crew
	classes  map[place.Date]map[place.ID]string
	units    map[unitsKey][]unit
	insides  map[[2]place.ID]bool
	strays   map[straysKey][]uint32
}

type straysKey struct {
	area place.ID
	route
}

type unitsKey struct {
	area  place.ID
	level level
	on    place.Date
}

// A unit is one of a list, with the key by which it is sorted.
type unit struct {
	ID   place.ID
	sort string
}

func newGeography(places *place.Desk) *geography {
	g := &geography{places: places, number: map[place.ID]int32{}}
	g.forget()
	return g
}

func (g *geography) forget() {
	g.routes, g.rosters, g.classes = map[route]*routes{}, map[roster]*crew{}, map[place.Date]map[place.ID]string{}
	g.units, g.insides, g.strays = map[unitsKey][]unit{}, map[[2]place.ID]bool{}, map[straysKey][]uint32{}
}

// unitsIn lists the units of a level in an area on a day, by name; the area itself if it is of that level.
func (g *geography) unitsIn(area place.ID, l level, on place.Date) []unit {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.renew()
	on = g.day(on)
	key := unitsKey{area, l, on}
	known, ok := g.units[key]
	if !ok {
		for _, u := range g.places.Units(area, levelNames[l], on) {
			known = append(known, unit{u.ID, fold.Sort(u.Name)})
		}
		g.units[key] = known
	}
	return known
}

// straysIn lists the places of the dictionary that lead to one target in the area which is none of its units at the end of the
// period; all villages are among them.
func (g *geography) straysIn(d *dictionary, area place.ID, r route) []uint32 {
	all := g.routesOf(d, r)
	r.size = len(d.spots)
	key := straysKey{area, r}
	g.mu.Lock()
	known, ok := g.strays[key]
	g.mu.Unlock()
	if ok {
		return known
	}
	there := map[place.ID]bool{}
	if r.level < village {
		for _, u := range g.unitsIn(area, r.level, r.at) {
			there[u.ID] = true
		}
	}
	targets := g.known()
	for n, to := range all.to {
		if to < 0 || there[targets[to]] {
			continue
		}
		id := targets[to]
		if r.level == village {
			id = d.spots[n].unit
		}
		if g.inside(area, id) {
			known = append(known, uint32(n)) //nolint:gosec // tens of thousands
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.strays[key] = known
	return known
}

// inside tells whether a unit lies in an area, as far as lineage knows.
func (g *geography) inside(area, id place.ID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.renew()
	key := [2]place.ID{area, id}
	known, ok := g.insides[key]
	if !ok {
		known = g.places.Within(string(area), string(id), time.Time{})
		g.insides[key] = known
	}
	return known
}

// numberOf is the number of a target, which it keeps for good.
func (g *geography) numberOf(id place.ID) int32 {
	n, ok := g.number[id]
	if !ok {
		n = int32(len(g.targets)) //nolint:gosec // tens of thousands
		g.number[id], g.targets = n, append(g.targets, id)
	}
	return n
}

// A route asks for the targets of a level. on is the day whose units are meant; 0 means that each place stays what it was when
// its figure was about it, at the end of a period.
type route struct {
	level level
	on    place.Date
	at    place.Date // the end of the period
	size  int        // of the dictionary
}

// route asks for the targets of a level. Days between which no unit changed are one.
func (g *geography) route(l level, on, at place.Date) route {
	return route{level: l, on: g.day(on), at: g.day(at)}
}

// day is the first on which units were as they are on a day; 0 stays 0.
func (g *geography) day(on place.Date) place.Date {
	if on == 0 {
		return 0
	}
	return max(1, g.places.Epoch(on))
}

// Where a place leads, if not to one target.
const (
	nowhere = -1
	split   = -2 // to several, or nobody knows where: -2-i is the i-th fork
)

// routes answer for every place of a dictionary.
type routes struct {
	to     []int32
	forks  []fork
	parent []uint32           // the unit above, as far as any figure is about one
	from   map[int32][]uint32 // by target: the places that lead to it, in order
}

// A fork is where the figures of a divided unit go.
type fork struct {
	unit  place.ID
	level level
	on    place.Date
	flows []place.Flow
	to    []int32
	known bool
}

// forkOf is a fork by the weights of one group, which are those of everybody where none were entered.
func (g *geography) forkOf(f *fork, group string) *fork {
	flows, known := g.places.FlowsOf(f.unit, levelNames[f.level], f.on, group)
	if !known || len(flows) > 0 && len(f.flows) > 0 && &flows[0] == &f.flows[0] {
		return f
	}
	own := fork{f.unit, f.level, f.on, flows, nil, known}
	for _, flow := range flows {
		own.to = append(own.to, g.numbersOf([]place.ID{flow.To})...)
	}
	return &own
}

// clamp is the day nearest to on at which the version holds.
func clamp(u place.Unit, on place.Date) place.Date {
	if u.Until != 0 && on >= u.Until {
		on = u.Until.Before()
	}
	return max(on, u.From)
}

// renew forgets what was remembered of older units.
func (g *geography) renew() {
	if now := g.places.Revision(); now != g.revision || len(g.routes) > 400 || len(g.rosters) > 400 {
		g.forget()
		g.revision = now
	}
}

// routes finds where each place of the dictionary leads.
func (g *geography) routesOf(d *dictionary, r route) *routes {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.renew()
	r.size = len(d.spots)
	if known, ok := g.routes[r]; ok {
		return known
	}
	all := &routes{to: make([]int32, len(d.spots)), parent: make([]uint32, len(d.spots))}
	for i, s := range d.spots {
		all.to[i] = nowhere
		if i > 0 {
			all.to[i] = g.lead(all, s.unit, s.village, r)
			all.parent[i] = g.parent(d, s, r)
		}
	}
	all.from = map[int32][]uint32{}
	for i, to := range all.to {
		n := uint32(i) //nolint:gosec // tens of thousands
		if to >= 0 {
			all.from[to] = append(all.from[to], n)
		} else if to <= split {
			for _, to := range all.forks[split-to].to {
				all.from[to] = append(all.from[to], n)
			}
		}
	}
	g.routes[r] = all
	return all
}

// lead is where a unit, or a village in it, leads.
func (g *geography) lead(all *routes, unit place.ID, villageID string, r route) int32 {
	switch {
	case r.level == country:
		return g.numberOf("")
	case r.level == village && villageID != "":
		return g.numberOf(place.ID(villageID))
	case levelOf(unit) < r.level:
		return nowhere // a figure is not divided among the units below
	}
	u, err := g.places.ByID(unit)
	if err != nil {
		return nowhere // a unit that was taken back: its figures wait for it
	}
	on := cmp.Or(r.on, clamp(u, r.at))
	flows, known := g.places.Flows(unit, levelNames[r.level], on)
	switch {
	case len(flows) == 0:
		return nowhere
	case known && len(flows) == 1 && !flows[0].Estimated:
		return g.numberOf(flows[0].To)
	}
	f := fork{unit: unit, level: r.level, on: on, flows: flows, known: known}
	for _, flow := range flows {
		f.to = append(f.to, g.numberOf(flow.To))
	}
	all.forks = append(all.forks, f)
	return int32(split - len(all.forks) + 1) //nolint:gosec // few are divided
}

// parent is the nearest unit above a place that any figure is about.
func (g *geography) parent(d *dictionary, s spot, r route) uint32 {
	if s.level == village && s.of != 0 {
		return s.of
	}
	if u, err := g.places.ByID(s.unit); err == nil {
		for _, p := range g.places.Parents(s.unit, clamp(u, r.at)) {
			if n := d.units[p.ID]; n != 0 {
				return n
			}
		}
	}
	if s.level == country {
		return 0
	}
	return d.units[""]
}

// A roster asks for the units of a level that were there at the end of a period, and where each leads.
type roster struct {
	level level
	route
}

// A crew answers a roster.
type crew struct {
	members []member
	to      map[int32][]int32 // by target: which of the members lead to it
}

// A member of a roster is a unit that ought to report.
type member struct {
	spot  uint32 // its number in the dictionary; 0 where no figure is about it
	unit  place.ID
	to    []int32
	above []uint32 // units above it that figures are about
}

// rosterOf lists who ought to report.
func (g *geography) rosterOf(d *dictionary, r roster) *crew {
	if r.level == country {
		n := g.country()
		return &crew{[]member{{spot: d.units[""], to: []int32{n}}}, map[int32][]int32{n: {0}}}
	}
	all := g.routesOf(d, r.route)
	g.mu.Lock()
	defer g.mu.Unlock()
	r.size = len(d.spots)
	if known, ok := g.rosters[r]; ok {
		return known
	}
	c := &crew{to: map[int32][]int32{}}
	scratch := &routes{}
	for _, u := range g.places.Units("", levelNames[r.level], r.at) {
		m := member{spot: d.units[u.ID], unit: u.ID}
		from := all
		var to int32
		if m.spot != 0 {
			to = all.to[m.spot]
		} else {
			from, to = scratch, g.lead(scratch, u.ID, "", r.route)
		}
		switch {
		case to >= 0:
			m.to = []int32{to}
		case to <= split:
			m.to = from.forks[split-to].to
		}
		for _, p := range g.places.Parents(u.ID, r.at) {
			if n := d.units[p.ID]; n != 0 {
				m.above = append(m.above, n)
			}
		}
		if n := d.units[""]; n != 0 {
			m.above = append(m.above, n)
		}
		for _, to := range m.to {
			c.to[to] = append(c.to[to], int32(len(c.members))) //nolint:gosec // tens of thousands
		}
		c.members = append(c.members, m)
	}
	g.rosters[r] = c
	return c
}

func (g *geography) country() int32 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.numberOf("")
}

// numbersOf are the numbers of targets.
func (g *geography) numbersOf(ids []place.ID) []int32 {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make([]int32, len(ids))
	for i, id := range ids {
		all[i] = g.numberOf(id)
	}
	return all
}

// known is a list of all targets by number.
func (g *geography) known() []place.ID {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clip(g.targets)
}

// classesOn are the area classes of communes on a day.
func (g *geography) classesOn(ctx context.Context, on place.Date) (map[place.ID]string, error) {
	g.mu.Lock()
	g.renew()
	known, ok := g.classes[on]
	g.mu.Unlock()
	if ok {
		return known, nil
	}
	found, err := g.places.AreaClasses(ctx, on)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.classes[on] = found
	return found, nil
}
