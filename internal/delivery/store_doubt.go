package delivery

import (
	"context"
	"time"

	"banlang/internal/db"
)

// swept reports whether something fell due, waited too long, lost its lease or has been in doubt long enough.
func (s store) swept(ctx context.Context, now time.Time) (bool, error) {
	n, err := db.Value[int64](ctx, s.c, `SELECT (SELECT count(*) FROM (SELECT 1 AS one FROM delivery_attempt WHERE state = 'planned' AND due <= $1 LIMIT 1) AS a)
		+ (SELECT count(*) FROM (SELECT 1 AS one FROM delivery_attempt WHERE state = 'sending' AND lease_until < $1 LIMIT 1) AS b)
		+ (SELECT count(*) FROM (SELECT 1 AS one FROM delivery_attempt WHERE state = 'in_doubt' AND (due <= $1 OR lease_until > 0) LIMIT 1) AS c)
		+ (SELECT count(*) FROM (SELECT 1 AS one FROM delivery_attempt WHERE state IN ('planned', 'queued') AND expires > 0 AND expires <= $1 LIMIT 1) AS d)`, db.Millis(now))
	return n > 0, err
}

// expire ends what has waited beyond its end, n at most, whether it is held, not due yet or nothing carries it.
func (s store) expire(ctx context.Context, now time.Time, n int) error {
	ids, err := db.Values[string](ctx, s.c, "SELECT id FROM delivery_attempt WHERE state IN ('planned', 'queued') AND expires > 0 AND expires <= $1 ORDER BY expires LIMIT $2"+
		db.SkipLocked(s.tx), db.Millis(now), n)
	if err != nil {
		return err
	}
	found := make([]finding, len(ids))
	for i, id := range ids {
		found[i] = finding{attempt: id, state: Expired, why: "delivery.reason.expired", at: now}
	}
	return s.observe(ctx, now, found)
}

// doubt looks after what nobody knows of. A lease that ran out is in doubt. What is newly in doubt is made again at once if it is an
// emergency, and otherwise waits for a receipt; what has waited long enough is made once more. There is no third time.
func (s store) doubt(ctx context.Context, now time.Time) error {
	lost, err := db.Values[string](ctx, s.c, "SELECT id FROM delivery_attempt WHERE state = 'sending' AND lease_until < $1 ORDER BY lease_until LIMIT 500"+db.SkipLocked(s.tx), db.Millis(now))
	if err != nil {
		return err
	}
	found := make([]finding, len(lost))
	for i, id := range lost {
		found[i] = finding{attempt: id, state: InDoubt, why: "delivery.reason.doubt", at: now}
	}
	if err := s.observe(ctx, now, found); err != nil {
		return err
	}
	rows, err := db.All(ctx, s.c, (*attemptRow).fields, "SELECT "+leasedColumns+" FROM delivery_attempt WHERE state = 'in_doubt' AND (due <= $1 OR lease_until > 0) ORDER BY id LIMIT 500"+
		db.SkipLocked(s.tx), db.Millis(now))
	if err != nil || len(rows) == 0 {
		return err
	}
	var again []Attempt
	values := make([][]any, len(rows))
	for i, r := range rows {
		a := r.attempt()
		wait := db.Millis(now.Add(doubtFor))
		if a.Lane == Urgent || r.lease == 0 {
			wait = forever
			if a.N == 1 {
				again = append(again, a.again(now))
			}
		}
		values[i] = []any{a.ID, wait}
	}
	if _, err := updateFrom(ctx, s.c, "UPDATE delivery_attempt SET due = v.column2, lease_until = 0", values, "delivery_attempt.id = v.column1", ""); err != nil {
		return err
	}
	if again, err = s.unreached(ctx, again); err != nil {
		return err
	}
	_, err = s.addAttempts(ctx, now, again)
	return err
}

// unreached leaves out what a phone has by another way.
func (s store) unreached(ctx context.Context, all []Attempt) ([]Attempt, error) {
	kept := all[:0:0]
	for _, a := range all {
		if a.Message != "" {
			rank, err := db.Value[int64](ctx, s.c, "SELECT rank FROM delivery_message WHERE id = $1", a.Message)
			if err != nil {
				return nil, err
			}
			if rank >= Delivered.Rank() {
				continue
			}
		}
		kept = append(kept, a)
	}
	return kept, nil
}
