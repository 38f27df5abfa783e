package search

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/fold"
)

// nextSequence is safe because writers come one at a time and no row ever goes: the newest is always there.
const nextSequence = "(SELECT coalesce(max(sequence), 0) + 1 FROM search_entry)"

// Put makes an entry findable, or changes it, in the caller's transaction. It is found by every question that begins after the
// commit. Text of before Unicode is brought into Unicode. Putting the same again changes nothing.
func Put(ctx context.Context, tx *db.Tx, e Entry) error {
	if e.ID == "" || e.Title == "" {
		return fmt.Errorf("search entry %q needs an identifier and a title", e.ID)
	}
	for _, text := range []*string{&e.Title, &e.Heading, &e.Body} {
		*text, _ = fold.Decode(*text)
	}
	facets, err := json.Marshal(e.Facets)
	if err != nil {
		return err
	}
	digest := digestOf(e.Kind, e.Title, e.Heading, e.Body, e.Lang, e.URL, e.Number, fmt.Sprint(db.Millis(e.Date)), e.Area,
		string(e.Act), string(facets), e.Sound)
	_, err = db.Exec(ctx, tx, `INSERT INTO search_entry
		(id, sequence, removed, digest, kind, title, heading, body, lang, url, number, date, area, act, facets, sound)
		VALUES ($1, `+nextSequence+`, FALSE, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, removed = FALSE, digest = excluded.digest,
		kind = excluded.kind, title = excluded.title, heading = excluded.heading, body = excluded.body, lang = excluded.lang,
		url = excluded.url, number = excluded.number, date = excluded.date, area = excluded.area, act = excluded.act,
		facets = excluded.facets, sound = excluded.sound
		WHERE search_entry.digest <> excluded.digest`,
		e.ID, digest, e.Kind, e.Title, e.Heading, e.Body, e.Lang, e.URL, e.Number, db.Millis(e.Date), e.Area, string(e.Act),
		string(facets), e.Sound)
	return err
}

// Remove makes an entry unfindable in the caller's transaction. Nothing of its content stays. Removing what is not there is no mistake.
func Remove(ctx context.Context, tx *db.Tx, id string) error {
	_, err := db.Exec(ctx, tx, `UPDATE search_entry SET sequence = `+nextSequence+`, removed = TRUE, digest = '', kind = '',
		title = '', heading = '', body = '', lang = '', url = '', number = '', date = 0, area = '', act = '', facets = '{}', sound = ''
		WHERE id = $1 AND removed = FALSE`, id)
	return err
}

func digestOf(fields ...string) string {
	h := sha256.New()
	for _, f := range fields {
		fmt.Fprintf(h, "%d:%s", len(f), f)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// A change is a row that the index follows.
type change struct {
	Entry
	sequence int64
	removed  bool

	date   int64
	facets string
}

const entryColumns = "id, kind, title, heading, lang, url, number, date, area, act, facets, sound"

func (c *change) entryFields() []any {
	return []any{&c.ID, &c.Kind, &c.Title, &c.Heading, &c.Lang, &c.URL, &c.Number, &c.date, &c.Area, (*string)(&c.Act), &c.facets, &c.Sound}
}

func (c *change) fields() []any {
	return append(c.entryFields(), &c.sequence, &c.removed, &c.Body)
}

// decode fills in what the table keeps in another form.
func (c *change) decode() error {
	c.Date = db.Time(c.date)
	if err := json.Unmarshal([]byte(c.facets), &c.Facets); err != nil {
		return fmt.Errorf("search entry %s: facets: %w", c.ID, err)
	}
	return nil
}

// head is the sequence of the newest change.
func (d *Desk) head(ctx context.Context) (int64, error) {
	return db.Value[int64](ctx, d.db, "SELECT coalesce(max(sequence), 0) FROM search_entry")
}

// A batch of changes is bounded by rows and by text, so that indexing needs little memory.
const (
	batchRows  = 2048
	batchBytes = 16 << 20
)

// changes reads what came after a sequence, in order, up to a batch.
func (d *Desk) changes(ctx context.Context, after int64) ([]change, error) {
	var all []change
	bytes := 0
	full := fmt.Errorf("batch is full")
	err := db.Each(ctx, d.db, (*change).fields, func(c change) error {
		if err := c.decode(); err != nil {
			return err
		}
		all = append(all, c)
		if bytes += len(c.Body); bytes > batchBytes {
			return full
		}
		return nil
	}, "SELECT "+entryColumns+", sequence, removed, body FROM search_entry WHERE sequence > $1 ORDER BY sequence LIMIT $2", after, batchRows)
	if bytes > batchBytes {
		err = nil
	}
	return all, err
}

// originSetting names the setting that tells one database from another.
const originSetting = "search.origin"

// origin tells which database this is. The first who asks makes it.
func (d *Desk) origin(ctx context.Context) (origin string, err error) {
	err = d.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", originSetting, db.NewID())
		if err != nil {
			return err
		}
		origin, err = db.Value[string](ctx, tx, "SELECT value FROM setting WHERE name = $1", originSetting)
		return err
	})
	return origin, err
}

// sequenceOf is where an entry stands now, 0 where it never was.
func (d *Desk) sequenceOf(ctx context.Context, id string) (int64, error) {
	sequence, err := db.Value[int64](ctx, d.db, "SELECT sequence FROM search_entry WHERE id = $1", id)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	return sequence, err
}

// A shown row is a hit with the clause of its body to show.
type shown struct {
	change
	clause string
}

func (s *shown) fields() []any {
	return append(s.entryFields(), &s.clause)
}

// shown reads an entry and a stretch of its body, in characters. It is NotFound where the entry went meanwhile.
func (d *Desk) shown(ctx context.Context, id string, start, length int) (shown, error) {
	s, err := db.One(ctx, d.db, (*shown).fields,
		"SELECT "+entryColumns+", substr(body, cast($2 AS integer), cast($3 AS integer)) FROM search_entry WHERE id = $1 AND removed = FALSE",
		id, start+1, length)
	if err != nil {
		return s, err
	}
	if !utf8.ValidString(s.clause) {
		s.clause = ""
	}
	return s, s.decode()
}

// seer tells what an actor may see of what is not public: where the act is allowed. An entry has no owner.
func (d *Desk) seer(actor duty.Actor) func(right) bool {
	return func(r right) bool {
		return d.policy.Permit(actor, r.act, duty.Thing{Area: r.area, Lang: r.lang, Owner: nobody}) == nil
	}
}

const nobody = "nobody" // no account has this identifier

// A Desk answers questions and keeps the index. It is safe for many callers at once.
type Desk struct {
	db     *db.DB
	policy *duty.Policy
	log    *slog.Logger
	dir    string

	committed chan struct{} // something was

	now    atomic.Pointer[index]
	follow sync.Mutex // held while now is replaced
	shelf  *shelf     // nil while nothing is kept on disk
	saved  *index     // what the shelf holds
}

// New makes a desk that keeps its index in a folder of its own, or only in memory where dir is empty.
func New(d *db.DB, dir string, policy *duty.Policy, log *slog.Logger) *Desk {
	desk := &Desk{db: d, policy: policy, log: log, dir: dir, committed: make(chan struct{}, 1)}
	desk.now.Store(&index{})
	d.OnCommit(func() {
		select {
		case desk.committed <- struct{}{}:
		default: // it is known already
		}
	})
	return desk
}
