package plan

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

// survey is a complete certified measurement of 1,000 people.
func surveyed(yes int64, low, high Amount) Measurement {
	return Measurement{
		ID: "m", Numerator: Whole(yes), Denominator: Whole(1000), Method: Survey, AsOf: day("2023-12-15"), Low: low, High: high,
		Evidence: "Báo cáo khảo sát", State: Approved, MeasuredBy: "a", CertifiedBy: "b",
	}
}

func TestJudge(t *testing.T) {
	nine := Target{Code: "T", Methods: []Method{Survey, Count}, Operator: AtLeast, Value: Whole(90), Unit: "%", Transform: "none", Due: day("2023-12-31")}
	poor := nine
	poor.Operator, poor.Value = LessThan, Whole(10)
	later := nine
	later.Due = day("2030-12-31")
	done := nine
	done.Operator, done.Unit, done.Value = Done, "", 0
	villages := nine
	villages.Operator, villages.Unit, villages.Value = AtMost, "thôn", 0
	certain := func(yes int64) Measurement { m := surveyed(yes, 0, 0); m.Method = Count; return m }

	for _, c := range []struct {
		name   string
		target Target
		m      Measurement
		want   Verdict
		gap    Gap
	}{
		{"is met when the whole margin is above", nine, surveyed(930, Whole(91), Whole(95)), Met, ""},
		{"is met when the margin ends on the promise", nine, surveyed(930, Whole(90), Whole(95)), Met, ""},
		{"is likely met when the margin touches", nine, surveyed(910, Whole(89), Whole(93)), LikelyMet, ""},
		{"is not met when the whole margin is below", nine, surveyed(840, Whole(81), Whole(87)), NotMet, ""},
		{"cannot be told when the margin reaches over", nine, surveyed(890, Whole(87), Whole(91)), NotEnough, GapPrecision},
		{"is not due when the day lies ahead", later, surveyed(840, Whole(81), Whole(87)), NotDue, ""},
		{"is met before its day", later, certain(950), Met, ""},
		{"lacks the margin of a survey", nine, surveyed(930, 0, 0), NotEnough, GapMargin},
		{"is met exactly by a count", nine, certain(900), Met, ""},
		{"is not met by a hair", nine, certain(899), NotMet, ""},
		{"is met below when low is good", poor, certain(99), Met, ""},
		{"is not met on the mark when below is asked", poor, certain(100), NotMet, ""},
		{"uses the upper margin when low is good", poor, surveyed(95, Whole(8), Whole(11)), LikelyMet, ""},
		{"is done when all are there", done, certain(1000), Met, ""},
		{"is not done when one is missing", done, certain(999), NotMet, ""},
		{"is met by no village left", villages, certain(0), Met, ""},
		{"is not met by one village left", villages, certain(1), NotMet, ""},
		{"lacks everything when nothing was measured", nine, Measurement{}, NotEnough, GapDenominator},
		{"lacks everything even before its day", later, Measurement{}, NotEnough, GapCertifier},
		{"cannot be judged when the source was cut", Target{Code: "X", Due: day("2023-12-31")}, certain(900), NotEnough, GapPromise},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Judge(c.target, c.m, day("2026-09-14"))
			if got.Verdict != c.want {
				t.Errorf("Judge = %s %v, want %s", got.Verdict, got.Missing, c.want)
			}
			if c.gap != "" && !slices.Contains(got.Missing, c.gap) {
				t.Errorf("Judge missing = %v, want %s among them", got.Missing, c.gap)
			}
		})
	}
}

// TestNeverZeroNorHundred is bar T4: without a denominator, evidence, method, date or a second person there is no figure.
func TestNeverZeroNorHundred(t *testing.T) {
	ref, err := read()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		target := rapid.SampledFrom(ref.targets).Draw(t, "target")
		m := Measurement{
			ID:          rapid.SampledFrom([]string{"", "m"}).Draw(t, "id"),
			Numerator:   Amount(rapid.Int64Range(0, 2000).Draw(t, "numerator")) * 500,
			Denominator: Amount(rapid.Int64Range(0, 2000).Draw(t, "denominator")) * 500,
			Method:      rapid.SampledFrom([]Method{"", Count, Survey, Certified}).Draw(t, "method"),
			AsOf:        rapid.SampledFrom([]time.Time{{}, day("2023-12-31")}).Draw(t, "as of"),
			Evidence:    rapid.SampledFrom([]string{"", "Báo cáo"}).Draw(t, "evidence"),
			State:       rapid.SampledFrom([]State{Measured, Approved, Replaced}).Draw(t, "state"),
			MeasuredBy:  rapid.SampledFrom([]string{"a", "b"}).Draw(t, "measured by"),
			CertifiedBy: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "certified by"),
			High:        Amount(rapid.Int64Range(0, 100_000).Draw(t, "high")),
		}
		j := Judge(target, m, day(rapid.SampledFrom([]string{"2020-01-01", "2026-09-14", "2031-01-01"}).Draw(t, "today")))
		incomplete := m.ID == "" || m.Denominator == 0 || m.Evidence == "" || m.Method == "" || m.AsOf.IsZero() ||
			m.State != Approved || m.CertifiedBy == "" || m.CertifiedBy == m.MeasuredBy || target.Cut()
		if incomplete && (j.Verdict != NotEnough || j.Figure.Known() || len(j.Missing) == 0) {
			t.Fatalf("Judge(%s, %+v) = %+v, want not_enough without a figure", target.Code, m, j)
		}
		if j.Figure.Known() && target.Unit == "%" {
			shown := j.Figure.Shown()
			if shown == 0 && m.Numerator != 0 || shown == 100 && m.Numerator != m.Denominator {
				t.Fatalf("%d of %d is shown as %v", m.Numerator, m.Denominator, shown)
			}
		}
	})
}

func TestShown(t *testing.T) {
	share := Target{Unit: "%", Value: Whole(90)}
	for _, c := range []struct {
		n, d int64
		want float64
	}{{1648, 1649, 99.9}, {16489, 16490, 99.994}, {970, 1000, 97}, {9702, 10000, 97}, {89_999, 100_000, 89.999}, {90_001, 100_000, 90.001}, {9_999_999, 10_000_000, 99.999}, {1, 10_000_000, 0.001}, {842, 1000, 84.2}, {0, 7, 0}, {7, 7, 100}, {1, 3, 33.3}} {
		got := figure(share, Measurement{Numerator: Whole(c.n), Denominator: Whole(c.d)}).Shown()
		if got != c.want {
			t.Errorf("%d of %d shown = %v, want %v", c.n, c.d, got, c.want)
		}
	}
}

func TestParseAmount(t *testing.T) {
	for in, want := range map[string]Amount{"1.649": Whole(1649), "1649": Whole(1649), " 84,2 ": 84_200, "0": 0, "1.234.567,125": 1_234_567_125} {
		if got, err := ParseAmount("numerator", in); err != nil || got != want {
			t.Errorf("ParseAmount(%q) = %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "84.5", "-1", "1,2345", "mười", "1e3", "99999999999999999999", "1.64"} {
		if got, err := ParseAmount("numerator", in); err == nil {
			t.Errorf("ParseAmount(%q) = %v, want a fault", in, got)
		}
	}
}

func TestReference(t *testing.T) {
	ref, err := read()
	if err != nil {
		t.Fatal(err)
	}
	if len(ref.plans) != 6 || len(ref.targets) != 48 || len(ref.tasks) != 23 {
		t.Errorf("read = %d plans, %d targets, %d tasks, want 6, 48, 23", len(ref.plans), len(ref.targets), len(ref.tasks))
	}
	plans := map[string]bool{}
	for _, p := range ref.plans {
		plans[p.Code] = true
	}
	seen := map[string]bool{}
	cut, conflicts := 0, 0
	for _, x := range ref.targets {
		if seen[x.Code] || !plans[x.Plan] || x.Source == "" || x.Certainty == "" || x.TextVI == "" || x.TextEN == "" {
			t.Errorf("target %s: doubled, or without plan, source, certainty or text", x.Code)
		}
		seen[x.Code] = true
		if x.Cut() {
			cut++
		}
		if x.OtherValue != "" {
			conflicts++
		}
	}
	if cut != 2 || conflicts != 1 {
		t.Errorf("%d targets are cut and %d in conflict, want 2 and 1", cut, conflicts)
	}
}
