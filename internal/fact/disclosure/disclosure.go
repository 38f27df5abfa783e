// Package disclosure keeps small groups out of published tables: it decides which cells are not shown, so that nobody can work
// out a protected one from the sums around it. It knows numbers and sums only: what a cell means, which cells are too small and
// how a hidden one is written is for those who call it.
//
// The attacker that it reckons with knows every published cell and every sum, of this release and of earlier ones, and solves
// linear programs. A result is proven, not believed: for each protected cell stand two other tables (a Witness each) that agree
// with everything that is published and in which that cell has quite another value.
package disclosure

import (
	"banlang/internal/fault"
)

// UsualK is the smallest count that is shown where nothing else is said.
const UsualK = 5

// A Cell is one count of a table.
type Cell struct {
	Value     int64
	Primary   bool  // must not be shown nor worked out: too small, or all or nothing of a small group
	Published bool  // known for good: an earlier release shows it, or it can only be what it is
	Withheld  bool  // no part of the release anyway, such as a group that is folded into the others here
	K         int64 // of a primary cell: the smallest count that is shown; UsualK if zero
	Weight    int64 // what it costs not to show it; the value and ten if zero
	Low, High int64 // what anybody knows beforehand: never less than Low, never more than High (no bound if zero)
}

// A Sum says that one cell is the sum of others, as everybody knows. Cells are named by their place in the table.
type Sum struct {
	Total int
	Parts []int
}

// A Table is the cells that are or were published, with those they are made of, and the sums between them. Cross makes one from
// dimensions; the search for what else to hide is then much faster than on sums alone.
type Table struct {
	Cells []Cell
	Sums  []Sum

	cross *cross // of the first cells; nil for a table made by hand
}

// Add appends a cell that is the sum of others, such as the groups that one commune does not show one by one.
func (t *Table) Add(c Cell, parts ...int) int {
	t.Cells = append(t.Cells, c)
	total := len(t.Cells) - 1
	t.Sums = append(t.Sums, Sum{Total: total, Parts: parts})
	return total
}

// least is the smallest count that is shown of the cell's kind.
func (c Cell) least() int64 {
	if c.K > 0 {
		return c.K
	}
	return UsualK
}

// Safe tells whether an attacker who knows no more than that the cell lies between low and high knows too little to matter: of
// a small count the interval covers 1 to k-1, or what of it is possible by what everybody knows, and more than one value; of any
// other protected cell it is wider than k.
func (c Cell) Safe(low, high int64) bool {
	k := c.least()
	if small := c.Value >= 1 && c.Value < k; small {
		return low <= max(1, c.Low) && high >= k-1 && low < high
	}
	return high-low > k
}

// ceiling is the most that the cell can be for all that is known beforehand.
func (c Cell) ceiling() int64 {
	if c.High > 0 {
		return c.High
	}
	return Unbounded
}

// Unbounded is the upper end of an interval that nothing bounds: beyond every count, and far from overflow when thousands are added.
const Unbounded = 1 << 50

// check refuses a table whose sums do not hold: nothing can be proven about it.
func (t *Table) check() error {
	for i, c := range t.Cells {
		if c.Value < c.Low || c.Value > c.ceiling() {
			return fault.New(fault.Invalid, "disclosure.bounds", "Cell", i)
		}
	}
	for i, s := range t.Sums {
		rest := t.Cells[s.Total].Value
		for _, p := range s.Parts {
			rest -= t.Cells[p].Value
		}
		if rest != 0 {
			return fault.New(fault.Invalid, "disclosure.sum", "Sum", i, "Rest", rest)
		}
	}
	return nil
}
