package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// backups is R4: a backup made while 8 writers save, restored, checked, and refused once a byte of it is flipped.
func backups(ctx context.Context) ([]figure, error) {
	dir, remove, err := scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	data, archive := filepath.Join(dir, "data"), filepath.Join(dir, "backup.age")
	s, err := start(ctx, binary(), data)
	if err != nil {
		return nil, err
	}
	defer func() { s.kill() }()
	editor := newBrowser(s.url)
	if err := editor.signIn(ctx, data, "editor"); err != nil {
		return nil, err
	}
	before, _ := write(ctx, editor, 2*time.Second, s.kill)
	if s, err = start(ctx, binary(), data); err != nil {
		return nil, err
	}
	editor.base = s.url

	var took time.Duration
	var failed error
	write(ctx, editor, time.Second, func() {
		begin := time.Now()
		failed = command(ctx, "backup", "--data", data, archive)
		took = time.Since(begin)
		s.kill()
	})
	if failed != nil {
		return nil, failed
	}

	restored := filepath.Join(dir, "restored")
	keys := filepath.Join(data, "keys")
	begin := time.Now()
	if err := command(ctx, "restore", "--data", restored, "--keys", keys, archive); err != nil {
		return nil, err
	}
	back := time.Since(begin)
	if err := command(ctx, "verify", "--data", restored, "--keys", keys); err != nil {
		return nil, err
	}
	if err := os.CopyFS(filepath.Join(restored, "keys"), os.DirFS(keys)); err != nil {
		return nil, err
	}
	if s, err = start(ctx, binary(), restored); err != nil {
		return nil, err
	}
	editor.base = s.url
	lost := 0
	for _, d := range before {
		if there, err := editor.do(ctx, http.MethodGet, d.at, nil); err != nil {
			return nil, err
		} else if there.status != http.StatusOK || !strings.Contains(there.body, d.title) {
			lost++
		}
	}

	accepted := 0
	text, err := os.ReadFile(archive)
	if err != nil {
		return nil, err
	}
	const flips = 20
	for i := range flips {
		at := (len(text) - 1) * i / (flips - 1)
		text[at] ^= 1
		flipped := filepath.Join(dir, "flipped.age")
		if err := os.WriteFile(flipped, text, 0o600); err != nil {
			return nil, err
		}
		text[at] ^= 1
		if command(ctx, "verify", "--keys", keys, flipped) == nil {
			accepted++
		}
	}
	size := float64(len(text)) / 1e6
	return []figure{
		{ID: "R4", Measure: fmt.Sprintf("backup under load, %.1f MB", size), Unit: "s", Ours: took.Seconds(), Bar: "made", Met: true},
		{ID: "R4", Measure: "restore", Unit: "s", Ours: back.Seconds(), Bar: "made", Met: true},
		{ID: "R4", Measure: fmt.Sprintf("lost of %d that were acknowledged before it", len(before)), Ours: float64(lost), Bar: "0", Met: lost == 0 && len(before) > 0},
		{ID: "R4", Measure: fmt.Sprintf("archives accepted of %d with one flipped bit", flips), Ours: float64(accepted), Bar: "0", Met: accepted == 0},
	}, nil
}

// command runs one of the program's commands.
func command(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, binary(), args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("banlang %s: %w\n%s", args[0], err, out)
	}
	return nil
}
