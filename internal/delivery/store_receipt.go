package delivery

import (
	"context"
	"slices"
	"time"

	"banlang/internal/db"
)

// Receipts takes what a network tells afterwards. The same again changes nothing, a late one that ranks lower changes nothing, and
// one that comes before the answer to its submit is kept and joined to it.
func (d *Desk) Receipts(ctx context.Context, all []Receipt) error {
	return d.put(ctx, write{do: func(ctx context.Context, s store) error { return s.receive(ctx, d.now(), all) }})
}

// early is how long a receipt waits for the answer to its submit.
const early = 24 * time.Hour

func (s store) receive(ctx context.Context, at time.Time, all []Receipt) error {
	var found []finding
	unknown := map[string][]Receipt{} // by provider
	for _, r := range all {
		if r.State.Rank() <= Sending.Rank() {
			continue // says nothing new
		}
		if r.Attempt != "" {
			found = append(found, finding{attempt: r.Attempt, state: r.State, provider: r.ID, why: r.Why, detail: r.Detail, at: r.At})
		} else if r.ID != "" {
			unknown[r.Provider] = append(unknown[r.Provider], r)
		}
	}
	for provider, some := range unknown {
		known, err := s.byReceipt(ctx, provider, some)
		if err != nil {
			return err
		}
		var rows [][]any
		for _, r := range some {
			ids := known[r.ID]
			for _, id := range ids {
				found = append(found, finding{attempt: id, state: r.State, why: r.Why, detail: r.Detail, at: r.At})
			}
			if len(ids) == 0 {
				rows = append(rows, []any{provider, r.ID, r.State, db.Millis(at), r.Why, r.Detail})
			}
		}
		if _, err := db.InsertNew(ctx, s.c, "delivery_receipt", "provider, provider_id, state, at, why, detail", rows); err != nil {
			return err
		}
	}
	return s.observe(ctx, at, found)
}

// byReceipt finds the attempts that a network knows by these identifiers.
func (s store) byReceipt(ctx context.Context, provider string, all []Receipt) (map[string][]string, error) {
	ids := make([]string, len(all))
	for i, r := range all {
		ids[i] = r.ID
	}
	slices.Sort(ids)
	known := map[string][]string{}
	type pair struct{ id, provider string }
	for part := range slices.Chunk(slices.Compact(ids), 500) {
		var w db.Where
		w.Add("provider = $?", provider)
		w.In("provider_id", part...)
		w.Add("provider_id <> ''")
		err := db.Each(ctx, s.c, func(p *pair) []any { return []any{&p.id, &p.provider} }, func(p pair) error {
			known[p.provider] = append(known[p.provider], p.id)
			return nil
		}, "SELECT id, provider_id FROM delivery_attempt"+w.SQL(), w.Args()...)
		if err != nil {
			return nil, err
		}
	}
	return known, nil
}

// join gives attempts whose submit was just answered the receipts that came before.
func (s store) join(ctx context.Context, at time.Time, answered []finding) error {
	attempt := map[string]string{}
	var ids []string
	for _, f := range answered {
		if f.provider != "" {
			attempt[f.provider] = f.attempt
			ids = append(ids, f.provider)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if some, err := db.Value[int64](ctx, s.c, "SELECT count(*) FROM (SELECT 1 AS one FROM delivery_receipt LIMIT 1) AS held"); err != nil || some == 0 {
		return err
	}
	type kept struct {
		provider, id, why, detail string
		state                     State
		at                        int64
	}
	var found []finding
	for part := range slices.Chunk(ids, 500) {
		var w db.Where
		w.In("provider_id", part...)
		some, err := db.All(ctx, s.c, func(k *kept) []any { return []any{&k.provider, &k.id, &k.state, &k.at, &k.why, &k.detail} },
			"SELECT provider, provider_id, state, at, why, detail FROM delivery_receipt"+w.SQL(), w.Args()...)
		if err != nil {
			return err
		}
		for _, k := range some {
			found = append(found, finding{attempt: attempt[k.id], state: k.state, why: k.why, detail: k.detail, at: db.Time(k.at)})
			if _, err := db.Exec(ctx, s.c, "DELETE FROM delivery_receipt WHERE provider = $1 AND provider_id = $2 AND state = $3", k.provider, k.id, k.state); err != nil {
				return err
			}
		}
	}
	return s.observe(ctx, at, found)
}

// forget throws early receipts away that nothing came to.
func (s store) forget(ctx context.Context, at time.Time) error {
	_, err := db.Exec(ctx, s.c, "DELETE FROM delivery_receipt WHERE at < $1", db.Millis(at.Add(-early)))
	return err
}
