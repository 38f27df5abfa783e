package bulletin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"unicode/utf8"

	"banlang/internal/audit"
	"banlang/internal/blob"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/job"
)

// A Telling is the text of an edition in another language than the source.
type Telling struct {
	Lang, Title, Body string
	Revision          int64 // of the edition that the translator saw
}

// Translate tells a bulletin in another language, in writing. The language must be recorded for the actor.
func (d *Desk) Translate(ctx context.Context, actor duty.Actor, key string, id ID, t Telling) error {
	t.Title, t.Body = tidyLine(t.Title), tidy(t.Body)
	return d.tell(ctx, actor, key, duty.BulletinTranslate, id, t.Lang, t.Revision, func(_ store, b Bulletin, e *Edition) error {
		var wrong []error
		if t.Lang == Source {
			wrong = append(wrong, fault.Field("body", "bulletin.translate.source"))
		}
		if t.Body == "" {
			wrong = append(wrong, fault.Field("body", "bulletin.body.required"))
		}
		if utf8.RuneCountInString(t.Title) > LongestTitle {
			wrong = append(wrong, fault.Field("title", "bulletin.title.long", "N", LongestTitle))
		}
		if utf8.RuneCountInString(t.Body) > LongestBody {
			wrong = append(wrong, fault.Field("body", "bulletin.body.long", "N", LongestBody))
		}
		e.Title, e.Body = marked(t.Title, b.Drill), t.Body
		return errors.Join(wrong...)
	})
}

// A Recording is a sound file as it was sent.
type Recording struct {
	Lang     string
	Voice    string // the name to be shown with it; empty unless the speaker agreed
	Revision int64  // of the edition that the speaker saw
	Sound    io.ReadSeeker
}

// LargestSound is the most bytes that a recording may have: an hour of MP3, five minutes of WAV.
const LargestSound = 50_000_000

const longestVoice = 80

// Record takes the sound of an edition. It is made ready for weak networks outside of the request; until then the edition
// waits. The language must be recorded for the actor.
func (d *Desk) Record(ctx context.Context, actor duty.Actor, key string, id ID, r Recording) error {
	// Whoever may not record does not fill the store either; the answer that counts is asked for again in the transaction.
	b, err := d.read().byID(ctx, id)
	if err != nil {
		return err
	}
	if err := d.policy.Permit(actor, duty.BulletinRecord, b.thing(Draft, r.Lang, nil)); err != nil {
		return err
	}
	if err := recognise(r.Sound); err != nil {
		return err
	}
	ref, err := d.keepUpload(ctx, r.Sound)
	if err != nil {
		return err
	}
	return d.tell(ctx, actor, key, duty.BulletinRecord, id, r.Lang, r.Revision, func(s store, _ Bulletin, e *Edition) error {
		if utf8.RuneCountInString(r.Voice) > longestVoice {
			return fault.Field("voice", "bulletin.voice.long", "N", longestVoice)
		}
		if e.Lang == Source && e.State == Draft {
			return fault.New(fault.Conflict, "bulletin.record.not_yet")
		}
		e.Upload, e.Trouble = ref, ""
		e.Sound = Sound{Voice: tidyLine(r.Voice)}
		return putSoundJob(ctx, s, id, r.Lang, ref)
	})
}

func putSoundJob(ctx context.Context, s store, id ID, lang string, ref blob.Ref) error {
	payload, err := json.Marshal(soundJob{id, lang, ref})
	if err != nil {
		return err
	}
	return job.Put(ctx, s.tx, job.Job{Kind: jobSound, Key: string(id) + "/" + lang + "/" + string(ref), Payload: payload})
}

// tell is what Translate and Record have in common: whatever is told anew waits for its language review, also where it is
// published already.
func (d *Desk) tell(ctx context.Context, actor duty.Actor, key string, act duty.Act, id ID, lang string, revision int64, set func(store, Bulletin, *Edition) error) error {
	if _, err := d.languages.Language(lang); err != nil {
		return err
	}
	return d.once(ctx, key, func(s store) error {
		b, err := s.byID(ctx, id)
		if err != nil {
			return err
		}
		if err := d.policy.Permit(actor, act, b.thing(Draft, lang, nil)); err != nil {
			return err
		}
		e, _ := b.Edition(lang)
		if e.Revision != revision {
			return fault.New(fault.Conflict, "bulletin.conflict")
		}
		if err := set(s, b, &e); err != nil {
			return err
		}
		before := e.State
		b.Revision++
		b.Changed = d.now()
		e.State, e.Revision, e.Remark, e.Changed = Translated, b.Revision, "", b.Changed
		b.put(e)
		if err := d.saveAll(ctx, s, b); err != nil {
			return err
		}
		return d.record(ctx, s, actor, b, act, audit.Entry{Before: string(before), After: string(Translated)}, lang)
	})
}

// A Verdict is what a language reviewer says of an edition.
type Verdict struct {
	Lang     string
	Good     bool
	Remark   string // why it goes back
	Revision int64  // of the edition that the reviewer read and heard
}

// ReviewLanguage accepts an edition or returns it with a remark. The reviewer speaks the language, and has neither written,
// translated nor recorded it.
func (d *Desk) ReviewLanguage(ctx context.Context, actor duty.Actor, key string, id ID, v Verdict) error {
	v.Remark = tidy(v.Remark)
	return d.once(ctx, key, func(s store) error {
		b, err := s.byID(ctx, id)
		if err != nil {
			return err
		}
		steps, err := s.steps(ctx, id)
		if err != nil {
			return err
		}
		e, _ := b.Edition(v.Lang)
		hands := slices.Concat(persons(steps, "", duty.BulletinWrite), persons(steps, v.Lang, duty.BulletinTranslate, duty.BulletinRecord))
		if err := d.policy.Permit(actor, duty.BulletinReviewLanguage, b.thing(e.State, v.Lang, hands)); err != nil {
			return err
		}
		switch {
		case e.Revision != v.Revision:
			return fault.New(fault.Conflict, "bulletin.changed")
		case !v.Good && v.Remark == "":
			return fault.Field("remark", "bulletin.remark.required")
		case v.Good && e.Upload != "":
			return fault.New(fault.Conflict, "bulletin.sound.not_ready")
		}
		if v.Good {
			e.State, e.Remark = Reviewed, ""
		} else {
			e.back(v.Remark)
		}
		e.Changed, b.Changed = d.now(), d.now()
		b.put(e)
		if err := d.saveAll(ctx, s, b); err != nil {
			return err
		}
		return d.record(ctx, s, actor, b, duty.BulletinReviewLanguage,
			audit.Entry{Before: string(Translated), After: string(e.State), Reason: v.Remark}, v.Lang)
	})
}

// persons lists who did one of the acts; lang "" stands for every edition.
func persons(steps []Step, lang string, acts ...duty.Act) []string {
	var all []string
	for _, s := range steps {
		if (lang == "" || s.Lang == lang) && slices.Contains(acts, duty.Act(s.Act)) && !slices.Contains(all, s.Person) {
			all = append(all, s.Person)
		}
	}
	return all
}
