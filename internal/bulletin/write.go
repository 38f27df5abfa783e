package bulletin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place"
)

// The longest title and text. A title is one sentence; a text is heard in about five minutes.
const (
	LongestTitle = 120
	LongestBody  = 8000
	longestBasis = 300
)

// A Text is what an editor writes.
type Text struct {
	Place    place.ID
	Topic    Topic
	Class    Class
	Title    string
	Body     string
	Basis    string
	Expires  time.Time // zero: stays; an emergency always ends
	Langs    []string  // languages asked for beside the source
	Drill    bool      // to rehearse with, as if it were real
	HandIn   bool      // it is finished: hand it in for approval
	Revision int64     // of the source that the editor saw; 0 for a new bulletin
}

func (t *Text) clean() {
	t.Title, t.Basis, t.Body = marked(tidyLine(t.Title), t.Drill), tidyLine(t.Basis), tidy(t.Body)
	t.Langs = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(t.Langs))), func(l string) bool { return l == Source })
}

// marked is a title with the mark of a drill, or without it.
func marked(title string, drill bool) string {
	title = strings.TrimPrefix(title, DrillMark)
	if drill && title != "" {
		title = DrillMark + title
	}
	return title
}

func (d *Desk) check(t Text) error {
	var wrong []error
	say := func(bad bool, field, key string, args ...any) {
		if bad {
			wrong = append(wrong, fault.Field(field, key, args...))
		}
	}
	say(t.Title == "", "title", "bulletin.title.required")
	say(utf8.RuneCountInString(t.Title) > LongestTitle, "title", "bulletin.title.long", "N", LongestTitle)
	say(t.Body == "", "body", "bulletin.body.required")
	say(utf8.RuneCountInString(t.Body) > LongestBody, "body", "bulletin.body.long", "N", LongestBody)
	say(utf8.RuneCountInString(t.Basis) > longestBasis, "basis", "bulletin.basis.long", "N", longestBasis)
	say(!t.Topic.Known(), "topic", "bulletin.topic.required")
	say(!slices.Contains(Classes(), t.Class), "class", "bulletin.class.required")
	_, err := d.places.ByID(t.Place)
	say(err != nil, "place", "bulletin.place.required")
	say(t.Class == Emergency && t.Expires.IsZero(), "expires", "bulletin.expires.required")
	say(expired(t.Expires, d.now()), "expires", "bulletin.expires.past")
	for _, l := range t.Langs {
		_, err := d.languages.Language(l)
		say(err != nil, "langs", "bulletin.lang.unknown")
	}
	return errors.Join(wrong...)
}

// thing is the bulletin as rights see it.
func (b Bulletin) thing(s State, lang string, hands []string) duty.Thing {
	if b.Over() {
		s = b.Life // nothing that is done to a living bulletin is done to it any more
	}
	return duty.Thing{Area: string(b.Place), State: string(s), Lang: lang, Hands: hands}
}

// record writes a step down, for the officers of the bulletin and for the record of the house.
func (d *Desk) record(ctx context.Context, s store, actor duty.Actor, b Bulletin, act duty.Act, e audit.Entry, lang string) error {
	now := d.now()
	note := e.Reason
	if note == "" {
		note = e.Note
	}
	if err := s.addStep(ctx, b.ID, Step{At: now, Person: actor.ID, Act: string(act), Lang: lang, Note: note}); err != nil {
		return err
	}
	e.Actor, e.Session, e.Act, e.Thing, e.Place = actor.ID, actor.Session, string(act), "bulletin/"+string(b.ID), string(b.Place)
	if lang != "" && e.Note == "" {
		e.Note = lang
	}
	return audit.Write(ctx, s.tx, now, e)
}

// Write begins a bulletin. The actor must be allowed bulletin.write in its area. What a demonstration account writes is a
// demonstration for ever. The key makes a repeated request harmless.
func (d *Desk) Write(ctx context.Context, actor duty.Actor, key string, t Text) (ID, error) {
	t.clean()
	if err := d.policy.Permit(actor, duty.BulletinWrite, duty.Thing{Area: string(t.Place), State: string(Draft)}); err != nil {
		return "", err
	}
	if err := d.check(t); err != nil {
		return "", err
	}
	return d.begin(ctx, actor, key, t, "")
}

func (d *Desk) begin(ctx context.Context, actor duty.Actor, key string, t Text, replaces ID) (id ID, err error) {
	now := d.now()
	b := Bulletin{ID: ID(newID()), Place: t.Place, Topic: t.Topic, Class: t.Class, Basis: t.Basis, Expires: t.Expires, Revision: 1,
		Demo: actor.Demo, Drill: t.Drill, Writer: actor.ID, Replaces: replaces, Made: now, Changed: now}
	b.Editions = []Edition{{Lang: Source, State: Draft, Revision: 1, Title: t.Title, Body: t.Body, Changed: now}}
	if t.HandIn {
		b.Editions[0].State = Reviewed
	}
	for _, l := range t.Langs {
		b.Editions = append(b.Editions, Edition{Lang: l, State: Draft, Changed: now})
	}
	b.Stage = stage(b.Editions)
	err = d.change(ctx, func(s store) error {
		prior, repeated, err := s.once(ctx, key, string(b.ID))
		if err != nil || repeated {
			b.ID = ID(prior)
			return err
		}
		if err := s.insert(ctx, b); err != nil {
			return err
		}
		for _, e := range b.Editions {
			if err := s.saveEdition(ctx, b.ID, e); err != nil {
				return err
			}
		}
		return d.record(ctx, s, actor, b, duty.BulletinWrite, audit.Entry{After: string(b.Stage)}, Source)
	})
	return b.ID, err
}

// Edit changes the source text and what stands beside it. It refuses with a conflict when somebody changed it since the editor
// looked: then both texts are there to choose from. A published bulletin stays as it is for the public until the change is
// approved; editions of the old text wait for their language review again.
func (d *Desk) Edit(ctx context.Context, actor duty.Actor, key string, id ID, t Text) error {
	t.clean()
	if err := d.check(t); err != nil {
		return err
	}
	return d.change(ctx, func(s store) error {
		b, err := s.byID(ctx, id)
		if err != nil {
			return err
		}
		for _, area := range []place.ID{b.Place, t.Place} {
			thing := b.thing(Draft, "", nil)
			thing.Area = string(area)
			if err := d.policy.Permit(actor, duty.BulletinWrite, thing); err != nil {
				return err
			}
		}
		if _, repeated, err := s.once(ctx, key, string(id)); err != nil || repeated {
			return err
		}
		source, _ := b.Edition(Source)
		if source.Revision != t.Revision {
			return fault.New(fault.Conflict, "bulletin.conflict")
		}
		if b.Issue > 0 && b.Drill != t.Drill {
			return fault.Field("drill", "bulletin.drill.fixed")
		}
		before := b.Stage
		if err := d.rewrite(ctx, s, &b, t); err != nil {
			return err
		}
		return d.record(ctx, s, actor, b, duty.BulletinWrite, audit.Entry{Before: string(before), After: string(stage(b.Editions))}, Source)
	})
}

func (d *Desk) rewrite(ctx context.Context, s store, b *Bulletin, t Text) error {
	b.Revision++
	b.Place, b.Topic, b.Class, b.Basis, b.Expires, b.Drill, b.Changed = t.Place, t.Topic, t.Class, t.Basis, t.Expires, t.Drill, d.now()
	told := b.Editions[0].Title != t.Title || b.Editions[0].Body != t.Body
	kept := b.Editions[:0:0]
	for _, e := range b.Editions {
		if e.Lang != Source && e.Empty() && !slices.Contains(t.Langs, e.Lang) {
			if err := s.dropEdition(ctx, b.ID, e.Lang); err != nil {
				return err
			}
			continue
		}
		switch {
		case e.Lang == Source:
			e.Title, e.Body, e.Revision, e.State = t.Title, t.Body, b.Revision, Draft
			if t.HandIn {
				e.State = Reviewed
			}
			if told {
				e.Sound, e.Upload, e.Trouble = Sound{}, "", "" // it reads the old words
			}
		case told && (e.State == Reviewed || e.State == Published):
			e.State = Translated
		}
		e.Title = marked(e.Title, t.Drill)
		kept = append(kept, e)
	}
	b.Editions = kept
	for _, l := range t.Langs {
		if _, there := b.Edition(l); !there {
			b.Editions = append(b.Editions, Edition{Lang: l, State: Draft})
		}
	}
	return d.saveAll(ctx, s, *b)
}

// saveAll writes the bulletin and its editions.
func (d *Desk) saveAll(ctx context.Context, s store, b Bulletin) error {
	for _, e := range b.Editions {
		if err := s.saveEdition(ctx, b.ID, e); err != nil {
			return err
		}
	}
	return s.save(ctx, b)
}

// put sets one edition in place.
func (b *Bulletin) put(e Edition) {
	if i := slices.IndexFunc(b.Editions, func(o Edition) bool { return o.Lang == e.Lang }); i >= 0 {
		b.Editions[i] = e
		return
	}
	b.Editions = append(b.Editions, e)
	arrange(b.Editions)
}

// Submit hands the source text in for approval, as it stands.
func (d *Desk) Submit(ctx context.Context, actor duty.Actor, id ID, revision int64) error {
	return d.change(ctx, func(s store) error {
		b, err := s.byID(ctx, id)
		if err != nil {
			return err
		}
		if err := d.policy.Permit(actor, duty.BulletinWrite, b.thing(Draft, "", nil)); err != nil {
			return err
		}
		source, _ := b.Edition(Source)
		switch {
		case source.State != Draft:
			return nil // handed in before
		case source.Revision != revision:
			return fault.New(fault.Conflict, "bulletin.changed")
		}
		source.State = Reviewed
		b.put(source)
		b.Changed = d.now()
		if err := d.saveAll(ctx, s, b); err != nil {
			return err
		}
		return d.record(ctx, s, actor, b, duty.BulletinWrite, audit.Entry{Before: string(Draft), After: string(stage(b.Editions))}, Source)
	})
}

// back returns an edition to who told it. Of the source only the reading goes back: its words are the editor's.
func (e *Edition) back(remark string) {
	e.State, e.Remark = Draft, remark
	if e.Lang == Source {
		e.State, e.Upload, e.Sound = Reviewed, "", Sound{}
	}
}

// SetAside takes an edition that waits for its language review out of the way, so that the others can be published without it.
// Its text and sound stay where they are until its speaker hands them in again.
func (d *Desk) SetAside(ctx context.Context, actor duty.Actor, id ID, lang string) error {
	return d.change(ctx, func(s store) error {
		b, err := s.byID(ctx, id)
		if err != nil {
			return err
		}
		if err := d.policy.Permit(actor, duty.BulletinWrite, b.thing(Draft, "", nil)); err != nil {
			return err
		}
		e, _ := b.Edition(lang)
		if e.State != Translated {
			return fault.New(fault.Conflict, "bulletin.changed")
		}
		e.back("")
		b.put(e)
		b.Changed = d.now()
		if err := d.saveAll(ctx, s, b); err != nil {
			return err
		}
		return d.record(ctx, s, actor, b, duty.BulletinWrite, audit.Entry{Before: string(Translated), After: string(Draft), Note: lang}, lang)
	})
}

// Replace begins a new bulletin that takes the place of a published one at the moment it is published itself. Where one was
// begun already, that is the one.
func (d *Desk) Replace(ctx context.Context, actor duty.Actor, id ID) (ID, error) {
	b, err := d.read().byID(ctx, id)
	if err != nil {
		return "", err
	}
	if err := d.policy.Permit(actor, duty.BulletinWrite, b.thing(Draft, "", nil)); err != nil {
		return "", err
	}
	if b.Life != Published {
		return "", fault.New(fault.Conflict, "bulletin.not_published")
	}
	t := Text{Place: b.Place, Topic: b.Topic, Class: b.Class, Basis: b.Basis, Title: b.Editions[0].Title, Body: b.Editions[0].Body, Langs: b.Langs(), Drill: b.Drill}
	if !expired(b.Expires, d.now()) {
		t.Expires = b.Expires
	}
	return d.begin(ctx, actor, "bulletin.replace/"+string(id), t, id)
}
