package app

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"banlang/internal/blob"
	"banlang/internal/db"
)

// An archive is one age-encrypted file, the same for both engines: a tar in zstd with
//
//	opening.json             what it is and which tables it fits
//	table/NAME/000001.jsonl  rows, a JSON array a line, in pieces of some megabytes
//	blob/SHA256              files by content
//	manifest.json            counts and sums of all that came before, and the signed head of the audit record
//
// The manifest comes last: an archive that was cut has none. age seals every 64 KiB, so a flipped byte is found where it stands.

// archiveFormat changes when an older program could not read what a newer one wrote.
const archiveFormat = 1

// piece is about how many bytes of rows stand in one entry.
const piece = 4 << 20

type opening struct {
	Format    int       `json:"format"`
	Version   string    `json:"version"`   // of the program
	Migration int64     `json:"migration"` // of the tables
	Engine    db.Engine `json:"engine"`
	Made      time.Time `json:"made"`
}

// A Manifest says what an archive holds.
type Manifest struct {
	Tables map[string]tableSum `json:"tables"`
	Blobs  int                 `json:"blobs"`
	Bytes  int64               `json:"bytes"` // of the blobs
	Head   json.RawMessage     `json:"head"`  // of the audit record, signed
}

type tableSum struct {
	Rows   int    `json:"rows"`
	SHA256 string `json:"sha256"`
}

// A progress is told in words how far long work has come.
type progress func(what string, done int)

// writeArchive writes everything but the keys, the rows as they stood at one moment.
func writeArchive(ctx context.Context, w io.Writer, to []age.Recipient, o opening, d *db.DB, files blob.Store, head func(context.Context, db.Conn) (json.RawMessage, error), said progress) (m Manifest, err error) {
	sealed, err := age.Encrypt(w, to...)
	if err != nil {
		return m, err
	}
	packed, err := zstd.NewWriter(sealed)
	if err != nil {
		return m, err
	}
	t := tar.NewWriter(packed)
	m, err = fillArchive(ctx, t, o, d, files, head, said)
	return m, errors.Join(err, t.Close(), packed.Close(), sealed.Close())
}

func fillArchive(ctx context.Context, t *tar.Writer, o opening, d *db.DB, files blob.Store, head func(context.Context, db.Conn) (json.RawMessage, error), said progress) (Manifest, error) {
	m := Manifest{Tables: map[string]tableSum{}}
	if err := putJSON(t, "opening.json", o); err != nil {
		return m, err
	}
	tables, err := d.Tables(ctx)
	if err != nil {
		return m, err
	}
	err = d.Snapshot(ctx, func(s *db.Snapshot) error {
		for _, table := range tables {
			sum, err := putTable(ctx, t, table, s)
			if err != nil {
				return fmt.Errorf("table %s: %w", table.Name, err)
			}
			m.Tables[table.Name] = sum
			said(table.Name, sum.Rows)
		}
		m.Head, err = head(ctx, s)
		return err
	})
	if err != nil {
		return m, err
	}
	for ref, err := range files.Walk(ctx) {
		if err != nil {
			return m, err
		}
		n, err := putBlob(ctx, t, files, ref)
		if err != nil {
			return m, fmt.Errorf("file %s: %w", ref, err)
		}
		m.Blobs, m.Bytes = m.Blobs+1, m.Bytes+n
	}
	said("files", m.Blobs)
	return m, putJSON(t, "manifest.json", m)
}

func putTable(ctx context.Context, t *tar.Writer, table db.Table, s *db.Snapshot) (tableSum, error) {
	var sum tableSum
	var rows bytes.Buffer
	all := sha256.New()
	n := 0
	flush := func() error {
		if rows.Len() == 0 {
			return nil
		}
		n++
		all.Write(rows.Bytes())
		err := put(t, fmt.Sprintf("table/%s/%06d.jsonl", table.Name, n), rows.Bytes())
		rows.Reset()
		return err
	}
	// The first line names the columns, so that rows are put back by name.
	lines := json.NewEncoder(&rows)
	lines.SetEscapeHTML(false)
	if err := lines.Encode(table.Columns); err != nil {
		return sum, err
	}
	err := table.Rows(ctx, s, func(row []any) error {
		sum.Rows++
		if err := lines.Encode(row); err != nil {
			return err
		}
		if rows.Len() < piece {
			return nil
		}
		return flush()
	})
	err = errors.Join(err, flush())
	sum.SHA256 = hex.EncodeToString(all.Sum(nil))
	return sum, err
}

func putBlob(ctx context.Context, t *tar.Writer, files blob.Store, ref blob.Ref) (int64, error) {
	f, size, err := files.Open(ctx, ref)
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // opened for reading
	if err := t.WriteHeader(&tar.Header{Name: "blob/" + string(ref), Mode: 0o600, Size: size}); err != nil {
		return 0, err
	}
	return io.Copy(t, f)
}

func putJSON(t *tar.Writer, name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return put(t, name, b)
}

func put(t *tar.Writer, name string, b []byte) error {
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(b))}); err != nil {
		return err
	}
	_, err := t.Write(b)
	return err
}

// errCut is said of an archive whose end is missing.
var errCut = errors.New("the archive is cut short: it has no manifest")

// readArchive puts an archive into an empty database and a store of files. Rows stand in one transaction: an archive that turns
// out to be broken leaves none behind.
func readArchive(ctx context.Context, r io.Reader, with []age.Identity, d *db.DB, files blob.Store, said progress) (m Manifest, err error) {
	sealed, err := age.Decrypt(r, with...)
	if err != nil {
		return m, fmt.Errorf("the archive cannot be opened with this key, or is damaged: %w", err)
	}
	packed, err := zstd.NewReader(sealed, zstd.WithDecoderMaxMemory(256<<20))
	if err != nil {
		return m, err
	}
	defer packed.Close()
	t := tar.NewReader(packed)
	var o opening
	if err := expectJSON(t, "opening.json", &o); err != nil {
		return m, err
	}
	if o.Format != archiveFormat {
		return m, fmt.Errorf("the archive has format %d; this program reads format %d", o.Format, archiveFormat)
	}
	if err := d.MigrateTo(ctx, o.Migration, nil); err != nil {
		return m, err
	}
	if have, err := d.Version(ctx); err != nil || have != o.Migration {
		return m, errors.Join(err, fmt.Errorf("the archive was made with tables of version %d, which this program does not know (it has %d): use a newer program", o.Migration, have))
	}
	err = d.Tx(ctx, func(tx *db.Tx) error {
		m, err = takeArchive(ctx, t, tx, files, said)
		return err
	})
	if err != nil {
		return m, err
	}
	return m, d.Migrate(ctx, nil)
}

func takeArchive(ctx context.Context, t *tar.Reader, tx *db.Tx, files blob.Store, said progress) (Manifest, error) {
	var m Manifest
	got := Manifest{Tables: map[string]tableSum{}}
	taking := &tableTaker{tx: tx, got: got.Tables}
	for {
		entry, err := t.Next()
		if errors.Is(err, io.EOF) {
			return m, errCut
		}
		if err != nil {
			return m, fmt.Errorf("the archive is damaged: %w", err)
		}
		kind, name, _ := strings.Cut(path.Dir(entry.Name), "/")
		switch {
		case kind == "table":
			if err := taking.take(ctx, name, t); err != nil {
				return m, fmt.Errorf("table %s: %w", name, err)
			}
		case kind == "blob":
			ref, n, err := files.Put(ctx, t, 0)
			if err != nil {
				return m, err
			}
			if want := path.Base(entry.Name); string(ref) != want {
				return m, fmt.Errorf("file %s of the archive is damaged: its content is %s", want, ref)
			}
			got.Blobs, got.Bytes = got.Blobs+1, got.Bytes+n
		case entry.Name == "manifest.json":
			if err := json.NewDecoder(t).Decode(&m); err != nil {
				return m, err
			}
			taking.finish()
			return m, got.differs(m, said)
		default:
			return m, fmt.Errorf("the archive holds %q, which this program does not know", entry.Name)
		}
	}
}

// differs compares what was read with what the manifest promises.
func (m Manifest) differs(promised Manifest, said progress) error {
	for name, want := range promised.Tables {
		if have := m.Tables[name]; have != want {
			return fmt.Errorf("table %s: read %d rows with sum %s, the manifest says %d and %s", name, have.Rows, have.SHA256, want.Rows, want.SHA256)
		}
		said(name, want.Rows)
	}
	if m.Blobs != promised.Blobs || m.Bytes != promised.Bytes || len(m.Tables) != len(promised.Tables) {
		return fmt.Errorf("read %d files of %d bytes and %d tables, the manifest says %d, %d and %d",
			m.Blobs, m.Bytes, len(m.Tables), promised.Blobs, promised.Bytes, len(promised.Tables))
	}
	said("files", m.Blobs)
	return nil
}

// A tableTaker puts the pieces of one table after another back into the database.
type tableTaker struct {
	tx      *db.Tx
	got     map[string]tableSum
	name    string
	columns string
	rows    int
	sum     hash.Hash
}

// rowsAtOnce is how many rows go into the database with one call.
const rowsAtOnce = 2000

func (t *tableTaker) take(ctx context.Context, name string, r io.Reader) error {
	fresh := name != t.name
	if fresh {
		t.finish()
		t.name, t.rows, t.sum = name, 0, sha256.New()
	}
	lines := bufio.NewReader(io.TeeReader(r, t.sum))
	var rows [][]any
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		if err != nil {
			return err
		}
		if fresh {
			fresh = false
			if err := t.open(ctx, line); err != nil {
				return err
			}
			continue
		}
		row, err := decodeRow(line)
		if err != nil {
			return fmt.Errorf("row %d: %w", t.rows+1, err)
		}
		t.rows++
		if rows = append(rows, row); len(rows) == rowsAtOnce {
			if err := db.Insert(ctx, t.tx, t.name, t.columns, rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	return db.Insert(ctx, t.tx, t.name, t.columns, rows)
}

// open reads the line of columns. Whatever a migration has put into the table makes room for what the archive holds.
func (t *tableTaker) open(ctx context.Context, line []byte) error {
	var columns []string
	if err := json.Unmarshal(line, &columns); err != nil {
		return err
	}
	for _, name := range append(columns, t.name) {
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_0123456789") != "" {
			return fmt.Errorf("%q is no name of a column or table", name)
		}
	}
	t.columns = strings.Join(columns, ", ")
	_, err := db.Exec(ctx, t.tx, "DELETE FROM "+t.name)
	return err
}

func (t *tableTaker) finish() {
	if t.name != "" {
		t.got[t.name] = tableSum{t.rows, hex.EncodeToString(t.sum.Sum(nil))}
	}
}

func decodeRow(line []byte) ([]any, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var row []any
	if err := d.Decode(&row); err != nil {
		return nil, err
	}
	for i, v := range row {
		n, ok := v.(json.Number)
		if !ok {
			continue
		}
		if whole, err := n.Int64(); err == nil {
			row[i] = whole
			continue
		}
		x, err := n.Float64()
		if err != nil {
			return nil, err
		}
		row[i] = x
	}
	return row, nil
}

func expectJSON(t *tar.Reader, name string, v any) error {
	entry, err := t.Next()
	if err != nil {
		return fmt.Errorf("the archive is damaged or empty: %w", err)
	}
	if entry.Name != name {
		return fmt.Errorf("the archive begins with %q, not %q: it was not made by this program", entry.Name, name)
	}
	return json.NewDecoder(io.LimitReader(t, 1<<20)).Decode(v)
}
