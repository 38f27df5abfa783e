package subscriber

import (
	"context"
	"strings"

	"banlang/internal/db"
	"banlang/internal/place"
)

// countIn counts those who may be sent to in an area, exactly. Several cells of one language stand apart where other languages follow it.
func (d *Desk) countIn(ctx context.Context, area place.ID, demo bool) ([]Count, error) {
	all, err := db.All(ctx, d.db, func(c *Count) []any { return []any{&c.Place, &c.Channel, &c.Lang, &c.N} },
		`SELECT s.place, e.channel, s.heard, count(*) FROM subscriber s JOIN subscriber_endpoint e ON e.subscriber = s.id
		WHERE s.demo = $2 AND EXISTS (SELECT 1 FROM place_within p WHERE p.area = $1 AND p.place = s.place) AND`+standing+`
		GROUP BY s.place, e.channel, s.heard`, area, demo)
	for i := range all {
		all[i].Lang, _, _ = strings.Cut(all[i].Lang, " ")
	}
	return all, err
}

func (d *Desk) countAll(ctx context.Context) (int64, error) {
	return db.Value[int64](ctx, d.db, "SELECT count(*) FROM subscriber")
}
