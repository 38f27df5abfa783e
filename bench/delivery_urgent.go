package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"banlang/internal/db"
	"banlang/internal/delivery"
	"banlang/internal/delivery/smpp"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/subscriber"
)

// flood is what an emergency says here.
type flood struct{ place place.ID }

func (f flood) Item(_ context.Context, ref delivery.Ref, _ int64) (delivery.Item, error) {
	return delivery.Item{Ref: ref, Version: 1, Place: f.place, Class: delivery.Emergency, Topic: "weather",
		Editions: []delivery.Edition{{Lang: i18n.Default, Title: "Canh bao lu", Body: "Nuoc len nhanh. Hay len cho cao."}}}, nil
}

func (flood) Items(context.Context, delivery.Filter) ([]delivery.Item, error) { return nil, nil }

// daytime is how far a clock must be ahead to show ten in the morning, when nothing rests.
func daytime() time.Duration {
	now := time.Now().In(i18n.Zone)
	ten := time.Date(now.Year(), now.Month(), now.Day(), 10, 0, 0, 0, i18n.Zone)
	if ten.Before(now) {
		ten = ten.AddDate(0, 0, 1)
	}
	return ten.Sub(now)
}

const attemptRow = "id, message, campaign, endpoint, address, note, channel, lane, commune, lang, state, rank, turn, expires, provider, provider_id, lease_until, changed"

// overtaking is D3: emergencies while a million routine messages wait and the channel is full. The time is that from the signature
// that publishes, through the making of the messages, to the submit of each.
func overtaking(ctx context.Context) ([]figure, error) {
	const waiting, people, times = 1_000_000, 20, 25
	dir, remove, err := scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	arrived := make(chan time.Time, people*times)
	const routine = "84911111111"
	centre := &smpp.Centre{Latency: 100 * time.Millisecond, Submit: func(n int64, m smpp.Message) (string, smpp.Status) {
		if m.To.Number != routine {
			arrived <- time.Now()
		}
		return fmt.Sprint(n), smpp.OK
	}}
	address, err := centre.Listen(ctx)
	if err != nil {
		return nil, err
	}
	commune := place.ID("06325@20250701")
	l, err := openLedger(ctx, "sqlite:"+filepath.Join(dir, "banlang.db"), dir, address, daytime(), flood{commune}, true)
	if err != nil {
		return nil, err
	}
	defer l.close()
	if err := l.subscribe(ctx, commune, people); err != nil {
		return nil, err
	}
	if err := l.wait(ctx, waiting, "+"+routine); err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { _ = l.Run(running) })
	work.Go(func() { _ = l.queue.Run(running) })
	defer work.Wait()
	defer stop()
	if err := counted(ctx, centre, 2*window); err != nil {
		return nil, err
	}
	var took []float64
	for k := range times {
		began := time.Now()
		err := l.db.Tx(ctx, func(tx *db.Tx) error {
			return delivery.Queue(ctx, tx, began.Add(daytime()), delivery.Order{Ref: delivery.Ref(fmt.Sprintf("flood%d", k)), Version: 1, Class: delivery.Emergency, Place: commune, Topic: "weather", By: "a", Second: "b"})
		})
		if err != nil {
			return nil, err
		}
		for range people {
			select {
			case at := <-arrived:
				took = append(took, at.Sub(began).Seconds())
			case <-time.After(time.Minute):
				return nil, fmt.Errorf("only %d of the messages of emergencies came to the centre", len(took))
			}
		}
	}
	slow := percentile(took, 0.99)
	return []figure{{ID: "D3", Measure: fmt.Sprintf("from the signature to the submit of an emergency while 1,000,000 wait and the channel is full, p99 (median %.2f s)", median(took)), Unit: "s", Ours: slow, Bar: "< 1 s", Met: slow < 1}}, nil
}

// subscribe makes subscribers by hand.
func (l *ledger) subscribe(ctx context.Context, commune place.ID, n int) error {
	return l.db.Tx(ctx, func(tx *db.Tx) error {
		var people, endpoints, consents [][]any
		for i := range n {
			id := fmt.Sprintf("s%05d", i)
			people = append(people, []any{id, commune, "", "vi", "vi", "", false, int64(1)})
			endpoints = append(endpoints, []any{"e" + id, id, subscriber.SMS, id, subscriber.Seal(l.keeper, "e"+id, fmt.Sprintf("+8498%07d", i)).Box, subscriber.Active, int64(1)})
			consents = append(consents, []any{id, subscriber.ID(id).Record(), subscriber.Purpose, "w", "1", "vi", "self", int64(1)})
		}
		return errors.Join(
			db.Insert(ctx, tx, "subscriber", "id, place, village, heard, read, topics, demo, made", people),
			db.Insert(ctx, tx, "subscriber_endpoint", "id, subscriber, channel, hash, address, state, changed", endpoints),
			db.Insert(ctx, tx, "privacy_consent", "id, subject, purpose, wording, version, lang, manner, given", consents))
	})
}

// wait puts n routine messages to one number into the queue.
func (l *ledger) wait(ctx context.Context, n int, to string) error {
	box := subscriber.Seal(l.keeper, "routine", to).Box
	note := l.keeper.Wrap("notice/routine", "Lich tiem phong thang nay")
	for done := 0; done < n; {
		var rows [][]any
		for ; done < n && len(rows) < 10_000; done++ {
			rows = append(rows, []any{fmt.Sprintf("r%08d", done), "", "", "routine", box, note, subscriber.SMS, delivery.Routine, fmt.Sprint(done % 65), "vi", delivery.Queued,
				delivery.Queued.Rank(), int64(done / 65), int64(0), "", "", int64(0), int64(1)})
		}
		if err := l.db.Tx(ctx, func(tx *db.Tx) error { return db.Insert(ctx, tx, "delivery_attempt", attemptRow, rows) }); err != nil {
			return err
		}
		if done%200_000 == 0 {
			say("D3: %d messages wait", done)
		}
	}
	return nil
}

// receipts is D4: four receipts a message, doubled and shuffled among all. Every state must be right in the end, and none may ever
// have gone back.
func receipts(ctx context.Context) ([]figure, error) {
	const n = 25_000
	dir, remove, err := scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	l, err := openLedger(ctx, "sqlite:"+filepath.Join(dir, "banlang.db"), dir, "127.0.0.1:1", 0, nil, false)
	if err != nil {
		return nil, err
	}
	defer l.close()
	var all []delivery.Receipt
	if err := l.db.Tx(ctx, func(tx *db.Tx) error {
		var messages, attempts [][]any
		until := db.Millis(time.Now().Add(time.Hour)) // what was submitted just now
		for i := range n {
			m, a, id := fmt.Sprintf("m%06d", i), fmt.Sprintf("a%06d", i), fmt.Sprintf("id%06d", i)
			commune := fmt.Sprint(i % 65)
			messages = append(messages, []any{m, "c", "s" + m, commune, "vi", delivery.Accepted, delivery.Accepted.Rank(), int64(1)})
			attempts = append(attempts, []any{a, m, "c", "e" + a, "", "", subscriber.SMS, delivery.Routine, commune, "vi", delivery.Sending, delivery.Sending.Rank(), int64(0), int64(0), "p", id, until, int64(1)})
			final := delivery.Delivered
			if i%5 == 0 {
				final = delivery.Failed
			}
			for _, s := range []delivery.State{delivery.Accepted, delivery.Accepted, final, final} {
				all = append(all, delivery.Receipt{Provider: "p", ID: id, State: s})
			}
		}
		return errors.Join(db.Insert(ctx, tx, "delivery_message", "id, campaign, subscriber, commune, lang, state, rank, changed", messages),
			db.Insert(ctx, tx, "delivery_attempt", attemptRow, attempts))
	}); err != nil {
		return nil, err
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	running, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { _ = l.Run(running) })
	defer work.Wait()
	defer stop()
	began := time.Now()
	parts := make(chan []delivery.Receipt)
	var hands sync.WaitGroup
	wrong := make([]error, 4)
	for i := range wrong {
		hands.Go(func() {
			for part := range parts {
				wrong[i] = errors.Join(wrong[i], l.Receipts(ctx, part))
			}
		})
	}
	for part := range slices.Chunk(all, 50) {
		parts <- part
	}
	close(parts)
	hands.Wait()
	rate := 4 * n / time.Since(began).Seconds()
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	const bad = `SELECT (SELECT count(*) FROM delivery_attempt WHERE state <> CASE WHEN CAST(substr(id, 2) AS bigint) % 5 = 0 THEN 'failed' ELSE 'delivered' END)
		+ (SELECT count(*) FROM delivery_message WHERE state <> CASE WHEN CAST(substr(id, 2) AS bigint) % 5 = 0 THEN 'failed' ELSE 'delivered' END)`
	states, err := db.Value[int64](ctx, l.db, bad)
	if err != nil {
		return nil, err
	}
	back, err := db.Value[int64](ctx, l.db, `SELECT count(*) FROM delivery_event a JOIN delivery_event b ON b.attempt = a.attempt AND b.commune = a.commune AND b.n > a.n
		WHERE a.state IN ('delivered', 'failed') AND b.state = 'accepted'`)
	if err != nil {
		return nil, err
	}
	return []figure{
		{ID: "D4", Measure: "receipts a second, doubled and shuffled, SQLite", Unit: "/s", Ours: rate, Bar: ">= 5000 /s", Met: rate >= 5000},
		{ID: "D4", Measure: fmt.Sprintf("of %d messages, states that are wrong in the end", n), Ours: float64(states), Bar: "0", Met: states == 0},
		{ID: "D4", Measure: "of those, states that went back", Ours: float64(back), Bar: "0", Met: back == 0},
	}, nil
}
