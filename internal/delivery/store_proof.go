package delivery

import (
	"context"
	"encoding/csv"
	"io"
	"time"

	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/i18n"
	"banlang/internal/place"
)

// everDoubted is the state under which thinned counts keep how many attempts were in doubt at some time.
const everDoubted State = "doubted"

func (t *Tally) fields() []any {
	return []any{&t.Commune, &t.Lang, &t.Channel, &t.State, &t.N, &t.Repeats}
}

func (s store) progress(ctx context.Context, campaign string) (Progress, error) {
	var p Progress
	add := map[Tally]int64{} // n of the key with N and Repeats at 0
	again := map[Tally]int64{}
	count := func(t Tally) error {
		key := Tally{Commune: t.Commune, Lang: t.Lang, Channel: t.Channel, State: t.State}
		add[key] += t.N
		again[key] += t.Repeats
		return nil
	}
	for _, text := range []string{
		"SELECT commune, lang, '', state, count(*), 0 FROM delivery_message WHERE campaign = $1 GROUP BY commune, lang, state",
		`SELECT a.commune, a.lang, a.channel, a.state, count(*), sum(CASE WHEN a.doubled THEN 1 ELSE 0 END) FROM delivery_message m
			JOIN delivery_attempt a ON a.message = m.id WHERE m.campaign = $1 GROUP BY a.commune, a.lang, a.channel, a.state`,
		"SELECT commune, lang, channel, '" + string(everDoubted) + "', count(*), 0 FROM delivery_event WHERE campaign = $1 AND state = 'in_doubt' GROUP BY commune, lang, channel",
		"SELECT commune, lang, channel, state, n, doubled FROM delivery_count WHERE campaign = $1",
	} {
		if err := db.Each(ctx, s.c, (*Tally).fields, count, text, campaign); err != nil {
			return p, err
		}
	}
	for key, n := range add {
		t := key
		t.N, t.Repeats = n, again[key]
		switch {
		case t.State == everDoubted:
			p.Doubts += n
		case t.State == overridden:
			p.Overridden += n
		case t.Channel == "":
			p.Messages = append(p.Messages, t)
		default:
			p.Attempts = append(p.Attempts, t)
			p.Repeats += t.Repeats
		}
	}
	sortTallies(p.Messages)
	sortTallies(p.Attempts)
	some, err := s.overridden(ctx, campaign)
	p.Overridden += some
	return p, err
}

// standings count the persons of several campaigns by how their message stands, thinned or not.
func (s store) standings(ctx context.Context, campaigns []string) (map[string]Progress, error) {
	var w db.Where
	w.In("campaign", campaigns...)
	type row struct {
		campaign string
		Tally
	}
	all := map[string]Progress{}
	err := db.Each(ctx, s.c, func(r *row) []any { return []any{&r.campaign, &r.State, &r.N} }, func(r row) error {
		p := all[r.campaign]
		p.Messages = append(p.Messages, r.Tally)
		all[r.campaign] = p
		return nil
	}, "SELECT campaign, state, count(*) FROM delivery_message"+w.SQL()+" GROUP BY campaign, state UNION ALL SELECT campaign, state, sum(n) FROM delivery_count"+w.SQL()+
		" AND channel = '' AND state NOT IN ('"+string(everDoubted)+"', '"+string(overridden)+"') GROUP BY campaign, state", w.Args()...)
	return all, err
}

// overridden is the state under which thinned counts keep what was sent in the hours of rest.
const overridden State = "overridden"

// inRest is the condition that an emergency was sent in the hours of rest, by the civil time of Viet Nam, which is UTC+7 all year.
const inRest = `a.lane = 0 AND a.sent > 0 AND ((a.channel = 'sms' AND ((a.sent + 25200000) % 86400000 >= 79200000 OR (a.sent + 25200000) % 86400000 < 25200000))
	OR (a.channel = 'call' AND ((a.sent + 25200000) % 86400000 >= 61200000 OR (a.sent + 25200000) % 86400000 < 28800000)))`

func (s store) overridden(ctx context.Context, campaign string) (int64, error) {
	return db.Value[int64](ctx, s.c, "SELECT count(*) FROM delivery_message m JOIN delivery_attempt a ON a.message = m.id WHERE m.campaign = $1 AND "+inRest, campaign)
}

// Export writes the chained record of the communes in an area from one day to another (2026-11-25, both included) as CSV, from which
// scripts/recount computes every share again. The actor must be allowed delivery.read_counts there.
func (d *Desk) Export(ctx context.Context, actor duty.Actor, w io.Writer, area place.ID, from, until string) error {
	if err := d.policy.Permit(actor, duty.DeliveryReadCounts, duty.Thing{Area: string(area)}); err != nil {
		return err
	}
	return d.db.Snapshot(ctx, func(view *db.Snapshot) error { return store{c: view}.export(ctx, w, area, from, until) })
}

func (s store) export(ctx context.Context, w io.Writer, area place.ID, from, until string) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"commune", "day", "n", "campaign", "message", "attempt", "channel", "lang", "state", "at", "repeat", "hash"}); err != nil {
		return err
	}
	err := db.Each(ctx, s.c, (*line).fields, func(l line) error { return out.Write(append(l.parts(), l.Hash)) }, "SELECT "+lineColumns+` FROM delivery_event
		WHERE day >= $1 AND day <= $2 AND commune IN (SELECT place FROM place_within WHERE area = $3) ORDER BY commune, day, n`, from, until, area)
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// Verify reads the chained record of a day and finds the first line of each commune that was changed, added or taken out. What was
// thinned to its last line cannot be checked any more and is passed over.
func (d *Desk) Verify(ctx context.Context, day time.Time) ([]Break, error) {
	var broken []Break
	var before line
	bad := false
	err := db.Each(ctx, d.db, (*line).fields, func(l line) error {
		if l.Commune != before.Commune {
			before, bad = line{Commune: l.Commune}, false
			if l.Campaign == thinned {
				before = l
				return nil
			}
		}
		if !bad && (l.N != before.N+1 || l.Hash != l.sum(before.Hash)) {
			broken, bad = append(broken, Break{l.Commune, l.Day, l.N}), true
		}
		before = l
		return nil
	}, "SELECT "+lineColumns+" FROM delivery_event WHERE day = $1 ORDER BY commune, n", i18n.Day(day))
	return broken, err
}
