package account

import (
	"context"
	"strings"
	"time"

	"banlang/internal/audit"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/privacy"
)

// A Desk signs people in and gives and takes their duties.
type Desk struct {
	db      *db.DB
	policy  *duty.Policy
	places  *place.Desk
	privacy *privacy.Desk
	keeper  *privacy.Keeper
	home    func() string
	now     func() time.Time
	hasher  *hasher
}

// New makes the desk. keeper wraps the secrets of second factors; home is the place.ID of the province that the installation serves.
func New(d *db.DB, policy *duty.Policy, places *place.Desk, p *privacy.Desk, keeper *privacy.Keeper, home func() string, now func() time.Time) *Desk {
	return &Desk{db: d, policy: policy, places: places, privacy: p, keeper: keeper, home: home, now: now, hasher: newHasher(costMemory, costTime)}
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

func (s store) once(ctx context.Context, key, result string) (string, bool, error) {
	return db.Once(ctx, s.tx, key, result)
}

func (s store) run(ctx context.Context, text string, args ...any) error {
	_, err := db.Exec(ctx, s.c, text, args...)
	return err
}

func newID() string { return db.NewID() }

func putSealed(ctx context.Context, s store, seal privacy.Seal, at time.Time, n Newcomer) error {
	if err := seal.Put(ctx, s.tx, at, "full_name", strings.TrimSpace(n.FullName)); err != nil {
		return err
	}
	return seal.Put(ctx, s.tx, at, "phone", strings.TrimSpace(n.Phone))
}

type accountRow struct {
	Account
	made int64
}

const columns = "id, name, title, kind, home, secret, change_first, totp, totp_step, state, demo, made"

func (r *accountRow) fields() []any {
	return []any{&r.ID, &r.Name, &r.Title, &r.Kind, &r.Home, &r.secret, &r.first, &r.wrapped, &r.step, &r.State, &r.Demo, &r.made}
}

func (r accountRow) account() Account {
	r.Made, r.TOTP = db.Time(r.made), r.wrapped != ""
	return r.Account
}

func (s store) byID(ctx context.Context, id ID) (Account, error) {
	r, err := db.One(ctx, s.c, (*accountRow).fields, "SELECT "+columns+" FROM account WHERE id = $1", id)
	return r.account(), err
}

func (s store) byName(ctx context.Context, name string) (Account, error) {
	r, err := db.One(ctx, s.c, (*accountRow).fields, "SELECT "+columns+" FROM account WHERE name = $1", name)
	return r.account(), err
}

func (s store) add(ctx context.Context, a Account, by string) error {
	return s.run(ctx, `INSERT INTO account (id, name, title, kind, home, secret, change_first, state, demo, made, made_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, a.ID, a.Name, a.Title, a.Kind, a.Home, a.secret, a.first, a.State, a.Demo, db.Millis(a.Made), by)
}

// list gives accounts by name; homes nil is everywhere.
func (s store) list(ctx context.Context, homes []string, search string, page, size int) ([]Account, error) {
	var w db.Where
	if homes != nil {
		w.In("home", homes...)
	}
	if search != "" {
		w.Add("substr(name, 1, $?) = $?", len(search), search)
	}
	rows, err := db.All(ctx, s.c, (*accountRow).fields, "SELECT "+columns+" FROM account"+w.SQL()+" ORDER BY name LIMIT "+w.Next(size)+" OFFSET "+w.Next((page-1)*(size-1)), w.Args()...)
	out := make([]Account, len(rows))
	for i, r := range rows {
		out[i] = r.account()
	}
	return out, err
}

func (s store) homes(ctx context.Context) ([]string, error) {
	return db.Values[string](ctx, s.c, "SELECT DISTINCT home FROM account")
}

func (s store) titles(ctx context.Context, ids []string) (map[string]string, error) {
	names := map[string]string{}
	if len(ids) == 0 {
		return names, nil
	}
	var w db.Where
	w.In("id", ids...)
	type pair struct{ id, title string }
	rows, err := db.All(ctx, s.c, func(p *pair) []any { return []any{&p.id, &p.title} }, "SELECT id, title FROM account"+w.SQL(), w.Args()...)
	for _, p := range rows {
		names[p.id] = p.title
	}
	return names, err
}

func (s store) setState(ctx context.Context, id ID, state string) error {
	return s.run(ctx, "UPDATE account SET state = $2 WHERE id = $1", id, state)
}

func (s store) setSecret(ctx context.Context, id ID, hash string, first bool) error {
	return s.run(ctx, "UPDATE account SET secret = $2, change_first = $3 WHERE id = $1", id, hash, first)
}

func (s store) setSecond(ctx context.Context, id ID, wrapped string, step int64, recovery []string) error {
	if err := s.run(ctx, "DELETE FROM account_recovery WHERE account = $1", id); err != nil {
		return err
	}
	for _, h := range recovery {
		if err := s.run(ctx, "INSERT INTO account_recovery (account, hash) VALUES ($1, $2)", id, h); err != nil {
			return err
		}
	}
	return s.run(ctx, "UPDATE account SET totp = $2, totp_step = $3 WHERE id = $1", id, wrapped, step)
}

// useStep marks the code of a step as used; of two requests with the same code one finds it used.
func (s store) useStep(ctx context.Context, id ID, step int64) (int64, error) {
	return db.Exec(ctx, s.c, "UPDATE account SET totp_step = $2 WHERE id = $1 AND totp_step < $2", id, step)
}

func (s store) hasRecovery(ctx context.Context, id ID, hash string) (bool, error) {
	n, err := db.Value[int64](ctx, s.c, "SELECT count(*) FROM account_recovery WHERE account = $1 AND hash = $2", id, hash)
	return n == 1, err
}

func (s store) useRecovery(ctx context.Context, id ID, hash string) (int64, error) {
	return db.Exec(ctx, s.c, "DELETE FROM account_recovery WHERE account = $1 AND hash = $2", id, hash)
}

// firstRun is the setting that holds the hash of the first run's code, or "done".
const firstRun = "account.first_run"

// firstRunOpen tells whether there is no account and never was one.
func (s store) firstRunOpen(ctx context.Context) (bool, error) {
	n, err := db.Value[int64](ctx, s.c, "SELECT count(*) FROM account")
	if err != nil || n > 0 {
		return false, err
	}
	done, err := s.isFirstRun(ctx, "done")
	return !done, err
}

func (s store) isFirstRun(ctx context.Context, value string) (bool, error) {
	kept, err := db.Value[string](ctx, s.c, "SELECT value FROM setting WHERE name = $1", firstRun)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return kept == value, err
}

func (s store) setFirstRun(ctx context.Context, value string) error {
	return s.run(ctx, "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", firstRun, value)
}
