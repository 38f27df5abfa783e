// Package catalogue is what anyone may know of the holdings of a library, in the terms of Dublin Core (ISO 15836, DCMI) with the profile
// of legal documents. It does not know where holdings are kept or in which format others ask for them; who may be told what is decided
// before a Record is made.
package catalogue

import (
	"context"
	"slices"
	"strings"
	"time"
)

// A Term is an entry of a vocabulary, with its names.
type Term struct{ Code, Name, NameEN string }

// A Record is a holding. What is not known is empty.
type Record struct {
	ID      string
	Updated time.Time // when what is told of it last changed
	// Withdrawn holdings have an identifier, a time and the sets they were in, and nothing else.
	Withdrawn bool
	Sets      []string // codes of the sets it is in

	Title       string
	Alternative []string
	Lang        string // BCP 47
	Kind        Term
	Type        string   // of the DCMI Type Vocabulary: Text, Sound …
	Creators    []string // who made or issued it
	Subjects    []Term
	Groups      []string // the peoples it is about
	Places      []string
	Description string
	Source      string
	Rights      string
	Notes       []string // what a reader must know before relying on it
	Legal       Legal
	Relations   []Relation
	Page        string // address of its page, within the library's own
	Files       []File
}

// Legal is the profile of a legal document. Days are written 2006-01-02.
type Legal struct {
	Number                  string
	Signed, InForce, Expiry string
	Force                   Term
}

// A Relation leads to another holding, by a property of DCMI: isReplacedBy, isPartOf …
type Relation struct{ Property, Page string }

// A File is the holding itself, or one form of it.
type File struct {
	Page   string // address, within the library's own
	Type   string // media type
	Size   int64
	SHA256 string
}

// Date is the day the holding is dated by, "" where it is not known.
func (r Record) Date() string { return r.Legal.Signed }

// In tells whether the record is in a set or in a part of it.
func (r Record) In(set string) bool {
	return set == "" || slices.ContainsFunc(r.Sets, func(s string) bool { return s == set || strings.HasPrefix(s, set+":") })
}

// A Set is a part of the library. The parts of a set have its code and a colon before their own.
type Set struct{ Code, Name string }

// A Query chooses records; its zero value chooses all.
type Query struct {
	Set   string
	From  time.Time // the first moment
	Until time.Time // the first moment after; zero is no end
}

// A Cursor is a place in the order of records: by when they changed, then by identifier. The zero Cursor is before all.
type Cursor struct {
	Updated time.Time
	ID      string
}

// Cursor is the place of this record.
func (r Record) Cursor() Cursor { return Cursor{r.Updated, r.ID} }

// A Source has records. It tells only of what everyone may see, and of what everyone could see once as withdrawn.
type Source interface {
	Sets(ctx context.Context) ([]Set, error)
	// Earliest is a time before which nothing changed.
	Earliest(ctx context.Context) (time.Time, error)
	// Record is one holding; a fault of kind NotFound where nothing may be told of it.
	Record(ctx context.Context, id string) (Record, error)
	// Records are n at most after a place, in order.
	Records(ctx context.Context, q Query, after Cursor, n int) ([]Record, error)
	Count(ctx context.Context, q Query) (int, error)
}
