package report

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"banlang/internal/audit"
	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/job"
	"banlang/internal/place"
	"banlang/internal/report/form"
)

// A Desk answers for the reports of one installation.
type Desk struct {
	db     *db.DB
	files  blob.Store
	queue  *job.Queue
	policy *duty.Policy
	places *place.Desk
	groups *ethnic.Desk
	facts  *fact.Desk
	now    func() time.Time
}

// New makes the desk. Call Ready before asking it anything.
func New(d *db.DB, files blob.Store, queue *job.Queue, policy *duty.Policy, places *place.Desk, groups *ethnic.Desk, facts *fact.Desk, now func() time.Time) *Desk {
	desk := &Desk{db: d, files: files, queue: queue, policy: policy, places: places, groups: groups, facts: facts, now: now}
	queue.Handle(tickKind, func(ctx context.Context, _ []byte) error { return desk.Tick(ctx) })
	return desk
}

// A writer is a transaction that use cases hand from one to the next; a reader is what they read through; a filter is conditions.
type (
	writer = *db.Tx
	reader = db.Conn
	filter = db.Where
)

// change runs a use case in one transaction.
func (d *Desk) change(ctx context.Context, f func(tx writer) error) error { return d.db.Tx(ctx, f) }

func newID() string { return db.NewID() }

func once(ctx context.Context, tx writer, key, result string) (prior string, repeated bool, err error) {
	return db.Once(ctx, tx, key, result)
}

// today is the day in Vietnam.
func (d *Desk) today() place.Date { return place.DateOf(d.now()) }

// A reportRow is a report as the table keeps it.
type reportRow struct {
	Report
	axis, hands                                        string
	enteredAt, certifiedAt, sentAt, firstSent, accepts int64
}

const reportColumns = `id, period, unit, state, version, rev, axis, hands, entered_by, entered_name, entered_at, certified_by, certified_name,
	certified_at, sent_by, sent_name, sent_at, first_sent, accepted_by, accepted_name, accepted_at, filled, wanted, demo`

func (r *reportRow) fields() []any {
	return []any{
		&r.ID, &r.Period, &r.Unit, &r.State, &r.Version, &r.Rev, &r.axis, &r.hands, &r.Entered.By, &r.Entered.Name, &r.enteredAt,
		&r.Certified.By, &r.Certified.Name, &r.certifiedAt, &r.Sent.By, &r.Sent.Name, &r.sentAt, &r.firstSent,
		&r.Accepted.By, &r.Accepted.Name, &r.accepts, &r.Filled, &r.Wanted, &r.Demo,
	}
}

func (r reportRow) report() (Report, error) {
	v := r.Report
	v.Hands = strings.Fields(r.hands)
	v.Entered.At, v.Certified.At, v.Sent.At = db.Time(r.enteredAt), db.Time(r.certifiedAt), db.Time(r.sentAt)
	v.FirstSent, v.Accepted.At = db.Time(r.firstSent), db.Time(r.accepts)
	return v, decode(r.axis, &v.Axis)
}

func (v Report) row() []any {
	return []any{
		v.ID, v.Period, v.Unit, v.State, v.Version, v.Rev, encode(v.Axis), strings.Join(v.Hands, " "), v.Entered.By, v.Entered.Name, db.Millis(v.Entered.At),
		v.Certified.By, v.Certified.Name, db.Millis(v.Certified.At), v.Sent.By, v.Sent.Name, db.Millis(v.Sent.At), db.Millis(v.FirstSent),
		v.Accepted.By, v.Accepted.Name, db.Millis(v.Accepted.At), v.Filled, v.Wanted, v.Demo,
	}
}

// encode writes what a text column keeps as JSON.
func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain data
	}
	return string(text)
}

func decode(text string, v any) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), v)
}

func reports(rows []reportRow, err error) ([]Report, error) {
	all := make([]Report, len(rows))
	for i := 0; i < len(rows) && err == nil; i++ {
		all[i], err = rows[i].report()
	}
	return all, err
}

func reportByID(ctx context.Context, c db.Conn, id string) (Report, error) {
	r, err := db.One(ctx, c, (*reportRow).fields, "SELECT "+reportColumns+" FROM report WHERE id = $1", id)
	if fault.Is(err, fault.NotFound) {
		return Report{}, fault.New(fault.NotFound, "report.gone")
	}
	if err != nil {
		return Report{}, err
	}
	return r.report()
}

// reportOf is what a unit reports in a period.
func reportOf(ctx context.Context, c db.Conn, period string, unit place.ID) (Report, error) {
	r, err := db.One(ctx, c, (*reportRow).fields, "SELECT "+reportColumns+" FROM report WHERE period = $1 AND unit = $2", period, unit)
	if err != nil {
		return Report{}, err
	}
	return r.report()
}

// reportsIn lists every unit's report of a period.
func reportsIn(ctx context.Context, c db.Conn, period string) ([]Report, error) {
	return reports(db.All(ctx, c, (*reportRow).fields, "SELECT "+reportColumns+" FROM report WHERE period = $1 ORDER BY unit LIMIT 4000", period))
}

// reportsBy lists the newest reports that conditions pick, of the alias r.
func reportsBy(ctx context.Context, c db.Conn, w db.Where, limit int) ([]Report, error) {
	return reports(db.All(ctx, c, (*reportRow).fields,
		"SELECT "+reportColumns+" FROM report"+w.SQL()+" ORDER BY id DESC LIMIT "+w.Next(limit), w.Args()...))
}

// setReport writes back what the workflow and the entering of figures change.
func setReport(ctx context.Context, tx *db.Tx, v Report) error {
	_, err := db.Exec(ctx, tx, `UPDATE report SET state = $1, version = $2, rev = $3, axis = $4, hands = $5, entered_by = $6, entered_name = $7,
		entered_at = $8, certified_by = $9, certified_name = $10, certified_at = $11, sent_by = $12, sent_name = $13, sent_at = $14,
		first_sent = $15, accepted_by = $16, accepted_name = $17, accepted_at = $18, filled = $19, wanted = $20 WHERE id = $21`,
		v.State, v.Version, v.Rev, encode(v.Axis), strings.Join(v.Hands, " "), v.Entered.By, v.Entered.Name, db.Millis(v.Entered.At),
		v.Certified.By, v.Certified.Name, db.Millis(v.Certified.At), v.Sent.By, v.Sent.Name, db.Millis(v.Sent.At), db.Millis(v.FirstSent),
		v.Accepted.By, v.Accepted.Name, db.Millis(v.Accepted.At), v.Filled, v.Wanted, v.ID)
	return err
}

// A cellRow is a cell as the table keeps it.
type cellRow struct {
	Cell
	at int64
}

const cellColumns = "cell, text, n, state, note, file, source, entered_by, entered_name, at, rev"

func (r *cellRow) fields() []any {
	v := &r.Cell.Value
	return []any{&r.Name, &v.Text, &v.N, &v.State, &v.Note, &r.File, &r.Source, &r.By.By, &r.By.Name, &r.at, &r.Rev}
}

func cellsOf(ctx context.Context, c db.Conn, report string) (map[string]Cell, error) {
	cells := map[string]Cell{}
	err := db.Each(ctx, c, (*cellRow).fields, func(r cellRow) error {
		r.By.At = db.Time(r.at)
		cells[r.Name] = r.Cell
		return nil
	}, "SELECT "+cellColumns+" FROM report_cell WHERE report = $1", report)
	return cells, err
}

func setCell(ctx context.Context, tx *db.Tx, report string, c Cell) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO report_cell (report, `+cellColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (report, cell) DO UPDATE SET text = excluded.text, n = excluded.n, state = excluded.state, note = excluded.note, file = excluded.file,
			source = excluded.source, entered_by = excluded.entered_by, entered_name = excluded.entered_name, at = excluded.at, rev = excluded.rev`,
		report, c.Name, c.Value.Text, c.Value.N, c.Value.State, c.Value.Note, c.File, c.Source, c.By.By, c.By.Name, db.Millis(c.By.At), c.Rev)
	return err
}

// A remarkRow is a remark as the table keeps it.
type remarkRow struct {
	Remark
	at int64
}

func (r *remarkRow) fields() []any {
	return []any{&r.ID, &r.Cell, &r.Text, &r.By.By, &r.By.Name, &r.at, &r.Done}
}

func remarksOf(ctx context.Context, c db.Conn, report string) ([]Remark, error) {
	rows, err := db.All(ctx, c, (*remarkRow).fields, `SELECT id, cell, text, written_by, written_name, at, done FROM report_remark
		WHERE report = $1 ORDER BY done, at DESC, id LIMIT 500`, report)
	all := make([]Remark, len(rows))
	for i, r := range rows {
		all[i] = r.Remark
		all[i].By.At = db.Time(r.at)
	}
	return all, err
}

func addRemarks(ctx context.Context, tx *db.Tx, report string, all []Remark) error {
	rows := make([][]any, len(all))
	for i, m := range all {
		rows[i] = []any{db.NewID(), report, m.Cell, m.Text, m.By.By, m.By.Name, db.Millis(m.By.At)}
	}
	return db.Insert(ctx, tx, "report_remark", "id, report, cell, text, written_by, written_name, at", rows)
}

// settleRemarks marks what was said about cells as dealt with.
func settleRemarks(ctx context.Context, tx *db.Tx, report string, cells []string) error {
	for part := range slices.Chunk(cells, 400) {
		var w db.Where
		w.Add("report = $?", report)
		w.Add("done = $?", false)
		w.In("cell", part...)
		if _, err := db.Exec(ctx, tx, "UPDATE report_remark SET done = true"+w.SQL(), w.Args()...); err != nil {
			return err
		}
	}
	return nil
}

// A stepRow is a step as the table keeps it.
type stepRow struct {
	Step
	at int64
}

func (r *stepRow) fields() []any {
	return []any{&r.Act, &r.By.By, &r.By.Name, &r.After, &r.Reason, &r.at}
}

func stepsOf(ctx context.Context, c db.Conn, thing string) ([]Step, error) {
	rows, err := db.All(ctx, c, (*stepRow).fields,
		"SELECT act, actor, actor_name, after, reason, at FROM report_step WHERE thing = $1 ORDER BY at DESC, id DESC LIMIT 500", thing)
	all := make([]Step, len(rows))
	for i, r := range rows {
		all[i] = r.Step
		all[i].By.At = db.Time(r.at)
	}
	return all, err
}

// step writes what was done into the report's own history and into the record. second is the other person of a two-person act.
func step(ctx context.Context, tx *db.Tx, at time.Time, actor duty.Actor, thing, area string, s Step, before State, second string) error {
	err := db.Insert(ctx, tx, "report_step", "id, thing, act, actor, actor_name, after, reason, at",
		[][]any{{db.NewID(), thing, s.Act, actor.ID, actor.Name, s.After, s.Reason, db.Millis(at)}})
	if err != nil {
		return err
	}
	return audit.Write(ctx, tx, at, audit.Entry{
		Actor: actor.ID, Session: actor.Session, Second: second, Act: s.Act, Thing: "report/" + thing, Place: area,
		Before: string(before), After: string(s.After), Reason: s.Reason,
	})
}

// A versionRow is a certified report as the table keeps it.
type versionRow struct {
	Version
	cells string
	at    int64
}

func (r *versionRow) fields() []any {
	return []any{&r.Number, &r.cells, &r.Batch, &r.Certified.By, &r.Certified.Name, &r.at}
}

// frozen is what a version keeps of a report.
type frozen struct {
	Axis   []form.Row  `json:"axis"`
	Values form.Values `json:"values"`
}

func versionsOf(ctx context.Context, c db.Conn, report string) ([]Version, error) {
	rows, err := db.All(ctx, c, (*versionRow).fields,
		"SELECT version, cells, batch, certified_by, certified_name, at FROM report_version WHERE report = $1 ORDER BY version DESC LIMIT 100", report)
	all := make([]Version, len(rows))
	for i := 0; i < len(rows) && err == nil; i++ {
		var f frozen
		err = decode(rows[i].cells, &f)
		all[i] = rows[i].Version
		all[i].Axis, all[i].Values, all[i].Certified.At = f.Axis, f.Values, db.Time(rows[i].at)
	}
	return all, err
}

func addVersion(ctx context.Context, tx *db.Tx, report string, v Version) error {
	return db.Insert(ctx, tx, "report_version", "report, version, cells, batch, certified_by, certified_name, at",
		[][]any{{report, v.Number, encode(frozen{v.Axis, v.Values}), v.Batch, v.Certified.By, v.Certified.Name, db.Millis(v.Certified.At)}})
}

// frozenValues reads certified values by what the first column of a query says; the second are the cells of a version.
func frozenValues[K comparable](ctx context.Context, c db.Conn, query string, args ...any) (map[K]form.Values, error) {
	type row struct {
		of    K
		cells string
	}
	all := map[K]form.Values{}
	err := db.Each(ctx, c, func(r *row) []any { return []any{&r.of, &r.cells} }, func(r row) error {
		var f frozen
		err := decode(r.cells, &f)
		all[r.of] = f.Values
		return err
	}, query, args...)
	return all, err
}

// neighbours are the newest certified values of the other units in a period, by unit.
func neighbours(ctx context.Context, c db.Conn, period string, but place.ID) (map[place.ID]form.Values, error) {
	return frozenValues[place.ID](ctx, c, `SELECT r.unit, v.cells FROM report r JOIN report_version v ON v.report = r.id AND v.version = r.version
		WHERE r.period = $1 AND r.unit <> $2 LIMIT 400`, period, but)
}

// certifiedBefore are the newest certified values of a unit's earlier reports of a form, by period; n at most.
func certifiedBefore(ctx context.Context, c db.Conn, code string, unit place.ID, before fact.Period, n int) (map[fact.Period]form.Values, error) {
	return frozenValues[fact.Period](ctx, c, `SELECT p.period, v.cells FROM report r JOIN report_period p ON p.id = r.period
		JOIN report_version v ON v.report = r.id AND v.version = r.version
		WHERE r.unit = $1 AND p.form = $2 AND p.period < $3 ORDER BY p.period DESC LIMIT $4`, unit, code, before, n)
}
