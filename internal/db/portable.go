package db

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"
)

// A Table as a backup sees it: the same on both engines.
type Table struct {
	Name    string
	Columns []string
	refers  []string // tables that its foreign keys point to
}

// Tables lists every table of the program, a table after those that it refers to, so that rows can be put back in this order.
func (d *DB) Tables(ctx context.Context) ([]Table, error) {
	names, columns, refers := sqliteTables, sqliteColumns, sqliteRefers
	if d.engine == PostgreSQL {
		names, columns, refers = postgresTables, postgresColumns, postgresRefers
	}
	found, err := Values[string](ctx, d, names)
	if err != nil {
		return nil, err
	}
	var all []Table
	for _, name := range found {
		t := Table{Name: name}
		if t.Columns, err = Values[string](ctx, d, columns, name); err != nil {
			return nil, err
		}
		if t.refers, err = Values[string](ctx, d, refers, name); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return inOrder(all)
}

const (
	sqliteTables  = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version' ORDER BY name"
	sqliteColumns = "SELECT name FROM pragma_table_info($1) ORDER BY cid"
	sqliteRefers  = `SELECT DISTINCT "table" FROM pragma_foreign_key_list($1) ORDER BY 1`

	postgresTables  = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name <> 'goose_db_version' ORDER BY 1"
	postgresColumns = "SELECT column_name::text FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position"
	postgresRefers  = "SELECT DISTINCT confrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND conrelid = $1::text::regclass ORDER BY 1"
)

// inOrder puts a table after those that it refers to.
func inOrder(tables []Table) ([]Table, error) {
	var ordered []Table
	done := map[string]bool{}
	for len(ordered) < len(tables) {
		before := len(ordered)
		for _, t := range tables {
			ready := !slices.ContainsFunc(t.refers, func(other string) bool { return other != t.Name && !done[other] })
			if !done[t.Name] && ready {
				ordered, done[t.Name] = append(ordered, t), true
			}
		}
		if len(ordered) == before {
			return nil, fmt.Errorf("db: tables refer to each other in a circle: %v", tables)
		}
	}
	return ordered, nil
}

// Rows calls f with every row of the table, each value a string, an int64, a float64, a bool or nil.
func (t Table) Rows(ctx context.Context, c Conn, f func(row []any) error) error {
	rows, err := c.query(ctx, "SELECT "+strings.Join(t.Columns, ", ")+" FROM "+t.Name+" ORDER BY "+t.Columns[0], nil)
	if err != nil {
		return translate(err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	row := make([]any, len(t.Columns))
	places := make([]any, len(row))
	for i := range row {
		places[i] = &row[i]
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return translate(err)
		}
		for i, v := range row {
			switch v := v.(type) {
			case []byte:
				row[i] = string(v)
			case int64:
				if strings.EqualFold(types[i].DatabaseTypeName(), "boolean") { // SQLite keeps a boolean as 0 or 1
					row[i] = v != 0
				}
			}
		}
		if err := f(row); err != nil {
			return err
		}
	}
	return translate(rows.Err())
}

// Version is the number of the newest migration that the database has.
func (d *DB) Version(ctx context.Context) (int64, error) {
	v, err := One(ctx, d, func(v *sql.NullInt64) []any { return []any{v} }, "SELECT max(version_id) FROM "+goose.DefaultTablename+" WHERE is_applied")
	return v.Int64, err
}
