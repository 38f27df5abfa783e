package library

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"time"

	"banlang/internal/library/catalogue"
	"banlang/internal/library/transcript"
	"banlang/internal/library/zim"
)

//go:embed pack
var packFiles embed.FS

// A Pack is an archive of documents to be read without a network.
type Pack struct {
	Set      string // of the catalogue; "" is everything
	Province string
	Agency   string // who answers for it
	Say      func(key string, args ...any) string
	Done     func(documents int)
}

// WriteZIM writes the documents that everyone may see as an archive for Kiwix, with a page that lists and searches them. A document
// without legible text has a page that says what it is. It returns how many there are.
func (d *Desk) WriteZIM(ctx context.Context, f zim.File, p Pack) (n int, err error) {
	title := p.Say("library.pack.title", "Province", p.Province)
	day := d.now().UTC().Format(time.DateOnly)
	about := zim.About{Name: "banlang_vie_" + cmp.Or(strings.ReplaceAll(p.Set, ":", "-"), "all"), Title: title, Description: p.Say("library.pack.description"),
		Language: "vie", Creator: cmp.Or(p.Agency, title), Publisher: cmp.Or(p.Agency, title), Date: day, Main: "index.html"}
	sum := sha256.Sum256([]byte(about.Name + " " + p.Agency + " " + day))
	copy(about.ID[:], sum[:])
	if about.Illustration, err = mark(); err != nil {
		return 0, err
	}
	w, err := zim.New(f, about)
	if err != nil {
		return 0, err
	}
	var list strings.Builder
	for at := (catalogue.Cursor{}); ; {
		found, err := d.store.told(ctx, catalogue.Query{Set: p.Set}, at, 100)
		if err != nil {
			return n, err
		}
		for _, doc := range found {
			at = catalogue.Cursor{Updated: doc.Told, ID: string(doc.ID)}
			if !doc.public() {
				continue
			}
			if err := d.packDocument(ctx, w, p, doc); err != nil {
				return n, err
			}
			n++
			fmt.Fprintf(&list, "<li lang=\"%s\"><a href=\"van-ban/%s.html\">%s</a></li>\n", transcript.Escape(doc.Lang), doc.ID, transcript.Escape(strings.TrimSpace(doc.Number+" "+doc.Title)))
		}
		p.Done(n)
		if len(found) < 100 {
			break
		}
	}
	body := fmt.Sprintf("<h1>%s</h1>\n<p>%s</p>\n<form hidden=\"\"><label for=\"q\">%s</label><input id=\"q\" type=\"search\" autocomplete=\"off\"/></form>\n<ul id=\"danh-sach\">\n%s</ul>\n<script src=\"tim.js\"></script>\n",
		transcript.Escape(title), transcript.Escape(p.Say("library.pack.lead", "N", n, "Day", d.now().Format("2/1/2006"))), transcript.Escape(p.Say("library.search")), &list)
	if err := w.Add(zim.Entry{Path: about.Main, Title: title, Type: "text/html", Front: true}, strings.NewReader(packPage("", "vi", title, body))); err != nil {
		return n, err
	}
	for _, file := range [][2]string{{"kieu.css", "text/css"}, {"tim.js", "application/javascript"}} {
		content, err := packFiles.ReadFile("pack/" + file[0])
		if err != nil {
			return n, err
		}
		if err := w.Add(zim.Entry{Path: file[0], Type: file[1]}, bytes.NewReader(content)); err != nil {
			return n, err
		}
	}
	return n, w.Close()
}

// packDocument writes one document's page.
func (d *Desk) packDocument(ctx context.Context, w *zim.Writer, p Pack, doc Document) error {
	c := source{d}.record(doc)
	var b strings.Builder
	lang := transcript.Escape(doc.Lang)
	fmt.Fprintf(&b, "<p><a href=\"../index.html\">%s</a></p>\n<h1 lang=\"%s\">%s</h1>\n", transcript.Escape(p.Say("library.all")), lang, transcript.Escape(doc.Title))
	for _, note := range append([]string{p.Say("library.force.is", "Force", Forces.Term(doc.Force).Name)}, c.Notes...) {
		fmt.Fprintf(&b, "<p class=\"note\">%s</p>\n", transcript.Escape(note))
	}
	b.WriteString("<dl>\n")
	for _, f := range [][2]string{{"library.number", c.Legal.Number}, {"library.kind", c.Kind.Name}, {"library.issuer", doc.Issuer}, {"library.signed", c.Legal.Signed},
		{"library.force_from", c.Legal.InForce}, {"library.force_until", c.Legal.Expiry}, {"library.groups", strings.Join(c.Groups, ", ")},
		{"library.places", strings.Join(c.Places, ", ")}, {"library.source", c.Source}, {"library.rights", c.Rights}} {
		if f[1] != "" {
			fmt.Fprintf(&b, "<dt>%s</dt><dd>%s</dd>\n", transcript.Escape(p.Say(f[0])), transcript.Escape(f[1]))
		}
	}
	fmt.Fprintf(&b, "</dl>\n<div lang=\"%s\">\n", lang)
	if doc.Legible() {
		for n := 1; n <= doc.Parts; n++ {
			blocks, err := d.Text(ctx, doc, n)
			if err != nil {
				return err
			}
			b.WriteString(transcript.Markup(blocks))
		}
	} else {
		fmt.Fprintf(&b, "<p>%s</p>\n", transcript.Escape(p.Say("library.layer.none")))
	}
	b.WriteString("</div>\n")
	return w.Add(zim.Entry{Path: "van-ban/" + string(doc.ID) + ".html", Title: strings.TrimSpace(doc.Number + " " + doc.Title), Type: "text/html", Front: true},
		strings.NewReader(packPage("../", "vi", doc.Title, b.String())))
}

func packPage(up, lang, title, body string) string {
	return fmt.Sprintf("<!DOCTYPE html>\n<html lang=\"%s\">\n<head><meta charset=\"utf-8\"/><title>%s</title><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"+
		"<link rel=\"stylesheet\" href=\"%skieu.css\"/></head>\n<body>\n%s</body>\n</html>\n", lang, transcript.Escape(title), up, body)
}

// mark is the picture of the archive in the catalogue of Kiwix: an open book.
func mark() ([]byte, error) {
	picture := image.NewRGBA(image.Rect(0, 0, 48, 48))
	ground, paper := color.RGBA{0x25, 0x31, 0x5f, 0xff}, color.RGBA{0xff, 0xff, 0xff, 0xff}
	for y := range 48 {
		for x := range 48 {
			c := ground
			if y >= 12 && y < 36 && (x >= 7 && x < 23 || x >= 25 && x < 41) {
				c = paper
			}
			picture.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, picture)
	return b.Bytes(), err
}
