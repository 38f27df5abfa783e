package delivery

import (
	"context"

	"banlang/internal/db"
	"banlang/internal/fault"
	"banlang/internal/place"
)

func (s store) message(ctx context.Context, id string) (Message, error) {
	m, err := db.One(ctx, s.c, func(m *Message) []any {
		return []any{&m.ID, &m.Campaign, &m.Subscriber, &m.Commune, &m.Village, &m.Lang, &m.Heard, &m.State, &m.Reason}
	}, "SELECT id, campaign, subscriber, commune, village, lang, heard, state, reason FROM delivery_message WHERE id = $1", id)
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "delivery.token.none")
	}
	return m, err
}

// endpoints lists where a message went.
func (s store) endpoints(ctx context.Context, message string) ([]string, error) {
	return db.Values[string](ctx, s.c, "SELECT DISTINCT endpoint FROM delivery_attempt WHERE message = $1 AND message <> '' ORDER BY endpoint", message)
}

// subscribed tells in which villages of an area somebody is subscribed.
func (s store) subscribed(ctx context.Context, area place.ID, demo bool) (map[string]bool, error) {
	all := map[string]bool{}
	villages, err := db.Values[string](ctx, s.c, `SELECT DISTINCT village FROM subscriber s WHERE demo = $2 AND village <> ''
		AND EXISTS (SELECT 1 FROM place_within p WHERE p.area = $1 AND p.place = s.place)`, area, demo)
	for _, v := range villages {
		all[v] = true
	}
	return all, err
}
