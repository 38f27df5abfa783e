package db_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/fault"
)

func TestTxCommitsOrLeavesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		before := d.Commits()
		broken := errors.New("changed my mind")
		err := d.Tx(ctx, func(tx *db.Tx) error {
			if _, err := db.Exec(ctx, tx, "INSERT INTO setting (name, value) VALUES ($1, $2)", "a", "1"); err != nil {
				return err
			}
			return broken
		})
		if !errors.Is(err, broken) || d.Commits() != before {
			t.Fatalf("Tx = %v, commits %d; want %v and no commit", err, d.Commits(), broken)
		}
		if _, err := db.Value[string](ctx, d, "SELECT value FROM setting WHERE name = $1", "a"); !fault.Is(err, fault.NotFound) {
			t.Errorf("after a rollback Value = %v, want NotFound", err)
		}
	})
}

func TestConstraintsAreFaults(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		put := func() error {
			_, err := db.Exec(ctx, d, "INSERT INTO setting (name, value) VALUES ($1, $2)", "a", "1")
			return err
		}
		if err := put(); err != nil {
			t.Fatal(err)
		}
		before := d.Commits()
		if err := put(); !fault.Is(err, fault.Conflict) || d.Commits() != before {
			t.Errorf("the same name twice = %v, %d commits; want Conflict and none", err, d.Commits()-before)
		}
	})
}

func TestWritersComeOneAtATime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		if _, err := db.Exec(ctx, d, "INSERT INTO setting (name, value) VALUES ('n', '')"); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				err := d.Tx(ctx, func(tx *db.Tx) error {
					v, err := db.Value[string](ctx, tx, "SELECT value FROM setting WHERE name = 'n'")
					if err != nil {
						return err
					}
					_, err = db.Exec(ctx, tx, "UPDATE setting SET value = $1 WHERE name = 'n'", v+"x")
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		v, err := db.Value[string](ctx, d, "SELECT value FROM setting WHERE name = 'n'")
		if err != nil || len(v) != 40 {
			t.Errorf("40 read-then-write transactions left %d marks (%v), want 40", len(v), err)
		}
	})
}

// However many writers wait, the one at work can read beside its transaction.
func TestWaitingWritersLeaveRoomToRead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var all sync.WaitGroup
		for range 60 {
			all.Go(func() {
				err := d.Tx(t.Context(), func(*db.Tx) error {
					_, err := db.Value[int](t.Context(), d, "SELECT count(*) FROM setting")
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

func TestOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		ask := func(key, result string) (prior string, repeated bool) {
			err := d.Tx(ctx, func(tx *db.Tx) (err error) {
				prior, repeated, err = db.Once(ctx, tx, key, result)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return prior, repeated
		}
		if _, again := ask("k", "first"); again {
			t.Error("the first time is no repetition")
		}
		if prior, again := ask("k", "second"); !again || prior != "first" {
			t.Errorf("Once again = %q, %v; want the first result", prior, again)
		}
		for range 2 {
			if _, again := ask("", "x"); again {
				t.Error("a request without a key is never a repetition")
			}
		}
	})
}

func TestInsertAndWhere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		var rows [][]any
		for i := range 1001 {
			rows = append(rows, []any{db.NewID(), string(rune('a' + i%3))})
		}
		err := d.Tx(ctx, func(tx *db.Tx) error { return db.Insert(ctx, tx, "setting", "name, value", rows) })
		if err != nil {
			t.Fatal(err)
		}
		var w db.Where
		w.In("value", "a", "b")
		w.Add("value <> $?", "b")
		names, err := db.Values[string](ctx, d, "SELECT name FROM setting"+w.SQL()+" ORDER BY name LIMIT "+w.Next(500), w.Args()...)
		if err != nil || len(names) != 334 || !slices.IsSorted(names) {
			t.Errorf("%d names (%v), want 334 in order", len(names), err)
		}
	})
}

func TestLeaseGivesEachJobToOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		for i := range 20 {
			if _, err := db.Exec(ctx, d, "INSERT INTO job (id, kind, key, run_at, made) VALUES ($1, 'k', $1, $2, 0)", db.NewID(), i); err != nil {
				t.Fatal(err)
			}
		}
		var mu sync.Mutex
		seen := map[string]int{}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				err := d.Tx(ctx, func(tx *db.Tx) error {
					ids, err := db.Lease(ctx, tx, func(s *string) []any { return []any{s} }, "job", "id", 1000, 2000, 5)
					mu.Lock()
					defer mu.Unlock()
					for _, id := range ids {
						seen[id]++
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(seen) != 20 {
			t.Errorf("%d jobs leased, want 20 once each: %v", len(seen), seen)
		}
	})
}

func TestSnapshotSeesOneMoment(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		count := func(c db.Conn) int {
			n, err := db.Value[int](ctx, c, "SELECT count(*) FROM setting")
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		err := d.Snapshot(ctx, func(s *db.Snapshot) error {
			before := count(s)
			if _, err := db.Exec(ctx, d, "INSERT INTO setting (name, value) VALUES ('later', '')"); err != nil {
				return err
			}
			if after := count(s); after != before {
				t.Errorf("a snapshot saw a later write: %d then %d", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestNewIDSortsByTime(t *testing.T) {
	a := db.NewID()
	time.Sleep(3 * time.Millisecond)
	b := db.NewID()
	if len(a) != 20 || a >= b {
		t.Errorf("NewID %q then %q, want 20 letters in order of time", a, b)
	}
}

func TestTablesAreTheSameOnBothEngines(t *testing.T) {
	lite, pg := dbtest.SQLite(t), dbtest.PostgreSQL(t)
	a, err := lite.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := pg.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, b, cmpopts.IgnoreUnexported(db.Table{})); diff != "" {
		t.Errorf("tables on SQLite and PostgreSQL differ (-sqlite +postgres):\n%s", diff)
	}
}

func TestRowsAreTheSameOnBothEngines(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		for _, text := range []string{
			"CREATE TABLE probe (id text PRIMARY KEY, n bigint, yes boolean, x double precision)",
			"INSERT INTO probe (id, n, yes, x) VALUES ('Hoà', 9007199254740993, true, 0.5)",
		} {
			if _, err := db.Exec(ctx, d, text); err != nil {
				t.Fatal(err)
			}
		}
		var got []any
		err := db.Table{Name: "probe", Columns: []string{"id", "n", "yes", "x"}}.Rows(ctx, d, func(row []any) error {
			got = slices.Clone(row)
			return nil
		})
		if diff := cmp.Diff([]any{"Hoà", int64(9007199254740993), true, 0.5}, got); diff != "" || err != nil {
			t.Errorf("Rows (%v, -want +got):\n%s", err, diff)
		}
	})
}

// A connection keeps what it has parsed: the same text may be read again while it is being read, after an error, and after the table
// it names has changed.
func TestStatementsAreKept(t *testing.T) {
	d := dbtest.SQLite(t)
	ctx := t.Context()
	err := d.Tx(ctx, func(tx *db.Tx) error {
		if _, err := db.Exec(ctx, tx, "CREATE TABLE kept (id bigint NOT NULL PRIMARY KEY, name text NOT NULL)"); err != nil {
			return err
		}
		for i := range 3 {
			if _, err := db.Exec(ctx, tx, "INSERT INTO kept (id, name) VALUES ($1, $2)", i, "$9"); err != nil {
				return err
			}
		}
		if _, err := db.Exec(ctx, tx, "INSERT INTO kept (id, name) VALUES ($1, $2)", 1, "twice"); !fault.Is(err, fault.Conflict) {
			t.Errorf("the same row twice = %v, want a conflict", err)
		}
		const text = "SELECT id FROM kept WHERE id <> $1 ORDER BY id"
		var pairs [][2]int64
		number := func(n *int64) []any { return []any{n} }
		err := db.Each(ctx, tx, number, func(a int64) error {
			return db.Each(ctx, tx, number, func(b int64) error { pairs = append(pairs, [2]int64{a, b}); return nil }, text, a)
		}, text, 2)
		if want := [][2]int64{{0, 1}, {0, 2}, {1, 0}, {1, 2}}; !slices.Equal(pairs, want) {
			t.Errorf("one text within itself gives %v, want %v", pairs, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	name := func() (string, error) {
		return db.Value[string](ctx, d, "SELECT name FROM kept WHERE id = $1 AND id < $2", 1, 5)
	}
	if got, err := name(); got != "$9" || err != nil {
		t.Errorf("name = %q, %v", got, err)
	}
	if _, err := db.Exec(ctx, d, "ALTER TABLE kept ADD COLUMN more bigint NOT NULL DEFAULT 0"); err != nil {
		t.Fatal(err)
	}
	if got, err := name(); got != "$9" || err != nil {
		t.Errorf("after a change of the table name = %q, %v", got, err)
	}
	const looks = "SELECT max(CASE WHEN id = $1 THEN name || '$2' END) FROM kept -- not $3" // only the first is an argument
	if got, err := db.Value[string](ctx, d, looks, 1); got != "$9$2" || err != nil {
		t.Errorf("what looks like an argument gives %q, %v", got, err)
	}
	const two = "UPDATE kept SET name = $1 WHERE id = 1; UPDATE kept SET more = $2 WHERE id = 1" // each has its own argument
	if _, err := db.Exec(ctx, d, two, "one", 7); err != nil {
		t.Fatal(err)
	}
	if got, err := db.Value[int64](ctx, d, "SELECT more FROM kept WHERE id = $1 AND name = $2", 1, "one"); got != 7 || err != nil {
		t.Errorf("the second of two statements was given %d, %v", got, err)
	}
	for range 20 { // who leaves in the middle of the rows takes nothing from the next
		const all = "SELECT id FROM kept WHERE id >= $1 ORDER BY id"
		left, leave := context.WithCancel(ctx)
		var ids []int64
		number := func(n *int64) []any { return []any{n} }
		if err := db.Each(left, d, number, func(int64) error { leave(); time.Sleep(time.Millisecond); return nil }, all, 0); err == nil {
			t.Error("nobody noticed that the reader had left")
		}
		if err := db.Each(ctx, d, number, func(n int64) error { ids = append(ids, n); return nil }, all, 0); err != nil || len(ids) != 3 {
			t.Fatalf("the next reader gets %v, %v", ids, err)
		}
	}
	for i := range 300 { // more texts than are kept
		if got, err := db.Value[int64](ctx, d, fmt.Sprintf("SELECT id + %d FROM kept WHERE id = $1 OR id = $1", i), 1); got != int64(i+1) || err != nil {
			t.Fatalf("text %d = %d, %v", i, got, err)
		}
	}
}
