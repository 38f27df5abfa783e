package transcript

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	render "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// clean lets structure through and nothing else: no attribute, script, style, form or frame.
var clean = bluemonday.NewPolicy().AllowElements("h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "br", "ul", "ol", "li", "blockquote", "pre",
	"table", "thead", "tbody", "tfoot", "tr", "th", "td", "section", "article", "header", "footer", "main", "center", "dl", "dt", "dd", "hr")

// fromHTML reads a page as text. The page itself is never shown: only its words and their order come through.
func fromHTML(r io.Reader) ([]Block, error) {
	w := walker{kind: Paragraph}
	z := html.NewTokenizer(clean.SanitizeReader(r))
	z.SetMaxBuf(maxText)
	for {
		switch z.Next() {
		case html.ErrorToken:
			if err := z.Err(); !errors.Is(err, io.EOF) {
				return nil, broken(HTML, err)
			}
			w.end()
			w.endTable()
			return w.blocks, nil
		case html.TextToken:
			w.text.Write(z.Text())
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			w.open(atom.Lookup(name))
		case html.EndTagToken:
			name, _ := z.TagName()
			w.close(atom.Lookup(name))
		}
	}
}

// walker gathers blocks from tags as they come; it keeps no tree, so that depth costs nothing.
type walker struct {
	blocks []Block
	text   strings.Builder
	kind   Kind
	level  int
	rows   [][]string // of the table being read
	tables int        // how deep in tables: an inner one is text of its cell
	pre    bool
}

func (w *walker) open(a atom.Atom) {
	switch a {
	case atom.Br:
		w.text.WriteString("\x00") // a line end of the text, told apart from those of the markup
		return
	case atom.Table:
		if w.end(); w.tables == 0 {
			w.rows = nil
		}
		w.tables++
		return
	case atom.Tr:
		if w.tables == 1 {
			w.rows = append(w.rows, nil)
		}
		return
	case atom.Td, atom.Th:
		w.text.Reset()
		return
	}
	if w.tables > 0 {
		w.text.WriteString("\x00")
		return
	}
	w.end()
	switch a {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.kind, w.level = Heading, int(a.String()[1]-'0')
	case atom.Li, atom.Dd:
		w.kind = Item
	case atom.Pre:
		w.pre = true
	}
}

func (w *walker) close(a atom.Atom) {
	switch {
	case a == atom.Table:
		if w.tables > 0 {
			w.tables--
		}
		if w.tables == 0 {
			w.endTable()
		}
	case w.tables > 0 && (a == atom.Td || a == atom.Th):
		if n := len(w.rows); w.tables == 1 && n > 0 {
			w.rows[n-1] = append(w.rows[n-1], w.take())
		}
	case w.tables > 0:
		w.text.WriteString(" ")
	default:
		w.end()
		w.pre = w.pre && a != atom.Pre
	}
}

// take gives the text so far, its markup's line ends made spaces.
func (w *walker) take() string {
	text := w.text.String()
	w.text.Reset()
	if !w.pre {
		text = strings.ReplaceAll(text, "\n", " ")
	}
	return strings.TrimSpace(strings.ReplaceAll(text, "\x00", "\n"))
}

func (w *walker) end() {
	if text := w.take(); text != "" && w.tables == 0 {
		w.blocks = append(w.blocks, Block{Kind: w.kind, Level: w.level, Text: text})
	}
	w.kind, w.level = Paragraph, 0
}

func (w *walker) endTable() {
	w.blocks = append(w.blocks, table(w.rows)...)
	w.rows = nil
}

// gfm lets HTML inside Markdown through, because clean stands behind it.
var gfm = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough), goldmark.WithRendererOptions(render.WithUnsafe()))

// markdown reads Markdown, with the tables of pandoc beside those of GitHub.
func markdown(file []byte) ([]Block, error) {
	var page bytes.Buffer
	if err := gfm.Convert([]byte(calm(pandocTables(string(file)))), &page); err != nil {
		return nil, broken(Markdown, err)
	}
	return fromHTML(&page)
}

// What no honest text has more of. goldmark's time grows with the square of the first two, and a table has as many cells as its
// widest row for every row.
const (
	maxBrackets = 500 // in one paragraph
	maxQuotes   = 10  // quotes in quotes
	maxColumns  = 100
)

// calm takes the meaning from signs that are too many to be meant: they stay as letters.
func calm(text string) string {
	lines := strings.Split(text, "\n")
	for start := 0; start < len(lines); {
		end, brackets := start, 0
		for ; end < len(lines) && strings.TrimSpace(lines[end]) != ""; end++ {
			brackets += strings.Count(lines[end], "[")
		}
		for i := start; i < end; i++ {
			rest := strings.TrimLeft(lines[i], " \t>-+*0123456789.)")
			if strings.Count(lines[i][:len(lines[i])-len(rest)], ">") > maxQuotes {
				lines[i] = rest
			}
			if strings.Count(lines[i], "|") > maxColumns {
				lines[i] = strings.ReplaceAll(lines[i], "|", `\|`)
			}
			if brackets > maxBrackets {
				lines[i] = strings.ReplaceAll(lines[i], "[", `\[`)
			}
		}
		start = end + 1
	}
	return strings.Join(lines, "\n")
}

var ruler = regexp.MustCompile(`^\s*-{3,}(?: +-{3,})+\s*$`)

// pandocTables turns pandoc's tables, whose columns are as wide as the dashes above and below them, into GitHub's.
func pandocTables(text string) string {
	if !strings.Contains(text, "---- ----") && !strings.Contains(text, "--- ---") {
		return text
	}
	lines := strings.Split(text, "\n")
	var out []string
	for i := 0; i < len(lines); i++ {
		end := -1
		if ruler.MatchString(lines[i]) {
			for j := i + 1; j < min(len(lines), i+200); j++ {
				if ruler.MatchString(lines[j]) {
					end = j
					break
				}
			}
		}
		if end < 0 {
			out = append(out, lines[i])
			continue
		}
		out = append(out, pipes(lines[i], lines[i+1:end])...)
		i = end
	}
	return strings.Join(out, "\n")
}

// pipes writes the rows below a ruler with a bar between the columns. A blank line parts rows; the lines of a row are one cell.
func pipes(ruled string, lines []string) []string {
	var starts []int
	dash := false
	for i, r := range []rune(ruled) {
		if r == '-' && !dash {
			starts = append(starts, i)
		}
		dash = r == '-'
	}
	rows := [][]string{make([]string, len(starts))}
	for _, line := range lines {
		if strings.TrimSpace(line) == "" {
			rows = append(rows, make([]string, len(starts)))
			continue
		}
		letters := []rune(line)
		for c, from := range starts {
			to := len(letters)
			if c+1 < len(starts) {
				to = min(to, starts[c+1])
			}
			if from < to {
				cell := strings.ReplaceAll(strings.TrimRight(strings.TrimSpace(string(letters[from:to])), `\`), "|", `\|`)
				if rows[len(rows)-1][c] != "" && cell != "" {
					cell = "<br>" + cell
				}
				rows[len(rows)-1][c] += cell
			}
		}
	}
	out := []string{"", strings.Repeat("| ", len(starts)) + "|", strings.Repeat("|---", len(starts)) + "|"}
	for _, row := range rows {
		out = append(out, "| "+strings.Join(row, " | ")+" |")
	}
	return append(out, "")
}
