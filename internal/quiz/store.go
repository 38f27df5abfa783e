package quiz

import (
	"context"
	"encoding/json"
	"time"

	"banlang/internal/audit"
	"banlang/internal/db"
	"banlang/internal/delivery"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/job"
	"banlang/internal/privacy"
	"banlang/internal/subscriber"
)

// A Desk keeps the quizzes.
type Desk struct {
	Options
	thinAfter time.Duration
}

// Options are what a desk works with.
type Options struct {
	DB        *db.DB
	Keeper    *privacy.Keeper
	Policy    *duty.Policy
	Languages *ethnic.Desk
	Ledger    *delivery.Desk
	Source    delivery.Source
	Text      *i18n.Bundle
	Now       func() time.Time
}

const (
	jobAsk  = "quiz.ask"
	jobThin = "quiz.thin"
)

// New makes a desk and names the handlers of its jobs.
func New(o Options, q *job.Queue) *Desk {
	d := &Desk{Options: o, thinAfter: delivery.KeptFor}
	q.Handle(jobAsk, d.ask)
	q.Handle(jobThin, d.thin)
	return d
}

type store struct {
	c  db.Conn
	tx *db.Tx // nil outside a change
}

func (d *Desk) read() store { return store{c: d.DB} }

func (d *Desk) change(ctx context.Context, f func(store) error) error {
	return d.DB.Tx(ctx, func(tx *db.Tx) error { return f(store{tx, tx}) })
}

// once is change for a request with a key: the same request again does nothing.
func (d *Desk) once(ctx context.Context, key string, f func(store) error) error {
	return d.change(ctx, func(s store) error {
		if _, repeated, err := db.Once(ctx, s.tx, key, ""); err != nil || repeated {
			return err
		}
		return f(s)
	})
}

type row struct {
	Quiz
	begun, closes int64
}

const columns = "campaign, answer, share, state, made_by, begun, closes, reached, asked, answered, correct"

func (r *row) fields() []any {
	return []any{&r.Campaign, &r.Answer, &r.Share, &r.State, &r.MadeBy, &r.begun, &r.closes, &r.reached, &r.thinned.Asked, &r.thinned.Answered, &r.thinned.Correct}
}

// quiz is the quiz of a campaign with its words.
func (s store) quiz(ctx context.Context, campaign string) (Quiz, error) {
	r, err := db.One(ctx, s.c, (*row).fields, "SELECT "+columns+" FROM quiz WHERE campaign = $1", campaign)
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "quiz.none")
	}
	if err != nil {
		return Quiz{}, err
	}
	q := r.Quiz
	q.Begun, q.Closes = db.Time(r.begun), db.Time(r.closes)
	q.Words, err = s.words(ctx, campaign)
	return q, err
}

func (s store) words(ctx context.Context, campaign string) ([]Words, error) {
	return db.All(ctx, s.c, func(w *Words) []any {
		return []any{&w.Lang, &w.Question, &w.Options[0], &w.Options[1], &w.Options[2], &w.By}
	}, "SELECT lang, question, first, second, third, made_by FROM quiz_text WHERE campaign = $1 ORDER BY CASE WHEN lang = '"+source+"' THEN 0 ELSE 1 END, lang", campaign)
}

// saveDraft writes a draft, or what changed of one.
func (s store) saveDraft(ctx context.Context, at time.Time, q Quiz) error {
	_, err := db.Exec(ctx, s.c, `INSERT INTO quiz (campaign, answer, share, state, made, made_by) VALUES ($1, $2, $3, 'draft', $4, $5)
		ON CONFLICT (campaign) DO UPDATE SET answer = excluded.answer, share = excluded.share, made_by = excluded.made_by`, q.Campaign, q.Answer, q.Share, db.Millis(at), q.MadeBy)
	return err
}

func (s store) saveWords(ctx context.Context, at time.Time, campaign string, w Words) error {
	_, err := db.Exec(ctx, s.c, `INSERT INTO quiz_text (campaign, lang, question, first, second, third, made, made_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (campaign, lang) DO UPDATE SET question = excluded.question, first = excluded.first, second = excluded.second, third = excluded.third,
		made = excluded.made, made_by = excluded.made_by`, campaign, w.Lang, w.Question, w.Options[0], w.Options[1], w.Options[2], db.Millis(at), w.By)
	return err
}

// dropTranslations takes away what told an older question in other languages.
func (s store) dropTranslations(ctx context.Context, campaign string) error {
	_, err := db.Exec(ctx, s.c, "DELETE FROM quiz_text WHERE campaign = $1 AND lang <> $2", campaign, source)
	return err
}

// dropDraft takes a draft away with all its words.
func (s store) dropDraft(ctx context.Context, campaign string) error {
	if _, err := db.Exec(ctx, s.c, "DELETE FROM quiz_text WHERE campaign = $1", campaign); err != nil {
		return err
	}
	_, err := db.Exec(ctx, s.c, "DELETE FROM quiz WHERE campaign = $1 AND state = 'draft'", campaign)
	return err
}

// save writes what may change of a quiz that is no draft.
func (s store) save(ctx context.Context, q Quiz, by string) error {
	_, err := db.Exec(ctx, s.c, `UPDATE quiz SET state = $2, begun = $3, begun_by = CASE WHEN begun_by = '' THEN $4 ELSE begun_by END, closes = $5, reached = $6, asked = $7,
		answered = $8, correct = $9 WHERE campaign = $1`, q.Campaign, q.State, db.Millis(q.Begun), by, db.Millis(q.Closes), q.reached, q.thinned.Asked, q.thinned.Answered, q.thinned.Correct)
	return err
}

func (s store) putJob(ctx context.Context, kind, campaign string, at time.Time) error {
	payload, err := json.Marshal(campaign)
	if err != nil {
		return err
	}
	return job.Put(ctx, s.tx, job.Job{Kind: kind, Key: campaign, Payload: payload, At: at})
}

func (s store) record(ctx context.Context, at time.Time, actor duty.Actor, act duty.Act, c delivery.Campaign, e audit.Entry) error {
	e.Actor, e.Session, e.Act, e.Thing, e.Place = actor.ID, actor.Session, string(act), "quiz/"+c.ID, string(c.Place)
	return audit.Write(ctx, s.tx, at, e)
}

func (s store) campaign(ctx context.Context, id string) (delivery.Campaign, error) {
	return delivery.CampaignByID(ctx, s.c, id)
}

// recipients lists those whom a campaign went to with what is known of each, in the order of their messages.
func (s store) recipients(ctx context.Context, campaign, after string, n int) ([]delivery.Recipient, error) {
	return delivery.Recipients(ctx, s.c, campaign, after, n)
}

// persons are those of some subscribers who may be sent to at this moment, with the endpoints by which they may.
func (s store) persons(ctx context.Context, ids []subscriber.ID) (map[subscriber.ID]subscriber.Person, error) {
	all := map[subscriber.ID]subscriber.Person{}
	if len(ids) == 0 {
		return all, nil
	}
	found, err := subscriber.Named(ctx, s.c, ids)
	for _, p := range found {
		all[p.ID] = p
	}
	return all, err
}

// busy reports whether an endpoint was asked something since a moment: nobody has two questions at once, or no answer would be clear.
func (s store) busy(ctx context.Context, endpoint string, since time.Time) (bool, error) {
	n, err := db.Value[int64](ctx, s.c, "SELECT count(*) FROM quiz_asked WHERE endpoint = $1 AND at > $2", endpoint, db.Millis(since))
	return n > 0, err
}

// An asked person is known by the message that they were sent.
type asked struct {
	Campaign, Message, Endpoint, Lang string
	At, Answered                      time.Time // zero while not answered
	Correct                           bool
}

type askedRow struct {
	asked
	at, answered int64
}

const askedColumns = "campaign, message, endpoint, lang, at, answered, correct"

func (r *askedRow) fields() []any {
	return []any{&r.Campaign, &r.Message, &r.Endpoint, &r.Lang, &r.at, &r.answered, &r.Correct}
}

func (r askedRow) read() asked {
	a := r.asked
	a.At, a.Answered = db.Time(r.at), db.Time(r.answered)
	return a
}

// addAsked writes who was asked and tells whether that is new.
func (s store) addAsked(ctx context.Context, a asked) (bool, error) {
	n, err := db.Exec(ctx, s.c, "INSERT INTO quiz_asked (campaign, message, endpoint, lang, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
		a.Campaign, a.Message, a.Endpoint, a.Lang, db.Millis(a.At))
	return n > 0, err
}

// askedAt is what an endpoint was asked last since a moment; ok is false where it was nothing.
func (s store) askedAt(ctx context.Context, endpoint string, since time.Time) (a asked, ok bool, err error) {
	rows, err := db.All(ctx, s.c, (*askedRow).fields, "SELECT "+askedColumns+" FROM quiz_asked WHERE endpoint = $1 AND at > $2 ORDER BY at DESC, message LIMIT 1", endpoint, db.Millis(since))
	if err != nil || len(rows) == 0 {
		return asked{}, false, err
	}
	return rows[0].read(), true, nil
}

// askedBy is what the reader of a message was asked about its campaign.
func (s store) askedBy(ctx context.Context, campaign, message string) (asked, error) {
	r, err := db.One(ctx, s.c, (*askedRow).fields, "SELECT "+askedColumns+" FROM quiz_asked WHERE campaign = $1 AND message = $2", campaign, message)
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "quiz.not_asked")
	}
	return r.read(), err
}

// setAnswer keeps the first answer and tells whether this was it.
func (s store) setAnswer(ctx context.Context, at time.Time, a asked, correct bool) (bool, error) {
	n, err := db.Exec(ctx, s.c, "UPDATE quiz_asked SET answered = $3, correct = $4 WHERE campaign = $1 AND message = $2 AND answered = 0", a.Campaign, a.Message, db.Millis(at), correct)
	return n > 0, err
}

// count is what came of a quiz so far, without what is thinned.
func (s store) count(ctx context.Context, campaign string) (Count, error) {
	return db.One(ctx, s.c, func(c *Count) []any { return []any{&c.Asked, &c.Answered, &c.Correct} },
		`SELECT count(*), coalesce(sum(CASE WHEN answered > 0 THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN correct THEN 1 ELSE 0 END), 0) FROM quiz_asked WHERE campaign = $1`, campaign)
}

// forget takes away who was asked.
func (s store) forget(ctx context.Context, campaign string) error {
	_, err := db.Exec(ctx, s.c, "DELETE FROM quiz_asked WHERE campaign = $1", campaign)
	return err
}

// drafts lists the drafts of areas, the newest first.
func (s store) drafts(ctx context.Context, areas []string) ([]string, error) {
	var w db.Where
	w.Add("q.state = 'draft'")
	if !delivery.InAreas(&w, "c.place", areas) {
		return nil, nil
	}
	return db.Values[string](ctx, s.c, "SELECT q.campaign FROM quiz q JOIN delivery_campaign c ON c.id = q.campaign"+w.SQL()+" ORDER BY q.made DESC, q.campaign LIMIT 50", w.Args()...)
}
