package form

import "math"

// largest is the greatest number that both interpreters hold exactly.
const largest = 1 << 53

// A reading evaluates the rules of a grid over values. Numbers are thousandths in float64, as in the browser, and whole.
type reading struct {
	Grid
	values Values
	past   Past
	done   map[string]bool // computed cells whose value is in values
}

// Compute fills the computed and summed cells. A sum over cells that are not all filled is Empty; where one of them is Unknown, so is
// the sum. Cells that the system gives stay as they are; who lays them down says Unknown for what it does not know.
func (g Grid) Compute(v Values) {
	r := reading{Grid: g, values: v, done: map[string]bool{}}
	for _, row := range g.Rows {
		for _, col := range g.Cols {
			r.value(row.Code, col.Code)
		}
	}
}

// value is what a cell of the grid holds, in thousandths.
func (r *reading) value(row, col string) (float64, State) {
	c, ok := r.At(row, col)
	if !ok {
		return 0, Empty
	}
	id := ID(row, col)
	scale := math.Pow10(3 - c.Decimals())
	if f := c.program.Formula; f != nil && !r.done[id] {
		n, state := r.eval(*f, row)
		v := Value{Note: r.values[id].Note, State: state}
		if state == Known {
			v.N = int64(math.Floor(n/scale + .5))
		}
		r.values[id], r.done[id] = v, true
	}
	v := r.values[id]
	if v.State == Bad {
		return 0, Empty
	}
	return float64(v.N) * scale, v.State
}

// eval is the value of an expression in a row.
func (r *reading) eval(e Expr, row string) (float64, State) {
	switch e.Op {
	case "num":
		return float64(e.N), Known
	case "cell":
		return r.operand(e, row)
	case "words":
		n, state := r.value(row, e.Col)
		return n, state
	case "sum", "count", "rows":
		return r.over(e)
	}
	a, known := r.eval(e.Args[0], row)
	b, also := r.eval(e.Args[1], row)
	if known = worse(known, also); known != Known {
		return 0, known
	}
	n, ok := reckon(e.Op, a, b)
	if !ok || math.Abs(n) > largest {
		return 0, Empty
	}
	return n + 0, Known // no negative zero
}

// operand is a cell of this period or of another, of this form or of another.
func (r *reading) operand(e Expr, row string) (float64, State) {
	if e.Row != "" {
		row = e.Row
	}
	if e.Form != "" {
		n, ok := r.past.Other[r.key(e, row)]
		return said(n, ok, 1000)
	}
	if e.At == "" {
		return r.value(row, e.Col)
	}
	c, _ := r.At(row, e.Col)
	past := r.past.Prev
	switch {
	case e.At == "year":
		past = r.past.Year
	case e.At == "ytd" && !r.past.SameYear:
		return 0, Empty
	}
	n, ok := past[ID(row, e.Col)]
	return said(n, ok, math.Pow10(3-c.Decimals()))
}

func said(n int64, ok bool, scale float64) (float64, State) {
	if !ok {
		return 0, Empty
	}
	return float64(n) * scale, Known
}

// key names what an operand beside the form needs in Past.Other.
func (g Grid) key(e Expr, row string) string {
	switch {
	case e.Col != "":
		return e.Form + "." + ID(row, e.Col)
	case g.member(row):
		return e.Form + "." + row
	}
	return e.Form
}

func (g Grid) member(row string) bool {
	i, ok := g.row[row]
	return ok && g.Rows[i].Kind == "member"
}

// over evaluates what goes over all members.
func (r *reading) over(e Expr) (float64, State) {
	sum, known, members := 0.0, Known, 0
	for _, row := range r.Rows {
		if row.Kind != "member" {
			continue
		}
		members++
		if e.Op == "rows" {
			continue
		}
		n, state := r.value(row.Code, e.Col)
		if known = worse(known, state); e.Op == "sum" {
			sum += n
		} else if n == float64(e.N*1000) && state == Known {
			sum += 1000
		}
	}
	switch {
	case e.Op == "rows":
		return float64(members * 1000), Known
	case members == 0:
		return 0, Empty
	case known != Known:
		return 0, known
	}
	return sum, Known
}

// worse is the state of what is made from two: Empty before Unknown before Known.
func worse(a, b State) State {
	switch {
	case a == Empty || b == Empty:
		return Empty
	case a == Unknown || b == Unknown:
		return Unknown
	}
	return Known
}

// reckon works on thousandths. Both interpreters do the same steps, so that they round alike.
func reckon(op string, a, b float64) (float64, bool) {
	switch op {
	case "+":
		return a + b, true
	case "-":
		return a - b, true
	case "max":
		return max(a, b), true
	case "min":
		return min(a, b), true
	case "*":
		switch {
		case math.Mod(a, 1000) == 0:
			return a / 1000 * b, true
		case math.Mod(b, 1000) == 0:
			return b / 1000 * a, true
		}
		product := a * b
		return math.Floor(product/1000 + .5), true
	case "/":
		if b == 0 {
			return 0, false
		}
		whole := math.Trunc(a / b)
		rest := a - float64(whole*b)
		return float64(whole*1000) + math.Floor(float64(rest*1000)/b+.5), true
	}
	return 0, false
}
