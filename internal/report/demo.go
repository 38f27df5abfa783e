package report

import (
	"context"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/report/form"
)

// walked is Bắc Sơn, the commune of the demonstration's people.
const walked = "06325"

// shownForms are how many of the newest periods of each form the demonstration fills, and how far Bắc Sơn's report of the newest has come.
// Province forms and those that have no source yet are left out.
var shownForms = []struct {
	code  string
	n     int
	state State
}{
	{"BM01", 2, Open}, {"BM02", 2, Returned}, {"BM03", 2, Entered}, {"BM04", 1, Open}, {"BM05", 2, Sent}, {"BM06", 1, Open},
	{"BM07", 3, Certified}, {"BM10", 2, Accepted}, {"BM11", 1, Accepted},
}

// A seeder makes the demonstration's reports.
type seeder struct {
	*Desk
	statistician duty.Actor
	officer      duty.Actor
	leader       duty.Actor
	people       map[place.ID]int64
	shares       map[string]float64 // of groups in the province, census 2019
}

// SeedDemo opens the newest periods of most forms for every commune of the home province and fills them with figures that are made
// up and say so: shaped like the communes' population and the groups' shares of the census, the same at every run. Most reports are
// accepted, some late, one came back with remarks; the one of population of Bắc Sơn is open, so that the demonstration's people can
// take it all the way. as gives the demonstration account of a sign-in name. A second time it changes nothing.
func (d *Desk) SeedDemo(ctx context.Context, as func(ctx context.Context, name string) (duty.Actor, error)) error {
	var w filter
	w.Add("demo = $?", true)
	if have, err := periodsBy(ctx, d.db, w); err != nil || len(have) > 0 {
		return err
	}
	s := seeder{Desk: d, people: map[place.ID]int64{}, shares: map[string]float64{}}
	for name, a := range map[string]*duty.Actor{"statistician": &s.statistician, "commune_officer": &s.officer, "commune_leader": &s.leader} {
		var err error
		if *a, err = as(ctx, name); err != nil {
			return fmt.Errorf("demonstration account %s: %w", name, err)
		}
		a.Demo = true
	}
	if total := d.groups.InProvince2019(d.places.Home); total > 0 {
		for _, g := range d.groups.Groups() {
			if n := d.groups.In2019(g.Slug, d.places.Home); n.Shown() {
				s.shares[string(g.Slug)] = float64(n.Value) / float64(total)
			}
		}
	}
	s.shares[string(fact.OtherGroups)] = .0008
	first := d.today()
	for _, f := range shownForms {
		last, err := s.form(ctx, f.code, f.n, f.state)
		if err != nil {
			return fmt.Errorf("demonstration of %s: %w", f.code, err)
		}
		first = min(first, last)
	}
	for q := fact.PeriodAt(fact.Quarter, first); q <= fact.PeriodAt(fact.Quarter, d.today()); {
		if err := d.countQuarter(ctx, q); err != nil {
			return err
		}
		if q++; q.Number() > 4 {
			q = fact.NewPeriod(fact.Quarter, q.Year()+1, 1)
		}
	}
	return nil
}

// form fills the newest periods of a form, the oldest first, and gives the first day by which one was due.
func (s seeder) form(ctx context.Context, code string, n int, state State) (place.Date, error) {
	f, err := s.inForce(ctx, code)
	if err != nil {
		return 0, err
	}
	var periods []fact.Period
	for p := latest(f, s.today()); len(periods) < n && p.Last() >= firstUnits; p = p.Before() {
		periods = append(periods, p)
	}
	due := s.today()
	for i := len(periods) - 1; i >= 0; i-- {
		_, _, send, _ := dues(code, periods[i])
		due = min(due, send)
		bacSon := Accepted
		if i == 0 {
			bacSon = state
		}
		if err := s.period(ctx, f, periods[i], i == 0, bacSon); err != nil {
			return 0, err
		}
	}
	return due, nil
}

// firstUnits is the day from which the communes of today report.
const firstUnits place.Date = 20250701

// period opens and fills one period in one transaction.
func (s seeder) period(ctx context.Context, f form.Form, period fact.Period, newest bool, bacSon State) error {
	o := Opening{Form: f.Code, Period: period, Area: s.home()}
	if newest && bacSon == Open { // still to be done by the demonstration's people
		in := func(days int) place.Date { return place.DateOf(s.now().AddDate(0, 0, days)) }
		o.CertifyDue, o.SendDue, o.FinalDue = in(10), in(15), in(60)
	}
	p, all, err := s.plan(ctx, s.statistician, f, o)
	if err != nil {
		return err
	}
	p.Opened = Mark{s.statistician.ID, s.statistician.Name, min(p.Opens, s.today()).Time()}
	if !newest {
		by := Mark{s.statistician.ID, s.statistician.Name, p.FinalDue.Time()}
		p.State, p.Locked = Locked, by
		switch f.Code { // what a leader of the province decides on
		case "BM01":
			p.Submitted = by
		case "BM05":
			p.Asked, p.AskedWhy = by, "Số minh hoạ: một xã gửi nhầm cột, xin mở lại để sửa."
		}
	}
	return s.change(ctx, func(tx writer) error {
		_, err := periodOf(ctx, tx, f.Code, period, p.Area)
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		sheets := make([]filledReport, len(all))
		for i, r := range all {
			if sheets[i], err = s.fill(ctx, f, p, r, newest, bacSon); err != nil {
				return err
			}
			all[i] = sheets[i].Report
		}
		if err := insertPeriod(ctx, tx, p, all); err != nil {
			return err
		}
		return s.write(ctx, tx, p, sheets)
	})
}

// A filledReport is a report with what the demonstration says in it.
type filledReport struct{ Paper }

// remark says what is to be looked at in the report that came back to Bắc Sơn.
func (s seeder) remark(ctx context.Context, tx writer, sheets []filledReport) error {
	for _, f := range sheets {
		if f.State != Returned {
			continue
		}
		by := Mark{s.statistician.ID, s.statistician.Name, f.Entered.At.Add(72 * time.Hour)}
		row := f.Grid.Rows[0].Code
		err := addRemarks(ctx, tx, f.ID, []Remark{
			{Cell: form.ID(row, "water"), Text: "Số minh hoạ: ít hơn năm trước nhiều, xem lại danh sách hộ.", By: by},
			{Cell: form.ID(row, "latrine"), Text: "Số minh hoạ: đối chiếu với trạm y tế.", By: by},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fill decides how far a unit has come and what it says.
func (s seeder) fill(ctx context.Context, f form.Form, p Period, r Report, newest bool, bacSon State) (filledReport, error) {
	out := filledReport{Paper: Paper{Report: r, Period: p, Form: f, Grid: f.Lay(r.Axis), Cells: map[string]Cell{}, Values: form.Values{}}}
	var err error
	if out.Unit, err = s.places.ByID(r.Unit); err != nil {
		return out, err
	}
	if out.Values, err = s.given(ctx, out.Grid, r.Unit, p.Period.Last()); err != nil {
		return out, err
	}
	u := unitSample{seeder: s, code: out.Unit.Code, people: s.population(ctx, r.Unit), villages: len(r.Axis), period: p.Period}
	state, part := u.state(f.Code, newest, bacSon)
	n, typedCells := 0, wanted(out.Grid)
	if typedCells == 0 {
		state = Open // no village is in the list yet
	}
	out.date(u, p, state, s)
	for _, row := range out.Grid.Rows {
		for _, col := range out.Grid.Cols {
			c, ok := out.Grid.At(row.Code, col.Code)
			if !ok || !typed(c) || c.Type == form.Text {
				continue
			}
			if n++; float64(n) > part*float64(typedCells) {
				continue
			}
			id := form.ID(row.Code, col.Code)
			v := form.Parse(u.value(f.Code, row.Code, c), c)
			out.Cells[id] = Cell{Name: id, Value: v, By: out.Entered, Rev: 1}
			out.Values[id] = v
		}
	}
	out.Grid.Compute(out.Values)
	out.Filled, out.Wanted = filled(out.Grid, out.Values), typedCells
	if len(out.Cells) == 0 {
		out.Entered, out.Rev, out.Hands = Mark{}, 0, nil
	}
	return out, nil
}

// date fills in who did what and when, as far as the report has come.
func (f *filledReport) date(u unitSample, p Period, state State, s seeder) {
	officer, leader := Mark{By: "demo/officer/" + u.code, Name: "Minh hoạ: Cán bộ xã"}, Mark{By: "demo/leader/" + u.code, Name: "Minh hoạ: Lãnh đạo xã"}
	if u.code == walked {
		officer, leader = Mark{By: s.officer.ID, Name: s.officer.Name}, Mark{By: s.leader.ID, Name: s.leader.Name}
	}
	_, _, due, _ := dues(p.Form, p.Period)
	send := due.Time().Add(-time.Duration(u.rnd("send")*10*24)*time.Hour + 8*time.Hour)
	if u.rnd("late", p.Form) < .12 {
		send = due.Time().AddDate(0, 0, 1+int(9*u.rnd("days"))).Add(9 * time.Hour)
	}
	if now := s.now(); send.After(now) {
		send = now.Add(-2 * time.Hour)
	}
	r := &f.Report
	r.State, r.Rev, r.Hands = state, 1, []string{officer.By}
	at := func(m Mark, before time.Duration) Mark { m.At = send.Add(-before); return m }
	r.Entered = at(officer, 50*time.Hour)
	if state == Open || state == Entered {
		return
	}
	r.Certified, r.Version = at(leader, 3*time.Hour), 1
	if state == Certified {
		return
	}
	r.Sent, r.FirstSent = at(leader, 0), send
	if state == Accepted {
		r.Accepted = Mark{s.statistician.ID, s.statistician.Name, send.Add(26 * time.Hour)}
	}
	if state == Returned {
		r.Sent = Mark{}
	}
}

// steps is the history that fits the marks of a report.
func (f filledReport) steps() []Step {
	r := f.Report
	var all []Step
	add := func(act string, by Mark, after State, reason string) {
		if !by.At.IsZero() { // it has come so far
			all = append(all, Step{Act: act, By: by, After: after, Reason: reason})
		}
	}
	if r.State != Open {
		handed := r.Entered
		handed.At = handed.At.Add(time.Hour)
		add(stepHandIn, handed, Entered, "")
	}
	add(string(duty.StatCertify), r.Certified, Certified, "")
	add(string(duty.StatSendUp), Mark{r.Certified.By, r.Certified.Name, r.FirstSent}, Sent, "")
	add(string(duty.StatAccept), r.Accepted, Accepted, "")
	if r.State == Returned {
		by := Mark{"demo", "Minh hoạ: Cán bộ thống kê", r.FirstSent.Add(30 * time.Hour)}
		add(string(duty.StatReturn), by, Returned, "Số minh hoạ: xem lại hai ô có ghi chú.")
	}
	return all
}

func (s seeder) population(ctx context.Context, unit place.ID) int64 {
	n, ok := s.people[unit]
	if !ok {
		if n = s.Desk.people(ctx, unit); n == 0 {
			n = 7000 // its list is doubtful
		}
		s.people[unit] = n
	}
	return n
}

// A unitSample makes up one commune's figures.
type unitSample struct {
	seeder
	code     string
	people   int64
	villages int // rows of forms by village
	period   fact.Period
}

// rnd is a number from 0 to 1 that is the same for the same words.
func (u unitSample) rnd(words ...string) float64 {
	h := fnv.New64a()
	h.Write([]byte(u.code + "/" + strings.Join(words, "/"))) //nolint:errcheck // a hash takes everything
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}

// state is how far the unit has come, and which part of its cells is filled.
func (u unitSample) state(code string, newest bool, bacSon State) (State, float64) {
	switch x := u.rnd("state", code); {
	case u.code == walked && bacSon == Open:
		return Open, .95
	case u.code == walked:
		return bacSon, 1
	case !newest || x < .72:
		return Accepted, 1
	case x < .80:
		return Sent, 1
	case x < .84:
		return Certified, 1
	case x < .88:
		return Entered, 1
	case x < .95:
		return Open, .3 + .6*u.rnd("part", code)
	}
	return Open, 0
}

// group is how many people of a group the commune has: its share of the province's census, more or less of it in each commune.
func (u unitSample) group(slug string) float64 {
	weight := func(slug string) float64 { return u.shares[slug] * (.2 + 1.8*u.rnd("group", slug)) }
	total := 0.
	for s := range u.shares {
		total += weight(s)
	}
	return float64(u.people) * weight(slug) / total * (1 + .006*u.years())
}

// years is how long after the end of 2025 the figures stand. A year that is not over is told by its middle.
func (u unitSample) years() float64 {
	years := float64(u.period.Year()) - 2025
	if u.period.Kind() == fact.Half && u.period.Number() == 1 || u.period.Kind() == fact.Year && u.period.Last() > u.today() {
		years -= .5
	}
	return years
}

// at is the same unit in another period.
func (u unitSample) at(p fact.Period) unitSample {
	u.period = p
	return u
}

// value makes up what the unit says in a cell.
func (u unitSample) value(code, row string, c form.Cell) string {
	x := u.number(code, row, c.Col)
	switch c.Type {
	case form.Bool:
		if u.rnd(code, row, c.Col) < .85 {
			return "1"
		}
		return "0"
	case form.Choose:
		return c.Choices[min(len(c.Choices)-1, int(u.rnd(code, row, c.Col)*1.4*float64(len(c.Choices))/2))].Code
	case form.Decimal:
		return strconv.FormatInt(int64(x), 10) + "," + strconv.Itoa(int(10*u.rnd(code, row, c.Col, u.period.String())))
	}
	return strconv.FormatInt(int64(x), 10)
}

// parts are the usual share of households, or of persons, that a column counts.
var parts = map[string]float64{
	"res": .02, "prod": .05, "temp": .04, "water": .9, "latrine": .74, "elec": .98, "near": .08,
	"pre": .05, "pri": .085, "low": .06, "upp": .03, "board": .04, "drop": .001, "teach": .012,
}

// number is a figure of a column. Those that rules hold together are made from each other.
func (u unitSample) number(code, row, col string) float64 {
	whole := func(x float64) float64 { return float64(int64(max(0, x))) }
	near := func(share float64) float64 { return share * (.8 + .4*u.rnd(code, row, col)) }
	switch code {
	case "BM01", "BM02":
		male, female := whole(u.group(row)*(.495+.01*u.rnd("male", row))), whole(u.group(row)*.5)
		households := whole((male + female) / (3.8 + .6*u.rnd("size", row)))
		if u.period.Year() > 2025 && (col == "poor" || col == "out" || col == "in") { // all three follow from the year before
			before := u.at(fact.NewPeriod(fact.Year, 2025, 0))
			poor, fell, rose := before.number(code, row, "poor"), before.number(code, row, "out"), before.number(code, row, "in")
			return map[string]float64{"poor": poor - fell + rose, "out": fell, "in": rose}[col]
		}
		base := whole(households * (.04 + .14*u.rnd("poor", row)))
		switch col {
		case "hh":
			return households
		case "male":
			return male
		case "female":
			return female
		case "p15":
			return whole((male + female) * (.73 + .04*u.rnd("p15", row)))
		case "poor":
			return base
		case "out":
			return whole(base * .2)
		case "in":
			return whole(base * .03)
		}
		return whole(households * min(.995, near(parts[col])))
	case "BM03":
		if col == "girl" {
			return whole(.48 * (u.number(code, row, "pre") + u.number(code, row, "pri") + u.number(code, row, "low") + u.number(code, row, "upp")))
		}
		return whole(u.group(row) * near(parts[col]))
	case "BM05", "BM10":
		return u.persons(row, col)
	case "BM06":
		spk := whole(1 + 2*u.rnd("spk", row))
		if col == "ok" {
			return whole(spk * (.5 + .6*u.rnd("ok", row, u.period.String())))
		}
		return spk
	case "BM04":
		return whole(60 + 60*u.rnd("hh", row))
	case "BM07":
		plan := whole(100 + float64(u.people)/6*u.rnd("plan", row))
		if col == "paid" {
			return whole(plan * .22 * float64(u.period.Number()) * (.8 + .2*u.rnd("paid", row)))
		}
		return plan
	case "BM11":
		return u.deputies(row, col)
	}
	return 0
}

// persons are the figures of village heads, persons of prestige and training: by the number of villages.
func (u unitSample) persons(row, col string) float64 {
	villages := float64(max(4, u.people/550))
	all := map[string]float64{"ncut": villages * .8, "head": villages, "both": villages * 1.3, "team": villages * 3, "ea": 4, "biz": 6, "all": villages * 4}[row]
	if row == "ncut" || row == "head" || row == "both" || row == "team" {
		women := float64(int64(all * .3 * u.rnd("women", row)))
		switch col {
		case "male":
			return float64(int64(all)) - women
		case "female":
			return women
		case "support":
			return float64(int64(all * .7))
		case "trained":
			return u.persons("trained", col)
		case "target":
			return float64(int64(villages * 1.3)) // "head" in the form of training is "both" in that of persons
		}
	}
	trained := float64(int64(float64(int64(villages*1.3)) * (.3 + .3*u.rnd("trained"))))
	switch {
	case row == "trained":
		return trained
	case col == "target":
		return float64(int64(all))
	case col == "done":
		return float64(int64(all * .5))
	}
	return float64(int64(all * .25))
}

// deputies are the figures of deputies and cadres of a group.
func (u unitSample) deputies(row, col string) float64 {
	share := u.group(row) / float64(u.people)
	n := map[string]float64{"dep": 24, "depf": 7, "cad": 40, "cadf": 16, "ea": 3}[col]
	switch col {
	case "depall":
		return 30
	case "cadall":
		return 60
	}
	return float64(int64(n * share))
}
