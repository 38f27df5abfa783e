package delivery

import (
	"context"
	"time"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/subscriber"
)

// A Letter is what somebody wrote to us that a person must answer (tin đến). No number is shown with it.
type Letter struct {
	ID      string
	Place   place.ID
	Channel subscriber.Channel
	Text    string
	At      time.Time
	Done    time.Time // zero while it waits
}

const longestLetter = 2000 // letters of what comes in; the rest is cut

// Heard takes what somebody wrote, in one transaction: words that are understood are done and answered at once, what answers the last
// message or a question of ours is joined to it, everything else waits for the officer of the commune. The same again is ignored.
func (d *Desk) Heard(ctx context.Context, in Inbound) error {
	if r := []rune(in.Text); len(r) > longestLetter {
		in.Text = string(r[:longestLetter])
	}
	w := subscriber.Word{Channel: in.Channel, From: in.From, Text: in.Text, ID: in.Provider + "/" + in.ID, At: in.At}
	_, err := d.people.Word(ctx, w, d.taker(func(s store, r subscriber.Reading) (reply string, answered bool, err error) {
		if r.Kind == subscriber.SaysUnderstood {
			return "", true, d.understood(ctx, s, r.Endpoint)
		}
		if reply, answered, err = d.answer(ctx, s, in, r); err != nil || answered || r.Kind != subscriber.Asks {
			return reply, answered, err
		}
		l := Letter{ID: newID(), Place: r.Place, Channel: in.Channel, At: d.now()}
		return "", false, s.addLetter(ctx, l, r.To, d.keeper.Wrap("letter/"+l.ID, in.Text), r.Demo)
	}))
	return err
}

// understood joins "I have understood" to the last message of the week that went to an endpoint.
func (d *Desk) understood(ctx context.Context, s store, endpoint string) error {
	if endpoint == "" {
		return nil
	}
	last, err := s.lastMessage(ctx, endpoint, d.now().AddDate(0, 0, -7))
	if err != nil || last == "" {
		return err
	}
	return s.act(ctx, d.now(), last, Understood)
}

// Said is a free text of a subscriber: perhaps the answer to what we asked.
type Said struct {
	Subscriber subscriber.ID
	Endpoint   string
	Channel    subscriber.Channel
	Place      place.ID // commune
	Text       string   // as it came, 2,000 letters at most
	At         time.Time
	Demo       bool
}

// answer offers a subscriber's text to whoever asked something.
func (d *Desk) answer(ctx context.Context, s store, in Inbound, r subscriber.Reading) (reply string, took bool, err error) {
	if d.Answers == nil || r.Endpoint == "" {
		return "", false, nil
	}
	return d.Answers.Answer(ctx, s.tx, Said{Subscriber: r.Subscriber, Endpoint: r.Endpoint, Channel: in.Channel, Place: r.Place, Text: in.Text, At: in.At, Demo: r.Demo})
}

// Inbox lists what waits for an answer in the areas where the actor records agreements for people: the officer of the commune.
func (d *Desk) Inbox(ctx context.Context, actor duty.Actor, page, size int) ([]Letter, int, error) {
	all, total, err := d.read().letters(ctx, d.policy.Areas(actor, duty.AskAnswer), page, size)
	for i := range all {
		if all[i].Text, err = d.keeper.Unwrap("letter/"+all[i].ID, all[i].Text); err != nil {
			return nil, 0, err
		}
	}
	return all, total, err
}

// Reply answers a letter by the channel through which it came.
func (d *Desk) Reply(ctx context.Context, actor duty.Actor, key, id, reply string) error {
	if n := len([]rune(reply)); n < 2 || n > 400 {
		return fault.Field("reply", "delivery.reply.length")
	}
	return d.once(ctx, key, func(s store) error {
		l, to, demo, err := s.letter(ctx, id)
		if err != nil {
			return err
		}
		if err := d.policy.Permit(actor, duty.AskAnswer, duty.Thing{Area: string(l.Place)}); err != nil {
			return err
		}
		if !l.Done.IsZero() {
			return fault.New(fault.Conflict, "delivery.reply.done")
		}
		if err := d.Notify(ctx, s.tx, subscriber.Notice{To: to, Channel: l.Channel, Place: l.Place, Title: d.say("delivery.reply.title"), Text: reply, Demo: demo}); err != nil {
			return err
		}
		if err := s.endLetter(ctx, d.now(), id, actor.ID); err != nil {
			return err
		}
		return audit.Write(ctx, s.tx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.AskAnswer), Thing: "letter/" + id, Place: string(l.Place), After: "sent"})
	})
}
