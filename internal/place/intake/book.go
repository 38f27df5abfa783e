package intake

import (
	"bytes"
	"encoding/binary"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"banlang/internal/fault"
	"banlang/internal/fold"
)

// What a workbook may unfold to.
const (
	unfolded = 64 << 20  // bytes
	mostKept = 5_000_000 // cells
)

// ReadBook reads the first sheet of a workbook of Excel, or a CSV file. Numbers and dates come as a workbook keeps them: a date is a
// number of days, and a number has lost the zeros before it. All of it stays in memory: nothing is written to a temporary file.
func ReadBook(name string, r io.Reader) (*Table, error) {
	name = filepath.Base(name)
	raw, err := io.ReadAll(io.LimitReader(r, Limit+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > Limit || !bytes.HasPrefix(raw, []byte("PK\x03\x04")) {
		return Read(name, bytes.NewReader(narrow(raw)))
	}
	f, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{RawCellValue: true, UnzipSizeLimit: unfolded, UnzipXMLSizeLimit: unfolded})
	if err != nil {
		return nil, fault.New(fault.Unsupported, "intake.damaged", "File", name)
	}
	defer f.Close()
	t := &Table{Name: name, Encoding: fold.Unicode, columns: map[string]int{}}
	if sheets := f.GetSheetList(); len(sheets) > 0 {
		if err := t.readSheet(f, sheets[0]); err != nil {
			return nil, err
		}
	}
	if len(t.rows) == 0 {
		return nil, fault.New(fault.Invalid, "intake.no_rows", "File", name)
	}
	return t, nil
}

// narrow brings a text of two bytes a letter, as Excel saves "Unicode text", into UTF-8. Whatever else it is stays as it is.
func narrow(raw []byte) []byte {
	var order binary.ByteOrder
	switch {
	case len(raw)%2 != 0:
		return raw
	case bytes.HasPrefix(raw, []byte("\xFF\xFE")):
		order = binary.LittleEndian
	case bytes.HasPrefix(raw, []byte("\xFE\xFF")):
		order = binary.BigEndian
	default:
		return raw
	}
	units := make([]uint16, len(raw)/2-1)
	for i := range units {
		units[i] = order.Uint16(raw[2+2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

func (t *Table) readSheet(f *excelize.File, sheet string) error {
	rows, err := f.Rows(sheet)
	if err != nil {
		return fault.New(fault.Unsupported, "intake.damaged", "File", t.Name)
	}
	defer rows.Close() //nolint:errcheck // only read from
	kept := 0
	for n := 1; rows.Next(); n++ {
		cells, err := rows.Columns()
		switch {
		case err != nil:
			return fault.New(fault.Unsupported, "intake.damaged", "File", t.Name)
		case len(cells) > widest:
			return fault.New(fault.TooLarge, "intake.too_wide", "File", t.Name, "Row", n, "Most", widest)
		case n > longest || kept > mostKept:
			return fault.New(fault.TooLarge, "intake.too_long", "File", t.Name, "Most", longest)
		case !slices.ContainsFunc(cells, func(s string) bool { return strings.TrimSpace(s) != "" }):
			continue
		case t.header == nil:
			t.setHeader(cells)
			continue
		}
		cells = slices.Clone(cells[:min(len(cells), len(t.header))])
		kept += len(cells)
		t.rows = append(t.rows, Row{n, cells, t})
	}
	if rows.Error() != nil {
		return fault.New(fault.Unsupported, "intake.damaged", "File", t.Name)
	}
	return nil
}
