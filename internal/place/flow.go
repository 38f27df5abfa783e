package place

import (
	"cmp"
	"math/big"
	"math/bits"
	"slices"
	"strings"
)

// A Flow is the share of one unit's territory that lies in another.
type Flow struct {
	To        ID
	Num, Den  int64 // the share; Den is 0 where it is not known
	Whole     bool  // all of it, by lineage alone
	Estimated bool  // by weights that were entered
}

// What weights may measure beside a group's slug, in the order in which they are preferred. Percent is for shares that were
// stated without the numbers behind them: they lead from old units to new ones, and not back.
const (
	ByPopulation = "population"
	ByArea       = "area"
	ByPercent    = "percent"
)

// Flows tells in which units of a level, in force on a day, the territory of a version lies and with which shares, forward or
// backward through any number of changes. The shares of a unit add up to 1. Where all of it lies in one unit that is exact; where
// it was divided the shares come from entered weights. known is false where there are none, or nothing older is recorded: then
// the units that may hold a part are listed without shares. The slice is not to be changed.
func (d *Desk) Flows(from ID, level string, on Date) (flows []Flow, known bool) {
	return d.FlowsOf(from, level, on, "")
}

// FlowsOf is Flows by weights of a measure, such as the people of one group, where such were entered; else by population, area,
// or stated shares.
func (d *Desk) FlowsOf(from ID, level string, on Date, measure string) (flows []Flow, known bool) {
	t := d.tree.Load()
	i, ok := t.byID[from]
	if !ok {
		return nil, false
	}
	if !t.measures[measure] {
		measure = ""
	}
	s := t.stream(course{i, level, t.epoch(on), measure})
	return s.flows, s.known
}

// Revision changes with the units, their lineage, the weights and the area classes.
func (d *Desk) Revision() int64 { return d.tree.Load().revision }

// Epoch is the last day up to on at which any unit changed, or 0: units and flows are the same on both.
func (d *Desk) Epoch(on Date) Date { return d.tree.Load().epoch(on) }

// Share divides a total by the shares of flows, in whole numbers that add up to it: what is left over goes to the largest
// remainders. A share that is not known gets nothing.
func Share(total int64, flows []Flow) []int64 {
	parts := make([]int64, len(flows))
	if len(flows) == 1 && flows[0].Den != 0 && flows[0].Num == flows[0].Den {
		parts[0] = total
		return parts
	}
	sign, size := int64(1), uint64(total) //nolint:gosec // the sign is kept apart
	if total < 0 {
		sign, size = -1, -size
	}
	type rest struct {
		at         int
		over, unit uint64
	}
	var rests []rest
	left, shared := size, false
	for i, f := range flows {
		if f.Den <= 0 || f.Num < 0 || f.Num > f.Den {
			continue
		}
		hi, lo := bits.Mul64(size, uint64(f.Num))
		n, over := bits.Div64(hi, lo, uint64(f.Den)) // no larger than size
		parts[i] = int64(n)                          //nolint:gosec // as above
		left -= min(n, left)
		shared = shared || f.Num > 0
		if f.Num > 0 {
			rests = append(rests, rest{i, over, uint64(f.Den)})
		}
	}
	if !shared {
		return parts
	}
	slices.SortStableFunc(rests, func(a, b rest) int { // a.over/a.unit against b.over/b.unit, the larger first
		hi1, lo1 := bits.Mul64(a.over, b.unit)
		hi2, lo2 := bits.Mul64(b.over, a.unit)
		return cmp.Or(cmp.Compare(hi2, hi1), cmp.Compare(lo2, lo1))
	})
	for _, r := range rests[:min(uint64(len(rests)), left)] {
		parts[r.at]++
	}
	for i := range parts {
		parts[i] *= sign
	}
	return parts
}

// A course is a question about flows: from a unit to the units of a level on the day of a change.
type course struct {
	unit    int32
	level   string
	day     Date
	measure string
}

// A stream is its answer.
type stream struct {
	parts []part
	known bool
	lost  bool // a part of the territory leads nowhere
	flows []Flow
}

type part struct {
	unit      int32
	share     *big.Rat // nil where not known
	estimated bool
}

// one is the number 1; it is never changed.
var one = big.NewRat(1, 1)

// rank orders the levels from the bottom.
var rank = map[string]int{Commune: 1, District: 2, Province: 3}

// epoch is the last day up to on at which anything changed: the tree is the same on both.
func (t *tree) epoch(on Date) Date {
	n, found := slices.BinarySearch(t.days, on)
	switch {
	case found:
		return on
	case n == 0:
		return 0
	}
	return t.days[n-1]
}

// stream answers a question once.
func (t *tree) stream(c course) stream {
	if s, ok := t.streams.Load(c); ok {
		return s.(stream) //nolint:forcetypeassert // nothing else is stored
	}
	s := t.follow(c)
	s.flows = t.written(s)
	t.streams.Store(c, s)
	return s
}

func (t *tree) follow(c course) stream {
	u := &t.units[c.unit]
	links, weights := t.after[c.unit], t.forward
	switch {
	case u.In(c.day):
		return t.settle(c)
	case c.day < u.From:
		links, weights = t.before[c.unit], t.backward
	case len(links) == 1 && !links[0].whole: // what became of the rest is not recorded
		s := t.next(c, links[0].unit)
		return mix([]stream{s, {lost: true}}, nil)
	}
	switch len(links) {
	case 0:
		return t.aside(c)
	case 1:
		return t.next(c, links[0].unit)
	}
	streams := make([]stream, len(links))
	for n, l := range links {
		streams[n] = t.next(c, l.unit)
	}
	return mix(streams, func() []*big.Rat { return weights(c.unit, c.measure) })
}

// next asks the same of another unit.
func (t *tree) next(c course, unit int32) stream {
	c.unit = unit
	return t.stream(c)
}

// same finds the unit of a day that is the same territory under another name, kind or code.
func (t *tree) same(i int32, day Date) (int32, bool) {
	u := &t.units[i]
	there := t.stream(course{i, u.Level, day, ""})
	if !there.known || !there.flows[0].Whole {
		return 0, false
	}
	now := there.parts[0].unit
	back := t.stream(course{now, u.Level, t.epoch(u.From), ""})
	return now, back.known && back.flows[0].Whole && back.parts[0].unit == i
}

// settle finds the unit of the level asked for where the territory has arrived on the day.
func (t *tree) settle(c course) stream {
	i, u := c.unit, &t.units[c.unit]
	if rank[u.Level] > rank[c.level] {
		return t.below(c, c.day)
	}
	for t.units[i].Level != c.level {
		parent, ok := t.at(t.units[i].ParentCode, c.day)
		if !ok || parent == i {
			return stream{lost: true}
		}
		i = parent
	}
	return stream{parts: []part{{unit: i, share: one}}, known: true}
}

// aside answers for a unit of which nothing older or newer is recorded: by what was above it, or by what was in it.
func (t *tree) aside(c course) stream {
	u := &t.units[c.unit]
	edge := u.From
	if c.day >= u.From {
		edge = u.Until.Before()
	}
	if rank[u.Level] >= rank[c.level] {
		return t.below(c, edge)
	}
	parent, ok := t.at(u.ParentCode, edge)
	if !ok {
		return stream{lost: true}
	}
	return t.next(c, parent)
}

// below answers by the communes that were in a unit on a day: exact if they all lead to one unit.
func (t *tree) below(c course, on Date) stream {
	var streams []stream
	if rank[t.units[c.unit].Level] > rank[Commune] {
		area := t.units[c.unit].ID
		for n := range t.units {
			i := int32(n) //nolint:gosec // there are some 14,000 units
			if u := &t.units[n]; u.Level == Commune && u.In(on) && t.covered(i)[area] {
				streams = append(streams, t.next(c, i))
			}
		}
	}
	if len(streams) == 0 {
		return stream{lost: true}
	}
	return mix(streams, nil)
}

// mix joins the streams of the parts of a unit. Where all reach one unit, that is exact; else the parts count by their weights.
func mix(streams []stream, weights func() []*big.Rat) stream {
	all := stream{}
	index := map[int32]int{}
	estimated := false
	for _, s := range streams {
		all.lost = all.lost || s.lost
		for _, p := range s.parts {
			estimated = estimated || p.estimated
			if _, ok := index[p.unit]; !ok {
				index[p.unit] = len(all.parts)
				all.parts = append(all.parts, part{unit: p.unit})
			}
		}
	}
	if all.lost {
		return all
	}
	if len(all.parts) == 1 {
		all.known, all.parts[0] = true, part{all.parts[0].unit, one, estimated}
		return all
	}
	var by []*big.Rat
	if weights != nil {
		by = weights()
	}
	if by == nil {
		return all
	}
	sums := make([]big.Rat, len(all.parts))
	for n, s := range streams {
		if by[n].Sign() == 0 {
			continue
		}
		if !s.known {
			return all
		}
		for _, p := range s.parts {
			sum := &sums[index[p.unit]]
			sum.Add(sum, new(big.Rat).Mul(by[n], p.share))
		}
	}
	for n := range sums {
		all.parts[n].share, all.parts[n].estimated = &sums[n], true
	}
	all.parts = slices.DeleteFunc(all.parts, func(p part) bool { return p.share.Sign() == 0 })
	all.known = true
	return all
}

// forward is how much of an old unit went along each thread, or nil where that is not known.
func (t *tree) forward(old int32, measure string) []*big.Rat {
	for _, m := range []string{measure, ByPopulation, ByArea, ByPercent} {
		var all []*big.Rat
		for _, l := range t.after[old] {
			if w, ok := t.weights[threadOf{old, l.unit, m}]; ok {
				all = append(all, big.NewRat(w.Num, w.Den))
			}
		}
		if len(all) == len(t.after[old]) {
			return all
		}
	}
	return nil
}

// backward is how much of a new unit came along each thread: the numbers entered for its old parts against their sum.
func (t *tree) backward(now int32, measure string) []*big.Rat {
	for _, m := range []string{measure, ByPopulation, ByArea} {
		var all []*big.Rat
		sum := new(big.Rat)
		for _, l := range t.before[now] {
			if w, ok := t.weights[threadOf{l.unit, now, m}]; ok {
				all = append(all, new(big.Rat).SetInt64(w.Num))
				sum.Add(sum, all[len(all)-1])
			}
		}
		if len(all) == len(t.before[now]) && sum.Sign() > 0 {
			for _, share := range all {
				share.Quo(share, sum)
			}
			return all
		}
	}
	return nil
}

// threadOf names a weight in the tree.
type threadOf struct {
	old, now int32
	measure  string
}

// fineShare is the denominator of shares whose own do not fit a number, after many divisions.
const fineShare = 1 << 40

// written is a stream as flows, sorted by name.
func (t *tree) written(s stream) []Flow {
	parts := slices.Clone(s.parts)
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(strings.Compare(t.units[a.unit].sort, t.units[b.unit].sort), cmp.Compare(a.unit, b.unit))
	})
	flows := make([]Flow, len(parts))
	fits, left := true, int64(fineShare)
	for n, p := range parts {
		flows[n].To = t.units[p.unit].ID
		if s.known {
			fits = fits && p.share.Num().IsInt64() && p.share.Denom().IsInt64()
			flows[n].Num, flows[n].Den = p.share.Num().Int64(), p.share.Denom().Int64()
			flows[n].Estimated, flows[n].Whole = p.estimated, !p.estimated
		}
	}
	for n := range flows {
		if fits {
			break
		}
		share := new(big.Int).Mul(parts[n].share.Num(), big.NewInt(fineShare))
		flows[n].Num, flows[n].Den = share.Quo(share, parts[n].share.Denom()).Int64(), fineShare
		if left -= flows[n].Num; n == len(flows)-1 {
			flows[n].Num += left
		}
	}
	return flows
}
