package fact_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/fact"
	"banlang/internal/place"
)

// differ compares two answers.
func differ(t *testing.T, name string, got, want fact.Answer) {
	t.Helper()
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

// A line is a figure that holds, as SQL tells it.
type line struct {
	code, unit, village   string
	period, value, state  int64
	group, sex, age, item string
}

func (l line) member(d fact.Dim) string {
	return map[fact.Dim]string{fact.ByGroup: l.group, fact.BySex: l.sex, fact.ByAge: l.age, fact.ByItem: l.item}[d]
}

var stored = []fact.Dim{fact.ByGroup, fact.BySex, fact.ByAge, fact.ByItem}

func (l line) dims() (n int) {
	for _, d := range stored {
		n += min(1, len(l.member(d)))
	}
	return n
}

func (l line) shape() (s string) {
	for _, d := range stored {
		s += fmt.Sprint(min(1, len(l.member(d))))
	}
	return s
}

// A reader answers questions slowly and plainly: it reads lines by SQL and goes through all of them for every cell. Nothing of it
// is shared with the cube.
type reader struct {
	house
	lines map[string][]line // by code and period
}

func (r *reader) read(ctx context.Context, t *testing.T) {
	t.Helper()
	r.lines = map[string][]line{}
	err := db.Each(ctx, r.db, func(l *line) []any {
		return []any{&l.code, &l.unit, &l.village, &l.period, &l.value, &l.state, &l.group, &l.sex, &l.age, &l.item}
	}, func(l line) error {
		key := l.code + fact.Period(l.period).String()
		r.lines[key] = append(r.lines[key], l)
		return nil
	}, `SELECT c.code, p.unit, p.village, f.period, f.value, f.state, t.grp, t.sex, t.age, t.item FROM fact f JOIN fact_code c ON c.id = f.indicator
		JOIN fact_place p ON p.id = f.place JOIN fact_cut t ON t.id = f.cut WHERE f.replaced = 0 AND f.state <> 0`)
	if err != nil {
		t.Fatal(err)
	}
}

var rank = map[string]int{"country": 0, place.Province: 1, place.District: 2, place.Commune: 3, fact.Village: 4}

func (l line) rank() int {
	switch {
	case l.village != "":
		return 4
	case l.unit == "":
		return 0
	}
	return map[int]int{2: 1, 3: 2, 5: 3}[len(place.ID(l.unit).Code())]
}

// above lists the places above a line's own at the end of its period.
func (r *reader) above(l line) (all []string) {
	if l.village != "" {
		all = append(all, l.unit)
	}
	u, err := r.places.ByID(place.ID(l.unit))
	if err != nil {
		return append(all, "")
	}
	for _, p := range r.places.Parents(u.ID, within(u, fact.Period(l.period).Last())) {
		all = append(all, string(p.ID))
	}
	return append(all, "")
}

func within(u place.Unit, on place.Date) place.Date {
	if u.Until != 0 && on >= u.Until {
		on = u.Until.Before()
	}
	return max(on, u.From)
}

// counted lists the lines of a code and period whose figures count where the dimensions are needed and levels go from top down.
func (r *reader) counted(code string, x fact.Period, need []fact.Dim, top int) []line {
	var fit []line
	for _, l := range r.lines[code+x.String()] {
		if l.rank() >= top && !slices.ContainsFunc(need, func(d fact.Dim) bool { return l.member(d) == "" }) {
			fit = append(fit, l)
		}
	}
	own := func(l line) string { return l.unit + "/" + l.village }
	best := map[string]line{} // by place: a line of the shape that counts
	for _, l := range fit {
		b, ok := best[own(l)]
		if !ok || cmp.Or(cmp.Compare(l.dims(), b.dims()), -strings.Compare(l.shape(), b.shape())) < 0 {
			best[own(l)] = l
		}
	}
	var all []line
	for _, l := range fit {
		if best[own(l)].shape() != l.shape() || slices.ContainsFunc(r.above(l), func(unit string) bool { _, ok := best[unit+"/"]; return ok }) {
			continue
		}
		all = append(all, l)
	}
	return all
}

// A want is what a cell should say.
type want struct {
	num     int64
	n, gone int
	lost    bool
}

// sum adds up the lines of one code that reach a target: a unit of a level on a day (0: each as it was), or a village.
func (r *reader) sum(lines []line, only map[fact.Dim][]string, target, level string, day place.Date) (w want) {
	for _, l := range lines {
		if slices.ContainsFunc(stored, func(d fact.Dim) bool { return only[d] != nil && !slices.Contains(only[d], l.member(d)) }) {
			continue
		}
		flows, known := []place.Flow{{To: place.ID(l.village), Num: 1, Den: 1}}, true
		switch {
		case level == "country":
			flows[0].To = ""
		case level != fact.Village:
			u, err := r.places.ByID(place.ID(l.unit))
			if err != nil {
				continue
			}
			flows, known = r.places.Flows(u.ID, level, cmp.Or(day, within(u, fact.Period(l.period).Last())))
		}
		parts := place.Share(l.value, flows)
		for i, f := range flows {
			switch {
			case f.To != place.ID(target):
			case !known:
				w.lost = true
			case l.state == int64(fact.Unknown):
				w.gone++
			default:
				w.num += parts[i]
				w.n++
			}
		}
	}
	return w
}

// The same questions answered by the cube and by plain reading agree to the unit, whatever was reported, by whatever units, and
// read in whatever geography.
func TestCubeAgreesWithSQL(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		r := rand.New(rand.NewPCG(3, 414))
		old := h.places.Units("20@0", place.Commune, 20250630)
		today := h.places.Units("20@0", place.Commune, 20251231)
		caoBang, err := h.places.At("04", 20251231)
		if err != nil {
			t.Fatal(err)
		}
		beside := h.places.Units(caoBang.ID, place.Commune, 20251231)
		slugs := []string{"tay", "nung", "kinh", "dao", "mong"}
		all := periods("2024H2", "2025H1", "2025H2")
		cut := func(form int) fact.Cut {
			c := fact.Cut{}
			if form&1 != 0 {
				c.Group = h.groups.Groups()[0].Slug
				for _, g := range h.groups.Groups() {
					if string(g.Slug) == slugs[r.IntN(len(slugs))] {
						c.Group = g.Slug
					}
				}
			}
			if form&2 != 0 {
				c.Sex = []string{"male", "female"}[r.IntN(2)]
			}
			return c
		}
		ask := func(round int) {
			see := &reader{house: h}
			see.read(t.Context(), t)
			for n := range 30 {
				q := fact.Question{Indicators: []fact.Code{"POP"}, Periods: all[r.IntN(3):], Area: "20@0", Totals: r.IntN(2) == 0, Only: map[fact.Dim][]string{}}
				q.Level = []string{place.Commune, place.Province, fact.Village, ""}[r.IntN(4)]
				q.Geography = []place.Date{0, 0, 20241231, 20251231}[r.IntN(4)]
				dims := []fact.Dim{fact.ByPlace, fact.ByGroup, fact.BySex}
				for _, dim := range dims {
					switch r.IntN(4) {
					case 0:
						q.Rows = append(q.Rows, dim)
					case 1:
						q.Cols = append(q.Cols, dim)
					case 2:
						if dim == fact.ByGroup {
							q.Only[dim] = slugs[:1+r.IntN(3)]
						}
					}
				}
				q.Cols = append(q.Cols, fact.ByPeriod)
				if r.IntN(3) == 0 {
					q.Area = ""
				}
				agree(t, see, fmt.Sprintf("round %d, question %d", round, n), q)
			}
		}
		for round := range 2 {
			var facts []fact.Fact
			for range 400 {
				units := [][]place.Unit{old, today, beside}[r.IntN(3)]
				f := fact.Fact{Key: fact.Key{Indicator: "POP", Place: units[r.IntN(min(len(units), 20))].ID, Period: all[r.IntN(3)], Cut: cut(r.IntN(4))}, Value: int64(r.IntN(1000)), State: fact.Known}
				switch r.IntN(12) {
				case 0:
					f.State = fact.Unknown
				case 1:
					f.State = fact.Withdrawn
				case 2, 3, 4:
					f.Village = fmt.Sprintf("%s-%d", f.Place.Code(), r.IntN(3))
				case 5:
					f.Place = "20@0"
				}
				facts = append(facts, f)
			}
			h.record(t, fact.Batch{Origin: "report", Title: "ngẫu nhiên"}, facts...)
			ask(round)
		}
	})
}

// agree compares every cell of an answer.
func agree(t *testing.T, r *reader, name string, q fact.Question) {
	t.Helper()
	a := r.ask(t, q)
	q = a.Question
	top := rank[q.Level]
	var need []fact.Dim
	for _, dim := range stored {
		if slices.Contains(q.Rows, dim) || slices.Contains(q.Cols, dim) || q.Only[dim] != nil {
			need = append(need, dim)
		}
	}
	byPlace := slices.Contains(q.Rows, fact.ByPlace) || slices.Contains(q.Cols, fact.ByPlace)
	for i, row := range a.Rows {
		for j, col := range a.Cols {
			only := map[fact.Dim][]string{fact.ByGroup: q.Only[fact.ByGroup]}
			target, level, day, x := string(q.Area), "country", q.Geography, fact.Period(0)
			if q.Area != "" {
				level = place.Province
			}
			for _, m := range slices.Concat(row.Members, col.Members) {
				switch m.Dim {
				case fact.ByPlace:
					target, level = m.Code, q.Level
				case fact.ByPeriod:
					x, _ = fact.ParsePeriod(m.Code)
				default:
					only[m.Dim] = []string{m.Code}
				}
			}
			if !byPlace && level == place.Province {
				top = 1
			}
			w := r.sum(r.counted("POP", x, need, top), only, target, level, day)
			c := a.Cells[i][j]
			bad := w.lost != (c.State == fact.Incomparable)
			switch {
			case w.lost:
			case w.n > 0:
				bad = bad || c.Num != w.num || c.State == fact.Missing || c.State == fact.NotKnown || w.gone > 0 && c.State != fact.Partial
			case w.gone > 0:
				bad = c.State != fact.NotKnown
			default:
				bad = c.State != fact.Missing && c.State != fact.NotAsked
			}
			if bad {
				t.Fatalf("%s: %+v\nrow %v, column %v: the cube says %+v, SQL %+v", name, q, row, col, c, w)
			}
		}
	}
}
