// Package search finds: one index over everything that can be read, public or not, that answers each reader with what that
// reader may see. Results, counts, facets and suggestions obey one check. It knows entries with plain identifiers, areas
// and acts; it does not know what a bulletin or a document is.
//
// The entries are rows of the database, written in the transaction of whoever owns the thing. The index is derived from them,
// follows their sequence (follow.go), and is rebuilt from them whenever it cannot be read. It is made of immutable segments
// (segment.go, write.go, merge.go), of which an index is one moment (index.go), and a shelf keeps it on disk (shelf.go). A
// question is read (query.go), answered in two stages (find.go, rank.go) and shown with the clause that answers it best
// (snippet.go).
package search

import (
	"context"
	"runtime"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fault"
)

// An Entry is one thing that can be found.
type Entry struct {
	ID      string
	Kind    string // bulletin, document, place ...: what Query.Kinds asks for
	Title   string
	Heading string // what it is about in one line, where there is such a line beside the title
	Body    string // paragraphs with an empty line between them
	Lang    string // BCP 47
	URL     string
	Number  string // of a document, as written
	Date    time.Time
	Area    string              // place.ID as text, where a right to it is bound to an area
	Act     duty.Act            // what one must be allowed to do there to see it; "" is public
	Facets  map[string][]string // topic, issuer, year, group, place, sound ...; values are keys, not words to show
	Sound   string              // address of its sound, "" if silent
}

// Limits of a question. What is beyond them is not asked by a person.
const (
	queryBytes = 1000 // of the text of a question that are read
	pageSize   = 20   // where the question names none
	pageLimit  = 100
	depthLimit = 1000 // how far one may page
)

// A Query is a question and who asks it. The zero Query asks for everything, newest first.
type Query struct {
	Text   string
	Actor  duty.Actor        // the zero Actor sees what is public
	Kinds  []string          // any of these; empty: all
	Lang   string            // entries in this language only
	Facets map[string]string // each must hold
	Page   int               // from 1; 0 is the first
	Size   int               // 0 is 20; at most 100
}

// A Result is one page of answers.
type Result struct {
	Total   int
	Page    int
	Size    int
	Hits    []Hit
	Facets  []Facet
	Nearest bool // nothing holds all words: these hold some of them
}

// A Hit is an entry that was found, without its body.
type Hit struct {
	Entry
	TitleMarked Text
	Snippet     Text // the clause that answers best
	ByNumber    bool // its number was asked for
}

// A Text is cut into pieces, so that what was asked for can be marked.
type Text []Piece

// A Piece is a stretch of text; Hit tells that it answers the question.
type Piece struct {
	Text string
	Hit  bool
}

// A Facet counts the answers by the values of one property. The kinds of entries are the facet "entry", their languages "lang".
type Facet struct {
	Name   string
	Values []Count // most frequent first, at most 100
}

// A Count is one value and how many answers have it.
type Count struct {
	Value string
	N     int
}

// Find answers a query. It sees everything that was committed before it was called: what was removed is never found.
func (d *Desk) Find(ctx context.Context, query Query) (Result, error) {
	r := Result{Page: max(query.Page, 1), Size: query.Size}
	if r.Size <= 0 {
		r.Size = pageSize
	}
	r.Size = min(r.Size, pageLimit)
	x, err := d.fresh(ctx)
	if err != nil {
		return r, err
	}
	defer runtime.KeepAlive(x) // its files are unmapped with it
	q := ask(query.Text)
	if len(q.words) == 0 && strings.TrimSpace(query.Text) != "" {
		return r, nil
	}
	q.weigh(x)
	from := min((min(r.Page, depthLimit)-1)*r.Size, depthLimit)
	to := min(from+r.Size, depthLimit)
	a := q.answer(x.views(query.filter(d.seer(query.Actor))), x.average(), max(to, rankDepth))
	q.rank(x, a.best, to)
	r.Total, r.Nearest, r.Facets = a.total, a.nearest, a.facets
	for _, ref := range a.best[min(from, len(a.best)):min(to, len(a.best))] {
		hit, err := d.hit(ctx, q, ref)
		switch {
		case fault.Is(err, fault.NotFound): // it went this moment
			r.Total--
		case err != nil:
			return r, err
		default:
			r.Hits = append(r.Hits, hit)
		}
	}
	return r, nil
}

// hit reads what is shown of an answer.
func (d *Desk) hit(ctx context.Context, q *question, r ref) (Hit, error) {
	s, err := d.shown(ctx, string(r.view.id(r.doc)), r.found.start, r.found.length)
	if err != nil {
		return Hit{}, err
	}
	return Hit{Entry: s.Entry, TitleMarked: q.mark(s.Title), Snippet: q.snippet(s.clause), ByNumber: r.named}, nil
}

// suggestions is how many Suggest gives at most, and how many titles it reads for them.
const (
	suggestions   = 8
	suggestTitles = 5000
)

// Suggest lists entries that the actor may see whose title holds the words typed so far, the last of which may go on. Newer first.
func (d *Desk) Suggest(ctx context.Context, actor duty.Actor, prefix string) ([]Entry, error) {
	x, err := d.fresh(ctx)
	if err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(x)
	var entries []Entry
	titles := map[string]bool{}
	for _, r := range begin(prefix).titles(x.views(filter{seen: d.seer(actor)}), suggestTitles) {
		s, err := d.shown(ctx, string(r.view.id(r.doc)), 0, 0)
		switch {
		case fault.Is(err, fault.NotFound), titles[s.Title]:
			continue
		case err != nil:
			return nil, err
		}
		titles[s.Title] = true
		if entries = append(entries, s.Entry); len(entries) == suggestions {
			break
		}
	}
	return entries, nil
}
