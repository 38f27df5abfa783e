package app

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/db/dbtest"
)

// sealed is an archive of a database with a few rows and one file, with what opens it.
func sealed(t *testing.T, d *db.DB) ([]byte, age.Identity) {
	t.Helper()
	ctx := t.Context()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Hoà <b>", "xã \"Bắc Sơn\"", strings.Repeat("x", 100_000)} {
		if _, err := db.Exec(ctx, d, "INSERT INTO setting (name, value) VALUES ($1, $2)", name, "một\nhai\t\u2028"); err != nil {
			t.Fatal(err)
		}
	}
	files := store(t)
	if _, _, err := files.Put(ctx, strings.NewReader("nội dung"), 0); err != nil {
		t.Fatal(err)
	}
	version, err := d.Version(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	o := opening{Format: archiveFormat, Migration: version, Made: time.Unix(0, 0)}
	head := func(context.Context, db.Conn) (json.RawMessage, error) { return json.RawMessage(`{"seq":0}`), nil }
	if _, err := writeArchive(ctx, &out, []age.Recipient{identity.Recipient()}, o, d, files, head, silent); err != nil {
		t.Fatalf("writeArchive: %v", err)
	}
	return out.Bytes(), identity
}

func store(t *testing.T) blob.Store {
	t.Helper()
	files, err := blob.Folder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func silent(string, int) {}

// empty is a database without any table, on the engine of like.
func empty(t *testing.T, like *db.DB) *db.DB {
	t.Helper()
	url := "sqlite:" + t.TempDir() + "/banlang.db"
	if like.Engine() == db.PostgreSQL {
		url = dbtest.PostgresURL(t)
	}
	d, err := db.Open(t.Context(), db.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() }) //nolint:errcheck // a test's own
	return d
}

func TestArchiveComesBackAsItWas(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		bytesOf, identity := sealed(t, d)
		back, files := empty(t, d), store(t)
		m, err := readArchive(ctx, bytes.NewReader(bytesOf), []age.Identity{identity}, back, files, silent)
		if err != nil {
			t.Fatalf("readArchive: %v", err)
		}
		if m.Blobs != 1 || m.Tables["setting"].Rows != 3 || string(m.Head) != `{"seq":0}` && !strings.Contains(string(m.Head), `"seq": 0`) {
			t.Errorf("manifest %+v, want one file, three settings and the head", m)
		}
		for _, table := range []string{"setting", "place_unit"} {
			if a, b := rows(t, d, table), rows(t, back, table); a != b {
				t.Errorf("table %s came back different", table)
			}
		}
	})
}

func rows(t *testing.T, d *db.DB, name string) string {
	t.Helper()
	tables, err := d.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, table := range tables {
		if table.Name != name {
			continue
		}
		err := table.Rows(t.Context(), d, func(row []any) error { return json.NewEncoder(&all).Encode(row) })
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

func TestArchiveCrossesEngines(t *testing.T) {
	lite, pg := dbtest.SQLite(t), dbtest.PostgreSQL(t)
	bytesOf, identity := sealed(t, lite)
	back := empty(t, pg)
	if _, err := readArchive(t.Context(), bytes.NewReader(bytesOf), []age.Identity{identity}, back, store(t), silent); err != nil {
		t.Fatalf("from SQLite to PostgreSQL: %v", err)
	}
	if rows(t, lite, "setting") != rows(t, back, "setting") {
		t.Error("settings came back different")
	}
}

// A damaged archive is refused and leaves nothing.
func TestRestoreRefusesRows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := bare(t.Context(), d); err != nil {
			t.Errorf("new tables: %v", err)
		}
		if _, err := db.Exec(t.Context(), d, "INSERT INTO setting (name, value) VALUES ('a', 'b')"); err != nil {
			t.Fatal(err)
		}
		if err := bare(t.Context(), d); err == nil {
			t.Error("a database with a row was taken for an empty one")
		}
	})
}

func TestDamagedArchiveIsRefused(t *testing.T) {
	d := dbtest.SQLite(t)
	whole, identity := sealed(t, d)
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	flipped := func(at int) []byte {
		b := bytes.Clone(whole)
		b[at] ^= 1
		return b
	}
	cases := []struct {
		name    string
		archive []byte
		with    age.Identity
	}{
		{"a flipped byte at the start", flipped(40), identity},
		{"a flipped byte in the middle", flipped(len(whole) / 2), identity},
		{"a flipped byte at the end", flipped(len(whole) - 1), identity},
		{"the last byte is missing", whole[:len(whole)-1], identity},
		{"half of it is missing", whole[:len(whole)/2], identity},
		{"nothing", nil, identity},
		{"somebody else's key", whole, other},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			back := empty(t, d)
			if _, err := readArchive(t.Context(), bytes.NewReader(c.archive), []age.Identity{c.with}, back, store(t), silent); err == nil {
				t.Fatal("readArchive took it")
			}
			if got := rows(t, back, "setting"); got != "" {
				t.Errorf("it left rows: %.80s", got)
			}
			if err := bare(t.Context(), back); err != nil {
				t.Errorf("a good archive would not be taken after it: %v", err)
			}
		})
	}
}
