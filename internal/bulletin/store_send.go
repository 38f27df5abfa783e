package bulletin

import (
	"context"
	"time"

	"banlang/internal/db"
	"banlang/internal/delivery"
)

// A lived issue is one with what became of its bulletin.
type lived struct {
	Issue
	Life                 State
	Ended                time.Time
	Reason               string
	Replaces, ReplacedBy ID
}

type livedRow struct {
	issueRow
	ended                int64
	reason               string
	replaces, replacedBy ID
}

func (r *livedRow) fields() []any {
	return append(r.issueRow.fields(), &r.ended, &r.reason, &r.replaces, &r.replacedBy)
}

// lives loads one issue; number 0 is the newest. None: the bulletin was never published.
func (s store) lives(ctx context.Context, id ID, number int64) ([]lived, error) {
	return s.loadLived(ctx, " WHERE i.bulletin = $1 AND i.number = CASE WHEN cast($2 as bigint) = 0 THEN b.issue ELSE cast($2 as bigint) END", id, number)
}

// sendable lists what holds now, and on demand what was ended since.
func (s store) sendable(ctx context.Context, f delivery.Filter, now time.Time) ([]lived, error) {
	w := Filter{Topic: Topic(f.Topic), Class: Class(f.Class), Place: f.Place, Lang: f.Lang}.chosen()
	w.Add("i.number = b.issue")
	since := db.Millis(f.Since)
	w.Add("(b.life = $? AND (i.expires = 0 OR i.expires > $?) AND i.published >= $?) OR ($? AND b.life IN ('recalled', 'replaced') AND b.ended >= $?)",
		Published, db.Millis(now), since, f.Ended, since)
	size := min(max(1, f.Size), 500)
	return s.loadLived(ctx, w.SQL()+" ORDER BY i.published DESC, i.bulletin DESC LIMIT "+w.Next(size), w.Args()...)
}

func (s store) loadLived(ctx context.Context, where string, args ...any) ([]lived, error) {
	rows, err := db.All(ctx, s.c, (*livedRow).fields, "SELECT "+issueColumns+", b.ended, b.reason, b.replaces, b.replaced_by"+issueJoin+where, args...)
	if err != nil {
		return nil, err
	}
	issues := make([]Issue, len(rows))
	for n, r := range rows {
		issues[n] = r.issue()
	}
	if issues, err = s.withTold(ctx, issues); err != nil {
		return nil, err
	}
	all := make([]lived, len(rows))
	for n, r := range rows {
		all[n] = lived{issues[n], r.life, db.Time(r.ended), r.reason, r.replaces, r.replacedBy}
	}
	return all, nil
}
