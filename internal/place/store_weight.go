package place

import (
	"context"
	"slices"
	"strings"

	"banlang/internal/db"
	"banlang/internal/duty"
)

// readWeights reads the weights in force; of two sets the one that counts comes later.
func readWeights(ctx context.Context, c db.Conn) ([]Weight, error) {
	return db.All(ctx, c, func(w *Weight) []any { return []any{&w.Old, &w.New, &w.Measure, &w.Num, &w.Den} },
		"SELECT old_id, new_id, measure, numerator, denominator FROM place_weight WHERE state = 'in_force' ORDER BY confirmed, id, new_id")
}

func (w *Weighing) insert(ctx context.Context, t *tx) (string, error) {
	known, err := t.desk.weightsOf(ctx, t, w.Old)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(known, w.same) {
		return "", nil
	}
	w.ID = db.NewID()
	var rows [][]any
	for _, a := range w.Parts {
		rows = append(rows, append([]any{w.ID, string(w.Old), string(a.New), w.Measure, a.Num, w.Total(), w.Source, int64(w.AsOf)}, w.Entry.values()...))
	}
	if err := db.Insert(ctx, t, "place_weight", weightColumns, rows); err != nil {
		return "", err
	}
	return w.ID, t.desk.record(ctx, t.Tx, t.actor, duty.PlaceRecordEvent, "weight/"+w.ID, w.Old, "", Draft, w.Measure+"; "+w.Source, "")
}

const weightColumns = "id, old_id, new_id, measure, numerator, denominator, source, as_of, " + entryColumns

type weightRow struct {
	Weighing
	entryRow
	amount Amount
	total  int64
}

func (r *weightRow) fields() []any {
	return []any{&r.ID, &r.Old, &r.amount.New, &r.Measure, &r.amount.Num, &r.total, &r.Source, &r.AsOf, &r.State, &r.Demo, &r.EnteredBy, &r.entered, &r.ConfirmedBy, &r.confirmed}
}

// Weights lists the weights that were entered for a unit and were not set aside, the latest first.
func (d *Desk) Weights(ctx context.Context, old ID) ([]Weighing, error) {
	return d.weightsOf(ctx, d.db, old)
}

// same tells whether other weights say just this.
func (w *Weighing) same(v Weighing) bool {
	byUnit := func(a, b Amount) int { return strings.Compare(string(a.New), string(b.New)) }
	return w.Measure == v.Measure && w.Source == v.Source && w.AsOf == v.AsOf &&
		slices.Equal(slices.SortedFunc(slices.Values(w.Parts), byUnit), slices.SortedFunc(slices.Values(v.Parts), byUnit))
}

func (d *Desk) weightsOf(ctx context.Context, c db.Conn, old ID) ([]Weighing, error) {
	rows, err := db.All(ctx, c, (*weightRow).fields, "SELECT "+weightColumns+` FROM place_weight
		WHERE old_id = $1 AND state IN ('draft', 'in_force') ORDER BY entered DESC, id, new_id LIMIT 200`, string(old))
	if err != nil {
		return nil, err
	}
	var all []Weighing
	for _, r := range rows {
		if len(all) == 0 || all[len(all)-1].ID != r.ID {
			r.set(&r.Entry)
			all = append(all, r.Weighing)
		}
		last := &all[len(all)-1]
		last.Parts = append(last.Parts, r.amount)
	}
	return all, nil
}
