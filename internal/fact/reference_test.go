package fact_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
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
	class map[place.Date]map[place.ID]string
	known map[string][]line // that were counted
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
	key := fmt.Sprint(code, x, need, top)
	if known, ok := r.known[key]; ok {
		return known
	}
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
	r.known[key] = all
	return all
}

// common leaves of lines those about places of which another list tells too: the same, one above or one below.
func (r *reader) common(lines, others []line) []line {
	up := func(l line) []string { l.village = ""; return append(r.above(l), l.unit) }
	at, over := map[string]bool{}, map[string]bool{} // the units of the others, and those with the units above them
	for _, o := range others {
		at[o.unit] = true
		for _, unit := range up(o) {
			over[unit] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(lines), func(l line) bool {
		return !over[l.unit] && !slices.ContainsFunc(up(l), func(unit string) bool { return at[unit] })
	})
}

// spread lists the periods whose figures tell of one: its own, or of its halves the last that has any, or all its months.
func (r *reader) spread(code string, x fact.Period) []fact.Period {
	if len(r.lines[code+x.String()]) > 0 {
		return []fact.Period{x}
	}
	year, first, n := x.String()[:4], 1, 12
	switch {
	case code != "ASK_IN":
		for _, half := range []string{"H2", "H1"} {
			if x.Kind() == fact.Year && len(r.lines[code+year+half]) > 0 {
				return periods(year + half)
			}
		}
		return nil
	case x.Kind() == fact.Quarter:
		first, n = x.Number()*3-2, 3
	case x.Kind() == fact.Half:
		first, n = x.Number()*6-5, 6
	}
	var all []fact.Period
	for m := range n {
		all = append(all, periods(fmt.Sprintf("%sM%02d", year, first+m))...)
	}
	return all
}

// A want is what a cell should say.
type want struct {
	num     int64
	shared  int64 // of it, by weights
	n, gone int
	lost    bool
}

func (w want) state() fact.CellState {
	switch {
	case w.lost:
		return fact.Incomparable
	case w.n == 0 && w.gone > 0:
		return fact.NotKnown
	case w.n == 0:
		return fact.Missing
	}
	return fact.Whole // or partial, or estimated
}

// sum adds up the lines of one code that reach a target: a unit of a level on a day (0: each as it was), or a village.
func (r *reader) sum(w *want, lines []line, only map[fact.Dim][]string, target, level string, day place.Date) {
	for _, l := range lines {
		if slices.ContainsFunc(stored, func(d fact.Dim) bool { return only[d] != nil && !slices.Contains(only[d], l.member(d)) }) {
			continue
		}
		on := fact.Period(l.period).Last()
		if c := only[fact.ByAreaClass]; c != nil && !slices.Contains(c, r.classes(on)[place.ID(l.unit)]) {
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
			flows, known = r.places.Flows(u.ID, level, cmp.Or(day, within(u, on)))
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
				if len(flows) > 1 {
					w.shared += parts[i]
				}
			}
		}
	}
}

func (r *reader) classes(on place.Date) map[place.ID]string {
	if r.class[on] == nil {
		all, err := r.places.AreaClasses(context.Background(), on)
		if err != nil {
			panic(err)
		}
		r.class[on] = all
	}
	return r.class[on]
}

// made is of what the indicators of the test are made.
var made = map[string]struct {
	num, den string
	minority bool // the numerator counts the minorities only
	flow     bool
}{"POP": {num: "POP"}, "HH": {num: "HH"}, "POP_EM": {num: "POP", minority: true}, "EM_SHARE": {num: "POP", den: "POP", minority: true}, "HH_SIZE": {num: "POP", den: "HH"},
	"ASK_IN": {num: "ASK_IN", flow: true}}

var (
	slugs  = []string{"tay", "nung", "kinh", "dao", "mong"}
	halves = periods("2024H2", "2025H1", "2025H2")
)

// A chance makes figures and questions up.
type chance struct {
	*rand.Rand
	units [][]place.Unit
}

func newChance(t *testing.T, h house) chance {
	t.Helper()
	caoBang, err := h.places.At("04", 20251231)
	if err != nil {
		t.Fatal(err)
	}
	return chance{rand.New(rand.NewPCG(3, 414)), [][]place.Unit{h.places.Units("20@0", place.Commune, 20250630), h.places.Units("20@0", place.Commune, 20251231),
		h.places.Units(caoBang.ID, place.Commune, 20251231)}}
}

func (r chance) pick(all ...string) string { return all[r.IntN(len(all))] }

// facts are figures of communes, villages and the province; some are not known, some taken back, some larger than 32 bits.
func (r chance) facts(n int, divided []place.Unit) (facts []fact.Fact) {
	for range n {
		units := r.units[r.IntN(3)]
		f := fact.Fact{Key: fact.Key{Indicator: fact.Code(r.pick("POP", "POP", "HH", "ASK_IN")), Place: units[r.IntN(min(len(units), 20))].ID, Period: halves[r.IntN(3)]}, Value: int64(r.IntN(1000)), State: fact.Known}
		if r.IntN(8) == 0 && len(divided) > 0 {
			f.Place = divided[r.IntN(len(divided))].ID
		}
		if f.Indicator == "ASK_IN" {
			f.Period = periods(r.pick("2025M01", "2025M02", "2025M05", "2025M11", "2025Q3"))[0]
		} else {
			form := r.IntN(4)
			if form&1 != 0 {
				f.Cut.Group = ethnic.Slug(r.pick(slugs...))
			}
			if form&2 != 0 {
				f.Cut.Sex = r.pick("male", "female")
			}
		}
		switch r.IntN(14) {
		case 0:
			f.State = fact.Unknown
		case 1:
			f.State = fact.Withdrawn
		case 2, 3, 4:
			f.Village = fmt.Sprintf("%s-%d", f.Place.Code(), r.IntN(3))
		case 5:
			f.Place = "20@0"
		case 6:
			f.Value += 1 << 40
		}
		facts = append(facts, f)
	}
	return facts
}

// question asks for anything of it.
func (r chance) question() fact.Question {
	q := fact.Question{Indicators: []fact.Code{fact.Code(r.pick("POP", "POP_EM", "EM_SHARE", "HH_SIZE", "ASK_IN"))}, Periods: halves[r.IntN(3):], Area: "20@0", Totals: r.IntN(2) == 0,
		Only: map[fact.Dim][]string{}, Geography: []place.Date{0, 0, 20241231, 20251231}[r.IntN(4)], Level: r.pick(place.Commune, place.Province, fact.Village, "")}
	dims := []fact.Dim{fact.ByPlace, fact.ByGroup, fact.BySex, fact.ByAreaClass}
	if q.Indicators[0] == "ASK_IN" {
		q.Periods, dims = periods("2025Q1", "2025Q2", "2025Q3")[r.IntN(3):], []fact.Dim{fact.ByPlace, fact.ByAreaClass}
	}
	if r.IntN(4) == 0 {
		q.Periods = periods("2025")
	}
	for _, dim := range dims {
		switch r.IntN(5) {
		case 0:
			q.Rows = append(q.Rows, dim)
		case 1:
			q.Cols = append(q.Cols, dim)
		case 2:
			switch dim {
			case fact.ByGroup:
				q.Only[dim] = slugs[:1+r.IntN(3)]
			case fact.BySex:
				q.Only[dim] = []string{"female"}
			case fact.ByAreaClass:
				q.Only[dim] = []string{"I", "III", ""}[r.IntN(3):]
			}
		}
	}
	if r.IntN(3) > 0 {
		q.Cols = append(q.Cols, fact.ByPeriod)
	}
	if r.IntN(3) == 0 {
		q.Area = ""
	}
	return q
}

// Two people who enter and confirm.
func (h house) hands() (one, two duty.Actor) {
	return person("one", duty.Statistician, "20@0"), person("two", duty.ProvinceLeader, "20@0")
}

// weigh enters weights for every unit of the province that was divided, and confirms them.
func (h house) weigh(t *testing.T) {
	t.Helper()
	one, two := h.hands()
	for _, u := range h.places.Divided("20@0") {
		w := place.Weighing{Old: u.ID, Measure: place.ByPopulation, Source: "số minh hoạ", AsOf: 20250630}
		for i, s := range h.places.After(u.ID) {
			w.Parts = append(w.Parts, place.Amount{New: s.Unit.ID, Num: int64(701 + 1013*i)})
		}
		id, err := h.places.EnterWeights(t.Context(), one, "", w)
		if err == nil {
			err = h.places.Decide(t.Context(), two, "weight", id, true)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// classify gives communes area classes.
func (h house) classify(t *testing.T, units []place.Unit) {
	t.Helper()
	one, two := person("one", duty.Statistician, "20@0"), person("two", duty.Statistician, "20@0")
	for i, u := range units {
		c := place.AreaClass{Unit: u.ID, Class: []string{"I", "II", "III"}[i%3], From: u.From, Decision: place.Decision{Number: "00/QĐ-MINHHOA", Day: u.From}}
		id, err := h.places.EnterClass(t.Context(), one, "", c)
		if err == nil {
			err = h.places.Decide(t.Context(), two, "class", id, true)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// The same questions answered by the cube and by plain reading agree to the unit, whatever was reported, by whatever units, and
// read in whatever geography: counts, parts of counts, rates, flows over several periods, by class of area, and shared out by weights.
func TestCubeAgreesWithSQL(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		r := newChance(t, h)
		divided := h.places.Divided("20@0")
		h.classify(t, r.units[1][:9])
		for round := range 2 {
			if round == 1 {
				h.weigh(t)
			}
			h.record(t, fact.Batch{Origin: "report", Title: "ngẫu nhiên"}, r.facts(500, divided)...)
			see := &reader{house: h, class: map[place.Date]map[place.ID]string{}, known: map[string][]line{}}
			see.read(t.Context(), t)
			for n := range 80 {
				agree(t, see, fmt.Sprintf("round %d, question %d", round, n), r.question())
			}
		}
	})
}

// What was asked about days before a merger is answered alike before it, after it and after it was undone; the merged unit has what
// both had.
func TestAnswersOutliveAMerger(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		r := newChance(t, h)
		h.record(t, fact.Batch{Origin: "report", Title: "ngẫu nhiên"}, r.facts(500, nil)...)
		a, b := r.units[1][0].ID, r.units[1][1].ID
		h.record(t, fact.Batch{Origin: "report", Title: "Biểu 01"}, known("FRAUD_WARN", a, "2026M01", fact.Cut{}, 100), known("FRAUD_WARN", b, "2026M01", fact.Cut{}, 50))
		const day place.Date = 20270101
		merged := fact.Question{Indicators: []fact.Code{"FRAUD_WARN"}, Periods: periods("2026M01"), Area: "20@0", Rows: []fact.Dim{fact.ByPlace}, Geography: day}
		questions := []fact.Question{merged}
		for range 40 {
			questions = append(questions, r.question())
		}
		ask := func() (all []fact.Answer) {
			for _, q := range questions {
				all = append(all, h.ask(t, q))
			}
			return all
		}
		before := ask()
		one, two := h.hands()
		id, err := h.places.RecordEvent(t.Context(), one, "", place.Event{Kind: place.Merge, Decision: place.Decision{Number: "00/NQ-MINHHOA", Day: 20261101}, From: day,
			Parts: []place.EventPart{{Old: a, New: a.Code()}, {Old: b, New: a.Code()}}, New: []place.NewUnit{{Code: a.Code(), Kind: "xã", Name: "Minh hoạ"}}})
		if err == nil {
			err = h.places.DecideEvent(t.Context(), two, id, true)
		}
		if err != nil {
			t.Fatal(err)
		}
		after := ask()
		if c := cell(t, after[0], string(place.NewID(a.Code(), day)), ""); c.Num != 150 || c.State != fact.Whole {
			t.Errorf("100 and 50 merged = %+v, want 150", c)
		}
		for i := range questions[1:] {
			differ(t, fmt.Sprintf("after the merger, question %d", i+1), after[i+1], before[i+1])
		}
		if err := h.places.UndoEvent(t.Context(), one, id, "thử"); err != nil {
			t.Fatal(err)
		}
		if err := h.places.DecideUndo(t.Context(), two, id, true); err != nil {
			t.Fatal(err)
		}
		for i, x := range ask() {
			differ(t, fmt.Sprintf("after it was undone, question %d", i), x, before[i])
		}
	})
}

// agree compares every cell of an answer.
func agree(t *testing.T, r *reader, name string, q fact.Question) {
	t.Helper()
	a := r.ask(t, q)
	q = a.Question
	laid := func(d fact.Dim) bool { return slices.Contains(q.Rows, d) || slices.Contains(q.Cols, d) }
	var need []fact.Dim
	for _, dim := range stored {
		if laid(dim) || q.Only[dim] != nil {
			need = append(need, dim)
		}
	}
	area := "country"
	if q.Area != "" {
		area = place.Province
	}
	top := rank[area]
	if laid(fact.ByPlace) {
		top = rank[q.Level]
	}
	if laid(fact.ByAreaClass) || q.Only[fact.ByAreaClass] != nil {
		top = max(top, rank[place.Commune])
	}
	of := made[string(q.Indicators[0])]
	for i, row := range a.Rows {
		for j, col := range a.Cols {
			only := maps.Clone(q.Only)
			target, level, asked := string(q.Area), area, q.Periods
			if !of.flow {
				asked = asked[len(asked)-1:]
			}
			for _, m := range slices.Concat(row.Members, col.Members) {
				switch m.Dim {
				case fact.ByPlace:
					target, level = m.Code, q.Level
				case fact.ByPeriod:
					asked = periods(m.Code)
				default:
					only[m.Dim] = []string{m.Code}
				}
			}
			var num, den want
			for _, x := range asked {
				for _, at := range r.spread(of.num, x) {
					fewer, needed := only, need
					if of.minority {
						fewer, needed = r.minorities(only), append(slices.Clip(need), fact.ByGroup)
					}
					lines := r.counted(of.num, at, needed, top)
					if of.den != "" {
						others := r.counted(of.den, at, need, top)
						r.sum(&den, r.common(others, lines), only, target, level, q.Geography)
						lines = r.common(lines, others)
					}
					r.sum(&num, lines, fewer, target, level, q.Geography)
				}
			}
			if c := a.Cells[i][j]; !says(c, of.den != "", num, den) {
				t.Fatalf("%s: %+v\nrow %v, column %v: the cube says %+v, SQL %+v and %+v", name, q, row, col, c, num, den)
			}
		}
	}
}

// minorities are filters within which only the minorities are left.
func (r *reader) minorities(only map[fact.Dim][]string) map[fact.Dim][]string {
	fewer := maps.Clone(only)
	fewer[fact.ByGroup] = []string{}
	for _, g := range r.groups.Groups() {
		if g.Minority && (only[fact.ByGroup] == nil || slices.Contains(only[fact.ByGroup], string(g.Slug))) {
			fewer[fact.ByGroup] = append(fewer[fact.ByGroup], string(g.Slug))
		}
	}
	return fewer
}

// says tells whether a cell says what is wanted.
func says(c fact.Cell, rate bool, num, den want) bool {
	states := []fact.CellState{num.state()}
	if rate {
		states = append(states, den.state())
	}
	for _, worst := range []fact.CellState{fact.Missing, fact.Incomparable, fact.NotKnown} {
		if slices.Contains(states, worst) {
			return c.State == worst || worst == fact.Missing && c.State == fact.NotAsked
		}
	}
	if rate && den.num == 0 {
		return c.State == fact.Missing || c.State == fact.NotAsked
	}
	if c.Num != num.num || rate && c.Den != den.num || (num.shared+den.shared > 0) != (c.Estimated > 0) {
		return false
	}
	if num.gone+den.gone > 0 {
		return c.State == fact.Partial
	}
	return c.State == fact.Whole || c.State == fact.Partial || c.State == fact.Estimated
}
