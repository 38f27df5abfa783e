package report_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/job"
	"banlang/internal/place"
	"banlang/internal/report"
	"banlang/internal/report/form"
)

const (
	bacSon = "06325@20250701"
	home   = "20@0"
)

var now = time.Date(2026, 7, 8, 2, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

func person(id string, role duty.Role, area string) duty.Actor {
	return duty.Actor{ID: id, Name: "Minh hoạ: " + id, Grants: []duty.Grant{{Role: role, Area: area}}, Session: "s-" + id, Demo: true}
}

var (
	officer      = person("officer", duty.CommuneOfficer, bacSon)
	leader       = person("leader", duty.CommuneLeader, bacSon)
	elsewhere    = person("elsewhere", duty.CommuneOfficer, "06211@20250701")
	statistician = person("statistician", duty.Statistician, home)
	head         = person("head", duty.ProvinceLeader, home)
	ministry     = person("ministry", duty.Ministry, "")
)

// A house is what a report lives in.
type house struct {
	db     *db.DB
	places *place.Desk
	facts  *fact.Desk
	desk   *report.Desk
	policy *duty.Policy
}

func open(t testing.TB, d *db.DB) house {
	t.Helper()
	h := house{db: d, places: place.New(d, clock)}
	if err := h.places.ReadyOnly(t.Context(), place.LangSon); err != nil {
		t.Fatal(err)
	}
	groups := ethnic.New(d, h.places, clock)
	if err := groups.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := blob.Folder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	h.policy = duty.New(h.places, clock)
	h.facts = fact.New(d, h.policy, h.places, groups, clock)
	if err := h.facts.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	queue := job.New(d, slog.New(slog.DiscardHandler), clock)
	h.desk = report.New(d, files, queue, h.policy, h.places, groups, h.facts, clock)
	if err := h.desk.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

// period opens the first half of 2026 of the form of population, and gives Bắc Sơn's report.
func (h house) period(t testing.TB) (period, mine string) {
	t.Helper()
	p, err := fact.ParsePeriod("2026H1")
	if err != nil {
		t.Fatal(err)
	}
	period, err = h.desk.OpenPeriod(t.Context(), statistician, report.Opening{Form: "BM01", Period: p, Area: home})
	if err != nil {
		t.Fatal(err)
	}
	list, err := h.desk.Mine(t.Context(), officer)
	if err != nil || len(list) != 1 {
		t.Fatalf("Mine = %d reports, %v; want 1", len(list), err)
	}
	return period, list[0].Report.ID
}

// fill types a number into every cell that a person fills.
func (h house) fill(t testing.TB, by duty.Actor, id string, but ...string) {
	t.Helper()
	p, err := h.desk.Paper(t.Context(), by, id)
	if err != nil {
		t.Fatal(err)
	}
	var changes []report.Change
	for _, row := range p.Grid.Rows {
		for _, col := range p.Grid.Cols {
			name := form.ID(row.Code, col.Code)
			if c, ok := p.Grid.Cell(name); ok && c.Input == form.Typed {
				text := map[string]string{"hh": "10", "male": "20", "female": "21", "p15": "30"}[col.Code]
				changes = append(changes, report.Change{Cell: name, Text: text, Base: p.Cells[name].Rev})
			}
		}
	}
	saved, err := h.desk.Save(t.Context(), by, id, changes)
	if err != nil || len(saved.Conflicts)+len(saved.Refused) > 0 {
		t.Fatalf("Save = %+v, %v", saved, err)
	}
}

func TestFromEntryToMinistry(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		ctx := t.Context()
		period, id := h.period(t)
		if again, _ := h.period(t); again != period {
			t.Errorf("the period opened twice is %s and %s", period, again)
		}
		must := func(what string, err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		refuse := func(what string, err error, want fault.Kind) {
			t.Helper()
			if !fault.Is(err, want) {
				t.Errorf("%s: %v, want kind %d", what, err, want)
			}
		}
		_, err := h.desk.Paper(ctx, elsewhere, id)
		refuse("another commune reads", err, fault.Forbidden)
		if n, err := db.Value[int64](ctx, h.db, "SELECT count(*) FROM audit WHERE actor = $1 AND thing = $2 AND after = 'refused'", elsewhere.ID, "report/"+id); err != nil || n != 1 {
			t.Errorf("%d entries of the refused reading, %v, want 1", n, err)
		}
		holds := func(when string, state fact.State, value int64) {
			t.Helper()
			p, err := fact.ParsePeriod("2026H1")
			must("period", err)
			k := fact.Key{Indicator: "HH", Place: bacSon, Period: p, Cut: fact.Cut{Group: "tay"}}
			all, err := h.facts.Holding(ctx, d, []fact.Key{k})
			must("holding", err)
			if f := all[k]; f.State != state || f.Value != value || state == fact.Known && f.Cell != "tay.hh" {
				t.Errorf("%s: the fact is %+v, want state %d and %d from tay.hh", when, f, state, value)
			}
		}
		_, err = h.desk.Paper(ctx, ministry, id)
		refuse("the ministry reads", err, fault.Forbidden)
		_, err = h.desk.Save(ctx, elsewhere, id, nil)
		refuse("another commune enters", err, fault.Forbidden)
		refuse("empty handed in", h.desk.Move(ctx, officer, id, "xong", ""), fault.Invalid)
		h.fill(t, officer, id)
		refuse("certified before handed in", h.desk.Move(ctx, leader, id, "xac-nhan", ""), fault.Conflict)
		must("hand in", h.desk.Move(ctx, officer, id, "xong", ""))
		refuse("the officer certifies", h.desk.Move(ctx, officer, id, "xac-nhan", ""), fault.Forbidden)
		_, err = h.desk.Save(ctx, officer, id, []report.Change{{Cell: "tay.hh", Text: "1"}})
		refuse("entered while the leader looks", err, fault.Forbidden)
		holds("only entered", fact.Withdrawn, 0)
		must("certify", h.desk.Move(ctx, leader, id, "xac-nhan", ""))
		holds("certified", fact.Known, 10)
		must("certify pressed twice", h.desk.Move(ctx, leader, id, "xac-nhan", ""))
		must("send", h.desk.Move(ctx, leader, id, "gui", ""))
		refuse("withdraw without a reason", h.desk.Move(ctx, leader, id, "rut", " "), fault.Invalid)
		must("withdraw", h.desk.Move(ctx, leader, id, "rut", "Nhầm dòng"))
		must("send again", h.desk.Move(ctx, leader, id, "gui", ""))
		must("return", h.desk.Return(ctx, statistician, id, "Xem lại", map[string]string{"tay.hh": "Ít quá", "nothing.hh": "x"}, true))
		holds("returned as wrong", fact.Withdrawn, 0)
		p, err := h.desk.Paper(ctx, officer, id)
		must("read", err)
		if p.State != report.Returned || len(p.Remarks) != 1 || p.Remarks[0].Done || p.Back.Reason != "Xem lại" || p.Back.By.Name == "" {
			t.Errorf("returned: %s with remarks %+v", p.State, p.Remarks)
		}
		_, err = h.desk.Save(ctx, officer, id, []report.Change{{Cell: "tay.hh", Text: "11", Base: p.Cells["tay.hh"].Rev}})
		must("mend", err)
		for _, s := range []struct {
			by   duty.Actor
			name string
		}{{officer, "xong"}, {leader, "xac-nhan"}, {leader, "gui"}, {statistician, "nhan"}} {
			must(s.name, h.desk.Move(ctx, s.by, id, s.name, ""))
		}
		holds("certified again", fact.Known, 11)
		_, steps, versions, err := h.desk.History(ctx, leader, id)
		must("history", err)
		if len(versions) != 2 || versions[0].Values["tay.hh"].N != 11 || versions[1].Values["tay.hh"].N != 10 {
			t.Errorf("versions = %d, newest %+v", len(versions), versions[0].Values["tay.hh"])
		}
		if len(steps) != 10 {
			t.Errorf("%d steps, want 10: %+v", len(steps), steps)
		}
		refuse("withdraw what is accepted", h.desk.Move(ctx, leader, id, "rut", "x"), fault.Conflict)
		must("lock", h.desk.Lock(ctx, statistician, period))
		refuse("reopened unasked", h.desk.Reopen(ctx, head, period, "x"), fault.Conflict)
		must("submit", h.desk.Submit(ctx, statistician, period))
		refuse("the statistician sends alone", h.desk.SendMinistry(ctx, statistician, period), fault.Forbidden)
		must("to the ministry", h.desk.SendMinistry(ctx, head, period))
		must("ask to reopen", h.desk.AskReopen(ctx, statistician, period, "Sai một xã"))
		must("reopen", h.desk.Reopen(ctx, head, period, "Đồng ý"))
		must("return what was accepted", h.desk.Return(ctx, statistician, id, "Sửa lại", nil, false))
		holds("returned to be corrected", fact.Known, 11)
	})
}

// The province's own form is entered by the statistician and certified by the leader; nobody sends it on.
func TestProvincesOwnForm(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	ctx := t.Context()
	p, err := fact.ParsePeriod("2026H1")
	if err != nil {
		t.Fatal(err)
	}
	period, err := h.desk.OpenPeriod(ctx, statistician, report.Opening{Form: "BM09", Period: p, Area: home})
	if err != nil {
		t.Fatal(err)
	}
	mine, err := h.desk.Mine(ctx, statistician)
	if err != nil || len(mine) != 1 {
		t.Fatalf("Mine = %+v, %v", mine, err)
	}
	id := mine[0].Report.ID
	paper, err := h.desk.Paper(ctx, statistician, id)
	if err != nil {
		t.Fatal(err)
	}
	var changes []report.Change
	for _, f := range paper.Findings {
		note := "Chưa có sổ"
		changes = append(changes, report.Change{Cell: f.Cell, Text: "0", Note: &note})
	}
	if _, err := h.desk.Save(ctx, statistician, id, changes); err != nil {
		t.Fatal(err)
	}
	for _, s := range []struct {
		by   duty.Actor
		name string
		want fault.Kind
	}{{statistician, "xong", 0}, {statistician, "xac-nhan", fault.Forbidden}, {head, "xac-nhan", 0}, {head, "gui", fault.Forbidden}} {
		if err := h.desk.Move(ctx, s.by, id, s.name, ""); fault.KindOf(err) != s.want {
			t.Errorf("%s %s: %v, want kind %d", s.by.ID, s.name, err, s.want)
		}
	}
	b, err := h.desk.Board(ctx, head, period)
	if err != nil || b.Done != 1 || b.InTime != 1 {
		t.Errorf("Board: %d done, %d in time, %v; want 1 and 1", b.Done, b.InTime, err)
	}
}

// A form is changed in a spreadsheet: what differs is told, another person brings it into force, and open periods keep theirs.
func TestDefine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		ctx := t.Context()
		_, id := h.period(t)
		versions, err := h.desk.Versions(ctx, "BM01")
		if err != nil {
			t.Fatal(err)
		}
		var table strings.Builder
		out := csv.NewWriter(&table)
		for _, row := range versions[0].Table() {
			if row[5] != "p15" {
				out.Write(row)
			}
		}
		out.Flush()
		if _, err := h.desk.Define(ctx, officer, "", "BM01", table.String(), ""); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an officer changes a form: %v", err)
		}
		version, err := h.desk.Define(ctx, statistician, "k", "BM01", table.String(), "Bỏ cột")
		again, err2 := h.desk.Define(ctx, statistician, "k", "BM01", table.String(), "Bỏ cột")
		if err != nil || err2 != nil || version != 2 || again != 2 {
			t.Fatalf("Define = %d, %v, then %d, %v; want version 2 twice", version, err, again, err2)
		}
		if err := h.desk.Approve(ctx, statistician, "BM01", 2); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the statistician approves alone: %v", err)
		}
		if err := h.desk.Approve(ctx, head, "BM01", 2); err != nil {
			t.Fatal(err)
		}
		forms, err := h.desk.Forms(ctx)
		if err != nil || forms[0].Code != "BM01" || forms[0].Version != 2 {
			t.Errorf("in force: %s %d, %v", forms[0].Code, forms[0].Version, err)
		}
		if p, err := h.desk.Paper(ctx, officer, id); err != nil || p.Form.Version != 1 {
			t.Errorf("the open report is of version %d, %v; want 1", p.Form.Version, err)
		}
	})
}

// Periods follow each other by themselves once the first was opened, and how punctual a unit was becomes a figure.
func TestTick(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	ctx := t.Context()
	p, err := fact.ParsePeriod("2026Q1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.desk.OpenPeriod(ctx, statistician, report.Opening{Form: "BM07", Period: p, Area: home}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := h.desk.Tick(ctx); err != nil {
			t.Fatal(err)
		}
	}
	periods, err := h.desk.Periods(ctx, statistician)
	if err != nil || len(periods) != 2 || periods[0].Period.String() != "2026Q2" || periods[0].SendDue != 20260710 {
		t.Errorf("Periods = %+v, %v; want the second quarter after the first, due on 10 July", periods, err)
	}
	holding, err := h.facts.Holding(ctx, h.db, []fact.Key{{Indicator: "REPORT_DUE", Place: bacSon, Period: fact.NewPeriod(fact.Quarter, 2026, 2)}})
	if err != nil || len(holding) != 1 {
		t.Errorf("REPORT_DUE of the second quarter = %+v, %v", holding, err)
	}
}

// A village that is confirmed after the form was opened gets its row.
func TestRowsGrow(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	ctx := t.Context()
	p, err := fact.ParsePeriod("2026Q2")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.desk.OpenPeriod(ctx, statistician, report.Opening{Form: "BM06", Period: p, Area: home}); err != nil {
		t.Fatal(err)
	}
	mine, err := h.desk.Mine(ctx, officer)
	if err != nil {
		t.Fatal(err)
	}
	id := mine[0].Report.ID
	if p, err := h.desk.Paper(ctx, officer, id); err != nil || len(p.Axis) != 0 {
		t.Fatalf("before any village: %d rows, %v", len(p.Axis), err)
	}
	if err := h.places.SeedDemo(ctx); err != nil {
		t.Fatal(err)
	}
	paper, err := h.desk.Paper(ctx, officer, id)
	if err != nil || len(paper.Axis) == 0 {
		t.Fatalf("with villages: %d rows, %v", len(paper.Axis), err)
	}
	cell := form.ID(paper.Axis[0].Code, "spk")
	if saved, err := h.desk.Save(ctx, officer, id, []report.Change{{Cell: cell, Text: "2"}}); err != nil || len(saved.Refused) > 0 {
		t.Errorf("Save = %+v, %v", saved, err)
	}
	if mine, err = h.desk.Mine(ctx, officer); err != nil || mine[0].Report.Wanted != 3*len(paper.Axis) || mine[0].Report.Filled != 1 {
		t.Errorf("the list says %d of %d, %v", mine[0].Report.Filled, mine[0].Report.Wanted, err)
	}
}

func TestWhoEnteredAcceptsNothing(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	_, id := h.period(t)
	h.fill(t, statistician, id)
	for _, s := range []struct {
		by   duty.Actor
		name string
		want fault.Kind
	}{{statistician, "xong", 0}, {leader, "xac-nhan", 0}, {leader, "gui", 0}, {statistician, "nhan", fault.Forbidden}} {
		if err := h.desk.Move(t.Context(), s.by, id, s.name, ""); fault.KindOf(err) != s.want {
			t.Errorf("%s %s: %v, want kind %d", s.by.ID, s.name, err, s.want)
		}
	}
}

// Who sends a workbook has entered its figures, whoever else takes them in.
func TestWhoSentTheWorkbookCertifiesNothing(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	_, id := h.period(t)
	h.fill(t, officer, id)
	var book bytes.Buffer
	name, err := h.desk.Template(t.Context(), officer, id, &book)
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.desk.Paper(t.Context(), officer, id)
	if err != nil {
		t.Fatal(err)
	}
	saved, err := h.desk.Save(t.Context(), officer, id, []report.Change{{Cell: "tay.hh", Text: "9", Base: p.Cells["tay.hh"].Rev}})
	if err != nil {
		t.Fatal(err)
	}
	deputy := leader // who also fills in forms
	deputy.Grants = append(deputy.Grants[:1:1], officer.Grants...)
	file, err := h.desk.Receive(t.Context(), deputy, id, name, &book)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := h.desk.Take(t.Context(), officer, file, saved.Rev, false); n != 1 || err != nil {
		t.Fatalf("Take = %d, %v; want 1", n, err)
	}
	if err := h.desk.Move(t.Context(), officer, id, "xong", ""); err != nil {
		t.Fatal(err)
	}
	if err := h.desk.Move(t.Context(), deputy, id, "xac-nhan", ""); !fault.Is(err, fault.Forbidden) {
		t.Errorf("who sent the workbook certifies it: %v", err)
	}
}

// What a browser sends as JSON may hold signs that not every database keeps.
func TestSaveWithoutNul(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		_, id := h.period(t)
		note := "đã\x00 hỏi"
		saved, err := h.desk.Save(t.Context(), officer, id, []report.Change{{Cell: "tay.hh", Text: "1\x002", Note: &note}})
		if v := saved.Paper.Values["tay.hh"]; err != nil || v.N != 12 || v.Text != "12" || v.Note != "đã hỏi" {
			t.Errorf("saved %+v, %v", v, err)
		}
	})
}

// Ten people write into one report at once, each into cells of their own and all into one: nothing is lost, and whoever comes
// second to the one cell is told so.
func TestTenEditors(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		_, id := h.period(t)
		p, err := h.desk.Paper(t.Context(), officer, id)
		if err != nil {
			t.Fatal(err)
		}
		var own []string
		for _, row := range p.Grid.Rows {
			if row.Kind == "member" {
				own = append(own, form.ID(row.Code, "male"), form.ID(row.Code, "female"))
			}
		}
		own = own[:10]
		const shared = "tay.hh"
		conflicts := make([][]report.Conflict, len(own))
		var group sync.WaitGroup
		for i, cell := range own {
			group.Go(func() {
				by := person(fmt.Sprintf("officer%d", i), duty.CommuneOfficer, bacSon)
				saved, err := h.desk.Save(context.Background(), by, id, []report.Change{
					{Cell: cell, Text: strconv.Itoa(100 + i)}, {Cell: shared, Text: strconv.Itoa(i)},
				})
				if err != nil {
					t.Errorf("editor %d: %v", i, err)
				}
				conflicts[i] = saved.Conflicts
			})
		}
		group.Wait()
		if p, err = h.desk.Paper(t.Context(), officer, id); err != nil {
			t.Fatal(err)
		}
		won := -1
		for i, cell := range own {
			if got := p.Values[cell].N; got != int64(100+i) {
				t.Errorf("%s = %d, want %d", cell, got, 100+i)
			}
			if len(conflicts[i]) == 0 {
				if won >= 0 {
					t.Errorf("editors %d and %d both believe that theirs stands", won, i)
				}
				won = i
			}
		}
		if won < 0 || p.Values[shared].Text != strconv.Itoa(won) || len(p.Hands) != 10 {
			t.Fatalf("the one cell says %q, editor %d was told it is saved, %d hands", p.Values[shared].Text, won, len(p.Hands))
		}
		for i, c := range conflicts {
			if i != won && (len(c) != 1 || c[0].Cell != shared || c[0].Text == "" || c[0].By.Name == "" || c[0].Yours != strconv.Itoa(i)) {
				t.Errorf("editor %d was told %+v", i, c)
			}
		}
		again, err := h.desk.Save(t.Context(), person("officer"+strconv.Itoa(won), duty.CommuneOfficer, bacSon), id,
			[]report.Change{{Cell: shared, Text: strconv.Itoa(won)}})
		if err != nil || len(again.Conflicts) > 0 {
			t.Errorf("the same again: %+v, %v; want no conflict", again, err)
		}
	})
}

// The demonstration is there in seconds, once, labelled, and sound: what it says was accepted has no error in it.
func TestSeedDemo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		as := func(_ context.Context, name string) (duty.Actor, error) {
			return map[string]duty.Actor{"commune_officer": officer, "commune_leader": leader, "statistician": statistician}[name], nil
		}
		begun := time.Now()
		for range 2 {
			if err := h.desk.SeedDemo(t.Context(), as); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("seeded in %v", time.Since(begun))
		mine, err := h.desk.Mine(t.Context(), officer)
		if err != nil {
			t.Fatal(err)
		}
		states := map[report.State]int{}
		for _, m := range mine {
			states[m.Report.State]++
			p, err := h.desk.Paper(t.Context(), officer, m.Report.ID)
			if err != nil {
				t.Fatal(err)
			}
			if !p.Demo {
				t.Errorf("%s %s is not labelled", p.Form.Code, p.Period.Period)
			}
			for _, f := range p.Findings {
				if f.Severity == form.Error || m.Report.State == report.Accepted && f.Severity == form.Missing {
					t.Errorf("%s %s %s: %s %s %v", p.Form.Code, p.Period.Period, m.Report.State, f.Cell, f.Key, f.Args)
				}
			}
		}
		if tasks, err := h.desk.Work(t.Context(), head); err != nil || len(tasks) != 2 {
			t.Errorf("the province's leader has %d things to decide, %v; want 2: %+v", len(tasks), err, tasks)
		}
		if tasks, err := h.desk.Work(t.Context(), officer); err != nil || len(tasks) < 2 || tasks[0].Kind != "report.work.returned" {
			t.Errorf("the officer's work = %+v, %v; want what was returned first", tasks, err)
		}
		for _, s := range []report.State{report.Open, report.Returned, report.Entered, report.Sent, report.Certified, report.Accepted} {
			if states[s] == 0 {
				t.Errorf("Bắc Sơn has no report that is %s: %v", s, states)
			}
		}
	})
}
