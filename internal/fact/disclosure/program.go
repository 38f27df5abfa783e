package disclosure

import "math"

// A program is a linear program of a kind that makes the simplex method short: its equations have zero on the right-hand side,
// so that doing nothing (all variables zero) is a solution to start from. A variable that is not in the basis may lie anywhere
// between its bounds. Every x on the way satisfies all equations and bounds: stopping early gives a smaller answer, not a wrong one.
type program struct {
	x, low, high []float64   // by variable; low <= 0 <= high
	rows         [][]float64 // basic variable = -(row times free variables), up to a constant
	basis, free  []int       // the variable of each row and of each column
	gain         []float64   // of raising the free variables
}

// A term is a variable of an equation with its factor.
type term struct {
	variable int
	factor   float64
}

const (
	tiny       = 1e-9 // no number at all
	worthwhile = 1e-7 // gain that is worth a step
	endless    = 1e15 // as far as anything goes that nothing stops
)

// newProgram brings the equations into a basis. Equations that follow from others fall away.
func newProgram(low, high []float64, equations [][]term) *program {
	n := len(low)
	p := &program{x: make([]float64, n), low: low, high: high, free: make([]int, n)}
	uses := make([]int, n)
	for v := range n {
		p.free[v] = v
	}
	for _, eq := range equations {
		row := make([]float64, n)
		for _, t := range eq {
			row[t.variable] += t.factor
			uses[t.variable]++
		}
		p.rows = append(p.rows, row)
		p.basis = append(p.basis, -1)
	}
	p.gain = make([]float64, n)
	for r, row := range p.rows {
		s := -1
		for c, f := range row {
			if math.Abs(f) > 1e-6 && (s < 0 || uses[p.free[c]] < uses[p.free[s]]) {
				s = c
			}
		}
		if s < 0 {
			continue
		}
		p.basis[r] = p.free[s]
		p.pivot(r, s)
		last := len(p.free) - 1 // what was basic is always zero: its column goes
		p.free[s] = p.free[last]
		p.free = p.free[:last]
		for i, other := range p.rows {
			other[s] = other[last]
			p.rows[i] = other[:last]
		}
	}
	kept := 0
	for r, v := range p.basis {
		if v >= 0 {
			p.rows[kept], p.basis[kept] = p.rows[r], v
			kept++
		}
	}
	p.rows, p.basis, p.gain = p.rows[:kept], p.basis[:kept], p.gain[:len(p.free)]
	return p
}

// pivot solves row r for the variable of column s, which then holds what was basic.
func (p *program) pivot(r, s int) {
	row := p.rows[r]
	f := 1 / row[s]
	for c := range row {
		row[c] *= f
	}
	row[s] = f
	eliminate := func(other []float64) {
		g := other[s]
		if g == 0 {
			return
		}
		other[s] = 0
		for c, v := range row {
			if v != 0 {
				other[c] -= g * v
			}
		}
	}
	for i, other := range p.rows {
		if i != r {
			eliminate(other)
		}
	}
	eliminate(p.gain)
}

// maximise goes from where it stands to the largest sum of value times x.
func (p *program) maximise(value func(variable int) float64) {
	for c, v := range p.free {
		p.gain[c] = value(v)
	}
	for r, v := range p.basis {
		if w := value(v); w != 0 {
			for c, f := range p.rows[r] {
				p.gain[c] -= w * f
			}
		}
	}
	idle := 0 // steps without progress: then by Bland's rule, which cannot go round in circles
	for range 100 + 20*(len(p.rows)+len(p.free)) {
		s, dir := p.entering(idle > 50)
		if s < 0 {
			return
		}
		r, length := p.leaving(s, dir)
		if math.IsInf(length, 1) {
			p.step(s, -1, dir*endless)
			return
		}
		idle++
		if length > tiny {
			idle = 0
		}
		p.step(s, r, dir*length)
	}
}

// entering chooses a free variable that gains, and its direction: the one that gains most, or the first.
func (p *program) entering(first bool) (s int, dir float64) {
	s = -1
	best := worthwhile
	for c, g := range p.gain {
		v := p.free[c]
		stuck := g > 0 && p.x[v] >= p.high[v]-tiny || g < 0 && p.x[v] <= p.low[v]+tiny
		switch {
		case stuck || math.Abs(g) <= best:
		case first:
			if s < 0 || v < p.free[s] {
				s, dir = c, math.Copysign(1, g)
			}
		default:
			s, dir, best = c, math.Copysign(1, g), math.Abs(g)
		}
	}
	return s, dir
}

// leaving tells how far the free variable can go, and the row that stops it; -1 if its own bound does.
func (p *program) leaving(s int, dir float64) (r int, length float64) {
	v := p.free[s]
	r, length = -1, p.high[v]-p.x[v]
	if dir < 0 {
		length = p.x[v] - p.low[v]
	}
	for i, row := range p.rows {
		f := -row[s] * dir // what the basic variable does
		if math.Abs(f) < worthwhile {
			continue
		}
		b := p.basis[i]
		room := p.high[b] - p.x[b]
		if f < 0 {
			room = p.x[b] - p.low[b]
		}
		l := max(0, room) / math.Abs(f)
		if l < length-tiny || l <= length+tiny && r >= 0 && b < p.basis[r] {
			r, length = i, min(l, length)
		}
	}
	return r, length
}

func (p *program) step(s, r int, by float64) {
	v := p.free[s]
	p.x[v] += by
	for i, row := range p.rows {
		p.x[p.basis[i]] -= row[s] * by
	}
	if r >= 0 {
		p.free[s], p.basis[r] = p.basis[r], v
		p.pivot(r, s)
	}
}
