package plan

import "time"

// A Record is a line of the ledger as it is downloaded and as the API gives it. What is not known is absent, never 0.
type Record struct {
	Code        string   `json:"code"`
	Plan        string   `json:"plan"`
	Section     string   `json:"section"`
	TextVI      string   `json:"text"`
	TextEN      string   `json:"text_en"`
	Population  string   `json:"population"`
	Numerator   string   `json:"numerator"`
	Denominator string   `json:"denominator"`
	Methods     []Method `json:"methods"`
	Due         string   `json:"due"`
	Operator    Operator `json:"operator,omitempty"`
	Value       *float64 `json:"value,omitempty"`
	Unit        string   `json:"unit,omitempty"`
	Indicator   string   `json:"indicator,omitempty"`
	Binding     bool     `json:"binding"`
	Cut         bool     `json:"source_cut"`
	OtherValue  string   `json:"other_value,omitempty"`
	OtherSource string   `json:"other_source,omitempty"`
	Source      string   `json:"source"`
	Certainty   string   `json:"certainty"`
	Note        string   `json:"note,omitempty"`
	Verdict     Verdict  `json:"verdict"`
	Missing     []Gap    `json:"missing,omitempty"`
	Result      *Result  `json:"result,omitempty"`
}

// A Result is a certified measurement with the figure that it gives.
type Result struct {
	Value       float64  `json:"value"`
	Numerator   float64  `json:"numerator"`
	Denominator float64  `json:"denominator"`
	Low         *float64 `json:"low,omitempty"`
	High        *float64 `json:"high,omitempty"`
	Asked       int64    `json:"asked,omitempty"`
	Method      Method   `json:"method"`
	AsOf        string   `json:"as_of"`
	Evidence    string   `json:"evidence"`
	EvidenceURL string   `json:"evidence_url,omitempty"`
	MeasuredBy  string   `json:"measured_by"`
	CertifiedBy string   `json:"certified_by"`
	CertifiedOn string   `json:"certified_on"`
	Demo        bool     `json:"demonstration,omitempty"`
}

// Record is the line for a file or the API.
func (l Line) Record() Record {
	t := l.Target
	r := Record{
		Code: t.Code, Plan: t.Plan, Section: t.Section, TextVI: t.TextVI, TextEN: t.TextEN, Population: t.PopulationVI,
		Numerator: t.NumeratorVI, Denominator: t.DenominatorVI, Methods: t.Methods, Due: t.Due.Format(time.DateOnly),
		Operator: t.Operator, Unit: t.Unit, Indicator: t.Indicator, Binding: t.Binding, Cut: t.Cut(),
		OtherValue: t.OtherValue, OtherSource: t.OtherSource, Source: t.Source, Certainty: t.Certainty, Note: t.Note,
		Verdict: l.Judgement.Verdict, Missing: l.Judgement.Missing,
	}
	if !t.Cut() && t.Operator != Done {
		r.Value = new(t.Value.Float())
	}
	if !l.Judgement.Figure.Known() {
		return r
	}
	m := l.Measurement
	r.Result = &Result{
		Value: l.Judgement.Figure.Shown(), Numerator: m.Numerator.Float(), Denominator: m.Denominator.Float(), Asked: m.Asked,
		Method: m.Method, AsOf: m.AsOf.Format(time.DateOnly), Evidence: m.Evidence, EvidenceURL: m.EvidenceURL,
		MeasuredBy: m.MeasuredName, CertifiedBy: m.CertifiedName, CertifiedOn: inVietnam(m.CertifiedAt).Format(time.DateOnly), Demo: m.Demo,
	}
	if m.Interval() {
		r.Result.Low, r.Result.High = new(m.Low.Float()), new(m.High.Float())
	}
	return r
}
