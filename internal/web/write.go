package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A page is a finished body, compressed once for each coding that somebody asks for.
type page struct {
	status  int
	kind    []string // header values are made once: a kept page goes out without an allocation for them
	saved   []string // Content-Disposition of a download, else nil
	etag    []string
	control []string
	forever bool // squeezed as hard as can be: for what is made once and served for a year
	raw     coded
	br      coded
	zstd    coded
	gzip    coded
}

type coded struct {
	once   sync.Once
	body   []byte
	length []string
}

var (
	varies    = []string{"Accept-Encoding, Cookie, Save-Data"}
	variesOne = []string{"Accept-Encoding"}
	isBr      = []string{"br"}
	isZstd    = []string{"zstd"}
	isGzip    = []string{"gzip"}
	noCache   = []string{"no-cache"}
	noStore   = []string{"no-store"}
)

func newPage(status int, kind string, body []byte) *page {
	sum := sha256.Sum256(body)
	p := &page{status: status, kind: []string{kind}, etag: []string{`W/"` + hex.EncodeToString(sum[:9]) + `"`}, control: noCache}
	p.raw.body, p.raw.length = body, []string{strconv.Itoa(len(body))}
	return p
}

func (c *coded) fill(make func() []byte) *coded {
	c.once.Do(func() {
		c.body = make()
		c.length = []string{strconv.Itoa(len(c.body))}
	})
	return c
}

// suited chooses the smallest coding that the client takes.
func (p *page) suited(accept string) (*coded, []string) {
	if len(p.raw.body) < 256 {
		return &p.raw, nil
	}
	switch {
	case takes(accept, "br"):
		return p.br.fill(p.toBr), isBr
	case takes(accept, "zstd"):
		return p.zstd.fill(p.toZstd), isZstd
	case takes(accept, "gzip"):
		return p.gzip.fill(p.toGzip), isGzip
	}
	return &p.raw, nil
}

func (p *page) toBr() []byte {
	level := 5
	if p.forever {
		level = brotli.BestCompression
	}
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, level)
	_, _ = w.Write(p.raw.body) // a buffer does not fail
	_ = w.Close()
	return b.Bytes()
}

func (p *page) toZstd() []byte {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // only wrong options make it fail
	}
	body := w.EncodeAll(p.raw.body, nil)
	_ = w.Close() // nothing was streamed
	return body
}

func (p *page) toGzip() []byte {
	level := 6
	if p.forever {
		level = gzip.BestCompression
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(p.raw.body)
	_ = w.Close()
	return b.Bytes()
}

// takes reads Accept-Encoding: the coding is named and not with q=0.
func takes(accept, coding string) bool {
	for one := range strings.SplitSeq(accept, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(one), ";")
		if strings.TrimSpace(name) == coding {
			q = strings.ReplaceAll(q, " ", "")
			return q != "q=0" && !strings.HasPrefix(q, "q=0.000")
		}
	}
	return false
}

// write sends the page, or only says that the client's own copy is still right.
func (p *page) write(w http.ResponseWriter, r *http.Request, v *visit) {
	h := w.Header()
	h["Cache-Control"] = p.control
	h["Vary"] = varies
	if p.control[0] != "no-cache" {
		h["Vary"] = variesOne
	}
	if p.control[0] != "no-store" {
		h["Etag"] = p.etag
		if match := r.Header.Get("If-None-Match"); match != "" && p.status == http.StatusOK && strings.Contains(match, p.etag[0][2:]) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	body, coding := p.suited(r.Header.Get("Accept-Encoding"))
	h["Content-Type"] = p.kind
	if p.saved != nil {
		h["Content-Disposition"] = p.saved
	}
	if coding != nil {
		h["Content-Encoding"] = coding
	}
	h["Content-Length"] = body.length
	w.WriteHeader(p.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body.body) // the reader went away: nothing to tell and nobody to tell it to
	}
}

// send writes a body made for this request, and keeps it for the next visitor where it is the same for all of them.
func (v *visit) send(w http.ResponseWriter, r *http.Request, status int, kind string, body []byte) {
	p := newPage(status, kind, body)
	p.saved = w.Header()["Content-Disposition"]
	if v.public && status == http.StatusOK && v.site != nil {
		v.site.cache.keep(v, p)
	} else {
		p.control = noStore
	}
	p.write(w, r, v)
}

// JSON writes v with an ETag; a visitor's answer is kept like a page.
func JSON(w http.ResponseWriter, r *http.Request, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	visitOf(r).send(w, r, http.StatusOK, "application/json; charset=utf-8", append(body, '\n'))
	return nil
}

// Bytes writes a small finished text of another kind: a feed, a site map, a table to download.
func Bytes(w http.ResponseWriter, r *http.Request, contentType string, body []byte) error {
	visitOf(r).send(w, r, http.StatusOK, contentType, body)
	return nil
}

// Fresh says that this answer depends on more than its address and the reader's languages: it is not kept for the next visitor.
func Fresh(r *http.Request) { visitOf(r).public = false }

// Attach makes the answer a download with this file name; before Bytes or JSON.
func Attach(w http.ResponseWriter, name string) {
	w.Header().Set("Content-Disposition", disposition("attachment", name))
}

// CSV makes the rows a download that spreadsheets read right: with the mark of UTF-8, and no cell that they would run.
func CSV(w http.ResponseWriter, r *http.Request, name string, rows [][]string) error {
	var b bytes.Buffer
	b.WriteString("\uFEFF")
	out := csv.NewWriter(&b)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = inert(cell)
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	Attach(w, name)
	return Bytes(w, r, "text/csv; charset=utf-8", b.Bytes())
}

// xlsx is the media type of a workbook of Excel (ISO/IEC 29500).
const xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// Workbook makes a finished workbook of Excel a download.
func Workbook(w http.ResponseWriter, r *http.Request, name string, body []byte) error {
	Attach(w, name)
	return Bytes(w, r, xlsx, body)
}

// inert quotes a cell that begins like a formula as text. A number below zero stays one.
func inert(cell string) string {
	if _, err := strconv.ParseFloat(cell, 64); err == nil || cell == "" || !strings.ContainsRune("=+-@\t\r\n\x00", rune(cell[0])) {
		return cell
	}
	return "'" + cell
}

// File serves a stored file with Range and ETag. What a browser could run is only ever downloaded.
func File(w http.ResponseWriter, r *http.Request, name, contentType string, modtime time.Time, content io.ReadSeeker, download bool) error {
	size, err := content.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return err
	}
	v := visitOf(r)
	v.public = false // files go out as they are read, never through memory
	h := w.Header()
	h.Set("Content-Type", contentType)
	how := "inline"
	if download || !shown(contentType) {
		how = "attachment"
	}
	h.Set("Content-Disposition", disposition(how, name))
	rules := "default-src 'none'; media-src 'self'; img-src 'self'; object-src 'self'; style-src 'unsafe-inline'"
	if !played(contentType) {
		rules += "; sandbox" // in which browsers' own players would stay silent and their viewers closed
	}
	h.Set("Content-Security-Policy", rules)
	if v.token != "" {
		h.Set("Cache-Control", "private, no-store")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if h.Get("Etag") == "" && !modtime.IsZero() {
		h.Set("Etag", `"`+strconv.FormatInt(modtime.UnixMilli(), 36)+"-"+strconv.FormatInt(size, 36)+`"`)
	}
	// The slowest line we serve brings 2 kB a second.
	patience := time.Minute + time.Duration(size/2000)*time.Second
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(patience))
	http.ServeContent(w, r, "", modtime, content)
	return nil
}

// shown are the kinds that a browser may show in place: none of them runs script.
func shown(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	switch kind {
	case "image/png", "image/jpeg", "image/webp", "image/gif", "text/plain":
		return true
	}
	return played(kind)
}

// played are the kinds that the browser's own players and viewers open; none of them can run script in our name.
func played(kind string) bool {
	return strings.HasPrefix(kind, "audio/") || strings.HasPrefix(kind, "video/") || kind == "application/pdf"
}

// disposition names a file in ASCII and, for browsers that know RFC 6266, in full.
func disposition(how, name string) string {
	name = cleanName(name)
	ascii := strings.Map(func(c rune) rune {
		if c < 0x20 || c > 0x7e || c == '"' || c == '\\' || c == '%' {
			return '_'
		}
		return c
	}, name)
	full := mime.FormatMediaType(how, map[string]string{"filename": name})
	if full == "" || ascii == name {
		return how + `; filename="` + ascii + `"`
	}
	_, star, _ := strings.Cut(full, "filename*=")
	if star == "" {
		return how + `; filename="` + ascii + `"`
	}
	return how + `; filename="` + ascii + `"; filename*=` + star
}

func kindByName(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".jpg":
		return "image/jpeg"
	case ".webp":
		return "image/webp"
	case ".mp3":
		return "audio/mpeg"
	case ".opus":
		return "audio/ogg; codecs=opus"
	case ".webmanifest":
		return "application/manifest+json"
	case ".json":
		return "application/json; charset=utf-8"
	}
	return "application/octet-stream"
}
