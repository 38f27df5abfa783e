package app

import (
	"context"

	"banlang/internal/db"
	"banlang/internal/fault"
	"banlang/internal/place"
)

// uses refuses that a version of a unit vanishes while figures, reports, bulletins, duties or subscribers speak of it.
func (h *House) uses(ctx context.Context, unit place.ID) error {
	rows := int64(0)
	for _, count := range []string{
		"SELECT count(*) FROM fact JOIN fact_place ON fact_place.id = fact.place WHERE fact_place.unit = $1",
		"SELECT count(*) FROM report WHERE unit = $1",
		"SELECT count(*) FROM bulletin WHERE place = $1",
		"SELECT count(*) FROM account_grant WHERE area = $1",
		"SELECT count(*) FROM subscriber WHERE place = $1",
		"SELECT count(*) FROM delivery_campaign WHERE place = $1",
	} {
		n, err := db.Value[int64](ctx, h.db, count, string(unit))
		if err != nil {
			return err
		}
		rows += n
	}
	if rows > 0 {
		return fault.New(fault.Conflict, "place.event.spoken", "Code", unit.Code(), "N", rows)
	}
	return nil
}

// groupNames are the ethnic groups that numbers of a divided unit may be of.
func (h *House) groupNames() [][2]string {
	all := make([][2]string, 0, 54)
	for _, g := range h.groups.Groups() {
		all = append(all, [2]string{string(g.Slug), g.Name})
	}
	return all
}
