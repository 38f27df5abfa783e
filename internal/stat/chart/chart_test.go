package chart

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banlang/internal/db/dbtest"
	"banlang/internal/fact"
	"banlang/internal/place"
)

// said answers in keys.
var said = Voice{codes{}, "vi", func(key string, _ ...any) string { return key }}

// codes calls everything by its code.
type codes struct{}

func (codes) Indicator(code fact.Code) (fact.Indicator, error) {
	return fact.Indicator{Code: code}, nil
}

func (codes) Label(m fact.Member, _ string) string { return m.Code }

func full(n int64) fact.Cell {
	return fact.Cell{State: fact.Whole, Kind: fact.Count, Num: n, Den: 1}
}

// answer lays cells out in rows by group and columns by period.
func answer(periods []string, rows ...[]fact.Cell) fact.Answer {
	a := fact.Answer{Question: fact.Question{Indicators: []fact.Code{"POP"}, Rows: []fact.Dim{fact.ByGroup}, Cols: []fact.Dim{fact.ByPeriod}}, Cells: rows}
	for _, p := range periods {
		a.Cols = append(a.Cols, fact.Header{Members: []fact.Member{{Dim: fact.ByPeriod, Code: p}}})
	}
	for i := range rows {
		a.Rows = append(a.Rows, fact.Header{Members: []fact.Member{{Dim: fact.ByGroup, Code: "g" + strconv.Itoa(i)}}})
	}
	return a
}

func TestLineLeavesGaps(t *testing.T) {
	missing, partial := fact.Cell{State: fact.Missing}, full(10)
	partial.State = fact.Partial
	a := answer([]string{"2020", "2021", "2022", "2023", "2024", "2025", "2026"}, []fact.Cell{full(0), full(50), missing, full(100), partial, full(100), full(90)})
	a.Cols[6].Note = "fact.note.standard"
	l := said.Chart(a, AsLine).Lines[0]
	for _, c := range []struct{ what, got, want string }{
		{"between neighbours a line", l.Path, "M0.0 100.0L16.7 50.0"},
		{"over what is missing and beside a partial sum dots", l.Gap, "M16.7 50.0L50.0 0.0M50.0 0.0L66.7 90.0M66.7 90.0L83.3 0.0"},
		{"whole figures", l.Dots, "M0.0 100.0h0M16.7 50.0h0M50.0 0.0h0M83.3 0.0h0M100.0 10.0h0"},
		{"the partial one", l.Open, "M66.7 90.0h0"},
		{"a new standard breaks the line", l.Breaks, "M100.0 0V100"},
		{"in words", l.Told, "2020: 0; 2021: 50; 2022: stat.cell.missing; 2023: 100; 2024: 10; 2025: 100; 2026: 90"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
	if got := said.Chart(answer([]string{"2020"}, []fact.Cell{full(1)}), AsLine); got != nil {
		t.Errorf("one period makes a line: %+v", got)
	}
}

func TestBars(t *testing.T) {
	minus := full(-25)
	c := said.Chart(answer([]string{"2020"}, []fact.Cell{full(75)}, []fact.Cell{minus}, []fact.Cell{{State: fact.Missing}}, []fact.Cell{full(0)}), AsBars)
	var got []string
	for _, g := range c.Groups {
		got = append(got, g.Bars[0].Text+" "+g.Bars[0].X+" "+g.Bars[0].Width)
	}
	if diff := cmp.Diff([]string{"75 25.0 75.0", "0  ", "-25 0.0 25.0", "stat.cell.missing  "}, got); diff != "" {
		t.Errorf("bars: %s", diff)
	}
	parts := said.Chart(answer([]string{"2020", "2021"}, []fact.Cell{full(75), full(25)}, []fact.Cell{full(1), {State: fact.Hidden}}), AsParts)
	if b := parts.Groups[0].Bars[0]; b.Text != "75% · 25%" || b.Parts[1] != (Part{"c3", "75.0", "25.0"}) {
		t.Errorf("parts: %+v", b)
	}
	if b := parts.Groups[1].Bars[0]; b.Drawn || b.Text != "stat.chart.unparted" {
		t.Errorf("a whole was made of what is hidden: %+v", b)
	}
}

// What cannot be computed is no figure: growth over no years, a rate of nothing.
func TestNoFigureFromNothing(t *testing.T) {
	for _, c := range []fact.Cell{
		{State: fact.Whole, Kind: fact.Growth, Num: 3, Den: 2}, {State: fact.Whole, Kind: fact.Ratio, Num: 3}, {State: fact.Whole, Kind: fact.Growth, Num: -3, Den: 2, Years: 2},
	} {
		if v, ok := c.Value(); ok || said.Figure(fact.Question{}, c) != "stat.cell.nothing" {
			t.Errorf("%+v is %v, %q", c, v, said.Figure(fact.Question{}, c))
		}
	}
}

func TestQuarters(t *testing.T) {
	for _, c := range []struct {
		values []float64
		bounds []float64
		steps  []int // of 1, 5, 9
	}{
		{[]float64{8, 1, 2, 3, 4, 5, 6, 7}, []float64{2, 4, 6, 8}, []int{1, 3, 4}},
		{[]float64{1, 1, 1, 1, 1, 9}, []float64{1, 9}, []int{3, 4, 4}},
		{[]float64{5}, []float64{5}, []int{4, 4, 4}},
		{nil, nil, nil},
	} {
		bounds := quarters(c.values)
		if diff := cmp.Diff(c.bounds, bounds); diff != "" {
			t.Errorf("quarters of %v: %s", c.values, diff)
		}
		for i, v := range []float64{1, 5, 9} {
			if len(bounds) > 0 && stepOf(bounds, v) != c.steps[i] {
				t.Errorf("%v among %v is step %d, want %d", v, c.values, stepOf(bounds, v), c.steps[i])
			}
		}
	}
}

func TestMapDrawsTheLatestFigures(t *testing.T) {
	a := answer([]string{"2024", "2025", "2026"}, []fact.Cell{full(1), full(2), {State: fact.Missing}})
	for name, want := range map[string]int{"": 1, "2024": 0, "2026": 2, "nothing": 1} {
		if got := column(a, name); got != want {
			t.Errorf("column %q is %d, want %d", name, got, want)
		}
	}
}

func TestMapOfTheCountry(t *testing.T) {
	clock := func() time.Time { return time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC) }
	places := place.New(dbtest.SQLite(t), clock)
	if err := places.ReadyOnly(t.Context(), place.LangSon); err != nil {
		t.Fatal(err)
	}
	a := answer([]string{"2020"})
	a.Question.Rows = []fact.Dim{fact.ByPlace}
	for i, u := range places.Units("", place.Province, places.Today()) {
		a.Rows = append(a.Rows, fact.Header{Members: []fact.Member{{Dim: fact.ByPlace, Code: string(u.ID)}}})
		a.Cells = append(a.Cells, []fact.Cell{full(int64(i))})
	}
	m, err := said.Map(t.Context(), places, a, "")
	if err != nil || m == nil {
		t.Fatalf("no map: %v", err)
	}
	if len(m.Marks)+m.Unplaced != len(a.Rows) || len(m.Marks) == 0 || len(m.Key) != 4 {
		t.Errorf("%d provinces on the map, %d not, of %d; %d steps", len(m.Marks), m.Unplaced, len(a.Rows), len(m.Key))
	}
}
