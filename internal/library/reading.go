package library

import (
	"context"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"banlang/internal/audit"
	"banlang/internal/blob"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/library/transcript"
	"banlang/internal/search"
)

// ByID is an open document for any reader. One that was withdrawn is Gone; one that is not open, or not for everyone, is
// NotFound: not even its title is told.
func (d *Desk) ByID(ctx context.Context, id ID) (Document, error) {
	doc, err := d.store.byID(ctx, id)
	switch {
	case err != nil:
		return Document{}, err
	case doc.State == Withdrawn && !doc.Opened.IsZero() && !doc.Restricted():
		return Document{}, fault.New(fault.Gone, "library.withdrawn")
	case doc.State != Open || doc.Restricted():
		return Document{}, fault.New(fault.NotFound, "library.not_found")
	}
	return doc, nil
}

// Text is one part of a document's text, from 1; the document came from ByID, AtDesk or Restricted.
func (d *Desk) Text(ctx context.Context, doc Document, part int) ([]transcript.Block, error) {
	if !doc.Legible() || part < 1 || part > doc.Parts {
		return nil, fault.New(fault.NotFound, "library.part.not_found")
	}
	return d.store.part(ctx, doc.ID, part)
}

// Original opens the document's file; the document came from ByID, AtDesk or Restricted.
func (d *Desk) Original(ctx context.Context, doc Document) (io.ReadSeekCloser, error) {
	f, _, err := d.files.Open(ctx, doc.File)
	return f, err
}

// AtDesk is a document as officers see it before it is open: who handed it in, and who may describe it. An open one is shown too.
func (d *Desk) AtDesk(ctx context.Context, actor duty.Actor, id ID) (Document, error) {
	doc, err := d.store.byID(ctx, id)
	if err != nil {
		return Document{}, err
	}
	if actor.ID != "" && doc.Depositor == actor.ID {
		return doc, nil
	}
	for _, act := range []duty.Act{duty.LibraryDescribe, duty.LibraryWithdraw} {
		if err = d.policy.Permit(actor, act, doc.thing("")); err == nil {
			return doc, nil
		}
	}
	return Document{}, err
}

// Restricted is an open document whose community restricts it. The actor must be allowed library.read_restricted where it
// belongs and says why; the reading is recorded before anything is shown. What is closed is shown to nobody.
func (d *Desk) Restricted(ctx context.Context, actor duty.Actor, id ID, reason string) (Document, error) {
	reason = strings.TrimSpace(reason)
	var doc Document
	err := d.store.change(ctx, func(s store) (err error) {
		if doc, err = s.byID(ctx, id); err != nil {
			return err
		}
		if err := d.policy.Permit(actor, duty.LibraryReadRestricted, doc.thing("")); err != nil {
			return err
		}
		switch {
		case doc.State != Open || !doc.Restricted():
			return fault.New(fault.NotFound, "library.not_found")
		case doc.Access == accessClosed:
			return fault.New(fault.Forbidden, "library.closed")
		case utf8.RuneCountInString(reason) < 5 || utf8.RuneCountInString(reason) > 500:
			return fault.Field("reason", "library.reason.required")
		}
		return s.record(ctx, d.now(), audit.Entry{
			Actor: actor.ID, Session: actor.Session, Act: string(duty.LibraryReadRestricted), Thing: id.Thing(), Place: string(doc.Area), Reason: reason,
		})
	})
	return doc, err
}

// List lists documents for an officer: those of the areas in which they may describe, and those they handed in.
func (d *Desk) List(ctx context.Context, actor duty.Actor, f Filter) ([]Document, int, error) {
	return d.store.list(ctx, f, d.policy.Areas(actor, duty.LibraryDescribe), actor.ID)
}

// May tells whether the actor may do an act to a document now, for what a page offers. The use case asks again.
func (d *Desk) May(actor duty.Actor, act duty.Act, doc Document) bool {
	state := string(doc.State)
	if act == duty.LibraryDescribe {
		state = doc.draft()
	}
	return d.policy.Permit(actor, act, doc.thing(state, doc.Depositor)) == nil
}

// Find searches the documents that the actor may see.
func (d *Desk) Find(ctx context.Context, q search.Query) (search.Result, error) {
	q.Kinds = []string{"document"}
	return d.search.Find(ctx, q)
}

// Verify reads a document's original and compares it with its name.
func (d *Desk) Verify(ctx context.Context, doc Document) error {
	return blob.Verify(ctx, d.files, doc.File)
}

// Cite is the document's citation in plain words: issuer, title, number, date, where it was read.
func (doc Document) Cite(address string) string {
	var parts []string
	for _, p := range []string{doc.Issuer, doc.Title} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if doc.Number != "" {
		parts = append(parts, "số "+doc.Number)
	}
	if !doc.Signed.Time().IsZero() {
		parts = append(parts, "ngày "+doc.Signed.Time().Format("2/1/2006"))
	}
	return strings.Join(parts, ", ") + ". " + address
}

// BibTeX is the document's citation for a reference manager.
func (doc Document) BibTeX(address string, read time.Time) string {
	var b strings.Builder
	b.WriteString("@misc{banlang-" + string(doc.ID) + ",\n")
	for _, field := range [][2]string{{"author", braced(doc.Issuer)}, {"title", braced(doc.Title)}, {"number", escape(doc.Number)},
		{"year", year(doc.Year())}, {"date", doc.Signed.String()}, {"language", doc.Lang}, {"url", address}, {"urldate", read.Format(time.DateOnly)}} {
		if field[1] != "" {
			b.WriteString("  " + field[0] + " = {" + field[1] + "},\n")
		}
	}
	b.WriteString("}\n")
	return b.String()
}

// braced keeps a name whole: without the inner braces BibTeX takes it apart and changes its capitals.
func braced(s string) string {
	if s == "" {
		return ""
	}
	return "{" + escape(s) + "}"
}

var texEscape = strings.NewReplacer("\\", `\textbackslash{}`, "{", `\{`, "}", `\}`, "&", `\&`, "%", `\%`, "$", `\$`, "#", `\#`, "_", `\_`, "\n", " ")

func escape(s string) string { return texEscape.Replace(s) }

// nameForFile is the name under which an original is saved: what it is, rather than what its sender called it.
func (doc Document) nameForFile() string {
	name := doc.Number
	if name == "" {
		name = doc.Title
	}
	name = strings.Join(strings.FieldsFunc(fold.Plain(strings.ToLower(name)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), "-")
	if name == "" {
		name = string(doc.ID)
	}
	if r := []rune(name); len(r) > 60 {
		name = strings.Trim(string(r[:60]), "-")
	}
	return name + "." + string(doc.Format)
}
