package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// A paper is a sheet as an officer's program might save it, written without the library under test.
type paper struct {
	name   string
	state  string // "hidden", "veryHidden"
	cells  map[[2]int]ink
	merges []string
	hidden map[int]bool // rows
}

// An ink is one cell. With a formula, text is what it gave when it was saved.
type ink struct {
	text    string
	kind    string // "s", "n", "e", "b", "str"
	formula string
	style   int // 1 date, 2 percent
}

func ofText(s string) ink   { return ink{text: s, kind: "s"} }
func ofNumber(s string) ink { return ink{text: s, kind: "n"} }

func newPaper(name string) *paper {
	return &paper{name: name, cells: map[[2]int]ink{}, hidden: map[int]bool{}}
}

func (p *paper) put(col, row int, c ink) { p.cells[[2]int{row, col}] = c }

func (p *paper) merge(left, top, right, bottom int) {
	p.merges = append(p.merges, Ref(left, top)+":"+Ref(right, bottom))
}

func escaped(s string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(s))
	return b.String()
}

// xml is the part of the sheet. Texts are in the list that all sheets share.
func (p *paper) xml(shared *[]string) string {
	var places [][2]int
	for at := range p.cells {
		places = append(places, at)
	}
	slices.SortFunc(places, func(a, b [2]int) int { return (a[0]-b[0])*20000 + a[1] - b[1] })
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	row := 0
	for _, at := range places {
		if at[0] != row {
			if row != 0 {
				b.WriteString("</row>")
			}
			row = at[0]
			hidden := ""
			if p.hidden[row] {
				hidden = ` hidden="1"`
			}
			fmt.Fprintf(&b, `<row r="%d"%s>`, row, hidden)
		}
		c := p.cells[at]
		fmt.Fprintf(&b, `<c r="%s" s="%d"`, Ref(at[1], at[0]), c.style)
		value := escaped(c.text)
		if c.kind == "s" {
			*shared = append(*shared, c.text)
			value = fmt.Sprint(len(*shared) - 1)
		}
		if c.kind != "n" {
			fmt.Fprintf(&b, ` t="%s"`, c.kind)
		}
		b.WriteByte('>')
		if c.formula != "" {
			fmt.Fprintf(&b, "<f>%s</f>", escaped(c.formula))
		}
		if c.text != "" {
			fmt.Fprintf(&b, "<v>%s</v>", value)
		}
		b.WriteString("</c>")
	}
	if row != 0 {
		b.WriteString("</row>")
	}
	b.WriteString("</sheetData>")
	if len(p.merges) > 0 {
		b.WriteString("<mergeCells>")
		for _, m := range p.merges {
			fmt.Fprintf(&b, `<mergeCell ref="%s"/>`, m)
		}
		b.WriteString("</mergeCells>")
	}
	b.WriteString("</worksheet>")
	return b.String()
}

// workbookOf binds papers to a file.
func workbookOf(t testing.TB, papers ...*paper) []byte {
	t.Helper()
	parts := map[string]string{}
	var types, sheets, links strings.Builder
	var shared []string
	for i, p := range papers {
		parts[fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1)] = p.xml(&shared)
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`, i+1)
		state := ""
		if p.state != "" {
			state = ` state="` + p.state + `"`
		}
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d"%s r:id="rId%d"/>`, escaped(p.name), i+1, state, i+1)
		fmt.Fprintf(&links, `<Relationship Id="rId%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, i+1)
	}
	const head = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`
	const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	parts["[Content_Types].xml"] = head + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>` +
		`<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>` + types.String() + `</Types>`
	parts["_rels/.rels"] = head + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="` + office + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`
	parts["xl/workbook.xml"] = head + `<workbook xmlns="` + main + `" xmlns:r="` + office + `"><sheets>` + sheets.String() + `</sheets></workbook>`
	parts["xl/_rels/workbook.xml.rels"] = head + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` + links.String() +
		`<Relationship Id="rIdS" Type="` + office + `/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rIdT" Type="` + office + `/styles" Target="styles.xml"/></Relationships>`
	parts["xl/styles.xml"] = head + `<styleSheet xmlns="` + main + `"><numFmts count="1"><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/></numFmts><fonts count="1"><font><sz val="11"/><name val="Arial"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
		`<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="9" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs></styleSheet>`
	var list strings.Builder
	for _, s := range shared {
		fmt.Fprintf(&list, `<si><t xml:space="preserve">%s</t></si>`, escaped(s))
	}
	parts["xl/sharedStrings.xml"] = head + `<sst xmlns="` + main + `">` + list.String() + `</sst>`
	return zipped(t, parts)
}

func zipped(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(parts[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
