package stat

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strings"

	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/stat/chart"
	"banlang/internal/web"
)

// cellPage is /ban-lam-viec/so-lieu/nguon?…&o=06325@20250701~2026H1: the figures behind one cell.
type cellPage struct {
	Title   string
	Row     string
	Column  string
	Cell    chart.TableCell
	Origins []origin
	More    bool // there are more than are shown
	Back    string
}

// An origin is a figure behind a cell in the reader's words.
type origin struct {
	fact.Origin
	Where, What, Value, Share string
	Report                    string // address
	Method                    string
}

// methods are the ways of coming by a figure that have a word.
var methods = []string{"census", "list", "generated", "log", "register", "survey", "decision", "external", "certified", "derived"}

// originsMost is how many figures behind a cell are listed.
const originsMost = 200

func (h handler) cell(w http.ResponseWriter, r *http.Request) error {
	a, _ := h.asked(r)
	answer, err := h.desk.facts.AskAs(r.Context(), web.Actor(r), a.Question)
	if fault.Is(err, fault.Unavailable) {
		return h.building(w, r)
	}
	if err != nil {
		return err
	}
	i, j, ok := chart.Find(answer, r.URL.Query().Get("o"))
	if !ok {
		return fault.New(fault.NotFound, "stat.cell.gone")
	}
	s, q := h.voice(r), answer.Question
	row, col := answer.Rows[i], answer.Cols[j]
	p := cellPage{Title: s.Title(a.Question) + ", " + h.areaName(r, a.Question.Area), Row: s.Label(q, row, q.Rows), Column: s.Label(q, col, q.Cols),
		Cell: s.Cell(q, row, col, answer.Cells[i][j]), Back: askURL + "?" + h.desk.Query(a)}
	origins, err := h.desk.facts.Origins(r.Context(), a.Question, row, col, originsMost+1)
	if err != nil {
		return err
	}
	p.More = len(origins) > originsMost
	for _, o := range origins[:min(len(origins), originsMost)] {
		p.Origins = append(p.Origins, s.origin(o))
	}
	return h.room.Show(w, r, "cell", web.Meta{Title: web.T(r, "stat.cell.title"), Desk: true, Sheet: web.T(r, "stat.sheet.exact"),
		Crumbs: append(h.crumbs(r), web.Link{Text: p.Title, URL: p.Back})}, p)
}

func (s voice) origin(o fact.Origin) origin {
	v := origin{Origin: o, Where: s.Name(fact.Member{Dim: fact.ByPlace, Code: cmp.Or(o.Village, string(o.Place))}), Value: s.T("stat.cell.not_known")}
	if o.Place == "" {
		v.Where = s.T("stat.country")
	}
	i, _ := s.Facts.Indicator(o.Indicator) //nolint:errcheck // an unknown one has no decimals
	if o.State == fact.Known {
		v.Value = i18n.Number(s.Lang, float64(o.Value)/math.Pow10(i.Decimals))
	}
	what := []string{s.Name(fact.Member{Dim: fact.ByIndicator, Code: string(o.Indicator)}), s.Name(fact.Member{Dim: fact.ByPeriod, Code: o.Period.String()})}
	for _, m := range []fact.Member{{Dim: fact.ByGroup, Code: string(o.Cut.Group)}, {Dim: fact.BySex, Code: o.Cut.Sex}, {Dim: fact.ByAge, Code: o.Cut.Age},
		{Dim: fact.ByLanguage, Code: o.Cut.Language}, {Dim: fact.ByItem, Code: o.Cut.Item}} {
		if m.Code != "" {
			what = append(what, s.Name(m))
		}
	}
	v.What = strings.Join(what, ", ")
	switch {
	case o.Share == 0:
		v.Share = s.T("stat.origin.unknown")
	case o.Share < 1:
		v.Share = s.T("stat.origin.share", "Share", i18n.Percent(s.Lang, 100*o.Share))
	}
	if v.Method = o.Batch.Method; slices.Contains(methods, o.Batch.Method) {
		v.Method = s.T("stat.method." + o.Batch.Method)
	}
	if o.Batch.Report != "" {
		v.Report = "/ban-lam-viec/bieu/" + o.Batch.Report
	}
	return v
}
