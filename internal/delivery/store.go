package delivery

import (
	"context"
	"log/slog"
	"time"

	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/i18n"
	"banlang/internal/job"
	"banlang/internal/place"
	"banlang/internal/privacy"
	"banlang/internal/subscriber"
)

// A Desk keeps the ledger and lets it be carried out.
type Desk struct {
	// Origin is what the addresses in messages begin with; without it a message has none.
	Origin string
	// Answers is offered what subscribers write before it becomes a letter; nil: nobody asks anything.
	Answers Answers

	db         *db.DB
	files      blob.Store
	keeper     *privacy.Keeper
	policy     *duty.Policy
	places     *place.Desk
	languages  *ethnic.Desk
	people     *subscriber.Desk
	source     Source
	connectors map[string]Connector
	text       *i18n.Bundle
	log        *slog.Logger
	now        func() time.Time
	engine     engine
	shelf      shelf
}

// Options are what a desk works with.
type Options struct {
	DB         *db.DB
	Files      blob.Store
	Queue      *job.Queue
	Keeper     *privacy.Keeper
	Policy     *duty.Policy
	Places     *place.Desk
	Languages  *ethnic.Desk
	People     *subscriber.Desk
	Source     Source
	Connectors []Connector
	Text       *i18n.Bundle
	Origin     string
	Log        *slog.Logger
	Now        func() time.Time
}

// New makes a desk and names the handlers of its jobs.
func New(o Options) *Desk {
	d := &Desk{db: o.DB, files: o.Files, keeper: o.Keeper, policy: o.Policy, places: o.Places, languages: o.Languages, people: o.People,
		source: o.Source, connectors: map[string]Connector{}, text: o.Text, Origin: o.Origin, log: o.Log, now: o.Now}
	for _, c := range o.Connectors {
		d.connectors[c.Name] = c
	}
	d.engine.writes, d.engine.changed = make(chan write), make(chan struct{}, 1)
	d.schedule(o.Queue)
	return d
}

// A store reads and writes the tables: of the database as it stands, or within a change.
type store struct {
	c  db.Conn
	tx *db.Tx // nil outside a change
}

func (d *Desk) read() store { return store{c: d.db} }

// change runs a use case: load, permit, check, change, record, all of it or nothing.
func (d *Desk) change(ctx context.Context, f func(store) error) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error { return f(store{tx, tx}) })
}

// once is change for a request with a key: the same request again does nothing.
func (d *Desk) once(ctx context.Context, key string, f func(store) error) error {
	return d.change(ctx, func(s store) error {
		if _, repeated, err := db.Once(ctx, s.tx, key, ""); err != nil || repeated {
			return err
		}
		return f(s)
	})
}

func newID() string { return db.NewID() }
