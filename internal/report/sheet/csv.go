package sheet

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"banlang/internal/fault"
)

// maxCSV is how large a file of text may be: it is read whole.
const maxCSV = 8 << 20

// csvTab is the only sheet of a file of text, as Excel would call it.
const csvTab = "Sheet1"

// openCSV takes a file of text for a workbook of one sheet, all of whose cells are texts; false where it is none.
func openCSV(r io.ReaderAt, size int64) (*book, bool, error) {
	if size > maxCSV {
		return nil, false, nil
	}
	data, err := io.ReadAll(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, false, err
	}
	said, ok := unicodeOf(data)
	if !ok || strings.HasPrefix(strings.TrimSpace(said), "<") {
		return nil, false, nil
	}
	comma := separator(said)
	if comma == 0 {
		return nil, false, nil
	}
	b := &book{short: map[string]string{}, tabs: []tab{{name: csvTab}}}
	if err := b.readTable(said, comma); err != nil {
		return nil, true, err
	}
	return b, true, nil
}

// unicodeOf reads UTF-8, UTF-16 with its mark, or else one letter a byte, which is what TCVN3 and VNI look like.
func unicodeOf(data []byte) (string, bool) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if len(data) >= 2 && order.Uint16(data) == 0xFEFF {
			units := make([]uint16, 0, len(data)/2)
			for i := 2; i+1 < len(data); i += 2 {
				units = append(units, order.Uint16(data[i:]))
			}
			return string(utf16.Decode(units)), true
		}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.IndexByte(data, 0) >= 0 {
		return "", false
	}
	if utf8.Valid(data) {
		return string(data), true
	}
	letters := make([]rune, len(data))
	for i, c := range data {
		letters[i] = rune(c)
	}
	return string(letters), true
}

// separator is what parts the cells: the sign that most of the first lines have most of; 0 where there is none.
func separator(said string) rune {
	head := said[:min(len(said), 1<<14)]
	best, most := rune(0), 0
	for _, c := range "\t;," {
		if n := strings.Count(head, string(c)); n > most {
			best, most = c, n
		}
	}
	return best
}

func (b *book) readTable(said string, comma rune) error {
	r := csv.NewReader(strings.NewReader(said))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = comma, -1, true, true
	count := 0
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fault.New(fault.Invalid, "sheet.damaged")
		}
		no, _ := r.FieldPos(0)
		l := line{no: no}
		for i, field := range record[:min(len(record), maxColumns)] {
			if strings.TrimSpace(field) != "" {
				l.cells = append(l.cells, raw{kind: text, col: i + 1, text: b.keep([]byte(field))})
			}
		}
		if count += len(record); count > MaxCells {
			return fault.New(fault.TooLarge, "sheet.cells", "N", MaxCells)
		}
		if len(l.cells) > 0 {
			if comma == ',' {
				l.width = len(record)
			}
			b.table = append(b.table, l)
		}
	}
}
