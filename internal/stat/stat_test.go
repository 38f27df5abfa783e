package stat

import (
	"context"
	"slices"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

var now = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

const (
	bacSon  place.ID = "06325@20250701"
	langSon place.ID = "20@0"
)

var (
	statistician = person("statistician", duty.Statistician, langSon)
	officer      = person("officer", duty.CommuneOfficer, bacSon)
	elsewhere    = person("elsewhere", duty.CommuneOfficer, "06211@20250701")
	editor       = person("editor", duty.Editor, langSon)
)

func person(id string, role duty.Role, area place.ID) duty.Actor {
	return duty.Actor{ID: id, Name: id, Grants: []duty.Grant{{Role: role, Area: string(area)}}, Session: "s-" + id}
}

// figures answers every question with the answer that the test made by hand.
type figures struct {
	policy   *duty.Policy
	places   *place.Desk
	building bool
	answer   func(fact.Question) fact.Answer
}

var indicators = []fact.Indicator{
	{Code: "POP", NameVI: "Dân số", NameEN: "Population", Unit: "người", Kind: fact.Count, Period: fact.Half, Topic: "population", Dims: []fact.Dim{fact.ByPlace, fact.ByGroup, fact.BySex, fact.ByAge}},
	{Code: "HH", NameVI: "Số hộ", NameEN: "Households", Unit: "hộ", Kind: fact.Count, Period: fact.Half, Topic: "population", Dims: []fact.Dim{fact.ByPlace, fact.ByGroup}},
	{Code: "POOR_RATE", NameVI: "Tỷ lệ hộ nghèo", Unit: "%", Kind: fact.Ratio, Period: fact.Year, Topic: "poverty", Dims: []fact.Dim{fact.ByPlace}},
	{Code: "SPEAKER", NameVI: "Số cụm loa", Unit: "cụm", Kind: fact.Count, Period: fact.Quarter, Topic: "information", Dims: []fact.Dim{fact.ByPlace, fact.ByLanguage}},
}

func (f *figures) Progress() (done, total int64, ready bool) { return 1, 4, !f.building }
func (f *figures) Indicators() []fact.Indicator              { return indicators }

func (f *figures) Indicator(code fact.Code) (fact.Indicator, error) {
	for _, i := range indicators {
		if i.Code == code {
			return i, nil
		}
	}
	return fact.Indicator{}, fault.New(fault.NotFound, "error.not_found")
}

func (f *figures) Label(m fact.Member, lang string) string {
	switch m.Dim {
	case fact.ByPlace:
		if u, err := f.places.ByID(place.ID(m.Code)); err == nil {
			return u.FullName()
		}
	case fact.ByIndicator:
		i, _ := f.Indicator(fact.Code(m.Code))
		return i.Name(lang)
	}
	return m.Code
}

func (f *figures) Origins(_ context.Context, q fact.Question, row, _ fact.Header, _ int) ([]fact.Origin, error) {
	at := langSon
	if len(row.Members) > 0 {
		at = place.ID(row.Members[0].Code)
	}
	whole := fact.Origin{Fact: fact.Fact{Key: fact.Key{Indicator: q.Indicators[0], Place: at, Period: q.Periods[0]}, Value: 1234, State: fact.Known, Cell: "Biểu 1!C7"},
		Batch: fact.Batch{Title: "Biểu 01, xã Bắc Sơn", Report: "r1", FileName: "bieu-01.xlsx", EnteredName: "Cán bộ xã", CertifiedName: "Lãnh đạo xã", AsOf: 20260630, Demo: true, Recorded: now}, Share: 1}
	part := whole
	part.Share, part.Cut.Group = .25, "tay"
	return []fact.Origin{whole, part}, nil
}

func (f *figures) Ask(_ context.Context, q fact.Question) (fact.Answer, error) {
	if f.building {
		return fact.Answer{}, fault.New(fault.Unavailable, "stat.building")
	}
	a := f.answer(q)
	if len(q.Rows) == 1 && q.Rows[0] == fact.ByPeriod { // which periods have figures
		for i, row := range a.Rows {
			if row.Members[0].Code < "2025" {
				a.Cells[i] = slices.Repeat([]fact.Cell{{State: fact.Missing}}, len(a.Cols))
			}
		}
	}
	return a, nil
}

func (f *figures) AskAs(ctx context.Context, actor duty.Actor, q fact.Question) (fact.Answer, error) {
	if err := f.policy.Permit(actor, duty.StatReadExact, duty.Thing{Area: string(q.Area)}); err != nil {
		return fact.Answer{}, err
	}
	return f.Ask(ctx, q)
}

// grid lays a question out over a few members of each dimension, with figures in every state.
func (f *figures) grid(q fact.Question) fact.Answer {
	codes := func(dim fact.Dim) (all []string) {
		switch dim {
		case fact.ByPlace:
			for _, u := range f.places.Units(q.Area, place.Commune, f.places.Today()) {
				all = append(all, string(u.ID))
			}
		case fact.ByPeriod:
			for _, p := range q.Periods {
				all = append(all, p.String())
			}
		case fact.ByIndicator:
			for _, c := range q.Indicators {
				all = append(all, string(c))
			}
		default:
			all = []string{"tay", "nung", "dao"}
		}
		return all
	}
	headers := func(dims []fact.Dim) []fact.Header {
		all := []fact.Header{{}}
		for _, dim := range dims {
			var next []fact.Header
			for _, h := range all {
				for _, code := range codes(dim) {
					next = append(next, fact.Header{Members: append(slices.Clone(h.Members), fact.Member{Dim: dim, Code: code})})
				}
			}
			all = next
		}
		if q.Totals && len(dims) > 0 {
			all = append(all, fact.Header{Total: true})
		}
		return all
	}
	states := []fact.CellState{fact.Whole, fact.Partial, fact.Missing, fact.Estimated, fact.Whole, fact.Incomparable, fact.NotKnown}
	a := fact.Answer{Question: q, Rows: headers(q.Rows), Cols: headers(q.Cols), Sequence: 7}
	for i := range a.Rows {
		var row []fact.Cell
		for j := range a.Cols {
			row = append(row, fact.Cell{State: states[(i+j)%len(states)], Kind: fact.Count, Num: int64(1000*i + 7*j + 1), Den: 1, Have: 3, Expected: 4, Estimated: .25})
		}
		a.Cells = append(a.Cells, row)
	}
	return a
}

// open is a desk over the places and groups of Lạng Sơn and figures made by hand.
func open(t testing.TB, d *db.DB) (*Desk, *figures) {
	t.Helper()
	places := place.New(d, clock)
	if err := places.ReadyOnly(t.Context(), place.LangSon); err != nil {
		t.Fatal(err)
	}
	groups := ethnic.New(d, places, clock)
	if err := groups.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	policy := duty.New(places, clock)
	f := &figures{policy: policy, places: places}
	f.answer = f.grid
	return New(d, policy, f, places, groups, clock), f
}

func site(t testing.TB) (*web.Site, *Desk, *figures) {
	t.Helper()
	d := dbtest.SQLite(t)
	desk, f := open(t, d)
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := web.New(web.Options{Text: text, Policy: desk.policy, Now: clock, Commits: d.Commits, Province: "Lạng Sơn",
		Accounts: webtest.Tokens{statistician, officer, elsewhere, editor}})
	if err != nil {
		t.Fatal(err)
	}
	Mount(s, desk, Catalogue{})
	return s, desk, f
}
