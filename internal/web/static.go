package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"banlang/internal/fault"
)

//go:embed static
var static embed.FS

//go:embed page
var pages embed.FS

var forever = []string{"public, max-age=31536000, immutable"}

// assets are files that never change under their name: the name carries a piece of their hash.
type assets struct {
	path map[string]string // banlang.css: /static/banlang.1f2e3d4c5b.css
	file map[string]*asset // the same, by the part after /static/
}

type asset struct {
	page *page
	name string
}

// ownAssets takes the kit's own files: the public stylesheet is tokens and base in one, its spaces removed.
func ownAssets() (*assets, error) {
	a := &assets{path: map[string]string{}, file: map[string]*asset{}}
	root, err := fs.Sub(static, "static")
	if err != nil {
		return nil, err
	}
	var sheet []byte
	for _, name := range []string{"tokens.css", "base.css"} {
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return nil, err
		}
		sheet = append(sheet, text...)
	}
	a.add("banlang.css", minify(sheet))
	desk, err := fs.ReadFile(root, "desk.css")
	if err != nil {
		return nil, err
	}
	a.add("desk.css", minify(desk))
	return a, a.addAll(root, ".js", ".svg", ".png", ".ico")
}

func (a *assets) addAll(fsys fs.FS, ends ...string) error {
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(name, "pictogram/") || !hasEnd(name, ends) {
			return err
		}
		body, err := fs.ReadFile(fsys, name)
		if err == nil {
			a.add(name, body)
		}
		return err
	})
}

func hasEnd(name string, ends []string) bool {
	for _, end := range ends {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return len(ends) == 0
}

func (a *assets) add(name string, body []byte) {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	full := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:5]) + ext
	p := newPage(http.StatusOK, kindByName(name), body)
	p.control, p.forever = forever, true
	a.path[name] = "/static/" + full
	a.file[full] = &asset{p, name}
}

// Files adds a room's own files, served for a year under names that carry their hash; {{asset "sound/market.mp3"}} gives the
// address. At start-up only.
func (s *Site) Files(fsys fs.FS) {
	if err := s.assets.addAll(fsys); err != nil {
		panic(fmt.Sprintf("web: files: %v", err))
	}
}

// Asset is the address of a static file.
func (s *Site) Asset(name string) string {
	if full, ok := s.assets.path[name]; ok {
		return full
	}
	panic(fmt.Sprintf("web: no static file is called %q", name))
}

// HasAsset tells whether there is such a file: a sound that was never recorded is simply not offered.
func (s *Site) HasAsset(name string) bool {
	_, ok := s.assets.path[name]
	return ok
}

// Spoken is the address of a small sound of our own, the smaller coding for who spares the line: those browsers know Opus. It is empty
// where nobody recorded it.
func (s *Site) Spoken(r *http.Request, key string) string {
	name := "sound/" + key + ".mp3"
	if Reader(r).SaveData {
		name = "sound/" + key + ".opus"
	}
	if !s.HasAsset(name) {
		return ""
	}
	return s.Asset(name)
}

// AssetSize is the weight of a static file in bytes.
func (s *Site) AssetSize(name string) int64 {
	full := strings.TrimPrefix(s.assets.path[name], "/static/")
	if f := s.assets.file[full]; f != nil {
		return int64(len(f.page.raw.body))
	}
	return 0
}

func (s *Site) static(w http.ResponseWriter, r *http.Request) error {
	f := s.assets.file[r.PathValue("name")]
	if f == nil {
		return fault.New(fault.NotFound, "error.not_found")
	}
	if kind := f.page.kind[0]; strings.HasPrefix(kind, "audio/") || strings.HasPrefix(kind, "image/png") {
		h := w.Header()
		h["Content-Type"], h["Etag"], h["Cache-Control"] = f.page.kind, []string{f.page.etag[0][2:]}, forever
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.page.raw.body))
		return nil
	}
	f.page.write(w, r, visitOf(r))
	return nil
}

// minify takes comments and needless spaces out of a stylesheet. Quoted text stays as it is.
func minify(css []byte) []byte {
	out := make([]byte, 0, len(css))
	var quote byte
	for i := 0; i < len(css); i++ {
		c := css[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
			out = append(out, c)
		case c == '"' || c == '\'':
			quote = c
			out = append(out, c)
		case c == '/' && i+1 < len(css) && css[i+1] == '*':
			end := bytes.Index(css[i+2:], []byte("*/"))
			if end < 0 {
				return out
			}
			i += end + 3
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			// A space may be left out beside these; before ":" it matters in selectors, around + and - in calc().
			if len(out) > 0 && !bytes.ContainsRune([]byte("{};,:> "), rune(out[len(out)-1])) {
				out = append(out, ' ')
			}
		case c == '}':
			out = append(bytes.TrimRight(out, " ;"), c)
		case c == '{' || c == ';' || c == ',' || c == '>':
			out = append(bytes.TrimRight(out, " "), c)
		default:
			out = append(out, c)
		}
	}
	return out
}
