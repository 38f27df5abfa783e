package transcript

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// Markup is the blocks as XHTML, well-formed whatever stands in them: what goes into books and archives, where no template is at hand.
func Markup(blocks []Block) string {
	var b strings.Builder
	list := ""
	for _, block := range blocks {
		if list == "" && block.Kind == Item {
			b.WriteString("<ul>\n")
			list = "</ul>\n"
		} else if block.Kind != Item {
			b.WriteString(list)
			list = ""
		}
		switch block.Kind {
		case Heading:
			level := min(6, max(2, block.Level))
			id := ""
			if block.Anchor != "" {
				id = ` id="` + Escape(block.Anchor) + `"`
			}
			fmt.Fprintf(&b, "<h%d%s>%s</h%d>\n", level, id, lineMarkup(block.Text), level)
		case Item:
			b.WriteString("<li>" + lineMarkup(block.Text) + "</li>\n")
		case Table:
			b.WriteString(tableMarkup(block.Rows))
		default:
			b.WriteString("<p>" + lineMarkup(block.Text) + "</p>\n")
		}
	}
	b.WriteString(list)
	return b.String()
}

func tableMarkup(rows [][]string) string {
	var b strings.Builder
	for _, row := range rows {
		if len(row) == 0 {
			continue
		}
		b.WriteString("<tr>")
		for _, cell := range row {
			b.WriteString("<td>" + lineMarkup(cell) + "</td>")
		}
		b.WriteString("</tr>\n")
	}
	if b.Len() == 0 {
		return ""
	}
	return "<table><tbody>" + b.String() + "</tbody></table>\n"
}

func lineMarkup(text string) string {
	all := strings.Split(text, "\n")
	for i, l := range all {
		all[i] = Escape(l)
	}
	return strings.Join(all, "<br/>")
}

// Escape is a text as XML has it, in an element or an attribute. What no XML may hold becomes a replacement character.
func Escape(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text)) //nolint:errcheck // a builder takes everything
	return b.String()
}
