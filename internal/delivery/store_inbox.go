package delivery

import (
	"context"
	"time"

	"banlang/internal/db"
	"banlang/internal/fault"
	"banlang/internal/subscriber"
)

// Answers takes what people answer to what they were asked (câu hỏi ngắn).
type Answers interface {
	// Answer takes a text in the transaction that heard it, and says what to reply; empty: nothing. took is false where the text
	// answers nothing that was asked: it is then a letter to the officer.
	Answer(ctx context.Context, tx *db.Tx, s Said) (reply string, took bool, err error)
}

// taker is f in the transaction of the subscribers' desk.
func (d *Desk) taker(f func(store, subscriber.Reading) (reply string, answered bool, err error)) subscriber.Taker {
	return func(_ context.Context, tx *db.Tx, r subscriber.Reading) (string, bool, error) {
		return f(store{tx, tx}, r)
	}
}

// lastMessage is the newest message of a campaign that went to an endpoint since a moment; empty where there is none.
func (s store) lastMessage(ctx context.Context, endpoint string, since time.Time) (string, error) {
	all, err := db.Values[string](ctx, s.c, `SELECT message FROM delivery_attempt WHERE endpoint = $1 AND message <> '' AND sent >= $2 ORDER BY sent DESC, id LIMIT 1`, endpoint, db.Millis(since))
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

func (s store) addLetter(ctx context.Context, l Letter, to subscriber.Sealed, text string, demo bool) error {
	_, err := db.Exec(ctx, s.c, "INSERT INTO delivery_letter (id, place, channel, endpoint, address, text, demo, at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
		l.ID, l.Place, l.Channel, to.Endpoint, to.Box, text, demo, db.Millis(l.At))
	return err
}

type letterRow struct {
	Letter
	at, done int64
	to       subscriber.Sealed
	demo     bool
}

const letterColumns = "id, place, channel, text, at, done, endpoint, address, demo"

func (r *letterRow) fields() []any {
	return []any{&r.ID, &r.Place, &r.Channel, &r.Text, &r.at, &r.done, &r.to.Endpoint, &r.to.Box, &r.demo}
}

func (r letterRow) letter() Letter {
	l := r.Letter
	l.At, l.Done = db.Time(r.at), db.Time(r.done)
	return l
}

// letters lists what waits in the areas, the oldest first.
func (s store) letters(ctx context.Context, areas []string, page, size int) ([]Letter, int, error) {
	var w db.Where
	w.Add("done = 0")
	if !inAreas(&w, "l.place", areas) {
		return nil, 0, nil
	}
	total, err := db.Value[int](ctx, s.c, "SELECT count(*) FROM delivery_letter l"+w.SQL(), w.Args()...)
	if err != nil {
		return nil, 0, err
	}
	size = min(max(1, size), 100)
	rows, err := db.All(ctx, s.c, (*letterRow).fields, "SELECT "+letterColumns+" FROM delivery_letter l"+w.SQL()+" ORDER BY at, id LIMIT "+w.Next(size)+" OFFSET "+
		w.Next((max(1, page)-1)*size), w.Args()...)
	all := make([]Letter, len(rows))
	for i, r := range rows {
		all[i] = r.letter()
	}
	return all, total, err
}

func (s store) letter(ctx context.Context, id string) (Letter, subscriber.Sealed, bool, error) {
	r, err := db.One(ctx, s.c, (*letterRow).fields, "SELECT "+letterColumns+" FROM delivery_letter WHERE id = $1", id)
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "delivery.letter.none")
	}
	return r.letter(), r.to, r.demo, err
}

// endLetter takes an answered letter's address and text away: what is kept is that it was answered.
func (s store) endLetter(ctx context.Context, at time.Time, id, by string) error {
	_, err := db.Exec(ctx, s.c, "UPDATE delivery_letter SET done = $2, done_by = $3, address = '', text = '' WHERE id = $1", id, db.Millis(at), by)
	return err
}

// heardBy lists what a relay has acknowledged since a moment.
func (s store) heardBy(ctx context.Context, account string, since time.Time) (map[issue]bool, error) {
	all := map[issue]bool{}
	return all, db.Each(ctx, s.c, func(i *issue) []any { return []any{&i.ref, &i.version} }, func(i issue) error { all[i] = true; return nil },
		"SELECT ref, version FROM delivery_heard WHERE account = $1 AND at >= $2", account, db.Millis(since))
}

func (s store) addHeard(ctx context.Context, at time.Time, account string, i issue) error {
	_, err := db.Exec(ctx, s.c, "INSERT INTO delivery_heard (account, ref, version, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", account, i.ref, i.version, db.Millis(at))
	return err
}
