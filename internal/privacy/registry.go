package privacy

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strings"
)

// registry.csv names every column of every table. A test migrates a database and fails on a column that is not in it.
//
//go:embed registry.csv
var registry string

// The classes of a column.
const (
	None      = "none"      // no personal data
	Account   = "account"   // points to a person who works here, by identifier only
	Basic     = "basic"     // personal data
	Sensitive = "sensitive" // sensitive personal data: ethnic origin, and what the law puts beside it
	Sealed    = "sealed"    // readable only with the record's own key
	Secret    = "secret"    // hash of a password, code or token
)

// An Entry is one line of the register of personal fields.
type Entry struct {
	Table, Column string
	Purpose       string // why it is kept
	LegalBasis    string
	Class         string
	Retention     string
	Owner         string // the duty that answers for it
}

// Registry reads the register. The lines of class none are part of it: they say that somebody looked.
func Registry() ([]Entry, error) {
	rows, err := csv.NewReader(strings.NewReader(registry)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("registry of personal fields: %w", err)
	}
	var entries []Entry
	for _, r := range rows[1:] {
		entries = append(entries, Entry{r[0], r[1], r[2], r[3], r[4], r[5], r[6]})
	}
	return entries, nil
}

// Check names what is wrong with the register, given the columns that the tables have.
func Check(entries []Entry, columns []Column) []string {
	var wrong []string
	listed := map[Column]bool{}
	for _, e := range entries {
		c := Column{e.Table, e.Column}
		switch {
		case listed[c]:
			wrong = append(wrong, e.Table+"."+e.Column+" is listed twice")
		case e.Class == None:
		case e.Class != Account && e.Class != Basic && e.Class != Sensitive && e.Class != Sealed && e.Class != Secret:
			wrong = append(wrong, e.Table+"."+e.Column+" has the class "+e.Class+", which is none")
		case e.Purpose == "" || e.LegalBasis == "" || e.Retention == "" || e.Owner == "":
			wrong = append(wrong, e.Table+"."+e.Column+" does not say purpose, legal basis, retention and owner")
		}
		listed[c] = true
	}
	there := map[Column]bool{}
	for _, c := range columns {
		there[c] = true
		if !listed[c] {
			wrong = append(wrong, c.Table+"."+c.Name+" is not in the registry of personal fields")
		}
	}
	for c := range listed {
		if !there[c] {
			wrong = append(wrong, c.Table+"."+c.Name+" is in the registry but in no table")
		}
	}
	return wrong
}
