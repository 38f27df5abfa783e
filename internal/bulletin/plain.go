package bulletin

import (
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// LongSentence is the most syllables (tiếng) that a sentence for the ear should have.
const LongSentence = 20

// A Plain says how easy a text is to hear.
type Plain struct {
	Syllables int
	Reading   time.Duration // aloud, at an unhurried 200 syllables a minute
	Long      []string      // sentences that are too long, by their first words
	Words     []Word        // words of the office, and plainer ones
}

// A Word is a word of the office with a plainer one.
type Word struct{ Office, Plain string }

// office are words that a village reader stumbles over; ours, to be added to by editors.
var office = []Word{
	{"đối tượng thụ hưởng", "người được hưởng"}, {"thủ tục hành chính", "giấy tờ cần mang"}, {"vui lòng", "hãy"},
	{"triển khai thực hiện", "làm"}, {"tuyên truyền, vận động", "nói cho bà con biết"}, {"phương tiện truyền thông", "loa, đài"},
	{"cơ quan chức năng", "công an, cán bộ xã"}, {"trên địa bàn", "ở xã"}, {"kịp thời", "ngay"}, {"đề nghị bà con", "bà con hãy"},
}

// Look reads a text as an ear would.
func Look(text string) Plain {
	p := Plain{Syllables: syllables(text)}
	p.Reading = time.Duration(p.Syllables) * time.Minute / 200
	for _, s := range sentences(text) {
		if syllables(s) > LongSentence {
			p.Long = append(p.Long, opening(s, 6))
		}
	}
	lower := strings.ToLower(text)
	for _, w := range office {
		if strings.Contains(lower, w.Office) {
			p.Words = append(p.Words, w)
		}
	}
	return p
}

// syllables counts what is spoken: in Vietnamese each is written apart.
func syllables(text string) int {
	n := 0
	for w := range strings.FieldsSeq(text) {
		if strings.ContainsFunc(w, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			n++
		}
	}
	return n
}

func sentences(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(".!?;:\n", r) })
}

func opening(text string, words int) string {
	all := strings.Fields(text)
	if len(all) <= words {
		return strings.Join(all, " ")
	}
	return strings.Join(all[:words], " ") + " …"
}

// tidy makes what was typed into a text that every database and every reader takes: composed letters, line ends as such, no
// signs that are not seen.
func tidy(text string) string {
	text = norm.NFC.String(strings.ToValidUTF8(strings.ReplaceAll(text, "\r\n", "\n"), ""))
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text))
}

// tidyLine is tidy for what stands on one line.
func tidyLine(text string) string { return strings.Join(strings.Fields(tidy(text)), " ") }

// paragraphs splits a text at its line ends and drops what is empty.
func paragraphs(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}
