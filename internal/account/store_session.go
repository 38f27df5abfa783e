package account

import (
	"context"
	"time"

	"banlang/internal/db"
)

type sessionRow struct {
	id                          string
	seen, until, ended, stepped time.Time
	s, u, e, p                  int64
	accountRow
}

func (r *sessionRow) fields() []any {
	return []any{&r.id, &r.s, &r.u, &r.e, &r.p, &r.ID, &r.Name, &r.Title, &r.Kind, &r.Home, &r.State, &r.Demo}
}

func (s store) session(ctx context.Context, token string) (Account, sessionRow, error) {
	r, err := db.One(ctx, s.c, (*sessionRow).fields, `SELECT s.id, s.seen, s.until, s.ended, s.stepped, a.id, a.name, a.title, a.kind, a.home, a.state, a.demo
		FROM account_session s JOIN account a ON a.id = s.account WHERE s.token = $1`, token)
	r.seen, r.until, r.ended, r.stepped = db.Time(r.s), db.Time(r.u), db.Time(r.e), db.Time(r.p)
	return r.Account, r, err
}

// keptSessions is how long an ended session is remembered.
const keptSessions = 30 * 24 * time.Hour

func (s store) addSession(ctx context.Context, token, id string, a ID, device string, now, until time.Time) error {
	if err := s.run(ctx, "DELETE FROM account_session WHERE until < $1 OR (ended <> 0 AND ended < $1)", db.Millis(now.Add(-keptSessions))); err != nil {
		return err
	}
	return s.run(ctx, "INSERT INTO account_session (token, id, account, device, made, seen, until) VALUES ($1, $2, $3, $4, $5, $5, $6)",
		token, id, a, device, db.Millis(now), db.Millis(until))
}

func (s store) see(ctx context.Context, token string, now time.Time) error {
	return s.run(ctx, "UPDATE account_session SET seen = $2 WHERE token = $1", token, db.Millis(now))
}

func (s store) step(ctx context.Context, id string, now time.Time) error {
	return s.run(ctx, "UPDATE account_session SET stepped = $2 WHERE id = $1", id, db.Millis(now))
}

func (s store) sessions(ctx context.Context, a ID, now time.Time) ([]Session, error) {
	type row struct {
		Session
		made, seen int64
	}
	rows, err := db.All(ctx, s.c, func(r *row) []any { return []any{&r.ID, &r.Device, &r.made, &r.seen} },
		"SELECT id, device, made, seen FROM account_session WHERE account = $1 AND ended = 0 AND until > $2 ORDER BY seen DESC LIMIT 50", a, db.Millis(now))
	out := make([]Session, len(rows))
	for i, r := range rows {
		r.Made, r.Seen = db.Time(r.made), db.Time(r.seen)
		out[i] = r.Session
	}
	return out, err
}

func (s store) endToken(ctx context.Context, token string, now time.Time) error {
	return s.run(ctx, "UPDATE account_session SET ended = $2 WHERE token = $1 AND ended = 0", token, db.Millis(now))
}

func (s store) endOne(ctx context.Context, a ID, id string, now time.Time) error {
	return s.run(ctx, "UPDATE account_session SET ended = $3 WHERE account = $1 AND id = $2 AND ended = 0", a, id, db.Millis(now))
}

func (s store) endAll(ctx context.Context, a ID, now time.Time) error {
	return s.run(ctx, "UPDATE account_session SET ended = $2 WHERE account = $1 AND ended = 0", a, db.Millis(now))
}

// closed tells whether one of the subjects has failed so often that it must wait.
func (s store) closed(ctx context.Context, subjects []string, now time.Time) (bool, error) {
	var w db.Where
	w.In("subject", subjects...)
	w.Add("closed_until > $?", db.Millis(now))
	n, err := db.Value[int64](ctx, s.c, "SELECT count(*) FROM account_attempt"+w.SQL(), w.Args()...)
	return n > 0, err
}

// fail counts a failure of the name and of the address, and forgets those of the day before.
func (s store) fail(ctx context.Context, subjects []string, kind string, now time.Time) error {
	if err := s.run(ctx, "DELETE FROM account_attempt WHERE last < $1 AND closed_until < $1", db.Millis(now.Add(-24*time.Hour))); err != nil {
		return err
	}
	for i, subject := range subjects {
		address := i == 1
		since := now.Add(-24 * time.Hour)
		if address {
			since = now.Add(-time.Hour) // many people share one, and each mistypes now and then
		}
		n, err := db.Value[int64](ctx, s.c, `INSERT INTO account_attempt (subject, failures, last, closed_until) VALUES ($1, 1, $2, 0)
			ON CONFLICT (subject) DO UPDATE SET failures = CASE WHEN account_attempt.last < $3 THEN 1 ELSE account_attempt.failures + 1 END,
			last = excluded.last RETURNING failures`, subject, db.Millis(now), db.Millis(since))
		if err != nil {
			return err
		}
		if wait := pause(int(n), kind, address); wait > 0 {
			if err := s.run(ctx, "UPDATE account_attempt SET closed_until = $2 WHERE subject = $1", subject, db.Millis(now.Add(wait))); err != nil {
				return err
			}
		}
	}
	return nil
}

// pause is how long a name or an address waits after its nth failure. A PIN has only a million values: after three failures it waits
// five minutes, after ten a day or until it is issued again. An address may be a whole commune's, so it is given more tries.
func pause(n int, kind string, address bool) time.Duration {
	free, first, most := 5, 30*time.Second, 15*time.Minute
	switch {
	case address:
		free = 50
	case kind == WithPIN && n >= 10:
		return 24 * time.Hour
	case kind == WithPIN:
		free, first, most = 3, 5*time.Minute, 2*time.Hour
	}
	if n < free {
		return 0
	}
	return min(first<<min(n-free, 12), most)
}

func (s store) forgive(ctx context.Context, subject string) error {
	return s.run(ctx, "DELETE FROM account_attempt WHERE subject = $1", subject)
}
