package app

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/search"
)

// What was found once need not be read from the database again when the program starts anew.
func TestIndexOutlivesTheProgram(t *testing.T) {
	d, dir := dbtest.SQLite(t), t.TempDir()
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		return search.Put(t.Context(), tx, search.Entry{ID: "a", Title: "Bản tin"})
	})
	if err != nil {
		t.Fatal(err)
	}
	h := House{search: search.New(d, dir, duty.New(nil, now), slog.New(slog.DiscardHandler))}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	ended := make(chan error)
	go func() { ended <- h.finding(ctx) }()
	for ctx.Err() == nil {
		if kept, _ := filepath.Glob(filepath.Join(dir, "segment-*")); len(kept) > 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadDir(dir); err != nil || len(kept) < 2 {
		t.Errorf("the index folder holds %v, %v; want a manifest and a segment", kept, err)
	}
}
