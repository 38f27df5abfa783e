package search

import (
	"iter"
	"strings"

	"banlang/internal/fold"
)

// A clause is the unit of the second stage and of snippets: a paragraph, and where paragraphs are long (text without empty
// lines, as scanned pages give) sentences of some forty words together.
const (
	paragraphWords = 120 // a paragraph up to here is one clause
	clauseWords    = 40  // a longer one is cut at the first end of a sentence behind so many
	clauseLimit    = 300 // or where no sentence ends
)

// A span is a stretch of bytes.
type span struct{ start, end int }

func (s span) of(text string) string { return text[s.start:s.end] }

// paragraphs finds the stretches of text between empty lines.
func paragraphs(text string) iter.Seq[span] {
	return func(yield func(span) bool) {
		start, pos := 0, 0 // of the paragraph, of the line
		for line := range strings.Lines(text) {
			if strings.TrimSpace(line) == "" {
				if start < pos && !yield(span{start, pos}) {
					return
				}
				start = pos + len(line)
			}
			pos += len(line)
		}
		if start < pos {
			yield(span{start, pos})
		}
	}
}

// clauses cuts the words of a paragraph.
func clauses(paragraph string, tokens []fold.Token) iter.Seq[[]fold.Token] {
	return func(yield func([]fold.Token) bool) {
		if len(tokens) <= paragraphWords {
			if len(tokens) > 0 {
				yield(tokens)
			}
			return
		}
		start := 0
		for i := 1; i < len(tokens); i++ {
			n := i - start
			if n >= clauseLimit || n >= clauseWords && sentenceEnds(paragraph[tokens[i-1].End:tokens[i].Start]) {
				if !yield(tokens[start:i]) {
					return
				}
				start = i
			}
		}
		yield(tokens[start:])
	}
}

// sentenceEnds looks at what stands between two words.
func sentenceEnds(between string) bool {
	return len(between) > 1 && strings.ContainsAny(between, ".!?;…\n។")
}
