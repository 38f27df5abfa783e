package stat

import (
	"context"
	"time"

	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/place"
)

// Facts is what stat asks about figures.
type Facts interface {
	Progress() (done, total int64, ready bool)
	Indicators() []fact.Indicator
	Indicator(code fact.Code) (fact.Indicator, error)
	Ask(ctx context.Context, q fact.Question) (fact.Answer, error)
	AskAs(ctx context.Context, actor duty.Actor, q fact.Question) (fact.Answer, error)
	Origins(ctx context.Context, q fact.Question, row, col fact.Header, limit int) ([]fact.Origin, error)
	Label(m fact.Member, lang string) string
}

// A Desk answers questions about figures.
type Desk struct {
	db     *db.DB
	policy *duty.Policy
	facts  Facts
	places *place.Desk
	groups *ethnic.Desk
	now    func() time.Time
}

// New makes a desk.
func New(d *db.DB, policy *duty.Policy, facts Facts, places *place.Desk, groups *ethnic.Desk, now func() time.Time) *Desk {
	return &Desk{db: d, policy: policy, facts: facts, places: places, groups: groups, now: now}
}

// A writer is a transaction that use cases hand from one to the next.
type writer = *db.Tx

// change runs a use case in one transaction.
func (d *Desk) change(ctx context.Context, f func(tx writer) error) error { return d.db.Tx(ctx, f) }

func newID() string { return db.NewID() }

func once(ctx context.Context, tx writer, key, result string) (prior string, repeated bool, err error) {
	return db.Once(ctx, tx, key, result)
}
