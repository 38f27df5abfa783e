package subscriber

import (
	"context"
	"time"

	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/i18n"
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
	text      *i18n.Bundle
	topics    []Topic // among which a subscriber chooses
	now       func() time.Time

	// Demo says that whoever subscribes here is made up: a demonstration never sends to a real telephone.
	Demo bool
	// Notify sends a short notice to an endpoint, in the transaction that wants it. The ledger does it; without it nothing is sent.
	Notify func(ctx context.Context, tx *db.Tx, n Notice) error
}

// A Notice is a short text to one endpoint: a code, the answer to a word.
type Notice struct {
	To      Sealed // kept with the notice until it is sent: the last one to somebody who stops must still arrive
	Channel Channel
	Place   place.ID
	Title   string // of an e-mail
	Text    string
	Demo    bool
	Bulk    bool // one of many that nobody waits for: it takes its turn, rests at night, and is not sent to who has stopped
}

// A Taker takes a text that is no word of ours, or one that somebody else may understand, in the transaction that heard it: what it does
// and that it was heard are kept together or not at all. answered says that reply, where it is not empty, stands for our own answer.
type Taker func(ctx context.Context, tx *db.Tx, r Reading) (reply string, answered bool, err error)

// New makes a desk.
func New(d *db.DB, keeper *privacy.Keeper, policy *duty.Policy, places *place.Desk, languages *ethnic.Desk, text *i18n.Bundle,
	now func() time.Time) *Desk {
	return &Desk{db: d, keeper: keeper, policy: policy, places: places, languages: languages, text: text, now: now}
}
