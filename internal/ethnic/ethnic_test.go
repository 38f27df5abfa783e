package ethnic_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/ethnic"
	"banlang/internal/place"
)

func clock() time.Time { return time.Date(2026, 6, 1, 5, 0, 0, 0, time.UTC) }

func ready(t testing.TB, d *db.DB) *ethnic.Desk {
	t.Helper()
	places := place.New(d, clock)
	if err := places.ReadyOnly(context.Background(), place.LangSon); err != nil {
		t.Fatalf("places: %v", err)
	}
	desk := ethnic.New(d, places, clock)
	for range 2 { // a second start takes nothing in twice
		if err := desk.Ready(context.Background()); err != nil {
			t.Fatalf("Ready: %v", err)
		}
	}
	return desk
}

func TestCatalogue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, database *db.DB) {
		d := ready(t, database)
		if got := len(d.Groups()); got != 54 {
			t.Errorf("Groups: %d, want 54", got)
		}
		differ := 0
		for _, g := range d.Groups() {
			if g.Code1979 != g.Code2008 {
				differ++
			}
			for _, tag := range g.Languages {
				if l, err := d.Language(tag); err != nil || !slices.Contains(l.Groups, g.Slug) {
					t.Errorf("group %s speaks %s, whose groups are %v (%v)", g.Slug, tag, l.Groups, err)
				}
			}
		}
		if differ != 37 {
			t.Errorf("%d codes differ between 1979 and 2008, want 37", differ)
		}
		if got, want := d.HeardFallback("tyz"), []string{"nut", "vi"}; !slices.Equal(got, want) {
			t.Errorf("HeardFallback(tyz) = %v, want %v", got, want)
		}
		if got := d.ReadFallback("nut"); !slices.Equal(got, []string{"vi"}) {
			t.Errorf("ReadFallback(nut) = %v, want [vi]", got)
		}
		if got := d.Total2019(); got != 96205082 {
			t.Errorf("Total2019 = %d, want 96205082", got)
		}
		sum := 0
		for _, g := range d.Groups() {
			sum += d.Country1999(g.Slug)
		}
		if sum != 76282308 {
			t.Errorf("sum of 1999 = %d, want 76282308", sum)
		}
		if f := d.In2019("nung", "20"); !f.Shown() || f.Value != 335316 {
			t.Errorf("In2019(nung, 20) = %+v, want 335316", f)
		}
	})
}

func TestFind(t *testing.T) {
	d := ready(t, dbtest.SQLite(t))
	for _, c := range []struct {
		name string
		want []ethnic.Slug
	}{
		{"Tày", []ethnic.Slug{"tay"}},
		{"H'mông", []ethnic.Slug{"mong"}},
		{"Mèo", []ethnic.Slug{"mong"}},
		{"khơ-me", []ethnic.Slug{"khmer"}},
		{"Mán", []ethnic.Slug{"dao", "san-diu"}},
		{"nobody", nil},
	} {
		var got []ethnic.Slug
		for _, m := range d.Find(c.name) {
			got = append(got, m.Group)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("Find(%q) = %v, want %v", c.name, got, c.want)
		}
	}
}

// What is hidden must not be found by subtraction: in every row and column with a hidden cell there are two or more.
func TestSmallCounts(t *testing.T) {
	d := ready(t, dbtest.SQLite(t))
	hidden := map[string]int{}
	for _, g := range d.Groups() {
		n := 0
		for _, s := range d.Provinces2019(g.Slug) {
			if s.Shown() && s.Value > 0 && s.Value < ethnic.Small {
				t.Errorf("%s in %s is shown: %d", g.Slug, s.Province, s.Value)
			}
			if s.Hidden {
				n++
				hidden[s.Province]++
			}
		}
		if n == 1 {
			t.Errorf("%s has one hidden cell: its total gives it away", g.Slug)
		}
	}
	total := 0
	for p, n := range hidden {
		total += n
		if n == 1 {
			t.Errorf("province %s has one hidden cell: its total gives it away", p)
		}
	}
	t.Logf("%d of 3402 cells are hidden", total)
}
