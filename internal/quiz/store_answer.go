package quiz

import (
	"context"

	"banlang/internal/db"
	"banlang/internal/delivery"
)

// Answer takes what a subscriber wrote who was asked within the last days, in the transaction that heard it, and says what to reply.
// took is false for whatever is no answer, and where nothing was asked: an officer reads it then.
func (d *Desk) Answer(ctx context.Context, tx *db.Tx, said delivery.Said) (reply string, took bool, err error) {
	place, ok := choice(said.Text)
	if !ok {
		return "", false, nil
	}
	s := store{tx, tx}
	a, ok, err := s.askedAt(ctx, said.Endpoint, d.Now().Add(-openFor))
	if err != nil || !ok {
		return "", false, err
	}
	reply, err = d.answer(ctx, s, a, place)
	return reply, err == nil, err
}
