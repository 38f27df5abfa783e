package sheet

import (
	"slices"
	"strings"
	"sync"

	"banlang/internal/fold"
)

// A sample is a text that is beyond doubt of one encoding: what stands behind it is read in the same way.
type sample struct{ old, unicode string }

var samples = sync.OnceValue(func() map[fold.Encoding]sample {
	list := map[fold.Encoding]sample{}
	for encoding, old := range map[fold.Encoding]string{
		fold.TCVN3: "céng hoµ x· héi chñ nghÜa viÖt nam ®éc lËp tù do h¹nh phóc ",
		fold.VNI:   "coäng hoøa xaõ hoäi chuû nghóa vieät nam ñoäc laäp töï do haïnh phuùc ",
	} {
		old += old
		unicode, _ := fold.Decode(old)
		list[encoding] = sample{old, unicode}
	}
	return list
})

// forced reads a text as one of an encoding of before Unicode, which alone it is too short to show.
func forced(said string, as fold.Encoding) string {
	s := samples()[as]
	whole, got := fold.Decode(s.old + said)
	rest, ok := strings.CutPrefix(whole, s.unicode)
	if got != as || !ok {
		return said
	}
	return rest
}

// maxLabel is how long a label may be to be read in more ways than one.
const maxLabel = 200

// readings are the ways in which a label may be read, the likeliest first. A label of before Unicode is often a Vietnamese word in
// Unicode too: Sè hé is Số hộ. sheet is the encoding of most texts around it.
func readings(label string, sheet fold.Encoding) []string {
	label = strings.Join(strings.Fields(strings.Map(space, label)), " ")
	if len(label) > maxLabel || !strings.ContainsFunc(label, oldLetter) || strings.ContainsFunc(label, newLetter) {
		return []string{label}
	}
	decoded, _ := fold.Decode(label)
	list := []string{label, decoded, forced(label, fold.TCVN3), forced(label, fold.VNI)}
	if sheet != fold.Unicode {
		list = slices.Insert(list, 0, forced(label, sheet))
	}
	var ways []string
	for _, way := range list {
		way = strings.Join(strings.Fields(way), " ")
		if !slices.Contains(ways, way) {
			ways = append(ways, way)
		}
	}
	return ways
}

// oldLetter is a letter that could stand for another one before Unicode.
func oldLetter(r rune) bool { return r >= 0xA1 && r <= 0xFF || r == 0xAD }

// newLetter is a Vietnamese letter that only Unicode has.
func newLetter(r rune) bool {
	return r >= 0x100 && r <= 0x1B0 || r >= 0x300 && r <= 0x323 || r >= 0x1EA0 && r <= 0x1EF9
}

// decode brings a text into Unicode and on one line, as far as it shows by itself what it is.
func decode(label string) string {
	label, _ = fold.Decode(label)
	return strings.Join(strings.Fields(label), " ")
}

// legacyOf is the encoding of most texts at the top of a sheet.
func legacyOf(lines []line) fold.Encoding {
	var b strings.Builder
	for _, l := range lines {
		for _, c := range l.cells {
			if c.kind == text && len(c.text) <= maxLabel && b.Len() < 1<<13 && strings.ContainsFunc(c.text, oldLetter) && !strings.ContainsFunc(c.text, newLetter) {
				b.WriteString(c.text)
				b.WriteByte(' ')
			}
		}
	}
	_, encoding := fold.Decode(b.String())
	return encoding
}
