package release

import (
	"context"
	"net/url"
	"time"

	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/place"
)

// Facts is what release asks about figures.
type Facts interface {
	Indicators() []fact.Indicator
	Indicator(code fact.Code) (fact.Indicator, error)
	Ask(ctx context.Context, q fact.Question) (fact.Answer, error)
	Label(m fact.Member, lang string) string
}

// Questions reads the question of an address, as officers ask it.
type Questions interface {
	Question(v url.Values) fact.Question
}

// A Desk makes releases of figures, and grants exports of exact ones.
type Desk struct {
	db        *db.DB
	files     blob.Store
	policy    *duty.Policy
	facts     Facts
	questions Questions
	places    *place.Desk
	groups    *ethnic.Desk
	now       func() time.Time
	kept      shelf // tables of releases: see store_release.go
}

// New makes a desk. Released files are kept in files.
func New(d *db.DB, files blob.Store, policy *duty.Policy, facts Facts, questions Questions, places *place.Desk, groups *ethnic.Desk, now func() time.Time) *Desk {
	return &Desk{db: d, files: files, policy: policy, facts: facts, questions: questions, places: places, groups: groups, now: now}
}
