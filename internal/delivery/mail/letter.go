package mail

import (
	"html"
	"strings"

	"banlang/internal/delivery"
)

// words are the two sentences of a letter that are ours: in Vietnamese, and in English for who reads English.
type words struct{ open, stop string }

func wordsIn(lang string) words {
	if lang == "en" {
		return words{"Read and listen", "Stop these messages"}
	}
	return words{"Đọc và nghe", "Thôi nhận tin"}
}

// plain is a letter as text.
func plain(o delivery.Outgoing) string {
	w := wordsIn(o.Lang)
	text := o.Title + "\n\n" + strings.TrimSpace(o.Text) + "\n"
	if o.URL != "" {
		text += "\n" + w.open + ": " + o.URL + "\n"
	}
	if o.Stop != "" {
		text += "\n-- \n" + w.stop + ": " + o.Stop + "\n"
	}
	return text
}

// markup is a letter as HTML: its own words only, no picture, nothing fetched from anywhere, so that opening it tells nobody.
func markup(o delivery.Outgoing) string {
	w, lang := wordsIn(o.Lang), html.EscapeString(o.Lang)
	ours := "vi"
	if o.Lang == "en" {
		ours = "en"
	}
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="` + lang + `"><head><meta charset="utf-8"><title>` + html.EscapeString(o.Title) + `</title></head>` +
		`<body style="font:18px/1.6 sans-serif;max-width:36em;margin:1em"><h1 style="font-size:24px">` + html.EscapeString(o.Title) + `</h1>`)
	for paragraph := range strings.SplitSeq(strings.ReplaceAll(o.Text, "\r\n", "\n"), "\n") {
		if paragraph = strings.TrimSpace(paragraph); paragraph != "" {
			b.WriteString("<p>" + html.EscapeString(paragraph) + "</p>")
		}
	}
	link := func(address, text string) {
		if address != "" {
			b.WriteString(`<p lang="` + ours + `"><a href="` + html.EscapeString(address) + `">` + text + `</a></p>`)
		}
	}
	link(o.URL, w.open)
	link(o.Stop, w.stop)
	b.WriteString("</body></html>\n")
	return b.String()
}
