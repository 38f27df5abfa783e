package library

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"banlang/internal/blob"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/library/transcript"
)

// Read reads the text of a document's file, once, and proposes what the document is. Whatever is wrong with the file is kept
// with the document and shown to officers; only what may pass by itself is an error, so that the job is tried again. Reading a
// document that a person has described changes its text and nothing they wrote.
func (d *Desk) Read(ctx context.Context, id ID) error {
	doc, err := d.store.byID(ctx, id)
	if err != nil || doc.wasRead() {
		return err
	}
	if doc.State == Received {
		doc.State = Reading
		if err := d.store.change(ctx, func(s store) error { return s.save(ctx, doc) }); err != nil {
			return err
		}
	}
	t, readErr := d.transcribe(ctx, doc)
	known := fault.All(readErr)
	if readErr != nil && len(known) == 0 {
		return readErr
	}
	return d.store.change(ctx, func(s store) error {
		doc, err := s.byID(ctx, id)
		if err != nil || doc.wasRead() { // somebody else was faster
			return err
		}
		doc.Layer, doc.Encoding, doc.Pages, doc.Scanned, doc.PagesRead, doc.Accepted, doc.Trouble = t.Layer, t.Encoding, t.Pages, t.Scanned, 0, false, nil
		if readErr != nil {
			doc.Trouble = known[0]
		}
		var parts [][]transcript.Block
		parts, doc.Contents = divide(t.Blocks)
		doc.Parts = len(parts)
		if doc.State == Received || doc.State == Reading {
			doc.State = Read
			doc.propose(t)
			d.proposePlaces(&doc)
		}
		doc.Changed = d.now()
		if err := s.setParts(ctx, id, parts); err != nil {
			return err
		}
		if err := s.dropReading(ctx, id); err != nil {
			return err
		}
		return s.save(ctx, doc)
	})
}

// wasRead tells whether a reading of the file has ended, well or not.
func (d Document) wasRead() bool { return d.Layer != "" || d.Trouble != nil }

func (d *Desk) transcribe(ctx context.Context, doc Document) (transcript.Transcript, error) {
	f, _, err := d.files.Open(ctx, doc.File)
	if err != nil {
		return transcript.Transcript{}, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return transcript.Transcript{}, err
	}
	t, err := d.reader.Read(ctx, content, doc.FileName, func(done, pages int) {
		if err := d.store.change(ctx, func(s store) error { return s.setProgress(ctx, doc.ID, done, pages) }); err != nil {
			d.log.Warn("progress of a scan not kept", "document", string(doc.ID), "error", err)
		}
	})
	if err != nil && ctx.Err() != nil {
		return t, ctx.Err()
	}
	if err != nil {
		d.log.Info("document not read", "document", string(doc.ID), "format", string(doc.Format), "error", err)
	}
	return t, err
}

// ReadAgain queues another reading, after a tool was installed or a reader bettered. The actor must be allowed
// library.describe. What readers see of an open document does not change behind their backs: it must be withdrawn first.
func (d *Desk) ReadAgain(ctx context.Context, actor duty.Actor, id ID) error {
	return d.store.change(ctx, func(s store) error {
		doc, err := s.byID(ctx, id)
		if err != nil {
			return err
		}
		if err := d.policy.Permit(actor, duty.LibraryDescribe, doc.thing(doc.draft())); err != nil {
			return err
		}
		doc.Layer, doc.Trouble, doc.Changed = "", nil, d.now()
		if err := s.save(ctx, doc); err != nil {
			return err
		}
		return s.queueReading(ctx, id, d.now())
	})
}

// partSize is how many bytes of text one page holds: some 8 kB on the line.
const partSize = 24 << 10

// divide cuts a text into parts of one light page each, before a heading where one is near, and lists its headings.
func divide(blocks []transcript.Block) (parts [][]transcript.Block, contents []Heading) {
	var part []transcript.Block
	size := 0
	end := func() {
		if len(part) > 0 {
			parts = append(parts, part)
			part, size = nil, 0
		}
	}
	for _, b := range cutTables(blocks) {
		n := len(b.Plain())
		if b.Kind == transcript.Heading {
			if size > partSize*3/4 {
				end()
			}
			contents = append(contents, Heading{b.Text, b.Anchor, b.Level, len(parts) + 1})
		} else if size+n > partSize {
			end()
		}
		part, size = append(part, b), size+n
	}
	end()
	return parts, contents
}

// cutTables makes several tables of one that is longer than a part, each with the head of the first.
func cutTables(blocks []transcript.Block) []transcript.Block {
	var out []transcript.Block
	for _, b := range blocks {
		if b.Kind != transcript.Table || len(b.Plain()) <= partSize {
			out = append(out, b)
			continue
		}
		head := b.Rows[0]
		rows, size := [][]string{head}, 0
		for _, row := range b.Rows[1:] {
			n := len(strings.Join(row, "")) + 20*len(row) // the marks of a cell weigh too
			if size+n > partSize && len(rows) > 1 {
				out = append(out, transcript.Block{Kind: transcript.Table, Rows: rows})
				rows, size = [][]string{head}, 0
			}
			rows, size = append(rows, row), size+n
		}
		out = append(out, transcript.Block{Kind: transcript.Table, Rows: rows})
	}
	return out
}

// An Outcome is what became of one file of an import.
type Outcome struct {
	File  string // as given
	ID    ID     // "" where the file was refused
	State string // "added", "already" or "refused"
	Why   error  // of a refusal
}

// The outcomes.
const (
	Added   = "added"
	Already = "already"
	Refused = "refused"
)

// ImportFolder takes in a file, or every file below a folder, in place of an upload: it is handed in by the actor, read at once,
// and waits to be described. A file whose content is here already is left as it is, so that the import may be run again. Links
// are not followed. Each file's outcome is reported; progress, which may be nil, counts them. A dry import keeps nothing.
func (d *Desk) ImportFolder(ctx context.Context, actor duty.Actor, path string, dry bool, progress func(done, total int, o Outcome)) ([]Outcome, error) {
	files, err := filesBelow(path)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fault.New(fault.NotFound, "library.import.nothing", "Path", path)
	}
	var all []Outcome
	for i, file := range files {
		var o Outcome
		if dry {
			o = d.tryFile(ctx, file)
		} else {
			o = d.importFile(ctx, actor, file, Offer{Source: filepath.Base(filepath.Dir(file)) + "/" + filepath.Base(file)})
		}
		if ctx.Err() != nil {
			return all, ctx.Err()
		}
		all = append(all, o)
		if progress != nil {
			progress(i+1, len(files), o)
		}
	}
	return all, nil
}

func (d *Desk) importFile(ctx context.Context, actor duty.Actor, file string, o Offer) Outcome {
	out := Outcome{File: file, State: Refused}
	f, err := os.Open(file)
	if err != nil {
		out.Why = err
		return out
	}
	defer f.Close()
	o.Name, o.Content = filepath.Base(file), f
	id, err := d.Deposit(ctx, actor, "", o)
	if fault.Is(err, fault.Conflict) {
		out.ID, out.State = twin(err), Already
		return out
	}
	if err == nil {
		err = d.Read(ctx, id)
	}
	if err != nil {
		out.Why = fmt.Errorf("%s: %w", filepath.Base(file), err)
		return out
	}
	out.ID, out.State = id, Added
	return out
}

// tryFile says what would become of a file; its text is not read.
func (d *Desk) tryFile(ctx context.Context, file string) Outcome {
	out := Outcome{File: file, State: Refused}
	f, err := os.Open(file)
	if err != nil {
		out.Why = err
		return out
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		out.Why = err
		return out
	}
	if _, out.Why = transcript.Sniff(head[:n], filepath.Base(file)); out.Why != nil {
		return out
	}
	ref, err := blob.RefOf(ctx, io.MultiReader(bytes.NewReader(head[:n]), f), MaxFile)
	if err != nil {
		out.Why = err
		return out
	}
	twin, err := d.store.byFile(ctx, ref)
	switch {
	case err == nil:
		out.ID, out.State = twin.ID, Already
	case fault.Is(err, fault.NotFound):
		out.State = Added
	default:
		out.Why = err
	}
	return out
}

// twin is the document that a duplicate names.
func twin(err error) ID {
	for _, f := range fault.All(err) {
		if i := slices.Index(f.Args, any("ID")); i >= 0 && i+1 < len(f.Args) {
			if id, ok := f.Args[i+1].(string); ok {
				return ID(id)
			}
		}
	}
	return ""
}

// filesBelow lists the plain files below a path in order. Hidden ones are no documents.
func filesBelow(path string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != path && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
		case e.Type().IsRegular():
			files = append(files, name)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "library.import.no_path", "Path", path)
	}
	return files, err
}
