package bulletin

import (
	"context"
	"io"
	"slices"
	"time"

	"banlang/internal/blob"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
)

// A Summary is a published bulletin as a list shows it.
type Summary struct {
	ID        ID
	Title     string
	Opening   string // the first words, where there is text
	Topic     Topic
	Class     Class
	Place     place.ID
	Published time.Time // of the first issue
	Updated   time.Time // of this one
	Expires   time.Time
	Demo      bool
	Told      []Told // the source first
}

// Told says what exists of a bulletin in one language.
type Told struct {
	Lang        string
	Text, Sound bool
	Machine     bool // the sound is a machine's
	Length      time.Duration
	OpusSize    int64
	MP3Size     int64
}

func (i Issue) summary() Summary {
	source, _ := i.Told(Source)
	s := Summary{ID: i.ID, Title: source.Title, Opening: opening(source.Body, 18), Topic: i.Topic, Class: i.Class, Place: i.Place,
		Published: i.First, Updated: i.Published, Expires: i.Expires, Demo: i.Demo}
	for _, e := range i.Editions {
		s.Told = append(s.Told, Told{e.Lang, e.Text(), e.Sound.Ready(), e.Sound.Machine, e.Sound.Length, e.Sound.OpusSize, e.Sound.MP3Size})
	}
	return s
}

// Heard finds the language that a reader hears a bulletin in: the first of the wanted ones with sound, "" if nothing can be heard.
func (s Summary) Heard(wanted ...string) (Told, bool) {
	for _, lang := range append(wanted, Source) {
		if i := slices.IndexFunc(s.Told, func(t Told) bool { return t.Lang == lang && t.Sound }); i >= 0 {
			return s.Told[i], true
		}
	}
	return Told{}, false
}

// Published lists what the public reads now, newest first, and says how many there are.
func (d *Desk) Published(ctx context.Context, f Filter) ([]Summary, int, error) {
	issues, total, err := d.read().published(ctx, f, d.now())
	all := make([]Summary, len(issues))
	for n, i := range issues {
		all[n] = i.summary()
	}
	return all, total, err
}

// Public is the issue that the public reads. A recalled or replaced bulletin is a fault of kind Gone; an expired one is marked Over.
func (d *Desk) Public(ctx context.Context, id ID) (Issue, error) {
	b, err := d.read().byID(ctx, id)
	if err != nil {
		return Issue{}, err
	}
	switch b.Life {
	case Published:
	case Recalled:
		return Issue{}, fault.New(fault.Gone, "bulletin.recalled", "Date", b.Ended.In(i18n.Zone), "Reason", b.Reason)
	case Replaced:
		return Issue{}, fault.New(fault.Gone, "bulletin.replaced")
	default:
		return Issue{}, fault.New(fault.NotFound, "bulletin.not_found")
	}
	i, err := d.read().issue(ctx, id, b.Issue)
	i.Over = expired(i.Expires, d.now())
	return i, err
}

// Best chooses the edition for a reader of a language, by the order in which languages help each other.
func (d *Desk) Best(i Issue, lang string) (e Edition, missing string) {
	if lang == "" {
		lang = Source
	}
	return i.Best(lang, d.languages.HeardFallback(lang))
}

// Successor is the bulletin that replaced one.
func (d *Desk) Successor(ctx context.Context, id ID) (ID, error) {
	b, err := d.read().byID(ctx, id)
	return b.ReplacedBy, err
}

// Hear opens the sound of a published edition: kind is "opus" or "mp3". A recalled bulletin is silent.
func (d *Desk) Hear(ctx context.Context, id ID, lang, kind string) (io.ReadSeekCloser, blob.Ref, time.Time, error) {
	i, err := d.Public(ctx, id)
	if err != nil {
		return nil, "", time.Time{}, err
	}
	e, _ := i.Told(lang)
	ref, err := pick(e.Sound, kind)
	if err != nil {
		return nil, "", time.Time{}, err
	}
	f, _, err := d.files.Open(ctx, ref)
	return f, ref, i.Published, err
}

// HearDraft opens the sound of a working copy for its officers.
func (d *Desk) HearDraft(ctx context.Context, actor duty.Actor, id ID, lang, kind string) (io.ReadSeekCloser, blob.Ref, time.Time, error) {
	b, _, err := d.Draft(ctx, actor, id)
	if err != nil {
		return nil, "", time.Time{}, err
	}
	e, _ := b.Edition(lang)
	ref, err := pick(e.Sound, kind)
	if err != nil {
		return nil, "", time.Time{}, err
	}
	f, _, err := d.files.Open(ctx, ref)
	return f, ref, e.Changed, err
}

func pick(s Sound, kind string) (blob.Ref, error) {
	ref := map[string]blob.Ref{"opus": s.Opus, "mp3": s.MP3}[kind]
	if ref == "" {
		return "", fault.New(fault.NotFound, "bulletin.sound.none")
	}
	return ref, nil
}

// Draft opens the working copy for its officers, with its history. A speaker or reviewer sees those for which one of their
// languages was asked, and those that they had a hand in.
func (d *Desk) Draft(ctx context.Context, actor duty.Actor, id ID) (Bulletin, []Step, error) {
	b, err := d.read().byID(ctx, id)
	if err != nil {
		return Bulletin{}, nil, err
	}
	steps, err := d.read().steps(ctx, id)
	if err != nil {
		return Bulletin{}, nil, err
	}
	return b, steps, d.permitDraft(actor, b, steps)
}

func (d *Desk) permitDraft(actor duty.Actor, b Bulletin, steps []Step) error {
	var persons []string
	for _, s := range steps {
		persons = append(persons, s.Person)
	}
	var err error
	for _, e := range b.Editions {
		thing := duty.Thing{Area: string(b.Place), Lang: e.Lang, Hands: persons}
		if err = d.policy.Permit(actor, duty.BulletinReadDraft, thing); err == nil {
			return nil
		}
	}
	return err
}

// Issues lists what was published of a bulletin, newest first, for its officers.
func (d *Desk) Issues(ctx context.Context, actor duty.Actor, id ID) ([]Issue, error) {
	if _, _, err := d.Draft(ctx, actor, id); err != nil {
		return nil, err
	}
	return d.read().issues(ctx, id)
}

// Signed lists the signatures under an emergency as it now stands, for its officers.
func (d *Desk) Signed(ctx context.Context, b Bulletin) ([]Signature, error) {
	return d.read().signatures(ctx, b.ID, b.Words())
}

// Copies lists the working copies that the actor may read, last changed first.
func (d *Desk) Copies(ctx context.Context, actor duty.Actor, q Query) ([]Bulletin, int, error) {
	return d.read().copies(ctx, q, d.reads(actor), d.now())
}

// A reach is which drafts somebody reads: in the areas of whole every one; in those of spoken the ones for which one of langs
// was asked, and those that they had a hand in.
type reach struct {
	whole, spoken, langs []string
	person               string
}

func (d *Desk) reads(actor duty.Actor) reach {
	r := reach{person: actor.ID}
	if !d.policy.May(actor, duty.BulletinReadDraft) {
		return r
	}
	officer, speaker := actor, actor
	officer.Grants, speaker.Grants = nil, nil
	for _, g := range d.policy.Holds(actor) {
		if g.Role.SpeaksLanguage() {
			speaker.Grants = append(speaker.Grants, g)
			r.langs = append(r.langs, g.Langs...)
		} else {
			officer.Grants = append(officer.Grants, g)
		}
	}
	r.whole, r.spoken = d.policy.Areas(officer, duty.BulletinReadDraft), d.policy.Areas(speaker, duty.BulletinReadDraft)
	return r
}
