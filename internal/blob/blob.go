// Package blob keeps files by their content: the name of a file is the SHA-256 of its bytes. It knows a folder and a bucket,
// and nothing about what the files are.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"syscall"
	"time"

	"banlang/internal/fault"
)

// A Ref names a file: its SHA-256, 64 lower-case hexadecimal digits.
type Ref string

// A Store keeps files by content. Every implementation passes the same tests.
type Store interface {
	// Put keeps what r yields and says under which name and how many bytes. More than limit bytes is fault.TooLarge and leaves
	// nothing behind; a limit of zero is none. When Put returns without an error, neither a killed process nor a power cut loses
	// the file. Putting the same content again is harmless, and mends a damaged copy.
	Put(ctx context.Context, r io.Reader, limit int64) (Ref, int64, error)
	// Open gives the file and its size, or fault.NotFound.
	Open(ctx context.Context, ref Ref) (io.ReadSeekCloser, int64, error)
	// Has tells whether the file is here.
	Has(ctx context.Context, ref Ref) (bool, error)
	// Delete removes the file; one that is not here is not an error. The caller makes sure that nothing refers to it any more.
	Delete(ctx context.Context, ref Ref) error
	// Walk yields the name of every file, in order. After an error it ends.
	Walk(ctx context.Context) iter.Seq2[Ref, error]
	// Sweep removes what Puts that were cut off before the given time left behind.
	Sweep(ctx context.Context, before time.Time) error
}

// Valid tells whether the reference has the shape of one. Nothing else ever becomes a path.
func (r Ref) Valid() bool {
	return len(r) == 2*sha256.Size && strings.Trim(string(r), "0123456789abcdef") == ""
}

// Verify reads the whole file and compares it with its name: fault.NotFound when it is gone, fault.Storage when it was damaged.
func Verify(ctx context.Context, s Store, ref Ref) error {
	f, _, err := s.Open(ctx, ref)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, patient{ctx, f}); err != nil {
		return fmt.Errorf("read %s: %w", ref, err)
	}
	if sum(h.Sum(nil)) != ref {
		return fault.New(fault.Storage, "blob.damaged", "Ref", string(ref))
	}
	return nil
}

func sum(b []byte) Ref { return Ref(hex.EncodeToString(b)) }

func missing(ref Ref) error { return fault.New(fault.NotFound, "blob.missing", "Ref", string(ref)) }

// RefOf is the name under which Put would keep what r yields.
func RefOf(ctx context.Context, r io.Reader, limit int64) (Ref, error) {
	ref, _, err := spill(ctx, io.Discard, r, limit)
	return ref, err
}

// spill copies r to w up to the limit and tells the name and the size of what passed.
func spill(ctx context.Context, w io.Writer, r io.Reader, limit int64) (Ref, int64, error) {
	h := sha256.New()
	if limit > 0 {
		r = io.LimitReader(r, limit+1)
	}
	n, err := io.Copy(io.MultiWriter(w, h), patient{ctx, r})
	if err != nil {
		return "", n, err
	}
	if limit > 0 && n > limit {
		const mega = 1 << 20
		return "", n, fault.New(fault.TooLarge, "blob.too_large", "MB", (limit+mega-1)/mega)
	}
	return sum(h.Sum(nil)), n, nil
}

// full turns "no room left" into something a person may be told.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return errors.Join(fault.New(fault.Storage, "blob.full"), err)
	}
	return err
}

// patient is a reader that stops when its context ends.
type patient struct {
	ctx context.Context
	r   io.Reader
}

func (p patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}
