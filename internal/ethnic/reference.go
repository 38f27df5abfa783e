package ethnic

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"strconv"

	"banlang/internal/place/intake"
)

//go:embed reference/*.csv
var reference embed.FS

// referenceFiles are in the order in which they are taken in. reference/README.md tells where they come from.
var referenceFiles = []string{"group.csv", "language.csv", "census_1999.csv", "census_2019.csv"}

func openReference(file string) (t *intake.Table, digest string, err error) {
	raw, err := reference.ReadFile("reference/" + file)
	if err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(raw)
	t, err = intake.Read(file, bytes.NewReader(raw))
	return t, hex.EncodeToString(sum[:]), err
}

func groupOf(r intake.Row) Group {
	return Group{Slug: Slug(r.Text("slug")), Code1979: r.Text("code_1979"), Code2008: r.Text("code_2008"),
		Code2008Certainty: r.Text("code_2008_certainty"), Name: r.Text("name"), Name1979: r.Text("name_1979"), Name2008: r.Text("name_2008"),
		NameEN: r.Text("name_en"), Aliases: r.List("aliases"), searchOnly: r.List("aliases_search_only"), ambiguous: r.List("aliases_ambiguous"),
		Family: r.Text("family"), Languages: r.List("languages"), Minority: r.Text("minority") == "1", Note: r.Text("note"),
		Source: r.Text("source"), Certainty: r.Text("certainty")}
}

func languageOf(r intake.Row) Language {
	l := Language{Tag: r.Text("tag"), ISO: r.Text("iso639_3"), Macrolanguage: r.Text("macrolanguage"), Scope: r.Text("scope"),
		Name: r.Text("name"), NameEN: r.Text("name_en"), Scripts: r.List("scripts"), Direction: r.Text("direction"),
		WhereSpoken: r.Text("where_spoken"), Heard: r.List("heard_fallback"), Read: r.List("read_fallback"),
		FallbackStatus: r.Text("fallback_status"), LangSon: r.Text("lang_son") == "1", Note: r.Text("note"), Source: r.Text("source"),
		CodeCertainty: r.Text("code_certainty"), Certainty: r.Text("certainty")}
	for _, slug := range r.List("groups") {
		l.Groups = append(l.Groups, Slug(slug))
	}
	return l
}

// countsOf reads one of the two embedded census files.
func countsOf(t *intake.Table) ([]count, error) {
	var all []count
	for _, r := range t.Rows() {
		n := count{Year: 2019, Group: Slug(r.Text("group")), Province: r.Text("province"), Measure: "population"}
		text := r.Text("population")
		if t.Has("measure") {
			n.Year, n.Measure, text = 1999, measure1999(r.Text("table"), r.Text("measure")), r.Text("value")
		}
		if text == "" {
			continue // not counted is not 0
		}
		var err error
		if n.Value, err = strconv.Atoi(text); err != nil {
			return nil, fmt.Errorf("%s row %d: %w", t.Name, r.N, err)
		}
		all = append(all, n)
	}
	return all, nil
}

// measure1999 names a column of the tables of 1999; the population itself has a name of its own.
func measure1999(table, column string) string {
	if table == "2171" && column == "total" {
		return "population"
	}
	return table + "." + column
}
