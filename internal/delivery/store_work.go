package delivery

import (
	"context"
	"slices"
	"strings"
	"time"

	"banlang/internal/db"
)

func (s store) alarms(ctx context.Context, areas []string, since time.Time) ([]Alarm, error) {
	var w db.Where
	if !inAreas(&w, "c.place", areas) {
		return nil, nil
	}
	w.Add("r.rung = 'officer' AND r.n > 0")
	w.Add("r.done >= $?", db.Millis(since))
	w.Add("c.state NOT IN ('stopped', 'renewed')")
	type row struct {
		Alarm
		at int64
	}
	rows, err := db.All(ctx, s.c, func(r *row) []any { return []any{&r.Campaign, &r.Ref, &r.Version, &r.at, &r.N} },
		"SELECT c.id, c.ref, c.version, r.done, r.n FROM delivery_rung r JOIN delivery_campaign c ON c.id = r.campaign"+w.SQL()+" ORDER BY r.done DESC, c.id LIMIT 50", w.Args()...)
	all := make([]Alarm, len(rows))
	for i, r := range rows {
		all[i] = r.Alarm
		all[i].At = db.Time(r.at)
	}
	return all, err
}

// inAreas asks that a place lies in one of the areas; "" is everywhere. It is false where there is none.
func inAreas(w *db.Where, column string, areas []string) bool {
	if len(areas) == 0 || slices.Contains(areas, "") {
		return len(areas) > 0
	}
	var marks []string
	for _, a := range areas {
		marks = append(marks, w.Next(a))
	}
	w.Add("EXISTS (SELECT 1 FROM place_within p WHERE p.place = " + column + " AND p.area IN (" + strings.Join(marks, ", ") + "))")
	return true
}
