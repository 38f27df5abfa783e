package bulletin

import (
	"context"
	"log/slog"
	"time"

	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/job"
	"banlang/internal/place"
)

// A Desk does the work on bulletins.
type Desk struct {
	db        *db.DB
	files     blob.Store
	policy    *duty.Policy
	places    *place.Desk
	languages *ethnic.Desk
	people    People
	studio    studio
	log       *slog.Logger
	now       func() time.Time
}

// People knows the public names of those who sign in.
type People interface {
	Name(ctx context.Context, account string) (string, error)
}

// New makes a desk and names the handlers of its jobs.
func New(d *db.DB, files blob.Store, queue *job.Queue, policy *duty.Policy, places *place.Desk, languages *ethnic.Desk, people People, log *slog.Logger, now func() time.Time) *Desk {
	desk := &Desk{db: d, files: files, policy: policy, places: places, languages: languages, people: people, studio: newStudio(), log: log, now: now}
	queue.Handle(jobSound, desk.makeReady)
	queue.Handle(jobVoice, desk.readAloud)
	queue.Handle(jobExpire, desk.takeOff)
	return desk
}

// A store reads and writes the tables: of the database as it stands, or within a change.
type store struct {
	c  db.Conn
	tx *db.Tx // nil outside a change
}

func (d *Desk) read() store { return store{c: d.db} }

// change runs a use case: load, permit, check, change, record, all of it or nothing.
func (d *Desk) change(ctx context.Context, f func(store) error) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error { return f(store{tx, tx}) })
}

// once is change for a request with a key: the same request again does nothing.
func (d *Desk) once(ctx context.Context, key string, f func(store) error) error {
	return d.change(ctx, func(s store) error {
		if _, repeated, err := s.once(ctx, key, ""); err != nil || repeated {
			return err
		}
		return f(s)
	})
}

func (s store) once(ctx context.Context, key, result string) (prior string, repeated bool, err error) {
	return db.Once(ctx, s.tx, tidyLine(key), result)
}

func newID() string { return db.NewID() }

const columns = "id, place, topic, class, basis, expires, stage, life, revision, issue, demo, drill, writer, replaces, replaced_by, reason, ended, made, changed"

type row struct {
	Bulletin
	expires, ended, made, changed int64
}

func (r *row) fields() []any {
	return []any{&r.ID, &r.Place, &r.Topic, &r.Class, &r.Basis, &r.expires, &r.Stage, &r.Life, &r.Revision, &r.Issue, &r.Demo, &r.Drill, &r.Writer,
		&r.Replaces, &r.ReplacedBy, &r.Reason, &r.ended, &r.made, &r.changed}
}

func (r row) bulletin() Bulletin {
	b := r.Bulletin
	b.Expires, b.Ended, b.Made, b.Changed = db.Time(r.expires), db.Time(r.ended), db.Time(r.made), db.Time(r.changed)
	return b
}

const soundColumns = "voice, machine, opus, opus_size, mp3, mp3_size, length"
const editionColumns = "lang, state, revision, title, body, remark, upload, trouble, changed, " + soundColumns

type editionRow struct {
	Edition
	bulletin        ID
	length, changed int64
}

func (r *editionRow) soundFields() []any {
	return []any{&r.Sound.Voice, &r.Sound.Machine, &r.Sound.Opus, &r.Sound.OpusSize, &r.Sound.MP3, &r.Sound.MP3Size, &r.length}
}

func (r *editionRow) fields() []any {
	return append([]any{&r.bulletin, &r.Lang, &r.State, &r.Revision, &r.Title, &r.Body, &r.Remark, &r.Upload, &r.Trouble, &r.changed}, r.soundFields()...)
}

func (r editionRow) edition() Edition {
	e := r.Edition
	e.Sound.Length, e.Changed = time.Duration(r.length)*time.Millisecond, db.Time(r.changed)
	return e
}

// byID loads a bulletin with its editions.
func (s store) byID(ctx context.Context, id ID) (Bulletin, error) {
	if !id.Valid() {
		return Bulletin{}, fault.New(fault.NotFound, "bulletin.not_found")
	}
	r, err := db.One(ctx, s.c, (*row).fields, "SELECT "+columns+" FROM bulletin WHERE id = $1", id)
	if fault.Is(err, fault.NotFound) {
		return Bulletin{}, fault.New(fault.NotFound, "bulletin.not_found")
	}
	if err != nil {
		return Bulletin{}, err
	}
	all, err := s.withEditions(ctx, []Bulletin{r.bulletin()})
	if err != nil {
		return Bulletin{}, err
	}
	return all[0], nil
}

// withEditions fills in the editions of a short list.
func (s store) withEditions(ctx context.Context, all []Bulletin) ([]Bulletin, error) {
	if len(all) == 0 {
		return all, nil
	}
	var w db.Where
	at := map[ID]int{}
	ids := make([]string, len(all))
	for i, b := range all {
		at[b.ID], ids[i] = i, string(b.ID)
	}
	w.In("bulletin", ids...)
	rows, err := db.All(ctx, s.c, (*editionRow).fields, "SELECT bulletin, "+editionColumns+" FROM bulletin_edition"+w.SQL(), w.Args()...)
	for _, r := range rows {
		b := &all[at[r.bulletin]]
		b.Editions = append(b.Editions, r.edition())
	}
	for i := range all {
		arrange(all[i].Editions)
	}
	return all, err
}

func (s store) insert(ctx context.Context, b Bulletin) error {
	_, err := db.Exec(ctx, s.c, "INSERT INTO bulletin ("+columns+") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19)",
		b.ID, b.Place, b.Topic, b.Class, b.Basis, db.Millis(b.Expires), b.Stage, b.Life, b.Revision, b.Issue, b.Demo, b.Drill, b.Writer,
		b.Replaces, b.ReplacedBy, b.Reason, db.Millis(b.Ended), db.Millis(b.Made), db.Millis(b.Changed))
	return err
}

// save writes what may change of a bulletin. Its stage follows from its editions.
func (s store) save(ctx context.Context, b Bulletin) error {
	_, err := db.Exec(ctx, s.c, `UPDATE bulletin SET place = $2, topic = $3, class = $4, basis = $5, expires = $6, stage = $7, life = $8, revision = $9,
		issue = $10, replaced_by = $11, reason = $12, ended = $13, changed = $14, drill = $15 WHERE id = $1`,
		b.ID, b.Place, b.Topic, b.Class, b.Basis, db.Millis(b.Expires), stage(b.Editions), b.Life, b.Revision, b.Issue, b.ReplacedBy, b.Reason,
		db.Millis(b.Ended), db.Millis(b.Changed), b.Drill)
	return err
}

func (s store) saveEdition(ctx context.Context, id ID, e Edition) error {
	_, err := db.Exec(ctx, s.c, `INSERT INTO bulletin_edition (bulletin, `+editionColumns+`)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17)
		ON CONFLICT (bulletin, lang) DO UPDATE SET state = excluded.state, revision = excluded.revision, title = excluded.title, body = excluded.body,
		remark = excluded.remark, upload = excluded.upload, trouble = excluded.trouble, changed = excluded.changed, voice = excluded.voice,
		machine = excluded.machine, opus = excluded.opus, opus_size = excluded.opus_size, mp3 = excluded.mp3, mp3_size = excluded.mp3_size, length = excluded.length`,
		id, e.Lang, e.State, e.Revision, e.Title, e.Body, e.Remark, e.Upload, e.Trouble, db.Millis(e.Changed),
		e.Sound.Voice, e.Sound.Machine, e.Sound.Opus, e.Sound.OpusSize, e.Sound.MP3, e.Sound.MP3Size, e.Sound.Length.Milliseconds())
	return err
}

// dropEdition takes back a language that was asked for and that nobody has told.
func (s store) dropEdition(ctx context.Context, id ID, lang string) error {
	_, err := db.Exec(ctx, s.c, "DELETE FROM bulletin_edition WHERE bulletin = $1 AND lang = $2", id, lang)
	return err
}

// A Step is one act in the life of a bulletin: the history that its officers read. Persons are compared with it, so nothing is
// ever taken out.
type Step struct {
	At     time.Time
	Person string // account; "system" for the machine's own work
	Act    string
	Lang   string
	Note   string
}

type stepRow struct {
	Step
	at int64
}

func (s store) addStep(ctx context.Context, id ID, t Step) error {
	_, err := db.Exec(ctx, s.c, "INSERT INTO bulletin_step (id, bulletin, at, person, act, lang, note) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		db.NewID(), id, db.Millis(t.At), t.Person, t.Act, t.Lang, t.Note)
	return err
}

// steps lists what was done to a bulletin, the first step first.
func (s store) steps(ctx context.Context, id ID) ([]Step, error) {
	rows, err := db.All(ctx, s.c, func(r *stepRow) []any { return []any{&r.at, &r.Person, &r.Act, &r.Lang, &r.Note} },
		"SELECT at, person, act, lang, note FROM bulletin_step WHERE bulletin = $1 ORDER BY id LIMIT 2000", id)
	all := make([]Step, len(rows))
	for i, r := range rows {
		all[i] = r.Step
		all[i].At = db.Time(r.at)
	}
	return all, err
}

// Files are the sounds that editions name, of today and of earlier issues, each once; not the uploads, which come and go.
func (d *Desk) Files(ctx context.Context) ([]blob.Ref, error) {
	return db.All(ctx, d.db, func(r *blob.Ref) []any { return []any{r} }, `SELECT opus FROM bulletin_edition WHERE opus <> ''
		UNION SELECT mp3 FROM bulletin_edition WHERE mp3 <> ''
		UNION SELECT opus FROM bulletin_issue_edition WHERE opus <> ''
		UNION SELECT mp3 FROM bulletin_issue_edition WHERE mp3 <> ''`)
}

// A Signature is a yes to an emergency that waits for the second.
type Signature struct {
	duty.Signature
	Role   duty.Role
	Reason string
	At     time.Time
}

type signatureRow struct {
	Signature
	at int64
}

func (r *signatureRow) fields() []any {
	return []any{&r.Person, &r.Session, &r.Role, &r.Leader, &r.Reason, &r.at}
}

// signatures lists who has signed these words; a change makes earlier ones void.
func (s store) signatures(ctx context.Context, id ID, revision int64) ([]Signature, error) {
	rows, err := db.All(ctx, s.c, (*signatureRow).fields,
		"SELECT person, session, role, leader, reason, at FROM bulletin_signature WHERE bulletin = $1 AND revision = $2 ORDER BY at", id, revision)
	all := make([]Signature, len(rows))
	for i, r := range rows {
		all[i] = r.Signature
		all[i].At = db.Time(r.at)
	}
	return all, err
}

func (s store) sign(ctx context.Context, id ID, revision int64, g Signature) error {
	_, err := db.Exec(ctx, s.c, "INSERT INTO bulletin_signature (bulletin, revision, person, session, role, leader, reason, at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
		id, revision, g.Person, g.Session, g.Role, g.Leader, g.Reason, db.Millis(g.At))
	return err
}
