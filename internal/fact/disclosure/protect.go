package disclosure

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
)

// A Result says what a release may show.
type Result struct {
	Hidden   []bool // by cell: not shown; withheld cells are among them
	Exposed  []int  // primary cells that cannot be protected any more: what is published for good gives them away
	Loss     Loss
	Programs int // linear programs that had to be solved
}

// A Loss is what hiding costs those who read the release. Withheld cells are not counted, and a person counts in every cell
// that shows it.
type Loss struct {
	Cells, Hidden          int // cells that hold anybody, or that are hidden
	Persons, HiddenPersons int64
	Primary                int // hidden for their own sake
}

// And adds up the losses of two tables.
func (l Loss) And(m Loss) Loss {
	return Loss{l.Cells + m.Cells, l.Hidden + m.Hidden, l.Persons + m.Persons, l.HiddenPersons + m.HiddenPersons, l.Primary + m.Primary}
}

// Protect hides every primary cell and as few others as it finds necessary, so that of each the attacker's interval is wide
// enough (Cell.Safe). progress, which may be nil, counts primary cells; what follows the last takes as long again.
func Protect(ctx context.Context, t Table, progress func(done, total int)) (Result, error) {
	if err := t.check(); err != nil {
		return Result{}, err
	}
	k := &keeper{t: &t, of: t.sumsOf(), hidden: make([]bool, len(t.Cells))}
	for i, c := range t.Cells {
		k.hidden[i] = (c.Primary || c.Withheld) && !c.Published
	}
	k.search = newSearch(&t, k.hidden)
	k.reach = t.propagate(func(i int) bool { return !t.Cells[i].Published })
	k.users = make([]map[int]bool, len(t.Cells))
	primary := k.primaries()
	for i, cell := range primary {
		if err := ctx.Err(); err != nil {
			return Result{}, err
		}
		if progress != nil {
			progress(i, len(primary))
		}
		k.protect(cell)
	}
	if err := k.tidy(ctx); err != nil {
		return Result{}, err
	}
	return k.result()
}

// A keeper protects the cells of one table.
type keeper struct {
	t        *Table
	of       [][]int // sums of each cell
	hidden   []bool
	search   *search
	proofs   []proof
	users    []map[int]bool // by cell: the proofs that need it hidden
	reach    []bounds       // of each cell, if all were hidden that can be
	exposed  []int
	programs int
}

// A proof is a witness that a cell may as well differ by the distance from what it is.
type proof struct {
	cell     int
	distance int64
	witness
}

// A witness is how another table differs, which agrees with all that is published. Changes are counted in whole persons, or in
// parts of a person, so many to one: a linear program knows no whole persons.
type witness struct {
	steps []step
	parts int64
}

// primaries lists the primary cells that can still be hidden; the others are exposed.
func (k *keeper) primaries() []int {
	var list []int
	for i, c := range k.t.Cells {
		switch {
		case !c.Primary:
		case c.Published:
			k.exposed = append(k.exposed, i)
		default:
			list = append(list, i)
		}
	}
	return list
}

// A span is how far down and up other tables must differ in a cell.
type span struct{ down, up int64 }

// spans lists what makes the cell safe: any of them does.
func (c Cell) spans() []span {
	k := c.least()
	if c.Value >= 1 && c.Value < k {
		if s := (span{c.Value - max(1, c.Low), k - 1 - c.Value}); s != (span{}) {
			return []span{s}
		}
		return []span{{0, 1}, {1, 0}} // anything but the value alone
	}
	var list []span
	for down := min(c.Value-c.Low, k+1); down >= 0; down-- {
		list = append(list, span{down, k + 1 - down})
	}
	return list
}

// allows tells whether a cell of this value could differ so far.
func (b bounds) allows(value int64, s span) bool {
	return value-s.down >= b.low && value+s.up <= b.high
}

// protect finds witnesses for the cell, one below and one above, and hides what they change. A cell that cannot be protected
// is at least kept from being known exactly, where that is possible.
func (k *keeper) protect(cell int) {
	for _, s := range k.t.Cells[cell].spans() {
		if !k.reach[cell].allows(k.t.Cells[cell].Value, s) {
			continue
		}
		if !k.prove(cell, -s.down) {
			continue
		}
		if k.prove(cell, s.up) {
			return
		}
		k.rely(len(k.proofs)-1, witness{})
		k.proofs = k.proofs[:len(k.proofs)-1]
	}
	k.exposed = append(k.exposed, cell)
	for _, s := range []span{{0, 1}, {1, 0}} {
		if k.reach[cell].allows(k.t.Cells[cell].Value, s) && k.prove(cell, s.up-s.down) {
			return
		}
	}
}

// prove finds the cheapest witness it can, without grand totals if there is one. Nothing has to be proven of a distance of zero.
func (k *keeper) prove(cell int, distance int64) bool {
	w := witness{parts: 1}
	for _, budget := range []int64{dear, never} {
		if distance == 0 {
			break
		}
		w = witness{k.search.witness(cell, distance, budget), 1}
		if !k.balanced(w) {
			w = k.solve(cell, distance, budget)
		}
		if k.balanced(w) {
			break
		}
	}
	if distance != 0 && !k.balanced(w) {
		return false
	}
	k.proofs = append(k.proofs, proof{cell: cell, distance: distance})
	k.rely(len(k.proofs)-1, w)
	return true
}

// rely lets a proof stand on another witness: what that changes is hidden, and what no proof needs any more is shown.
func (k *keeper) rely(n int, w witness) {
	old := k.proofs[n].steps
	k.proofs[n].witness = w
	for _, st := range old {
		delete(k.users[st.at], n)
	}
	for _, st := range w.steps {
		if k.users[st.at] == nil {
			k.users[st.at] = map[int]bool{}
		}
		k.users[st.at][n] = true
		k.hide(st.at, true)
	}
	for _, st := range old {
		c := k.t.Cells[st.at]
		k.hide(st.at, c.Primary || c.Withheld || len(k.users[st.at]) > 0)
	}
}

// hide hides a cell, or shows it.
func (k *keeper) hide(cell int, hidden bool) {
	k.hidden[cell] = hidden
	k.search.price[cell] = 0
	if !hidden {
		k.search.price[cell] = k.search.cost[cell]
	}
}

// solve finds a witness by linear programs over the cells that are hidden or could be at a price below budget: all that hang
// together with this one, or in a large table those around it.
func (k *keeper) solve(cell int, distance, budget int64) witness {
	open := func(i int) bool { return k.search.price[i] < budget }
	cells, sums := k.t.connected(cell, k.of, open)
	switch {
	case len(cells) <= small:
		return k.program(cell, distance, cells, sums)
	case k.t.cross == nil || cell >= k.t.cross.size:
		cells = cells[:min(len(cells), 4*small)]
		return k.program(cell, distance, cells, k.t.touching(cells, k.of))
	}
	for lines := 4; lines <= 16; lines *= 2 {
		near := k.search.around(cell, distance, lines, budget)
		cells, sums := k.t.connected(cell, k.of, func(i int) bool { return near[i] && open(i) })
		if w := k.program(cell, distance, cells, sums); w.steps != nil {
			return w
		}
	}
	if len(cells)*len(sums) <= roomy { // where most is published for good, what is needed may lie far off
		return k.program(cell, distance, cells, sums)
	}
	return witness{}
}

const (
	small = 400      // so many cells go into a linear program without a thought
	roomy = 12 << 20 // so many coefficients fit into memory for one program of a whole table: 100 MB
)

// program moves the cell first as far as it goes, then as cheaply as that can be.
func (k *keeper) program(cell int, distance int64, cells, sums []int) witness {
	m := k.t.program(cells, sums, k.search.price)
	k.programs += 2
	if !m.stretch(0, distance) {
		return witness{}
	}
	m.low[0], m.high[0] = m.x[0], m.x[0]
	m.maximise(func(v int) float64 { return -m.cost[v] })
	return m.witness()
}

// balanced tells whether there are changes, and they leave every sum whole and every cell within what is known of it, and touch nothing that is
// published for good.
func (k *keeper) balanced(w witness) bool {
	if w.steps == nil {
		return false
	}
	net := map[int]int64{}
	for _, st := range w.steps {
		c := k.t.Cells[st.at]
		if v := c.Value*w.parts + st.by; v < c.Low*w.parts || v > c.ceiling()*w.parts || c.Published {
			return false
		}
		for _, n := range k.of[st.at] {
			for cell, f := range k.t.Sums[n].all() {
				if cell == st.at {
					net[n] += f * st.by
				}
			}
		}
	}
	for _, rest := range net {
		if rest != 0 {
			return false
		}
	}
	return true
}

// tidy shows again what turns out not to be needed, the dearest first: every proof that used it must be found anew among what
// stays hidden, by boxes or, unless the table is very large, by linear programs.
func (k *keeper) tidy(ctx context.Context) error {
	var extra, hidden []int
	for i, c := range k.t.Cells {
		if k.hidden[i] {
			hidden = append(hidden, i)
			if !c.Primary && !c.Withheld {
				extra = append(extra, i)
			}
		}
	}
	slices.SortFunc(extra, func(a, b int) int {
		return cmp.Compare(k.search.cost[b], k.search.cost[a])
	})
	var m model
	if sums := k.t.touching(hidden, k.of); len(hidden)*len(sums) <= roomy {
		m = k.t.program(hidden, sums, nil)
	}
	for _, cell := range extra {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !k.hidden[cell] {
			m.fix(cell)
			continue // no proof needs it any more
		}
		k.search.price[cell] = never
		free := m.fix(cell)
		fresh, ok := k.without(cell, m)
		k.hide(cell, true)
		if !ok {
			free()
		}
		for n, w := range fresh {
			k.rely(n, w)
		}
	}
	return nil
}

// without finds new witnesses for the proofs that use the cell, by boxes of hidden cells or else by the model.
func (k *keeper) without(cell int, m model) (fresh map[int]witness, ok bool) {
	fresh = map[int]witness{}
	for _, n := range slices.Sorted(maps.Keys(k.users[cell])) {
		p := k.proofs[n]
		w := witness{k.search.witness(p.cell, p.distance, 1), 1}
		if v := slices.Index(m.cell, p.cell); !k.balanced(w) && v >= 0 {
			k.programs++
			if m.stretch(v, p.distance) {
				w = m.witness()
			}
		}
		if !k.balanced(w) {
			return nil, false
		}
		fresh[n] = w
	}
	return fresh, true
}

// holds tells whether a proof stands on hidden cells only, and goes as far as it says.
func (k *keeper) holds(p proof) bool {
	if p.distance == 0 {
		return true
	}
	moved := false
	for _, st := range p.steps {
		if !k.hidden[st.at] {
			return false
		}
		moved = moved || st.at == p.cell && st.by == p.distance*p.parts
	}
	return moved && k.balanced(p.witness)
}

// result checks every proof once more against the pattern as it is now, and counts.
func (k *keeper) result() (Result, error) {
	for _, p := range k.proofs {
		if !k.holds(p) {
			return Result{}, fmt.Errorf("the proof that cell %d may differ by %d does not hold", p.cell, p.distance)
		}
	}
	slices.Sort(k.exposed)
	r := Result{Hidden: k.hidden, Exposed: k.exposed, Programs: k.programs}
	for i, c := range k.t.Cells {
		if c.Withheld || c.Value == 0 && !k.hidden[i] {
			continue
		}
		r.Loss.Cells++
		r.Loss.Persons += c.Value
		if k.hidden[i] {
			r.Loss.Hidden++
			r.Loss.HiddenPersons += c.Value
			if c.Primary {
				r.Loss.Primary++
			}
		}
	}
	return r, nil
}
