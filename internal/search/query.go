package search

import (
	"cmp"
	"slices"
	"strings"

	"banlang/internal/fold"
)

// A question is the text of a query, read.
type question struct {
	words   []sought // distinct
	slots   [][]int  // distinct places of the query: the words any of which fills one (as typed, or an alternative)
	pairs   []pair   // distinct neighbours
	phrases [][]fold.Token
	number  fold.Number // zero where the query is no document number

	kept     []unit // units of the first stage, rarest first
	keptIDF  float64
	allIDF   float64
	pairedAt [wordLimit][wordLimit]uint8 // 1 + number of the pair of two words
}

// A sought word matches by its marks if it has any, else whatever the marks.
type sought struct {
	fold.Token
	unit
}

// A pair is two words side by side.
type pair struct {
	first, second int
	unit
}

// A unit is what the index counts: a folded word, or two side by side.
type unit struct {
	hash uint64
	idf  float64 // 0 where no entry has it
}

const (
	wordLimit = 64 // distinct words of a query; a set of them fits a word of the machine
	keptUnits = 20 // units that the first stage counts
	fewWords  = 3  // up to so many, an entry must hold them all
)

// ask reads a query's text.
func ask(text string) *question {
	if len(text) > queryBytes {
		text = strings.ToValidUTF8(text[:queryBytes], "")
	}
	q := &question{}
	q.number, _ = fold.ParseNumber(text)
	parts := strings.Split(quotes.Replace(text), `"`)
	for i, part := range parts {
		quoted := i%2 == 1 && i < len(parts)-1 // a quote that is never closed quotes nothing
		q.read(fold.Query(part), quoted)
	}
	return q
}

var quotes = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`)

// read takes in the terms of a part of the query.
func (q *question) read(terms []fold.Term, quoted bool) {
	var before []int
	var phrase []fold.Token
	for _, t := range terms {
		if !t.Joined && !quoted {
			q.addPhrase(phrase)
			phrase = nil
		}
		phrase = append(phrase, t.Token)
		if quoted {
			t.Or = nil
		}
		slot := q.slot(t)
		for _, first := range before {
			for _, second := range slot {
				q.pair(first, second)
			}
		}
		before = slot
	}
	if quoted && len(phrase) > 0 {
		q.phrases = append(q.phrases, phrase)
	} else {
		q.addPhrase(phrase)
	}
}

// addPhrase asks for the clusters of a run side by side; a single one is a word like any other.
func (q *question) addPhrase(run []fold.Token) {
	if len(run) > 1 {
		q.phrases = append(q.phrases, run)
	}
}

func (q *question) slot(t fold.Term) []int {
	var slot []int
	for _, w := range append([]fold.Token{t.Token}, t.Or...) {
		if i := q.word(w); i >= 0 {
			slot = append(slot, i)
		}
	}
	if len(slot) > 0 && !slices.ContainsFunc(q.slots, func(s []int) bool { return slices.Equal(s, slot) }) {
		q.slots = append(q.slots, slot)
	}
	return slot
}

// word finds the number of a word, -1 where the query has too many.
func (q *question) word(t fold.Token) int {
	i := slices.IndexFunc(q.words, func(w sought) bool { return w.Toned == t.Toned && w.Folded == t.Folded })
	if i >= 0 {
		return i
	}
	if len(q.words) == wordLimit {
		return -1
	}
	q.words = append(q.words, sought{Token: t, unit: unit{hash: wordUnit(t.Folded)}})
	return len(q.words) - 1
}

func (q *question) pair(first, second int) {
	if q.pairedAt[first][second] == 0 && len(q.pairs) < wordLimit {
		q.pairs = append(q.pairs, pair{first, second, unit{hash: pairUnit(q.words[first].Folded, q.words[second].Folded)}})
		q.pairedAt[first][second] = uint8(len(q.pairs)) //nolint:gosec // at most 64
	}
}

// weigh gives the units their weight in an index and keeps the rarest for the first stage. A unit that no entry has counts nothing.
func (q *question) weigh(x *index) {
	var all []unit
	add := func(u *unit) {
		u.idf = x.idf(u.hash)
		q.allIDF += u.idf
		if u.idf > 0 && !slices.ContainsFunc(all, func(v unit) bool { return v.hash == u.hash }) {
			all = append(all, *u)
		}
	}
	for i := range q.words {
		add(&q.words[i].unit)
	}
	for i := range q.pairs {
		add(&q.pairs[i].unit)
	}
	slices.SortStableFunc(all, func(a, b unit) int { return cmp.Compare(b.idf, a.idf) })
	q.kept = all[:min(keptUnits, len(all))]
	for _, u := range q.kept {
		q.keptIDF += u.idf
	}
}
