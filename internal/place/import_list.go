package place

import (
	"context"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place/intake"
)

// Operator is whoever runs the program on its machine: it may take in lists for the whole country. What needs a second person
// needs one after it too.
func Operator() duty.Actor {
	return duty.Actor{ID: "operator", Name: "banlang import", Grants: []duty.Grant{{Role: duty.Statistician}}}
}

// applyList takes in a list of units or of lineage, all of it or, where a row is refused, nothing: half a list would end units
// that are there.
func (g *register) applyList(t *intake.Table, day Date, report *intake.Report) error {
	report.Added = 0
	if report.Kind == kindLineage {
		shares, rows := readShares(t, report)
		g.link(shares, day, report, rows)
		report.Added = len(g.joined)
	} else {
		g.apply(readList(t, g.knows(day), report), day)
		report.Added = len(g.added)
	}
	report.Changed = len(g.changed)
	if len(report.Refused) > 0 {
		report.Added, report.Changed = 0, 0
		return nil
	}
	report.Same = max(0, report.Rows-report.Added)
	if g.dirty() && day < g.latest() {
		return fault.New(fault.Conflict, "place.import.older", "File", report.Name, "Date", day.String(), "Latest", g.latest().String())
	}
	return nil
}

// latest is the day of the youngest version.
func (g *register) latest() Date {
	var day Date
	for _, u := range g.units {
		if !g.added[u.ID] {
			day = max(day, u.From)
		}
	}
	return day
}

// importProfiles takes in areas, populations and centres of the units of a day.
func (d *Desk) importProfiles(ctx context.Context, actor duty.Actor, t *intake.Table, day Date, report *intake.Report, progress func(int, int)) error {
	find := func(code string) (Unit, bool) {
		u, err := d.At(code, day)
		return u, err == nil
	}
	for _, r := range t.Rows() {
		if u, ok := find(r.Text("code")); ok {
			if err := d.policy.Permit(actor, duty.PlaceRecordEvent, duty.Thing{Area: string(u.ID)}); err != nil {
				return err
			}
		}
	}
	profiles := readProfiles(t, find, report)
	known, err := d.profiles(ctx)
	if err != nil {
		return err
	}
	var news []Profile
	for _, p := range profiles {
		p.Source, p.AsOf = report.Name, day
		switch old, ok := known[p.Unit]; {
		case !ok:
			report.Added++
		case old.sameFigures(p):
			report.Same++
			continue
		default:
			report.Changed++
		}
		news = append(news, p)
	}
	if !report.Dry && len(news) > 0 {
		if err := d.saveProfiles(ctx, actor, news, report); err != nil {
			return err
		}
	}
	progress(report.Rows, report.Rows)
	return nil
}

func (p Profile) sameFigures(q Profile) bool {
	return p.AreaKm2 == q.AreaKm2 && p.Population == q.Population && p.Longitude == q.Longitude && p.Latitude == q.Latitude
}
