package fact_test

import (
	"context"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/place"
)

var now = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// A house is the rooms below fact and the desk itself, for Lạng Sơn and its neighbour Cao Bằng.
type house struct {
	*fact.Desk
	db     *db.DB
	places *place.Desk
	groups *ethnic.Desk
	policy *duty.Policy
}

func newHouse(t *testing.T, d *db.DB) house {
	t.Helper()
	clock := func() time.Time { return now }
	places := place.New(d, clock)
	if err := places.ReadyOnly(t.Context(), "20", "04"); err != nil {
		t.Fatal(err)
	}
	groups := ethnic.New(d, places, clock)
	if err := groups.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	policy := duty.New(places, clock)
	h := house{fact.New(d, policy, places, groups, clock), d, places, groups, policy}
	if err := h.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.Build(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

// record records figures as one batch.
func (h house) record(t *testing.T, b fact.Batch, facts ...fact.Fact) string {
	t.Helper()
	var id string
	err := h.db.Tx(t.Context(), func(tx *db.Tx) (err error) {
		id, err = fact.Record(t.Context(), tx, now, b, facts)
		return err
	})
	if err != nil {
		t.Fatalf("Record: %v", err)
	}
	return id
}

func known(code fact.Code, at place.ID, period string, cut fact.Cut, value int64) fact.Fact {
	x, err := fact.ParsePeriod(period)
	if err != nil {
		panic(err)
	}
	return fact.Fact{Key: fact.Key{Indicator: code, Place: at, Period: x, Cut: cut}, Value: value, State: fact.Known}
}

func periods(texts ...string) (all []fact.Period) {
	for _, s := range texts {
		x, err := fact.ParsePeriod(s)
		if err != nil {
			panic(err)
		}
		all = append(all, x)
	}
	return all
}

func (h house) ask(t *testing.T, q fact.Question) fact.Answer {
	t.Helper()
	a, err := h.Ask(t.Context(), q)
	if err != nil {
		t.Fatalf("Ask(%v): %v", q, err)
	}
	return a
}

// cell finds the cell under the headers that have these members, one text a header.
func cell(t *testing.T, a fact.Answer, row, col string) fact.Cell {
	t.Helper()
	find := func(headers []fact.Header, want string) int {
		for i, h := range headers {
			text := ""
			for n, m := range h.Members {
				if n > 0 {
					text += " "
				}
				text += m.Code
			}
			if h.Total {
				text = "total " + text
			}
			if text == want {
				return i
			}
		}
		t.Fatalf("no header %q among %v", want, headers)
		return -1
	}
	return a.Cells[find(a.Rows, row)][find(a.Cols, col)]
}

func TestRecordedIsInTheNextAnswer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		province := h.places.HomeUnit().ID
		communes := h.places.Units(province, place.Commune, 20261231)
		bacSon, binhGia := communes[0].ID, communes[1].ID
		h.record(t, fact.Batch{Origin: "report", Title: "Biểu 01"},
			known("POP", bacSon, "2026H1", fact.Cut{Group: "tay"}, 100),
			known("POP", bacSon, "2026H1", fact.Cut{Group: "nung"}, 50),
			known("POP", binhGia, "2026H1", fact.Cut{Group: "tay"}, 7))
		q := fact.Question{Indicators: []fact.Code{"POP"}, Periods: periods("2026H1"), Area: province, Rows: []fact.Dim{fact.ByPlace}, Cols: []fact.Dim{fact.ByGroup}, Totals: true}
		a := h.ask(t, q)
		if c := cell(t, a, string(bacSon), "tay"); c.Num != 100 || c.State != fact.Whole {
			t.Errorf("Bắc Sơn, Tày = %+v, want 100", c)
		}
		if c := cell(t, a, "total ", "tay"); c.Num != 107 || c.State != fact.Partial || c.Have != 2 || c.Expected != len(communes) {
			t.Errorf("total, Tày = %+v, want 107 of 2 of %d communes", c, len(communes))
		}
		if c := cell(t, a, string(communes[2].ID), "tay"); c.State != fact.Missing {
			t.Errorf("nobody reported: %+v, want missing", c)
		}

		// A correction replaces by key, in the next answer; the same again makes no row.
		h.record(t, fact.Batch{Origin: "report", Title: "Biểu 01, lần 2"}, known("POP", bacSon, "2026H1", fact.Cut{Group: "tay"}, 101))
		h.record(t, fact.Batch{Origin: "report", Title: "Biểu 01, lần 2"}, known("POP", bacSon, "2026H1", fact.Cut{Group: "tay"}, 101))
		if c := cell(t, h.ask(t, q), string(bacSon), "tay"); c.Num != 101 {
			t.Errorf("corrected = %+v, want 101", c)
		}
		if n, err := db.Value[int64](t.Context(), d, "SELECT count(*) FROM fact WHERE period = 2026101"); err != nil || n != 4 {
			t.Errorf("%d rows, %v, want 4", n, err)
		}
		f := known("POP", bacSon, "2026H1", fact.Cut{Group: "nung"}, 0)
		f.State = fact.Withdrawn
		h.record(t, fact.Batch{Origin: "report", Title: "rút lại"}, f)
		if c := cell(t, h.ask(t, q), "total ", "total "); c.Num != 108 {
			t.Errorf("after one was taken back the total is %+v, want 108", c)
		}
		sameAfterRebuild(t, h, q)
	})
}

// sameAfterRebuild asks another desk, which reads everything anew.
func sameAfterRebuild(t *testing.T, h house, q fact.Question) {
	t.Helper()
	other := fact.New(h.db, h.policy, h.places, h.groups, func() time.Time { return now })
	for _, step := range []func(context.Context) error{other.Ready, other.Build} {
		if err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	a, err := other.Ask(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	differ(t, "rebuilt", a, h.ask(t, q))
}
