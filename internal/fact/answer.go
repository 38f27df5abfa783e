package fact

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"banlang/internal/place"
)

// A layout is where figures fall among cells: each dimension that is laid out has a step, and a figure's cell is the sum of its
// members' steps. Dimensions that are not laid out are summed over.
type layout struct {
	rows, cols  []Dim
	step        map[Dim]int
	count       map[Dim]int // of members
	width, size int

	level   level
	on      func(at place.Date) place.Date // the day whose units are meant; 0: each place as it was
	row     []int32                        // by target: its offset; -1 where it is not asked about
	targets []int32
	class   int // step of ByAreaClass
	wanted  map[*routes][]uint32
	cuts    map[string][]int32 // by the filter of a part, then by cut: its offset; -1 where it is not asked about
	ways    map[place.Date]way
	queues  map[shift]*queue
}

// lay lays out the members.
func (p *plan) lay(rows, cols []Dim) *layout {
	l := &layout{rows: rows, cols: cols, step: map[Dim]int{}, count: map[Dim]int{}, width: 1, wanted: map[*routes][]uint32{}, cuts: map[string][]int32{},
		ways: map[place.Date]way{}, queues: map[shift]*queue{}}
	for _, d := range slices.Backward(cols) {
		l.step[d], l.count[d] = l.width, len(p.members[d])
		l.width *= len(p.members[d])
	}
	l.size = l.width
	for _, d := range slices.Backward(rows) {
		l.step[d], l.count[d] = l.size, len(p.members[d])
		l.size *= len(p.members[d])
	}
	l.class = l.step[ByAreaClass]
	p.aim(l)
	return l
}

// aim decides to which units the layout's figures lead, and which of them are asked about.
func (p *plan) aim(l *layout) {
	_, laid := l.step[ByPlace]
	if laid || len(p.Only[ByPlace]) > 0 {
		l.level, l.on = p.level, func(place.Date) place.Date { return p.Geography }
		l.row, l.targets = p.row(p.members[ByPlace], l.step[ByPlace])
		return
	}
	l.level = levelOf(p.Area)
	l.on = func(at place.Date) place.Date {
		u, err := p.geo.places.ByID(p.Area)
		if err != nil {
			return at
		}
		return clamp(u, cmp.Or(p.Geography, at))
	}
	l.row, l.targets = p.row([]string{string(p.Area)}, 0)
}

// row numbers targets, and gives each its offset.
func (p *plan) row(ids []string, step int) (row, numbers []int32) {
	targets := make([]place.ID, len(ids))
	for i, id := range ids {
		targets[i] = place.ID(id)
	}
	numbers = p.geo.numbersOf(targets)
	if len(numbers) > 0 {
		row = make([]int32, 0, slices.Max(numbers)+1)
	}
	for i, n := range numbers {
		for int(n) >= len(row) {
			row = append(row, -1)
		}
		row[n] = int32(i * step) //nolint:gosec // cells are bounded
	}
	return row, numbers
}

// at is the offset of a target; -1 where it is not asked about.
func (l *layout) at(target int32) int32 {
	if int(target) >= len(l.row) {
		return -1
	}
	return l.row[target]
}

// A way is where the figures of a day lead.
type way struct {
	route
	*routes
}

// way finds where the figures of the end of a period lead.
func (p *plan) way(l *layout, on place.Date) way {
	known, ok := l.ways[on]
	if !ok {
		r := p.geo.route(l.level, l.on(on), on)
		known = way{r, p.geo.routesOf(p.cube.dictionary, r)}
		l.ways[on] = known
	}
	return known
}

// asks lists the places whose figures may reach a cell, in order.
func (l *layout) asks(r *routes) []uint32 {
	known, ok := l.wanted[r]
	if !ok {
		known = gather(r.from, l.targets)
		l.wanted[r] = known
	}
	return known
}

// gather joins what leads to each of some targets, in order.
func gather[T int32 | uint32](from map[int32][]T, targets []int32) []T {
	if len(targets) == 1 {
		return from[targets[0]]
	}
	var led []bool
	for _, t := range targets {
		for _, n := range from[t] {
			if int(n) >= len(led) {
				led = append(led, make([]bool, int(n)+1-len(led))...)
			}
			led[n] = true
		}
	}
	var all []T
	for n, yes := range led {
		if yes {
			all = append(all, T(n)) //nolint:gosec // as it was
		}
	}
	return all
}

// pick is the member of a dimension at a cell; 0 where it is not laid out or has no members.
func (l *layout) pick(d Dim, cell int) int {
	if l.step[d] == 0 || l.count[d] == 0 {
		return 0
	}
	return cell / l.step[d] % l.count[d]
}

// base is the cell without its stored dimensions: places report for all of them at once.
func (l *layout) base(cell int) int {
	for _, d := range cutDims {
		cell -= l.pick(d, cell) * l.step[d]
	}
	return cell
}

// in is the cell of another layout, of some of the dimensions, to which a cell belongs.
func (l *layout) in(other *layout, cell int) int {
	n := 0
	for d, step := range other.step {
		n += l.pick(d, cell) * step
	}
	return n
}

// offsets are where the cuts fall that a part counts.
func (p *plan) offsets(l *layout, x *part) []int32 {
	known, ok := l.cuts[x.filter]
	if ok {
		return known
	}
	known = make([]int32, len(p.cube.cuts))
	for n, c := range p.cube.cuts {
		for _, d := range cutDims {
			m := c.member(d)
			if p.only[d] != nil && !p.only[d][m] || x.only[d] != nil && !x.only[d][m] {
				known[n] = -1
				break
			}
			if step := l.step[d]; step > 0 {
				i := slices.Index(p.members[d], m)
				if i < 0 {
					known[n] = -1
					break
				}
				known[n] += int32(i * step) //nolint:gosec // cells are bounded
			}
		}
	}
	l.cuts[x.filter] = known
	return known
}

// A sum is a numerator or denominator on its way.
type sum struct {
	value, shared int64 // shared: how much of it was shared out by weights
	n, unknown    int32 // figures with a value, and without
	lost          bool  // a divided unit without weights has one
}

// A side is the numerators or the denominators of a table.
type side struct {
	sums  []sum
	reach []reach // at the bases of cells
}

// A table is the sums of a layout.
type table struct {
	num, den side
	years    map[int]int // of growth, by base
}

// fill sums the figures of a layout, of the periods asked about or of those with which they are compared.
func (p *plan) fill(l *layout, shift func(Period) Period) *table {
	t := &table{side{make([]sum, l.size), make([]reach, l.size)}, side{}, map[int]int{}}
	if slices.ContainsFunc(p.asked, func(a asked) bool { return a.Kind != Count }) {
		t.den = side{make([]sum, l.size), make([]reach, l.size)}
	}
	if l.size == 0 { // a dimension has no member yet: nothing was ever reported so
		return t
	}
	for i := range p.asked {
		a := &p.asked[i]
		p.eachPeriod(l, a, func(n int, x Period) {
			base := i*l.step[ByIndicator] + n*l.step[ByPeriod]
			p.eachSide(l, a, shift(x), func(sides ...used) {
				p.add(l, &t.num, sides[0], base)
				if len(sides) > 1 {
					p.add(l, &t.den, sides[1], base)
				}
				if a.den.before {
					t.years[base] = sides[0].at.Year() - sides[1].at.Year()
				}
			})
		})
	}
	return t
}

// eachPeriod calls f with the asked periods that an indicator's cells are about: of a stock that is summed over them, the last.
func (p *plan) eachPeriod(l *layout, a *asked, f func(n int, x Period)) {
	for n, x := range p.Periods {
		if l.step[ByPeriod] > 0 || a.Flow || n == len(p.Periods)-1 {
			f(n, x)
		}
	}
}

// eachSide calls f with the figures that count for an indicator in an asked period: of its numerator, and of its denominator if
// it has one; once for each period in which there are any.
func (p *plan) eachSide(l *layout, a *asked, asked Period, f func(sides ...used)) {
	for _, at := range p.cube.spread(a.num.code, a.Indicator, asked) {
		num := p.use(l, a, &a.num, at)
		if a.Kind == Count {
			f(num)
			continue
		}
		with := at
		switch _, own := slices.BinarySearch(p.cube.periods[a.den.code], at); {
		case a.den.before:
			with = p.cube.earlier(a.den.code, at)
		case !own:
			if nearest := p.cube.spread(a.den.code, a.Indicator, asked); len(nearest) == 1 {
				with = nearest[0]
			}
		}
		den := p.use(l, a, &a.den, with)
		if !a.den.before {
			p.common(&num, &den)
		}
		f(num, den)
	}
}

// A use is the figures of one place that are counted.
type use struct {
	spot     uint32
	source   int32 // which of the sources
	from, to int32
}

// used is every figure that counts for one part of an indicator in one period.
type used struct {
	uses   []use
	from   []source
	part   *part
	at     Period
	routes *routes
	finest level
}

// use decides whose figures count: a place's own, of the shape with the fewest dimensions that tells enough; else those of the
// places below it.
func (p *plan) use(l *layout, a *asked, x *part, at Period) used {
	u := used{part: x, at: at, finest: min(max(levelNamed(a.Lowest), p.frontier), max(commune, p.frontier))}
	u.routes = p.way(l, at.Last()).routes
	wanted := l.asks(u.routes)
	scratch := &p.scratch[0]
	if x == &a.den {
		scratch = &p.scratch[1]
	}
	u.uses, u.from = (*scratch)[:0], p.cube.sources[slot{x.code, at}]
	p.epoch++
	for i, s := range u.from {
		if s.level < p.frontier || s.shape&x.need != x.need {
			continue
		}
		coarser := len(u.uses) > 0 && u.from[u.uses[0].source].level < s.level
		s.runs(wanted, func(n uint32, from, to int) {
			if p.taken[n] == p.epoch || coarser && p.above(u.routes, n, p.taken, p.epoch) {
				return
			}
			p.taken[n] = p.epoch
			u.uses = append(u.uses, use{n, int32(i), int32(from), int32(to)}) //nolint:gosec // a block is of one slot
		})
	}
	if n := len(u.uses); n > 0 {
		u.finest = u.from[u.uses[n-1].source].level
	}
	*scratch = u.uses
	return u
}

// above tells whether a unit above a place bears a mark.
func (p *plan) above(r *routes, n uint32, marks []uint32, mark uint32) bool {
	for n = r.parent[n]; n != 0; n = r.parent[n] {
		if marks[n] == mark {
			return true
		}
	}
	return false
}

// common leaves of two parts the figures of places that have both: a rate of what was counted here over what was counted
// elsewhere is none.
func (p *plan) common(a, b *used) {
	for i := range p.marks {
		if p.marks[i] == nil {
			p.marks[i] = make([]uint32, len(p.cube.spots))
		}
	}
	keep := func(u, of *used) []use {
		p.epoch++
		for _, x := range of.uses {
			n := cmp.Or(p.cube.spots[x.spot].of, x.spot)
			p.marks[0][n] = p.epoch
			for n = of.routes.parent[n]; n != 0; n = of.routes.parent[n] {
				p.marks[1][n] = p.epoch
			}
		}
		kept := make([]use, 0, len(u.uses))
		for _, x := range u.uses {
			n := cmp.Or(p.cube.spots[x.spot].of, x.spot)
			if p.marks[0][n] == p.epoch || p.marks[1][n] == p.epoch || p.above(u.routes, n, p.marks[0], p.epoch) {
				kept = append(kept, x)
			}
		}
		return kept
	}
	left, right := keep(a, b), keep(b, a)
	a.uses, b.uses = left, right
}

// classed moves a cell to the area class of a place; false where it has none that is asked about. Without classes it stays.
func (l *layout) classed(cell int, classes []int32, spot uint32) (int, bool) {
	if classes == nil {
		return cell, true
	}
	class := classes[spot]
	return cell + int(class)*l.class, class >= 0
}

// add sums figures into their cells, and counts who has reported.
func (p *plan) add(l *layout, s *side, u used, base int) {
	offsets := p.offsets(l, u.part)
	classes := p.class[u.at.Last()]
	p.epoch++
	var grown map[uint32]int32 // villages that spoke, by unit
	for _, x := range u.uses {
		cell, in := l.classed(base, classes, x.spot)
		if !in {
			continue
		}
		b, known := u.from[x.source].block, false
		for i := x.from; i < x.to && !known; i++ {
			known = b.value.at(int(i)) != notKnown
		}
		if known {
			p.spoke[x.spot] = p.epoch
			if u.from[x.source].level == village {
				if grown == nil {
					grown = map[uint32]int32{}
				}
				grown[p.cube.spots[x.spot].of]++
			}
		}
		if to := u.routes.to[x.spot]; to >= 0 {
			if row := l.at(to); row >= 0 {
				s.one(b, x, offsets, cell+int(row))
			}
		} else if to <= split {
			p.several(l, s, b, x, &u.routes.forks[split-to], offsets, cell)
		}
	}
	p.reach(l, s, u, base, grown)
}

// one sums the figures of a place that lies in one target.
func (s *side) one(b *block, x use, offsets []int32, cell int) {
	for i := x.from; i < x.to; i++ {
		at := offsets[b.cut[i]]
		if at < 0 {
			continue
		}
		sum := &s.sums[cell+int(at)]
		v := b.value.at(int(i))
		if v == notKnown {
			sum.unknown++
			continue
		}
		sum.value += v
		sum.n++
	}
}

// several shares out the figures of a divided place, a group's by the group's own weights where there are any; or says that nobody
// knows how.
func (p *plan) several(l *layout, s *side, b *block, x use, f *fork, offsets []int32, cell int) {
	if f.known && l.at(f.to[0]) >= 0 && !slices.ContainsFunc(f.to, func(to int32) bool { return l.at(to) != l.at(f.to[0]) }) {
		s.one(b, x, offsets, cell+int(l.at(f.to[0]))) // all of it is asked about as one
		return
	}
	for i := x.from; i < x.to; i++ {
		way := f
		if group := p.cube.cuts[b.cut[i]].Group; group != "" {
			way = p.geo.forkOf(f, string(group))
		}
		at := offsets[b.cut[i]]
		if at < 0 {
			continue
		}
		var parts []int64
		if v := b.value.at(int(i)); v != notKnown && way.known {
			parts = place.Share(v, way.flows)
		}
		for n, to := range way.to {
			row := l.at(to)
			if row < 0 {
				continue
			}
			sum := &s.sums[cell+int(row)+int(at)]
			if parts == nil {
				sum.lost = sum.lost || !way.known
				sum.unknown++
				continue
			}
			sum.value += parts[n]
			sum.shared += max(parts[n], -parts[n])
			sum.n++
		}
	}
}

// cells are the figures of a layout.
func (p *plan) cells(l *layout) []Cell {
	cells := p.cellsOf(l, p.fill(l, func(x Period) Period { return x }), func(x Period) Period { return x })
	if p.Show != Change && p.Show != ChangeYear {
		return cells
	}
	former := p.cellsOf(l, p.fill(l, p.shift), p.shift)
	for i := range cells {
		a, x := p.asked[l.pick(ByIndicator, i)], p.Periods[l.pick(ByPeriod, i)]
		cells[i] = cells[i].less(former[i])
		if a.Standard != "" && p.standard(a, x) != p.standard(a, p.shift(x)) && cells[i].State != Missing && cells[i].State != NotAsked {
			cells[i].State = Incomparable
		}
	}
	return cells
}

// standard is under which definition an indicator was counted in a period.
func (p *plan) standard(a asked, x Period) string {
	for _, at := range p.cube.spread(a.num.code, a.Indicator, x) {
		if s := p.cube.standards[slot{a.num.code, at}]; s != "" {
			return s
		}
	}
	return ""
}

// cellsOf makes figures of sums.
func (p *plan) cellsOf(l *layout, t *table, shift func(Period) Period) []Cell {
	cells := make([]Cell, l.size)
	n := len(p.Periods)
	never := make([]bool, len(p.asked)*n) // by indicator and period
	for i, a := range p.asked {
		for k, x := range p.Periods {
			never[i*n+k] = p.never(a, shift(x))
		}
	}
	type mark struct{ indicator, period, base int }
	cols := make([]mark, l.width)
	for j := range cols {
		cols[j] = mark{l.pick(ByIndicator, j), l.pick(ByPeriod, j), l.base(j)}
	}
	for from := 0; from < l.size; from += l.width {
		row := mark{l.pick(ByIndicator, from), l.pick(ByPeriod, from), l.base(from)}
		for j, col := range cols {
			indicator, period := row.indicator+col.indicator, row.period+col.period // one of each is 0
			a, base := &p.asked[indicator], row.base+col.base
			c := cell(a, t.num.sums[from+j], t.num.reach[base])
			if a.Kind != Count {
				c = c.over(cell(a, t.den.sums[from+j], t.den.reach[base]))
				c.Years = t.years[indicator*l.step[ByIndicator]+period*l.step[ByPeriod]]
			}
			if c.State == Missing && never[indicator*n+period] {
				c.State = NotAsked
			}
			cells[from+j] = c
		}
	}
	return cells
}

// never tells whether an indicator does not exist so: by this dimension, at this level, for such a period.
func (p *plan) never(a asked, x Period) bool {
	if p.level > levelNamed(a.Lowest) {
		return true
	}
	for _, d := range cutDims {
		if p.need&d.bit() != 0 && !slices.Contains(a.Dims, d) {
			return true
		}
	}
	return len(x.within(a.Period)) == 0 && !slices.ContainsFunc(p.cube.spread(a.num.code, a.Indicator, x), func(x Period) bool {
		return len(p.cube.sources[slot{a.num.code, x}]) > 0
	})
}

func cell(a *asked, s sum, r reach) Cell {
	c := Cell{State: Whole, Kind: a.Kind, Num: s.value, Scale: a.scale, Have: int(r.have), Expected: int(r.expected)}
	switch {
	case s.lost:
		c.State, c.Num = Incomparable, 0
		return c
	case s.n == 0 && s.unknown > 0:
		c.State = NotKnown
	case s.n == 0:
		c.State = Missing
	case r.have < r.expected || s.unknown > 0:
		c.State = Partial
	case s.shared > 0:
		c.State = Estimated
	}
	if s.shared > 0 {
		c.Estimated = 1
		if s.value != 0 {
			c.Estimated = min(1, float64(s.shared)/math.Abs(float64(s.value)))
		}
	}
	return c
}

// worse sorts states from the best to the worst.
var worse = []CellState{Whole, Estimated, Partial, NotKnown, Incomparable, Missing, NotAsked, Hidden}

func worst(a, b CellState) CellState {
	if slices.Index(worse, a) >= slices.Index(worse, b) {
		return a
	}
	return b
}

// over is a rate of two counts.
func (c Cell) over(den Cell) Cell {
	c.State, c.Den = worst(c.State, den.State), den.Num
	c.Have, c.Expected, c.Estimated = min(c.Have, den.Have), max(c.Expected, den.Expected), max(c.Estimated, den.Estimated)
	if c.Den == 0 && (c.State == Whole || c.State == Partial || c.State == Estimated) {
		c.State = Missing // a rate of nobody is none
	}
	return c
}

// fine is the denominator of a difference of two rates.
const fine = 1_000_000

// less is the difference to a former figure, for rates in points.
func (c Cell) less(former Cell) Cell {
	now, ok1 := c.Value()
	then, ok2 := former.Value()
	d := Cell{State: worst(c.State, former.State), Kind: c.Kind, Scale: c.Scale, Have: min(c.Have, former.Have), Expected: max(c.Expected, former.Expected),
		Estimated: max(c.Estimated, former.Estimated)}
	switch {
	case !ok1 || !ok2:
	case c.Kind == Count:
		d.Num = c.Num - former.Num
	case c.Kind == Growth:
		d.Kind, d.Scale, d.Num, d.Den = Ratio, 0, int64(math.Round((now-then)*fine)), 100*fine
	case c.Kind == Ratio:
		d.Scale, d.Num, d.Den = 0, int64(math.Round((now-then)*fine)), 100*fine
	default:
		d.Scale, d.Num, d.Den = 0, int64(math.Round((now-then)*fine)), fine
	}
	return d
}

// share is a count as a part of a total.
func (c Cell) share(total Cell) Cell {
	if c.Kind != Count {
		return Cell{State: NotAsked, Kind: Ratio}
	}
	c.Kind, c.Scale = Ratio, 0
	return c.over(total)
}

// answer answers the question.
func (p *plan) answer() Answer {
	keep := func(dims []Dim) (kept []Dim) {
		for _, d := range dims {
			if d == ByIndicator || d == ByPeriod {
				kept = append(kept, d)
			}
		}
		return kept
	}
	rows, cols := keep(p.Rows), keep(p.Cols)
	layouts, known := map[string]*layout{}, map[*layout][]Cell{}
	lay := func(rows, cols []Dim) *layout { // layouts that are the same are one
		key := strings.Join(texts(rows), ",") + "/" + strings.Join(texts(cols), ",")
		if layouts[key] == nil {
			layouts[key] = p.lay(rows, cols)
		}
		return layouts[key]
	}
	get := func(l *layout) []Cell {
		if known[l] == nil {
			known[l] = p.cells(l)
		}
		return known[l]
	}
	shown := func(l *layout) []Cell { // the cells of a layout, as shares of those of another where shares are asked for
		var of *layout
		switch p.Show {
		case ShareRow:
			of = lay(l.rows, cols)
		case ShareCol:
			of = lay(rows, l.cols)
		case ShareTotal:
			of = lay(rows, cols)
		default:
			return get(l)
		}
		cells, totals := slices.Clone(get(l)), get(of)
		for i := range cells {
			cells[i] = cells[i].share(totals[l.in(of, i)])
		}
		return cells
	}
	body := lay(p.Rows, p.Cols)
	g := grid{p: p}
	g.add(shown(body), body)
	g.prune()
	g.top()
	if p.Totals {
		if len(rows) < len(p.Rows) {
			down := lay(rows, p.Cols)
			g.below(shown(down), down)
		}
		if len(cols) < len(p.Cols) {
			right, corner := lay(p.Rows, cols), lay(rows, cols)
			g.beside(shown(right), right, shown(corner), corner, len(rows) < len(p.Rows))
		}
	}
	g.note()
	return Answer{Question: p.Question, Rows: g.rows, Cols: g.cols, Cells: g.cells, Sequence: p.cube.seq, Dropped: p.dropped}
}
