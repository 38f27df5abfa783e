// Package search finds: one index over everything that can be read, public or not, that answers each reader with what that
// reader may see. Results, counts, facets and suggestions obey one check. It knows entries with plain identifiers, areas
// and acts; it does not know what a bulletin or a document is.
//
// The entries are rows of the database, written in the transaction of whoever owns the thing. The index is derived from them,
// follows their sequence, and is rebuilt from them whenever it cannot be read. It is made of immutable segments (segment.go,
// write.go, merge.go) that a shelf keeps on disk (shelf.go); a question is read (query.go), answered in two stages (find.go,
// rank.go) and shown with the clause that answers it best (snippet.go).
package search

import (
	"time"

	"banlang/internal/duty"
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
