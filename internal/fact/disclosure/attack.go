package disclosure

import (
	"math"
	"slices"
)

// sumsOf lists the sums of each cell, as total or part.
func (t *Table) sumsOf() [][]int {
	of := make([][]int, len(t.Cells))
	for i, s := range t.Sums {
		of[s.Total] = append(of[s.Total], i)
		for _, p := range s.Parts {
			of[p] = append(of[p], i)
		}
	}
	return of
}

// touching lists the sums that any of the cells is in.
func (t *Table) touching(cells []int, of [][]int) []int {
	var sums []int
	for _, c := range cells {
		sums = append(sums, of[c]...)
	}
	slices.Sort(sums)
	return slices.Compact(sums)
}

// connected lists the open cells that hang together with the cell through sums, itself first, and these sums.
func (t *Table) connected(cell int, of [][]int, open func(int) bool) (cells, sums []int) {
	seen, used := map[int]bool{cell: true}, map[int]bool{}
	cells = []int{cell}
	for i := 0; i < len(cells); i++ {
		for _, n := range of[cells[i]] {
			if used[n] {
				continue
			}
			used[n] = true
			sums = append(sums, n)
			for c := range t.Sums[n].all() {
				if open(c) && !seen[c] {
					seen[c] = true
					cells = append(cells, c)
				}
			}
		}
	}
	return cells, sums
}

// all goes through the cells of a sum with their factors, so that they add up to nothing.
func (s Sum) all() func(yield func(cell int, factor int64) bool) {
	return func(yield func(int, int64) bool) {
		if !yield(s.Total, -1) {
			return
		}
		for _, p := range s.Parts {
			if !yield(p, 1) {
				return
			}
		}
	}
}

// Interval is what an attacker can learn of a cell: the least and the most that it can be, given every cell that is not hidden,
// all sums and what is known beforehand. Where nothing bounds it above, high is Unbounded.
func Interval(t Table, hidden []bool, cell int) (low, high int64, err error) {
	if err := t.check(); err != nil {
		return 0, 0, err
	}
	value := t.Cells[cell].Value
	open := func(i int) bool { return hidden[i] && !t.Cells[i].Published }
	if !open(cell) {
		return value, value, nil
	}
	cells, sums := t.connected(cell, t.sumsOf(), open)
	p := t.program(cells, sums, nil).program
	p.maximise(func(v int) float64 { return -one(v == 0) })
	low = value + int64(math.Ceil(p.x[0]-1e-6))
	p.maximise(func(v int) float64 { return one(v == 0) })
	if p.x[0] > endless/1e3 {
		return low, Unbounded, nil
	}
	return low, value + int64(math.Floor(p.x[0]+1e-6)), nil
}

// A model is the linear program of how far cells can differ from their true values.
type model struct {
	*program
	cell []int     // of each variable; a cell with a price has two, one up and one down
	cost []float64 // of each variable
}

// program makes the model of the cells and the sums that they are part of. The first cell is the first variable.
func (t *Table) program(cells, sums []int, price []int64) model {
	var m model
	var low, high []float64
	variables := make(map[int][]int, len(cells))
	add := func(cell int, l, h, cost float64) {
		variables[cell] = append(variables[cell], len(m.cell))
		m.cell, m.cost = append(m.cell, cell), append(m.cost, cost)
		low, high = append(low, l), append(high, h)
	}
	for _, i := range cells {
		c := t.Cells[i]
		l, h := float64(c.Low-c.Value), math.Inf(1)
		if c.High > 0 {
			h = float64(c.High - c.Value)
		}
		if price == nil || price[i] == 0 {
			add(i, l, h, 0)
			continue
		}
		cost := math.Sqrt(float64(min(price[i], dear>>10))) // numbers of like size, or the solver sees only the largest
		add(i, 0, h, cost)
		add(i, l, 0, -cost)
	}
	equations := make([][]term, 0, len(sums))
	for _, n := range sums {
		var eq []term
		for c, f := range t.Sums[n].all() {
			for _, v := range variables[c] {
				eq = append(eq, term{v, float64(f)})
			}
		}
		equations = append(equations, eq)
	}
	m.program = newProgram(low, high, equations)
	return m
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// stretch moves a variable from zero as far as the distance, and tells whether it gets there.
func (m model) stretch(v int, distance int64) bool {
	clear(m.x) // no change at all fits, whatever the basis is
	low, high := m.low[v], m.high[v]
	d := float64(distance)
	m.low[v], m.high[v] = max(low, min(d, 0)), min(high, max(d, 0))
	m.maximise(func(w int) float64 { return one(w == v) * d })
	m.low[v], m.high[v] = low, high
	return math.Abs(m.x[v]-d) < 1e-6
}

// fix lets a cell keep its value, until it is freed.
func (m model) fix(cell int) (free func()) {
	v := slices.Index(m.cell, cell)
	if v < 0 {
		return func() {}
	}
	low, high := m.low[v], m.high[v]
	m.low[v], m.high[v] = 0, 0
	return func() { m.low[v], m.high[v] = low, high }
}

// witness counts the changes in the largest part of a person in which all of them are whole. It has no steps if there is none.
func (m model) witness() witness {
	var cells []int
	change := map[int]float64{}
	for v, i := range m.cell {
		if _, ok := change[i]; !ok {
			cells = append(cells, i)
		}
		change[i] += m.x[v]
	}
	for parts := int64(1); parts <= 60; parts++ {
		w := witness{parts: parts}
		for _, i := range cells {
			x := change[i] * float64(parts)
			by := math.Round(x)
			if math.Abs(x-by) > 1e-5 {
				w.steps = nil
				break
			}
			if by != 0 {
				w.steps = append(w.steps, step{i, int64(by)})
			}
		}
		if w.steps != nil {
			return w
		}
	}
	return witness{}
}

// bounds are what a cell cannot go beyond.
type bounds struct{ low, high int64 }

// propagate tells bounds of every cell that follow from one sum after the other, given the cells that are not open. They are
// true but not the narrowest: sums taken together can tell more.
func (t *Table) propagate(open func(cell int) bool) []bounds {
	of := make([]bounds, len(t.Cells))
	for i, c := range t.Cells {
		of[i] = bounds{c.Value, c.Value}
		if open(i) {
			of[i] = bounds{c.Low, c.ceiling()}
		}
	}
	for changed, rounds := true, 0; changed && rounds < 30; rounds++ {
		changed = false
		for _, s := range t.Sums {
			changed = s.narrow(of) || changed
		}
	}
	return of
}

// narrow lets every cell of a sum be no more than the others leave, and no less than they need.
func (s Sum) narrow(of []bounds) bool {
	var parts bounds
	for _, p := range s.Parts {
		parts.low += of[p].low
		parts.high += of[p].high // what is unbounded stays far beyond every count
	}
	total := &of[s.Total]
	changed := total.meet(parts)
	for _, p := range s.Parts {
		others := bounds{parts.low - of[p].low, parts.high - of[p].high}
		was := of[p]
		if of[p].meet(bounds{total.low - others.high, total.high - others.low}) {
			changed = true
			parts.low += of[p].low - was.low
			parts.high += of[p].high - was.high
		}
	}
	return changed
}

// meet narrows the bounds by others, and tells whether that changed them.
func (b *bounds) meet(other bounds) bool {
	was := *b
	b.low, b.high = max(b.low, other.low), min(b.high, other.high)
	return *b != was
}
