package plan_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/plan"
)

const province = "20@0"

var now = time.Date(2026, 9, 14, 9, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

func person(id string, role duty.Role, area string) duty.Actor {
	return duty.Actor{ID: id, Name: "Minh hoạ: " + id, Grants: []duty.Grant{{Role: role, Area: area}}, Session: "s-" + id, Demo: true}
}

var (
	statistician = person("statistician", duty.Statistician, province)
	leader       = person("leader", duty.ProvinceLeader, province)
	elsewhere    = person("elsewhere", duty.Statistician, "04@0")
	planner      = person("planner", duty.Planner, province)
)

func desk(d *db.DB) *plan.Desk { return plan.New(d, duty.New(nil, clock), province, clock) }

func counted() plan.Measurement {
	return plan.Measurement{
		Target: "KH101-2023-1", Numerator: plan.Whole(1600), Denominator: plan.Whole(1649), Method: plan.Count,
		AsOf: time.Date(2023, 12, 15, 0, 0, 0, 0, time.UTC), Evidence: "Bảng xác nhận theo xã",
	}
}

func TestMeasureAndCertify(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, desk := t.Context(), desk(d)
		if got := verdict(t, desk, "KH101-2023-1"); got != plan.NotEnough {
			t.Fatalf("before anything: %s, want not_enough", got)
		}
		id, err := desk.Measure(ctx, statistician, "k1", counted())
		if err != nil {
			t.Fatal(err)
		}
		again, err := desk.Measure(ctx, statistician, "k1", counted())
		if err != nil || again != id {
			t.Fatalf("Measure with the same key = %q, %v, want %q", again, err, id)
		}
		if got := verdict(t, desk, "KH101-2023-1"); got != plan.NotEnough {
			t.Errorf("measured, not certified: %s, want not_enough", got)
		}
		if err := desk.Certify(ctx, statistician, id); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a statistician certifies: %v, want forbidden", err)
		}
		if err := desk.Certify(ctx, leader, id); err != nil {
			t.Fatal(err)
		}
		if err := desk.Certify(ctx, leader, id); err != nil {
			t.Errorf("the button pressed twice: %v", err)
		}
		l, err := desk.Line(ctx, "KH101-2023-1")
		if err != nil {
			t.Fatal(err)
		}
		if l.Judgement.Verdict != plan.NotMet || l.Judgement.Figure.Shown() != 97 || l.Measurement.CertifiedBy != "leader" || !l.Measurement.Demo {
			t.Errorf("Line = %+v, want not met at 97, certified by the leader, demonstration", l)
		}
		second := counted()
		second.Numerator = plan.Whole(1649)
		id, err = desk.Measure(ctx, statistician, "k2", second)
		if err != nil {
			t.Fatal(err)
		}
		if got := verdict(t, desk, "KH101-2023-1"); got != plan.NotMet {
			t.Errorf("a correction that waits changes the ledger: %s", got)
		}
		if err := desk.Certify(ctx, leader, id); err != nil {
			t.Fatal(err)
		}
		if got := verdict(t, desk, "KH101-2023-1"); got != plan.Met {
			t.Errorf("after the correction: %s, want met", got)
		}
		versions, err := desk.Versions(ctx, statistician, "KH101-2023-1")
		if err != nil || len(versions) != 2 || versions[1].Numerator != plan.Whole(1600) {
			t.Errorf("Versions = %v, %v, want both, the first as it was", versions, err)
		}
		acts, err := db.Values[string](ctx, d, "SELECT act FROM audit ORDER BY seq LIMIT 10")
		if err != nil || !slices.Equal(acts, []string{"plan.measure", "plan.certify", "plan.measure", "plan.certify"}) {
			t.Errorf("the record holds %v, %v", acts, err)
		}
	})
}

func verdict(t *testing.T, d *plan.Desk, code string) plan.Verdict {
	t.Helper()
	l, err := d.Line(context.Background(), code)
	if err != nil {
		t.Fatal(err)
	}
	return l.Judgement.Verdict
}

func TestCertifyNeedsAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, desk := t.Context(), desk(d)
		both := statistician // one person with both duties is still one person
		both.Grants = append(slices.Clone(both.Grants), duty.Grant{Role: duty.ProvinceLeader, Area: province})
		id, err := desk.Measure(ctx, both, "", counted())
		if err != nil {
			t.Fatal(err)
		}
		if err := desk.Certify(ctx, both, id); !fault.Is(err, fault.Forbidden) {
			t.Errorf("certifying one's own measurement: %v, want forbidden", err)
		}
		newer, err := desk.Measure(ctx, statistician, "", counted())
		if err != nil {
			t.Fatal(err)
		}
		if err := desk.Certify(ctx, leader, id); !fault.Is(err, fault.Conflict) {
			t.Errorf("certifying what was replaced: %v, want conflict", err)
		}
		if err := desk.Certify(ctx, leader, newer); err != nil {
			t.Error(err)
		}
		bare := counted()
		bare.Evidence = ""
		id, err = desk.Measure(ctx, statistician, "", bare)
		if err != nil {
			t.Fatal(err)
		}
		if err := desk.Certify(ctx, leader, id); !fault.Is(err, fault.Invalid) {
			t.Errorf("certifying without evidence: %v, want invalid", err)
		}
		if err := desk.Certify(ctx, leader, "nothing"); !fault.Is(err, fault.NotFound) {
			t.Errorf("certifying nothing: %v, want not found", err)
		}
	})
}

func TestMeasureRefuses(t *testing.T) {
	d := dbtest.SQLite(t)
	desk := desk(d)
	with := func(change func(*plan.Measurement)) plan.Measurement {
		m := counted()
		change(&m)
		return m
	}
	survey := func(m *plan.Measurement) {
		m.Target, m.Method, m.Numerator, m.Denominator = "KH101-2023-2", plan.Survey, plan.Whole(840), plan.Whole(1000)
		m.Asked, m.Low, m.High = 1000, plan.Whole(81), plan.Whole(87)
	}
	for _, c := range []struct {
		name  string
		actor duty.Actor
		m     plan.Measurement
		key   string
	}{
		{"a visitor", duty.Actor{}, counted(), "duty.unauthenticated"},
		{"a planner", planner, counted(), "duty.forbidden"},
		{"a statistician of another province", elsewhere, counted(), "duty.area"},
		{"an unknown target", statistician, with(func(m *plan.Measurement) { m.Target = "X" }), "plan.target.gone"},
		{"a target cut by its source", statistician, with(func(m *plan.Measurement) { m.Target = "KH101-2023-X" }), "plan.measure.cut"},
		{"no denominator", statistician, with(func(m *plan.Measurement) { m.Denominator = 0 }), "plan.denominator.positive"},
		{"more than all", statistician, with(func(m *plan.Measurement) { m.Numerator = plan.Whole(1650) }), "plan.numerator.above"},
		{"a method that proves nothing here", statistician, with(func(m *plan.Measurement) { m.Method = plan.Certified }), "plan.method.required"},
		{"no day", statistician, with(func(m *plan.Measurement) { m.AsOf = time.Time{} }), "plan.as_of.required"},
		{"a day to come", statistician, with(func(m *plan.Measurement) { m.AsOf = now.AddDate(0, 0, 2) }), "plan.as_of.future"},
		{"a survey without margin", statistician, with(func(m *plan.Measurement) { survey(m); m.Low, m.High = 0, 0 }), "plan.high.required"},
		{"a margin that misses the figure", statistician, with(func(m *plan.Measurement) { survey(m); m.Low = plan.Whole(85) }), "plan.low.above"},
		{"a margin above all", statistician, with(func(m *plan.Measurement) { survey(m); m.High = plan.Whole(101) }), "plan.high.hundred"},
		{"a link that runs script", statistician, with(func(m *plan.Measurement) { m.EvidenceURL = "javascript:alert(1)" }), "plan.evidence_url.form"},
		{"a link to another host without scheme", statistician, with(func(m *plan.Measurement) { m.EvidenceURL = "//evil.example/x" }), "plan.evidence_url.form"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := desk.Measure(t.Context(), c.actor, "", c.m)
			if all := fault.All(err); len(all) != 1 || all[0].Key != c.key {
				t.Errorf("Measure = %v, want %s", err, c.key)
			}
		})
	}
	if _, err := desk.Measure(t.Context(), statistician, "", with(survey)); err != nil {
		t.Errorf("a complete survey is refused: %v", err)
	}
}

func TestOnlyInsidersSeeWhatWaits(t *testing.T) {
	d := dbtest.SQLite(t)
	desk := desk(d)
	id, err := desk.Measure(t.Context(), statistician, "", counted())
	if err != nil {
		t.Fatal(err)
	}
	for _, actor := range []duty.Actor{{}, planner, elsewhere, person("m", duty.Ministry, ""), person("a", duty.Admin, "")} {
		if _, err := desk.Measurement(t.Context(), actor, id); err == nil {
			t.Errorf("%q reads an uncertified figure", actor.ID)
		}
		if _, err := desk.Versions(t.Context(), actor, "KH101-2023-1"); err == nil {
			t.Errorf("%q reads the versions", actor.ID)
		}
	}
	waiting, err := desk.Waiting(t.Context(), leader)
	if err != nil || len(waiting) != 1 {
		t.Errorf("Waiting = %v, %v, want one", waiting, err)
	}
}

func TestLedgerFilters(t *testing.T) {
	d := dbtest.SQLite(t)
	desk := desk(d)
	for _, c := range []struct {
		filter plan.Filter
		want   int
	}{
		{plan.Filter{}, 48},
		{plan.Filter{Plan: "KH101"}, 10},
		{plan.Filter{Plan: "KH101", Year: 2023}, 4},
		{plan.Filter{Plan: "nothing"}, 0},
		{plan.Filter{Verdict: plan.NotEnough}, 48},
		{plan.Filter{Verdict: plan.Met}, 0},
	} {
		lines, err := desk.Ledger(t.Context(), c.filter)
		if err != nil || len(lines) != c.want {
			t.Errorf("Ledger(%+v) = %d lines, %v, want %d", c.filter, len(lines), err, c.want)
		}
	}
}

func TestIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		desk := desk(d)
		for range 2 {
			if err := desk.Index(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		titles, err := db.Values[string](t.Context(), d, "SELECT title FROM search_entry WHERE kind = 'target' LIMIT 100")
		if err != nil || len(titles) != 48 || !strings.Contains(strings.Join(titles, "\n"), "thư viện điện tử") {
			t.Errorf("the search holds %d targets, %v", len(titles), err)
		}
	})
}

// At one in the morning in Vietnam it is still the day before in UTC.
func TestDaysAreThoseOfVietnam(t *testing.T) {
	d := dbtest.SQLite(t)
	night := time.Date(2026, 9, 13, 18, 0, 0, 0, time.UTC)
	today := time.Date(2026, 9, 14, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return night }
	desk := plan.New(d, duty.New(nil, clock), province, clock)
	m := counted()
	m.AsOf = today
	id, err := desk.Measure(t.Context(), statistician, "", m)
	if err != nil {
		t.Fatalf("measured today: %v", err)
	}
	if err := desk.Certify(t.Context(), leader, id); err != nil {
		t.Fatal(err)
	}
	l, err := desk.Line(t.Context(), m.Target)
	if err != nil || l.Record().Result == nil || l.Record().Result.CertifiedOn != "2026-09-14" {
		t.Errorf("certified on %+v, %v, want 14 September", l.Record().Result, err)
	}
	due := plan.Target{Due: today.AddDate(0, 0, -1)}
	if due.Over(night.Add(-time.Hour-time.Second)) || !due.Over(night) {
		t.Error("13 September ends at 17:00 UTC")
	}
}
