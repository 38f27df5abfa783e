package stat

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banlang/internal/db/dbtest"
	"banlang/internal/fact"
	"banlang/internal/place"
)

// questions draws valid questions.
func questions(d *Desk) *rapid.Generator[fact.Question] {
	units := d.places.Units("", "", d.places.Today())
	for _, code := range []string{"06325", "06079", "05977"} {
		units = append(units, d.places.Versions(code)...)
	}
	return rapid.Custom(func(t *rapid.T) fact.Question {
		q := fact.Question{
			Level:     rapid.SampledFrom(append([]string{""}, levels...)).Draw(t, "level"),
			Show:      rapid.SampledFrom(shows).Draw(t, "show"),
			Totals:    rapid.Bool().Draw(t, "totals"),
			Top:       rapid.IntRange(0, mostTop).Draw(t, "top"),
			Geography: rapid.SampledFrom([]place.Date{0, 20250630, 20250701, 20261125}).Draw(t, "geography"),
		}
		if i := rapid.IntRange(-1, len(units)-1).Draw(t, "area"); i >= 0 {
			q.Area = units[i].ID
		}
		codes := rapid.Permutation(d.codes()).Draw(t, "codes")
		q.Indicators = codes[:rapid.IntRange(1, len(codes)).Draw(t, "indicators")]
		q.Periods = rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) fact.Period {
			kind := rapid.SampledFrom([]fact.PeriodKind{fact.Month, fact.Quarter, fact.Half, fact.Year, fact.SchoolYear, fact.FiveYear, fact.Tenure}).Draw(t, "kind")
			n := map[fact.PeriodKind]int{fact.Month: 12, fact.Quarter: 4, fact.Half: 2}[kind]
			if n > 0 {
				n = rapid.IntRange(1, n).Draw(t, "n")
			}
			return fact.NewPeriod(kind, rapid.IntRange(1999, 2030).Draw(t, "year"), n)
		}), 1, 8, rapid.ID).Draw(t, "periods")
		dims := rapid.Permutation(laid).Draw(t, "dims")
		n := rapid.IntRange(0, 3).Draw(t, "rows")
		q.Rows, q.Cols = dims[:n:n], dims[n:n+rapid.IntRange(0, 3).Draw(t, "cols")]
		for _, must := range []struct {
			dim  fact.Dim
			many bool
		}{{fact.ByPeriod, len(q.Periods) > 1}, {fact.ByIndicator, len(q.Indicators) > 1}} {
			if must.many && !slices.Contains(q.Rows, must.dim) && !slices.Contains(q.Cols, must.dim) {
				q.Cols = append(slices.Clone(q.Cols), must.dim)
			}
		}
		if len(q.Cols) > 3 { // more than an address reads
			q.Periods, q.Indicators = q.Periods[:1], q.Indicators[:1]
			q.Cols = q.Cols[:3]
		}
		if len(q.Rows) == 0 {
			q.Rows = nil
		}
		if len(q.Cols) == 0 {
			q.Cols = nil
		}
		for _, dim := range filtered {
			if rapid.Bool().Draw(t, "filter") {
				continue
			}
			of := []string{"project:P1", "0-4", "60+", "vi", "male"}
			if dim == fact.ByGroup {
				of = []string{"tay", "nung", "other", "kinh"}
			}
			members := rapid.SliceOfNDistinct(rapid.SampledFrom(of), 1, 3, rapid.ID).Draw(t, "members")
			slices.Sort(members)
			if q.Only == nil {
				q.Only = map[fact.Dim][]string{}
			}
			q.Only[dim] = members
		}
		return q
	})
}

// An address leads back to its question, and so does the text of it, which people send to one another.
func TestAddressIsTheQuestion(t *testing.T) {
	d, _ := open(t, dbtest.SQLite(t))
	rapid.Check(t, func(t *rapid.T) {
		q := questions(d).Draw(t, "question")
		got, dropped := d.ParseAsk(d.Values(q))
		if diff := cmp.Diff(q, got.Question); diff != "" || dropped != nil {
			t.Fatalf("%s comes back otherwise, dropped %v: %s", d.Query(Ask{Question: q}), dropped, diff)
		}
		v, err := url.ParseQuery(d.Query(Ask{Question: q}))
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Question(v); !cmp.Equal(q, got) {
			t.Fatalf("the text %s comes back otherwise: %s", d.Query(Ask{Question: q}), cmp.Diff(q, got))
		}
	})
}

// Whatever stands in an address, a valid question comes back, and its own address is a fixed point.
func TestWrongAddressGivesTheNearestQuestion(t *testing.T) {
	d, _ := open(t, dbtest.SQLite(t))
	for _, c := range []struct {
		name, address, want string
		dropped             []string
	}{
		{"nothing", "", "chi-tieu=POP&hang=place&cot=period&dia-ban=vn&ky=nay-3,nay-2,nay-1,nay", nil},
		{"small letters and repeats", "chi-tieu=pop,POP&chi-tieu=hh&hang=place&cot=period,indicator&ky=2026h1", "chi-tieu=POP,HH&hang=place&cot=period,indicator&dia-ban=vn&ky=2026H1", nil},
		{"what there is not", "chi-tieu=NIX,POP&hang=colour&ky=2026H3,2026H1&dia-ban=99999&cap=moon&xem=share&hinh=cake&dau=-1&dia-gioi=x&loc.group=martian,tay",
			"chi-tieu=POP&hang=place&dia-ban=vn&ky=2026H1&loc.group=tay",
			[]string{"indicator", "period", "geography", "area", "dim", "level", "show", "view", "top", "member"}},
		{"several that must stand somewhere", "chi-tieu=POP,HH&hang=group&ky=2026H1,2025H2", "chi-tieu=POP,HH&hang=group&cot=period,indicator&dia-ban=vn&ky=2026H1,2025H2", nil},
		{"places in the columns", "chi-tieu=POP&cot=place&ky=2026H1", "chi-tieu=POP&hang=khong&cot=place&dia-ban=vn&ky=2026H1", nil},
		{"a dimension twice", "chi-tieu=POP&hang=place&cot=place,period&ky=2026H1", "chi-tieu=POP&hang=place&cot=period&dia-ban=vn&ky=2026H1", nil},
		{"everything", "chi-tieu=tat-ca&hang=indicator&ky=2026", "chi-tieu=tat-ca&hang=indicator&dia-ban=vn&ky=2026", nil},
		{"an old unit whose code was given again", "chi-tieu=POP&hang=place&dia-ban=05977@0&ky=2024", "chi-tieu=POP&hang=place&dia-ban=05977@0&ky=2024", nil},
		{"the latest periods", "chi-tieu=POP&hang=group&ky=moi-4,2019", "chi-tieu=POP&hang=group&cot=period&dia-ban=vn&ky=moi-4", nil},
		{"no rows", "chi-tieu=POP&hang=khong&ky=2024&hinh=bang", "chi-tieu=POP&hang=khong&dia-ban=vn&ky=2024", nil},
	} {
		v, err := url.ParseQuery(c.address)
		if err != nil {
			t.Fatal(err)
		}
		a, dropped := d.ParseAsk(v)
		if got := d.Query(a); got != c.want {
			t.Errorf("%s: %s means %s, want %s", c.name, c.address, got, c.want)
		}
		var keys []string
		for _, one := range dropped {
			keys = append(keys, one.Key[len("stat.dropped."):])
		}
		if diff := cmp.Diff(c.dropped, keys, cmp.Transformer("sorted", func(s []string) []string { return slices.Sorted(slices.Values(s)) })); diff != "" {
			t.Errorf("%s: dropped otherwise: %s", c.name, diff)
		}
	}
}

func TestRelativePeriods(t *testing.T) {
	d, _ := open(t, dbtest.SQLite(t))
	for _, c := range []struct{ indicator, words, want string }{
		{"POP", "nay,nay-1n,nay-1", "2026H2 2025H2 2026H1"},
		{"SPEAKER", "nay,nay-1,nay-4", "2026Q4 2026Q3 2025Q4"},
		{"POOR_RATE", "nay,nay-1n,nay-x", "2026 2025"},
	} {
		a, _ := d.ParseAsk(url.Values{"chi-tieu": {c.indicator}, "ky": {c.words}})
		got := strings.Join(periodTexts(a.Question.Periods), " ")
		if got != c.want {
			t.Errorf("ky=%s of %s is %s, want %s", c.words, c.indicator, got, c.want)
		}
	}
	if got := fact.PeriodAt(fact.FiveYear, 20261125); got.String() != "2024F" {
		t.Errorf("the survey of 2026 is %s, want 2024F", got)
	}
	if got := fact.PeriodAt(fact.Tenure, 20301231); got.String() != "2026T" {
		t.Errorf("the term of 2030 is %s, want 2026T", got)
	}
}
