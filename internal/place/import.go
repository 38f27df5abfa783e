package place

import (
	"context"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place/intake"
)

// What an import may be of. A file of kind "units" is looked into: it may hold units, their lineage, or their sizes.
const (
	kindUnits      = "units"
	kindLineage    = "lineage"
	kindProfiles   = "profiles"
	kindVillages   = "villages"
	kindClasses    = "classes"
	kindWeights    = "weights"
	kindBoundaries = "boundaries"
)

// Import takes in a file: "units" (units of a day, their lineage, areas and populations), "villages", "classes" (area classes),
// "weights" (numbers of the parts of old units) or "boundaries" (TopoJSON or GeoJSON). dry tells what would happen and writes nothing. The same file again changes nothing.
// Villages, area classes and weights come in as drafts that another person confirms. Lists of units are law already: the person who
// takes them in must be allowed to record events over everything they speak of: see Operator.
func (d *Desk) Import(ctx context.Context, actor duty.Actor, kind, name string, r io.Reader, dry bool, progress func(done, total int)) (intake.Report, error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	if kind == kindBoundaries {
		return d.importBoundaries(ctx, actor, name, r, dry, progress)
	}
	t, err := intake.Read(name, r)
	if err != nil {
		return intake.Report{Name: name, Kind: kind, Dry: dry}, err
	}
	t.Alias("old", "old_code", "ma_cu")
	t.Alias("new", "new_code", "ma_moi")
	t.Alias("share", "phan")
	t.Alias("code", "ma")
	t.Alias("level", "cap")
	t.Alias("kind", "type", "loai")
	t.Alias("name", "ten")
	t.Alias("parent", "parent_code", "ma_cha")
	t.Alias("population", "dan_so")
	t.Alias("area_km2", "dien_tich", "dien_tich_km2")
	report := intake.Report{Name: t.Name, Kind: kind, Dry: dry, Rows: len(t.Rows()), Encoding: string(t.Encoding)}
	switch kind {
	case kindUnits:
		err = d.importUnits(ctx, actor, t, &report, progress)
	case kindVillages:
		err = d.importVillages(ctx, actor, t, &report, progress)
	case kindClasses:
		err = d.importClasses(ctx, actor, t, &report, progress)
	case kindWeights:
		err = d.importWeights(ctx, actor, t, &report, progress)
	default:
		err = fault.New(fault.Invalid, "place.import.kind_unknown", "Kind", kind)
	}
	return report, err
}

// importUnits looks at the header to see which list of units this is.
func (d *Desk) importUnits(ctx context.Context, actor duty.Actor, t *intake.Table, report *intake.Report, progress func(int, int)) error {
	switch {
	case t.Has("old", "new", "share"):
		report.Kind = kindLineage
	case t.Has("code", "area_km2", "population") && !t.Has("level"):
		report.Kind = kindProfiles
	default:
		report.Kind = kindUnits
		if err := t.Need("code", "level", "kind", "name", "parent"); err != nil {
			return err
		}
	}
	day, err := dayOf(t)
	if err != nil {
		return err
	}
	if report.Kind == kindProfiles {
		return d.importProfiles(ctx, actor, t, day, report, progress)
	}
	if err := d.policy.Permit(actor, duty.PlaceRecordEvent, duty.Thing{}); err != nil {
		return err
	}
	if err := d.importList(ctx, actor, t, day, report); err != nil {
		return err
	}
	progress(report.Rows, report.Rows)
	return nil
}

var dayInName = regexp.MustCompile(`\d{4}-\d{2}-\d{2}`)

// dayOf is the day a list speaks of: the day in the name of its file, one day earlier where the name says "before".
func dayOf(t *intake.Table) (Date, error) {
	text := dayInName.FindString(t.Name)
	if text == "" {
		if t.Has("area_km2", "population") {
			return 20250701, nil // the communes of the merger map
		}
		return 0, fault.New(fault.Invalid, "place.import.day", "File", t.Name)
	}
	day, err := ParseDate(text)
	if err == nil && strings.Contains(strings.ToLower(t.Name), "before") {
		day = day.Before()
	}
	return day, err
}

// readProfiles reads sizes and centres. A figure without a state of its own is judged here: see doubt.
func readProfiles(t *intake.Table, find func(code string) (Unit, bool), report *intake.Report) []Profile {
	var all []Profile
	for _, r := range t.Rows() {
		u, ok := find(r.Text("code"))
		if !ok {
			report.Refuse(r.N, "code", "place.import.unknown_code", "Code", r.Text("code"), "Date", "")
			continue
		}
		p := Profile{Unit: u.ID, Note: r.Text("note"), AreaState: r.Text("area_certainty"), PeopleState: r.Text("population_certainty")}
		var err1, err2, err3 error
		p.AreaKm2, err1 = number(r.Text("area_km2"))
		p.Longitude, err2 = number(r.Text("longitude"))
		p.Latitude, err3 = number(r.Text("latitude"))
		for column, err := range map[string]error{"area_km2": err1, "longitude": err2, "latitude": err3} {
			if err != nil {
				report.Refuse(r.N, column, "place.import.number", "Text", r.Text(column))
			}
		}
		if err1 != nil || err2 != nil || err3 != nil {
			continue
		}
		if (p.Longitude != 0 || p.Latitude != 0) && (p.Longitude < 100 || p.Longitude > 120 || p.Latitude < 5 || p.Latitude > 25) {
			report.Refuse(r.N, "longitude", "place.import.centre")
			continue
		}
		people, err := strconv.Atoi(strings.NewReplacer(",", "", ".", "").Replace(r.Text("population")))
		if err == nil {
			p.Population = people
		}
		p.judge(u)
		all = append(all, p)
	}
	return all
}

// number reads a decimal; an empty cell is 0.
func number(s string) (float64, error) {
	if s == "" {
		return 0, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err == nil && (math.IsNaN(f) || math.IsInf(f, 0) || f < 0) {
		err = strconv.ErrRange
	}
	return f, err
}

// implausible are populations of the merger map of 2025 that cannot be right beside the province's other communes.
var implausible = map[string]int{"06211": 692, "06280": 1134, "06376": 114, "06148": 689, "06577": 71665, "06019": 33994}

// judge gives a figure its state where the list does not: missing where there is none, doubtful where it cannot be right.
func (p *Profile) judge(u Unit) {
	if p.AreaState == "" {
		p.AreaState = "read"
	}
	if p.PeopleState == "" {
		p.PeopleState = "read"
		crowded := u.Kind == "xã" && p.AreaKm2 > 0 && float64(p.Population) > 20_000*p.AreaKm2
		if implausible[u.Code] == p.Population || p.Population < 2000 && u.Kind != "đặc khu" || crowded {
			p.PeopleState = "doubtful"
		}
	}
	if p.AreaKm2 == 0 {
		p.AreaState = "missing"
	}
	if p.Population == 0 {
		p.PeopleState = "missing"
	}
}
