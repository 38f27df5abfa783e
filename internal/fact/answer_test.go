package fact_test

import (
	"bytes"
	"encoding/csv"
	"math"
	"strings"
	"testing"
	"time"

	"banlang/internal/audit"
	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/place"
)

func person(id string, role duty.Role, area place.ID) duty.Actor {
	return duty.Actor{ID: id, Name: id, Grants: []duty.Grant{{Role: role, Area: string(area)}}, StepUp: now}
}

func TestAnswers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		home := h.places.HomeUnit().ID
		communes := h.places.Units(home, place.Commune, 20261231)
		a, b, c := communes[0].ID, communes[1].ID, communes[2].ID
		tay, kinh := fact.Cut{Group: "tay"}, fact.Cut{Group: "kinh"}
		of := func(f fact.Fact, s fact.State) fact.Fact { f.State = s; return f }
		in := func(f fact.Fact, village string) fact.Fact { f.Village = village; return f }
		h.record(t, fact.Batch{Origin: "report", Title: "Biểu 02, 2026", Standard: "2022-2025"},
			known("POOR_HH", a, "2026", tay, 10), known("POOR_HH", b, "2026", tay, 30), known("POOR_HH", c, "2026", tay, 7),
			known("HH", a, "2026H1", tay, 90), known("HH", a, "2026H2", tay, 100), known("HH", b, "2026H2", tay, 200), // nobody knows how many there are in c
			known("POP", a, "2026H2", tay, 60), known("POP", a, "2026H2", kinh, 40), of(known("POP", b, "2026H2", tay, 0), fact.Unknown),
			known("ASK_IN", a, "2026M01", fact.Cut{}, 3), known("ASK_IN", a, "2026M03", fact.Cut{}, 4),
			in(known("VILLAGE_ROAD", a, "2026", fact.Cut{}, 1), "v1"), in(known("VILLAGE_ROAD", a, "2026", fact.Cut{}, 0), "v2"),
			in(known("VILLAGE_ROAD", a, "2025", fact.Cut{}, 1), "v1"), in(known("VILLAGE_ROAD", a, "2025", fact.Cut{}, 1), "v2"), in(known("VILLAGE_ROAD", a, "2025", fact.Cut{}, 1), "v3"),
			known("POP", home, "2024H2", fact.Cut{}, 800_000), known("POP", a, "2024H2", fact.Cut{}, 5))
		h.record(t, fact.Batch{Origin: "report", Title: "Biểu 02, 2027", Standard: "2027-2030"}, known("POOR_HH", a, "2027", tay, 25))

		byPlace, byGroup, byPeriod := []fact.Dim{fact.ByPlace}, []fact.Dim{fact.ByGroup}, []fact.Dim{fact.ByPeriod}
		ask := func(code fact.Code, rows, cols []fact.Dim, at ...string) fact.Answer {
			return h.ask(t, fact.Question{Indicators: []fact.Code{code}, Periods: periods(at...), Area: home, Rows: rows, Cols: cols})
		}
		for _, test := range []struct {
			name  string
			got   fact.Cell
			state fact.CellState
			value float64
		}{
			{"a rate is made of the counts of places that have both", cell(t, ask("POOR_RATE", nil, nil, "2026"), "", ""), fact.Partial, 100 * 40.0 / 300},
			{"of one place", cell(t, ask("POOR_RATE", byPlace, nil, "2026"), string(a), ""), fact.Whole, 10},
			{"a rate without its denominator is missing", cell(t, ask("POOR_RATE", byPlace, nil, "2026"), string(c), ""), fact.Missing, 0},
			{"a stock asked by year is the last of its parts", cell(t, ask("HH", byPlace, nil, "2026"), string(a), ""), fact.Whole, 100},
			{"a stock summed over periods is the last", cell(t, ask("HH", byPlace, nil, "2026H1", "2026H2"), string(a), ""), fact.Whole, 100},
			{"a flow asked by year is the sum of its parts, ten of which are missing", cell(t, ask("ASK_IN", byPlace, nil, "2026"), string(a), ""), fact.Partial, 7},
			{"asked and not known", cell(t, ask("POP", byPlace, nil, "2026H2"), string(b), ""), fact.NotKnown, 0},
			{"a part of a count", cell(t, ask("POP_EM", byPlace, nil, "2026H2"), string(a), ""), fact.Whole, 60},
			{"a rate of a part", cell(t, ask("EM_SHARE", byPlace, nil, "2026"), string(a), ""), fact.Whole, 60},
			{"a mean", cell(t, ask("HH_SIZE", byPlace, byGroup, "2026H2"), string(a), "tay"), fact.Whole, 0.6},
			{"villages make their commune, one has not reported", cell(t, ask("VILLAGE_ROAD", byPlace, nil, "2026"), string(a), ""), fact.Partial, 1},
			{"all villages have", cell(t, ask("VILLAGE_ROAD", byPlace, nil, "2025"), string(a), ""), fact.Whole, 3},
			{"a place's own figure wins over the sum of those below", cell(t, ask("POP", nil, nil, "2024H2"), "", ""), fact.Whole, 800_000},
			{"no such dimension", cell(t, h.ask(t, fact.Question{Indicators: []fact.Code{"VILLAGE_ROAD"}, Periods: periods("2026"), Area: home, Only: map[fact.Dim][]string{fact.ByGroup: {"tay"}}}), "", ""), fact.NotAsked, 0},
			{"no such period", cell(t, ask("POOR_HH", nil, nil, "2026M01"), "", ""), fact.NotAsked, 0},
		} {
			if v, _ := test.got.Value(); test.got.State != test.state || math.Abs(v-test.value) > 1e-9 {
				t.Errorf("%s: %+v (%v), want %s %v", test.name, test.got, v, test.state, test.value)
			}
		}

		broken := ask("POOR_HH", byPlace, byPeriod, "2026", "2027")
		if broken.Cols[0].Note != "" || broken.Cols[1].Note != "fact.note.standard" {
			t.Errorf("notes %q, %q: want the break of the standard at the second", broken.Cols[0].Note, broken.Cols[1].Note)
		}
		q := fact.Question{Indicators: []fact.Code{"POOR_HH"}, Periods: periods("2027"), Area: home, Rows: byPlace, Show: fact.Change}
		if x := cell(t, h.ask(t, q), string(a), ""); x.State != fact.Incomparable {
			t.Errorf("change over a break = %+v, want not comparable", x)
		}
		q = fact.Question{Indicators: []fact.Code{"HH"}, Periods: periods("2026H2"), Area: home, Rows: byPlace, Show: fact.Change}
		if x := cell(t, h.ask(t, q), string(a), ""); x.Num != 10 || x.State != fact.Whole {
			t.Errorf("change = %+v, want 10", x)
		}
		q = fact.Question{Indicators: []fact.Code{"POP"}, Periods: periods("2026H2"), Area: home, Rows: byPlace, Cols: byGroup, Show: fact.ShareRow, Totals: true}
		share := h.ask(t, q)
		if v, _ := cell(t, share, string(a), "kinh").Value(); v != 40 {
			t.Errorf("share of the row = %v, want 40", v)
		}
		if v, _ := cell(t, share, string(a), "total ").Value(); v != 100 {
			t.Errorf("share of the row's total = %v, want 100", v)
		}
		q = fact.Question{Indicators: []fact.Code{"POOR_HH"}, Periods: periods("2026"), Area: home, Rows: byPlace, Top: 2}
		if top := h.ask(t, q); len(top.Rows) != 2 || top.Rows[0].Members[0].Code != string(b) {
			t.Errorf("top 2 = %v, want the largest first", top.Rows)
		}
		q = fact.Question{Indicators: []fact.Code{"POOR_HH", "NO_SUCH"}, Periods: periods("2026"), Area: home, Rows: []fact.Dim{"weather", fact.ByPlace}, Level: place.Province, Totals: true}
		if got := h.ask(t, q); strings.Join(got.Dropped, " ") != "fact.dropped.dimension fact.dropped.indicator" || cell(t, got, string(home), "").Num != 47 {
			t.Errorf("dropped %v, %+v", got.Dropped, got.Cells)
		}

		// Where a cell comes from.
		q = fact.Question{Indicators: []fact.Code{"POOR_RATE"}, Periods: periods("2026"), Area: home, Rows: byPlace}
		got := h.ask(t, q)
		for i, row := range got.Rows {
			if row.Members[0].Code != string(a) {
				continue
			}
			origins, err := h.Origins(t.Context(), q, row, got.Cols[0], 100)
			if err != nil || len(origins) != 2 || origins[0].Indicator != "POOR_HH" || origins[1].Value != 100 || origins[0].Batch.Title != "Biểu 02, 2026" {
				t.Errorf("Origins = %+v, %v, want the poor and all households", origins, err)
			}
			_ = got.Cells[i]
		}
		keys := []fact.Key{known("HH", a, "2026H2", tay, 0).Key, known("HH", c, "2026H2", tay, 0).Key}
		if hold, err := h.Holding(t.Context(), d, keys); err != nil || len(hold) != 1 || hold[keys[0]].Value != 100 {
			t.Errorf("Holding = %v, %v, want one", hold, err)
		}

		// Growth between censuses, from the real figures.
		q = fact.Question{Indicators: []fact.Code{"POP_GROWTH", "POP"}, Periods: periods("2019F"), Cols: byGroup, Only: map[fact.Dim][]string{fact.ByGroup: {"tay"}}}
		growth := h.ask(t, q)
		x := cell(t, growth, "", "tay POP_GROWTH")
		if v, ok := x.Value(); !ok || x.Years != 20 || x.Den != 1_477_514 || v < -5 || v > 3 {
			t.Errorf("growth of the Tày = %+v (%v)", x, v)
		}
	})
}

// A question over somebody else's area is refused, and both that and the reading of one's own are on record.
func TestAskAsIsOnRecord(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		communes := h.places.Units(h.places.HomeUnit().ID, place.Commune, 20261231)
		officer := person("officer", duty.CommuneOfficer, communes[0].ID)
		q := fact.Question{Indicators: []fact.Code{"POP"}, Periods: periods("2026H1"), Area: communes[0].ID}
		if _, err := h.AskAs(t.Context(), officer, q); err != nil {
			t.Fatalf("own area: %v", err)
		}
		for _, area := range []place.ID{communes[1].ID, h.places.HomeUnit().ID, ""} {
			q.Area = area
			if _, err := h.AskAs(t.Context(), officer, q); !fault.Is(err, fault.Forbidden) {
				t.Errorf("area %q: %v, want forbidden", area, err)
			}
		}
		n, err := db.Value[int64](t.Context(), d, "SELECT count(*) FROM audit WHERE act = $1", string(duty.StatReadExact))
		if err != nil || n != 4 {
			t.Errorf("%d entries, %v, want 4", n, err)
		}
		if r, err := audit.Verify(t.Context(), d, nil); err != nil || !r.Whole() {
			t.Errorf("the record: %+v, %v", r, err)
		}
	})
}

// A definition is changed by two persons, without a release of the program.
func TestDefine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		home := h.places.HomeUnit().ID
		one, two, officer := person("one", duty.Statistician, home), person("two", duty.ProvinceLeader, home), person("officer", duty.CommuneOfficer, home)
		if n := len(h.Indicators()); n != 121 {
			t.Errorf("%d indicators, want 121", n)
		}
		i, err := h.Indicator("POOR_RATE")
		if err != nil {
			t.Fatal(err)
		}
		i.NameVI = "Tỷ lệ hộ nghèo đa chiều"
		if _, err := h.Propose(t.Context(), officer, i, "cho rõ"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an officer proposes: %v", err)
		}
		version, err := h.Propose(t.Context(), one, i, "cho rõ")
		if err != nil || version != 2 {
			t.Fatalf("Propose = %d, %v", version, err)
		}
		if err := h.Confirm(t.Context(), one, "POOR_RATE", version, true); !fault.Is(err, fault.Forbidden) {
			t.Errorf("who proposed confirms: %v", err)
		}
		if waiting, err := h.Waiting(t.Context(), two); err != nil || len(waiting) != 1 {
			t.Errorf("Waiting = %v, %v", waiting, err)
		}
		if err := h.Confirm(t.Context(), two, "POOR_RATE", version, true); err != nil {
			t.Fatal(err)
		}
		if i, _ := h.Indicator("POOR_RATE"); i.NameVI != "Tỷ lệ hộ nghèo đa chiều" || i.Version != 2 {
			t.Errorf("in force is %+v", i)
		}
		if err := h.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if i, _ := h.Indicator("POOR_RATE"); i.Version != 2 {
			t.Errorf("the next start brought back version %d", i.Version)
		}

		var file bytes.Buffer
		if err := csv.NewWriter(&file).WriteAll(h.Export()); err != nil {
			t.Fatal(err)
		}
		report, err := h.Import(t.Context(), one, "indicators", "chi-tieu.csv", bytes.NewReader(file.Bytes()), false, nil)
		if err != nil || report.Same != 121 || report.Added+report.Changed+len(report.Refused) != 0 {
			t.Errorf("its own export: %+v, %v", report, err)
		}
		changed := strings.Replace(file.String(), "POOR_HH,Số hộ nghèo", "POOR_HH,Hộ nghèo", 1)
		changed += strings.Replace(strings.Split(file.String(), "\n")[1], "POP,", "NEW_POP,", 1) + "\n" + strings.Replace(strings.Split(file.String(), "\n")[1], "POP,", "bad code,", 1) + "\n"
		for _, dry := range []bool{true, false} {
			report, err = h.Import(t.Context(), one, "indicators", "chi-tieu.csv", strings.NewReader(changed), dry, nil)
			if err != nil || report.Changed != 1 || report.Added != 1 || len(report.Refused) != 1 {
				t.Errorf("dry %v: %+v, %v", dry, report, err)
			}
		}
		if waiting, err := h.Waiting(t.Context(), two); err != nil || len(waiting) != 2 {
			t.Errorf("Waiting = %v, %v, want two", waiting, err)
		}
	})
}

// S6 on the real merger of 194 communes into 65: totals are conserved to the unit, 62 are exact, and the three that a divided
// unit touches say so.
func TestMergerOfLangSon(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		home := place.ID("20@0")
		old := h.places.Units(home, place.Commune, 20250630)
		var facts []fact.Fact
		var total int64
		for i, u := range old {
			for n, g := range []string{"tay", "nung", "kinh"} {
				f := known("POP", u.ID, "2024H2", fact.Cut{}, int64(i*i*7919%1009+n))
				f.Cut.Group = h.groups.Groups()[n].Slug
				_ = g
				total += f.Value
				facts = append(facts, f)
			}
		}
		h.record(t, fact.Batch{Origin: "report", Title: "Biểu 01, 2024"}, facts...)
		q := fact.Question{Indicators: []fact.Code{"POP"}, Periods: periods("2024H2"), Area: home, Rows: []fact.Dim{fact.ByPlace}, Geography: 20251231, Totals: true}
		states := func(a fact.Answer) (count map[fact.CellState]int, sum int64) {
			count = map[fact.CellState]int{}
			for i, row := range a.Rows {
				if !row.Total {
					count[a.Cells[i][0].State]++
					sum += a.Cells[i][0].Num
				}
			}
			return count, sum
		}
		reported := q
		reported.Geography = 0
		if count, sum := states(h.ask(t, reported)); count[fact.Whole] != 194 || sum != total {
			t.Errorf("as reported: %v, %d, want 194 whole and %d", count, sum, total)
		}
		before := h.ask(t, q)
		if count, _ := states(before); count[fact.Whole] != 62 || count[fact.Incomparable] != 3 {
			t.Errorf("today's units: %v, want 62 whole and 3 not comparable", count)
		}
		if c := cell(t, before, "total ", ""); c.Num != total || c.State != fact.Whole {
			t.Errorf("total = %+v, want %d: the province holds all the parts", c, total)
		}
		statistician, leader := person("s", duty.Statistician, home), person("l", duty.ProvinceLeader, home)
		for _, u := range h.places.Divided(home) {
			w := place.Weighing{Old: u.ID, Measure: place.ByPopulation, Source: "Số minh hoạ", AsOf: 20250630}
			for i, s := range h.places.After(u.ID) {
				w.Parts = append(w.Parts, place.Amount{New: s.Unit.ID, Num: int64(301 + 398*i)})
			}
			id, err := h.places.EnterWeights(t.Context(), statistician, "", w)
			if err != nil {
				t.Fatal(err)
			}
			if err := h.places.Decide(t.Context(), leader, "weight", id, true); err != nil {
				t.Fatal(err)
			}
		}
		count, sum := states(h.ask(t, q))
		if count[fact.Whole] != 62 || count[fact.Estimated] != 3 || sum != total {
			t.Errorf("with weights: %v, %d, want 62 whole, 3 estimated and %d", count, sum, total)
		}
	})
}

// A figure is in the answers of another process within half a second, and before it has read them all a desk says so.
func TestRunFollows(t *testing.T) {
	d := dbtest.SQLite(t)
	h := newHouse(t, d)
	other := fact.New(d, h.policy, h.places, h.groups, func() time.Time { return now })
	home := h.places.HomeUnit().ID
	q := fact.Question{Indicators: []fact.Code{"HH"}, Periods: periods("2026H1"), Area: home}
	if err := other.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Ask(t.Context(), q); !fault.Is(err, fault.Unavailable) {
		t.Errorf("before it was built: %v, want unavailable", err)
	}
	go other.Run(t.Context()) //nolint:errcheck // it ends with the test
	h.record(t, fact.Batch{Origin: "report", Title: "Biểu 01"}, known("HH", home, "2026H1", fact.Cut{}, 9))
	for range 100 {
		if a, err := other.Ask(t.Context(), q); err == nil && a.Cells[0][0].Num == 9 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the other process never saw it")
}
