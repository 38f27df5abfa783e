package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"banlang/internal/blob"
	"banlang/internal/config"
	"banlang/internal/db"
	"banlang/internal/privacy"
)

// Version is the version of the program, as cmd was built with.
type Version string

// Backup writes an archive.
type Backup struct {
	config.Config
	File      string   `arg:"" type:"path" help:"File to write; it must not be there yet."`
	Recipient []string `placeholder:"age1…" help:"Also let the holder of this age key open the archive."`
}

// Run writes the archive beside its final name and renames it when it is whole.
func (c Backup) Run(ctx context.Context, v Version) (err error) {
	h, err := open(ctx, c.Config, v)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	to, err := recipients(c.KeyFolder(), c.Recipient)
	if err != nil {
		return err
	}
	if _, err := os.Stat(c.File); err == nil {
		return fmt.Errorf("%s is there already: give another name, so that no backup is lost", c.File)
	}
	f, err := os.CreateTemp(filepath.Dir(c.File), filepath.Base(c.File)+".*.part") // what a kill leaves is in nobody's way
	if err != nil {
		return err
	}
	half := f.Name()
	m, err := h.backup(ctx, f, to)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(half))
	}
	if err := os.Rename(half, c.File); err != nil {
		return err
	}
	if err := h.backedUp(ctx); err != nil {
		return err
	}
	fmt.Printf("%s: %d tables, %d files, %d bytes of files\nkeep the key folder %s apart from it; without %s nobody can open the archive\n",
		c.File, len(m.Tables), m.Blobs, m.Bytes, c.KeyFolder(), filepath.Join(c.KeyFolder(), backupKey))
	return nil
}

func (h *House) backup(ctx context.Context, w io.Writer, to []age.Recipient) (Manifest, error) {
	version, err := h.db.Version(ctx)
	if err != nil {
		return Manifest{}, err
	}
	o := opening{Format: archiveFormat, Version: string(h.version), Migration: version, Engine: h.db.Engine(), Made: h.now().UTC()}
	return writeArchive(ctx, w, to, o, h.db, h.files, h.signedHead, say)
}

// backedUp remembers when the last backup was made, for the page that shows how the machine stands.
func (h *House) backedUp(ctx context.Context) error {
	_, err := db.Exec(ctx, h.db, "INSERT INTO setting (name, value) VALUES ('backup.last', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		h.now().UTC().Format(time.RFC3339))
	return err
}

// Restore puts an archive back.
type Restore struct {
	config.Config
	File     string `arg:"" type:"existingfile" help:"Archive to read."`
	Identity string `type:"existingfile" help:"File of the age key that opens it; without it the one in the key folder."`
}

// Run refuses a database that holds anything.
func (c Restore) Run(ctx context.Context, v Version) (err error) {
	with, err := identities(c.KeyFolder(), c.Identity)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: put the key folder back, name it with --keys, or name the key that opens the archive with --identity", err)
	} else if err != nil {
		return err
	}
	d, err := db.Open(ctx, db.Options{URL: c.DatabaseURL()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := bare(ctx, d); err != nil {
		return err
	}
	files, err := openFiles(ctx, c.Config)
	if err != nil {
		return err
	}
	// An index on disk may know later entries of the same database: it is made anew.
	if err := os.RemoveAll(c.Folder(indexFolder)); err != nil {
		return err
	}
	return readFile(ctx, c.File, with, d, files)
}

// bare refuses a database that holds anything. Empty tables are no harm: a restore that was cut short or refused leaves them.
func bare(ctx context.Context, d *db.DB) error {
	tables, err := d.Tables(ctx)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if strings.HasSuffix(t.Name, "_revision") { // a counter, which is made with its table
			continue
		}
		n, err := db.Value[int64](ctx, d, "SELECT count(*) FROM "+t.Name)
		if err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("the database holds %d rows of %s: restore into an empty one", n, t.Name)
		}
	}
	return nil
}

func readFile(ctx context.Context, name string, with []age.Identity, d *db.DB, files blob.Store) (err error) {
	f, err := os.Open(name) //nolint:gosec // the operator names it
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = readArchive(ctx, f, with, d, files, say)
	return err
}

// Verify checks an installation or an archive.
type Verify struct {
	config.Config
	File     string `arg:"" optional:"" type:"existingfile" help:"Archive to check; without it the data folder."`
	Head     string `type:"existingfile" help:"Signed head of the audit record that was kept outside: a file that verify --write-head made, or another archive's manifest."`
	Write    string `name:"write-head" type:"path" help:"Write the signed head of now to this file, to be kept outside."`
	Identity string `type:"existingfile" help:"File of the age key that opens the archive."`
}

// Run says what it checked, and fails at what is wrong.
func (c Verify) Run(ctx context.Context, v Version) (err error) {
	if c.File != "" {
		return c.archive(ctx, v)
	}
	h, err := open(ctx, c.Config, v)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if err := h.verify(ctx, c.Head); err != nil {
		return err
	}
	if c.Write == "" {
		return nil
	}
	head, err := h.signedHead(ctx, h.db)
	if err != nil {
		return err
	}
	return os.WriteFile(c.Write, head, 0o600)
}

// archive restores the archive into a folder of its own and checks what came out.
func (c Verify) archive(ctx context.Context, v Version) (err error) {
	folder, err := os.MkdirTemp("", "banlang-verify-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	apart := c.Config
	apart.Keys, apart.Data, apart.Database, apart.Bucket = c.KeyFolder(), folder, "", ""
	if err := (Restore{Config: apart, File: c.File, Identity: c.Identity}).Run(ctx, v); err != nil {
		return err
	}
	// Nothing sealed is opened, so the keys of the installation are left alone.
	apart.Keys = filepath.Join(folder, "keys")
	keeper, err := privacy.OpenKeeper(apart.Keys)
	if err != nil {
		return err
	}
	if err := keeper.Close(); err != nil {
		return err
	}
	return Verify{Config: apart, Head: c.Head}.Run(ctx, v)
}

// User changes who signs in.
type User struct {
	Add     UserAdd     `cmd:"" help:"Add an account without any duty."`
	List    UserList    `cmd:"" help:"List accounts and their duties."`
	Disable UserDisable `cmd:"" help:"Disable an account and end its sessions."`
}

// Import reads reference data and documents.
type Import struct {
	config.Config
	Kind  string   `arg:"" enum:"units,groups,census,boundaries,villages,classes,documents" help:"units, groups, census, boundaries, villages, classes (area classes) or documents."`
	Paths []string `arg:"" name:"path" type:"existingpath" help:"Files or folders."`
	Dry   bool     `help:"Only say what would change."`
}

// Pack writes the library as one file.
type Pack struct {
	config.Config
	File string `arg:"" help:"The archive to write, such as thu-vien.zim; there must be none of this name."`
	Set  string `help:"Only a set of the catalogue, as OAI-PMH names it, such as kind:law or group:tay."`
}

// say prints progress of long work.
func say(what string, done int) { fmt.Fprintf(os.Stderr, "  %s: %d\n", what, done) }

// indexFolder is where the search keeps its index; it is derived and may be removed at any time.
const indexFolder = "index"

// backupKey is the file of the age key that opens this installation's backups.
const backupKey = "backup.agekey"

// recipients are who may open a backup: the installation's own key, made when it is first needed, and whom the operator names.
func recipients(keys string, more []string) ([]age.Recipient, error) {
	name := filepath.Join(keys, backupKey)
	own, err := identities(keys, "")
	if errors.Is(err, os.ErrNotExist) {
		own, err = newIdentity(name)
	}
	if err != nil {
		return nil, err
	}
	var to []age.Recipient
	for _, identity := range own {
		if x, ok := identity.(*age.X25519Identity); ok {
			to = append(to, x.Recipient())
		}
	}
	for _, text := range more {
		r, err := age.ParseX25519Recipient(text)
		if err != nil {
			return nil, err
		}
		to = append(to, r)
	}
	return to, nil
}

func newIdentity(name string) ([]age.Identity, error) {
	fresh, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, err
	}
	text := fmt.Sprintf("# opens the backups of this installation; keep a copy apart from them\n%s\n", fresh)
	return []age.Identity{fresh}, os.WriteFile(name, []byte(text), 0o600)
}

func identities(keys, name string) (_ []age.Identity, err error) {
	if name == "" {
		name = filepath.Join(keys, backupKey)
	}
	f, err := os.Open(name) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return age.ParseIdentities(f)
}

// headOf reads a signed head from a file: the head alone, or the manifest of an archive.
func headOf(name string) (json.RawMessage, error) {
	b, err := os.ReadFile(name) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(b, &m); err == nil && m.Head != nil {
		return m.Head, nil
	}
	return b, nil
}

// now is the clock of the program, read here and handed on.
func now() time.Time { return time.Now() }
