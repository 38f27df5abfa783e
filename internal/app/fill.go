package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"banlang/internal/library"
	"banlang/internal/place"
)

// fillBoundaries draws the province as it is, where its boundaries lie beside the project. Without them maps show centres. It does so
// once: read again after a merger, the outline of a commune would pass for that of the larger one which has its code.
func (h *House) fillBoundaries(ctx context.Context) error {
	if m, err := h.places.Draw(ctx, h.places.HomeUnit().ID, "", h.places.Today()); err != nil || m.Outlines {
		return err
	}
	found, err := filepath.Glob(filepath.Join(h.config.Material, "geo", h.config.Province+"_*.topojson"))
	if err != nil {
		return err
	}
	for _, name := range found {
		if err := h.importBoundary(ctx, name); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
	}
	return nil
}

func (h *House) importBoundary(ctx context.Context, name string) (err error) {
	f, err := os.Open(name) //nolint:gosec // found in the folder that the set-up names
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	report, err := h.places.Import(ctx, place.Operator(), "boundaries", filepath.Base(name), f, false, nil)
	if err == nil {
		h.log.Info("boundaries read", "rows", report.Rows, "added", report.Added, "refused", len(report.Refused))
	}
	return err
}

// fillDocuments puts the legal documents that lie beside the project into the demonstration's library.
func (h *House) fillDocuments(ctx context.Context) error {
	folder := filepath.Join(h.config.Material, "docs")
	switch _, err := os.Stat(folder); {
	case errors.Is(err, fs.ErrNotExist):
		h.log.Info("no documents beside the project; the library holds the demonstration's own")
		return nil
	case err != nil:
		return err
	}
	two, err := h.librarians(ctx)
	if err != nil {
		return err
	}
	return h.library.ImportDemo(ctx, two, folder, func(done, total int, _ library.Outcome) {
		if done%10 == 0 || done == total {
			h.log.Info("documents read", "done", done, "of", total)
		}
	})
}

// generating tells how far the figures made by machine are.
func (h *House) generating(done, total int) {
	h.log.Info("figures made by machine", "done", done, "of", total)
}

// fillReleases makes the demonstration's releases as soon as the figures can be asked for.
func (h *House) fillReleases(ctx context.Context) error {
	for ready := false; !ready; _, _, ready = h.facts.Progress() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	statistician, err := h.accounts.DemoActor(ctx, "statistician")
	if err != nil {
		return err
	}
	leader, err := h.accounts.DemoActor(ctx, "province_leader")
	if err != nil {
		return err
	}
	return h.release.SeedDemo(ctx, statistician, leader)
}

func absolute(path string) string {
	whole, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return whole
}
