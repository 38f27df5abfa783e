package audit

import (
	"context"
	"time"

	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fault"
)

const columns = "seq, at, actor, session, second, act, thing, place, before, after, reason, note, hash"

type row struct {
	Row
	at int64
}

func (r *row) fields() []any {
	return []any{&r.Seq, &r.at, &r.Actor, &r.Session, &r.Second, &r.Act, &r.Thing, &r.Place, &r.Before, &r.After, &r.Reason, &r.Note, &r.Hash}
}

func (r row) row() Row {
	r.At = db.Time(r.at)
	return r.Row
}

// Write adds an entry to the record in the transaction of the act itself: what is not recorded did not happen.
func Write(ctx context.Context, tx *db.Tx, at time.Time, e Entry) error {
	_, err := write(ctx, tx, at, e)
	return err
}

// write needs no lock of its own: writers come one at a time on both engines.
func write(ctx context.Context, tx *db.Tx, at time.Time, e Entry) (int64, error) {
	last, err := lastRow(ctx, tx)
	if err != nil {
		return 0, err
	}
	r := Row{Seq: last.Seq + 1, At: at, Entry: e.clean()}
	_, err = db.Exec(ctx, tx, "INSERT INTO audit ("+columns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
		r.Seq, r.At.UnixMilli(), r.Actor, r.Session, r.Second, r.Act, r.Thing, r.Place, r.Before, r.After, r.Reason, r.Note, r.sum(last.Hash))
	return r.Seq, err
}

// lastRow is the zero Row while nothing has been recorded.
func lastRow(ctx context.Context, c db.Conn) (Row, error) {
	r, err := db.One(ctx, c, (*row).fields, "SELECT "+columns+" FROM audit ORDER BY seq DESC LIMIT 1")
	if fault.Is(err, fault.NotFound) {
		return Row{}, nil
	}
	return r.row(), err
}

// Verify walks the whole record, on a database or on one put back from a backup. A head that was kept outside shows a cut tail and
// a rewritten chain as well; without one they cannot be seen.
func Verify(ctx context.Context, c db.Conn, kept *Head) (Report, error) {
	w := walk{against: kept}
	if kept != nil && !kept.Sound() {
		w.report.find(Unsound, kept.Seq)
	}
	err := db.Each(ctx, c, (*row).fields, func(r row) error { w.step(r.row()); return nil }, "SELECT "+columns+" FROM audit ORDER BY seq")
	return w.end(), err
}

// SignedHead signs the end of the record as c sees it.
func SignedHead(ctx context.Context, c db.Conn, key Key, at time.Time) (Head, error) {
	last, err := lastRow(ctx, c)
	if err != nil {
		return Head{}, err
	}
	return key.sign(Head{Seq: last.Seq, Hash: last.Hash, At: at.UTC().Truncate(time.Millisecond)}), nil
}

// A Desk reads the record for people.
type Desk struct {
	db     *db.DB
	policy *duty.Policy
	key    Key
	now    func() time.Time
}

// New makes the desk. key signs the heads that are kept outside.
func New(d *db.DB, policy *duty.Policy, key Key, now func() time.Time) *Desk {
	return &Desk{db: d, policy: policy, key: key, now: now}
}

func (d *Desk) bySeq(ctx context.Context, c db.Conn, seq int64) (Row, error) {
	r, err := db.One(ctx, c, (*row).fields, "SELECT "+columns+" FROM audit WHERE seq = $1", seq)
	return r.row(), err
}

// places lists the places that the record names. A unit belongs where today's tree puts it, which only the policy knows.
func (d *Desk) places(ctx context.Context) ([]string, error) {
	return db.Values[string](ctx, d.db, "SELECT DISTINCT place FROM audit")
}

// list gives the newest entries first that lie in one of the places (all of them if places is nil).
func (d *Desk) list(ctx context.Context, f Filter, places []string, page, size int) ([]Row, error) {
	var w db.Where
	if places != nil {
		w.In("place", places...)
	}
	for column, value := range map[string]string{"actor": f.Actor, "act": f.Act, "thing": f.Thing} {
		if value != "" {
			w.Add(column+" = $?", value)
		}
	}
	if !f.From.IsZero() {
		w.Add("at >= $?", db.Millis(f.From))
	}
	if !f.Until.IsZero() {
		w.Add("at < $?", db.Millis(f.Until))
	}
	text := "SELECT " + columns + " FROM audit" + w.SQL() + " ORDER BY seq DESC LIMIT " + w.Next(size+1) + " OFFSET " + w.Next((page-1)*size)
	rows, err := db.All(ctx, d.db, (*row).fields, text, w.Args()...)
	out := make([]Row, len(rows))
	for i, r := range rows {
		out[i] = r.row()
	}
	return out, err
}

// record writes the actor's own reading of the record and gives its number.
func (d *Desk) record(ctx context.Context, e Entry) (seq int64, err error) {
	err = d.db.Tx(ctx, func(tx *db.Tx) error {
		seq, err = write(ctx, tx, d.now(), e)
		return err
	})
	return seq, err
}

// Head signs the end of the record now, to be kept outside.
func (d *Desk) Head(ctx context.Context) (Head, error) { return SignedHead(ctx, d.db, d.key, d.now()) }

func (d *Desk) verify(ctx context.Context, kept *Head) (Report, error) {
	var report Report
	err := d.db.Snapshot(ctx, func(s *db.Snapshot) (err error) {
		report, err = Verify(ctx, s, kept)
		return err
	})
	return report, err
}
