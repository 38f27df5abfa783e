package place

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"banlang/internal/place/intake"
)

//go:embed reference/*.csv
var reference embed.FS

// A referenceList is one embedded list. reference/README.md tells where they come from.
type referenceList struct {
	file, kind string
	day        Date
	source     string
}

// referenceLists are in the order in which they are taken in.
var referenceLists = []referenceList{
	{"unit_2025-03-01.csv", kindUnits, FirstList, "dvhcvn: danh mục đơn vị hành chính 1/3/2025"},
	{"unit_2025-07-01.csv", kindUnits, 20250701, "dvhcvn/20250701: danh mục từ 1/7/2025"},
	{"lineage_2025-07-01.csv", kindLineage, 20250701, "dvhcvn/20250701: bảng chuyển đổi 1/7/2025"},
	{"unit_2026-04-30.csv", kindUnits, 20260430, "thanglequoc/vietnamese-provinces-database: danh mục từ 30/4/2026"},
	{"commune.csv", kindProfiles, 20250701, "Bản đồ sáp nhập đơn vị hành chính 2025"},
}

// readReference takes the lists that are not recorded yet into a register of what is. fresh names them by their content.
func (d *Desk) readReference(ctx context.Context, have map[string]bool, provinces []string, progress func(done int)) (*register, []Profile, map[string]referenceList, error) {
	fresh := map[string]referenceList{}
	for _, l := range referenceLists {
		raw, err := reference.ReadFile("reference/" + l.file)
		if err != nil {
			return nil, nil, nil, err
		}
		if sum := sha256.Sum256(raw); !have[hex.EncodeToString(sum[:])] {
			fresh[hex.EncodeToString(sum[:])] = l
		}
	}
	if len(fresh) == 0 {
		return nil, nil, nil, nil
	}
	g, err := d.register(ctx, d.db)
	if err != nil {
		return nil, nil, nil, err
	}
	var profiles []Profile
	for i, l := range referenceLists {
		progress(i)
		if !slices.Contains(slices.Collect(maps.Values(fresh)), l) {
			continue
		}
		sizes, err := g.takeIn(l, provinces)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("reference list %s: %w", l.file, err)
		}
		profiles = append(profiles, sizes...)
	}
	return g, profiles, fresh, nil
}

// takeIn reads one embedded list. A row that is refused is a mistake in the program.
func (g *register) takeIn(l referenceList, provinces []string) ([]Profile, error) {
	f, err := reference.Open("reference/" + l.file)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // embedded
	t, err := intake.Read(l.file, f)
	if err != nil {
		return nil, err
	}
	var report intake.Report
	var profiles []Profile
	switch l.kind {
	case kindUnits:
		g.apply(cut(readList(t, g.knows(l.day), &report), provinces), l.day)
	case kindLineage:
		shares, rows := readShares(t, &report)
		if len(provinces) > 0 {
			shares = slices.DeleteFunc(shares, func(s share) bool { return g.at(s.old, l.day.Before()) == nil || g.at(s.new, l.day) == nil })
		}
		g.link(shares, l.day, &report, rows)
	case kindProfiles:
		if len(provinces) > 0 {
			t.Keep(func(r intake.Row) bool { return g.at(r.Text("code"), l.day) != nil })
		}
		profiles = readProfiles(t, func(code string) (Unit, bool) { return g.unit(code, l.day) }, &report)
		for i := range profiles {
			profiles[i].Source, profiles[i].AsOf = l.source, l.day
		}
	}
	if len(report.Refused) > 0 {
		return nil, fmt.Errorf("%d rows refused, the first in row %d: %w", len(report.Refused), report.Refused[0].Row, report.Refused[0].Why)
	}
	return profiles, nil
}

// cut keeps all provinces of a list, and what lies in the named ones; all of it where none is named.
func cut(list []listed, provinces []string) []listed {
	if len(provinces) == 0 {
		return list
	}
	kept := map[string]bool{}
	for _, code := range provinces {
		kept[code] = true
	}
	var all []listed
	for _, l := range list { // provinces come before districts, and these before communes
		if l.level == Province || kept[l.parent] {
			kept[l.code] = kept[l.code] || l.level != Province
			all = append(all, l)
		}
	}
	return all
}
