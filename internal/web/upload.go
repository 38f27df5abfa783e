package web

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode"

	"banlang/internal/fault"
	"banlang/internal/i18n"

	"golang.org/x/text/unicode/norm"
)

// Uploaded is a file that came with a form. Its type is what its first bytes say, never what its sender or its name says.
type Uploaded struct {
	Name   string // safe to show and to offer for download; never a path
	Type   string
	Size   int64
	header *multipart.FileHeader
}

// Open reads the file from its start.
func (u Uploaded) Open() (multipart.File, error) { return u.header.Open() }

// Upload takes the file of a form field, at most limit bytes. What is wrong with it is a fault of that field.
func Upload(r *http.Request, field string, limit int64) (Uploaded, error) {
	f, header, err := r.FormFile(field)
	switch {
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		return Uploaded{}, fault.Field(field, "upload.missing")
	case err != nil:
		return Uploaded{}, broken(r, field, err)
	}
	defer f.Close()
	u := Uploaded{Name: cleanName(header.Filename), Size: header.Size, header: header}
	ui := visitOf(r).reader.UI
	switch {
	case header.Size == 0:
		return Uploaded{}, fault.Field(field, "upload.empty")
	case header.Size > limit:
		return Uploaded{}, fault.Field(field, "upload.too_large", "Size", i18n.Bytes(ui, header.Size), "Limit", i18n.Bytes(ui, limit))
	}
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Uploaded{}, broken(r, field, err)
	}
	u.Type = Sniff(head[:n])
	return u, nil
}

func broken(r *http.Request, field string, err error) error {
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		ui := visitOf(r).reader.UI
		return fault.Field(field, "error.too_large", "Limit", i18n.Bytes(ui, large.Limit))
	}
	return fault.Field(field, "upload.broken")
}

// parse reads a form into memory and temporary files, within the limits that bound has set.
func parse(r *http.Request) error {
	kind := r.Header.Get("Content-Type")
	var err error
	switch {
	case strings.HasPrefix(kind, "multipart/form-data"):
		err = r.ParseMultipartForm(1 << 20)
	case strings.HasPrefix(kind, "application/x-www-form-urlencoded"):
		err = r.ParseForm()
	}
	if err == nil {
		legible(r.Form)
		legible(r.PostForm)
		return nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return fault.New(fault.Invalid, "upload.broken")
}

// spell takes out of an address what nobody types. A path with such bytes leads nowhere.
func spell(r *http.Request) error {
	if plain(r.URL.Path) != r.URL.Path {
		return fault.New(fault.NotFound, "error.not_found")
	}
	if !strings.Contains(r.URL.RawQuery, "%") {
		return nil
	}
	if query := r.URL.Query(); legible(query) {
		u := *r.URL
		u.RawQuery = query.Encode()
		r.URL = &u
	}
	return nil
}

func legible(values url.Values) (changed bool) {
	for _, list := range values {
		for i, value := range list {
			list[i] = plain(value)
			changed = changed || list[i] != value
		}
	}
	return changed
}

// plain leaves out bytes that are not UTF-8, and NUL: not every database keeps them.
func plain(text string) string { return strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "") }

// magic are beginnings that http.DetectContentType does not know, or knows only in part.
var magic = []struct {
	at    int
	begin string
	kind  string
}{
	{0, "ID3", "audio/mpeg"},
	{0, "\xff\xfb", "audio/mpeg"}, {0, "\xff\xf3", "audio/mpeg"}, {0, "\xff\xf2", "audio/mpeg"},
	{0, "\xff\xf1", "audio/aac"}, {0, "\xff\xf9", "audio/aac"},
	{0, "OggS", "audio/ogg"}, {0, "fLaC", "audio/flac"}, {0, "#!AMR", "audio/amr"},
	{4, "ftypM4A", "audio/mp4"}, {4, "ftyp3gp", "audio/3gpp"},
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"}, // .doc, .xls of old
	{0, "{\\rtf", "application/rtf"},
	{0, "\xef\xbb\xbf", "text/plain; charset=utf-8"},
}

// Sniff tells a type from a file's first bytes (64 kB are enough). SVG and HTML are named as such, for they can carry script.
func Sniff(head []byte) string {
	low := bytes.ToLower(head)
	switch {
	case bytes.Contains(low, []byte("<svg")):
		return "image/svg+xml"
	case bytes.Contains(low, []byte("<html")), bytes.Contains(low, []byte("<script")), bytes.Contains(low, []byte("<!doctype html")):
		return "text/html"
	}
	for _, m := range magic {
		if len(head) >= m.at && bytes.HasPrefix(head[m.at:], []byte(m.begin)) {
			return m.kind
		}
	}
	kind := http.DetectContentType(head)
	switch {
	case kind == "application/zip":
		return office(head)
	case kind == "audio/wave":
		return "audio/wav"
	}
	return kind
}

// office looks at the first names within a zip: office files are zips.
func office(head []byte) string {
	for part, kind := range map[string]string{
		"word/":           "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"xl/":             xlsx,
		"opendocument.te": "application/vnd.oasis.opendocument.text",
		"opendocument.sp": "application/vnd.oasis.opendocument.spreadsheet",
		"epub+zip":        "application/epub+zip",
	} {
		if bytes.Contains(head, []byte(part)) {
			return kind
		}
	}
	return "application/zip"
}

// cleanName makes a sender's file name harmless: the last part, composed letters, no control or direction marks, not long.
func cleanName(name string) string {
	name = path.Base(strings.ReplaceAll(norm.NFC.String(strings.ToValidUTF8(name, "")), `\`, "/"))
	name = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || strings.ContainsRune(`<>:"|?*/`, c) {
			return -1
		}
		return c
	}, name)
	name = strings.Trim(strings.TrimSpace(name), ".")
	if runes := []rune(name); len(runes) > 100 {
		ext := []rune(path.Ext(name))
		if len(ext) > 8 {
			ext = nil
		}
		name = string(runes[:100-len(ext)]) + string(ext)
	}
	if name == "" {
		return "tep"
	}
	return name
}
