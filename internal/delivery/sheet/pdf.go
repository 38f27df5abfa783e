package sheet

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"
	"github.com/signintech/gopdf"

	"banlang/internal/delivery"
)

// A paper is a size of sheet with all that is measured on it: millimetres, letters in points.
type paper struct {
	code                  string
	w, h, margin          float64
	picture, square       float64
	title, body, headline float64
	small                 float64
}

// The sizes. Letters are read at arm's length on A5 and from two steps away on A4.
var papers = []paper{
	{code: "a4", w: 210, h: 297, margin: 16, picture: 46, square: 38, title: 32, body: 20, headline: 22, small: 13},
	{code: "a5", w: 148, h: 210, margin: 11, picture: 32, square: 29, title: 23, body: 15, headline: 16, small: 10},
}

// The colours of a class; the words in the band say the same on a black and white print.
var (
	dark     = color.RGBA{23, 29, 54, 255}
	mute     = color.RGBA{70, 78, 108, 255}
	white    = color.RGBA{255, 255, 255, 255}
	turmeric = color.RGBA{245, 185, 46, 255}
	classes  = map[delivery.Class]color.RGBA{delivery.Emergency: {156, 16, 26, 255}, delivery.Priority: {143, 47, 6, 255}, delivery.Normal: {37, 49, 95, 255}}
)

const (
	mm      = 25.4 / 72 // of a point
	leading = 1.4       // from line to line, in sizes of the letter: marks above and below need the room
)

// A printer writes one sheet. The first thing that goes wrong stays in err and ends the writing.
type printer struct {
	sheet
	paper
	pdf           *gopdf.GoPdf
	regular, bold *face
	y             float64 // where the next thing begins
	err           error
}

// print makes the PDF. What does not fit on the first page goes on; each page carries the code.
func (s sheet) print(p paper) ([]byte, error) {
	w := &printer{sheet: s, paper: p, pdf: new(gopdf.GoPdf)}
	w.pdf.Start(gopdf.Config{Unit: gopdf.UnitMM, PageSize: gopdf.Rect{W: p.w, H: p.h}})
	w.regular, w.bold = w.font("regular", "NotoSans-Regular.ttf"), w.font("bold", "NotoSans-Bold.ttf")
	if w.err != nil {
		return nil, w.err
	}
	w.pdf.SetInfo(gopdf.PdfInfo{Title: s.Text.Title, Author: s.Words.Issuer, Subject: s.Code, CreationDate: s.Item.Published})
	w.pdf.AddPage()
	w.head()
	pages := w.share(w.lay(), w.foot()-w.paper.square-w.paper.small*mm*2*leading-4-w.y, w.foot()-w.paper.margin)
	for n, lines := range pages {
		if n == 0 {
			w.squares()
		} else {
			w.pdf.AddPage()
			w.y = w.paper.margin
		}
		for _, l := range lines {
			w.y += l.gap
			w.text(w.paper.margin, l.text, false, w.paper.body, dark)
		}
		w.footer(n+1, len(pages))
	}
	var out bytes.Buffer
	if _, err := w.pdf.WriteTo(&out); err != nil || w.err != nil {
		return nil, fmt.Errorf("sheet of %s: %w", s.Item.Ref, cmp.Or(w.err, err))
	}
	return out.Bytes(), nil
}

func (w *printer) font(family, file string) *face {
	data, err := fonts.ReadFile("font/" + file)
	if err == nil {
		err = w.pdf.AddTTFFontDataWithOption(family, data, gopdf.TtfOption{OnGlyphNotFoundSubstitute: func(rune) rune { return unknownLetter }})
	}
	f, bad := readFace(file)
	w.err = cmp.Or(w.err, err, bad)
	return f
}

// text writes a line that begins at x, and goes down by it.
func (w *printer) text(x float64, text string, bold bool, size float64, c color.RGBA) {
	family := "regular"
	if bold {
		family = "bold"
	}
	w.pdf.SetTextColor(c.R, c.G, c.B)
	w.pdf.SetXY(x, w.y+size*mm*1.07) // the base line
	err := w.pdf.SetFont(family, "", size)
	if err == nil {
		err = w.pdf.Text(text)
	}
	w.err = cmp.Or(w.err, err)
	w.y += size * mm * leading
}

// wide measures a text in millimetres.
func (w *printer) wide(bold bool, size float64) func(string) float64 {
	f := w.regular
	if bold {
		f = w.bold
	}
	return func(text string) float64 { return f.width(text, size) * mm }
}

// bandage draws a coloured band over the whole width with words in it.
func (w *printer) bandage(words string, back, letters color.RGBA) {
	size := w.paper.headline
	for size > w.paper.small && w.wide(true, size)(words) > w.paper.w-2*w.paper.margin {
		size--
	}
	height := w.paper.headline * mm * 2
	w.pdf.SetFillColor(back.R, back.G, back.B)
	w.pdf.RectFromUpperLeftWithStyle(0, w.y, w.paper.w, height, "F")
	end := w.y + height
	w.y += (height - size*mm*leading) / 2
	w.text(w.paper.margin, words, true, size, letters)
	w.y = end
}

// head is what stands above the text: bands, picture, title, where and when.
func (w *printer) head() {
	for _, mark := range w.Words.Marks {
		w.bandage(mark, turmeric, dark)
	}
	w.bandage(w.Words.Class+" · "+w.Words.Topic, classes[w.Item.Class], white)
	w.y += w.paper.margin / 2
	top, left := w.y, w.paper.margin
	if w.Picture != nil {
		w.err = cmp.Or(w.err, w.pdf.ImageFrom(w.Picture, left, top, &gopdf.Rect{W: w.paper.picture, H: w.paper.picture}))
		left += w.paper.picture + w.paper.margin/2
	}
	size, width := w.paper.title, w.paper.w-left-w.paper.margin
	lines := wrap(w.Text.Title, width, w.wide(true, size))
	for len(lines) > 5 && size > w.paper.body {
		size--
		lines = wrap(w.Text.Title, width, w.wide(true, size))
	}
	for _, l := range lines {
		w.text(left, l, true, size, dark)
	}
	w.y = max(w.y, top+w.paper.picture) + 2
	for _, l := range []string{w.Words.Place, w.Words.Day, w.Words.Until, w.Words.Given} {
		for _, part := range wrap(l, w.paper.w-2*w.paper.margin, w.wide(false, w.paper.small)) {
			w.text(w.paper.margin, part, l == w.Words.Until, w.paper.small, mute)
		}
	}
}

// A line of the text, with the room above it in millimetres.
type line struct {
	text string
	gap  float64
}

func (w *printer) height(l line) float64 { return l.gap + w.paper.body*mm*leading }

// lay breaks the text into lines.
func (w *printer) lay() []line {
	var all []line
	for _, p := range paragraphs(w.Text.Body) {
		gap := w.paper.body * mm / 2
		for _, text := range wrap(p, w.paper.w-2*w.paper.margin, w.wide(false, w.paper.body)) {
			all = append(all, line{text, gap})
			gap = 0
		}
	}
	return all
}

// share puts the lines on pages: so much room on the first, so much on the others.
func (w *printer) share(lines []line, first, others float64) [][]line {
	pages, room := [][]line{nil}, first
	for _, l := range lines {
		if w.height(l) > room {
			pages, room = append(pages, nil), others
		}
		room -= w.height(l)
		pages[len(pages)-1] = append(pages[len(pages)-1], l)
	}
	return pages
}

// foot is where the footer begins.
func (w *printer) foot() float64 { return w.paper.h - w.paper.margin - 2*w.paper.small*mm*leading }

// squares draws the two codes for telephones at the foot of the first page: the page, and its sound.
func (w *printer) squares() {
	after := w.y
	defer func() { w.y = after }()
	x := w.paper.margin
	for _, one := range []struct{ address, words string }{{w.Page, w.Words.Read}, {w.Hear, w.Words.Hear}} {
		if one.address == "" {
			continue
		}
		half := (w.paper.w - 2*w.paper.margin) / 2
		lines := wrap(one.words, half-2, w.wide(true, w.paper.small))
		w.y = w.foot() - w.paper.square - 2 - float64(len(lines))*w.paper.small*mm*leading
		for _, l := range lines {
			w.text(x, l, true, w.paper.small, dark)
		}
		w.square(one.address, x, w.foot()-w.paper.square-1)
		x += half
	}
}

// square draws a QR code as rectangles: sharp at any size, and small.
func (w *printer) square(address string, x, y float64) {
	code, err := qr.Encode(address, qr.M, qr.Auto)
	if err != nil {
		w.err = cmp.Or(w.err, err)
		return
	}
	n := code.Bounds().Dx()
	cell := w.paper.square / float64(n)
	w.pdf.SetFillColor(0, 0, 0)
	for row := range n {
		for from := 0; from < n; from++ {
			to := from
			for to < n && isDark(code, to, row) {
				to++
			}
			if to > from {
				w.pdf.RectFromUpperLeftWithStyle(x+float64(from)*cell, y+float64(row)*cell, float64(to-from)*cell, cell*1.02, "F")
				from = to
			}
		}
	}
}

func isDark(code image.Image, x, y int) bool {
	r, _, _, _ := code.At(x, y).RGBA()
	return r == 0
}

// footer says on every page who issued the sheet, and how to ask whether it still holds.
func (w *printer) footer(n, of int) {
	w.y = w.foot() + 1
	_, address, _ := strings.Cut(w.Check, "://")
	left := w.Words.Code + " " + w.Code + " · " + w.Words.Ask + " " + address
	leaf := fmt.Sprintf(w.Words.Leaf, n, of)
	for _, l := range []string{left, w.Words.Issuer + " · " + leaf} {
		size := w.paper.small
		for size > 6 && w.wide(false, size)(l) > w.paper.w-2*w.paper.margin {
			size -= 0.5
		}
		w.text(w.paper.margin, l, false, size, mute)
	}
}
