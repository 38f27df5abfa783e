package quiz

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"banlang/internal/delivery"
	"banlang/internal/fault"
	"banlang/internal/job"
	"banlang/internal/subscriber"
)

// batch is how many recipients are looked at in one transaction.
const batch = 500

// errNotYet says that a job comes too early.
var errNotYet = errors.New("the campaign is not done yet")

// ask draws the sample of a quiz and asks it, some recipients in each transaction. Whether somebody is drawn follows from a keyed hash,
// so that what was done before the process was killed comes out the same and is not done again.
func (d *Desk) ask(ctx context.Context, payload []byte) error {
	var campaign string
	if err := json.Unmarshal(payload, &campaign); err != nil {
		return err
	}
	for more := true; more; {
		err := d.change(ctx, func(s store) (err error) {
			more, err = d.askSome(ctx, s, campaign)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) askSome(ctx context.Context, s store, campaign string) (more bool, err error) {
	q, err := s.quiz(ctx, campaign)
	if err != nil || q.State != Asking {
		return false, err
	}
	c, err := s.campaign(ctx, campaign)
	if err != nil {
		return false, err
	}
	if mayAsk(c) != nil {
		q.State = Dropped
		return false, s.save(ctx, q, "")
	}
	if c.State != delivery.Done {
		return false, job.Wait(10*time.Minute, errNotYet)
	}
	all, err := s.recipients(ctx, campaign, q.reached, batch)
	if err != nil {
		return false, err
	}
	if err := d.askDrawn(ctx, s, c, q, all); err != nil {
		return false, err
	}
	if len(all) > 0 {
		q.reached = all[len(all)-1].Message
	}
	if more = len(all) == batch; !more {
		q.State, q.Closes = Open, d.Now().Add(openFor)
		if err := s.putJob(ctx, jobThin, campaign, d.Now().Add(d.thinAfter)); err != nil {
			return false, err
		}
	}
	return more, s.save(ctx, q, "")
}

// askDrawn asks those of some recipients who are drawn, can be reached at this moment and have no other question open.
func (d *Desk) askDrawn(ctx context.Context, s store, c delivery.Campaign, q Quiz, all []delivery.Recipient) error {
	var sample []delivery.Recipient
	var ids []subscriber.ID
	for _, r := range all {
		if r.Endpoint != "" && drawn(d.Keeper.Mac("quiz", q.Campaign, r.Message), q.Share) {
			sample, ids = append(sample, r), append(ids, r.Subscriber)
		}
	}
	persons, err := s.persons(ctx, ids)
	if err != nil {
		return err
	}
	title := d.title(ctx, c)
	for _, r := range sample {
		p, ok := persons[r.Subscriber]
		if !ok {
			continue
		}
		if busy, err := s.busy(ctx, r.Endpoint, d.Now().Add(-openFor)); err != nil || busy {
			if err != nil {
				return err
			}
			continue
		}
		w, missing := q.In(d.wanted(p.Read))
		if fresh, err := s.addAsked(ctx, asked{Campaign: q.Campaign, Message: r.Message, Endpoint: r.Endpoint, Lang: w.Lang, At: d.Now()}); err != nil || !fresh {
			if err != nil {
				return err
			}
			continue
		}
		text := d.compose(c, title, w, missing, r.Message, d.order(q.Campaign, r.Message))
		err := d.Ledger.Ask(ctx, s.tx, delivery.Question{ID: r.Message + "q", Campaign: q.Campaign, Endpoint: r.Endpoint, Channel: r.Channel, Commune: r.Commune,
			Lang: w.Lang, Title: d.say("quiz.mail.title", "Title", title), Text: text.All, Expires: d.Now().Add(worthFor), Demo: p.Demo})
		if err != nil {
			return err
		}
	}
	return nil
}

// wanted are the languages in which somebody is asked, the dearest first: those that they read, and what may help where the quiz is
// told in none of them.
func (d *Desk) wanted(read []string) []string {
	all := append([]string(nil), read...)
	for _, lang := range read {
		all = append(all, d.Languages.ReadFallback(lang)...)
	}
	return all
}

// order is how the options stand for the recipient of a message.
func (d *Desk) order(campaign, message string) [3]int64 {
	return order(d.Keeper.Mac("quiz order", campaign, message))
}

// answer keeps the first answer of somebody who was asked, given as a place among the options as they stand for them, and tells what
// they are told.
func (d *Desk) answer(ctx context.Context, s store, a asked, place int64) (reply string, err error) {
	q, err := s.quiz(ctx, a.Campaign)
	if err != nil {
		return "", err
	}
	c, err := s.campaign(ctx, a.Campaign)
	if err != nil {
		return "", err
	}
	correct := d.order(a.Campaign, a.Message)[place-1] == q.Answer
	first, err := s.setAnswer(ctx, d.Now(), a, correct)
	if err != nil {
		return "", err
	}
	w, _ := q.In([]string{a.Lang})
	key := "quiz.reply.wrong"
	switch {
	case c.State == delivery.Stopped: // what was right does not hold any more
		return d.say("quiz.reply.recalled"), nil
	case !first:
		key = "quiz.reply.again"
	case correct:
		key = "quiz.reply.right"
	}
	text := d.say(key, "Right", w.Options[q.Answer-1])
	if d.Ledger.Origin != "" {
		text += " " + d.Ledger.Origin + "/n/" + d.Ledger.Token(a.Message)
	}
	return made(c, text).All, nil
}

// A View is what somebody who was asked sees of the question.
type View struct {
	delivery.View
	Words   Words
	Missing string    // language that they read and nobody has told it in
	Shown   [3]string // the options as they stand for them
	Right   string
	Done    bool // they have answered
	Correct bool
	Over    bool // no answer counts any more
}

// ByToken is the question that the reader of a message was asked. It is NotFound for who was not asked.
func (d *Desk) ByToken(ctx context.Context, token string) (View, error) {
	v, err := d.Ledger.ByToken(ctx, token)
	if err != nil {
		return View{}, err
	}
	a, err := d.read().askedBy(ctx, v.Campaign.ID, v.Message.ID)
	if err != nil {
		return View{}, err
	}
	q, err := d.read().quiz(ctx, v.Campaign.ID)
	if err != nil {
		return View{}, err
	}
	view := View{View: v, Done: !a.Answered.IsZero(), Correct: a.Correct, Over: d.over(v.Campaign, a)}
	persons, err := d.read().persons(ctx, []subscriber.ID{v.Message.Subscriber})
	if err != nil {
		return View{}, err
	}
	if view.Words, view.Missing = q.In(d.wanted(persons[v.Message.Subscriber].Read)); view.Words.Lang != a.Lang {
		view.Words, view.Missing = q.In([]string{a.Lang})
	}
	view.Shown, view.Right = view.Words.shown(d.order(a.Campaign, a.Message)), view.Words.Options[q.Answer-1]
	return view, nil
}

// over says that an answer does not count any more: it comes too late, or the bulletin does not hold.
func (d *Desk) over(c delivery.Campaign, a asked) bool {
	return c.State == delivery.Stopped || !d.Now().Before(a.At.Add(openFor))
}

// AnswerPage takes an answer by the page: the place that was chosen, 1 to 3.
func (d *Desk) AnswerPage(ctx context.Context, token string, place int64) error {
	v, err := d.Ledger.ByToken(ctx, token)
	if err != nil {
		return err
	}
	if place < 1 || place > 3 {
		return fault.Field("choice", "quiz.choice.required")
	}
	return d.change(ctx, func(s store) error {
		a, err := s.askedBy(ctx, v.Campaign.ID, v.Message.ID)
		if err != nil {
			return err
		}
		if d.over(v.Campaign, a) {
			return fault.New(fault.Conflict, "quiz.over")
		}
		_, err = d.answer(ctx, s, a, place)
		return err
	})
}

// thin turns single answers into counts and takes away who was asked.
func (d *Desk) thin(ctx context.Context, payload []byte) error {
	var campaign string
	if err := json.Unmarshal(payload, &campaign); err != nil {
		return err
	}
	return d.change(ctx, func(s store) error {
		q, err := s.quiz(ctx, campaign)
		if err != nil {
			return err
		}
		n, err := s.count(ctx, campaign)
		if err != nil {
			return err
		}
		q.thinned = q.thinned.add(n)
		if err := s.save(ctx, q, ""); err != nil {
			return err
		}
		return s.forget(ctx, campaign)
	})
}
