package fact_test

import (
	"testing"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/fact"
	"banlang/internal/place"
)

// A figure that a machine made never stands for one that somebody reported, and making them again makes none.
func TestGenerateLeavesReportedFigures(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		u := h.places.Units("", place.Commune, 20250630)[0].ID
		var reported []fact.Fact
		var keys []fact.Key
		for _, g := range h.groups.Groups() {
			f := known("POP", u, "2025H1", fact.Cut{Group: g.Slug, Sex: "female"}, 7777)
			reported, keys = append(reported, f), append(keys, f.Key)
		}
		h.record(t, fact.Batch{Origin: "report", Title: "Biểu 01"}, reported...)
		count := func() int64 {
			n, err := db.Value[int64](t.Context(), d, "SELECT count(*) FROM fact WHERE period BETWEEN 2025000 AND 2025999")
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		made := []int64{count()}
		for _, n := range []int{1000, 1000, 2500} {
			if err := h.Generate(t.Context(), n, 1, nil); err != nil {
				t.Fatalf("Generate(%d): %v", n, err)
			}
			made = append(made, count()-made[0])
		}
		const same = 6 // one of each group that lives in the commune
		if made[1] != 1000-same || made[2] != made[1] || made[3] != 2500-same {
			t.Errorf("made %d figures, want %d, no more when asked again, and %d", made[1:], 1000-same, 2500-same)
		}
		holds, err := h.Holding(t.Context(), d, keys)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range reported {
			if holds[f.Key].Value != f.Value {
				t.Errorf("after figures were made %v holds %d, want %d as it was reported", f.Key, holds[f.Key].Value, f.Value)
			}
		}
	})
}
