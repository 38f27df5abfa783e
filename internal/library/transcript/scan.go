package transcript

import (
	"bytes"
	"context"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"banlang/internal/fault"
)

const (
	scanEdge = 3508 // dots along the longer edge of a page, whatever its size: A4 at 300 an inch
	maxScan  = 500  // pages, of one or two seconds each
)

// scan recognises the letters in the pages of a PDF that has no text of its own, or none that can be read (optical character
// recognition, nhận dạng ký tự). What it gives is kept only where it is language; otherwise the file stays what it was.
func (r *Reader) scan(ctx context.Context, file []byte, t Transcript, progress Progress) (Transcript, error) {
	if t.Pages > maxScan {
		return t, fault.New(fault.TooLarge, "transcript.too_many_scans", "Pages", t.Pages, "Most", maxScan)
	}
	pages := make([]string, t.Pages)
	var done atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	for i := range pages {
		g.Go(func() (err error) {
			pages[i], err = r.scanPage(ctx, file, i+1)
			if n := int(done.Add(1)); err == nil && progress != nil {
				progress(n, len(pages))
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return t, err
	}
	seen := Transcript{Format: PDF, Pages: t.Pages, Scanned: true, Blocks: flow(strings.Join(withoutRunning(pages), "\n"))}
	if err := seen.finish(); err != nil || seen.Layer != Good {
		return t, err
	}
	return seen, nil
}

// scanPage draws a page in grey and reads it.
func (r *Reader) scanPage(ctx context.Context, file []byte, page int) (string, error) {
	n := strconv.Itoa(page)
	drawn, err := r.tools.run(ctx, file, "poppler-utils", "pdftoppm", "-gray", "-scale-to", strconv.Itoa(scanEdge), "-f", n, "-l", n, "-")
	if err == nil {
		var text []byte
		text, err = r.tools.run(ctx, drawn, "tesseract-ocr", "tesseract", "-", "-", "-l", "vie", "--dpi", "300")
		if err == nil {
			return strings.ToValidUTF8(string(bytes.TrimRight(text, "\f")), ""), nil
		}
	}
	switch {
	case strings.Contains(err.Error(), "Failed loading language"):
		return "", fault.New(fault.Unavailable, "transcript.tool_missing", "Tool", "tesseract (vie)", "Package", "tesseract-ocr-vie")
	case fault.Is(err, fault.Internal) && ctx.Err() == nil:
		return "", broken(PDF, err)
	}
	return "", err
}
