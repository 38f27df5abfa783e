package release

import (
	"cmp"
	"context"
	"slices"
	"time"

	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/job"
	"banlang/internal/place"
	"banlang/internal/release/dataset"
)

// buildJob is the kind of the jobs that build releases.
const buildJob = "stat.release.build"

// Serve names what the queue has to do for releases. It is called before the queue runs.
func (d *Desk) Serve(q *job.Queue) {
	q.Handle(buildJob, func(ctx context.Context, payload []byte) error { return d.build(ctx, string(payload)) })
}

// build asks for the figures of a release, protects them and freezes the result. What goes wrong for a reason that a person can
// understand is kept with the release.
func (d *Desk) build(ctx context.Context, id string) error {
	r, err := releaseByID(ctx, d.db, id)
	if fault.Is(err, fault.NotFound) || err == nil && r.State != Building {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.kept.tell(id, 0, 0)
	err = d.make(ctx, &r)
	switch kind := fault.KindOf(err); {
	case kind == fault.Unavailable:
		return job.Wait(3*time.Second, err)
	case err == nil:
		r.State, r.Failure = Draft, ""
	case kind == fault.Internal || ctx.Err() != nil:
		return err
	default:
		r.State, r.Failure = Failed, fault.All(err)[0].Key
	}
	return d.setBuilt(ctx, r)
}

func (d *Desk) make(ctx context.Context, r *Release) error {
	guards, n, err := d.guards(ctx)
	if err != nil {
		return err
	}
	s, err := d.exact(ctx, r.Spec)
	if err != nil {
		return err
	}
	folded := d.foldGroups(s, r.Spec)
	p, err := s.protect(ctx, guards, d.splits, func(done, total int) { d.kept.tell(r.ID, done, total) })
	if err != nil {
		return err
	}
	r.Known = n
	r.Lost = Lost{Cells: p.loss.Cells, Hidden: p.loss.Hidden, Persons: p.loss.Persons, HiddenPersons: p.loss.HiddenPersons, Primary: p.loss.Primary,
		Exposed: p.exposed, Folded: folded}
	if r.tableFile, err = d.pack(ctx, d.dataset(ctx, r.Spec, p)); err != nil {
		return err
	}
	r.guardFile, err = d.pack(ctx, p.guard)
	return err
}

// guards reads the guards of what was ever public, and how many releases are among it.
func (d *Desk) guards(ctx context.Context) ([]guard, int64, error) {
	all, err := d.releases(ctx, "", 100000)
	if err != nil {
		return nil, 0, err
	}
	guards := []guard{d.census()}
	for _, r := range slices.Backward(all) {
		if r.State != Released && r.State != Recalled {
			continue
		}
		var g guard
		if err := d.unpack(ctx, r.guardFile, &g); err != nil {
			return nil, 0, err
		}
		guards = append(guards, g)
	}
	return guards, int64(len(guards) - 1), nil
}

// splits are the units that make one: those before it where it is their whole sum, and those within it while it held.
func (d *Desk) splits(id string) (all []split) {
	add := func(parts []string, within bool) {
		if len(parts) > 0 && !slices.ContainsFunc(all, func(s split) bool { return slices.Equal(s.parts, parts) }) {
			all = append(all, split{parts, within})
		}
	}
	within := func(area place.ID, level string, on place.Date) {
		var parts []string
		for _, u := range d.places.Units(area, level, on) {
			parts = append(parts, string(u.ID))
		}
		add(parts, true)
	}
	days := []place.Date{place.FirstList, place.Date(20250701).Before(), d.places.Today()}
	if id == country {
		for _, on := range days {
			within("", place.Province, on)
		}
		return all
	}
	if steps, known := d.places.Before(place.ID(id)); known && d.places.Exact(place.ID(id)) && !slices.ContainsFunc(steps, func(s place.Step) bool { return !s.Whole }) {
		var parts []string
		for _, s := range steps {
			parts = append(parts, string(s.Unit.ID))
		}
		add(parts, false)
	}
	u, err := d.places.ByID(place.ID(id))
	if err != nil || u.Level == place.Commune {
		return all
	}
	for _, on := range days {
		if u.In(on) {
			within(u.ID, place.District, on)
			within(u.ID, place.Commune, on)
		}
	}
	return all
}

// country is the code of the whole country among places.
const country = "VN"

// ownOther stands for figures that came in as "Dân tộc khác": they are counted in the release's own.
const ownOther = "reported-other"

// mostCells is how many exact cells a release may have: the communes of a province by every group and sex, some indicators deep.
const mostCells = 400_000

// exact asks for the figures of a release with every total that it will show.
func (d *Desk) exact(ctx context.Context, spec Spec) (*sheet, error) {
	axes := []dataset.Dimension{
		{Code: string(fact.ByPlace), Role: dataset.Geo}, {Code: string(fact.ByPeriod), Role: dataset.Time},
	}
	for _, cut := range spec.Cuts {
		axes = append(axes, dataset.Dimension{Code: string(cut)})
	}
	axes = append(axes, dataset.Dimension{Code: string(fact.ByIndicator), Role: dataset.Metric})
	in := collector{desk: d, spec: spec, index: make([]map[string]int, len(axes))}
	for i := range axes {
		in.index[i] = map[string]int{}
		axes[i].Title, axes[i].TitleEN = dimNames[fact.Dim(axes[i].Code)][0], dimNames[fact.Dim(axes[i].Code)][1]
	}
	in.axes = axes
	in.whole()
	if err := in.ask(ctx); err != nil {
		return nil, err
	}
	return in.sheet()
}

var dimNames = map[fact.Dim][2]string{
	fact.ByPlace: {"Nơi", "Place"}, fact.ByPeriod: {"Kỳ", "Period"}, fact.ByIndicator: {"Chỉ tiêu", "Indicator"}, fact.ByGroup: {"Dân tộc", "Ethnic group"},
	fact.BySex: {"Giới", "Sex"}, fact.ByAge: {"Nhóm tuổi", "Age"}, fact.ByLanguage: {"Tiếng", "Language"},
}

// A collector lays the answers to several questions into one sheet: one question for every set of totals.
type collector struct {
	desk  *Desk
	spec  Spec
	axes  []dataset.Dimension
	index []map[string]int // member of each axis
	found []answered
}

// An answered cell has a code for every axis.
type answered struct {
	codes []string
	cell  fact.Cell
}

// whole puts the members first that stand for all.
func (in *collector) whole() {
	in.member(placeAxis, in.area())
	for axis := range in.spec.Cuts {
		in.member(cutAxis+axis, dataset.All)
	}
	for _, p := range in.spec.Periods {
		in.member(periodAxis, p.String())
	}
	for _, code := range in.spec.Indicators {
		in.member(len(in.axes)-1, string(code))
	}
}

func (in *collector) area() string { return cmp.Or(string(in.spec.Area), country) }

func (in *collector) member(axis int, code string) {
	if _, ok := in.index[axis][code]; !ok {
		in.index[axis][code] = len(in.axes[axis].Members)
		in.axes[axis].Members = append(in.axes[axis].Members, in.named(axis, code))
	}
}

// named makes a member with what is to be read of it.
func (in *collector) named(axis int, code string) dataset.Member {
	m := dataset.Member{Code: code}
	dim := fact.Dim(in.axes[axis].Code)
	label := func(code string) (string, string) {
		at := fact.Member{Dim: dim, Code: code}
		return in.desk.facts.Label(at, "vi"), in.desk.facts.Label(at, "en")
	}
	switch {
	case code == dataset.All:
		m.Label, m.LabelEN = "Tất cả", "All"
	case code == country:
		m.Label, m.LabelEN = "Cả nước", "Viet Nam"
	case code == ownOther:
		m.Label, m.LabelEN = label(string(fact.OtherGroups))
	default:
		m.Label, m.LabelEN = label(code)
	}
	switch {
	case dim == fact.ByIndicator:
		if i, err := in.desk.facts.Indicator(fact.Code(code)); err == nil {
			m.Label, m.LabelEN, m.Unit, m.UnitEN, m.Decimals = i.NameVI, i.NameEN, i.Unit, i.Unit, i.Decimals
			if i.Kind != fact.Count {
				m.Decimals = max(m.Decimals, 1)
			}
		}
	case dim == fact.ByPlace && code != in.area():
		m.Parent = in.area()
	case axis >= cutAxis && code != dataset.All:
		m.Parent = dataset.All
	}
	return m
}

func (in *collector) ask(ctx context.Context) error {
	for mask := range 1 << len(in.spec.Cuts) {
		q := fact.Question{Indicators: in.spec.Indicators, Periods: in.spec.Periods, Area: in.spec.Area, Level: in.spec.Level, Geography: in.spec.Geography,
			Cols: []fact.Dim{fact.ByPeriod}}
		for i, cut := range in.spec.Cuts {
			if mask&(1<<i) != 0 {
				q.Cols = append(q.Cols, cut)
			}
		}
		if q.Rows = []fact.Dim{fact.ByIndicator}; in.spec.Level != "" {
			rows := []fact.Dim{fact.ByPlace, fact.ByIndicator}
			if err := in.take(ctx, q, rows); err != nil {
				return err
			}
		}
		q.Level = ""
		if err := in.take(ctx, q, q.Rows); err != nil {
			return err
		}
	}
	return nil
}

func (in *collector) take(ctx context.Context, q fact.Question, rows []fact.Dim) error {
	q.Rows = rows
	a, err := in.desk.facts.Ask(ctx, q)
	if err != nil {
		return err
	}
	for i, row := range a.Rows {
		for j, col := range a.Cols {
			c := a.Cells[i][j]
			if row.Total || col.Total || c.State == fact.NotAsked {
				continue
			}
			codes := in.codes(slices.Concat(row.Members, col.Members))
			if c.State == fact.Missing && slices.Contains(rows, fact.ByPlace) && len(q.Cols) > 1 && !in.knows(codes) {
				continue // a group that nobody reported anywhere is no member
			}
			for axis, code := range codes {
				in.member(axis, code)
			}
			in.found = append(in.found, answered{codes, c})
		}
	}
	return nil
}

func (in *collector) knows(codes []string) bool {
	for axis, code := range codes {
		if _, ok := in.index[axis][code]; !ok && axis != placeAxis {
			return false
		}
	}
	return true
}

// codes are the members of a cell on every axis; what a question does not divide is all.
func (in *collector) codes(members []fact.Member) []string {
	codes := make([]string, len(in.axes))
	for axis, a := range in.axes {
		switch i := slices.IndexFunc(members, func(m fact.Member) bool { return string(m.Dim) == a.Code }); {
		case i >= 0 && members[i].Code == string(fact.OtherGroups) && a.Code == string(fact.ByGroup):
			codes[axis] = ownOther
		case i >= 0:
			codes[axis] = cmp.Or(members[i].Code, dataset.All)
		case axis == placeAxis:
			codes[axis] = in.area()
		case axis == periodAxis:
			codes[axis] = in.spec.Periods[0].String()
		case axis == len(in.axes)-1:
			codes[axis] = string(in.spec.Indicators[0])
		default:
			codes[axis] = dataset.All
		}
	}
	return codes
}

func (in *collector) sheet() (*sheet, error) {
	if (dataset.Table{Dims: in.axes}).Check() != nil || (dataset.Table{Dims: in.axes}).Size() > mostCells {
		return nil, fault.New(fault.TooLarge, "stat.release.large")
	}
	known := slices.ContainsFunc(in.found, func(a answered) bool { _, ok := a.cell.Value(); return ok })
	if !known {
		return nil, fault.New(fault.Invalid, "stat.release.empty")
	}
	var indicators []fact.Indicator
	for _, code := range in.spec.Indicators {
		i, err := in.desk.facts.Indicator(code)
		if err != nil {
			return nil, err
		}
		indicators = append(indicators, i)
	}
	group := slices.IndexFunc(in.axes, func(a dataset.Dimension) bool { return a.Code == string(fact.ByGroup) })
	if group >= 0 { // the stand-in for folded groups, last
		in.member(group, string(fact.OtherGroups))
	}
	s := newSheet(in.axes, indicators)
	s.catalogue = in.desk.facts.Indicators()
	at := make([]int, len(in.axes))
	for _, a := range in.found {
		for axis, code := range a.codes {
			at[axis] = in.index[axis][code]
		}
		s.cells[s.index(at)] = a.cell
	}
	return s, nil
}

// The recoding of groups: one of fewer than fewIn2019 people in the country is never shown by commune and sex, and in a release by
// commune only those of keptFrom people in the area are shown by themselves.
const (
	fewIn2019 = 1000
	keptFrom  = 100
)

// foldGroups counts the groups that are not shown by themselves in "Dân tộc khác", sorts the others by their size and names the
// folded ones.
func (d *Desk) foldGroups(s *sheet, spec Spec) (folded []string) {
	axis := slices.IndexFunc(s.axes, func(a dataset.Dimension) bool { return a.Code == string(fact.ByGroup) })
	if axis < 0 {
		return nil
	}
	fine := spec.Level == place.Commune
	var list []int
	into := len(s.axes[axis].Members) - 1
	for m, member := range s.axes[axis].Members[:into] {
		size, slug := s.sizeOf(axis, m), ethnic.Slug(member.Code)
		small := d.groups.Country2019(slug) < fewIn2019 && slices.Contains(spec.Cuts, fact.BySex)
		if member.Code == ownOther || fine && member.Code != dataset.All && (small || size < keptFrom) {
			if list = append(list, m); member.Code != ownOther {
				folded = append(folded, member.Label)
			}
		}
	}
	if len(list) > 0 {
		s.fold(axis, list, into)
	}
	return folded
}

// sizeOf is the largest count of a member over the whole area, in any period and indicator.
func (s *sheet) sizeOf(axis, member int) (size int64) {
	for i, c := range s.cells {
		at := s.at(i)
		if at[axis] != member || at[placeAxis] != 0 {
			continue
		}
		if _, ok := c.Value(); ok {
			size = max(size, c.Num, c.Den)
		}
	}
	return size
}

// dataset is the table that everybody may have.
func (d *Desk) dataset(ctx context.Context, spec Spec, p protected) dataset.Table {
	t := dataset.Table{
		ID: spec.Code, Title: spec.Title, TitleEN: spec.TitleEN, Note: spec.Note, NoteEN: spec.NoteEN, Dims: p.dims, Cells: p.cells,
		Sources: []dataset.Source{{Title: spec.Source, URL: spec.SourceURL}}, License: License, Demo: spec.Demo,
	}
	order(&t)
	d.locate(ctx, t.Dims[placeAxis].Members)
	return t
}

// locate adds the centres of places that are known.
func (d *Desk) locate(ctx context.Context, members []dataset.Member) {
	for i, m := range members {
		if profile, err := d.places.Profile(ctx, place.ID(m.Code)); err == nil {
			members[i].Lon, members[i].Lat = profile.Longitude, profile.Latitude
		}
	}
}

// order lays the members of groups out from the largest that is shown, all first and others last, and drops members without cells.
func order(t *dataset.Table) {
	for axis := cutAxis; axis < len(t.Dims)-1; axis++ {
		size, used := make([]float64, len(t.Dims[axis].Members)), make([]bool, len(t.Dims[axis].Members))
		for _, c := range t.Cells {
			m := c.At[axis]
			if used[m] = true; c.At[placeAxis] == 0 && c.Has {
				size[m] = max(size[m], c.Value)
			}
		}
		var members []int
		for m := range t.Dims[axis].Members {
			if used[m] {
				members = append(members, m)
			}
		}
		if t.Dims[axis].Code == string(fact.ByGroup) {
			last := func(m int) int {
				switch t.Dims[axis].Members[m].Code {
				case dataset.All:
					return 0
				case string(fact.OtherGroups):
					return 2
				}
				return 1
			}
			slices.SortStableFunc(members, func(a, b int) int { return cmp.Or(cmp.Compare(last(a), last(b)), cmp.Compare(size[b], size[a])) })
		}
		moved := make([]int, len(size))
		sorted := make([]dataset.Member, len(members))
		for i, m := range members {
			moved[m], sorted[i] = i, t.Dims[axis].Members[m]
		}
		t.Dims[axis].Members = sorted
		for i := range t.Cells {
			t.Cells[i].At[axis] = moved[t.Cells[i].At[axis]]
		}
	}
}
