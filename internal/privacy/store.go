package privacy

import (
	"context"
	"crypto/cipher"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"banlang/internal/audit"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fault"
)

// A Desk seals, opens and destroys, and takes people's requests.
type Desk struct {
	db     *db.DB
	keeper *Keeper
	policy *duty.Policy
	home   func() string
	now    func() time.Time
}

// New makes the desk. home is the place.ID of the province whose data-protection officer answers.
func New(d *db.DB, keeper *Keeper, policy *duty.Policy, home func() string, now func() time.Time) *Desk {
	return &Desk{db: d, keeper: keeper, policy: policy, home: home, now: now}
}

// KeysBelong refuses a keys folder without the master key where the database holds sealed records already: new keys would open
// none of them, and nobody would notice before it is too late.
func KeysBelong(ctx context.Context, c db.Conn, keys string) error {
	if _, err := os.Stat(filepath.Join(keys, masterName)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	sealed, err := db.Value[int64](ctx, c, "SELECT count(*) FROM privacy_record WHERE destroyed = 0")
	if err == nil && sealed > 0 {
		err = fault.New(fault.Conflict, "privacy.keys.lost", "Folder", keys)
	}
	return err
}

// store is the tables, read as they are or within a change.
type store struct {
	c  db.Conn
	tx *db.Tx // nil outside of a change
}

func (d *Desk) read() store { return store{c: d.db} }

func (d *Desk) change(ctx context.Context, f func(store) error) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error { return f(store{tx, tx}) })
}

func (s store) record(ctx context.Context, at time.Time, e audit.Entry) error {
	return audit.Write(ctx, s.tx, at, e)
}

func newID() string { return db.NewID() }

// A Seal seals fields of one record.
type Seal struct {
	record, key string
	cipher      cipher.AEAD
}

// Prepare opens the key of a record, or makes one for a new record. It works on files, so it comes before the transaction that
// seals; a key that no transaction came to use harms nobody.
func (d *Desk) Prepare(ctx context.Context, record string) (Seal, error) {
	found, err := d.read().byRecord(ctx, record)
	switch {
	case fault.Is(err, fault.NotFound):
		found.key = newID()
		err = d.keeper.Make(found.key)
	case err == nil && !found.destroyed.IsZero():
		err = gone
	}
	if err != nil {
		return Seal{}, err
	}
	c, err := d.keeper.open(found.key)
	return Seal{record, found.key, c}, err
}

// Put seals a field in the transaction of the use case it belongs to. An empty value takes the field away.
func (s Seal) Put(ctx context.Context, tx *db.Tx, at time.Time, field, value string) error {
	n, err := db.Exec(ctx, tx, "INSERT INTO privacy_record (record, key, made) VALUES ($1, $2, $3) ON CONFLICT (record) DO NOTHING", s.record, s.key, db.Millis(at))
	if err != nil {
		return err
	}
	if n == 0 { // between Prepare and here another may have made the record under another key, or destroyed it
		found, err := store{c: tx}.byRecord(ctx, s.record)
		if err != nil {
			return err
		}
		if found.key != s.key || !found.destroyed.IsZero() {
			return fault.New(fault.Conflict, "privacy.changed")
		}
	}
	if value == "" {
		_, err := db.Exec(ctx, tx, "DELETE FROM privacy_field WHERE record = $1 AND name = $2", s.record, field)
		return err
	}
	box := text.EncodeToString(seal(s.cipher, []byte(value), s.record+"\x00"+field))
	_, err = db.Exec(ctx, tx, `INSERT INTO privacy_field (record, name, box, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (record, name) DO UPDATE SET box = excluded.box, at = excluded.at`, s.record, field, box, db.Millis(at))
	return err
}

// Sealed lists the names of a record's sealed fields, which may be shown: that there is a telephone number is no secret.
func (d *Desk) Sealed(ctx context.Context, record string) ([]string, error) {
	return db.Values[string](ctx, d.db, "SELECT name FROM privacy_field WHERE record = $1 ORDER BY name", record)
}

type recordRow struct {
	key       string
	at        int64
	destroyed time.Time
}

func (s store) byRecord(ctx context.Context, record string) (recordRow, error) {
	r, err := db.One(ctx, s.c, func(r *recordRow) []any { return []any{&r.key, &r.at} }, "SELECT key, destroyed FROM privacy_record WHERE record = $1", record)
	r.destroyed = db.Time(r.at)
	return r, err
}

func (s store) box(ctx context.Context, record, field string) (key, box string, err error) {
	found, err := s.byRecord(ctx, record)
	if err != nil {
		return "", "", err
	}
	if !found.destroyed.IsZero() {
		return "", "", gone
	}
	box, err = db.Value[string](ctx, s.c, "SELECT box FROM privacy_field WHERE record = $1 AND name = $2", record, field)
	return found.key, box, err
}

// destroy forgets what a key sealed; the key itself is destroyed in its folder.
func (s store) destroy(ctx context.Context, key string, at time.Time) error {
	_, err := db.Exec(ctx, s.c, "DELETE FROM privacy_field WHERE record IN (SELECT record FROM privacy_record WHERE key = $1)", key)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, s.c, "UPDATE privacy_record SET destroyed = $2 WHERE key = $1 AND destroyed = 0", key, db.Millis(at))
	return err
}

func (s store) destroyedKeys(ctx context.Context) ([]string, error) {
	return db.Values[string](ctx, s.c, "SELECT key FROM privacy_record WHERE destroyed <> 0")
}

func (s store) addOpening(ctx context.Context, actor duty.Actor, a Ask, at time.Time) error {
	_, err := db.Exec(ctx, s.c, "INSERT INTO privacy_opening (id, record, name, actor, act, reason, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		newID(), a.Record, a.Field, actor.ID, string(a.Act), a.Reason, db.Millis(at))
	return err
}

func (s store) openings(ctx context.Context, record string) ([]Opening, error) {
	type row struct {
		Opening
		at int64
	}
	rows, err := db.All(ctx, s.c, func(r *row) []any { return []any{&r.Record, &r.Field, &r.Actor, &r.Act, &r.Reason, &r.at} },
		"SELECT record, name, actor, act, reason, at FROM privacy_opening WHERE record = $1 ORDER BY at DESC, id DESC LIMIT 200", record)
	out := make([]Opening, len(rows))
	for i, r := range rows {
		r.At = db.Time(r.at)
		out[i] = r.Opening
	}
	return out, err
}

type destructionRow struct {
	Destruction
	proposed, confirmed int64
}

const destructionColumns = "id, record, reason, proposed_by, proposed_session, proposed_at, confirmed_by, confirmed_at"

func (r *destructionRow) fields() []any {
	return []any{&r.ID, &r.Record, &r.Reason, &r.ProposedBy, &r.session, &r.proposed, &r.ConfirmedBy, &r.confirmed}
}

func (r destructionRow) destruction() Destruction {
	r.Proposed, r.Confirmed = db.Time(r.proposed), db.Time(r.confirmed)
	return r.Destruction
}

func (s store) addDestruction(ctx context.Context, x Destruction) (string, error) {
	id := newID()
	_, err := db.Exec(ctx, s.c, "INSERT INTO privacy_destruction (id, record, reason, proposed_by, proposed_session, proposed_at) VALUES ($1, $2, $3, $4, $5, $6)",
		id, x.Record, x.Reason, x.ProposedBy, x.session, db.Millis(x.Proposed))
	return id, err
}

func (s store) destruction(ctx context.Context, id string) (Destruction, error) {
	r, err := db.One(ctx, s.c, (*destructionRow).fields, "SELECT "+destructionColumns+" FROM privacy_destruction WHERE id = $1", id)
	return r.destruction(), err
}

func (s store) destructions(ctx context.Context) ([]Destruction, error) {
	rows, err := db.All(ctx, s.c, (*destructionRow).fields, "SELECT "+destructionColumns+" FROM privacy_destruction ORDER BY confirmed_at = 0 DESC, proposed_at DESC LIMIT 100")
	out := make([]Destruction, len(rows))
	for i, r := range rows {
		out[i] = r.destruction()
	}
	return out, err
}

func (s store) confirm(ctx context.Context, id, by string, at time.Time) error {
	_, err := db.Exec(ctx, s.c, "UPDATE privacy_destruction SET confirmed_by = $2, confirmed_at = $3 WHERE id = $1", id, by, db.Millis(at))
	return err
}

func (s store) addConsent(ctx context.Context, c Consent) (string, error) {
	id := newID()
	_, err := db.Exec(ctx, s.c, `INSERT INTO privacy_consent (id, subject, purpose, wording, version, lang, sound, manner, witness, given)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, id, c.Subject, c.Purpose, c.Wording, c.Version, c.Lang, c.Sound, c.Manner, c.Witness, db.Millis(c.Given))
	return id, err
}

// Agree writes agreements down in the transaction of the use case that asked for them. Each is checked; the caller has asked the
// policy and writes the record of acts. One without a day was given at this moment; one on paper on the day that stands on it.
func Agree(ctx context.Context, tx *db.Tx, at time.Time, all ...Consent) error {
	rows := make([][]any, len(all))
	for i, c := range all {
		if err := c.check(enough); err != nil {
			return err
		}
		if c.Given.IsZero() {
			c.Given = at
		}
		rows[i] = []any{newID(), c.Subject, c.Purpose, c.Wording, c.Version, c.Lang, c.Sound, c.Manner, c.Witness, db.Millis(c.Given)}
	}
	return db.Insert(ctx, tx, "privacy_consent", "id, subject, purpose, wording, version, lang, sound, manner, witness, given", rows)
}

// Retract ends every standing agreement of a subject to a purpose in the transaction of the caller, who has asked the policy and
// writes the record of acts. It tells how many stood.
func Retract(ctx context.Context, tx *db.Tx, at time.Time, subject, purpose, by string) (int64, error) {
	return store{c: tx}.withdraw(ctx, subject, purpose, by, at)
}

func (s store) withdraw(ctx context.Context, subject, purpose, by string, at time.Time) (int64, error) {
	return db.Exec(ctx, s.c, "UPDATE privacy_consent SET withdrawn = $4, withdrawn_by = $3 WHERE subject = $1 AND purpose = $2 AND withdrawn = 0",
		subject, purpose, by, db.Millis(at))
}

func (s store) consent(ctx context.Context, subject, purpose string) (Consent, error) {
	type row struct {
		Consent
		given int64
	}
	r, err := db.One(ctx, s.c, func(r *row) []any {
		return []any{&r.ID, &r.Subject, &r.Purpose, &r.Wording, &r.Version, &r.Lang, &r.Sound, &r.Manner, &r.Witness, &r.given}
	}, `SELECT id, subject, purpose, wording, version, lang, sound, manner, witness, given FROM privacy_consent
		WHERE subject = $1 AND purpose = $2 AND withdrawn = 0 ORDER BY given DESC LIMIT 1`, subject, purpose)
	r.Given = db.Time(r.given)
	return r.Consent, err
}

type requestRow struct {
	Request
	received, due, answered int64
}

const requestColumns = "id, kind, area, state, received, due, answered, answered_by, demo"

func (r *requestRow) fields() []any {
	return []any{&r.ID, &r.Kind, &r.Area, &r.State, &r.received, &r.due, &r.answered, &r.By, &r.Demo}
}

func (r requestRow) request() Request {
	r.Received, r.Due, r.Answered = db.Time(r.received), db.Time(r.due), db.Time(r.answered)
	return r.Request
}

func (s store) addRequest(ctx context.Context, r Request, code string) error {
	_, err := db.Exec(ctx, s.c, "INSERT INTO privacy_request (id, code, kind, area, state, received, due, demo) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		r.ID, code, r.Kind, r.Area, r.State, db.Millis(r.Received), db.Millis(r.Due), r.Demo)
	return err
}

func (s store) requestByCode(ctx context.Context, code string) (Request, error) {
	r, err := db.One(ctx, s.c, (*requestRow).fields, "SELECT "+requestColumns+" FROM privacy_request WHERE code = $1", code)
	return r.request(), err
}

func (s store) requestByID(ctx context.Context, id string) (Request, error) {
	r, err := db.One(ctx, s.c, (*requestRow).fields, "SELECT "+requestColumns+" FROM privacy_request WHERE id = $1", id)
	return r.request(), err
}

func (s store) requests(ctx context.Context, page, size int) ([]Request, error) {
	rows, err := db.All(ctx, s.c, (*requestRow).fields,
		"SELECT "+requestColumns+" FROM privacy_request ORDER BY answered <> 0, CASE WHEN answered = 0 THEN due ELSE -answered END, id LIMIT $1 OFFSET $2", size, (page-1)*size)
	out := make([]Request, len(rows))
	for i, r := range rows {
		out[i] = r.request()
	}
	return out, err
}

func (s store) setAnswered(ctx context.Context, id, by string, at time.Time) error {
	_, err := db.Exec(ctx, s.c, "UPDATE privacy_request SET state = 'answered', answered = $2, answered_by = $3 WHERE id = $1", id, db.Millis(at), by)
	return err
}

// Column is a column of a table as the register names it.
type Column struct{ Table, Name string }

// Columns lists every column of every table of the database.
func Columns(ctx context.Context, d *db.DB) ([]Column, error) {
	tables, err := d.Tables(ctx)
	var all []Column
	for _, t := range tables {
		for _, c := range t.Columns {
			all = append(all, Column{t.Name, c})
		}
	}
	return all, err
}
