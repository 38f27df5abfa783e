package form

import (
	_ "embed"
	"encoding/json"
)

// Worker is the service worker that keeps the page for filling in without a network; the report serves it beside that page, so
// that nothing else of the site comes under it.
//
//go:embed worker.js
var Worker []byte

// A Page is what form.js needs to run a form: it stands as JSON in <script type="application/json" id="form-data"> and is what an
// officer carries along to fill in without a network.
type Page struct {
	Base     string            `json:"base"`  // address of the report; cells are posted to Base + "/o"
	Title    string            `json:"title"` // "Biểu 01: ..., xã Bắc Sơn, 2026"
	Lang     string            `json:"lang"`
	Grid     Grid              `json:"grid"`
	Past     Past              `json:"past"`
	Messages map[string]string `json:"messages"` // by the keys of Messages
	Closed   bool              `json:"closed"`   // nothing can be typed any more
	Reply
}

// A Sent is one cell as pages and the server exchange it.
type Sent struct {
	Cell  string `json:"cell"`
	Text  string `json:"text"`
	Rev   int64  `json:"rev"` // of the cell: what the writer had seen; 0 when nobody wrote yet
	Note  string `json:"note,omitzero"`
	State State  `json:"state,omitzero"`
	By    string `json:"by,omitzero"` // of a conflict: who wrote it, and when, in words
	At    string `json:"at,omitzero"`
}

// A Post is cells to be saved. Key makes it safe to send again.
type Post struct {
	Key   string `json:"key"`
	Cells []Sent `json:"cells"`
}

// A Reply says what stands in the cells now. Cells of a reply to a post are those that were saved; a cell that somebody else wrote
// since is left as it is and stands among the conflicts.
type Reply struct {
	Saved     string    `json:"saved"` // RFC 3339; "" when nothing was saved yet
	Cells     []Sent    `json:"cells"`
	Conflicts []Sent    `json:"conflicts"`
	Findings  []Finding `json:"findings"`
}

// wireCell is what form.js knows of a cell.
type wireCell struct {
	Type     Type     `json:"type"`
	Required bool     `json:"required,omitzero"`
	Typed    bool     `json:"typed,omitzero"`
	Watch    int      `json:"watch,omitzero"`
	Choices  []Choice `json:"choices,omitzero"`
	program
}

// MarshalJSON writes the grid with its rules as trees, as form.js runs them.
func (g Grid) MarshalJSON() ([]byte, error) {
	cells := map[string]wireCell{}
	for id, c := range g.cell {
		cells[id] = wireCell{c.Type, c.Required, c.Input == Typed, c.Watch, c.Choices, c.program}
	}
	return json.Marshal(struct {
		Code    string              `json:"code"`
		Version int                 `json:"version"`
		Rows    []Row               `json:"rows"`
		Cols    []Col               `json:"cols"`
		Cells   map[string]wireCell `json:"cells"`
	}{g.Form.Code, g.Form.Version, g.Rows, g.Cols, cells})
}

// Messages are the keys of everything that form.js says. A page ships each as text with its placeholders left standing: ask for it
// with Blanks as arguments.
func Messages() []string {
	var out []string
	for _, prefix := range []string{"form.rule.", "form.warn."} {
		for _, cmp := range []string{"lt", "le", "eq", "ne", "ge", "gt"} {
			out = append(out, prefix+cmp, prefix+cmp+".number")
		}
	}
	return append(out, messages...)
}

var messages = []string{
	"form.empty", "form.empty.choice", "form.empty.text", "form.empty.given", "form.negative",
	"form.bad.number", "form.bad.whole", "form.bad.comma", "form.bad.decimals", "form.bad.large", "form.bad.dash", "form.bad.bool",
	"form.bad.choice", "form.bad.long",
	"form.history.more", "form.history.less", "form.jump.more.year", "form.jump.less.year", "form.jump.more.prev",
	"form.jump.less.prev", "form.near.more", "form.near.less",
	"form.page.ok", "form.page.empty", "form.page.warning", "form.page.error", "form.page.wait", "form.page.unknown",
	"form.page.count", "form.page.findings", "form.page.note", "form.page.saved", "form.page.saving", "form.page.offline",
	"form.page.signin", "form.page.refused", "form.page.conflict", "form.page.keep", "form.page.take",
	"form.page.pasted", "form.page.past", "form.page.kept", "form.page.carry", "form.page.carried", "form.page.send", "form.page.sent",
	"form.page.drop", "form.page.leave", "form.page.check", "form.page.yes", "form.page.no",
}

// Blanks are arguments under which a message keeps its placeholders: {{.Left}} stays {{.Left}}.
func Blanks() []any {
	var out []any
	for _, name := range []string{"Text", "Left", "LeftEN", "A", "Right", "RightEN", "B", "When", "WhenEN", "Median", "Percent", "Before",
		"Done", "All", "Errors", "Warnings", "Empty", "Cell", "Time", "Count", "By", "At", "Year", "Prev", "Status"} {
		out = append(out, name, "{{."+name+"}}")
	}
	return out
}
