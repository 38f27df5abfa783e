package place_test

import (
	"context"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place"
)

var noon = time.Date(2026, 6, 1, 5, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// ready is a desk with the reference lists in a fresh database.
func ready(t testing.TB, d *db.DB) *place.Desk {
	t.Helper()
	desk := place.New(d, clock)
	if err := desk.Ready(context.Background(), nil); err != nil {
		t.Fatalf("Ready: %v", err)
	}
	return desk
}

func at(t testing.TB, d *place.Desk, code string, on place.Date) place.Unit {
	t.Helper()
	u, err := d.At(code, on)
	if err != nil {
		t.Fatalf("At(%s, %v): %v", code, on, err)
	}
	return u
}

var _ duty.Tree = (*place.Desk)(nil)

func TestUnits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, database *db.DB) {
		begun := time.Now()
		d := ready(t, database)
		t.Logf("first start %v", time.Since(begun))
		begun = time.Now()
		d = ready(t, database)
		t.Logf("second start %v", time.Since(begun))

		langSon := at(t, d, "20", 20250701).ID
		for _, c := range []struct {
			area  place.ID
			level string
			on    place.Date
			want  int
		}{
			{"", place.Province, 20250630, 63},
			{"", place.District, 20250630, 696},
			{"", place.Commune, 20250630, 10047},
			{"", place.Province, 20250701, 34},
			{"", place.District, 20250701, 0},
			{"", place.Commune, 20250701, 3321},
			{"", place.Province, 20260430, 34},
			{"", place.Commune, 20260430, 3321},
			{langSon, place.District, 20250630, 11},
			{langSon, place.Commune, 20250630, 194},
			{langSon, place.Commune, 20250701, 65},
		} {
			if got := d.Units(c.area, c.level, c.on); len(got) != c.want {
				t.Errorf("Units(%q, %s, %v) = %d units, want %d", c.area, c.level, c.on, len(got), c.want)
			}
		}
		t.Log(at(t, d, "05977", 20241231), at(t, d, "05977", 20250701), at(t, d, "75", 20260501), at(t, d, "06978", 20260501))
		if _, err := d.At("05977", 20250701); fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		within, err := db.Value[int64](t.Context(), database, "SELECT count(*) FROM place_within")
		t.Log(within, err)
	})
}
