package delivery

import (
	"context"
	"slices"
	"time"

	"banlang/internal/db"
	"banlang/internal/delivery/gsm"
	"banlang/internal/place"
	"banlang/internal/subscriber"
)

// A Question is a short text that belongs to a campaign and asks one of those whom it reached something.
type Question struct {
	ID       string // made: the same again is asked once
	Campaign string
	Endpoint string
	Channel  subscriber.Channel
	Commune  place.ID
	Lang     string
	Title    string // of an e-mail
	Text     string
	Expires  time.Time
	Demo     bool
}

// Ask queues a question in the transaction of who asks it: in the routine lane, so at no hour of rest; to the address that the endpoint
// has then, so to nobody who has stopped; and it is held and ended with its campaign.
func (d *Desk) Ask(ctx context.Context, tx *db.Tx, q Question) error {
	a := Attempt{ID: q.ID, Campaign: q.Campaign, Endpoint: q.Endpoint, Channel: q.Channel, Lane: Routine, Commune: q.Commune, Lang: q.Lang, N: 1, Parts: 1,
		Expires: q.Expires, Demo: q.Demo, title: q.Title, Note: d.keeper.Wrap(noticeOf(q.Endpoint), q.Text)}
	if q.Channel == subscriber.SMS {
		parts, _ := gsm.Count(q.Text)
		a.Parts = int64(parts)
	}
	_, err := store{tx, tx}.addAttempts(ctx, d.now(), []Attempt{a})
	return err
}

// CampaignByID is a campaign as it stands, for rooms that work on one in a transaction of their own.
func CampaignByID(ctx context.Context, c db.Conn, id string) (Campaign, error) {
	return store{c: c}.campaign(ctx, id)
}

// A Recipient is somebody whom a campaign went to, as far as the network told, and the endpoint by which a question reaches them.
type Recipient struct {
	Message    string
	Subscriber subscriber.ID
	Commune    place.ID
	Endpoint   string
	Channel    subscriber.Channel
}

// asking are the channels by which a question can be read and answered, the surest first.
var asking = []subscriber.Channel{subscriber.SMS, subscriber.Zalo, subscriber.Telegram, subscriber.Email}

// Recipients lists those whom a campaign went to, in the order of their messages, after the one named, n messages at most. Who has no
// endpoint by which a question can be answered is in the list without one: it says how far it has come.
func Recipients(ctx context.Context, c db.Conn, campaign, after string, n int) ([]Recipient, error) {
	var all []Recipient
	err := db.Each(ctx, c, func(r *Recipient) []any {
		return []any{&r.Message, &r.Subscriber, &r.Commune, &r.Endpoint, &r.Channel}
	}, func(r Recipient) error {
		if !slices.Contains(asking, r.Channel) {
			r.Endpoint, r.Channel = "", ""
		}
		if len(all) == 0 || all[len(all)-1].Message != r.Message {
			all = append(all, r)
		} else if last := &all[len(all)-1]; r.Endpoint != "" && (last.Endpoint == "" || slices.Index(asking, r.Channel) < slices.Index(asking, last.Channel)) {
			*last = r
		}
		return nil
	}, `SELECT m.id, m.subscriber, m.commune, a.endpoint, a.channel
		FROM (SELECT id, subscriber, commune FROM delivery_message WHERE campaign = $1 AND id > $2 AND state IN ('accepted', 'delivered', 'opened', 'understood') ORDER BY id LIMIT $3) m
		JOIN delivery_attempt a ON a.message = m.id AND a.message <> '' AND a.state IN ('accepted', 'delivered') ORDER BY m.id, a.endpoint`, campaign, after, n)
	return all, err
}

// InAreas asks that a place lies in one of the areas; "" is everywhere. It is false where there is none.
func InAreas(w *db.Where, column string, areas []string) bool { return inAreas(w, column, areas) }
