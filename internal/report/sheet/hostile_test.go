package sheet

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"banlang/internal/fault"
	"banlang/internal/report/form"
)

// parts of a workbook with one sheet, to be spoilt.
func parts(t testing.TB, sheet string) map[string]string {
	t.Helper()
	const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	return map[string]string{
		"_rels/.rels":                `<Relationships><Relationship Id="a" Type="` + office + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook><sheets><sheet name="A" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Type="` + office + `/worksheet" Target="s.xml"/><Relationship Id="r2" Type="` + office + `/sharedStrings" Target="t.xml"/></Relationships>`,
		"xl/s.xml":                   sheet,
		"xl/t.xml":                   `<sst><si><t>a</t></si></sst>`,
	}
}

// lying packs a part that says it is small and is not.
func lying(t testing.TB, name string, text []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, flate.BestSpeed)
	w.Write(text)
	w.Close()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for other, text := range parts(t, "") {
		if other != name {
			f, _ := z.Create(other)
			f.Write([]byte(text))
		}
	}
	f, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(text), CompressedSize64: uint64(packed.Len()), UncompressedSize64: 100})
	if err != nil {
		t.Fatal(err)
	}
	f.Write(packed.Bytes())
	z.Close()
	return b.Bytes()
}

// TestHostile is R7: what is made to hurt is refused with a word to the sender, and costs little.
func TestHostile(t *testing.T) {
	with := func(change func(p map[string]string)) []byte {
		p := parts(t, `<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData></worksheet>`)
		change(p)
		return zipped(t, p)
	}
	many := func(s string, size int) string { return strings.Repeat(s, size/len(s)) }
	cases := map[string][]byte{
		"a sheet that unpacks to 130 MB": with(func(p map[string]string) {
			p["xl/s.xml"] = `<worksheet><sheetData>` + many(`<row><c><v>1</v></c></row>`, 130<<20)
		}),
		"a part larger than it says": lying(t, "xl/s.xml", []byte(`<worksheet><sheetData>`+many(`<row><c><v>1</v></c></row>`, 70<<20))),
		"texts of 70 MB": with(func(p map[string]string) {
			p["xl/t.xml"] = `<sst>` + many(`<si><t>`+strings.Repeat("x", 1000)+`</t></si>`, 70<<20)
		}),
		"a text of 70 MB": with(func(p map[string]string) { p["xl/t.xml"] = `<sst><si><t>` + many("x", 70<<20) }),
		"a tag of 70 MB":  with(func(p map[string]string) { p["xl/s.xml"] = `<worksheet><sheetData a="` + many("x", 70<<20) }),
		"deep elements":   with(func(p map[string]string) { p["xl/s.xml"] = `<worksheet>` + many(`<a>`, 20<<20) }),
		"an entity":       with(func(p map[string]string) { p["xl/s.xml"] = `<!DOCTYPE a [<!ENTITY b "c">]><worksheet/>` }),
		"more cells than are read": with(func(p map[string]string) {
			p["xl/s.xml"] = `<worksheet><sheetData><row><c t="inlineStr"><is><t>a</t></is></c></row>` + many(`<row>`+strings.Repeat(`<c/>`, 1000)+`</row>`, 70<<20) + `</sheetData></worksheet>`
		}),
		"one row of 70 MB": with(func(p map[string]string) {
			p["xl/s.xml"] = `<worksheet><sheetData><row>` + many(`<c><v>`+strings.Repeat("1", 30000)+`</v></c>`, 70<<20)
		}),
		"100,000 parts": zipped(t, func() map[string]string {
			p := parts(t, "")
			for i := range 100_000 {
				p[fmt.Sprint("x", i)] = ""
			}
			return p
		}()),
		"one part as many sheets": with(func(p map[string]string) {
			p["xl/workbook.xml"] = `<workbook><sheets>` + strings.Repeat(`<sheet name="A" r:id="r1"/>`, 50) + `</sheets></workbook>`
		}),
		"a row without an end": with(func(p map[string]string) { p["xl/s.xml"] = `<worksheet><sheetData><row><c><v>1</v></c></wor></x></y>` }),
		"columns out of order": with(func(p map[string]string) {
			p["xl/s.xml"] = `<worksheet><sheetData><row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row></sheetData></worksheet>`
		}),
		"a way out of the folder": with(func(p map[string]string) {
			p["xl/_rels/workbook.xml.rels"] = strings.Replace(p["xl/_rels/workbook.xml.rels"], "s.xml", "../../../etc/passwd", 1)
		}),
		"an old workbook": []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more of it"),
		"a page":          []byte("<html><table><tr><td>Số hộ</td></tr></table>"),
		"a picture":       []byte("\x89PNG\r\n\x1a\n\x00\x00,,;;"),
		"nothing":         nil,
		"another zip":     zipped(t, map[string]string{"a.txt": "a"}),
		"an .ods":         zipped(t, map[string]string{"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<a/>"}),
		"half a workbook": with(func(map[string]string) {})[:300],
	}
	known := Known{Grids: []form.Grid{grid(t, "BM01")}, Match: match}
	for name, file := range cases {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Read(bytes.NewReader(file), int64(len(file)), known)
			runtime.ReadMemStats(&after)
			if kind := fault.KindOf(err); kind == fault.Internal || kind == 0 {
				t.Errorf("Read = %v, want a fault", err)
			}
			if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 64 {
				t.Errorf("Read took %d MB of memory, want at most 64", n)
			}
		})
	}
}

// FuzzRead is R13: no file makes a reader panic, and what is read stands where it says. The parts are mutated before they are
// packed, since few mutations of a packed file would come further than its sums.
func FuzzRead(f *testing.F) {
	g := grid(f, "BM01")
	for seed := range uint64(4) {
		file := seeded(f, seed).file
		z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			f.Fatal(err)
		}
		part := func(name string) string {
			r, err := z.Open(name)
			if err != nil {
				f.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil {
				f.Fatal(err)
			}
			return string(text)
		}
		f.Add(part("xl/worksheets/sheet1.xml"), part("xl/sharedStrings.xml"), part("xl/styles.xml"))
	}
	f.Add(`<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData><mergeCells><mergeCell ref="A1:XFD9"/></mergeCells></worksheet>`, `<sst><si><t>a</t></si></sst>`, ``)
	f.Add(`<worksheet><cols><col min="1" max="9" hidden="1"/></cols><sheetData><row hidden="1"><c t="inlineStr"><is><t>Dân tộc</t></is></c><c t="e"><f>A1</f><v>#REF!</v></c></row></sheetData></worksheet>`, ``, ``)
	f.Fuzz(func(t *testing.T, sheet, shared, styles string) {
		p := parts(t, sheet)
		p["xl/t.xml"] = shared
		p["xl/_rels/workbook.xml.rels"] = strings.Replace(p["xl/_rels/workbook.xml.rels"], "</Rel", `<Relationship Id="r3" Type="a/styles" Target="y.xml"/></Rel`, 1)
		p["xl/y.xml"] = styles
		file := stored(t, p)
		got, err := Read(bytes.NewReader(file), int64(len(file)), Known{Grids: []form.Grid{g}, Match: match})
		if err != nil && fault.KindOf(err) == fault.Internal {
			t.Fatalf("Read: %v, want a fault", err)
		}
		for _, c := range got.Cells {
			if _, ok := g.At(c.Row, c.Col); !ok || c.At.Col < 1 || c.At.Line < 1 {
				t.Fatalf("Read gave %+v, which the form has not", c)
			}
		}
	})
}

// FuzzCSV does the same with files of text.
func FuzzCSV(f *testing.F) {
	g := grid(f, "BM01")
	f.Add([]byte("Dân tộc;Số hộ;Trong đó: nam;Trong đó: nữ;Từ đủ 15 tuổi\nTày;1.234;5;6;7\n"))
	f.Add([]byte("\xff\xfea\x00,\x00\"\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		_, err := Read(bytes.NewReader(file), int64(len(file)), Known{Grids: []form.Grid{g}, Match: match})
		if err != nil && fault.KindOf(err) == fault.Internal {
			t.Fatalf("Read: %v, want a fault", err)
		}
	})
}

// stored packs parts without squeezing them.
func stored(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, parts[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// FuzzScanner holds the scanner to its limits on parts that are not packed.
func FuzzScanner(f *testing.F) {
	f.Add(`<?xml version="1.0"?><a b='1>2' c="&lt;"><!-- x --><b/>t&#65;<![CDATA[<]]></a>`)
	f.Add(`<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>`)
	f.Fuzz(func(t *testing.T, part string) {
		s := newScanner(strings.NewReader(part))
		for range len(part)*2 + 2 {
			switch k, err := s.next(); {
			case err != nil || k == end:
				return
			case k == open:
				s.attr("r")
				s.said("b")
			}
		}
		t.Fatalf("the scanner gave more tokens than %q has", part)
	})
}

// A workbook can write NUL by its number, which is no sign of a text.
func TestUnescaped(t *testing.T) {
	for said, want := range map[string]string{"a_x0000_b": "ab", "a_x000D_b": "a\rb", "_xD800_": "_xD800_", "_x00_": "_x00_"} {
		if got := unescaped(said); got != want {
			t.Errorf("unescaped(%q) = %q, want %q", said, got, want)
		}
	}
}
