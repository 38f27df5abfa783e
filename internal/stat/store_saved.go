package stat

import (
	"context"
	"time"

	"banlang/internal/db"
)

const savedColumns = "id, owner, owner_name, area, title, address, remark, board, position, shared, demo, changed_at, removed_at"

type savedRow struct {
	Saved
	changed, removed int64
}

func (r *savedRow) fields() []any {
	return []any{&r.ID, &r.Owner, &r.OwnerName, &r.Area, &r.Title, &r.Address, &r.Remark, &r.Board, &r.Position, &r.Shared, &r.Demo, &r.changed, &r.removed}
}

func (r savedRow) saved() Saved {
	r.Changed, r.Removed = db.Time(r.changed), db.Time(r.removed)
	return r.Saved
}

func savedRows(ctx context.Context, c db.Conn, text string, args ...any) ([]Saved, error) {
	rows, err := db.All(ctx, c, (*savedRow).fields, text, args...)
	all := make([]Saved, len(rows))
	for i, r := range rows {
		all[i] = r.saved()
	}
	return all, err
}

func savedByID(ctx context.Context, c db.Conn, id string) (Saved, error) {
	r, err := db.One(ctx, c, (*savedRow).fields, "SELECT "+savedColumns+" FROM stat_saved WHERE id = $1", id)
	return r.saved(), err
}

// visibleSaved are the questions that are the owner's or shared, board by board.
func visibleSaved(ctx context.Context, c db.Conn, owner string) ([]Saved, error) {
	return savedRows(ctx, c, "SELECT "+savedColumns+` FROM stat_saved WHERE removed_at = 0 AND (owner = $1 OR shared = true)
		ORDER BY board, position, id LIMIT 2000`, owner)
}

func removedSaved(ctx context.Context, c db.Conn, owner string, since time.Time) ([]Saved, error) {
	return savedRows(ctx, c, "SELECT "+savedColumns+` FROM stat_saved WHERE owner = $1 AND removed_at > $2
		ORDER BY removed_at DESC LIMIT 50`, owner, db.Millis(since))
}

// savedCount is how many questions somebody keeps, and the last position on a board.
func savedCount(ctx context.Context, c db.Conn, owner, board string) (n, last int, err error) {
	if n, err = db.Value[int](ctx, c, "SELECT count(*) FROM stat_saved WHERE owner = $1 AND removed_at = 0", owner); err != nil {
		return 0, 0, err
	}
	last, err = db.Value[int](ctx, c, "SELECT coalesce(max(position), 0) FROM stat_saved WHERE board = $1", board)
	return n, last, err
}

func insertSaved(ctx context.Context, tx *db.Tx, s Saved) error {
	_, err := db.Exec(ctx, tx, "INSERT INTO stat_saved ("+savedColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
		s.ID, s.Owner, s.OwnerName, string(s.Area), s.Title, s.Address, s.Remark, s.Board, s.Position, s.Shared, s.Demo, db.Millis(s.Changed), db.Millis(s.Removed))
	return err
}

func updateSaved(ctx context.Context, tx *db.Tx, s Saved) error {
	_, err := db.Exec(ctx, tx, "UPDATE stat_saved SET title = $2, remark = $3, board = $4, position = $5, shared = $6, changed_at = $7, removed_at = $8 WHERE id = $1",
		s.ID, s.Title, s.Remark, s.Board, s.Position, s.Shared, db.Millis(s.Changed), db.Millis(s.Removed))
	return err
}
