package sheet

import (
	"cmp"
	"slices"
	"strings"

	"banlang/internal/fault"
	"banlang/internal/report/form"
)

// recognise finds the sheet and how it is read; nil where the officer must be asked.
func (r *reader) recognise(grids []form.Grid, stamped bool) (*plan, error) {
	var indexes []*index
	for _, g := range grids {
		indexes = append(indexes, newIndex(g))
	}
	var plans []*plan
	var all []*head
	for _, t := range r.book.tabs {
		if t.name == stampTab || t.name == listTab {
			continue
		}
		h, err := r.book.readHead(t, r.match)
		if err != nil {
			return nil, err
		}
		if len(h.lines) == 0 || h.lines[0].at(1).text == faultsTitle {
			continue // an empty tab, or our own list of faults
		}
		all = append(all, h)
		r.match.at(h)
		for _, x := range indexes {
			if p := h.plan(x, r.match); p != nil {
				plans = append(plans, p)
			}
		}
	}
	if len(all) == 0 {
		return nil, fault.New(fault.Invalid, "sheet.empty")
	}
	if p, how := r.choose(plans, all, indexes, stamped); p != nil {
		if said, ref := p.scale(); said != "" && how != ByStamp {
			return nil, fault.New(fault.Invalid, "sheet.scale", "Text", clip(said), "Sheet", p.head.tab.name, "Ref", ref)
		}
		r.settle(p, how)
		return p, nil
	}
	r.propose(plans, all, indexes)
	return nil, nil
}

// choose takes the plan that is beyond doubt.
func (r *reader) choose(plans []*plan, all []*head, indexes []*index, stamped bool) (*plan, How) {
	// The best first; a sheet that is hidden, or that another one is as good as, is left to the officer.
	slices.SortStableFunc(plans, func(a, b *plan) int {
		return cmp.Or(cmp.Compare(truthy(b.head.tab.name == r.out.Stamp.Sheet && stamped), truthy(a.head.tab.name == r.out.Stamp.Sheet && stamped)),
			cmp.Compare(truthy(b.whole), truthy(a.whole)), cmp.Compare(truthy(a.head.tab.hidden), truthy(b.head.tab.hidden)),
			cmp.Compare(b.exact, a.exact), cmp.Compare(b.rows, a.rows))
	})
	if stamped && len(plans) > 0 && plans[0].label != 0 {
		return plans[0], ByStamp
	}
	for _, m := range r.known.Mappings {
		for _, h := range all {
			for _, x := range indexes {
				if x.grid.Form.Code != m.Form {
					continue
				}
				r.match.at(h)
				if p := h.mapped(x, m, r.match); p != nil {
					return p, ByMap
				}
			}
		}
	}
	if len(plans) == 0 || !plans[0].whole {
		return nil, Stranger
	}
	if len(plans) > 1 && plans[1].whole {
		a, b := plans[0], plans[1]
		if a.head.tab.hidden == b.head.tab.hidden && (a.head != b.head || a.exact == b.exact && a.rows == b.rows) {
			return nil, Stranger // two sheets, or two forms, that may be meant
		}
	}
	return plans[0], ByHeader
}

func truthy(b bool) int {
	if b {
		return 1
	}
	return 0
}

// settle writes down what was recognised, and what of the sheet is not read.
func (r *reader) settle(p *plan, how How) {
	q := p.proposal()
	for i := range q.Columns { // a guess is for asking, and nothing is asked
		g := &q.Columns[i]
		if g.Role == Figures && !slices.ContainsFunc(p.values, func(t target) bool { return t.column == g.Number }) {
			g.Role, g.Col, g.Score = Ignored, "", 0
		}
	}
	r.out.How, r.out.Form, r.out.Version = how, p.grid.grid.Form.Code, p.grid.grid.Form.Version
	r.out.Sheet, r.out.Mapping = p.head.tab.name, q.Mapping()
	r.out.Fingerprint = r.out.Mapping.Fingerprint
	r.strict = how != ByStamp
	r.plan = p
	r.match.at(p.head)
	p.width = p.head.line(p.bottom).width
	r.aside(q)
}

// aside says which columns are hidden, which are not read, and which are missing.
func (r *reader) aside(q Proposal) {
	p := r.plan
	for _, g := range q.Columns {
		name, _, _ := strings.Cut(Ref(g.Number, 1), "1")
		switch {
		case g.Role == Figures && slices.ContainsFunc(p.head.frame.hidden, func(s span) bool { return s.left <= g.Number && g.Number <= s.right }):
			r.skip(Skip{Sheet: r.out.Sheet, Line: p.bottom, Text: clip(g.Shown), Key: "sheet.note.hidden_column", Args: []any{"Column", name}, Read: true})
		case g.Role == Ignored && len(g.Sample) > 0 && !(g.Before && r.out.How == ByStamp) && r.out.How != ByMap && !slices.Contains(aside, g.Header):
			r.skip(Skip{Sheet: r.out.Sheet, Line: p.bottom, Text: clip(g.Shown), Key: "sheet.skip.column", Args: []any{"Column", name}})
		}
	}
	if r.out.How != ByStamp {
		return // every column is here, or the officer said which are
	}
	for _, c := range p.grid.grid.Cols {
		if p.grid.input[c.Code] && !slices.ContainsFunc(p.values, func(t target) bool { return t.col == c.Code }) {
			r.out.Refused = append(r.out.Refused, Refusal{Sheet: r.out.Sheet, Ref: Ref(max(1, p.label), p.bottom), Col: c.Code, Text: clip(c.Label),
				Key: "sheet.column.missing", Args: []any{"Text", c.Label}})
		}
	}
}

// aside are headers of columns that need no remark.
var aside = []string{"stt", "tt", "so tt", "so thu tu"}

// propose makes the questions to the officer: each sheet as the form that it is most like.
func (r *reader) propose(plans []*plan, all []*head, indexes []*index) {
	for _, p := range plans {
		r.out.Proposals = append(r.out.Proposals, p.proposal())
	}
	for _, h := range all {
		if slices.ContainsFunc(plans, func(p *plan) bool { return p.head == h }) {
			continue
		}
		for _, x := range indexes {
			r.match.at(h)
			if p := h.widest(x, r.match); p != nil {
				r.out.Proposals = append(r.out.Proposals, p.proposal())
			}
		}
	}
	slices.SortStableFunc(r.out.Proposals, func(a, b Proposal) int { return cmp.Compare(b.Score, a.Score) })
	if len(r.out.Proposals) > 20 {
		r.out.Proposals = r.out.Proposals[:20]
	}
	if len(r.out.Proposals) > 0 {
		r.out.Fingerprint = r.out.Proposals[0].fingerprint()
	}
}

// widest takes the row with the most words for the header: where no column is named as in the form.
func (h *head) widest(x *index, m *matcher) *plan {
	at, most := 0, 0
	for i := range h.lines {
		if n := textCells(&h.lines[i]); n > most {
			at, most = i, n
		}
	}
	if most < 2 {
		return nil
	}
	bottom := h.lines[at].no
	height := 1
	for height < min(headHeight, bottom) && textCells(h.line(bottom-height)) > 1 {
		height++
	}
	p := &plan{head: h, grid: x, bottom: bottom, height: height, columns: h.header(bottom, height)}
	p.findLabels(m)
	return p
}
