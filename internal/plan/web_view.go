package plan

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/web"
)

// A lineView is a line of the ledger in the reader's words.
type lineView struct {
	Line
	Title   string
	Lang    string // of Title
	Shape   string
	Over    bool
	Promise string
	Figure  string // "84,2%"; empty where there is none
	Missing string // "tử số, mẫu số"
	Ours    string // the promised value as the ledger keeps it
	Methods string // that can prove the target
	Late    bool   // the figure speaks of a day after the due date
	Low     string
	High    string
	Bar     bar
}

// A bar is drawn 0 to 100 wide.
type bar struct {
	Drawn             bool
	Value, Goal       string
	Low, Width        string
	Margin            bool
	ValueWord, GoalOf string
}

func (h handler) view(r *http.Request, l Line) lineView {
	t, m := l.Target, l.Measurement
	v := lineView{Line: l, Shape: l.Judgement.Verdict.Shape(), Over: t.Over(h.desk.now())}
	v.Title, v.Lang = t.Text(web.Reader(r).UI)
	v.Promise = promise(r, t)
	v.Ours = amount(r, t, t.Value)
	var gaps, methods []string
	for _, g := range l.Judgement.Missing {
		gaps = append(gaps, web.T(r, "plan.gap."+string(g)))
	}
	v.Missing = strings.Join(gaps, ", ")
	for _, m := range t.Methods {
		methods = append(methods, web.T(r, "plan.method."+string(m)))
	}
	v.Methods = strings.Join(methods, "; ")
	if !l.Judgement.Figure.Known() {
		return v
	}
	v.Figure = h.value(r, t, m)
	v.Late = m.AsOf.After(t.Due)
	v.Low, v.High = amount(r, t, m.Low), amount(r, t, m.High)
	if t.Unit == "%" {
		v.Bar = newBar(l.Judgement.Figure.Shown(), t, m)
	}
	return v
}

func newBar(value float64, t Target, m Measurement) bar {
	at := func(f float64) string { return strconv.FormatFloat(min(max(f, 0), 100), 'f', 1, 64) }
	return bar{
		Drawn: true, Value: at(value), Goal: at(min(t.Value.Float()-.5, 99)),
		Margin: m.Interval(), Low: at(m.Low.Float()), Width: at(m.High.Float() - m.Low.Float()),
	}
}

// value is the figure of a measurement in words: "84,2%", "3 thôn", "1 trên 2".
func (h handler) value(r *http.Request, t Target, m Measurement) string {
	if m.Denominator <= 0 {
		return web.T(r, "plan.figure.none")
	}
	if t.Operator == Done {
		return web.T(r, "plan.figure.done", "Numerator", m.Numerator.Float(), "Denominator", m.Denominator.Float())
	}
	return withUnit(r, t, figure(t, m).Shown())
}

func amount(r *http.Request, t Target, a Amount) string { return withUnit(r, t, a.Float()) }

func withUnit(r *http.Request, t Target, f float64) string {
	number := i18n.Number(web.Reader(r).UI, f)
	if t.Unit == "%" || t.Unit == "" {
		return number + t.Unit
	}
	return number + " " + web.T(r, "plan.unit."+t.Unit)
}

// promise says what the target asks for, without its subject: "từ 90% trở lên".
func promise(r *http.Request, t Target) string {
	value := amount(r, t, t.Value)
	switch {
	case t.Cut():
		return web.T(r, "plan.promise.cut")
	case t.Operator == Done:
		return web.T(r, "plan.promise.done")
	case t.Operator == AtLeast && t.Unit == "%" && t.Value == Whole(100):
		return web.T(r, "plan.promise.all", "Value", value)
	case t.Operator == AtLeast:
		return web.T(r, "plan.promise.at_least", "Value", value)
	case t.Operator == MoreThan:
		return web.T(r, "plan.promise.more_than", "Value", value)
	case t.Operator == AtMost && t.Value == 0:
		return web.T(r, "plan.promise.none", "Unit", web.T(r, "plan.unit."+t.Unit))
	case t.Operator == AtMost:
		return web.T(r, "plan.promise.at_most", "Value", value)
	}
	return web.T(r, "plan.promise.less_than", "Value", value)
}

// read turns what was typed into a measurement, or tells every field that cannot be read.
func (f measureForm) read(target string) (Measurement, error) {
	m := Measurement{Target: target, Method: Method(f.Method), Evidence: f.Evidence, EvidenceURL: f.EvidenceURL, Note: f.Note}
	var errs []error
	number := func(to *Amount, field, typed string, must bool) {
		if typed = strings.TrimSpace(typed); typed == "" && !must {
			return
		}
		a, err := ParseAmount(field, typed)
		*to = a
		errs = append(errs, err)
	}
	number(&m.Numerator, "numerator", f.Numerator, true)
	number(&m.Denominator, "denominator", f.Denominator, true)
	number(&m.Low, "low", f.Low, strings.TrimSpace(f.High) != "")
	number(&m.High, "high", f.High, strings.TrimSpace(f.Low) != "")
	var err error
	if m.AsOf, err = dayOf(f.AsOf); err != nil {
		errs = append(errs, fault.Field("as_of", "plan.as_of.required"))
	}
	if asked := strings.ReplaceAll(strings.TrimSpace(f.Asked), ".", ""); asked != "" {
		if m.Asked, err = strconv.ParseInt(asked, 10, 32); err != nil {
			errs = append(errs, fault.Field("asked", "plan.asked.required"))
		}
	}
	return m, errors.Join(errs...)
}

func (h handler) records(r *http.Request) ([]Record, error) {
	lines, err := h.desk.Ledger(r.Context(), filterOf(r))
	records := make([]Record, len(lines))
	for i, l := range lines {
		records[i] = l.Record()
	}
	return records, err
}

func (h handler) json(w http.ResponseWriter, r *http.Request) error {
	records, err := h.records(r)
	if err != nil {
		return err
	}
	return web.JSON(w, r, records)
}

// csvHead names the columns of the download, as the JSON names them.
var csvHead = []string{
	"code", "plan", "section", "text", "population", "numerator", "denominator", "methods", "due", "operator", "value", "unit",
	"binding", "other_value", "other_source", "source", "certainty", "note", "verdict", "missing",
	"result", "result_numerator", "result_denominator", "low", "high", "asked", "method", "as_of", "evidence", "measured_by", "certified_by", "certified_on", "demonstration",
}

func (h handler) csv(w http.ResponseWriter, r *http.Request) error {
	records, err := h.records(r)
	if err != nil {
		return err
	}
	rows := [][]string{csvHead}
	for _, rec := range records {
		rows = append(rows, rec.cells())
	}
	return web.CSV(w, r, "so-muc-tieu.csv", rows)
}

func (r Record) cells() []string {
	number := func(f *float64) string {
		if f == nil {
			return ""
		}
		return strconv.FormatFloat(*f, 'f', -1, 64)
	}
	cells := []string{
		r.Code, r.Plan, r.Section, r.TextVI, r.Population, r.Numerator, r.Denominator, list(r.Methods), r.Due, string(r.Operator), number(r.Value), r.Unit,
		strconv.FormatBool(r.Binding), r.OtherValue, r.OtherSource, r.Source, r.Certainty, r.Note, string(r.Verdict), list(r.Missing),
	}
	if x := r.Result; x != nil {
		cells = append(cells, number(&x.Value), number(&x.Numerator), number(&x.Denominator), number(x.Low), number(x.High),
			strconv.FormatInt(x.Asked, 10), string(x.Method), x.AsOf, x.Evidence, x.MeasuredBy, x.CertifiedBy, x.CertifiedOn, strconv.FormatBool(x.Demo))
	}
	return append(cells, make([]string, len(csvHead)-len(cells))...)
}

func list[T ~string](values []T) string {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteString(";")
		}
		b.WriteString(string(v))
	}
	return b.String()
}

// Surveyed says whether a sample survey can prove the target.
func (v lineView) Surveyed() bool { return v.Target.proves(Survey) }
