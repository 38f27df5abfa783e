package sheet

import (
	"context"
	"time"

	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/delivery"
	"banlang/internal/ethnic"
	"banlang/internal/place"
)

// A Desk finds what is to be printed and remembers the codes.
type Desk struct {
	Options
	codes store
}

// Options are what a desk works with.
type Options struct {
	DB        *db.DB
	Files     blob.Store
	Source    delivery.Source
	Places    *place.Desk
	Languages *ethnic.Desk
	Picture   func(topic string) string // name of the drawing of a topic
	Now       func() time.Time
}

// New makes a desk.
func New(o Options) *Desk { return &Desk{o, store{o.DB}} }

// A store knows which issue a code stands for.
type store struct{ db *db.DB }

type coded struct {
	code    string
	ref     delivery.Ref
	version int64
}

func (c *coded) fields() []any { return []any{&c.code, &c.ref, &c.version} }

func (s store) byCode(ctx context.Context, code string) (coded, error) {
	return db.One(ctx, s.db, (*coded).fields, "SELECT code, ref, version FROM sheet_code WHERE code = $1", code)
}

func (s store) put(ctx context.Context, c coded, at time.Time) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, "INSERT INTO sheet_code (code, ref, version, made) VALUES ($1, $2, $3, $4) ON CONFLICT (code) DO NOTHING",
			c.code, c.ref, c.version, db.Millis(at))
		return err
	})
}
