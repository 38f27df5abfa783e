package fold

import (
	"encoding/csv"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestFoldCases reads testdata/fold_cases.tsv: is this text found by this query?
func TestFoldCases(t *testing.T) {
	for i, row := range cases(t, "testdata/fold_cases.tsv") {
		input, query, mode, want := row[0], row[1], row[2], row[3] == "yes"
		if got := finds(input, query, mode); got != want {
			t.Errorf("row %d: %q found by %q (%s) = %v, want %v: %s", i+2, input, query, mode, got, want, row[4])
		}
	}
}

// finds is the definition of the modes, word by word and slow.
func finds(text, query, mode string) bool {
	decoded, _ := Decode(text)
	tokens := Tokens(decoded)
	terms := Query(query)
	if mode == "exact" {
		return findsPhrase(tokens, terms, true)
	}
	var extra []Token
	if mode == "default" {
		for _, a := range Aliases(tokens) {
			extra = append(extra, a.Words...)
		}
	}
	for i := 0; i < len(terms); {
		n := 1
		for i+n < len(terms) && terms[i+n].Joined {
			n++
		}
		if !findsPhrase(tokens, terms[i:i+n], false) && !findsPhrase(extra, terms[i:i+n], false) {
			return false
		}
		i += n
	}
	return len(terms) > 0
}

func findsPhrase(tokens []Token, terms []Term, exact bool) bool {
	for start := 0; start+len(terms) <= len(tokens); start++ {
		ok := true
		for i, term := range terms {
			ok = ok && means(term, tokens[start+i], exact)
		}
		if ok {
			return true
		}
	}
	return false
}

func means(term Term, t Token, exact bool) bool {
	same := func(q Token) bool {
		if exact && q.Marked() {
			return q.Toned == t.Toned
		}
		return q.Folded == t.Folded || t.Digits != "" && q.Folded == t.Digits
	}
	ok := same(term.Token)
	for _, or := range term.Or {
		ok = ok || same(or)
	}
	return ok
}

// TestNumberCases reads testdata/docnumber_cases.tsv: is the document of this number found by this query?
func TestNumberCases(t *testing.T) {
	for i, row := range cases(t, "testdata/docnumber_cases.tsv") {
		document, query, want := row[0], row[2], row[3] == "yes"
		year, _ := strconv.Atoi(row[1])
		d, ok := ParseNumber(document)
		if !ok {
			t.Errorf("row %d: ParseNumber(%q) reads nothing", i+2, document)
			continue
		}
		q, _ := ParseNumber(query)
		if got := q.Finds(d, year); got != want {
			t.Errorf("row %d: %q (%v) found by %q (%v) = %v, want %v: %s", i+2, document, d, query, q, got, want, row[4])
		}
	}
}

func TestCitations(t *testing.T) {
	got := Citations("Căn cứ Nghị định số 05/2011/NĐ-CP ngày 14/01/2011, Kế hoạch 101/KH-UBND và lại 5/2011/NĐ-CP; 3/4 số hộ, 50kg/ha.")
	if len(got) != 2 || got[0].String() != "5/2011/nd-cp" || got[1].String() != "101/kh-ubnd" {
		t.Errorf("Citations = %v", got)
	}
}

// cases reads a table of cases without its header, \uXXXX escapes decoded.
func cases(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for i, cell := range row {
			if strings.Contains(cell, `\`) {
				row[i] = unescape(t, cell)
			}
		}
	}
	return rows[1:]
}

func unescape(t *testing.T, cell string) string {
	t.Helper()
	s, err := strconv.Unquote(`"` + strings.ReplaceAll(cell, `"`, `\"`) + `"`)
	if err != nil {
		t.Fatalf("%q: %v", cell, err)
	}
	return s
}
