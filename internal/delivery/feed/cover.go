package feed

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"sync"
)

// coverSize is the side of the podcasts' cover in points: the least that the directories of podcasts take.
const coverSize = 1400

// bars are the house of our mark, in a square of 48: left, top, width, height.
var bars = [][4]float64{{9, 26, 9, 4}, {9, 32, 9, 4}, {20, 24, 3, 12}, {25, 24, 3, 12}, {30, 26, 9, 4}, {30, 32, 9, 4}, {10, 38, 3, 8}, {15, 38, 3, 8},
	{20, 38, 8, 3.5}, {20, 43, 8, 3}, {30, 38, 3, 8}, {35, 38, 3, 8}}

// roof is the line above it, five wide.
var roof = [3][2]float64{{3, 23}, {24, 5}, {45, 23}}

// cover draws our mark as the picture of the podcasts (PNG). It is drawn once.
var cover = sync.OnceValue(func() []byte {
	const (
		paper = iota
		ink
		turmeric
		scale  = 22.0
		margin = (coverSize - 48*scale) / 2
	)
	drawn := image.NewPaletted(image.Rect(0, 0, coverSize, coverSize),
		color.Palette{color.RGBA{0xff, 0xfd, 0xf7, 0xff}, color.RGBA{0x25, 0x31, 0x5f, 0xff}, color.RGBA{0xf5, 0xb9, 0x2e, 0xff}})
	for py := range coverSize {
		for px := range coverSize {
			x, y := (float64(px)+0.5-margin)/scale, (float64(py)+0.5-margin)/scale
			c := uint8(paper)
			for _, b := range bars {
				if x >= b[0] && x < b[0]+b[2] && y >= b[1] && y < b[1]+b[3] {
					c = ink
				}
			}
			if near(x, y, roof[0], roof[1]) || near(x, y, roof[1], roof[2]) {
				c = turmeric
			}
			drawn.SetColorIndex(px, py, c)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, drawn); err != nil {
		panic(err) // a buffer does not fail
	}
	return out.Bytes()
})

// near reports whether a point lies within the line from a to b.
func near(x, y float64, a, b [2]float64) bool {
	dx, dy := b[0]-a[0], b[1]-a[1]
	along := max(0, min(1, ((x-a[0])*dx+(y-a[1])*dy)/(dx*dx+dy*dy)))
	return math.Hypot(x-a[0]-along*dx, y-a[1]-along*dy) <= 2.5
}
