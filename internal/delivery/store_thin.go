package delivery

import (
	"context"
	"time"

	"banlang/internal/db"
	"banlang/internal/i18n"
	"banlang/internal/place"
)

// KeptFor is how long it is known who was sent what. After it only counts are kept.
const KeptFor = 90 * 24 * time.Hour

// thinned stands as the campaign of the last line of a day whose lines were thinned: its hash stays, so that what was exported
// before can still be compared with it.
const thinned = "thinned"

// oneThinning is how many messages are thinned in one transaction.
const oneThinning = 500

// Thin turns messages that nothing has happened to for KeptFor into counts, and takes them, their attempts and their events away.
func (d *Desk) Thin(ctx context.Context) error {
	before := d.now().Add(-KeptFor)
	for {
		var n int
		err := d.change(ctx, func(s store) (err error) {
			n, err = s.thinMessages(ctx, db.Millis(before))
			return err
		})
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	return d.change(ctx, func(s store) error {
		if err := s.forget(ctx, d.now()); err != nil {
			return err
		}
		return s.thinRecord(ctx, before)
	})
}

// thinMessages adds the oldest messages to the counts and takes them away; it tells how many there were.
func (s store) thinMessages(ctx context.Context, before int64) (int, error) {
	type old struct{ id, campaign string }
	some, err := db.All(ctx, s.c, func(o *old) []any { return []any{&o.id, &o.campaign} },
		"SELECT id, campaign FROM delivery_message WHERE changed < $1 ORDER BY id LIMIT $2", before, oneThinning)
	if err != nil || len(some) == 0 {
		return 0, err
	}
	ids := make([]string, len(some))
	for i, o := range some {
		ids[i] = o.id
	}
	for _, group := range []struct{ columns, table, column, and string }{
		{"campaign, commune, lang, '', state, count(*), 0", "delivery_message", "id", ""},
		{"campaign, commune, lang, channel, state, count(*), sum(CASE WHEN doubled THEN 1 ELSE 0 END)", "delivery_attempt", "message", ""},
		{"campaign, commune, lang, channel, '" + string(overridden) + "', count(*), 0", "delivery_attempt a", "message", inRest},
	} {
		var w db.Where
		w.In(group.column, ids...)
		if group.and != "" {
			w.Add(group.and)
		}
		if err := s.count(ctx, "SELECT "+group.columns+" FROM "+group.table+w.SQL()+" GROUP BY 1, 2, 3, 4, 5", w.Args()...); err != nil {
			return 0, err
		}
	}
	for _, from := range []string{"delivery_attempt", "delivery_message"} {
		var w db.Where
		w.In(map[string]string{"delivery_attempt": "message", "delivery_message": "id"}[from], ids...)
		if _, err := db.Exec(ctx, s.c, "DELETE FROM "+from+w.SQL(), w.Args()...); err != nil {
			return 0, err
		}
	}
	return len(some), nil
}

// count adds rows of campaign, commune, language, channel, state, number and repeats to the counts.
func (s store) count(ctx context.Context, text string, args ...any) error {
	type one struct {
		Tally
		campaign string
	}
	all, err := db.All(ctx, s.c, func(o *one) []any { return append([]any{&o.campaign}, o.fields()...) }, text, args...)
	if err != nil {
		return err
	}
	for _, o := range all {
		_, err := db.Exec(ctx, s.c, `INSERT INTO delivery_count (campaign, commune, lang, channel, state, n, doubled) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (campaign, commune, lang, channel, state) DO UPDATE SET n = delivery_count.n + excluded.n, doubled = delivery_count.doubled + excluded.doubled`,
			o.campaign, o.Commune, o.Lang, o.Channel, o.State, o.N, o.Repeats)
		if err != nil {
			return err
		}
	}
	return nil
}

// thinRecord takes the lines of old days away, all but the last of each commune and day, which keeps nothing but its hash; and
// notices, which belong to no message.
func (s store) thinRecord(ctx context.Context, before time.Time) error {
	day := i18n.Day(before)
	type head struct {
		commune place.ID
		day     string
		n       int64
	}
	heads, err := db.All(ctx, s.c, func(h *head) []any { return []any{&h.commune, &h.day, &h.n} },
		"SELECT commune, day, max(n) FROM delivery_event WHERE day < $1 AND campaign <> $2 GROUP BY commune, day", day, thinned)
	if err != nil {
		return err
	}
	if err := s.count(ctx, "SELECT campaign, commune, lang, channel, '"+string(everDoubted)+"', count(*), 0 FROM delivery_event WHERE day < $1 AND state = 'in_doubt' GROUP BY 1, 2, 3, 4", day); err != nil {
		return err
	}
	for _, h := range heads {
		if _, err := db.Exec(ctx, s.c, "DELETE FROM delivery_event WHERE commune = $1 AND day = $2 AND n < $3", h.commune, h.day, h.n); err != nil {
			return err
		}
		if _, err := db.Exec(ctx, s.c, `UPDATE delivery_event SET campaign = $4, message = '', attempt = '', channel = '', lang = '', state = '' WHERE commune = $1 AND day = $2 AND n = $3`,
			h.commune, h.day, h.n, thinned); err != nil {
			return err
		}
	}
	_, err = db.Exec(ctx, s.c, "DELETE FROM delivery_attempt WHERE message = '' AND changed < $1 AND state NOT IN ('planned', 'queued', 'sending')", db.Millis(before))
	return err
}
