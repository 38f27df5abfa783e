// Package library keeps documents (văn bản, tài liệu): their originals, the text in them, what they are and whether they hold,
// and the way from a file that was handed in to a page that anyone reads. It does not know how files are read (transcript) or
// how a search ranks.
package library

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"banlang/internal/audit"
	"banlang/internal/blob"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/library/transcript"
	"banlang/internal/place"
	"banlang/internal/search"
)

// An ID names a document for good.
type ID string

// Thing is the document's name in the record and in the index.
func (id ID) Thing() string { return "document/" + string(id) }

// URL is where readers find it.
func (id ID) URL() string { return "/thu-vien/" + string(id) }

// DeskURL is where officers find it.
func (id ID) DeskURL() string { return "/ban-lam-viec/thu-vien/" + string(id) }

// A State is where a document stands on its way.
type State string

// The states, in order.
const (
	Received  State = "received"  // the file is kept
	Reading   State = "reading"   // its text is being read
	Read      State = "read"      // text and proposals are there and wait for a person
	Described State = "described" // a person has said what it is; another may open it
	Open      State = "open"      // anyone reads it, as far as its access allows
	Withdrawn State = "withdrawn" // taken back, with a reason
)

// States lists the states in order.
var States = []State{Received, Reading, Read, Described, Open, Withdrawn}

// MaxFile is the size of the largest original, in bytes.
const MaxFile = 50 << 20

// AccessOpen is the access of what everyone may see.
const AccessOpen = "open"

// accessClosed is kept and shown to nobody.
const accessClosed = "closed"

// A Record is what is known of a document. A zero date is not known.
type Record struct {
	Title                 string
	Number                string // số, ký hiệu, as written
	Kind                  string // of Kinds
	Issuer                string // cơ quan ban hành
	Signed                place.Date
	ForceFrom, ForceUntil place.Date
	Force                 string // of Forces; "unknown" unless somebody checked
	Lang                  string // BCP 47
	Subjects              []string
	Places                []place.ID
	Groups                []ethnic.Slug
	Summary               string
	Source                string // where the file came from
	Rights                string
	Access                string // of Accesses: who may see it, as its community said
}

// A Heading is an entry of the list of contents.
type Heading struct {
	Text, Anchor string
	Level, Part  int
}

// A Document is one item of the library.
type Document struct {
	ID       ID
	State    State
	Revision int64 // grows with every change of the record
	Record
	Proposed bool // the record was read from the text by the machine; no person has confirmed it

	File     blob.Ref
	FileName string
	FileSize int64
	Format   transcript.Format

	Layer     transcript.Layer // "" while nothing was read
	Accepted  bool             // a person has seen that what looks garbled is language
	Encoding  fold.Encoding
	Pages     int  // 0 where the format has none
	Scanned   bool // the text was recognised in pictures of the pages: letters in it may be wrong
	PagesRead int  // of a scan that is being read
	Parts     int
	Contents  []Heading
	Trouble   *fault.Fault // why nothing was read; nil when it was

	Demo    bool
	Area    place.ID
	Village string

	Depositor, Describer, Publisher string
	Reason                          string // of the withdrawal
	Made, Changed, Opened           time.Time
	Told                            time.Time // when what everyone may know of it last changed; zero while that is nothing
}

// Legible tells whether the document has text that people can read.
func (d Document) Legible() bool {
	return d.Parts > 0 && (d.Layer == transcript.Good || d.Layer == transcript.Garbled && d.Accepted)
}

// Restricted tells whether not everyone may see it.
func (d Document) Restricted() bool { return d.Access != AccessOpen }

// Year is the year of signing, 0 where it is not known.
func (d Document) Year() int { return int(d.Signed / 10000) }

func (d Document) thing(state string, hands ...string) duty.Thing {
	return duty.Thing{Area: string(d.Area), Village: d.Village, Owner: d.Depositor, Hands: hands, State: state}
}

// draft is how the table of duties calls every state in which a document may still be described.
func (d Document) draft() string {
	if d.State == Open {
		return string(Open)
	}
	return "draft"
}

// cultural are kinds that belong to a community: its word comes before opening.
var cultural = []string{"folk_literature", "song_music", "oral_history", "manuscript"}

// A Desk does the work on documents.
type Desk struct {
	store  store
	files  blob.Store
	reader *transcript.Reader
	policy *duty.Policy
	places *place.Desk
	ethnic *ethnic.Desk
	search *search.Desk
	log    *slog.Logger
	now    func() time.Time
}

// An Offer is a file that somebody hands in.
type Offer struct {
	Name    string // the sender's name for it; never becomes a path
	Content io.Reader
	Area    place.ID // whose document it is; "" is the actor's own area
	Source  string
	Demo    bool
}

// Deposit keeps a file and queues its reading. The actor must be allowed library.deposit in its area. A file whose content is
// here already is a Conflict that names the document. key makes a repetition harmless.
func (d *Desk) Deposit(ctx context.Context, actor duty.Actor, key string, o Offer) (ID, error) {
	doc := Document{
		ID: newID(), State: Received, Revision: 1, FileName: o.Name, Depositor: actor.ID, Demo: o.Demo, Proposed: true,
		Area: o.Area, Made: d.now(), Changed: d.now(),
		Record: Record{Lang: "vi", Force: "unknown", Access: AccessOpen, Source: o.Source, Title: bareName(o.Name)},
	}
	if doc.Area == "" {
		doc.Area, doc.Village = d.home(actor)
	}
	if err := d.policy.Permit(actor, duty.LibraryDeposit, doc.thing("draft")); err != nil {
		return "", err
	}
	head := make([]byte, 4096)
	n, err := io.ReadFull(o.Content, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", err
	}
	if doc.Format, err = transcript.Sniff(head[:n], o.Name); err != nil {
		return "", err
	}
	content := io.MultiReader(strings.NewReader(string(head[:n])), o.Content)
	if doc.File, doc.FileSize, err = d.files.Put(ctx, content, MaxFile); err != nil {
		return "", err
	}
	id := doc.ID
	err = d.store.change(ctx, func(s store) error {
		prior, repeated, err := s.once(ctx, key, string(doc.ID))
		if err != nil || repeated {
			id = ID(prior)
			return err
		}
		if twin, err := s.byFile(ctx, doc.File); err == nil {
			return fault.New(fault.Conflict, "library.duplicate", "Title", twin.Title, "ID", string(twin.ID))
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		if err := s.insert(ctx, doc); err != nil {
			return err
		}
		if err := s.queueReading(ctx, doc.ID, d.now()); err != nil {
			return err
		}
		return d.record(ctx, s, actor, duty.LibraryDeposit, doc, "", "")
	})
	return id, err
}

// home is the area and village for which the actor may hand in documents.
func (d *Desk) home(actor duty.Actor) (place.ID, string) {
	for _, g := range d.policy.Holds(actor) {
		switch duty.RuleOf(duty.LibraryDeposit, g.Role).Scope {
		case duty.ScopeNone:
		case duty.ScopeOwnVillage:
			return place.ID(g.Area), g.Village
		default:
			if g.Area != "" {
				return place.ID(g.Area), ""
			}
		}
	}
	return d.province(), ""
}

// province is the province that this installation serves.
func (d *Desk) province() place.ID {
	u, err := d.places.At(d.places.Home, d.places.Today())
	if err != nil {
		return ""
	}
	return u.ID
}

// Describe records what a document is, as a person has confirmed it. The actor must be allowed library.describe where it
// belongs. revision is the one the person saw: a record that changed meanwhile is a Conflict. accept says that the person has
// seen the text and that it can be read, whatever the machine judged.
func (d *Desk) Describe(ctx context.Context, actor duty.Actor, id ID, revision int64, r Record, accept bool) error {
	return d.store.change(ctx, func(s store) error {
		doc, err := s.byID(ctx, id)
		if err != nil {
			return err
		}
		if err := d.policy.Permit(actor, duty.LibraryDescribe, doc.thing(doc.draft())); err != nil {
			return err
		}
		switch {
		case !doc.wasRead():
			return fault.New(fault.Conflict, "library.still_reading")
		case doc.Revision != revision:
			return fault.New(fault.Conflict, "library.changed")
		}
		if err := r.check(d); err != nil {
			return err
		}
		before := doc.State
		doc.Record, doc.Accepted, doc.Proposed = r, accept && doc.Layer == transcript.Garbled, false
		doc.State, doc.Describer, doc.Changed = Described, actor.ID, d.now()
		if err := s.save(ctx, doc); err != nil {
			return err
		}
		return d.record(ctx, s, actor, duty.LibraryDescribe, doc, before, "")
	})
}

// check names what is wrong with a record, each fault at its field.
func (r *Record) check(d *Desk) error {
	for _, s := range []*string{&r.Title, &r.Number, &r.Issuer, &r.Summary, &r.Source, &r.Rights, &r.Lang} {
		*s = strings.TrimSpace(*s)
	}
	var wrong []error
	mark := func(bad bool, field, key string, args ...any) {
		if bad {
			wrong = append(wrong, fault.Field(field, key, args...))
		}
	}
	mark(r.Title == "", "title", "library.title.required")
	mark(utf8.RuneCountInString(r.Title) > 500, "title", "library.too_long", "N", 500)
	mark(utf8.RuneCountInString(r.Number) > 80, "number", "library.too_long", "N", 80)
	mark(utf8.RuneCountInString(r.Issuer) > 200, "issuer", "library.too_long", "N", 200)
	mark(utf8.RuneCountInString(r.Summary) > 2000, "summary", "library.too_long", "N", 2000)
	mark(utf8.RuneCountInString(r.Source) > 500, "source", "library.too_long", "N", 500)
	mark(utf8.RuneCountInString(r.Rights) > 500, "rights", "library.too_long", "N", 500)
	mark(!Kinds.Has(r.Kind), "kind", "library.kind.required")
	mark(!Forces.Has(r.Force), "force", "library.force.unknown_code")
	mark(!Accesses.Has(r.Access), "access", "library.access.unknown_code")
	mark(r.ForceFrom != 0 && r.ForceUntil != 0 && r.ForceUntil < r.ForceFrom, "force_until", "library.force.order")
	mark(r.Signed > d.places.Today(), "signed", "library.signed.future")
	if _, err := d.ethnic.Language(r.Lang); err != nil && r.Lang != "en" {
		mark(true, "lang", "library.lang.unknown")
	}
	for _, code := range r.Subjects {
		mark(!Subjects.Has(code), "subjects", "library.subject.unknown")
	}
	for _, slug := range r.Groups {
		_, err := d.ethnic.BySlug(slug)
		mark(err != nil, "groups", "library.group.unknown")
	}
	for _, id := range r.Places {
		_, err := d.places.ByID(id)
		mark(err != nil, "places", "library.place.unknown", "Name", string(id))
	}
	return errors.Join(wrong...)
}

// Publish opens a document. The actor must be allowed library.publish where it belongs and not have handed it in. What belongs
// to a community is not opened before the community has spoken.
func (d *Desk) Publish(ctx context.Context, actor duty.Actor, id ID) error {
	return d.store.change(ctx, func(s store) error {
		doc, err := s.byID(ctx, id)
		if err != nil {
			return err
		}
		if err := d.policy.Permit(actor, duty.LibraryPublish, doc.thing(string(doc.State), doc.Depositor)); err != nil {
			return err
		}
		switch {
		case !doc.wasRead():
			return fault.New(fault.Conflict, "library.still_reading")
		case slices.Contains(cultural, doc.Kind):
			return fault.New(fault.Conflict, "library.consent.missing")
		}
		return d.open(ctx, s, actor, doc)
	})
}

// open makes a document findable and readable.
func (d *Desk) open(ctx context.Context, s store, actor duty.Actor, doc Document) error {
	before := doc.State
	doc.State, doc.Publisher, doc.Changed, doc.Opened, doc.Reason = Open, actor.ID, d.now(), d.now(), ""
	if err := s.save(ctx, doc); err != nil {
		return err
	}
	entry, err := d.entry(ctx, s, doc)
	if err != nil {
		return err
	}
	if err := s.index(ctx, entry); err != nil {
		return err
	}
	return d.record(ctx, s, actor, duty.LibraryPublish, doc, before, "")
}

// Withdraw takes an open document back, with a reason: its page, its text and its file are gone for readers at once, and the
// search no longer knows it.
func (d *Desk) Withdraw(ctx context.Context, actor duty.Actor, id ID, reason string) error {
	reason = strings.TrimSpace(reason)
	return d.store.change(ctx, func(s store) error {
		doc, err := s.byID(ctx, id)
		if err != nil {
			return err
		}
		if err := d.policy.Permit(actor, duty.LibraryWithdraw, doc.thing(string(doc.State))); err != nil {
			return err
		}
		if n := utf8.RuneCountInString(reason); n < 5 || n > 500 {
			return fault.Field("reason", "library.reason.required")
		}
		before := doc.State
		doc.State, doc.Reason, doc.Changed = Withdrawn, reason, d.now()
		if err := s.save(ctx, doc); err != nil {
			return err
		}
		if err := s.unindex(ctx, doc.ID.Thing()); err != nil {
			return err
		}
		return d.record(ctx, s, actor, duty.LibraryWithdraw, doc, before, reason)
	})
}

// record writes an act into the audit trail.
func (d *Desk) record(ctx context.Context, s store, actor duty.Actor, act duty.Act, doc Document, before State, reason string) error {
	e := audit.Entry{
		Actor: actor.ID, Session: actor.Session, Act: string(act), Thing: doc.ID.Thing(), Place: string(doc.Area),
		Before: string(before), After: string(doc.State), Reason: reason,
	}
	if act == duty.LibraryPublish {
		e.Second = doc.Depositor
	}
	return s.record(ctx, d.now(), e)
}

// entry is the document as the search knows it. A text that cannot be read is not indexed: its title and number are.
func (d *Desk) entry(ctx context.Context, s store, doc Document) (search.Entry, error) {
	e := search.Entry{
		ID: doc.ID.Thing(), Kind: "document", Title: doc.Title, Heading: doc.Summary, Lang: doc.Lang, URL: doc.ID.URL(), Number: doc.Number,
		Date: doc.Signed.Time(), Area: string(doc.Area), Facets: map[string][]string{},
	}
	if doc.Kind != "" {
		e.Facets["kind"] = []string{doc.Kind}
	}
	if doc.Restricted() {
		e.Act = duty.LibraryReadRestricted
	}
	if doc.Issuer != "" {
		e.Facets["issuer"] = []string{doc.Issuer}
	}
	if doc.Signed != 0 {
		e.Facets["year"] = []string{doc.Signed.String()[:4]}
	}
	if len(doc.Subjects) > 0 {
		e.Facets["subject"] = doc.Subjects
	}
	for _, p := range doc.Places {
		e.Facets["place"] = append(e.Facets["place"], string(p))
	}
	for _, g := range doc.Groups {
		e.Facets["group"] = append(e.Facets["group"], string(g))
	}
	if !doc.Legible() || doc.Access == accessClosed {
		return e, nil
	}
	var body strings.Builder
	for n := 1; n <= doc.Parts; n++ {
		blocks, err := s.part(ctx, doc.ID, n)
		if err != nil {
			return e, err
		}
		for _, b := range blocks {
			body.WriteString(b.Plain())
			body.WriteString("\n\n")
		}
	}
	e.Body = body.String()
	return e, nil
}
