package library

import (
	"bytes"
	"iter"
	"net/http"
	"strings"

	"banlang/internal/fault"
	"banlang/internal/library/epub"
	"banlang/internal/library/transcript"
	"banlang/internal/web"
)

// bookName is the end of the address of a document's book.
const bookName = "/sach.epub"

// book hands out the text of a document as a book in EPUB, to be read without a network.
func (h handler) book(w http.ResponseWriter, r *http.Request) error {
	doc, err := h.desk.ByID(r.Context(), ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	if !doc.Legible() {
		return fault.New(fault.NotFound, "library.part.not_found")
	}
	b := epub.Book{ID: web.Origin(r) + doc.ID.URL(), Title: doc.Title, Lang: doc.Lang, Around: web.Reader(r).UI, Publisher: h.site.Agency, Date: doc.Signed.String(), Modified: doc.Told,
		Description: doc.Summary, Rights: doc.Rights, Contents: web.T(r, "library.contents"), Summary: web.T(r, "library.epub.summary")}
	if doc.Issuer != "" {
		b.Creators = []string{doc.Issuer}
	}
	for _, code := range doc.Subjects {
		b.Subjects = append(b.Subjects, Subjects.Term(code).In(web.Reader(r).UI))
	}
	for _, note := range []struct {
		holds bool
		key   string
	}{{doc.Demo, "library.demo"}, {doc.Force == "unknown", "library.force_unknown"}, {doc.Proposed, "library.proposed"}, {doc.Scanned, "library.scanned"}} {
		if note.holds {
			b.Notes = append(b.Notes, web.T(r, note.key))
		}
	}
	for _, f := range h.facts(r, doc) {
		values := make([]string, len(f.Links))
		for i, l := range f.Links {
			values[i] = l.Text
		}
		b.Facts = append(b.Facts, [2]string{web.T(r, f.Key), f.Value + strings.Join(values, ", ")})
	}
	var out bytes.Buffer
	if err := epub.Write(&out, b, h.blocks(r, doc)); err != nil {
		return err
	}
	web.Attach(w, strings.TrimSuffix(doc.nameForFile(), "."+string(doc.Format))+".epub")
	return web.Bytes(w, r, "application/epub+zip", out.Bytes())
}

// blocks are those of the whole document, one part after another.
func (h handler) blocks(r *http.Request, doc Document) iter.Seq2[transcript.Block, error] {
	return func(yield func(transcript.Block, error) bool) {
		for n := 1; n <= doc.Parts; n++ {
			part, err := h.desk.Text(r.Context(), doc, n)
			if err != nil {
				yield(transcript.Block{}, err)
				return
			}
			for _, b := range part {
				if !yield(b, nil) {
					return
				}
			}
		}
	}
}
