// Package audit keeps the record of who did what: append-only and chained, so that an edit, a gap or a cut tail is found.
// It knows people, places and things as plain identifiers only, and holds no personal field.
package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// An Entry is one act as the record keeps it. What it says of before and after are states and references, never the content of
// a sealed field.
type Entry struct {
	Actor   string // account; "" for a visitor, "system" for the machine's own work
	Session string // identifies the session, not its secret
	Second  string // the other person of a two-person act
	Act     string
	Thing   string // "bulletin/01h…"
	Place   string // place.ID as text
	Before  string
	After   string
	Reason  string
	Note    string
}

// A Row is an entry in its place in the chain.
type Row struct {
	Seq  int64 // 1, 2, 3 … without a gap
	At   time.Time
	Hash string // hex SHA-256 over the hash before and this row
	Entry
}

// clean makes text that both databases keep as it is.
func (e Entry) clean() Entry {
	for _, s := range []*string{&e.Actor, &e.Session, &e.Second, &e.Act, &e.Thing, &e.Place, &e.Before, &e.After, &e.Reason, &e.Note} {
		*s = strings.ReplaceAll(strings.ToValidUTF8(*s, "\uFFFD"), "\x00", "")
	}
	return e
}

// sum is the hash of the row that follows one with the hash before. Each part is written with its length, so that no text can
// slide from one part to the next.
func (r Row) sum(before string) string {
	b := make([]byte, 0, 512)
	for _, part := range []string{before, strconv.FormatInt(r.Seq, 10), strconv.FormatInt(r.At.UnixMilli(), 10), r.Actor, r.Session, r.Second,
		r.Act, r.Thing, r.Place, r.Before, r.After, r.Reason, r.Note} {
		b = strconv.AppendInt(b, int64(len(part)), 10)
		b = append(b, ':')
		b = append(b, part...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Flaw is a way in which the record is not what was written.
type Flaw string

// The flaws that Verify finds.
const (
	Edited  Flaw = "edited"  // a row is not the one that was written, or its neighbour was replaced
	Missing Flaw = "missing" // rows were taken out
	Cut     Flaw = "cut"     // rows after the last one were taken off: the signed head knows more
	Rewrote Flaw = "rewrote" // the chain is whole but is not the one that the head was signed over
	Unsound Flaw = "unsound" // the head itself does not bear its signature
)

// A Finding is a flaw and the number of the row where it shows.
type Finding struct {
	Flaw Flaw
	Seq  int64
}

// A Report is what Verify saw.
type Report struct {
	Rows     int64
	Last     string // hash of the last row
	Findings []Finding
}

// Whole says that nothing is wrong.
func (r Report) Whole() bool { return len(r.Findings) == 0 }

// findingsShown bounds a report: after so many flaws one more says nothing.
const findingsShown = 100

func (r *Report) find(f Flaw, seq int64) {
	if len(r.Findings) < findingsShown {
		r.Findings = append(r.Findings, Finding{f, seq})
	}
}

// A walk follows the chain row by row.
type walk struct {
	report  Report
	seq     int64
	hash    string
	against *Head
}

func (w *walk) step(r Row) {
	if r.Seq != w.seq+1 {
		w.report.find(Missing, w.seq+1)
	} else if r.sum(w.hash) != r.Hash {
		w.report.find(Edited, r.Seq)
	}
	w.seq, w.hash = r.Seq, r.Hash
	w.report.Rows++
	if w.against != nil && w.against.Seq == r.Seq && w.against.Hash != r.Hash {
		w.report.find(Rewrote, r.Seq)
	}
}

func (w *walk) end() Report {
	if w.against != nil && w.against.Seq > w.seq {
		w.report.find(Cut, w.seq+1)
	}
	w.report.Last = w.hash
	return w.report
}
