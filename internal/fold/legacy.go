package fold

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// An Encoding is how a text's letters were numbered.
type Encoding string

// The encodings of before Unicode whose texts, read as Latin-1, are still about.
const (
	Unicode Encoding = ""
	TCVN3   Encoding = "tcvn3" // .VnTime and its kin; capital fonts use the small codes, so their case is lost
	VNI     Encoding = "vni"   // VNI-Times: a vowel, then a sign for its marks
)

// sample is as much of a text as deciding its encoding needs.
const sample = 1 << 16

// Decode brings a text of before Unicode, read as Latin-1, into Unicode, and says what it was. A text is taken for such only
// when most of its words become Vietnamese syllables thereby and were not before. It must see the text before anything takes
// the soft hyphen out: in TCVN3 that is ư.
func Decode(text string) (string, Encoding) {
	head := text
	if len(head) > sample {
		head = head[:sample]
	}
	plain, _ := syllableShare(head)
	if plain >= .75 || !strings.ContainsFunc(head, func(r rune) bool { return r >= 0xA1 && r <= 0xFF }) {
		return text, Unicode
	}
	best, encoding, decode := plain+.25, Unicode, strings.Clone
	for _, legacy := range []struct {
		encoding Encoding
		decode   func(string) string
	}{{TCVN3, decodeTCVN3}, {VNI, decodeVNI}} {
		share, marked := syllableShare(legacy.decode(head))
		if share >= .80 && share > best && marked > .10 {
			best, encoding, decode = share, legacy.encoding, legacy.decode
		}
	}
	return decode(text), encoding
}

// syllableShare is the share of a text's words that are Vietnamese syllables, and the share that carry marks.
func syllableShare(text string) (valid, marked float64) {
	var words, syllables, marks int
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.M, r) }) {
		words++
		word = strings.Map(lower, word)
		if IsSyllable(word) {
			syllables++
			for _, r := range word {
				if r >= utf8.RuneSelf {
					marks++
					break
				}
			}
		}
	}
	if words == 0 {
		return 0, 0
	}
	return float64(syllables) / float64(words), float64(marks) / float64(words)
}

var tcvn3 = pairs(
	"µ¶·¸¹", "àảãáạ", "¨»¼½¾Æ", "ăằẳẵắặ", "©ÇÈÉÊË", "âầẩẫấậ", "®", "đ", "ÌÎÏÐÑ", "èẻẽéẹ", "ªÒÓÔÕÖ", "êềểễếệ", "×ØÜÝÞ", "ìỉĩíị",
	"ßáâãä", "òỏõóọ", "«åæçèé", "ôồổỗốộ", "¬êëìíî", "ơờởỡớợ", "ïñòóô", "ùủũúụ", "\u00ADõö÷øù", "ưừửữứự", "úûüýþ", "ỳỷỹýỵ",
	"¡¢£¤¥¦§", "ĂÂÊÔƠƯĐ")

func decodeTCVN3(text string) string {
	return strings.Map(func(r rune) rune {
		if to, ok := tcvn3[r]; ok {
			return to
		}
		return r
	}, text)
}

// VNI writes a letter, then a sign of its marks; a few letters have signs of their own.
var (
	vniLetter = pairs("ñôöæóòî", "đơưỉĩịỵ", "ÑÔÖÆÓÒÎ", "ĐƠƯỈĨỊỴ")
	vniMark   = func() map[rune]string {
		m := map[rune]string{}
		const tones = "\u0301\u0300\u0309\u0303\u0323" // sắc huyền hỏi ngã nặng
		for quality, signs := range map[string]string{"": "ùøûõï", "\u0302": "áàåãä", "\u0306": "éèúüë"} {
			order := []rune(tones)
			for i, sign := range []rune(signs) {
				m[sign] = quality + string(order[i])
			}
		}
		m['â'], m['ê'] = "\u0302", "\u0306"
		return m
	}()
)

func decodeVNI(text string) string {
	var b strings.Builder
	vowel := false
	for _, r := range text {
		if marks, ok := vniMark[unicode.ToLower(r)]; ok && vowel {
			b.WriteString(marks)
			vowel = false
			continue
		}
		if to, ok := vniLetter[r]; ok {
			r = to
		}
		b.WriteRune(r)
		vowel = strings.ContainsRune("aeiouyơưAEIOUYƠƯ", r)
	}
	return norm.NFC.String(b.String())
}

// pairs makes a table from lists of letters and what they stand for.
func pairs(lists ...string) map[rune]rune {
	m := map[rune]rune{}
	for i := 0; i < len(lists); i += 2 {
		to := []rune(norm.NFC.String(lists[i+1]))
		for j, from := range []rune(lists[i]) {
			m[from] = to[j]
		}
	}
	return m
}
