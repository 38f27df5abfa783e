package fold

import (
	_ "embed"
	"hash/crc32"
	"strings"
)

//go:embed alias.tsv
var aliasTable string

// Edition is another number whenever the list of aliases is another: what was indexed by another list is indexed again.
func Edition() uint32 { return crc32.ChecksumIEEE([]byte(aliasTable)) }

// An Alias is what else a stretch of a text says: UBND says uỷ ban nhân dân, and the other way round.
type Alias struct {
	At, Len int // the words of the text it stands for
	Words   []Token
}

// form is one side of a line of alias.tsv and its other side.
type form struct {
	words []string // folded
	other []Token
}

// forms finds the lines by the first folded word.
var forms = func() map[string][]form {
	m := map[string][]form{}
	add := func(from, to string) {
		var f form
		for _, t := range Tokens(from) {
			f.words = append(f.words, t.Folded)
		}
		for _, t := range Tokens(to) {
			f.other = append(f.other, Token{Toned: t.Toned, Folded: t.Folded})
		}
		m[f.words[0]] = append(m[f.words[0]], f)
	}
	for i, line := range strings.Split(strings.TrimSpace(aliasTable), "\n") {
		if i == 0 {
			continue
		}
		cells := strings.Split(line, "\t")
		add(cells[0], cells[1])
		add(cells[1], cells[0])
	}
	return m
}()

// Aliases lists the reviewed abbreviations and names of alias.tsv that occur among the words of a text. A text that is searched
// for by either form must hold both; quotes ask for the words themselves and leave these out.
func Aliases(tokens []Token) []Alias {
	var found []Alias
	for i, t := range tokens {
		for _, f := range forms[t.Folded] {
			if f.standsAt(tokens[i:]) {
				found = append(found, Alias{At: i, Len: len(f.words), Words: f.other})
			}
		}
	}
	return found
}

func (f form) standsAt(tokens []Token) bool {
	if len(tokens) < len(f.words) {
		return false
	}
	for i, word := range f.words {
		if tokens[i].Folded != word {
			return false
		}
	}
	return true
}
