package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"banlang/internal/fault"
)

// conform is what every Store must do.
func conform(t *testing.T, s Store) {
	const text = "Bản làng có tin, người nghe hiểu."
	ctx := t.Context()
	put := func(text string) Ref {
		t.Helper()
		ref, n, err := s.Put(ctx, strings.NewReader(text), 1000)
		if err != nil || n != int64(len(text)) {
			t.Fatalf("Put(%q) = %d bytes, %v, want %d bytes", text, n, err, len(text))
		}
		return ref
	}

	t.Run("what was put is there", func(t *testing.T) {
		ref := put(text)
		if want := sha256.Sum256([]byte(text)); ref != sum(want[:]) {
			t.Errorf("Put named it %s, want its SHA-256", ref)
		}
		f, size, err := s.Open(ctx, ref)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if size != int64(len(text)) {
			t.Errorf("Open gave size %d, want %d", size, len(text))
		}
		if err := iotest.TestReader(f, []byte(text)); err != nil {
			t.Error(err)
		}
		if err := Verify(ctx, s, ref); err != nil {
			t.Error("Verify:", err)
		}
	})
	t.Run("the middle can be read alone", func(t *testing.T) {
		f, _, err := s.Open(ctx, put(text))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.Seek(-8, io.SeekEnd); err != nil {
			t.Fatal(err)
		}
		if tail, err := io.ReadAll(f); err != nil || string(tail) != text[len(text)-8:] {
			t.Errorf("the last eight bytes are %q, %v", tail, err)
		}
	})
	t.Run("the empty file is a file", func(t *testing.T) {
		if err := Verify(ctx, s, put("")); err != nil {
			t.Error(err)
		}
	})
	t.Run("more than the limit leaves nothing", func(t *testing.T) {
		before := walked(t, s)
		_, _, err := s.Put(ctx, strings.NewReader(strings.Repeat("đ", 600)), 1000)
		if !fault.Is(err, fault.TooLarge) {
			t.Errorf("Put of 1200 bytes with limit 1000 = %v, want too large", err)
		}
		if after := walked(t, s); !maps.Equal(before, after) {
			t.Errorf("Put of too much left %v, want %v", after, before)
		}
		if _, _, err := s.Put(ctx, strings.NewReader(strings.Repeat("đ", 500)), 1000); err != nil {
			t.Errorf("Put of exactly the limit = %v", err)
		}
	})
	t.Run("a source that breaks leaves nothing", func(t *testing.T) {
		before := walked(t, s)
		broken := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("line cut")))
		if _, _, err := s.Put(ctx, broken, 0); err == nil {
			t.Error("Put of a broken source succeeded")
		}
		if after := walked(t, s); !maps.Equal(before, after) {
			t.Errorf("a broken source left %v, want %v", after, before)
		}
	})
	t.Run("what is not there is not found", func(t *testing.T) {
		for _, ref := range []Ref{sum(make([]byte, 32)), "", "../../etc/passwd", Ref(strings.Repeat("A", 64))} {
			if _, _, err := s.Open(ctx, ref); !fault.Is(err, fault.NotFound) {
				t.Errorf("Open(%q) = %v, want not found", ref, err)
			}
			if has, err := s.Has(ctx, ref); has || err != nil {
				t.Errorf("Has(%q) = %t, %v, want false", ref, has, err)
			}
			if err := s.Delete(ctx, ref); err != nil {
				t.Errorf("Delete(%q) = %v, want nil", ref, err)
			}
		}
	})
	t.Run("the same content is kept once", func(t *testing.T) {
		var writers sync.WaitGroup
		for range 8 {
			writers.Go(func() {
				if _, _, err := s.Put(ctx, strings.NewReader("twice"), 0); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		ref := put("twice")
		if n := walked(t, s)[ref]; n != 1 {
			t.Errorf("Walk met it %d times, want once", n)
		}
	})
	t.Run("what was deleted is gone", func(t *testing.T) {
		ref := put("short life")
		if err := s.Delete(ctx, ref); err != nil {
			t.Fatal(err)
		}
		if has, err := s.Has(ctx, ref); has || err != nil {
			t.Errorf("Has = %t, %v after Delete", has, err)
		}
	})
	t.Run("walking goes in order and can stop", func(t *testing.T) {
		for _, text := range []string{"a", "b", "c", "d"} {
			put(text)
		}
		var seen []Ref
		for ref, err := range s.Walk(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			if seen = append(seen, ref); len(seen) == 3 {
				break
			}
		}
		if len(seen) != 3 || !slices.IsSorted(seen) {
			t.Errorf("Walk gave %v, want three in order", seen)
		}
	})
	t.Run("an ended context stops the writing", func(t *testing.T) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if _, _, err := s.Put(ended, strings.NewReader("never"), 0); !errors.Is(err, context.Canceled) {
			t.Errorf("Put = %v, want canceled", err)
		}
	})
}

func walked(t *testing.T, s Store) map[Ref]int {
	t.Helper()
	seen := map[Ref]int{}
	for ref, err := range s.Walk(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		seen[ref]++
	}
	return seen
}

func open(t *testing.T, dir string) Store {
	t.Helper()
	s, err := Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFolder(t *testing.T) { conform(t, open(t, t.TempDir())) }

func TestFolderIsKept(t *testing.T) {
	dir := t.TempDir()
	ref, _, err := open(t, dir).Put(t.Context(), strings.NewReader("kept"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(t.Context(), open(t, dir), ref); err != nil {
		t.Error("after opening again:", err)
	}
}

func TestDamageIsFoundAndMended(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	ref, _, err := s.Put(t.Context(), strings.NewReader("whole"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, string(ref[:2]), string(ref[2:])), []byte("whale"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Verify(t.Context(), s, ref); !fault.Is(err, fault.Storage) {
		t.Errorf("Verify of a damaged file = %v, want a storage fault", err)
	}
	if _, _, err := s.Put(t.Context(), strings.NewReader("whole"), 0); err != nil {
		t.Fatal(err)
	}
	if err := Verify(t.Context(), s, ref); err != nil {
		t.Error("after putting it again:", err)
	}
}

func TestFolderStaysInside(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	s := open(t, dir)
	secret := []byte("outside")
	h := sha256.Sum256(secret)
	ref := sum(h[:])
	if err := os.WriteFile(filepath.Join(outside, string(ref[2:])), secret, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, string(ref[:2]))); err != nil {
		t.Fatal(err)
	}
	if f, _, err := s.Open(t.Context(), ref); err == nil {
		f.Close()
		t.Error("Open followed a link out of the folder")
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	ref, _, err := s.Put(t.Context(), strings.NewReader("finished"), 0)
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(dir, unfinished, "LEFT")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(t.Context(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); err != nil {
		t.Error("Sweep took a file that may still be written:", err)
	}
	if err := s.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Error("Sweep left an old unfinished file:", err)
	}
	if err := Verify(t.Context(), s, ref); err != nil {
		t.Error("Sweep touched a finished file:", err)
	}
}

func TestFullDisk(t *testing.T) {
	for _, cause := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		err := full(&os.PathError{Op: "write", Path: "x", Err: cause})
		if !fault.Is(err, fault.Storage) || !errors.Is(err, cause) {
			t.Errorf("full(%v) = %v, want a storage fault with its cause", cause, err)
		}
	}
	if err := full(io.ErrUnexpectedEOF); !errors.Is(err, io.ErrUnexpectedEOF) || fault.Is(err, fault.Storage) {
		t.Errorf("full(%v) = %v, want it unchanged", io.ErrUnexpectedEOF, err)
	}
}

// A real full disk: the file system of TMPDIR cannot be filled in a test, a device that is always full can.
func TestWritingToFullDevice(t *testing.T) {
	w, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full on this machine")
	}
	defer w.Close()
	if _, _, err := spill(t.Context(), w, bytes.NewReader(make([]byte, 10)), 0); !fault.Is(full(err), fault.Storage) {
		t.Errorf("spill = %v, want a storage fault", err)
	}
}
