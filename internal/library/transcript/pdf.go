package transcript

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"banlang/internal/fault"
)

// pdf reads the text layer of a PDF with pdftotext. A page that is a picture gives nothing; judge says so.
func (r *Reader) pdf(ctx context.Context, file []byte) (t Transcript, err error) {
	text, err := r.tools.run(ctx, file, "poppler-utils", "pdftotext", "-enc", "UTF-8", "-l", strconv.Itoa(maxPages), "-", "-")
	if fault.Is(err, fault.Internal) && ctx.Err() == nil {
		if strings.Contains(err.Error(), "Incorrect password") { // the program has one exit code for all it cannot open
			return t, fault.New(fault.Invalid, "transcript.locked")
		}
		return t, broken(PDF, err)
	}
	if err != nil {
		return t, err
	}
	t.Pages = bytes.Count(text, []byte("\f")) // one at the end of each page
	pages := strings.Split(strings.ToValidUTF8(string(text), ""), "\f")
	t.Blocks = flow(strings.Join(withoutRunning(pages), "\n"))
	return t, nil
}

// withoutRunning takes page numbers, alone on the first or last line of a page, out of the text they interrupt.
func withoutRunning(pages []string) []string {
	for i, page := range pages {
		lines := strings.Split(strings.TrimSpace(page), "\n")
		if number(lines[0]) {
			lines = lines[1:]
		}
		if n := len(lines); n > 0 && number(lines[n-1]) {
			lines = lines[:n-1]
		}
		pages[i] = strings.Join(lines, "\n")
	}
	return pages
}

func number(line string) bool {
	line = strings.Trim(line, " \t\r-–")
	return line != "" && len(line) <= 4 && strings.Trim(line, "0123456789") == ""
}
