package mail

import (
	"html"
	"strings"

	"banlang/internal/delivery"
)

// plain is a letter as text.
func plain(o delivery.Outgoing) string {
	text := o.Title + "\n\n" + strings.TrimSpace(o.Text) + "\n"
	if o.URL != "" {
		text += "\n" + o.Opening() + ": " + o.URL + "\n"
	}
	return text
}

// markup is a letter as HTML: its own words only, no picture, nothing fetched from anywhere, so that opening it tells nobody.
func markup(o delivery.Outgoing) string {
	ours := "vi"
	if o.Lang == "en" {
		ours = "en"
	}
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="` + html.EscapeString(o.Lang) + `"><head><meta charset="utf-8"><title>` + html.EscapeString(o.Title) + `</title></head>` +
		`<body style="font:18px/1.6 sans-serif;max-width:36em;margin:1em"><h1 style="font-size:24px">` + html.EscapeString(o.Title) + `</h1>`)
	for paragraph := range strings.SplitSeq(strings.ReplaceAll(o.Text, "\r\n", "\n"), "\n") {
		if paragraph = strings.TrimSpace(paragraph); paragraph != "" {
			b.WriteString("<p>" + html.EscapeString(paragraph) + "</p>")
		}
	}
	if o.URL != "" {
		b.WriteString(`<p lang="` + ours + `"><a href="` + html.EscapeString(o.URL) + `">` + o.Opening() + `</a></p>`)
	}
	b.WriteString("</body></html>\n")
	return b.String()
}
