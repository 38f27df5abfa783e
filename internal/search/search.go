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
	"context"
	"errors"
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

// Open reads the saved index and brings it up to date. An index that cannot be read, or that another database made, is built
// anew from the entries. Without Open an index is built in memory by the first question.
func (d *Desk) Open(ctx context.Context) error {
	d.follow.Lock()
	defer d.follow.Unlock()
	if d.dir != "" {
		shelf, err := openShelf(d.dir)
		if err != nil {
			return err
		}
		d.shelf = shelf
		x, err := shelf.load()
		if err != nil && !errors.Is(err, errNew) {
			d.log.Warn("search index is built anew", "cause", err)
		}
		ours, err := d.made(ctx, x)
		if err != nil {
			return err
		}
		if !ours {
			d.log.Warn("search index is built anew", "cause", "the database is another")
			x = &index{}
		}
		d.now.Store(x)
	}
	if err := d.catchUp(ctx); err != nil {
		return err
	}
	d.tidy(segmentLimit)
	return d.save()
}

// made tells whether an index was made from this database as it is.
func (d *Desk) made(ctx context.Context, x *index) (bool, error) {
	if x.sequence == 0 {
		return true, nil
	}
	sequence, err := d.sequenceOf(ctx, x.last)
	return sequence >= x.sequence, err
}

// fresh is the index with everything that was committed before the call.
func (d *Desk) fresh(ctx context.Context) (*index, error) {
	head, err := d.head(ctx)
	if err != nil {
		return nil, err
	}
	if x := d.now.Load(); x.sequence >= head {
		return x, nil
	}
	d.follow.Lock()
	defer d.follow.Unlock()
	if err := d.catchUp(ctx); err != nil {
		return nil, err
	}
	return d.now.Load(), nil
}

// catchUp takes in what was committed since. The caller holds follow.
func (d *Desk) catchUp(ctx context.Context) error {
	for {
		batch, err := d.changes(ctx, d.now.Load().sequence)
		if err != nil || len(batch) == 0 {
			return err
		}
		d.now.Store(d.now.Load().with(batch))
		d.tidy(smallMerge)
		if d.now.Load().loose() > looseLimit {
			if err := d.save(); err != nil {
				d.log.Warn("search index is not saved", "cause", err)
			}
		}
	}
}

const (
	smallMerge = 2000     // entries that may be merged while a question waits
	looseLimit = 64 << 20 // bytes of segments that are in memory only, before they are saved
	saveEvery  = 10 * time.Second
)

// tidy merges segments of like size, none larger than so many entries together. The caller holds follow.
func (d *Desk) tidy(limit int) {
	for {
		x := d.now.Load()
		parts := x.crowded(limit)
		if parts == nil {
			return
		}
		one, moved := merge(parts, x.deadOf(parts))
		d.now.Store(x.merged(parts, one, moved))
	}
}

// save brings the index to the shelf. The caller holds follow.
func (d *Desk) save() error {
	if d.shelf == nil {
		return nil
	}
	x, err := d.shelf.save(d.now.Load())
	if err != nil {
		return err
	}
	d.now.Store(x)
	d.saved = x
	return nil
}

// loose is how many bytes of an index are in memory only.
func (x *index) loose() int {
	bytes := 0
	for _, s := range x.segments {
		if s.name == "" {
			bytes += len(s.raw)
		}
	}
	return bytes
}

// Run follows the changes, merges and saves, until ctx ends. Without it Find is as complete, but the index grows untidy and
// starts from what was saved last.
func (d *Desk) Run(ctx context.Context) error {
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return d.keep(context.WithoutCancel(ctx))
		case <-tick.C:
			if err := errors.Join(d.mergeLarge(), d.keep(ctx)); err != nil && ctx.Err() == nil {
				d.log.Warn("search index is not saved", "cause", err)
			}
		}
	}
}

// keep saves what is new.
func (d *Desk) keep(ctx context.Context) error {
	d.follow.Lock()
	defer d.follow.Unlock()
	if err := d.catchUp(ctx); err != nil {
		return err
	}
	if d.saved == d.now.Load() {
		return nil
	}
	return d.save()
}

// mergeLarge merges what is too large to be merged while a question waits: aside, and only then put in its place.
func (d *Desk) mergeLarge() error {
	for {
		x := d.now.Load()
		parts := x.crowded(segmentLimit)
		if parts == nil {
			return nil
		}
		one, moved := merge(parts, x.deadOf(parts))
		if d.shelf != nil && one.docs > 0 {
			var err error
			if one, err = d.shelf.put(one); err != nil {
				return err
			}
		}
		d.follow.Lock()
		if now := d.now.Load(); now.holds(parts) {
			d.now.Store(now.merged(parts, one, moved))
		}
		d.follow.Unlock()
	}
}

// Rebuild makes the index anew from the entries, while the old one goes on answering.
func (d *Desk) Rebuild(ctx context.Context) error {
	x := &index{}
	for {
		batch, err := d.changes(ctx, x.sequence)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			break
		}
		x = x.with(batch)
		if d.shelf == nil {
			continue
		}
		last := len(x.segments) - 1
		if last >= 0 {
			if x.segments[last], err = d.shelf.put(x.segments[last]); err != nil {
				return err
			}
		}
	}
	d.follow.Lock()
	defer d.follow.Unlock()
	d.now.Store(x)
	if err := d.catchUp(ctx); err != nil {
		return err
	}
	d.tidy(segmentLimit)
	return d.save()
}
