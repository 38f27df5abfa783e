package main

import (
	"cmp"
	"math"
	"slices"

	"banlang/internal/fold"
)

// plainBM25 is the peer: BM25 as the textbooks have it (k1 1.2, b .75) over syllables and pairs of syllables.
func plainBM25(corpus []text, folded bool) func(string) ([]string, error) {
	units := func(s string) []string {
		var all []string
		before := ""
		for _, t := range fold.Tokens(s) {
			word := t.Toned
			if folded {
				word = t.Folded
			}
			all = append(all, word)
			if before != "" {
				all = append(all, before+" "+word)
			}
			before = word
		}
		return all
	}
	type posting struct{ doc, often int }
	index := map[string][]posting{}
	lengths := make([]float64, len(corpus))
	total := 0.0
	for doc, t := range corpus {
		count := map[string]int{}
		for _, u := range units(t.Title + "\n" + t.Text) {
			count[u]++
			lengths[doc]++
		}
		for u, n := range count {
			index[u] = append(index[u], posting{doc, n})
		}
		total += lengths[doc]
	}
	average, n := total/float64(len(corpus)), float64(len(corpus))
	return func(question string) ([]string, error) {
		scores := map[int]float64{}
		asked := units(question)
		slices.Sort(asked)
		for _, u := range slices.Compact(asked) {
			df := float64(len(index[u]))
			idf := math.Log(1 + (n-df+.5)/(df+.5))
			for _, p := range index[u] {
				tf := float64(p.often)
				scores[p.doc] += idf * tf * 2.2 / (tf + 1.2*(.25+.75*lengths[p.doc]/average))
			}
		}
		var docs []int
		for doc := range scores {
			docs = append(docs, doc)
		}
		slices.SortFunc(docs, func(a, b int) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b)) })
		var ids []string
		for _, doc := range docs[:min(10, len(docs))] {
			ids = append(ids, corpus[doc].ID)
		}
		return ids, nil
	}
}
