package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"modernc.org/sqlite"
)

const (
	mostKept    = 100     // statements of a connection
	longestKept = 1 << 16 // bytes of one
)

// openKeeping opens an SQLite database whose connections keep the statements that they have parsed. Parsing takes as long as running a
// short statement does, and a room says the same few texts all day. (PostgreSQL's driver does so by itself.)
func openKeeping(address string) (*sql.DB, error) {
	c, err := sqlite.NewConnector(address)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector{c}), nil
}

type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	whole, ok := opened.(wholeConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("db: a connection is %T, which cannot do all that is asked of it", opened), opened.Close())
	}
	return &keepingConn{wholeConn: whole, kept: map[string]wholeStmt{}}, nil
}

// These are what the driver's own types can do; whatever is wrapped must still do it all.
type (
	wholeConn interface {
		driver.Conn
		driver.ConnBeginTx
		driver.ConnPrepareContext
		driver.ExecerContext
		driver.QueryerContext
		driver.Pinger
		driver.SessionResetter
		driver.Validator
	}
	wholeStmt interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
	wholeRows interface {
		driver.Rows
		driver.RowsColumnTypeDatabaseTypeName
		driver.RowsColumnTypeLength
		driver.RowsColumnTypeNullable
		driver.RowsColumnTypePrecisionScale
		driver.RowsColumnTypeScanType
	}
)

// A keepingConn is a connection of SQLite. database/sql lets one caller at it at a time.
type keepingConn struct {
	wholeConn
	kept map[string]wholeStmt // by text, those that nobody is using
}

// Unwrap gives the driver's own connection.
func (c *keepingConn) Unwrap() driver.Conn { return c.wholeConn }

func (c *keepingConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	result, err := s.ExecContext(ctx, args)
	c.put(text, s, err)
	return result, err
}

func (c *keepingConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	found, err := s.QueryContext(ctx, args)
	if err != nil {
		c.put(text, s, err)
		return nil, err
	}
	whole, ok := found.(wholeRows)
	if !ok {
		return nil, errors.Join(fmt.Errorf("db: rows are %T, which cannot do all that is asked of them", found), found.Close(), s.Close())
	}
	return &keepingRows{whole, func(err error) { c.put(text, s, err) }}, nil
}

// Close closes what is kept, then the connection.
func (c *keepingConn) Close() error { return errors.Join(c.drop(), c.wholeConn.Close()) }

// take gives a statement for one use: a second use of the same text at the same time has a statement of its own.
func (c *keepingConn) take(ctx context.Context, text string) (wholeStmt, error) {
	if s, ok := c.kept[text]; ok {
		delete(c.kept, text)
		return s, nil
	}
	s, err := c.PrepareContext(ctx, unnumbered(text))
	if err != nil {
		return nil, err
	}
	whole, ok := s.(wholeStmt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("db: a statement is %T, which cannot do all that is asked of it", s), s.Close())
	}
	return whole, nil
}

// placeholder is what a room writes for an argument, its number; or what only may look like one: a text between quotes, a comment.
var placeholder = regexp.MustCompile(`\$[0-9]+|'[^']*'|--[^\n]*`)

// unnumbered writes ? for the arguments of a text that has each once and in order: SQLite looks for the name of a numbered one in the list
// of all, each time it is bound. Other texts stay as they are.
func unnumbered(text string) string {
	n := 0
	ordered := !strings.ContainsAny(text, "?;") // each of several statements would count from one
	plain := placeholder.ReplaceAllStringFunc(text, func(name string) string {
		if name[0] != '$' {
			return name
		}
		n++
		ordered = ordered && name == "$"+strconv.Itoa(n)
		return "?"
	})
	if !ordered {
		return text
	}
	return plain
}

// put keeps a statement after its use, unless something went wrong with it. When there are too many all go: the few that are said
// often are back at once.
func (c *keepingConn) put(text string, s wholeStmt, wrong error) {
	if _, twin := c.kept[text]; wrong != nil || twin || len(text) > longestKept {
		_ = s.Close() // a statement that failed says so again when it is closed
		return
	}
	if len(c.kept) >= mostKept {
		_ = c.drop()
	}
	c.kept[text] = s
}

func (c *keepingConn) drop() error {
	var wrong []error
	for _, s := range c.kept {
		wrong = append(wrong, s.Close())
	}
	clear(c.kept)
	return errors.Join(wrong...)
}

type keepingRows struct {
	wholeRows
	done func(error)
}

func (r *keepingRows) Close() error {
	err := r.wholeRows.Close()
	r.done(err)
	return err
}
