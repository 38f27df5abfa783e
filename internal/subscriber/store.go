package subscriber

import (
	"context"
	"time"

	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/place"
	"banlang/internal/privacy"
)

// A Desk keeps the subscribers.
type Desk struct {
	db        *db.DB
	keeper    *privacy.Keeper
	policy    *duty.Policy
	places    *place.Desk
	languages *ethnic.Desk
	now       func() time.Time

	// Notify sends a short notice to an endpoint, in the transaction that wants it. The ledger does it; without it nothing is sent.
	Notify func(ctx context.Context, tx *db.Tx, n Notice) error
}

// A Notice is a short text to one endpoint: a code, the answer to a word.
type Notice struct {
	Endpoint string
	Channel  Channel
	Place    place.ID
	Title    string // of an e-mail
	Text     string
	Demo     bool
}

// New makes a desk.
func New(d *db.DB, keeper *privacy.Keeper, policy *duty.Policy, places *place.Desk, languages *ethnic.Desk, now func() time.Time) *Desk {
	return &Desk{db: d, keeper: keeper, policy: policy, places: places, languages: languages, now: now}
}

// change runs a use case: all of it or nothing.
func (d *Desk) change(ctx context.Context, f func(tx *db.Tx) error) error { return d.db.Tx(ctx, f) }

// once is change for a request with a key: the same request again does nothing and gives back what it made.
func (d *Desk) once(ctx context.Context, key, result string, f func(tx *db.Tx) error) (prior string, err error) {
	err = d.change(ctx, func(tx *db.Tx) error {
		before, repeated, err := db.Once(ctx, tx, key, result)
		if repeated {
			prior = before
		}
		if err != nil || repeated {
			return err
		}
		return f(tx)
	})
	return prior, err
}
