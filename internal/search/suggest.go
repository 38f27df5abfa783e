package search

import (
	"slices"

	"banlang/internal/fold"
)

// A beginning is what a person has typed so far: whole words, and one that may go on.
type beginning struct {
	whole  []fold.Token
	starts []string // how the last word begins, folded; quy is also the beginning of quyết, though as a word it is qui
}

// startWords bounds how many words of a segment may go on from a beginning; the first letters of a word go on in too many.
const startWords = 400

func begin(text string) beginning {
	if len(text) > queryBytes {
		text = text[:queryBytes]
	}
	tokens := fold.Tokens(text)
	if len(tokens) == 0 {
		return beginning{}
	}
	last := tokens[len(tokens)-1]
	starts := []string{last.Folded, fold.Plain(text[last.Start:last.End])}
	return beginning{tokens[:len(tokens)-1], slices.Compact(starts)}
}

// titles lists entries whose title holds the words, newest first; it reads at most so many titles.
func (w beginning) titles(views []*view, limit int) []ref {
	var all []ref
	for _, v := range views {
		if len(w.starts) == 0 {
			return nil
		}
		starts := w.ranges(v)
		have := newBitset(v.docs)
		for _, r := range starts {
			for n := r.from; n < r.to; n++ {
				folded, _ := cutWord(v.words.get(int(n)))
				v.each(wordUnit(folded), func(doc, _ uint32) { have.set(doc) })
			}
		}
		for _, t := range w.whole {
			also := newBitset(v.docs)
			v.each(wordUnit(t.Folded), func(doc, _ uint32) { also.set(doc) })
			have.and(also)
		}
		for doc := range uint32(v.docs) { //nolint:gosec // entries of a segment fit
			if have.has(doc) && limit > 0 && v.shows(doc) {
				limit--
				if w.inTitle(v, doc, starts) {
					all = append(all, ref{view: v, doc: doc})
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b ref) int { return a.compare(&b) })
	return all[:min(4*suggestions, len(all))]
}

// ranges finds the words that go on from the beginning.
func (w beginning) ranges(v *view) []wordRange {
	var ranges []wordRange
	for _, start := range w.starts {
		from := v.words.find([]byte(start))
		to := v.words.find(append([]byte(start), 0xFF))
		ranges = append(ranges, wordRange{uint32(from), uint32(min(to, from+startWords))}) //nolint:gosec // numbers of words
	}
	return ranges
}

func (w beginning) inTitle(v *view, doc uint32, starts []wordRange) bool {
	var c clause
	stream := v.stream(doc)
	if !stream.next(&c) {
		return false
	}
	for _, t := range w.whole {
		meant := v.meaning(t)
		if !slices.ContainsFunc(c.words, func(n uint32) bool { return meant.has(n - firstWord) }) {
			return false
		}
	}
	return slices.ContainsFunc(c.words, func(n uint32) bool {
		return slices.ContainsFunc(starts, func(r wordRange) bool { return r.has(n - firstWord) })
	})
}
