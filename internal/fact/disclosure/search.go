package disclosure

import (
	"cmp"
	"slices"
)

// A search looks for witnesses in a table made by Cross, by hypercubes: a move in each dimension, all taken together, changes
// the corners of a box up and down by turns, so that every sum of every dimension holds by itself. The cheapest box is found by
// branch and bound; several boxes one after the other make a witness that goes as far as is needed.
type search struct {
	t        *Table
	up, down []int64 // how far each cell may still go, the witness so far taken off
	cost     []int64 // of not showing a cell: dear for grand totals, never if it is published for good
	price    []int64 // of hiding it now: its cost, or nothing if it is hidden already
	links    [][]int // of each cell: the sums beyond the dimensions that it is part of
	shift    []int64 // the witness so far
	touched  []int   // its cells

	lines   [][]line // by dimension
	rest    []int64  // what lines of this dimension and later ones cost at least
	dir     int64
	least   int64 // how far a box must reach
	best    int64 // the cheapest box so far
	found   []step
	reach   int64
	corners [][]step // by depth
	net     []int64  // by sum beyond the dimensions
}

// A line is a move in one dimension from the cell in question, as cells.
type line struct {
	cells []step
	price int64
}

const (
	never = Unbounded
	dear  = 1 << 40 // more than all cells that are part of a sum, less than never
)

func newSearch(t *Table, hidden []bool) *search {
	n := len(t.Cells)
	s := &search{t: t, up: make([]int64, n), down: make([]int64, n), cost: t.costs(), shift: make([]int64, n)}
	s.price = slices.Clone(s.cost)
	for i, c := range t.Cells {
		s.up[i], s.down[i] = c.ceiling()-c.Value, c.Value-c.Low
		if hidden[i] {
			s.price[i] = 0
		}
	}
	if x := t.cross; x != nil {
		s.lines = make([][]line, len(x.axes))
		s.rest = make([]int64, len(x.axes)+1)
		s.corners = make([][]step, len(x.axes)+1)
		if extra := t.Sums[x.sums:]; len(extra) > 0 {
			s.links = make([][]int, n)
			s.net = make([]int64, len(extra))
			for i, sum := range extra {
				for _, p := range sum.Parts {
					s.links[p] = append(s.links[p], i)
				}
				if sum.Total < x.size {
					s.links[sum.Total] = append(s.links[sum.Total], i)
				}
			}
		}
	}
	return s
}

// costs tells what it costs not to show each cell. Grand totals, which are part of nothing larger, go last of all.
func (t *Table) costs() []int64 {
	part, total := make([]bool, len(t.Cells)), make([]bool, len(t.Cells))
	for i, s := range t.Sums {
		total[s.Total] = total[s.Total] || t.cross == nil || i < t.cross.sums
		for _, p := range s.Parts {
			part[p] = true
		}
	}
	costs := make([]int64, len(t.Cells))
	for i, c := range t.Cells {
		costs[i] = cmp.Or(c.Weight, c.Value+10) // a figure is worth something even where it counts nobody
		if c.Published {
			costs[i] = never
		} else if !part[i] && total[i] {
			costs[i] += dear
		}
	}
	return costs
}

// room is how often the change can be made to the cell.
func (s *search) room(st step) int64 {
	if st.by > 0 {
		return s.up[st.at] / st.by
	}
	return s.down[st.at] / -st.by
}

// box finds the cheapest hypercube, below budget, that moves the cell in the direction by at least so much.
func (s *search) box(cell int, dir, least, budget int64) bool {
	x := s.t.cross
	if x == nil || cell >= x.size {
		return false
	}
	s.dir, s.least, s.best, s.found, s.reach = dir, least, budget, nil, 0
	start := step{cell, dir}
	if s.room(start) < least {
		return false
	}
	for d := len(x.axes) - 1; d >= 0; d-- {
		if s.lay(d, cell, dir, budget); len(s.lines[d]) == 0 {
			return false
		}
		s.rest[d] = s.rest[d+1] + s.lines[d][0].price
	}
	s.corners[0] = append(s.corners[0][:0], start)
	s.extend(0, 0)
	return s.found != nil
}

// lay finds the lines of a dimension through the cell, the cheapest first.
func (s *search) lay(d, cell int, dir, budget int64) {
	s.lines[d] = s.lines[d][:0]
	a := &s.t.cross.axes[d]
	for _, m := range a.through(cell / a.stride % a.size) {
		if l, ok := s.line(cell, m, a, dir, budget); ok {
			s.lines[d] = append(s.lines[d], l)
		}
	}
	slices.SortFunc(s.lines[d], func(a, b line) int {
		return cmp.Or(cmp.Compare(a.price, b.price), cmp.Compare(len(a.cells), len(b.cells)))
	})
}

// line lays a move through the cell, if there is room for it and the budget allows.
func (s *search) line(cell int, m move, a *axis, dir, budget int64) (line, bool) {
	l := line{cells: make([]step, 0, len(m)-1)}
	for _, st := range m[1:] {
		c := step{cell + (st.at-m[0].at)*a.stride, st.by * dir}
		l.price += s.price[c.at]
		if l.price >= budget || s.room(c) < s.least {
			return line{}, false
		}
		c.at -= cell // as a distance: the line is laid through every corner
		l.cells = append(l.cells, step{c.at, st.by})
	}
	return l, true
}

// extend multiplies the corners so far, which cost price, by each line of the dimension.
func (s *search) extend(d int, price int64) {
	if d == len(s.lines) {
		s.close(price)
		return
	}
	corners := s.corners[d]
lines:
	for _, l := range s.lines[d] {
		if price+l.price+s.rest[d+1] >= s.best {
			break
		}
		next := append(s.corners[d+1][:0], corners...)
		cost := price
		for _, move := range l.cells {
			for _, c := range corners {
				st := step{c.at + move.at, c.by * move.by}
				cost += s.price[st.at]
				if cost+s.rest[d+1] >= s.best || s.room(st) < s.least {
					continue lines
				}
				next = append(next, st)
			}
		}
		s.corners[d+1] = next
		s.extend(d+1, cost)
	}
}

// close takes a whole box as the best so far, if the sums beyond the dimensions allow.
func (s *search) close(price int64) {
	cells := s.corners[len(s.lines)]
	if s.links != nil {
		var ok bool
		if cells, price, ok = s.follow(cells, price); !ok || price >= s.best {
			return
		}
	}
	s.best = price
	s.found = append(s.found[:0], cells...)
	s.reach = Unbounded
	for _, c := range cells {
		s.reach = min(s.reach, s.room(c))
	}
}

// follow carries the changes into the sums that were added to the table: their totals change as well, or must not.
func (s *search) follow(cells []step, price int64) ([]step, int64, bool) {
	x := s.t.cross
	for i := range s.net {
		s.net[i] = 0
	}
	cells = slices.Clone(cells)
	for i := 0; i < len(cells); i++ {
		for _, n := range s.links[cells[i].at] {
			if sum := s.t.Sums[x.sums+n]; sum.Total == cells[i].at {
				s.net[n] -= cells[i].by
			} else {
				s.net[n] += cells[i].by
			}
		}
	}
	for n, by := range s.net {
		if by == 0 {
			continue
		}
		total := s.t.Sums[x.sums+n].Total
		st := step{total, by}
		if total < x.size || len(s.links[total]) > 0 || s.room(st) < s.least {
			return nil, 0, false
		}
		cells = append(cells, st)
		price += s.price[total]
	}
	return cells, price, true
}

// apply adds the box that was found to the witness, n times.
func (s *search) apply(n int64) {
	for _, c := range s.found {
		if s.shift[c.at] == 0 {
			s.touched = append(s.touched, c.at)
		}
		s.change(c.at, c.by*n)
	}
}

func (s *search) change(cell int, by int64) {
	s.shift[cell] += by
	s.up[cell] -= by
	s.down[cell] += by
}

// witness moves the cell by the distance for the least price it finds, below budget; nil if it finds none.
func (s *search) witness(cell int, distance, budget int64) []step {
	var best []step
	for parts := int64(1); parts <= 4; parts *= 2 {
		if w, price := s.sequence(cell, distance, parts, budget); w != nil {
			best, budget = w, price
		}
		if budget == 0 || parts >= max(distance, -distance) {
			break
		}
	}
	return best
}

// sequence makes a witness of boxes that each go at least one of so many parts of the way.
func (s *search) sequence(cell int, distance, parts, budget int64) ([]step, int64) {
	dir, left := int64(1), distance
	if distance < 0 {
		dir, left = -1, -distance
	}
	least := (left + parts - 1) / parts
	var spent int64
	var freed []int // cells whose price is paid
	var prices []int64
	for left > 0 {
		least = min(least, left)
		if !s.box(cell, dir, least, budget-spent) {
			if least == 1 || parts == 1 {
				break
			}
			least = (least + 1) / 2
			continue
		}
		n := min(left, s.reach)
		left -= n
		spent += s.best
		for _, c := range s.found {
			if s.price[c.at] > 0 {
				freed, prices = append(freed, c.at), append(prices, s.price[c.at])
				s.price[c.at] = 0
			}
		}
		s.apply(n)
	}
	var w []step
	for _, c := range s.touched {
		if by := s.shift[c]; by != 0 {
			if left == 0 {
				w = append(w, step{c, by})
			}
			s.change(c, -by)
		}
	}
	s.touched = s.touched[:0]
	for i, c := range freed {
		s.price[c] = prices[i]
	}
	if left > 0 {
		return nil, 0
	}
	return w, spent
}

// around is a part of the table about the cell: the members of the cheapest moves that leave room in the direction, so many a
// dimension and below budget, all taken together.
func (s *search) around(cell int, direction int64, moves int, budget int64) map[int]bool {
	x := s.t.cross
	cells := []int{cell}
	s.least = 1
	dir := int64(1)
	if direction < 0 {
		dir = -1
	}
	for d := range x.axes {
		s.lay(d, cell, dir, budget)
		distances := map[int]bool{0: true}
		for _, l := range s.lines[d][:min(moves, len(s.lines[d]))] {
			for _, c := range l.cells {
				distances[c.at] = true
			}
		}
		var next []int
		for at := range distances {
			for _, c := range cells {
				next = append(next, c+at)
			}
		}
		cells = next
	}
	near := make(map[int]bool, len(cells))
	for _, c := range cells {
		near[c] = true
	}
	return near
}
