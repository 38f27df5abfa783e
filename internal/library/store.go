package library

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"time"

	"banlang/internal/audit"
	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/job"
	"banlang/internal/library/transcript"
	"banlang/internal/place"
	"banlang/internal/search"
)

// New makes a desk and names the handler of its jobs.
func New(d *db.DB, files blob.Store, tools transcript.Tools, queue *job.Queue, policy *duty.Policy, places *place.Desk, groups *ethnic.Desk,
	index *search.Desk, log *slog.Logger, now func() time.Time) *Desk {
	desk := &Desk{store: store{db: d}, files: files, reader: transcript.New(tools), policy: policy, places: places, ethnic: groups, search: index, log: log, now: now}
	queue.Handle(jobRead, func(ctx context.Context, payload []byte) error { return desk.Read(ctx, ID(payload)) })
	return desk
}

// store reads from the database, or within a change.
type store struct {
	db *db.DB
	tx *db.Tx // nil outside of a change
}

// change runs a use case: load, permit, check, change, record, all of it or nothing.
func (s store) change(ctx context.Context, f func(store) error) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error { return f(store{s.db, tx}) })
}

func (s store) conn() db.Conn {
	if s.tx != nil {
		return s.tx
	}
	return s.db
}

func newID() ID { return ID(db.NewID()) }

func (s store) once(ctx context.Context, key, result string) (prior string, repeated bool, err error) {
	return db.Once(ctx, s.tx, key, result)
}

func (s store) record(ctx context.Context, at time.Time, e audit.Entry) error {
	return audit.Write(ctx, s.tx, at, e)
}
func (s store) index(ctx context.Context, e search.Entry) error { return search.Put(ctx, s.tx, e) }
func (s store) unindex(ctx context.Context, id string) error    { return search.Remove(ctx, s.tx, id) }

// jobRead is the job of reading a document's file.
const jobRead = "library.read"

func (s store) queueReading(ctx context.Context, id ID, at time.Time) error {
	return job.Put(ctx, s.tx, job.Job{Kind: jobRead, Key: string(id), Payload: []byte(id), At: at})
}

func (s store) dropReading(ctx context.Context, id ID) error {
	return job.Drop(ctx, s.tx, jobRead, string(id))
}

const columns = `id, state, revision, file, file_name, file_size, format, layer, accepted, encoding, pages, parts, contents, trouble,
	title, number, kind, issuer, signed, force_from, force_until, force, lang, subjects, places, groups, summary, source, rights, access, proposed,
	demo, area, village, depositor, describer, publisher, reason, made, changed, opened, scanned, pages_read, told`

type row struct {
	Document
	contents, trouble, subjects, places, groups string
	made, changed, opened, told                 int64
}

func (r *row) fields() []any {
	return []any{&r.ID, &r.State, &r.Revision, &r.File, &r.FileName, &r.FileSize, &r.Format, &r.Layer, &r.Accepted, &r.Encoding, &r.Pages, &r.Parts,
		&r.contents, &r.trouble, &r.Title, &r.Number, &r.Kind, &r.Issuer, &r.Signed, &r.ForceFrom, &r.ForceUntil, &r.Force, &r.Lang,
		&r.subjects, &r.places, &r.groups, &r.Summary, &r.Source, &r.Rights, &r.Access, &r.Proposed, &r.Demo, &r.Area, &r.Village,
		&r.Depositor, &r.Describer, &r.Publisher, &r.Reason, &r.made, &r.changed, &r.opened,
		&r.Scanned, &r.PagesRead, &r.told}
}

func (r row) document() (Document, error) {
	d := r.Document
	d.Subjects, d.Places, d.Groups = words[string](r.subjects), words[place.ID](r.places), words[ethnic.Slug](r.groups)
	d.Made, d.Changed, d.Opened = db.Time(r.made), db.Time(r.changed), db.Time(r.opened)
	d.Told = db.Time(r.told)
	if r.contents != "" {
		if err := json.Unmarshal([]byte(r.contents), &d.Contents); err != nil {
			return d, err
		}
	}
	if r.trouble != "" {
		if err := json.Unmarshal([]byte(r.trouble), &d.Trouble); err != nil {
			return d, err
		}
	}
	return d, nil
}

// values are the columns of a document in order.
func values(d Document) ([]any, error) {
	contents, trouble := "", ""
	if len(d.Contents) > 0 {
		text, err := json.Marshal(d.Contents)
		if err != nil {
			return nil, err
		}
		contents = string(text)
	}
	if d.Trouble != nil {
		text, err := json.Marshal(d.Trouble)
		if err != nil {
			return nil, err
		}
		trouble = string(text)
	}
	return []any{d.ID, d.State, d.Revision, d.File, d.FileName, d.FileSize, d.Format, d.Layer, d.Accepted, d.Encoding, d.Pages, d.Parts, contents, trouble,
		d.Title, d.Number, d.Kind, d.Issuer, d.Signed, d.ForceFrom, d.ForceUntil, d.Force, d.Lang, line(d.Subjects), line(d.Places), line(d.Groups),
		d.Summary, d.Source, d.Rights, d.Access, d.Proposed, d.Demo, d.Area, d.Village, d.Depositor, d.Describer, d.Publisher, d.Reason,
		db.Millis(d.Made), db.Millis(d.Changed), db.Millis(d.Opened), d.Scanned, d.PagesRead, db.Millis(d.Told)}, nil
}

func words[T ~string](text string) []T {
	var list []T
	for w := range strings.FieldsSeq(text) {
		list = append(list, T(w))
	}
	return list
}

func line[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, w := range list {
		texts[i] = string(w)
	}
	return strings.Join(texts, " ")
}

func (s store) one(ctx context.Context, condition string, args ...any) (Document, error) {
	r, err := db.One(ctx, s.conn(), (*row).fields, "SELECT "+columns+" FROM library_document WHERE "+condition, args...)
	if fault.Is(err, fault.NotFound) {
		return Document{}, fault.New(fault.NotFound, "library.not_found")
	}
	if err != nil {
		return Document{}, err
	}
	return r.document()
}

func (s store) byID(ctx context.Context, id ID) (Document, error) {
	return s.one(ctx, "id = $1", id)
}

// byFile is the document that has this content and was not withdrawn.
func (s store) byFile(ctx context.Context, file blob.Ref) (Document, error) {
	return s.one(ctx, "file = $1 AND state <> 'withdrawn' ORDER BY made, id LIMIT 1", file)
}

// Files are the originals that the documents name, each once.
func (d *Desk) Files(ctx context.Context) ([]blob.Ref, error) {
	return db.All(ctx, d.store.conn(), func(r *blob.Ref) []any { return []any{r} }, "SELECT DISTINCT file FROM library_document")
}

func (s store) insert(ctx context.Context, d Document) error {
	v, err := values(d)
	if err != nil {
		return err
	}
	return db.Insert(ctx, s.tx, "library_document", columns, [][]any{v})
}

// save writes everything of a document but what it was made from, and gives it a new revision. What everyone may know of it, or could
// know once, is told anew.
func (s store) save(ctx context.Context, d Document) error {
	d.Revision++
	if d.public() || !d.Told.IsZero() {
		d.Told = d.Changed
	}
	v, err := values(d)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, s.tx, `UPDATE library_document SET state = $2, revision = $3, file = $4, file_name = $5, file_size = $6, format = $7, layer = $8,
		accepted = $9, encoding = $10, pages = $11, parts = $12, contents = $13, trouble = $14, title = $15, number = $16, kind = $17, issuer = $18,
		signed = $19, force_from = $20, force_until = $21, force = $22, lang = $23, subjects = $24, places = $25, groups = $26, summary = $27,
		source = $28, rights = $29, access = $30, proposed = $31, demo = $32, area = $33, village = $34, depositor = $35, describer = $36,
		publisher = $37, reason = $38, made = $39, changed = $40, opened = $41, scanned = $42, pages_read = $43, told = $44 WHERE id = $1`, v...)
	return err
}

// setProgress keeps how many pages of a scan are read. It is no change of the record.
func (s store) setProgress(ctx context.Context, id ID, done, pages int) error {
	_, err := db.Exec(ctx, s.tx, "UPDATE library_document SET pages_read = $2, pages = $3 WHERE id = $1 AND pages_read < $2 AND layer = ''", id, done, pages)
	return err
}

// setParts replaces the text of a document.
func (s store) setParts(ctx context.Context, id ID, parts [][]transcript.Block) error {
	if _, err := db.Exec(ctx, s.tx, "DELETE FROM library_part WHERE document = $1", id); err != nil {
		return err
	}
	rows := make([][]any, len(parts))
	for i, blocks := range parts {
		text, err := json.Marshal(blocks)
		if err != nil {
			return err
		}
		rows[i] = []any{id, i + 1, string(text)}
	}
	return db.Insert(ctx, s.tx, "library_part", "document, number, blocks", rows)
}

func (s store) part(ctx context.Context, id ID, number int) ([]transcript.Block, error) {
	text, err := db.Value[string](ctx, s.conn(), "SELECT blocks FROM library_part WHERE document = $1 AND number = $2", id, number)
	if err != nil {
		return nil, err
	}
	var blocks []transcript.Block
	return blocks, json.Unmarshal([]byte(text), &blocks)
}

// A Filter chooses documents for an officer's list.
type Filter struct {
	State State // "" is every state
	Page  int   // 1 is the first
	Size  int
}

// list is what the actor may see in the list: within the areas, or handed in by themselves.
func (s store) list(ctx context.Context, f Filter, areas []string, depositor string) ([]Document, int, error) {
	var w db.Where
	if f.State != "" {
		w.Add("state = $?", f.State)
	}
	if !slices.Contains(areas, "") {
		condition, args := "depositor = $?", []any{depositor}
		if len(areas) > 0 {
			condition += " OR EXISTS (SELECT 1 FROM place_within p WHERE p.place = area AND p.area IN ($?" + strings.Repeat(", $?", len(areas)-1) + "))"
			for _, a := range areas {
				args = append(args, a)
			}
		}
		w.Add(condition, args...)
	}
	total, err := db.Value[int](ctx, s.db, "SELECT count(*) FROM library_document"+w.SQL(), w.Args()...)
	if err != nil {
		return nil, 0, err
	}
	size := min(max(1, f.Size), 100)
	text := "SELECT " + columns + " FROM library_document" + w.SQL() + " ORDER BY changed DESC, id DESC LIMIT " + w.Next(size) +
		" OFFSET " + w.Next((max(1, f.Page)-1)*size)
	rows, err := db.All(ctx, s.db, (*row).fields, text, w.Args()...)
	if err != nil {
		return nil, 0, err
	}
	all := make([]Document, len(rows))
	for i, r := range rows {
		if all[i], err = r.document(); err != nil {
			return nil, 0, err
		}
	}
	return all, total, nil
}
