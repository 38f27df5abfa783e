// Package chart shows an answer to a question about figures: as a table in a reader's words, as bars, lines or parts of a whole, as a
// map, as the rows of a file or a workbook. It asks for no figure and computes none.
package chart

import (
	"cmp"
	"embed"
	"math"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/fact"
	"banlang/internal/i18n"
)

// Parts are the templates of tables, charts and maps, for the pages that show them.
//
//go:embed page/*.html
var Parts embed.FS

// A View is how an answer is shown; below a picture stands its table.
type View string

// The views.
const (
	AsTable View = ""       // the table alone
	AsBars  View = "cot"    // bars, grouped where there are several columns
	AsLine  View = "duong"  // lines over the periods
	AsParts View = "phan"   // parts of a whole
	AsMap   View = "ban-do" // map of the places
)

// A Chart is an answer drawn: words and numbers are HTML, only the marks are SVG stretched to the width, so that they can be read
// at 240 px and in large letters. What is missing is never drawn as 0.
type Chart struct {
	View   View
	Groups []Bars      // of AsBars and AsParts
	Lines  []LineChart // of AsLine
	Key    []KeyItem   // of AsParts
	Left   int         // rows that are in the table only
}

// Bars are the bars of one row.
type Bars struct {
	Label string
	Bars  []Bar
}

// A Bar is one bar, from 0 to 100 wide, or its parts.
type Bar struct {
	Label, Text, Mark string
	Drawn             bool
	Long              bool // the text may break
	X, Width          string
	Parts             []Part
}

// A Part is a piece of a bar.
type Part struct{ Class, X, Width string }

// A KeyItem explains a colour.
type KeyItem struct{ Class, Text string }

// A LineChart is one series over the periods.
type LineChart struct {
	Label  string
	Path   string // between figures that follow one another
	Gap    string // over periods without one
	Dots   string // the figures themselves
	Open   string // figures that sum only some of the places
	Grid   string
	Breaks string // where the standard changed
	Y, X   []string
	Told   string // the same in words
}

// The most rows that are drawn; the table has them all.
const (
	mostBars   = 60
	mostSeries = 12
	mostParts  = 4
)

// Chart draws an answer; nil where the view does not fit it.
func (s Voice) Chart(a fact.Answer, view View) *Chart {
	c := &Chart{View: view}
	switch view {
	case AsBars:
		s.bars(c, a)
	case AsParts:
		s.parts(c, a)
	case AsLine:
		s.lines(c, a)
	}
	if len(c.Groups)+len(c.Lines) == 0 {
		return nil
	}
	return c
}

// Sides are the rows and columns that are no sums.
func Sides(a fact.Answer) (rows, cols []int) {
	for i, h := range a.Rows {
		if !h.Total {
			rows = append(rows, i)
		}
	}
	for i, h := range a.Cols {
		if !h.Total {
			cols = append(cols, i)
		}
	}
	return rows, cols
}

// A reach is from the least to the greatest of some figures.
type reach struct{ low, high float64 }

// ranked are the dimensions whose members have no order of their own: a picture puts the largest first.
var ranked = []fact.Dim{fact.ByPlace, fact.ByGroup, fact.ByLanguage, fact.ByItem}

// byValue sorts what is drawn by a figure of each, where nothing else orders it.
func byValue[T any](q fact.Question, all []T, cell func(T) fact.Cell) {
	if len(q.Rows) != 1 || !slices.Contains(ranked, q.Rows[0]) {
		return
	}
	slices.SortStableFunc(all, func(a, b T) int {
		x, ok1 := cell(a).Value()
		y, ok2 := cell(b).Value()
		if ok1 && ok2 {
			return cmp.Compare(y, x)
		}
		return cmp.Compare(b2i(ok2), b2i(ok1))
	})
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s Voice) bars(c *Chart, a fact.Answer) {
	q := a.Question
	rows, cols := Sides(a)
	if len(cols) == 0 {
		return
	}
	byValue(q, rows, func(i int) fact.Cell { return a.Cells[i][cols[0]] })
	spans := map[fact.Code]reach{} // each indicator has its own scale
	for _, i := range rows {
		for _, j := range cols {
			if v, ok := a.Cells[i][j].Value(); ok {
				code := codeOf(q, a.Rows[i], a.Cols[j])
				spans[code] = reach{min(spans[code].low, v), max(spans[code].high, v)}
			}
		}
	}
	if c.Left = max(0, len(rows)-mostBars); c.Left > 0 {
		rows = rows[:mostBars]
	}
	for _, i := range rows {
		g := Bars{Label: s.Label(q, a.Rows[i], q.Rows)}
		for _, j := range cols {
			shown := s.Cell(q, a.Rows[i], a.Cols[j], a.Cells[i][j])
			b := Bar{Text: shown.Text, Mark: shown.Mark}
			if len(cols) > 1 {
				b.Label = s.Label(q, a.Cols[j], q.Cols)
			}
			of := spans[codeOf(q, a.Rows[i], a.Cols[j])]
			if v, ok := a.Cells[i][j].Value(); ok && v != 0 {
				b.Drawn, b.X, b.Width = true, at1(100*(min(v, 0)-of.low)/(of.high-of.low)), at1(max(100*math.Abs(v)/(of.high-of.low), .4))
			}
			g.Bars = append(g.Bars, b)
		}
		c.Groups = append(c.Groups, g)
	}
}

func (s Voice) parts(c *Chart, a fact.Answer) {
	q := a.Question
	rows, cols := Sides(a)
	if len(cols) < 2 || q.Show == fact.Change || q.Show == fact.ChangeYear {
		return
	}
	if c.Left = max(0, len(rows)-mostBars); c.Left > 0 {
		rows = rows[:mostBars]
	}
	for n, j := range cols[:min(len(cols), mostParts)] {
		text := s.Label(q, a.Cols[j], q.Cols)
		if n == mostParts-1 && len(cols) > mostParts {
			text = s.T("stat.chart.rest")
		}
		c.Key = append(c.Key, KeyItem{"c" + strconv.Itoa(mostParts-n), text})
	}
	for _, i := range rows {
		c.Groups = append(c.Groups, Bars{Label: s.Label(q, a.Rows[i], q.Rows), Bars: []Bar{s.parted(a.Cells[i], cols)}})
	}
}

// parted is a bar of parts. One part that is missing leaves no whole.
func (s Voice) parted(cells []fact.Cell, cols []int) Bar {
	var values []float64
	sum := 0.0
	for n, j := range cols {
		v, ok := cells[j].Value()
		if !ok || v < 0 || cells[j].Kind != cells[cols[0]].Kind {
			return Bar{Long: true, Text: s.T("stat.chart.unparted")}
		}
		sum += v
		if n < mostParts {
			values = append(values, v)
		} else {
			values[mostParts-1] += v
		}
	}
	if sum == 0 {
		return Bar{Long: true, Text: s.T("stat.chart.unparted")}
	}
	b := Bar{Drawn: true, Long: true}
	x := 0.0
	var texts []string
	for n, v := range values {
		width := 100 * v / sum
		b.Parts = append(b.Parts, Part{"c" + strconv.Itoa(mostParts-n), at1(x), at1(width)})
		texts = append(texts, i18n.Percent(s.Lang, width))
		x += width
	}
	b.Text = strings.Join(texts, " · ")
	return b
}

func at1(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// A series is figures over periods.
type series struct {
	label string
	code  fact.Code
	cells map[fact.Period]fact.Cell
}

// last is the latest figure.
func (one series) last(periods []fact.Period) fact.Cell {
	for _, at := range slices.Backward(periods) {
		if _, ok := one.cells[at].Value(); ok {
			return one.cells[at]
		}
	}
	return fact.Cell{}
}

func (s Voice) lines(c *Chart, a fact.Answer) {
	all, periods, breaks := s.series(a)
	if len(periods) < 2 {
		return
	}
	byValue(a.Question, all, func(one series) fact.Cell { return one.last(periods) })
	if c.Left = max(0, len(all)-mostSeries); c.Left > 0 {
		all = all[:mostSeries]
	}
	spans := map[fact.Code]reach{} // one scale for all series of an indicator
	for _, one := range all {
		for _, cell := range one.cells {
			if v, ok := cell.Value(); ok {
				of, known := spans[one.code]
				if !known {
					of = reach{v, v}
				}
				spans[one.code] = reach{min(of.low, v), max(of.high, v)}
			}
		}
	}
	if len(spans) == 0 {
		return
	}
	for _, one := range all {
		if of, known := spans[one.code]; known {
			c.Lines = append(c.Lines, s.line(a.Question, one, periods, breaks, scale(of.low, of.high)))
		} else {
			c.Lines = append(c.Lines, LineChart{Label: one.label})
		}
	}
}

// series takes an answer apart into one series for each set of members without its period.
func (s Voice) series(a fact.Answer) (all []series, periods []fact.Period, breaks map[fact.Period]bool) {
	q := a.Question
	breaks = map[fact.Period]bool{}
	index := map[string]int{}
	rows, cols := Sides(a)
	for _, i := range rows {
		for _, j := range cols {
			var at fact.Period
			var names []string
			for _, m := range append(slices.Clone(a.Rows[i].Members), a.Cols[j].Members...) {
				if m.Dim == fact.ByPeriod {
					at, _ = fact.ParsePeriod(m.Code) //nolint:errcheck // zero is no period, and left out
				} else {
					names = append(names, s.Name(m))
				}
			}
			if at == 0 {
				continue
			}
			if names == nil {
				names = []string{s.Name(fact.Member{Dim: fact.ByIndicator, Code: string(q.Indicators[0])})}
			}
			key := strings.Join(names, ", ")
			n, known := index[key]
			if !known {
				n = len(all)
				index[key], all = n, append(all, series{key, codeOf(q, a.Rows[i], a.Cols[j]), map[fact.Period]fact.Cell{}})
			}
			all[n].cells[at] = a.Cells[i][j]
			breaks[at] = breaks[at] || a.Cols[j].Note != "" || a.Rows[i].Note != ""
			if !slices.Contains(periods, at) {
				periods = append(periods, at)
			}
		}
	}
	slices.SortFunc(periods, func(a, b fact.Period) int { return int(a.First()) - int(b.First()) })
	return all, periods, breaks
}

// scale is round numbers around two values, from the least.
func scale(low, high float64) []float64 {
	if low >= 0 && low < high/2 || low == high && low >= 0 {
		low = 0
	}
	if high == low {
		high = low + 1
	}
	step := math.Pow(10, math.Floor(math.Log10((high-low)/3)))
	for _, times := range []float64{2, 2.5, 2} { // 2, 5, 10
		if (high-low)/step > 5 {
			step *= times
		}
	}
	from := math.Floor(low/step) * step
	ticks := []float64{from}
	for v := from; v < high-step*1e-9; {
		v = from + step*float64(len(ticks))
		ticks = append(ticks, v)
	}
	return ticks
}

// Sparks are the rows of an answer over its periods, each on a scale of its own.
func (s Voice) Sparks(a fact.Answer) []LineChart {
	all, periods, breaks := s.series(a)
	lines := make([]LineChart, len(all))
	for i, one := range all {
		var known []float64
		for _, cell := range one.cells {
			if v, ok := cell.Value(); ok {
				known = append(known, v)
			}
		}
		if lines[i].Label = one.label; len(known) > 1 {
			lines[i] = s.line(a.Question, one, periods, breaks, scale(slices.Min(known), slices.Max(known)))
		}
	}
	return lines
}

func (s Voice) line(q fact.Question, one series, periods []fact.Period, breaks map[fact.Period]bool, ticks []float64) LineChart {
	first, last := days(periods[0]), days(periods[len(periods)-1])
	low, high := ticks[0], ticks[len(ticks)-1]
	x := func(at fact.Period) string { return at1(100 * (days(at) - first) / max(last-first, 1)) }
	y := func(v float64) string { return at1(100 * (high - v) / (high - low)) }
	l := LineChart{Label: one.label}
	var path, gap, dots, open, grid, crack strings.Builder
	var told []string
	before, missed := "", false
	for _, at := range periods {
		cell := one.cells[at]
		v, ok := cell.Value()
		name := s.Name(fact.Member{Dim: fact.ByPeriod, Code: at.String()})
		told = append(told, name+": "+s.Figure(q, cell))
		if breaks[at] {
			before = ""
			crack.WriteString("M" + x(at) + " 0V100")
		}
		if !ok {
			missed = true
			continue
		}
		point, into := x(at)+" "+y(v), &dots
		if cell.State == fact.Partial { // no less than a whole one: it only sums fewer places
			missed, into = true, &open
		}
		switch {
		case before == "":
		case missed:
			gap.WriteString("M" + before + "L" + point)
		default:
			path.WriteString("M" + before + "L" + point)
		}
		into.WriteString("M" + point + "h0")
		before, missed = point, cell.State == fact.Partial
	}
	for _, tick := range ticks {
		grid.WriteString("M0 " + y(tick) + "H100")
		l.Y = append(l.Y, i18n.Number(s.Lang, Round(tick, 6)))
	}
	slices.Reverse(l.Y)
	l.Path, l.Gap, l.Dots, l.Open, l.Grid, l.Breaks = path.String(), gap.String(), dots.String(), open.String(), grid.String(), crack.String()
	l.X = []string{s.Name(fact.Member{Dim: fact.ByPeriod, Code: periods[0].String()}), s.Name(fact.Member{Dim: fact.ByPeriod, Code: periods[len(periods)-1].String()})}
	l.Told = strings.Join(told, "; ")
	return l
}

// days is where a period stands in time.
func days(p fact.Period) float64 { return float64(p.First().Time().Unix() / 86400) }
