package place

import (
	"context"

	"banlang/internal/db"
)

// readWeights reads the weights in force; of two sets the one that counts comes later.
func readWeights(ctx context.Context, c db.Conn) ([]weight, error) {
	return db.All(ctx, c, func(w *weight) []any { return []any{&w.Old, &w.New, &w.Measure, &w.Num, &w.Den} },
		"SELECT old_id, new_id, measure, numerator, denominator FROM place_weight WHERE state = 'in_force' ORDER BY confirmed, id, new_id")
}
