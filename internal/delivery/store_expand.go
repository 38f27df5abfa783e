package delivery

import (
	"context"
	"slices"
	"time"

	"banlang/internal/db"
	"banlang/internal/place"
	"banlang/internal/subscriber"
)

// unfold loads a campaign and how far its expansion has come, so that nobody else expands it meanwhile.
func (s store) unfold(ctx context.Context, id string) (Campaign, subscriber.ID, error) {
	c, err := s.campaign(ctx, id)
	if err != nil {
		return c, "", err
	}
	reached, err := db.Value[subscriber.ID](ctx, s.c, "SELECT reached FROM delivery_campaign WHERE id = $1"+db.SkipLocked(s.tx), id)
	return c, reached, err
}

func (s store) unfolded(ctx context.Context, c Campaign, reached subscriber.ID) error {
	if _, err := db.Exec(ctx, s.c, "UPDATE delivery_campaign SET reached = $2 WHERE id = $1", c.ID, reached); err != nil {
		return err
	}
	return s.save(ctx, c)
}

// raise sets up the ladder of a campaign: a durable timer for each rung.
func (s store) raise(ctx context.Context, c Campaign) error {
	if c.Kind != News {
		return nil
	}
	for rung, after := range ladder(c.Class) {
		at := c.Starts.Add(after)
		_, err := db.Exec(ctx, s.c, "INSERT INTO delivery_rung (campaign, rung, due) VALUES ($1, $2, $3) ON CONFLICT (campaign, rung) DO NOTHING", c.ID, rung, db.Millis(at))
		if err != nil {
			return err
		}
		if err := s.putJob(ctx, jobRung, campaignJob{c.ID, rung}, at); err != nil {
			return err
		}
	}
	return nil
}

func (s store) doRung(ctx context.Context, campaign string, r Rung) error {
	_, err := db.Exec(ctx, s.c, "UPDATE delivery_rung SET done = $3, n = $4, note = $5 WHERE campaign = $1 AND rung = $2 AND done = 0", campaign, r.Name, db.Millis(r.Done), r.N, r.Note)
	return err
}

func (s store) rungs(ctx context.Context, campaign string) ([]Rung, error) {
	type row struct {
		Rung
		due, done int64
	}
	rows, err := db.All(ctx, s.c, func(r *row) []any { return []any{&r.Name, &r.due, &r.done, &r.N, &r.Note} },
		"SELECT rung, due, done, n, note FROM delivery_rung WHERE campaign = $1 ORDER BY due, rung", campaign)
	all := make([]Rung, len(rows))
	for i, r := range rows {
		all[i] = r.Rung
		all[i].Due, all[i].Done = db.Time(r.due), db.Time(r.done)
	}
	return all, err
}

// persons lists the next subscribers of a campaign, n at most, in the order of their identifiers. A recall goes to those whom the
// campaign before may have reached; one that renews an ordinary campaign to those whom it has not.
func (s store) persons(ctx context.Context, c Campaign, after subscriber.ID, n int) ([]subscriber.Person, error) {
	if c.Kind == Recall {
		return s.mayHave(ctx, c, after, n)
	}
	all, err := subscriber.Reach(ctx, s.c, subscriber.Reachable{Area: c.Place, Topic: topicOf(c), Demo: c.Demo}, after, n)
	if err != nil || c.Of == "" || len(all) == 0 {
		return all, err
	}
	var w db.Where
	w.Add("campaign = $?", c.Of)
	w.Add("rank >= $?", Sending.Rank())
	w.Add("state NOT IN ('suppressed', 'expired', 'failed')")
	w.Add("subscriber BETWEEN $? AND $?", all[0].ID, all[len(all)-1].ID)
	got, err := db.Values[subscriber.ID](ctx, s.c, "SELECT subscriber FROM delivery_message"+w.SQL(), w.Args()...)
	has := map[subscriber.ID]bool{}
	for _, id := range got {
		has[id] = true
	}
	for i := range all {
		if has[all[i].ID] {
			all[i].Endpoints = nil // stays in the list, which says how far the expansion has come
		}
	}
	return all, err
}

// topicOf is what a subscriber must have asked for. An emergency asks nobody for a topic.
func topicOf(c Campaign) string {
	if c.Class == Emergency {
		return ""
	}
	return c.Topic
}

// mayHave lists those to whom a campaign may have brought its message, with the endpoints it went to.
func (s store) mayHave(ctx context.Context, c Campaign, after subscriber.ID, n int) ([]subscriber.Person, error) {
	ids, err := db.Values[subscriber.ID](ctx, s.c, `SELECT DISTINCT m.subscriber FROM delivery_message m JOIN delivery_attempt a ON a.message = m.id AND a.message <> ''
		WHERE m.campaign = $1 AND m.subscriber > $2 AND a.state IN ('sending', 'in_doubt', 'accepted', 'delivered') ORDER BY m.subscriber LIMIT $3`, c.Of, after, n)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	named, err := subscriber.Named(ctx, s.c, ids)
	by := map[subscriber.ID]subscriber.Person{}
	for _, p := range named {
		by[p.ID] = p
	}
	all := make([]subscriber.Person, len(ids))
	for i, id := range ids { // who has stopped stays in the list, without endpoints: the list says how far the expansion has come
		all[i] = by[id]
		all[i].ID = id
	}
	return all, err
}

// left counts what of a campaign is still to be sent or waits for an answer.
func (s store) left(ctx context.Context, campaign string) (int64, error) {
	return db.Value[int64](ctx, s.c, `SELECT count(*) FROM (SELECT 1 AS one FROM delivery_attempt a JOIN delivery_message m ON m.id = a.message
		WHERE m.campaign = $1 AND a.message <> '' AND (a.state IN ('planned', 'queued', 'sending') OR a.state = 'in_doubt' AND a.due < $2) LIMIT 1) AS found`, campaign, forever)
}

// suppressSome ends some of what waits of a campaign and tells whether there may be more.
func (s store) suppressSome(ctx context.Context, at time.Time, campaign, why string) (bool, error) {
	ids, err := db.Values[string](ctx, s.c, "SELECT id FROM delivery_attempt WHERE campaign = $1 AND campaign <> '' AND state IN ('planned', 'queued') ORDER BY id LIMIT 1000", campaign)
	if err != nil || len(ids) == 0 {
		return false, err
	}
	found := make([]finding, len(ids))
	for i, id := range ids {
		found[i] = finding{attempt: id, state: Suppressed, why: why}
	}
	return true, s.observe(ctx, at, found)
}

// enough ends what still waits of messages that a phone has, by whichever channel: nobody is sent the same twice.
func (s store) enough(ctx context.Context, at time.Time, all []risen) error {
	var reached []string
	for _, r := range all {
		if r.state.Reached() {
			reached = append(reached, r.message)
		}
	}
	var waiting []finding
	for part := range slices.Chunk(reached, 500) {
		var w db.Where
		w.In("message", part...)
		w.Add("message <> ''")
		w.Add("state IN ('planned', 'queued')")
		ids, err := db.Values[string](ctx, s.c, "SELECT id FROM delivery_attempt"+w.SQL(), w.Args()...)
		if err != nil {
			return err
		}
		for _, id := range ids {
			waiting = append(waiting, finding{attempt: id, state: Suppressed, why: "delivery.reason.reached"})
		}
	}
	return s.observe(ctx, at, waiting)
}

// A count not reached, by village.
type gap struct {
	commune place.ID
	village string
	n       int64
}

// unreachedBy counts by village those of a campaign whose phone has nothing yet; who stopped is none of them.
func (s store) unreachedBy(ctx context.Context, campaign string) ([]gap, error) {
	return db.All(ctx, s.c, func(g *gap) []any { return []any{&g.commune, &g.village, &g.n} },
		`SELECT commune, village, count(*) FROM delivery_message WHERE campaign = $1 AND rank < $2 AND NOT (state = 'suppressed' AND reason = 'delivery.reason.stopped')
		GROUP BY commune, village ORDER BY commune, village`, campaign, Delivered.Rank())
}
