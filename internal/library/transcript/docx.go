package transcript

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"banlang/internal/fault"
)

// docx reads the main text of a Word file of 2007 and later. Only one member of the package is opened, by its fixed name; no
// name in the package ever becomes a path.
func docx(file []byte) ([]Block, error) {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are not used
		return nil, broken(DOCX, err)
	}
	for _, member := range z.File {
		if member.Name != "word/document.xml" {
			continue
		}
		if member.UncompressedSize64 > maxUnpacked {
			return nil, tooLarge()
		}
		r, err := member.Open()
		if err != nil {
			return nil, broken(DOCX, err)
		}
		defer r.Close()
		return wordXML(&bounded{r, maxUnpacked}) // the size written in the package may be a lie
	}
	return nil, fault.New(fault.Unsupported, "transcript.unsupported")
}

// wordXML walks over the elements of WordprocessingML.
func wordXML(r io.Reader) ([]Block, error) {
	d := xml.NewDecoder(r)
	d.Entity = map[string]string{} // none but XML's own five
	var w words
	for depth, elements := 0, 0; ; {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			w.endTable()
			return w.blocks, nil
		case fault.Is(err, fault.TooLarge):
			return nil, tooLarge()
		case err != nil:
			return nil, broken(DOCX, err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if elements++; elements > maxElements {
				return nil, tooLarge()
			}
			if depth++; depth > maxDepth {
				return nil, fault.New(fault.Invalid, "transcript.too_deep", "Depth", maxDepth)
			}
			switch e.Name.Local {
			case "del", "instrText", "Fallback", "delText", "moveFrom": // deleted, commands of fields, a second copy of a text box
				if err := d.Skip(); err != nil {
					return nil, broken(DOCX, err)
				}
				depth--
				continue
			}
			w.open(e)
		case xml.EndElement:
			depth--
			w.close(e.Name.Local)
		case xml.CharData:
			if w.inText {
				w.text.Write(e)
			}
		}
	}
}

// words gathers the blocks of a Word file.
type words struct {
	blocks []Block
	text   strings.Builder
	inText bool
	style  string
	listed bool
	tables int
	rows   [][]string
	cell   []string // paragraphs of the cell being read
}

func (w *words) open(e xml.StartElement) {
	switch e.Name.Local {
	case "p":
		w.text.Reset()
		w.style, w.listed = "", false
	case "pStyle":
		w.style = attribute(e, "val")
	case "numPr":
		w.listed = true
	case "t":
		w.inText = true
	case "tab":
		w.text.WriteByte(' ')
	case "br", "cr":
		w.text.WriteByte('\n')
	case "noBreakHyphen":
		w.text.WriteByte('-')
	case "tbl":
		w.tables++
	case "tr":
		if w.tables == 1 {
			w.rows = append(w.rows, nil)
		}
	case "tc":
		if w.tables == 1 {
			w.cell = nil
		}
	}
}

func (w *words) close(name string) {
	switch name {
	case "t":
		w.inText = false
	case "p":
		w.paragraph(strings.TrimSpace(w.text.String()))
		w.text.Reset()
	case "tc":
		if n := len(w.rows); w.tables == 1 && n > 0 {
			w.rows[n-1] = append(w.rows[n-1], strings.Join(w.cell, "\n"))
		}
	case "tbl":
		if w.tables--; w.tables <= 0 {
			w.tables = 0
			w.endTable()
		}
	}
}

func (w *words) paragraph(text string) {
	switch {
	case text == "":
	case w.tables > 0:
		w.cell = append(w.cell, text)
	case strings.HasPrefix(w.style, "Heading") && len(w.style) == len("Heading1"):
		w.blocks = append(w.blocks, Block{Kind: Heading, Level: int(w.style[len("Heading")] - '0'), Text: text})
	case w.listed:
		w.blocks = append(w.blocks, Block{Kind: Item, Text: text})
	default:
		w.blocks = append(w.blocks, Block{Kind: Paragraph, Text: text})
	}
}

func (w *words) endTable() {
	w.blocks = append(w.blocks, table(w.rows)...)
	w.rows = nil
}

func attribute(e xml.StartElement, local string) string {
	for _, a := range e.Attr {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}
