package job

import (
	"context"
	"time"

	"banlang/internal/db"
)

// A Row is a job as the table keeps it.
type Row struct {
	ID, Kind, Key, Payload, Error string
	RunAt, Tries                  int64
}

const columns = "id, kind, key, payload, error, run_at, tries"

func (r *Row) fields() []any {
	return []any{&r.ID, &r.Kind, &r.Key, &r.Payload, &r.Error, &r.RunAt, &r.Tries}
}

// Put queues a job in the transaction of the use case that wants it.
func Put(ctx context.Context, tx *db.Tx, j Job) error {
	at := db.Millis(j.At)
	_, err := db.Exec(ctx, tx, `INSERT INTO job (id, kind, key, payload, run_at, made) VALUES ($1, $2, $3, $4, $5, $5)
		ON CONFLICT (kind, key) WHERE state = 'waiting' DO UPDATE SET payload = excluded.payload, run_at = excluded.run_at, tries = 0, error = ''`,
		db.NewID(), j.Kind, j.Key, string(j.Payload), at)
	return err
}

// Drop takes a waiting job back, for what need not happen any more.
func Drop(ctx context.Context, tx *db.Tx, kind, key string) error {
	_, err := db.Exec(ctx, tx, "DELETE FROM job WHERE kind = $1 AND key = $2 AND state = 'waiting'", kind, key)
	return err
}

// Again gives a job that was given up another row of tries; it is NotFound where no job of that name was.
func Again(ctx context.Context, tx *db.Tx, id string, now time.Time) error {
	r, err := db.One(ctx, tx, (*Row).fields, "SELECT "+columns+" FROM job WHERE id = $1 AND state = 'failed'", id)
	if err != nil {
		return err
	}
	if _, err := db.Exec(ctx, tx, "DELETE FROM job WHERE id = $1", id); err != nil {
		return err
	}
	return Put(ctx, tx, Job{Kind: r.Kind, Key: r.Key, Payload: []byte(r.Payload), At: now})
}

type store struct{ db *db.DB }

func (s store) due(ctx context.Context, now time.Time) (bool, error) {
	n, err := db.Value[int64](ctx, s.db, `SELECT count(*) FROM (SELECT 1 AS one FROM job
		WHERE (state = 'waiting' AND run_at <= $1) OR (state = 'running' AND lease_until < $1) LIMIT 1) AS due`, db.Millis(now))
	return n > 0, err
}

// take leases the job that is due longest; a row without ID says that another process was faster.
func (s store) take(ctx context.Context, now, until time.Time) (row Row, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		rows, err := db.Lease(ctx, tx, (*Row).fields, "job", columns, db.Millis(now), db.Millis(until), 1)
		if len(rows) > 0 {
			row = rows[0]
		}
		return err
	})
	return row, err
}

// The lease that a row was taken with is its count of tries: whoever took it over since has raised it.
const held = " WHERE id = $1 AND state = 'running' AND tries = $2"

func (s store) done(ctx context.Context, r Row) error {
	_, err := db.Exec(ctx, s.db, "DELETE FROM job"+held, r.ID, r.Tries)
	return err
}

// wait puts a job back. Where a newer one of the same kind and key waits already, that one does the work.
func (s store) wait(ctx context.Context, r Row, at time.Time, tries int64, why string) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Value[int64](ctx, tx, "SELECT count(*) FROM job WHERE kind = $1 AND key = $2 AND state = 'waiting'", r.Kind, r.Key)
		if err != nil {
			return err
		}
		if n > 0 {
			_, err = db.Exec(ctx, tx, "DELETE FROM job"+held, r.ID, r.Tries)
			return err
		}
		_, err = db.Exec(ctx, tx, "UPDATE job SET state = 'waiting', run_at = $3, tries = $4, error = $5"+held, r.ID, r.Tries, db.Millis(at), tries, why)
		return err
	})
}

func (s store) fail(ctx context.Context, r Row, why string) error {
	_, err := db.Exec(ctx, s.db, "UPDATE job SET state = 'failed', error = $3"+held, r.ID, r.Tries, why)
	return err
}

func (s store) failed(ctx context.Context, n int) ([]Row, error) {
	return db.All(ctx, s.db, (*Row).fields, "SELECT "+columns+" FROM job WHERE state = 'failed' ORDER BY run_at DESC, id LIMIT $1", n)
}

func (s store) count(ctx context.Context) (map[string]int64, error) {
	type tally struct {
		state string
		n     int64
	}
	rows, err := db.All(ctx, s.db, func(t *tally) []any { return []any{&t.state, &t.n} }, "SELECT state, count(*) FROM job GROUP BY state")
	counts := map[string]int64{}
	for _, t := range rows {
		counts[t.state] = t.n
	}
	return counts, err
}
