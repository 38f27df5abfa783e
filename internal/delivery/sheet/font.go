package sheet

import (
	"embed"
	"encoding/binary"
	"errors"
	"image"
	"math"
)

//go:embed font/*.ttf
var fonts embed.FS

// A face is a TrueType font as far as drawing a picture needs it: outlines, widths, and which letter has which.
type face struct {
	data    []byte
	units   float64 // in an em
	loca    []uint32
	glyf    []byte
	advance []uint16
	glyphs  map[rune]uint16
}

var big = binary.BigEndian

func readFace(name string) (*face, error) {
	data, err := fonts.ReadFile("font/" + name)
	if err != nil {
		return nil, err
	}
	table := map[string][]byte{}
	for n := range int(big.Uint16(data[4:])) {
		entry := data[12+16*n:]
		at, size := big.Uint32(entry[8:]), big.Uint32(entry[12:])
		table[string(entry[:4])] = data[at : at+size]
	}
	head, count := table["head"], int(big.Uint16(table["maxp"][4:]))
	f := &face{data: data, units: float64(big.Uint16(head[18:])), glyf: table["glyf"]}
	for n := range count + 1 {
		if big.Uint16(head[50:]) == 0 {
			f.loca = append(f.loca, 2*uint32(big.Uint16(table["loca"][2*n:])))
		} else {
			f.loca = append(f.loca, big.Uint32(table["loca"][4*n:]))
		}
	}
	known := int(big.Uint16(table["hhea"][34:]))
	for n := range count {
		f.advance = append(f.advance, big.Uint16(table["hmtx"][4*min(n, known-1):]))
	}
	f.glyphs, err = readLetters(table["cmap"])
	return f, err
}

// readLetters reads the part of a cmap table for the basic plane (format 4).
func readLetters(cmap []byte) (map[rune]uint16, error) {
	for n := range int(big.Uint16(cmap[2:])) {
		part := cmap[big.Uint32(cmap[4+8*n+4:]):]
		if big.Uint16(part) != 4 {
			continue
		}
		glyphs := map[rune]uint16{}
		segments := int(big.Uint16(part[6:])) / 2
		ends, starts := part[14:], part[16+2*segments:]
		deltas, offsets := starts[2*segments:], starts[4*segments:]
		for s := range segments {
			first, last := int(big.Uint16(starts[2*s:])), int(big.Uint16(ends[2*s:]))
			delta, offset := big.Uint16(deltas[2*s:]), int(big.Uint16(offsets[2*s:]))
			for r := first; r <= last && r < 0xffff; r++ {
				glyph := uint16(r) + delta //nolint:gosec // the format counts in 16 bits
				if offset != 0 {
					glyph = big.Uint16(offsets[2*s+offset+2*(r-first):])
					if glyph != 0 {
						glyph += delta
					}
				}
				glyphs[rune(r)] = glyph
			}
		}
		return glyphs, nil
	}
	return nil, errors.New("font without a table of letters in format 4")
}

// unknownLetter stands for a letter that the font does not have, so that nobody takes the word for whole.
const unknownLetter = '\uFFFD'

func (f *face) glyph(r rune) uint16 {
	if g, ok := f.glyphs[r]; ok {
		return g
	}
	return f.glyphs[unknownLetter]
}

// width of a text at a size, in points.
func (f *face) width(text string, size float64) float64 {
	w := 0.0
	for _, r := range text {
		w += float64(f.advance[f.glyph(r)])
	}
	return w * size / f.units
}

// A point of an outline; those off the line bend it.
type point struct {
	x, y float64
	on   bool
}

// outline gives the closed curves of a glyph in units of the font, y upwards.
func (f *face) outline(glyph uint16) [][]point {
	g := f.glyf[f.loca[glyph]:f.loca[glyph+1]]
	if len(g) == 0 {
		return nil
	}
	if n := int(int16(big.Uint16(g))); n >= 0 { //nolint:gosec // the format's own sign
		return simple(g[10:], n)
	}
	return f.composed(g[10:])
}

func simple(g []byte, curves int) [][]point {
	if curves == 0 {
		return nil
	}
	last := int(big.Uint16(g[2*(curves-1):]))
	at := 2*curves + 2 + int(big.Uint16(g[2*curves:])) // past the instructions
	flags := make([]byte, 0, last+1)
	for len(flags) <= last {
		flag := g[at]
		at++
		flags = append(flags, flag)
		if flag&8 != 0 {
			for range g[at] {
				flags = append(flags, flag)
			}
			at++
		}
	}
	read := func(short, same byte) []float64 {
		all, value := make([]float64, last+1), 0
		for n, flag := range flags {
			switch {
			case flag&short != 0:
				step := int(g[at])
				if flag&same == 0 {
					step = -step
				}
				value += step
				at++
			case flag&same == 0:
				value += int(int16(big.Uint16(g[at:]))) //nolint:gosec // the format's own sign
				at += 2
			}
			all[n] = float64(value)
		}
		return all
	}
	xs := read(2, 16)
	ys := read(4, 32)
	all, from := make([][]point, curves), 0
	for n := range curves {
		to := int(big.Uint16(g[2*n:]))
		for ; from <= to; from++ {
			all[n] = append(all[n], point{xs[from], ys[from], flags[from]&1 != 0})
		}
	}
	return all
}

// composed is a letter made of others: a base and its marks.
func (f *face) composed(g []byte) [][]point {
	var all [][]point
	signed := func(at int) float64 { return float64(int16(big.Uint16(g[at:]))) } //nolint:gosec // the format's own sign
	for {
		flags, part, at := big.Uint16(g), big.Uint16(g[2:]), 4
		dx, dy := float64(int8(g[at])), float64(int8(g[at+1])) //nolint:gosec // the format's own sign
		if flags&1 != 0 {
			dx, dy = signed(at), signed(at+2)
			at += 2
		}
		at += 2
		xx, xy, yx, yy := 1.0, 0.0, 0.0, 1.0
		switch {
		case flags&0x08 != 0:
			xx = signed(at) / (1 << 14)
			yy = xx
			at += 2
		case flags&0x40 != 0:
			xx, yy = signed(at)/(1<<14), signed(at+2)/(1<<14)
			at += 4
		case flags&0x80 != 0:
			xx, xy, yx, yy = signed(at)/(1<<14), signed(at+2)/(1<<14), signed(at+4)/(1<<14), signed(at+6)/(1<<14)
			at += 8
		}
		for _, curve := range f.outline(part) {
			moved := make([]point, len(curve))
			for n, p := range curve {
				moved[n] = point{xx*p.x + yx*p.y + dx, xy*p.x + yy*p.y + dy, p.on}
			}
			all = append(all, moved)
		}
		if flags&0x20 == 0 {
			return all
		}
		g = g[at:]
	}
}

// draw lays a line of text as a mask: y is the base line, in points of the picture.
func (f *face) draw(text string, x, y, size float64, bounds image.Rectangle) *image.Alpha {
	ink := newInk(bounds)
	scale := size / f.units
	for _, r := range text {
		glyph := f.glyph(r)
		for _, curve := range f.outline(glyph) {
			place := func(p point) point { return point{x + p.x*scale, y - p.y*scale, p.on} }
			trace(curve, place, ink.line)
		}
		x += float64(f.advance[glyph]) * scale
	}
	return ink.mask()
}

// trace walks along a closed curve of quadratic bends by straight steps.
func trace(curve []point, place func(point) point, line func(a, b point)) {
	middle := func(a, b point) point { return point{(a.x + b.x) / 2, (a.y + b.y) / 2, true} }
	var path []point // every bend between two points on the line
	for n, p := range curve {
		if before := curve[(n+len(curve)-1)%len(curve)]; !p.on && !before.on {
			path = append(path, place(middle(before, p)))
		}
		path = append(path, place(p))
	}
	start := 0
	for start < len(path) && !path[start].on {
		start++
	}
	if start == len(path) {
		return // a single stray point
	}
	at := path[start]
	for n := 1; n <= len(path); n++ {
		p := path[(start+n)%len(path)]
		if p.on {
			line(at, p)
			at = p
			continue
		}
		n++
		to, from := path[(start+n)%len(path)], at
		const steps = 8
		for s := 1; s <= steps; s++ {
			t := float64(s) / steps
			next := point{(1-t)*(1-t)*from.x + 2*(1-t)*t*p.x + t*t*to.x, (1-t)*(1-t)*from.y + 2*(1-t)*t*p.y + t*t*to.y, true}
			line(at, next)
			at = next
		}
	}
}

// Ink adds up, for each point of a picture, how far the area left of it is covered: lines that go down take away what lines that
// go up add, so that the sum along a row is the share of each point that lies within the curves.
type ink struct {
	bounds image.Rectangle
	w      int
	sum    []float64
}

func newInk(bounds image.Rectangle) *ink {
	w := bounds.Dx() + 2
	return &ink{bounds, w, make([]float64, w*bounds.Dy())}
}

func (k *ink) line(a, b point) {
	sign := 1.0
	if a.y > b.y {
		a, b, sign = b, a, -1
	}
	top, wide := float64(k.bounds.Min.Y), float64(k.w-2)
	slope := (b.x - a.x) / (b.y - a.y)
	for y := max(0, int(a.y-top)); y < k.bounds.Dy() && float64(y) < b.y-top; y++ {
		from, to := max(a.y, top+float64(y)), min(b.y, top+float64(y)+1)
		if from >= to {
			continue
		}
		// The piece within this row, in small steps to the side: each lies within one point of the picture.
		left, right := a.x+(from-a.y)*slope, a.x+(to-a.y)*slope
		steps := 1 + int(math.Abs(right-left))
		for s := range steps {
			part := sign * (to - from) / float64(steps)
			x := left + (right-left)*(float64(s)+0.5)/float64(steps) - float64(k.bounds.Min.X)
			x = min(max(x, 0), wide)
			cell, within := int(x), x-math.Floor(x)
			k.sum[y*k.w+cell] += part * (1 - within)
			k.sum[y*k.w+cell+1] += part * within
		}
	}
}

func (k *ink) mask() *image.Alpha {
	m := image.NewAlpha(k.bounds)
	for y := range k.bounds.Dy() {
		covered := 0.0
		for x := range k.bounds.Dx() {
			covered += k.sum[y*k.w+x]
			m.Pix[y*m.Stride+x] = uint8(255 * min(math.Abs(covered), 1))
		}
	}
	return m
}
