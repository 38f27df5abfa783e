package transcript

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestMarkup(t *testing.T) {
	got := Markup([]Block{{Kind: Heading, Level: 2, Anchor: "dieu-1", Text: "Điều 1. A & B"}, {Kind: Paragraph, Text: "một\nhai < ba"},
		{Kind: Item, Text: "a)"}, {Kind: Item, Text: "b)"}, {Kind: Table, Rows: [][]string{{"1", "2"}, {}, {"\x00"}}}, {Kind: Table}, {Kind: Item, Text: "c"}})
	want := "<h2 id=\"dieu-1\">Điều 1. A &amp; B</h2>\n<p>một<br/>hai &lt; ba</p>\n<ul>\n<li>a)</li>\n<li>b)</li>\n</ul>\n" +
		"<table><tbody><tr><td>1</td><td>2</td></tr>\n<tr><td>\uFFFD</td></tr>\n</tbody></table>\n<ul>\n<li>c</li>\n</ul>\n"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Whatever stands in the blocks, the markup is well-formed and has their words.
func FuzzMarkup(f *testing.F) {
	f.Add("h", "muc-a", "Điều 1", "i")
	f.Add("t", "\"'><", "</td>]]>&amp;\x0b", "h")
	f.Fuzz(func(t *testing.T, kind, anchor, text, next string) {
		markup := Markup([]Block{{Kind: Kind(kind), Level: len(text), Anchor: anchor, Text: text, Rows: [][]string{{text, anchor}}}, {Kind: Kind(next), Text: text}})
		d := xml.NewDecoder(strings.NewReader("<body>" + markup + "</body>"))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in %q", err, markup)
			}
		}
	})
}
