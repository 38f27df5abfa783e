package fact

import (
	"slices"

	"banlang/internal/place"
)

// A reach is how far the places that ought to report have done so.
type reach struct {
	have, expected int32
}

// A queue is the units that ought to report to a layout.
type queue struct {
	on      place.Date // the end of the period, whose area classes count
	all     []member
	waiting []int32         // those of all for whose figures a cell waits
	quota   map[int32]int32 // how many there are by cell
}

// A shift names a queue: the end of the period matters only where there are area classes.
type shift struct {
	roster
	on place.Date
}

// queueOf lists who ought to report to a layout at the end of a period.
func (p *plan) queueOf(l *layout, r roster, on place.Date) *queue {
	key := shift{r, on}
	if p.class == nil {
		key.on = 0
	}
	if known := l.queues[key]; known != nil {
		return known
	}
	c := p.geo.rosterOf(p.cube.dictionary, r)
	q := &queue{on: on, all: c.members, waiting: gather(c.to, l.targets)}
	if p.class != nil {
		q.waiting = slices.DeleteFunc(slices.Clone(q.waiting), func(i int32) bool { return p.classOf(&q.all[i], on) < 0 })
	}
	l.queues[key] = q
	return q
}

// quotaOf counts who ought to report, by cell.
func (p *plan) quotaOf(l *layout, q *queue) map[int32]int32 {
	if q.quota == nil {
		q.quota = map[int32]int32{}
		for _, i := range q.waiting {
			m := &q.all[i]
			p.eachRow(l, m, func(row int32) { q.quota[row+int32(p.classOf(m, q.on)*l.class)]++ }) //nolint:gosec // cells are bounded
		}
	}
	return q.quota
}

// classOf is the member of ByAreaClass of a unit at the end of a period; -1 where it was filtered out.
func (p *plan) classOf(m *member, on place.Date) int {
	if p.class == nil {
		return 0
	}
	return slices.Index(p.members[ByAreaClass], p.classes[on][m.unit])
}

// eachRow calls f with the offset of each target of a unit, once.
func (p *plan) eachRow(l *layout, m *member, f func(row int32)) {
	last := int32(-1)
	for _, to := range m.to {
		if row := l.at(to); row >= 0 && row != last {
			last = row
			f(row)
		}
	}
}

// reach counts who ought to have reported and who has, in units of the finest level that was used. Villages count for
// themselves in a commune; above it a commune counts when all its villages that ever reported have.
func (p *plan) reach(l *layout, s *side, u used, base int, grown map[uint32]int32) {
	if l.level == village {
		p.reachVillages(l, s, u, base)
		return
	}
	on := u.at.Last()
	r := roster{min(u.finest, commune), p.way(l, on).route}
	q := p.queueOf(l, r, on)
	if len(u.uses) == 0 {
		for cell, n := range p.quotaOf(l, q) {
			s.reach[base+int(cell)].expected += n
		}
		return
	}
	byVillage := u.finest == village && l.level == commune
	var villages []int32
	if len(grown) > 0 {
		villages = p.villagesKnown()
	}
	for _, i := range q.waiting {
		m := &q.all[i]
		expected, have := int32(1), int32(0)
		if n := grown[m.spot]; n > 0 && m.spot != 0 {
			switch {
			case byVillage:
				expected, have = max(villages[m.spot], n), n
			case n >= villages[m.spot]:
				have = 1
			}
		}
		if m.spot != 0 && p.spoke[m.spot] == p.epoch || slices.ContainsFunc(m.above, func(n uint32) bool { return p.spoke[n] == p.epoch }) {
			have = expected
		}
		cell := base + p.classOf(m, on)*l.class
		p.eachRow(l, m, func(row int32) {
			s.reach[cell+int(row)].expected += expected
			s.reach[cell+int(row)].have += have
		})
	}
}

// reachVillages is reach where every village is asked about by itself.
func (p *plan) reachVillages(l *layout, s *side, u used, base int) {
	for _, row := range l.row {
		if row >= 0 {
			s.reach[base+int(row)].expected++
		}
	}
	for _, x := range u.uses {
		if to := u.routes.to[x.spot]; to >= 0 && l.at(to) >= 0 && p.spoke[x.spot] == p.epoch {
			s.reach[base+int(l.at(to))].have++
		}
	}
}

// villagesKnown counts the villages of each unit that ever had figures.
func (p *plan) villagesKnown() []int32 {
	if p.grown == nil {
		p.grown = make([]int32, len(p.cube.spots))
		for _, s := range p.cube.spots {
			if s.level == village {
				p.grown[s.of]++
			}
		}
	}
	return p.grown
}
