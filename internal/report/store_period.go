package report

import (
	"context"

	"banlang/internal/db"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/report/form"
)

// A periodRow is a period as the table keeps it.
type periodRow struct {
	Period
	opened, locked, asked, submitted, ministry int64
}

const periodColumns = `id, form, version, period, area, opens, certify_due, send_due, final_due, state, opened_by, opened_at, locked_by, locked_at,
	asked_by, asked_at, asked_why, submitted_by, submitted_at, ministry_by, ministry_at, demo`

func (r *periodRow) fields() []any {
	p := &r.Period
	return []any{
		&p.ID, &p.Form, &p.Version, &p.Period, &p.Area, &p.Opens, &p.CertifyDue, &p.SendDue, &p.FinalDue, &p.State, &p.Opened.By, &r.opened,
		&p.Locked.By, &r.locked, &p.Asked.By, &r.asked, &p.AskedWhy, &p.Submitted.By, &r.submitted, &p.Ministry.By, &r.ministry, &p.Demo,
	}
}

func (p Period) row() []any {
	return []any{
		p.ID, p.Form, p.Version, p.Period, p.Area, p.Opens, p.CertifyDue, p.SendDue, p.FinalDue, p.State, p.Opened.By, db.Millis(p.Opened.At),
		p.Locked.By, db.Millis(p.Locked.At), p.Asked.By, db.Millis(p.Asked.At), p.AskedWhy, p.Submitted.By, db.Millis(p.Submitted.At),
		p.Ministry.By, db.Millis(p.Ministry.At), p.Demo,
	}
}

func (r periodRow) told() Period {
	p := r.Period
	p.Opened.At, p.Locked.At, p.Asked.At = db.Time(r.opened), db.Time(r.locked), db.Time(r.asked)
	p.Submitted.At, p.Ministry.At = db.Time(r.submitted), db.Time(r.ministry)
	return p
}

func periodByID(ctx context.Context, c db.Conn, id string) (Period, error) {
	r, err := db.One(ctx, c, (*periodRow).fields, "SELECT "+periodColumns+" FROM report_period WHERE id = $1", id)
	if fault.Is(err, fault.NotFound) {
		return Period{}, fault.New(fault.NotFound, "report.period.gone")
	}
	return r.told(), err
}

// periodsBy lists the periods that conditions pick, the newest first.
func periodsBy(ctx context.Context, c db.Conn, w db.Where) ([]Period, error) {
	rows, err := db.All(ctx, c, (*periodRow).fields,
		"SELECT "+periodColumns+" FROM report_period"+w.SQL()+" ORDER BY send_due DESC, form, period LIMIT 500", w.Args()...)
	all := make([]Period, len(rows))
	for i, r := range rows {
		all[i] = r.told()
	}
	return all, err
}

// periodOf is a form's period of an area; NotFound where it was not opened.
func periodOf(ctx context.Context, c db.Conn, code string, p fact.Period, area place.ID) (Period, error) {
	r, err := db.One(ctx, c, (*periodRow).fields, "SELECT "+periodColumns+" FROM report_period WHERE form = $1 AND period = $2 AND area = $3", code, p, area)
	return r.told(), err
}

// overdue counts the reports that are not there of each open period whose last day has passed.
func overdue(ctx context.Context, c db.Conn, today place.Date) (map[string]int, error) {
	type row struct {
		period string
		n      int
	}
	late := map[string]int{}
	err := db.Each(ctx, c, func(r *row) []any { return []any{&r.period, &r.n} }, func(r row) error { late[r.period] = r.n; return nil },
		`SELECT r.period, count(*) FROM report r JOIN report_period p ON p.id = r.period WHERE p.state = $1 AND p.send_due < $2
			AND r.state <> $3 AND r.state <> $4 AND NOT (r.state = $5 AND r.unit = p.area) GROUP BY r.period LIMIT 1000`,
		Open, today, Sent, Accepted, Certified)
	return late, err
}

// setPeriod writes back what may change of a period.
func setPeriod(ctx context.Context, tx *db.Tx, p Period) error {
	_, err := db.Exec(ctx, tx, `UPDATE report_period SET certify_due = $1, send_due = $2, final_due = $3, state = $4, locked_by = $5, locked_at = $6,
		asked_by = $7, asked_at = $8, asked_why = $9, submitted_by = $10, submitted_at = $11, ministry_by = $12, ministry_at = $13 WHERE id = $14`,
		p.CertifyDue, p.SendDue, p.FinalDue, p.State, p.Locked.By, db.Millis(p.Locked.At), p.Asked.By, db.Millis(p.Asked.At), p.AskedWhy,
		p.Submitted.By, db.Millis(p.Submitted.At), p.Ministry.By, db.Millis(p.Ministry.At), p.ID)
	return err
}

// insertPeriod writes a period with a report for each unit.
func insertPeriod(ctx context.Context, tx *db.Tx, p Period, all []Report) error {
	if err := db.Insert(ctx, tx, "report_period", periodColumns, [][]any{p.row()}); err != nil {
		return err
	}
	rows := make([][]any, len(all))
	for i, r := range all {
		rows[i] = r.row()
	}
	return db.Insert(ctx, tx, "report", reportColumns, rows)
}

// A Draft is a version of a form with how it came to be.
type Draft struct {
	form.Form
	State     string // "draft", "in_force", "replaced"
	Note      string // what changed, and why
	Edited    Mark   // nobody: the program's reference
	Confirmed Mark
}

// The states of a version of a form.
const (
	FormDraft   = "draft"
	FormInForce = "in_force"
	FormOld     = "replaced"
)

type formRow struct {
	Draft
	body              string
	edited, confirmed int64
}

const formColumns = "body, state, note, edited_by, edited_name, edited_at, confirmed_by, confirmed_name, confirmed_at"

func (r *formRow) fields() []any {
	return []any{&r.body, &r.State, &r.Note, &r.Edited.By, &r.Edited.Name, &r.edited, &r.Confirmed.By, &r.Confirmed.Name, &r.confirmed}
}

func (r formRow) draft() (Draft, error) {
	v := r.Draft
	v.Edited.At, v.Confirmed.At = db.Time(r.edited), db.Time(r.confirmed)
	return v, decode(r.body, &v.Form)
}

// formsBy lists the versions of forms that conditions pick.
func formsBy(ctx context.Context, c db.Conn, w db.Where) ([]Draft, error) {
	rows, err := db.All(ctx, c, (*formRow).fields, "SELECT "+formColumns+" FROM report_form"+w.SQL()+" ORDER BY code, version DESC LIMIT 500", w.Args()...)
	all := make([]Draft, len(rows))
	for i := 0; i < len(rows) && err == nil; i++ {
		all[i], err = rows[i].draft()
	}
	return all, err
}

// formOf is one version of a form.
func formOf(ctx context.Context, c db.Conn, code string, version int) (Draft, error) {
	var w db.Where
	w.Add("code = $?", code)
	w.Add("version = $?", version)
	all, err := formsBy(ctx, c, w)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "report.form.gone")
	}
	if err != nil {
		return Draft{}, err
	}
	return all[0], nil
}

func insertForm(ctx context.Context, tx *db.Tx, v Draft) error {
	return db.Insert(ctx, tx, "report_form", "code, version, "+formColumns, [][]any{{
		v.Code, v.Version, encode(v.Form), v.State, v.Note, v.Edited.By, v.Edited.Name, db.Millis(v.Edited.At),
		v.Confirmed.By, v.Confirmed.Name, db.Millis(v.Confirmed.At),
	}})
}

// setFormState moves a version; who confirmed it is written where it comes into force.
func setFormState(ctx context.Context, tx *db.Tx, code string, version int, state string, by Mark) error {
	_, err := db.Exec(ctx, tx, "UPDATE report_form SET state = $1, confirmed_by = $2, confirmed_name = $3, confirmed_at = $4 WHERE code = $5 AND version = $6",
		state, by.By, by.Name, db.Millis(by.At), code, version)
	return err
}

// A member is a row of an axis that the province decides on.
type member struct {
	axis string
	row  form.Row
}

func (m *member) fields() []any { return []any{&m.axis, &m.row.Code, &m.row.Label, &m.row.LabelEN} }

func members(ctx context.Context, c db.Conn, axis string) ([]form.Row, error) {
	all, err := db.All(ctx, c, (*member).fields, `SELECT axis, code, name_vi, name_en FROM report_member
		WHERE axis = $1 AND current = $2 ORDER BY place, code LIMIT 300`, axis, true)
	rows := make([]form.Row, len(all))
	for i, m := range all {
		rows[i] = m.row
	}
	return rows, err
}

func insertMembers(ctx context.Context, tx *db.Tx, all []member) error {
	rows := make([][]any, len(all))
	for i, m := range all {
		rows[i] = []any{m.axis, m.row.Code, i, m.row.Label, m.row.LabelEN}
	}
	return db.Insert(ctx, tx, "report_member", "axis, code, place, name_vi, name_en", rows)
}

func countMembers(ctx context.Context, c db.Conn) (int64, error) {
	return db.Value[int64](ctx, c, "SELECT count(*) FROM report_member")
}
