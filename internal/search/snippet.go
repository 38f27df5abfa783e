package search

import (
	"strings"

	"banlang/internal/fold"
)

// snippetChars is about how much of a clause is shown.
const snippetChars = 240

// mark cuts a text into pieces and marks what the question asks for. Where no word has the marks that were typed, words
// without regard to marks are marked.
func (q *question) mark(text string) Text {
	tokens := fold.Tokens(text)
	return pieces(text, tokens, q.hits(tokens))
}

// snippet is like mark, but shows only the stretch of a long clause that holds most.
func (q *question) snippet(text string) Text {
	tokens := fold.Tokens(text)
	hits := q.hits(tokens)
	if len(tokens) == 0 || len(text) <= 2*snippetChars && len([]rune(text)) <= snippetChars {
		return pieces(strings.TrimSpace(text), fold.Tokens(strings.TrimSpace(text)), hits)
	}
	from, to := window(tokens, hits)
	start, end := tokens[from].Start, tokens[to-1].End
	if from == 0 {
		start = 0
	}
	if to == len(tokens) {
		end = len(text)
	}
	shown := pieces(text[start:end], shifted(tokens[from:to], start), hits[from:to])
	if from > 0 {
		shown = append(Text{{Text: "… "}}, shown...)
	}
	if to < len(tokens) {
		shown = append(shown, Piece{Text: " …"})
	}
	return shown
}

func shifted(tokens []fold.Token, by int) []fold.Token {
	moved := make([]fold.Token, len(tokens))
	for i, t := range tokens {
		t.Start, t.End = t.Start-by, t.End-by
		moved[i] = t
	}
	return moved
}

// hits tells by token how many of the question's words it stands for, by weight; 0 is none.
func (q *question) hits(tokens []fold.Token) []float64 {
	hits := make([]float64, len(tokens))
	any := false
	for _, exact := range []bool{true, false} {
		for i, t := range tokens {
			hits[i] = q.weight(t, exact)
			any = any || hits[i] > 0
		}
		for _, a := range fold.Aliases(tokens) {
			for _, w := range a.Words {
				for i := a.At; i < a.At+a.Len; i++ {
					hits[i] = max(hits[i], q.weight(w, exact))
					any = any || hits[i] > 0
				}
			}
		}
		if any {
			break
		}
	}
	return hits
}

func (q *question) weight(t fold.Token, exact bool) float64 {
	for _, w := range q.words {
		if w.Toned == t.Toned || (!exact || !w.Marked()) && w.Folded == t.Folded || t.Digits != "" && w.Folded == t.Digits {
			return w.idf + .001 // what no entry has is marked too
		}
	}
	return 0
}

// window finds the stretch of about snippetChars that holds most weight: from a hit on, and a few words before it.
func window(tokens []fold.Token, hits []float64) (from, to int) {
	const bytes = snippetChars * 4 / 3 // Vietnamese takes about so many
	best, sum, end := -1.0, 0.0, 0
	for start := range tokens {
		for end < len(tokens) && (end == start || tokens[end].End-tokens[start].Start <= bytes*4/5) {
			sum += hits[end]
			end++
		}
		if sum > best && (start == 0 || hits[start] > 0) {
			from, to, best = start, end, sum
		}
		sum = max(0, sum-hits[start])
	}
	for from > 0 && tokens[to-1].End-tokens[from-1].Start <= bytes {
		from--
	}
	for to < len(tokens) && tokens[to].End-tokens[from].Start <= bytes {
		to++
	}
	return from, to
}

// pieces cuts a text at its hits; hits with nothing but spaces between them are one.
func pieces(text string, tokens []fold.Token, hits []float64) Text {
	var t Text
	at := 0
	for i := 0; i < len(tokens); i++ {
		if hits[i] == 0 {
			continue
		}
		start, end := tokens[i].Start, tokens[i].End
		for i+1 < len(tokens) && hits[i+1] > 0 && strings.TrimSpace(text[end:tokens[i+1].Start]) == "" {
			i++
			end = tokens[i].End
		}
		if start > at {
			t = append(t, Piece{Text: text[at:start]})
		}
		t = append(t, Piece{Text: text[start:end], Hit: true})
		at = end
	}
	if at < len(text) {
		t = append(t, Piece{Text: text[at:]})
	}
	return t
}
