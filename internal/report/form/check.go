package form

import (
	"math"
	"slices"
)

// Check says what is wrong, odd or missing, row by row and cell by cell. It computes first. A cell with a note has no warnings.
func (g Grid) Check(v Values, past Past) []Finding {
	g.Compute(v)
	r := reading{Grid: g, values: v, past: past, done: map[string]bool{}}
	for id := range v {
		r.done[id] = true
	}
	var out []Finding
	for _, row := range g.Rows {
		for _, col := range g.Cols {
			if c, ok := g.At(row.Code, col.Code); ok {
				out = append(out, r.check(c, row.Code)...)
			}
		}
	}
	return out
}

func (r *reading) check(c Cell, row string) (out []Finding) {
	id := ID(row, c.Col)
	v := r.values[id]
	explained := tidy(v.Note) != ""
	say := func(s Severity, key string, args ...any) {
		if s != Warning || !explained {
			out = append(out, Finding{Cell: id, Severity: s, Key: key, Args: append([]any{}, args...)})
		}
	}
	switch {
	case v.State == Bad:
		say(Error, v.Key, "Text", short(v.Text))
	case v.State == Empty && c.Given():
		say(Warning, "form.empty.given")
	case v.State == Empty && c.Input == Typed && c.Required:
		say(Missing, emptyKey[c.Type])
	case v.State == Known && v.N < 0 && c.Type != Text:
		say(Error, "form.negative")
	}
	for _, s := range c.program.Tests {
		if key, args, ok := r.test(s, row); !ok {
			severity := Error
			if s.Warning {
				severity = Warning
			}
			say(severity, key, args...)
		}
	}
	if c.Watch > 0 && v.State == Known && !slices.ContainsFunc(out, func(f Finding) bool { return f.Severity == Error }) {
		if key, args := r.odd(c, id, v.N); key != "" {
			say(Warning, key, args...)
		}
	}
	return out
}

var emptyKey = map[Type]string{Int: "form.empty", Decimal: "form.empty", Bool: "form.empty.choice", Choose: "form.empty.choice", Text: "form.empty.text"}

// short is at most forty characters of what was typed.
func short(text string) string {
	if r := []rune(tidy(text)); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return tidy(text)
}

// test tells whether a statement holds in a row; one whose numbers are not all known does.
func (r *reading) test(s Statement, row string) (key string, args []any, ok bool) {
	if s.If != nil {
		a, known := r.eval(s.If.Left, row)
		b, also := r.eval(s.If.Right, row)
		if worse(known, also) != Known || !compare(s.If.Cmp, a, b) {
			return "", nil, true
		}
	}
	a, known := r.eval(s.Left, row)
	b, also := r.eval(s.Right, row)
	if worse(known, also) != Known || compare(s.Cmp, a, b) {
		return "", nil, true
	}
	key = "form.rule."
	if s.Warning {
		key = "form.warn."
	}
	if key += s.Cmp; s.Right.Op == "num" {
		key += ".number"
	}
	w := s.Words
	return key, []any{"Left", w[0], "LeftEN", w[3], "A", a / 1000, "Right", w[1], "RightEN", w[4], "B", b / 1000, "When", w[2], "WhenEN", w[5]}, false
}

func compare(cmp string, a, b float64) bool {
	switch cmp {
	case "lt":
		return a < b
	case "le":
		return a <= b
	case "eq":
		return a == b
	case "ne":
		return a != b
	case "ge":
		return a >= b
	}
	return a > b
}

const (
	oddFrom     = 3.5    // distances, in robust standard deviations, that are asked about
	robust      = 1.4826 // times the MAD is the standard deviation where values are spread as usual
	leastChange = 10     // persons or households below which a change is not asked about
	leastPast   = 4      // own earlier values that make a history
	leastNear   = 8      // other communes that make a neighbourhood
)

// odd asks about a value that is unlike the cell's own history, else unlike a year or a period before, else unlike other communes.
func (r *reading) odd(c Cell, id string, n int64) (key string, args []any) {
	unit := math.Pow10(c.Decimals())
	x := float64(n)
	history, long := r.past.History[id]
	if long = long && history.N >= leastPast; long {
		width := max(robust*history.MAD, .05*math.Abs(history.Median), unit)
		if math.Abs(x-history.Median) > oddFrom*width {
			return "form.history." + side(x, history.Median), []any{"A", x / unit, "Median", history.Median / unit}
		}
	}
	for _, before := range []struct {
		name  string
		value map[string]int64
	}{{"year", r.past.Year}, {"prev", r.past.Prev}} {
		base := float64(before.value[id])
		if long || base <= 0 {
			continue
		}
		change := math.Abs(x - base)
		if change*100 > float64(c.Watch)*base && change >= leastChange*unit {
			return "form.jump." + side(x, base) + "." + before.name,
				[]any{"Percent", math.Floor(100*change/base + .5), "Before", base / unit}
		}
		break
	}
	near := r.past.Near[id]
	if near.N < leastNear || r.past.People <= 0 {
		return "", nil
	}
	people := float64(r.past.People)
	expected := near.Median * people / 1000
	width := max(robust*near.MAD, .05*near.Median)
	rate := 1000 * x / people
	if width > 0 && math.Abs(rate-near.Median) > oddFrom*width && math.Abs(x-expected) >= leastChange*unit {
		return "form.near." + side(rate, near.Median), []any{"A", tenths(rate / unit), "Median", tenths(near.Median / unit)}
	}
	return "", nil
}

func side(x, than float64) string {
	if x > than {
		return "more"
	}
	return "less"
}

func tenths(x float64) float64 { return math.Floor(float64(x*10)+.5) / 10 }

// SpreadOf is the median of the values and the median of their distances to it.
func SpreadOf(values []float64) Spread {
	s := Spread{N: len(values)}
	if s.N == 0 {
		return s
	}
	sorted := slices.Sorted(slices.Values(values))
	s.Median = middle(sorted)
	for i, x := range sorted {
		sorted[i] = math.Abs(x - s.Median)
	}
	slices.Sort(sorted)
	s.MAD = middle(sorted)
	return s
}

func middle(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// Needs lists the figures beside the form that its rules look at.
func (g Grid) Needs() []Need {
	var out []Need
	seen := map[string]bool{}
	var walk func(e Expr, row string)
	walk = func(e Expr, row string) {
		for _, a := range e.Args {
			walk(a, row)
		}
		if e.Form == "" {
			return
		}
		if e.Row != "" {
			row = e.Row
		}
		n := Need{Key: g.key(e, row), Indicator: e.Form}
		if e.Col != "" {
			n.Form, n.Indicator, n.Row, n.Col = e.Form, "", row, e.Col
		} else if g.member(row) {
			n.Row = row
		}
		if !seen[n.Key] {
			seen[n.Key] = true
			out = append(out, n)
		}
	}
	for _, row := range g.Rows {
		for _, col := range g.Cols {
			c, _ := g.At(row.Code, col.Code)
			for _, s := range c.program.Tests {
				walk(s.Left, row.Code)
				walk(s.Right, row.Code)
				if s.If != nil {
					walk(s.If.Left, row.Code)
					walk(s.If.Right, row.Code)
				}
			}
		}
	}
	return out
}
