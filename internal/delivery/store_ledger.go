package delivery

import (
	"context"
	"slices"
	"strconv"
	"time"

	"banlang/internal/db"
	"banlang/internal/place"
	"banlang/internal/subscriber"
)

// addMessages writes messages that are not there yet, each with its first line of the record, and tells how many were new.
func (s store) addMessages(ctx context.Context, at time.Time, all []Message) (int64, error) {
	there := map[string]bool{}
	for part := range slices.Chunk(all, 500) {
		ids := make([]string, len(part))
		for i, m := range part {
			ids[i] = m.ID
		}
		var w db.Where
		w.In("id", ids...)
		known, err := db.Values[string](ctx, s.c, "SELECT id FROM delivery_message"+w.SQL(), w.Args()...)
		if err != nil {
			return 0, err
		}
		for _, id := range known {
			there[id] = true
		}
	}
	var rows [][]any
	var begun []risen
	for _, m := range all {
		if there[m.ID] {
			continue
		}
		there[m.ID] = true
		rows = append(rows, []any{m.ID, m.Campaign, m.Subscriber, m.Commune, m.Village, m.Lang, m.Heard, m.State, m.State.Rank(), m.Reason, db.Millis(at)})
		begun = append(begun, risen{message: m.ID, campaign: m.Campaign, lang: m.Lang, commune: m.Commune, state: m.State})
	}
	if err := db.Insert(ctx, s.c, "delivery_message", "id, campaign, subscriber, commune, village, lang, heard, state, rank, reason, changed", rows); err != nil {
		return 0, err
	}
	return int64(len(rows)), s.chain(ctx, at, begun)
}

const attemptColumns = "id, message, campaign, endpoint, address, title, note, channel, lane, commune, lang, heard, n, parts, demo, doubled, state, rank, turn, due, expires, changed, provider, lease_until, tries"

// addAttempts writes attempts that are not there yet: queued with a turn where they are due, planned otherwise. Those that a
// provider takes at once are written as sending by who took them.
func (s store) addAttempts(ctx context.Context, at time.Time, all []Attempt) (int64, error) {
	for i := range all {
		if all[i].State != Sending {
			all[i].State = Queued
			if all[i].Due.After(at) {
				all[i].State = Planned
			}
		}
	}
	turns, err := s.turns(ctx, all)
	if err != nil {
		return 0, err
	}
	rows := make([][]any, len(all))
	for i, a := range all {
		until := int64(0)
		if a.State == Sending {
			until = db.Millis(at.Add(leaseFor))
		}
		rows[i] = []any{a.ID, a.Message, a.Campaign, a.Endpoint, a.address, a.title, a.Note, a.Channel, a.Lane, a.Commune, a.Lang, a.Heard, a.N, max(1, a.Parts), a.Demo,
			a.Repeat, a.State, a.State.Rank(), turns[i], db.Millis(a.Due), db.Millis(a.Expires), db.Millis(at), a.provider, until, a.tries}
	}
	return db.InsertNew(ctx, s.c, "delivery_attempt", attemptColumns, rows)
}

// A queue is what shares turns.
type queue struct {
	channel subscriber.Channel
	lane    Lane
}

// turns gives each attempt that is queued its turn: the later of what the lane served last and what its commune was given last,
// and then as much as it takes (start-time fair queueing; Goyal, Vin and Chen 1996).
func (s store) turns(ctx context.Context, all []Attempt) ([]int64, error) {
	turns := make([]int64, len(all))
	var queues []queue
	for _, a := range all {
		if q := (queue{a.Channel, a.Lane}); a.State == Queued && !slices.Contains(queues, q) {
			queues = append(queues, q)
		}
	}
	for _, q := range queues {
		given, err := s.given(ctx, q, all)
		if err != nil {
			return nil, err
		}
		served := given[""]
		changed := map[place.ID]int64{}
		for i, a := range all {
			if a.State == Queued && q == (queue{a.Channel, a.Lane}) {
				turns[i] = max(served, given[a.Commune]) + max(1, a.Parts)
				given[a.Commune], changed[a.Commune] = turns[i], turns[i]
			}
		}
		if err := s.keepTurns(ctx, q, changed); err != nil {
			return nil, err
		}
	}
	return turns, nil
}

// given is the last turn of each commune that has an attempt among all, and under "" the turn that was served last.
func (s store) given(ctx context.Context, q queue, all []Attempt) (map[place.ID]int64, error) {
	communes := []string{""}
	seen := map[place.ID]bool{"": true}
	for _, a := range all {
		if !seen[a.Commune] {
			seen[a.Commune] = true
			communes = append(communes, string(a.Commune))
		}
	}
	type last struct {
		commune place.ID
		turn    int64
	}
	given := map[place.ID]int64{}
	for part := range slices.Chunk(communes, 500) {
		var w db.Where
		w.Add("channel = $?", q.channel)
		w.Add("lane = $?", q.lane)
		w.In("commune", part...)
		err := db.Each(ctx, s.c, func(l *last) []any { return []any{&l.commune, &l.turn} }, func(l last) error { given[l.commune] = l.turn; return nil },
			"SELECT commune, turn FROM delivery_turn"+w.SQL(), w.Args()...)
		if err != nil {
			return nil, err
		}
	}
	return given, nil
}

func (s store) keepTurns(ctx context.Context, q queue, turns map[place.ID]int64) error {
	for commune, turn := range turns {
		_, err := db.Exec(ctx, s.c, `INSERT INTO delivery_turn (channel, lane, commune, turn) VALUES ($1, $2, $3, $4)
			ON CONFLICT (channel, lane, commune) DO UPDATE SET turn = CASE WHEN excluded.turn > delivery_turn.turn THEN excluded.turn ELSE delivery_turn.turn END`,
			q.channel, q.lane, commune, turn)
		if err != nil {
			return err
		}
	}
	return nil
}

type attemptRow struct {
	Attempt
	turn, due, expires, lease int64
}

const leasedColumns = "id, message, campaign, endpoint, address, title, note, channel, lane, commune, lang, heard, n, parts, demo, doubled, state, turn, due, expires, lease_until, tries"

func (r *attemptRow) fields() []any {
	return []any{&r.ID, &r.Message, &r.Campaign, &r.Endpoint, &r.address, &r.title, &r.Note, &r.Channel, &r.Lane, &r.Commune, &r.Lang, &r.Heard, &r.N, &r.Parts,
		&r.Demo, &r.Repeat, &r.State, &r.turn, &r.due, &r.expires, &r.lease, &r.tries}
}

func (r attemptRow) attempt() Attempt {
	a := r.Attempt
	a.Due, a.Expires = db.Time(r.due), db.Time(r.expires)
	return a
}

// lease takes the next n attempts of a lane for a provider: they are written as sending before anything goes to the wire.
func (s store) lease(ctx context.Context, p Provider, lane Lane, n int, now, until time.Time) ([]Attempt, error) {
	rows, err := db.All(ctx, s.c, (*attemptRow).fields, `UPDATE delivery_attempt SET state = 'sending', rank = $1, provider = $2, lease_until = $3, tries = tries + 1, changed = $4
		WHERE id IN (SELECT id FROM delivery_attempt WHERE channel = $5 AND demo = $6 AND lane = $7 AND state = 'queued' ORDER BY turn, id LIMIT $8`+db.SkipLocked(s.tx)+`)
		RETURNING `+leasedColumns, Sending.Rank(), p.ID, db.Millis(until), db.Millis(now), p.Channel, p.Mode == Rehearsal, lane, n)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b attemptRow) int { return int(a.turn - b.turn) })
	all := make([]Attempt, len(rows))
	for i, r := range rows {
		all[i] = r.attempt()
	}
	return all, s.keepTurns(ctx, queue{p.Channel, lane}, map[place.ID]int64{"": rows[0].turn - 1})
}

// waiting reports whether a lane has something for a provider.
func (s store) waiting(ctx context.Context, p Provider, lane Lane) (bool, error) {
	n, err := db.Value[int64](ctx, s.c, `SELECT count(*) FROM (SELECT 1 AS one FROM delivery_attempt
		WHERE channel = $1 AND demo = $2 AND lane = $3 AND state = 'queued' LIMIT 1) AS first`, p.Channel, p.Mode == Rehearsal, lane)
	return n > 0, err
}

// requeue puts leased attempts back where they were: nothing of them went to the wire. Those of a paused campaign are held.
func (s store) requeue(ctx context.Context, at time.Time, due time.Time, ids []string) error {
	state := Queued
	if due.After(at) {
		state = Planned
	}
	for part := range slices.Chunk(ids, 500) {
		var w db.Where
		head := "UPDATE delivery_attempt SET state = " + w.Next(state) + ", rank = " + w.Next(state.Rank()) + ", due = " + w.Next(db.Millis(due)) + ", changed = " + w.Next(db.Millis(at))
		w.In("id", part...)
		w.Add("state = 'sending'")
		campaigns, err := db.Values[string](ctx, s.c, head+w.SQL()+" RETURNING campaign", w.Args()...)
		if err != nil {
			return err
		}
		if err := s.holdPaused(ctx, campaigns); err != nil {
			return err
		}
	}
	return nil
}

// holdPaused holds what waits of those campaigns that are paused. The row of such a campaign is written, so that nobody lets it go on
// at this moment and leaves what is held behind.
func (s store) holdPaused(ctx context.Context, campaigns []string) error {
	slices.Sort(campaigns)
	for part := range slices.Chunk(slices.Compact(campaigns), 500) {
		var w db.Where
		w.In("id", part...)
		w.Add("state = 'paused'")
		paused, err := db.Values[string](ctx, s.c, "UPDATE delivery_campaign SET changed = changed"+w.SQL()+" RETURNING id", w.Args()...)
		if err != nil {
			return err
		}
		for _, id := range paused {
			if err := s.hold(ctx, id, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// forever is added to the time of what is held.
const forever = int64(1) << 52

// hold keeps what waits of a campaign from being sent, or lets it go again.
func (s store) hold(ctx context.Context, campaign string, on bool) error {
	text := "UPDATE delivery_attempt SET due = due - $2 WHERE campaign = $1 AND state = 'planned' AND due >= $2"
	if on {
		text = "UPDATE delivery_attempt SET state = 'planned', due = due + $2 WHERE campaign = $1 AND state IN ('planned', 'queued') AND due < $2"
	}
	_, err := db.Exec(ctx, s.c, text, campaign, forever)
	return err
}

// promote queues what has fallen due, n at most, and tells into which lanes.
func (s store) promote(ctx context.Context, at time.Time, n int) ([]queue, error) {
	rows, err := db.All(ctx, s.c, (*attemptRow).fields, "SELECT "+leasedColumns+" FROM delivery_attempt WHERE state = 'planned' AND due <= $1 ORDER BY due, id LIMIT $2"+db.SkipLocked(s.tx),
		db.Millis(at), n)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var lanes []queue
	all := make([]Attempt, len(rows))
	for i, r := range rows {
		all[i] = r.attempt()
		all[i].State = Queued
		if q := (queue{r.Channel, r.Lane}); !slices.Contains(lanes, q) {
			lanes = append(lanes, q)
		}
	}
	turns, err := s.turns(ctx, all)
	if err != nil {
		return nil, err
	}
	values := make([][]any, len(all))
	for i, a := range all {
		values[i] = []any{a.ID, max(rows[i].turn, turns[i])}
	}
	_, err = updateFrom(ctx, s.c, "UPDATE delivery_attempt SET state = 'queued', rank = 20, turn = v.column2", values, "delivery_attempt.id = v.column1 AND delivery_attempt.state = 'planned'", "")
	return lanes, err
}

// updateFrom runs "UPDATE … FROM (VALUES …) AS v WHERE …" in parts; whole numbers are told to be such. With returning it gives the
// first column of what was changed.
func updateFrom(ctx context.Context, c db.Conn, update string, rows [][]any, where, returning string) ([]string, error) {
	var changed []string
	for len(rows) > 0 {
		part := rows[:db.Some(len(rows), 128)]
		rows = rows[len(part):]
		text := append(make([]byte, 0, 1024+len(update)+len(part)*len(part[0])*8), update+" FROM (VALUES "...)
		args := make([]any, 0, len(part)*len(part[0]))
		for i, row := range part {
			if i > 0 {
				text = append(text, ", "...)
			}
			text = append(text, '(')
			for j, v := range row {
				if j > 0 {
					text = append(text, ", "...)
				}
				args = append(args, v)
				_, whole := v.(int64)
				if whole {
					text = append(text, "cast("...)
				}
				text = strconv.AppendInt(append(text, '$'), int64(len(args)), 10)
				if whole {
					text = append(text, " as bigint)"...)
				}
			}
			text = append(text, ')')
		}
		text = append(text, ") AS v WHERE "+where...)
		if returning == "" {
			if _, err := db.Exec(ctx, c, string(text), args...); err != nil {
				return nil, err
			}
			continue
		}
		some, err := db.Values[string](ctx, c, string(text)+" RETURNING "+returning, args...)
		if err != nil {
			return nil, err
		}
		changed = append(changed, some...)
	}
	return changed, nil
}
