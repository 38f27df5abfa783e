package stat

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/stat/chart"
)

// views are how an answer can be shown.
var views = []chart.View{chart.AsTable, chart.AsBars, chart.AsLine, chart.AsParts, chart.AsMap}

// An Ask is a question as an address has it: periods may be relative, such as "this one", and it says how to show the answer.
type Ask struct {
	Question fact.Question
	View     chart.View
	Periods  []string // as asked for: "2026H1", "nay" (this one), "nay-2" (two before), "nay-1n" (a year earlier), "moi-4" (the latest)
	Latest   int      // how many of the latest periods that have figures are asked for; settle finds them
	Day      string   // as asked for: "2025-06-30", "nay"; "" as reported
}

// A Dropped is something in an address that cannot be answered and was left out: a message key and what it was.
type Dropped struct{ Key, What string }

// The most that one question asks for. Far more does not fit on any page.
const (
	mostPeriods = 60
	mostTop     = 1000
)

// Words of an address: the area that is the whole country, all indicators, and no dimension where one is expected.
const (
	whole = "vn"
	every = "tat-ca"
	none  = "khong"
)

// laid are the dimensions that can be laid out, filtered those that can be restricted to some members.
var (
	laid     = []fact.Dim{fact.ByPlace, fact.ByPeriod, fact.ByIndicator, fact.ByGroup, fact.BySex, fact.ByAge, fact.ByAreaClass, fact.ByLanguage, fact.ByItem}
	filtered = laid[3:]
	levels   = []string{place.Province, place.District, place.Commune, fact.Village}
	shows    = []fact.Show{fact.Values, fact.ShareRow, fact.ShareCol, fact.ShareTotal, fact.Change, fact.ChangeYear}
	member   = regexp.MustCompile(`^[\p{L}\p{N}_+.:@-]{1,80}$`)
)

// Question reads the question of an address; what cannot be answered is left out.
func (d *Desk) Question(v url.Values) fact.Question {
	a, _ := d.ParseAsk(v)
	return a.Question
}

// ParseAsk reads an address. Whatever stands in it, a valid question comes back: the nearest.
func (d *Desk) ParseAsk(v url.Values) (Ask, []Dropped) {
	p := parser{desk: d, values: v}
	a := Ask{Question: fact.Question{Indicators: p.indicators()}}
	q := &a.Question
	p.periods(&a)
	p.geography(&a)
	q.Area = p.area(q.Geography)
	q.Rows, q.Cols = p.layout(q)
	q.Level = pick(&p, "cap", levels)
	q.Show = pick(&p, "xem", shows)
	a.View = pick(&p, "hinh", views)
	q.Totals = v.Get("tong") == "1"
	if n, err := strconv.Atoi(v.Get("dau")); err == nil && n > 0 && n <= mostTop {
		q.Top = n
	} else if v.Get("dau") != "" {
		p.drop("stat.dropped.top", v.Get("dau"))
	}
	for _, dim := range filtered {
		if only := p.only(dim); only != nil {
			if q.Only == nil {
				q.Only = map[fact.Dim][]string{}
			}
			q.Only[dim] = only
		}
	}
	return a, p.dropped
}

type parser struct {
	desk    *Desk
	values  url.Values
	dropped []Dropped
}

func (p *parser) drop(key, what string) {
	if r := []rune(what); len(r) > 40 {
		what = string(r[:40]) + "…"
	}
	p.dropped = append(p.dropped, Dropped{key, what})
}

// words are the values of a name, whether they stand in one, parted by commas, or in several.
func (p *parser) words(name string) []string {
	var all []string
	for _, text := range p.values[name] {
		for word := range strings.SplitSeq(text, ",") {
			if word = strings.TrimSpace(word); word != "" && !slices.Contains(all, word) {
				all = append(all, word)
			}
		}
	}
	return all
}

func pick[T ~string](p *parser, name string, of []T) T {
	word := T(p.values.Get(name))
	if word == "" || slices.Contains(of, word) {
		return word
	}
	if name != "hinh" || word != "bang" {
		p.drop("stat.dropped."+map[string]string{"cap": "level", "xem": "show", "hinh": "view"}[name], string(word))
	}
	return ""
}

func (p *parser) indicators() []fact.Code {
	var codes []fact.Code
	for _, word := range p.words("chi-tieu") {
		if word == every {
			return p.desk.codes()
		}
		i, err := p.desk.facts.Indicator(fact.Code(strings.ToUpper(word)))
		switch {
		case err != nil:
			p.drop("stat.dropped.indicator", word)
		case !slices.Contains(codes, i.Code):
			codes = append(codes, i.Code)
		}
	}
	if codes == nil {
		codes = p.desk.codes()
		codes = codes[:min(1, len(codes))]
	}
	return codes
}

func (d *Desk) codes() []fact.Code {
	var codes []fact.Code
	for _, i := range d.facts.Indicators() {
		codes = append(codes, i.Code)
	}
	return codes
}

var (
	relative = regexp.MustCompile(`^nay(?:-(\d{1,2})(n?))?$`)
	latest   = regexp.MustCompile(`^moi(?:-(\d{1,2}))?$`)
)

func (p *parser) periods(a *Ask) {
	kind := p.desk.kind(a.Question.Indicators)
	read := func(words []string) {
		for _, word := range words {
			at, ok := p.period(word, kind)
			switch {
			case !ok:
				p.drop("stat.dropped.period", word)
			case len(a.Periods) == mostPeriods:
				p.drop("stat.dropped.most", word)
			case !slices.Contains(a.Question.Periods, at):
				if !relative.MatchString(word) {
					word = at.String()
				}
				a.Question.Periods, a.Periods = append(a.Question.Periods, at), append(a.Periods, word)
			}
		}
	}
	words := p.words("ky")
	if i := slices.IndexFunc(words, latest.MatchString); i >= 0 {
		n, _ := strconv.Atoi(latest.FindStringSubmatch(words[i])[1])
		a.Latest = min(max(1, n), mostPeriods)
		read(usual) // until they are found
		a.Periods = words[i : i+1]
		return
	}
	if read(words); a.Periods == nil {
		read(usual)
	}
}

func (p *parser) period(word string, kind fact.PeriodKind) (fact.Period, bool) {
	m := relative.FindStringSubmatch(word)
	if m == nil {
		at, err := fact.ParsePeriod(strings.ToUpper(word))
		return at, err == nil
	}
	at := fact.PeriodAt(kind, p.desk.places.Today())
	n, _ := strconv.Atoi(m[1])
	for range n {
		if m[2] == "n" {
			at = at.YearBefore()
		} else {
			at = at.Before()
		}
	}
	return at, at != 0
}

// kind is how long the periods of the first indicator are.
func (d *Desk) kind(codes []fact.Code) fact.PeriodKind {
	for _, code := range codes {
		if i, err := d.facts.Indicator(code); err == nil {
			return i.Period
		}
	}
	return fact.Year
}

// usual are the periods of a question that names none.
var usual = []string{"nay-3", "nay-2", "nay-1", "nay"}

func periodTexts(periods []fact.Period) []string {
	texts := make([]string, len(periods))
	for i, at := range periods {
		texts[i] = at.String()
	}
	return texts
}

// settle puts the latest periods that have figures in the place of the words for them.
func (d *Desk) settle(ctx context.Context, a Ask) Ask {
	if a.Latest > 0 {
		if found := d.latest(ctx, a.Question, a.Latest); len(found) > 0 {
			a.Question.Periods = found
		}
	}
	return a
}

// latest are the last periods, the oldest first, n at most, for which there is any figure of what is asked, divided so: the
// indicators' own periods of late, and whole years since the first census that is known. None while figures are being read in.
func (d *Desk) latest(ctx context.Context, asked fact.Question, n int) []fact.Period {
	q := fact.Question{Indicators: asked.Indicators, Area: asked.Area, Level: asked.Level, Geography: asked.Geography, Only: asked.Only, Rows: []fact.Dim{fact.ByPeriod}, Cols: []fact.Dim{fact.ByIndicator}}
	for _, dim := range slices.Concat(asked.Rows, asked.Cols) {
		if slices.Contains(filtered, dim) {
			q.Cols = append(q.Cols, dim)
		}
	}
	if laidOut := slices.Concat(asked.Rows, asked.Cols); slices.Contains(laidOut, fact.ByPlace) && len(q.Cols) == 1 {
		q.Cols = append(q.Cols, fact.ByPlace) // a census of the province alone says nothing of its communes
	}
	today, kind := d.places.Today(), d.kind(q.Indicators)
	for at, i := fact.PeriodAt(kind, today), 0; i < 12; at, i = at.Before(), i+1 {
		q.Periods = append(q.Periods, at)
	}
	for year := 1999; year <= int(today)/10000; year++ {
		if at := fact.NewPeriod(fact.Year, year, 0); !slices.Contains(q.Periods, at) {
			q.Periods = append(q.Periods, at)
		}
	}
	a, err := d.facts.Ask(ctx, q)
	if fault.Is(err, fault.TooLarge) {
		q.Cols = slices.DeleteFunc(q.Cols, func(dim fact.Dim) bool { return dim == fact.ByPlace })
		a, err = d.facts.Ask(ctx, q)
	}
	if err != nil {
		return nil // the question itself will say why
	}
	var found []fact.Period
	for i, row := range a.Rows {
		if slices.ContainsFunc(a.Cells[i], func(c fact.Cell) bool { _, ok := c.Value(); return ok }) {
			at, _ := fact.ParsePeriod(row.Members[0].Code) //nolint:errcheck // the answer's own
			found = append(found, at)
		}
	}
	found = slices.DeleteFunc(found, func(at fact.Period) bool { // a year that is only the sum or the last of its parts
		return at.Kind() != kind && slices.ContainsFunc(found, func(part fact.Period) bool { return part.Kind() == kind && part.Year() == at.Year() })
	})
	slices.SortFunc(found, func(a, b fact.Period) int { return cmp.Or(cmp.Compare(a.Last(), b.Last()), cmp.Compare(b, a)) })
	return found[max(0, len(found)-n):]
}

func (p *parser) geography(a *Ask) {
	switch word := p.values.Get("dia-gioi"); word {
	case "":
	case "nay":
		a.Day, a.Question.Geography = word, p.desk.places.Today()
	default:
		on, err := place.ParseDate(word)
		if err != nil {
			p.drop("stat.dropped.geography", word)
			return
		}
		a.Day, a.Question.Geography = on.String(), on
	}
}

// area reads a unit by its code, on the day of the question's units, or by its full name for a version.
func (p *parser) area(on place.Date) place.ID {
	word := p.values.Get("dia-ban")
	if word == "" || word == whole {
		return ""
	}
	id, ok := p.desk.unit(word, on)
	if !ok {
		p.drop("stat.dropped.area", word)
	}
	return id
}

func (d *Desk) unit(word string, on place.Date) (place.ID, bool) {
	if strings.Contains(word, "@") {
		u, err := d.places.ByID(place.ID(word))
		return u.ID, err == nil
	}
	if u, err := d.places.At(word, cmp.Or(on, d.places.Today())); err == nil {
		return u.ID, true
	}
	if all := d.places.Versions(word); len(all) > 0 {
		return all[len(all)-1].ID, true
	}
	return "", false
}

// layout reads rows and columns. What the question needs and neither has is put where it is expected: several indicators and
// several periods must stand somewhere.
func (p *parser) layout(q *fact.Question) (rows, cols []fact.Dim) {
	read := func(name string) (dims []fact.Dim) {
		for _, word := range p.words(name) {
			dim := fact.Dim(word)
			switch {
			case word == none:
			case !slices.Contains(laid, dim):
				p.drop("stat.dropped.dim", word)
			case !slices.Contains(rows, dim) && !slices.Contains(dims, dim) && len(dims) < 3:
				dims = append(dims, dim)
			}
		}
		return dims
	}
	if rows = read("hang"); rows == nil && !slices.Contains(p.words("hang"), none) && !slices.Contains(p.words("cot"), string(fact.ByPlace)) {
		rows = []fact.Dim{fact.ByPlace}
	}
	cols = read("cot")
	laidOut := func(dim fact.Dim) bool { return slices.Contains(rows, dim) || slices.Contains(cols, dim) }
	if len(q.Periods) > 1 && !laidOut(fact.ByPeriod) {
		cols = append(cols, fact.ByPeriod)
	}
	if len(q.Indicators) > 1 && !laidOut(fact.ByIndicator) {
		cols = append(cols, fact.ByIndicator)
	}
	return rows, cols
}

func (p *parser) only(dim fact.Dim) []string {
	var members []string
	for _, word := range p.words("loc." + string(dim)) {
		known := member.MatchString(word)
		if known && dim == fact.ByGroup {
			_, err := p.desk.groups.BySlug(ethnic.Slug(word))
			known = err == nil || ethnic.Slug(word) == fact.OtherGroups || word == fact.Minority
		}
		if !known {
			p.drop("stat.dropped.member", word)
			continue
		}
		members = append(members, word)
	}
	slices.Sort(members)
	return members
}

// Values is the address of a question, as Question reads it.
func (d *Desk) Values(q fact.Question) url.Values { return d.values(Ask{Question: q}) }

func (d *Desk) values(a Ask) url.Values {
	v, q := url.Values{}, a.Question
	set := func(name, text string) {
		if text != "" {
			v.Set(name, text)
		}
	}
	if set("chi-tieu", join(q.Indicators)); len(q.Indicators) > 3 && slices.Equal(q.Indicators, d.codes()) {
		set("chi-tieu", every)
	}
	set("hang", cmp.Or(join(q.Rows), none))
	set("cot", join(q.Cols))
	set("dia-ban", d.areaWord(q.Area, q.Geography))
	set("cap", q.Level)
	if set("ky", strings.Join(a.Periods, ",")); a.Periods == nil {
		set("ky", strings.Join(periodTexts(q.Periods), ","))
	}
	for dim, members := range q.Only {
		set("loc."+string(dim), join(members))
	}
	set("dia-gioi", cmp.Or(a.Day, q.Geography.String()))
	set("xem", string(q.Show))
	if q.Top > 0 {
		set("dau", strconv.Itoa(q.Top))
	}
	if q.Totals {
		set("tong", "1")
	}
	set("hinh", string(a.View))
	return v
}

func (d *Desk) areaWord(area place.ID, on place.Date) string {
	if area == "" {
		return whole
	}
	if id, ok := d.unit(area.Code(), on); ok && id == area {
		return area.Code()
	}
	return string(area)
}

func join[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ",")
}

// nameOrder is that of the names in an address.
var nameOrder = []string{"chi-tieu", "hang", "cot", "dia-ban", "cap", "ky", "loc.", "dia-gioi", "xem", "dau", "tong", "hinh"}

var plain = strings.NewReplacer("%2C", ",", "%40", "@", "%3A", ":")

// Query writes an address as people read it: in one order, commas as commas.
func (d *Desk) Query(a Ask) string { return query(d.values(a)) }

func query(v url.Values) string {
	rank := func(name string) int {
		return slices.IndexFunc(nameOrder, func(o string) bool { return name == o || o == "loc." && strings.HasPrefix(name, o) })
	}
	names := slices.Collect(maps.Keys(v))
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	var b strings.Builder
	for _, name := range names {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(name + "=" + plain.Replace(url.QueryEscape(v.Get(name))))
	}
	return b.String()
}
