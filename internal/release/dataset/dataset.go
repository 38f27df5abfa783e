// Package dataset knows one table of cells with its dimensions, and how that table is written in each open format. Every writer
// walks the same cells in the same order, so what is hidden in one format is hidden in all. It knows neither where the figures
// come from nor which of them may be shown: a hidden cell reaches it without its value.
package dataset

import (
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"banlang/internal/fault"
)

// A Status says how far a cell can be relied on. Its letters stand in CSV and JSON-stat as they are.
type Status string

// The statuses of a cell. Missing is never 0, hidden neither.
const (
	Normal       Status = ""  // every place has reported
	Partial      Status = "P" // some places have not reported yet
	Estimated    Status = "E" // divided units were shared out by weights
	Hidden       Status = "C" // confidential: protects a small group, by itself or so that no sum gives another cell away
	Missing      Status = "M" // nobody has reported
	Incomparable Status = "N" // a unit was divided without known weights, or a definition changed
)

// Statuses are all of them, in the order of legends.
var Statuses = []Status{Normal, Partial, Estimated, Hidden, Missing, Incomparable}

var statusText = map[Status][2]string{
	Normal:       {"đủ số", "complete"},
	Partial:      {"chưa đủ nơi báo cáo", "not every place has reported"},
	Estimated:    {"ước tính theo tỷ lệ chia tách", "estimated from shares of divided units"},
	Hidden:       {"không công bố, để bảo vệ nhóm nhỏ", "not published, to protect small groups"},
	Missing:      {"chưa có số", "no figure"},
	Incomparable: {"không so sánh được", "not comparable"},
}

// Text is the status in a language of the interface.
func (s Status) Text(lang string) string { return pick(lang, statusText[s][0], statusText[s][1]) }

// A Role is what a dimension is to JSON-stat and SDMX.
type Role string

// The roles of dimensions; the zero value is any other classification, such as sex.
const (
	Geo    Role = "geo"
	Time   Role = "time"
	Metric Role = "metric"
)

// All is the member that stands for everybody or everything of a dimension, as in SDMX.
const All = "_T"

// A Dimension divides the cells of a table.
type Dimension struct {
	Code    string // "place", "period", "indicator", "group", "sex": letters, digits and _
	Title   string
	TitleEN string `json:",omitempty"`
	Role    Role   `json:",omitempty"`
	Members []Member
}

// Name is the dimension's title in a language of the interface.
func (d Dimension) Name(lang string) string { return pick(lang, d.Title, d.TitleEN) }

// A Member is one value of a dimension.
type Member struct {
	Code     string
	Label    string
	LabelEN  string  `json:",omitempty"`
	Parent   string  `json:",omitempty"` // code of the member of the same dimension of which it is a part
	Lon, Lat float64 // centre of a place in degrees; both 0 where it is not known
	Unit     string  `json:",omitempty"` // of an indicator
	UnitEN   string  `json:",omitempty"`
	Decimals int     `json:",omitempty"`
}

// Name is the member's label in a language of the interface.
func (m Member) Name(lang string) string { return pick(lang, m.Label, m.LabelEN) }

// Located tells whether the centre is known.
func (m Member) Located() bool { return m.Lon != 0 || m.Lat != 0 }

// A Cell is one figure. At holds the index of its member in each dimension.
type Cell struct {
	At     []int
	Value  float64
	Has    bool // there is a value to be read
	Status Status
}

// A Source is where figures come from.
type Source struct {
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
}

// A License says under which terms a table may be used. ID is its SPDX identifier.
type License struct{ ID, Title, URL string }

// A Table is cells and what the reader of a file must know of them. Cells that it does not hold are missing.
type Table struct {
	ID             string // stable through versions: letters, digits and "-"
	Version        int
	Title, TitleEN string
	Note, NoteEN   string
	Dims           []Dimension
	Cells          []Cell
	Sources        []Source
	License        License
	Publisher      string
	Standard       string // a definition that others fix, such as the poverty line
	URL            string // of its page
	Keywords       []string
	Issued         time.Time // in the zone in which its day is told
	Modified       time.Time
	Demo           bool // the figures are made up, and every format says so
}

// Name is the table's title in a language, marked where the figures are made up.
func (t Table) Name(lang string) string {
	name := pick(lang, t.Title, t.TitleEN)
	if t.Demo {
		name += pick(lang, " (số minh hoạ)", " (made-up figures)")
	}
	return name
}

// About is the note in a language.
func (t Table) About(lang string) string { return pick(lang, t.Note, t.NoteEN) }

// Size is the number of cells that the dimensions span.
func (t Table) Size() int {
	n := 1
	for _, d := range t.Dims {
		n *= len(d.Members)
	}
	return n
}

// most is how many cells a table may span: more than the largest release (communes, groups and sexes of the country).
const most = 5_000_000

// Check tells whether the table can be written: a program's mistake, never a reader's.
func (t Table) Check() error {
	size := 1
	for _, d := range t.Dims {
		if len(d.Members) == 0 || size > most/len(d.Members) {
			return fault.New(fault.TooLarge, "stat.dataset.size")
		}
		size *= len(d.Members)
	}
	for _, c := range t.Cells {
		if len(c.At) != len(t.Dims) {
			return fault.New(fault.Internal, "stat.dataset.shape")
		}
		for i, at := range c.At {
			if at < 0 || at >= len(t.Dims[i].Members) {
				return fault.New(fault.Internal, "stat.dataset.shape")
			}
		}
	}
	return nil
}

// Dim is the index of the first dimension with a role, or -1.
func (t Table) Dim(role Role) int {
	return slices.IndexFunc(t.Dims, func(d Dimension) bool { return d.Role == role })
}

// index is the position of a cell, the last dimension running fastest.
func (t Table) index(at []int) int {
	n := 0
	for i, d := range t.Dims {
		n = n*len(d.Members) + at[i]
	}
	return n
}

// Dense yields every cell that the dimensions span, the last dimension running fastest. At is used again for the next cell.
func (t Table) Dense() iter.Seq2[[]int, Cell] {
	return func(yield func([]int, Cell) bool) {
		held := make([]int32, t.Size())
		for i, c := range t.Cells {
			held[t.index(c.At)] = int32(i + 1)
		}
		at := make([]int, len(t.Dims))
		for _, h := range held {
			c := Cell{At: at, Status: Missing}
			if h > 0 {
				c = t.Cells[h-1]
			}
			if c.Status == Hidden { // whatever a caller forgot to take out stays here
				c.Value, c.Has = 0, false
			}
			if !yield(at, c) {
				return
			}
			for d := len(at) - 1; d >= 0; d-- {
				if at[d]++; at[d] < len(t.Dims[d].Members) {
					break
				}
				at[d] = 0
			}
		}
	}
}

// decimals is the precision of a cell's indicator.
func (t Table) decimals(at []int) int {
	if d := t.Dim(Metric); d >= 0 {
		return t.Dims[d].Members[at[d]].Decimals
	}
	return 0
}

// number writes a cell's value with the precision of its indicator and a decimal point; "" where there is none.
func (t Table) number(at []int, c Cell) string {
	if !c.Has {
		return ""
	}
	return strconv.FormatFloat(c.Value, 'f', t.decimals(at), 64)
}

// A Format is a way to write a table.
type Format struct {
	Code  string // "csv"
	Ext   string // of its file and address, with the dot: ".sdmx.csv"
	Name  string // "SDMX-CSV 2.0"
	Type  string // media type
	write func(w io.Writer, t Table, lang string) error
}

// Formats are all of them, in the order in which downloads are offered.
var Formats = []Format{
	{"xlsx", ".xlsx", "Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", writeXLSX},
	{"csv", ".csv", "CSV", "text/csv; charset=utf-8", writeCSV},
	{"datapackage", ".datapackage.json", "Data Package v2", "application/json", writePackage},
	{"jsonstat", ".jsonstat", "JSON-stat 2.0", "application/json", writeJSONStat},
	{"geojson", ".geojson", "GeoJSON", "application/geo+json", writeGeoJSON},
	{"sdmx", ".sdmx.csv", "SDMX-CSV 2.0", "application/vnd.sdmx.data+csv; version=2.0.0", writeSDMX},
	{"dhis2", ".dhis2.json", "DHIS2 data values", "application/json", writeDHIS2},
}

// Write writes the table in the format, with labels in a language of the interface.
func (f Format) Write(w io.Writer, t Table, lang string) error {
	if err := t.Check(); err != nil {
		return err
	}
	return f.write(w, t, lang)
}

// Fits tells whether the format can say something of the table: a map needs places.
func (f Format) Fits(t Table) bool { return f.Code != "geojson" || t.Dim(Geo) >= 0 }

// Split divides the name of a file into the table's and the format: "dan-so.sdmx.csv". The longest ending wins.
func Split(file string) (id string, f Format, ok bool) {
	for _, each := range Formats {
		if rest, is := strings.CutSuffix(file, each.Ext); is && rest != "" && len(each.Ext) > len(f.Ext) {
			id, f, ok = rest, each, true
		}
	}
	return id, f, ok
}

func pick(lang, vi, en string) string {
	if lang == "en" && en != "" {
		return en
	}
	return vi
}

// inert quotes a text that a spreadsheet would take for a formula.
func inert(text string) string {
	if text == "" || !strings.ContainsRune("=+-@\t\r\n\x00", rune(text[0])) {
		return text
	}
	return "'" + text
}
