package library

import (
	"embed"
	"encoding/csv"
	"fmt"
	"strings"

	"banlang/internal/fold"
)

//go:embed reference/*.csv
var referenceFiles embed.FS

// A Term is one entry of a controlled vocabulary.
type Term struct{ Code, Name, NameEN, Meaning string }

// In is the term's name in an interface language.
func (t Term) In(lang string) string {
	if lang == "en" && t.NameEN != "" {
		return t.NameEN
	}
	return t.Name
}

// A Vocabulary is a list of terms in its own order.
type Vocabulary struct {
	terms []Term
	at    map[string]int
}

// All lists the terms.
func (v Vocabulary) All() []Term { return v.terms }

// Has tells whether a code is in the vocabulary.
func (v Vocabulary) Has(code string) bool { _, ok := v.at[code]; return ok }

// Term is the entry of a code; one that is not there is shown as its code.
func (v Vocabulary) Term(code string) Term {
	if i, ok := v.at[code]; ok {
		return v.terms[i]
	}
	return Term{Code: code, Name: code}
}

// The vocabularies of documents.
var (
	Kinds    = vocabulary("document_kind")  // loại tài liệu
	Forces   = vocabulary("document_force") // hiệu lực
	Subjects = vocabulary("subject")        // chủ đề
	Accesses = vocabulary("culture_access") // ai được xem
)

func vocabulary(name string) Vocabulary {
	v := Vocabulary{at: map[string]int{}}
	for _, r := range referenceRows("vocabulary.csv") {
		if r["vocabulary"] == name {
			v.at[r["code"]] = len(v.terms)
			v.terms = append(v.terms, Term{r["code"], r["name_vi"], r["name_en"], r["meaning_vi"]})
		}
	}
	return v
}

// issuers are bodies that issue documents, by the sign they put behind a number and by their folded name.
var issuers = func() map[string]string {
	names := map[string]string{}
	for _, r := range referenceRows("issuer.csv") {
		names[strings.ToUpper(r["code"])] = r["name_vi"]
		names[fold.Key(r["name_vi"])] = r["name_vi"]
	}
	return names
}()

// referenceRows reads an embedded table. One that does not parse is a mistake of the programmer and stops the start.
func referenceRows(file string) []map[string]string {
	f, err := referenceFiles.Open("reference/" + file)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil || len(records) == 0 {
		panic(fmt.Sprintf("library: %s: %v", file, err))
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}
