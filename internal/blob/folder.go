package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"time"
)

// unfinished holds files that are being written; a finished one moves to its place in one step.
const unfinished = "tmp"

// folder keeps a file ab12… as ab/12… below its root and never leaves it.
type folder struct{ root *os.Root }

// Folder opens the directory, which is made if it is not there, as a Store.
func Folder(dir string) (Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open file store: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open file store: %w", err)
	}
	if err := root.MkdirAll(unfinished, 0o700); err != nil {
		return nil, fmt.Errorf("open file store: %w", err)
	}
	return &folder{root}, nil
}

func (f *folder) Put(ctx context.Context, r io.Reader, limit int64) (Ref, int64, error) {
	tmp := path.Join(unfinished, rand.Text())
	ref, n, err := f.write(ctx, tmp, r, limit)
	if err == nil {
		err = f.settle(tmp, ref)
	}
	if err != nil {
		_ = f.root.Remove(tmp) // it may never have been made, and the first error is the one to tell
		return "", 0, full(err)
	}
	return ref, n, nil
}

func (f *folder) write(ctx context.Context, tmp string, r io.Reader, limit int64) (Ref, int64, error) {
	w, err := f.root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", 0, err
	}
	ref, n, err := spill(ctx, w, r, limit)
	if err == nil {
		err = w.Sync()
	}
	if closed := w.Close(); err == nil {
		err = closed
	}
	return ref, n, err
}

// settle moves a finished file to its place. The name must reach the disk too: a rename alone does not survive a power cut.
func (f *folder) settle(tmp string, ref Ref) error {
	dir, name := place(ref)
	made := f.root.Mkdir(dir, 0o700)
	if made != nil && !errors.Is(made, fs.ErrExist) {
		return made
	}
	if err := f.root.Rename(tmp, name); err != nil {
		return err
	}
	if err := f.sync(dir); err != nil {
		return err
	}
	return f.sync(".")
}

func (f *folder) sync(dir string) error {
	d, err := f.root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (f *folder) Open(_ context.Context, ref Ref) (io.ReadSeekCloser, int64, error) {
	if !ref.Valid() {
		return nil, 0, missing(ref)
	}
	_, name := place(ref)
	file, err := f.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, missing(ref)
	}
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

func (f *folder) Has(_ context.Context, ref Ref) (bool, error) {
	if !ref.Valid() {
		return false, nil
	}
	_, name := place(ref)
	_, err := f.root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (f *folder) Delete(_ context.Context, ref Ref) error {
	if !ref.Valid() {
		return nil
	}
	dir, name := place(ref)
	err := f.root.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.sync(dir)
}

func (f *folder) Walk(ctx context.Context) iter.Seq2[Ref, error] {
	return func(yield func(Ref, error) bool) {
		err := fs.WalkDir(f.root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case ctx.Err() != nil:
				return ctx.Err()
			case e.IsDir() && name == unfinished:
				return fs.SkipDir
			}
			ref := Ref(path.Dir(name) + path.Base(name))
			if e.Type().IsRegular() && ref.Valid() && !yield(ref, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield("", err)
		}
	}
}

func (f *folder) Sweep(_ context.Context, before time.Time) error {
	left, err := fs.ReadDir(f.root.FS(), unfinished)
	if err != nil {
		return err
	}
	for _, e := range left {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.ModTime().Before(before) {
			continue
		}
		if err == nil {
			err = f.root.Remove(path.Join(unfinished, e.Name()))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// place spreads files over 256 directories, so that none grows slow.
func place(ref Ref) (dir, name string) {
	dir = string(ref[:2])
	return dir, path.Join(dir, string(ref[2:]))
}
