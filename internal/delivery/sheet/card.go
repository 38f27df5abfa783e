package sheet

import (
	"archive/zip"
	"bytes"
	"context"
	"embed"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"strings"

	"banlang/internal/blob"
)

//go:embed pictogram/*.png
var pictograms embed.FS

// picture is our drawing of a topic, 384 x 384 points, black on white; none for a name that nobody drew.
func picture(name string) image.Image {
	data, err := pictograms.ReadFile("pictogram/" + name + ".png")
	if err != nil {
		return nil
	}
	drawn, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	return drawn
}

const (
	cardSize   = 1080
	cardMargin = 60
)

// card draws the picture that goes to a chat group: what it is about, the title, where and when.
func (s sheet) card() ([]byte, error) {
	bold, err := readFace("NotoSans-Bold.ttf")
	if err != nil {
		return nil, err
	}
	regular, err := readFace("NotoSans-Regular.ttf")
	if err != nil {
		return nil, err
	}
	p := &painter{image.NewRGBA(image.Rect(0, 0, cardSize, cardSize)), 0}
	draw.Draw(p.to, p.to.Bounds(), image.NewUniform(white), image.Point{}, draw.Src)
	for _, mark := range s.Words.Marks {
		p.band(bold, mark, turmeric, dark)
	}
	p.band(bold, s.Words.Class+" · "+s.Words.Topic, classes[s.Item.Class], white)
	foot := cardSize - 3*56 - 30
	if s.Picture != nil {
		at := image.Rect(0, 0, 384, 384).Add(image.Pt((cardSize-384)/2, p.y+20))
		if len(s.Words.Marks) > 1 {
			at = at.Sub(image.Pt(0, 20))
		}
		draw.Draw(p.to, at, s.Picture, s.Picture.Bounds().Min, draw.Src)
		p.y = at.Max.Y
	}
	p.fit(bold, s.Text.Title, foot-p.y-10)
	p.y = foot
	_, page, _ := strings.Cut(s.Page, "://")
	for _, l := range []string{s.Words.Place + " · " + s.Words.Day, s.Words.Code + " " + s.Code + " · " + s.Words.Issuer, page} {
		size := 36.0
		for size > 20 && regular.width(l, size) > cardSize-2*cardMargin {
			size--
		}
		p.write(regular, l, size, 56, mute)
	}
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, p.to)
	return out.Bytes(), err
}

// A painter goes down a picture.
type painter struct {
	to *image.RGBA
	y  int
}

func (p *painter) band(f *face, words string, back, letters color.RGBA) {
	const height = 110
	draw.Draw(p.to, image.Rect(0, p.y, cardSize, p.y+height), image.NewUniform(back), image.Point{}, draw.Src)
	size := 56.0
	for size > 24 && f.width(words, size) > cardSize-2*cardMargin {
		size--
	}
	p.write(f, words, size, height, letters)
}

// write draws a line in the middle of the next so many points.
func (p *painter) write(f *face, text string, size float64, height int, c color.RGBA) {
	base := float64(p.y) + float64(height)/2 + size*0.36
	around := image.Rect(0, p.y-height/2, cardSize, p.y+height+height/2).Intersect(p.to.Bounds())
	mask := f.draw(text, cardMargin, base, size, around)
	draw.DrawMask(p.to, around, image.NewUniform(c), image.Point{}, mask, around.Min, draw.Over)
	p.y += height
}

// fit writes a title as large as the room allows; only one that is still too long at a small size is shortened, and says so.
func (p *painter) fit(f *face, title string, room int) {
	size, lines := 76.0, []string(nil)
	for ; size >= 36; size -= 2 {
		lines = wrap(title, cardSize-2*cardMargin, func(s string) float64 { return f.width(s, size) })
		if float64(len(lines))*size*1.35 <= float64(room) {
			break
		}
	}
	height := int(size * 1.35)
	if most := max(1, room/height); len(lines) > most {
		lines = append(lines[:most-1:most-1], strings.TrimRight(lines[most-1], " ,.;:")+"…")
	}
	for _, l := range lines {
		p.write(f, l, size, height, dark)
	}
}

// message is the short text that goes with the card: marks first, where to read and hear, until when, how to check.
func (s sheet) message() string {
	var lines []string
	first := s.Text.Title
	if len(s.Words.Marks) > 0 {
		first = strings.Join(s.Words.Marks, ". ") + ": " + first
	}
	lines = append(lines, first, s.Words.Place+" · "+s.Words.Day)
	for _, l := range []string{s.Words.Until, s.Words.Given} {
		if l != "" {
			lines = append(lines, l)
		}
	}
	lines = append(lines, "", opening(s.Text.Body), "", s.Words.ReadAt+" "+s.Page)
	if s.Hear != "" {
		lines = append(lines, s.Words.HearAt+" "+s.Hear)
	}
	return strings.Join(append(lines, s.Words.Ask+" "+s.Check+" ("+s.Code+")", s.Words.Issuer), "\n") + "\n"
}

// opening is as much of a text as a chat shows without unfolding: whole paragraphs, or the first words of one.
func opening(body string) string {
	const most = 400
	var b strings.Builder
	for _, p := range paragraphs(body) {
		if b.Len() > 0 && b.Len()+len(p) > most {
			return b.String() + "\n…"
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		if words := []rune(p); len(words) > most {
			cut, _, _ := strings.Cut(string(words[most:]), " ")
			return b.String() + string(words[:most]) + cut + " …"
		}
		b.WriteString(p)
	}
	return b.String()
}

// group packs card, sound and message for a chat group.
func (s sheet) group(ctx context.Context, files blob.Store) ([]byte, error) {
	card, err := s.card()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	pack := zip.NewWriter(&out)
	add := func(name string, r io.Reader) {
		if err != nil {
			return
		}
		var w io.Writer
		if w, err = pack.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: s.Item.Published}); err == nil {
			_, err = io.Copy(w, r)
		}
	}
	add("1-anh.png", bytes.NewReader(card))
	if s.Sound.MP3 != "" {
		sound, _, missing := files.Open(ctx, s.Sound.MP3)
		if missing != nil {
			return nil, fmt.Errorf("sound of %s in %s: %w", s.Item.Ref, s.Sound.Lang, missing)
		}
		defer sound.Close()
		add("2-nghe-"+s.Sound.Lang+".mp3", sound)
	}
	add("3-loi-nhan.txt", strings.NewReader(s.message()))
	if err == nil {
		err = pack.Close()
	}
	return out.Bytes(), err
}
