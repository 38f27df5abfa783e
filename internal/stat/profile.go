package stat

import (
	"context"
	"slices"

	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/place"
	"banlang/internal/stat/chart"
)

// A Profile is what is known of one place or one group: the latest figure of each main indicator, how it went, and where the place
// stands among its neighbours.
type Profile struct {
	Lines []ProfileLine
	Known int // lines with a figure
}

// A ProfileLine is one indicator.
type ProfileLine struct {
	Code              fact.Code
	Name, Value, Mark string // Value is the word for "no figure" where there is none
	Period            string
	At                fact.Period      // of the figure; 0 where there is none
	Chart             *chart.LineChart // nil with fewer than two figures
	Rank, Of          int              // 1 is the highest; 0 where neighbours are not to be seen or there are none
}

// mainIndicators are those of a profile, in order.
var mainIndicators = []fact.Code{"POP", "HH", "EM_SHARE", "POOR_RATE", "NEARPOOR_RATE", "NO_RES_LAND", "NO_PROD_LAND", "TEMP_HOUSE", "WATER_RATE",
	"ELEC_RATE", "VILLAGE_ROAD_RATE", "LIT_VI_RATE", "LIT_OWN_RATE", "SPEAK_OWN_RATE", "HI_RATE", "EARLY_MARRIAGE_RATE", "SIGNAL_RATE",
	"HH_SMART_RATE", "NET_RATE", "SPEAKER_RATE", "NCUT", "CADRE_EM", "FUND_RATE", "REPORT_DIGITAL_RATE"}

// profilePeriods is how many periods of a kind a profile shows.
const profilePeriods = 8

// profileQuestions ask for the main indicators that can be divided so, one question for each length of period.
func (d *Desk) profileQuestions(ctx context.Context, area place.ID, only map[fact.Dim][]string) []fact.Question {
	byKind := map[fact.PeriodKind]*fact.Question{}
	var kinds []fact.PeriodKind
	for _, code := range mainIndicators {
		i, err := d.facts.Indicator(code)
		if err != nil {
			continue
		}
		fits := true
		for dim := range only {
			fits = fits && slices.Contains(i.Dims, dim)
		}
		if !fits {
			continue
		}
		q := byKind[i.Period]
		if q == nil {
			q = &fact.Question{Area: area, Only: only, Rows: []fact.Dim{fact.ByIndicator}, Cols: []fact.Dim{fact.ByPeriod}}
			byKind[i.Period], kinds = q, append(kinds, i.Period)
		}
		q.Indicators = append(q.Indicators, code)
	}
	var all []fact.Question
	for _, kind := range kinds {
		q := byKind[kind]
		if q.Periods = d.latest(ctx, *q, profilePeriods); len(q.Periods) == 0 {
			q.Periods = []fact.Period{fact.PeriodAt(kind, d.places.Today())}
		}
		all = append(all, *q)
	}
	return all
}

// exactProfile is the profile of an area, or of a group within it, for who may read its exact figures.
func (d *Desk) exactProfile(ctx context.Context, actor duty.Actor, s voice, area place.ID, only map[fact.Dim][]string) (Profile, error) {
	var p Profile
	for _, q := range d.profileQuestions(ctx, area, only) {
		a, err := d.facts.AskAs(ctx, actor, q)
		if err != nil {
			return p, err
		}
		p.add(s, a)
	}
	slices.SortStableFunc(p.Lines, func(a, b ProfileLine) int {
		return slices.Index(mainIndicators, a.Code) - slices.Index(mainIndicators, b.Code)
	})
	return p, d.rankAll(ctx, actor, p, area, only)
}

// add puts the indicators of an answer into the profile: its rows are indicators, its columns periods, the oldest first.
func (p *Profile) add(s voice, a fact.Answer) {
	sparks := s.Sparks(a)
	for i, row := range a.Rows {
		if row.Total || i >= len(sparks) {
			continue
		}
		line := ProfileLine{Code: fact.Code(row.Members[0].Code), Name: s.Label(a.Question, row, a.Question.Rows), Value: s.T("stat.cell.missing")}
		known, partial := 0, false
		for j, cell := range a.Cells[i] {
			if _, ok := cell.Value(); !ok {
				continue
			}
			known++
			if cell.State == fact.Partial && line.At != 0 && !partial {
				continue // a sum of fewer places says less than the whole one before it
			}
			partial = cell.State == fact.Partial
			shown := s.Cell(a.Question, row, a.Cols[j], cell)
			line.Value, line.Mark, line.Period = shown.Text, shown.Mark, s.Label(a.Question, a.Cols[j], a.Question.Cols)
			line.At, _ = fact.ParsePeriod(a.Cols[j].Members[0].Code) //nolint:errcheck // the answer's own
		}
		if known > 1 {
			line.Chart = &sparks[i]
		}
		if known > 0 {
			p.Known++
		}
		p.Lines = append(p.Lines, line)
	}
}

// rankAll says where a place stands among those of its level in its parent, if the actor may read them all.
func (d *Desk) rankAll(ctx context.Context, actor duty.Actor, p Profile, area place.ID, only map[fact.Dim][]string) error {
	u, err := d.places.ByID(area)
	if err != nil || u.Parent == "" || d.policy.Permit(actor, duty.StatReadExact, duty.Thing{Area: string(u.Parent)}) != nil {
		return nil //nolint:nilerr // who may not read the neighbours sees no rank
	}
	for at, lines := range linesByPeriod(p) {
		q := fact.Question{Area: u.Parent, Level: u.Level, Only: only, Periods: []fact.Period{at}, Rows: []fact.Dim{fact.ByPlace}, Cols: []fact.Dim{fact.ByIndicator}}
		for _, i := range lines {
			q.Indicators = append(q.Indicators, p.Lines[i].Code)
		}
		a, err := d.facts.AskAs(ctx, actor, q)
		if err != nil {
			return err
		}
		for j, i := range lines {
			if j < len(a.Cols) {
				p.Lines[i].Rank, p.Lines[i].Of = rank(a, j, string(area))
			}
		}
	}
	return nil
}

func linesByPeriod(p Profile) map[fact.Period][]int {
	all := map[fact.Period][]int{}
	for i, l := range p.Lines {
		if l.At != 0 {
			all[l.At] = append(all[l.At], i)
		}
	}
	return all
}

// rank is the place of a row among those that have a figure in a column, the highest first; 0 if it has none.
func rank(a fact.Answer, col int, code string) (at, of int) {
	var own float64
	var values []float64
	found := false
	for i, row := range a.Rows {
		v, ok := a.Cells[i][col].Value()
		if row.Total || !ok {
			continue
		}
		values = append(values, v)
		if len(row.Members) > 0 && row.Members[0].Code == code {
			own, found = v, true
		}
	}
	if !found || len(values) < 2 {
		return 0, 0
	}
	at = 1
	for _, v := range values {
		if v > own {
			at++
		}
	}
	return at, len(values)
}

// inGroup restricts a question to a group.
func inGroup(slug ethnic.Slug) map[fact.Dim][]string {
	return map[fact.Dim][]string{fact.ByGroup: {string(slug)}}
}
