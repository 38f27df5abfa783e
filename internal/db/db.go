// Package db opens the database and runs SQL on it: SQLite (the default, in one file) or PostgreSQL.
//
// It is the only package that knows which of the two it is. The SQL of every room is written once, in the subset that both
// engines share (doc/decisions/0001). Writers come one at a time on both engines: a transaction of Tx sees nobody else's
// half-done work, so "load, permit, check, change, record" is never raced. Readers never wait for writers.
package db

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // PostgreSQL
	"modernc.org/sqlite"

	"banlang/internal/fault"
)

// Engine names the two databases.
type Engine string

// The engines that CI starts; nothing else is claimed.
const (
	SQLite     Engine = "sqlite"
	PostgreSQL Engine = "postgres"
)

// Options say where the database is.
type Options struct {
	URL string // "sqlite:PATH" or "postgres://…" (several hosts and target_session_attrs are understood)
}

// A DB is an open database. Reads may run at any time; writes go through Tx.
type DB struct {
	engine  Engine
	path    string // of the SQLite file
	write   *sql.DB
	read    *sql.DB
	commits atomic.Uint64

	mu     sync.Mutex
	notice []func()
}

// writerLock is the advisory lock that makes PostgreSQL take writers one at a time, as SQLite does.
const writerLock = 0x42414e4c // "BANL"

// readers is how many reads SQLite runs side by side; each has a small page cache of its own.
const readers = 8

// Open opens the database and checks that it answers. It creates an SQLite file that is not there.
func Open(ctx context.Context, o Options) (*DB, error) {
	kind, rest, _ := strings.Cut(o.URL, ":")
	var d *DB
	var err error
	switch kind {
	case "sqlite":
		d, err = openSQLite(rest)
	case "postgres", "postgresql":
		d, err = openPostgres(o.URL)
	default:
		return nil, fmt.Errorf("database address must begin with sqlite: or postgres://, not %q", kind)
	}
	if err != nil {
		return nil, err
	}
	if err := d.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("database does not answer: %w", err), d.Close())
	}
	return d, nil
}

func openSQLite(path string) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	// As every distribution's SQLite does; where it is not to be had, the slower call of old stays.
	if _, err := sqlite.Fdatasync(true); err != nil && !errors.Is(err, sqlite.ErrFdatasyncUnavailable) {
		return nil, err
	}
	// synchronous=FULL: with NORMAL a cut of power loses acknowledged rows.
	q := url.Values{
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "cache_size(-8000)", "temp_store(MEMORY)"},
		"_txlock": {"immediate"},
	}
	write, err := openKeeping("file:" + path + "?" + q.Encode())
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	q["_pragma"] = append(q["_pragma"], "query_only(1)")
	q["_txlock"] = []string{"deferred"}
	read, err := openKeeping("file:" + path + "?" + q.Encode())
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return &DB{engine: SQLite, path: path, write: write, read: read}, nil
}

func openPostgres(address string) (*DB, error) {
	write, err := sql.Open("pgx", address)
	if err != nil {
		return nil, err
	}
	read, err := sql.Open("pgx", address)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	// Two pools: writers that wait for each other must not hold the connections that the one at work reads through.
	write.SetMaxOpenConns(2)
	read.SetMaxOpenConns(18)
	read.SetMaxIdleConns(8)
	for _, pool := range []*sql.DB{write, read} {
		pool.SetConnMaxIdleTime(5 * time.Minute)
	}
	return &DB{engine: PostgreSQL, write: write, read: read}, nil
}

// Ping asks the database for a sign of life. The writer is asked first: it creates the file.
func (d *DB) Ping(ctx context.Context) error {
	if err := d.write.PingContext(ctx); err != nil {
		return err
	}
	return d.read.PingContext(ctx)
}

// Engine says which database this is, for the pages that show it. No rule may depend on it.
func (d *DB) Engine() Engine { return d.engine }

// Close ends all connections.
func (d *DB) Close() error { return errors.Join(d.read.Close(), d.write.Close()) }

// Commits counts the write transactions that this process has committed. A cache that remembers
// the count it was made at knows whether anything has changed since.
func (d *DB) Commits() uint64 { return d.commits.Load() }

// OnCommit calls f after each committed write transaction of this process. f must be quick and must not write.
func (d *DB) OnCommit(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notice = append(d.notice, f)
}

func (d *DB) committed() {
	d.commits.Add(1)
	d.mu.Lock()
	notice := d.notice
	d.mu.Unlock()
	for _, f := range notice {
		f()
	}
}

// A Tx is a write transaction.
type Tx struct {
	tx     *sql.Tx
	engine Engine
}

// Tx runs f in a write transaction and commits when f returns nil. Writers come one at a time.
func (d *DB) Tx(ctx context.Context, f func(*Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return translate(err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back; before it the first error counts
	if d.engine == PostgreSQL {
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", writerLock); err != nil {
			return translate(err)
		}
	}
	if err := f(&Tx{tx, d.engine}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return translate(err)
	}
	d.committed()
	return nil
}

// A Snapshot is a read-only view of one moment.
type Snapshot struct{ tx *sql.Tx }

// Snapshot runs f on a view that no later write changes.
func (d *DB) Snapshot(ctx context.Context, f func(*Snapshot) error) error {
	tx, err := d.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: d.engine == PostgreSQL, Isolation: d.snapshotLevel()})
	if err != nil {
		return translate(err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	return f(&Snapshot{tx})
}

func (d *DB) snapshotLevel() sql.IsolationLevel {
	if d.engine == PostgreSQL {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault // a WAL reader sees one moment anyway
}

// NewID makes an identifier: 20 lower-case letters and digits that sort by time of making and cannot be guessed.
func NewID() string {
	var b [12]byte
	binary.BigEndian.PutUint64(b[:], uint64(time.Now().UnixMilli())<<16) //nolint:gosec // a time since 1970 is positive
	rand.Read(b[6:])                                                     //nolint:errcheck // never fails since Go 1.24
	return strings.ToLower(idText.EncodeToString(b[:]))
}

// idText keeps the order of the bytes, as base32hex does.
var idText = base32.HexEncoding.WithPadding(base32.NoPadding)

// Millis is a time as tables keep it: milliseconds since 1970, 0 for the zero time.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Time is the time of a table's milliseconds, in UTC; 0 is the zero time.
func Time(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// errNoRow is what One answers when nothing is there.
var errNoRow = fault.New(fault.NotFound, "db.not_found")
