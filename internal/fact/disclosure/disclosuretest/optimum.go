package disclosuretest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"banlang/internal/fact/disclosure"
)

// Square makes a table of five rows and columns with their totals, a third of the cells small.
func Square(seed uint64) disclosure.Table {
	r := rand.New(rand.NewPCG(seed, 3)) //nolint:gosec // the same tables every time, nothing to guess
	dims := []disclosure.Dimension{disclosure.Flat(5), disclosure.Flat(5)}
	counts := totals(dims, func([]int) int64 {
		if r.IntN(3) == 0 {
			return r.Int64N(8)
		}
		return r.Int64N(200)
	})
	t, err := disclosure.Cross(dims, func(at []int) disclosure.Cell {
		v := counts.at(at)
		return disclosure.Cell{Value: v, Weight: v + 10, Primary: v > 0 && v < disclosure.UsualK}
	})
	if err != nil {
		panic(err)
	}
	return t
}

// Optimum is the least weight that any pattern can have which protects a table of rows and columns with small counts: of the cells
// hidden besides the primary ones. glpsol finds it with a variable for every cell, hidden or not, and for every end of every
// primary cell's interval another table that differs in hidden cells only.
func Optimum(ctx context.Context, t disclosure.Table) (int64, error) {
	var rows, columns, bounds bytes.Buffer
	in := map[string][]string{} // the rows of each column
	enter := func(column, row string, factor int64) {
		in[column] = append(in[column], fmt.Sprintf("%s %d", row, factor))
	}
	var hidden, changes []string
	for i, c := range t.Cells {
		h := fmt.Sprintf("h%d", i)
		hidden = append(hidden, h)
		if c.Primary {
			fmt.Fprintf(&bounds, " FX b %s 1\n", h)
			continue
		}
		fmt.Fprintf(&bounds, " UP b %s 1\n", h)
		enter(h, "o", c.Weight)
	}
	table := func(cell int, distance int64) { // another table in which the cell differs so far
		n := len(changes)
		for s, sum := range t.Sums {
			row := fmt.Sprintf("s%d_%d", n, s)
			fmt.Fprintf(&rows, " E %s\n", row)
			enter(fmt.Sprintf("y%d_%d", n, sum.Total), row, -1)
			for _, p := range sum.Parts {
				enter(fmt.Sprintf("y%d_%d", n, p), row, 1)
			}
		}
		far := max(distance, -distance) // no other cell need differ more: the sums of rows and columns are a network
		for i, c := range t.Cells {
			y := fmt.Sprintf("y%d_%d", n, i)
			changes = append(changes, y)
			up, down := fmt.Sprintf("u%d_%d", n, i), fmt.Sprintf("d%d_%d", n, i)
			fmt.Fprintf(&rows, " L %s\n G %s\n", up, down)
			enter(y, up, 1)
			enter(hidden[i], up, -far)
			enter(y, down, 1)
			enter(hidden[i], down, min(far, c.Value))
			if i == cell {
				fmt.Fprintf(&bounds, " FX b %s %d\n", y, distance)
			} else {
				fmt.Fprintf(&bounds, " LO b %s %d\n UP b %s %d\n", y, -min(far, c.Value), y, far)
			}
		}
	}
	for i, c := range t.Cells {
		if c.Primary {
			table(i, 1-c.Value)
			table(i, disclosure.UsualK-1-c.Value)
		}
	}
	list := func(names []string) {
		for _, name := range names {
			for _, entry := range in[name] {
				fmt.Fprintf(&columns, " %s %s\n", name, entry)
			}
		}
	}
	columns.WriteString(" m 'MARKER' 'INTORG'\n")
	list(hidden)
	columns.WriteString(" m 'MARKER' 'INTEND'\n")
	list(changes)
	model := fmt.Appendf(nil, "NAME optimum\nROWS\n N o\n%sCOLUMNS\n%sRHS\nBOUNDS\n%sENDATA\n", &rows, &columns, &bounds)
	answer, err := glpsol(ctx, model, "--cuts")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(answer)) { // "s mip rows columns o value" where it is the best
		if f := strings.Fields(line); len(f) == 6 && f[0] == "s" && f[4] == "o" {
			v, err := strconv.ParseFloat(f[5], 64)
			return int64(v + .5), err
		}
	}
	return 0, fmt.Errorf("glpsol found no best pattern: %.80s", answer)
}
