package plan

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/web"
)

func (h handler) mountEdit(site *web.Site) {
	site.Handle("GET /ban-lam-viec/muc-tieu/moi", duty.PlanEdit, h.blank)
	site.Handle("POST /ban-lam-viec/muc-tieu/moi", duty.PlanEdit, h.edit)
	site.Handle("GET /ban-lam-viec/muc-tieu/{code}/sua", duty.PlanEdit, h.editForm)
	site.Handle("POST /ban-lam-viec/muc-tieu/{code}/sua", duty.PlanEdit, h.edit)
	site.Handle("GET /ban-lam-viec/muc-tieu/{code}/ban/{number}", duty.PlanCertify, h.wording)
	site.Handle("POST /ban-lam-viec/muc-tieu/{code}/ban/{number}/duyet", duty.PlanCertify, h.approve)
}

type draftRow struct {
	Wording
	Title, Lang string
	Own         bool
}

// drafts lists the wordings that wait, for who may see them.
func (h handler) drafts(r *http.Request) ([]draftRow, error) {
	actor := web.Actor(r)
	all, err := h.desk.Drafts(r.Context(), actor)
	if fault.Is(err, fault.Forbidden) {
		return nil, nil // what waits is not theirs to see
	}
	rows := make([]draftRow, len(all))
	for i, w := range all {
		rows[i] = draftRow{Wording: w, Own: w.EditedBy == actor.ID}
		rows[i].Title, rows[i].Lang = w.Text(web.Reader(r).UI)
	}
	return rows, err
}

// editPage is the form of /ban-lam-viec/muc-tieu/{code}/sua and /moi.
type editPage struct {
	New       bool
	Action    string
	Typed     editForm
	Plans     []web.Choice
	Operators []Operator
	Units     []string
	Methods   []methodBox
	Waits     bool // another wording waits and would be set aside
	Measured  bool // figures were certified under the present wording
}

type methodBox struct {
	Method Method
	On     bool
}

// editForm is what was typed.
type editForm struct {
	Code, Plan, Section, TextVI, TextEN, Population, Numerator, Denominator, Due, Operator, Value, Unit, Source, Note string
	Methods                                                                                                           []string
}

func typedOf(t Target) editForm {
	f := editForm{
		Code: t.Code, Plan: t.Plan, Section: t.Section, TextVI: t.TextVI, TextEN: t.TextEN, Population: t.PopulationVI,
		Numerator: t.NumeratorVI, Denominator: t.DenominatorVI, Due: t.Due.Format("2/1/2006"), Operator: string(t.Operator), Unit: t.Unit,
		Source: t.Source, Note: t.Note,
	}
	if t.Operator != "" && t.Operator != Done {
		f.Value = strings.Replace(t.Value.String(), ".", ",", 1)
	}
	for _, m := range t.Methods {
		f.Methods = append(f.Methods, string(m))
	}
	if t.Cut() { // what stands there only says that nothing is known
		f.TextVI, f.TextEN, f.Population, f.Numerator, f.Denominator, f.Methods = "", "", "", "", "", nil
		f.Operator, f.Unit = string(AtLeast), "%"
	}
	return f
}

func (h handler) editPage(r *http.Request, typed editForm) editPage {
	p := editPage{
		New: r.PathValue("code") == "", Action: r.URL.Path, Typed: typed, Operators: Operators, Units: append([]string{""}, Units...),
	}
	for _, plan := range h.desk.Plans() {
		p.Plans = append(p.Plans, web.Choice{Text: plan.Name(web.Reader(r).UI), URL: plan.Code, Chosen: plan.Code == typed.Plan})
	}
	for _, m := range Methods {
		p.Methods = append(p.Methods, methodBox{m, slices.Contains(typed.Methods, string(m))})
	}
	return p
}

func (h handler) editMeta(r *http.Request) web.Meta {
	title := "plan.edit"
	if r.PathValue("code") == "" {
		title = "plan.edit.new"
	}
	return web.Meta{Title: web.T(r, title), Desk: true, Crumbs: deskCrumbs(r)}
}

func (h handler) blank(w http.ResponseWriter, r *http.Request) error {
	return h.room.Show(w, r, "edit", h.editMeta(r), h.editPage(r, editForm{Operator: string(AtLeast), Unit: "%"}))
}

func (h handler) editForm(w http.ResponseWriter, r *http.Request) error {
	l, err := h.desk.Line(r.Context(), r.PathValue("code"))
	if err != nil {
		return err
	}
	p := h.editPage(r, typedOf(l.Target))
	p.Measured = l.Measurement.ID != ""
	drafts, err := h.drafts(r)
	if err != nil {
		return err
	}
	p.Waits = slices.ContainsFunc(drafts, func(d draftRow) bool { return d.Code == l.Target.Code })
	return h.room.Show(w, r, "edit", h.editMeta(r), p)
}

func (h handler) edit(w http.ResponseWriter, r *http.Request) error {
	typed := editForm{
		Code: r.PathValue("code"), Plan: r.PostFormValue("plan"), Section: r.PostFormValue("section"), TextVI: r.PostFormValue("text_vi"),
		TextEN: r.PostFormValue("text_en"), Population: r.PostFormValue("population"), Numerator: r.PostFormValue("numerator_vi"),
		Denominator: r.PostFormValue("denominator_vi"), Due: r.PostFormValue("due"), Operator: r.PostFormValue("operator"),
		Value: r.PostFormValue("value"), Unit: r.PostFormValue("unit"), Source: r.PostFormValue("source"), Note: r.PostFormValue("note"),
		Methods: r.PostForm["methods"],
	}
	if typed.Code == "" {
		typed.Code = strings.ToUpper(strings.TrimSpace(r.PostFormValue("code")))
	}
	t, err := typed.target()
	if err == nil {
		_, err = h.desk.Edit(r.Context(), web.Actor(r), web.Key(r), t)
	}
	if err != nil {
		return h.room.Form(w, r, "edit", h.editMeta(r), h.editPage(r, typed), err)
	}
	web.Flash(r, "ok", "plan.edit.saved")
	return web.Redirect(w, r, "/ban-lam-viec/muc-tieu")
}

// target turns what was typed into a target, or tells every field that cannot be read.
func (f editForm) target() (Target, error) {
	t := Target{
		Code: f.Code, Plan: f.Plan, Section: f.Section, TextVI: f.TextVI, TextEN: f.TextEN, PopulationVI: f.Population,
		NumeratorVI: f.Numerator, DenominatorVI: f.Denominator, Operator: Operator(f.Operator), Unit: f.Unit, Source: f.Source, Note: f.Note,
	}
	for _, m := range f.Methods {
		t.Methods = append(t.Methods, Method(m))
	}
	var errs []error
	var err error
	if t.Due, err = dayOf(f.Due); err != nil {
		errs = append(errs, fault.Field("due", "plan.due.required"))
	}
	if t.Operator != Done {
		t.Value, err = ParseAmount("value", f.Value)
		errs = append(errs, err)
	}
	return t, errors.Join(errs...)
}

// wordingPage is /ban-lam-viec/muc-tieu/{code}/ban/{number}.
type wordingPage struct {
	W    Wording
	Own  bool
	Open bool
	Rows []change
}

// A change is one part of a target, as it stands and as it would be.
type change struct {
	Key      string // message key
	Old, New string
}

// Differs says that the wording changes this part.
func (c change) Differs() bool { return c.Old != c.New }

func (h handler) wordingPage(r *http.Request) (wordingPage, web.Meta, error) {
	number, _ := strconv.ParseInt(r.PathValue("number"), 10, 64) // 0 is no wording's number
	w, err := h.desk.Wording(r.Context(), web.Actor(r), r.PathValue("code"), number)
	if err != nil {
		return wordingPage{}, web.Meta{}, err
	}
	old, err := h.desk.Target(r.Context(), w.Code)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return wordingPage{}, web.Meta{}, err
	}
	p := wordingPage{W: w, Own: w.EditedBy == web.Actor(r).ID, Open: w.State == Draft}
	before, after := h.told(r, old), h.told(r, w.Target)
	for i, key := range toldKeys {
		p.Rows = append(p.Rows, change{key, before[i], after[i]})
	}
	return p, web.Meta{Title: web.T(r, "plan.wording"), Desk: true, Crumbs: deskCrumbs(r)}, nil
}

// toldKeys name what told tells, in order.
var toldKeys = []string{"plan.plan", "plan.section", "plan.text", "plan.population", "plan.numerator", "plan.denominator", "plan.method", "plan.desk.due.day", "plan.desk.promise", "plan.source", "plan.note"}

func (h handler) told(r *http.Request, t Target) []string {
	if t.Code == "" {
		return make([]string, len(toldKeys))
	}
	var methods []string
	for _, m := range t.Methods {
		methods = append(methods, web.T(r, "plan.method."+string(m)))
	}
	return []string{
		h.desk.Plan(t.Plan).Name(web.Reader(r).UI), t.Section, t.TextVI, t.PopulationVI, t.NumeratorVI, t.DenominatorVI,
		strings.Join(methods, "; "), t.Due.Format("2/1/2006"), promise(r, t), t.Source, t.Note,
	}
}

func (h handler) wording(w http.ResponseWriter, r *http.Request) error {
	p, meta, err := h.wordingPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "wording", meta, p)
}

func (h handler) approve(w http.ResponseWriter, r *http.Request) error {
	number, _ := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err := h.desk.Approve(r.Context(), web.Actor(r), r.PathValue("code"), number); err != nil {
		return err
	}
	web.Flash(r, "ok", "plan.wording.done")
	return web.Redirect(w, r, "/ban-lam-viec/muc-tieu")
}

// dayOf reads a day as officers write it, 31/12/2023, or as a date field sends it, 2023-12-31.
func dayOf(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	t, err := time.Parse("2/1/2006", s)
	if err != nil {
		t, err = time.Parse(time.DateOnly, s)
	}
	return t, err
}
