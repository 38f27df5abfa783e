package job

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/fault"
)

type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func start(d *db.DB) (*Queue, *clock) {
	c := &clock{time.Date(2026, 9, 14, 6, 0, 0, 0, time.UTC)}
	return New(d, slog.New(slog.DiscardHandler), c.now), c
}

func put(t *testing.T, d *db.DB, jobs ...Job) {
	t.Helper()
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		for _, j := range jobs {
			if err := Put(t.Context(), tx, j); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func drain(t *testing.T, q *Queue) {
	t.Helper()
	if err := q.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, q *Queue) map[string]int64 {
	t.Helper()
	n, err := q.Count(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestQueue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		t.Run("runs what is due, newest payload of a key, once", func(t *testing.T) {
			q, c := start(d)
			var got []string
			q.Handle("say", func(_ context.Context, p []byte) error { got = append(got, string(p)); return nil })
			put(t, d, Job{Kind: "say", Key: "a", Payload: []byte("old")}, Job{Kind: "say", Key: "a", Payload: []byte("new")},
				Job{Kind: "say", Key: "b", Payload: []byte("later"), At: c.t.Add(time.Hour)})
			drain(t, q)
			if len(got) != 1 || got[0] != "new" {
				t.Errorf("ran %q, want only new", got)
			}
			c.t = c.t.Add(time.Hour)
			drain(t, q)
			if len(got) != 2 || got[1] != "later" {
				t.Errorf("ran %q, want later too", got)
			}
			if n := count(t, q); len(n) != 0 {
				t.Errorf("left %v, want nothing", n)
			}
		})
		t.Run("tries again with growing pauses, gives up with the reason, can be begun again", func(t *testing.T) {
			q, c := start(d)
			ran := 0
			broken := true
			q.Handle("fix", func(context.Context, []byte) error {
				ran++
				if broken {
					return errors.New("disk is wet")
				}
				return nil
			})
			put(t, d, Job{Kind: "fix", Key: "a"})
			for range 20 {
				drain(t, q)
				c.t = c.t.Add(time.Hour)
			}
			failed, err := q.Failed(t.Context(), 10)
			if err != nil || len(failed) != 1 || failed[0].Error != "disk is wet" || failed[0].Tries != tries || ran != tries {
				t.Fatalf("failed = %+v, %v after %d runs, want one after %d with its reason", failed, err, ran, tries)
			}
			broken = false
			again := func(id string) error {
				return d.Tx(t.Context(), func(tx *db.Tx) error { return Again(t.Context(), tx, id, c.t) })
			}
			if err := again("no such job"); !fault.Is(err, fault.NotFound) {
				t.Errorf("Again of what is not there = %v, want NotFound", err)
			}
			if err := again(failed[0].ID); err != nil {
				t.Fatal(err)
			}
			drain(t, q)
			if n := count(t, q); len(n) != 0 {
				t.Errorf("left %v, want nothing", n)
			}
		})
		t.Run("waits for what is missing without counting, bears a panic and an unknown kind", func(t *testing.T) {
			q, c := start(d)
			q.Handle("tool", func(context.Context, []byte) error { return Wait(time.Minute, errors.New("no tool")) })
			q.Handle("boom", func(context.Context, []byte) error { panic("boom") })
			put(t, d, Job{Kind: "tool"}, Job{Kind: "boom"}, Job{Kind: "of tomorrow"})
			for range 3 * tries {
				drain(t, q)
				c.t = c.t.Add(time.Hour)
			}
			if n := count(t, q); n["waiting"] != 2 || n["failed"] != 1 {
				t.Errorf("count = %v, want 2 waiting and 1 failed", n)
			}
		})
	})
}

// A process that dies leaves its job running; after the lease another takes it.
func TestLease(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q, c := start(d)
		ran := 0
		q.Handle("work", func(context.Context, []byte) error { ran++; return nil })
		put(t, d, Job{Kind: "work", Key: "a"})
		dead, err := q.store.take(t.Context(), c.t, c.t.Add(lease))
		if err != nil {
			t.Fatal(err)
		}
		put(t, d, Job{Kind: "work", Key: "a", Payload: []byte("newer")})
		drain(t, q)
		if ran != 1 {
			t.Fatalf("ran %d, want 1: the newer job of the key", ran)
		}
		c.t = c.t.Add(lease + time.Second)
		drain(t, q)
		if ran != 2 {
			t.Fatalf("ran %d, want 2: the lease is over", ran)
		}
		if err := q.store.fail(t.Context(), dead, "late"); err != nil {
			t.Fatal(err)
		}
		if n := count(t, q); len(n) != 0 {
			t.Errorf("left %v: who lost the lease must not write", n)
		}
	})
}

// Work that kills the process each time is given up like any other.
func TestDeadlyWork(t *testing.T) {
	d := dbtest.SQLite(t)
	q, c := start(d)
	q.Handle("deadly", func(context.Context, []byte) error { t.Error("it ran once more"); return nil })
	put(t, d, Job{Kind: "deadly"})
	for range tries {
		if row, err := q.store.take(t.Context(), c.t, c.t.Add(lease)); err != nil || row.ID == "" {
			t.Fatalf("take = %+v, %v", row, err)
		}
		c.t = c.t.Add(lease + time.Second)
	}
	drain(t, q)
	failed, err := q.Failed(t.Context(), 10)
	if err != nil || len(failed) != 1 || failed[0].Error == "" {
		t.Errorf("failed = %+v, %v, want the one with a reason", failed, err)
	}
}

func TestRun(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q, _ := start(d)
		ran := make(chan struct{})
		q.Handle("work", func(context.Context, []byte) error { close(ran); return nil })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- q.Run(ctx) }()
		put(t, d, Job{Kind: "work"})
		select {
		case <-ran:
		case <-time.After(10 * time.Second):
			t.Error("the job did not run")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
