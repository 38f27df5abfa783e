package transcript

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"banlang/internal/fold"
)

// utf8Text brings the bytes of a plain text into UTF-8. What is not UTF-8 is read as Windows-1252, byte for byte, so that the
// old Vietnamese encodings can be told by their letters afterwards.
func utf8Text(file []byte) []byte {
	switch {
	case bytes.HasPrefix(file, []byte("\xFF\xFE")):
		return wide(file[2:], binary.LittleEndian)
	case bytes.HasPrefix(file, []byte("\xFE\xFF")):
		return wide(file[2:], binary.BigEndian)
	}
	file = bytes.TrimPrefix(file, []byte("\xEF\xBB\xBF"))
	if utf8.Valid(file) {
		return file
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(file)
	if err != nil {
		return bytes.ToValidUTF8(file, nil)
	}
	return text
}

func wide(file []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(file)/2)
	for i := range units {
		units[i] = order.Uint16(file[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

// modern brings all blocks into Unicode and tidies their spaces. The encoding is judged over the whole text: one line of it may
// be too short to tell.
func modern(blocks []Block) ([]Block, fold.Encoding) {
	var texts []*string
	for i := range blocks {
		texts = append(texts, &blocks[i].Text)
		for _, row := range blocks[i].Rows {
			for j := range row {
				texts = append(texts, &row[j])
			}
		}
	}
	if len(texts) == 0 {
		return nil, fold.Unicode
	}
	const seam = "\x1e" // no encoding has it, and no reader lets it through
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = strings.ReplaceAll(*text, seam, "")
	}
	decoded, encoding := fold.Decode(strings.Join(all, seam))
	for i, text := range strings.Split(decoded, seam) {
		*texts[i] = tidy(capitals(text))
	}
	kept := blocks[:0]
	for _, b := range blocks {
		if b.Kind == Table && len(b.Rows) > 0 || b.Kind != Table && b.Text != "" {
			kept = append(kept, b)
		}
	}
	return kept, encoding
}

// tidy makes every space one space, keeps line ends, and drops what is not to be seen.
func tidy(text string) string {
	lines := strings.Split(text, "\n")
	kept := lines[:0]
	for _, line := range lines {
		line = strings.Map(func(r rune) rune {
			switch {
			case unicode.IsSpace(r):
				return ' '
			case r == utf8.RuneError, unicode.IsControl(r), r == '\u00AD', r == '\u200B', r == '\uFEFF', r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
				return -1 // among them the marks that turn the direction of writing: they can hide what is written
			case r == 'Ð': // Icelandic by its number, đ by its look: old keyboards wrote it
				return 'Đ'
			case r == 'ð':
				return 'đ'
			}
			return r
		}, line)
		if line = strings.Join(strings.Fields(line), " "); line != "" && !ornament(line) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// ornament tells whether a line is only drawn: a rule, stars, the dots of a form.
func ornament(line string) bool {
	return len(line) >= 3 && strings.Trim(line, "-–—_*=~.…\\/ ") == ""
}

// table makes a block of rows. Empty rows go; what has one column is laid out as a table, but is none.
func table(all [][]string) []Block {
	var rows [][]string
	width := 0
	for _, row := range all {
		if strings.TrimSpace(strings.Join(row, "")) != "" {
			rows = append(rows, row)
			width = max(width, len(row))
		}
	}
	if width > 1 {
		return []Block{{Kind: Table, Rows: rows}}
	}
	var blocks []Block
	for _, row := range rows {
		blocks = append(blocks, Block{Kind: Paragraph, Text: row[0]})
	}
	return blocks
}

var word = regexp.MustCompile(`\pL[\pL\pM]*`)

// capitals mends words such as "LệNH": fonts of capitals had the small letters' codes for letters with marks.
func capitals(text string) string {
	return word.ReplaceAllStringFunc(text, func(w string) string {
		capital, small := 0, 0
		for _, r := range w {
			switch {
			case r >= 'a' && r <= 'z':
				return w
			case r >= 'A' && r <= 'Z':
				capital++
			case unicode.IsLower(r):
				small++
			}
		}
		if capital < 2 || small == 0 {
			return w
		}
		return strings.ToUpper(w)
	})
}

// Shares of a text's words that tell language from noise. The documents of the tests gave .92 and more, a list of pesticides with
// their Latin names .66, texts in an encoding that was not recognised .31 at most, watermarks .09.
const (
	enough  = .45
	english = .15
)

// judge tells whether a text is language. A text that is not Vietnamese passes when it holds the small words of English; one in
// another language is for a person to accept.
func judge(text string) Layer {
	const sample = 1 << 18
	if len(text) > sample {
		text = strings.ToValidUTF8(text[:sample], "")
	}
	var words, syllables, small int
	for w := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.M, r) }) {
		words++
		w = strings.ToLower(w)
		switch {
		case len(w) == 1: // a single plain letter is a word nowhere; in a text laid on its side every letter stands alone
		case englishSmall[w]:
			small++
		case fold.IsSyllable(w):
			syllables++
		}
	}
	switch share := float64(words); {
	case words == 0:
		return Empty
	case float64(syllables)/share >= enough, float64(small)/share >= english:
		return Good
	}
	return Garbled
}

var englishSmall = map[string]bool{"the": true, "of": true, "and": true, "in": true, "to": true, "is": true, "for": true, "on": true,
	"that": true, "with": true, "as": true, "by": true, "are": true, "was": true, "be": true, "or": true, "an": true, "at": true}

// flow makes paragraphs of lines. Lines that were broken to fit a page are joined again; a line that begins something of its
// own stays apart.
func flow(text string) []Block {
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\f", "\n").Replace(text), "\n")
	var blocks []Block
	var open []string // lines of the paragraph being read
	end := func() {
		if len(open) > 0 {
			blocks = append(blocks, Block{Kind: Paragraph, Text: strings.Join(open, " ")})
			open = nil
		}
	}
	for i, line := range lines {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			end()
		case len(open) == 0:
			open = append(open, line)
		case begins(line) || ends(open[len(open)-1], lines[i-1]):
			end()
			open = append(open, line)
		default:
			open = append(open, line)
		}
	}
	end()
	return blocks
}

var opener = regexp.MustCompile(`^(?:(?i:phần|chương|mục|điều|phụ lục|khoản)\s+(?:thứ\s+)?\S+|\d{1,3}[.)]|\d{1,2}\.\d{1,2}\.?|\p{Ll}\)|[IVX]{1,6}\.|[-–—+•*]\s|(?i:số\s*:)|“)`)

// begins tells whether a line starts a paragraph by what it says.
func begins(line string) bool { return opener.MatchString(line) }

// ends tells whether a line closes its paragraph: it is short of the width that its page was broken at and ends a sentence, or it
// is a line of capitals, or the short name of an article.
func ends(line, raw string) bool {
	short := utf8.RuneCountInString(strings.TrimRight(raw, " ")) < 60
	last, _ := utf8.DecodeLastRuneInString(line)
	stops := strings.ContainsRune(".;:!?”\"/", last)
	return short && (stops || strings.ToUpper(line) == line || division.MatchString(line))
}
