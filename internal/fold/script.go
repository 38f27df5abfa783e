package fold

import "unicode"

// A script is an alphabet, as far as reading words goes.
type script uint8

const (
	latin script = iota
	greek
	cyrillic
	arabic
	han
	kana
	thai
	lao
	khmer
	taiViet
	taiLe
	newTaiLue
	taiTham
	myanmar
	otherScript
)

// clusters tells whether the script is written without spaces between words.
func (s script) clusters() bool { return s >= han && s < otherScript }

var scripts = [otherScript]*unicode.RangeTable{
	unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Han, unicode.Katakana, unicode.Thai, unicode.Lao,
	unicode.Khmer, unicode.Tai_Viet, unicode.Tai_Le, unicode.New_Tai_Lue, unicode.Tai_Tham, unicode.Myanmar,
}

func scriptOf(r rune) script {
	if r < 0x250 || r >= 0x1E00 && r < 0x1F00 {
		return latin
	}
	for s, table := range scripts {
		if unicode.Is(table, r) {
			return script(s)
		}
	}
	if unicode.Is(unicode.Hiragana, r) {
		return kana
	}
	return otherScript
}
