package quiz

import (
	"context"
	"errors"
	"slices"
	"strings"

	"banlang/internal/audit"
	"banlang/internal/delivery"
	"banlang/internal/delivery/gsm"
	"banlang/internal/duty"
	"banlang/internal/fault"
)

// thing is a campaign as rights see it: something that is published and sent.
func thing(c delivery.Campaign) duty.Thing {
	return duty.Thing{Area: string(c.Place), State: "published"}
}

// mayAsk says whether there is a bulletin to ask about: one that was sent as news and still holds.
func mayAsk(c delivery.Campaign) error {
	if c.Kind != delivery.News || c.State == delivery.Stopped || c.State == delivery.Renewed {
		return fault.New(fault.Conflict, "quiz.campaign.over")
	}
	return nil
}

// A Wish is what an editor types.
type Wish struct {
	Words  Words // in Vietnamese
	Answer int64
	Share  int64
}

// Write keeps the draft of the question of a campaign. The actor must be allowed delivery.send where the campaign goes. What others
// have said in their languages goes where the Vietnamese is changed: it told something else.
func (d *Desk) Write(ctx context.Context, actor duty.Actor, key, campaign string, w Wish) error {
	return d.once(ctx, key, func(s store) error {
		c, err := s.campaign(ctx, campaign)
		if err != nil {
			return err
		}
		if err := d.Policy.Permit(actor, duty.DeliverySend, thing(c)); err != nil {
			return err
		}
		if err := mayAsk(c); err != nil {
			return err
		}
		before, err := s.quiz(ctx, campaign)
		there := err == nil
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if there && before.State != Draft {
			return fault.New(fault.Conflict, "quiz.begun")
		}
		w.Words = tidy(w.Words, source, actor.ID)
		if err := d.checkWish(ctx, c, w); err != nil {
			return err
		}
		q := Quiz{Campaign: campaign, Answer: w.Answer, Share: w.Share, MadeBy: actor.ID}
		if err := s.saveDraft(ctx, d.Now(), q); err != nil {
			return err
		}
		if there && (before.Words[0].Question != w.Words.Question || before.Words[0].Options != w.Words.Options) {
			if err := s.dropTranslations(ctx, campaign); err != nil {
				return err
			}
		}
		if err := s.saveWords(ctx, d.Now(), campaign, w.Words); err != nil {
			return err
		}
		return s.record(ctx, d.Now(), actor, duty.DeliverySend, c, audit.Entry{After: string(Draft)})
	})
}

func tidy(w Words, lang, by string) Words {
	w.Lang, w.By, w.Question = lang, by, strings.Join(strings.Fields(w.Question), " ")
	for i, o := range w.Options {
		w.Options[i] = strings.Join(strings.Fields(o), " ")
	}
	return w
}

func (d *Desk) checkWish(ctx context.Context, c delivery.Campaign, w Wish) error {
	var wrong []error
	if w.Answer < 1 || w.Answer > 3 {
		wrong = append(wrong, fault.Field("answer", "quiz.answer.required"))
	}
	if w.Share < leastShare || w.Share > mostShare {
		wrong = append(wrong, fault.Field("share", "quiz.share.between", "Least", leastShare, "Most", mostShare))
	}
	return errors.Join(append(wrong, d.checkWords(ctx, c, w.Words))...)
}

// checkWords says what is wrong with words, and whether they are too long for a short message.
func (d *Desk) checkWords(ctx context.Context, c delivery.Campaign, w Words) error {
	if err := w.check(); err != nil {
		return err
	}
	if text := d.sample(ctx, c, w); text.Parts > mostParts {
		return fault.Field("question", "quiz.long", "N", text.Parts, "Most", mostParts)
	}
	return nil
}

// Translate keeps the words of a draft in another language. The actor must be allowed bulletin.translate in that language where the
// campaign goes, and gives the words: none are made up.
func (d *Desk) Translate(ctx context.Context, actor duty.Actor, key, campaign string, w Words) error {
	return d.once(ctx, key, func(s store) error {
		c, err := s.campaign(ctx, campaign)
		if err != nil {
			return err
		}
		if err := d.Policy.Permit(actor, duty.BulletinTranslate, duty.Thing{Area: string(c.Place), State: string(Draft), Lang: w.Lang}); err != nil {
			return err
		}
		if _, err := d.Languages.Language(w.Lang); err != nil || w.Lang == source {
			return fault.New(fault.Invalid, "quiz.lang.unknown")
		}
		q, err := s.quiz(ctx, campaign)
		if err != nil {
			return err
		}
		if q.State != Draft {
			return fault.New(fault.Conflict, "quiz.begun")
		}
		w = tidy(w, w.Lang, actor.ID)
		if err := d.checkWords(ctx, c, w); err != nil {
			return err
		}
		if err := s.saveWords(ctx, d.Now(), campaign, w); err != nil {
			return err
		}
		return s.record(ctx, d.Now(), actor, duty.BulletinTranslate, c, audit.Entry{After: string(Draft), Note: w.Lang})
	})
}

// Begin decides that a draft is asked: its sample is drawn once the campaign is done. Nobody changes the words any more.
func (d *Desk) Begin(ctx context.Context, actor duty.Actor, key, campaign string) error {
	return d.once(ctx, key, func(s store) error {
		c, err := s.campaign(ctx, campaign)
		if err != nil {
			return err
		}
		if err := d.Policy.Permit(actor, duty.DeliverySend, thing(c)); err != nil {
			return err
		}
		if err := mayAsk(c); err != nil {
			return err
		}
		q, err := s.quiz(ctx, campaign)
		if err != nil {
			return err
		}
		if q.State != Draft {
			return fault.New(fault.Conflict, "quiz.begun")
		}
		q.State, q.Begun = Asking, d.Now()
		if err := s.save(ctx, q, actor.ID); err != nil {
			return err
		}
		if err := s.putJob(ctx, jobAsk, campaign, d.Now()); err != nil {
			return err
		}
		return s.record(ctx, d.Now(), actor, duty.DeliverySend, c, audit.Entry{Before: string(Draft), After: string(Asking)})
	})
}

// Drop takes a draft away, with what was told of it in other languages.
func (d *Desk) Drop(ctx context.Context, actor duty.Actor, key, campaign string) error {
	return d.once(ctx, key, func(s store) error {
		c, err := s.campaign(ctx, campaign)
		if err != nil {
			return err
		}
		if err := d.Policy.Permit(actor, duty.DeliverySend, thing(c)); err != nil {
			return err
		}
		q, err := s.quiz(ctx, campaign)
		if err != nil {
			return err
		}
		if q.State != Draft {
			return fault.New(fault.Conflict, "quiz.begun")
		}
		if err := s.dropDraft(ctx, campaign); err != nil {
			return err
		}
		return s.record(ctx, d.Now(), actor, duty.DeliverySend, c, audit.Entry{Before: string(Draft), After: string(Dropped)})
	})
}

// Of is the quiz of a campaign with what came of it, for those who may read the counts of the campaign.
func (d *Desk) Of(ctx context.Context, actor duty.Actor, campaign string) (delivery.Campaign, Quiz, Result, error) {
	c, err := d.Ledger.Campaign(ctx, actor, campaign)
	if err != nil {
		return c, Quiz{}, Result{}, err
	}
	q, err := d.read().quiz(ctx, campaign)
	if fault.Is(err, fault.NotFound) {
		return c, Quiz{}, Result{}, nil
	}
	if err != nil {
		return c, q, Result{}, err
	}
	n, err := d.read().count(ctx, campaign)
	return c, q, n.add(q.thinned).result(), err
}

func (c Count) add(o Count) Count {
	return Count{c.Asked + o.Asked, c.Answered + o.Answered, c.Correct + o.Correct}
}

// A Wanted quiz is a draft that a speaker can tell in a language of theirs.
type Wanted struct {
	Quiz
	Title string
	Lang  string
	Words Words // what is told in that language so far
}

// Wanted lists the drafts of the areas where the actor translates, once for each of the languages in which they do.
func (d *Desk) Wanted(ctx context.Context, actor duty.Actor) ([]Wanted, error) {
	ids, err := d.read().drafts(ctx, d.Policy.Areas(actor, duty.BulletinTranslate))
	if err != nil {
		return nil, err
	}
	var all []Wanted
	for _, id := range ids {
		c, err := d.read().campaign(ctx, id)
		if err != nil {
			return nil, err
		}
		q, err := d.read().quiz(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, lang := range d.tongues(actor, c) {
			w := Wanted{Quiz: q, Title: d.title(ctx, c), Lang: lang}
			if n := slices.IndexFunc(q.Words, func(w Words) bool { return w.Lang == lang }); n >= 0 {
				w.Words = q.Words[n]
			}
			all = append(all, w)
		}
	}
	return all, nil
}

// tongues are the languages, Vietnamese aside, in which an actor may tell what is written for the place of a campaign.
func (d *Desk) tongues(actor duty.Actor, c delivery.Campaign) []string {
	var all []string
	for _, g := range actor.Grants {
		for _, lang := range g.Langs {
			if lang != source && !slices.Contains(all, lang) && d.Policy.Permit(actor, duty.BulletinTranslate, duty.Thing{Area: string(c.Place), State: string(Draft), Lang: lang}) == nil {
				all = append(all, lang)
			}
		}
	}
	return all
}

// A Text is a quiz as it goes out in one language.
type Text struct {
	All   string
	Parts int  // of an SMS
	Latin bool // of 160 letters a part
}

func (d *Desk) say(key string, args ...any) string { return d.Text.Text(source, key, args...) }

func (d *Desk) language(tag string) string {
	l, err := d.Languages.Language(tag)
	if err != nil {
		return tag
	}
	return l.Name
}

// title is that of the bulletin of a campaign, with the marks that must be seen first.
func (d *Desk) title(ctx context.Context, c delivery.Campaign) string {
	item, err := d.Source.Item(ctx, c.Ref, c.Version)
	if err != nil {
		return string(c.Ref)
	}
	e, _ := item.In(source)
	title := e.Title
	if c.Drill {
		title = d.say("delivery.text.drill", "Title", title)
	}
	if c.Demo {
		title = d.say("delivery.text.demo", "Title", title)
	}
	return title
}

// longestTitle is as much of a title as a question repeats: enough to know which bulletin it is about.
const longestTitle = 60

func short(title string) string {
	letters := []rune(title)
	if len(letters) <= longestTitle {
		return title
	}
	cut := string(letters[:longestTitle])
	if i := strings.LastIndexByte(cut, ' '); i > 0 {
		cut = cut[:i]
	}
	return cut + "…"
}

// compose is a question as a short message. missing is the language that its reader wanted most and nobody has told it in.
func (d *Desk) compose(c delivery.Campaign, title string, w Words, missing, message string, order [3]int64) Text {
	o := w.shown(order)
	text := d.say("quiz.sms", "Title", short(title), "Question", w.Question, "A", o[0], "B", o[1], "C", o[2])
	if missing != "" {
		text = d.say("quiz.sms.missing", "Lang", d.language(missing)) + " " + text
	}
	if link := d.link(message); link != "" {
		text += " " + link
	}
	return made(c, text)
}

func made(c delivery.Campaign, text string) Text {
	if c.Toneless {
		text = gsm.Toneless(text)
	}
	parts, latin := gsm.Count(text)
	return Text{text, parts, latin}
}

// link is the address at which the question of a message is read and answered; empty while nobody has said what addresses begin with.
func (d *Desk) link(message string) string {
	if d.Ledger.Origin == "" {
		return ""
	}
	return d.Ledger.Origin + "/n/" + d.Ledger.Token(message) + "/hoi"
}

// nobody stands for a message's name where there is none: as long as one.
const nobody = "00000000000000000000"

// sample is a question as somebody will get it, in the order in which it was written.
func (d *Desk) sample(ctx context.Context, c delivery.Campaign, w Words) Text {
	return d.compose(c, d.title(ctx, c), w, "", nobody, orders[0])
}
