package disclosure

import (
	"slices"

	"banlang/internal/fault"
)

// A Dimension is the members of one way to divide a table, and the sums between them: the communes and their province, the
// groups and all of them, a second geography over the same smallest parts. Members are named by their place, 0 to Size-1.
type Dimension struct {
	Size int
	Sums []Sum
}

// Tree is a dimension in which each member has one parent that is the sum of its children; -1 where there is none.
func Tree(parents ...int) Dimension {
	d := Dimension{Size: len(parents)}
	children := make([][]int, len(parents))
	for m, parent := range parents {
		if parent >= 0 {
			children[parent] = append(children[parent], m)
		}
	}
	for m, parts := range children {
		if parts != nil {
			d.Sums = append(d.Sums, Sum{Total: m, Parts: parts})
		}
	}
	return d
}

// Flat is a dimension of n parts and, last, their total.
func Flat(n int) Dimension {
	parents := make([]int, n+1)
	for m := range n {
		parents[m] = n
	}
	parents[n] = -1
	return Tree(parents...)
}

// A cross is a table in which every member of each dimension meets every member of the others.
type cross struct {
	axes []axis
	size int
	sums int // the first sums of the table, which follow from the dimensions
}

// An axis is a dimension seen from its smallest parts.
type axis struct {
	size, stride int
	up           [][]int  // of each smallest part: itself and every member that it counts in; nil for other members
	moves        [][]move // by member, made when first asked for
}

// A move shifts one person within a dimension so that its sums still hold: from one smallest part to another, or into being.
// The step that it was asked for comes first and goes up by one.
type move []step

// A step is a change of one member or cell.
type step struct {
	at int
	by int64
}

// Cross makes the table of all combinations of members, the last dimension running fastest; value tells each cell.
func Cross(dims []Dimension, value func(at []int) Cell) (Table, error) {
	x := &cross{size: 1}
	for i := len(dims) - 1; i >= 0; i-- {
		up, err := dims[i].up()
		if err != nil {
			return Table{}, err
		}
		a := axis{size: dims[i].Size, stride: x.size, up: up, moves: make([][]move, dims[i].Size)}
		x.axes = append([]axis{a}, x.axes...)
		x.size *= a.size
	}
	t := Table{Cells: make([]Cell, x.size), cross: x}
	at := make([]int, len(dims))
	for i := range t.Cells {
		for d, a := range x.axes {
			at[d] = i / a.stride % a.size
		}
		t.Cells[i] = value(at)
		for d, a := range x.axes {
			for _, s := range dims[d].Sums {
				if s.Total != at[d] {
					continue
				}
				parts := make([]int, len(s.Parts))
				for j, m := range s.Parts {
					parts[j] = i + (m-at[d])*a.stride
				}
				t.Sums = append(t.Sums, Sum{Total: i, Parts: parts})
			}
		}
	}
	x.sums = len(t.Sums)
	return t, nil
}

// Index is the cell of a table made by Cross where these members meet.
func (t *Table) Index(at ...int) int {
	i := 0
	for d, m := range at {
		i += m * t.cross.axes[d].stride
	}
	return i
}

// up lists for every smallest part the members that it counts in. Sums that go round in a circle, count a part twice or
// contradict each other are refused.
func (d Dimension) up() ([][]int, error) {
	made := make([][]int, d.Size) // the sums that make a member
	for i, s := range d.Sums {
		made[s.Total] = append(made[s.Total], i)
	}
	up := make([][]int, d.Size)
	for part := range d.Size {
		if made[part] != nil {
			continue
		}
		share := make([]int, d.Size) // how often the part counts in a member
		share[part] = 1
		for range d.Size + 1 { // as deep as sums can be nested
			changed := false
			for _, s := range d.Sums {
				n := 0
				for _, p := range s.Parts {
					n += share[p]
				}
				changed = changed || n != share[s.Total]
				share[s.Total] = n
			}
			if !changed {
				break
			}
		}
		for _, s := range d.Sums {
			n := 0
			for _, p := range s.Parts {
				n += share[p]
			}
			if n != share[s.Total] || n > 1 {
				return nil, fault.New(fault.Invalid, "disclosure.dimension", "Total", s.Total)
			}
		}
		for m, n := range share {
			if n > 0 {
				up[part] = append(up[part], m)
			}
		}
	}
	return up, nil
}

// through lists the moves that raise a member by one.
func (a *axis) through(member int) []move {
	if a.moves[member] != nil {
		return a.moves[member]
	}
	var in, out [][]int
	for _, up := range a.up {
		switch {
		case up == nil:
		case slices.Contains(up, member):
			in = append(in, up)
		default:
			out = append(out, up)
		}
	}
	var moves []move
	for _, to := range in {
		moves = append(moves, between(member, to, nil))
		for _, from := range out {
			moves = append(moves, between(member, to, from))
		}
	}
	a.moves[member] = moves
	return moves
}

// between is the move from one smallest part to another, both given with the members that they count in.
func between(first int, to, from []int) move {
	m := move{{first, 1}}
	for _, at := range to {
		if at != first && !slices.Contains(from, at) {
			m = append(m, step{at, 1})
		}
	}
	for _, at := range from {
		if !slices.Contains(to, at) {
			m = append(m, step{at, -1})
		}
	}
	return m
}
