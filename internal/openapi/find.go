package openapi

import (
	"context"
	"maps"
	"time"

	"banlang/internal/i18n"
	"banlang/internal/library"
	"banlang/internal/plan"
	"banlang/internal/search"
)

// Document is an open document as a list shows it.
type Document struct {
	ID     string              `json:"id"`
	Title  string              `json:"title"`
	Number string              `json:"number,omitempty"` // số, ký hiệu, as written
	Date   string              `json:"date,omitempty"`   // of signing
	Lang   string              `json:"lang"`
	Facets map[string][]string `json:"facets"`
	URL    string              `json:"url"`
}

// DocumentDetail is what is known of a document.
type DocumentDetail struct {
	ID         string   `json:"id"`
	Title      string   `json:"title"`
	Number     string   `json:"number,omitempty"`
	Kind       string   `json:"kind,omitempty"`
	Issuer     string   `json:"issuer,omitempty"`
	Signed     string   `json:"signed,omitempty"`
	ForceFrom  string   `json:"force_from,omitempty"`
	ForceUntil string   `json:"force_until,omitempty"`
	Force      string   `json:"force"` // unknown unless somebody checked
	Lang       string   `json:"lang"`
	Subjects   []string `json:"subjects"`
	Places     []string `json:"places"`
	Groups     []string `json:"groups"`
	Summary    string   `json:"summary,omitempty"`
	Source     string   `json:"source,omitempty"`
	Rights     string   `json:"rights,omitempty"`
	Proposed   bool     `json:"proposed,omitempty"` // read from the text by the machine, confirmed by no person
	Demo       bool     `json:"demonstration,omitempty"`
	FileName   string   `json:"file_name"`
	FileSize   int64    `json:"file_bytes"`
	SHA256     string   `json:"file_sha256"`
	Pages      int      `json:"pages,omitempty"`
	URL        string   `json:"url"`
}

// find asks the search for one page; only what is public, whoever asks.
func (q query) find(ctx context.Context, d Desks, kinds []string, facets map[string]string) (search.Result, error) {
	return d.Search.Find(ctx, search.Query{Text: q.text("q"), Kinds: kinds, Lang: q.text("lang"), Facets: facets, Page: q.page, Size: q.size})
}

func documents(ctx context.Context, d Desks, q query) (any, error) {
	facets := map[string]string{}
	for _, name := range []string{"kind", "issuer", "year", "subject", "group"} {
		if value := q.text(name); value != "" {
			facets[name] = value
		}
	}
	found, err := q.find(ctx, d, []string{"document"}, facets)
	items := make([]Document, len(found.Hits))
	for i, h := range found.Hits {
		items[i] = Document{
			ID: lastPart(h.ID), Title: h.Title, Number: h.Number, Date: day(h.Date), Lang: h.Lang, Facets: map[string][]string{}, URL: h.URL,
		}
		maps.Copy(items[i].Facets, h.Facets)
	}
	return pageOf(q, items, found.Total), err
}

func oneDocument(ctx context.Context, d Desks, q query) (any, error) {
	doc, err := d.Documents.ByID(ctx, library.ID(q.parts["id"]))
	if err != nil {
		return nil, err
	}
	return DocumentDetail{
		ID: string(doc.ID), Title: doc.Title, Number: doc.Number, Kind: doc.Kind, Issuer: doc.Issuer, Signed: doc.Signed.String(),
		ForceFrom: doc.ForceFrom.String(), ForceUntil: doc.ForceUntil.String(), Force: doc.Force, Lang: doc.Lang,
		Subjects: some(doc.Subjects), Places: texts(doc.Places), Groups: texts(doc.Groups), Summary: doc.Summary, Source: doc.Source,
		Rights: doc.Rights, Proposed: doc.Proposed, Demo: doc.Demo, FileName: doc.FileName, FileSize: doc.FileSize,
		SHA256: string(doc.File), Pages: doc.Pages, URL: doc.ID.URL(),
	}, nil
}

func texts[T ~string](list []T) []string {
	all := make([]string, len(list))
	for i, one := range list {
		all[i] = string(one)
	}
	return all
}

// day writes a date as Vietnam counts it, "" for none.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return i18n.Day(t)
}

// Hit is something that was found.
type Hit struct {
	ID      string  `json:"id"`
	Kind    string  `json:"kind"` // bulletin, document, place, group, target ...
	Title   string  `json:"title"`
	Heading string  `json:"heading,omitempty"`
	Number  string  `json:"number,omitempty"`
	Date    string  `json:"date,omitempty"`
	Lang    string  `json:"lang"`
	Snippet []Piece `json:"snippet"` // the clause that answers best
	Sound   string  `json:"sound,omitempty"`
	URL     string  `json:"url"`
}

// Piece is a stretch of text; hit tells that it answers the question.
type Piece struct {
	Text string `json:"text"`
	Hit  bool   `json:"hit,omitempty"`
}

// Found is one page of answers with the facets of all.
type Found struct {
	List[Hit]
	Nearest bool    `json:"nearest,omitempty"` // nothing holds all words: these hold some of them
	Facets  []Facet `json:"facets"`
}

// Facet counts the answers by the values of one property.
type Facet struct {
	Name   string  `json:"name"`
	Values []Value `json:"values"`
}

// Value is one value and how many answers have it.
type Value struct {
	Value string `json:"value"`
	N     int    `json:"n"`
}

func find(ctx context.Context, d Desks, q query) (any, error) {
	var kinds []string
	if kind := q.text("kind"); kind != "" {
		kinds = []string{kind}
	}
	found, err := q.find(ctx, d, kinds, nil)
	if err != nil {
		return nil, err
	}
	hits := make([]Hit, len(found.Hits))
	for i, h := range found.Hits {
		hits[i] = Hit{
			ID: h.ID, Kind: h.Kind, Title: h.Title, Heading: h.Heading, Number: h.Number, Date: day(h.Date), Lang: h.Lang, Snippet: []Piece{},
			Sound: h.Sound, URL: h.URL,
		}
		for _, p := range h.Snippet {
			hits[i].Snippet = append(hits[i].Snippet, Piece{p.Text, p.Hit})
		}
	}
	out := Found{List: pageOf(q, hits, found.Total), Nearest: found.Nearest, Facets: []Facet{}}
	for _, f := range found.Facets {
		values := []Value{}
		for _, v := range f.Values {
			values = append(values, Value{v.Value, v.N})
		}
		out.Facets = append(out.Facets, Facet{f.Name, values})
	}
	return out, nil
}

func targets(ctx context.Context, d Desks, q query) (any, error) {
	lines, err := d.Targets.Ledger(ctx, plan.Filter{Plan: q.text("plan"), Year: q.number("year", 0), Verdict: plan.Verdict(q.text("verdict"))})
	all := make([]plan.Record, len(lines))
	for i, l := range lines {
		all[i] = l.Record()
	}
	return page(q, all), err
}

func oneTarget(ctx context.Context, d Desks, q query) (any, error) {
	l, err := d.Targets.Line(ctx, q.parts["code"])
	if err != nil {
		return nil, err
	}
	return l.Record(), nil
}

func verdictNames() []string {
	var names []string
	for _, v := range plan.Verdicts {
		names = append(names, string(v))
	}
	return names
}
