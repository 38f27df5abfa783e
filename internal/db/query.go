package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"banlang/internal/fault"
)

// A Conn runs SQL: the database itself (reads see what is committed), a transaction, or a snapshot.
type Conn interface {
	query(ctx context.Context, text string, args []any) (*sql.Rows, error)
	exec(ctx context.Context, text string, args []any) (sql.Result, error)
}

func (d *DB) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	return d.read.QueryContext(ctx, text, args...)
}

// exec is a transaction of one statement: it must not come between those of another.
func (d *DB) exec(ctx context.Context, text string, args []any) (result sql.Result, err error) {
	err = d.Tx(ctx, func(tx *Tx) error {
		result, err = tx.exec(ctx, text, args)
		return err
	})
	return result, err
}

func (t *Tx) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	return t.tx.QueryContext(ctx, text, args...)
}

func (t *Tx) exec(ctx context.Context, text string, args []any) (sql.Result, error) {
	return t.tx.ExecContext(ctx, text, args...)
}

func (s *Snapshot) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	return s.tx.QueryContext(ctx, text, args...)
}

func (s *Snapshot) exec(context.Context, string, []any) (sql.Result, error) {
	return nil, errors.New("db: a snapshot is for reading")
}

// Each calls f for every row. fields gives the places that a row is scanned into, in the order of the columns.
func Each[T any](ctx context.Context, c Conn, fields func(*T) []any, f func(T) error, text string, args ...any) error {
	rows, err := c.query(ctx, text, args)
	if err != nil {
		return translate(err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var v T
		if err := rows.Scan(fields(&v)...); err != nil {
			return translate(err)
		}
		if err := f(v); err != nil {
			return err
		}
	}
	return translate(rows.Err())
}

// All reads every row. The caller's SQL carries the limit.
func All[T any](ctx context.Context, c Conn, fields func(*T) []any, text string, args ...any) ([]T, error) {
	var all []T
	err := Each(ctx, c, fields, func(v T) error { all = append(all, v); return nil }, text, args...)
	return all, err
}

// One reads the first row; a fault of kind NotFound says that there is none.
func One[T any](ctx context.Context, c Conn, fields func(*T) []any, text string, args ...any) (T, error) {
	var one T
	found := false
	stop := errors.New("stop")
	err := Each(ctx, c, fields, func(v T) error { one, found = v, true; return stop }, text, args...)
	switch {
	case found:
		return one, nil
	case err != nil:
		return one, err
	}
	return one, errNoRow
}

// Value reads one column of one row: a count, a name.
func Value[T any](ctx context.Context, c Conn, text string, args ...any) (T, error) {
	return One(ctx, c, func(v *T) []any { return []any{v} }, text, args...)
}

// Values reads one column of every row.
func Values[T any](ctx context.Context, c Conn, text string, args ...any) ([]T, error) {
	return All(ctx, c, func(v *T) []any { return []any{v} }, text, args...)
}

// Exec runs a statement and says how many rows it touched. A value that must be unique and is there already is a fault of
// kind Conflict; a reference to what is not there is a fault of kind Invalid.
func Exec(ctx context.Context, c Conn, text string, args ...any) (int64, error) {
	result, err := c.exec(ctx, text, args)
	if err != nil {
		return 0, translate(err)
	}
	return result.RowsAffected()
}

// Insert writes many rows with few statements. columns is a list such as "id, name"; every row has as many values.
func Insert(ctx context.Context, c Conn, table, columns string, rows [][]any) error {
	_, err := insert(ctx, c, table, columns, rows, "")
	return err
}

// InsertNew is Insert for rows of which some may be there already: those stay as they are. It tells how many were new.
func InsertNew(ctx context.Context, c Conn, table, columns string, rows [][]any) (int64, error) {
	return insert(ctx, c, table, columns, rows, " ON CONFLICT DO NOTHING")
}

func insert(ctx context.Context, c Conn, table, columns string, rows [][]any, end string) (added int64, err error) {
	if len(rows) == 0 {
		return 0, nil
	}
	width := len(rows[0])
	most := max(1, 900/width) // SQLite and PostgreSQL both bound the number of arguments; small statements are also parsed faster
	for len(rows) > 0 {
		n := Some(len(rows), most)
		text := append(make([]byte, 0, 64+len(columns)+6*n*width), "INSERT INTO "+table+" ("+columns+") VALUES "...)
		args := make([]any, 0, n*width)
		for i, row := range rows[:n] {
			if len(row) != width {
				return added, fmt.Errorf("db: row %d of %s has %d values, want %d", i, table, len(row), width)
			}
			text = append(text, ",("[b2i(i == 0):]...)
			for j := range row {
				text = strconv.AppendInt(append(text, ",$"[b2i(j == 0):]...), int64(len(args)+j+1), 10)
			}
			text = append(text, ')')
			args = append(args, row...)
		}
		some, err := Exec(ctx, c, string(text)+end, args...)
		if err != nil {
			return added, err
		}
		added += some
		rows = rows[n:]
	}
	return added, nil
}

// Some is how many of n rows go into the next statement, most at the most: all of a few, of many the greatest power of two among them.
// So a text has few lengths, and a connection that keeps what it has parsed knows it again.
func Some(n, most int) int {
	if n = max(1, min(n, most)); n > few {
		n = 1 << (bits.Len(uint(n)) - 1) //nolint:gosec // n is positive
	}
	return n
}

// few is how many rows of one text may each have a statement of their own.
const few = 16

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A Where gathers the conditions of a filter that has some of its fields empty.
//
//	var w db.Where
//	w.Add("topic = $?", topic)
//	db.All(ctx, d, fields, "SELECT id FROM bulletin"+w.SQL()+" ORDER BY id LIMIT "+w.Next(20), w.Args()...)
type Where struct {
	conditions []string
	args       []any
}

// Add joins a condition with AND; each "$?" in it takes the next of args.
func (w *Where) Add(condition string, args ...any) {
	for _, arg := range args {
		condition = strings.Replace(condition, "$?", w.Next(arg), 1)
	}
	w.conditions = append(w.conditions, "("+condition+")")
}

// In joins "column IN (…)"; with no values nothing matches.
func (w *Where) In(column string, values ...string) { In(w, column, values) }

// In is Where.In for values of any type that a column has. The last is said again up to a power of two, for the sake of Some.
func In[T any](w *Where, column string, values []T) {
	if len(values) == 0 {
		w.conditions = append(w.conditions, "1 = 0")
		return
	}
	n := len(values)
	if n > few {
		n = 1 << bits.Len(uint(n-1))
	}
	places := make([]string, n)
	for i := range places {
		places[i] = w.Next(values[min(i, len(values)-1)])
	}
	w.conditions = append(w.conditions, column+" IN ("+strings.Join(places, ", ")+")")
}

// Next gives an argument its placeholder, for LIMIT and the like.
func (w *Where) Next(arg any) string {
	w.args = append(w.args, arg)
	return "$" + strconv.Itoa(len(w.args))
}

// SQL is " WHERE …", or nothing where there is no condition.
func (w *Where) SQL() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// Args are the arguments of the conditions in order.
func (w *Where) Args() []any { return w.args }

// Once makes a repeated request harmless. In the use case's own transaction it remembers what the key of a request made;
// a second time it gives that back. A request without a key is never a repetition.
func Once(ctx context.Context, tx *Tx, key, result string) (prior string, repeated bool, err error) {
	if key == "" {
		return "", false, nil
	}
	n, err := Exec(ctx, tx, "INSERT INTO once (key, result, at) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING", key, result, Millis(time.Now()))
	if err != nil || n == 1 {
		return "", false, err
	}
	prior, err = Value[string](ctx, tx, "SELECT result FROM once WHERE key = $1", key)
	return prior, true, err
}

// ForgetOnce lets go of the keys of requests that were made before a time: nobody repeats a form after weeks. Keys from before their time
// was kept begin to age now.
func ForgetOnce(ctx context.Context, d *DB, before time.Time) error {
	return d.Tx(ctx, func(tx *Tx) error {
		if _, err := Exec(ctx, tx, "UPDATE once SET at = $1 WHERE at = 0", Millis(time.Now())); err != nil {
			return err
		}
		_, err := Exec(ctx, tx, "DELETE FROM once WHERE at < $1", Millis(before))
		return err
	})
}

// Lease takes up to n rows of a queue that are due, or whose lease has run out, and keeps them until the given time.
// The table has the columns id, state ('waiting', 'running', …), run_at, lease_until and tries.
// It is the one place where the two engines' texts differ: PostgreSQL skips what another process holds.
func Lease[T any](ctx context.Context, tx *Tx, fields func(*T) []any, table, columns string, now, until int64, n int) ([]T, error) {
	text := "UPDATE " + table + " SET state = 'running', lease_until = $2, tries = tries + 1 WHERE id IN (SELECT id FROM " + table +
		" WHERE (state = 'waiting' AND run_at <= $1) OR (state = 'running' AND lease_until < $1) ORDER BY run_at, id LIMIT $3" + SkipLocked(tx) +
		") RETURNING " + columns
	return All(ctx, tx, fields, text, now, until, n)
}

// SkipLocked ends a SELECT of rows to be taken, so that PostgreSQL passes over what another process is taking; SQLite writes one
// transaction at a time.
func SkipLocked(tx *Tx) string {
	if tx.engine == PostgreSQL {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// translate turns what the engines say into faults. Their codes are distinct on each.
func translate(err error) error {
	var key error
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		switch lite.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
			key = fault.New(fault.Conflict, "db.duplicate")
		case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
			key = fault.New(fault.Invalid, "db.reference")
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC:
			key = fault.New(fault.Storage, "db.full")
		case sqlite3.SQLITE_BUSY:
			key = fault.New(fault.Unavailable, "db.busy")
		}
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pg.Code {
		case "23505":
			key = fault.New(fault.Conflict, "db.duplicate")
		case "23503":
			key = fault.New(fault.Invalid, "db.reference")
		case "53100", "58030":
			key = fault.New(fault.Storage, "db.full")
		case "55P03", "57P03", "53300":
			key = fault.New(fault.Unavailable, "db.busy")
		}
	}
	if key == nil {
		return err
	}
	return fmt.Errorf("%w: %w", key, err)
}
